package plan

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

// echo is an in-memory backend: it keeps what was written last and answers
// each write at once.
type echo struct {
	net.Conn
	answer []byte
	got    []byte
	left   []byte
	calls  int
}

func (e *echo) Write(p []byte) (int, error) {
	e.got, e.left = append(e.got[:0], p...), e.answer
	e.calls++
	return len(p), nil
}
func (e *echo) Read(p []byte) (int, error) {
	if len(e.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}
func (e *echo) SetReadDeadline(time.Time) error  { return nil }
func (e *echo) SetWriteDeadline(time.Time) error { return nil }
func (e *echo) Close() error                     { return nil }

// shop is a plan of one API at stage prod whose every backend is e.
type shop struct {
	plan *Plan
	e    *echo
}

// stock compiles routes; those without an integration are proxied to
// http://b/base.
func stock(t testing.TB, cors *gate.CORS, list ...gate.Route) *shop {
	t.Helper()
	s := &shop{e: &echo{answer: []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")}}
	pools := upstream.New(upstream.Options{
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		},
		Dial: func(context.Context, netip.AddrPort) (net.Conn, error) { return s.e, nil },
	})
	t.Cleanup(pools.Close)
	for i := range list {
		r := &list[i]
		r.ID = gate.RouteID(fmt.Sprint("r", i))
		if r.Authorization.Kind == "" {
			r.Authorization.Kind = gate.AuthNone
		}
		if r.Integration == nil {
			r.Integration = &gate.Integration{}
		}
		r.Integration.ID, r.Integration.Kind, r.Integration.Timeout = "i", gate.HTTPProxy, time.Second
		if r.Integration.URI == "" {
			r.Integration.URI = "http://b/base"
		}
	}
	c := NewCatalog()
	var ch Change
	keep := func(key string, v any) { c.Apply(key, put(key, v).Value, &ch) }
	keep(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.HTTP, Account: "123456789012"})
	keep(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d"}), gate.Deployment{API: "abc", ID: "d", CORS: cors})
	keep(gate.StageKey(gate.StageRef{API: "abc", Name: "prod"}), gate.Stage{API: "abc", Name: "prod", Deployment: "d", Variables: map[string]string{"size": "large"}})
	load := func(_ context.Context, a *gate.API, d *gate.Deployment) (*gate.Definition, error) {
		return &gate.Definition{API: *a, Deployment: *d, Routes: list}, nil
	}
	l := &Live{Pools: pools, Meters: noMeters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)}
	s.plan = Compile(context.Background(), c, 1, ch, load, l, nil)
	return s
}

// call is a request: method, target below the host, "Name: value" lines.
type call struct {
	method, target string
	fields         []string
	body           flow.Body
	trail          bool
}

// do sends it through the plan and returns the exchange once it has its reply.
func (s *shop) do(t testing.TB, c call) *flow.Exchange {
	t.Helper()
	x := new(flow.Exchange)
	s.run(t, x, c)
	return x
}

func (s *shop) run(t testing.TB, x *flow.Exchange, c call) {
	x.Begin(context.Background(), time.Unix(1583348638, 0))
	x.In.Method, x.In.Scheme, x.In.Host = c.method, "https", "abc.execute-api.localhost"
	x.In.Source, x.In.Body = netip.AddrFrom4([4]byte{192, 0, 2, 7}), c.body
	x.Path, x.Query, _ = strings.Cut(c.target, "?")
	if c.trail {
		x.Trail = new(flow.Trail)
	}
	x.In.Header.Add("Host", x.In.Host)
	for _, f := range c.fields {
		name, v, _ := strings.Cut(f, ": ")
		x.In.Header.Add(name, v)
	}
	h, err := s.plan.Find(x)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Serve(x); err != nil {
		t.Fatal(err)
	}
}

// text is the reply: status, fields without the exchange's id, body.
func text(t testing.TB, x *flow.Exchange) string {
	t.Helper()
	var lines []string
	for name, v := range x.Out.Header.All() {
		if name != "Apigw-Requestid" && name != "Content-Length" {
			lines = append(lines, name+": "+v)
		}
	}
	return fmt.Sprintf("%d %s | %s", x.Out.Status, strings.Join(lines, ", "), bodyText(t, x))
}

func bodyText(t testing.TB, x *flow.Exchange) string {
	t.Helper()
	body := x.Out.Body.Bytes()
	if s := x.Out.Body.Stream(); s != nil {
		var err error
		if body, err = io.ReadAll(s); err != nil {
			t.Fatal(err)
		}
	}
	return string(body)
}

// ours are the fields that the gateway adds to each request.
var ours = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "Via", "X-Amzn-Trace-Id", "Content-Length"}

// asked is the request line that the backend got and, sorted, the fields
// besides those of the gateway.
func (e *echo) asked() string {
	head, _, _ := strings.Cut(string(e.got), "\r\n\r\n")
	line, rest, _ := strings.Cut(head, "\r\n")
	var fields []string
	for f := range strings.SplitSeq(rest, "\r\n") {
		name, _, _ := strings.Cut(f, ":")
		if !slices.Contains(ours, name) && f != "Host: b" && f != "Content-Type: application/x-www-form-urlencoded" {
			fields = append(fields, f)
		}
	}
	slices.Sort(fields)
	return strings.TrimSuffix(line, " HTTP/1.1") + " | " + strings.Join(fields, ", ")
}

// TestMapRequest is the table of request parameters (runtime 2.7; developer
// guide, "Transform API requests and responses for HTTP APIs"). Rows marked [K]
// are not documented and decided in mapping.
func TestMapRequest(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		key    string // of the route; "" is $default
		uri    string
		maps   map[string]string
		target string // below the stage
		fields []string
		body   string
		want   string // what the backend is asked, or the status that the client gets
	}{
		{desc: "Nothing is mapped.", target: "/a?b=c", fields: []string{"X: 1"}, want: "GET /base/a?b=c | X: 1"},

		{desc: "append:header adds where there is none.", maps: map[string]string{"append:header.X": "1"}, want: "GET /base/ | X: 1"},
		{desc: "append:header keeps the client's own, as a second field [K].", maps: map[string]string{"append:header.X": "2"}, fields: []string{"x: 1"}, want: "GET /base/ | X: 2, x: 1"},
		{desc: "overwrite:header replaces all of the client's, in any case.", maps: map[string]string{"overwrite:header.X-User": "me"}, fields: []string{"x-user: 1", "X-USER: 2", "Y: 3"}, want: "GET /base/ | X-User: me, Y: 3"},
		{desc: "overwrite:header adds where there is none.", maps: map[string]string{"overwrite:header.X": "1"}, want: "GET /base/ | X: 1"},
		{desc: "remove:header removes; its value is ignored.", maps: map[string]string{"remove:header.x-user": "''"}, fields: []string{"X-User: 1", "x-user: 2", "Y: 3"}, want: "GET /base/ | Y: 3"},
		{desc: "remove:header of what is not there does nothing.", maps: map[string]string{"remove:header.x": ""}, want: "GET /base/ | "},
		{desc: "Host may be overwritten.", maps: map[string]string{"overwrite:header.Host": "other.example.com:81"}, want: "GET /base/ | Host: other.example.com:81"},
		{desc: "A field that the gateway would drop of a client is sent if it was mapped.", maps: map[string]string{"overwrite:header.Server": "s"}, fields: []string{"Server: c"}, want: "GET /base/ | Server: s"},
		{desc: "A mapped Content-Type is the only one.", maps: map[string]string{"overwrite:header.Content-Type": "a/b"}, want: "GET /base/ | Content-Type: a/b"},
		{desc: "Values are those of the request as it came, in any order of entries.", maps: map[string]string{"overwrite:header.A": "$request.header.B", "overwrite:header.B": "$request.header.A"}, fields: []string{"A: 1", "B: 2"}, want: "GET /base/ | A: 2, B: 1"},
		{desc: "A header by any case, values joined with commas.", maps: map[string]string{"append:header.Y": "$request.header.x"}, fields: []string{"X: 1", "X: 2"}, want: "GET /base/ | X: 1, X: 2, Y: 1,2"},
		{desc: "A query parameter into a header: decoded.", maps: map[string]string{"append:header.Y": "$request.querystring.q"}, target: "/?q=a%20b&q=c", want: "GET /base/?q=a%20b&q=c | Y: a b,c"},
		{desc: "Query names have a case.", maps: map[string]string{"append:header.Y": "$request.querystring.Q"}, target: "/?q=a", want: "GET /base/?q=a | "},
		{desc: "The body into a header.", maps: map[string]string{"append:header.Y": "$request.body"}, body: `{"a":1}`, want: `GET /base/ | Y: {"a":1}`},
		{desc: "A part of the body into a header.", maps: map[string]string{"append:header.Y": "$request.body.a.b[0]"}, body: `{"a":{"b":["c"]}}`, want: "GET /base/ | Y: c"},
		{desc: "The path has no stage.", maps: map[string]string{"append:header.Y": "$request.path"}, target: "/a/b", want: "GET /base/a/b | Y: /a/b"},
		{desc: "A path parameter.", key: "GET /pets/{id}", maps: map[string]string{"append:header.Y": "$request.path.id"}, target: "/pets/a%20b", want: "GET /base | Y: a b"},
		{desc: "A context variable.", maps: map[string]string{"append:header.Y": "$context.accountId"}, want: "GET /base/ | Y: 123456789012"},
		{desc: "A stage variable.", maps: map[string]string{"append:header.Y": "$stageVariables.size"}, want: "GET /base/ | Y: large"},
		{desc: "Several in one.", key: "GET /{a}", maps: map[string]string{"append:header.Y": "${request.path.a}-${context.stage}"}, target: "/x", want: "GET /base | Y: x-prod"},
		{desc: "What nothing resolves is omitted.", maps: map[string]string{"append:header.Y": "$request.header.z"}, want: "GET /base/ | "},
		{desc: "What nothing resolves does not let the client's own through where it was to be overwritten [K].", maps: map[string]string{"overwrite:header.X-User": "$context.authorizer.sub"}, fields: []string{"X-User: admin"}, want: "GET /base/ | "},
		{desc: "An empty header is a value.", maps: map[string]string{"overwrite:header.Y": "$request.header.z"}, fields: []string{"z: "}, want: "GET /base/ | Y: , z: "},

		{desc: "append:querystring adds.", maps: map[string]string{"append:querystring.a": "1"}, target: "/", want: "GET /base/?a=1 | "},
		{desc: "append:querystring keeps the client's own, as it was sent.", maps: map[string]string{"append:querystring.a": "2"}, target: "/?a=%31&b", want: "GET /base/?a=%31&b&a=2 | "},
		{desc: "overwrite:querystring replaces all of the client's, however they are encoded.", maps: map[string]string{"overwrite:querystring.a b": "3"}, target: "/?a+b=1&c=2&a%20b=4", want: "GET /base/?c=2&a%20b=3 | "},
		{desc: "overwrite:querystring has a case.", maps: map[string]string{"overwrite:querystring.A": "3"}, target: "/?a=1", want: "GET /base/?a=1&A=3 | "},
		{desc: "remove:querystring removes.", maps: map[string]string{"remove:querystring.a": "''"}, target: "/?a=1&b=2&a", want: "GET /base/?b=2 | "},
		{desc: "Removing the last one leaves no question mark.", maps: map[string]string{"remove:querystring.a": "''"}, target: "/?a=1", want: "GET /base/ | "},
		{desc: "A value cannot add parameters of its own.", maps: map[string]string{"append:querystring.q": "$request.header.x"}, target: "/", fields: []string{"X: 1&admin=true#?"}, want: "GET /base/?q=1%26admin%3Dtrue%23%3F | X: 1&admin=true#?"},
		{desc: "A value from the query goes round as it was.", maps: map[string]string{"overwrite:querystring.r": "$request.querystring.q", "remove:querystring.q": ""}, target: "/?q=a%0D%0Ab+c%2B", want: "GET /base/?r=a%0D%0Ab%20c%2B | "},
		{desc: "The query of the URI stays.", uri: "http://b/x?k=v", maps: map[string]string{"append:querystring.a": "1"}, target: "/", want: "GET /x/?k=v&a=1 | "},
		{desc: "What nothing resolves is omitted from the query.", maps: map[string]string{"append:querystring.a": "$request.header.z", "overwrite:querystring.b": "$request.header.z"}, target: "/?a=1&b=2", want: "GET /base/?a=1 | "},

		{desc: "overwrite:path replaces the URI's whole path.", key: "GET /pets", uri: "http://b/base/deep", maps: map[string]string{"overwrite:path": "/other"}, target: "/pets?a=1", want: "GET /other?a=1 | "},
		{desc: "For a catch-all too.", maps: map[string]string{"overwrite:path": "$request.path"}, target: "/a/b?c", want: "GET /a/b?c | "},
		{desc: "A path without a slash gets one [K].", maps: map[string]string{"overwrite:path": "staticValueForIntegration"}, target: "/a", want: "GET /staticValueForIntegration | "},
		{desc: "A path of parameters.", key: "ANY /v1/{proxy+}", maps: map[string]string{"overwrite:path": "/v2/${request.path.proxy}"}, target: "/v1/a/b", want: "GET /v2/a/b | "},
		{desc: "A parameter cannot step out of its segment: it stays encoded.", key: "GET /pets/{id}", maps: map[string]string{"overwrite:path": "/users/${request.path.id}/x"}, target: "/pets/..%2Fadmin%3F", want: "GET /users/..%2Fadmin%3F/x | "},
		{desc: "A path from elsewhere cannot bring a query.", maps: map[string]string{"overwrite:path": "$request.header.p"}, fields: []string{"P: /a b?c#d"}, want: "GET /a%20b%3Fc%23d | P: /a b?c#d"},
		{desc: "A path that nothing resolves stays.", maps: map[string]string{"overwrite:path": "$request.header.p"}, target: "/a", want: "GET /base/a | "},

		{desc: "CR and LF in a header: 400.", maps: map[string]string{"append:header.Y": "$request.querystring.q"}, target: "/?q=a%0D%0AX-Admin:%201", want: "400"},
		{desc: "NUL in a header: 400.", maps: map[string]string{"append:header.Y": "$request.querystring.q"}, target: "/?q=%00", want: "400"},
		{desc: "LF from a body in a header: 400.", maps: map[string]string{"append:header.Y": "$request.body.a"}, body: `{"a":"1\nX: 2"}`, want: "400"},
		{desc: "LF from the path in a header: 400.", maps: map[string]string{"append:header.Y": "$request.path"}, target: "/a%0Ab", want: "400"},
		{desc: "CR in the path: 400.", maps: map[string]string{"overwrite:path": "/${request.querystring.q}"}, target: "/?q=a%0Db", want: "400"},
		{desc: "A Host that is none: 400.", maps: map[string]string{"overwrite:header.host": "$request.header.x"}, fields: []string{"X: a b/c"}, want: "400"},
		{desc: "A value beyond what a head may hold: 400.", maps: map[string]string{"append:header.Y": "$request.body"}, body: strings.Repeat("x", 65<<10), want: "400"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if tc.key == "" {
				tc.key = gate.DefaultRoute
			}
			if tc.target == "" {
				tc.target = "/"
			}
			s := stock(t, nil, gate.Route{Key: tc.key, Integration: &gate.Integration{URI: tc.uri, RequestParameters: tc.maps}})
			if text := problems(s.plan); text != "" {
				t.Fatal(text)
			}
			c := call{method: "GET", target: "/prod" + tc.target, fields: tc.fields}
			if tc.body != "" {
				c.body = flow.Bytes([]byte(tc.body))
			}
			x := s.do(t, c)
			if tc.want == "400" {
				if got := text(t, x); got != `400 Content-Type: application/json | {"message":"Bad Request"}` || s.e.calls != 0 {
					t.Errorf("got %s, and %d calls of the backend", got, s.e.calls)
				}
				if f := x.Event.Fault; f == nil || f.Kind != gate.BadRequestParameters || !strings.Contains(f.Error(), "parameter mapping") {
					t.Errorf("the operator reads %v", f)
				}
				return
			}
			if x.Out.Status != 200 {
				t.Fatalf("got %s: %v", text(t, x), x.Event.Fault)
			}
			if diff := cmp.Diff(tc.want, s.e.asked()); diff != "" {
				t.Error(diff)
			}
			if path, query, _ := strings.Cut(tc.target, "?"); x.Path != path || x.Query != query {
				t.Errorf("the logs see %s?%s", x.Path, x.Query)
			}
		})
	}
}

// TestMappedPort holds that X-Forwarded-Port is the mapping's where one says
// what it is, and once.
func TestMappedPort(t *testing.T) {
	for key, want := range map[string]int{"overwrite:header.X-Forwarded-Port": 1, "append:header.x-forwarded-port": 2, "remove:header.x-forwarded-port": 0, "append:header.X": 1} {
		s := stock(t, nil, gate.Route{Key: "$default", Integration: &gate.Integration{RequestParameters: map[string]string{key: "81"}}})
		s.do(t, call{method: "GET", target: "/prod/"})
		if n := strings.Count(strings.ToLower(string(s.e.got)), "\r\nx-forwarded-port: "); n != want {
			t.Errorf("%s: sent %d times, want %d", key, n, want)
		}
	}
}

// TestMapReply is the table of response parameters (runtime 2.7).
func TestMapReply(t *testing.T) {
	answer := func(head, body string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	const text404 = `{"error":{"code":"418"},"a":1}`
	html := answer("200 OK\r\nContent-Type: text/html\r\nX: 1\r\nx: 2", "ok")
	json := answer("404 Nope", text404)
	const noMessage = `500 Content-Type: application/json | {"message":"Internal Server Error"}`
	for _, tc := range []struct {
		desc   string
		answer string
		method string
		maps   map[string]map[string]string
		want   string
	}{
		{"Another status is not mapped.", html, "GET", map[string]map[string]string{"201": {"remove:header.x": ""}}, "200 Content-Type: text/html, X: 1, x: 2 | ok"},
		{"append:header keeps the backend's own.", html, "GET", map[string]map[string]string{"200": {"append:header.X": "3"}}, "200 Content-Type: text/html, X: 1, x: 2, X: 3 | ok"},
		{"overwrite:header replaces.", html, "GET", map[string]map[string]string{"200": {"overwrite:header.x": "3"}}, "200 Content-Type: text/html, x: 3 | ok"},
		{"remove:header removes.", html, "GET", map[string]map[string]string{"200": {"remove:header.X": "''"}}, "200 Content-Type: text/html | ok"},
		{"A header of the reply, joined with commas.", html, "GET", map[string]map[string]string{"200": {"overwrite:header.X": "$response.header.x"}}, "200 Content-Type: text/html, X: 1,2 | ok"},
		{"Values are those of the reply as it came.", html, "GET", map[string]map[string]string{"200": {"append:header.A": "$response.header.X", "append:header.B": "$response.header.A"}}, "200 Content-Type: text/html, X: 1, x: 2, A: 1,2 | ok"},
		{"The body, which is sent all the same.", html, "GET", map[string]map[string]string{"200": {"overwrite:header.X": "$response.body"}}, "200 Content-Type: text/html, X: ok | ok"},
		{"Context and stage variables.", html, "GET", map[string]map[string]string{"200": {"overwrite:header.X": "${context.stage}/${stageVariables.size}"}}, "200 Content-Type: text/html, X: prod/large | ok"},
		{"What the backend answered is known.", html, "GET", map[string]map[string]string{"200": {"overwrite:header.X": "$context.integrationStatus"}}, "200 Content-Type: text/html, X: 200 | ok"},
		{"overwrite:statuscode.", html, "GET", map[string]map[string]string{"200": {"overwrite:statuscode": "403"}}, "403 Content-Type: text/html, X: 1, x: 2 | ok"},
		{"A status without a body drops it.", html, "GET", map[string]map[string]string{"200": {"overwrite:statuscode": "204", "remove:header.x": ""}}, "204 Content-Type: text/html | "},
		{"A status from the body.", json, "GET", map[string]map[string]string{"404": {"overwrite:statuscode": "$response.body.error.code"}}, `418  | ` + text404},
		{"A status that nothing resolves stays.", json, "GET", map[string]map[string]string{"404": {"overwrite:statuscode": "$response.body.none"}}, `404  | ` + text404},
		{"A status that is none: 500.", json, "GET", map[string]map[string]string{"404": {"overwrite:statuscode": "$response.body.a"}}, noMessage},
		{"A 304 that becomes a 200 has no body, whatever it declares.", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", map[string]map[string]string{"304": {"overwrite:statuscode": "200"}}, "200  | "},
		{"A HEAD has no body to look at, whatever it declares.", "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", "HEAD", map[string]map[string]string{"200": {"append:header.A": "$response.body", "overwrite:statuscode": "201"}}, "201  | "},
		{"What nothing resolves is omitted.", html, "GET", map[string]map[string]string{"200": {"append:header.A": "$response.header.none"}}, "200 Content-Type: text/html, X: 1, x: 2 | ok"},
		{"CR and LF from a body: 500, and nothing of the backend's.", answer("200 OK\r\nX: 1", `{"a":"b\r\nX: 2"}`), "GET", map[string]map[string]string{"200": {"append:header.A": "$response.body.a"}}, noMessage},
		{"A gateway's own error is not mapped.", "garbage", "GET", map[string]map[string]string{"503": {"append:header.A": "1"}}, `503 Content-Type: application/json | {"message":"Service Unavailable"}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := stock(t, nil, gate.Route{Key: "$default", Integration: &gate.Integration{ResponseParameters: tc.maps}})
			if text := problems(s.plan); text != "" {
				t.Fatal(text)
			}
			s.e.answer = []byte(tc.answer)
			x := s.do(t, call{method: tc.method, target: "/prod/"})
			if diff := cmp.Diff(tc.want, text(t, x)); diff != "" {
				t.Error(diff)
			}
			x.End()
		})
	}
}

// TestMappedBody holds that a body which a mapping looks at reaches the backend
// whole: beyond what is parsed, of known length and not, and not at all beyond
// the limit (runtime 2.7 and 2.1).
func TestMappedBody(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "%d %s %q", len(b), b[len(b)-4:], r.Header.Get("Y"))
	}))
	defer backend.Close()
	pools := upstream.New(upstream.Options{})
	defer pools.Close()
	long := `{"a":1,"b":"` + strings.Repeat("x", 300<<10) + `"}end!`
	for _, tc := range []struct {
		desc, expr, body string
		length           int64
		limit            int64
		want             string
	}{
		{"A short one of known length.", "$request.body.a", `{"a":1}    `, 11, 1 << 20, `11      "1"`},
		{"A short one in chunks.", "$request.body.a", `{"a":1}    `, flow.Unknown, 1 << 20, `11      "1"`},
		{"A long one of known length.", "$request.body.a", long, int64(len(long)), 1 << 20, fmt.Sprintf(`%d end! ""`, len(long))},
		{"A long one in chunks.", "$request.body.a", long, flow.Unknown, 1 << 20, fmt.Sprintf(`%d end! ""`, len(long))},
		{"One beyond the limit while it is looked at.", "$request.body.a", long, flow.Unknown, 50 << 10, `{"message":"Request Entity Too Large"}`},
		{"One beyond the limit behind what is looked at.", "$request.body.a", long, flow.Unknown, 200 << 10, `{"message":"Request Entity Too Large"}`},
		{"A whole one that no header holds.", "$request.body", long, flow.Unknown, 1 << 20, `{"message":"Bad Request"}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			l := &Live{Pools: pools, Meters: noMeters{}, Limits: gate.Limits{Body: tc.limit}, Log: slog.New(slog.DiscardHandler)}
			d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.HTTP}, Routes: []gate.Route{{Key: "$default", Authorization: gate.Authorization{Kind: gate.AuthNone},
				Integration: &gate.Integration{ID: "i", Kind: gate.HTTPProxy, URI: backend.URL, Timeout: 5 * time.Second, RequestParameters: map[string]string{"append:header.Y": tc.expr}}}}}
			r, faults := compileRoutes(d, &gate.Stage{}, l)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			x := new(flow.Exchange)
			x.Begin(context.Background(), time.Now())
			x.In.Method, x.In.Scheme, x.In.Host, x.Path = "POST", "http", "h", "/"
			x.In.Body = flow.Streamed(&unhurried{bufio.NewReader(strings.NewReader(tc.body))}, tc.length)
			x.Last = r.fallback.last
			if err := r.fallback.handler.Serve(x); err != nil {
				t.Fatal(err)
			}
			if got := bodyText(t, x); got != tc.want {
				t.Errorf("got %s, want %s (%v)", got, tc.want, x.Event.Fault)
			}
			x.End()
		})
	}
}

// unhurried is a body that comes in pieces.
type unhurried struct{ io.Reader }

func (u *unhurried) Close() error         { return nil }
func (u *unhurried) Trailer() *field.List { return nil }
func (u *unhurried) Read(p []byte) (int, error) {
	return u.Reader.Read(p[:min(len(p), 1000)])
}

// TestRefusedMappings holds that what cannot be mapped is a problem of the plan
// that names route, integration, field and entry, and that nothing is served.
func TestRefusedMappings(t *testing.T) {
	d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.HTTP}, Deployment: gate.Deployment{CORS: &gate.CORS{AllowOrigins: []string{"*"}, AllowCredentials: true}},
		Routes: []gate.Route{{ID: "1", Key: "GET /a", Authorization: gate.Authorization{Kind: gate.AuthNone}, Integration: &gate.Integration{ID: "i7", Kind: gate.HTTPProxy, URI: "http://b", Timeout: time.Second,
			RequestParameters:  map[string]string{"append:header.Via": "x"},
			ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "42"}}}}}}
	var got []string
	for _, p := range Check(d, live(t)) {
		got = append(got, p.Error())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"GET /a", "i7", `requestParameters: "append:header.Via"`, `responseParameters: status 200: "overwrite:statuscode"`, "corsConfiguration", "allow-credentials is not supported if 'allow-origin' is *"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
}

// TestMappingTrail holds that explain sees each parameter before and after.
func TestMappingTrail(t *testing.T) {
	s := stock(t, nil, gate.Route{Key: "$default", Integration: &gate.Integration{
		RequestParameters: map[string]string{"append:header.X": "$context.stage", "remove:header.Y": "", "overwrite:header.a": "$request.header.none", "overwrite:header.n": "n",
			"append:header.o": "$request.header.none", "overwrite:path": "/p", "append:querystring.q": "a b", "overwrite:querystring.r": "$request.header.none",
			"remove:querystring.s": "", "overwrite:querystring.e": "$request.header.e", "overwrite:header.host": "h"},
		ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "201", "remove:header.Z": "", "append:header.x": "$response.header.z"}}}})
	s.e.answer = []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nZ: 1\r\nZ: 2\r\n\r\nok")
	x := s.do(t, call{method: "GET", target: "/prod/a%20b?q=1&q=c+d&r=&s=%41&e=1", trail: true,
		fields: []string{"X: 1", "X: 2", "y: gone", "a: lost", "o: stays", "E: "}})
	var got []string
	for i := range x.Trail.Len() {
		switch what, a, b := x.Trail.At(i); what {
		case flow.ShapedFrom:
			got = append(got, a+" was "+b)
		case flow.Shaped:
			got = append(got, a+" is "+b)
		case flow.Dropped:
			got = append(got, a+" is gone"+b)
		case flow.TargetChosen:
			got = append(got, a+b)
		}
	}
	want := []string{
		"append:header.X was 1,2", "append:header.X is prod",
		"overwrite:header.a was lost", "overwrite:header.a is gone", // its value is missing
		"overwrite:header.n is n",
		"overwrite:header.host was abc.execute-api.localhost", "overwrite:header.host is h",
		"overwrite:path was /a%20b", "overwrite:path is /p",
		"append:querystring.q was 1,c d", "append:querystring.q is a b",
		"overwrite:querystring.e was 1", "overwrite:querystring.e is ", // empty, and there
		"overwrite:querystring.r was ", "overwrite:querystring.r is gone",
		"remove:header.Y was gone", "remove:header.Y is gone",
		"remove:querystring.s was A", "remove:querystring.s is gone",
		"GET http://b:80/p?q=1&q=c+d&q=a%20b&e=",
		"append:header.x is 1,2", "overwrite:statuscode was 200", "overwrite:statuscode is 201",
		"remove:header.Z was 1,2", "remove:header.Z is gone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNothingIsInjected walks over mappings and hostile values: whatever
// happens, the backend gets one well-formed request or none, and the client one
// well-formed reply.
func TestNothingIsInjected(t *testing.T) {
	places := []string{"append:header.X", "overwrite:header.Y", "overwrite:header.Host", "append:querystring.q", "overwrite:querystring.a b", "overwrite:path"}
	sources := []string{"$request.querystring.v", "a${request.path.p}b", "$request.body.v", "$request.body", "$request.path", "x${request.querystring.v}${request.body.v}"}
	back := []string{"$response.body", "$response.body.v", "${response.body.v}x"}
	hostile := []string{"\r\nX-Injected: 1\r\n\r\nGET /evil HTTP/1.1\r\nHost: b\r\n\r\n", "\n", "\r", "\x00", " HTTP/1.1\r\n", "a b", "?#&=%", "%0d%0a", "\u2028", "\x7f", "ü", "plain"}
	rapid.Check(t, func(rt *rapid.T) {
		maps := map[string]string{}
		for _, p := range rapid.SliceOfNDistinct(rapid.SampledFrom(places), 1, 4, rapid.ID).Draw(rt, "places") {
			maps[p] = rapid.SampledFrom(sources).Draw(rt, "source")
		}
		reply := map[string]map[string]string{"200": {"append:header.X": rapid.SampledFrom(back).Draw(rt, "back")}}
		v := strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 1, 3).Draw(rt, "value"), "")
		s := stock(t, nil, gate.Route{Key: "ANY /{p+}", Integration: &gate.Integration{RequestParameters: maps, ResponseParameters: reply}})
		s.e.answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(quote(v)), quote(v))
		x := s.do(t, call{method: "POST", target: "/prod/" + percent(v) + "?v=" + percent(v), body: flow.Bytes([]byte(quote(v)))})
		if s.e.calls > 1 {
			rt.Fatalf("%d writes", s.e.calls)
		}
		if s.e.calls == 1 {
			oneRequest(rt, s.e.got, quote(v))
		}
		for name, value := range x.Out.Header.All() {
			if strings.ContainsAny(name+value, "\r\n\x00") {
				rt.Fatalf("the client gets %q: %q", name, value)
			}
		}
		x.Out.Body.Close()
		x.End()
	})
}

func quote(v string) string { return fmt.Sprintf(`{"v":%s}`, jsonText(v)) }

func jsonText(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range v {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String() + `"`
}

func percent(v string) string {
	var b strings.Builder
	for _, c := range []byte(v) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// oneRequest reads what the backend got as net/http would.
func oneRequest(t *rapid.T, got []byte, body string) {
	br := bufio.NewReader(strings.NewReader(string(got)))
	r, err := http.ReadRequest(br)
	if err != nil {
		t.Fatalf("%v: %q", err, got)
	}
	read, err := io.ReadAll(r.Body)
	if err != nil || string(read) != body {
		t.Fatalf("the body is %q, %v", read, err)
	}
	if rest, _ := io.ReadAll(br); len(rest) > 0 {
		t.Fatalf("behind the request stands %q", rest)
	}
	if r.Header.Get("X-Injected") != "" || strings.ContainsAny(r.RequestURI, " \r\n\x00") {
		t.Fatalf("injected: %q", got)
	}
}
