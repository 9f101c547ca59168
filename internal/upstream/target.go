package upstream

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/h1"
)

// An Address says what makes two targets the same. It is comparable.
type Address struct {
	Secure bool   // https
	Host   string // a name in lower case or an IP literal without brackets
	Port   uint16
	// ServerName is what the certificate must carry where that is not Host.
	ServerName string
	// Unverified accepts any certificate of the backend.
	Unverified bool
	// Certificate is the id of the one that the backend is shown; "": none.
	Certificate string
}

// String is scheme://host:port.
func (a Address) String() string {
	scheme := "http://"
	if a.Secure {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port)))
}

// A Target is a backend and the connections to it. All methods may be called
// concurrently.
type Target struct {
	pools *Pools
	name  string
	dialer

	conns atomic.Int32 // busy, idle and being opened; changed under mu

	mu      sync.Mutex
	idle    []*conn // the last used one last
	waiting []*waiter
	retired bool
}

// A conn is a connection to a target. Whoever took it has it alone.
type conn struct {
	h1    *h1.ClientConn
	timed *h1.Timed
	nc    net.Conn // the TLS connection over timed, or timed itself
	look  lookout
	to    netip.AddrPort
	text  string // of to
	gen   uint32 // of the addresses among which to was found
	used  time.Duration
}

// A waiter is an exchange that found all connections busy. It is handed a
// connection, or nil: the right to open one.
type waiter struct{ ready chan *conn }

var (
	errBusy   = errors.New("all connections are busy")
	errFull   = errors.New("all connections are busy, and as many calls as may wait for one do (data.backend.max_waiting)")
	errClosed = errors.New("the pools are closed")
)

func newTarget(p *Pools, a Address) *Target {
	t := &Target{pools: p, name: a.String()}
	t.dialer.init(p, a)
	return t
}

// String is scheme://host:port.
func (t *Target) String() string { return t.name }

// take returns a connection: the one that was used last, since it is the least
// likely to have been closed by the backend, or else a fresh one.
func (t *Target) take(by time.Time, now time.Duration, fresh bool) (c *conn, reused bool, err error) {
	t.refresh(now)
	var w *waiter
	for {
		if c, w, err = t.claim(fresh); c == nil {
			break
		}
		if t.usable(c, now) {
			return c, true, nil
		}
		t.drop(c)
	}
	if w != nil {
		c, err = t.wait(w, by)
	}
	if c != nil || err != nil {
		return c, c != nil, err
	}
	if c, err = t.dial(by); err != nil {
		t.yield()
		return nil, false, err
	}
	return c, false, nil
}

// claim takes what there is: an idle connection, unless a fresh one is wanted;
// else the right to open one (nil, nil, nil); else a place in the queue. It
// looks and queues under one lock, since a connection that came back in
// between would wake nobody.
func (t *Target) claim(fresh bool) (c *conn, w *waiter, err error) {
	var victim *conn
	first := false
	t.mu.Lock()
	n := len(t.idle)
	full := int(t.conns.Load()) >= t.pools.o.maxConns()
	switch {
	case n > 0 && !fresh:
		c, t.idle[n-1] = t.idle[n-1], nil
		t.idle = t.idle[:n-1]
	case t.retired:
		err = errClosed
	case full && n == 0 && len(t.waiting) >= t.pools.o.maxWaiting():
		err = errFull
	case full && n == 0:
		w = &waiter{make(chan *conn, 1)}
		t.waiting = append(t.waiting, w)
	case full: // an idle one makes room, and its place goes over
		victim, t.idle = t.idle[0], slices.Delete(t.idle, 0, 1)
	default:
		first = t.conns.Add(1) == 1
	}
	t.mu.Unlock()
	if victim != nil {
		victim.h1.Close()
	}
	if first {
		t.pools.opened(t)
	}
	return c, w, err
}

// usable reports whether an idle connection may carry another request.
func (t *Target) usable(c *conn, now time.Duration) bool {
	return now-c.used < t.pools.o.idleTimeout() && c.silent()
}

// silent reports whether nothing came behind the last reply. Bytes that nobody
// asked for condemn a connection, whatever they are: the next request would be
// answered by them, as by the body that a careless backend sends behind its
// reply to a HEAD. The look is a call of the system for each request, and it
// cannot be left out where the last one is a moment ago, since that is when such
// bytes come.
func (c *conn) silent() bool { return c.h1.Alive() && c.look.quiet() }

// wait waits for the turn of a place in the queue. The answer nil, nil is the
// right to open a connection.
func (t *Target) wait(w *waiter, by time.Time) (*conn, error) {
	timer := time.NewTimer(time.Until(by))
	defer timer.Stop()
	select {
	case c := <-w.ready:
		return c, nil
	case <-timer.C:
	}
	t.mu.Lock()
	i := slices.Index(t.waiting, w)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 { // it was served at the last moment
		return <-w.ready, nil
	}
	return nil, errBusy
}

// next unqueues the waiter that has waited longest; the caller holds mu.
func (t *Target) next() *waiter {
	if len(t.waiting) == 0 {
		return nil
	}
	w := t.waiting[0]
	t.waiting = slices.Delete(t.waiting, 0, 1)
	return w
}

// put takes back a connection that is fit for another exchange.
func (t *Target) put(c *conn, used time.Duration) {
	c.used = used
	if !t.current(c) {
		t.drop(c)
		return
	}
	t.mu.Lock()
	if w := t.next(); w != nil {
		t.mu.Unlock()
		if !c.silent() {
			c.h1.Close()
			c = nil // its place goes over
		}
		w.ready <- c
		return
	}
	if t.retired || len(t.idle) >= t.pools.o.maxIdle() {
		t.mu.Unlock()
		t.drop(c)
		return
	}
	t.idle = append(t.idle, c)
	t.mu.Unlock()
}

// drop ends a connection between two messages.
func (t *Target) drop(c *conn) {
	c.h1.Close()
	t.yield()
}

// cut ends a connection in the middle of a message by a reset, so that the
// backend cannot take what it got for the whole: no last chunk, no TLS
// close_notify. Unlike drop it never waits for the backend.
func (t *Target) cut(c *conn) {
	c.timed.Abort()
	t.yield()
}

// yield gives up a place under the cap, to the first in the queue if there is
// one.
func (t *Target) yield() {
	t.mu.Lock()
	w := t.next()
	if w == nil {
		t.conns.Add(-1)
	}
	t.mu.Unlock()
	if w != nil {
		w.ready <- nil
	}
}

// closeIdle closes the connections that nobody used since then.
func (t *Target) closeIdle(since time.Duration) {
	t.closeWhere(func(c *conn) bool { return c.used <= since })
}

// retire closes all idle connections and takes back no other.
func (t *Target) retire() {
	t.mu.Lock()
	t.retired = true
	t.mu.Unlock()
	t.closeWhere(func(*conn) bool { return true })
}

func (t *Target) closeWhere(gone func(*conn) bool) {
	var list []*conn
	t.mu.Lock()
	t.idle = slices.DeleteFunc(t.idle, func(c *conn) bool {
		if gone(c) {
			list = append(list, c)
			return true
		}
		return false
	})
	t.mu.Unlock()
	for _, c := range list {
		t.drop(c)
	}
}
