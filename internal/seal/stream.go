package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// How a stream is cut
//
// The content is cut into chunks of chunkSize bytes, the last one shorter or
// just as long, and empty only if all is empty: so one content has one form.
// Each is sealed under the stream's own key with a nonce that says which chunk
// it is and whether it is the last:
//
//	number of the chunk, from 0 (11 bytes, big-endian) | 1 if it is the last, else 0
//
// A chunk that is left out, moved, repeated or added, and a stream that ends
// early, even between two chunks, do not open. This is the STREAM construction
// of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption
// and its Nonce-Reuse Misuse-Resistance" (2015).

const (
	streamMagic = "GHS\x01"
	streamHead  = len(streamMagic) + idSize + saltSize

	chunkSize = 64 << 10
)

// A chunker counts the chunks of a stream.
type chunker struct {
	cipher.AEAD
	number uint64
	head   []byte // authenticated with each chunk
}

// nonce is that of the next chunk.
func (c *chunker) nonce(last bool) []byte {
	n := make([]byte, nonceSize)
	binary.BigEndian.PutUint64(n[3:11], c.number)
	if last {
		n[11] = 1
	}
	c.number++
	return n
}

// A Writer seals a stream. One goroutine at a time may use it.
type Writer struct {
	chunker
	w   io.Writer
	buf []byte // plain, at most chunkSize
	out []byte
	err error
}

// NewWriter returns a Writer that seals for a place what is written to it and
// writes it to w, in pieces of about 64 KiB. Nothing is written before the
// first piece is full or Close is called.
func (r *Keyring) NewWriter(place string, w io.Writer) *Writer {
	head := r.first.salted(append(make([]byte, 0, streamHead), streamMagic...))
	return &Writer{
		chunker: chunker{AEAD: r.first.aead(kindStream, head[streamHead-saltSize:], place), head: head},
		w:       w, buf: make([]byte, 0, chunkSize), out: append(make([]byte, 0, streamHead+chunkSize+tagSize), head...),
	}
}

// errClosed is told to who writes to what was closed.
var errClosed = errors.New("seal: the stream was closed")

// Write takes all of p, or returns the error of the writer below, and then
// always.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) && w.err == nil {
		// A full chunk is kept until more comes: it might be the last.
		if len(w.buf) == chunkSize {
			w.flush(false)
		}
		m := min(len(p)-n, chunkSize-len(w.buf))
		w.buf = append(w.buf, p[n:n+m]...)
		n += m
	}
	return n, w.err
}

// Close writes the end, without which nothing of the stream counts. It does
// not close the writer below. Closing twice is an error, as is closing after
// one: a stream that failed has no end.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.flush(true)
	err := w.err
	w.err = errors.Join(err, errClosed)
	return err
}

func (w *Writer) flush(last bool) {
	w.out = w.Seal(w.out, w.nonce(last), w.buf, w.head)
	if _, err := w.w.Write(w.out); err != nil {
		w.err = fmt.Errorf("seal: write: %w", err)
	}
	w.out, w.buf = w.out[:0], w.buf[:0]
}

// A Reader opens a stream. One goroutine at a time may use it.
type Reader struct {
	chunker
	r     io.Reader
	buf   []byte // sealed: one chunk, and the byte after it
	ahead []byte // what was read behind the last chunk: nothing or one byte
	plain []byte // opened, not read yet; lies in buf
	err   error
}

// NewReader reads the head of a stream that was sealed for the place: ErrKey or
// ErrBroken as for Open, or an error of r.
func (r *Keyring) NewReader(place string, src io.Reader) (*Reader, error) {
	head := make([]byte, streamHead)
	if _, err := io.ReadFull(src, head); err != nil {
		return nil, fmt.Errorf("open stream %q: %w", place, brokenAtEnd(err))
	}
	if string(head[:len(streamMagic)]) != streamMagic {
		return nil, fmt.Errorf("open stream %q: %w", place, ErrBroken)
	}
	key, err := r.key(head[len(streamMagic):])
	if err != nil {
		return nil, fmt.Errorf("open stream %q: %w", place, err)
	}
	return &Reader{
		chunker: chunker{AEAD: key.aead(kindStream, head[streamHead-saltSize:], place), head: head},
		r:       src, buf: make([]byte, chunkSize+tagSize+1),
	}, nil
}

func brokenAtEnd(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrBroken
	}
	return err
}

// Read returns content that is authentic, in its order and from its start. But
// only io.EOF tells that it was all: until then do nothing that cannot be
// undone. ErrBroken where the stream is cut short or was changed.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 && r.err == nil {
		r.next()
	}
	if len(r.plain) == 0 {
		return 0, r.err
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// next opens a chunk. Whether it is the last shows by there being nothing
// behind it.
func (r *Reader) next() {
	first := r.number == 0
	kept := copy(r.buf, r.ahead)
	n, err := io.ReadFull(r.r, r.buf[kept:])
	n += kept
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r.err = fmt.Errorf("seal: read: %w", err)
		return
	}
	sealed := r.buf[:min(n, chunkSize+tagSize)]
	r.ahead = append(r.ahead[:0], r.buf[len(sealed):n]...)
	last := len(r.ahead) == 0
	plain, err := r.Open(sealed[:0], r.nonce(last), sealed, r.head)
	switch {
	case err != nil || last && len(plain) == 0 && !first:
		r.err = fmt.Errorf("seal: chunk %d: %w", r.number, ErrBroken)
		return
	case last:
		r.err = io.EOF
	}
	r.plain = plain
}
