package h1

import (
	"io"
	"time"

	"gatehouse/internal/field"
)

// bodyKind is how the end of a body is known: RFC 9112 section 6.3.
type bodyKind uint8

const (
	noBody bodyKind = iota
	sizedBody
	chunkedBody
	endlessBody // until the connection ends; replies only
)

// A Body is the body of one message on a connection. It is read by the
// goroutine that reads the connection and is void once the next head is read.
//
// After an error other than io.EOF (which Read goes on returning) the
// connection is of no further use, except to say so.
type Body struct {
	in     *inflow
	server *ServerConn // nil on the client side
	limits *Limits
	kind   bodyKind
	phase  chunkPhase
	closed bool
	err    error // what Read returns from now on

	left  int64 // of a sized body, or of the current chunk
	size  int64 // as declared; -1: unknown
	given int64 // delivered
	max   int64 // see SetMax; -1: none
	over  error

	extensions int // octets of chunk extensions so far
	hasTrailer bool
	trailer    field.List

	waited time.Duration // for the client's bytes
	by     time.Time     // see By
}

// reset makes b the body of a new message.
func (b *Body) reset(kind bodyKind, length int64) {
	b.kind, b.phase, b.closed, b.err = kind, atSize, false, nil
	b.left, b.size, b.given, b.max, b.over = 0, -1, 0, -1, nil
	b.extensions, b.hasTrailer, b.waited, b.by = 0, false, 0, time.Time{}
	switch kind {
	case noBody:
		b.size, b.err = 0, io.EOF
	case sizedBody:
		b.left, b.size = length, length
		if length == 0 {
			b.err = io.EOF
		}
	case chunkedBody:
		b.advance()
	}
}

// Len is the declared length in bytes: -1 when it is unknown, 0 without a body.
func (b *Body) Len() int64 { return b.size }

// Delivered is how many bytes of the body were read so far.
func (b *Body) Delivered() int64 { return b.given }

// Done reports whether the body was read to its end.
func (b *Body) Done() bool { return b.err == io.EOF }

// Trailer is the trailer section of a chunked body that was read to its end;
// nil where there is none. Names that RFC 9110 section 6.5.1 forbids there are
// not in it. It lives as long as the body.
func (b *Body) Trailer() *field.List {
	if !b.hasTrailer || b.err != io.EOF {
		return nil
	}
	return &b.trailer
}

// SetMax makes Read return err once more than n bytes would be delivered, and
// before the first where the declared length says so.
func (b *Body) SetMax(n int64, err error) { b.max, b.over = n, err }

// By bounds every read of a request body in time besides the timeouts of the
// connection; the zero time: no such bound. On the client side use
// ClientConn.ReadBy.
func (b *Body) By(t time.Time) { b.by = t }

// Close gives up the rest of the body. It reads nothing: whether the rest can
// be skipped is for ServerConn.Next or ClientConn.Reusable to say.
func (b *Body) Close() error {
	b.closed = true
	return nil
}

// Buffered returns the next bytes of the body that are in memory already,
// without consuming them: Read or Skip does. They are valid until then.
func (b *Body) Buffered() []byte {
	if b.err != nil || b.closed || b.exceeded() {
		return nil
	}
	held := b.in.bytes()
	n := b.within(len(held))
	return held[:n:n]
}

// Skip consumes n bytes of what Buffered returned.
func (b *Body) Skip(n int) {
	if n > 0 {
		b.in.skip(n)
		b.took(n)
	}
}

// Read reads into p. It returns io.EOF together with the last bytes where the
// end is already known. On the server side the first Read that has to wait
// asks a client that expects it to go on ("100 Continue").
func (b *Body) Read(p []byte) (int, error) {
	if b.closed {
		return 0, errBodyClosed
	}
	return b.read(p)
}

func (b *Body) read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := b.reach(); err != nil {
		return 0, b.fail(err)
	}
	if b.err != nil { // the end, or a fault behind the last chunk
		return 0, b.err
	}
	n, err := b.take(p)
	if err != nil {
		return 0, b.fail(err)
	}
	b.took(n)
	// Short chunks that have arrived together are delivered together.
	for b.kind == chunkedBody && n < len(p) && len(b.Buffered()) > 0 {
		m := copy(p[n:], b.Buffered())
		b.Skip(m)
		n += m
	}
	if b.err == io.EOF {
		return n, io.EOF
	}
	return n, nil
}

// reach waits until there is a byte to deliver, and may be delivered.
func (b *Body) reach() error {
	for b.kind == chunkedBody && b.left == 0 && b.err == nil {
		if err := b.more(); err != nil {
			return err
		}
		b.advance()
	}
	if b.err != nil || !b.exceeded() {
		return nil
	}
	if b.kind == endlessBody && b.in.buffered() == 0 {
		if err := b.more(); err != nil {
			return err // the end may come at the limit itself
		}
	}
	return b.over
}

// exceeded reports whether the next byte is one too many.
func (b *Body) exceeded() bool {
	return b.max >= 0 && (b.given >= b.max || b.size > b.max)
}

// within is how many of n bytes belong to what may be delivered now.
func (b *Body) within(n int) int {
	if b.kind != endlessBody {
		n = int(min(int64(n), b.left))
	}
	if b.max >= 0 {
		n = int(min(int64(n), b.max-b.given))
	}
	return n
}

// past reports whether to read n bytes past the buffer. Of a chunked body only
// what fills a buffer anyway is: a read by way of the buffer also brings the
// framing behind the data.
func (b *Body) past(n int) bool {
	if b.kind == chunkedBody {
		return n >= direct && b.left >= largeBuffer
	}
	return n >= direct || int64(n) == b.left
}

// direct is the least piece of a body worth reading past the buffer.
const direct = 2 << 10

// take moves bytes to p: those in memory first, else straight from the
// connection, unless p or the chunk is so small that a read by way of the
// buffer will save the next one.
func (b *Body) take(p []byte) (int, error) {
	n := b.within(len(p))
	if b.in.buffered() == 0 {
		if b.past(n) {
			return b.wait(p[:n])
		}
		if err := b.more(); err != nil {
			return 0, err
		}
	}
	n = copy(p[:n], b.in.bytes())
	b.in.skip(n)
	return n, nil
}

// more reads from the connection into the buffer.
func (b *Body) more() error {
	if b.in.ample {
		b.in.widen()
	}
	if !b.in.room(b.limits.trailerBytes()) {
		return &SyntaxError{Status: 431, Reason: "chunk line or trailer too long"}
	}
	_, err := b.wait(nil)
	return err
}

// wait reads once from the connection, into p or into the buffer, under the
// deadlines of the side.
func (b *Body) wait(p []byte) (n int, err error) {
	var began time.Time
	if b.server != nil {
		if began, err = b.server.awaitBody(b); err != nil {
			return 0, err
		}
	}
	if p == nil {
		err = b.in.fill()
	} else if n, err = b.in.nc.Read(p); n > 0 {
		err = nil
	}
	if b.server != nil {
		b.waited += time.Since(began)
	}
	return n, err
}

// took counts n delivered bytes and looks, without waiting, whether they were
// the last.
func (b *Body) took(n int) {
	b.given += int64(n)
	switch b.kind {
	case sizedBody:
		if b.left -= int64(n); b.left == 0 {
			b.err = io.EOF
		}
	case chunkedBody:
		if b.left -= int64(n); b.left == 0 {
			b.phase = atDataEnd
			b.advance()
		}
	}
}

// fail turns an error of the connection into the body's own and keeps it.
func (b *Body) fail(err error) error {
	switch {
	case err == io.EOF && b.kind == endlessBody:
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	case b.server != nil && isTimeout(err) && err != ErrInterrupted:
		err = &SyntaxError{Status: 408, Reason: "request body came too slowly"}
	}
	b.err = err
	return err
}
