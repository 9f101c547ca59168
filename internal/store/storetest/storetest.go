// Package storetest holds every driver of package store to one contract: a
// random walk beside a model, and tables for what a walk would rarely meet.
//
// A driver's test is one line,
//
//	storetest.Run(t, func(t storetest.TB, history int) (store.Store, func() store.Store) { ... })
//
// and the suite itself is tested by drivers that break one promise each.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"gatehouse/internal/store"
)

// TB is what the suite needs of a test. *testing.T and *rapid.T have it.
type TB interface {
	rapid.TB
	Cleanup(func())
}

// An Open returns an empty store that remembers about history commits for
// watchers (0: as many as the driver likes, but 1000 at least), and cleans up
// after t. reopen closes the store and returns it opened again; it is nil if the
// driver forgets what it held.
type Open func(t TB, history int) (s store.Store, reopen func() store.Store)

// A check holds a driver to a part of the contract.
type check struct {
	desc string
	run  func(t TB, open Open)
}

// checks is the suite. A function, because a variable could be changed.
func checks() []check {
	return []check{
		{"a random walk agrees with the model", walk},
		{"each operation compares its base", bases},
		{"a conflict names the first change and undoes all", conflictUndoesAll},
		{"a commit that changes nothing makes no revision", nothing},
		{"DeletePrefix takes exactly what has the prefix", deletePrefix},
		{"what is above a limit or malformed is refused", limits},
		{"List pages in order", list},
		{"Scan sees one revision while commits go on", scan},
		{"bytes are neither kept nor shared", ownership},
		{"Watch shows whole commits, sorted, of its prefix", watchWhole},
		{"Watch waits for a revision ahead", watchAhead},
		{"Watch gives each commit once and in order across reconnects", watchOrder},
		{"Watch from a forgotten revision is ErrCompacted", compaction},
		{"concurrent commits count right", concurrency},
		{"of many that create one document one wins", oneWins},
		{"a context that has ended changes nothing", contexts},
		{"a closed store says so", closed},
		{"a store opened again is the same", reopened},
	}
}

// Run holds the driver behind open to the contract.
func Run(t *testing.T, open Open) {
	for _, c := range checks() {
		t.Run(c.desc, func(t *testing.T) { c.run(t, open) })
	}
}

// deadline returns a context that ends after as long as the suite waits for what
// must come at once. A test that expects to wait in vain has less patience.
func deadline(t TB) context.Context {
	patience := 20 * time.Second
	if p, ok := t.(interface{ patience() time.Duration }); ok {
		patience = p.patience()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func put(key, value string, base uint64) store.Change {
	return store.Change{Op: store.Put, Key: key, Base: base, Value: []byte(value)}
}

func del(key string, base uint64) store.Change {
	return store.Change{Op: store.Delete, Key: key, Base: base}
}

func delPrefix(key string) store.Change { return store.Change{Op: store.DeletePrefix, Key: key} }

func expect(key string, base uint64) store.Change {
	return store.Change{Op: store.Check, Key: key, Base: base}
}

// must commits what has to succeed.
func must(t TB, s store.Store, changes ...store.Change) uint64 {
	t.Helper()
	revision, err := s.Commit(deadline(t), changes...)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return revision
}

// revision returns the present revision of the store.
func revision(t TB, s store.Store) uint64 {
	t.Helper()
	_, r, err := s.List(deadline(t), "", "", 1)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	return r
}

// all returns the documents with a prefix, by Scan.
func all(t TB, s store.Store, prefix string) []store.Doc {
	t.Helper()
	var docs []store.Doc
	if _, err := s.Scan(deadline(t), prefix, func(d store.Doc) error { docs = append(docs, d); return nil }); err != nil {
		t.Fatalf("scan %q: %v", prefix, err)
	}
	return docs
}

// keys returns the keys of documents.
func keys(docs []store.Doc) []string {
	var out []string
	for _, d := range docs {
		out = append(out, d.Key)
	}
	return out
}

// until watches up to and including a revision, which must have a change under prefix.
func until(t TB, s store.Store, prefix string, after, last uint64) []store.Commit {
	t.Helper()
	var seen []store.Commit
	for c, err := range s.Watch(deadline(t), prefix, after) {
		if err != nil {
			t.Fatalf("watch of %q after %d, waiting for %d, at %v: %v", prefix, after, last, seen, err)
		}
		seen = append(seen, c)
		if c.Revision >= last {
			break
		}
	}
	return seen
}

// same fails the test if two values differ; empty and nil are the same.
func same(t TB, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // cmp takes its time over bytes
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// fails fails the test if err is not the one wanted.
func fails(t TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", what, err, want)
	}
}
