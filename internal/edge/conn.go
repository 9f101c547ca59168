package edge

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/mapping"
)

// listening is one listener as its connections see it.
type listening struct {
	Listen
	edge     *Edge
	inFlight Gauge
	conns    atomic.Int64 // open
}

func newListening(e *Edge, c Listen) *listening {
	s := &listening{Listen: c, edge: e, inFlight: noGauge{}}
	if e.o.InFlight != nil {
		s.inFlight = e.o.InFlight(c.Name)
	}
	if s.TLS != nil {
		s.TLS = s.TLS.Clone()
		s.TLS.NextProtos = []string{"h2", "http/1.1"}
	}
	return s
}

type noGauge struct{}

func (noGauge) Add(int64) {}

// conn is one connection of a client.
type conn struct {
	*listening
	nc    *h1.Timed
	h1    *h1.ServerConn
	tls   *tls.ConnectionState
	peer  netip.AddrPort
	local netip.AddrPort
}

// handshakeTime bounds a PROXY header and a TLS handshake together.
const handshakeTime = 10 * time.Second

func (s *listening) accept(nc net.Conn) {
	if s.conns.Add(1) > int64(cmp.Or(s.MaxConns, maxConns)) {
		s.conns.Add(-1)
		s.turnAway(nc)
		return
	}
	c := &conn{listening: s, nc: h1.NewTimed(nc), peer: addrPort(nc.RemoteAddr()), local: addrPort(nc.LocalAddr())}
	if !s.edge.track(c) {
		s.conns.Add(-1)
		nc.Close()
		return
	}
	go c.open()
}

// maxConns is the default of Listen.MaxConns.
const maxConns = 1 << 16

// turnAway ends a connection that is one too many. What is said fits the socket,
// which nobody has written to yet, so that accepting does not wait for it.
func (s *listening) turnAway(nc net.Conn) {
	s.edge.o.Refused(s.Name, http.StatusServiceUnavailable)
	if s.TLS == nil {
		r := (&gate.Fault{Kind: gate.IntegrationFailure}).Render(gate.HTTP)
		_ = nc.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = fmt.Fprintf(nc, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", r.ContentType, len(r.Body), r.Body)
	}
	nc.Close()
}

// leave is the end of a connection that net/http does not have.
func (c *conn) leave() {
	c.listening.conns.Add(-1)
	c.edge.forget(c)
}

// open does what comes before the first request, then serves. A handshake runs
// on a goroutine of its own that ends with it, since its deep stack would
// otherwise stay with the connection while it idles.
func (c *conn) open() {
	nc, err := c.greet()
	if err != nil {
		c.nc.Close()
		c.leave()
		if !errors.Is(err, io.EOF) {
			c.edge.o.Log.Debug("a connection was refused before its first request", "listener", c.Name, "peer", c.peer, "error", err)
		}
		return
	}
	if c.tls != nil && c.tls.NegotiatedProtocol == "h2" {
		c.handOver(nc)
		return
	}
	c.attach(h1.NewServerConn(nc, &c.edge.h1))
	if c.tls != nil {
		go c.serve()
		return
	}
	c.serve()
}

// greet reads the PROXY header and shakes hands, as the listener demands.
func (c *conn) greet() (net.Conn, error) {
	if !c.ProxyProtocol && c.TLS == nil {
		return c.nc, nil
	}
	by := time.Now().Add(handshakeTime)
	c.nc.ReadBy(by)
	c.nc.WriteBy(by)
	if c.ProxyProtocol {
		if err := c.readProxy(); err != nil {
			return nil, err
		}
	}
	if c.TLS == nil {
		return c.nc, nil
	}
	t := tls.Server(c.nc, c.TLS)
	if err := t.HandshakeContext(c.edge.base); err != nil {
		return nil, err
	}
	state := t.ConnectionState()
	c.tls = &state
	return t, nil
}

// attach lets Shutdown drain the connection from now on.
func (c *conn) attach(s *h1.ServerConn) {
	c.edge.mu.Lock()
	defer c.edge.mu.Unlock()
	c.h1 = s
	if c.edge.closed {
		s.Drain()
	}
}

// drain is called by Shutdown, which holds the edge's lock.
func (c *conn) drain() {
	if c.h1 != nil {
		c.h1.Drain()
	}
}

// serve answers requests until the connection ends. It is called anew, on a
// fresh goroutine, each time that the connection has been quiet for a while.
func (c *conn) serve() {
	for {
		if err := c.h1.Wait(); err == h1.ErrQuiet {
			c.edge.quiet.note()
			go c.serve()
			return
		} else if err != nil {
			break
		}
		again, err := c.request()
		if err == h1.ErrPreface {
			c.handOver(c.h1.Hijack())
			return
		}
		if !again {
			break
		}
	}
	c.h1.Close()
	c.leave()
}

// request reads one request and answers it. again says whether the connection
// takes another one.
func (c *conn) request() (again bool, err error) {
	x := c.edge.pool.take()
	if err := c.h1.ReadHead(&x.In.Head); err != nil {
		c.edge.pool.release(x)
		return false, c.refuse(err)
	}
	c.fill(x)
	if err := place(x); err != nil {
		c.edge.pool.release(x)
		return false, c.refuse(&h1.SyntaxError{Status: http.StatusBadRequest, Reason: err.Error()})
	}
	p := c.edge.plan.Load()
	if c.forControl(x, p) {
		again = c.control(x)
		c.edge.pool.release(x)
		return again, nil
	}
	if c.exchange(x, p, (*http1)(c)) != nil {
		return false, nil
	}
	return c.h1.Next(), nil
}

// refuse answers a head that cannot be served and returns what is left to do:
// ErrPreface for a client of HTTP/2, nil otherwise.
func (c *conn) refuse(err error) error {
	if err == h1.ErrPreface {
		return err
	}
	if bad, ok := errors.AsType[*h1.SyntaxError](err); ok {
		r := c.refusal(bad.Status, err)
		c.h1.Refuse(bad, r.Body, r.ContentType)
	}
	return nil
}

// refusal counts a request that is refused at the door and renders the answer.
func (c *conn) refusal(status int, err error) gate.Rendered {
	c.edge.o.Refused(c.Name, status)
	c.edge.o.Log.Debug("a malformed request was refused", "listener", c.Name, "peer", c.peer, "status", status, "error", err)
	return (&gate.Fault{Kind: gate.BadRequestParameters, Status: status, Err: err}).Render(gate.HTTP)
}

// fill copies into the exchange what the connection knows.
func (c *conn) fill(x *flow.Exchange) {
	x.Begin(c.edge.base, c.h1.Start())
	x.In.Proto = "HTTP/1.1"
	if x.In.Minor == 0 {
		x.In.Proto = "HTTP/1.0"
	}
	if b := c.h1.Body(); b.Len() != 0 {
		x.In.Body = flow.Streamed(b, b.Len())
	}
	c.identify(x)
}

// identify fills in who calls and how, for both versions of HTTP.
func (c *conn) identify(x *flow.Exchange) {
	x.In.Peer, x.In.Listen, x.In.TLS = c.peer, c.local, c.tls
	x.In.Scheme = "http"
	if c.tls != nil {
		x.In.Scheme = "https"
	}
	x.In.Source = c.peer.Addr()
	if c.trusted(x.In.Source) {
		believe(x, c.Trust)
	}
}

// http1 is an exchange over the connection's HTTP/1.1 engine.
type http1 conn

func (f *http1) received() int64  { return f.h1.Body().Delivered() }
func (f *http1) wrote() time.Time { return f.h1.Flushed() }

func (f *http1) cut() { f.h1.Abort() }

func (f *http1) write(x *flow.Exchange, last bool) error {
	if last || x.Out.Last {
		f.h1.SetClose()
	}
	err := f.reply(x)
	if err != nil {
		f.h1.Abort()
	}
	return err
}

func (f *http1) reply(x *flow.Exchange) error {
	err := f.head(x)
	if err == h1.ErrUnsound {
		mapping.Fail(x, gate.Fail(gate.Internal, err))
		err = f.head(x)
	}
	if err != nil {
		return err
	}
	x.Event.Status = x.Out.Status
	stream := x.Out.Body.Stream()
	if stream == nil || x.In.HeadOnly() {
		n, err := f.h1.Write(x.Out.Body.Bytes())
		x.Event.BytesOut = int64(n)
		if err != nil {
			return err
		}
		return f.h1.Finish(nil)
	}
	err = f.h1.WriteFrom(stream)
	x.Event.BytesOut = f.h1.Written()
	if err != nil {
		return err
	}
	return f.h1.Finish(stream.Trailer())
}

func (f *http1) head(x *flow.Exchange) error {
	return f.h1.WriteHead(&h1.ReplyOut{
		Status: x.Out.Status, Fields: &x.Out.Header,
		Length: x.Out.Body.Len(), NoBody: x.In.HeadOnly(),
	})
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String()) // a pipe in a test has none
	return ap
}
