package apigateway

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	v1 "gatehouse/internal/wire/apigateway"
)

// What may stand in a head: RFC 9110 sections 5.5 and 5.6.2. A target is of the
// visible characters that the door lets in, of which none ends it; what lies
// above them is for whoever reads the URL.
var (
	requestLine = regexp.MustCompile(`^[A-Z]+ /[!"$-~]* HTTP/1\.1$`)
	statusLine  = regexp.MustCompile(`^HTTP/1\.1 [2-5][0-9][0-9] [ -~]*$`)
	requestID   = regexp.MustCompile(`^([0-9a-fA-F-]{36}|UUID_REPLACED_INVALID_REQUEST_ID)$`)
	fieldLine   = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+: ([!-~\u0080-\u00ff]([\\t -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?)?$")
)

// headIs checks a message's head, line by line, and returns its body.
func headIs(t *testing.T, why, message string, first *regexp.Regexp) (body string) {
	t.Helper()
	head, body, ok := strings.Cut(message, "\r\n\r\n")
	if !ok {
		t.Errorf("%s: no end of the head: %q", why, message)
	}
	for i, line := range strings.Split(head, "\r\n") {
		form := fieldLine
		if i == 0 {
			form = first
		}
		if !form.MatchString(latin1(line)) {
			t.Errorf("%s: the line %q", why, line)
		}
	}
	return body
}

// latin1 makes a character of each byte.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// raw sends a request and returns all that comes back.
func (a *draftAPI) raw(head string) (answer, saw string) {
	a.t.Helper()
	a.seen.take()
	c, err := net.Dial("tcp", a.addr)
	if err != nil {
		a.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, head+"\r\n\r\n"); err != nil {
		a.t.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if err != nil && len(text) == 0 {
		a.t.Fatalf("%q: %v", head, err)
	}
	return string(text), a.seen.take()
}

// step is 1, or passes over most bytes where each request takes long.
func step() int {
	if raceEnabled {
		return 9
	}
	return 1
}

// TestEveryByte puts every byte, as it is and encoded, wherever a client can
// write one. Each request is answered with one whole message, what reaches the
// backend is one too, and no line in either comes from the client.
func TestEveryByte(t *testing.T) {
	a := newTraffic(t).draft()
	mapped := []string{"integration.request.path.p=method.request.path.proxy", "integration.request.header.X-Param=method.request.path.proxy", "integration.request.header.X-Path=context.path",
		"integration.request.header.X-Query=method.request.querystring.q", "integration.request.header.X-Field=method.request.header.X-Byte",
		"integration.request.header.X-Id=context.requestId", "integration.request.querystring.r=method.request.querystring.q", "integration.request.querystring.s=method.request.header.X-Byte"}
	a.proxy("GET /{proxy+}", "/p/{p}", mapped...)
	a.proxy("GET /q", "/q/{v}/${stageVariables.v}?w={v}", "integration.request.path.v=method.request.querystring.q")
	a.proxy("GET /h", "/h/{v}?w={v}", "integration.request.path.v=method.request.header.X-Byte")
	for _, r := range []string{"DEFAULT_4XX", "DEFAULT_5XX"} {
		must[*v1.GatewayResponse](t)(a.PutGatewayResponse(a.ctx, &v1.PutGatewayResponseInput{RestApiId: a.id, ResponseType: &r, ResponseParameters: map[string]string{
			"gatewayresponse.header.X-Query": "method.request.querystring.q", "gatewayresponse.header.X-Field": "method.request.header.X-Byte",
			"gatewayresponse.header.X-Path": "context.path", "gatewayresponse.header.X-Id": "context.requestId"}}))
	}
	a.prod()
	a.patchStage(a.id, "prod", set("/variables/v", "a/b?c&d=#"))
	places := []struct{ desc, target, field string }{
		{"the path", "/prod/qzBzq", ""},
		{"the path of a miss", "/prod/", "X-Http-Method-Override: POST"},
		{"the stage", "/prodB/a", ""},
		{"the query", "/prod/a?q=qzBzq", ""},
		{"a name in the query", "/prod/a?qB=a", ""},
		{"the query that fills the path", "/prod/q?q=qzBzq", ""},
		{"the query of a miss", "/prod?q=qzBzq", ""},
		{"a field", "/prod/a", "X-Byte: qzBzq"},
		{"the field that fills the path", "/prod/h", "X-Byte: qzBzq"},
		{"a field of a miss", "/prod", "X-Byte: qzBzq"},
		{"the name of a field", "/prod/a", "XB-Y: 1"},
		{"the id", "/prod/a", "x-amzn-RequestId: 01234567-89ab-4def-8123-45678901234B"},
		{"the method that stands in", "/prod/a", "X-HTTP-Method-Override: GETB"},
		{"the trace", "/prod/a", "X-Amzn-Trace-Id: Root=B"},
		{"the authorization of a miss", "/prod", "Authorization: qzBzq"},
		{"the type", "/prod/a", "Content-Type: qzBzq"},
		{"what is accepted", "/prod", "Accept: qzBzq"},
		{"the hops", "/prod/a", "X-Forwarded-For: qzBzq"},
	}
	for i := 0; i < 256; i += step() {
		for _, form := range []string{string([]byte{byte(i)}), fmt.Sprintf("%%%02X", i), fmt.Sprintf("%%0d%%0aX-Injected:%%20%%%02X", i)} {
			for _, p := range places {
				why := fmt.Sprintf("0x%02x as %q in %s", i, form, p.desc)
				head := "GET " + strings.Replace(p.target, "B", form, 1) + " HTTP/1.1\r\nHost: " + *a.id + ".execute-api.localhost\r\nConnection: close"
				if p.field != "" {
					head += "\r\n" + strings.ReplaceAll(strings.Replace(p.field, "B", form, 1), "X"+form+"yte", "X-Byte")
				}
				answer, saw := a.raw(head)
				a.sound(t, why, answer, saw, "qz"+form+"zq")
			}
		}
	}
}

// sound holds that a reply is one whole message, and so is what the backend saw;
// that the text told of neither makes a field, nor stands in a body of the
// gateway's own.
func (a *draftAPI) sound(t *testing.T, why, answer, saw, text string) {
	t.Helper()
	body := a.whole(t, why, answer, saw)
	if saw == "" && (!strings.HasPrefix(body, `{"message":`) || !json.Valid([]byte(body)) || strings.Contains(body, text)) {
		t.Errorf("%s: refused with %q", why, body)
	}
}

// whole is sound without a text to look for. It returns the body of the reply.
func (a *draftAPI) whole(t *testing.T, why, answer, saw string) (body string) {
	t.Helper()
	body = headIs(t, why, answer, statusLine)
	r := bufio.NewReader(strings.NewReader(answer))
	m, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Errorf("%s: %v", why, err)
		return body
	}
	read, err := io.ReadAll(m.Body)
	if rest, _ := io.ReadAll(r); err != nil || m.TransferEncoding == nil && string(read) != body || len(rest) > 0 {
		t.Errorf("%s: the reply goes on: %q", why, answer)
	}
	if strings.Contains(answer, "\nX-Injected:") || strings.Contains(saw, "\nX-Injected:") {
		t.Errorf("%s: a field was made: %q %q", why, answer, saw)
	}
	if id := m.Header.Get("x-amzn-RequestId"); id != "" && !requestID.MatchString(id) {
		t.Errorf("%s: the id %q", why, id)
	}
	if saw != "" {
		if more := headIs(t, why, saw, requestLine); more != "" {
			t.Errorf("%s: the backend was asked more: %q", why, more)
		}
	}
	return body
}

// TestEveryByteOfDefinitions puts every byte into what an operator writes and
// the gateway puts into heads. It is refused, by the operation or by the
// deployment, or what is sent is whole.
func TestEveryByteOfDefinitions(t *testing.T) {
	a := newTraffic(t).draft()
	a.proxy("GET /a", "/a/${stageVariables.v}", "integration.request.header.X-V=stageVariables.v", "integration.request.querystring.v=stageVariables.v")
	a.mock("GET /mock", `{"statusCode": 200}`)
	must[*v1.MethodResponse](t)(a.UpdateMethodResponse(a.ctx, &v1.UpdateMethodResponseInput{RestApiId: a.id, ResourceId: a.at("/mock"), HttpMethod: new("GET"), StatusCode: new("200"),
		PatchOperations: ops("add /responseParameters/method.response.header.X-A false")}))
	a.prod()
	get, ok, unset := new("GET"), new("200"), new("DEFAULT_4XX")
	patched := func(at string, list ...v1.PatchOperation) error {
		return drop(a.UpdateIntegration(a.ctx, &v1.UpdateIntegrationInput{RestApiId: a.id, ResourceId: a.at(at), HttpMethod: get, PatchOperations: list}))
	}
	answered := func(in v1.PutIntegrationResponseInput) error {
		in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode = a.id, a.at("/mock"), get, ok
		return drop(a.PutIntegrationResponse(a.ctx, &in))
	}
	response := func(in v1.PutGatewayResponseInput) error {
		in.RestApiId, in.ResponseType = a.id, unset
		return drop(a.PutGatewayResponse(a.ctx, &in))
	}
	variable := func(o v1.PatchOperation) error {
		return drop(a.UpdateStage(a.ctx, &v1.UpdateStageInput{RestApiId: a.id, StageName: new("prod"), PatchOperations: []v1.PatchOperation{o}}))
	}
	places := []struct {
		desc string
		put  func(value string) error
		undo func() error
	}{
		{"a stage variable", func(v string) error { return variable(set("/variables/v", v)) }, func() error { return variable(ops("remove /variables/v")[0]) }},
		{"a mapped header", func(v string) error {
			return patched("/a", one("add", "/requestParameters/integration.request.header.X-A", "'"+v+"'")...)
		}, func() error { return patched("/a", ops("remove /requestParameters/integration.request.header.X-A")...) }},
		{"a mapped host", func(v string) error {
			return patched("/a", one("add", "/requestParameters/integration.request.header.Host", "'"+v+"'")...)
		}, func() error {
			return patched("/a", ops("remove /requestParameters/integration.request.header.Host")...)
		}},
		{"a mapped query parameter", func(v string) error {
			return patched("/a", one("add", "/requestParameters/integration.request.querystring.q", "'"+v+"'")...)
		}, func() error {
			return patched("/a", ops("remove /requestParameters/integration.request.querystring.q")...)
		}},
		{"the URI", func(v string) error { return patched("/a", set("/uri", a.backend+"/"+v)) }, func() error { return patched("/a", set("/uri", a.backend+"/a")) }},
		{"a header of a mock", func(v string) error {
			return answered(v1.PutIntegrationResponseInput{ResponseParameters: map[string]string{"method.response.header.X-A": "'" + v + "'"}})
		}, func() error { return answered(v1.PutIntegrationResponseInput{}) }},
		{"the type of a mock's template", func(v string) error {
			return answered(v1.PutIntegrationResponseInput{ResponseTemplates: map[string]string{"text/" + v: "x"}})
		}, func() error { return answered(v1.PutIntegrationResponseInput{}) }},
		{"a header of a gateway response", func(v string) error {
			return response(v1.PutGatewayResponseInput{ResponseParameters: map[string]string{"gatewayresponse.header.X-A": "'" + v + "'"}})
		}, func() error { return response(v1.PutGatewayResponseInput{}) }},
		{"the type of a gateway response", func(v string) error {
			return response(v1.PutGatewayResponseInput{ResponseTemplates: map[string]string{"text/" + v: "{}"}})
		}, func() error { return response(v1.PutGatewayResponseInput{}) }},
	}
	for i := 0; i < 256; i += step() {
		for _, value := range []string{"qz" + string(rune(i)) + "zq", "qz\r\nX-Injected: " + string(rune(i))} {
			for _, place := range places {
				why := fmt.Sprintf("%q as %s", value, place.desc)
				before := a.revision()
				if typ, _ := refusal(place.put(value)); typ != "" {
					if i == 'H' && len(value) == 5 {
						t.Errorf("%s: refused, as if it could not be", why)
					}
					if typ != badRequest || before != a.revision() {
						t.Errorf("%s: %s, or something was changed", why, typ)
					}
					continue
				}
				before = a.revision()
				if typ, _ := refusal(drop(a.CreateDeployment(a.ctx, &v1.CreateDeploymentInput{RestApiId: a.id, StageName: new("prod")}))); typ != "" && (typ != badRequest || before != a.revision()) {
					t.Errorf("%s: the deployment: %s, or something was changed", why, typ)
				}
				for _, target := range []string{"a", "mock", "none"} {
					answer, saw := a.raw("GET /prod/" + target + " HTTP/1.1\r\nHost: " + *a.id + ".execute-api.localhost\r\nConnection: close")
					a.whole(t, why, answer, saw)
				}
				if err := place.undo(); err != nil {
					t.Fatalf("%s: %v", why, err)
				}
			}
		}
	}
}
