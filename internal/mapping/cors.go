package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// What AWS leaves open about CORS (runtime 2.2), decided once.
const (
	// preflightStatus is that of a preflight's reply, whether its origin is
	// allowed or not: a browser looks at the headers.
	preflightStatus = 204
	// varyOrigin adds "Vary: Origin" to each reply whose headers depend on the
	// origin, one to a request without an Origin included: otherwise a shared
	// cache hands the answer for one origin to another (Fetch standard, "CORS
	// protocol and HTTP caches").
	varyOrigin = true
	// maxListed bounds each list of a CORS configuration.
	maxListed = 200
	// maxListText bounds the text of a list, which is sent with each reply.
	maxListText = 8 << 10
)

// A Policy is a compiled CORS configuration. It is immutable. A nil Policy is
// that of an API without one: its steps are nil, and the headers are the
// backends' own affair.
type Policy struct {
	any         bool            // "*"
	schemes     []string        // "https://" of "https://*"
	origins     map[string]bool // exact ones, in lower case as browsers send them
	credentials bool
	methods     string // lists as they are sent, "" for none
	headers     string
	expose      string
	maxAge      string
}

// CompileCORS compiles a configuration, nil for none. The error names the field
// and the value.
func CompileCORS(c *gate.CORS) (*Policy, error) {
	if c == nil {
		return nil, nil
	}
	p := &Policy{credentials: c.AllowCredentials, origins: make(map[string]bool, len(c.AllowOrigins))}
	var errs []error
	for _, o := range c.AllowOrigins {
		errs = append(errs, p.allow(o))
	}
	if len(c.AllowOrigins) > maxListed {
		errs = append(errs, fmt.Errorf("allowOrigins: %d origins are more than %d", len(c.AllowOrigins), maxListed))
	}
	if p.any && p.credentials {
		// AWS's own words.
		errs = append(errs, errors.New("allow-credentials is not supported if 'allow-origin' is *"))
	}
	var err error
	for _, l := range []struct {
		to   *string
		name string
		from []string
	}{
		{&p.methods, "allowMethods", c.AllowMethods}, {&p.headers, "allowHeaders", c.AllowHeaders}, {&p.expose, "exposeHeaders", c.ExposeHeaders},
	} {
		*l.to, err = joined(l.name, l.from)
		errs = append(errs, err)
	}
	if c.MaxAge != nil {
		if *c.MaxAge < -1 || *c.MaxAge > 86400 {
			errs = append(errs, fmt.Errorf("maxAge: %d is not from -1 to 86400", *c.MaxAge))
		}
		p.maxAge = strconv.Itoa(*c.MaxAge)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// CheckCORS returns what is wrong with a configuration, nil if nothing is.
func CheckCORS(c *gate.CORS) error {
	_, err := CompileCORS(c)
	return err
}

// allow takes one of the allowed origins.
func (p *Policy) allow(origin string) error {
	lower := strings.ToLower(origin)
	switch lower {
	case "*":
		p.any = true
		return nil
	case "https://*", "http://*":
		p.schemes = append(p.schemes, strings.TrimSuffix(lower, "*"))
		return nil
	}
	if err := checkOrigin(lower); err != nil {
		return fmt.Errorf("allowOrigins: %q: %w", origin, err)
	}
	p.origins[lower] = true
	return nil
}

// checkOrigin reports what is wrong with scheme://host[:port]. Schemes of apps
// (capacitor://localhost) are origins too.
func checkOrigin(s string) error {
	scheme, host, ok := strings.Cut(s, "://")
	switch {
	case !ok || scheme == "" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "":
		return fmt.Errorf("an origin is *, https://*, http://* or scheme://host[:port]")
	case strings.Contains(host, "*"):
		return fmt.Errorf("a wildcard stands for all hosts of a scheme (https://*) or for everything (*), not for a part of a host")
	case strings.ContainsAny(host, "/?#@"):
		return fmt.Errorf("an origin ends behind host and port, without a slash or path")
	case !hostValue(host) || len(s) > 1024:
		return fmt.Errorf("%q is no host", host)
	}
	return nil
}

// joined is a list of methods or header names as it is sent.
func joined(name string, list []string) (string, error) {
	if len(list) > maxListed {
		return "", fmt.Errorf("%s: %d values are more than %d", name, len(list), maxListed)
	}
	for _, v := range list {
		if !token(v) { // "*" is one
			return "", fmt.Errorf("%s: %q is neither a name nor *", name, v)
		}
	}
	text := strings.Join(list, ",")
	if len(text) > maxListText {
		return "", fmt.Errorf("%s: the list takes %d bytes, more than %d", name, len(text), maxListText)
	}
	return text, nil
}

// match returns the rule that allows an origin. An origin that is not sent
// (the empty one) is not allowed.
func (p *Policy) match(origin string) (rule string, ok bool) {
	switch {
	case origin == "":
		return "", false
	case p.any:
		return "*", true
	case p.origins[origin]:
		return origin, true
	}
	for _, s := range p.schemes {
		// "https:///" and the like are no origins and are not echoed.
		if host, ok := strings.CutPrefix(origin, s); ok && hostValue(host) {
			return s, true
		}
	}
	return "", false
}

// CORS returns the step that lets the replies of an API, errors included, carry
// the policy's headers and no others: those of backends are dropped. Headers
// that allow something are there only where the request's Origin is allowed.
//
// It stands outside of Faults. The names are in lower case, as HTTP APIs send
// them.
func CORS(p *Policy) flow.Step {
	if p == nil {
		return nil
	}
	return func(next flow.Handler) flow.Handler { return &cors{p, next} }
}

type cors struct {
	policy *Policy
	next   flow.Handler
}

func (h *cors) Serve(x *flow.Exchange) error {
	if err := h.next.Serve(x); err != nil {
		return err
	}
	dropCORS(&x.Out.Header)
	h.policy.mark(x)
	return nil
}

// dropCORS drops what a backend says to browsers.
func dropCORS(l *field.List) {
	const prefix = "access-control-"
	for i := range l.Len() {
		id, name, _, ok := l.At(i)
		if ok && id == field.Other && len(name) > len(prefix) && field.Equal(name[:len(prefix)], prefix) {
			l.Del(name)
		}
	}
}

// mark adds the headers of the policy.
func (p *Policy) mark(x *flow.Exchange) {
	out := &x.Out.Header
	if varyOrigin && !p.any && !varies(out) {
		out.Add("vary", "Origin")
	}
	origin, sent := x.In.Header.Lookup(field.Origin)
	if !sent {
		return
	}
	rule, ok := p.match(origin)
	if x.Trail != nil {
		p.explain(x, origin, rule, ok)
	}
	if !ok {
		return
	}
	if p.any {
		origin = "*"
	}
	out.Add("access-control-allow-origin", origin)
	if p.credentials {
		out.Add("access-control-allow-credentials", "true")
	}
	if preflight(x) && x.Event.Fault == nil {
		add(out, "access-control-allow-methods", p.methods)
		add(out, "access-control-allow-headers", p.headers)
		add(out, "access-control-max-age", p.maxAge)
		return
	}
	add(out, "access-control-expose-headers", p.expose)
}

func add(l *field.List, name, value string) {
	if value != "" {
		l.Add(name, value)
	}
}

// varies reports whether a reply already says that it depends on the origin.
func varies(l *field.List) bool {
	for i := range l.Len() {
		id, name, rest, ok := l.At(i)
		if !ok || id != field.Other || !field.Equal(name, "vary") {
			continue
		}
		for rest != "" {
			var one string
			one, rest, _ = strings.Cut(rest, ",")
			if one = strings.Trim(one, " \t"); one == "*" || field.Equal(one, "origin") {
				return true
			}
		}
	}
	return false
}

// preflight reports whether a request asks for leave to make another one: an
// OPTIONS with an Origin and an Access-Control-Request-Method. Any other
// OPTIONS is a request like all.
func preflight(x *flow.Exchange) bool {
	if x.In.Method != "OPTIONS" {
		return false
	}
	if _, ok := x.In.Header.Lookup(field.Origin); !ok {
		return false
	}
	_, ok := x.In.Header.Get(requestMethod)
	return ok
}

const (
	requestMethod  = "Access-Control-Request-Method"
	requestHeaders = "Access-Control-Request-Headers"
)

// Preflight returns the step that answers preflights, whatever route they match
// and if they match none. It stands behind authorization: a route for OPTIONS
// or ANY, or the $default one, that wants a caller to say who it is refuses
// preflights, which never do (developer guide, "Configure CORS for HTTP APIs").
// CORS adds the headers.
func Preflight(p *Policy) flow.Step {
	if p == nil {
		return nil
	}
	return func(next flow.Handler) flow.Handler { return &answerPreflight{next} }
}

type answerPreflight struct{ next flow.Handler }

func (h *answerPreflight) Serve(x *flow.Exchange) error {
	if !preflight(x) {
		return h.next.Serve(x)
	}
	x.Out.Clear()
	x.Out.Body = flow.Body{}
	x.Out.Status = preflightStatus
	return nil
}
