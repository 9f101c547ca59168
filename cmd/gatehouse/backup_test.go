package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/seal"
	"gatehouse/internal/store"
	"gatehouse/internal/store/backup"
	"gatehouse/internal/store/memory"
)

func TestProgressOffATerminalIsALineATenth(t *testing.T) {
	for _, c := range []struct {
		desc  string
		tty   bool
		quiet bool
		total int64
		want  int // lines, or changes of one
	}{
		{"off a terminal", false, false, 1000, 11},
		{"off a terminal, in few steps", false, false, 3, 4},
		{"on a terminal", true, false, 1000, 101},
		{"of nothing", false, false, 0, 1},
		{"quiet", false, true, 1000, 0},
	} {
		var b bytes.Buffer
		tell := progress(&terminal{talk: &b, talkIsTTY: c.tty, quiet: c.quiet}, "x")
		for i := range c.total + 1 {
			tell(i, c.total)
		}
		if got := strings.Count(b.String(), "x: "); got != c.want {
			t.Errorf("%s: told %d times, want %d:\n%s", c.desc, got, c.want, b.String())
		}
		if c.want > 0 && !strings.Contains(b.String(), "x: 100 % of") {
			t.Errorf("%s: does not end: %s", c.desc, b.String())
		}
	}
}

// aBackup is a backup file of a few documents, and the file of its key.
func aBackup(t *testing.T) (file, keyFile string) {
	t.Helper()
	key := seal.NewKey()
	s := memory.New()
	defer s.Close()
	for i := range 10 {
		c := store.Change{Op: store.Put, Key: fmt.Sprint("k", i), Value: bytes.Repeat([]byte("v"), 100_000)}
		if _, err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	from, err := backupSource(s, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Create(t.Context(), &b, seal.NewKeyring(key), from); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, keyFile = filepath.Join(dir, "b"), filepath.Join(dir, "key")
	if err := errors.Join(os.WriteFile(file, b.Bytes(), 0o600), os.WriteFile(keyFile, []byte(key.Reveal()), 0o600)); err != nil {
		t.Fatal(err)
	}
	return file, keyFile
}

func silent() *terminal { return &terminal{out: io.Discard, talk: io.Discard} }

// A talker ends a context at its n-th word.
type talker struct {
	n    int
	stop func()
}

func (w *talker) Write(p []byte) (int, error) {
	if w.n--; w.n == 0 {
		w.stop()
	}
	return len(p), nil
}

func TestARestorationThatIsInterruptedLeavesNothing(t *testing.T) {
	file, key := aBackup(t)
	for n := 1; n <= 8; n++ {
		parent := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		c := &backupRestore{File: file, Data: filepath.Join(parent, "data"), backupKey: backupKey{KeyFile: key}}
		err := c.Run(ctx, &terminal{out: io.Discard, talk: &talker{n, stop}})
		stop()
		left, e := os.ReadDir(parent)
		if e != nil {
			t.Fatal(e)
		}
		if !errors.Is(err, context.Canceled) || len(left) > 0 {
			t.Errorf("interrupted at step %d: %v, and %v is left", n, err, left)
		}
	}
}

func TestADownloadIsWholeOrNoFile(t *testing.T) {
	body := bytes.Repeat([]byte("sealed "), 50_000)
	good := gatehouse.BackupReceipt{FileBytes: int64(len(body)), FileSHA256: "f1d5f6ef0bbb76f6dd6ab4f6ca9cb7f3e6a5a6b9fc7ae6a3d4b1d8b0a3f4c5d6"}
	answer := func(r any, length int, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			text, _ := json.Marshal(r)
			w.Header().Set(gatehouse.BackupField, string(text))
			if length > 0 {
				w.Header().Set("Content-Length", fmt.Sprint(length))
			}
			w.Write(body)
		}
	}
	for _, c := range []struct {
		desc   string
		serve  http.HandlerFunc
		exit   int
		reason string
	}{
		{"another content", answer(good, 0, body), exitFailed, "what arrived is not what was sent"},
		{"a shorter one", answer(good, 0, body[:1000]), exitFailed, "what arrived is not what was sent"},
		{"a longer one", answer(good, 0, append(bytes.Clone(body), "more"...)), exitFailed, "what arrived is not what was sent"},
		{"a connection that breaks", answer(good, len(body), body[:1000]), exitFailed, "breaks off after"},
		{"no receipt", answer(nil, 0, body), exitFailed, "is not understood"},
		{"another server", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusNotFound) }, exitNotFound, "404"},
		{"a redirection", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, exitFailed, "302"},
		{"a gateway that says nothing", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, exitUnreachable, "no answer within"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			s := httptest.NewServer(c.serve)
			defer s.Close()
			dir := t.TempDir()
			create := &backupCreate{To: filepath.Join(dir, "b"), remote: remote{EndpointURL: s.URL, Region: "us-east-1", Timeout: time.Second}}
			err := create.Run(t.Context(), silent())
			if f := failureOf(err); err == nil || f.Exit != c.exit || !strings.Contains(f.Why, c.reason) {
				t.Errorf("exit %d: %v", f.Exit, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

func TestAFileIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := writeOnce(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := writeOnce(path, []byte("second")); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "first" {
		t.Errorf("%s, %v", text, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestInBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 5 << 20: "5.0 MiB", 3 << 50: "3072.0 TiB"} {
		if got := inBytes(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
