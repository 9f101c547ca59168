package plan

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
	"gatehouse/internal/upstream"
)

// rests is a plan of one REST API, "abc" at stage prod, whose every backend is
// an echo.
type rests struct {
	*shop
	live *Live
}

// restOf is what a test says of a REST API.
type restOf struct {
	routes   []gate.Route
	settings *gate.RESTSettings
	private  bool
	stage    gate.Stage // Name and Deployment are filled in where they are empty
	canary   []gate.Route
	domain   *gate.Domain
	links    *integrate.Links
	answer   string // of the backend
	dial     func(context.Context, netip.AddrPort) (net.Conn, error)
	limits   *gate.Limits
	pools    upstream.Options // where it has Certificates, backends are real ones
}

func (o restOf) open(t testing.TB) *rests {
	t.Helper()
	s := &rests{shop: &shop{e: &echo{answer: []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")}}}
	if o.answer != "" {
		s.e.answer = []byte(o.answer)
	}
	dial := o.dial
	if dial == nil {
		dial = func(context.Context, netip.AddrPort) (net.Conn, error) { return s.e, nil }
	}
	if o.pools.Certificates == nil {
		o.pools.Dial = dial
		o.pools.Resolve = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		}
	}
	pools := upstream.New(o.pools)
	t.Cleanup(pools.Close)
	definitions := map[gate.DeploymentID][]gate.Route{"d": whole(o.routes), "c": whole(o.canary)}
	c := NewCatalog()
	var ch Change
	keep := func(key string, v any) { c.Apply(key, put(key, v).Value, &ch) }
	keep(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.REST, Account: "123456789012", Region: "us-east-1", Private: o.private})
	for id := range definitions {
		keep(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: id}), gate.Deployment{API: "abc", ID: id, REST: o.settings})
	}
	o.stage.API = "abc"
	if o.stage.Name == "" {
		o.stage.Name = "prod"
	}
	if o.stage.Deployment == "" {
		o.stage.Deployment = "d"
	}
	keep(gate.StageKey(gate.StageRef{API: "abc", Name: o.stage.Name}), o.stage)
	if o.domain != nil {
		keep(gate.DomainKey(o.domain.Name), o.domain)
	}
	load := func(_ context.Context, a *gate.API, d *gate.Deployment) (*gate.Definition, error) {
		return &gate.Definition{API: *a, Deployment: *d, Routes: definitions[d.ID]}, nil
	}
	s.live = &Live{Pools: pools, Meters: noMeters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler), Links: o.links}
	if o.limits != nil {
		s.live.Limits = usually(*o.limits)
	}
	s.plan = Compile(context.Background(), c, 1, ch, load, s.live, nil)
	return s
}

// usually fills in the limits that a test does not say.
func usually(l gate.Limits) gate.Limits {
	usual := gate.DefaultLimits()
	for _, f := range []struct{ own, usual *int }{{&l.URL, &usual.URL}, {&l.HeaderValues, &usual.HeaderValues}} {
		if *f.own == 0 {
			*f.own = *f.usual
		}
	}
	if l.Body == 0 {
		l.Body = usual.Body
	}
	return l
}

// whole fills in what a test does not say of its methods.
func whole(list []gate.Route) []gate.Route {
	for i := range list {
		r := &list[i]
		r.ID = gate.RouteID(fmt.Sprint("r", i))
		if r.Authorization.Kind == "" {
			r.Authorization.Kind = gate.AuthNone
		}
		if r.Method == nil {
			r.Method = &gate.Method{Resource: fmt.Sprint("res", i), Answers: map[string]gate.MethodResponse{"200": {}, "201": {}, "400": {}, "404": {}}}
			declare(r)
		}
		if in := r.Integration; in != nil && in.Timeout == 0 {
			in.Timeout = time.Second
		}
	}
	return list
}

// declare declares the headers that a method's integration responses set.
func declare(r *gate.Route) {
	if r.Integration == nil || r.Integration.Shape == nil {
		return
	}
	for _, a := range r.Integration.Shape.Answers {
		m, ok := r.Method.Answers[a.Status]
		for key := range a.Parameters {
			if m.Parameters == nil {
				m.Parameters = map[string]bool{}
			}
			m.Parameters[key] = false
		}
		if ok {
			r.Method.Answers[a.Status] = m
		}
	}
}

// to is a method that is proxied to that URI; parameters are "key=value".
func to(key, uri string, parameters ...string) gate.Route {
	in := &gate.Integration{ID: "i", Kind: gate.HTTPProxy, URI: uri}
	for _, p := range parameters {
		if in.RequestParameters == nil {
			in.RequestParameters = map[string]string{}
		}
		k, v, _ := strings.Cut(p, "=")
		in.RequestParameters[k] = v
	}
	return gate.Route{Key: key, Integration: in}
}

// mocked is a method that is mocked with that template and one integration
// response of 200.
func mocked(key, template string) gate.Route {
	return gate.Route{Key: key, Integration: &gate.Integration{ID: "m", Kind: gate.Mock, Shape: &gate.Shape{
		Templates: map[string]string{"application/json": template},
		Answers:   []gate.IntegrationResponse{{Status: "200", Templates: map[string]string{"application/json": `{"mock": true}`}}},
	}}}
}

// ask sends a request as the door would: what finds no handler is rendered as
// there. A host of "" is that of the API.
func (s *rests) ask(t testing.TB, host string, c call) *flow.Exchange {
	t.Helper()
	x := new(flow.Exchange)
	x.Begin(context.Background(), time.Unix(1583348638, 0))
	x.In.Method, x.In.Scheme, x.In.Host = c.method, "https", "abc.execute-api.localhost"
	if host != "" {
		x.In.Host = host
	}
	x.In.Source, x.In.Body = netip.AddrFrom4([4]byte{192, 0, 2, 7}), c.body
	x.Path, x.Query, _ = strings.Cut(c.target, "?")
	x.In.Header.Add("Host", x.In.Host)
	for _, f := range c.fields {
		name, v, _ := strings.Cut(f, ": ")
		x.In.Header.Add(name, v)
	}
	h, err := s.plan.Find(x)
	if err == nil {
		err = h.Serve(x)
	}
	if err != nil {
		mapping.Fail(x, err)
	}
	return x
}

// said is the reply without what differs each time: status, fields in order but
// for the ids, which must be there, and the body.
func said(t testing.TB, x *flow.Exchange) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", x.Out.Status)
	ids := 0
	for name, v := range x.Out.Header.All() {
		switch {
		case name == "x-amzn-RequestId" && v == x.UUID, name == "x-amz-apigw-id" && v == x.ID:
			ids++
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", name, v)
	}
	if ids != 2 {
		t.Errorf("the reply has %d of the two ids", ids)
	}
	body := x.Out.Body.Bytes()
	if s := x.Out.Body.Stream(); s != nil {
		var err error
		if body, err = io.ReadAll(s); err != nil {
			fmt.Fprintf(&b, "(%v)", err)
		}
	}
	x.Out.Body.Close()
	x.End()
	return b.String() + string(body)
}

// refusedText is a gateway's own answer.
func refusedText(status int, kind, body string) string {
	return fmt.Sprintf("%d\nContent-Type: application/json\nx-amzn-ErrorType: %s\n%s", status, kind, body)
}

// TestRESTMisses is the table of what a REST API answers where nothing matches
// (runtime 1.3, 1.4 and 8; quirks 1, 3, 4 and 5).
func TestRESTMisses(t *testing.T) {
	s := restOf{routes: []gate.Route{to("POST /test", "http://b/"), to("GET /a/{proxy+}", "http://b/")}}.open(t)
	closed := restOf{routes: []gate.Route{to("GET /a", "http://b/")}, stage: gate.Stage{DisableDefaultEndpoint: true}}.open(t)
	token := refusedText(403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`)
	forbidden := refusedText(403, "ForbiddenException", `{"message":"Forbidden"}`)
	for _, tc := range []struct {
		desc string
		shop *rests
		call call
		want string
	}{
		{"[R] 1.4: another path.", s, call{method: "GET", target: "/prod/none"}, token},
		{"[R] 1.4: another method.", s, call{method: "GET", target: "/prod/test"}, token},
		{"[K] 1.3: no stage.", s, call{method: "GET", target: "/"}, token},
		{"No stage, however many slashes.", s, call{method: "GET", target: "///"}, token},
		{"[K] 1.3: a stage that is not there.", s, call{method: "GET", target: "/test/test"}, forbidden},
		{"[K] 1.3: stages have a case.", s, call{method: "POST", target: "/Prod/test"}, forbidden},
		{"[D] 1.4: {proxy+} does not match its own parent.", s, call{method: "GET", target: "/prod/a/"}, token},
		{"[D] 1.3: a disabled execute-api host.", closed, call{method: "GET", target: "/prod/a"}, forbidden},
		{"[R 3p] 8: an Authorization that is no signature.", s, call{method: "GET", target: "/prod/none", fields: []string{"Authorization: Bearer abc"}},
			refusedText(403, "IncompleteSignatureException", `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY='."}`)},
		{"[K] 1.4: one that is a pair.", s, call{method: "GET", target: "/prod/none", fields: []string{"Authorization: Basic YQ=="}},
			refusedText(403, "IncompleteSignatureException", `{"message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=HASH"}`)},
		{"[R] 1.16, quirk 14: a query that is no URI's is refused before the execution, so without the blank.", s, call{method: "POST", target: "/prod/test?a=|"}, refusedText(400, "BadRequestException", `{"message":"Bad Request"}`)},
		{"A signature is nothing to complain of.", s, call{method: "GET", target: "/prod/none", fields: []string{"Authorization: AWS4-HMAC-SHA256 Credential=x"}}, token},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := said(t, tc.shop.ask(t, "", tc.call))
			if i := strings.Index(tc.want, "=HASH"); i > 0 {
				got = got[:min(i, len(got))] + `=HASH"}`
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRESTPaths is the table of slashes (runtime 1.2; quirks 6, 7 and 8): what
// of a path is below the stage, what a greedy parameter takes, and what
// $context.path says.
func TestRESTPaths(t *testing.T) {
	s := restOf{routes: []gate.Route{to("GET /{proxy+}", "http://b/"), to("GET /", "http://b/root")}}.open(t)
	for _, tc := range []struct{ desc, target, path, proxy, full string }{
		{"[R] Plain.", "/prod/proxy-value", "/proxy-value", "proxy-value", "/prod/proxy-value"},
		{"[R] A slash at the end is not the parameter's.", "/prod/proxy-value/", "/proxy-value/", "proxy-value", "/prod/proxy-value/"},
		{"[R] Slashes within are kept.", "/prod/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash", "/prod/proxy-value//double-slash"},
		{"[R] Slashes before the stage collapse.", "//prod/proxy-value", "/proxy-value", "proxy-value", "/prod/proxy-value"},
		{"[R] Slashes behind it collapse in the path only.", "/prod//proxy-value", "/proxy-value", "proxy-value", "/prod//proxy-value"},
		{"[R] Encoding is kept.", "/prod/test%2Balias@gmail.com", "/test%2Balias@gmail.com", "test%2Balias@gmail.com", "/prod/test%2Balias@gmail.com"},
		{"[D] A stage alone is its root.", "/prod", "/", "", "/prod"},
		{"[D] So is one with a slash.", "/prod/", "/", "", "/prod/"},
		{"One with several is too.", "/prod//", "/", "", "/prod//"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := s.ask(t, "", call{method: "GET", target: tc.target})
			proxy, _ := x.Params.Value("proxy")
			v, _ := flow.RESTContext("path")
			full, _ := v(nil, x)
			if x.Route == nil || x.Path != tc.path || proxy != tc.proxy || string(full) != tc.full {
				t.Errorf("path %q, proxy %q, full %q, status %d", x.Path, proxy, full, x.Out.Status)
			}
		})
	}
}

// TestRESTOrder is the table of what refuses before a backend is called, and
// with which bytes (runtime 1.1 and 1.16).
func TestRESTOrder(t *testing.T) {
	key := to("GET /a", "http://b/")
	key.APIKeyNeeded = true
	iam := to("GET /a", "http://b/")
	iam.Authorization.Kind, iam.APIKeyNeeded = gate.AuthIAM, true
	nothing := gate.Route{Key: "GET /a"}
	lambda := gate.Route{Key: "GET /a", Integration: &gate.Integration{ID: "i", Kind: gate.Lambda}}
	internal := refusedText(500, "InternalServerErrorException", `{"message": "Internal server error"}`)
	for _, tc := range []struct {
		desc string
		of   restOf
		call call
		want string
	}{
		{"[R] 1.5: a method that wants a key.", restOf{routes: []gate.Route{key}}, call{}, refusedText(403, "ForbiddenException", `{"message":"Forbidden"}`)},
		{"[K] quirk 15: an authorizer fails closed, before the key is asked for.", restOf{routes: []gate.Route{iam}}, call{}, refusedText(500, "AuthorizerConfigurationException", `{"message":null}`)},
		{"A policy fails closed, before the authorizer.", restOf{routes: []gate.Route{iam}, settings: &gate.RESTSettings{Policy: "{}"}}, call{}, internal},
		{"A private API has no way in.", restOf{routes: []gate.Route{iam}, private: true, settings: &gate.RESTSettings{Policy: "{}"}}, call{}, refusedText(403, "ForbiddenException", `{"message":"Forbidden"}`)},
		{"A private API's misses are no other.", restOf{private: true}, call{}, refusedText(403, "ForbiddenException", `{"message":"Forbidden"}`)},
		{"[D] A policy comes behind the match.", restOf{settings: &gate.RESTSettings{Policy: "{}"}}, call{}, refusedText(403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`)},
		{"A method without an integration.", restOf{routes: []gate.Route{nothing}}, call{}, internal},
		{"A kind that is not served.", restOf{routes: []gate.Route{lambda}}, call{}, internal},
		{"[R] quirk 31: a mapped Content-Length.", restOf{routes: []gate.Route{to("GET /a", "http://b/", "integration.request.header.Content-Length='1'")}}, call{}, internal},
		{"[R] quirk 29: braces that no mapping fills.", restOf{routes: []gate.Route{to("GET /a", "http://b/{proxy}")}}, call{}, internal},
		{"[D] 1.2: a body that is too long.", restOf{routes: []gate.Route{to("ANY /a", "http://b/")}, limits: &gate.Limits{Body: 3}}, call{method: "POST", body: flow.Bytes([]byte("four"))},
			refusedText(413, "RequestTooLargeException", `{"message":"HTTP content length exceeded 3 bytes."}`)},
		{"[D] 1.1: it is refused before the path is looked at.", restOf{limits: &gate.Limits{Body: 3}}, call{method: "POST", body: flow.Bytes([]byte("four"))},
			refusedText(413, "RequestTooLargeException", `{"message":"HTTP content length exceeded 3 bytes."}`)},
		{"[D] 1.1: and before the caller is.", restOf{routes: []gate.Route{iam}, private: true, limits: &gate.Limits{Body: 3}}, call{body: flow.Bytes([]byte("four"))},
			refusedText(413, "RequestTooLargeException", `{"message":"HTTP content length exceeded 3 bytes."}`)},
		{"[D] 1.2: header values that are as long as they may be.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}}, call{fields: []string{"X: " + strings.Repeat("x", 5000), "Y: " + strings.Repeat("y", 5215)}},
			"200\nx-amzn-Remapped-Content-Length: 2\nContent-Type: application/json\nok"},
		{"[K] 1.2: one byte more.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}}, call{fields: []string{"X: " + strings.Repeat("x", 5001), "Y: " + strings.Repeat("y", 5215)}},
			refusedText(431, "BadRequestException", `{"message":"Request Header Fields Too Large"}`)},
		{"[D] 1.2: a URL that is as long as it may be.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}}, call{target: "/prod/a?" + strings.Repeat("q", 10232)},
			"200\nx-amzn-Remapped-Content-Length: 2\nContent-Type: application/json\nok"},
		{"[K] 1.2: one byte more.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}}, call{target: "/prod/a?" + strings.Repeat("q", 10233)},
			refusedText(414, "BadRequestException", `{"message":"Request URI Too Long"}`)},
		{"Both can be raised.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}, limits: &gate.Limits{URL: 20000, HeaderValues: 20000}}, call{target: "/prod/a?" + strings.Repeat("q", 12000), fields: []string{"X: " + strings.Repeat("x", 12000)}},
			"200\nx-amzn-Remapped-Content-Length: 2\nContent-Type: application/json\nok"},
		{"[D] 1.17: a coding that is not supported.", restOf{routes: []gate.Route{to("ANY /a", "http://b/")}}, call{method: "POST", fields: []string{"Content-Encoding: br"}, body: flow.Bytes([]byte("x"))},
			refusedText(415, "BadRequestException", `{"message": "Unsupported Media Type"}`)},
		{"[D] 1.17: data that are not what they say.", restOf{routes: []gate.Route{to("ANY /a", "http://b/")}}, call{method: "POST", fields: []string{"Content-Encoding: gzip"}, body: flow.Bytes([]byte("x"))},
			refusedText(415, "BadRequestException", `{"message": "Unsupported Media Type"}`)},
		{"[R] A backend that cannot be reached.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}, dial: func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, errors.New("refused") }}, call{},
			refusedText(504, "InternalServerErrorException", `{"message": "Network error communicating with endpoint"}`)},
		{"[R] One that is too late.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}, dial: func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}, call{},
			refusedText(504, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`)},
		{"[K] One that speaks no HTTP.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}, answer: "nonsense\r\n\r\n"}, call{},
			refusedText(502, "InternalServerErrorException", `{"message": "Internal server error"}`)},
		{"[K] 1.2: a reply that is too long.", restOf{routes: []gate.Route{to("GET /a", "http://b/")}, limits: &gate.Limits{Body: 1}}, call{},
			refusedText(502, "InternalServerErrorException", `{"message": "Internal server error"}`)},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			c := tc.call
			if c.method == "" {
				c.method = "GET"
			}
			if c.target == "" {
				c.target = "/prod/a"
			}
			if tc.of.limits != nil {
				tc.of.limits.IntegrationTimeout = time.Second
			}
			for i := range tc.of.routes {
				if in := tc.of.routes[i].Integration; in != nil {
					in.Timeout = 50 * time.Millisecond
				}
			}
			s := tc.of.open(t)
			if d := cmp.Diff(tc.want, said(t, s.ask(t, "", c))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRESTBackendSees is the table of what the backend of an HTTP_PROXY
// integration gets, byte by byte (runtime 1.2 and 1.10). The trace is cut where
// it is random.
func TestRESTBackendSees(t *testing.T) {
	const tail = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\nX-Amzn-Trace-Id: Root=1-5e5ffb9e-\r\n"
	const agent, accept, api = "User-Agent: AmazonAPIGateway_abc\r\n", "Accept: application/json\r\n", "X-Amzn-Apigateway-Api-Id: abc\r\n"
	proxy := func(parameters ...string) gate.Route {
		return to("ANY /a/{id}/{proxy+}", "http://b:8080/x/{p}", append(parameters, "integration.request.path.p=method.request.path.proxy")...)
	}
	for _, tc := range []struct {
		desc  string
		route gate.Route
		stage gate.Stage
		call  call
		want  string
	}{
		{"[R] 1.10: what every request has.", proxy(), gate.Stage{}, call{method: "GET", target: "/a/1/b/c?q=1"},
			"GET /x/b/c?q=1 HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.2: fields that are removed at parse, and those of connections.", proxy(), gate.Stage{},
			call{method: "GET", target: "/a/1/b", fields: []string{"Connection: close", "Content-MD5: x", "Expect: x", "Max-Forwards: 1", "Proxy-Authenticate: x", "Server: x", "TE: x",
				"Trailer: x", "Upgrade: x", "WWW-Authenticate: x", "Keep-Alive: 1", "Via: 1.1 p", "tEsT: kept", "Date: kept", "Forwarded: for=1.2.3.4"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\ntEsT: kept\r\nDate: kept\r\nForwarded: for=1.2.3.4\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: the client's own are no defaults.", proxy(), gate.Stage{},
			call{method: "GET", target: "/a/1/b", fields: []string{"user-agent: curl", "accept: */*", "Authorization: Bearer x"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\nuser-agent: curl\r\naccept: */*\r\nAuthorization: Bearer x\r\n" + tail + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: the id of another API is replaced; that it has come by that one is told, or a loop would have no end.", proxy(), gate.Stage{},
			call{method: "GET", target: "/a/1/b", fields: []string{"X-Amzn-Apigateway-Api-Id: other", "Via: 1.1 nginx, HTTP/1.1 AmazonAPIGateway"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + strings.Replace(tail, "X-Amzn-Trace", "Via: HTTP/1.1 AmazonAPIGateway, HTTP/1.1 AmazonAPIGateway\r\nX-Amzn-Trace", 1) + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: a signature is for the gateway.", proxy(), gate.Stage{},
			call{method: "GET", target: "/a/1/b", fields: []string{"Authorization: AWS4-HMAC-SHA256 Credential=x"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[D] 1.2: the method that stands in is sent, the field is consumed.", proxy(), gate.Stage{},
			call{method: "POST", target: "/a/1/b", fields: []string{"x-http-method-override: PUT"}, body: flow.Bytes([]byte("body"))},
			"PUT /x/b HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 4\r\n\r\nbody"},
		{"[R] 1.10: GET sends no body.", proxy(), gate.Stage{}, call{method: "GET", target: "/a/1/b", body: flow.Bytes([]byte("body"))},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: the integration's method decides that.", func() gate.Route { r := proxy(); r.Integration.Method = "POST"; return r }(), gate.Stage{},
			call{method: "GET", target: "/a/1/b", body: flow.Bytes([]byte("body"))},
			"POST /x/b HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 4\r\n\r\nbody"},
		{"[R] quirk 30: mapped headers replace, mapped query parameters are added.", proxy("integration.request.header.X-A='new'", "integration.request.querystring.q=method.request.header.X-A", "integration.request.header.Host='h.example'"), gate.Stage{},
			call{method: "GET", target: "/a/1/b?q=1", fields: []string{"x-a: old&x"}},
			"GET /x/b?q=1&q=old%26x HTTP/1.1\r\nHost: h.example\r\nX-A: new\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: a mapped X-Forwarded-For or -Proto takes the place of the gateway's.", proxy("integration.request.header.X-Forwarded-For=context.identity.sourceIp", "integration.request.header.X-Forwarded-Proto='http'"), gate.Stage{},
			call{method: "GET", target: "/a/1/b", fields: []string{"X-Forwarded-For: 198.51.100.1"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 443\r\nX-Amzn-Trace-Id: Root=1-5e5ffb9e-\r\n" + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"1.10: one whose value is missing does not.", proxy("integration.request.header.X-Forwarded-For=method.request.header.none"), gate.Stage{},
			call{method: "GET", target: "/a/1/b", fields: []string{"X-Forwarded-For: 198.51.100.1"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + strings.Replace(tail, "192", "198.51.100.1, 192", 1) + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: what is missing or empty is left out.", proxy("integration.request.header.X-A=method.request.header.X-B", "integration.request.header.X-C=''", "integration.request.querystring.r=method.request.querystring.s"), gate.Stage{},
			call{method: "GET", target: "/a/1/b?q=1"},
			"GET /x/b?q=1 HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[D] 1.10: a list is repeated.", proxy("integration.request.querystring.r=method.request.multivaluequerystring.q"), gate.Stage{}, call{method: "GET", target: "/a/1/b?q=1&q=a%20b"},
			"GET /x/b?q=1&q=a%20b&r=1&r=a%20b HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: what is dropped after mapping, and what the gateway keeps to itself.", proxy("integration.request.header.Expect='x'", "integration.request.header.TE='x'", "integration.request.header.Via='x'", "integration.request.header.Connection='x'", "integration.request.header.Upgrade='x'"), gate.Stage{},
			call{method: "GET", target: "/a/1/b"},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: what may be mapped although a client's is removed.", proxy("integration.request.header.Content-MD5='x'", "integration.request.header.Content-Encoding='gzip'"), gate.Stage{},
			call{method: "GET", target: "/a/1/b"},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\nContent-Encoding: gzip\r\nContent-MD5: x\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: stage variables in the URI, the host too; one that is not set is empty.", to("GET /a", "http://${stageVariables.host}:81/${stageVariables.none}v"), gate.Stage{Variables: map[string]string{"host": "c.example"}},
			call{method: "GET", target: "/a"},
			"GET /v HTTP/1.1\r\nHost: c.example:81\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.10: other ${...} is sent, encoded as a request line needs it.", to("GET /a", "http://b/x${foo}y?q=${a b}&r=${stageVariables.v}", "integration.request.path.foo='no'"), gate.Stage{Variables: map[string]string{"v": "1"}},
			call{method: "GET", target: "/a"},
			"GET /x$%7Bfoo%7Dy?q=$%7Ba%20b%7D&r=1 HTTP/1.1\r\nHost: b\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"A value of the query cannot leave its segment of the path, nor add a parameter.", to("GET /a", "http://b/{v}?w={v}", "integration.request.path.v=method.request.querystring.v"), gate.Stage{},
			call{method: "GET", target: "/a?v=x%3Fy%23%26z%20"},
			"GET /x%3Fy%23&z%20?w=x%3Fy%23%26z%20&v=x%3Fy%23%26z%20 HTTP/1.1\r\nHost: b\r\n" + tail + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[R] 1.2: a trace with a Root only gets a parent.", proxy(), gate.Stage{}, call{method: "GET", target: "/a/1/b", fields: []string{"x-amzn-trace-id: Root=1-5e5ffb9e-0"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + strings.ReplaceAll(tail, "Root=1-5e5ffb9e-", "Root=1-5e5ffb9e-;Parent=;Sampled=0") + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[K] 8: a parent that does not say is sampled.", proxy(), gate.Stage{}, call{method: "GET", target: "/a/1/b", fields: []string{"X-Amzn-Trace-Id: Root=1-5e5ffb9e-0;Parent=1"}},
			"GET /x/b HTTP/1.1\r\nHost: b:8080\r\n" + strings.ReplaceAll(tail, "Root=1-5e5ffb9e-", "Root=1-5e5ffb9e-;Parent=;Sampled=1") + agent + accept + api + "Content-Length: 0\r\n\r\n"},
		{"[D] 1.17: gzip is undone, and nothing says gzip any more.", proxy(), gate.Stage{},
			call{method: "POST", target: "/a/1/b", fields: []string{"Content-Encoding: gzip", "Content-Type: text/plain"}, body: flow.Bytes(gzipped("hello"))},
			"POST /x/b HTTP/1.1\r\nHost: b:8080\r\nContent-Type: text/plain\r\n" + tail + agent + accept + api + "Content-Length: 5\r\n\r\nhello"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: []gate.Route{tc.route}, stage: tc.stage}.open(t)
			tc.call.target = "/prod" + tc.call.target
			if got := said(t, s.ask(t, "", tc.call)); !strings.HasSuffix(got, "ok") {
				t.Fatal(got)
			}
			if d := cmp.Diff(tc.want, untraced(string(s.e.got))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestALoopEnds holds that a method which leads back to itself ends after a few
// passes whatever its mappings do: each pass is asked what the one before sent.
func TestALoopEnds(t *testing.T) {
	for _, tc := range []struct{ desc, key, value string }{
		{"Without mappings.", "integration.request.header.X-A", "'a'"},
		{"One that says who called.", "integration.request.header.X-Forwarded-For", "'10.0.0.1'"},
		{"One that takes Via away.", "integration.request.header.Via", "''"},
		{"One that names a field of the connection.", "integration.request.header.Connection", "'Via, X-Amzn-Apigateway-Api-Id'"},
	} {
		s := restOf{routes: []gate.Route{to("GET /a", "http://b/prod/a", tc.key+"="+tc.value)}}.open(t)
		c := call{method: "GET", target: "/prod/a"}
		passes := 0
		for strings.HasSuffix(said(t, s.ask(t, "", c)), "ok") && passes < 50 {
			passes++
			head := strings.Split(strings.TrimSuffix(string(s.e.got), "\r\n\r\n"), "\r\n")
			c.fields = head[2:] // behind the request line and Host
		}
		if passes != 8 {
			t.Errorf("%s It ended after %d passes.", tc.desc, passes)
		}
	}
}

// untraced is a request without what of its trace is random.
func untraced(s string) string {
	for _, mark := range []string{"Root=1-5e5ffb9e-", "Parent="} {
		before, rest, ok := strings.Cut(s, mark)
		if ok {
			s = before + mark + strings.TrimLeft(rest, "0123456789abcdef")
		}
	}
	return s
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

// TestRESTReplies is the table of what the client sees of a reply (runtime
// 1.13; quirks 24 and 32).
func TestRESTReplies(t *testing.T) {
	for _, tc := range []struct{ desc, answer, want string }{
		{"[R] Fields that are renamed.", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\nDate: d\r\nServer: s\r\nx-amzn-RequestId: r\r\nContent-Type: text/plain\r\n\r\nok",
			"200\nContent-Type: text/plain\nx-amzn-Remapped-Connection: keep-alive\nx-amzn-Remapped-Content-Length: 2\nx-amzn-Remapped-Date: d\nx-amzn-Remapped-Server: s\nx-amzn-remapped-x-amzn-requestid: r\nok"},
		{"[D] WWW-Authenticate and its like.", "HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Basic\r\nwww-authenticate: Digest\r\nUser-Agent: u\r\nContent-Type: a/b\r\n\r\n",
			"401\nContent-Type: a/b\nx-amzn-Remapped-Content-Length: 0\nx-amzn-Remapped-WWW-Authenticate: Basic\nx-amzn-Remapped-WWW-Authenticate: Digest\nx-amzn-Remapped-User-Agent: u\n"},
		{"[R/D] Fields that end here.", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nVia: v\r\nUpgrade: u\r\nConnection: X-Mine\r\nX-Mine: m\r\nX-Amzn-Trace-Id: t\r\nContent-Encoding: br\r\nContent-Type: a/b\r\n\r\n2\r\nok\r\n0\r\n\r\n",
			"200\nX-Amzn-Trace-Id: t\nContent-Encoding: br\nContent-Type: a/b\nx-amzn-Remapped-Connection: X-Mine\nok"},
		{"[R] A type for what has none.", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200\nx-amzn-Remapped-Content-Length: 2\nContent-Type: application/json\nok"},
		{"[R] A backend's own error is the backend's.", "HTTP/1.1 500 No\r\nContent-Length: 2\r\nContent-Type: a/b\r\n\r\nno", "500\nContent-Type: a/b\nx-amzn-Remapped-Content-Length: 2\nno"},
		{"[R] 1.10: a redirect is passed through.", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /x\r\nContent-Type: a/b\r\n\r\n", "302\nLocation: /x\nContent-Type: a/b\nx-amzn-Remapped-Content-Length: 0\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: []gate.Route{to("GET /a", "http://b/")}, answer: tc.answer}.open(t)
			if d := cmp.Diff(tc.want, said(t, s.ask(t, "", call{method: "GET", target: "/prod/a"}))); d != "" {
				t.Error(d)
			}
		})
	}
}
