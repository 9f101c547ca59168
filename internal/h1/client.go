package h1

import (
	"fmt"
	"io"
	"net"
	"time"
)

// ClientOptions are shared by the connections of a pool and do not change once
// a connection was made with them.
type ClientOptions struct {
	Limits Limits // of reply heads and chunked bodies; LineBytes does not apply
}

// A ClientConn is the client's side of one connection: Write the request,
// ReadHead, read the Body, ask whether it is Reusable. It holds no buffer
// before ReadHead and after Reusable said yes.
//
// One goroutine may Write while another does all the rest.
type ClientConn struct {
	in    inflow
	out   sender
	o     *ClientOptions
	body  Body
	keep  bool // the head of the last reply allows another request
	idle  bool // nothing is under way
	ended bool
}

// NewClientConn wraps a connection to an upstream, with the rules of
// NewServerConn about TLS.
func NewClientConn(nc net.Conn, o *ClientOptions) *ClientConn {
	c := &ClientConn{o: o, idle: true}
	c.in.nc, c.in.timed = timedOf(nc)
	if c.in.nc == net.Conn(c.in.timed) {
		c.out.open(&c.in)
	}
	c.body.in, c.body.limits = &c.in, &o.Limits
	c.body.reset(noBody, 0)
	return c
}

// ReadBy bounds reads in time, WriteBy writes; the zero time: never. They only
// note the time, and cost no call of the system.
func (c *ClientConn) ReadBy(t time.Time) { c.in.timed.ReadBy(t) }

// WriteBy is ReadBy for writes.
func (c *ClientConn) WriteBy(t time.Time) { c.in.timed.WriteBy(t) }

// Interrupt makes reads and writes return ErrInterrupted; it may be called
// from any goroutine. The connection is of no further use.
func (c *ClientConn) Interrupt() { c.in.timed.Interrupt() }

// NetConn is the connection below.
func (c *ClientConn) NetConn() net.Conn { return c.in.nc }

// Write sends bytes as they are: a request's head in wire form, or a body that
// is framed already.
func (c *ClientConn) Write(p []byte) (int, error) { return c.in.nc.Write(p) }

// Send is Write for the last bytes of a request: it may come back only when
// something has come, or the time of ReadBy is over. ReadHead, which
// the caller calls next, tells which. An error is one of writing.
func (c *ClientConn) Send(p []byte) (int, error) {
	n := c.out.send(p)
	if n == len(p) {
		return n, nil
	}
	m, err := c.in.nc.Write(p[n:])
	return n + m, err
}

// maxInterim is how many interim responses are passed over before a reply.
const maxInterim = 8

// ReadHead reads the head of the reply to a request with the given method.
// Interim responses are passed over. A *SyntaxError means that the upstream
// cannot be understood, ErrStale that it went away before the first byte (also
// tested with errors.Is), io.ErrUnexpectedEOF that it did so within the head.
func (c *ClientConn) ReadHead(h *ReplyHead, method string) error {
	c.keep, c.idle = false, false
	if c.in.buffered() == 0 { // else Send has begun it
		c.in.renew()
	}
	for range maxInterim {
		f, err := c.readHead(h)
		if err != nil {
			return err
		}
		if h.Status == 101 {
			return bad("101 (Switching Protocols) that nobody asked for")
		}
		if h.Status >= 200 {
			c.begin(h, &f, method)
			return nil
		}
	}
	return bad("too many interim responses")
}

func (c *ClientConn) readHead(h *ReplyHead) (f framing, err error) {
	n, err := c.in.head(&c.o.Limits, nil)
	if err != nil {
		return f, c.headError(err)
	}
	if f, n, err = parseReply(h, c.in.bytes()[:n], &c.o.Limits); err != nil {
		return f, err
	}
	c.in.skip(n)
	c.ended = true // no later loss is one before the first byte
	return f, nil
}

func (c *ClientConn) headError(err error) error {
	if _, ok := err.(*SyntaxError); ok || isTimeout(err) {
		return err
	}
	if c.in.buffered() == 0 && !c.ended {
		if err == io.EOF {
			return ErrStale
		}
		return fmt.Errorf("%w: %v", ErrStale, err)
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// begin sets up the body: RFC 9112 section 6.3.
func (c *ClientConn) begin(h *ReplyHead, f *framing, method string) {
	c.keep = f.persistent(h.Minor)
	switch {
	case method == "HEAD" || h.Status == 304:
		c.body.reset(noBody, 0)
	case h.Status == 204:
		// RFC 9110 section 8.6 forbids a length here; one that is not zero
		// leaves it open whether a body follows.
		c.keep = c.keep && !f.coded && f.length == 0
		c.body.reset(noBody, 0)
	case f.chunked:
		c.body.reset(chunkedBody, 0)
	case f.sized:
		c.body.reset(sizedBody, f.length)
	default:
		c.keep = false
		c.body.reset(endlessBody, 0)
	}
}

// Body is the body of the reply whose head was read.
func (c *ClientConn) Body() *Body { return &c.body }

// Reusable reports whether the connection may carry another request: the reply
// allows it, its body was read to the end, and nothing came behind it. Whether
// the request was sent whole is for the caller to know. If so, the connection
// gives its buffer back; views of it (Body.Buffered) end.
func (c *ClientConn) Reusable() bool {
	if !c.keep || !c.body.Done() || c.in.buffered() > 0 || c.in.decrypted() {
		return false
	}
	c.in.release()
	c.idle, c.ended = true, false
	return true
}

// Alive reports whether a connection from a pool still looks unused. It makes
// no call of the system, so a connection that the upstream has closed since is
// found by ErrStale only.
func (c *ClientConn) Alive() bool { return c.idle && c.in.buffered() == 0 }

// Buffered is how many bytes of input wait in memory.
func (c *ClientConn) Buffered() int { return c.in.buffered() }

// Close closes the connection.
func (c *ClientConn) Close() error {
	c.in.release()
	c.idle, c.keep = false, false
	return c.in.nc.Close()
}
