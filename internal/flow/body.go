package flow

import (
	"errors"
	"io"

	"gatehouse/internal/field"
)

// A Body is the payload of a message: bytes, or a stream that is pulled. The
// zero Body is empty. It belongs to its Exchange's goroutine.
type Body struct {
	bytes  []byte
	stream Stream
	length int64
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
	held, err := readUpTo(b.stream, max+1)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if err == nil || len(held) > max {
		b.stream = &replay{Stream: b.stream, held: held, ended: err != nil}
		return false, nil
	}
	b.bytes, b.length, b.stream = held, int64(len(held)), nil
	return true, nil
}

// readUpTo reads n bytes or to the end, whichever comes first; err is io.EOF
// only at the end.
func readUpTo(r io.Reader, n int) (held []byte, err error) {
	for len(held) < n && err == nil {
		if len(held) == cap(held) {
			held = append(held, 0)[:len(held)]
		}
		var got int
		got, err = r.Read(held[len(held):min(cap(held), n)])
		held = held[:len(held)+got]
	}
	return held, err
}

// replay is a stream whose beginning was already read.
type replay struct {
	Stream
	held  []byte
	ended bool
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.held) == 0 {
		if r.ended {
			return 0, io.EOF
		}
		return r.Stream.Read(p)
	}
	n := copy(p, r.held)
	r.held = r.held[n:]
	if len(r.held) == 0 && r.ended {
		return n, io.EOF
	}
	return n, nil
}
