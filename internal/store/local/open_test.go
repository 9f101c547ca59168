package local

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"gatehouse/internal/store"
)

// fill returns a directory with a store that was closed, and its documents.
func fill(t *testing.T, docs int) (dir string, want []store.Doc) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	for i := 0; i < docs; i += 50 {
		var changes []store.Change
		for j := range min(50, docs-i) {
			value := strings.Repeat(fmt.Sprint(i+j, " "), 1+(i+j)%90)
			changes = append(changes, store.Change{Op: store.Put, Key: fmt.Sprintf("doc/%04d", i+j), Value: []byte(value)})
		}
		commit(t, s, changes...)
	}
	want = contents(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, want
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func commit(t *testing.T, s store.Store, changes ...store.Change) uint64 {
	t.Helper()
	r, err := s.Commit(t.Context(), changes...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func contents(t *testing.T, s store.Store) (docs []store.Doc) {
	t.Helper()
	if _, err := s.Scan(t.Context(), "", func(d store.Doc) error { docs = append(docs, d); return nil }); err != nil {
		t.Fatal(err)
	}
	return docs
}

// refuses checks that Open says why and what to do, and touches nothing.
func refuses(t *testing.T, dir string, want error, words ...string) {
	t.Helper()
	path := filepath.Join(dir, "store.db")
	before, _ := os.ReadFile(path)
	stat, _ := os.Stat(path)
	s, err := Open(dir, Options{LockWait: 50 * time.Millisecond})
	if err == nil {
		s.Close()
		t.Fatal("it was opened")
	}
	if want != nil && !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	for _, word := range append(words, dir) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	after, _ := os.ReadFile(path)
	if now, err := os.Stat(path); !bytes.Equal(before, after) || err == nil && !now.ModTime().Equal(stat.ModTime()) {
		t.Errorf("the file was touched")
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 1 {
		t.Errorf("something was left behind: %v", entries)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		desc  string
		spoil func(t *testing.T, path string)
		want  error
		says  []string
	}{
		{"an empty file", func(t *testing.T, path string) { os.Truncate(path, 0) }, ErrCorrupt, []string{"empty", "backup"}},
		{"a file of text", func(t *testing.T, path string) { os.WriteFile(path, []byte(strings.Repeat("hello\n", 9999)), 0o600) }, ErrCorrupt, []string{"backup"}},
		{"a file of one page", func(t *testing.T, path string) { os.Truncate(path, int64(os.Getpagesize())) }, ErrCorrupt, nil},
		{"a file cut short", func(t *testing.T, path string) { os.Truncate(path, int64(6*os.Getpagesize())) }, ErrCorrupt, []string{"fit together"}},
		{"a file that ends too early", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error { // so that the end is a value, which nothing reads at once
				return tx.Bucket(bucketDocs).Put([]byte("z"), encodeDoc("z", 1, bytes.Repeat([]byte("z"), 1<<20)))
			})
			b, _ := os.ReadFile(path)
			os.Truncate(path, int64(bytes.LastIndexByte(b, 'z')-os.Getpagesize()))
		}, ErrCorrupt, []string{"bytes"}},
		{"a middle of zeros", func(t *testing.T, path string) { overwrite(t, path, make([]byte, 10*os.Getpagesize()), 4) }, ErrCorrupt, nil},
		{"a middle of garbage", func(t *testing.T, path string) {
			overwrite(t, path, bytes.Repeat([]byte{0xa5}, 10*os.Getpagesize()), 4)
		}, ErrCorrupt, nil},
		{"two bad heads", func(t *testing.T, path string) { overwrite(t, path, make([]byte, 2*os.Getpagesize()), 0) }, ErrCorrupt, nil},
		{"a page that leads to itself", func(t *testing.T, path string) {
			b, _ := os.ReadFile(path)
			for id := 2; id < len(b)/os.Getpagesize(); id++ {
				page := b[id*os.Getpagesize():]
				if native.Uint64(page) == uint64(id) && native.Uint16(page[8:]) == flagBranch {
					native.PutUint64(page[pageHead+8:], uint64(id))
				}
			}
			os.WriteFile(path, b, 0o600)
		}, ErrCorrupt, []string{"used twice"}},
		{"a newer schema", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error {
				tx.DeleteBucket(bucketDocs)
				return tx.Bucket(bucketAbout).Put(keySchema, []byte("2"))
			})
		}, ErrNewer, []string{"schema 2", "up to 1", "newer gatehouse"}},
		{"a schema that is no number", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(bucketAbout).Put(keySchema, []byte("one")) })
		}, ErrCorrupt, []string{`"one"`}},
		{"a file of another program", func(t *testing.T, path string) {
			os.Remove(path)
			edit(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("other")); return err })
		}, ErrCorrupt, []string{"not a store of gatehouse"}},
		{"a missing bucket", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucketCommits) })
		}, ErrCorrupt, []string{"bucket"}},
		{"a document whose sum is wrong", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error {
				b := tx.Bucket(bucketDocs)
				return b.Put([]byte("doc/0007"), append(bytes.Clone(b.Get([]byte("doc/0007"))), '!'))
			})
		}, ErrCorrupt, []string{"doc/0007", "checksum"}},
		{"a document that is missing", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(bucketDocs).Delete([]byte("doc/0100")) })
		}, ErrCorrupt, []string{"299", "300"}},
		{"a document that is not the last", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error {
				return tx.Bucket(bucketDocs).Put([]byte("doc/0100"), encodeDoc("doc/0100", 1, nil))
			})
		}, ErrCorrupt, []string{"not the last"}},
		{"a gap in the commits", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(bucketCommits).Delete(encodeRevision(3)) })
		}, ErrCorrupt, []string{"commit 4 follows commit 2"}},
		{"commits that were cut off", func(t *testing.T, path string) {
			edit(t, path, func(tx *bbolt.Tx) error {
				return tx.Bucket(bucketCommits).Delete(encodeRevision(newest(tx)))
			})
		}, ErrCorrupt, []string{"revision"}},
		{"a directory in its place", func(t *testing.T, path string) { os.Remove(path); os.Mkdir(path, 0o700) }, nil, nil},
	} {
		t.Run(c.desc, func(t *testing.T) {
			dir, _ := fill(t, 300)
			c.spoil(t, filepath.Join(dir, "store.db"))
			refuses(t, dir, c.want, c.says...)
		})
	}
}

func overwrite(t *testing.T, path string, b []byte, page int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, int64(page*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, path string, f func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesAFileInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, store.Change{Op: store.Put, Key: "a"})
	refuses(t, dir, ErrHeld, "another process")
	commit(t, s, store.Change{Op: store.Put, Key: "b"}) // which the other did not disturb
	s.Close()
	open(t, dir)
}

func TestOpenRefusesADirectoryThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	if _, err := Open(filepath.Join(file, "data"), Options{}); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "choose") {
		t.Errorf("got %v", err)
	}
	if _, err := OpenBlobs(filepath.Join(file, "data"), 0); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if os.Getuid() == 0 {
		return // root may write everywhere
	}
	dir := t.TempDir()
	os.Chmod(dir, 0o500)
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "make "+dir+" writable") {
		t.Errorf("got %v", err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "deep")
	open(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "store.db"): 0o600} {
		if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v (%v)", path, stat.Mode().Perm(), want, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the first start left %v", entries)
	}
}

func TestOfTwoFirstStartsOneWins(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() {
			s, err := Open(dir, Options{LockWait: 5 * time.Second})
			if err == nil {
				_, err = s.Commit(t.Context(), store.Change{Op: store.Put, Key: "count", Base: now(t, s)})
				err = errors.Join(err, s.Close())
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	s := open(t, dir)
	if _, r, err := s.List(t.Context(), "", "", 1); err != nil || r != uint64(cap(errs)) {
		t.Errorf("revision %d after %d starts with a commit each (%v)", r, cap(errs), err)
	}
}

// now returns the revision of the store, which here is also that of its document.
func now(t *testing.T, s *Store) uint64 {
	_, r, err := s.List(t.Context(), "", "", 1)
	if err != nil {
		t.Error(err)
	}
	return r
}

// TestAFlippedBitIsToldOrHarmless damages a file at random. It must then be
// refused, or still hold exactly what it held: never something else, and never
// may it end the process.
func TestAFlippedBitIsToldOrHarmless(t *testing.T) {
	const rounds = 200
	dir, want := fill(t, 400)
	path := filepath.Join(dir, "store.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := len(bytes.TrimRight(whole, "\x00"))
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	told := 0
	for round := range rounds {
		b := bytes.Clone(whole)
		at := random.IntN(used)
		if round%2 == 0 { // heads of pages, where damage is worst
			at = random.IntN(used/os.Getpagesize())*os.Getpagesize() + random.IntN(256)
		}
		b[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir, Options{})
		if errors.Is(err, ErrCorrupt) {
			told++
			if now, _ := os.ReadFile(path); !bytes.Equal(b, now) {
				t.Fatalf("seed %d: byte %d: the file was touched", seed, at)
			}
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: byte %d: %v", seed, at, err)
		}
		if got := contents(t, s); !reflect.DeepEqual(want, got) {
			t.Fatalf("seed %d: byte %d: %s", seed, at, cmp.Diff(want, got))
		}
		s.Close()
	}
	t.Logf("told %d of %d; the others hit what is not in use", told, rounds)
	if told < rounds/10 {
		t.Errorf("told %d of %d", told, rounds)
	}
}
