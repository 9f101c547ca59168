package apigatewayv2

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/upstream"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// served is a data plane with backends that remember what they saw: one in
// plain text, which also stands behind a VPC link and is the queue service,
// and one by TLS.
type served struct {
	*traffic
	plain  string // http://HOST:PORT
	client *http.Client

	mu  sync.Mutex
	saw string // by a backend, since the last call; empty: nothing was asked
}

// serve starts it for a world.
func serve(w *world) *served {
	s := &served{}
	plain, secure := httptest.NewServer(s.backend("plain")), httptest.NewUnstartedServer(s.backend("secure"))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of names that are not its own
	secure.StartTLS()
	w.Cleanup(plain.Close)
	w.Cleanup(secure.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	pools := upstream.New(upstream.Options{Roots: roots, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	w.Cleanup(pools.Close)
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	s.plain = plain.URL
	s.traffic = &traffic{world: w, backend: plain.URL, secure: "https://backend.test:" + port, link: *w.vpcLink(), metrics: metrics.New(metrics.Options{})}
	s.follow(pools)
	s.client = &http.Client{Transport: &http.Transport{}, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.Cleanup(s.client.CloseIdleConnections)
	return s
}

// backend answers with the status that X-Want names, and with fields that CORS
// takes away.
func (s *served) backend(name string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s %s\nHost: %s\n", name, r.Method, r.RequestURI, r.Host)
		_ = r.Header.WriteSubset(&b, map[string]bool{"X-Amzn-Trace-Id": true, "Authorization": true, "X-Amz-Date": true}) // of the moment
		fmt.Fprintf(&b, "\n\n%s", body)
		s.mu.Lock()
		s.saw = b.String()
		s.mu.Unlock()
		rw.Header().Set("X-Backend", name)
		rw.Header().Set("Access-Control-Allow-Origin", "https://of.the.backend")
		if code, err := strconv.Atoi(r.Header.Get("X-Want")); err == nil {
			rw.WriteHeader(code)
		}
		fmt.Fprintf(rw, `{"id":"seven","path":%q}`, r.RequestURI)
	}
}

var filling = regexp.MustCompile(`\{[^}]*\}`)

// An inquiry is one request to be made of two APIs.
type inquiry struct {
	method, target, body string
	fields               [][2]string
}

// inquiry draws one: mostly for one of the routes, so that all of them are
// asked, else for any path.
func (g author) inquiry(keys []string) (q inquiry) {
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(g.T, label) }
	q.method = pick("asks", "POST", "GET", "DELETE", "PATCH", "OPTIONS", "HEAD")
	path := pick("path", "/", "/a", "/a/", "/a/1", "/a/1/c", "/a/1/c/d", "/b", "/b/c", "/$default/x", "/$default", "/%C3%A9", "/a/x%20y")
	if method, template, ok := strings.Cut(rapid.SampledFrom(keys).Draw(g.T, "asked"), " "); ok && rapid.IntRange(0, 3).Draw(g.T, "of a route") < 3 {
		path = filling.ReplaceAllString(template, "x%20y")
		if method != "ANY" {
			q.method = method
		}
	}
	q.target = "/s" + path + pick("query", "", "?q=1", "?q=1&q=2&r=%26")
	if q.method == "POST" || q.method == "PATCH" {
		q.body = pick("body", "", `{"m":"x"}`, "not JSON")
	}
	add := func(name, value string) {
		if value != "" {
			q.fields = append(q.fields, [2]string{name, value})
		}
	}
	add("Origin", pick("origin", "", "https://a", "https://b"))
	add("X-Want", pick("want", "", "404", "500"))
	add("X-A", pick("field", "", "1"))
	if q.method == "OPTIONS" && g.yes("preflight") {
		add("Access-Control-Request-Method", "GET")
		add("Access-Control-Request-Headers", "x-a")
	}
	return q
}

// A reaction is what became of a request: what its client got, and what a
// backend saw.
type reaction struct {
	Status int
	Fields string
	Body   string
	Saw    string
}

// ask makes a request. What names the API or the moment is replaced, so that
// reactions can be compared.
func (s *served) ask(t TB, api *string, q inquiry) reaction {
	r, err := http.NewRequest(q.method, "http://"+s.addr+q.target, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = *api + ".execute-api.localhost"
	for _, f := range q.fields {
		r.Header.Set(f[0], f[1])
	}
	s.mu.Lock()
	s.saw = ""
	s.mu.Unlock()
	a, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	id := a.Header.Get("Apigw-Requestid")
	if id == "" {
		t.Fatalf("%+v: the answer has no request id", q)
	}
	var fields strings.Builder
	_ = a.Header.WriteSubset(&fields, map[string]bool{"Date": true})
	s.mu.Lock()
	defer s.mu.Unlock()
	plain := strings.NewReplacer(*api, "API", id, "ID")
	return reaction{a.StatusCode, plain.Replace(fields.String()), plain.Replace(string(body)), plain.Replace(s.saw)}
}

// compare makes 50 requests to two APIs, each deployed to a stage s.
func (g author) compare(one, two *string, keys []string, doc string, outcomes notes) {
	for _, api := range []*string{one, two} {
		st := must[*v2.CreateStageOutput](g.w)(g.w.CreateStage(g.w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"), AutoDeploy: new(true), StageVariables: map[string]string{"v": "1"}}))
		if g.w.live(api, *st.StageName).Deployment == "" {
			g.Fatalf("an API does not deploy: %s\n%s", text(g.w.getStage(api, "s").LastDeploymentStatusMessage), doc)
		}
	}
	for range 50 {
		q := g.inquiry(keys)
		a, b := g.s.ask(g.w, one, q), g.s.ask(g.w, two, q)
		if diff := cmp.Diff(a, b); diff != "" {
			g.Fatalf("%+v\n%s\n%s", q, diff, doc)
		}
		for _, name := range a.outcomes(q) {
			outcomes[name]++
		}
	}
}

// outcomesOfARequest are what can become of a request, and what has to become
// of one in each run.
func outcomesOfARequest() []string {
	return []string{"a miss", "a preflight", "an allowed origin", "an allowed origin of a fault", "another origin", "a route that fails closed", "a disabled endpoint",
		"a backend by name", "a backend by TLS", "a certificate for another name", "a backend behind a link", "a moved path", "a queue",
		"a filled URI", "a mapped request", "a mapped reply", "a mapped error", "a missing body member", "a query", "a body"}
}

// outcomes tells them by what client and backend saw, and not by the
// definition.
func (r reaction) outcomes(q inquiry) (names []string) {
	origin := slices.ContainsFunc(q.fields, func(f [2]string) bool { return f[0] == "Origin" })
	asked := r.Saw != ""
	allowed := strings.Contains(r.Fields, "Access-Control-Allow-Origin: https://a\r\n")
	uri, _, _ := strings.Cut(r.Saw, "\n")
	for name, is := range map[string]bool{
		"a miss":                         !asked && r.Status == 404,
		"a preflight":                    !asked && r.Status == 204,
		"an allowed origin":              asked && allowed,
		"an allowed origin of a fault":   !asked && r.Status >= 400 && allowed,
		"another origin":                 asked && origin && !strings.Contains(r.Fields, "Access-Control-Allow-Origin"),
		"a route that fails closed":      !asked && r.Status == 500,
		"a disabled endpoint":            !asked && r.Status == 403,
		"a certificate for another name": !asked && r.Status == 503,
		"a backend by name":              strings.HasPrefix(uri, "plain: ") && strings.Contains(uri, " /x?"),
		"a backend by TLS":               strings.HasPrefix(uri, "secure: "),
		"a backend behind a link":        strings.HasPrefix(uri, "plain: ") && strings.Contains(uri, " /s/"),
		"a moved path":                   strings.Contains(uri, " /moved/"),
		"a queue":                        strings.Contains(r.Saw, "Action=SendMessage"),
		"a filled URI":                   strings.Contains(uri, " /filled/"),
		"a mapped request":               strings.Contains(r.Saw, "X-Id: ID\r\n") && strings.Contains(r.Saw, "v=1"),
		"a mapped reply":                 r.Status == 201 && strings.Contains(r.Fields, "X-Back: seven"),
		"a mapped error":                 r.Status == 500 && strings.Contains(r.Fields, "X-Id: ID"),
		"a missing body member":          strings.Contains(r.Saw, "X-Id: ID\r\n") && !strings.Contains(r.Saw, "X-M: "),
		"a query":                        asked && strings.Contains(uri, "r=%26"),
		"a body":                         asked && strings.HasSuffix(r.Saw, "\n\n"+q.body) && q.body != "",
	} {
		if is {
			names = append(names, name)
		}
	}
	return names
}
