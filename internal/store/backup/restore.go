package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

// A Target is what a backup is restored into.
type Target struct {
	Store store.Store // empty
	// Put keeps a blob and returns its name, as store.Blobs does.
	Put    func(ctx context.Context, r io.Reader) (sha256 string, err error)
	Schema int // the newest that is understood
}

// Restore brings back what Create wrote, and then compares what the target
// holds with what the backup says: the same documents and blobs, by number,
// bytes and sums. After an error the target holds some part and is to be thrown
// away. Errors are seal.ErrKey, seal.ErrBroken, ErrNewer, ErrMalformed,
// ErrNotEmpty, and those of the target.
func Restore(ctx context.Context, r io.Reader, keys *seal.Keyring, t Target) (Manifest, error) {
	sealed, err := keys.NewReader(Place, r)
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	docs, _, err := t.Store.List(ctx, "", "", 1)
	if err == nil && len(docs) > 0 {
		err = ErrNotEmpty
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	x := &restoration{ctx: ctx, r: bufio.NewReaderSize(sealed, 64<<10), target: t}
	m, err := x.all()
	if err == nil {
		err = x.compare(m)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

// A restoration is a backup being read.
type restoration struct {
	ctx    context.Context
	r      *bufio.Reader
	target Target

	batch []store.Change
	size  int // bytes of batch

	documents, blobs *tally
	lastBlob         []byte
}

func (x *restoration) all() (Manifest, error) {
	x.documents, x.blobs = newTally(), newTally()
	var head Head
	kind, err := x.kind()
	if err == nil && kind != kindHead {
		err = malformed("begins with a record %q", kind)
	}
	if err == nil {
		err = x.json(&head)
	}
	if err == nil {
		err = head.check(x.target.Schema)
	}
	for err == nil {
		if kind, err = x.kind(); err != nil {
			break
		}
		if kind == kindManifest {
			return x.end(head)
		}
		err = x.record(kind)
	}
	return Manifest{}, err
}

func (h *Head) check(newest int) error {
	switch {
	case h.Format < 1 || h.Schema < 1:
		return malformed("has format %d and schema %d", h.Format, h.Schema)
	case h.Format > Format:
		return fmt.Errorf("%w (%.40q): format %d, this one reads up to %d", ErrNewer, h.Program, h.Format, Format)
	case h.Schema > newest:
		return fmt.Errorf("%w (%.40q): schema %d, this one reads up to %d", ErrNewer, h.Program, h.Schema, newest)
	}
	return nil
}

func (x *restoration) record(kind byte) error {
	switch {
	case kind == kindDocument && x.lastBlob == nil:
		return x.document()
	case kind == kindBlob:
		return x.blob()
	}
	return malformed("has a record %q where none may be", kind)
}

func (x *restoration) document() error {
	key, err := x.bytes(store.MaxKeyBytes)
	if err != nil {
		return err
	}
	value, err := x.bytes(store.MaxCommitBytes)
	if err != nil {
		return err
	}
	d := store.Doc{Key: string(key), Value: value}
	x.documents.document(nil, d)
	// Base 0: no document comes twice.
	c := store.Change{Op: store.Put, Key: d.Key, Value: d.Value}
	size := len(c.Key) + len(c.Value)
	if len(x.batch) == store.MaxChanges || x.size+size > store.MaxCommitBytes {
		if err := x.flush(); err != nil {
			return err
		}
	}
	x.batch, x.size = append(x.batch, c), x.size+size
	return nil
}

func (x *restoration) flush() error {
	if len(x.batch) == 0 {
		return nil
	}
	_, err := x.target.Store.Commit(x.ctx, x.batch...)
	x.batch, x.size = x.batch[:0], 0
	return err
}

func (x *restoration) blob() error {
	var name [sha256.Size]byte
	if _, err := io.ReadFull(x.r, name[:]); err != nil {
		return cut(err)
	}
	if bytes.Compare(name[:], x.lastBlob) <= 0 {
		return malformed("has blob %x behind %x", name, x.lastBlob)
	}
	x.lastBlob = name[:]
	size, err := x.length(1 << 62)
	if err != nil {
		return err
	}
	x.blobs.blob(name, int64(size))
	content := &io.LimitedReader{R: x.r, N: int64(size)}
	got, err := x.target.Put(x.ctx, content)
	switch {
	case err != nil:
		return fmt.Errorf("blob %x: %w", name, err)
	case content.N > 0:
		return cut(io.EOF)
	case got != hex.EncodeToString(name[:]):
		return malformed("has a blob %x whose sum is %s", name, got)
	}
	return nil
}

// end reads the manifest and what must be nothing behind it. Only then was the
// whole file authentic.
func (x *restoration) end(head Head) (m Manifest, err error) {
	if err := x.json(&m); err != nil {
		return m, err
	}
	if _, err := x.r.ReadByte(); err != io.EOF {
		if err == nil {
			err = malformed("goes on behind its end")
		}
		return m, err
	}
	if m.Head != head {
		return m, malformed("has two heads")
	}
	for what, sums := range map[string][2]Sum{"documents": {m.Documents, x.documents.sum()}, "blobs": {m.Blobs, x.blobs.sum()}} {
		if sums[0] != sums[1] {
			return m, malformed("says that its %s are %v, and they are %v", what, sums[0], sums[1])
		}
	}
	return m, x.flush()
}

// compare tells whether the target now holds the documents of the backup. Of
// the blobs Put has told.
func (x *restoration) compare(m Manifest) error {
	t := newTally()
	var record []byte
	_, err := x.target.Store.Scan(x.ctx, "", func(d store.Doc) error {
		record = t.document(record[:0], d)
		return nil
	})
	if err == nil && t.sum() != m.Documents {
		err = fmt.Errorf("the store holds documents %v after the restoration of %v: it does not keep what it is given", t.sum(), m.Documents)
	}
	return err
}

func (x *restoration) kind() (byte, error) {
	kind, err := x.r.ReadByte()
	return kind, cut(err)
}

func (x *restoration) length(most uint64) (uint64, error) {
	n, err := binary.ReadUvarint(x.r)
	if err != nil {
		return 0, cut(err)
	}
	if n > most {
		return 0, malformed("has a part of %d bytes where at most %d may be", n, most)
	}
	return n, nil
}

func (x *restoration) bytes(most uint64) ([]byte, error) {
	n, err := x.length(most)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(x.r, b)
	return b, cut(err)
}

func (x *restoration) json(v any) error {
	text, err := x.bytes(maxJSON)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return malformed("has a head or manifest that is no JSON: %v", err)
	}
	return nil
}

// cut tells of an end where more must come. Within the seal that is no damage:
// who made the file ended it there.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return malformed("ends early")
	}
	return err
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: it "+format, append([]any{ErrMalformed}, args...)...)
}
