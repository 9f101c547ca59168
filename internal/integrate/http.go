// Package integrate holds what answers a route, one file a kind of
// integration. Everything that can be wrong with a definition is found when it
// is compiled; serving only fills in templates.
package integrate

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unique"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/upstream"
)

// A Proxy answers a route with what an HTTP backend answers. It is made by HTTP
// or Private, immutable, and serves all exchanges of its route.
type Proxy struct {
	pools   *upstream.Pools
	target  target
	host    string // the Host field, unless private
	method  string // "": the client's
	path    []part
	query   []part
	catch   bool // a $default route: the request's path is appended
	private bool // the path is the request's own, with the stage
	timeout time.Duration
}

// A target is called: a *upstream.Target, or a *upstream.Group of several.
type target interface {
	Do(*flow.Exchange, *upstream.Call) error
	String() string // scheme://host:port
}

// HTTP compiles an HTTP_PROXY integration whose URI depends on no stage. The error names the route and the
// value that is wrong.
func HTTP(r *gate.Route, pools *upstream.Pools) (*Proxy, error) {
	p, err := compile(r, pools)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", r.Key, err)
	}
	return p, nil
}

func compile(r *gate.Route, pools *upstream.Pools) (*Proxy, error) {
	in := r.Integration
	if in == nil {
		return nil, fmt.Errorf("the route has no integration")
	}
	if in.Kind != gate.HTTPProxy {
		return nil, fmt.Errorf("integration %s is of kind %s, not %s", in.ID, in.Kind, gate.HTTPProxy)
	}
	e, err := parseEndpoint(in.URI, routeParams(r.Key))
	if Staged(in.URI) {
		err = errBraces
	}
	if err != nil {
		return nil, fmt.Errorf("integration %s: uri %q: %w", in.ID, in.URI, err)
	}
	method, err := parseMethod(in.Method)
	if err != nil {
		return nil, fmt.Errorf("integration %s: %w", in.ID, err)
	}
	timeout, err := timeoutOf(in)
	if err != nil {
		return nil, err
	}
	if in.ServerName != "" {
		if !e.address.Secure {
			return nil, fmt.Errorf("integration %s: server name %q without https", in.ID, in.ServerName)
		}
		if e.address.ServerName, err = checkHost(strings.ToLower(in.ServerName)); err != nil {
			return nil, fmt.Errorf("integration %s: server name: %w", in.ID, err)
		}
	}
	p := &Proxy{
		pools: pools, target: pools.Target(e.address),
		host: unique.Make(e.host).Value(), method: method, path: e.path, query: e.query,
		catch: r.Key == gate.DefaultRoute, timeout: timeout,
	}
	if p.catch {
		p.trimSlash()
	}
	return p, nil
}

// timeoutOf is what bounds the calls of an integration.
func timeoutOf(in *gate.Integration) (time.Duration, error) {
	switch {
	case in.Timeout == 0:
		return gate.DefaultLimits().IntegrationTimeout, nil
	case in.Timeout < gate.MinIntegrationTimeout:
		return 0, fmt.Errorf("integration %s: timeout %v is shorter than %v", in.ID, in.Timeout, gate.MinIntegrationTimeout)
	}
	return in.Timeout, nil
}

// parseMethod takes the method that the backend is to see.
func parseMethod(s string) (string, error) {
	if s == "" || s == "ANY" {
		return "", nil
	}
	for _, m := range [...]string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"} {
		if s == m {
			return m, nil // not s: all routes then share the text
		}
	}
	return "", fmt.Errorf("method %q is none of ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT", s)
}

// trimSlash drops the slash at the end of a URI to which paths are appended,
// as those begin with one: "http://b/" and "http://b" mean the same there.
func (p *Proxy) trimSlash() {
	last := len(p.path) - 1
	if _, ok := p.path[last].param(); !ok {
		p.path[last] = part(strings.TrimSuffix(string(p.path[last]), "/"))
	}
}

// Serve implements flow.Handler.
func (p *Proxy) Serve(x *flow.Exchange) error {
	k := p.pools.Call()
	defer k.Free()
	k.Method, k.Timeout = p.methodFor(x), p.timeout
	if err := p.appendHead(k, x); err != nil {
		return err
	}
	if x.Trail != nil {
		method, url := p.Target(x)
		x.Trail.Add(flow.TargetChosen, method+" "+url, "")
	}
	if err := p.target.Do(x, k); err != nil {
		return err
	}
	stripReply(&x.Out.Header)
	return nil
}

// Target tells what Serve would call for the exchange, and calls nothing.
func (p *Proxy) Target(x *flow.Exchange) (method, url string) {
	return p.methodFor(x), string(p.appendTarget([]byte(p.target.String()), x))
}

func (p *Proxy) methodFor(x *flow.Exchange) string {
	if p.method != "" {
		return p.method
	}
	return x.In.Method
}

func (p *Proxy) hostFor(x *flow.Exchange) string {
	if x.Onward.Host != "" {
		return x.Onward.Host
	}
	if p.private {
		return x.In.Host
	}
	return p.host
}

// appendTarget writes the path and query that the backend is asked for.
func (p *Proxy) appendTarget(dst []byte, x *flow.Exchange) []byte {
	query := x.Query
	if x.Onward.Mapped {
		query = x.Onward.Query
	}
	switch {
	case x.Onward.Path != "":
		dst = append(dst, x.Onward.Path...) // in place of the URI's whole path: runtime 2.7
	case p.private:
		dst = appendStagePath(dst, x)
	case p.catch:
		dst = append(appendPath(dst, p.path, &x.Params), x.Path...)
	default:
		dst = appendPath(dst, p.path, &x.Params)
	}
	if len(p.query) > 0 {
		dst = append(dst, '?')
		dst = appendQuery(dst, p.query, &x.Params)
	}
	if query != "" {
		sep := byte('?')
		if len(p.query) > 0 {
			sep = '&'
		}
		dst = append(dst, sep)
		dst = append(dst, query...)
	}
	return dst
}

// appendHead writes the request line and the fields.
func (p *Proxy) appendHead(k *upstream.Call, x *flow.Exchange) error {
	b := append(k.Head, k.Method...)
	b = append(b, ' ')
	from := len(b)
	b = p.appendTarget(b, x)
	// The door lets no such method or target in. Here they would become
	// another request line than the one that was authorised.
	if p.method == "" && !h1.ValidMethod(k.Method) {
		return gate.Failf(gate.BadRequestParameters, "method %q cannot be sent on", k.Method)
	}
	if bytes.IndexByte(b[from:], ' ') >= 0 || len(b) == from || b[from] != '/' {
		return gate.Failf(gate.BadRequestParameters, "request target %q cannot be sent on", b[from:])
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, p.hostFor(x)...)
	b = append(b, "\r\n"...)
	b, err := appendFields(b, x)
	k.Head = b
	return err
}
