package h1

import (
	"bytes"
	"io"
	"strconv"
	"time"

	"gatehouse/internal/field"
)

// A ReplyOut is the head of a reply. Framing and connection fields are the
// connection's own affair: what Fields says of them is left out.
type ReplyOut struct {
	Status int         // 200 to 599, or 101
	Fields *field.List // nil: none
	Length int64       // of the body; -1: not known
	NoBody bool        // the request was a HEAD: the head is that of a body which is not sent
}

// reply is the state of the running reply.
type reply struct {
	started  bool // WriteHead was called
	finished bool
	chunked  bool
	silent   bool // body bytes are dropped: HEAD, 204, 304
	closes   bool // the head says so
	cut      bool // the source failed: the body is not whole
	fresh    bool // c.now is the time of the coming flush
	full     bool // a buffer was once filled
	length   int64
	wrote    int64
}

// WriteHead begins the reply to the request whose head was read. It sends
// nothing yet: the head leaves with the first bytes of the body, or with
// Finish. It adds Date where Fields has none, and what RFC 9112 sections 6 and
// 9 want. On ErrUnsound nothing was begun.
func (c *ServerConn) WriteHead(h *ReplyOut) error {
	if c.reply.started || c.gone || (h.Status < 200 && h.Status != 101) || h.Status > 599 {
		return ErrState
	}
	if c.broken != nil {
		return c.broken
	}
	r := c.plan(h)
	if c.out == nil {
		c.out = takeBuffer(smallBuffer)
	}
	from := len(c.out.b)
	b, lines := c.appendHead(c.out.b, h, &r)
	if !sound(b[from:], lines) {
		c.out.b = b[:from]
		return ErrUnsound
	}
	c.out.b, c.reply = b, r
	return nil
}

// plan decides how the body is framed: RFC 9112 section 6.3, RFC 9110 section 8.6.
func (c *ServerConn) plan(h *ReplyOut) reply {
	r := reply{started: true, length: h.Length, closes: !c.KeepAlive()}
	switch {
	case h.Status == 101 || h.Status == 204 || h.Status == 304 || h.NoBody:
		r.silent = true
	case h.Length < 0 && c.minor == 0:
		r.closes = true // the end of the connection is the end of the body
	case h.Length < 0:
		r.chunked = true
	}
	return r
}

// appendHead writes the head and counts its lines.
func (c *ServerConn) appendHead(b []byte, h *ReplyOut, r *reply) ([]byte, int) {
	b = appendStatusLine(b, h.Status)
	lines, dated := 2, false
	if h.Fields != nil {
		for i := range h.Fields.Len() {
			id, name, value, ok := h.Fields.At(i)
			if !ok || ownField(id) && h.Status != 101 {
				continue
			}
			dated = dated || id == field.Date
			b = field.AppendField(b, name, value)
			lines++
		}
	}
	if !dated {
		c.now, r.fresh = time.Now(), true
		b = append(b, "Date: "...)
		b = append(b, c.o.dateText(c.now)...)
		b = append(b, "\r\n"...)
		lines++
	}
	if h.Status != 101 {
		b, lines = c.appendFraming(b, h, r, lines)
	}
	return append(b, "\r\n"...), lines
}

func (c *ServerConn) appendFraming(b []byte, h *ReplyOut, r *reply, lines int) ([]byte, int) {
	switch {
	case r.chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
		lines++
	case h.Length < 0 || h.Status == 204 || h.Status == 304 && h.Length == 0:
	default:
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, h.Length, 10)
		b = append(b, "\r\n"...)
		lines++
	}
	switch {
	case r.closes:
		b = append(b, "Connection: close\r\n"...)
		lines++
	case c.minor == 0:
		b = append(b, "Connection: keep-alive\r\n"...)
		lines++
	}
	return b, lines
}

// ownField reports whether a field of a reply is for the connection to write.
func ownField(id field.ID) bool {
	switch id {
	case field.Connection, field.ContentLength, field.TransferEncoding, field.KeepAlive,
		field.ProxyConnection, field.Trailer, field.TE, field.Upgrade:
		return true
	}
	return false
}

// sound reports whether b holds exactly the line ends that were put there, and
// no NUL. Three scans of the whole cost less than one check a field, and no
// way into the head goes round them.
func sound(b []byte, lines int) bool {
	return bytes.Count(b, crlf[1:]) == lines && bytes.Count(b, crlf[:1]) == lines && bytes.IndexByte(b, 0) < 0
}

// Write writes bytes of the body. Small pieces are held back until there is a
// buffer full of them, Flush or Finish; large ones go straight on. More than
// the declared length is ErrLength, and the part beyond is not written.
func (c *ServerConn) Write(p []byte) (int, error) {
	r := &c.reply
	switch {
	case !r.started || r.finished || c.gone:
		return 0, ErrState
	case c.broken != nil:
		return 0, c.broken
	case r.silent || len(p) == 0:
		return len(p), nil
	case r.length >= 0 && r.wrote+int64(len(p)) > r.length:
		return 0, ErrLength
	}
	var err error
	r.fresh = false // who writes pieces may take long between them
	if r.wrote += int64(len(p)); r.chunked {
		err = c.writeChunk(p)
	} else {
		err = c.hold(p)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// chunkOverhead is room for a chunk's size line, the line end behind its data,
// and the last chunk.
const chunkOverhead = 18 + 2 + 5

func (c *ServerConn) writeChunk(p []byte) error {
	if cap(c.out.b)-len(c.out.b) < chunkOverhead {
		if err := c.flush(); err != nil {
			return err
		}
	}
	c.out.b = appendChunkSize(c.out.b, len(p))
	if err := c.hold(p); err != nil {
		return err
	}
	return c.hold(crlf)
}

// hold appends p to what is held back. What does not fit goes out: first the
// full buffer, then the rest without a copy if it is long.
func (c *ServerConn) hold(p []byte) error {
	if len(c.out.b)+len(p) > cap(c.out.b) {
		c.widen()
	}
	for len(c.out.b)+len(p) > cap(c.out.b) {
		if len(c.out.b) == 0 {
			n := min(len(p), maxWrite)
			if err := c.send(p[:n], time.Now()); err != nil {
				return err
			}
			p = p[n:]
			continue
		}
		n := cap(c.out.b) - len(c.out.b)
		c.out.b = append(c.out.b, p[:n]...)
		p = p[n:]
		if err := c.flush(); err != nil {
			return err
		}
	}
	c.out.b = append(c.out.b, p...)
	return nil
}

// maxWrite is the most that is handed to the connection at once.
const maxWrite = 256 << 10

// widen exchanges a small output buffer for a large one.
func (c *ServerConn) widen() {
	if cap(c.out.b) >= largeBuffer {
		return
	}
	wide := takeBuffer(largeBuffer)
	wide.b = append(wide.b, c.out.b...)
	c.out.give()
	c.out = wide
}

// WriteFrom writes the body that r gives. It reads straight into the output
// buffer, and whenever r may have more to come it sends what there is, as a
// stream must not wait; the end, which r may report together with its last
// bytes, sends nothing, so that a short reply leaves in one write with Finish.
// An error of r is a *SourceError, one of the client a *ConnError.
func (c *ServerConn) WriteFrom(r io.Reader) error {
	s := &c.reply
	if !s.started || s.finished || c.gone {
		return ErrState
	}
	if s.silent {
		return nil
	}
	for empty := 0; c.broken == nil; {
		free := c.free()
		s.fresh = false
		n, err := r.Read(free)
		if n < 0 || n > len(free) {
			return s.fail(io.ErrShortBuffer)
		}
		if s.wrote += int64(n); s.length >= 0 && s.wrote > s.length {
			return s.fail(ErrLength)
		}
		c.frame(n)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return s.fail(err)
		}
		if empty++; n > 0 {
			empty = 0
		}
		if empty == maxEmpty {
			return s.fail(io.ErrNoProgress)
		}
		s.full = s.full || n == len(free)
		if err := c.flush(); err != nil {
			return err
		}
	}
	return c.broken
}

// fail marks the body as cut short, so that nothing can end it properly.
func (r *reply) fail(err error) error {
	r.cut = true
	return &SourceError{err}
}

// maxEmpty is how many reads in a row may give nothing.
const maxEmpty = 100

// leastFree is the least space worth reading into.
const leastFree = 1 << 10

// sizeRoom is what is kept free for the size line of a chunk that fits a large
// buffer: four digits at most.
const sizeRoom = 4 + 2

// free is where WriteFrom reads to: behind what is held back and the room for
// a chunk's size.
func (c *ServerConn) free() []byte {
	s := &c.reply
	known := int(min(s.length-s.wrote, largeBuffer)) // below zero: not known
	if space := cap(c.out.b) - len(c.out.b) - chunkOverhead; s.full || c.wide && s.length < 0 || space < leastFree || known > space {
		c.widen()
	}
	if cap(c.out.b)-len(c.out.b)-chunkOverhead < leastFree {
		// Only a head of nearly a large buffer comes here.
		wide := &buffer{append(make([]byte, 0, len(c.out.b)+largeBuffer), c.out.b...)}
		c.out.give()
		c.out = wide
	}
	b := c.out.b[len(c.out.b):cap(c.out.b)]
	if !s.chunked {
		return b
	}
	b = b[sizeRoom : len(b)-(chunkOverhead-sizeRoom)]
	return b[:min(len(b), 0xffff)]
}

// frame takes n bytes that were read to free into what is held back.
func (c *ServerConn) frame(n int) {
	b := c.out.b
	switch {
	case n == 0:
	case !c.reply.chunked:
		c.out.b = b[:len(b)+n]
	default:
		at := len(b)
		b = appendChunkSize(b, n)
		data := b[at+sizeRoom : at+sizeRoom+n : cap(b)]
		c.out.b = append(append(b, data...), "\r\n"...) // moves a short chunk up to its size line
	}
}

// Written is how many bytes of the running reply's body were accepted so far,
// framing not counted.
func (c *ServerConn) Written() int64 { return c.reply.wrote }

// Flush sends what is held back.
func (c *ServerConn) Flush() error {
	if c.gone || c.out == nil {
		return c.broken
	}
	return c.flush()
}

func (c *ServerConn) flush() error {
	if c.broken != nil {
		return c.broken
	}
	if len(c.out.b) == 0 {
		return nil
	}
	now := c.now
	if !c.reply.fresh {
		now = time.Now()
	}
	err := c.send(c.out.b, now)
	c.out.b = c.out.b[:0]
	return err
}

// send hands bytes to the connection and remembers its failure.
func (c *ServerConn) send(p []byte, now time.Time) error {
	c.reply.fresh = false
	c.now = now
	c.in.timed.WriteBy(now.Add(c.o.Timeouts.write()))
	if _, err := c.in.nc.Write(p); err != nil {
		c.broken = &ConnError{err}
	}
	return c.broken
}

// Finish ends the reply and sends what was held back: the last chunk and the
// trailer, where the body is chunked. A body whose source failed or that is not
// as long as its head said is ErrLength, and the connection is aborted.
func (c *ServerConn) Finish(trailer *field.List) error {
	r := &c.reply
	if !r.started || r.finished || c.gone {
		return ErrState
	}
	if r.cut || !r.silent && r.length >= 0 && r.wrote != r.length {
		c.Abort()
		return ErrLength
	}
	if r.chunked {
		if err := c.endChunks(trailer); err != nil {
			c.Abort()
			return err
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	r.finished = true
	return nil
}

// Texts that are handed to a connection; a conversion there would allocate.
var (
	lastChunk = []byte("0\r\n\r\n")
	goOn      = []byte("HTTP/1.1 100 Continue\r\n\r\n")
)

func (c *ServerConn) endChunks(trailer *field.List) error {
	if trailer == nil || trailer.Len() == 0 {
		return c.hold(lastChunk)
	}
	at, lines := len(c.out.b), 2
	for range trailer.All() {
		lines++
	}
	c.out.b = AppendLastChunk(c.out.b, trailer)
	if !sound(c.out.b[at:], lines) {
		return ErrUnsound
	}
	return nil
}

// Abort ends the connection at once and without the end of the message, so
// that the client cannot take what it has for the whole.
func (c *ServerConn) Abort() {
	if c.gone {
		return
	}
	c.in.timed.Abort()
	c.retire()
}

func (c *ServerConn) retire() {
	c.gone = true
	c.in.release()
	c.out.give()
	c.out = nil
}
