package openapi

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	v2 "gatehouse/internal/wire/apigatewayv2"
)

// reader walks one document.
type reader struct {
	root *node
	base BasePath
	def  Definition

	prefix       string // of every path
	security     *node  // of the document
	integrations map[*node]*Integration
	authorizers  map[string]*scheme
	ends         map[*node]*node            // what references lead to, nil for nothing
	index        map[*node]map[string]*node // of large objects

	errors, warnings, ignored notes
	docs                      map[string]*seen
}

// seen counts what is ignored of one kind.
type seen struct {
	at Position
	n  int
}

func (r *reader) fail(at Position, format string, args ...any) { r.errors.add(at, format, args...) }
func (r *reader) warn(at Position, format string, args ...any) { r.warnings.add(at, format, args...) }

// documents notes that something is documentation to an HTTP API.
func (r *reader) documents(what string, at Position) {
	if r.docs == nil {
		r.docs = map[string]*seen{}
	}
	if s := r.docs[what]; s != nil {
		s.n++
		return
	}
	r.docs[what] = &seen{at, 1}
}

func (r *reader) refusal() Errors { return Errors(r.errors.list()) }

func unescape(step string) (string, error) {
	step, err := url.PathUnescape(step)
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(step), err
}

// version is 3.0 and 3.1 with any last number; some documents leave that out.
var version = regexp.MustCompile(`^3\.[01](\.[0-9]+)?(-[0-9A-Za-z.-]+)?$`)

// document reads the root.
func (r *reader) document() {
	v := r.root.get("openapi")
	switch {
	case v == nil && r.root.get("swagger") != nil:
		r.fail(r.root.get("swagger").at, "Swagger 2.0 describes REST APIs: an HTTP API is described by OpenAPI 3.0 or 3.1")
		return
	case v == nil:
		r.fail(r.root.at, "the member openapi is missing: say openapi: 3.0.1")
		return
	case v.kind != text && v.kind != number || !version.MatchString(v.text):
		r.fail(v.at, "openapi: %s is not 3.0 or 3.1", show(v))
		return
	}
	r.info()
	r.basePath()
	r.rootMembers()
	r.components()
	r.security = r.root.get("security")
	r.paths(strings.HasPrefix(v.text, "3.1"))
	for _, what := range sorted(r.docs) {
		s := r.docs[what]
		r.ignored.add(s.at, "%s: %d found; an HTTP API keeps no documentation and checks no schemas", what, s.n)
	}
}

func (r *reader) info() {
	info := r.root.get("info")
	if info == nil {
		r.fail(r.root.at, "the member info is missing: it has the API's title and version")
		return
	}
	r.def.At = info.at
	if !r.is(info, object, "info") {
		return
	}
	title := info.get("title")
	if title == nil {
		r.fail(info.at, "info.title is missing: it is the API's name")
	}
	a := &r.def.API
	for _, m := range []struct {
		name string
		to   **string
	}{{"title", &a.Name}, {"version", &a.Version}, {"description", &a.Description}} {
		if n := info.get(m.name); n != nil && n.kind != null {
			r.fillOne(n, "info."+m.name, m.to)
		}
	}
}

// rootMembers reads what the root has beside info, servers, components, paths
// and security.
func (r *reader) rootMembers() {
	for _, m := range r.root.members {
		switch m.key {
		case "tags":
			r.tags(m.value)
		case extCORS:
			r.def.CORSAt = m.value.at
			if r.is(m.value, object, extCORS) {
				r.def.API.CorsConfiguration = &v2.Cors{}
				r.fill(m.value, extCORS, corsSlots(r.def.API.CorsConfiguration), nil)
			}
		case extEndpoint:
			r.endpoint(m.value)
		case extVersion:
			if s, ok := r.text(m.value, extVersion); ok && s != importExportVersion {
				r.warn(m.value.at, "%s: %q is not %s", extVersion, clip(s), importExportVersion)
			}
		case extPolicy:
			r.fail(m.at, "%s: HTTP APIs have no resource policy, and without it the API would be open to more callers than it says: remove it and restrict the routes by authorizers", extPolicy)
		case "openapi", "info", "servers", "components", "paths", "security", "externalDocs", "jsonSchemaDialect":
		case "webhooks":
			r.documents("webhooks", m.at)
		default:
			r.other(m, "", "")
		}
	}
}

// other warns of a member that nothing is known of. Extensions of others are
// nobody's business here.
func (r *reader) other(m member, where, known string) {
	switch {
	case restExtensions[m.key] != "":
		r.warn(m.at, "%s%s is ignored: %s", where, m.key, restExtensions[m.key])
	case strings.HasPrefix(m.key, "x-") && !strings.HasPrefix(m.key, extPrefix):
	case strings.HasPrefix(m.key, extPrefix):
		r.warn(m.at, "%s%s is not known here and ignored", where, clip(m.key))
	default:
		r.warn(m.at, "%s%s is no member of OpenAPI and ignored%s", where, clip(m.key), known)
	}
}

func (r *reader) endpoint(n *node) {
	if r.is(n, object, extEndpoint) {
		r.fill(n, extEndpoint, endpointSlots(&r.def.API), endpointForeign)
	}
}

// tags reads the API's tags: those of the document that have a value.
func (r *reader) tags(n *node) {
	if !r.is(n, list, "tags") {
		return
	}
	for _, tag := range n.items {
		if !r.is(tag, object, "tags") {
			continue
		}
		name, value := tag.get("name"), tag.get(extTagValue)
		if value == nil {
			continue
		}
		if name == nil {
			r.fail(tag.at, "tags: a tag with %s has no name", extTagValue)
			continue
		}
		k, ok := r.text(name, "tags.name")
		v, ok2 := r.text(value, "tags."+extTagValue)
		if !ok || !ok2 {
			continue
		}
		if _, twice := r.def.API.Tags[k]; twice {
			r.fail(tag.at, "tags: the tag %q is given twice", clip(k))
		}
		if r.def.API.Tags == nil {
			r.def.API.Tags = map[string]string{}
		}
		r.def.API.Tags[k] = v
	}
}

// basePath finds the path of the server: of the one that has a variable called
// basePath, else of the first.
func (r *reader) basePath() {
	servers := r.root.get("servers")
	if servers == nil || !r.is(servers, list, "servers") {
		return
	}
	var server *node
	for _, s := range servers.items {
		if !r.is(s, object, "servers") {
			return
		}
		if ext := s.get(extEndpoint); ext != nil {
			r.endpoint(ext)
		}
		if server == nil || s.get("variables").get("basePath") != nil && server.get("variables").get("basePath") == nil {
			server = s
		}
	}
	if server == nil || r.base != Prepend && r.base != Split {
		return
	}
	path, ok := r.serverPath(server)
	if !ok {
		return
	}
	parts := slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
	if r.base == Split && len(parts) > 0 {
		parts = parts[1:]
	}
	for _, p := range parts {
		r.prefix += "/" + p
	}
}

var serverVariable = regexp.MustCompile(`\{([^{}]*)\}`)

// serverPath is the path of a server's URL, its variables at their defaults.
func (r *reader) serverPath(server *node) (string, bool) {
	raw := server.get("url")
	if raw == nil {
		r.fail(server.at, "servers: a server has no url")
		return "", false
	}
	s, ok := r.text(raw, "servers.url")
	if !ok {
		return "", false
	}
	s = serverVariable.ReplaceAllStringFunc(s, func(v string) string {
		name := v[1 : len(v)-1]
		d := r.find(server.get("variables"), name).get("default")
		if d == nil {
			r.fail(raw.at, "servers.url: the variable %s has no default", clip(v))
			return ""
		}
		value, _ := r.text(d, "servers.variables."+clip(name)+".default")
		return value
	})
	u, err := url.Parse(s)
	if err != nil {
		r.fail(raw.at, "servers.url: %q is no URL", clip(s))
		return "", false
	}
	return u.EscapedPath(), true
}
