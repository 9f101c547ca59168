// Package flow is what every craft and instrument shares: the Exchange that
// runs through the house, the Handler and Step that it runs through, and the
// Event and Trail that it leaves behind.
package flow

import (
	"context"
	"crypto/tls"
	"net/netip"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/route"
)

// An Exchange is one request and its reply. It is pooled, belongs to one
// goroutine, and has an end: Release (by the edge) makes it somebody else's.
// What outlives Serve holds copies.
//
// All strings in it that came over the wire are views of its buffers and die
// with it; strings.Clone keeps one.
type Exchange struct {
	ID       string // request id as the client sees it, made at the door
	UUID     string // the second id that REST APIs give, which a client may choose; "" on others
	In       Request
	API      *gate.API
	Stage    *gate.Stage
	Route    *gate.Route
	Params   route.Params
	Mapping  *gate.Mapping     // how a custom domain led here; nil: the execute-api host did
	Rule     *gate.RoutingRule // the rule of the custom domain that did; nil: none
	Path     string            // the request path below the stage, still encoded, begins with "/"
	Query    string            // the raw query, without "?"
	Full     string            // on REST APIs the request path with stage or base path, as sent; "" on others
	NoStage  bool              // the address named $default: no segment of Path is a stage
	Canary   bool              // the draw of the stage's canary took the exchange; Stage is the canary's
	Last     Handler           // where a line that routes share leads to the one that was found
	Onward   Onward            // what the backend is asked in place of what the client asked
	Out      Reply
	Trail    *Trail // nil unless somebody listens
	Event    Event
	Start    time.Time
	Deadline time.Time // of the integration; zero: none set yet

	id     [16]byte
	uuid   [36]byte
	ctx    context.Context
	cancel context.CancelFunc
	base   context.Context
	enders [4]Ender
	ending int
}

// Request is what came in.
type Request struct {
	h1.Head
	Body   Body
	Scheme string     // "http" or "https", as the client saw it
	Host   string     // of the Host field or the absolute target, port included
	Source netip.Addr // the client, after the listener's trust rules
	Peer   netip.AddrPort
	Listen netip.AddrPort       // the local address
	TLS    *tls.ConnectionState // nil on plaintext
	Proto  string               // "HTTP/1.1", "HTTP/2.0"
	Wire   string               // the method as it was sent, where Override replaced it; else ""
}

// Override replaces the method by which the request is routed and sent on. How
// the reply is framed still depends on the method that the client sent.
func (r *Request) Override(method string) {
	if r.Wire == "" {
		r.Wire = r.Method
	}
	r.Method = method
}

// HeadOnly reports whether the client waits for no body behind the reply's
// head: it sent HEAD (RFC 9112 section 6.3).
func (r *Request) HeadOnly() bool {
	if r.Wire != "" {
		return r.Wire == "HEAD"
	}
	return r.Method == "HEAD"
}

// Reply is what goes out. The integration sets it, outer steps shape it, the
// edge writes it.
type Reply struct {
	h1.ReplyHead
	Body Body
	// Last says that the client's connection ends with this reply, since the
	// rest of its request is nobody's any more. It has no meaning in HTTP/2,
	// where a stream is not used again.
	Last bool
}

// An Ender is told when an exchange has ended: the last byte is written, the
// report not yet made. End must not block.
type Ender interface{ End(*Exchange) }

// AtEnd has e told when the exchange ends, latest first. More than four enders
// are a defect of the line and panic.
func (x *Exchange) AtEnd(e Ender) {
	x.enders[x.ending] = e
	x.ending++
}

// End tells the enders. The edge calls it once, after the last byte.
func (x *Exchange) End() {
	for x.ending > 0 {
		x.ending--
		e := x.enders[x.ending]
		x.enders[x.ending] = nil
		e.End(x)
	}
	if x.cancel != nil {
		x.cancel()
	}
}

// Context returns a context that ends with the exchange or at its Deadline.
// It is made when first asked for, since the proxy path needs none.
func (x *Exchange) Context() context.Context {
	if x.ctx != nil {
		return x.ctx
	}
	base := x.base
	if base == nil {
		base = context.Background()
	}
	if x.Deadline.IsZero() {
		x.ctx, x.cancel = context.WithCancel(base)
	} else {
		x.ctx, x.cancel = context.WithDeadline(base, x.Deadline)
	}
	return x.ctx
}

// Begin makes a fresh exchange of a used one and gives it an id. base is the
// context that its Context derives from; nil means Background.
func (x *Exchange) Begin(base context.Context, start time.Time) {
	x.base, x.Start = base, start
	x.ID = newID(&x.id)
}

// Reset forgets everything but the memory of the header lists.
func (x *Exchange) Reset() {
	x.ID, x.UUID = "", ""
	x.In.reset()
	x.API, x.Stage, x.Route, x.Mapping, x.Rule = nil, nil, nil, nil, nil
	x.Last = nil
	x.Params.Reset()
	x.Path, x.Query, x.Full, x.NoStage, x.Canary = "", "", "", false, false
	x.Onward.reset()
	x.Out.reset()
	x.Trail = nil
	x.Event = Event{}
	x.Start, x.Deadline = time.Time{}, time.Time{}
	x.ctx, x.cancel, x.base = nil, nil, nil
	clear(x.enders[:])
	x.ending = 0
}

// Poison overwrites the exchange's memory, so that whoever kept a view of it
// reads rubbish at once. Race builds do it to each released exchange.
func (x *Exchange) Poison() {
	x.In.Header.Poison()
	x.Onward.poison()
	x.Out.Header.Poison()
	for i := range x.id {
		x.id[i] = '?'
	}
	for i := range x.uuid {
		x.uuid[i] = '?'
	}
}

func (r *Request) reset() {
	r.Method, r.Target, r.Minor = "", "", 0
	r.Header.Reset()
	r.Body = Body{}
	r.Scheme, r.Host, r.Proto, r.Wire = "", "", "", ""
	r.Source, r.Peer, r.Listen, r.TLS = netip.Addr{}, netip.AddrPort{}, netip.AddrPort{}, nil
}

func (r *Reply) reset() {
	r.Clear()
	r.Body, r.Last = Body{}, false
}

// Clear empties the reply so that another one can be put in its place. A body
// stream that it held is closed. Last stays: what is left of the request does
// not depend on the answer.
func (r *Reply) Clear() {
	r.Body.Close()
	r.Status, r.Reason, r.Minor = 0, "", 0
	r.Header.Reset()
}
