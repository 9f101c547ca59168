package plan

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// host is a custom domain as it is served: its mappings with the longest path
// first, so that the first that fits is the one (runtime 1.3).
type host struct {
	domain   *gate.Domain
	mappings []gate.Mapping
	rules    []rule
	broken   error // the domain's document cannot be read
}

// compileHost orders a domain's mappings; nil for a domain that is gone.
func compileHost(d *gate.Domain) *host {
	if d == nil {
		return nil
	}
	h := &host{domain: d, mappings: slices.Clone(d.Mappings)}
	slices.SortFunc(h.mappings, func(a, b gate.Mapping) int {
		if n := depth(b.Key) - depth(a.Key); n != 0 {
			return n
		}
		return strings.Compare(a.Key, b.Key)
	})
	h.compileRules()
	return h
}

// depth is the number of segments of a mapping's path.
func depth(key string) int {
	if key == "" {
		return 0
	}
	return strings.Count(key, "/") + 1
}

// match returns the mapping that takes the path and what is left of the path
// below it. Segments are compared whole and as sent.
func (h *host) match(path string) (m *gate.Mapping, rest string) {
	if h.domain.Mode == gate.RulesOnly {
		return nil, path
	}
	for i := range h.mappings {
		m := &h.mappings[i]
		if m.Key == "" {
			return m, path
		}
		if rest, ok := below(path, m.Key); ok {
			return m, rest
		}
	}
	return nil, path
}

// below is what is left of a path below a key, "/" where that is all of it.
func below(path, key string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(strings.TrimPrefix(path, "/"), key)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// host finds the domain of a Host header: by its whole name, else by the
// wildcard of one label.
func (p *Plan) host(name string) *host {
	name = strings.ToLower(flow.HostName(name)) // allocates only where there are capitals
	if h := p.hosts[shard(name)][gate.DomainName(name)]; h != nil {
		return h
	}
	i := strings.IndexByte(name, '.')
	if i <= 0 || p.wildcards == 0 {
		return nil
	}
	wild := "*" + name[i:]
	return p.hosts[shard(wild)][gate.DomainName(wild)]
}

// HasHost reports whether a Host is the data plane's: the execute-api name of
// an API, whether that exists or not, or a custom domain. Such a Host never
// reaches a control plane.
func (p *Plan) HasHost(name string) bool {
	if _, ok := DefaultHost(name); ok {
		return true
	}
	return p.host(name) != nil
}

// Domain returns the custom domain of a Host, nil where it is none's.
func (p *Plan) Domain(name string) *gate.Domain {
	if _, ok := DefaultHost(name); ok {
		return nil
	}
	if h := p.host(name); h != nil {
		return h.domain
	}
	return nil
}

// findMapped is Find for a custom domain: its rules are asked first, then its
// mappings, as far as its mode has them (runtime 1.3).
func (p *Plan) findMapped(x *flow.Exchange, h *host) (flow.Handler, error) {
	x.Trail.Add(flow.FoundHost, x.In.Host, "custom domain "+string(h.domain.Name))
	if h.broken != nil {
		return nil, gate.Fail(gate.Internal, h.broken)
	}
	path := x.Path
	if special(path) && p.forREST(h) {
		if path == "/ping" || path == "/sping" {
			x.Identify()
			return healthy(), nil
		}
		path = oneSlash(path)
	}
	if r, rest := h.ruled(x, path); r != nil {
		x.Rule = r
		x.Trail.Add(flow.FoundMapping, "rule "+r.ID, string(r.API)+"/"+string(r.Stage))
		return p.mapped(x, h, r.API, r.Stage, rest)
	}
	m, rest := h.match(path)
	if m == nil {
		return nil, p.unmapped(x, h)
	}
	x.Mapping = m
	x.Trail.Add(flow.FoundMapping, m.Key, string(m.API)+"/"+string(m.Stage))
	return p.mapped(x, h, m.API, m.Stage, rest)
}

// special reports whether a path is treated in another way on domains of REST
// APIs, so that only for these few it is asked which kind a domain is of.
func special(path string) bool {
	return path == "/ping" || path == "/sping" || strings.HasPrefix(path, "//")
}

// forREST reports whether a domain leads to a REST API. No other kind but HTTP
// APIs can share it (runtime 1.3).
func (p *Plan) forREST(h *host) bool {
	is := func(id gate.APIID) bool { a := p.api(id); return a != nil && a.api.Protocol == gate.REST }
	return slices.ContainsFunc(h.mappings, func(m gate.Mapping) bool { return is(m.API) }) ||
		slices.ContainsFunc(h.rules, func(r rule) bool { return is(r.API) })
}

// unmapped is the fault of a path that a domain has nothing for.
func (p *Plan) unmapped(x *flow.Exchange, h *host) error {
	why := fmt.Errorf("domain %s has no mapping for the path %q", h.domain.Name, x.Path)
	if h.domain.Mode == gate.RulesOnly {
		why = fmt.Errorf("domain %s has no routing rule that the request meets, and its routing mode has it ask for no mapping", h.domain.Name)
	}
	if !p.forREST(h) {
		return gate.Fail(gate.ResourceNotFound, why)
	}
	x.Identify()
	if h.domain.Mode == gate.RulesOnly {
		return gate.Fail(gate.ResourceNotFound, why)
	}
	return gate.Fail(gate.Forbidden, why)
}

// mapped enters the stage that a domain leads to. An empty name is that of the
// next segment, on REST APIs.
func (p *Plan) mapped(x *flow.Exchange, h *host, id gate.APIID, name gate.StageName, rest string) (flow.Handler, error) {
	a := p.api(id)
	if a == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "domain %s leads to API %s, which does not exist", h.domain.Name, id)
	}
	x.API = a.api
	x.Trail.Add(flow.FoundAPI, string(a.api.ID), a.api.Name)
	if a.api.Protocol == gate.REST {
		return p.mappedREST(x, h, a, name, rest)
	}
	s := a.stages[name]
	if s == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "domain %s leads to stage %s of API %s, which does not exist", h.domain.Name, name, id)
	}
	return s.enter(x, rest), nil
}

func (p *Plan) mappedREST(x *flow.Exchange, h *host, a *api, name gate.StageName, rest string) (flow.Handler, error) {
	if err := begin(x, &p.limits); err != nil {
		return nil, err
	}
	rest = oneSlash(rest)
	if name == "" {
		s, below, err := a.restStage(x, rest)
		if err != nil {
			return nil, err
		}
		return s.enter(x, below), nil
	}
	s := a.stages[name]
	if s == nil {
		return nil, gate.Failf(gate.Forbidden, "domain %s leads to stage %s of API %s, which does not exist", h.domain.Name, name, a.api.ID)
	}
	return s.enter(x, rest), nil
}
