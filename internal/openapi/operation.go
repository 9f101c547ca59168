package openapi

import (
	"strings"
	"unicode/utf8"
)

// methods are the members of a path item that are operations, with the method
// of their route.
var methods = map[string]string{
	"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS", "head": "HEAD", "patch": "PATCH",
	extAnyMethod: "ANY",
}

const (
	defaultPath  = "/$default"
	defaultRoute = "$default"
	// maxOperationName is how long a route's operation name can be.
	maxOperationName = 64
)

func (r *reader) paths(optional bool) {
	paths := r.root.get("paths")
	if paths == nil {
		if !optional {
			r.fail(r.root.at, "the member paths is missing")
		}
		return
	}
	if !r.is(paths, object, "paths") {
		return
	}
	for _, m := range paths.members {
		if strings.HasPrefix(m.key, "x-") {
			continue
		}
		if !strings.HasPrefix(m.key, "/") {
			r.fail(m.at, "paths: %q does not begin with a slash", clip(m.key))
			continue
		}
		if item := r.follow(m.value); item != nil && r.is(item, object, "path "+clip(m.key)) {
			r.path(m.key, item, m.value)
		}
	}
}

// path reads a path item. OpenAPI lets one beside a $ref; what both have is
// undefined there, so it is refused here.
func (r *reader) path(path string, item, written *node) {
	members := item.members
	if written != item {
		for _, m := range written.members {
			if m.key != "$ref" && m.key != "summary" && m.key != "description" {
				r.fail(m.at, "path %s: %s stands beside a $ref: write it where that leads to", clip(path), clip(m.key))
			}
		}
	}
	for _, m := range members {
		switch method := methods[m.key]; {
		case method != "":
			if r.is(m.value, object, "path "+clip(path)+": "+m.key) {
				r.operation(path, method, m)
			}
		case m.key == "parameters":
			r.documents("parameters", m.at)
		case m.key == "summary" || m.key == "description" || m.key == "servers" || m.key == "$ref":
		case m.key == "trace":
			r.warn(m.at, "path %s: trace is left out: an API has no TRACE", clip(path))
		default:
			r.other(m, "path "+clip(path)+": ", "; the methods are get, put, post, delete, options, head and patch")
		}
	}
}

// operation reads one operation: a route.
func (r *reader) operation(path, method string, m member) {
	op := m.value
	route := &Route{At: m.at}
	key := method + " " + r.prefix + path
	if r.prefix != "" && path == "/" {
		key = method + " " + r.prefix
	}
	if path == defaultPath && method == "ANY" && !r.literal(op) {
		key = defaultRoute
	}
	route.AWS.RouteKey = &key
	where := "operation " + clip(key)
	r.operationName(op, route, where)
	r.authorization(op, route, where)
	if ext := op.get(extIntegration); ext != nil {
		route.Integration = r.integration(ext, where)
	}
	r.operationMembers(op, where)
	r.def.Routes = append(r.def.Routes, route)
}

// literal reports whether the path /$default is meant as it is written. AWS
// writes isDefaultRoute: true; the word false is our own.
func (r *reader) literal(op *node) bool {
	n := op.get("isDefaultRoute")
	return n != nil && n.kind == boolean && n.text == "false"
}

func (r *reader) operationName(op *node, route *Route, where string) {
	n := op.get("operationId")
	if n == nil || n.kind == null {
		return
	}
	name, ok := r.text(n, where+": operationId")
	if !ok || name == "" {
		return
	}
	if size := utf8.RuneCountInString(name); size > maxOperationName {
		r.warn(n.at, "%s: operationId has %d characters and is left out: an operation name has at most %d", where, size, maxOperationName)
		return
	}
	route.AWS.OperationName = &name
}

func (r *reader) operationMembers(op *node, where string) {
	for _, m := range op.members {
		switch m.key {
		case "operationId", "security", extIntegration, extAuth:
		case "parameters", "requestBody", "callbacks":
			r.documents(m.key, m.at)
		case "responses", "tags", "summary", "description", "externalDocs", "deprecated", "servers", "isDefaultRoute":
		default:
			r.other(m, where+": ", "")
		}
	}
}

// integration reads an integration, or returns the one that a $ref shares.
func (r *reader) integration(n *node, where string) *Integration {
	if n = r.follow(n); n == nil {
		return nil
	}
	if i := r.integrations[n]; i != nil {
		return i
	}
	if !r.is(n, object, where+": "+extIntegration) {
		return nil
	}
	i := &Integration{At: n.at}
	r.integrations[n] = i
	if n.get("type") == nil {
		r.fail(n.at, "%s: %s has no type: say http_proxy or aws_proxy", where, extIntegration)
	}
	r.fill(n, extIntegration, integrationSlots(&i.AWS), integrationForeign)
	r.def.Integrations = append(r.def.Integrations, i)
	return i
}
