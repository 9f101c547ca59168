package plan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

// TestCanary holds that a draw decides for each request which one deployment
// serves it, with the canary's variables (runtime 1.17).
func TestCanary(t *testing.T) {
	open := func(percent float64) *rests {
		return restOf{
			routes: []gate.Route{to("GET /a", "http://b/${stageVariables.v}/main")},
			canary: []gate.Route{to("GET /a", "http://b/${stageVariables.v}/canary/${stageVariables.w}"), to("GET /new", "http://b/")},
			stage: gate.Stage{Variables: map[string]string{"v": "1", "w": "w"},
				Canary: &gate.Canary{Percent: percent, Deployment: "c", Variables: map[string]string{"v": "2"}}},
		}.open(t)
	}
	is, _ := flow.RESTContext("isCanaryRequest")
	deployment, _ := flow.RESTContext("deploymentId")
	see := func(s *rests, target string) string {
		x := s.ask(t, "", call{method: "GET", target: target})
		x.Out.Body.Close()
		x.End()
		b, _ := is(nil, x)
		b, _ = deployment(append(b, ' '), x)
		line := ""
		if x.Event.Backend.Called {
			line, _, _ = strings.Cut(string(s.e.got), " HTTP")
		}
		return fmt.Sprintf("%d %s %s", x.Out.Status, b, line)
	}
	for _, tc := range []struct {
		desc    string
		percent float64
		target  string
		want    string
	}{
		{"None is drawn.", 0, "/prod/a", "200 false d GET /1/main"},
		{"None is drawn, so the new method is not there.", 0, "/prod/new", "403 false d "},
		{"All are drawn, and the variables are merged.", 100, "/prod/a", "200 true c GET /2/canary/w"},
		{"All are drawn, so the new method is there.", 100, "/prod/new", "200 true c GET /"},
		{"A miss of the canary is the canary's.", 100, "/prod/none", "403 true c "},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := open(tc.percent)
			for range 5 {
				if got := see(s, tc.target); got != tc.want {
					t.Fatalf("got %q, want %q", got, tc.want)
				}
			}
		})
	}
	seen := map[string]int{}
	for s, n := open(50), 0; n < 400; n++ {
		seen[see(s, "/prod/a")]++
	}
	if len(seen) != 2 || seen["200 true c GET /2/canary/w"] < 100 || seen["200 false d GET /1/main"] < 100 {
		t.Errorf("of 400 at 50 percent: %v", seen)
	}
}

// TestLiveSettingsOfREST holds that a stage's variables act without a
// deployment, and that a rollback takes back what a deployment has changed.
func TestLiveSettingsOfREST(t *testing.T) {
	o := follow(t)
	deploy := func(id gate.DeploymentID, list ...gate.Route) gate.Deployment {
		return o.chunks(gate.Deployment{API: "abc", ID: id}, whole(list))
	}
	stage := func(s gate.Stage) {
		s.API, s.Name = "abc", "prod"
		o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "prod"}), s))
	}
	one := deploy("d1", to("GET /a", "http://127.0.0.1:1/${stageVariables.v}"))
	two := deploy("d2", to("GET /b", "http://127.0.0.1:1/"))
	o.commit(put(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.REST}),
		put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d1"}), one), put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d2"}), two))
	target := func(path string) string {
		x := &flow.Exchange{Path: path, Trail: new(flow.Trail)}
		x.In.Host, x.In.Method = "abc.execute-api.x", "GET"
		h, err := o.current().Find(x)
		if err != nil {
			return err.Error()
		}
		_ = h.Serve(x) // nothing listens there: the trail tells where it went
		for i := range x.Trail.Len() {
			if what, a, _ := x.Trail.At(i); what == flow.TargetChosen {
				return a
			}
		}
		return fmt.Sprint(x.Out.Status)
	}
	for _, tc := range []struct {
		desc, path, want string
		stage            gate.Stage
	}{
		{"A variable.", "/prod/a", "GET http://127.0.0.1:1/1", gate.Stage{Deployment: "d1", Variables: map[string]string{"v": "1"}}},
		{"Another value.", "/prod/a", "GET http://127.0.0.1:1/2", gate.Stage{Deployment: "d1", Variables: map[string]string{"v": "2"}}},
		{"Another deployment.", "/prod/a", "403", gate.Stage{Deployment: "d2", Variables: map[string]string{"v": "2"}}},
		{"Back again.", "/prod/a", "GET http://127.0.0.1:1/2", gate.Stage{Deployment: "d1", Variables: map[string]string{"v": "2"}}},
		{"A canary takes what the stage had compiled.", "/prod/b", "GET http://127.0.0.1:1/", gate.Stage{Deployment: "d1", Variables: map[string]string{"v": "2"}, Canary: &gate.Canary{Percent: 100, Deployment: "d2"}}},
		{"A canary that is promoted.", "/prod/b", "GET http://127.0.0.1:1/", gate.Stage{Deployment: "d2", Variables: map[string]string{"v": "2"}}},
		{"A canary whose deployment is not there fails closed, for its share.", "/prod/b", "500", gate.Stage{Deployment: "d2", Variables: map[string]string{"v": "2"}, Canary: &gate.Canary{Percent: 100, Deployment: "d9"}}},
	} {
		stage(tc.stage)
		if got := target(tc.path); got != tc.want {
			t.Errorf("%s got %q, want %q", tc.desc, got, tc.want)
		}
	}
}

// TestRESTDomains is the table of custom domains of REST APIs: mappings, rules
// and health checks (runtime 1.3).
func TestRESTDomains(t *testing.T) {
	routes := []gate.Route{to("GET /pets", "http://b/pets"), to("GET /shop/pets", "http://b/shop"), to("GET /", "http://b/root")}
	mappings := []gate.Mapping{{Key: "shop", API: "abc", Stage: "prod"}, {Key: "shop/v2", API: "abc", Stage: "prod"}, {Key: "any", API: "abc"}, {Key: "lost", API: "abc", Stage: "gone"}}
	glob := func(name, g string) [][]gate.HeaderGlob { return [][]gate.HeaderGlob{{{Name: name, Glob: g}}} }
	rules := []gate.RoutingRule{
		{ID: "last", Priority: 90, BasePaths: []string{"shop"}, API: "abc", Stage: "prod"},
		{ID: "exact", Priority: 1, Headers: glob("x-kind", "beta"), API: "abc", Stage: "prod"},
		{ID: "begins", Priority: 2, Headers: glob("x-kind", "be*"), BasePaths: []string{"shop"}, API: "abc", Stage: "prod", Strip: true},
		{ID: "ends", Priority: 3, Headers: glob("x-kind", "*ta"), API: "abc", Stage: "prod"},
		{ID: "holds", Priority: 4, Headers: append(glob("x-kind", "*lph*"), glob("x-other", "1")...), API: "abc", Stage: "prod"},
	}
	for _, tc := range []struct {
		desc   string
		mode   gate.RoutingMode
		call   call
		want   string // "status resource rule mapping"
		noMaps bool
	}{
		{"[D] The base path is taken off.", "", call{target: "/shop/pets"}, "200 GET /pets", false},
		{"[D] The longest mapping wins.", "", call{target: "/shop/v2/pets"}, "200 GET /pets", false},
		{"[K] Segments are compared whole.", "", call{target: "/shopX/pets"}, "403 {\"message\":\"Forbidden\"}", false},
		{"[K] And by case.", "", call{target: "/Shop/pets"}, "403 {\"message\":\"Forbidden\"}", false},
		{"[R] Slashes in front collapse.", "", call{target: "//shop/pets"}, "200 GET /pets", false},
		{"[R] And those behind the mapping.", "", call{target: "/shop//pets/"}, "200 GET /pets", false},
		{"The root of a mapping.", "", call{target: "/shop"}, "200 GET /", false},
		{"[D] A mapping without a stage: the next segment is the stage.", "", call{target: "/any/prod/pets"}, "200 GET /pets", false},
		{"A stage that is not there.", "", call{target: "/any/none/pets"}, "403 {\"message\":\"Forbidden\"}", false},
		{"No stage behind such a mapping.", "", call{target: "/any"}, "403 {\"message\":\"Missing Authentication Token\"}", false},
		{"A mapping to a stage that is gone.", "", call{target: "/lost/pets"}, "403 {\"message\":\"Forbidden\"}", false},
		{"[R] A miss below a mapping.", "", call{target: "/shop/none"}, "403 {\"message\":\"Missing Authentication Token\"}", false},
		{"[D] A health check.", "", call{target: "/ping"}, "200 healthy", false},
		{"[D] The other one.", "", call{target: "/sping"}, "200 healthy", false},
		{"Rules do nothing without the mode.", "", call{target: "/pets", fields: []string{"X-Kind: beta"}}, "403 {\"message\":\"Forbidden\"}", false},
		{"[D] A rule by a header, whose name has no case.", gate.RulesOnly, call{target: "/pets", fields: []string{"X-KIND: beta"}}, "200 GET /pets by exact", false},
		{"[D] The value has one.", gate.RulesOnly, call{target: "/pets", fields: []string{"X-KIND: Beta"}}, "200 GET /pets by ends", false},
		{"[D] The beginning of a value and a base path, which is taken off.", gate.RulesOnly, call{target: "/shop/pets", fields: []string{"X-Kind: bead"}}, "200 GET /pets by begins", false},
		{"[D] All conditions have to be met.", gate.RulesOnly, call{target: "/pets", fields: []string{"X-Kind: alpha"}}, "404 {\"message\":\"Not Found\"}", false},
		{"[D] They are.", gate.RulesOnly, call{target: "/pets", fields: []string{"X-Kind: alpha2", "X-Other: 1"}}, "200 GET /pets by holds", false},
		{"[D] A base path that stays.", gate.RulesOnly, call{target: "/shop/pets"}, "200 GET /shop/pets by last", false},
		{"[D] 404 where rules are all there is and none is met.", gate.RulesOnly, call{target: "/pets"}, "404 {\"message\":\"Not Found\"}", false},
		{"[D] Rules come first.", gate.RulesThenMappings, call{target: "/shop/pets"}, "200 GET /shop/pets by last", false},
		{"[D] Then mappings.", gate.RulesThenMappings, call{target: "/any/prod/pets"}, "200 GET /pets", false},
		{"Neither.", gate.RulesThenMappings, call{target: "/none"}, "403 {\"message\":\"Forbidden\"}", false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: routes, domain: &gate.Domain{Name: "api.example.com", Mode: tc.mode, Mappings: mappings, Rules: rules}}.open(t)
			tc.call.method = "GET"
			x := s.ask(t, "api.example.com", tc.call)
			_, body, _ := strings.Cut(said(t, x), "\n")
			got := fmt.Sprintf("%d %s", x.Out.Status, body[strings.LastIndexByte(body, '\n')+1:])
			if x.Route != nil {
				got = fmt.Sprintf("%d %s", x.Out.Status, x.Route.Key)
			}
			if rule, _ := flow.RESTContext("customDomain.routingRuleIdMatched"); true {
				if id, ok := rule(nil, x); ok {
					got += " by " + string(id)
				}
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if x.Full != "" && x.Full != oneSlash(tc.call.target) {
				t.Errorf("the full path is %q", x.Full)
			}
		})
	}
}

// TestRequestIDs is the table of the id that a client may choose (runtime 1.2).
func TestRequestIDs(t *testing.T) {
	s := restOf{routes: []gate.Route{to("GET /a", "http://b/")}}.open(t)
	const own = "C6D3F2A1-0b1c-4d5e-8f90-a1b2c3d4e5f6"
	for _, tc := range []struct{ desc, field, want string }{
		{"[D] A UUID is taken.", "X-Amzn-Requestid: " + own, own},
		{"[D] What is none is replaced.", "x-amzn-RequestId: mine", "UUID_REPLACED_INVALID_REQUEST_ID"},
		{"One with a line of its own.", "x-amzn-RequestId: " + own[:35] + "\r", "UUID_REPLACED_INVALID_REQUEST_ID"},
		{"[D] Without one there is a new one of version 4.", "X: y", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := s.ask(t, "", call{method: "GET", target: "/prod/a", fields: []string{tc.field}})
			said(t, x)
			got, _ := x.Out.Header.Get("x-amzn-RequestId")
			if tc.want != "" && got != tc.want || tc.want == "" && (len(got) != 36 || got[14] != '4' || strings.IndexByte("89ab", got[19]) < 0) {
				t.Errorf("the id is %q", got)
			}
		})
	}
}

// TestOverrideKeepsTheFraming holds that a method that stands in for the one
// sent changes what is asked, and not how the client reads the reply.
func TestOverrideKeepsTheFraming(t *testing.T) {
	s := restOf{routes: []gate.Route{to("ANY /a", "http://b/")}}.open(t)
	x := s.ask(t, "", call{method: "HEAD", target: "/prod/a", fields: []string{"X-HTTP-Method-Override: GET"}})
	if !x.In.HeadOnly() || x.In.Method != "GET" || !strings.HasPrefix(string(s.e.got), "GET / ") {
		t.Errorf("a HEAD that asks for a GET: %q", s.e.got)
	}
	said(t, x)
	s.e.answer = []byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
	x = s.ask(t, "", call{method: "GET", target: "/prod/a", fields: []string{"X-HTTP-Method-Override: HEAD"}})
	if x.In.HeadOnly() || x.Out.Body.Len() != 0 || x.Out.Body.Stream() != nil {
		t.Errorf("a GET that asks for a HEAD waits for %d bytes", x.Out.Body.Len())
	}
	said(t, x)
}

// TestAHEADOfTheIntegrationHasNoBody holds the same where it is the integration
// that makes a HEAD of the client's request.
func TestAHEADOfTheIntegrationHasNoBody(t *testing.T) {
	rest := to("GET /a", "http://b/")
	rest.Integration.Method = "HEAD"
	http := gate.Route{Key: "GET /a", Integration: &gate.Integration{Method: "HEAD"}}
	first, second := restOf{routes: []gate.Route{rest}}.open(t), stock(t, nil, http)
	first.e.answer = []byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
	second.e.answer = first.e.answer
	for _, x := range []*flow.Exchange{
		first.ask(t, "", call{method: "GET", target: "/prod/a"}),
		second.do(t, call{method: "GET", target: "/prod/a"}),
	} {
		if x.Out.Status != 200 || x.Out.Body.Len() != 0 {
			t.Errorf("%d, the client waits for %d bytes", x.Out.Status, x.Out.Body.Len())
		}
	}
}

// vault is a Certificates of one.
type vault struct{ cert *tls.Certificate }

func (v vault) Certificate(id string) (*tls.Certificate, error) {
	if id != "cert1" {
		return nil, errors.New("there is none with that id")
	}
	return v.cert, nil
}

// TestTLSOfREST holds that a backend is shown the stage's certificate, and that
// one of its own that nobody signed is taken only where the integration says
// so.
func TestTLSOfREST(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, c := range r.TLS.PeerCertificates {
			fmt.Fprintf(w, "shown %v", c.SerialNumber)
		}
	}))
	backend.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	backend.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	backend.StartTLS()
	defer backend.Close()
	for _, tc := range []struct {
		desc        string
		unverified  bool
		certificate string
		want        string
	}{
		{"A certificate that nobody signed is refused.", false, "", "504"},
		{"It is taken where the integration says so.", true, "", "200 "},
		{"The stage's own is shown.", true, "cert1", "200 shown 7"},
		{"One that is not there fails closed.", true, "cert2", "500"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			r := to("GET /a", backend.URL)
			r.Integration.Timeout, r.Integration.Shape = 5*time.Second, &gate.Shape{Unverified: tc.unverified}
			s := restOf{routes: []gate.Route{r}, stage: gate.Stage{ClientCertificate: tc.certificate},
				pools: upstream.Options{Certificates: vault{&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}}}.open(t)
			x := s.ask(t, "", call{method: "GET", target: "/prod/a"})
			got := fmt.Sprint(x.Out.Status)
			if st := x.Out.Body.Stream(); st != nil || x.Out.Status == 200 {
				text := x.Out.Body.Bytes()
				if st != nil {
					text, _ = io.ReadAll(st)
				}
				got += " " + string(text)
			}
			if x.Out.Body.Close(); got != tc.want {
				t.Errorf("got %q, want %q (%v)", got, tc.want, x.Event.Fault)
			}
			x.End()
		})
	}
}

// TestRehearseREST holds that a rehearsal of a REST API's request goes the way
// of a real one as far as the integration, in the canary too.
func TestRehearseREST(t *testing.T) {
	key := to("GET /key", "http://b/")
	key.APIKeyNeeded = true
	s := restOf{
		routes: []gate.Route{to("GET /a", "http://b/")},
		canary: []gate.Route{key, to("GET /a", "http://b/", "integration.request.header.X='1'"), mocked("GET /mock", `{"statusCode": 200}`)},
		stage:  gate.Stage{Canary: &gate.Canary{Percent: 100, Deployment: "c"}},
	}.open(t)
	for _, tc := range []struct {
		target  string
		reached bool
		status  int
	}{{"/prod/a", true, 0}, {"/prod/mock", true, 0}, {"/prod/key", false, 403}, {"/prod/none", false, 403}} {
		x := &flow.Exchange{Path: tc.target, Trail: new(flow.Trail)}
		x.In.Method, x.In.Host = "GET", "abc.execute-api.x"
		if _, err := s.plan.Find(x); err != nil {
			t.Fatal(err)
		}
		reached, err := s.plan.Rehearse(x)
		if err != nil || reached != tc.reached || !reached && x.Out.Status != tc.status || s.e.calls > 0 {
			t.Errorf("%s: reached %v, status %d, %v", tc.target, reached, x.Out.Status, err)
		}
	}
}
