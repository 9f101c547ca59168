package h1

import (
	"strconv"
	"time"
)

// maxLinger is the most that Close reads and drops.
const maxLinger = 256 << 10

// Close ends the connection. Where the client may still be sending, closing
// at once would reset the connection and could destroy the answer on its way
// (RFC 9112 section 9.6): then only the sending half is closed, and what comes
// is dropped for a bounded time. A reply that was begun and not finished is
// aborted.
func (c *ServerConn) Close() error {
	if c.gone {
		return nil
	}
	if c.reply.started && !c.reply.finished {
		c.Abort() // the end of the connection would look like the end of the body
		return nil
	}
	if c.broken == nil && (c.refused || !c.body.Done() || c.in.buffered() > 0) {
		c.lingerOn()
	}
	c.retire()
	return c.in.nc.Close()
}

func (c *ServerConn) lingerOn() {
	if tls, ok := c.in.nc.(interface{ CloseWrite() error }); ok {
		tls.CloseWrite() // close_notify; an error shows below
	}
	if !c.in.timed.CloseWrite() {
		return
	}
	c.in.timed.ReadBy(time.Now().Add(c.o.Timeouts.linger()))
	scratch := takeBuffer(smallBuffer)
	defer scratch.give()
	for dropped := 0; dropped < maxLinger; {
		n, err := c.in.timed.Read(scratch.b[:smallBuffer]) // below TLS: nobody reads the text
		if dropped += n; err != nil {
			return
		}
	}
}

// Refuse answers a head or body that could not be read, with
// "Connection: close"; Close is to follow. It does nothing where a reply has
// begun already.
func (c *ServerConn) Refuse(e *SyntaxError, body []byte, contentType string) {
	if c.reply.started || c.gone || c.broken != nil {
		return
	}
	c.SetClose()
	c.now = time.Now()
	b := appendStatusLine(nil, e.Status)
	if contentType != "" {
		b = append(append(append(b, "Content-Type: "...), contentType...), "\r\n"...)
	}
	b = append(append(append(b, "Date: "...), c.o.dateText(c.now)...), "\r\n"...)
	b = append(strconv.AppendInt(append(b, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	b = append(b, "Connection: close\r\n\r\n"...)
	b = append(b, body...)
	c.reply = reply{started: true, finished: true, closes: true}
	c.send(b, c.now)
}
