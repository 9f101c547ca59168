// Package memory is the store that nothing survives: for `gatehouse dev`, for
// the demo, and for tests.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gatehouse/internal/store"
)

// What New remembers for watchers.
const (
	historyCommits = 4096
	historyBytes   = 64 << 20
)

// A Store keeps its documents in this process. See store.Store for what its
// methods promise; here a commit is as durable as the process.
type Store struct {
	seed maphash.Seed
	tail *store.Tail
	now  atomic.Pointer[state]

	mu sync.Mutex // held by whoever replaces now
}

// A state is all that the store held at one revision. It never changes.
type state struct {
	revision uint64
	root     *node
	closed   bool
}

var _ store.Store = (*Store)(nil)

// New returns an empty store that remembers the newest 4096 commits, or 64 MiB
// of them if that is less, for those who watch.
func New() *Store { return newStore(historyCommits) }

func newStore(history int) *Store {
	s := &Store{seed: maphash.MakeSeed(), tail: store.NewTail(0, history, historyBytes)}
	s.now.Store(&state{})
	return s
}

// snapshot returns the present state, unless ctx or the store has ended.
func (s *Store) snapshot(ctx context.Context) (*state, error) {
	now := s.now.Load()
	if now.closed {
		return nil, fmt.Errorf("store: %w", store.ErrClosed)
	}
	return now, ctx.Err()
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (store.Doc, error) {
	now, err := s.snapshot(ctx)
	if err != nil {
		return store.Doc{}, err
	}
	n := now.root.find(key)
	if n == nil {
		return store.Doc{}, fmt.Errorf("store: %q: %w", key, store.ErrNotFound)
	}
	return n.doc(), nil
}

func (n *node) doc() store.Doc {
	return store.Doc{Key: n.key, Value: bytes.Clone(n.value), Revision: n.revision}
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]store.Doc, uint64, error) {
	now, err := s.snapshot(ctx)
	if err != nil {
		return nil, 0, err
	}
	if err := store.CheckLimit(limit); err != nil {
		return nil, 0, err
	}
	from, end := bounds(prefix)
	if after != "" {
		from = max(from, after+"\x00")
	}
	var docs []store.Doc
	now.root.ascend(from, end, func(n *node) bool {
		docs = append(docs, n.doc())
		return len(docs) < limit
	})
	return docs, now.revision, nil
}

// Scan implements store.Store. It holds no lock while it visits.
func (s *Store) Scan(ctx context.Context, prefix string, visit func(store.Doc) error) (uint64, error) {
	now, err := s.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	from, end := bounds(prefix)
	now.root.ascend(from, end, func(n *node) bool {
		if err = ctx.Err(); err == nil {
			err = visit(n.doc())
		}
		return err == nil
	})
	if err != nil {
		return 0, err
	}
	return now.revision, nil
}

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	if err := store.Validate(changes); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	for _, c := range changes {
		var found uint64
		if n := now.root.find(c.Key); n != nil {
			found = n.revision
		}
		if err := c.Compare(found); err != nil {
			return 0, err
		}
	}
	next, commit := s.apply(now, changes)
	if len(commit.Changes) == 0 {
		return now.revision, nil
	}
	s.now.Store(next)
	s.tail.Append(commit)
	return next.revision, nil
}

// apply returns the state after the changes, and what its watchers are to see.
func (s *Store) apply(now *state, changes []store.Change) (*state, store.Commit) {
	next := &state{revision: now.revision + 1, root: now.root}
	commit := store.Commit{Revision: next.revision}
	for _, c := range changes {
		switch c.Op {
		case store.Put:
			value := bytes.Clone(c.Value)
			next.root = next.root.with(&node{
				key: c.Key, value: value, revision: next.revision, priority: priority(s.seed, c.Key),
			})
			commit.Changes = append(commit.Changes, store.Change{Op: store.Put, Key: c.Key, Value: value})
		case store.Delete:
			next.drop(&commit, c.Key, c.Key+"\x00")
		case store.DeletePrefix:
			from, end := bounds(c.Key)
			next.drop(&commit, from, end)
		}
	}
	slices.SortFunc(commit.Changes, func(a, b store.Change) int { return strings.Compare(a.Key, b.Key) })
	return next, commit
}

// drop removes the keys from (inclusive) to end (exclusive) and notes each.
func (st *state) drop(commit *store.Commit, from, end string) {
	before := len(commit.Changes)
	st.root.ascend(from, end, func(n *node) bool {
		commit.Changes = append(commit.Changes, store.Change{Op: store.Delete, Key: n.key})
		return true
	})
	if len(commit.Changes) > before {
		st.root = st.root.without(from, end)
	}
}

// Watch implements store.Store.
func (s *Store) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[store.Commit, error] {
	return s.tail.Watch(ctx, prefix, after, nil)
}

// Close implements store.Store. The documents are gone.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Store(&state{closed: true})
	s.tail.Close(store.ErrClosed)
	return nil
}
