package local

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"gatehouse/internal/store"
)

// crashDir names the directory to write to, in the environment of the process
// that is to be killed.
const crashDir = "GATEHOUSE_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeForever(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// writeForever commits from four goroutines and says each commit once it is
// acknowledged. Two documents a commit: after a crash both are there or neither.
func writeForever(dir string) {
	s, err := Open(dir, Options{LockWait: 5 * time.Second})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)
				r, err := s.Commit(context.Background(),
					store.Change{Op: store.Put, Key: "a/" + key}, store.Change{Op: store.Put, Key: "b/" + key, Value: []byte(key)})
				mu.Lock()
				fmt.Println(key, r, err)
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// TestAnAcknowledgedWriteSurvivesKill kills a writer at random moments, its
// very first start included.
func TestAnAcknowledgedWriteSurvivesKill(t *testing.T) {
	const rounds = 10
	dir := t.TempDir()
	acknowledged := map[string]string{} // key -> revision
	for round := range rounds {
		before := len(acknowledged)
		run(t, dir, time.Duration(round*round)*2*time.Millisecond+rand.N(40*time.Millisecond), acknowledged)

		unclean := marked(t, dir)
		s := open(t, dir)
		got, last := map[string]string{}, uint64(0)
		for _, d := range contents(t, s) {
			if key, ok := strings.CutPrefix(d.Key, "b/"); ok {
				got[key] = fmt.Sprint(d.Revision)
			}
			last = max(last, d.Revision)
		}
		if pairs := len(contents(t, s)); pairs != 2*len(got) {
			t.Errorf("round %d: %d documents, but %d commits of two", round, pairs, len(got))
		}
		for key, revision := range acknowledged {
			if got[key] != revision {
				t.Fatalf("round %d: commit %s was acknowledged as revision %s, and is %q", round, key, revision, got[key])
			}
		}
		if len(acknowledged) > before && !unclean {
			t.Errorf("round %d: the file does not say that it was not closed", round)
		}
		if r := commit(t, s, store.Change{Op: store.Put, Key: "c", Base: store.Any}); r <= last {
			t.Errorf("round %d: revision %d was given twice", round, r)
		}
		commit(t, s, store.Change{Op: store.Delete, Key: "c", Base: store.Any})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if marked(t, dir) {
			t.Errorf("round %d: a closed file says that it was not closed", round)
		}
	}
	t.Logf("%d commits acknowledged", len(acknowledged))
	if len(acknowledged) == 0 {
		t.Error("no writer lived long enough to write")
	}
}

// run lets a writer write for a while, then kills it and adds what it was told.
func run(t *testing.T, dir string, life time.Duration, acknowledged map[string]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(life, func() { cmd.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		key, rest, _ := strings.Cut(lines.Text(), " ")
		revision, end, ok := strings.Cut(rest, " ")
		if key == "error" || ok && end != "<nil>" && strings.HasPrefix(end, "<nil>") {
			t.Errorf("writer: %s", lines.Text())
		}
		if end == "<nil>" { // whole; the last line may be cut
			acknowledged[key] = revision
		}
	}
	cmd.Wait() // killed
}

// marked reports whether the file says that it was not closed.
func marked(t *testing.T, dir string) (unclean bool) {
	t.Helper()
	if _, err := os.Stat(dir + "/store.db"); err != nil {
		return false // killed before it made one
	}
	db, err := bbolt.Open(dir+"/store.db", 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.View(func(tx *bbolt.Tx) error {
		unclean = tx.Bucket(bucketAbout).Get(keyUnclean) != nil
		return nil
	})
	return unclean
}
