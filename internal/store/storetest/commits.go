package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"gatehouse/internal/store"
)

// bases tries each operation on a document that is absent, present, and newer
// than the base says.
func bases(t TB, open Open) {
	s, _ := open(t, 0)
	old := must(t, s, put("there", "1", 0))
	now := must(t, s, put("there", "2", old))
	none := revision(t, s) + 100
	for _, c := range []struct {
		desc     string
		change   store.Change
		conflict bool
	}{
		{"Put with base 0 makes a document", put("new", "x", 0), false},
		{"Put with base 0 refuses one that is there", put("there", "x", 0), true},
		{"Put with an old base is refused", put("there", "x", old), true},
		{"Put with a revision refuses what is absent", put("absent", "x", now), true},
		{"Put with Any makes a document", put("absent", "x", store.Any), false},
		{"Put with Any replaces a document", put("absent", "y", store.Any), false},
		{"Check of the revision holds", expect("there", now), false},
		{"Check of an old revision fails", expect("there", old), true},
		{"Check of a revision never given fails", expect("there", none), true},
		{"Check with base 0 holds of what is absent", expect("missing", 0), false},
		{"Check with base 0 fails of what is there", expect("there", 0), true},
		{"Check of a revision fails of what is absent", expect("missing", now), true},
		{"Delete with an old base is refused", del("there", old), true},
		{"Delete with a revision refuses what is absent", del("missing", now), true},
		{"Delete with Any of what is absent is fine", del("missing", store.Any), false},
		{"Delete with the revision deletes", del("there", now), false},
		{"Check with base 0 holds of what was deleted", expect("there", 0), false},
		{"Put with base 0 makes a deleted document again", put("there", "3", 0), false},
		{"Delete with Any deletes", del("there", store.Any), false},
		{"DeletePrefix ignores its base", store.Change{Op: store.DeletePrefix, Key: "n", Base: none}, false},
	} {
		_, err := s.Commit(deadline(t), c.change)
		if c.conflict != errors.Is(err, store.ErrConflict) || !c.conflict && err != nil {
			t.Errorf("%s: got error %v", c.desc, err)
		}
	}
	same(t, "what is left", []string{"absent"}, keys(all(t, s, "")))
}

func conflictUndoesAll(t TB, open Open) {
	s, _ := open(t, 0)
	r := must(t, s, put("a", "1", 0), put("b", "1", 0), put("p/1", "1", 0))
	before := all(t, s, "")
	for _, c := range []struct {
		desc    string
		changes []store.Change
		want    store.ConflictError
	}{
		{"writes before the conflict", []store.Change{put("a", "2", r), delPrefix("p/"), put("b", "2", 0)}, store.ConflictError{Key: "b", Base: 0, Found: r}},
		{"writes after the conflict", []store.Change{expect("none", r), put("a", "2", r), del("b", r)}, store.ConflictError{Key: "none", Base: r}},
		{"two conflicts", []store.Change{put("b", "2", r+7), put("a", "2", 0)}, store.ConflictError{Key: "b", Base: r + 7, Found: r}},
		{"a check under a deleted prefix", []store.Change{delPrefix("p/"), expect("p/1", 0)}, store.ConflictError{Key: "p/1", Base: 0, Found: r}},
	} {
		_, err := s.Commit(deadline(t), c.changes...)
		var got *store.ConflictError
		if !errors.As(err, &got) || *got != c.want {
			t.Errorf("%s: got %v, want %v", c.desc, err, &c.want)
		}
	}
	same(t, "documents after refused commits", before, all(t, s, ""))
	same(t, "revision after refused commits", r, revision(t, s))
	// The same check holds of the state before the commit, whatever is deleted by it.
	must(t, s, delPrefix("p/"), expect("p/1", r))
}

func nothing(t TB, open Open) {
	s, _ := open(t, 0)
	r := must(t, s, put("a", "1", 0))
	for desc, changes := range map[string][]store.Change{
		"no changes":                  {},
		"checks only":                 {expect("a", r), expect("b", 0)},
		"Delete of what is absent":    {del("b", store.Any)},
		"DeletePrefix without effect": {delPrefix("b/"), expect("a", r)},
	} {
		if got := must(t, s, changes...); got != r {
			t.Errorf("%s: revision %d, want still %d", desc, got, r)
		}
	}
	last := must(t, s, put("a", "1", r))
	if last <= r {
		t.Errorf("a Put of the same value went from revision %d to %d", r, last)
	}
	seen := until(t, s, "", r, last)
	same(t, "commits seen", []store.Commit{{Revision: last, Changes: []store.Change{{Op: store.Put, Key: "a", Value: []byte("1")}}}}, seen)
}

func deletePrefix(t TB, open Open) {
	s, _ := open(t, 0)
	for _, key := range []string{"p", "p.", "p/", "p/1", "p/2/3", "p/\U0010ffff", "p/é", "p0", "q/1"} {
		must(t, s, put(key, "x", 0))
	}
	before := revision(t, s)
	r := must(t, s, put("p", "new", store.Any), delPrefix("p/"), del("q/1", store.Any))
	same(t, "what is left", []string{"p", "p.", "p0"}, keys(all(t, s, "")))
	gone := func(key string) store.Change { return store.Change{Op: store.Delete, Key: key} }
	same(t, "what its watchers see", []store.Commit{{Revision: r, Changes: []store.Change{
		{Op: store.Put, Key: "p", Value: []byte("new")},
		gone("p/"), gone("p/1"), gone("p/2/3"), gone("p/é"), gone("p/\U0010ffff"), gone("q/1"),
	}}}, until(t, s, "", before, r))
}

func limits(t TB, open Open) {
	s, _ := open(t, 0)
	many := func(n int) (changes []store.Change) {
		for i := range n {
			changes = append(changes, put(fmt.Sprintf("k/%03d", i), "", store.Any))
		}
		return changes
	}
	mib := strings.Repeat("x", store.MaxCommitBytes-len("big"))
	long := strings.Repeat("k", store.MaxKeyBytes)
	for _, c := range []struct {
		desc    string
		changes []store.Change
		ok      bool
	}{
		{"as many changes as there may be", many(store.MaxChanges), true},
		{"one change too many", many(store.MaxChanges + 1), false},
		{"as many bytes as there may be", []store.Change{put("big", mib, store.Any)}, true},
		{"one byte too many", []store.Change{put("big", mib+"x", store.Any)}, false},
		{"the longest key", []store.Change{put(long, "", store.Any)}, true},
		{"a key too long", []store.Change{put(long+"k", "", store.Any)}, false},
		{"an empty key", []store.Change{put("", "x", store.Any)}, false},
		{"DeletePrefix of everything", []store.Change{delPrefix("")}, false},
		{"a key that is not UTF-8", []store.Change{put("a\xff", "x", store.Any)}, false},
		{"a key with a control character", []store.Change{put("a\x00b", "x", store.Any)}, false},
		{"an operation that there is not", []store.Change{{Op: 9, Key: "a"}}, false},
		{"an operation left out", []store.Change{{Key: "a", Base: store.Any}}, false},
		{"Delete with base 0", []store.Change{del("a", 0)}, false},
		{"Check with base Any", []store.Change{expect("a", store.Any)}, false},
		{"a value on a Delete", []store.Change{{Op: store.Delete, Key: "a", Base: store.Any, Value: []byte("x")}}, false},
		{"a key put twice", []store.Change{put("a", "1", store.Any), put("a", "2", store.Any)}, false},
		{"a key put and checked", []store.Change{put("a", "1", store.Any), expect("a", 0)}, false},
		{"a prefix deleted twice", []store.Change{delPrefix("a/"), delPrefix("a/")}, false},
		{"Put under DeletePrefix", []store.Change{put("a/1", "x", store.Any), delPrefix("a/")}, false},
		{"Put of the key of DeletePrefix", []store.Change{put("a/", "x", store.Any), delPrefix("a/")}, false},
		{"Delete under DeletePrefix", []store.Change{delPrefix("a/"), del("a/b", store.Any)}, false},
		{"DeletePrefix under DeletePrefix", []store.Change{delPrefix("a/"), delPrefix("a/b/")}, false},
		{"Check under DeletePrefix", []store.Change{delPrefix("a/"), expect("a/1", 0)}, true},
		{"Put beside DeletePrefix", []store.Change{delPrefix("a/"), put("a", "x", store.Any), put("a0", "x", store.Any)}, true},
		{"an empty value", []store.Change{put("empty", "", store.Any)}, true},
	} {
		before := revision(t, s)
		_, err := s.Commit(deadline(t), c.changes...)
		if c.ok != (err == nil) || errors.Is(err, store.ErrConflict) {
			t.Errorf("%s: got error %v", c.desc, err)
		}
		if !c.ok && revision(t, s) != before {
			t.Errorf("%s: made a revision", c.desc)
		}
	}
	if d, err := s.Get(deadline(t), "empty"); err != nil || len(d.Value) != 0 {
		t.Errorf("empty value: got %v, %v", d, err)
	}
}

// concurrency lets many goroutines count in one document. A lost update, or one
// done twice, shows in the sum; a conflict that spoils a neighbour shows as an error.
func concurrency(t TB, open Open) {
	const goroutines, rounds = 8, 12
	s, _ := open(t, 0)
	must(t, s, put("count", "", 0))
	ctx := deadline(t)
	parallel(t, goroutines, func(g int) error {
		for i := range rounds {
			if _, err := s.Commit(ctx, put(fmt.Sprintf("own/%d/%d", g, i), "x", 0)); err != nil {
				return fmt.Errorf("a commit of its own: %w", err)
			}
			err := store.Retry(ctx, 1000, func() error {
				d, err := s.Get(ctx, "count")
				if err == nil {
					runtime.Gosched() // others may come between
					_, err = s.Commit(ctx, put("count", string(d.Value)+"|", d.Revision))
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("count: %w", err)
			}
		}
		return nil
	})
	d, err := s.Get(ctx, "count")
	if err != nil || len(d.Value) != goroutines*rounds {
		t.Errorf("counted to %d of %d (error %v)", len(d.Value), goroutines*rounds, err)
	}
	same(t, "documents of their own", goroutines*rounds, len(all(t, s, "own/")))
}

func oneWins(t TB, open Open) {
	const goroutines, rounds = 8, 8
	s, _ := open(t, 0)
	for round := range rounds {
		var mu sync.Mutex
		won := 0
		key := fmt.Sprintf("name/%d", round)
		parallel(t, goroutines, func(g int) error {
			_, err := s.Commit(deadline(t), put(key, fmt.Sprint(g), 0), put(fmt.Sprintf("%s/%d", key, g), "", 0))
			if errors.Is(err, store.ErrConflict) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			won++
			return err
		})
		if won != 1 || len(all(t, s, key)) != 2 {
			t.Errorf("%s: %d won, and it left %v", key, won, keys(all(t, s, key)))
		}
	}
}

// parallel runs f in many goroutines at once and tells their errors.
func parallel(t TB, goroutines int, f func(g int) error) {
	t.Helper()
	errs := make([]error, goroutines)
	start := make(chan struct{})
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() { <-start; errs[g] = f(g) })
	}
	close(start)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
}
