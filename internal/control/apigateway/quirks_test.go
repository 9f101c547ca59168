package apigateway

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v1 "gatehouse/internal/wire/apigateway"
)

// What AWS's users trip on, and what they rely on once they have: each test is
// the quirk of that number in runtime 7.1, with its mark, told through the
// operations and the real door.

// A row is a request and the status and body of its reply.
type row struct {
	desc, line string
	fields     []string
	want       string
}

func (a *draftAPI) rows(t *testing.T, rows ...row) {
	t.Helper()
	for _, r := range rows {
		if got := a.ask(r.line, r.fields...).line(); got != r.want {
			t.Errorf("%s %s: got %s, want %s", r.desc, r.line, got, r.want)
		}
	}
}

const (
	noToken   = `403 {"message":"Missing Authentication Token"}`
	forbidden = `403 {"message":"Forbidden"}`
	internal  = `500 {"message": "Internal server error"}`
)

func TestQuirk1(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("POST /test", "/x")
	a.prod()
	a.rows(t,
		row{"[R] A wrong path.", "GET /prod/none", nil, noToken},
		row{"[R] A wrong method.", "GET /prod/test", nil, noToken},
		row{"[R] A preflight that no OPTIONS is there for.", "OPTIONS /prod/test", []string{"Origin: https://x", "Access-Control-Request-Method: POST"}, noToken},
		row{"[R] The root of a stage without one.", "GET /prod", nil, noToken},
		row{"[R] The root without a stage.", "GET /", nil, noToken},
		row{"[K] 1.3: a stage that is not there.", "POST /none/test", nil, forbidden},
	)
	if got := a.ask("GET /prod/none"); got.Header.Get("x-amzn-ErrorType") != "MissingAuthenticationTokenException" || len(got.Header.Get("x-amzn-RequestId")) != 36 || len(got.Header.Get("x-amz-apigw-id")) != 16 {
		t.Errorf("the fields are %v", got.Header)
	}
}

func TestQuirk3(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /test", "/x")
	a.prod()
	got := a.ask("GET /prod/none", "Authorization: Bearer abc")
	if got.StatusCode != 403 || got.Header.Get("x-amzn-ErrorType") != "IncompleteSignatureException" || !strings.Contains(got.body, "(missing equal-sign)") || strings.Contains(got.body, "abc") {
		t.Errorf("[K] an unmatched path with a token: %s %v", got.line(), got.Header)
	}
	a.rows(t, row{"[K] A matched one minds no token.", "GET /prod/test", []string{"Authorization: Bearer abc"}, "200 GET /x"})
}

func TestQuirk4(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("POST /test", "/test")
	a.proxy("OPTIONS /{proxy+}", "/proxy")
	a.proxy("GET /{proxy+}", "/proxy")
	a.proxy("GET /part1", "/part1")
	a.proxy("GET /part1/hard", "/hard")
	a.prod()
	a.rows(t,
		row{"[R] OPTIONS falls to the proxy.", "OPTIONS /prod/test", nil, "200 OPTIONS /proxy"},
		row{"[R] What the literal has it keeps.", "POST /prod/test", nil, "200 POST /test"},
		row{"[R] A path goes back up.", "GET /prod/part1/random", nil, "200 GET /proxy"},
		row{"[R] A longer literal wins.", "GET /prod/part1/hard", nil, "200 GET /hard"},
		row{"[R] Neither has the method.", "DELETE /prod/test", nil, noToken},
	)
}

func TestQuirk5(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("ANY /a/{proxy+}", "/x")
	a.prod()
	a.rows(t,
		row{"[D] The parent.", "GET /prod/a", nil, noToken},
		row{"[D] The parent with a slash.", "GET /prod/a/", nil, noToken},
		row{"[D] One segment.", "GET /prod/a/b", nil, "200 GET /x"},
	)
}

func TestQuirk6(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/a")
	a.proxy("GET /{proxy+}", "/p/{p}", "integration.request.path.p=method.request.path.proxy")
	a.prod()
	a.rows(t,
		row{"[R] A slash at the end is ignored.", "GET /prod/a/", nil, "200 GET /a"},
		row{"[R] The parameter does not have it.", "GET /prod/b/c/", nil, "200 GET /p/b/c"},
	)
}

func TestQuirk7(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /{proxy+}", "/p/{p}", "integration.request.path.p=method.request.path.proxy", "integration.request.header.X-Path=context.path")
	a.prod()
	for _, tc := range []struct{ desc, target, asked, path string }{
		{"[R] In front of the stage they collapse.", "//prod/a", "GET /p/a", "/prod/a"},
		{"[R] Behind it they collapse in the path only.", "/prod//a", "GET /p/a", "/prod//a"},
		{"[R] Within they are kept.", "/prod/a//b", "GET /p/a//b", "/prod/a//b"},
	} {
		got := a.ask("GET " + tc.target)
		if got.asked() != tc.asked || !strings.Contains(got.saw, "X-Path: "+tc.path+"\r\n") {
			t.Errorf("%s %s: the backend saw %q", tc.desc, tc.target, got.saw)
		}
	}
}

func TestQuirk8(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /{id}", "/{id}", "integration.request.path.id=method.request.path.id", "integration.request.header.X-Id=method.request.path.id", "integration.request.header.X-Q=method.request.querystring.q")
	a.prod()
	got := a.ask("GET /prod/test%2Balias%40gmail.com?q=a%2Bb+c%40")
	for _, want := range []string{"GET /test%2Balias%40gmail.com?", "X-Id: test%2Balias%40gmail.com\r\n", "X-Q: a+b c@\r\n"} {
		if !strings.Contains(got.saw, want) {
			t.Errorf("[R] the backend saw %q, without %q", got.saw, want)
		}
	}
}

func TestQuirk9(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x", "integration.request.header.X-Q=method.request.querystring.q", "integration.request.header.X-H=method.request.header.h")
	a.prod()
	if got := a.ask("GET /prod/a?q=1&q=2", "h: 1", "h: 2"); !strings.Contains(got.saw, "X-Q: 2\r\n") || !strings.Contains(got.saw, "X-H: 2\r\n") {
		t.Errorf("[R] the backend saw %q, and not the last values", got.saw)
	}
}

func TestQuirk14(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /brace", "/{x}")
	a.proxy("GET /late", "/late")
	must[*v1.Integration](t)(a.UpdateIntegration(a.ctx, &v1.UpdateIntegrationInput{RestApiId: a.id, ResourceId: a.at("/late"), HttpMethod: new("GET"), PatchOperations: ops("replace /timeoutInMillis 50")}))
	a.prod()
	a.rows(t,
		row{"[R] Before the execution there is no blank.", "GET /prod/none", nil, noToken},
		row{"[R] Within there is one: 36 bytes.", "GET /prod/brace", nil, internal},
		row{"[R] 41 bytes.", "GET /prod/late", nil, `504 {"message": "Endpoint request timed out"}`},
	)
}

func TestQuirk15(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x")
	auth := a.authorizer(a.id, "a", requestAuthorizer).Id
	must[*v1.Method](t)(a.UpdateMethod(a.ctx, &v1.UpdateMethodInput{RestApiId: a.id, ResourceId: a.at("/a"), HttpMethod: new("GET"), PatchOperations: ops("replace /authorizationType CUSTOM", "replace /authorizerId "+*auth)}))
	a.prod()
	a.rows(t, row{"[K] An authorizer that cannot be asked.", "GET /prod/a", nil, `500 {"message":null}`})
}

func TestQuirk20(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /open", "/x")
	a.proxy("GET /key", "/x")
	must[*v1.Method](t)(a.UpdateMethod(a.ctx, &v1.UpdateMethodInput{RestApiId: a.id, ResourceId: a.at("/key"), HttpMethod: new("GET"), PatchOperations: ops("replace /apiKeyRequired true")}))
	a.prod()
	a.rows(t,
		row{"[R] No key.", "GET /prod/key", nil, forbidden},
		row{"[R] A key that nobody knows.", "GET /prod/key", []string{"x-api-key: k"}, forbidden},
		row{"[D] A key that nobody wants.", "GET /prod/open", []string{"x-api-key: k"}, "200 GET /x"},
	)
}

func TestQuirk24(t *testing.T) {
	a := newTraffic(t).draft()
	a.mock("GET /mock", `{"statusCode": 200}`)
	must[*v1.IntegrationResponse](t)(a.UpdateIntegrationResponse(a.ctx, &v1.UpdateIntegrationResponseInput{RestApiId: a.id, ResourceId: a.at("/mock"), HttpMethod: new("GET"), StatusCode: new("200"), PatchOperations: ops("remove /responseTemplates/application~1json")}))
	a.proxy("GET /empty", "/status/204")
	a.prod()
	for _, path := range []string{"mock", "empty"} {
		if got := a.ask("GET /prod/" + path); got.body != "" || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("[R] /%s: %s of type %q", path, got.line(), got.Header.Get("Content-Type"))
		}
	}
}

func TestQuirk26(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x")
	a.prod()
	for _, tc := range []struct {
		desc, line, before, after string
		edit                      func() error
		undo                      func() error
	}{
		{"[R] A gateway response.", "GET /prod/none", noToken, `404 {"message":"Missing Authentication Token"}`,
			func() error {
				return drop(a.PutGatewayResponse(a.ctx, &v1.PutGatewayResponseInput{RestApiId: a.id, ResponseType: new("MISSING_AUTHENTICATION_TOKEN"), StatusCode: new("404")}))
			},
			func() error {
				return a.DeleteGatewayResponse(a.ctx, &v1.DeleteGatewayResponseInput{RestApiId: a.id, ResponseType: new("MISSING_AUTHENTICATION_TOKEN")})
			}},
		{"[D] A resource policy.", "GET /prod/a", "200 GET /x", internal,
			func() error {
				return drop(a.UpdateRestApi(a.ctx, &v1.UpdateRestApiInput{RestApiId: a.id, PatchOperations: ops(`replace /policy {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}`)}))
			},
			func() error {
				return drop(a.UpdateRestApi(a.ctx, &v1.UpdateRestApiInput{RestApiId: a.id, PatchOperations: ops("replace /policy ")}))
			}},
		{"[D] An authorizer.", "GET /prod/a", "200 GET /x", `500 {"message":null}`,
			func() error {
				return drop(a.UpdateMethod(a.ctx, &v1.UpdateMethodInput{RestApiId: a.id, ResourceId: a.at("/a"), HttpMethod: new("GET"), PatchOperations: ops("replace /authorizationType AWS_IAM")}))
			},
			func() error {
				return drop(a.UpdateMethod(a.ctx, &v1.UpdateMethodInput{RestApiId: a.id, ResourceId: a.at("/a"), HttpMethod: new("GET"), PatchOperations: ops("replace /authorizationType NONE")}))
			}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if err := tc.edit(); err != nil {
				t.Fatal(err)
			}
			a.rows(t, row{"Edited.", tc.line, nil, tc.before})
			a.prod()
			a.rows(t, row{"Deployed.", tc.line, nil, tc.after})
			if err := tc.undo(); err != nil {
				t.Fatal(err)
			}
			a.rows(t, row{"Taken back.", tc.line, nil, tc.after})
			a.prod()
			a.rows(t, row{"Deployed again.", tc.line, nil, tc.before})
		})
	}
}

// TestQuirk26OfBinaryTypes holds of binaryMediaTypes what can be seen of them
// before they act: that deployments freeze them.
func TestQuirk26OfBinaryTypes(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x")
	frozen := func() string {
		var d gate.Deployment
		ref := gate.DeploymentRef{API: gate.APIID(*a.id), ID: a.live(a.id, "prod").Deployment}
		err := a.desk.View(a.ctx, func(tx *control.Tx) error { return drop(tx.Load(gate.DeploymentKey(ref), &d)) })
		if err != nil || d.REST == nil {
			t.Fatal(err, d)
		}
		return fmt.Sprint(d.REST.BinaryMediaTypes)
	}
	a.prod()
	if _, err := a.UpdateRestApi(a.ctx, &v1.UpdateRestApiInput{RestApiId: a.id, PatchOperations: ops("add /binaryMediaTypes/image~1png")}); err != nil {
		t.Fatal(err)
	}
	if got := frozen(); got != "[]" {
		t.Errorf("[R] edited, and %s is served", got)
	}
	a.prod()
	if got := frozen(); got != "[image/png]" {
		t.Errorf("[R] deployed, and %s is served", got)
	}
}

func TestQuirk29(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("ANY /a/{proxy+}", "/p/{proxy}")
	a.proxy("ANY /b/{proxy+}", "/p/{proxy}", "integration.request.path.proxy=method.request.path.proxy")
	a.prod()
	a.rows(t,
		row{"[R] Without a mapping.", "GET /prod/a/x/y", nil, internal},
		row{"[R] With one.", "GET /prod/b/x/y", nil, "200 GET /p/x/y"},
	)
}

func TestQuirk30(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x", "integration.request.header.X-A='new'", "integration.request.querystring.q='2'")
	a.prod()
	if got := a.ask("GET /prod/a?q=1", "x-a: old"); got.asked() != "GET /x?q=1&q=2" || !strings.Contains(got.saw, "\r\nX-A: new\r\n") || strings.Contains(got.saw, "old") {
		t.Errorf("[R] the backend saw %q", got.saw)
	}
}

func TestQuirk31(t *testing.T) {
	a := newTraffic(t).draft()
	names := []string{"Content-Length", "transfer-encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id"}
	for _, name := range names {
		a.proxy("GET /"+name, "/x", "integration.request.header."+name+"='1'")
	}
	a.prod()
	for _, name := range names {
		a.rows(t, row{"[R] Mapped " + name + ".", "GET /prod/" + name, nil, internal})
	}
}

func TestQuirk32(t *testing.T) {
	a := newTraffic(t).draft()
	a.mock("GET /mock", `{"statusCode": 200}`)
	names := []string{"Server", "Date", "Connection", "Content-Length"}
	patches, declared := []string{}, []string{}
	for _, name := range names {
		declared = append(declared, "add /responseParameters/method.response.header."+name+" false")
		patches = append(patches, "add /responseParameters/method.response.header."+name+" 'v'")
	}
	at := a.at("/mock")
	must[*v1.MethodResponse](t)(a.UpdateMethodResponse(a.ctx, &v1.UpdateMethodResponseInput{RestApiId: a.id, ResourceId: at, HttpMethod: new("GET"), StatusCode: new("200"), PatchOperations: ops(declared...)}))
	must[*v1.IntegrationResponse](t)(a.UpdateIntegrationResponse(a.ctx, &v1.UpdateIntegrationResponseInput{RestApiId: a.id, ResourceId: at, HttpMethod: new("GET"), StatusCode: new("200"), PatchOperations: ops(patches...)}))
	a.proxy("GET /a", "/x")
	a.proxy("GET /login", "/status/401")
	a.prod()
	got := a.ask("GET /prod/mock")
	for _, name := range names {
		if v := got.Header.Get("x-amzn-Remapped-" + name); v != "v" || got.Header.Get(name) == "v" {
			t.Errorf("[R] a mapped %s comes back as %v", name, got.Header)
		}
	}
	if got := a.ask("GET /prod/a"); got.Header.Get("x-amzn-Remapped-Date") == "" || got.Header.Get("x-amzn-Remapped-Content-Length") != "6" || got.Header.Get("Date") == "" {
		t.Errorf("[R] a backend's come back as %v", got.Header)
	}
	if got := a.ask("GET /prod/login"); got.StatusCode != 401 || got.Header.Get("x-amzn-Remapped-WWW-Authenticate") != "Basic" || got.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("[R] a backend that asks for a password: %s %v", got.line(), got.Header)
	}
}

func TestQuirk33(t *testing.T) {
	a := newTraffic(t).draft()
	a.mock("GET /mock", `{"statusCode": 200}`)
	a.proxy("GET /a", "/x")
	a.prod()
	for _, line := range []string{"GET /prod/mock", "GET /prod/a", "GET /prod/none"} {
		if got := a.ask(line, "X-Amzn-Trace-Id: Root=1-5e5ffb9e-0"); got.Header.Get("X-Amzn-Trace-Id") != "" {
			t.Errorf("[R] %s answers a trace: %v", line, got.Header)
		}
	}
}

func TestQuirk36(t *testing.T) {
	a := newTraffic(t).draft()
	a.mock("ANY /sloppy", `{statusCode: 404}`)
	a.mock("ANY /quoted", `{"statusCode": "200"}`)
	a.mock("ANY /strict", `{"statusCode": 200}`)
	must[*v1.Integration](t)(a.UpdateIntegration(a.ctx, &v1.UpdateIntegrationInput{RestApiId: a.id, ResourceId: a.at("/strict"), HttpMethod: new("ANY"), PatchOperations: ops("replace /passthroughBehavior NEVER")}))
	a.mock("ANY /none", `{}`)
	must[*v1.Integration](t)(a.UpdateIntegration(a.ctx, &v1.UpdateIntegrationInput{RestApiId: a.id, ResourceId: a.at("/none"), HttpMethod: new("ANY"), PatchOperations: ops("remove /requestTemplates/application~1json")}))
	a.prod()
	a.rows(t,
		row{"[R] Sloppy JSON.", "GET /prod/sloppy", nil, `404 {"mock": 404}`},
		row{"[R] A status in quotes.", "GET /prod/quoted", nil, internal},
		row{"[R] Another type.", "GET /prod/strict", []string{"Content-Type: text/plain"}, `415 {"message": "Unsupported Media Type"}`},
		row{"[K] 8: no template.", "GET /prod/none", nil, `200 {"mock": 200}`},
	)
}

func TestQuirk38(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /get", "/x")
	a.proxy("ANY /any", "/x")
	a.proxy("OPTIONS /iam", "/x")
	must[*v1.Method](t)(a.UpdateMethod(a.ctx, &v1.UpdateMethodInput{RestApiId: a.id, ResourceId: a.at("/iam"), HttpMethod: new("OPTIONS"), PatchOperations: ops("replace /authorizationType AWS_IAM")}))
	a.prod()
	for target, want := range map[string]int{"/prod/get": 403, "/prod/any": 200} {
		if got := a.ask("HEAD " + target); got.StatusCode != want || got.body != "" {
			t.Errorf("[K] HEAD %s: %s", target, got.line())
		}
	}
	for _, method := range []string{"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"} {
		a.rows(t, row{"[R] ANY stands for it.", method + " /prod/any", nil, "200 " + method + " /x"})
	}
	a.rows(t, row{"[R] And for no other.", "REPORT /prod/any", nil, noToken},
		row{"[K] A preflight has no signature.", "OPTIONS /prod/iam", []string{"Origin: https://x"}, `500 {"message":null}`})
}

func TestQuirk41(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/one")
	a.prod()
	a.proxy("GET /b", "/two")
	a.deploy(a.id, v1.CreateDeploymentInput{StageName: new("prod"), CanarySettings: &v1.DeploymentCanarySettings{PercentTraffic: new(50.0)}})
	seen := map[string]int{}
	for range 200 { // all from one client: that none is seen is a chance of 1 in 10^60
		seen[a.ask("GET /prod/b").line()]++
	}
	if len(seen) != 2 || seen["200 GET /two"] < 10 || seen[noToken] < 10 {
		t.Errorf("[D] of 200 requests: %v", seen)
	}
}

func TestQuirk42(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x/${stageVariables.v}/y", "integration.request.header.X-V=stageVariables.v")
	a.prod()
	if got := a.ask("GET /prod/a"); got.asked() != "GET /x//y" || strings.Contains(got.saw, "X-V") {
		t.Errorf("[R] one that is not defined: the backend saw %q", got.saw)
	}
	a.patchStage(a.id, "prod", set("/variables/v", "1"))
	if got := a.ask("GET /prod/a"); got.asked() != "GET /x/1/y" || !strings.Contains(got.saw, "X-V: 1\r\n") {
		t.Errorf("[D] defined, without a deployment: the backend saw %q", got.saw)
	}
}

func TestQuirk51(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("POST /admin", "/admin")
	must[*v1.Method](t)(a.UpdateMethod(a.ctx, &v1.UpdateMethodInput{RestApiId: a.id, ResourceId: a.at("/admin"), HttpMethod: new("POST"), PatchOperations: ops("replace /authorizationType AWS_IAM")}))
	a.proxy("ANY /{proxy+}", "/open")
	a.prod()
	a.rows(t,
		row{"[R] A verb that the guarded sibling does not declare.", "GET /prod/admin", nil, "200 GET /open"},
		row{"[R] The one that it guards.", "POST /prod/admin", nil, `500 {"message":null}`},
	)
}

// TestDisabledEndpoint is runtime 1.3 and 8, addition 4: the setting acts with a
// deployment or with any update of the stage.
func TestDisabledEndpoint(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/x")
	a.prod()
	disable := func(value string) {
		must[*v1.RestApi](t)(a.UpdateRestApi(a.ctx, &v1.UpdateRestApiInput{RestApiId: a.id, PatchOperations: ops("replace /disableExecuteApiEndpoint " + value)}))
	}
	disable("true")
	a.rows(t, row{"[D] Not yet.", "GET /prod/a", nil, "200 GET /x"})
	a.prod()
	a.rows(t, row{"[D] Deployed.", "GET /prod/a", nil, forbidden}, row{"Its misses are no other.", "GET /prod/none", nil, forbidden})
	disable("false")
	a.rows(t, row{"[D] Not yet again.", "GET /prod/a", nil, forbidden})
	a.patchStage(a.id, "prod", set("/description", "d"))
	a.rows(t, row{"[D] The stage was updated.", "GET /prod/a", nil, "200 GET /x"})
}

// TestMethodOverride is runtime 1.2: the field chooses the method before
// anything is routed, and goes no further.
func TestMethodOverride(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("PUT /a", "/x")
	a.proxy("POST /b", "/x", "integration.request.header.X-Was=method.request.header.X-HTTP-Method-Override")
	a.prod()
	got := a.ask("POST /prod/a", "X-HTTP-Method-Override: PUT", "Content-Length: 0")
	if got.line() != "200 PUT /x" || strings.Contains(got.saw, "Override") {
		t.Errorf("[D] got %s, the backend saw %q", got.line(), got.saw)
	}
	a.rows(t,
		row{"[D] The method that was sent does not count.", "PUT /prod/a", []string{"X-HTTP-Method-Override: GET"}, noToken},
		row{"One that is none finds nothing.", "POST /prod/a", []string{"X-HTTP-Method-Override: a b"}, noToken},
		row{"Nor does an empty one.", "POST /prod/a", []string{"X-HTTP-Method-Override: "}, noToken},
	)
}
