package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, f *File, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if n, err := f.Write([]byte(s)); err != nil || n != len(s) {
			t.Fatalf("write %q: %d, %v", s, n, err)
		}
	}
}

func file(t *testing.T, max int64, keep int) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "access.log")
	f, err := OpenFile(path, max, keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, path
}

func TestAFileRotatesBySize(t *testing.T) {
	f, path := file(t, 10, 2)
	write(t, f, "one 45678\n", "two 45678\n", "three\n", "x\n", "a line longer than a file\n", "last\n")
	for name, want := range map[string]string{
		path: "last\n", path + ".1": "a line longer than a file\n", path + ".2": "three\nx\n",
	} {
		if got := read(t, name); got != want {
			t.Errorf("%s holds %q, want %q", filepath.Base(name), got, want)
		}
	}
	if _, err := os.Stat(path + ".3"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a third old file is kept: %v", err)
	}
	if runtime.GOOS != "windows" {
		if s, _ := os.Stat(path); s.Mode().Perm()&^FileMode != 0 {
			t.Errorf("the mode is %v", s.Mode())
		}
	}
}

func TestAFileThatKeepsNothingStartsAgain(t *testing.T) {
	f, path := file(t, 4, 0)
	write(t, f, "one\n", "two\n")
	if got := read(t, path); got != "two\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestAFileGoesOnWhereItWas(t *testing.T) {
	f, path := file(t, 8, 1)
	write(t, f, "one\n")
	f.Close()
	f, err := OpenFile(path, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, f, "two\n", "three\n")
	if old, now := read(t, path+".1"), read(t, path); old != "one\ntwo\n" || now != "three\n" {
		t.Errorf("the files hold %q and %q", old, now)
	}
}

func TestReopenFollowsThePath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be renamed there")
	}
	f, path := file(t, 0, 0)
	write(t, f, "one\n")
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "two\n")
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "three\n")
	if old, now := read(t, path+".moved"), read(t, path); old != "one\ntwo\n" || now != "three\n" {
		t.Errorf("the files hold %q and %q", old, now)
	}
}

// A rotation that fails costs no line: the file grows and the error is told.
func TestAFailedRotationLosesNothing(t *testing.T) {
	f, path := file(t, 4, 1)
	write(t, f, "one\n")
	// A directory that is not empty cannot be renamed over.
	if err := os.MkdirAll(filepath.Join(path+".1", "x"), 0o750); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("two\n")); n != 4 || err == nil {
		t.Errorf("write: %d, %v; want 4 and why the file is not rotated", n, err)
	}
	write(t, f, "three\n") // not tried again at once
	if got := read(t, path); got != "one\ntwo\nthree\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestAClosedFileSaysSo(t *testing.T) {
	f, _ := file(t, 0, 0)
	f.Close()
	if _, err := f.Write([]byte("x\n")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := f.Reopen(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("reopen: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestFileSettingsAreChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "access.log")
	if _, err := OpenFile(path, 0, 0); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a directory that is missing: %v", err)
	}
	for _, c := range []struct {
		max  int64
		keep int
	}{{-1, 0}, {0, -1}, {0, maxKept + 1}} {
		if _, err := OpenFile(filepath.Join(t.TempDir(), "a"), c.max, c.keep); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
