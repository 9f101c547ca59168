package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/auth"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
	"gatehouse/internal/route"
)

// A Loader reads the frozen definition that a deployment's head names.
type Loader func(ctx context.Context, a *gate.API, d *gate.Deployment) (*gate.Definition, error)

// Compile makes the plan that serves the catalog at a revision, from prev by
// compiling what changed. With prev nil everything is new, and each stage
// compiles when it is first needed or when Warm comes by.
//
// What does not compile keeps its entry of prev, or answers 500 where there is
// none, and is among the plan's Problems: never a 404, never a halt of others.
func Compile(ctx context.Context, c *Catalog, revision uint64, ch Change, load Loader, live *Live, prev *Plan) *Plan {
	eager := prev != nil
	if !eager {
		prev, ch = &Plan{}, c.all(nil)
	}
	k := compiler{ctx, c, load, live, prev, eager, problemsOfOthers(prev.Problems, ch.APIs), unreadOfOthers(prev.unread, ch.APIs)}
	apis := make(map[gate.APIID]*api, len(ch.APIs))
	for _, id := range ch.APIs {
		apis[id] = k.api(id)
	}
	hosts := make(map[gate.DomainName]*host, len(ch.Domains))
	for _, name := range ch.Domains {
		hosts[name] = k.host(name)
	}
	for key, err := range c.broken {
		k.problems = append(k.problems, problem(key, err))
	}
	sortProblems(k.problems)
	return &Plan{
		Revision: revision, Problems: k.problems,
		apis: with(prev.apis, apis), hosts: with(prev.hosts, hosts), wildcards: c.wild, limits: live.Limits, unread: k.unread,
	}
}

// all names everything of the catalog, and what of the plan is gone from it.
func (c *Catalog) all(prev *Plan) (ch Change) {
	for id := range c.apis {
		ch.APIs = append(ch.APIs, id)
	}
	for name := range c.domains {
		ch.Domains = append(ch.Domains, name)
	}
	for key := range c.broken {
		if name, ok := gate.ParseKey(key).(gate.DomainName); ok && c.domains[name] == nil {
			ch.Domains = append(ch.Domains, name)
		}
	}
	if prev == nil {
		return ch
	}
	for i := range shards {
		for id := range prev.apis[i] {
			if c.apis[id] == nil {
				ch.APIs = append(ch.APIs, id)
			}
		}
		for name := range prev.hosts[i] {
			if c.domains[name] == nil {
				ch.Domains = append(ch.Domains, name)
			}
		}
	}
	return ch
}

// host compiles a custom domain. One whose document cannot be read is what it
// was before, or answers 500.
func (k *compiler) host(name gate.DomainName) *host {
	err := k.catalog.broken[gate.DomainKey(name)]
	if err == nil || k.catalog.domains[name] != nil {
		return compileHost(k.catalog.domains[name])
	}
	if before := k.prev.hosts[shard(name)][name]; before != nil {
		return before
	}
	return &host{domain: &gate.Domain{Name: name}, broken: err}
}

// problemsOfOthers are the problems that the change says nothing about.
func problemsOfOthers(list []Problem, changed []gate.APIID) (kept []Problem) {
	gone := make(map[gate.APIID]bool, len(changed))
	for _, id := range changed {
		gone[id] = true
	}
	for _, p := range list {
		if !gone[p.API] && p.document == "" { // broken documents are listed anew
			kept = append(kept, p)
		}
	}
	return kept
}

// unreadOfOthers are those among which none has changed.
func unreadOfOthers(list, changed []gate.APIID) (kept []gate.APIID) {
	for _, id := range list {
		if !slices.Contains(changed, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

type compiler struct {
	ctx      context.Context
	catalog  *Catalog
	load     Loader
	live     *Live
	prev     *Plan // of no API where everything is new
	eager    bool  // a changed stage compiles before it is published
	problems []Problem
	unread   []gate.APIID
}

// api compiles one API, nil where the catalog has none of that id.
func (k *compiler) api(id gate.APIID) *api {
	e := k.catalog.apis[id]
	if e == nil || e.api == nil {
		k.catalog.trim(id)
		return nil
	}
	if e.api.Private {
		k.problems = append(k.problems, Problem{API: id, Err: errPrivate})
	}
	before := k.prev.api(id)
	a := &api{api: e.api, stages: make(map[gate.StageName]*stage, len(e.stages))}
	for name, s := range e.stages {
		var old *stage
		if before != nil {
			old = before.stages[name]
		}
		a.stages[name] = k.stage(e, s, old)
	}
	a.usual = a.stages[gate.DefaultStage]
	a.named = len(a.stages) > 1 || a.usual == nil
	return a
}

// stage compiles one stage, and what its canary serves as another one.
func (k *compiler) stage(e *entry, s *gate.Stage, old *stage) *stage {
	var oldCanary *stage
	if old != nil {
		oldCanary = old.canary
	}
	fresh := k.alone(e, s, old, oldCanary)
	if s.Canary == nil || e.api.Protocol != gate.REST || fresh == old {
		return fresh
	}
	if fresh.canary = k.alone(e, canaryOf(s), oldCanary, old); fresh.canary != oldCanary {
		fresh.canary.log = k.canaryLog(s, fresh.canary.log, oldCanary)
	}
	return fresh
}

// canaryLog writes what the canary serves to the stage's log group and to one
// of its own beside it, .../Canary (runtime 8, correction 3).
func (k *compiler) canaryLog(s *gate.Stage, main flow.Sink, old *stage) flow.Sink {
	if main == nil || old != nil && old.log == main {
		return main // the latter is both already
	}
	name, tail := strings.CutSuffix(s.AccessLog.Destination, ":*")
	name += "/Canary"
	if tail {
		name += ":*"
	}
	own, err := k.live.Logs.Stage(name, s.AccessLog.Format)
	if err != nil {
		k.problems = append(k.problems, Problem{API: s.API, Stage: s.Name, Err: fmt.Errorf("no access log of the canary is written: %w", err)})
		return main
	}
	return &twice{main, own}
}

// twice is two logs of one exchange.
type twice struct{ first, second flow.Sink }

// Observe implements flow.Sink.
func (t *twice) Observe(x *flow.Exchange) {
	t.first.Observe(x)
	t.second.Observe(x)
}

// canaryOf is the stage that serves what a canary draws: another deployment,
// and variables that stand over the stage's (runtime 1.17).
func canaryOf(s *gate.Stage) *gate.Stage {
	c := *s
	c.Deployment = s.Canary.Deployment
	c.Variables = make(map[string]string, len(s.Variables)+len(s.Canary.Variables))
	maps.Copy(c.Variables, s.Variables)
	maps.Copy(c.Variables, s.Canary.Variables)
	return &c
}

// alone compiles a stage without its canary. The routes are those of the old
// one, or of the other that stood beside it, where it served the same.
func (k *compiler) alone(e *entry, s *gate.Stage, old, other *stage) *stage {
	p := e.api.Protocol
	fresh := &stage{stage: s, missMeter: k.live.Meters.Route(e.api.ID, s.Name, unmatched, "")}
	fresh.miss = miss(p, nil, gate.Failf(gate.ResourceNotFound, "nothing was deployed to stage %s", s.Name))
	fresh.log = k.log(s, old)
	if s.Deployment == "" {
		return fresh
	}
	fresh.deployment = e.deployments[s.Deployment]
	if fresh.deployment == nil {
		return k.lost(e, fresh, old)
	}
	for _, donor := range []*stage{old, other} {
		if donor.serves(s, p) {
			fresh.routes = donor.routes
			k.problems = append(k.problems, fresh.routes.problems()...)
			return fresh
		}
	}
	fresh.routes = &lazy{make: k.maker(e, s)}
	if !k.eager {
		return fresh
	}
	r := fresh.routes.get()
	k.problems = append(k.problems, r.problems...)
	if r.broken == nil || old == nil {
		return fresh
	}
	if !r.again.IsZero() && !slices.Contains(k.unread, e.api.ID) {
		k.unread = append(k.unread, e.api.ID)
	}
	return old
}

// serves reports whether the compiled routes of a stage are those of another
// one: a deployment is frozen, and what else they are made of is the labels of
// metrics and what stands in the addresses of backends. On HTTP APIs that is
// seldom more than the deployment says.
func (s *stage) serves(next *gate.Stage, p gate.Protocol) bool {
	if s == nil || s.deployment == nil || s.deployment.ID != next.Deployment {
		return false
	}
	was := s.stage
	return was.DetailedMetrics == next.DetailedMetrics && maps.Equal(was.RouteMetrics, next.RouteMetrics) &&
		(p != gate.REST || was.ClientCertificate == next.ClientCertificate) &&
		(maps.Equal(was.Variables, next.Variables) || p != gate.REST && !s.routes.staged())
}

// log is the stage's own access log. One that cannot be written, which the
// control plane refuses to begin with, is a problem and no reason to serve
// nothing.
func (k *compiler) log(s *gate.Stage, old *stage) flow.Sink {
	a := s.AccessLog
	if a == nil {
		return nil
	}
	if old != nil && old.log != nil && *old.stage.AccessLog == *a {
		return old.log
	}
	log, err := flow.Sink(nil), errors.New("this process keeps none")
	if k.live.Logs != nil {
		log, err = k.live.Logs.Stage(a.Destination, a.Format)
	}
	if err != nil {
		k.problems = append(k.problems, Problem{API: s.API, Stage: s.Name, Err: fmt.Errorf("no access log is written: %w", err)})
		return nil
	}
	return log
}

// lost is a stage whose deployment is not there.
func (k *compiler) lost(e *entry, fresh, old *stage) *stage {
	err := fmt.Errorf("deployment %s does not exist: deploy again", fresh.stage.Deployment)
	k.problems = append(k.problems, Problem{API: e.api.ID, Stage: fresh.stage.Name, Err: err})
	if old != nil {
		return old
	}
	fresh.miss = miss(e.api.Protocol, nil, gate.Fail(gate.Internal, err))
	return fresh
}

// maker is what compiles a stage's deployment, now or later: a request of the
// last second before the process ends may still need it.
func (k *compiler) maker(e *entry, s *gate.Stage) func() *routes {
	ctx, load, live := context.WithoutCancel(k.ctx), k.load, k.live
	a, d := e.api, e.deployments[s.Deployment]
	return func() *routes {
		def, err := load(ctx, a, d)
		if err != nil {
			r := brokenRoutes(a, s, fmt.Errorf("load deployment %s: %w", d.ID, err), nil)
			r.again = time.Now().Add(loadAgain)
			return r
		}
		r, faults := compileRoutes(def, s, live)
		if len(faults) > 0 {
			err := fmt.Errorf("deployment %s does not compile: %d of its parts are at fault, the first is %w", d.ID, len(faults), faults[0].Err)
			return brokenRoutes(a, s, err, faults)
		}
		return r
	}
}

// brokenRoutes answer 500 to everything.
func brokenRoutes(a *gate.API, s *gate.Stage, err error, faults []Problem) *routes {
	return &routes{
		broken:   miss(a.Protocol, nil, gate.Fail(gate.Internal, err)),
		problems: append(faults, Problem{API: a.ID, Stage: s.Name, Err: err}),
	}
}

// compileRoutes turns a definition into a tree of handlers. Faults mean that
// the definition cannot be served; the problems of the routes themselves, that
// a part of it fails closed.
func compileRoutes(d *gate.Definition, s *gate.Stage, live *Live) (r *routes, faults []Problem) {
	if d.API.Protocol == gate.REST {
		return compileREST(d, s, live)
	}
	r = &routes{tree: route.Tree[target]{RootGreedy: d.API.Protocol == gate.HTTP}}
	cors, err := mapping.CompileCORS(d.Deployment.CORS)
	if err != nil {
		faults = append(faults, Problem{API: d.API.ID, Stage: s.Name, Err: fmt.Errorf("corsConfiguration: %w", err)})
	}
	r.cors, r.body = cors, live.Limits.Body
	r.miss = miss(d.API.Protocol, cors, gate.Failf(gate.ResourceNotFound, "no route of stage %s matches", s.Name))
	for i := range d.Routes {
		def := &d.Routes[i]
		r.staged = r.staged || staged(def)
		at := func(err error) Problem { return Problem{API: d.API.ID, Stage: s.Name, Route: def.Key, Err: err} }
		if err := r.add(d, def, s, cors, live); err != nil {
			faults = append(faults, at(err))
		}
		if err := errors.Join(auth.Unserved(def), unserved(def, s, live)); err != nil {
			r.problems = append(r.problems, at(err))
		}
	}
	return r, faults
}

func (r *routes) add(d *gate.Definition, def *gate.Route, s *gate.Stage, cors *mapping.Policy, live *Live) error {
	t := target{route: def}
	if err := r.line(&t, d, s, cors, live); err != nil {
		return err
	}
	if def.Key == gate.DefaultRoute {
		if r.fallback != nil {
			return errors.New("a second $default route")
		}
		t.meter = meter(d, s, def.Key, def.Key, "ANY", live)
		r.fallback = &t
		return nil
	}
	method, path, err := route.Split(def.Key)
	if err != nil {
		return err
	}
	t.meter = meter(d, s, def.Key, path, method, live)
	return r.tree.Add(method, path, t)
}

// meter is the counters of the route with that key, or its stage's where nobody
// asks for detailed metrics: on AWS only those tell routes apart.
func meter(d *gate.Definition, s *gate.Stage, key, path, method string, live *Live) flow.Meter {
	if !s.Detailed(key) {
		path, method = "", ""
	}
	return live.Meters.Route(d.API.ID, s.Name, path, method)
}

// unserved says why a route's integration cannot be served by this version, with
// this configuration, or with the variables of the stage.
func unserved(r *gate.Route, s *gate.Stage, live *Live) error {
	if r.Integration == nil {
		return fmt.Errorf("route %s has no target: give it one (update-route --target integrations/ID) and deploy", r.Key)
	}
	switch r.Integration.Kind {
	case gate.HTTPProxy:
		if !integrate.Staged(r.Integration.URI) {
			return nil
		}
		_, wrong, _ := integrate.HTTPFor(r, s, live.Pools) // what stops a deployment is told by who compiles it in earnest
		return answers500(r, wrong)
	case gate.Private:
		return answers500(r, live.Links.Missing(r.Integration))
	case gate.AWSService:
		return answers500(r, live.Services.Missing(r.Integration))
	}
	return fmt.Errorf("route %s: integrations of kind %s are not served by this version, so it answers 500", r.Key, r.Integration.Kind)
}

// staged reports whether variables of the stage stand in where a route leads to.
func staged(r *gate.Route) bool {
	in := r.Integration
	return in != nil && in.Kind == gate.HTTPProxy && integrate.Staged(in.URI)
}

// answers500 adds to what the configuration lacks which route lacks it.
func answers500(r *gate.Route, missing error) error {
	if missing == nil {
		return nil
	}
	return fmt.Errorf("route %s answers 500: %w", r.Key, missing)
}

// Check compiles a definition as a dry run and returns what would stop it from
// being served. Nothing of it is kept.
func Check(d *gate.Definition, live *Live) []Problem {
	dry := *live
	dry.Meters = noMeters{}
	_, faults := compileRoutes(d, &gate.Stage{}, &dry)
	sortProblems(faults)
	return faults
}

// noMeters counts nothing: a dry run makes no series.
type noMeters struct{}

func (noMeters) Route(gate.APIID, gate.StageName, string, string) flow.Meter { return nil }
