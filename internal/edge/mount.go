package edge

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/h1"
)

// control hands a request to the control plane's http.Handler: the opposite
// of the HTTP/2 adapter. It is the cold path, so it may allocate.
func (c *conn) control(x *flow.Exchange) (again bool) {
	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	defer x.End()
	r, err := c.httpRequest(x)
	if err != nil {
		_ = c.refuse(&h1.SyntaxError{Status: http.StatusBadRequest, Reason: err.Error()})
		return false
	}
	w := &responseWriter{c: c, head: r.Method == http.MethodHead, header: http.Header{}}
	if c.callControl(w, r) != nil || w.finish() != nil {
		c.h1.Abort()
		return false
	}
	return c.h1.Next()
}

func (c *conn) callControl(w *responseWriter, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
			if v != http.ErrAbortHandler {
				c.edge.o.Log.Error("a control handler panicked; this is a defect of the gateway", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			}
		}
	}()
	c.controlPlane().ServeHTTP(w, r)
	return nil
}

// httpRequest copies the exchange into a request of net/http, which may keep
// its strings.
func (c *conn) httpRequest(x *flow.Exchange) (*http.Request, error) {
	target := string([]byte(x.In.Target))
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, fmt.Errorf("request target: %w", err)
	}
	r := &http.Request{
		Method: string([]byte(x.In.Method)), URL: u, RequestURI: target,
		Proto: x.In.Proto, ProtoMajor: 1, ProtoMinor: x.In.Minor,
		Header: http.Header{}, Host: string([]byte(x.In.Host)),
		RemoteAddr: c.peer.String(), TLS: c.tls, Body: http.NoBody,
	}
	for name, value := range x.In.Header.All() {
		switch field.Identify(name) {
		case field.Host, field.ContentLength, field.TransferEncoding:
		default:
			r.Header.Add(string([]byte(name)), string([]byte(value)))
		}
	}
	if s := x.In.Body.Stream(); s != nil {
		r.Body, r.ContentLength = s, x.In.Body.Len()
	}
	return r.WithContext(x.Context()), nil
}

// heldBack is the most of a reply that waits for its length to be known.
const heldBack = 64 << 10

// responseWriter is an http.ResponseWriter over an HTTP/1.1 connection. A
// reply that fits heldBack gets a Content-Length; a longer or a flushed one is
// chunked.
type responseWriter struct {
	c       *conn
	header  http.Header
	status  int
	head    bool
	started bool // the head is written
	held    []byte
	err     error
}

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.started && len(w.held)+len(p) <= heldBack {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	w.start(flow.Unknown)
	w.put(p)
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// FlushError sends what was held back; http.ResponseController calls it.
func (w *responseWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	w.start(flow.Unknown)
	if w.err == nil {
		w.err = w.c.h1.Flush()
	}
	return w.err
}

// Flush is FlushError for http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// start writes the head and what was held back.
func (w *responseWriter) start(length int64) {
	if w.started || w.err != nil {
		return
	}
	w.started = true
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		length = n
	}
	var fields field.List
	for _, name := range slices.Sorted(maps.Keys(w.header)) {
		for _, v := range w.header[name] {
			fields.Add(name, v)
		}
	}
	w.err = w.c.h1.WriteHead(&h1.ReplyOut{Status: w.status, Fields: &fields, Length: length, NoBody: w.head})
	w.put(w.held)
	w.held = nil
}

func (w *responseWriter) put(p []byte) {
	if w.err == nil && len(p) > 0 && !w.head {
		_, w.err = w.c.h1.Write(p)
	}
}

func (w *responseWriter) finish() error {
	w.WriteHeader(http.StatusOK)
	w.start(int64(len(w.held)))
	if w.err == nil {
		w.err = w.c.h1.Finish(nil)
	}
	return w.err
}
