package integrate

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/route"
	"gatehouse/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is an in-memory backend: it keeps what was written last and answers
// each write at once.
type echo struct {
	net.Conn
	answer []byte
	got    []byte
	left   []byte
}

func (e *echo) Write(p []byte) (int, error) {
	e.got, e.left = append(e.got[:0], p...), e.answer
	return len(p), nil
}
func (e *echo) Read(p []byte) (int, error)       { n := copy(p, e.left); e.left = e.left[n:]; return n, nil }
func (e *echo) SetReadDeadline(time.Time) error  { return nil }
func (e *echo) SetWriteDeadline(time.Time) error { return nil }
func (e *echo) Close() error                     { return nil }

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// newPools are pools whose every connection is e.
func newPools(t testing.TB, e *echo) *upstream.Pools {
	p := upstream.New(upstream.Options{
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		},
		Dial: func(context.Context, netip.AddrPort) (net.Conn, error) { return e, nil },
	})
	t.Cleanup(p.Close)
	return p
}

func proxied(key, uri string) *gate.Route {
	return &gate.Route{ID: "r1", Key: key, Integration: &gate.Integration{ID: "i1", Kind: gate.HTTPProxy, URI: uri}}
}

// request is an exchange as the door and the plan leave it: the fields are
// "Name: value" lines.
func request(t testing.TB, key, method, target string, body flow.Body, fields ...string) *flow.Exchange {
	t.Helper()
	x := &flow.Exchange{}
	x.Begin(context.Background(), time.Unix(1700000000, 0))
	x.Deadline = time.Now().Add(5 * time.Second)
	x.In.Method, x.In.Body = method, body
	x.In.Scheme, x.In.Host = "https", "api.example.com"
	x.In.Source = netip.MustParseAddr("192.0.2.7")
	x.In.Listen = netip.MustParseAddrPort("198.51.100.1:8443")
	x.Path, x.Query, _ = strings.Cut(target, "?")
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		x.In.Header.Add(name, value)
	}
	if m, path, ok := strings.Cut(key, " "); ok {
		var tree route.Tree[bool]
		if err := tree.Add(m, path, true); err != nil {
			t.Fatal(err)
		}
		if _, ok := tree.Find(method, x.Path, &x.Params); !ok {
			t.Fatalf("%s does not match %s %s", key, method, x.Path)
		}
	}
	return x
}

// TestTarget is the table of what a route's URI and a request make together
// (runtime 2.6).
func TestTarget(t *testing.T) {
	for _, tc := range []struct{ desc, key, uri, method, target, want string }{
		{"A catch-all appends the path.", "$default", "http://b", "GET", "/pets/1", "GET http://b:80/pets/1"},
		{"A slash at its end is not doubled.", "$default", "http://b/", "GET", "/pets", "GET http://b:80/pets"},
		{"It appends to a path of its own.", "$default", "http://b/base/", "GET", "/pets/", "GET http://b:80/base/pets/"},
		{"It appends the query.", "$default", "http://b:8080/base", "GET", "/pets?a=1&b", "GET http://b:8080/base/pets?a=1&b"},
		{"Other routes use the path as it is written.", "GET /pets", "http://b/animals", "GET", "/pets", "GET http://b:80/animals"},
		{"A URI without a path asks for the root.", "GET /pets", "https://b", "GET", "/pets", "GET https://b:443/"},
		{"A parameter is filled in.", "GET /pets/{id}", "http://b/v1/{id}/x", "GET", "/pets/7", "GET http://b:80/v1/7/x"},
		{"It stays encoded.", "GET /pets/{id}", "http://b/{id}", "GET", "/pets/a%2Fb%20c", "GET http://b:80/a%2Fb%20c"},
		{"A greedy one brings its slashes.", "ANY /{proxy+}", "http://b/v1/{proxy}", "PUT", "/a/b/c", "PUT http://b:80/v1/a/b/c"},
		{"Two parameters in another order.", "GET /{a}/{b}", "http://b/{b}/{a}", "GET", "/1/2", "GET http://b:80/2/1"},
		{"A parameter in the query.", "GET /{id}", "http://b/x?id={id}", "GET", "/7", "GET http://b:80/x?id=7"},
		{"It cannot add parameters of its own.", "GET /{id}", "http://b/x?id={id}", "GET", "/7&admin=1", "GET http://b:80/x?id=7%26admin%3D1"},
		{"Both queries are sent.", "GET /a", "http://b/x?k=v", "GET", "/a?c=d", "GET http://b:80/x?k=v&c=d"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			p, err := HTTP(proxied(tc.key, tc.uri), newPools(t, &echo{}))
			if err != nil {
				t.Fatal(err)
			}
			key := tc.key
			method, url := p.Target(request(t, key, tc.method, tc.target, flow.Body{}))
			if got := method + " " + url; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestRefusedURIs is the table of what no route may be compiled with. Each
// error names the route and the URI.
func TestRefusedURIs(t *testing.T) {
	for _, tc := range []struct{ desc, uri, want string }{
		{"Nothing.", "", "begins with http"},
		{"Another scheme.", "ftp://b/", "begins with http"},
		{"An ARN, which is for private integrations.", "arn:aws:elasticloadbalancing:x", "begins with http"},
		{"Credentials.", "http://user:secret@b/", "credentials"},
		{"No host.", "http:///path", "host"},
		{"A host of blanks.", "http://a b/", "cannot be in a host name"},
		{"A host with a line break.", "http://b\r\nc/", "cannot be in a host name"},
		{"An address in a spelling that resolvers read in two ways.", "http://127.1/", "IPv4"},
		{"The same in hexadecimal.", "http://0x7f000001/", "IPv4"},
		{"Half an IPv6 address.", "http://[::1/", "IPv6"},
		{"An IPv6 address with a zone.", "http://[fe80::1%25eth0]/", "IPv6"},
		{"A port of 0.", "http://b:0/", "port"},
		{"A port above 65535.", "http://b:65536/", "port"},
		{"A port with a sign.", "http://b:+80/", "port"},
		{"A colon without a port.", "http://b:/", "port"},
		{"A parameter for a host.", "http://{id}/", "cannot choose the backend"},
		{"A stage variable.", "http://${stageVariables.h}/", "stage variable"},
		{"A parameter that the route does not have.", "http://b/{other}", "no parameter of the route"},
		{"A plus in the URI.", "http://b/{id+}", "write {id}"},
		{"An open brace.", "http://b/{id", "brace"},
		{"A closing brace.", "http://b/id}", "brace"},
		{"A blank.", "http://b/a b", "percent-encoded"},
		{"A line break.", "http://b/a\r\nHost: c", "percent-encoded"},
		{"A letter beyond ASCII.", "http://b/ä", "percent-encoded"},
		{"A lone percent sign.", "http://b/%2", "hexadecimal"},
		{"A fragment.", "http://b/#x", "fragment"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := HTTP(proxied("GET /pets/{id}", tc.uri), newPools(t, &echo{}))
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "route GET /pets/{id}") {
				t.Errorf("got %v, want an error about %q that names the route", err, tc.want)
			}
		})
	}
}

// TestRefusedIntegrations is the table of the other things that do not compile.
func TestRefusedIntegrations(t *testing.T) {
	for _, tc := range []struct {
		desc string
		edit func(*gate.Route)
		want string
	}{
		{"No integration.", func(r *gate.Route) { r.Integration = nil }, "no integration"},
		{"Another kind.", func(r *gate.Route) { r.Integration.Kind = gate.Lambda }, "LAMBDA"},
		{"A method in lower case.", func(r *gate.Route) { r.Integration.Method = "get" }, "method"},
		{"CONNECT.", func(r *gate.Route) { r.Integration.Method = "CONNECT" }, "method"},
		{"A timeout below AWS's least.", func(r *gate.Route) { r.Integration.Timeout = time.Millisecond }, "timeout"},
		{"A server name without TLS.", func(r *gate.Route) { r.Integration.ServerName = "b" }, "without https"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			r := proxied("GET /", "http://b")
			tc.edit(r)
			if _, err := HTTP(r, newPools(t, &echo{})); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error about %q", err, tc.want)
			}
		})
	}
}

const trace = "X-Amzn-Trace-Id: Root=1-6553f100-000000000000000000000000"

// TestHead holds which fields reach a backend, in which order and spelling.
func TestHead(t *testing.T) {
	const added = "Forwarded: by=198.51.100.1;for=192.0.2.7;host=api.example.com;proto=https|" +
		"X-Forwarded-For: 192.0.2.7|X-Forwarded-Port: 443|X-Forwarded-Proto: https|Via: HTTP/1.1 AmazonAPIGateway|"
	const empty = "Content-Type: application/x-www-form-urlencoded|Content-Length: 0||"
	for _, tc := range []struct {
		desc   string
		body   string
		fields []string
		want   string
	}{
		{
			"Order and spelling are kept; Host is the endpoint's; an empty body is announced.", "",
			[]string{"hOST: api.example.com", "aCCept: */*", "X-b: 2", "x-B: 3", "User-Agent: curl/8", trace},
			"aCCept: */*|X-b: 2|x-B: 3|User-Agent: curl/8|" + trace + "|" + added + empty,
		},
		{
			"Fields of the connection end here, and so do those that it names.", "",
			[]string{"Connection: close, X-Secret", "X-Secret: 1", "Keep-Alive: 5", "TE: trailers", "Upgrade: x", "Proxy-Authorization: y", "x-secret: 2", trace},
			trace + "|" + added + empty,
		},
		{
			"Fields that AWS removes end here.", "",
			[]string{"Expect: 100-continue", "Content-MD5: x", "Max-Forwards: 1", "Server: x", "WWW-Authenticate: x", trace},
			trace + "|" + added + empty,
		},
		{
			"The body's length is ours to write.", "abc",
			[]string{"Content-Length: 3", "Content-Type: text/plain", trace},
			"Content-Type: text/plain|" + trace + "|" + added + "Content-Length: 3||abc",
		},
		{
			"The source is appended to X-Forwarded-For, and Forwarded says the same.", "",
			[]string{"X-Forwarded-For: 203.0.113.1, 2001:db8::1", "X-Forwarded-Proto: gopher", "X-Forwarded-Port: 1", "Content-Type: a/b", trace},
			"Content-Type: a/b|" + trace + "|Forwarded: for=203.0.113.1, for=\"[2001:db8::1]\", by=198.51.100.1;for=192.0.2.7;host=api.example.com;proto=https|" +
				"X-Forwarded-For: 203.0.113.1, 2001:db8::1, 192.0.2.7|X-Forwarded-Port: 443|X-Forwarded-Proto: https|Via: HTTP/1.1 AmazonAPIGateway|Content-Length: 0||",
		},
		{
			"An element is appended to Forwarded, a field to Via.", "",
			[]string{"Forwarded: for=1.2.3.4", "Via: 1.1 other", "Content-Type: a/b", trace},
			"Via: 1.1 other|Content-Type: a/b|" + trace + "|Forwarded: for=1.2.3.4, " + strings.TrimPrefix(added, "Forwarded: ") + "Content-Length: 0||",
		},
		{
			"A Connection that names a field of ours does not take it away.", "",
			[]string{"Connection: X-Forwarded-For, Forwarded, Via", "X-Forwarded-For: 203.0.113.1", "Content-Type: a/b", trace},
			"Content-Type: a/b|" + trace + "|" + added + "Content-Length: 0||",
		},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e := &echo{answer: []byte(ok)}
			p, err := HTTP(proxied("$default", "http://b:8080/base"), newPools(t, e))
			if err != nil {
				t.Fatal(err)
			}
			body := flow.Body{}
			if tc.body != "" {
				body = flow.Bytes([]byte(tc.body))
			}
			x := request(t, "$default", "POST", "/p?q=1", body, tc.fields...)
			if err := p.Serve(x); err != nil {
				t.Fatal(err)
			}
			want := "POST /base/p?q=1 HTTP/1.1|Host: b:8080|" + tc.want
			if diff := cmp.Diff(want, strings.ReplaceAll(string(e.got), "\r\n", "|")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTraceID holds the form of a trace id that the gateway makes.
func TestTraceID(t *testing.T) {
	e := &echo{answer: []byte(ok)}
	p, err := HTTP(proxied("$default", "http://b"), newPools(t, e))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for range 10 {
		if err := p.Serve(request(t, "$default", "GET", "/", flow.Body{})); err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(e.got), "X-Amzn-Trace-Id: Root=1-6553f100-")
		id, _, _ := strings.Cut(rest, "\r\n")
		if len(id) != 24 || strings.Trim(id, "0123456789abcdef") != "" || ids[id] {
			t.Errorf("random part %q", id)
		}
		ids[id] = true
	}
}

// TestReply holds what of a backend's reply goes on to the client.
func TestReply(t *testing.T) {
	for _, tc := range []struct{ desc, method, answer, want, body string }{
		{"Status, fields and body pass.", "GET", "HTTP/1.1 418 I'm a teapot\r\nserver: x\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 2\r\n\r\nok", "server: x|X-a: 1|x-A: 2|Content-Length: 2|", "ok"},
		{"A redirect passes.", "GET", "HTTP/1.1 302 Found\r\nLocation: http://c/\r\nContent-Length: 0\r\n\r\n", "Location: http://c/|Content-Length: 0|", ""},
		{"Fields of the connection do not.", "GET", "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nUpgrade: h2c\r\nX-Stays: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n", "X-Stays: 1|", "ok"},
		{"A HEAD keeps its length.", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", "Content-Length: 1234|", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e := &echo{answer: []byte(tc.answer)}
			p, err := HTTP(proxied("$default", "http://b"), newPools(t, e))
			if err != nil {
				t.Fatal(err)
			}
			x := request(t, "$default", tc.method, "/", flow.Body{})
			if err := p.Serve(x); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(string(x.Out.Header.Append(nil)), "\r\n", "|")
			body := ""
			if s := x.Out.Body.Stream(); s != nil {
				b, err := io.ReadAll(s)
				if body = string(b); err != nil {
					t.Error(err)
				}
			}
			if got != tc.want || body != tc.body {
				t.Errorf("got %q and %q, want %q and %q", got, body, tc.want, tc.body)
			}
			x.End()
		})
	}
}

// TestMethod holds that an integration's method replaces the client's.
func TestMethod(t *testing.T) {
	for want, method := range map[string]string{"PATCH": "", "DELETE": "DELETE"} {
		e := &echo{answer: []byte(ok)}
		r := proxied("$default", "http://b")
		r.Integration.Method = method
		p, err := HTTP(r, newPools(t, e))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Serve(request(t, "$default", "PATCH", "/", flow.Body{})); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(e.got), want+" / HTTP/1.1\r\n") {
			t.Errorf("method %q gave %q", method, e.got)
		}
	}
}

// TestServeRefuses holds what is never sent on.
func TestServeRefuses(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		method string
		target string
		fields []string
		kind   gate.Kind
	}{
		{"A request that goes round in a loop.", "GET", "/", []string{"Via: " + strings.Repeat("HTTP/1.1 AmazonAPIGateway, ", maxHops)}, gate.APIConfigurationError},
		{"The same with a field a pass.", "GET", "/", slicesRepeat("Via: HTTP/1.1 AmazonAPIGateway", maxHops), gate.APIConfigurationError},
		{"A target that would become another request line.", "GET", "/a HTTP/1.1", nil, gate.BadRequestParameters},
		{"A method that would.", "GET /admin", "/", nil, gate.BadRequestParameters},
		{"A method with a line end.", "GET / HTTP/1.1\r\nX:", "/", nil, gate.BadRequestParameters},
		{"No method.", "", "/", nil, gate.BadRequestParameters},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e := &echo{answer: []byte(ok)}
			p, err := HTTP(proxied("$default", "http://b"), newPools(t, e))
			if err != nil {
				t.Fatal(err)
			}
			err = p.Serve(request(t, "$default", tc.method, tc.target, flow.Body{}, tc.fields...))
			var fault *gate.Fault
			if !errors.As(err, &fault) || fault.Kind != tc.kind {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
			if len(e.got) > 0 {
				t.Errorf("the backend got %q", e.got)
			}
		})
	}
}

func slicesRepeat(s string, n int) (list []string) {
	for range n {
		list = append(list, s)
	}
	return list
}

// TestTrail holds what an integration tells whoever listens.
func TestTrail(t *testing.T) {
	p, err := HTTP(proxied("GET /{id}", "http://b/x/{id}"), newPools(t, &echo{answer: []byte(ok)}))
	if err != nil {
		t.Fatal(err)
	}
	x := request(t, "GET /{id}", "GET", "/7", flow.Body{})
	x.Trail = &flow.Trail{}
	if err := p.Serve(x); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range x.Trail.Len() {
		what, a, _ := x.Trail.At(i)
		switch what {
		case flow.TargetChosen, flow.TargetCalled, flow.BackendAnswer:
			got = append(got, a)
		}
	}
	if diff := cmp.Diff([]string{"GET http://b:80/x/7", "10.0.0.1:80", "200"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefuse(t *testing.T) {
	reason := errors.New("AWS_PROXY is not served yet")
	err := Refuse(gate.APIConfigurationError, reason).Serve(&flow.Exchange{})
	var fault *gate.Fault
	if !errors.As(err, &fault) || fault.Kind != gate.APIConfigurationError || !errors.Is(err, reason) {
		t.Errorf("got %v", err)
	}
	if got := fault.Render(gate.HTTP); got.Status != 500 || strings.Contains(string(got.Body), "AWS_PROXY") {
		t.Errorf("the client gets %d %s", got.Status, got.Body)
	}
}

// loop serves one exchange after the other over the same objects, as an edge
// does.
func loop(t testing.TB) func() {
	p, err := HTTP(proxied("GET /pets/{id}", "http://b/v1/{id}"), newPools(t, &echo{answer: []byte(ok)}))
	if err != nil {
		t.Fatal(err)
	}
	var x flow.Exchange
	var buf [512]byte
	at := time.Now()
	var tree route.Tree[bool]
	if err := tree.Add("GET", "/pets/{id}", true); err != nil {
		t.Fatal(err)
	}
	source, listen := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddrPort("198.51.100.1:8443")
	return func() {
		x.Reset()
		x.Begin(context.Background(), at)
		x.In.Method, x.In.Scheme, x.In.Host, x.In.Source, x.In.Listen = "GET", "https", "api.example.com", source, listen
		x.In.Header.Add("Host", "api.example.com")
		x.In.Header.Add("User-Agent", "curl/8")
		x.In.Header.Add("Accept", "*/*")
		x.In.Header.Add("Connection", "keep-alive")
		x.Path = "/pets/7"
		tree.Find("GET", x.Path, &x.Params)
		if err := p.Serve(&x); err != nil {
			t.Fatal(err)
		}
		s := x.Out.Body.Stream()
		for {
			if _, err := s.Read(buf[:]); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		x.End()
	}
}

// TestServeAllocatesNothing guards the proxy path.
func TestServeAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	if n := testing.AllocsPerRun(1000, loop(t)); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkServe(b *testing.B) {
	once := loop(b)
	b.ReportAllocs()
	for b.Loop() {
		once()
	}
}
