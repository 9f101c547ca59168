// Package local is the store of one machine: one bbolt file, DATA/store.db, and
// the blobs beside it in DATA/blobs.
//
// The file holds three buckets. "about" comes first and its first key is the
// schema number; "docs" holds the documents, "commits" the newest commits for
// those who watch, also across a restart (record.go). Only one process at a time
// can have it open.
//
// All writes pass through one goroutine, which takes every commit that waits and
// brings all of them to disk with one fsync (write.go). Nothing is answered,
// shown to a reader or told to a watcher before that fsync: what anybody has
// seen survives kill -9 and a power cut.
package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"gatehouse/internal/store"
)

var (
	bucketAbout   = []byte("about") // the first in the order of bbolt
	bucketDocs    = []byte("docs")
	bucketCommits = []byte("commits")

	keySchema  = []byte("schema")  // decimal; the first key of its bucket
	keyState   = []byte("state")   // a tally
	keyUnclean = []byte("unclean") // there from the first write until Close
)

// A Store keeps its documents in a file. See store.Store for what its methods
// promise.
type Store struct {
	path string
	db   *bbolt.DB
	tail *store.Tail

	queue chan *request // to the writer; unbuffered, so a request is either taken or not
	quit  chan struct{} // closed: the writer is to end
	done  chan struct{} // closed: it has
	close func() error  // once
}

var _ store.Store = (*Store)(nil)

// start runs the writer of an open and checked file.
func start(path string, db *bbolt.DB, w *writer) *Store {
	s := &Store{
		path: path, db: db, tail: w.tail,
		queue: make(chan *request), quit: make(chan struct{}), done: make(chan struct{}),
	}
	s.close = sync.OnceValue(s.shut)
	go func() {
		defer close(s.done)
		w.run(s.queue, s.quit)
	}()
	return s
}

// Size is how many bytes the file of documents has on disk, without the blobs.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, fmt.Errorf("%s: size: %w", s.path, err)
	}
	return info.Size(), nil
}

// Close implements store.Store.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	close(s.quit)
	<-s.done
	s.tail.Close(store.ErrClosed)
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("%s: close: %w", s.path, err)
	}
	return nil
}

// view runs fn on a snapshot, at its revision. bbolt shows a commit to readers
// before its fsync is done, so view waits for that: a reader must not act on what
// a power cut could still take away.
func (s *Store) view(ctx context.Context, fn func(tx *bbolt.Tx, revision uint64) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := s.db.Begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return fmt.Errorf("%s: %w", s.path, store.ErrClosed)
	}
	if err != nil {
		return fmt.Errorf("%s: read: %w", s.path, err)
	}
	defer tx.Rollback() //nolint:errcheck // of a read nothing can fail
	revision := newest(tx)
	if err := s.tail.Wait(ctx, revision); err != nil {
		return err
	}
	return fn(tx, revision)
}

// newest returns the revision of the newest commit, which is never trimmed.
func newest(tx *bbolt.Tx) uint64 {
	key, _ := tx.Bucket(bucketCommits).Cursor().Last()
	return decodeRevision(key)
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (doc store.Doc, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx, _ uint64) error {
		b := tx.Bucket(bucketDocs).Get([]byte(key))
		if b == nil {
			return fmt.Errorf("store: %q: %w", key, store.ErrNotFound)
		}
		doc, err = s.doc([]byte(key), b)
		return err
	})
	return doc, err
}

func (s *Store) doc(key, b []byte) (store.Doc, error) {
	doc, err := decodeDoc(key, b)
	if err != nil {
		return doc, s.corrupt(err)
	}
	return doc, nil
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (docs []store.Doc, revision uint64, err error) {
	if err := store.CheckLimit(limit); err != nil {
		return nil, 0, err
	}
	from := prefix
	if after != "" {
		from = max(from, after+"\x00")
	}
	err = s.view(ctx, func(tx *bbolt.Tx, r uint64) error {
		revision = r
		return s.ascend(tx, from, prefix, func(doc store.Doc) (bool, error) {
			docs = append(docs, doc)
			return len(docs) < limit, nil
		})
	})
	if err != nil {
		return nil, 0, err
	}
	return docs, revision, nil
}

// Scan implements store.Store. It holds one read transaction until it is done,
// so the file grows with what is written meanwhile.
func (s *Store) Scan(ctx context.Context, prefix string, visit func(store.Doc) error) (revision uint64, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx, r uint64) error {
		revision = r
		return s.ascend(tx, prefix, prefix, func(doc store.Doc) (bool, error) {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			return true, visit(doc)
		})
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// ascend visits documents with the prefix, the first at or after from, until
// visit returns false or an error.
func (s *Store) ascend(tx *bbolt.Tx, from, prefix string, visit func(store.Doc) (bool, error)) error {
	c := tx.Bucket(bucketDocs).Cursor()
	for k, b := c.Seek([]byte(from)); k != nil && strings.HasPrefix(string(k), prefix); k, b = c.Next() {
		doc, err := s.doc(k, b)
		if err != nil {
			return err
		}
		if more, err := visit(doc); err != nil || !more {
			return err
		}
	}
	return nil
}

// Watch implements store.Store.
func (s *Store) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[store.Commit, error] {
	return s.tail.Watch(ctx, prefix, after, s.older)
}

// older reads from the file what the tail no longer holds: what happened before
// the start, or longer ago than a slow watcher should cost memory.
func (s *Store) older(ctx context.Context, after uint64) (commits []store.Commit, err error) {
	const maxCommits, maxBytes = 64, 1 << 20
	err = s.view(ctx, func(tx *bbolt.Tx, _ uint64) error {
		c := tx.Bucket(bucketCommits).Cursor()
		size := 0
		// Revisions of this driver rise by 1, so a gap is what was trimmed.
		k, b := c.Seek(encodeRevision(after + 1))
		if decodeRevision(k) != after+1 {
			return store.ErrCompacted
		}
		for ; k != nil && len(commits) < maxCommits && size < maxBytes; k, b = c.Next() {
			commit, err := decodeCommit(k, b)
			if err != nil {
				return s.corrupt(err)
			}
			commits = append(commits, commit)
			size += len(b)
		}
		return nil
	})
	return commits, err
}

func (s *Store) corrupt(err error) error { return corrupt(s.path, err) }
