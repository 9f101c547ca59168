package edge

import (
	"errors"
	"net"
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
// the listener has one.
func (s *listening) forControl(x *flow.Exchange, p *plan.Plan) bool {
	if !s.Data {
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
