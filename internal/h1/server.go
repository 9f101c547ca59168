package h1

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A ServerConn is the server's side of one connection: a loop of Wait,
// ReadHead, the reply, Finish and Next, then Close.
//
// It belongs to one goroutine at a time; only Drain may be called from others.
type ServerConn struct {
	in    inflow
	out   *buffer // nil: none; what WriteHead and Write hold back
	o     *ServerOptions
	body  Body
	reply reply
	req   framing
	minor int
	get1  [1]byte // where a quiet connection reads its first byte

	start     time.Time // of the request, at its first byte
	now       time.Time // the last time that was read
	idleSince time.Time

	mu      sync.Mutex // Drain against the end of a wait
	state   atomic.Int32
	closing atomic.Bool
	broken  error // of a write
	refused bool  // the input is out of step
	expect  bool  // the client waits for 100 (Continue)
	wide    bool  // the reply before was long: start with a large buffer
	gone    bool  // closed, aborted or hijacked
}

// The states that Drain has to tell apart.
const (
	busy int32 = iota
	waiting
	woken // by Drain
)

// NewServerConn serves a connection: a *Timed, a *tls.Conn (or anything else
// that has NetConn) over one, or another connection, which is then wrapped.
// A TLS connection that lies on no Timed must not be handed in: its first
// early timeout would end it.
func NewServerConn(nc net.Conn, o *ServerOptions) *ServerConn {
	c := &ServerConn{o: o, now: time.Now()}
	c.in.nc, c.in.timed = timedOf(nc)
	c.in.timed.WriteStall(o.Timeouts.write())
	c.idleSince = c.now
	c.body.in, c.body.server, c.body.limits = &c.in, c, &o.Limits
	c.body.reset(noBody, 0)
	return c
}

// Start is when the first byte of the request was seen.
func (c *ServerConn) Start() time.Time { return c.start }

// Flushed is when bytes of a reply were last handed to the connection: after
// Finish, the end of the exchange, for which no clock needs to be read again.
func (c *ServerConn) Flushed() time.Time { return c.now }

// Buffered is how many bytes of input wait in memory.
func (c *ServerConn) Buffered() int { return c.in.buffered() }

// Wait blocks until at least one byte of the next request is there. Its errors
// are ErrQuiet (call it again, from a fresh goroutine, so that a stack that
// once grew does not sleep with the connection), ErrIdle, ErrDraining, io.EOF
// where the client closed, or an error of the connection.
func (c *ServerConn) Wait() error {
	if c.in.buffered() == 0 {
		c.state.Store(waiting)
		var err error
		switch {
		case c.draining():
			// Read what has come, and no more: a client that was told nothing
			// may have sent its request already.
			err = c.lastLook(ErrInterrupted)
		case c.in.buf == nil:
			err = c.awaitQuietly()
		default:
			err = c.awaitBriefly()
		}
		if c.state.Swap(busy) == woken {
			err = c.lastLook(err)
		}
		if err != nil {
			return err
		}
	}
	c.start = time.Now()
	c.now = c.start
	return nil
}

// awaitBriefly waits with the buffer in hand.
func (c *ServerConn) awaitBriefly() error {
	c.idleFor(c.o.Timeouts.quiet())
	err := c.in.fill()
	if err == nil || err == ErrInterrupted || !isTimeout(err) {
		return err
	}
	c.in.release()
	c.out.give()
	c.out = nil
	// The timer is set here, on the old goroutine: it takes more stack than
	// all of the sleep, and the fresh one is to stay small.
	c.idleFor(c.o.Timeouts.idle())
	c.in.timed.arm(&c.in.timed.r)
	return ErrQuiet
}

// idleFor bounds the wait. It is not inlined because the temporaries would stay
// on the stack of every connection that sleeps, and they decide whether its
// goroutine fits into 2 KiB.
//
//go:noinline
func (c *ServerConn) idleFor(d time.Duration) { c.in.timed.ReadBy(c.idleSince.Add(d)) }

// awaitQuietly waits without a buffer.
func (c *ServerConn) awaitQuietly() error {
	c.idleFor(c.o.Timeouts.idle())
	return c.awoke(c.in.nc.Read(c.get1[:]))
}

// awoke takes the outcome of a quiet wait. It is not inlined, as idleFor is not.
//
//go:noinline
func (c *ServerConn) awoke(n int, err error) error {
	if n > 0 {
		c.in.room(smallBuffer)
		c.in.buf.b = append(c.in.buf.b, c.get1[0])
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	if isTimeout(err) && err != ErrInterrupted {
		return ErrIdle
	}
	return err
}

// lastLook reads what has arrived by the time that the connection is told to
// end. A request that was on its way is served, with "Connection: close".
func (c *ServerConn) lastLook(err error) error {
	c.mu.Lock() // Drain has finished
	c.in.timed.Resume()
	c.mu.Unlock()
	if err == nil || !errors.Is(err, ErrInterrupted) {
		return err
	}
	c.in.timed.ReadBy(time.Now().Add(lastLookTime))
	c.in.room(smallBuffer)
	if err := c.in.fill(); err == nil || !isTimeout(err) {
		return err
	}
	return ErrDraining
}

const lastLookTime = 2 * time.Millisecond

// Drain ends the connection as soon as no request is open: the running reply
// says "Connection: close", and a wait ends with ErrDraining. It may be called
// from any goroutine.
func (c *ServerConn) Drain() {
	c.closing.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.CompareAndSwap(waiting, woken) {
		c.in.timed.Interrupt()
	}
}

func (c *ServerConn) draining() bool { return c.closing.Load() || c.o.Draining.Load() }

// SetClose makes the reply to this request the last one.
func (c *ServerConn) SetClose() { c.closing.Store(true) }

// KeepAlive reports whether the connection will take another request after
// this one, as far as that is known by now.
func (c *ServerConn) KeepAlive() bool {
	return !c.gone && !c.refused && c.broken == nil && !c.draining() && c.req.persistent(c.minor) && c.drainable()
}

// ReadHead reads a request's head into h. After a *SyntaxError answer with
// Refuse and close. io.EOF: the client closed before it sent anything but a
// CR LF; io.ErrUnexpectedEOF: in the middle of the head.
func (c *ServerConn) ReadHead(h *Head) error {
	c.reply, c.req, c.minor = reply{}, framing{}, 1
	c.expect = false
	c.in.ample = false
	c.body.reset(noBody, 0)
	err := c.readHead(h)
	c.refused = err != nil
	return err
}

func (c *ServerConn) readHead(h *Head) error {
	if err := c.skipEmptyLine(); err != nil {
		return err
	}
	n, err := c.in.head(&c.o.Limits, c.headDeadline)
	if err != nil {
		return c.headError(err)
	}
	head := c.in.bytes()[:n]
	if isPreface(head) {
		return ErrPreface
	}
	f, n, err := parseRequest(h, head, &c.o.Limits)
	if err != nil {
		return err
	}
	c.in.skip(n)
	c.req, c.minor = f, h.Minor
	switch {
	case f.chunked:
		c.body.reset(chunkedBody, 0)
	case f.sized:
		c.body.reset(sizedBody, f.length)
	}
	c.expect = f.expect && !c.body.Done() && c.in.buffered() == 0
	return nil
}

// isPreface recognises the head that opens the preface of RFC 9113 section 3.4.
func isPreface(head []byte) bool { return bytes.HasPrefix(head, []byte("PRI * HTTP/2.0\r\n")) }

// skipEmptyLine drops one CR LF before the request line: RFC 9112 section 2.2.
func (c *ServerConn) skipEmptyLine() error {
	for {
		b := c.in.bytes()
		if len(b) > 0 && b[0] != '\r' {
			return nil
		}
		if len(b) > 1 {
			if b[1] == '\n' {
				c.in.skip(2)
			}
			if c.in.buffered() > 0 {
				return nil // a second empty line is a malformed start line
			}
			return c.fillEmpty()
		}
		if err := c.fillEmpty(); err != nil {
			return err
		}
	}
}

func (c *ServerConn) fillEmpty() error {
	c.headDeadline()
	c.in.room(smallBuffer)
	err := c.in.fill()
	if err == io.EOF && c.in.buffered() == 0 {
		return io.EOF
	}
	return c.headError(err)
}

func (c *ServerConn) headDeadline() {
	c.in.timed.ReadBy(c.start.Add(c.o.Timeouts.head()))
}

func (c *ServerConn) headError(err error) error {
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err == ErrInterrupted:
		return err
	case err != nil && isTimeout(err):
		return &SyntaxError{Status: 408, Reason: "request head came too slowly"}
	}
	return err
}

// Body is the body of the request whose head was read.
func (c *ServerConn) Body() *Body { return &c.body }

// awaitBody prepares for a read of the body that may have to wait: it asks
// the client to send, sets the deadline and returns the time.
func (c *ServerConn) awaitBody(b *Body) (now time.Time, err error) {
	now = time.Now()
	if c.expect && c.in.buffered() == 0 {
		c.expect = false
		if !c.reply.started {
			if err := c.send(goOn, now); err != nil {
				return now, err
			}
		}
	}
	by := c.o.Timeouts.BodyBy(now, b.given, b.waited)
	if !b.by.IsZero() {
		by = earlier(by, b.by)
	}
	c.in.timed.ReadBy(by)
	return now, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// maxDrain is the most of an unread request body that is read on, so that the
// connection can be kept.
const maxDrain = 64 << 10

// drainable reports whether the rest of the request's body is known to be
// over, or may turn out to be short. A body that the client still holds back
// for a 100 (Continue) is not asked for.
func (c *ServerConn) drainable() bool {
	b := &c.body
	if b.Done() {
		return true
	}
	return !c.expect && (b.err == nil) && (b.kind == chunkedBody || b.left <= maxDrain)
}

// Next reports, after Finish, whether the connection takes another request. It
// reads the rest of the request's body where that is short and arrives at once.
func (c *ServerConn) Next() bool {
	if !c.reply.finished || !c.KeepAlive() || c.reply.closes {
		return false
	}
	if !c.body.Done() && !c.drainBody() {
		return false
	}
	c.idleSince = c.now
	c.wide = c.reply.wrote > smallBuffer
	if c.out != nil && cap(c.out.b) > smallBuffer {
		c.out.give() // a long reply made it grow
		c.out = nil
	}
	if c.in.buf != nil && c.in.buffered() == 0 && cap(c.in.buf.b) > smallBuffer {
		c.in.release() // a long head or trailer made it grow
		c.in.room(smallBuffer)
	}
	return true
}

func (c *ServerConn) drainBody() bool {
	scratch := takeBuffer(smallBuffer)
	defer scratch.give()
	c.body.max = -1
	c.body.By(time.Now().Add(c.o.Timeouts.drain()))
	for left := maxDrain; left >= 0; {
		n, err := c.body.read(scratch.b[:smallBuffer])
		if left -= n; err != nil {
			return err == io.EOF && left >= 0
		}
	}
	return false
}

// Hijack hands the connection on, with what was read of it and not consumed.
// The ServerConn is of no further use.
func (c *ServerConn) Hijack() net.Conn {
	c.gone = true
	c.in.timed.ReadBy(time.Time{})
	c.in.timed.WriteBy(time.Time{})
	c.in.timed.WriteStall(0)
	nc := &replayConn{Conn: c.in.nc, unread: bytes.Clone(c.in.bytes())}
	c.in.release()
	c.out.give()
	c.out = nil
	return nc
}

// A replayConn reads what was read before once more.
type replayConn struct {
	net.Conn
	unread []byte
}

func (r *replayConn) Read(p []byte) (int, error) {
	if len(r.unread) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.unread)
	if r.unread = r.unread[n:]; len(r.unread) == 0 {
		r.unread = nil
	}
	return n, nil
}

// NetConn is the connection below.
func (r *replayConn) NetConn() net.Conn { return r.Conn }
