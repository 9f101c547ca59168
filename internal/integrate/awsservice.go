package integrate

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/upstream"
)

// An Action answers a route with what an operation of an AWS service answers:
// status and body as they are (runtime 2.6). It is made by AWSService,
// immutable, and serves all exchanges of its route.
type Action struct {
	subtype
	pools   *upstream.Pools
	target  *upstream.Target
	scheme  string
	host    string // the Host field
	region  string
	keys    sigv4.Credentials
	args    []argument
	agent   string
	timeout time.Duration
}

// maxArguments bounds the arguments of a call together, in bytes: above what
// any of the services takes.
const maxArguments = 2 << 20

// AWSService compiles a service integration of an API. The error names the
// route and the value that is wrong; where services lack the one that is
// called, it is that of Services.Missing.
func AWSService(a *gate.API, r *gate.Route, services *Services, pools *upstream.Pools) (*Action, error) {
	act, err := compileAction(a, r.Integration, services, pools)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", r.Key, err)
	}
	return act, nil
}

func compileAction(a *gate.API, in *gate.Integration, services *Services, pools *upstream.Pools) (*Action, error) {
	if in == nil || in.Kind != gate.AWSService {
		return nil, fmt.Errorf("the route has no service integration")
	}
	sub, args, region, err := subtypeOf(in)
	if err != nil {
		return nil, fmt.Errorf("integration %s: %w", in.ID, err)
	}
	if err := services.Missing(in); err != nil {
		return nil, err
	}
	timeout, err := timeoutOf(in)
	if err != nil {
		return nil, err
	}
	s := services.known[sub.service]
	for _, other := range []string{s.Region, a.Region} {
		if region == "" {
			region = other
		}
	}
	if region == "" {
		return nil, fmt.Errorf("integration %s: no region is known to call %s in: set services.%s.region", in.ID, sub.name, sub.service)
	}
	address, host, err := s.at(region)
	if err != nil {
		return nil, fmt.Errorf("integration %s: endpoint %q in region %s: %w", in.ID, s.Endpoint, region, err)
	}
	if strings.HasSuffix(sub.action, startSync) && onAWS(address.Host) {
		address.Host, host = "sync-"+address.Host, "sync-"+host
	}
	act := &Action{subtype: sub, pools: pools, target: pools.Target(address), scheme: "http", host: host, region: region,
		keys: s.Credentials, args: args, agent: "AmazonAPIGateway_" + string(a.ID), timeout: timeout}
	if address.Secure {
		act.scheme = "https"
	}
	return act, nil
}

// onAWS reports whether a host is AWS's own, where StartSyncExecution has
// another one than its neighbours (the host prefix in the model of Step
// Functions).
func onAWS(host string) bool {
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
}

// Serve implements flow.Handler.
func (a *Action) Serve(x *flow.Exchange) error {
	values, err := a.values(x)
	if err != nil {
		return err
	}
	m, err := a.message(values)
	if err != nil {
		return gate.Failf(gate.BadRequestParameters, "%s: %w", a.name, err)
	}
	r, err := a.sign(m)
	if err != nil {
		return gate.Failf(gate.APIConfigurationError, "%s: %w", a.name, err)
	}
	if x.Trail != nil {
		x.Trail.Add(flow.TargetChosen, r.Method+" "+a.target.String()+r.URL.RequestURI(), a.name)
	}
	k := a.pools.Call()
	defer k.Free()
	k.Method, k.Timeout = r.Method, a.timeout
	k.Head = appendRequest(k.Head, r)
	// The service gets a body of the gateway's. That of the client is put back,
	// since the door wants to know whether it was read to its end.
	client := x.In.Body
	x.In.Body = flow.Bytes(m.body)
	err = a.target.Do(x, k)
	x.In.Body = client
	if err != nil {
		return err
	}
	stripReply(&x.Out.Header)
	return nil
}

// Target tells what Serve would call for the exchange, and calls nothing. Where
// the request lacks an argument, the path is the root.
func (a *Action) Target(x *flow.Exchange) (method, url string) {
	m := message{method: "POST", path: "/"}
	if a.protocol == appConfig {
		m.method = "GET"
	}
	if values, err := a.values(x); err == nil {
		if whole, err := a.message(values); err == nil {
			m = whole
		}
	}
	url = a.target.String() + m.path
	if m.query != "" {
		url += "?" + m.query
	}
	return m.method, url
}

// values are the arguments for an exchange, in the order of a.params; nil: none.
func (a *Action) values(x *flow.Exchange) ([]*string, error) {
	values := make([]*string, len(a.params))
	left := maxArguments
	for i := range a.args {
		arg := &a.args[i]
		v, ok, err := arg.value.Append(nil, x, left)
		switch {
		case errors.Is(err, expr.ErrTooLong):
			return nil, gate.Failf(gate.RequestTooLarge, "%s: the arguments are longer than %d bytes in all", a.name, maxArguments)
		case err != nil: // of reading the client's body: nothing else can fail
			return nil, &flow.BodyError{Err: err}
		case !ok && arg.required:
			return nil, gate.Failf(gate.BadRequestParameters, "%s needs %s, and nothing of %q is in the request", a.name, arg.name, arg.value)
		case !ok:
			continue
		}
		if left -= len(v); left < 0 {
			return nil, gate.Failf(gate.RequestTooLarge, "%s: the arguments are longer than %d bytes in all", a.name, maxArguments)
		}
		text := string(v)
		if err := arg.form.check(text); err != nil {
			return nil, gate.Failf(gate.BadRequestParameters, "%s: %s: %w", a.name, arg.name, err)
		}
		at := slices.IndexFunc(a.params, func(p param) bool { return p.name == arg.name })
		values[at] = &text
		if x.Trail != nil {
			shown := text
			if arg.value.Reads(observe.SecretField) {
				shown = observe.Masked
			}
			x.Trail.Add(flow.Shaped, arg.name, shown)
		}
	}
	return values, nil
}

// sign makes a message a signed request. The time is the wall clock's, which is
// what the service compares it with.
func (a *Action) sign(m message) (*http.Request, error) {
	path, err := url.PathUnescape(m.path)
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: m.method, Host: a.host, Header: m.header, ContentLength: int64(len(m.body)),
		URL: &url.URL{Scheme: a.scheme, Host: a.host, Path: path, RawPath: m.path, RawQuery: m.query},
	}
	err = sigv4.Sign(r, sigv4.HashPayload(m.body), a.keys, a.signed, a.region, time.Now())
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", a.agent) // of what no signature covers
	return r, nil
}

// appendRequest writes a request line and fields. All of them are ours, but for
// the target, in which whatever came from a request is percent-encoded.
func appendRequest(b []byte, r *http.Request) []byte {
	b = append(append(b, r.Method...), ' ')
	b = append(append(b, r.URL.RequestURI()...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, r.Host...), "\r\n"...)
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b = append(append(b, name...), ": "...)
		b = append(append(b, r.Header.Get(name)...), "\r\n"...)
	}
	return b
}
