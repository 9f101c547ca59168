package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/internal/store"
)

func list(t TB, open Open) {
	s, _ := open(t, 0)
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprintf("p/%02d", i))
		must(t, s, put(want[i], fmt.Sprint(i), 0))
	}
	must(t, s, put("o/99", "", 0), put("p", "", 0), put("q/00", "", 0))
	for _, limit := range []int{1, 7, 25, store.MaxList} {
		var got []string
		for after := ""; ; {
			docs, r, err := s.List(deadline(t), "p/", after, limit)
			if err != nil {
				t.Fatalf("list: %v", err)
			}
			same(t, "revision", revision(t, s), r)
			if len(docs) == 0 {
				break
			}
			if len(docs) > limit {
				t.Fatalf("a page of %d has %d documents", limit, len(docs))
			}
			got = append(got, keys(docs)...)
			after = docs[len(docs)-1].Key
		}
		same(t, fmt.Sprintf("pages of %d", limit), want, got)
	}
	for _, c := range []struct {
		desc, prefix, after string
		want                []string
	}{
		{"after a key that is not there", "p/", "p/22x", want[23:]},
		{"after a key below the prefix", "p/2", "a", want[20:]},
		{"after a key above the prefix", "p/", "q", nil},
		{"without a prefix", "", "p/23", []string{"p/24", "q/00"}},
	} {
		docs, _, err := s.List(deadline(t), c.prefix, c.after, 10)
		if err != nil {
			t.Fatalf("%s: %v", c.desc, err)
		}
		same(t, c.desc, c.want, keys(docs))
	}
	for _, limit := range []int{-1, 0, store.MaxList + 1} {
		if _, _, err := s.List(deadline(t), "", "", limit); err == nil {
			t.Errorf("a limit of %d was accepted", limit)
		}
	}
}

// scan writes to both ends of what it scans while it does so.
func scan(t TB, open Open) {
	const docs = 300
	s, _ := open(t, 0)
	for i := 0; i < docs; i += 100 {
		var changes []store.Change
		for j := range 100 {
			changes = append(changes, put(fmt.Sprintf("s/%03d", i+j), "old", 0))
		}
		must(t, s, changes...)
	}
	before := revision(t, s)
	want := all(t, s, "s/")

	var got []store.Doc
	written := make(chan error, 1)
	r, err := s.Scan(deadline(t), "s/", func(d store.Doc) error {
		got = append(got, d)
		if len(got) != docs/3 {
			return nil
		}
		go func() {
			_, err := s.Commit(context.WithoutCancel(deadline(t)), put("s/000", "new", store.Any), del("s/150", store.Any), put("s/299", "new", store.Any), put("s/400", "new", 0))
			written <- err
		}()
		select { // visit may not insist on a commit, but give it its chance
		case err := <-written:
			written <- err
		case <-time.After(time.Second):
		}
		return nil
	})
	if err := <-written; err != nil {
		t.Fatalf("commit during the scan: %v", err)
	}
	if errors.Is(err, store.ErrCompacted) {
		t.Fatalf("one commit made the scan start again")
	}
	if err != nil || r != before {
		t.Fatalf("scan: revision %d, want %d (error %v)", r, before, err)
	}
	same(t, "documents", want, got)

	stop := errors.New("enough")
	if _, err := s.Scan(deadline(t), "s/", func(store.Doc) error { return stop }); err != stop {
		t.Errorf("an error of visit came back as %v", err)
	}
}

// ownership spoils all bytes that went in and came out, then looks again.
func ownership(t TB, open Open) {
	s, _ := open(t, 0)
	ctx := deadline(t)
	before := revision(t, s)
	in := []byte("value")
	r := must(t, s, store.Change{Op: store.Put, Key: "a", Value: in})
	spoil := func(b []byte) {
		if string(b) != "value" {
			t.Fatalf("got %q, want %q", b, "value")
		}
		copy(b, "XXXXX")
	}
	spoil(in)
	for range 2 {
		d, err := s.Get(ctx, "a")
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		spoil(d.Value)
		docs, _, err := s.List(ctx, "", "", 10)
		if err != nil || len(docs) != 1 {
			t.Fatalf("list: %v, %v", docs, err)
		}
		spoil(docs[0].Value)
		spoil(all(t, s, "")[0].Value)
		spoil(until(t, s, "", before, r)[0].Changes[0].Value)
	}
}

func contexts(t TB, open Open) {
	s, _ := open(t, 0)
	r := must(t, s, put("a", "1", 0))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Get(ctx, "a")
	fails(t, "get", err, context.Canceled)
	_, _, err = s.List(ctx, "", "", 1)
	fails(t, "list", err, context.Canceled)
	_, err = s.Scan(ctx, "", func(store.Doc) error { return nil })
	fails(t, "scan", err, context.Canceled)
	_, err = s.Commit(ctx, put("a", "2", r))
	fails(t, "commit", err, context.Canceled)
	same(t, "revision", r, revision(t, s))

	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	fails(t, "watch", end(s, ctx, r), context.Canceled)
}

// end returns the error that ends a watch of everything, and checks that
// nothing follows it.
func end(s store.Store, ctx context.Context, after uint64) (end error) {
	for _, err := range s.Watch(ctx, "", after) {
		if end != nil {
			return errors.New("the watch went on after its error")
		}
		end = err
	}
	return end
}

func closed(t TB, open Open) {
	s, _ := open(t, 0)
	r := must(t, s, put("a", "1", 0))
	ended := make(chan error, 1)
	go func() { ended <- end(s, deadline(t), r) }()
	time.Sleep(10 * time.Millisecond) // so that the watch waits, mostly
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	fails(t, "watch under way", <-ended, store.ErrClosed)
	fails(t, "watch", end(s, deadline(t), r), store.ErrClosed)
	_, err := s.Get(deadline(t), "a")
	fails(t, "get", err, store.ErrClosed)
	_, _, err = s.List(deadline(t), "", "", 1)
	fails(t, "list", err, store.ErrClosed)
	_, err = s.Scan(deadline(t), "", func(store.Doc) error { return nil })
	fails(t, "scan", err, store.ErrClosed)
	_, err = s.Commit(deadline(t), put("a", "2", r))
	fails(t, "commit", err, store.ErrClosed)
}

func reopened(t TB, open Open) {
	s, reopen := open(t, 0)
	if reopen == nil {
		t.Skip("this driver forgets")
	}
	start := revision(t, s)
	for i := range 20 {
		must(t, s, put(fmt.Sprintf("k/%d", i%7), fmt.Sprint(i), store.Any), del(fmt.Sprintf("k/%d", (i+3)%7), store.Any))
	}
	last := revision(t, s)
	docs, commits := all(t, s, ""), until(t, s, "", start, last)

	s = reopen()
	same(t, "revision", last, revision(t, s))
	same(t, "documents", docs, all(t, s, ""))
	next := must(t, s, put("after", "", 0))
	if next <= last {
		t.Errorf("revision %d follows %d", next, last)
	}
	same(t, "commits", commits, until(t, s, "k/", start, last))
	same(t, "commits across", next, until(t, s, "", last, next)[0].Revision)
}
