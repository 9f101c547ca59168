package gatehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/edge"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/plan"
	"gatehouse/internal/route"
	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/upstream"
	"gatehouse/internal/wire"
)

// house is a plan of two APIs: shop with the stages prod, dev (another
// deployment) and bare (none), other, which is of another account, and far, which
// is of another region.
func house(t *testing.T, backend string) *plan.Plan {
	t.Helper()
	proxy := func(key, uri string) gate.Route {
		return gate.Route{ID: "r", Key: key, Authorization: gate.Authorization{Kind: gate.AuthNone},
			Integration: &gate.Integration{ID: "i", Kind: gate.HTTPProxy, URI: backend + uri, Timeout: time.Second}}
	}
	function := proxy("GET /function", "")
	function.Integration = &gate.Integration{ID: "f", Kind: gate.Lambda, URI: "arn:x"}
	secrets := proxy("GET /secrets", "/hello?api_key=hidden")
	secrets.Integration.RequestParameters = map[string]string{"overwrite:header.x-api-key": "hidden", "append:querystring.token": "hidden", "overwrite:header.x-tenant": "blue"}
	mapped := proxy("GET /mapped", "/hello")
	mapped.Integration.RequestParameters = map[string]string{"overwrite:header.x-tenant": "$request.header.y", "overwrite:path": "/${request.header.z}", "append:querystring.q": "1", "remove:header.user-agent": "", "overwrite:header.x-bad": "$request.querystring.bad"}
	mapped.Integration.ResponseParameters = map[string]map[string]string{"200": {"overwrite:statuscode": "203"}}
	iam := proxy("GET /iam", "/hello")
	iam.Authorization.Kind = gate.AuthIAM
	definitions := map[gate.DeploymentID][]gate.Route{
		"d1": {proxy("GET /pets/{id}", "/animals/{id}"), proxy("GET /hello", "/hello"), function, secrets, mapped, iam},
		"d2": {proxy("GET /later", "/later")},
		"d4": {proxy("GET /hello", "/hello")}, // with CORS
		"d3": {proxy("GET /hello", "/hello")}, // with the execute-api endpoint disabled
	}
	pools := upstream.New(upstream.Options{})
	t.Cleanup(pools.Close)
	live := &plan.Live{Pools: pools, Meters: metrics.New(metrics.Options{}), Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)}
	return compiled(t, documents(t, definitions), live)
}

// documents is a store with that.
func documents(t *testing.T, definitions map[gate.DeploymentID][]gate.Route) store.Store {
	t.Helper()
	s := memory.New()
	t.Cleanup(func() { s.Close() })
	put := func(key string, v any) {
		text, ok := v.([]byte)
		if !ok {
			var err error
			if text, err = json.Marshal(v); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Commit(t.Context(), store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text}); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []gate.API{{ID: "shop", Protocol: gate.HTTP, Account: "111111111111", Region: "us-east-1", Name: "Shop"}, {ID: "other", Protocol: gate.HTTP, Account: "222222222222", Region: "us-east-1"},
		{ID: "far", Protocol: gate.HTTP, Account: "111111111111", Region: "eu-west-1"}} {
		for id, routes := range definitions {
			chunks, err := gate.Split(routes)
			if err != nil {
				t.Fatal(err)
			}
			d := gate.Deployment{API: a.ID, ID: id, DisableDefaultEndpoint: id == "d3"}
			if id == "d4" {
				d.CORS = &gate.CORS{AllowOrigins: []string{"https://a.example"}, AllowMethods: []string{"PUT"}}
			}
			for _, c := range chunks {
				put(gate.ChunkKey(c.Sum), c.Text)
				d.Chunks = append(d.Chunks, c.Sum)
			}
			put(gate.DeploymentKey(gate.DeploymentRef{API: a.ID, ID: id}), d)
		}
		for name, d := range map[gate.StageName]gate.DeploymentID{"prod": "d1", "dev": "d2", "bare": "", "shut": "d3", "cors": "d4"} {
			put(gate.StageKey(gate.StageRef{API: a.ID, Name: name}), gate.Stage{API: a.ID, Name: name, Deployment: d})
		}
		put(gate.APIKey(a.ID), a)
	}
	put(gate.DomainKey("shop.example"), gate.Domain{Name: "shop.example", Account: "111111111111",
		Mappings: []gate.Mapping{{ID: "m", Key: "v1", API: "shop", Stage: "prod"}}})
	return s
}

// compiled is the plan of what a store holds.
func compiled(t *testing.T, s store.Store, live *plan.Live) *plan.Plan {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	made := make(chan *plan.Plan, 1)
	f := &plan.Follower{Store: s, Live: live, Publish: func(p *plan.Plan) { made <- p }}
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	p := <-made
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return p
}

// ask calls Explain as a client does and returns the status and the body.
func ask(t *testing.T, s *Service, method, target string, more ...string) (int, string) {
	t.Helper()
	h, err := s.Handler(wire.Options{Identify: func(_ *http.Request, _ []byte, c *wire.Caller) error {
		c.Account = "111111111111"
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	q := "method=" + url.QueryEscape(method) + "&url=" + url.QueryEscape(target) + strings.Join(more, "")
	r := httptest.NewRequest("GET", "http://127.0.0.1:4566/_gatehouse/explain?"+q, nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/gatehouse/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func service(p *plan.Plan) *Service {
	return &Service{
		Plan:   func() *plan.Plan { return p },
		Locate: func(x *flow.Exchange, p *plan.Plan) error { return edge.Locate(x, p, true) },
		Draft: func(_ context.Context, id gate.APIID) ([]string, error) {
			return []string{"GET /pets/{id}", "GET /fresh/{x}", "malformed"}, nil
		},
	}
}

// TestVerdicts holds what is said of each way that a request can end.
func TestVerdicts(t *testing.T) {
	s := service(house(t, "http://127.0.0.1:1"))
	const shop = "http://shop.execute-api.localhost"
	for _, tc := range []struct {
		desc, method, url string
		want              []string
	}{
		{"A route answers.", "GET", shop + "/prod/pets/7?x=y", []string{
			`"route":"GET /pets/{id}"`, `"deployment":"d1"`, `"params":[{"name":"id","value":"7"}]`, `{"route":"GET /pets/{id}","matched":true,"why":"matched"}`,
			`"verdict":"Route GET /pets/{id} of stage prod answers, by HTTP_PROXY http://127.0.0.1:1/animals/{id}."`}},
		{"A path address is found as well.", "GET", "/_aws/execute-api/shop/prod/hello", []string{`"host":"shop.execute-api.localhost:4566"`, `"route":"GET /hello"`}},
		{"Another method has the path.", "POST", shop + "/prod/hello", []string{`404 because no route of stage prod matches POST /hello. GET /hello has the path, but another method.`, `add the route POST /hello`}},
		{"A misspelt path.", "GET", shop + "/prod/helo", []string{`"status":404`, `Did you mean GET /hello?`, `{"route":"GET /hello","matched":false,"why":"a literal segment differs"}`}},
		{"A route of the draft.", "GET", shop + "/prod/fresh/1", []string{`GET /fresh/{x} exists in the draft, but the stage still serves deployment d1.`, `aws apigatewayv2 create-deployment --api-id shop --stage-name 'prod'`}},
		{"A route of another stage.", "GET", shop + "/prod/later", []string{`Stage dev has a route for it.`}},
		{"A stage without deployment.", "GET", shop + "/bare/hello", []string{`404 because nothing has been deployed to stage bare.`}},
		{"No such stage.", "GET", shop + "/nope/x", []string{`404 because API shop has no stage for the path /nope/x.`, `The API has: bare, cors, dev, prod, shut.`}},
		{"The execute-api endpoint is off.", "GET", shop + "/shut/hello", []string{`"verdict":"403 because API shop has disableExecuteApiEndpoint set."`, `Call the API by a custom domain`}},
		{"A custom domain.", "GET", "http://shop.example/v1/hello", []string{`"route":"GET /hello"`, `"stage":"prod"`, `{"what":"mapping"`}},
		{"A path that a domain does not map.", "GET", "http://shop.example/v2/hello", []string{`404 because the domain shop.example maps /v2/hello to no stage.`}},
		{"No such API.", "GET", "http://zzz.execute-api.localhost/", []string{`404 because the host zzz.execute-api.localhost names no API.`}},
		{"No host of an API.", "GET", "http://example.com/", []string{`404 because the host example.com names no API.`}},
		{"An API of another region is none.", "GET", "http://far.execute-api.localhost/prod/hello", []string{`404 because the host far.execute-api.localhost names no API.`}},
		{"An API of another account is none.", "GET", "http://other.execute-api.localhost/prod/hello", []string{`404 because the host other.execute-api.localhost names no API.`}},
		{"An integration that is not served.", "GET", shop + "/prod/function", []string{`"verdict":"500 because route GET /function cannot be served: `, `LAMBDA`}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			code, body := ask(t, s, tc.method, tc.url)
			for _, want := range tc.want {
				if code != 200 || !strings.Contains(body, want) {
					t.Errorf("%d %s\nlacks %s", code, body, want)
				}
			}
			if strings.Contains(tc.desc, "another account") && strings.Contains(body, "222222222222") {
				t.Error("tells of another account")
			}
		})
	}
	s.Shared = true
	if _, body := ask(t, s, "GET", "/v2/apis"); !strings.Contains(body, "this is a control call, and 403 where it is not signed") {
		t.Errorf("a control path is explained as %s", body)
	}
}

// TestRehearsed holds what is said of mappings, of browsers and of refusals
// while no backend is called.
func TestRehearsed(t *testing.T) {
	s := service(house(t, "http://127.0.0.1:1"))
	s.Target = func(x *flow.Exchange) (method, url string, ok bool) {
		return "GET", "http://127.0.0.1:1" + x.Onward.Path + "?" + x.Onward.Query, true
	}
	const shop = "http://shop.execute-api.localhost"
	for _, tc := range []struct {
		desc, method, url string
		headers           []string
		want              []string
		lacks             string
	}{
		{"Parameters before and after.", "GET", shop + "/prod/mapped?q=0", []string{"X-Tenant:red", "Y:  blue ", "z:zoo"}, []string{
			`{"side":"request","key":"overwrite:header.x-tenant","before":"red","after":"blue"}`, `{"side":"request","key":"overwrite:path","before":"/mapped","after":"/zoo"}`,
			`{"side":"request","key":"append:querystring.q","before":"0","after":"1"}`, `{"side":"request","key":"remove:header.user-agent","before":"gatehouse-explain"}`,
			`"url":"http://127.0.0.1:1/zoo?q=0&q=1"`, `"timing":{"lookUp":`, `"handler":`}, `statuscode`},
		{"A User-Agent of one's own.", "GET", shop + "/prod/mapped", []string{"user-agent:me", "X-Tenant:red"}, []string{
			`"key":"remove:header.user-agent","before":"me"}`, `"key":"overwrite:header.x-tenant","before":"red"}`}, "gatehouse-explain"},
		{"A mapping that fails.", "GET", shop + "/prod/mapped?bad=%0a", nil, []string{`"status":400`, `"verdict":"400 because parameter mapping \"overwrite:header.x-bad\": the value holds a control character`}, ""},
		{"A domain and its mapping.", "GET", "http://shop.example/v1/hello", nil, []string{`"domain":"shop.example","apiMapping":{"id":"m","key":"v1"}`}, ""},
		{"A path address has neither.", "GET", shop + "/prod/hello", nil, []string{`"api":{"id":"shop"`}, "apiMapping"},
		{"A route that lets nobody in.", "GET", shop + "/prod/iam", nil, []string{`"status":500`, `"verdict":"500 because route GET /iam cannot be served: `}, ""},

		{"An origin that is allowed.", "GET", shop + "/cors/hello", []string{"Origin:https://a.example"}, []string{
			`"cors":[{"origin":"https://a.example","allowed":true,"why":"https://a.example"}]`, `"verdict":"Route GET /hello of stage cors answers, by HTTP_PROXY GET `}, "refuses"},
		{"An origin that is not.", "GET", shop + "/cors/hello", []string{"Origin:https://b.example"}, []string{
			`"cors":[{"origin":"https://b.example","allowed":false,"why":"no reply may be read: the origin is not in allowOrigins; it would be allowed by: https://b.example, https://*, *"}]`,
			`A browser refuses it to https://b.example: no reply may be read: the origin is not in allowOrigins`, `"fixes":["aws apigatewayv2 update-api --api-id shop --cors-configuration `}, ""},
		{"Nor may it read that nothing was found.", "GET", shop + "/cors/none", []string{"Origin:https://b.example"}, []string{`"status":404`, `A browser refuses it to https://b.example`}, ""},
		{"A preflight.", "OPTIONS", shop + "/cors/hello", []string{"Origin:https://a.example", "Access-Control-Request-Method:PUT"}, []string{
			`"status":204`, `"verdict":"204 to a preflight, by the CORS configuration of API shop: no backend is asked."`}, "refuses"},
		{"A preflight for a method that is not allowed.", "OPTIONS", shop + "/cors/hello", []string{"Origin:https://a.example", "Access-Control-Request-Method:DELETE"}, []string{
			`no backend is asked. A browser refuses it to https://a.example: the request may not be made: method DELETE is not in allowMethods; it would be allowed by: DELETE, *.`}, ""},
		{"A preflight for a header that is not allowed.", "OPTIONS", shop + "/cors/none", []string{"Origin:https://a.example", "Access-Control-Request-Method:PUT", "Access-Control-Request-Headers:X-B"}, []string{
			`header X-B is not in allowHeaders; it would be allowed by: X-B, *.`}, ""},
		{"An API without CORS.", "GET", shop + "/prod/hello", []string{"Origin:https://b.example"}, []string{
			`"cors":[{"origin":"https://b.example","why":"the API has no CORS configuration: only what the backend itself answers counts"}]`}, "refuses"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			more := ""
			for _, h := range tc.headers {
				more += "&header=" + url.QueryEscape(h)
			}
			code, body := ask(t, s, tc.method, tc.url, strings.ReplaceAll(more, "+", "%20"))
			for _, want := range tc.want {
				if !strings.Contains(body, want) {
					t.Errorf("%d %s\nlacks %s", code, body, want)
				}
			}
			if tc.lacks != "" && strings.Contains(body, tc.lacks) {
				t.Errorf("%s\ntells of %s", body, tc.lacks)
			}
		})
	}
}

// TestBadHeaders holds which fields no question can have.
func TestBadHeaders(t *testing.T) {
	s := service(house(t, "http://127.0.0.1:1"))
	for _, tc := range []struct {
		desc    string
		headers []string
		want    string
	}{
		{"No colon.", []string{"Origin"}, "does not have the form Name:Value"},
		{"No name.", []string{":x"}, "does not have the form Name:Value"},
		{"A blank in the name.", []string{"a b:x"}, "does not have the form Name:Value"},
		{"A line break.", []string{"a:x\r\nb: y"}, "a control character"},
		{"A host.", []string{"HOST:x"}, "The header HOST cannot be given"},
		{"A length.", []string{"Content-Length:1"}, "cannot be given"},
		{"Too many.", slices.Repeat([]string{"a:b"}, maxHeaders+1), "give at most"},
		{"Too much.", []string{"a:" + strings.Repeat("b", maxHeaderBytes)}, "give at most"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			more := ""
			for _, h := range tc.headers {
				more += "&header=" + strings.ReplaceAll(url.QueryEscape(h), "+", "%20")
			}
			if code, body := ask(t, s, "GET", "/x", more); code != 400 || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s", code, body)
			}
		})
	}
}

func TestBadQuestions(t *testing.T) {
	s := service(house(t, "http://127.0.0.1:1"))
	for _, tc := range []struct{ desc, method, url, want string }{
		{"No method.", "G T", "/x", "is not an HTTP method"},
		{"A blank in the URL.", "GET", "/a b", "percent-encode it"},
		{"A fragment.", "GET", "/a#b", "percent-encode it"},
		{"Text beyond ASCII.", "GET", "/ä", "percent-encode it"},
		{"No URL.", "GET", "ftp://x/", "Give a whole URL or a path"},
		{"A URL without end.", "GET", "/" + strings.Repeat("a", maxURL), "longer than"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if code, body := ask(t, s, tc.method, tc.url); code != 400 || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s", code, body)
			}
		})
	}
}

// TestSend holds that the backend is called when asked, and only then.
func TestSend(t *testing.T) {
	calls := 0
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.Header().Set("Set-Cookie", "session=secret")
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL, strings.Repeat("z", calls/2*2*maxReplyBody))
	}))
	defer backend.Close()
	s := service(house(t, backend.URL))
	const u = "http://shop.execute-api.localhost/prod/pets/7"
	if ask(t, s, "GET", u); calls != 0 {
		t.Fatal("the backend was called without being asked for")
	}
	_, body := ask(t, s, "GET", u, "&send=true")
	for _, want := range []string{`"body":"GET /animals/7 "`, `"verdict":"200 from route GET /pets/{id} of stage prod, made by the backend in`, `"truncated":false`, `"***"`, `{"what":"target","a":"GET ` + backend.URL + `/animals/7"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s\nlacks %s", body, want)
		}
	}
	if strings.Contains(body, "session=secret") {
		t.Error("a cookie is shown")
	}
	if _, body = ask(t, s, "GET", u, "&send=true"); !strings.Contains(body, `"truncated":true`) || len(body) > 2*maxReplyBody {
		t.Errorf("a long reply is shown in %d bytes", len(body))
	}
	backend.Close()
	if _, body = ask(t, s, "GET", u, "&send=true"); !strings.Contains(body, `"verdict":"503 from route GET /pets/{id} of stage prod, made by the gateway: `) {
		t.Errorf("a backend that is gone is explained as %s", body)
	}
}

// TestSecretsAreNotExplained holds that nothing of an explanation shows what
// logs and traces do not show either.
func TestSecretsAreNotExplained(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "hidden" || r.URL.Query().Get("token") != "hidden" {
			t.Errorf("the backend was asked for %s without its secrets", r.URL)
		}
		for _, name := range []string{"Set-Cookie", "Cookie", "Proxy-Authorization", "Authorization", "X-Amz-Security-Token", "X-Api-Key"} {
			w.Header().Set(name, "hidden")
		}
		w.Header().Set("Location", "http://me:hidden@h/?page=2&token=hidden")
	}))
	defer backend.Close()
	s := service(house(t, backend.URL))
	s.Target = func(x *flow.Exchange) (method, url string, ok bool) {
		return "GET", backend.URL + "/hello?api_key=hidden&" + x.Query, true
	}
	const u = "http://shop.execute-api.localhost/prod/secrets?page=1&password=hidden"
	for _, send := range []string{"", "&send=true"} {
		_, body := ask(t, s, "GET", u, send)
		if !strings.Contains(body, `/hello?api_key=***&page=1&password=***`) {
			t.Errorf("the target is not shown: %s", body)
		}
		if strings.Contains(body, "hidden") {
			t.Errorf("a secret is shown: %s", body)
		}
	}
	if _, body := ask(t, s, "GET", u, "&send=true"); !strings.Contains(body, `{"what":"shaped","a":"overwrite:header.x-tenant","b":"blue"}`) || !strings.Contains(body, `?page=2&token=***`) {
		t.Errorf("what is no secret is not shown: %s", body)
	}
	backend.Close()
	if _, body := ask(t, s, "GET", u, "&send=true"); strings.Contains(body, "hidden") {
		t.Errorf("a fault shows a secret: %s", body)
	}
}

// TestADraftThatCannotBeRead holds that the rest is told all the same, and that a
// failure is not taken for a draft without the route.
func TestADraftThatCannotBeRead(t *testing.T) {
	s := service(house(t, "http://127.0.0.1:1"))
	for _, tc := range []struct {
		desc string
		err  error
		says string // "": nothing of a draft
	}{
		{"The caller may not read it, or it is gone.", &wire.Error{Type: "NotFoundException", Status: http.StatusNotFound, Message: "x"}, ""},
		{"The store fails.", errors.New("read x: disk is gone"), "The draft could not be read, and may hold a route for it: read x: disk is gone."},
		{"The control plane fails.", &wire.Error{Type: "InternalFailure", Status: http.StatusInternalServerError, Message: "x"}, "The draft could not be read"},
	} {
		s.Draft = func(context.Context, gate.APIID) ([]string, error) { return nil, tc.err }
		code, body := ask(t, s, "GET", "http://shop.execute-api.localhost/prod/fresh/1")
		if code != 200 || tc.says == "" && strings.Contains(body, "draft") || !strings.Contains(body, tc.says) {
			t.Errorf("%s %d %s", tc.desc, code, body)
		}
	}
}

// TestNearest holds that the list is bounded and its order by likeness.
func TestNearest(t *testing.T) {
	n := newNearest("GET", "/pets/dogs")
	for i := range 5000 {
		n.add(fmt.Sprintf("GET /zzz/%d", i), route.SegmentOther)
	}
	n.add("GET /pets/cats", route.SegmentOther)
	n.add("GET /pets", route.TooLong)
	n.add("POST /pets/dogs", route.MethodOther)
	n.add("GET /pets/dog", route.SegmentOther)
	n.add("$default", route.Matched)
	for i := range 5000 {
		n.add(fmt.Sprintf("GET /yyy/%d", i), route.SegmentOther)
	}
	if cap(n.kept) > 4*maxKept {
		t.Errorf("%d candidates are kept", cap(n.kept))
	}
	list, omitted := n.list()
	var order []string
	for _, c := range list[:5] {
		order = append(order, *c.Route)
	}
	if got, want := strings.Join(order, ", "), "$default, POST /pets/dogs, GET /pets, GET /pets/dog, GET /pets/cats"; got != want {
		t.Errorf("the order is %s, want %s", got, want)
	}
	if len(list) != maxShown || *omitted != 10005-maxShown {
		t.Errorf("%d shown, %d left out", len(list), *omitted)
	}
}
