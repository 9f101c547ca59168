package local

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"go.etcd.io/bbolt"
)

// inspect refuses a file that is not a store of this schema, or is damaged. Most
// damage would not come to light by itself: bbolt does not sum its pages, and
// reads them where they are mapped, so that a bad length is a fault of the process.
func inspect(tx *bbolt.Tx, path string) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = corrupt(path, damage(p))
		}
	}()
	size, err := fileSize(path)
	if err != nil {
		return err
	}
	if size < tx.Size() {
		return corrupt(path, fmt.Errorf("the file has %d of %d bytes", size, tx.Size()))
	}
	small := size <= checkAlways
	if small {
		if err := walk(path, tx); err != nil {
			return corrupt(path, err)
		}
	}
	if err := inspectAbout(tx, path); err != nil {
		return err
	}
	if !small {
		if tx.Bucket(bucketAbout).Get(keyUnclean) == nil {
			return nil
		}
		if err := walk(path, tx); err != nil {
			return corrupt(path, err)
		}
	}
	if err := errors.Join(inspectSums(tx), inspectPages(tx)); err != nil {
		return corrupt(path, err)
	}
	return nil
}

func fileSize(path string) (int64, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return stat.Size(), nil
}

// inspectAbout tells whether this code may read on. It looks at nothing that a
// newer schema might have changed.
func inspectAbout(tx *bbolt.Tx, path string) error {
	about := tx.Bucket(bucketAbout)
	if about == nil {
		return corrupt(path, errors.New("it is a bbolt file, but not a store of gatehouse"))
	}
	text := string(about.Get(keySchema))
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 1:
		return corrupt(path, fmt.Errorf("its schema is %.20q, not a number", text))
	case n > schema:
		return fmt.Errorf("%s: %w: schema %d, this one reads up to %d; nothing was changed: start the newer gatehouse, or restore a backup from before it", path, ErrNewer, n, schema)
	case tx.Bucket(bucketDocs) == nil || tx.Bucket(bucketCommits) == nil:
		return corrupt(path, errors.New("a bucket is missing"))
	}
	return nil
}

// inspectSums compares the checksum of every document and commit, and all of
// them together with the state.
func inspectSums(tx *bbolt.Tx) error {
	want, err := decodeTally(tx.Bucket(bucketAbout).Get(keyState))
	if err != nil {
		return err
	}
	got := tally{revision: newest(tx)}
	err = tx.Bucket(bucketDocs).ForEach(func(k, v []byte) error {
		got.swap(nil, v)
		return checkDoc(k, v)
	})
	if err == nil && got != want {
		err = fmt.Errorf("documents are missing or not the last: %d at revision %d, should be %d at %d (sums %x, %x)",
			got.docs, got.revision, want.docs, want.revision, got.sum, want.sum)
	}
	if err != nil {
		return err
	}
	var before uint64
	return tx.Bucket(bucketCommits).ForEach(func(k, v []byte) error {
		c, err := decodeCommit(k, v)
		if err == nil && before != 0 && c.Revision != before+1 {
			err = fmt.Errorf("commit %d follows commit %d", c.Revision, before)
		}
		before = c.Revision
		return err
	})
}

// inspectPages lets bbolt look for pages that are used twice or lost.
func inspectPages(tx *bbolt.Tx) (first error) {
	for err := range tx.Check() { // must be drained, or its goroutine stays
		if first == nil {
			first = err
		}
	}
	return first
}
