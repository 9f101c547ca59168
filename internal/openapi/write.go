package openapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Format is how a document is written.
type Format string

// The formats, as AWS names them.
const (
	JSON Format = "JSON"
	YAML Format = "YAML"
)

// Writing says what a document is to have beside the definition.
type Writing struct {
	Format Format
	// Extensions are what an import needs to make the same API again. Without
	// them a document tells clients what there is to call.
	Extensions bool
	// Server is the API's address, without a path for the stage; empty: the
	// document has no servers.
	Server string
	// BasePath is the stage in the address, empty for $default and for none.
	BasePath string
	// Version stands in for that of an API that has none: AWS writes the date of
	// its creation.
	Version string
}

// Write returns the OpenAPI 3.0.1 document of a definition: its paths are
// sorted, and what Parse reads from it is the definition again, as long as the
// names of its authorizers differ. Only what no document can say is an error.
func Write(d *Definition, w Writing) ([]byte, error) {
	b := &writer{Writing: w, def: d, root: newObject()}
	if err := b.document(); err != nil {
		return nil, err
	}
	if w.Format == YAML {
		return printYAML(b.root)
	}
	return printJSON(b.root), nil
}

type writer struct {
	Writing
	def    *Definition
	root   *node
	shared map[*Integration]string // the names of those that have to have one
	keys   map[string]bool         // of all routes
}

func (w *writer) document() error {
	w.root.set("openapi", newText("3.0.1"))
	w.info()
	w.servers()
	w.tags()
	w.share()
	if err := w.paths(); err != nil {
		return err
	}
	if err := w.components(); err != nil {
		return err
	}
	if !w.Extensions {
		return nil
	}
	a := w.def.API
	if a.CorsConfiguration != nil {
		w.root.set(extCORS, spill(corsSlots(a.CorsConfiguration)))
	}
	if e := spill(endpointSlots(&a)); len(e.members) > 0 {
		w.root.set(extEndpoint, e)
	}
	w.root.set(extVersion, newText(importExportVersion))
	return nil
}

func (w *writer) info() {
	a := &w.def.API
	info := newObject().set("title", newText(text1(a.Name)))
	if a.Description != nil {
		info.set("description", newText(*a.Description))
	}
	v := w.Version
	if a.Version != nil {
		v = *a.Version
	}
	w.root.set("info", info.set("version", newText(v)))
}

func (w *writer) servers() {
	if w.Server == "" {
		return
	}
	variable := newObject().set("default", newText(w.BasePath))
	server := newObject().set("url", newText(w.Server+"/{basePath}")).set("variables", newObject().set("basePath", variable))
	w.root.set("servers", &node{kind: list, items: []*node{server}})
}

func (w *writer) tags() {
	if len(w.def.API.Tags) == 0 || !w.Extensions {
		return
	}
	tags := &node{kind: list}
	for _, name := range sorted(w.def.API.Tags) {
		tags.items = append(tags.items, newObject().set("name", newText(name)).set(extTagValue, newText(w.def.API.Tags[name])))
	}
	w.root.set("tags", tags)
}

// share notes the routes, and names the integrations that do not stand at one operation alone: those
// that several have, and those that none has.
func (w *writer) share() {
	w.shared, w.keys = map[*Integration]string{}, map[string]bool{}
	uses := map[*Integration]int{}
	for _, r := range w.def.Routes {
		w.keys[text1(r.AWS.RouteKey)] = true
		if r.Integration != nil {
			uses[r.Integration]++
		}
	}
	for _, i := range w.def.Integrations {
		if uses[i] != 1 {
			w.shared[i] = "integration" + strconv.Itoa(len(w.shared)+1)
		}
	}
}

func (w *writer) components() error {
	c := newObject()
	if len(w.def.Authorizers) > 0 {
		schemes := newObject()
		var u unique
		for _, a := range w.def.Authorizers {
			name := text1(a.AWS.Name)
			if _, twice := u.add(schemes, name, Position{}); twice {
				return fmt.Errorf("two authorizers are called %q: rename one of them", clip(name))
			}
			schemes.set(name, w.scheme(a))
		}
		c.set("securitySchemes", schemes)
	}
	if len(w.shared) > 0 && w.Extensions {
		all := newObject()
		for _, i := range w.def.Integrations {
			if name := w.shared[i]; name != "" {
				all.set(name, spill(integrationSlots(&i.AWS)))
			}
		}
		c.set(extIntegrations, all)
	}
	if len(c.members) > 0 {
		w.root.set("components", c)
	}
	return nil
}

// scheme writes an authorizer in the form that AWS gives its kind.
func (w *writer) scheme(a *Authorizer) *node {
	n := newObject()
	if text1(a.AWS.AuthorizerType) == authJWT {
		n.set("type", newText("oauth2")).set("flows", newObject())
	} else {
		n.set("type", newText("apiKey")).set("name", newText(headerOf(a.AWS.IdentitySource))).set("in", newText("header"))
	}
	if w.Extensions {
		n.set(extAuthorizer, spill(authorizerSlots(&a.AWS)))
	}
	return n
}

// headerOf is the first header that an authorizer looks at.
func headerOf(sources []string) string {
	for _, s := range sources {
		if name, ok := strings.CutPrefix(s, "$request.header."); ok {
			return name
		}
	}
	return "Unused"
}

// paths writes the routes by path and method.
func (w *writer) paths() error {
	routes := slices.Clone(w.def.Routes)
	path := func(r *Route) (method, path string) {
		if key := text1(r.AWS.RouteKey); key != defaultRoute {
			method, path, _ = strings.Cut(key, " ")
			return method, path
		}
		return "ANY", defaultPath
	}
	slices.SortStableFunc(routes, func(a, b *Route) int {
		ma, pa := path(a)
		mb, pb := path(b)
		if pa != pb {
			return strings.Compare(pa, pb)
		}
		return strings.Compare(ma, mb)
	})
	paths := newObject()
	w.root.set("paths", paths)
	var item *node
	last := ""
	for i, r := range routes {
		m, p := path(r)
		if i == 0 || p != last {
			item, last = newObject(), p
			paths.set(p, item)
		}
		for _, name := range w.members(m, p, item, r) {
			if item.get(name) != nil {
				return fmt.Errorf("the routes %s and ANY %s are one in OpenAPI: delete one of them", defaultRoute, defaultPath)
			}
			item.set(name, w.operation(r))
		}
	}
	w.finish(paths)
	return nil
}

// members are what a route is called in a path item. Without extensions ANY has
// no word, so it becomes all the methods that have no route of their own, and a
// $default route has no path.
func (w *writer) members(method, path string, item *node, r *Route) []string {
	if method != "ANY" {
		return []string{strings.ToLower(method)}
	}
	if w.Extensions {
		return []string{extAnyMethod}
	}
	if text1(r.AWS.RouteKey) == defaultRoute {
		return nil
	}
	var names []string
	for name := range methods {
		if name != extAnyMethod && item.get(name) == nil && !w.keys[methods[name]+" "+path] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// finish adds the parameters that OpenAPI demands of a path, and takes away
// paths without an operation.
func (w *writer) finish(paths *node) {
	paths.members = slices.DeleteFunc(paths.members, func(m member) bool { return len(m.value.members) == 0 })
	for _, m := range paths.members {
		params := &node{kind: list}
		for step := range strings.SplitSeq(m.key, "/") {
			name, ok := strings.CutPrefix(step, "{")
			if name = strings.TrimSuffix(name, "}"); !ok {
				continue
			}
			params.items = append(params.items, newObject().set("name", newText(name)).set("in", newText("path")).
				set("description", newText("Generated path parameter for "+name)).
				set("required", &node{kind: boolean, text: "true"}).
				set("schema", newObject().set("type", newText("string"))))
		}
		if len(params.items) > 0 {
			m.value.set("parameters", params)
		}
	}
}

func (w *writer) operation(r *Route) *node {
	op := newObject()
	key := text1(r.AWS.RouteKey)
	if w.Extensions && key == defaultRoute {
		op.set("isDefaultRoute", &node{kind: boolean, text: "true"})
	}
	if w.Extensions && key == "ANY "+defaultPath {
		op.set("isDefaultRoute", &node{kind: boolean, text: "false"})
	}
	if r.AWS.OperationName != nil {
		op.set("operationId", newText(*r.AWS.OperationName))
	}
	op.set("responses", newObject().set("default", newObject().set("description", newText("Default response for "+key))))
	if r.Authorizer != nil {
		scopes := newList(r.AWS.AuthorizationScopes)
		op.set("security", &node{kind: list, items: []*node{newObject().set(text1(r.Authorizer.AWS.Name), scopes)}})
	}
	if !w.Extensions {
		return op
	}
	if text1(r.AWS.AuthorizationType) == authIAM {
		op.set(extAuth, newObject().set("type", newText(authIAM)))
	}
	if i := r.Integration; i != nil && w.shared[i] != "" {
		op.set(extIntegration, newObject().set("$ref", newText("#/components/"+extIntegrations+"/"+w.shared[i])))
	} else if i != nil {
		op.set(extIntegration, spill(integrationSlots(&i.AWS)))
	}
	return op
}
