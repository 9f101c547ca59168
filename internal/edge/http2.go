package edge

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// http2 serves HTTP/2 through net/http: connections that chose it by ALPN or
// that began with its preface are handed over to one http.Server.
type http2 struct {
	edge   *Edge
	server *http.Server
	in     chan net.Conn
	done   chan struct{}
	once   sync.Once
	conns  sync.Map // net.Conn -> *conn, until net/http has taken it
}

// connKey finds the *conn in a request's context.
type connKey struct{}

// h2 limits that net/http has no default for.
const (
	maxStreams    = 250
	h2IdleTimeout = 75 * time.Second
)

func newHTTP2(e *Edge) *http2 {
	s := &http2{edge: e, in: make(chan net.Conn), done: make(chan struct{})}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		Protocols:         &protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ReadHeaderTimeout: handshakeTime,
		IdleTimeout:       h2IdleTimeout,
		MaxHeaderBytes:    e.o.Limits.Head,
		ErrorLog:          slog.NewLogLogger(e.o.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return e.base },
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			c, _ := s.conns.LoadAndDelete(nc)
			return context.WithValue(ctx, connKey{}, c)
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
	select {
	case s.in <- nc:
	case <-s.done:
		s.conns.Delete(nc)
		nc.Close()
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
	select {
	case <-s.done:
	default:
		close(s.done)
	}
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
		http.Error(w, "no connection", http.StatusInternalServerError) // unreachable: ConnContext has set it
		return
	}
	e := s.edge
	x := e.pool.take()
	start := time.Now()
	x.Begin(r.Context(), start)
	body := c.fillFrom(x, r)
	if err := placeHTTP2(x); err != nil {
		e.pool.release(x)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if c.forControl(x) {
		e.pool.release(x)
		e.o.Control.ServeHTTP(w, r)
		return
	}
	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	sound := e.answer(x)
	err := writeHTTP2(x, w)
	x.Out.Body.Close()
	x.End()
	if body != nil {
		x.Event.BytesIn = body.read
	}
	x.Event.Aborted = err
	e.report(x, time.Now())
	if sound {
		e.pool.release(x)
	}
	if err != nil {
		panic(http.ErrAbortHandler) // RST_STREAM: the client sees that something is missing
	}
}

// placeHTTP2 is place behind the check of the target that the HTTP/1.1 engine
// makes by itself: net/http takes a :path with blanks and controls, and what
// goes on to a backend is HTTP/1.1.
func placeHTTP2(x *flow.Exchange) error {
	for i := range len(x.In.Target) {
		if c := x.In.Target[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return errTarget
		}
	}
	return place(x)
}

// fillFrom is fill for a request of net/http. body is nil where there is none.
func (c *conn) fillFrom(x *flow.Exchange, r *http.Request) (body *requestBody) {
	x.In.Method, x.In.Target, x.In.Minor, x.In.Proto = r.Method, r.RequestURI, 1, r.Proto
	x.In.Header.Add("host", r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			x.In.Header.Add(strings.ToLower(name), v)
		}
	}
	if r.ContentLength != 0 {
		body = &requestBody{r: r}
		x.In.Body = flow.Streamed(body, r.ContentLength)
	}
	c.identify(x)
	return body
}

// requestBody is a request of net/http as a stream.
type requestBody struct {
	r       *http.Request
	read    int64
	trailer field.List
	ended   bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.r.Body.Read(p)
	b.read += int64(n)
	b.ended = b.ended || err == io.EOF
	return n, err
}

func (b *requestBody) Close() error { return b.r.Body.Close() }

func (b *requestBody) Trailer() *field.List {
	if !b.ended || len(b.r.Trailer) == 0 {
		return nil
	}
	b.trailer.Reset()
	for _, name := range slices.Sorted(maps.Keys(b.r.Trailer)) {
		for _, v := range b.r.Trailer[name] {
			b.trailer.Add(strings.ToLower(name), v)
		}
	}
	return &b.trailer
}

// writeHTTP2 writes the reply to w. Fields that belong to an HTTP/1.1
// connection do not exist in HTTP/2: RFC 9113 section 8.2.2. net/http may write
// the head after the handler has returned, so it gets strings of its own.
func writeHTTP2(x *flow.Exchange, w http.ResponseWriter) error {
	h := w.Header()
	for i := range x.Out.Header.Len() {
		if id, name, value, ok := x.Out.Header.At(i); ok && !id.HopByHop() && id != field.ContentLength {
			h.Add(strings.Clone(name), strings.Clone(value))
		}
	}
	if n := x.Out.Body.Len(); n >= 0 && x.Out.Status != http.StatusNoContent && x.Out.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.FormatInt(n, 10))
	}
	w.WriteHeader(x.Out.Status)
	x.Event.Status = x.Out.Status
	if x.In.Method == http.MethodHead {
		return nil
	}
	stream := x.Out.Body.Stream()
	if stream == nil {
		n, err := w.Write(x.Out.Body.Bytes())
		x.Event.BytesOut = int64(n)
		return err
	}
	n, err := pump(w, stream)
	x.Event.BytesOut = n
	if err != nil {
		return err
	}
	if t := stream.Trailer(); t != nil {
		for name, value := range t.All() {
			h.Add(http.TrailerPrefix+name, strings.Clone(value))
		}
	}
	return nil
}

// pump copies a stream, and lets each piece go as soon as it is there.
func pump(w http.ResponseWriter, stream io.Reader) (done int64, err error) {
	flush := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	for {
		n, err := stream.Read(buf)
		if n > 0 {
			m, werr := w.Write(buf[:n])
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
		if err := flush.Flush(); err != nil {
			return done, err
		}
	}
}
