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
	sound, err := c.edge.reply(x, f, sound)
	end := f.wrote()
	if err != nil {
		x.Event.Aborted, end = err, time.Now()
	}
	x.Event.BytesIn = f.received()
	if !c.edge.close(x) {
		sound = false
	}
	for !c.edge.end(x) { // the enders behind the one that panicked
		sound = false
	}
	x.Event.Duration = end.Sub(x.Start)
	for told := 0; !c.edge.report(x, &told); {
		sound = false
	}
	if sound {
		c.edge.o.Trails.Return(x.Trail)
		c.edge.pool.release(x)
	}
	return err
}

// reply writes the answer, unless the client was gone before its request was
// whole: that is no failure of anybody's here and is reported with a status of
// its own. A panic of what is written cuts the client off.
func (e *Edge) reply(x *flow.Exchange, f front, was bool) (sound bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			e.panicked(x, v)
			f.cut()
			sound, err = false, fmt.Errorf("panic: %v", v)
		}
	}()
	if fault := x.Event.Fault; fault != nil && fault.Kind == gate.ClientGone {
		f.cut()
		return was, x.Event.Aborted // Render has said why, and with which status
	}
	return was, f.write(x, !was)
}

// answer finds the exchange's handler and runs it. sound is false after a
// panic, as it is of the functions below: the exchange may then be in anybody's
// hands and is dropped instead of pooled.
func (e *Edge) answer(x *flow.Exchange, p *plan.Plan) (sound bool) {
	defer func() {
		if v := recover(); v != nil {
			e.panicked(x, v)
			e.close(x) // here, where its own panic is survived
			x.Out.Body = flow.Body{}
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

// close gives up what is left of the reply's body.
func (e *Edge) close(x *flow.Exchange) (sound bool) {
	defer e.survive(x, &sound)
	x.Out.Body.Close()
	return true
}

// end tells the enders, those that were not told yet.
func (e *Edge) end(x *flow.Exchange) (sound bool) {
	defer e.survive(x, &sound)
	x.End()
	return true
}

// report tells the sinks, from the one at told on.
func (e *Edge) report(x *flow.Exchange, told *int) (sound bool) {
	defer e.survive(x, &sound)
	for *told < len(e.o.Sinks) {
		sink := e.o.Sinks[*told]
		*told++ // before it is told: one that panics is not told twice
		sink.Observe(x)
	}
	return true
}

// survive, deferred, ends a panic: the process has other clients.
func (e *Edge) survive(x *flow.Exchange, sound *bool) {
	if v := recover(); v != nil {
		e.panicked(x, v)
		*sound = false
	}
}

func (e *Edge) panicked(x *flow.Exchange, v any) {
	e.o.Log.Error("a request ended in a panic; this is a defect of the gateway", "requestId", x.ID, "method", x.In.Method, "panic", v, "stack", string(debug.Stack()))
}

// fail renders what no step of a stage could: an unknown host or stage, which
// HTTP APIs answer with 404, and our own defects.
func (e *Edge) fail(x *flow.Exchange, err error) { mapping.Fail(x, err) }

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
