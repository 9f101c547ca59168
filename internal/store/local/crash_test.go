package local

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"gatehouse/internal/store"
)

// The store under fire: a process that writes from several goroutines is killed
// (SIGKILL, so that nothing of it runs any more), again and again, on the same
// file. Each time the file has to open, to be sound, and to hold
//
//   - every commit that was acknowledged, and at most one more a goroutine: the
//     one that was on its way;
//   - of each commit all or nothing.
//
// Both can be told from the documents alone. Writer g makes a row of commits
// that are a function of their number n (see step), and each of them also puts
// n under seq/g. So seq/g says how far g came, and then exactly one set of
// documents under w/g/ is right. Readers (the parent) know which n were
// acknowledged, for the child says so after each.

// crashDir names the directory to write to, in the environment of the process
// that is to be killed.
const crashDir = "GATEHOUSE_TEST_CRASH_DIR"

const (
	crashWriters = 6
	crashKeys    = 5  // documents that a commit writes, besides seq
	crashLog     = 16 // slots of the log that contenders share
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := writeForever(dir); err != nil {
			fmt.Println("error", err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func seqKey(g int) string     { return fmt.Sprintf("seq/%d", g) }
func slotKey(g, i int) string { return fmt.Sprintf("w/%d/%d", g, i) }

// state is what lies under w/g/ after n commits: usually crashKeys documents
// that name n, of sizes from a few bytes to several pages; nothing after every
// seventh commit, which deletes the prefix; one fewer after every fifth.
func state(g, n int) map[string]string {
	docs := map[string]string{}
	if n == 0 || n%7 == 0 {
		return docs
	}
	for i := range crashKeys {
		docs[slotKey(g, i)] = fmt.Sprintf("%d:", n) + strings.Repeat("x", n*i*613%9000)
	}
	if n%5 == 0 {
		delete(docs, slotKey(g, n%crashKeys))
	}
	return docs
}

// step is commit n of writer g.
func step(g, n int) []store.Change {
	changes := []store.Change{{Op: store.Put, Key: seqKey(g), Base: store.Any, Value: []byte(strconv.Itoa(n))}}
	if n%7 == 0 {
		return append(changes, store.Change{Op: store.DeletePrefix, Key: fmt.Sprintf("w/%d/", g)})
	}
	now := state(g, n)
	for i := range crashKeys {
		c := store.Change{Op: store.Delete, Key: slotKey(g, i), Base: store.Any}
		if v, ok := now[c.Key]; ok {
			c.Op, c.Value = store.Put, []byte(v)
		}
		changes = append(changes, c)
	}
	return changes
}

// A teller says what is acknowledged, a line each.
type teller struct{ mu sync.Mutex }

func (t *teller) say(args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Println(args...)
}

// writeForever is the process that is killed.
func writeForever(dir string) error {
	s, err := Open(dir, Options{LockWait: 5 * time.Second, History: 300}) // small, so that it is trimmed too
	if err != nil {
		return err
	}
	blobs, err := OpenBlobs(dir, 0)
	if err != nil {
		return err
	}
	say := (&teller{}).say
	failed := make(chan error)
	for g := range crashWriters {
		go func() { failed <- writeSteps(s, g, say) }()
	}
	for range 2 {
		go func() { failed <- contend(s, say) }()
	}
	go func() { failed <- writeBlobs(s, blobs, say) }()
	return <-failed
}

// number reads a document that holds a number and perhaps more behind a blank.
func number(s *Store, key string) (n int, d store.Doc, err error) {
	d, err = s.Get(context.Background(), key)
	if errors.Is(err, store.ErrNotFound) {
		return 0, d, nil
	}
	if err == nil {
		text, _, _ := strings.Cut(string(d.Value), " ")
		n, err = strconv.Atoi(text)
	}
	return n, d, err
}

func writeSteps(s *Store, g int, say func(...any)) error {
	n, _, err := number(s, seqKey(g))
	for err == nil {
		n++
		var r uint64
		if r, err = s.Commit(context.Background(), step(g, n)...); err == nil {
			say(seqKey(g), n, r, "end")
		}
	}
	return err
}

// contend adds one to a number that others add to as well, and logs it in the
// same commit.
func contend(s *Store, say func(...any)) error {
	for {
		var n int
		var r uint64
		err := store.Retry(context.Background(), 100, func() error {
			was, d, err := number(s, "shared")
			if err != nil {
				return err
			}
			n = was + 1
			r, err = s.Commit(context.Background(),
				store.Change{Op: store.Put, Key: "shared", Base: d.Revision, Value: []byte(strconv.Itoa(n))},
				store.Change{Op: store.Put, Key: fmt.Sprintf("log/%d", n%crashLog), Base: store.Any, Value: []byte(strconv.Itoa(n))})
			return err
		})
		if err != nil {
			return err
		}
		say("shared", n, r, "end")
	}
}

// blobContent is that of the n-th blob.
func blobContent(n int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("blob %d\n", n)), 1+n*97%4000) }

// writeBlobs puts a blob and then commits a document that names it.
func writeBlobs(s *Store, blobs *Blobs, say func(...any)) error {
	n, _, err := number(s, "blob")
	for err == nil {
		n++
		var name string
		if name, err = blobs.Put(context.Background(), bytes.NewReader(blobContent(n))); err != nil {
			break
		}
		var r uint64
		r, err = s.Commit(context.Background(), store.Change{Op: store.Put, Key: "blob", Base: store.Any, Value: []byte(fmt.Sprint(n, " ", name))})
		if err == nil {
			say("blob", n, r, "end")
		}
	}
	return err
}

// TestAnAcknowledgedWriteSurvivesKill kills 200 writers at random moments, every
// tenth of them while it starts.
func TestAnAcknowledgedWriteSurvivesKill(t *testing.T) {
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	f := &fire{dir: t.TempDir(), acknowledged: map[string]int{}}
	for round := range rounds {
		f.round(t, round)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d commits acknowledged up to revision %d, %d deaths in a write load, %d of them with a commit on its way", f.commits, f.revision, f.loaded, f.ahead)
	if f.loaded < rounds/2 {
		t.Errorf("only %d of %d writers lived long enough to write", f.loaded, rounds)
	}
	if f.ahead == 0 {
		t.Error("no writer died between a write and its acknowledgement: the moments are not chosen well")
	}
}

// fire is what is known of the file from outside.
type fire struct {
	dir          string
	acknowledged map[string]int // seq/g, shared, blob -> the highest number acknowledged
	revision     uint64         // the highest acknowledged
	commits      int            // acknowledged
	loaded       int            // rounds that died while they wrote
	ahead        int            // rounds after which more was there than acknowledged
}

func (f *fire) round(t *testing.T, round int) {
	before := f.commits
	f.write(t, round%10 == 0)
	if _, err := os.Stat(f.dir + "/store.db"); err != nil && before == 0 && f.commits == 0 {
		return // killed before it made one
	}
	unclean := sound(t, f.dir)
	if f.commits > before {
		f.loaded++
		if !unclean {
			t.Error("the file does not say that it was not closed")
		}
	}
	s := open(t, f.dir)
	f.check(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if sound(t, f.dir) {
		t.Error("a closed file says that it was not closed")
	}
}

// write lets a writer write for a while, then kills it and takes down what it
// was told.
func (f *fire) write(t *testing.T, starting bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+f.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() {
		after := rand.N(60 * time.Millisecond)
		if starting {
			after = rand.N(30 * time.Millisecond)
		}
		time.AfterFunc(after, func() { cmd.Process.Kill() })
	})
	if starting {
		kill()
	}
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		kill() // once it writes
		var key, end string
		var n int
		var revision uint64
		if strings.HasPrefix(lines.Text(), "error") {
			t.Errorf("writer: %s", lines.Text())
		}
		if _, err := fmt.Sscan(lines.Text(), &key, &n, &revision, &end); err != nil || end != "end" {
			continue // the last line may be cut
		}
		f.commits++
		f.acknowledged[key] = max(f.acknowledged[key], n)
		f.revision = max(f.revision, revision)
	}
	cmd.Wait() // killed
}

// check compares the documents with what was acknowledged, and takes over what
// was on its way: the next writer goes on from there.
func (f *fire) check(t *testing.T, s *Store) {
	t.Helper()
	docs := map[string]string{}
	revision, err := s.Scan(t.Context(), "", func(d store.Doc) error { docs[d.Key] = string(d.Value); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if revision < f.revision {
		t.Errorf("revision %d was acknowledged, the file is at %d", f.revision, revision)
	}
	want := map[string]string{}
	ahead := false
	for g := range crashWriters {
		n := f.reached(t, docs, seqKey(g), 1)
		ahead = ahead || n > f.acknowledged[seqKey(g)]
		maps.Copy(want, state(g, n))
	}
	for key, value := range docs {
		if strings.HasPrefix(key, "w/") && want[key] != value {
			t.Errorf("%s is %.20q, want %.20q: a commit was torn", key, value, want[key])
		}
		delete(want, key)
	}
	for key, value := range want {
		t.Errorf("%s is not there, want %.20q: a commit was torn", key, value)
	}
	shared := f.reached(t, docs, "shared", 2)
	for n := max(1, shared-crashLog+1); n <= shared; n++ {
		if got := docs[fmt.Sprintf("log/%d", n%crashLog)]; got != strconv.Itoa(n) {
			t.Errorf("number %d is logged as %q, the number is %d", n, got, shared)
		}
	}
	f.checkBlob(t, docs)
	f.checkWatch(t, s, revision)
	if ahead {
		f.ahead++
	}
	f.acknowledged["shared"] = shared
	f.acknowledged["blob"] = f.reached(t, docs, "blob", 1)
	for g := range crashWriters {
		f.acknowledged[seqKey(g)] = f.reached(t, docs, seqKey(g), 1)
	}
}

// reached is the number that a document holds: what was acknowledged, or at
// most as many more as could be on their way.
func (f *fire) reached(t *testing.T, docs map[string]string, key string, most int) int {
	t.Helper()
	text, _, _ := strings.Cut(docs[key], " ")
	n, err := strconv.Atoi(text)
	if err != nil && docs[key] != "" {
		t.Fatal(err)
	}
	if n < f.acknowledged[key] || n > f.acknowledged[key]+most {
		t.Errorf("%s is %d, but %d was acknowledged", key, n, f.acknowledged[key])
	}
	return n
}

// checkBlob opens the blob that a document names.
func (f *fire) checkBlob(t *testing.T, docs map[string]string) {
	t.Helper()
	text, name, ok := strings.Cut(docs["blob"], " ")
	if !ok && docs["blob"] == "" {
		return // not written yet
	}
	blobs, err := OpenBlobs(f.dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := blobs.Open(t.Context(), name)
	if err != nil {
		t.Errorf("the blob of an acknowledged document: %v", err)
		return
	}
	defer r.Close()
	n, _ := strconv.Atoi(text)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, blobContent(n)) {
		t.Errorf("blob %d is %d bytes, %v", n, len(got), err)
	}
}

// checkWatch holds that who watches after a crash is told the newest commit.
func (f *fire) checkWatch(t *testing.T, s *Store, revision uint64) {
	t.Helper()
	if revision == 0 {
		return
	}
	for c, err := range s.Watch(t.Context(), "", revision-1) {
		if err != nil || c.Revision != revision || len(c.Changes) == 0 {
			t.Errorf("commit %d is told as %d with %d changes, %v", revision, c.Revision, len(c.Changes), err)
		}
		return
	}
}

// sound has bbolt check every page of the file, and reports whether the file
// says that it was not closed.
func sound(t *testing.T, dir string) (unclean bool) {
	t.Helper()
	db, err := bbolt.Open(dir+"/store.db", 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt: %v", err)
		}
		unclean = tx.Bucket(bucketAbout).Get(keyUnclean) != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return unclean
}
