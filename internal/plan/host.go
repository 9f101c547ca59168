package plan

import (
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
	for i := range h.mappings {
		m := &h.mappings[i]
		if m.Key == "" {
			return m, path
		}
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/"), m.Key); ok && (rest == "" || rest[0] == '/') {
			if rest == "" {
				rest = "/"
			}
			return m, rest
		}
	}
	return nil, path
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

// findMapped is Find for a custom domain.
func (p *Plan) findMapped(x *flow.Exchange, h *host) (flow.Handler, error) {
	x.Trail.Add(flow.FoundHost, x.In.Host, "custom domain "+string(h.domain.Name))
	if h.broken != nil {
		return nil, gate.Fail(gate.Internal, h.broken)
	}
	m, rest := h.match(x.Path)
	if m == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "domain %s has no mapping for the path %q", h.domain.Name, x.Path)
	}
	x.Trail.Add(flow.FoundMapping, m.Key, string(m.API)+"/"+string(m.Stage))
	a := p.api(m.API)
	if a == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "domain %s maps %q to API %s, which does not exist", h.domain.Name, m.Key, m.API)
	}
	s := a.stages[m.Stage]
	if s == nil {
		return nil, gate.Failf(gate.ResourceNotFound, "domain %s maps %q to stage %s of API %s, which does not exist", h.domain.Name, m.Key, m.Stage, m.API)
	}
	x.API, x.Mapping = a.api, m
	x.Trail.Add(flow.FoundAPI, string(a.api.ID), a.api.Name)
	return s.enter(x, rest), nil
}
