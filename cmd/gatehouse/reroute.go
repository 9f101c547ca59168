package main

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"gatehouse/internal/openapi"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// A reroute sends the operations of a document elsewhere than it says.
type reroute struct {
	backend string // without a slash at its end; "": where the document says
	rules   []rule
}

// A rule replaces the integrations that an ARN names.
type rule struct {
	arn     string
	pattern *regexp.Regexp
	url     string
	used    int
}

// newReroute reads --backend and --map.
func newReroute(backend string, maps []string) (*reroute, error) {
	r := &reroute{}
	var err error
	if backend != "" {
		if r.backend, err = plainURL("--backend", backend); err != nil {
			return nil, err
		}
	}
	for _, m := range maps {
		arn, to, ok := strings.Cut(m, "=")
		if !ok || arn == "" {
			return nil, usage(fmt.Sprintf("--map %q has not the form ARN=URL", clip(m)))
		}
		if to, err = plainURL("--map", to); err != nil {
			return nil, err
		}
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(arn), `\*`, ".*") + "$"
		p, err := regexp.Compile(pattern)
		if err != nil {
			return nil, usage(fmt.Sprintf("--map %q: %v", clip(m), err))
		}
		r.rules = append(r.rules, rule{arn: arn, pattern: p, url: to})
	}
	return r, nil
}

// plainURL takes scheme, host and path, and drops the slash at the end.
func plainURL(flag, raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.ContainsAny(raw, "?#{}") {
		return "", usage(fmt.Sprintf("%s %q is not a URL such as http://127.0.0.1:8000", flag, clip(raw)))
	}
	return strings.TrimSuffix(raw, "/"), nil
}

func (r *reroute) empty() bool { return r.backend == "" && len(r.rules) == 0 }

// apply changes a definition. It returns how many routes go elsewhere, and adds
// a warning for each rule that no integration answers to.
func (r *reroute) apply(def *openapi.Definition, said *[]finding) (changed int) {
	for _, route := range def.Routes {
		if i := r.target(route); i != nil {
			route.Integration = i
			def.Integrations = append(def.Integrations, i)
			changed++
		}
	}
	changed += r.hosts(def)
	drop(def)
	for _, u := range r.rules {
		if u.used == 0 {
			*said = append(*said, finding{Severity: "warning", File: "--map", Message: "no integration has the ARN " + u.arn})
		}
	}
	return changed
}

// target is the integration that a route gets instead of its own, or nil.
func (r *reroute) target(route *openapi.Route) *openapi.Integration {
	key := *route.AWS.RouteKey
	if route.Integration == nil {
		if r.backend == "" {
			return nil
		}
		return proxy(below(r.backend, key), route.At)
	}
	was := &route.Integration.AWS
	for i := range r.rules {
		u := &r.rules[i]
		if !u.matches(was.IntegrationUri) {
			continue
		}
		u.used++
		to := u.url
		if parsed, err := url.Parse(to); err == nil && parsed.Path == "" {
			to = below(to, key)
		}
		p := proxy(to, route.Integration.At)
		p.AWS.TimeoutInMillis, p.AWS.Description = was.TimeoutInMillis, was.Description
		if text := was.IntegrationType; text != nil && *text == "HTTP_PROXY" {
			p.AWS.RequestParameters, p.AWS.ResponseParameters = was.RequestParameters, was.ResponseParameters
		}
		return p
	}
	return nil
}

var invoked = regexp.MustCompile(`:lambda:path/[^/]+/functions/(.+)/invocations$`)

// matches reports whether a rule is for a URI: for the ARN that it is, or for
// that of the function that it invokes.
func (u *rule) matches(uri *string) bool {
	if uri == nil || !strings.HasPrefix(*uri, "arn:") {
		return false
	}
	if m := invoked.FindStringSubmatch(*uri); m != nil && u.pattern.MatchString(m[1]) {
		return true
	}
	return u.pattern.MatchString(*uri)
}

// proxy is an integration that calls a URL with the method of the request.
func proxy(to string, at openapi.Position) *openapi.Integration {
	return &openapi.Integration{At: at, AWS: v2.Integration{IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"),
		IntegrationUri: &to, PayloadFormatVersion: new("1.0")}}
}

// below is the path of a route below a URL. The $default route has none: there
// the gateway appends that of the request.
func below(base, routeKey string) string {
	_, path, ok := strings.Cut(routeKey, " ")
	if !ok {
		return base + "/"
	}
	return base + strings.ReplaceAll(path, "+}", "}")
}

// hosts moves what is called over the open network to the backend. Paths and
// queries stay.
func (r *reroute) hosts(def *openapi.Definition) (changed int) {
	if r.backend == "" {
		return 0
	}
	moved := map[*openapi.Integration]bool{}
	for _, route := range def.Routes {
		i := route.Integration
		if i == nil || i.AWS.IntegrationUri == nil || moved[i] {
			continue
		}
		uri := *i.AWS.IntegrationUri
		_, rest, ok := strings.Cut(uri, "://")
		if !ok || !strings.HasPrefix(uri, "http") || strings.HasPrefix(uri, r.backend+"/") {
			continue
		}
		path := ""
		if at := strings.IndexAny(rest, "/?"); at >= 0 {
			path = rest[at:]
		}
		i.AWS.IntegrationUri = new(r.backend + path)
		moved[i] = true
		changed++
	}
	return changed
}

// drop takes away the integrations that no route has any more.
func drop(def *openapi.Definition) {
	used := map[*openapi.Integration]bool{}
	for _, route := range def.Routes {
		used[route.Integration] = true
	}
	var kept []*openapi.Integration
	for _, i := range def.Integrations {
		if used[i] {
			kept = append(kept, i)
		}
	}
	def.Integrations = kept
}
