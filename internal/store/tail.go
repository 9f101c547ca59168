package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
)

// A Tail is the part of a driver that watchers read: the newest commits, and a
// bell that rings when there are more. A watcher is only a position in it, so a
// slow one costs no memory and delays nobody. For drivers; others use Watch.
type Tail struct {
	maxCommits, maxBytes int

	mu      sync.Mutex
	commits []Commit
	bytes   int           // of commits, as weigh counts
	dropped uint64        // the newest revision that is no longer held
	last    uint64        // the newest revision of all
	bell    chan struct{} // closed and replaced at each change
	err     error         // why there will be no more
}

// batch bounds what one step of a watch copies while it holds the lock.
const batch = 64

// NewTail returns a Tail of a store at the given revision. It holds about as
// many commits and bytes as it is told (both at least 1), and always the newest.
func NewTail(revision uint64, maxCommits, maxBytes int) *Tail {
	return &Tail{
		maxCommits: maxCommits, maxBytes: maxBytes,
		dropped: revision, last: revision, bell: make(chan struct{}),
	}
}

// Append adds commits in the order of their revisions. The Tail keeps their bytes.
func (t *Tail) Append(commits ...Commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(commits) == 0 {
		return
	}
	for _, c := range commits {
		t.bytes += weigh(c)
		t.last = c.Revision
	}
	t.commits = append(t.commits, commits...)
	// A sixteenth more than asked for is tolerated, so that most commits need
	// not move the others.
	if len(t.commits) > t.maxCommits+t.maxCommits/16 || t.bytes > t.maxBytes+t.maxBytes/16 {
		t.trim()
	}
	t.ring()
}

func (t *Tail) trim() {
	n := 0
	for n < len(t.commits)-1 && (len(t.commits)-n > t.maxCommits || t.bytes > t.maxBytes) {
		t.bytes -= weigh(t.commits[n])
		t.dropped = t.commits[n].Revision
		n++
	}
	t.commits = slices.Delete(t.commits, 0, n)
}

func weigh(c Commit) int {
	n := 64
	for _, x := range c.Changes {
		n += 64 + len(x.Key) + len(x.Value)
	}
	return n
}

func (t *Tail) ring() {
	close(t.bell)
	t.bell = make(chan struct{})
}

// Close ends every watch with err once it has seen all commits. The first err stays.
func (t *Tail) Close(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
		t.ring()
	}
}

// Wait returns when the Tail has reached the revision.
func (t *Tail) Wait(ctx context.Context, revision uint64) error {
	for {
		t.mu.Lock()
		last, bell, err := t.last, t.bell, t.err
		t.mu.Unlock()
		switch {
		case last >= revision:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next returns some of the commits after a revision, to be read only, or a bell
// to wait for, or the reason why there will be none.
func (t *Tail) next(after uint64) (commits []Commit, bell <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if after < t.dropped {
		return nil, nil, ErrCompacted
	}
	i := sort.Search(len(t.commits), func(i int) bool { return t.commits[i].Revision > after })
	if i == len(t.commits) {
		return nil, t.bell, t.err
	}
	return slices.Clone(t.commits[i:min(i+batch, len(t.commits))]), nil, nil
}

// Watch is the Watch of a driver. If older is not nil it is asked for some of
// the commits after a revision that the Tail no longer holds; it answers at
// least one, or an error such as ErrCompacted.
func (t *Tail) Watch(ctx context.Context, prefix string, after uint64, older func(ctx context.Context, after uint64) ([]Commit, error)) iter.Seq2[Commit, error] {
	return func(yield func(Commit, error) bool) {
		at := after
		for {
			commits, err := t.step(ctx, at, older)
			if err != nil {
				yield(Commit{}, fmt.Errorf("store: watch of %q after revision %d: %w", prefix, at, err))
				return
			}
			for _, c := range commits {
				at = c.Revision
				if seen := c.under(prefix); len(seen.Changes) > 0 && !yield(seen, nil) {
					return
				}
				if ctx.Err() != nil {
					break // told by the next step
				}
			}
		}
	}
}

// step waits for the next commits after a revision.
func (t *Tail) step(ctx context.Context, after uint64, older func(ctx context.Context, after uint64) ([]Commit, error)) ([]Commit, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		commits, bell, err := t.next(after)
		if errors.Is(err, ErrCompacted) && older != nil {
			return older(ctx, after)
		}
		if err != nil || len(commits) > 0 {
			return commits, err
		}
		select {
		case <-bell:
		case <-ctx.Done():
		}
	}
}

// under returns a copy of what the commit changed under prefix.
func (c Commit) under(prefix string) Commit {
	out := Commit{Revision: c.Revision}
	for _, x := range c.Changes {
		if strings.HasPrefix(x.Key, prefix) {
			x.Value = bytes.Clone(x.Value)
			out.Changes = append(out.Changes, x)
		}
	}
	return out
}
