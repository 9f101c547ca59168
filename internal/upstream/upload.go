package upstream

import (
	"errors"
	"io"
	"sync"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/h1"
)

// An upload sends a long body while a goroutine of its own listens for a reply
// that comes early. The listener touches the connection's reading half and the
// upload's own memory, never the exchange.
type upload struct {
	reply h1.ReplyHead
	err   error
	done  chan struct{} // one token: the listener has ended
	buf   []byte
	frame []byte // a chunk in wire form

	mu       sync.Mutex
	answered bool // a reply's head is there while the body is still being sent
}

const (
	uploadBuffer = 32 << 10
	// patience is how long a write may stand still once an answer is there. A
	// backend that answers early and reads on gets the whole body; one that
	// stops reading does not hold its own answer back.
	patience = 250 * time.Millisecond
	// afterglow is how long an answer is waited for once the backend has
	// stopped taking the request.
	afterglow = time.Second
)

func newUpload() *upload {
	return &upload{done: make(chan struct{}, 1), buf: make([]byte, uploadBuffer)}
}

// upload sends what is left of the request and reads the head of the reply.
func (t *Target) upload(x *flow.Exchange, k *Call, c *conn) error {
	u := t.pools.uploads.Get().(*upload)
	defer u.free(t.pools)
	c.h1.ReadBy(time.Time{})
	go u.listen(c, k.Method)
	err := u.send(x, k, c)
	var client *flow.BodyError
	switch {
	case errors.As(err, &client):
		c.timed.Abort() // wakes the listener; the caller's cut follows
	case err != nil:
		c.timed.SetReadDeadline(earlier(x.Deadline, time.Now().Add(afterglow)))
	default:
		c.timed.SetReadDeadline(x.Deadline)
	}
	<-u.done
	if client != nil {
		return err
	}
	if u.err != nil {
		if err != nil && !isTimeout(err) {
			return err
		}
		return u.err
	}
	x.Out.ReplyHead, u.reply = u.reply, x.Out.ReplyHead
	t.deliver(x, k, c, err == nil)
	return nil
}

func (u *upload) free(p *Pools) {
	u.reply = h1.ReplyHead{}
	u.err, u.answered = nil, false
	p.uploads.Put(u)
}

// listen reads the head of the reply, however early it comes.
func (u *upload) listen(c *conn, method string) {
	u.err = c.h1.ReadHead(&u.reply, method)
	u.mu.Lock()
	u.answered = true
	c.timed.SetWriteDeadline(time.Now().Add(patience)) // reaches a write that stands still
	u.mu.Unlock()
	u.done <- struct{}{}
}

// send sends the rest of the body.
func (u *upload) send(x *flow.Exchange, k *Call, c *conn) error {
	if k.rest == restBytes {
		return u.sendBytes(x, k, c)
	}
	s := x.In.Body.Stream()
	left := x.In.Body.Len() - int64(k.led)
	for sent := int64(k.led); ; {
		n, err := pull(x, u.buf)
		if err != nil && err != io.EOF {
			return &flow.BodyError{Err: err}
		}
		lendLength(x, sent, int64(n))
		sent += int64(n)
		if k.rest == restChunked {
			u.frame = h1.AppendChunk(u.frame[:0], u.buf[:n])
			if err == io.EOF {
				u.frame = h1.AppendLastChunk(u.frame, s.Trailer())
			}
		} else if left -= int64(n); left < 0 || err == io.EOF && left > 0 {
			return &flow.BodyError{Err: errLength}
		}
		if werr := u.write(x, c, u.piece(k, n)); werr != nil {
			return werr
		}
		if err == io.EOF {
			return nil
		}
	}
}

// sendBytes sends a payload in pieces, so that each write that moves on gets
// its patience.
func (u *upload) sendBytes(x *flow.Exchange, k *Call, c *conn) error {
	for sent := 0; sent < len(k.payload); {
		n := min(len(k.payload)-sent, 2*uploadBuffer)
		lendLength(x, int64(sent), int64(n))
		if err := u.write(x, c, k.payload[sent:sent+n]); err != nil {
			return err
		}
		sent += n
	}
	return nil
}

var errLength = errors.New("not as long as was declared")

// piece is what to write for n bytes of the body.
func (u *upload) piece(k *Call, n int) []byte {
	if k.rest == restChunked {
		return u.frame
	}
	return u.buf[:n]
}

// write sends p under the deadline, or under patience where an answer is there.
func (u *upload) write(x *flow.Exchange, c *conn, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	by := x.Deadline
	u.mu.Lock()
	if u.answered {
		by = earlier(by, time.Now().Add(patience))
	}
	c.h1.WriteBy(by)
	u.mu.Unlock()
	_, err := c.h1.Write(p)
	return err
}

// rescue looks, after the first write has failed, for an answer that the
// backend gave before it hung up, such as 408 or 503 on a fresh connection.
func (t *Target) rescue(x *flow.Exchange, k *Call, c *conn, failed error) error {
	if isTimeout(failed) {
		return failed
	}
	c.h1.ReadBy(earlier(x.Deadline, time.Now().Add(afterglow)))
	if err := c.h1.ReadHead(&x.Out.ReplyHead, k.Method); err != nil {
		x.Out.Clear()
		return failed
	}
	t.deliver(x, k, c, false)
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
