package plan

import (
	"gatehouse/internal/auth"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
)

// This file is the order of work. A request meets the steps from the top.

// line is the way of a request through a route (runtime 2.1 and 2.6).
func line(d *gate.Definition, r *gate.Route, live *Live) (flow.Handler, error) {
	backend, err := integration(r, live)
	if err != nil {
		return nil, err
	}
	return flow.Chain(backend,
		mapping.Identify(),              // Apigw-Requestid is in each reply, errors included: 2.1
		mapping.Faults(d.API.Protocol),  // faults become replies inside of what shapes all replies: 2.1
		auth.Step(r),                    // before the body is looked at, so that a stranger uploads nothing: 2.3
		mapping.Limit(live.Limits.Body), // 413 before the backend is called: 2.1
	), nil
}

// miss is the way of a request that no route of the stage answers: the outer
// steps of line around the fault.
func miss(p gate.Protocol, fault *gate.Fault) flow.Handler {
	return flow.Chain(flow.HandlerFunc(func(*flow.Exchange) error { return fault }),
		mapping.Identify(),
		mapping.Faults(p),
	)
}

// integration is the end of the line. A kind that this version does not serve
// compiles to a refusal, so that the other routes of the API work.
func integration(r *gate.Route, live *Live) (flow.Handler, error) {
	if err := unserved(r); err != nil {
		return integrate.Refuse(gate.APIConfigurationError, err), nil
	}
	return integrate.HTTP(r, live.Pools)
}
