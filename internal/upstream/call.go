package upstream

import (
	"io"
	"strconv"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
)

// A Call is the request that a Target is to send for an exchange: its head in
// wire form, to which the target adds framing and body. It may be used for one
// exchange after the other and keeps its memory.
type Call struct {
	pools *Pools

	// Method is the one in the head. It lives as long as the exchange.
	Method string
	// Head is the request line and the fields, each ended by CR LF, without
	// fields that concern framing or the connection and without the empty line
	// at the end.
	Head []byte
	// Timeout bounds the call from when the client's body is there, or begins
	// to be sent; 0: only x.Deadline does. The earlier one counts.
	Timeout time.Duration

	rest    restKind // what is left of the body once Head is sent
	payload []byte   // of restBytes
	led     int      // bytes of the stream that are in Head already
	begun   time.Duration
	scratch []byte
}

// restKind says where the part of a body that is not in Call.Head comes from.
type restKind uint8

const (
	restNone    restKind = iota // Head holds the whole request
	restBytes                   // Call.payload
	restSized                   // the exchange's stream, of known length
	restChunked                 // the exchange's stream, to be sent in chunks
)

// smallBody is the longest body that is read before the backend is called: it
// then leaves in one write with the head, may be sent again, and a slow client
// does not hold a connection.
const smallBody = 16 << 10

// firstPiece is how much of a longer body is read before the backend is called:
// a client that says it will send and does not must hold no connection either.
const firstPiece = 4 << 10

// maxKept is the longest head whose memory a call keeps.
const maxKept = 64 << 10

// Call returns an empty call, which its user gives back by Free.
func (p *Pools) Call() *Call { return p.calls.Get().(*Call) }

// Free gives the call back once Do has returned.
func (k *Call) Free() {
	k.Reset()
	if cap(k.Head) <= maxKept {
		k.pools.calls.Put(k)
	}
}

// Reset empties the call and keeps its memory.
func (k *Call) Reset() {
	k.Method, k.Head, k.Timeout = "", k.Head[:0], 0
	k.rest, k.payload, k.led = restNone, nil, 0
}

// frame completes the head with the framing fields, and with the body as far
// as it is small or already there. Its errors are those of reading the body.
//
// A request without a body says so: HTTP APIs send Content-Length: 0 whatever
// the method ("Working with HTTP integrations"; seen in captures of OPTIONS).
func (k *Call) frame(x *flow.Exchange) error {
	b := &x.In.Body
	n := b.Len()
	if n == flow.Unknown {
		return k.frameUnknown(x)
	}
	k.Head = append(k.Head, "Content-Length: "...)
	k.Head = strconv.AppendInt(k.Head, n, 10)
	k.Head = append(k.Head, "\r\n\r\n"...)
	switch {
	case n == 0:
	case b.Stream() == nil && n <= smallBody:
		k.Head = append(k.Head, b.Bytes()...)
	case b.Stream() == nil:
		k.rest, k.payload = restBytes, b.Bytes()
	case n <= smallBody:
		return k.absorb(x, int(n))
	default:
		k.rest = restSized
		return k.lead(x)
	}
	return nil
}

// lead reads the first piece of a long body of known length behind the head.
func (k *Call) lead(x *flow.Exchange) (err error) {
	from := len(k.Head)
	k.Head = room(k.Head, firstPiece)
	k.led, err = pull(x, k.Head[from:from+firstPiece])
	k.Head = k.Head[:from+k.led]
	if err == io.EOF {
		return errLength
	}
	return err
}

// maxEmpty is how many reads of a body in a row may bring nothing.
const maxEmpty = 100

// pull reads a piece of the client's body, which ends with the piece where err
// is io.EOF.
func pull(x *flow.Exchange, p []byte) (n int, err error) {
	begun := time.Now()
	s := x.In.Body.Stream()
	for range maxEmpty {
		if n, err = s.Read(p); n > 0 || err != nil {
			lend(x, time.Since(begun))
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// absorb reads a small body of known length behind the head.
func (k *Call) absorb(x *flow.Exchange, n int) error {
	for n > 0 {
		k.Head = room(k.Head, n)
		got, err := pull(x, k.Head[len(k.Head):len(k.Head)+n])
		k.Head = k.Head[:len(k.Head)+got]
		n -= got
		if err == io.EOF && n > 0 {
			err = errLength
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// frameUnknown frames a body whose length the client did not declare. Its
// first piece goes with the head; where that is all, as with most small
// bodies, the backend gets a length instead of chunks.
func (k *Call) frameUnknown(x *flow.Exchange) error {
	if k.scratch == nil {
		k.scratch = make([]byte, firstPiece)
	}
	n, err := pull(x, k.scratch)
	first := k.scratch[:n]
	if err != nil && err != io.EOF {
		return err
	}
	trailer := x.In.Body.Stream().Trailer()
	if err == io.EOF && trailer == nil {
		k.Head = append(k.Head, "Content-Length: "...)
		k.Head = strconv.AppendInt(k.Head, int64(n), 10)
		k.Head = append(k.Head, "\r\n\r\n"...)
		k.Head = append(k.Head, first...)
		return nil
	}
	k.Head = append(k.Head, "Transfer-Encoding: chunked\r\n\r\n"...)
	k.Head = h1.AppendChunk(k.Head, first)
	if err == io.EOF {
		k.Head = h1.AppendLastChunk(k.Head, trailer)
		return nil
	}
	k.rest, k.led = restChunked, n
	return nil
}

// room returns b with space for n more bytes.
func room(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, len(b)+n), b...)
}

// lend moves the deadline by the time that the exchange waited for its client:
// the timeout of an integration is the backend's, and AWS starts it when the
// whole request is there.
func lend(x *flow.Exchange, waited time.Duration) {
	if !x.Deadline.IsZero() {
		x.Deadline = x.Deadline.Add(waited)
	}
}

// lendLength moves the deadline as n bytes of a body are about to be sent of
// which sent went before: bodies up to AWS's limit are sent within the timeout,
// as there; longer ones, which an operator has allowed, at a least rate.
func lendLength(x *flow.Exchange, sent, n int64) {
	if over := min(sent+n-gate.DefaultLimits().Body, n); over > 0 {
		lend(x, time.Duration(over>>10)*time.Second>>10)
	}
}

// idempotent reports whether a method may be sent twice: RFC 9110 section
// 9.2.2.
func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE":
		return true
	}
	return false
}

// repeatable reports whether the call may be sent once more after a reused
// connection died before the first byte of a reply. sent says that bytes of
// this attempt left the house.
func (k *Call) repeatable(sent bool) bool {
	return !sent || idempotent(k.Method) && k.rest <= restBytes
}
