package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/seal"
)

// examine makes a doctor for a configuration and lets it do one thing.
func examine(conf Config, env environ, check func(*doctor)) *doctor {
	d := &doctor{conf: conf, mode: "serve", environ: env, started: time.Now()}
	check(d)
	return d
}

// report is what a doctor has found, a line a check.
func (d *doctor) report() string {
	var b strings.Builder
	for _, c := range d.list {
		b.WriteString(strings.TrimSpace(c.Status+" "+c.Subject+" "+c.Found) + " -> " + c.Do + "\n")
	}
	return b.String()
}

// tells fails unless one check ended as wanted, with advice where it is not ok.
func (d *doctor) tells(t *testing.T, desc, status, text string) {
	t.Helper()
	for _, c := range d.list {
		if c.Status == status && strings.Contains(c.Subject+" "+c.Found, text) && (c.Do == "") == (status == checkOK) {
			return
		}
	}
	t.Errorf("%s No check ends with %s, %q and the advice that it needs:\n%s", desc, status, text, d.report())
}

func TestDoctorLooksAtNames(t *testing.T) {
	for _, tc := range []struct {
		desc, public, resolves string
		status, found          string
	}{
		{"Names of this machine resolve to it.", "", "127.0.0.1", checkOK, "resolves to 127.0.0.1"},
		{"The newer loopback will do.", "", "::1", checkOK, "resolves to ::1"},
		{"On plain Debian they do not.", "", "", checkWarn, "does not resolve here"},
		{"A provider that answers every name with its own page.", "", "203.0.113.7", checkWarn, "resolves to 203.0.113.7, which is not this machine"},
		{"With a public URL its names count.", "https://api.example.com", "203.0.113.7", checkOK, "doctor.execute-api.api.example.com resolves"},
		{"The zone has no wildcard.", "https://api.example.com", "", checkWarn, "doctor.execute-api.api.example.com does not resolve"},
	} {
		conf := defaultConfig()
		conf.Listeners, conf.PublicURL = defaultListeners(), tc.public
		d := examine(conf, nil, func(d *doctor) {
			d.lookup = func(context.Context, string) ([]netip.Addr, error) {
				if tc.resolves == "" {
					return nil, errors.New("no such host")
				}
				return []netip.Addr{netip.MustParseAddr(tc.resolves)}, nil
			}
			d.names(t.Context())
		})
		d.tells(t, tc.desc, tc.status, tc.found)
		if tc.status == checkWarn && tc.public == "" && !strings.Contains(d.list[0].Do, "http://127.0.0.1:8080/_aws/execute-api/{api}/{stage}/{path}, with data.path_addresses: true") {
			t.Errorf("%s The advice is %q", tc.desc, d.list[0].Do)
		}
	}
}

func TestDoctorLooksAtTheClock(t *testing.T) {
	for _, tc := range []struct {
		desc          string
		ahead         []time.Duration // of the other clocks
		status, found string
	}{
		{"Nobody to compare with.", nil, checkOK, "no gateway runs"},
		{"The same clock.", []time.Duration{0}, checkOK, "agrees with"},
		{"A little behind.", []time.Duration{-10 * time.Second}, checkWarn, "is 10s off"},
		{"Signatures would be refused.", []time.Duration{time.Hour}, checkFail, "is 1h0m0s off"},
		{"The worst of several counts.", []time.Duration{0, -time.Hour, time.Second}, checkFail, "is 1h0m0s off"},
	} {
		d := examine(defaultConfig(), nil, func(d *doctor) {
			for _, ahead := range tc.ahead {
				now := time.Now()
				d.dates = append(d.dates, dated{"http://other", now.Add(ahead - time.Second/2), now})
			}
			d.clock()
		})
		d.tells(t, tc.desc, tc.status, tc.found)
	}
}

func TestDoctorLooksAtLimits(t *testing.T) {
	for _, tc := range []struct {
		desc          string
		check         func(*doctor)
		status, found string
	}{
		{"Many files.", func(d *doctor) { d.filesLimit(1 << 20) }, checkOK, "at most 1048576"},
		{"The usual limit of a shell.", func(d *doctor) { d.filesLimit(1024) }, checkWarn, "no more than some 512 clients"},
		{"Hardly any.", func(d *doctor) { d.filesLimit(64) }, checkFail, "at most 64"},
		{"Much space.", func(d *doctor) { d.space("dir", 1<<40, true, "") }, checkOK, "dir is writable and has 1.0 TiB free"},
		{"Little space.", func(d *doctor) { d.space("dir", 100<<20, true, "") }, checkWarn, "dir has 100.0 MiB free"},
		{"No space.", func(d *doctor) { d.space("dir", 0, true, "") }, checkFail, "dir has 0 bytes free"},
		{"Nobody knows.", func(d *doctor) { d.space("dir", 0, false, "") }, checkOK, "dir is there"},
	} {
		examine(defaultConfig(), nil, tc.check).tells(t, tc.desc, tc.status, tc.found)
	}
}

func TestDoctorLooksAtTheData(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are others there")
	}
	for _, tc := range []struct {
		desc          string
		prepare       func(t *testing.T, dir string)
		status, found string
	}{
		{"A directory of its own.", func(t *testing.T, dir string) { put(t, dir, 0o700) }, checkOK, "is writable and has"},
		{"It is made at the start.", func(*testing.T, string) {}, checkOK, "is made at the start"},
		{"Others may look into it.", func(t *testing.T, dir string) { put(t, dir, 0o755) }, checkWarn, "has permissions 0755"},
		{"Others may read the store.", func(t *testing.T, dir string) { put(t, dir, 0o700); put(t, dir+"/store.db", 0o640) }, checkWarn, "has permissions 0640"},
		{"A file in its place.", func(t *testing.T, dir string) { put(t, dir+".db", 0o600); rename(t, dir+".db", dir) }, checkFail, "is no directory"},
		{"A file above it.", func(t *testing.T, dir string) {
			put(t, filepath.Dir(dir)+".db", 0o600)
			if err := os.Remove(filepath.Dir(dir)); err != nil {
				t.Fatal(err)
			}
			rename(t, filepath.Dir(dir)+".db", filepath.Dir(dir))
		}, checkFail, "cannot be used: "},
	} {
		dir := filepath.Join(t.TempDir(), "above", "data")
		put(t, filepath.Dir(dir), 0o700)
		tc.prepare(t, dir)
		conf := defaultConfig()
		conf.Store.Dir = dir
		examine(conf, nil, (*doctor).data).tells(t, tc.desc, tc.status, tc.found)
	}
	d := examine(defaultConfig(), nil, func(d *doctor) { d.memory = true; d.data(); d.masterKey(t.Context()) })
	if len(d.list) > 0 {
		t.Errorf("in memory there is nothing to look at, and yet:\n%s", d.report())
	}
}

// put makes a directory, or a file if the name ends in .db or .key.
func put(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	var err error
	if ext := filepath.Ext(path); ext == ".db" || ext == ".key" {
		err = os.WriteFile(path, []byte(seal.NewKey().Reveal()+"\n"), mode)
	} else {
		err = os.MkdirAll(path, mode)
	}
	if err := errors.Join(err, os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestDoctorLooksAtTheMasterKey(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are others there")
	}
	for _, tc := range []struct {
		desc          string
		prepare       func(t *testing.T, dir string) (environ, []string)
		status, found string
	}{
		{"The first start makes it.", func(*testing.T, string) (environ, []string) { return nil, nil }, checkOK, "is made at the first start"},
		{"It is there.", func(t *testing.T, dir string) (environ, []string) { put(t, dir+"/master.key", 0o600); return nil, nil }, checkOK, "can be read, by nobody else"},
		{"Others can read it.", func(t *testing.T, dir string) (environ, []string) { put(t, dir+"/master.key", 0o644); return nil, nil }, checkFail, "has permissions 0644"},
		{"It is lost.", func(t *testing.T, dir string) (environ, []string) { put(t, dir+"/store.db", 0o600); return nil, nil }, checkFail, "there is a store that was sealed with it"},
		{"A variable gives it.", func(*testing.T, string) (environ, []string) {
			return environ{masterKeyVariable + "=" + seal.NewKey().Reveal()}, nil
		}, checkOK, "is given by GATEHOUSE_MASTER_KEY"},
		{"A variable gives no key.", func(*testing.T, string) (environ, []string) { return environ{masterKeyVariable + "=hush"}, nil }, checkFail, "GATEHOUSE_MASTER_KEY: "},
		{"A mounted file gives it.", func(t *testing.T, dir string) (environ, []string) {
			put(t, dir+"/own.key", 0o640)
			return environ{masterKeyVariable + "_FILE=" + dir + "/own.key"}, nil
		}, checkOK, "own.key"},
		{"Everybody can read that.", func(t *testing.T, dir string) (environ, []string) {
			put(t, dir+"/own.key", 0o644)
			return environ{masterKeyVariable + "_FILE=" + dir + "/own.key"}, nil
		}, checkWarn, "has permissions 0644"},
		{"That is not there.", func(_ *testing.T, dir string) (environ, []string) {
			return environ{masterKeyVariable + "_FILE=" + dir + "/none"}, nil
		}, checkFail, "no such file"},
		{"A program gives it, and is not run.", func(*testing.T, string) (environ, []string) { return nil, []string{"/bin/sh", "-c", "exit 1"} }, checkOK, "/bin/sh is there"},
		{"There is no such program.", func(_ *testing.T, dir string) (environ, []string) { return nil, []string{dir + "/none"} }, checkFail, "cannot be run: "},
	} {
		dir := t.TempDir()
		env, command := tc.prepare(t, dir)
		conf := defaultConfig()
		conf.Store.Dir, conf.MasterKey.Command = dir, command
		d := examine(conf, env, func(d *doctor) { d.masterKey(t.Context()) })
		d.tells(t, tc.desc, tc.status, tc.found)
		if strings.Contains(d.report(), "hush") {
			t.Errorf("%s The key is told:\n%s", tc.desc, d.report())
		}
	}
}

func TestDoctorLooksAtCertificates(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		desc          string
		begin, end    time.Duration // from now
		status, found string
	}{
		{"Good for long.", -day, 90 * day, checkOK, "is valid until"},
		{"It ends soon.", -day, 3*day + time.Hour, checkWarn, "in 3 days"},
		{"It has ended.", -9 * day, -day, checkFail, "has expired on"},
		{"It has not begun.", day, 90 * day, checkFail, "is not valid before"},
	} {
		p := pairOf(t, time.Now().Add(tc.begin), time.Now().Add(tc.end))
		conf := defaultConfig()
		conf.Listeners = []Listener{{Addr: ":1", TLS: []TLSPair{p}}}
		examine(conf, nil, (*doctor).certificates).tells(t, tc.desc, tc.status, tc.found)
	}
	p := pairOf(t, time.Now(), time.Now().Add(90*day))
	if err := os.Chmod(p.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		d := examine(defaultConfig(), nil, func(d *doctor) { d.certificate(p, time.Now()) })
		d.tells(t, "Everybody can read the key.", checkWarn, "every user can read the private key")
	}
	p.Cert = p.Key
	examine(defaultConfig(), nil, func(d *doctor) { d.certificate(p, time.Now()) }).tells(t, "No certificate.", checkFail, "cannot be used: ")
}

// pairOf makes a self-signed certificate.
func pairOf(t *testing.T, begin, end time.Time) TLSPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, DNSNames: []string{"x"}, NotBefore: begin, NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := TLSPair{filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")}
	for name, block := range map[string]*pem.Block{p.Cert: {Type: "CERTIFICATE", Bytes: der}, p.Key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// TestDoctorKnowsStrangers holds that a program that is no gatehouse is told
// as such, whatever it answers, and sees no credentials of the user's.
func TestDoctorKnowsStrangers(t *testing.T) {
	var seen bytes.Buffer
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.Header.Write(&seen)
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte(`{"services":"running","version":"` + strings.Repeat("x", 1000) + `"}`))
	}))
	defer stranger.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := silent.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	defer silent.Close()
	for _, tc := range []struct {
		desc          string
		l             Listener
		status, found string
	}{
		{"At the control plane's address.", Listener{Planes: []string{planeControl}}, checkFail, "is taken, and not by a gatehouse: it answers 200 OK, without the status"},
		{"At the data plane's.", Listener{Planes: []string{planeData}}, checkFail, "without the header Apigw-Requestid"},
		{"It speaks no TLS.", Listener{Planes: []string{planeData}, TLS: []TLSPair{{"a", "b"}}}, checkFail, "is taken, and not by a gatehouse: "},
		{"It cannot be asked.", Listener{Planes: []string{planeData}, ProxyProtocol: true}, checkWarn, "nobody can be asked who it is"},
		{"It says nothing.", Listener{Planes: []string{planeData}, Addr: silent.Addr().String()}, checkFail, "is taken, and not by a gatehouse: "},
		{"No address of this machine.", Listener{Planes: []string{planeData}, Addr: "192.0.2.1:80"}, checkFail, "cannot be listened on: "},
	} {
		if tc.l.Addr == "" {
			tc.l.Addr = strings.TrimPrefix(stranger.URL, "http://")
		}
		conf := defaultConfig()
		conf.Listeners, conf.Admin.Addr = []Listener{tc.l}, ""
		d := examine(conf, environ{"AWS_ACCESS_KEY_ID=mine", "AWS_SECRET_ACCESS_KEY=hush"}, func(d *doctor) { d.listeners(t.Context()) })
		d.tells(t, tc.desc, tc.status, tc.found)
		if len(d.dates) > 0 {
			t.Errorf("%s Its clock counts: %v", tc.desc, d.dates)
		}
	}
	d := examine(defaultConfig(), nil, func(d *doctor) {
		d.conf.Admin.Addr = strings.TrimPrefix(stranger.URL, "http://")
		d.listeners(t.Context())
	})
	d.tells(t, "At the operator's address.", checkFail, "/metrics answers 200 OK, without metrics of a gatehouse")
	if strings.Contains(seen.String(), "mine") {
		t.Errorf("a stranger is shown credentials: %s", seen.String())
	}
}

// TestDoctorHoldsAddresses holds that two listeners in each other's way are
// found before a start finds them.
func TestDoctorHoldsAddresses(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	conf := defaultConfig()
	conf.Admin.Addr = "127.0.0.1:" + port
	conf.Listeners = []Listener{{Addr: "127.0.0.1:" + port, Planes: []string{planeData}}}
	d := examine(conf, nil, func(d *doctor) { d.listeners(t.Context()) })
	d.tells(t, "The first of them is free.", checkOK, "is free")
	d.tells(t, "The second is in its way.", checkFail, "is in the way of listener 127.0.0.1:")
}
