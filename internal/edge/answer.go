package edge

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/mapping"
)

// answer finds the exchange's handler in the plan in force and runs it. The
// plan is loaded once. sound is false after a panic: the exchange may then be
// in anybody's hands and is dropped instead of pooled.
func (e *Edge) answer(x *flow.Exchange) (sound bool) {
	defer func() {
		if v := recover(); v != nil {
			e.o.Log.Error("a request ended in a panic; this is a defect of the gateway", "requestId", x.ID, "method", x.In.Method, "panic", v, "stack", string(debug.Stack()))
			e.fail(x, gate.Fail(gate.Internal, fmt.Errorf("panic: %v", v)))
			sound = false
		}
	}()
	h, err := e.find(x)
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

// report completes the event and tells everybody of it.
func (e *Edge) report(x *flow.Exchange, end time.Time) {
	x.Event.Duration = end.Sub(x.Start)
	e.o.Sinks.Observe(x)
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
