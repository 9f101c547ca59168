package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

func put(key string, base uint64) store.Change {
	return store.Change{Op: store.Put, Key: key, Base: base, Value: []byte("value of " + key)}
}

// idle returns the writer of a store that has been closed and a fresh file, so
// that a test can make up the groups itself.
func idle(t *testing.T) *writer {
	t.Helper()
	dir := t.TempDir()
	open(t, dir).Close()
	path := filepath.Join(dir, "store.db")
	db, err := openFile(path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &writer{path: path, db: db, history: history{max: 100}, tail: store.NewTail(0, 100, 1<<20)}
	if err := w.load(); err != nil {
		t.Fatal(err)
	}
	return w
}

func transactions(t *testing.T, db *bbolt.DB) (id int) {
	t.Helper()
	if err := db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAGroupIsOneTransactionOfManyCommits(t *testing.T) {
	w := idle(t)
	var group []*request
	for _, changes := range [][]store.Change{
		{put("a", 0)},                          // 1
		{put("b", 0), put("a", 7)},             // a is at 1: refused, and b with it
		{put("a", 1), put("b", 0)},             // 2: sees the first, not the second
		{put("b", 0)},                          // refused
		{{Op: store.Check, Key: "a", Base: 2}}, // holds, makes no revision
		{{Op: store.DeletePrefix, Key: "a"}},   // 3
		{put("a", 0)},                          // 4
	} {
		group = append(group, &request{changes: changes, done: make(chan struct{})})
	}
	before := transactions(t, w.db)
	w.group(group)
	if n := transactions(t, w.db) - before; n != 1 {
		t.Errorf("%d transactions, want 1", n)
	}
	for i, want := range []string{
		"1", `conflict: "a" was expected at revision 7, but is at revision 1`, "2",
		`conflict: "b" was expected absent, but is at revision 2`, "2", "3", "4",
	} {
		<-group[i].done
		got := fmt.Sprint(group[i].revision)
		if group[i].err != nil {
			got = group[i].err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("commit %d: got %s, want %s", i, got, want)
		}
	}
	if err := w.tail.Wait(t.Context(), 4); err != nil {
		t.Errorf("the watchers were not told: %v", err)
	}

	before = transactions(t, w.db)
	w.group([]*request{{changes: []store.Change{put("a", 0)}, done: make(chan struct{})}})
	if n := transactions(t, w.db) - before; n != 0 {
		t.Errorf("a group of nothing but conflicts wrote %d transactions", n)
	}
}

func TestConcurrentCommitsShareAnFsync(t *testing.T) {
	const writers, rounds = 16, 20
	s := open(t, t.TempDir())
	before := transactions(t, s.db)
	var group sync.WaitGroup
	for g := range writers {
		group.Go(func() {
			for i := range rounds {
				if _, err := s.Commit(t.Context(), put(fmt.Sprintf("%d/%d", g, i), 0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	n := transactions(t, s.db) - before
	t.Logf("%d commits in %d transactions", writers*rounds, n)
	if n > writers*rounds/2 {
		t.Errorf("%d commits took %d transactions", writers*rounds, n)
	}
}

// After a failed write nobody knows what is on the disk, so nothing may be built
// on it; what was acknowledged before is there after a restart.
func TestAFailedWriteIsTheLast(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	commit(t, s, put("before", 0))
	s.db.MaxSize = 1 << 20 // the disk is full
	big := store.Change{Op: store.Put, Key: "big", Value: make([]byte, 1<<20-100)}
	_, err := s.Commit(t.Context(), big)
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "store.db")) || !strings.Contains(err.Error(), "restart") {
		t.Errorf("commit to a full disk: got %v", err)
	}
	if _, again := s.Commit(t.Context(), put("after", 0)); again == nil || again.Error() != err.Error() {
		t.Errorf("commit after a failed one: got %v", again)
	}
	for _, ended := range s.Watch(t.Context(), "", 1) {
		if ended == nil || !strings.Contains(ended.Error(), "write failed") {
			t.Errorf("watch: got %v", ended)
		}
	}
	if d, err := s.Get(t.Context(), "before"); err != nil || d.Revision != 1 {
		t.Errorf("get: %v, %v", d, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if docs := contents(t, open(t, dir)); len(docs) != 1 || docs[0].Key != "before" {
		t.Errorf("after a restart there is %v", docs)
	}
}

// bbolt shows a transaction to readers when it is written, before it is synced.
func TestAReaderWaitsForTheFsync(t *testing.T) {
	s := open(t, t.TempDir())
	commit(t, s, put("a", 0))
	record := store.Commit{Revision: 2, Changes: []store.Change{{Op: store.Put, Key: "b"}}}
	err := s.db.Update(func(tx *bbolt.Tx) error { // written, and not yet broadcast
		return errors.Join(tx.Bucket(bucketDocs).Put([]byte("b"), encodeDoc("b", 2, nil)),
			tx.Bucket(bucketCommits).Put(encodeRevision(2), encodeCommit(record)))
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("get of what is not synced: %v", err)
	}
	s.tail.Append(record)
	if _, err := s.Get(t.Context(), "b"); err != nil {
		t.Errorf("get of what is synced: %v", err)
	}
}

// A watcher far behind reads the file, and goes over to the tail without a gap.
func TestASlowWatcherReadsTheFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const commits = 3 * tailCommits
	for range commits {
		commit(t, s, put("a", store.Any))
	}
	for range 2 {
		next := uint64(1)
		for c, err := range s.Watch(t.Context(), "", 0) {
			if err != nil || c.Revision != next {
				t.Fatalf("got revision %d (%v), want %d", c.Revision, err, next)
			}
			if next++; next > commits {
				break
			}
		}
		s.Close()
		s = open(t, dir)
	}
}

func TestHistoryInTheFileIsBounded(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{History: 32})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 200 {
		commit(t, s, put("a", store.Any))
	}
	held := 0
	s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketCommits).ForEach(func(k, v []byte) error { held++; return nil })
	})
	if held < 32 || held > 34 {
		t.Errorf("%d commits are held, want about 32", held)
	}
}

func TestCommitTakenIsWaitedFor(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*20*time.Microsecond)
		key := fmt.Sprint(i)
		_, err := s.Commit(ctx, put(key, 0))
		cancel()
		_, missing := s.Get(t.Context(), key)
		if (err == nil) != (missing == nil) {
			t.Errorf("commit said %v, but then get %v", err, missing)
		}
	}
}

func TestBlobs(t *testing.T) {
	storetest.RunBlobs(t, func(t *testing.T, max int64) (store.Blobs, func() store.Blobs) {
		dir := t.TempDir()
		open := func() store.Blobs {
			b, err := OpenBlobs(dir, max)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		t.Cleanup(func() {
			if left, _ := filepath.Glob(filepath.Join(dir, "blobs", "new-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
		return open(), open
	})
}

func TestBlobFiles(t *testing.T) {
	dir := t.TempDir()
	b, err := OpenBlobs(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	name, err := b.Put(t.Context(), strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "blobs", name[:2], name)
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && stat.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", stat.Mode())
	}

	// A damaged blob is mended by putting it again.
	os.WriteFile(path, []byte("damaged"), 0o600)
	if _, err := b.Put(t.Context(), strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "x" {
		t.Errorf("content %q", content)
	}

	// What a process left that died a while ago is removed, what one may be
	// writing is not.
	stale, fresh := filepath.Join(dir, "blobs", "new-1"), filepath.Join(dir, "blobs", "new-2")
	os.WriteFile(stale, nil, 0o600)
	os.WriteFile(fresh, nil, 0o600)
	old := time.Now().Add(-2 * abandoned)
	os.Chtimes(stale, old, old)
	if _, err := OpenBlobs(dir, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("what a dead process left is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("what another may be writing is gone")
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			storetest.BenchCommit(b, s, writers)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	storetest.BenchGet(b, s)
}
