package h1

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
)

// inflow is the receiving half of a connection: what arrived and was not yet
// used is buf.b[r:]. It holds no buffer while nothing is there to be held.
type inflow struct {
	nc    net.Conn
	timed *Timed
	buf   *buffer // nil: none
	r     int
	ample bool    // more came at once than a small buffer holds
	wide  bool    // so start with a large one
	late  error   // of a read that somebody else has made; the next one returns it
	one   [1]byte // see decrypted
}

var headEnd = []byte("\r\n\r\n")

func (in *inflow) bytes() []byte {
	if in.buf == nil {
		return nil
	}
	return in.buf.b[in.r:]
}

func (in *inflow) buffered() int {
	if in.buf == nil {
		return 0
	}
	return len(in.buf.b) - in.r
}

func (in *inflow) skip(n int) {
	if in.r += n; in.r == len(in.buf.b) {
		in.r, in.buf.b = 0, in.buf.b[:0]
	}
}

// release gives the buffer back; what it held is lost.
func (in *inflow) release() {
	in.buf.give()
	in.buf, in.r = nil, 0
}

// room makes space for at least one more byte, growing to at most limit bytes
// of unused input, and reports whether it could.
func (in *inflow) room(limit int) bool {
	if in.buf == nil {
		size := smallBuffer
		if in.wide {
			size = largeBuffer
		}
		in.buf, in.r = takeBuffer(size), 0
		return true
	}
	b := in.buf.b
	if len(b) < cap(b) {
		return true
	}
	if in.r > 0 {
		in.buf.b = b[:copy(b, b[in.r:])]
		in.r = 0
		return true
	}
	size := largeBuffer
	if cap(b) >= largeBuffer {
		size = limit
	}
	if cap(b) >= limit || size <= cap(b) {
		return false
	}
	bigger := takeBuffer(size)
	bigger.b = append(bigger.b, b...)
	in.buf.give()
	in.buf = bigger
	return true
}

// widen exchanges an empty small buffer for a large one.
func (in *inflow) widen() {
	if in.buf != nil && len(in.buf.b) == 0 && cap(in.buf.b) < largeBuffer {
		in.buf.give()
		in.buf = takeBuffer(largeBuffer)
	}
}

// fill reads once from the connection into the buffer's free space.
func (in *inflow) fill() error {
	if err := in.late; err != nil {
		in.late = nil
		return err
	}
	b := in.buf.b
	n, err := in.nc.Read(b[len(b):cap(b)])
	if n > 0 {
		in.got(n)
		return nil // an error that came with bytes comes again without
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// renew readies the buffer for a message that is expected to be as the one
// before was.
func (in *inflow) renew() { in.wide, in.ample = in.ample, false }

// got notes that n bytes were read into the buffer's free space.
func (in *inflow) got(n int) {
	in.buf.b = in.buf.b[:len(in.buf.b)+n]
	in.ample = in.ample || len(in.buf.b) >= smallBuffer
}

// decrypted reports whether TLS holds bytes that it has taken from the
// connection below and nobody has read: a record may be longer than the message
// that it brings. The look does not reach the connection below.
func (in *inflow) decrypted() bool {
	if in.nc == net.Conn(in.timed) {
		return false
	}
	in.timed.dry = true
	n, err := in.nc.Read(in.one[:])
	in.timed.dry = false
	return n > 0 || err != ErrInterrupted
}

// head reads until the buffer begins with a whole message head and returns how
// much of the buffer to parse: it ends in CR LF CR LF, and where it is longer
// than the head, the parser finds that out at no cost. again runs before each
// read.
func (in *inflow) head(l *Limits, again func()) (int, error) {
	limit := l.headBytes()
	seen := 0 // no head ends before
	for {
		b := in.bytes()
		if bytes.HasSuffix(b, headEnd) {
			return len(b), nil
		}
		if end := endOfHead(b, seen); end > 0 && end <= limit {
			return end, nil
		}
		if len(b) > 0 {
			if err := checkPart(b, seen, l); err != nil {
				return 0, err
			}
		}
		seen = max(len(b)-len(headEnd)+1, 0)
		if !in.room(limit) {
			return 0, tooLong(b, l)
		}
		if again != nil {
			again()
		}
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
}

// endOfHead returns the index behind the first CR LF CR LF that does not end
// before from, or 0. It goes from line to line, which is quicker than a search
// for four bytes of which every line has two.
func endOfHead(b []byte, from int) int {
	for at := from; ; {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return 0
		}
		at += n + 1
		if at >= 4 && string(b[at-4:at]) == "\r\n\r\n" {
			return at
		}
	}
}

// checkPart looks at a head that is not whole yet, for what no further byte
// can mend. A client that ends its lines in LF alone is told at once, not when
// its time is up.
func checkPart(b []byte, from int, l *Limits) error {
	if octet[b[0]]&isToken == 0 {
		return badValue("malformed start line", b)
	}
	for i := max(from-1, 0); i < len(b); {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			break
		}
		if i += n; i == 0 || b[i-1] != '\r' {
			return bad("bare LF in the head")
		}
		i++
	}
	if len(b) > l.headBytes() || len(b) > l.lineBytes()+maxName && !bytes.Contains(b, crlf) {
		return tooLong(b, l)
	}
	return nil
}

// tooLong says which limit a head that does not end has broken.
func tooLong(b []byte, l *Limits) error {
	if i := bytes.Index(b, crlf); i < 0 || i > l.lineBytes()+maxName {
		return &SyntaxError{Status: 414, Reason: "request line too long"}
	}
	return &SyntaxError{Status: 431, Reason: "head too large"}
}

// isTimeout reports whether a read or write ended for its deadline.
func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || err == ErrInterrupted
}
