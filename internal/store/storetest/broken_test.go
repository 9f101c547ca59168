package storetest

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/store"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
)

// A recorder is a test whose failure is a result.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failed   bool
	text     string
	cleanups []func()
}

func (r *recorder) fail(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	r.text += text + "\n"
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// Cleanup may be called by the goroutines of a check, as that of a *testing.T.
func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

// patience is short: some broken stores are noticed by what never comes.
func (r *recorder) patience() time.Duration           { return 2 * time.Second }
func (r *recorder) Log(...any)                        {}
func (r *recorder) Logf(string, ...any)               {}
func (r *recorder) Error(args ...any)                 { r.fail(fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) { r.fail(fmt.Sprintf(format, args...)) }
func (r *recorder) Fatal(args ...any)                 { r.fail(fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); runtime.Goexit() }
func (r *recorder) Fail()                             { r.fail("") }
func (r *recorder) FailNow()                          { r.fail(""); runtime.Goexit() }
func (r *recorder) SkipNow()                          { runtime.Goexit() }
func (r *recorder) Skip(...any)                       { runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)              { runtime.Goexit() }

// record runs one check and returns how it failed, "" if it did not.
func record(t *testing.T, c check, open Open) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(r, open)
	}()
	<-done
	for _, f := range r.cleanups {
		f()
	}
	if r.failed {
		return r.text
	}
	return ""
}

// A broken store passes everything on to one that works, but for one promise.
type broken struct {
	store.Store
	commit func(s store.Store, ctx context.Context, changes []store.Change) (uint64, error)
	watch  func(s store.Store, seq iter.Seq2[store.Commit, error]) iter.Seq2[store.Commit, error]
	scan   func(s store.Store, ctx context.Context, prefix string, visit func(store.Doc) error) (uint64, error)
	after  func(after uint64) uint64
}

func (b *broken) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	if b.commit == nil {
		return b.Store.Commit(ctx, changes...)
	}
	return b.commit(b.Store, ctx, changes)
}

func (b *broken) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[store.Commit, error] {
	if b.after != nil {
		after = b.after(after)
	}
	seq := b.Store.Watch(ctx, prefix, after)
	if b.watch == nil {
		return seq
	}
	return b.watch(b.Store, seq)
}

func (b *broken) Scan(ctx context.Context, prefix string, visit func(store.Doc) error) (uint64, error) {
	if b.scan == nil {
		return b.Store.Scan(ctx, prefix, visit)
	}
	return b.scan(b.Store, ctx, prefix, visit)
}

// each returns a commit that changes every change first.
func each(f func(c store.Change) (store.Change, bool)) func(store.Store, context.Context, []store.Change) (uint64, error) {
	return func(s store.Store, ctx context.Context, changes []store.Change) (uint64, error) {
		if err := store.Validate(changes); err != nil {
			return 0, err
		}
		var out []store.Change
		for _, c := range changes {
			if c, ok := f(c); ok {
				out = append(out, c)
			}
		}
		return s.Commit(ctx, out...)
	}
}

// swapped exchanges every fourth commit with the one that follows it, unless it
// is the last so far.
func swapped(s store.Store, seq iter.Seq2[store.Commit, error]) iter.Seq2[store.Commit, error] {
	return func(yield func(store.Commit, error) bool) {
		var held *store.Commit
		n := 0
		for c, err := range seq {
			_, last, _ := s.List(context.Background(), "", "", 1)
			if n++; err == nil && n%4 == 2 && c.Revision < last {
				held = &c
				continue
			}
			if !yield(c, err) || held != nil && !yield(*held, nil) {
				return
			}
			held = nil
		}
	}
}

func TestABrokenDriverFailsTheSuite(t *testing.T) {
	set(t, "rapid.nofailfile", "true")
	set(t, "rapid.shrinktime", "0s")
	for _, c := range []struct {
		desc  string
		broke broken
		fails string // a check that must notice
	}{
		{"ignores Check", broken{commit: each(func(c store.Change) (store.Change, bool) { return c, c.Op != store.Check })}, "each operation compares its base"},
		{"ignores the base of Put", broken{commit: each(func(c store.Change) (store.Change, bool) {
			if c.Op == store.Put {
				c.Base = store.Any
			}
			return c, true
		})}, "each operation compares its base"},
		{"ignores the base of Put", broken{commit: each(func(c store.Change) (store.Change, bool) {
			if c.Op == store.Put {
				c.Base = store.Any
			}
			return c, true
		})}, "concurrent commits count right"},
		{"ignores the base of Delete", broken{commit: each(func(c store.Change) (store.Change, bool) {
			if c.Op == store.Delete {
				c.Base = store.Any
			}
			return c, true
		})}, "each operation compares its base"},
		{"takes base 0 for Any", broken{commit: each(func(c store.Change) (store.Change, bool) {
			if c.Op == store.Put && c.Base == 0 {
				c.Base = store.Any
			}
			return c, true
		})}, "of many that create one document one wins"},
		{"ignores DeletePrefix", broken{commit: each(func(c store.Change) (store.Change, bool) { return c, c.Op != store.DeletePrefix })}, "DeletePrefix takes exactly what has the prefix"},
		{"takes DeletePrefix for Delete", broken{commit: each(func(c store.Change) (store.Change, bool) {
			if c.Op == store.DeletePrefix {
				c.Op, c.Base = store.Delete, store.Any
			}
			return c, true
		})}, "DeletePrefix takes exactly what has the prefix"},
		{"commits change by change", broken{commit: oneByOne}, "a conflict names the first change and undoes all"},
		{"checks no limits", broken{commit: split}, "what is above a limit or malformed is refused"},
		{"shows commits out of order", broken{watch: swapped}, "Watch gives each commit once and in order across reconnects"},
		{"shows commits out of order", broken{watch: swapped}, "a random walk agrees with the model"},
		{"loses a commit", broken{watch: func(_ store.Store, seq iter.Seq2[store.Commit, error]) iter.Seq2[store.Commit, error] {
			return func(yield func(store.Commit, error) bool) {
				n := 0
				for c, err := range seq {
					if n++; n == 3 && err == nil {
						continue
					}
					if !yield(c, err) {
						return
					}
				}
			}
		}}, "Watch gives each commit once and in order across reconnects"},
		{"repeats a commit on reconnect", broken{after: func(after uint64) uint64 { return max(after, 1) - 1 }}, "Watch gives each commit once and in order across reconnects"},
		{"skips a commit on reconnect", broken{after: func(after uint64) uint64 { return after + 1 }}, "Watch gives each commit once and in order across reconnects"},
		{"tears commits apart", broken{watch: torn}, "Watch shows whole commits, sorted, of its prefix"},
		{"does not tell that it forgot", broken{watch: func(_ store.Store, seq iter.Seq2[store.Commit, error]) iter.Seq2[store.Commit, error] {
			return func(yield func(store.Commit, error) bool) {
				for c, err := range seq {
					if err == nil && !yield(c, err) {
						return
					}
				}
			}
		}}, "Watch from a forgotten revision is ErrCompacted"},
		{"scans page by page", broken{scan: paged}, "Scan sees one revision while commits go on"},
	} {
		t.Run(c.desc+": "+c.fails, func(t *testing.T) {
			t.Parallel()
			failure := record(t, find(t, c.fails), func(t TB, history int) (store.Store, func() store.Store) {
				b := c.broke
				b.Store, _ = works(t, history)
				return &b, nil
			})
			if failure == "" {
				t.Errorf("a store that %s passed", c.desc)
			}
			t.Logf("it said: %s", strings.TrimSpace(failure))
		})
	}
}

// works opens what the broken stores are made of: memory, or for a short history
// a file.
func works(t TB, history int) (store.Store, func() store.Store) {
	if history == 0 {
		s := memory.New()
		t.Cleanup(func() { s.Close() })
		return s, nil
	}
	dir, err := os.MkdirTemp("", "gatehouse-store-")
	if err != nil {
		t.Fatalf("%v", err)
	}
	s, err := local.Open(dir, local.Options{History: history})
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { s.Close(); os.RemoveAll(dir) })
	return s, nil
}

// The counterpart of the test above: the recorder does not fail by itself.
func TestAWorkingDriverPassesTheSuite(t *testing.T) {
	for _, c := range checks() {
		if failure := record(t, c, works); failure != "" {
			t.Errorf("%s: %s", c.desc, failure)
		}
	}
}

func find(t *testing.T, desc string) check {
	for _, c := range checks() {
		if c.desc == desc {
			return c
		}
	}
	t.Fatalf("there is no check %q", desc)
	return check{}
}

func set(t *testing.T, name, value string) {
	old := flag.Lookup(name).Value.String()
	flag.Set(name, value)
	t.Cleanup(func() { flag.Set(name, old) })
}

func oneByOne(s store.Store, ctx context.Context, changes []store.Change) (revision uint64, err error) {
	if err := store.Validate(changes); err != nil {
		return 0, err
	}
	for _, c := range changes {
		if revision, err = s.Commit(ctx, c); err != nil {
			return 0, err
		}
	}
	return revision, nil
}

// split lets through what Validate refuses for its number.
func split(s store.Store, ctx context.Context, changes []store.Change) (uint64, error) {
	for len(changes) > store.MaxChanges {
		if _, err := s.Commit(ctx, changes[:store.MaxChanges]...); err != nil {
			return 0, err
		}
		changes = changes[store.MaxChanges:]
	}
	return s.Commit(ctx, changes...)
}

func torn(_ store.Store, seq iter.Seq2[store.Commit, error]) iter.Seq2[store.Commit, error] {
	return func(yield func(store.Commit, error) bool) {
		for c, err := range seq {
			for _, x := range c.Changes {
				if !yield(store.Commit{Revision: c.Revision, Changes: []store.Change{x}}, nil) {
					return
				}
			}
			if err != nil && !yield(c, err) {
				return
			}
		}
	}
}

func paged(s store.Store, ctx context.Context, prefix string, visit func(store.Doc) error) (uint64, error) {
	after, first := "", uint64(0)
	for {
		docs, revision, err := s.List(ctx, prefix, after, 10)
		if first == 0 {
			first = revision
		}
		if err != nil || len(docs) == 0 {
			return first, err
		}
		for _, d := range docs {
			if err := visit(d); err != nil {
				return 0, err
			}
		}
		after = docs[len(docs)-1].Key
	}
}
