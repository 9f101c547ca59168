package plan

import (
	"strings"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/route"
)

// Find returns the handler that answers the exchange and fills in its API,
// stage, route, parameters, meter and log. The edge has set In.Host, and Path
// and Query from the request target. The error is a Fault: the host names no
// API, or the API has no stage that the path could mean.
//
// The order is AWS's (runtime 2.1): host, then the stage of the first segment,
// else $default, then the route.
func (p *Plan) Find(x *flow.Exchange) (flow.Handler, error) {
	id, ok := DefaultHost(x.In.Host)
	if !ok {
		if h := p.host(x.In.Host); h != nil {
			return p.findMapped(x, h)
		}
		return nil, gate.Failf(gate.ResourceNotFound, "host %q is neither {api}.execute-api.{region}... nor a custom domain", x.In.Host)
	}
	a := p.lookUp(id)
	if a == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "no API has the id %q (host %s)", id, x.In.Host)
	}
	x.API = a.api
	x.Trail.Add(flow.FoundHost, x.In.Host, "execute-api host")
	x.Trail.Add(flow.FoundAPI, string(a.api.ID), a.api.Name)
	if a.api.Protocol == gate.REST {
		return a.findREST(x, &p.limits)
	}
	s, rest := a.stage(x.Path, x.NoStage)
	if s == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "API %s has no stage for the path %q and no $default stage", a.api.ID, x.Path)
	}
	if s.deployment != nil && s.deployment.DisableDefaultEndpoint {
		return nil, gate.Failf(disabledEndpoint, "API %s has disableExecuteApiEndpoint set", a.api.ID)
	}
	return s.enter(x, rest), nil
}

// enter looks for the route of the path below the stage.
func (s *stage) enter(x *flow.Exchange, rest string) flow.Handler {
	s = s.drawn(x)
	x.Stage, x.Path = s.stage, rest
	x.Event.Log = s.log
	x.Trail.Add(flow.FoundStage, string(s.stage.Name), string(s.stage.Deployment))
	return s.find(x)
}

// disabledEndpoint is what a disabled execute-api endpoint answers: 403 by the
// table of default responses; the guide elsewhere says 404. Uncertain.
const disabledEndpoint = gate.AccessDenied

// find returns the handler of the route that matches, or the stage's miss.
func (s *stage) find(x *flow.Exchange) flow.Handler {
	t, miss, ok := s.target(x)
	if !ok {
		x.Trail.Add(flow.NothingMatched, x.In.Method, x.Path)
		x.Event.Meter = s.missMeter
		return miss
	}
	x.Route, x.Last = t.route, t.last
	x.Event.Meter = t.meter
	if x.Trail == nil {
		return t.handler // the route itself is not in the caches yet, and nobody asks
	}
	x.Trail.Add(flow.RouteMatched, t.route.Key, string(t.route.ID))
	for name, value := range x.Params.All() {
		x.Trail.Add(flow.ParamBound, name, value)
	}
	return t.handler
}

// target matches the path. Where ok is false, miss answers: with 404, or with
// 500 if the stage's deployment does not compile.
func (s *stage) target(x *flow.Exchange) (t target, miss flow.Handler, ok bool) {
	if s.routes == nil {
		return t, s.miss, false
	}
	r := s.routes.get()
	t, ok = r.tree.Find(x.In.Method, r.matched(x.Path), &x.Params)
	if !ok && r.fallback != nil {
		t, ok = *r.fallback, true
	}
	if r.broken != nil {
		return t, r.broken, ok
	}
	return t, r.miss, ok
}

// lookUp finds an API by the id in a host, in which letters may have lost
// their case on the way: browsers and resolvers lower it.
func (p *Plan) lookUp(id string) *api {
	if a := p.api(gate.APIID(id)); a != nil {
		return a
	}
	for i := 0; i < len(id); i++ {
		if 'A' <= id[i] && id[i] <= 'Z' {
			return p.api(gate.APIID(strings.ToLower(id)))
		}
	}
	return nil
}

// stage picks the stage that a path means and the path below it, which begins
// with a slash. noStage says that the address named $default already.
func (a *api) stage(path string, noStage bool) (*stage, string) {
	if noStage || !a.named {
		return a.usual, path
	}
	first := strings.TrimPrefix(path, "/")
	rest := "/"
	if i := strings.IndexByte(first, '/'); i >= 0 {
		first, rest = first[:i], first[i:]
	}
	if s := a.stages[gate.StageName(first)]; s != nil && s.stage.Name != gate.DefaultStage {
		return s, rest
	}
	return a.usual, path
}

// DefaultHost takes the API's id out of a host of the form
// {api}.execute-api.{anything}[:port] or {api}-vpce-{id}.execute-api...
func DefaultHost(host string) (api string, ok bool) {
	api, rest, found := strings.Cut(host, ".")
	if !found || len(rest) < len(executeAPI) || !strings.EqualFold(rest[:len(executeAPI)], executeAPI) || api == "" {
		return "", false
	}
	switch tail := rest[len(executeAPI):]; {
	case tail == "", tail[0] == '.', tail[0] == ':':
	default:
		return "", false
	}
	if i := strings.Index(api, "-vpce-"); i > 0 {
		api = api[:i]
	}
	return api, true
}

const executeAPI = "execute-api"

// Candidates tells about each route of the stage that a found exchange is in
// why it does or does not answer method and path (below the stage).
func (p *Plan) Candidates(r gate.StageRef, method, path string, visit func(key string, why route.Why)) {
	a := p.api(r.API)
	if a == nil || a.stages[r.Name] == nil || a.stages[r.Name].routes == nil {
		return
	}
	rs := a.stages[r.Name].routes.get()
	matched := false
	rs.tree.Walk(method, rs.matched(path), func(key string, why route.Why) {
		matched = matched || why == route.Matched
		visit(key, why)
	})
	if rs.fallback == nil {
		return
	}
	if matched {
		visit(gate.DefaultRoute, route.Outranked)
		return
	}
	visit(gate.DefaultRoute, route.Matched)
}

// Wrong tells what of a stage cannot be served, whether a request has brought
// it to light before or not.
func (p *Plan) Wrong(r gate.StageRef) (list []Problem) {
	if a := p.api(r.API); a != nil && a.stages[r.Name] != nil {
		for _, s := range []*stage{a.stages[r.Name], a.stages[r.Name].canary} {
			if s != nil && s.routes != nil {
				list = append(list, s.routes.get().problems...)
			}
		}
	}
	for _, q := range p.Problems {
		if q.API == r.API && q.Stage == r.Name {
			list = append(list, q)
		}
	}
	return list
}

// Stage returns a stage and its API, whether anything was deployed to it or not
// and whatever hosts lead to it; nil and nil where the plan has no such stage.
func (p *Plan) Stage(r gate.StageRef) (*gate.API, *gate.Stage) {
	a := p.api(r.API)
	if a == nil || a.stages[r.Name] == nil {
		return nil, nil
	}
	return a.api, a.stages[r.Name].stage
}

// Stages are the names of an API's stages, in no order; nil for an unknown API.
func (p *Plan) Stages(id gate.APIID) (names []gate.StageName) {
	if a := p.api(id); a != nil {
		for name := range a.stages {
			names = append(names, name)
		}
	}
	return names
}
