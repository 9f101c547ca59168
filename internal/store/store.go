// Package store holds what Gatehouse must not forget: small documents under
// ordered keys, each commit with a revision of its own, and blobs named after
// their content.
//
// There is one contract and a driver a place: memory (nothing survives the
// process), local (one file on this machine). Package storetest holds every
// driver to the contract that is written here.
//
// Three rules hold throughout and are not repeated at each method.
//
//   - Every method of a Store may be called by any number of goroutines at once.
//   - Bytes handed in are not kept, bytes handed out belong to the caller.
//   - An error that is none of this package's (a context that ended, a disk that
//     failed) leaves open whether the commit took place: read before you repeat.
package store

import (
	"context"
	"errors"
	"iter"
)

// Errors that a caller may test for with errors.Is.
var (
	// ErrNotFound: no document has that key, or no blob has that name.
	ErrNotFound = errors.New("not found")
	// ErrConflict: a Base did not hold. The error is a *ConflictError as well.
	ErrConflict = errors.New("conflict")
	// ErrCompacted: the commits asked for are no longer remembered. Scan again,
	// then watch from the revision that Scan returned.
	ErrCompacted = errors.New("revision no longer remembered")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrTooBig: a commit or a blob is above its limit.
	ErrTooBig = errors.New("too big")
)

// MaxList is the largest limit that List takes.
const MaxList = 1000

// A Doc is a document as it stood at some revision of the store.
type Doc struct {
	Key   string
	Value []byte
	// Revision is that of the commit that wrote the document last. It is what a
	// later Change gives as its Base.
	Revision uint64
}

// A Commit is what one commit changed, as its watchers see it: only Put and
// Delete (a DeletePrefix arrives as one Delete a document), sorted by key, with
// Base left at 0, and without the deletions that found nothing to delete.
type Commit struct {
	Revision uint64
	Changes  []Change
}

// A Store keeps documents. Its revision rises with every commit that changes
// something; the steps need not be 1.
type Store interface {
	// Get returns the document with this key, or ErrNotFound.
	Get(ctx context.Context, key string) (Doc, error)

	// List returns, in the order of keys, at most limit documents (1 to MaxList)
	// whose keys begin with prefix and are greater than after, and the revision
	// at which it read them. Two pages may be of two revisions.
	List(ctx context.Context, prefix, after string, limit int) (docs []Doc, revision uint64, err error)

	// Scan visits, in the order of keys, every document whose key begins with
	// prefix, all as they stood at the one revision that it returns. An error of
	// visit ends the scan and is returned as it is. Commits go on meanwhile, but
	// visit must not wait for one: a driver may hold its snapshot, and with it
	// the growth of its file, until visit is done. ErrCompacted: start again.
	Scan(ctx context.Context, prefix string, visit func(Doc) error) (revision uint64, err error)

	// Commit makes all the changes or none, and returns when they are as durable
	// as the driver can make them. Bases are compared with the documents as they
	// were before the commit; the first that does not hold is told as ErrConflict.
	// What Validate refuses is refused with the error of Validate.
	//
	// A commit that changes nothing (nothing but Checks that hold, deletions of
	// what is not there) makes no revision and returns the current one. A Put
	// always changes something, even if the value is the same.
	Commit(ctx context.Context, changes ...Change) (revision uint64, err error)

	// Watch yields each commit after the given revision that changed a key under
	// prefix, once, in order and whole except for the keys outside prefix; then
	// it waits for more. A revision that lies ahead is waited for. The sequence
	// ends when the caller breaks off, or with exactly one error: that of ctx,
	// ErrClosed, ErrCompacted, or that of the driver. To go on after a break,
	// watch again after the revision of the last commit received.
	//
	// A slow watcher delays nobody; it falls behind until ErrCompacted.
	Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[Commit, error]

	// Close ends all watches with ErrClosed, waits for what is under way, and
	// makes every later call fail with ErrClosed. Closing twice does no harm.
	Close() error
}
