package mapping

import (
	"fmt"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// explain notes what a browser makes of the reply, and why: the gateway answers
// alike in most of these cases, and it is the browser that refuses (Fetch
// standard, "CORS-preflight fetch").
func (p *Policy) explain(x *flow.Exchange, origin, rule string, ok bool) {
	switch {
	case !ok:
		x.Trail.Add(flow.CORSRefused, origin, "no reply may be read: "+p.refusal(origin))
		return
	case x.Event.Fault != nil && preflight(x):
		x.Trail.Add(flow.CORSRefused, origin, "the preflight was answered "+string(x.Event.Fault.Kind)+
			" by its route, which browsers take for a no: add a route OPTIONS /{proxy+} without authorization")
		return
	}
	x.Trail.Add(flow.CORSAllowed, origin, rule)
	if preflight(x) {
		p.explainPreflight(x, origin)
	}
}

// refusal says why an origin is not allowed.
func (p *Policy) refusal(origin string) string {
	switch {
	case len(p.origins)+len(p.schemes) == 0:
		return "allowOrigins is empty; " + p.wouldAllow(origin)
	case origin == "null":
		return `pages without an origin of their own (files, sandboxed frames) send "null", which only * allows`
	}
	if _, host, ok := strings.Cut(origin, "://"); ok {
		for allowed := range p.origins {
			if _, other, _ := strings.Cut(allowed, "://"); strings.EqualFold(host, other) {
				return fmt.Sprintf("allowOrigins has %s: scheme and letters have to be the same", allowed)
			}
		}
	}
	return "the origin is not in allowOrigins; " + p.wouldAllow(origin)
}

// wouldAllow names the rules that would allow an origin.
func (p *Policy) wouldAllow(origin string) string {
	rules := origin
	if scheme, _, ok := strings.Cut(origin, "://"); ok && (scheme == "https" || scheme == "http") {
		rules += ", " + scheme + "://*"
	}
	if !p.credentials { // "*" does not go with allowCredentials
		rules += ", *"
	}
	return "it would be allowed by: " + rules
}

// explainPreflight notes what the coming request may not have.
func (p *Policy) explainPreflight(x *flow.Exchange, origin string) {
	method, _ := x.In.Header.Get(requestMethod)
	switch method {
	case "GET", "HEAD", "POST": // need no leave
	default:
		if !covers(p.methods, method, func(a, b string) bool { return a == b }) {
			x.Trail.Add(flow.CORSRefused, origin, fmt.Sprintf("the request may not be made: method %s is not in allowMethods; it would be allowed by: %s, *", method, method))
		}
	}
	names, _ := x.In.Header.Get(requestHeaders)
	for name := range strings.SplitSeq(names, ",") {
		name = strings.Trim(name, " \t")
		switch {
		case name == "" || covers(p.headers, name, field.Equal) && !field.Equal(name, "authorization"):
		case field.Equal(name, "authorization") && strings.Contains(","+strings.ToLower(p.headers)+",", ",authorization,"):
		case field.Equal(name, "authorization") && covers(p.headers, name, field.Equal):
			x.Trail.Add(flow.CORSRefused, origin, "the request may not be made: * in allowHeaders does not stand for Authorization, which has to be listed")
		case field.Equal(name, "authorization"):
			x.Trail.Add(flow.CORSRefused, origin, fmt.Sprintf("the request may not be made: header %s is not in allowHeaders; it would be allowed by: %s", name, name))
		default:
			x.Trail.Add(flow.CORSRefused, origin, fmt.Sprintf("the request may not be made: header %s is not in allowHeaders; it would be allowed by: %s, *", name, name))
		}
	}
}

// covers reports whether a list of names as it is sent has v or *.
func covers(list, v string, same func(a, b string) bool) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == "*" || same(one, v) {
			return true
		}
	}
	return false
}
