package upstream

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/h1"
)

// A leg is the body of a reply on its way from a connection to the client. It
// belongs to its exchange and goes back to its pool only when that has ended,
// so that a Close that comes late meets nobody else's connection.
type leg struct {
	target *Target
	conn   *conn // nil once it was given back or ended
	x      *flow.Exchange
	whole  bool          // the request was sent to its end
	now    time.Duration // of the last look at the clock; 0: too long ago
	err    error
}

var errLegClosed = errors.New("read of a reply body that was closed")

// Read implements flow.Stream.
func (l *leg) Read(p []byte) (int, error) {
	if l.conn == nil {
		return 0, l.err
	}
	body := l.conn.h1.Body()
	if len(body.Buffered()) == 0 {
		l.now = 0
		l.conn.h1.ReadBy(time.Now().Add(l.target.pools.o.stall()))
	}
	n, err := body.Read(p)
	switch {
	case err == nil:
	case err == io.EOF:
		l.err = io.EOF
		if body.Trailer() == nil {
			l.release()
		}
	default:
		l.fail(err)
		err = l.err
	}
	return n, err
}

// Trailer implements flow.Stream. Trailer fields keep the connection until the
// exchange ends, since they lie in its memory.
func (l *leg) Trailer() *field.List {
	if l.conn == nil {
		return nil
	}
	return l.conn.h1.Body().Trailer()
}

// Close implements flow.Stream.
func (l *leg) Close() error {
	if l.conn == nil {
		return nil
	}
	if l.conn.h1.Body().Done() {
		l.release()
		return nil
	}
	l.target.cut(l.conn)
	l.conn, l.err = nil, errLegClosed
	return nil
}

// End implements flow.Ender.
func (l *leg) End(x *flow.Exchange) {
	l.Close()
	if x.Out.Body.Stream() != nil {
		x.Out.Body = flow.Body{} // nobody may reach this leg from here on
	}
	legs := &l.target.pools.legs
	*l = leg{err: errLegClosed}
	legs.Put(l)
}

func (l *leg) release() {
	if l.now == 0 {
		l.now = l.target.pools.now()
	}
	l.target.finish(l.conn, l.whole, l.now)
	l.conn = nil
}

// fail ends the connection and notes why the reply is cut short.
func (l *leg) fail(err error) {
	_, l.x.Event.Backend.Failure = classify(err)
	l.err = fmt.Errorf("reply body from %s: %w", l.target.name, err)
	l.target.cut(l.conn)
	l.conn = nil
}

// void is the stream of a body that is not sent.
type void struct{}

func (void) Read([]byte) (int, error) { return 0, io.EOF }
func (void) Close() error             { return nil }
func (void) Trailer() *field.List     { return nil }

// declared is the Content-Length of a reply without a body.
func declared(x *flow.Exchange) int64 {
	text, ok := x.Out.Header.Lookup(field.ContentLength)
	if !ok {
		return flow.Unknown
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return flow.Unknown
	}
	return n
}

var _ flow.Stream = (*h1.Body)(nil) // the edge hands it in as a request body
