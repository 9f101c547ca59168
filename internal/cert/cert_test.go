package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pem2 makes a self-signed pair for names; the first is its common name too.
func pem2(t *testing.T, key any, end time.Time, names ...string) (certPEM, keyPEM []byte) {
	t.Helper()
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	c := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: end}
	var public any
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		public = &k.PublicKey
	case *rsa.PrivateKey:
		public = &k.PublicKey
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func ec(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func put(t *testing.T, name string, text []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// pair writes a fresh pair for names into dir.
func pair(t *testing.T, dir string, names ...string) Pair {
	t.Helper()
	c, k := pem2(t, ec(t), time.Now().Add(24*time.Hour), names...)
	return Pair{put(t, filepath.Join(dir, "cert.pem"), c), put(t, filepath.Join(dir, "key.pem"), k)}
}

// journal is a log that a test can read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func open(t *testing.T, pairs ...Pair) (*Keeper, *journal) {
	t.Helper()
	j := &journal{}
	k, err := Open(pairs, slog.New(slog.NewTextHandler(j, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k, j
}

// shown is the common name of the certificate that a real handshake shows.
func shown(t *testing.T, k *Keeper, serverName string, suites ...uint16) string {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	go func() {
		s := tls.Server(server, &tls.Config{GetCertificate: k.GetCertificate})
		_ = s.Handshake()
	}()
	config := &tls.Config{ServerName: serverName, InsecureSkipVerify: true, CipherSuites: suites}
	if suites != nil {
		config.MaxVersion = tls.VersionTLS12
	}
	c := tls.Client(client, config)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestTheServerNameChooses(t *testing.T) {
	dir := t.TempDir()
	k, _ := open(t,
		pair(t, filepath.Join(dir, "a"), "first.example"),
		pair(t, filepath.Join(dir, "b"), "wild.example", "*.wild.example"),
		pair(t, filepath.Join(dir, "c"), "one.wild.example"))
	for _, tc := range []struct{ desc, ask, want string }{
		{"A name of its own.", "one.wild.example", "one.wild.example"},
		{"Case does not count.", "ONE.Wild.example", "one.wild.example"},
		{"A wildcard stands for one label.", "two.wild.example", "wild.example"},
		{"A wildcard stands for no more than one label.", "a.b.wild.example", "first.example"},
		{"An unknown name gets the first.", "nobody.example", "first.example"},
		{"No name gets the first.", "", "first.example"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := shown(t, k, tc.ask); got != tc.want {
				t.Errorf("%q is shown %q, want %q", tc.ask, got, tc.want)
			}
		})
	}
}

// TestTheClientsAlgorithmChooses holds that of two certificates with one name
// each client gets one that it can use.
func TestTheClientsAlgorithmChooses(t *testing.T) {
	dir := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c, kk := pem2(t, key, time.Now().Add(time.Hour), "rsa", "x.example")
	old := Pair{put(t, dir+"/rsa/c", c), put(t, dir+"/rsa/k", kk)}
	c, kk = pem2(t, ec(t), time.Now().Add(time.Hour), "ecdsa", "x.example")
	k, _ := open(t, Pair{put(t, dir+"/ec/c", c), put(t, dir+"/ec/k", kk)}, old)
	if got := shown(t, k, "x.example", tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256); got != "rsa" {
		t.Errorf("a client without ECDSA is shown %q", got)
	}
	if got := shown(t, k, "x.example", tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256); got != "ecdsa" {
		t.Errorf("a client with ECDSA is shown %q", got)
	}
}

// eventually waits for a name to be shown.
func eventually(t *testing.T, k *Keeper, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := shown(t, k, "")
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still shown %q, want %q (%v)", got, want, k.Err())
		}
	}
}

func TestARenameIsSeen(t *testing.T) {
	dir := t.TempDir()
	k, _ := open(t, pair(t, dir, "old.example"))
	next := pair(t, filepath.Join(dir, "next"), "new.example")
	for from, to := range map[string]string{next.Cert: dir + "/cert.pem", next.Key: dir + "/key.pem"} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, k, "new.example")
}

func TestAFileWrittenInPlaceIsSeen(t *testing.T) {
	dir := t.TempDir()
	k, _ := open(t, pair(t, dir, "old.example"))
	pair(t, dir, "new.example")
	eventually(t, k, "new.example")
}

// TestASwappedLinkIsSeen plays what Kubernetes does with a mounted secret: the
// files are links through ..data, which is itself replaced by a rename.
func TestASwappedLinkIsSeen(t *testing.T) {
	dir := t.TempDir()
	pair(t, filepath.Join(dir, "..1"), "old.example")
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	link("..1", "..data")
	link("..data/cert.pem", "cert.pem")
	link("..data/key.pem", "key.pem")
	k, _ := open(t, Pair{dir + "/cert.pem", dir + "/key.pem"})
	pair(t, filepath.Join(dir, "..2"), "new.example")
	link("..2", "..data_tmp")
	if err := os.Rename(dir+"/..data_tmp", dir+"/..data"); err != nil {
		t.Fatal(err)
	}
	eventually(t, k, "new.example")
}

// TestTheLastGoodPairStays holds that a broken renewal changes nothing for
// clients, is reported, and is forgotten when it is mended.
func TestTheLastGoodPairStays(t *testing.T) {
	dir := t.TempDir()
	p := pair(t, dir, "good.example")
	k, log := open(t, p)
	for _, tc := range []struct {
		desc  string
		spoil func()
	}{
		{"A key of another certificate.", func() {
			_, key := pem2(t, ec(t), time.Now().Add(time.Hour), "other")
			put(t, p.Key, key)
		}},
		{"Half a file.", func() { put(t, p.Cert, []byte("-----BEGIN CERT")) }},
		{"A file that is gone.", func() { os.Remove(p.Cert) }},
		{"A file without end.", func() { put(t, p.Cert, make([]byte, maxFile+1)) }},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tc.spoil()
			if err := k.Reload(); err == nil || k.Err() == nil {
				t.Error("nothing was reported")
			} else if !strings.Contains(err.Error(), dir) {
				t.Errorf("%q does not name the file", err)
			}
			if got := shown(t, k, ""); got != "good.example" {
				t.Errorf("clients are shown %q", got)
			}
		})
	}
	if !strings.Contains(log.String(), "last good one stays") {
		t.Error("the log does not tell")
	}
	pair(t, dir, "mended.example")
	eventually(t, k, "mended.example")
	if err := k.Err(); err != nil {
		t.Errorf("still reports %v", err)
	}
}

func TestOpenWantsGoodFiles(t *testing.T) {
	dir := t.TempDir()
	good := pair(t, dir, "a.example")
	for _, tc := range []struct {
		desc  string
		pairs []Pair
	}{
		{"No pair at all.", nil},
		{"A file that is not there.", []Pair{{dir + "/none", good.Key}}},
		{"The second pair is bad.", []Pair{good, {good.Cert, good.Cert}}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if k, err := Open(tc.pairs, slog.New(slog.DiscardHandler)); err == nil {
				k.Close()
				t.Error("opened")
			}
		})
	}
}

func TestNotAfterAndClose(t *testing.T) {
	dir := t.TempDir()
	end := time.Now().Add(90 * time.Minute).Truncate(time.Second)
	c, key := pem2(t, ec(t), end, "a.example", "*.b.example")
	k, err := Files(put(t, dir+"/c", c), put(t, dir+"/k", key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ends := k.NotAfter()
	if len(ends) != 2 || !ends["a.example"].Equal(end) || !ends["*.b.example"].Equal(end) {
		t.Errorf("ends are %v, want %v for two names", ends, end)
	}
	for range 2 {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := shown(t, k, ""); got != "a.example" {
		t.Errorf("after Close clients are shown %q", got)
	}
}
