package edge

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/plan"
)

var (
	errLength = errors.New("a Content-Length was declared for a request that has no body")
	errTarget = errors.New("request target is neither a path nor an absolute http URL")
	errHost   = errors.New("the host is not a name or address with an optional port")
)

// place splits the request target into host, path and query. In absolute form
// the target's host wins over the Host field: RFC 9112 section 3.2.2.
func place(x *flow.Exchange) error {
	host, _ := x.In.Header.Lookup(field.Host)
	target := x.In.Target
	if !strings.HasPrefix(target, "/") {
		_, rest, ok := cutScheme(target)
		if !ok {
			return errTarget // "*" and authority forms are for servers and proxies
		}
		i := strings.IndexAny(rest, "/?")
		if i < 0 {
			i = len(rest)
		}
		host, target = rest[:i], rest[i:]
		if host == "" {
			return errTarget
		}
	}
	if !h1.ValidHost(host) {
		return errHost
	}
	x.In.Host = host
	x.Path, x.Query, _ = strings.Cut(target, "?")
	if x.Path == "" {
		x.Path = "/"
	}
	return nil
}

func cutScheme(target string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(target, "://")
	return scheme, rest, ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// forControl decides which plane a request is for. A Host that names an API is
// the data plane's alone, so that no path of an API ever reaches a control
// plane; the path forms come next; what is left is the control plane's where
// the listener has one. Calls of the management API share the addresses of an
// API's stages and are told by what they are.
func (s *listening) forControl(x *flow.Exchange, p *plan.Plan) bool {
	if !s.Data || manages(x) {
		return true
	}
	if p.HasHost(x.In.Host) {
		return false
	}
	if s.PathAddresses && rewrite(x) {
		return false
	}
	return s.Control
}

// controlPlane is what answers control calls on this listener. One that has the
// data plane only knows no operation of the management API either: whoever
// reaches it need not be one who may make control calls.
func (s *listening) controlPlane() http.Handler {
	if !s.Control {
		return http.HandlerFunc(noControl)
	}
	return s.edge.o.Control
}

// manages reports whether the request is a call of the management API: signed
// for execute-api and for .../@connections/{id}, whatever address of a stage is
// in front. A client may escape the "@".
func manages(x *flow.Exchange) bool {
	i := strings.LastIndexByte(x.Path, '/')
	if i <= 0 || !strings.HasSuffix(x.Path[:i], "/@connections") && !strings.HasSuffix(x.Path[:i], "/%40connections") {
		return false
	}
	by, _ := x.In.Header.Lookup(field.Authorization)
	return strings.HasPrefix(by, "AWS4-HMAC-SHA256 ") && strings.Contains(by, "/execute-api/aws4_request")
}

// rewrite turns the path forms of an address into the Host form, so that
// nothing behind the door sees a difference.
func rewrite(x *flow.Exchange) bool {
	if rest, ok := strings.CutPrefix(x.Path, gate.PathAddress); ok {
		api, path, _ := strings.Cut(rest, "/")
		return address(x, api, path)
	}
	rest, ok := strings.CutPrefix(x.Path, "/restapis/")
	if !ok {
		return false
	}
	api, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return false
	}
	stage, rest, _ := strings.Cut(rest, "/")
	path, ok := strings.CutPrefix(rest, userRequest)
	if !ok || path != "" && path[0] != '/' {
		return false
	}
	return address(x, api, stage+path)
}

// userRequest can never be the id of a resource, so it wins over the control
// plane's own paths.
const userRequest = "_user_request_"

// address puts the API into the host and the rest into the path. The stage
// $default may be named here, where a Host form leaves it out.
func address(x *flow.Exchange, api, path string) bool {
	if api == "" || strings.ContainsAny(api, ".:@") {
		return false
	}
	for _, name := range []string{"$default", "%24default"} {
		if rest, ok := strings.CutPrefix(path, name); ok && (rest == "" || rest[0] == '/') {
			path, x.NoStage = strings.TrimPrefix(rest, "/"), true
			break
		}
	}
	x.Path = "/" + path
	host := api + ".execute-api.localhost"
	if _, port, err := net.SplitHostPort(x.In.Host); err == nil {
		host += ":" + port
	}
	x.In.Host = host
	return true
}
