package mapping

import (
	"fmt"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Limit refuses a request whose payload is longer than max bytes: at once when
// its length is declared, else while it is read, before the byte too many is
// handed on. AWS answers 413 (runtime 2.1).
func Limit(max int64) flow.Step {
	return func(next flow.Handler) flow.Handler { return &limit{max, "", next} }
}

// LimitREST is Limit with the words of REST APIs (runtime 1.2).
func LimitREST(max int64) flow.Step {
	return func(next flow.Handler) flow.Handler { return &limit{max, lengthText(max), next} }
}

// Declared refuses a request that declares more than max bytes of payload, in
// the words of REST APIs, and leaves the payload alone: it is for where nobody
// has been let in yet (runtime 1.1).
func Declared(max int64) flow.Step {
	return func(next flow.Handler) flow.Handler {
		return flow.HandlerFunc(func(x *flow.Exchange) error {
			if n := x.In.Body.Len(); n > max {
				return overlong(n, max, lengthText(max))
			}
			return next.Serve(x)
		})
	}
}

// overlong is the fault of a declared length.
func overlong(n, max int64, text string) error {
	return &gate.Fault{Kind: gate.RequestTooLarge, Message: text, Err: fmt.Errorf("the request declares %d bytes of body, the limit (limits.body) is %d", n, max)}
}

func lengthText(max int64) string { return fmt.Sprintf("HTTP content length exceeded %d bytes.", max) }

type limit struct {
	max  int64
	text string // what the client reads; "": the protocol's own
	next flow.Handler
}

func (h *limit) Serve(x *flow.Exchange) error {
	switch n := x.In.Body.Len(); {
	case n > h.max:
		return overlong(n, h.max, h.text)
	case n == flow.Unknown:
		x.In.Body = flow.Streamed(&counted{in: x.In.Body.Stream(), max: h.max, left: h.max, text: h.text}, flow.Unknown)
	}
	return h.next.Serve(x)
}

// counted is a stream that ends in a fault when it turns out too long.
type counted struct {
	in        flow.Stream
	max, left int64
	text      string
	over      error // once the body was too long; what comes behind is not asked
}

func (c *counted) Read(p []byte) (int, error) {
	if c.over != nil {
		return 0, c.over
	}
	// One byte more than is left shows an excess without reading ahead of it.
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.in.Read(p)
	if int64(n) > c.left {
		c.over = &gate.Fault{Kind: gate.RequestTooLarge, Message: c.text, Err: fmt.Errorf("the body is longer than the limit of %d bytes (limits.body)", c.max)}
		n, err = int(c.left), c.over
	}
	c.left -= int64(n)
	return n, err
}

func (c *counted) Close() error         { return c.in.Close() }
func (c *counted) Trailer() *field.List { return c.in.Trailer() }

// LimitReply refuses a reply whose payload is longer than max bytes, as REST
// APIs do unless they stream it: with 502 where the backend declares the
// length, else the reply is cut short where it becomes too long (runtime 1.2).
func LimitReply(max int64) flow.Step {
	return func(next flow.Handler) flow.Handler { return &limitReply{max, next} }
}

type limitReply struct {
	max  int64
	next flow.Handler
}

func (h *limitReply) Serve(x *flow.Exchange) error {
	if err := h.next.Serve(x); err != nil {
		return err
	}
	if x.In.Method == "HEAD" || bodiless(x.Out.Status) {
		return nil // it declares what does not come
	}
	switch n := x.Out.Body.Len(); {
	case n > h.max:
		return gate.Failf(gate.IntegrationMalformed, "the backend declares %d bytes of body, the limit (limits.body) is %d: set responseTransferMode STREAM, or raise the limit", n, h.max)
	case n == flow.Unknown:
		x.Out.Body = flow.Streamed(&counted{in: x.Out.Body.Stream(), max: h.max, left: h.max}, flow.Unknown)
	}
	return nil
}
