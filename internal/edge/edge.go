// Package edge is the front door: it accepts connections, speaks HTTP/1.1 and
// HTTP/2, finds out who is calling from where, hands each request to the plan
// in force or to a control plane, writes the reply and reports it.
package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/observe"
	"gatehouse/internal/plan"
)

// Options are what all listeners of an Edge share. They do not change once New
// has seen them.
type Options struct {
	// Control answers what is meant for a control plane, guarded against
	// accidental calls by whoever made it. Nil: nothing is.
	Control http.Handler
	// Sinks are told of each ended exchange of the data plane, in order.
	Sinks observe.Sinks
	// Trails lends a Trail to each exchange of the data plane while somebody
	// listens: one of the Sinks, which reads it at the end. It may be nil.
	Trails *flow.Trails
	// InFlight is told of requests that begin (+1) and end (-1). It may be nil.
	InFlight func(listener string) Gauge
	// Refused is told of requests that are refused before they are exchanges,
	// since they are no HTTP, too large or too slow. It may be nil.
	Refused  func(listener string, status int)
	Log      *slog.Logger
	Limits   gate.Limits
	Timeouts h1.Timeouts
}

// A Gauge counts up and down. Add must not block.
type Gauge interface{ Add(delta int64) }

// A Listen describes one listener.
type Listen struct {
	Name string // for metrics and logs
	// Data and Control say which planes answer here.
	Data, Control bool
	// PathAddresses adds the forms /_aws/execute-api/{api}/{stage}/... and
	// /restapis/{api}/{stage}/_user_request_/... to the Host forms.
	PathAddresses bool
	// TLS, when set, is spoken on every connection; HTTP/2 is offered by ALPN.
	TLS *tls.Config
	// Trust lists the peers that may say whom they speak for, by
	// X-Forwarded-For and -Proto or by the PROXY protocol.
	Trust []netip.Prefix
	// ProxyProtocol demands a PROXY protocol v2 header on every connection,
	// and takes it from trusted peers only.
	ProxyProtocol bool
	// MaxConns is how many connections are open here at a time; 65,536 where it
	// is 0. One more is told 503, where it speaks in the clear, and closed.
	MaxConns int
}

// An Edge serves any number of listeners until Shutdown. Its methods may be
// called concurrently.
type Edge struct {
	o      Options
	h1     h1.ServerOptions
	plan   atomic.Pointer[plan.Plan]
	find   func(*plan.Plan, *flow.Exchange) (flow.Handler, error)
	pool   pool
	quiet  quiet
	h2     *http2
	base   context.Context
	cancel context.CancelFunc

	mu        sync.Mutex
	conns     map[*conn]struct{}
	listeners map[net.Listener]struct{}
	closed    bool
	working   sync.WaitGroup // connections
}

// New makes an Edge that serves an empty plan until Publish brings one.
func New(o Options) *Edge {
	e := &Edge{o: o, conns: map[*conn]struct{}{}, listeners: map[net.Listener]struct{}{}}
	e.h1.Limits = h1.Limits{HeadBytes: o.Limits.Head, Fields: o.Limits.Fields, LineBytes: lineBytes(o.Limits.URL)}
	e.h1.Timeouts = o.Timeouts
	if e.o.Refused == nil {
		e.o.Refused = func(string, int) {}
	}
	if e.o.Control == nil {
		e.o.Control = http.HandlerFunc(noControl)
	}
	e.base, e.cancel = context.WithCancel(context.Background())
	e.plan.Store(&plan.Plan{})
	e.find = (*plan.Plan).Find
	e.h2 = newHTTP2(e)
	return e
}

// lineBytes bounds a request target of any API: what REST APIs take, and the
// prefix of the path form before it, but no less than the default.
func lineBytes(url int) int { return max(16<<10, url+1<<10) }

// noControl answers what only a control plane could where there is none.
func noControl(w http.ResponseWriter, _ *http.Request) {
	r := gate.Fail(gate.ResourceNotFound, nil).Render(gate.HTTP)
	w.Header().Set("Content-Type", r.ContentType)
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body)
}

// Publish makes p the plan of all requests that begin from now on. Requests in
// flight end on the one that they began with.
func (e *Edge) Publish(p *plan.Plan) { e.plan.Store(p) }

// Plan is the plan in force.
func (e *Edge) Plan() *plan.Plan { return e.plan.Load() }

// Serve accepts connections until the listener fails or Shutdown closes it,
// and returns nil in the latter case.
func (e *Edge) Serve(l net.Listener, c Listen) error {
	if !e.listen(l) {
		return l.Close()
	}
	s := newListening(e, c)
	for {
		nc, err := l.Accept()
		if err == nil {
			s.accept(nc)
			continue
		}
		if e.isClosed() {
			return nil
		}
		var wait net.Error
		if !errors.As(err, &wait) || !wait.Timeout() && !temporary(err) {
			return err
		}
		// Out of descriptors, or a connection that was gone before it was
		// taken: the others are served on.
		e.o.Log.Warn("a connection could not be accepted; trying again", "listener", c.Name, "error", err)
		time.Sleep(acceptPause)
	}
}

// acceptPause is how long accepting rests after a passing failure.
const acceptPause = 20 * time.Millisecond

func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}

func (e *Edge) listen(l net.Listener) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.listeners[l] = struct{}{}
	return true
}

func (e *Edge) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// Shutdown drains: listeners close, waiting connections end, requests in
// flight finish with "Connection: close" (GOAWAY on HTTP/2). What is not done
// when ctx ends is cut off, and ctx's error returned; a handler that waits for
// a silent backend may then still be running.
func (e *Edge) Shutdown(ctx context.Context) error {
	e.h1.Draining.Store(true)
	e.mu.Lock()
	e.closed = true
	for l := range e.listeners {
		l.Close()
	}
	for c := range e.conns {
		c.drain()
	}
	e.mu.Unlock()
	h2done := e.h2.shutdown(ctx)
	done := make(chan struct{})
	go func() { e.working.Wait(); close(done) }()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
		e.abort()
		select {
		case <-done:
		case <-time.After(cutGrace):
		}
	}
	e.cancel()
	return errors.Join(err, h2done())
}

// cutGrace is how long a cut-off request has to notice.
const cutGrace = 500 * time.Millisecond

func (e *Edge) abort() {
	e.cancel()
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		c.nc.Abort()
	}
}

// track notes a connection, unless the edge is closed already.
func (e *Edge) track(c *conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.conns[c] = struct{}{}
	e.working.Add(1)
	return true
}

func (e *Edge) forget(c *conn) {
	e.mu.Lock()
	delete(e.conns, c)
	e.mu.Unlock()
	e.working.Done()
}
