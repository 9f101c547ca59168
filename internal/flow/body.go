package flow

import (
	"errors"
	"io"

	"gatehouse/internal/field"
	"gatehouse/internal/value"
)

// A Body is the payload of a message: bytes, or a stream that is pulled. The
// zero Body is empty. It belongs to its Exchange's goroutine.
type Body struct {
	bytes  []byte
	stream Stream
	length int64
	doc    *Document
}

// A Document is a body as JSON. Whoever reads it first leaves it with the body,
// so that a hundred mappings parse it once.
type Document struct {
	Value value.Value // absent where the body is none
	Err   error       // why it cannot be had, in the reader's words
	Steps int         // that look-ups in it may still take
}

// A Stream is a payload that arrives while it is read. Read returns io.EOF
// with the last bytes when the end is already known. Close may be called at
// any time and more than once, and says that nobody will read the rest.
type Stream interface {
	io.ReadCloser
	// Trailer returns the trailer fields, nil before io.EOF or without any.
	Trailer() *field.List
}

// Unknown is the Len of a stream whose length is not declared.
const Unknown = -1

// Bytes is a Body of those bytes. They are read-only from here on.
func Bytes(b []byte) Body { return Body{bytes: b, length: int64(len(b))} }

// Streamed is a Body that is pulled from s. length is Unknown or exact.
func Streamed(s Stream, length int64) Body { return Body{stream: s, length: length} }

// Len is the number of bytes, or Unknown.
func (b *Body) Len() int64 { return b.length }

// Stream is the stream of a streamed body, nil for bytes.
func (b *Body) Stream() Stream { return b.stream }

// Bytes returns the payload of a Body that is not streamed.
func (b *Body) Bytes() []byte { return b.bytes }

// Document is what Keep was given, nil before.
func (b *Body) Document() *Document { return b.doc }

// Keep leaves with the body what was read of it. It goes with the body.
func (b *Body) Keep(d *Document) { b.doc = d }

// Close gives up a stream that nobody will read to its end.
func (b *Body) Close() error {
	if b.stream == nil {
		return nil
	}
	return b.stream.Close()
}

// Buffer turns a streamed body of at most max bytes into bytes. A longer one
// stays a stream that loses nothing, and Buffer reports false.
func (b *Body) Buffer(max int) (whole bool, err error) {
	if b.stream == nil {
		return len(b.bytes) <= max, nil
	}
	if b.length > int64(max) {
		return false, nil
	}
	ended, err := b.hold(max + 1)
	if err != nil {
		return false, err
	}
	r := b.stream.(*replay)
	if !ended || len(r.held) > max {
		return false, nil
	}
	b.bytes, b.length, b.stream = r.held, int64(len(r.held)), nil
	return true, nil
}

// Peek returns the first max bytes of the body, or all of a shorter one, and
// loses nothing: the body reads as before. The bytes are read-only and good
// until the body is read.
func (b *Body) Peek(max int) ([]byte, error) {
	if b.stream == nil {
		return b.bytes[:min(len(b.bytes), max)], nil
	}
	if _, err := b.hold(max); err != nil {
		return nil, err
	}
	held := b.stream.(*replay).held
	return held[:min(len(held), max)], nil
}

// hold reads up to n bytes of the stream ahead, into a replay that takes its
// place. ended says that the stream holds no more than what was read. After an
// error nothing is lost either: a later read meets it in its place.
func (b *Body) hold(n int) (ended bool, err error) {
	r, ok := b.stream.(*replay)
	if !ok {
		r = &replay{Stream: b.stream}
		b.stream = r
	}
	if r.err == nil && len(r.held) < n {
		r.held, r.err = readUpTo(r.Stream, r.held, n)
	}
	if r.err != nil && r.err != io.EOF {
		return false, r.err
	}
	return r.err != nil, nil
}

// readUpTo reads behind held until that has n bytes, or to the end; err is
// io.EOF only at the end.
func readUpTo(r io.Reader, held []byte, n int) (_ []byte, err error) {
	for len(held) < n && err == nil {
		if len(held) == cap(held) {
			held = append(held, 0)[:len(held)]
		}
		var got int
		got, err = r.Read(held[len(held):min(cap(held), n)])
		held = held[:len(held)+got]
	}
	if errors.Is(err, io.EOF) {
		err = io.EOF
	}
	return held, err
}

// replay is a stream whose beginning was already read.
type replay struct {
	Stream
	held []byte
	err  error // what the stream said behind held: io.EOF, or why it broke
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.held) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		return r.Stream.Read(p)
	}
	n := copy(p, r.held)
	r.held = r.held[n:]
	if len(r.held) == 0 && r.err != nil {
		return n, r.err
	}
	return n, nil
}
