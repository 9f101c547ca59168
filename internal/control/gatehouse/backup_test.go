package gatehouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/sigv4"
	"gatehouse/internal/store/backup"
	"gatehouse/internal/wire"
)

// callBackup makes a signed call of CreateBackup.
func callBackup(t *testing.T, url, method string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+BackupPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := sigv4.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	if err := sigv4.Sign(r, sigv4.HashPayload(nil), c, ScopeName, "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	return a, string(body), err
}

func serveBackup(t *testing.T, b *Backup, o wire.Options) string {
	t.Helper()
	b.Dir = t.TempDir()
	h, err := b.Handler(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.Close()
		if left, err := os.ReadDir(b.Dir); err != nil || len(left) > 0 {
			t.Errorf("left in the directory: %v, %v", left, err)
		}
	})
	return s.URL
}

func TestABackupIsSentWithItsReceipt(t *testing.T) {
	content := strings.Repeat("sealed ", 100_000)
	made := backup.Manifest{Revision: 7, Documents: backup.Sum{Count: 3}}
	url := serveBackup(t, &Backup{Create: func(_ context.Context, w io.Writer) (backup.Manifest, error) {
		_, err := io.WriteString(w, content)
		return made, err
	}}, wire.Options{})
	a, body, err := callBackup(t, url, http.MethodPost)
	if err != nil || a.StatusCode != http.StatusOK || body != content || a.ContentLength != int64(len(content)) {
		t.Fatalf("%v, %v, %d bytes", a, err, len(body))
	}
	var got BackupReceipt
	if err := json.Unmarshal([]byte(a.Header.Get(BackupField)), &got); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(content))
	want := BackupReceipt{Manifest: made, FileBytes: int64(len(content)), FileSHA256: hex.EncodeToString(sum[:])}
	if got != want || a.Header.Get("x-amzn-RequestId") == "" {
		t.Errorf("%+v", got)
	}
}

func TestABackupThatFailsIsAnOrdinaryError(t *testing.T) {
	fails := func(err error) *Backup {
		return &Backup{Create: func(_ context.Context, w io.Writer) (backup.Manifest, error) {
			io.WriteString(w, "half of it")
			return backup.Manifest{}, err
		}}
	}
	refuse := wire.Options{Identify: func(*http.Request, []byte, *wire.Caller) error {
		return &wire.Error{Type: "AccessDeniedException", Status: http.StatusForbidden, Message: "no"}
	}}
	for _, c := range []struct {
		desc    string
		b       *Backup
		options wire.Options
		method  string
		status  int
		says    string
	}{
		{"it cannot be made", fails(errors.New("disk on fire")), wire.Options{}, http.MethodPost, 500, "InternalFailure"},
		{"it is refused", fails(&wire.Error{Type: "BadRequestException", Status: 400, Message: "no key"}), wire.Options{}, http.MethodPost, 400, "no key"},
		{"the caller may not", fails(nil), refuse, http.MethodPost, 403, "no"},
		{"it is asked for by GET", fails(nil), wire.Options{}, http.MethodGet, 404, ""},
	} {
		a, body, err := callBackup(t, serveBackup(t, c.b, c.options), c.method)
		if err != nil || a.StatusCode != c.status || !strings.Contains(body+a.Header.Get("x-amzn-ErrorType"), c.says) || strings.Contains(body, "half") || strings.Contains(body, "fire") {
			t.Errorf("%s: %v, %q, %v", c.desc, a, body, err)
		}
		if a.Header.Get(BackupField) != "" {
			t.Errorf("%s: there is a receipt", c.desc)
		}
	}
}

func TestOneBackupAtATime(t *testing.T) {
	begun, release := make(chan struct{}, 1), make(chan struct{})
	url := serveBackup(t, &Backup{Create: func(_ context.Context, w io.Writer) (backup.Manifest, error) {
		begun <- struct{}{}
		<-release
		return backup.Manifest{}, nil
	}}, wire.Options{})
	first := make(chan int)
	go func() {
		a, _, err := callBackup(t, url, http.MethodPost)
		if err != nil {
			t.Error(err)
			first <- 0
			return
		}
		first <- a.StatusCode
	}()
	<-begun
	if a, body, err := callBackup(t, url, http.MethodPost); err != nil || a.StatusCode != http.StatusConflict || !strings.Contains(body, "Wait for it") {
		t.Errorf("%v, %q, %v", a, body, err)
	}
	close(release)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first is answered %d", status)
	}
	if a, _, err := callBackup(t, url, http.MethodPost); err != nil || a.StatusCode != http.StatusOK {
		t.Errorf("after the first: %v, %v", a, err)
	}
}
