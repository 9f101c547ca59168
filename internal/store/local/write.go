package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"gatehouse/internal/store"
)

// What one fsync takes at most.
const (
	groupCommits = 256
	groupBytes   = 16 << 20
)

// A request is a commit on its way through the writer.
type request struct {
	changes  []store.Change
	revision uint64
	err      error
	done     chan struct{}
}

// Commit implements store.Store. A ctx that ends before the writer takes the
// commit leaves the store unchanged; after that the outcome is waited for.
func (s *Store) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	if err := store.Validate(changes); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r := &request{changes: changes, done: make(chan struct{})}
	select {
	case s.queue <- r:
		<-r.done
		return r.revision, r.err
	case <-s.quit:
		return 0, fmt.Errorf("%s: %w", s.path, store.ErrClosed)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// A writer owns the write transactions of a file. Only its own goroutine
// touches it once it runs.
type writer struct {
	path    string
	db      *bbolt.DB
	tail    *store.Tail
	history history
	tally   tally // of the file, or of the group that is being written
	unclean bool  // the file says that it was not closed
	failed  error // why no more writes are taken
}

// run serves requests until quit, then marks the file as closed.
func (w *writer) run(queue <-chan *request, quit <-chan struct{}) {
	for {
		select {
		case r := <-queue:
			w.group(gather(r, queue))
		case <-quit:
			w.markClean()
			return
		}
	}
}

// gather takes what waits beside the first request. Those whose commit was just
// answered are let run first, for they may be about to bring the next one: without
// that, groups of many and of one alternate.
func gather(first *request, queue <-chan *request) []*request {
	runtime.Gosched()
	group := []*request{first}
	for size := first.size(); len(group) < groupCommits && size < groupBytes; {
		select {
		case r := <-queue:
			group = append(group, r)
			size += r.size()
		default:
			return group
		}
	}
	return group
}

func (r *request) size() (n int) {
	for _, c := range r.changes {
		n += len(c.Key) + len(c.Value)
	}
	return n
}

// group commits all requests with one fsync and answers them. Each is a commit
// of its own: it sees those before it in the group, and its conflict is its own.
func (w *writer) group(group []*request) {
	var commits []store.Commit
	err := w.update(func(tx *bbolt.Tx) error {
		for _, r := range group {
			out, err := w.apply(tx, r.changes)
			if err != nil {
				return err
			}
			if len(out.Changes) > 0 {
				commits = append(commits, out.Commit)
			}
			if r.err = out.conflict; r.err == nil {
				r.revision = w.tally.revision
			}
		}
		if len(commits) == 0 {
			return errNothing
		}
		return errors.Join(tx.Bucket(bucketAbout).Put(keyState, w.tally.encode()), w.history.trim(tx.Bucket(bucketCommits)))
	})
	if err == nil {
		w.tail.Append(commits...)
	}
	for _, r := range group {
		if err != nil && err != errNothing {
			r.revision, r.err = 0, err
		}
		close(r.done)
	}
}

// errNothing rolls a transaction back that would write nothing.
var errNothing = errors.New("nothing to write")

// update is bbolt's Update, except that any failure is the last one: after a
// failed write or fsync nobody can say what is on the disk, and to go on could
// build on what is not there.
func (w *writer) update(fn func(*bbolt.Tx) error) (err error) {
	if w.failed != nil {
		return w.failed
	}
	defer func() {
		if p := recover(); p != nil {
			err = damage(p)
		}
		if err != nil && err != errNothing {
			w.failed = fmt.Errorf("%s: write failed, no more commits are taken: %w; check the disk and its free space, then restart", w.path, err)
			err = w.failed
			w.tail.Close(err)
		}
	}()
	return w.db.Update(func(tx *bbolt.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if w.unclean {
			return nil
		}
		w.unclean = true
		return tx.Bucket(bucketAbout).Put(keyUnclean, []byte("1"))
	})
}

// markClean takes the mark away that makes the next Open check the whole file.
func (w *writer) markClean() {
	if w.unclean {
		// If this fails the mark stays, and the next Open does its checks.
		_ = w.update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketAbout).Delete(keyUnclean) })
	}
}

// A result is a commit as its watchers see it, or the conflict that prevents it.
type result struct {
	store.Commit
	conflict error
}

// apply compares all bases, then writes. So a conflict leaves nothing behind in
// the transaction, which others share. An error is one of bbolt.
func (w *writer) apply(tx *bbolt.Tx, changes []store.Change) (result, error) {
	docs := tx.Bucket(bucketDocs)
	for _, c := range changes {
		if err := c.Compare(revisionOf(docs.Get([]byte(c.Key)))); err != nil {
			return result{conflict: err}, nil
		}
	}
	out := store.Commit{Revision: w.tally.revision + 1, Changes: effects(docs, changes)}
	if len(out.Changes) == 0 {
		return result{}, nil
	}
	w.tally.revision++
	for _, c := range out.Changes {
		if err := w.change(docs, c); err != nil {
			return result{}, err
		}
	}
	// The record is the copy that the tail keeps of the caller's bytes.
	record := encodeCommit(out)
	out, err := decodeCommit(encodeRevision(out.Revision), record)
	if err != nil {
		return result{}, err
	}
	return result{Commit: out}, w.history.add(tx.Bucket(bucketCommits), out.Revision, record)
}

// change does a Put or a Delete.
func (w *writer) change(docs *bbolt.Bucket, c store.Change) error {
	key := []byte(c.Key)
	old := docs.Get(key)
	if c.Op == store.Delete {
		w.tally.swap(old, nil)
		return docs.Delete(key)
	}
	doc := encodeDoc(c.Key, w.tally.revision, c.Value)
	w.tally.swap(old, doc)
	return docs.Put(key, doc)
}

// effects returns what the changes will do, as single puts and deletes, sorted
// by key. Validate made sure that no two of them meet.
func effects(docs *bbolt.Bucket, changes []store.Change) (out []store.Change) {
	for _, c := range changes {
		switch c.Op {
		case store.Put:
			out = append(out, store.Change{Op: store.Put, Key: c.Key, Value: c.Value})
		case store.Delete:
			if docs.Get([]byte(c.Key)) != nil {
				out = append(out, store.Change{Op: store.Delete, Key: c.Key})
			}
		case store.DeletePrefix:
			cur := docs.Cursor()
			for k, _ := cur.Seek([]byte(c.Key)); k != nil && strings.HasPrefix(string(k), c.Key); k, _ = cur.Next() {
				out = append(out, store.Change{Op: store.Delete, Key: string(k)})
			}
		}
	}
	slices.SortFunc(out, func(a, b store.Change) int { return strings.Compare(a.Key, b.Key) })
	return out
}
