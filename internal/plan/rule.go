package plan

import (
	"cmp"
	"slices"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// rule is a routing rule of a domain, compiled. Its base paths are without the
// slashes around them, the longest first.
type rule struct {
	*gate.RoutingRule
	bases []string
}

// compileRules orders a domain's rules by their priority.
func (h *host) compileRules() {
	if h.domain.Mode == "" || h.domain.Mode == gate.MappingsOnly {
		return
	}
	for i := range h.domain.Rules {
		r := rule{RoutingRule: &h.domain.Rules[i]}
		for _, base := range r.BasePaths {
			r.bases = append(r.bases, strings.Trim(base, "/"))
		}
		slices.SortFunc(r.bases, func(a, b string) int { return depth(b) - depth(a) })
		h.rules = append(h.rules, r)
	}
	slices.SortStableFunc(h.rules, func(a, b rule) int { return cmp.Compare(a.Priority, b.Priority) })
}

// ruled returns the first rule all of whose conditions the request meets, and
// the path as its API is to see it.
func (h *host) ruled(x *flow.Exchange, path string) (*gate.RoutingRule, string) {
	for i := range h.rules {
		r := &h.rules[i]
		rest, ok := r.takes(path)
		if !ok || !r.heads(&x.In.Header) {
			continue
		}
		if !r.Strip {
			rest = path
		}
		return r.RoutingRule, rest
	}
	return nil, path
}

// takes reports whether the path begins with one of the rule's base paths, and
// returns what is below it.
func (r *rule) takes(path string) (rest string, ok bool) {
	if len(r.bases) == 0 {
		return path, true
	}
	for _, base := range r.bases {
		if base == "" {
			return path, true
		}
		if rest, ok := below(path, base); ok {
			return rest, true
		}
	}
	return "", false
}

// heads reports whether each of the rule's conditions on headers is met by one
// of its globs.
func (r *rule) heads(l *field.List) bool {
	for _, any := range r.Headers {
		if !slices.ContainsFunc(any, func(g gate.HeaderGlob) bool { return met(l, &g) }) {
			return false
		}
	}
	return true
}

// met reports whether a header of the name has a value that the glob matches,
// in its very case.
func met(l *field.List, g *gate.HeaderGlob) bool {
	for v := range l.Values(g.Name) {
		if globbed(v, g.Glob) {
			return true
		}
	}
	return false
}

// globbed matches "x", "x*", "*x" and "*x*".
func globbed(v, glob string) bool {
	text, end := strings.CutSuffix(glob, "*")
	text, begin := strings.CutPrefix(text, "*")
	switch {
	case begin && end:
		return strings.Contains(v, text)
	case begin:
		return strings.HasSuffix(v, text)
	case end:
		return strings.HasPrefix(v, text)
	}
	return v == text
}
