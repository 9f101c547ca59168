package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatehouse/internal/store"
)

func watchWhole(t TB, open Open) {
	s, _ := open(t, 0)
	start := revision(t, s)
	one := must(t, s, put("w/2", "b", 0), put("x", "x", 0), put("w/1", "a", 0))
	must(t, s, put("x", "y", store.Any))
	two := must(t, s, del("w/1", one), put("w/3", "c", 0), expect("w/2", one))

	written := func(key, value string) store.Change {
		return store.Change{Op: store.Put, Key: key, Value: []byte(value)}
	}
	want := []store.Commit{
		{Revision: one, Changes: []store.Change{written("w/1", "a"), written("w/2", "b")}},
		{Revision: two, Changes: []store.Change{{Op: store.Delete, Key: "w/1"}, written("w/3", "c")}},
	}
	same(t, "from the start", want, until(t, s, "w/", start, two))
	same(t, "after the first", want[1:], until(t, s, "w/", one, two))
}

func watchAhead(t TB, open Open) {
	s, _ := open(t, 0)
	r := must(t, s, put("a", "1", 0))
	seen := make(chan store.Commit, 1)
	go func() {
		for c, err := range s.Watch(deadline(t), "", r+1) {
			if err != nil {
				c.Revision = 0
			}
			seen <- c
			return
		}
	}()
	time.Sleep(10 * time.Millisecond)
	for now := r; now <= r+1; {
		now = must(t, s, put("a", "2", store.Any))
	}
	if c := <-seen; c.Revision <= r+1 {
		t.Errorf("a watch after %d began with %d", r+1, c.Revision)
	}
}

// watchOrder compares what watchers saw, some of which break off and come back,
// with the revisions that the writers were given.
func watchOrder(t TB, open Open) {
	const writers, rounds = 4, 30
	s, _ := open(t, 0)
	start := revision(t, s)
	ctx := deadline(t)

	var group sync.WaitGroup
	seen := make([][]store.Commit, 3)
	errs := make([]error, len(seen))
	for i := range seen {
		group.Go(func() { seen[i], errs[i] = follow(ctx, s, start, i*5) })
	}
	var mu sync.Mutex
	var given []uint64
	parallel(t, writers, func(w int) error {
		for i := range rounds {
			r, err := s.Commit(ctx, put(fmt.Sprintf("w/%d", w), fmt.Sprint(i), store.Any), put(fmt.Sprintf("o/%d", w), "", store.Any))
			if err != nil {
				return err
			}
			mu.Lock()
			given = append(given, r)
			mu.Unlock()
		}
		return nil
	})
	given = append(given, must(t, s, put("w/end", "", 0)))
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
	slices.Sort(given)
	same(t, "revisions given, each once", slices.Compact(slices.Clone(given)), given)
	for i := range seen {
		compareRevisions(t, given, seen[i])
		compareValues(t, seen[i])
	}
}

// follow watches until w/end is put; if every is not 0 it breaks off and comes
// back after as many commits.
func follow(ctx context.Context, s store.Store, after uint64, every int) (seen []store.Commit, err error) {
	for {
		n := 0
		for c, err := range s.Watch(ctx, "w/", after) {
			if err != nil {
				return seen, fmt.Errorf("watch after %d: %w", after, err)
			}
			seen, after, n = append(seen, c), c.Revision, n+1
			if c.Changes[0].Key == "w/end" {
				return seen, nil
			}
			if n == every {
				break
			}
		}
	}
}

func compareRevisions(t TB, want []uint64, seen []store.Commit) {
	t.Helper()
	var got []uint64
	for _, c := range seen {
		got = append(got, c.Revision)
	}
	same(t, "revisions seen", want, got)
}

// compareValues checks that each writer's values arrive in the order written.
func compareValues(t TB, seen []store.Commit) {
	t.Helper()
	next := map[string]int{}
	for _, c := range seen {
		x := c.Changes[0]
		if len(c.Changes) != 1 {
			t.Fatalf("revision %d shows %v", c.Revision, c.Changes)
		}
		if x.Key != "w/end" && string(x.Value) != fmt.Sprint(next[x.Key]) {
			t.Fatalf("revision %d: %s is %s, want %d", c.Revision, x.Key, x.Value, next[x.Key])
		}
		next[x.Key]++
	}
}

func compaction(t TB, open Open) {
	const history, commits = 16, 100
	s, reopen := open(t, history)
	start := revision(t, s)
	first := must(t, s, put("a", "0", 0))
	for i := range commits {
		must(t, s, put("a", fmt.Sprint(i), store.Any))
	}
	for range 2 {
		fails(t, "watch from the start", end(s, deadline(t), start), store.ErrCompacted)
		fails(t, "watch from the first", end(s, deadline(t), first), store.ErrCompacted)

		// What is told to do then works: scan, and watch on from there.
		r, err := s.Scan(deadline(t), "", func(store.Doc) error { return nil })
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		next := must(t, s, put("a", "next", store.Any))
		compareRevisions(t, []uint64{next}, until(t, s, "", r, next))
		if reopen != nil {
			s = reopen()
		}
	}
}
