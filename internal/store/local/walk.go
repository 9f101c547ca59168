package local

import (
	"encoding/binary"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// The page format of bbolt, version 2, unchanged since 2013: a header, then an
// array of elements that point behind themselves to their keys and values, all
// in the byte order of the machine.
const (
	pageHead    = 16
	elementSize = 16

	flagBranch = 0x01
	flagLeaf   = 0x02
	flagBucket = 0x01 // of a leaf element

	maxDepth = 64
)

var native = binary.NativeEndian

// A walker reads the tree of pages with every length checked before it is used.
// bbolt's own check trusts lengths and page numbers, and a wrong one ends the
// process: by a fault where it cannot be caught, or in a loop of pages. What has
// passed the walker is safe for it.
type walker struct {
	file     *os.File
	pageSize uint64
	pages    uint64 // in use
	seen     []bool // by page number
}

// walk checks all pages that the transaction can reach.
func walk(path string, tx *bbolt.Tx) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	size := uint64(tx.DB().Info().PageSize)
	w := &walker{file: f, pageSize: size, pages: uint64(tx.Size()) / size}
	w.seen = make([]bool, w.pages)
	return w.page(uint64(tx.Cursor().Bucket().RootPage()), span{}, 0)
}

// A span is the range of keys that a page may hold. An empty bound is none.
type span struct{ low, high string }

// page checks a page and those below it.
func (w *walker) page(id uint64, in span, depth int) error {
	b, err := w.read(id)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("page %d: deeper than %d levels", id, maxDepth)
	}
	if err := w.elements(b, in, depth); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// read returns a page with its overflow, which it claims for its one reference.
func (w *walker) read(id uint64) ([]byte, error) {
	if id < 2 || id >= w.pages {
		return nil, fmt.Errorf("page %d: there are %d", id, w.pages)
	}
	var head [pageHead]byte
	if _, err := w.file.ReadAt(head[:], int64(id*w.pageSize)); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	n := 1 + uint64(native.Uint32(head[12:]))
	if own := native.Uint64(head[:]); own != id || n > w.pages-id {
		return nil, fmt.Errorf("page %d: says that it is page %d and %d long", id, own, n)
	}
	for i := id; i < id+n; i++ {
		if w.seen[i] {
			return nil, fmt.Errorf("page %d: used twice", i)
		}
		w.seen[i] = true
	}
	b := make([]byte, n*w.pageSize)
	if _, err := w.file.ReadAt(b, int64(id*w.pageSize)); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

// elements checks the elements of a page, which may be one within a value.
func (w *walker) elements(b []byte, in span, depth int) error {
	flags, count := native.Uint16(b[8:]), int(native.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		return fmt.Errorf("is of no known kind (%#x)", flags)
	}
	if pageHead+count*elementSize > len(b) || flags == flagBranch && count == 0 {
		return fmt.Errorf("has room for fewer than its %d elements", count)
	}
	var keys []string
	for i := range count {
		key, _, err := element(b, i, flags)
		if err != nil {
			return err
		}
		if key < in.low || in.high != "" && key >= in.high || i > 0 && key <= keys[i-1] {
			return fmt.Errorf("key %q is out of order", key)
		}
		keys = append(keys, key)
	}
	for i, key := range keys {
		below := span{low: key, high: in.high}
		if i+1 < count {
			below.high = keys[i+1]
		}
		if err := w.follow(b, i, flags, below, depth); err != nil {
			return err
		}
	}
	return nil
}

// element returns the key and value of an element; that of a branch has no value.
func element(b []byte, i int, flags uint16) (key string, value []byte, err error) {
	at := uint64(pageHead + i*elementSize)
	e := b[at:]
	pos, keySize, valueSize := uint64(native.Uint32(e)), uint64(native.Uint32(e[4:])), uint64(0)
	if flags == flagLeaf {
		pos, keySize, valueSize = uint64(native.Uint32(e[4:])), uint64(native.Uint32(e[8:])), uint64(native.Uint32(e[12:]))
	}
	from := at + pos
	if from+keySize+valueSize > uint64(len(b)) {
		return "", nil, fmt.Errorf("element %d reaches beyond the page", i)
	}
	return string(b[from : from+keySize]), b[from+keySize : from+keySize+valueSize], nil
}

// follow checks what an element leads to: a page of a branch, a bucket of a leaf.
func (w *walker) follow(b []byte, i int, flags uint16, below span, depth int) error {
	e := b[pageHead+i*elementSize:]
	if flags == flagBranch {
		return w.page(native.Uint64(e[8:]), below, depth+1)
	}
	if native.Uint32(e)&flagBucket == 0 {
		return nil
	}
	_, value, err := element(b, i, flags)
	if err != nil {
		return err
	}
	if len(value) < 16 {
		return fmt.Errorf("bucket %q has a head of %d bytes", below.low, len(value))
	}
	if root := native.Uint64(value); root != 0 {
		return w.page(root, span{}, depth+1)
	}
	if inline := value[16:]; len(inline) >= pageHead {
		return w.elements(inline, span{}, depth+1)
	}
	return fmt.Errorf("bucket %q is cut short", below.low)
}
