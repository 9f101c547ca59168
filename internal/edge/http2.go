package edge

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/h1"
)

// http2 serves HTTP/2 through net/http: connections that chose it by ALPN or
// that began with its preface are handed over to one http.Server.
type http2 struct {
	edge   *Edge
	server *http.Server
	in     chan net.Conn
	done   chan struct{}
	once   sync.Once // of serving
	ending sync.Once // of done: two sides close it when a first connection meets Shutdown
	conns  sync.Map  // net.Conn -> *conn, until net/http has taken it
	open   sync.Map  // net.Conn -> *listening, until net/http has closed it
}

// connKey finds the *conn in a request's context.
type connKey struct{}

// h2 limits that net/http has no default for.
const (
	maxStreams    = 250
	h2IdleTimeout = 75 * time.Second
	h2Ping        = 30 * time.Second // without a frame, after which the peer is asked whether it lives
)

func newHTTP2(e *Edge) *http2 {
	s := &http2{edge: e, in: make(chan net.Conn), done: make(chan struct{})}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s.server = &http.Server{
		Handler:   http.HandlerFunc(s.serve),
		Protocols: &protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			WriteByteTimeout:     e.h1.Timeouts.WriteStall(), // of a connection that takes nothing at all
			SendPingTimeout:      h2Ping,
		},
		ReadHeaderTimeout: handshakeTime,
		IdleTimeout:       h2IdleTimeout,
		MaxHeaderBytes:    e.o.Limits.Head,
		ErrorLog:          slog.NewLogLogger(e.o.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return e.base },
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			c, _ := s.conns.LoadAndDelete(nc)
			return context.WithValue(ctx, connKey{}, c)
		},
		ConnState: func(nc net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				s.closed(nc)
			}
		},
	}
	return s
}

// handOver gives the connection to net/http, which closes it.
func (c *conn) handOver(nc net.Conn) {
	defer c.edge.forget(c)
	s := c.edge.h2
	s.once.Do(func() {
		c.edge.working.Go(func() {
			if err := s.server.Serve(s); err != nil && !errors.Is(err, http.ErrServerClosed) {
				c.edge.o.Log.Error("HTTP/2 is served no longer", "error", err)
			}
		})
	})
	s.conns.Store(nc, c)
	s.open.Store(nc, c.listening)
	select {
	case s.in <- nc:
	case <-s.done:
		s.conns.Delete(nc)
		nc.Close()
		s.closed(nc)
	}
}

// closed takes a connection that was handed over off its listener's count.
func (s *http2) closed(nc net.Conn) {
	if l, ok := s.open.LoadAndDelete(nc); ok {
		l.(*listening).conns.Add(-1)
	}
}

// Accept, Close and Addr make http2 the listener of its own server.
func (s *http2) Accept() (net.Conn, error) {
	select {
	case nc := <-s.in:
		return nc, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *http2) Close() error {
	s.ending.Do(func() { close(s.done) })
	return nil
}

func (s *http2) Addr() net.Addr { return &net.UnixAddr{Name: "http2", Net: "handed over"} }

// shutdown begins to drain and returns a function that waits for the end.
func (s *http2) shutdown(ctx context.Context) (wait func() error) {
	result := make(chan error, 1)
	go func() {
		err := s.server.Shutdown(ctx) // closes s, sends GOAWAY
		if err != nil {
			s.server.Close()
		}
		s.Close()
		result <- err
	}()
	return func() error { return <-result }
}

// serve is the adapter: an exchange is filled from the request, answered like
// any other, and written to w. Field names are in lower case, as they were on
// the wire; net/http keeps no order among them, so they are sorted.
func (s *http2) serve(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(connKey{}).(*conn)
	if c == nil {
		panic(http.ErrAbortHandler) // unreachable: ConnContext has set it
	}
	f := &http2Front{w: w, flow: http.NewResponseController(w), times: &s.edge.o.Timeouts, limits: &s.edge.h1.Limits}
	x := s.edge.pool.take()
	x.Begin(r.Context(), time.Now())
	c.fillFrom(x, r, f)
	if err := placeHTTP2(x, r, &s.edge.h1.Limits); err != nil {
		s.edge.pool.release(x)
		status := http.StatusBadRequest
		if bad, ok := errors.AsType[*h1.SyntaxError](err); ok {
			status = bad.Status
		}
		a := c.refusal(status, err)
		w.Header().Set("Content-Type", a.ContentType)
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
		return
	}
	p := s.edge.plan.Load()
	if c.forControl(x, p) {
		s.edge.pool.release(x)
		c.inFlight.Add(1)
		defer c.inFlight.Add(-1)
		if r.Body != http.NoBody {
			r.Body = io.NopCloser(&requestBody{r: r, front: f})
		}
		c.controlPlane().ServeHTTP(w, r)
		return
	}
	if c.exchange(x, p, f) != nil {
		panic(http.ErrAbortHandler) // RST_STREAM: the client sees that something is missing
	}
}

// placeHTTP2 is place behind the checks that the HTTP/1.1 engine makes by
// itself. net/http takes a :method that is no token, and a :path with blanks
// and controls or of absolute form, and what goes on to a backend is HTTP/1.1:
// a blank in either would make another request line. It takes a malformed
// Content-Length for 0. A host field beside :authority says the same or is
// refused: RFC 9113 section 8.3.1.
func placeHTTP2(x *flow.Exchange, r *http.Request, l *h1.Limits) error {
	declared, err := l.Vet(&x.In.Head)
	if err != nil {
		return err
	}
	if declared >= 0 && declared != r.ContentLength {
		return errLength // a stream that ended with its head: RFC 9113 section 8.1.1
	}
	if x.In.Target == "" || x.In.Target[0] != '/' {
		return errTarget
	}
	for i := range len(x.In.Target) {
		if c := x.In.Target[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return errTarget
		}
	}
	if hosts := r.Header["Host"]; len(hosts) > 1 || len(hosts) == 1 && hosts[0] != r.Host {
		return errHost
	}
	return place(x)
}

// fillFrom is fill for a request of net/http.
func (c *conn) fillFrom(x *flow.Exchange, r *http.Request, f *http2Front) {
	x.In.Method, x.In.Target, x.In.Minor, x.In.Proto = r.Method, r.RequestURI, 1, r.Proto
	x.In.Header.Add("host", r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name == "Host" {
			continue // a copy of :authority
		}
		for _, v := range r.Header[name] {
			x.In.Header.Add(strings.ToLower(name), v)
		}
	}
	if r.ContentLength != 0 {
		f.body = &requestBody{r: r, front: f}
		x.In.Body = flow.Streamed(f.body, r.ContentLength)
	}
	c.identify(x)
}

// http2Front is an exchange over a stream of net/http. Its deadlines are those
// of the HTTP/1.1 engine, so that one connection of many silent streams holds
// nothing for longer than as many connections would.
type http2Front struct {
	w      http.ResponseWriter
	flow   *http.ResponseController
	times  *h1.Timeouts
	limits *h1.Limits   // of trailers
	body   *requestBody // nil: none
	end    time.Time
}

func (f *http2Front) wrote() time.Time { return f.end }

// cut has nothing to do: the stream is reset when the handler panics.
func (f *http2Front) cut() {}

func (f *http2Front) received() int64 {
	if f.body == nil {
		return 0
	}
	return f.body.read
}

// write sends the reply. Fields that belong to an HTTP/1.1 connection do not
// exist in HTTP/2: RFC 9113 section 8.2.2. net/http may write the head after
// the handler has returned, so it gets strings of its own. last has no meaning
// here: a stream is not reused.
func (f *http2Front) write(x *flow.Exchange, _ bool) error {
	h := f.w.Header()
	for i := range x.Out.Header.Len() {
		if id, name, value, ok := x.Out.Header.At(i); ok && !id.HopByHop() && id != field.ContentLength {
			h.Add(strings.Clone(name), strings.Clone(value))
		}
	}
	if n := x.Out.Body.Len(); n >= 0 && x.Out.Status != http.StatusNoContent && x.Out.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.FormatInt(n, 10))
	}
	f.mayWrite()
	f.w.WriteHeader(x.Out.Status)
	x.Event.Status = x.Out.Status
	err := f.payload(x)
	f.end = time.Now()
	return err
}

func (f *http2Front) payload(x *flow.Exchange) error {
	stream := x.Out.Body.Stream()
	if x.In.HeadOnly() {
		return nil
	}
	if stream == nil {
		n, err := f.w.Write(x.Out.Body.Bytes())
		x.Event.BytesOut = int64(n)
		if err == nil {
			err = f.flow.Flush()
		}
		return err
	}
	n, err := f.pump(stream)
	x.Event.BytesOut = n
	if err != nil {
		return err
	}
	if t := stream.Trailer(); t != nil {
		for name, value := range t.All() {
			f.w.Header().Add(http.TrailerPrefix+name, strings.Clone(value))
		}
	}
	return nil
}

// mayWrite gives the next write its time. A client that never opens its window
// would otherwise hold the backend's connection for good.
func (f *http2Front) mayWrite() {
	_ = f.flow.SetWriteDeadline(time.Now().Add(f.times.WriteStall()))
}

// pump copies a stream, and lets each piece go as soon as it is there.
func (f *http2Front) pump(stream io.Reader) (done int64, err error) {
	buf := make([]byte, 32<<10)
	for {
		n, err := stream.Read(buf)
		if n > 0 {
			f.mayWrite()
			m, werr := f.w.Write(buf[:n])
			done += int64(m)
			if werr != nil {
				return done, werr
			}
		}
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
		if err := f.flow.Flush(); err != nil {
			return done, err
		}
	}
}

// requestBody is a request of net/http as a stream, under the rules of the
// HTTP/1.1 engine for how slow it may be.
type requestBody struct {
	r       *http.Request
	front   *http2Front
	read    int64
	waited  time.Duration
	trailer field.List
	broken  error // what is wrong with the trailer
	ended   bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	now := time.Now()
	_ = b.front.flow.SetReadDeadline(b.front.times.BodyBy(now, b.read, b.waited))
	n, err := b.r.Body.Read(p)
	b.waited += time.Since(now)
	b.read += int64(n)
	if err == io.EOF && !b.ended {
		b.ended = true
		b.broken = b.readTrailer()
	}
	if err == io.EOF && b.broken != nil {
		return n, b.broken
	}
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		err = &h1.SyntaxError{Status: http.StatusRequestTimeout, Reason: "request body came too slowly"}
	}
	return n, err
}

func (b *requestBody) Close() error { return b.r.Body.Close() }

func (b *requestBody) Trailer() *field.List {
	if !b.ended || len(b.r.Trailer) == 0 {
		return nil
	}
	return &b.trailer
}

// readTrailer takes the trailer from net/http, which refuses little there, under
// the rules of the HTTP/1.1 engine: it goes on to a backend in chunks.
func (b *requestBody) readTrailer() error {
	for _, name := range slices.Sorted(maps.Keys(b.r.Trailer)) {
		for _, v := range b.r.Trailer[name] {
			b.trailer.Add(strings.ToLower(name), v)
		}
	}
	return b.front.limits.VetTrailer(&b.trailer)
}
