package plan

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
)

// TestMocks is the table of MOCK integrations (runtime 1.10, 1.12 and 8; quirk
// 36).
func TestMocks(t *testing.T) {
	mock := func(templates map[string]string, passthrough gate.Passthrough, answers ...gate.IntegrationResponse) gate.Route {
		return gate.Route{Key: "ANY /a", Integration: &gate.Integration{ID: "m", Kind: gate.Mock,
			Shape: &gate.Shape{Templates: templates, Passthrough: passthrough, Answers: answers}}}
	}
	json := func(text string) map[string]string { return map[string]string{"application/json": text} }
	plain := gate.IntegrationResponse{Status: "200", Templates: json(`{"ok": true}`)}
	const yes = "200\nContent-Type: application/json\n{\"ok\": true}"
	internal := refusedText(500, "InternalServerErrorException", `{"message": "Internal server error"}`)
	unsupported := refusedText(415, "BadRequestException", `{"message": "Unsupported Media Type"}`)
	for _, tc := range []struct {
		desc  string
		route gate.Route
		call  call
		want  string
	}{
		{"[R] The template's status chooses the default.", mock(json(`{"statusCode": 200}`), "", plain), call{}, yes},
		{"[R] 1.10: what stands behind the object is not read.", mock(json(`{"statusCode": 200} x`), "", plain), call{}, yes},
		{"[R] Sloppy JSON.", mock(json(`{statusCode: 200}`), "", plain), call{}, yes},
		{"[R] Single quotes and a comma at the end.", mock(json(`{'statusCode': 200,}`), "", plain), call{}, yes},
		{"[R] A status in quotes is refused.", mock(json(`{"statusCode": "200"}`), "", plain), call{}, internal},
		{"[R] A status that is missing.", mock(json(`{"x": 1}`), "", plain), call{}, internal},
		{"A template that is no object.", mock(json(`200`), "", plain), call{}, internal},
		{"A status that no reply can have.", mock(json(`{"statusCode": 100}`), "", plain), call{}, internal},
		{"[K] 8: without a template and a body the default answers.", mock(nil, "", plain), call{}, yes},
		{"[K] The body stands for a template's text.", mock(nil, "", plain), call{method: "POST", body: flow.Bytes([]byte(`{statusCode: 200}`))}, yes},
		{"[K] A body that says no status.", mock(nil, "", plain), call{method: "POST", body: flow.Bytes([]byte(`{}`))}, internal},
		{"[D] WHEN_NO_TEMPLATES with another type.", mock(json(`{"statusCode": 200}`), gate.WhenNoTemplates, plain), call{fields: []string{"Content-Type: text/plain"}}, unsupported},
		{"[D] NEVER without any template.", mock(nil, gate.Never, plain), call{}, unsupported},
		{"[K] Types have no case and no parameters.", mock(json(`{"statusCode": 200}`), gate.Never, plain), call{fields: []string{"Content-Type: Application/JSON; charset=utf-8"}}, yes},
		{"[R] $default takes the other types.", mock(map[string]string{"$default": `{"statusCode": 200}`}, gate.Never, plain), call{fields: []string{"Content-Type: text/plain"}}, yes},
		{"[R] A pattern matches the whole status.", mock(json(`{"statusCode": 404}`), "", plain, gate.IntegrationResponse{Status: "404", Pattern: `4\d{2}`}), call{}, "404\nContent-Type: application/json\n"},
		{"[R] And not a part of it.", mock(json(`{"statusCode": 404}`), "", plain, gate.IntegrationResponse{Status: "404", Pattern: `4`}), call{}, yes},
		{"Of several that match the one of the mock's own status.", mock(json(`{"statusCode": 404}`), "", gate.IntegrationResponse{Status: "400", Pattern: `4..`}, gate.IntegrationResponse{Status: "404", Pattern: `4..`}), call{}, "404\nContent-Type: application/json\n"},
		{"[R] None matches and there is no default.", mock(json(`{"statusCode": 404}`), "", gate.IntegrationResponse{Status: "200", Pattern: `200`}), call{}, internal},
		{"[D] A status that the method does not declare.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "418"}), call{}, internal},
		{"[R] 8: without a response template the body is empty.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200"}), call{}, "200\nContent-Type: application/json\n"},
		{"[D] Headers from literals, stage variables and the context; what is missing is left out.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Parameters: map[string]string{
			"method.response.header.Access-Control-Allow-Origin": "'*'", "method.response.header.X-Size": "stageVariables.size",
			"method.response.header.X-Stage": "context.stage", "method.response.header.X-No": "stageVariables.none", "method.response.header.X-H": "integration.response.header.h"}}), call{},
			"200\nContent-Type: application/json\nAccess-Control-Allow-Origin: *\nX-Size: large\nX-Stage: prod\n"},
		{"[R] 1.13: mocks rename four headers and no others.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Parameters: map[string]string{
			"method.response.header.Date": "'d'", "method.response.header.Server": "'s'", "method.response.header.Content-Length": "'9'", "method.response.header.Connection": "'close'",
			"method.response.header.Content-MD5": "'m'", "method.response.header.User-Agent": "'u'", "method.response.header.WWW-Authenticate": "'Basic'"}}), call{},
			"200\nContent-Type: application/json\nx-amzn-Remapped-Connection: close\nx-amzn-Remapped-Content-Length: 9\nContent-MD5: m\nx-amzn-Remapped-Date: d\nx-amzn-Remapped-Server: s\nUser-Agent: u\nWWW-Authenticate: Basic\n"},
		{"[D] 1.12.7: a header that the method response does not declare.", undeclared(mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Parameters: map[string]string{"method.response.header.X": "'1'"}})), call{}, internal},
		{"[R] A mapped Content-Type wins.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Templates: map[string]string{"text/html": "<p>"}, Parameters: map[string]string{
			"method.response.header.Content-Type": "'text/css'", "method.response.header.WWW-Authenticate": "'Basic'"}}), call{},
			"200\nContent-Type: text/css\nWWW-Authenticate: Basic\n<p>"},
		{"[D] Accept chooses the template.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Templates: map[string]string{"application/json": "{}", "text/xml": "<a/>"}}), call{fields: []string{"Accept: text/xml;q=1, application/json"}},
			"200\nContent-Type: text/xml\n<a/>"},
		{"[D] Without a match it is JSON's.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Templates: map[string]string{"application/json": "{}", "a/a": "a"}}), call{fields: []string{"Accept: */*"}},
			"200\nContent-Type: application/json\n{}"},
		{"[D] Else the first.", mock(json(`{"statusCode": 200}`), "", gate.IntegrationResponse{Status: "200", Templates: map[string]string{"b/b": "b", "a/a": "a"}}), call{},
			"200\nContent-Type: a/a\na"},
		{"A binary conversion is not served.", func() gate.Route {
			r := mock(json(`{"statusCode": 200}`), "", plain)
			r.Integration.Shape.ContentHandling = "CONVERT_TO_BINARY"
			return r
		}(), call{}, internal},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: []gate.Route{tc.route}, stage: gate.Stage{Variables: map[string]string{"size": "large"}}}.open(t)
			if tc.call.target = "/prod/a"; tc.call.method == "" {
				tc.call.method = "GET"
			}
			if d := cmp.Diff(tc.want, said(t, s.ask(t, "", tc.call))); d != "" {
				t.Error(d)
			}
		})
	}
}

// undeclared is a method whose one declared response has no headers.
func undeclared(r gate.Route) gate.Route {
	r.Method = &gate.Method{Resource: "r", Answers: map[string]gate.MethodResponse{"200": {}}}
	return r
}

// TestCheckREST holds that what a deployment must not have is told with its
// place, and that what AWS takes does not stop it.
func TestCheckREST(t *testing.T) {
	response := func(key string, r gate.GatewayResponse) *gate.RESTSettings {
		return &gate.RESTSettings{Responses: map[string]gate.GatewayResponse{key: r}}
	}
	answer := func(a gate.IntegrationResponse) gate.Route {
		r := mocked("GET /a", `{"statusCode": 200}`)
		r.Integration.Shape.Answers = []gate.IntegrationResponse{a}
		return r
	}
	for _, tc := range []struct {
		desc     string
		route    gate.Route
		settings *gate.RESTSettings
		says     string // "": it can be deployed
	}{
		{"A mock.", mocked("GET /a", `{"statusCode": 200}`), nil, ""},
		{"A request template with a reference.", mocked("GET /a", `{"statusCode": $status}`), nil, "GET /a: request template for application/json: line 1"},
		{"A request template with a directive.", mocked("GET /a", "{\n#set($x = 1)\n}"), nil, "line 2"},
		{"A response template with one.", answer(gate.IntegrationResponse{Status: "200", Templates: map[string]string{"text/plain": "Hello $name"}}), nil, "GET /a: integration response 200: responseTemplates: text/plain: line 1"},
		{"A dollar that is none.", mocked("GET /a", `{"statusCode": 200, "price": "$5 #1"}`), nil, ""},
		{"A pattern that looks back.", answer(gate.IntegrationResponse{Status: "200", Pattern: `(?<!x)y`}), nil, "selectionPattern"},
		{"A header from nowhere.", answer(gate.IntegrationResponse{Status: "200", Parameters: map[string]string{"method.response.header.X": "nowhere"}}), nil, "method.response.header.X"},
		{"A header with a line break.", answer(gate.IntegrationResponse{Status: "200", Parameters: map[string]string{"method.response.header.X": "'a\r\nb'"}}), nil, "control character"},
		{"A request parameter to nowhere.", to("GET /a", "http://b/", "integration.request.cookie.x='y'"), nil, "integration.request.cookie.x"},
		{"A request parameter from nowhere.", to("GET /a", "http://b/", "integration.request.header.x=request.header.y"), nil, "integration.request.header.x"},
		{"A gateway response to nowhere.", mocked("GET /a", `{}`), response("THROTTLED", gate.GatewayResponse{Parameters: map[string]string{"header.X": "'y'"}}), "gateway response THROTTLED"},
		{"A gateway response that frames.", mocked("GET /a", `{}`), response("THROTTLED", gate.GatewayResponse{Parameters: map[string]string{"gatewayresponse.header.Transfer-Encoding": "'chunked'"}}), "Transfer-Encoding"},
		{"A gateway response of 100.", mocked("GET /a", `{}`), response("THROTTLED", gate.GatewayResponse{Status: "100"}), "statusCode"},
		{"AWS takes braces that nothing fills.", to("GET /a", "http://b/{x}"), nil, ""},
		{"AWS takes a stage variable in the host.", to("GET /a", "http://${stageVariables.host}/"), nil, ""},
		{"AWS takes a mapped Content-Length.", to("GET /a", "http://b/", "integration.request.header.Content-Length='1'"), nil, ""},
		{"A kind that is not served yet.", gate.Route{Key: "GET /a", Integration: &gate.Integration{Kind: gate.Lambda}}, nil, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.REST}, Deployment: gate.Deployment{REST: tc.settings}, Routes: whole([]gate.Route{tc.route})}
			list := Check(d, live(t))
			switch text := fmt.Sprint(list); {
			case tc.says == "" && len(list) > 0:
				t.Errorf("refused: %s", text)
			case tc.says != "" && (len(list) != 1 || !strings.Contains(text, tc.says)):
				t.Errorf("got %s, want one that says %q", text, tc.says)
			}
		})
	}
}

// TestProblemsOfREST holds that the operator reads what fails closed.
func TestProblemsOfREST(t *testing.T) {
	key := to("GET /key", "http://b/")
	key.APIKeyNeeded = true
	s := restOf{
		routes:   []gate.Route{key, to("GET /brace", "http://b/{x}"), mocked("GET /mock", `{"statusCode": "200"}`), to("GET /tls", "https://b/")},
		settings: &gate.RESTSettings{Policy: "{}"}, private: true,
		stage: gate.Stage{ClientCertificate: "cert1"},
	}.open(t)
	got := ""
	for _, p := range s.plan.Wrong(gate.StageRef{API: "abc", Name: "prod"}) {
		got += p.Error() + "\n"
	}
	for _, p := range s.plan.Problems { // of the API as a whole
		got += p.Error() + "\n"
	}
	for _, says := range []string{
		"route GET /key: route GET /key: it asks for an API key", "integration.request.path.x=method.request.path.x", "statusCode \"200",
		"client certificate cert1 of stage prod cannot be shown: this process keeps no client certificates", "resource policy", "PRIVATE",
	} {
		if !strings.Contains(got, says) {
			t.Errorf("no problem says %q:\n%s", says, got)
		}
	}
}

// TestGatewayResponses is the table of the answers that an API gives itself
// (runtime 1.16).
func TestGatewayResponses(t *testing.T) {
	limited := to("POST /big", "http://b/")
	key := to("GET /key", "http://b/")
	key.APIKeyNeeded = true
	lambda := gate.Route{Key: "GET /lambda", Integration: &gate.Integration{Kind: gate.Lambda}}
	responses := func(list map[string]gate.GatewayResponse) *gate.RESTSettings {
		return &gate.RESTSettings{Responses: list}
	}
	json := func(text string) map[string]string { return map[string]string{"application/json": text} }
	for _, tc := range []struct {
		desc     string
		settings *gate.RESTSettings
		call     call
		want     string
	}{
		{"[R] The very type.", responses(map[string]gate.GatewayResponse{"MISSING_AUTHENTICATION_TOKEN": {Status: "404", Templates: json(`{"gone":$context.error.messageString,"type":"$context.error.responseType"}`)}, "DEFAULT_4XX": {Status: "418"}}),
			call{method: "GET", target: "/prod/none"}, refusedText(404, "MissingAuthenticationTokenException", `{"gone":"Missing Authentication Token","type":"MISSING_AUTHENTICATION_TOKEN"}`)},
		{"[R] The class by the original status; nothing is merged.", responses(map[string]gate.GatewayResponse{"DEFAULT_4XX": {Status: "500", Parameters: map[string]string{"gatewayresponse.header.X": "'4'"}}, "DEFAULT_5XX": {Parameters: map[string]string{"gatewayresponse.header.Y": "'5'"}}}),
			call{method: "GET", target: "/prod/none"}, refusedText(500, "MissingAuthenticationTokenException\nX: 4", `{"message":"Missing Authentication Token"}`)},
		{"[R 3p] 8: the blank is in the message.", responses(map[string]gate.GatewayResponse{"DEFAULT_5XX": {Templates: json(`{"message":$context.error.messageString}`)}}),
			call{method: "GET", target: "/prod/lambda"}, refusedText(500, "InternalServerErrorException", `{"message": "Internal server error"}`)},
		{"[D] What is too large cannot be customised.", responses(map[string]gate.GatewayResponse{"REQUEST_TOO_LARGE": {Status: "400"}, "DEFAULT_4XX": {Status: "400"}}),
			call{method: "POST", target: "/prod/big", body: flow.Bytes(make([]byte, 10<<20+1))}, refusedText(413, "RequestTooLargeException", `{"message":"HTTP content length exceeded 10485760 bytes."}`)},
		{"[D] Headers of all sources; without a value they are left out.", responses(map[string]gate.GatewayResponse{"INVALID_API_KEY": {Parameters: map[string]string{
			"gatewayresponse.header.A": "'*'", "gatewayresponse.header.B": "method.request.querystring.q", "gatewayresponse.header.C": "method.request.header.Origin",
			"gatewayresponse.header.D": "context.stage", "gatewayresponse.header.E": "stageVariables.size", "gatewayresponse.header.F": "stageVariables.none"}}}),
			call{method: "GET", target: "/prod/key?q=1", fields: []string{"Origin: o"}}, refusedText(403, "ForbiddenException\nA: *\nB: 1\nC: o\nD: prod\nE: large", `{"message":"Forbidden"}`)},
		{"A value that would end the line is left out.", responses(map[string]gate.GatewayResponse{"INVALID_API_KEY": {Parameters: map[string]string{"gatewayresponse.header.B": "method.request.querystring.q"}}}),
			call{method: "GET", target: "/prod/key?q=a%0d%0aX:1"}, refusedText(403, "ForbiddenException", `{"message":"Forbidden"}`)},
		{"[D] Simple variables only; what is none is text.", responses(map[string]gate.GatewayResponse{"INVALID_API_KEY": {Templates: json(`$context.stage. ${stageVariables.size} [$stageVariables.none] $method.request.querystring.q $input.body #set($x=1) $method.request.body $5`)}}),
			call{method: "GET", target: "/prod/key?q=1"}, refusedText(403, "ForbiddenException", `prod. large [] 1 $input.body #set($x=1) $method.request.body $5`)},
		{"[D] Accept chooses, and the type is the template's.", responses(map[string]gate.GatewayResponse{"INVALID_API_KEY": {Templates: map[string]string{"application/json": "{}", "text/xml": "<a/>"}}}),
			call{method: "GET", target: "/prod/key", fields: []string{"Accept: text/xml"}}, "403\nContent-Type: text/xml\nx-amzn-ErrorType: ForbiddenException\n<a/>"},
		{"A header of the response wins over the built-in one.", responses(map[string]gate.GatewayResponse{"INVALID_API_KEY": {Parameters: map[string]string{"gatewayresponse.header.Content-Type": "'a/b'", "gatewayresponse.header.WWW-Authenticate": "'Basic'"}}}),
			call{method: "GET", target: "/prod/key"}, "403\nContent-Type: a/b\nx-amzn-ErrorType: ForbiddenException\nWWW-Authenticate: Basic\n{\"message\":\"Forbidden\"}"},
		{"[R] What a backend answers is none.", responses(map[string]gate.GatewayResponse{"DEFAULT_4XX": {Status: "400"}}),
			call{method: "GET", target: "/prod/open"}, "404\nContent-Type: a/b\nx-amzn-Remapped-Content-Length: 0\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: []gate.Route{limited, key, lambda, to("GET /open", "http://b/")}, settings: tc.settings,
				stage: gate.Stage{Variables: map[string]string{"size": "large"}}, answer: "HTTP/1.1 404 No\r\nContent-Length: 0\r\nContent-Type: a/b\r\n\r\n"}.open(t)
			if d := cmp.Diff(tc.want, said(t, s.ask(t, "", tc.call))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestCompression is the table of replies that are coded (runtime 1.17).
func TestCompression(t *testing.T) {
	text := strings.Repeat("hello ", 20)
	whole := "HTTP/1.1 200 OK\r\nContent-Length: 120\r\n\r\n" + text
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n78\r\n" + text + "\r\n0\r\n\r\n"
	for _, tc := range []struct {
		desc    string
		answer  string
		min     int
		fields  []string
		coding  string
		refused bool
	}{
		{"[D] Long enough, and wanted.", whole, 120, []string{"Accept-Encoding: gzip"}, "gzip", false},
		{"Of unknown length.", chunked, 120, []string{"Accept-Encoding: deflate"}, "deflate", false},
		{"[D] Too short.", whole, 121, []string{"Accept-Encoding: gzip"}, "", false},
		{"Too short, of unknown length.", chunked, 121, []string{"Accept-Encoding: gzip"}, "", false},
		{"[D] A client that says nothing wants nothing.", whole, 0, nil, "", false},
		{"[D] Nor does one that wants anything.", whole, 0, []string{"Accept-Encoding: *"}, "", false},
		{"[D] What is wanted most is not supported.", whole, 0, []string{"Accept-Encoding: br;q=1, gzip;q=0.5"}, "", false},
		{"What is wanted as much is.", whole, 0, []string{"Accept-Encoding: gzip, deflate, br"}, "gzip", false},
		{"The better one of two.", whole, 0, []string{"Accept-Encoding: gzip;q=0.5, deflate"}, "deflate", false},
		{"One that is refused.", whole, 0, []string{"Accept-Encoding: gzip;q=0"}, "", false},
		{"[D] A reply that has a coding keeps it.", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: br\r\n\r\nxx", 0, []string{"Accept-Encoding: gzip"}, "br", false},
		{"The gateway's own answers too.", whole, 0, []string{"Accept-Encoding: gzip"}, "gzip", true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: []gate.Route{to("GET /a", "http://b/")}, settings: &gate.RESTSettings{MinimumCompression: &tc.min}, answer: tc.answer}.open(t)
			c := call{method: "GET", target: "/prod/a", fields: tc.fields}
			want := text
			if tc.refused {
				c.target, want = "/prod/none", `{"message":"Missing Authentication Token"}`
			}
			x := s.ask(t, "", c)
			coding, _ := x.Out.Header.Get("Content-Encoding")
			if coding != tc.coding {
				t.Fatalf("it is coded %q, want %q", coding, tc.coding)
			}
			if tc.coding == "br" {
				want = "xx"
			}
			if got := decoded(t, coding, x); got != want {
				t.Errorf("the body is %q", got)
			}
			x.Out.Body.Close()
			x.End()
		})
	}
}

func decoded(t *testing.T, coding string, x *flow.Exchange) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(x.Out.Body.Bytes())
	if s := x.Out.Body.Stream(); s != nil {
		r = s
	}
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestVPCLinks is the table of private integrations (runtime 1.10).
func TestVPCLinks(t *testing.T) {
	links := &integrate.Links{}
	for _, k := range []integrate.Link{{ID: "v1", Targets: []string{"http://10.0.0.9:81"}}, {ID: "v2", ARN: "arn:aws:elasticloadbalancing:x", Targets: []string{"http://10.0.0.9:82"}}} {
		if err := links.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	private := func(id, arn string) gate.Route {
		return gate.Route{Key: "GET /a", Integration: &gate.Integration{ID: "i", Kind: gate.Private, URI: "http://nlb.example/v", ConnectionID: id, Shape: &gate.Shape{Target: arn}}}
	}
	for _, tc := range []struct {
		desc   string
		route  gate.Route
		status int
		target string
	}{
		{"[D] A link of V1: the URI brings host and path only.", private("v1", ""), 200, "http://10.0.0.9:81"},
		{"[D] Its id in a stage variable.", private("${stageVariables.link}", ""), 200, "http://10.0.0.9:81"},
		{"[D] A link of V2 with the target's ARN.", private("v2", "arn:aws:elasticloadbalancing:x"), 200, "http://10.0.0.9:82"},
		{"A link that nobody configured.", private("v3", ""), 500, ""},
		{"A stage variable that is not set.", private("${stageVariables.none}", ""), 500, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := restOf{routes: []gate.Route{tc.route}, links: links, stage: gate.Stage{Variables: map[string]string{"link": "v1"}}}.open(t)
			x := s.ask(t, "", call{method: "GET", target: "/prod/a"})
			if x.Out.Status != tc.status || x.Event.Backend.Target != tc.target {
				t.Errorf("status %d by %q", x.Out.Status, x.Event.Backend.Target)
			}
			if want := "GET /v HTTP/1.1\r\nHost: nlb.example\r\n"; tc.status == 200 && !strings.HasPrefix(string(s.e.got), want) {
				t.Errorf("the backend got %q", s.e.got)
			}
			x.Out.Body.Close()
			x.End()
		})
	}
}

// TestTransferModes holds that a reply is bounded, and may be coded, unless it
// is streamed (runtime 1.2 and 1.19).
func TestTransferModes(t *testing.T) {
	zero := 0
	for _, tc := range []struct {
		desc   string
		stream bool
		answer string
		want   string // status, coding, body or error
	}{
		{"Buffered, as long as is allowed.", false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n", "200 gzip four"},
		{"Buffered and longer: it is cut short.", false, "HTTP/1.1 200 OK\r\nContent-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n5five\r\n0\r\n\r\n", "200 x error"},
		{"Buffered, and declared longer.", false, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n5five", "502 gzip {\"message\": \"Internal server error\"}"},
		{"A status without a body may declare what it likes.", false, "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", "304  "},
		{"Streamed.", true, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n5five", "200  5five"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			r := to("GET /a", "http://b/")
			r.Integration.Shape = &gate.Shape{Stream: tc.stream}
			s := restOf{routes: []gate.Route{r}, answer: tc.answer, limits: &gate.Limits{Body: 4}, settings: &gate.RESTSettings{MinimumCompression: &zero}}.open(t)
			x := s.ask(t, "", call{method: "GET", target: "/prod/a", fields: []string{"Accept-Encoding: gzip"}})
			coding, _ := x.Out.Header.Get("Content-Encoding")
			body := "error"
			if coding == "x" {
				if _, err := io.ReadAll(x.Out.Body.Stream()); err == nil {
					body = "whole"
				}
			} else {
				body = decoded(t, coding, x)
			}
			if got := fmt.Sprintf("%d %s %s", x.Out.Status, coding, body); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			x.Out.Body.Close()
			x.End()
		})
	}
}
