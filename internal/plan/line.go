package plan

import (
	"errors"
	"fmt"

	"gatehouse/internal/auth"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
)

// This file is the order of work. A request meets the steps from the top.

// line sets the way of a request through a route (runtime 2.1, 2.2, 2.6 and
// 2.7). The routes that anybody may call share one line, which goes on at the
// exchange's Last: a thousand routes then have one line in the caches of the
// processor, not a thousand.
func (r *routes) line(t *target, d *gate.Definition, s *gate.Stage, cors *mapping.Policy, live *Live) error {
	backend, err := integration(&d.API, t.route, s, live)
	if err != nil {
		return err
	}
	shape, err := parameters(t.route)
	if err != nil {
		return err
	}
	if lock := auth.Step(t.route); lock != nil {
		t.handler = steps(backend, d.API.Protocol, lock, cors, live.Limits.Body, shape)
		return nil
	}
	if r.open == nil {
		r.open = steps(flow.HandlerFunc(goOn), d.API.Protocol, nil, cors, live.Limits.Body, nil)
	}
	t.handler, t.last = r.open, flow.Chain(backend, shape)
	return nil
}

// goOn is where a shared line leads to the exchange's own route.
func goOn(x *flow.Exchange) error { return x.Last.Serve(x) }

// around is the line of a route around what answers in its place. Bodies are
// limited to so many bytes.
func around(last flow.Handler, p gate.Protocol, r *gate.Route, cors *mapping.Policy, body int64) (flow.Handler, error) {
	shape, err := parameters(r)
	if err != nil {
		return nil, err
	}
	return steps(last, p, auth.Step(r), cors, body, shape), nil
}

// steps is the order of a line. lock and shape are a route's own, or nil.
func steps(last flow.Handler, p gate.Protocol, lock flow.Step, cors *mapping.Policy, body int64, shape flow.Step) flow.Handler {
	return flow.Chain(last,
		mapping.Identify(),      // Apigw-Requestid is in each reply, errors included: 2.1
		mapping.CORS(cors),      // browsers may read errors too, preflights included: 2.2
		mapping.Faults(p),       // faults become replies inside of what shapes all replies: 2.1
		lock,                    // before the body is looked at, so that a stranger uploads nothing: 2.3
		mapping.Preflight(cors), // behind a route's authorization, which preflights cannot satisfy: 2.2
		mapping.Limit(body),     // 413 before the backend is called: 2.1
		shape,                   // sees a body that is not too long, and what the backend answered: 2.7
	)
}

// miss is the way of a request that no route of the stage answers: the outer
// steps of line around the fault.
func miss(p gate.Protocol, cors *mapping.Policy, fault *gate.Fault) flow.Handler {
	if p == gate.REST {
		return new(outer).restMiss(func(*flow.Exchange) error { return fault })
	}
	return flow.Chain(flow.HandlerFunc(func(*flow.Exchange) error { return fault }),
		mapping.Identify(),
		mapping.CORS(cors),
		mapping.Faults(p),
		mapping.Preflight(cors), // a preflight needs no route of its own: 2.2
	)
}

// An outer is what all requests to a deployment of a REST API meet, those that
// no method answers included.
type outer struct {
	settings  gate.RESTSettings
	responses *mapping.Responses
	body      flow.Step // refuses a declared length that is too great; nil where all are refused
}

// restLine sets the way of a request through a method of a REST API. Methods
// that anybody may call share one line, as in line; one that streams has its
// own, since its replies are not coded.
func (r *routes) restLine(t *target, end *restEnd) {
	caller, key := auth.Caller(t.route), auth.Key(t.route)
	last := end.last()
	if caller != nil || key != nil || streams(t.route) {
		t.handler = r.rest.steps(last, caller, key, r.rest.compression(t.route), r.body)
		return
	}
	if r.open == nil {
		r.open = r.rest.steps(flow.HandlerFunc(goOn), nil, nil, r.rest.compression(t.route), r.body)
	}
	t.handler, t.last = r.open, last
}

// around is the line of a method around what answers in its place.
func (o *outer) around(r *gate.Route, body int64, end *restEnd) flow.Handler {
	return o.steps(end.last(), auth.Caller(r), auth.Key(r), o.compression(r), body)
}

// steps is the order of a method's line (runtime 1.1; the numbers are its steps).
// What is not enforced yet refuses in its place. caller and key are a method's
// own, or nil, and coded is from which size on replies are; nil: never.
func (o *outer) steps(last flow.Handler, caller, key flow.Step, coded *int, body int64) flow.Handler {
	return flow.Chain(last,
		mapping.IdentifyREST(),          // both ids are in each reply, errors included: 17, 1.13
		mapping.Compress(coded),         // codes what is answered, errors included: 17
		mapping.FaultsREST(o.responses), // gateway responses stand for what any step below refuses: 1.16
		o.body,                          // 413 is said before anything is looked for: 1
		private(),                       // there is no VPC endpoint to come through: 2
		policy(&o.settings),             // 6
		caller,                          // 7
		key,                             // behind the authorizer, which may bring the key: 8
		mapping.LimitREST(body),         // of no declared length, before anything looks at it: 1, but a stranger uploads nothing
		mapping.Decompress(body),        // before templates see it: 1.17
	)
}

// last is the end of a method's line that is its own.
func (e *restEnd) last() flow.Handler {
	return flow.Chain(e.handler,
		e.reply,      // bounds a reply that is not streamed: 1.2
		e.parameters, // 12
		e.answers,    // what of the integration's answer the client sees: 14
	)
}

// restMiss is the way of a request that no method answers: the outer steps
// around what fault says.
func (o *outer) restMiss(fault func(*flow.Exchange) error) flow.Handler {
	return flow.Chain(flow.HandlerFunc(fault),
		mapping.IdentifyREST(),
		mapping.Compress(o.settings.MinimumCompression),
		mapping.FaultsREST(o.responses),
		o.body,
		private(),
	)
}

// parameters is the step of a route's parameter mappings. Those of a request to
// a service are its arguments and belong to its integration.
func parameters(r *gate.Route) (flow.Step, error) {
	if r.Integration == nil {
		return nil, nil
	}
	in := *r.Integration
	if in.Kind == gate.AWSService {
		in.RequestParameters = nil
	}
	step, err := mapping.Parameters(&in)
	if err != nil {
		return nil, fmt.Errorf("route %s: integration %s: %w", r.Key, r.Integration.ID, err)
	}
	return step, nil
}

// integration is the end of the line. What this version or this configuration
// does not serve compiles to a refusal, so that the other routes of the API
// work.
func integration(a *gate.API, r *gate.Route, s *gate.Stage, live *Live) (flow.Handler, error) {
	if err := arguments(r); err != nil {
		return nil, err
	}
	if err := unserved(r, s, live); err != nil {
		return integrate.Refuse(gate.APIConfigurationError, err), nil
	}
	switch r.Integration.Kind {
	case gate.Private:
		return integrate.Private(r, live.Links, live.Pools)
	case gate.AWSService:
		return integrate.AWSService(a, r, live.Services, live.Pools)
	}
	p, wrong, err := integrate.HTTPFor(r, s, live.Pools)
	if wrong != nil {
		return nil, wrong // unreachable: unserved has said so
	}
	return p, err
}

// arguments tells what is wrong with the arguments of a service, which is so
// whether the service is configured here or not. Deployments of before the
// operation was noted have none to check.
func arguments(r *gate.Route) error {
	in := r.Integration
	if in == nil || in.Kind != gate.AWSService || in.Subtype == "" {
		return nil
	}
	if err := errors.Join(integrate.CheckArguments(in.Subtype, in.RequestParameters)...); err != nil {
		return fmt.Errorf("route %s: integration %s: %w", r.Key, in.ID, err)
	}
	return nil
}
