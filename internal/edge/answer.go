package edge

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/mapping"
	"gatehouse/internal/plan"
)

// A front is one exchange as its version of HTTP sees it.
type front interface {
	// write sends the reply. After an error the client is cut off: without the
	// end of the message it sees that something is missing. last says that the
	// connection ends with this reply.
	write(x *flow.Exchange, last bool) error
	// cut ends an exchange that nobody is left to read the answer of.
	cut()
	// received is how many bytes of the request's body were read.
	received() int64
	// wrote is when the reply left.
	wrote() time.Time
}

// exchange is the life of an exchange that has its place: it is answered by
// the plan, written, ended, reported and given back. The plan is the one that
// its plane was chosen by. The error is the front's: the client was cut off.
func (c *conn) exchange(x *flow.Exchange, p *plan.Plan, f front) error {
	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	x.Trail = c.edge.o.Trails.Take()
	sound := c.edge.answer(x, p)
	err := reply(x, f, sound)
	end := f.wrote()
	if err != nil {
		x.Event.Aborted, end = err, time.Now()
	}
	x.Event.BytesIn = f.received()
	x.Out.Body.Close()
	x.End()
	x.Event.Duration = end.Sub(x.Start)
	c.edge.o.Sinks.Observe(x)
	if sound {
		c.edge.o.Trails.Return(x.Trail)
		c.edge.pool.release(x)
	}
	return err
}

// reply writes the answer, unless the client was gone before its request was
// whole: that is no failure of anybody's here and is reported with a status of
// its own.
func reply(x *flow.Exchange, f front, sound bool) error {
	if fault := x.Event.Fault; fault != nil && fault.Kind == gate.ClientGone {
		f.cut()
		return x.Event.Aborted // Render has said why, and with which status
	}
	return f.write(x, !sound)
}

// answer finds the exchange's handler and runs it. sound is false after a
// panic: the exchange may then be in anybody's hands and is dropped instead of
// pooled.
func (e *Edge) answer(x *flow.Exchange, p *plan.Plan) (sound bool) {
	defer func() {
		if v := recover(); v != nil {
			e.o.Log.Error("a request ended in a panic; this is a defect of the gateway", "requestId", x.ID, "method", x.In.Method, "panic", v, "stack", string(debug.Stack()))
			e.fail(x, gate.Fail(gate.Internal, fmt.Errorf("panic: %v", v)))
			sound = false
		}
	}()
	h, err := e.find(p, x)
	if err == nil {
		err = h.Serve(x)
	}
	if err != nil {
		e.fail(x, err)
	}
	return true
}

// fail renders what no step of a stage could: an unknown host or stage, which
// HTTP APIs answer with 404, and our own defects.
func (e *Edge) fail(x *flow.Exchange, err error) {
	mapping.Render(x, gate.HTTP, err)
	mapping.Name(x)
}

// pool keeps exchanges for reuse. It belongs to an Edge, not to the package,
// so that two gateways in one process share nothing.
type pool struct{ p sync.Pool }

func (p *pool) take() *flow.Exchange {
	if x, ok := p.p.Get().(*flow.Exchange); ok {
		return x
	}
	return new(flow.Exchange)
}

// release makes the exchange somebody else's.
func (p *pool) release(x *flow.Exchange) {
	poison(x)
	x.Reset()
	p.p.Put(x)
}
