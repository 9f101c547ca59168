package upstream

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
)

// defaultTimeout bounds a call that nothing else bounds.
const defaultTimeout = 30 * time.Second

// Do sends the call with the exchange's request body and puts the reply into
// x.Out, the body as a stream that holds the connection until it is read to
// its end or closed.
//
// x.Deadline bounds the wait for a connection, opening it, sending, and the
// wait for the reply's head. Time spent waiting for the client's own body moves
// it, and so does what a body is longer than AWS allows, at a second a MiB.
// Behind the head the reply's body may take as long as it keeps coming.
//
// The error is a *gate.Fault, or a *flow.BodyError with what reading the
// client's body returned. x.Event.Backend, Reused and Retry tell what happened
// either way. When the backend answered before it had read the whole request,
// the rest of x.In.Body is left unread, and x.Out.Last set: the client's
// connection has to end with the reply.
func (t *Target) Do(x *flow.Exchange, k *Call) error {
	if err := t.pools.prepare(x, k); err != nil {
		return err
	}
	x.Event.Backend = flow.Backend{Called: true, Target: t.name}
	if err := t.call(x, k); err != nil {
		return t.fault(x, k, err)
	}
	answered(x)
	return nil
}

// prepare is what comes before any backend is called, whatever answers then: it
// empties the reply, reads what is to be read of the client's body first, and
// starts the clock. The error is a *flow.BodyError.
func (p *Pools) prepare(x *flow.Exchange, k *Call) error {
	x.Out.Clear()
	x.Out.Body = flow.Body{}
	if err := k.frame(x); err != nil {
		return &flow.BodyError{Err: err}
	}
	k.begun = p.now()
	p.limit(x, k)
	return nil
}

// answered notes the status of a backend that answered.
func answered(x *flow.Exchange) {
	b := &x.Event.Backend
	if b.Status = x.Out.Status; b.Status >= 500 {
		b.Failure = flow.Status5xx
	}
	if x.Trail != nil {
		x.Trail.Add(flow.BackendAnswer, strconv.Itoa(b.Status), b.Latency.String())
	}
}

// limit sets x.Deadline to the earlier one of itself and the call's timeout.
func (p *Pools) limit(x *flow.Exchange, k *Call) {
	if k.Timeout == 0 && x.Deadline.IsZero() {
		k.Timeout = defaultTimeout
	}
	if k.Timeout == 0 {
		return
	}
	by := p.base.Add(k.begun + k.Timeout)
	if x.Deadline.IsZero() || by.Before(x.Deadline) {
		x.Deadline = by
	}
}

// call makes one attempt, and a second one where the first met a connection
// that had died in the pool. The second asks for a fresh connection, but at the
// cap takes what another exchange gives back: it is the last one either way.
func (t *Target) call(x *flow.Exchange, k *Call) error {
	for again := false; ; again = true {
		c, reused, err := t.take(x.Deadline, k.begun, again)
		if err != nil {
			return err
		}
		x.Event.Reused = reused
		if x.Trail != nil {
			x.Trail.Add(flow.TargetCalled, c.text, freshness(reused))
		}
		sent, err := t.attempt(x, k, c, reused)
		if err == nil {
			return nil
		}
		t.cut(c)
		if again || !reused || !stale(err) || !k.repeatable(sent) {
			return err
		}
		x.Event.Retry = true
	}
}

func freshness(reused bool) string {
	if reused {
		return "reused"
	}
	return "fresh"
}

// stale reports whether an error says that the connection ended before the
// first byte of a reply.
func stale(err error) bool {
	return errors.Is(err, h1.ErrStale) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// attempt sends the call on one connection and reads the head of the reply.
// On an error the caller ends the connection; sent says whether any byte left.
func (t *Target) attempt(x *flow.Exchange, k *Call, c *conn, reused bool) (sent bool, err error) {
	c.h1.WriteBy(x.Deadline)
	c.h1.ReadBy(x.Deadline)
	n, err := send(c, k)
	if err != nil && !reused {
		err = t.rescue(x, k, c, err)
		return n > 0, err
	}
	if err != nil {
		// What may wait to be read there is the backend's farewell to an idle
		// connection (408, say), and no answer to this request.
		return n > 0, err
	}
	if k.rest != restNone {
		return true, t.upload(x, k, c)
	}
	if err := c.h1.ReadHead(&x.Out.ReplyHead, k.Method); err != nil {
		return true, err
	}
	t.deliver(x, k, c, true)
	return true, nil
}

// send writes the head, and with it the end of a request that has no more.
func send(c *conn, k *Call) (int, error) {
	if k.rest == restNone {
		return c.h1.Send(k.Head)
	}
	return c.h1.Write(k.Head)
}

// deliver puts the body of a reply whose head was read into x.Out. whole says
// that the request was sent to its end, without which neither the connection
// nor, with a body unread, the client's is used again.
func (t *Target) deliver(x *flow.Exchange, k *Call, c *conn, whole bool) {
	if !whole && x.In.Body.Stream() != nil {
		x.Out.Last = true
	}
	now := t.pools.now()
	x.Event.Backend.Latency = now - k.begun
	body := c.h1.Body()
	if body.Done() {
		t.finish(c, whole, now)
		x.Out.Body = bodiless(x, k)
		return
	}
	l := t.pools.legs.Get().(*leg)
	*l = leg{target: t, conn: c, x: x, whole: whole, now: now}
	x.Out.Body = flow.Streamed(l, body.Len())
	x.AtEnd(l)
}

// finish takes back a connection whose reply was read to its end.
func (t *Target) finish(c *conn, whole bool, now time.Duration) {
	if whole && c.h1.Reusable() {
		t.put(c, now)
		return
	}
	if whole {
		t.drop(c)
		return
	}
	t.cut(c)
}

// bodiless is the body of a reply that has none. The reply to a HEAD, and a
// 304, may declare the length of the body that a GET would get; it is the Len
// of a stream that ends at once, or Unknown where none was declared. A client
// that asked for a body, and whose request became a HEAD on the way, would wait
// for it.
func bodiless(x *flow.Exchange, k *Call) flow.Body {
	if x.Out.Status != 304 && (k.Method != "HEAD" || !x.In.HeadOnly()) {
		return flow.Body{}
	}
	return flow.Streamed(void{}, declared(x))
}

// fault turns the failure of a call into what the client gets, and notes it.
func (t *Target) fault(x *flow.Exchange, k *Call, err error) error {
	var client *flow.BodyError
	if errors.As(err, &client) {
		return client
	}
	kind, failure := classify(err)
	if isTimeout(err) && !time.Now().Before(x.Deadline) {
		kind, failure = gate.IntegrationTimeout, flow.Timeout
	}
	x.Out.Clear() // a head that was read in part
	x.Event.Backend.Failure, x.Event.Backend.Latency = failure, t.pools.now()-k.begun
	if x.Trail != nil {
		x.Trail.Add(flow.BackendAnswer, failure.String(), err.Error())
	}
	return gate.Failf(kind, "%s %s: %w", k.Method, t.name, err)
}

// classify sorts the failures of a call.
func classify(err error) (gate.Kind, flow.Failure) {
	var syntax *h1.SyntaxError
	var connect *connectError
	switch {
	case errors.As(err, &connect) && connect.secure:
		return gate.IntegrationFailure, flow.TLSFailure
	case connect != nil, errors.Is(err, errFull):
		return gate.IntegrationFailure, flow.Connect
	case errors.Is(err, errBusy), isTimeout(err):
		return gate.IntegrationTimeout, flow.Timeout
	case errors.As(err, &syntax):
		return gate.IntegrationMalformed, flow.Malformed
	}
	return gate.IntegrationFailure, flow.Reset
}
