package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"gatehouse/internal/store"
)

// What the values of the file look like. bbolt does not sum its pages, so each
// value carries a CRC-32C of its own: a flipped bit is told, not served.
//
//	docs     key                -> revision (8 bytes) crc (4) value
//	about    "state"            -> revision (8) number of documents (8) sum of their crcs (8) crc (4)
//	commits  revision (8 bytes) -> crc (4) { op (1) uvarint len(key) key uvarint len(value) value }
//
// Numbers are big-endian. The crc of a document covers key, revision and value,
// that of a commit covers revision and changes. The state tells what no document
// can: that others are missing, because a page says that it holds fewer.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errSum = errors.New("checksum does not match")

const docHead = 8 + 4

func encodeDoc(key string, revision uint64, value []byte) []byte {
	b := make([]byte, docHead, docHead+len(value))
	binary.BigEndian.PutUint64(b, revision)
	b = append(b, value...)
	binary.BigEndian.PutUint32(b[8:], sumDoc([]byte(key), b))
	return b
}

func sumDoc(key, b []byte) uint32 {
	sum := crc32.Update(0, castagnoli, key)
	sum = crc32.Update(sum, castagnoli, b[:8])
	return crc32.Update(sum, castagnoli, b[docHead:])
}

// decodeDoc returns a document with a copy of its value.
func decodeDoc(key, b []byte) (store.Doc, error) {
	if err := checkDoc(key, b); err != nil {
		return store.Doc{}, err
	}
	value := append(make([]byte, 0, len(b)-docHead), b[docHead:]...)
	return store.Doc{Key: string(key), Value: value, Revision: revisionOf(b)}, nil
}

func checkDoc(key, b []byte) error {
	if len(b) < docHead || binary.BigEndian.Uint32(b[8:]) != sumDoc(key, b) {
		return fmt.Errorf("document %q: %w", key, errSum)
	}
	return nil
}

// revisionOf returns the revision of an encoded document, 0 for none.
func revisionOf(b []byte) uint64 {
	if len(b) < docHead {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func encodeRevision(revision uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, revision)
}

func decodeRevision(key []byte) uint64 {
	if len(key) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}

func encodeCommit(c store.Commit) []byte {
	b := make([]byte, 4)
	for _, x := range c.Changes {
		b = append(b, byte(x.Op))
		b = append(binary.AppendUvarint(b, uint64(len(x.Key))), x.Key...)
		b = append(binary.AppendUvarint(b, uint64(len(x.Value))), x.Value...)
	}
	binary.BigEndian.PutUint32(b, sumCommit(encodeRevision(c.Revision), b))
	return b
}

func sumCommit(key, b []byte) uint32 {
	return crc32.Update(crc32.Update(0, castagnoli, key), castagnoli, b[4:])
}

// decodeCommit returns a commit that owns its bytes.
func decodeCommit(key, b []byte) (store.Commit, error) {
	c := store.Commit{Revision: decodeRevision(key)}
	if len(key) != 8 || len(b) < 4 || binary.BigEndian.Uint32(b) != sumCommit(key, b) {
		return c, fmt.Errorf("commit %x: %w", key, errSum)
	}
	for b = append([]byte(nil), b[4:]...); len(b) > 0; {
		x := store.Change{Op: store.Op(b[0])}
		name, rest, ok := cut(b[1:])
		if !ok {
			return c, fmt.Errorf("commit %d ends within a key", c.Revision)
		}
		x.Key = string(name)
		if x.Value, b, ok = cut(rest); !ok {
			return c, fmt.Errorf("commit %d ends within a value", c.Revision)
		}
		if x.Op != store.Put {
			x.Value = nil
		}
		c.Changes = append(c.Changes, x)
	}
	return c, nil
}

// cut takes a length and as many bytes off the front of b.
func cut(b []byte) (part, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	end := size + int(n)
	return b[size:end:end], b[end:], true
}

// A tally is what the file as a whole should hold.
type tally struct {
	revision uint64 // the newest
	docs     uint64 // number of documents
	sum      uint64 // of their crcs, modulo 2^64: the order does not matter
}

// swap counts a document that takes the place of another; nil is none.
func (t *tally) swap(old, new []byte) {
	if len(old) >= docHead {
		t.docs--
		t.sum -= uint64(binary.BigEndian.Uint32(old[8:]))
	}
	if len(new) >= docHead {
		t.docs++
		t.sum += uint64(binary.BigEndian.Uint32(new[8:]))
	}
}

func (t tally) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, t.revision)
	b = binary.BigEndian.AppendUint64(b, t.docs)
	b = binary.BigEndian.AppendUint64(b, t.sum)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeTally(b []byte) (t tally, err error) {
	if len(b) != 28 || binary.BigEndian.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return t, fmt.Errorf("state: %w", errSum)
	}
	t.revision, t.docs, t.sum = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	return t, nil
}
