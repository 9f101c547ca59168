package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"time"

	"gatehouse/internal/seal"
	"gatehouse/internal/store"
)

// A Source is what is backed up.
type Source struct {
	Store store.Store
	// Blobs holds the blobs that documents name. Nobody may remove blobs during
	// the backup. nil: there are none.
	Blobs   store.Blobs
	Schema  int    // of the documents, at least 1
	Program string // at most 256 bytes
	Created time.Time
}

// Create writes a backup of what the store holds at this moment. Commits go on
// meanwhile and are not in it. w should be fast: as long as documents are
// written, the store keeps its snapshot. What was written before an error is no
// backup; nor will it open as one.
func Create(ctx context.Context, w io.Writer, keys *seal.Keyring, s Source) (Manifest, error) {
	sealed := keys.NewWriter(Place, w)
	c := &creation{w: bufio.NewWriterSize(sealed, 64<<10)}
	m, err := c.all(ctx, s)
	if err == nil {
		err = c.w.Flush()
	}
	if err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

// A creation is a backup being written.
type creation struct {
	w     *bufio.Writer
	names map[[sha256.Size]byte]struct{} // that documents mention, of blobs or of something else
}

func (c *creation) all(ctx context.Context, s Source) (m Manifest, err error) {
	m.Head = Head{Format: Format, Schema: s.Schema, Program: s.Program, Created: s.Created.UTC()}
	if err := c.json(kindHead, m.Head); err != nil {
		return m, err
	}
	if m.Revision, m.Documents, err = c.documents(ctx, s.Store); err != nil {
		return m, err
	}
	if m.Blobs, err = c.blobs(ctx, s.Blobs); err != nil {
		return m, err
	}
	return m, c.json(kindManifest, m)
}

func (c *creation) json(kind byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(text) > maxJSON {
		return fmt.Errorf("%c record of %d bytes, at most %d: shorten the program's name", kind, len(text), maxJSON)
	}
	_, err = c.w.Write(appendBytes([]byte{kind}, text))
	return err
}

func (c *creation) documents(ctx context.Context, s store.Store) (revision uint64, sum Sum, err error) {
	c.names = map[[sha256.Size]byte]struct{}{}
	t := newTally()
	var record []byte
	revision, err = s.Scan(ctx, "", func(d store.Doc) error {
		record = t.document(record[:0], d)
		c.mention(d)
		_, err := c.w.Write(record)
		return err
	})
	return revision, t.sum(), err
}

// mention notes what might be names of blobs in a document.
func (c *creation) mention(d store.Doc) {
	for name := range store.BlobNames(d.Value) {
		raw, err := hex.DecodeString(name)
		if err == nil {
			c.names[[sha256.Size]byte(raw)] = struct{}{}
		}
	}
}

// blobs writes those blobs that documents mention. The others are garbage. A
// mention that is no blob is some other hash.
func (c *creation) blobs(ctx context.Context, blobs store.Blobs) (Sum, error) {
	t := newTally()
	if blobs == nil {
		return t.sum(), nil
	}
	order := slices.SortedFunc(maps.Keys(c.names), func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, name := range order {
		err := c.blob(ctx, blobs, name, t)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return Sum{}, fmt.Errorf("blob %x: %w", name, err)
		}
	}
	return t.sum(), nil
}

func (c *creation) blob(ctx context.Context, blobs store.Blobs, name [sha256.Size]byte, t *tally) error {
	r, err := blobs.Open(ctx, hex.EncodeToString(name[:]))
	if err != nil {
		return err
	}
	defer r.Close()
	size, err := r.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	t.blob(name, size)
	record := append([]byte{kindBlob}, name[:]...)
	if _, err := c.w.Write(binary.AppendUvarint(record, uint64(size))); err != nil {
		return err
	}
	// A blob that does not have its name's sum must not pass for a good backup.
	content := sha256.New()
	n, err := io.Copy(io.MultiWriter(c.w, content), store.LimitBlob(ctx, r, size))
	if err == nil && (n != size || [sha256.Size]byte(content.Sum(nil)) != name) {
		err = errors.New("its content is not what it is named after: the file is damaged; put it again or delete what names it")
	}
	return err
}

// Measure returns how many bytes of documents and blobs a backup would hold
// now, for telling progress.
func Measure(ctx context.Context, s Source) (int64, error) {
	c := &creation{w: bufio.NewWriter(io.Discard)}
	_, documents, err := c.documents(ctx, s.Store)
	if err != nil || s.Blobs == nil {
		return documents.Bytes, err
	}
	total := documents.Bytes
	for name := range c.names {
		size, err := sizeOf(ctx, s.Blobs, hex.EncodeToString(name[:]))
		if err != nil {
			return 0, err
		}
		total += size
	}
	return total, nil
}

func sizeOf(ctx context.Context, blobs store.Blobs, name string) (int64, error) {
	r, err := blobs.Open(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return r.Seek(0, io.SeekEnd)
}

// A tally makes a Sum.
type tally struct {
	count, bytes int64
	hash         hash.Hash
}

func newTally() *tally { return &tally{hash: sha256.New()} }

// document counts a document and appends its record.
func (t *tally) document(b []byte, d store.Doc) []byte {
	from := len(b)
	b = appendBytes(append(b, kindDocument), []byte(d.Key))
	b = appendBytes(b, d.Value)
	t.count++
	t.bytes += int64(len(d.Key) + len(d.Value))
	t.hash.Write(b[from:])
	return b
}

func (t *tally) blob(name [sha256.Size]byte, size int64) {
	t.count++
	t.bytes += size
	t.hash.Write(name[:])
}

func (t *tally) sum() Sum {
	return Sum{Count: t.count, Bytes: t.bytes, SHA256: hex.EncodeToString(t.hash.Sum(nil))}
}

func appendBytes(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}
