package local

import (
	"go.etcd.io/bbolt"
)

// What the file remembers for watchers unless Options say otherwise.
const (
	historyCommits = 4096
	historyBytes   = 64 << 20
)

// A history knows how much the commits in the file weigh, and drops the oldest.
type history struct {
	max   int   // commits to keep
	sizes []int // bytes of each record, the oldest first
	bytes int
}

// load weighs the records without reading them.
func (h *history) load(commits *bbolt.Bucket) {
	c := commits.Cursor()
	for k, b := c.First(); k != nil; k, b = c.Next() {
		h.sizes = append(h.sizes, len(b))
		h.bytes += len(b)
	}
}

func (h *history) add(commits *bbolt.Bucket, revision uint64, record []byte) error {
	// Keys only ever rise, so pages may be filled to the brim.
	commits.FillPercent = 1
	h.sizes = append(h.sizes, len(record))
	h.bytes += len(record)
	return commits.Put(encodeRevision(revision), record)
}

// trim drops the oldest records once there are a sixteenth too many, so that
// most commits need not touch the pages of the oldest. The newest always stays:
// it is the one place that says which revision the store has.
func (h *history) trim(commits *bbolt.Bucket) error {
	if len(h.sizes) <= h.max+h.max/16 && h.bytes <= historyBytes+historyBytes/16 {
		return nil
	}
	n := 0
	c := commits.Cursor()
	for k, _ := c.First(); k != nil && n < len(h.sizes)-1 && (len(h.sizes)-n > h.max || h.bytes > historyBytes); k, _ = c.First() {
		if err := c.Delete(); err != nil {
			return err
		}
		h.bytes -= h.sizes[n]
		n++
	}
	h.sizes = append(h.sizes[:0], h.sizes[n:]...)
	return nil
}
