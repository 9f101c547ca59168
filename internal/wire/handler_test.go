package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/wire"
	"gatehouse/internal/wire/apigateway"
	"gatehouse/internal/wire/apigatewayv2"
	"gatehouse/internal/wire/management"
)

func TestAnswer(t *testing.T) {
	h := handler(t, things(func(context.Context, *Thing) (*Thing, error) {
		return &Thing{Name: ptr("<a> & \u2028"), Kinds: []string{}, Tags: map[string]string{"b": "2", "a": "1"}, On: ptr(false), Large: ptr(int64(1 << 60)), Ratio: ptr(10000.0),
			At: ptr(time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))), Since: ptr(time.Unix(1700000000, 0)), Bytes: []byte("hi"), Main: &Part{}}, nil
	}), wire.Options{})
	a := do(h, request("PUT", "/things/x", `{"name":"a"}`))
	want := `{"name":"<a> & \u2028","kinds":[],"on":false,"large":1152921504606846976,"ratio":10000,"at":"2026-01-02T02:04:05Z","since":1700000000,"bytes":"aGk=","tags":{"a":"1","b":"2"},"main":{}}`
	if a.status != 201 || a.body != want {
		t.Errorf("got %d %s\nwant 201 %s", a.status, a.body, want)
	}
	for name, pattern := range map[string]string{
		"Content-Type":     `^application/json$`,
		"x-amzn-RequestId": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"x-amz-apigw-id":   `^[A-Za-z0-9+/]{15}=$`,
		"Content-Length":   `^\d+$`,
	} {
		if got := a.header.Get(name); !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAnswerErrors(t *testing.T) {
	cause := errors.New("disk on fire")
	for _, c := range []struct {
		desc   string
		err    error
		status int
		typ    string
		body   string
		header string // a name=value that must be there
	}{
		{"a refusal with further fields", &wire.Error{Type: "NotFoundException", Status: 404, Message: "Invalid", Fields: map[string]any{"resourceType": "Api"}, Err: cause}, 404, "NotFoundException", `{"message":"Invalid","resourceType":"Api"}`, ""},
		{"a refusal with a header field", &wire.Error{Type: "TooManyRequestsException", Status: 429, Header: http.Header{"Retry-After": {"2"}}}, 429, "TooManyRequestsException", `{}`, "Retry-After=2"},
		{"a refusal inside another error", errors.Join(cause, apigatewayv2.ConflictException("twice")), 409, "ConflictException", `{"message":"twice"}`, ""},
		{"any other error stays inside", cause, 500, "InternalFailure", `{"message":"The request failed inside the gateway; its log names the reason under this request id."}`, ""},
		{"an operation that does not exist yet", wire.NotImplemented("PutThing"), 501, "NotImplementedException", `{"message":"This gateway does not implement the operation PutThing."}`, ""},
	} {
		t.Run(c.desc, func(t *testing.T) {
			var call wire.Call
			h := handler(t, things(func(context.Context, *Thing) (*Thing, error) { return nil, c.err }), wire.Options{Observe: func(c wire.Call) { call = c }})
			a := do(h, request("PUT", "/things/x", `{"name":"a"}`))
			if a.status != c.status || a.typ != c.typ || a.body != c.body {
				t.Errorf("got %d %s %s", a.status, a.typ, a.body)
			}
			if strings.Contains(a.body, "fire") {
				t.Error("the cause left the house")
			}
			if name, value, ok := strings.Cut(c.header, "="); ok && a.header.Get(name) != value {
				t.Errorf("%s: %q, want %q", name, a.header.Get(name), value)
			}
			if call.Operation != "PutThing" || call.Status != c.status || call.ErrorType != c.typ || !errors.Is(call.Err, c.err) {
				t.Errorf("observed %+v", call)
			}
		})
	}
}

func TestAPanicIsAnInternalFailureOfItsCall(t *testing.T) {
	var call wire.Call
	h := handler(t, things(func(context.Context, *Thing) (*Thing, error) { panic("nil map") }), wire.Options{Observe: func(c wire.Call) { call = c }})
	a := do(h, request("PUT", "/things/x", `{"name":"a"}`))
	if a.status != 500 || a.typ != "InternalFailure" || strings.Contains(a.body, "nil map") {
		t.Errorf("%d %s %s", a.status, a.typ, a.body)
	}
	if call.Err == nil || !strings.Contains(call.Err.Error(), "nil map") || !strings.Contains(string(call.Stack), "handler_test.go") {
		t.Errorf("observed %v\n%s", call.Err, call.Stack)
	}
}

func TestNeitherOutputNorErrorIsAnInternalFailure(t *testing.T) {
	h := handler(t, things(func(context.Context, *Thing) (*Thing, error) { return nil, nil }), wire.Options{})
	if a := do(h, request("PUT", "/things/x", `{"name":"a"}`)); a.status != 500 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestABodyThatEndsEarly(t *testing.T) {
	var call wire.Call
	h := handler(t, things(echo), wire.Options{Observe: func(c wire.Call) { call = c }})
	r := request("PUT", "/things/x", "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"name":"a"}`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if a := do(h, r); a.status != 400 || a.typ != "SerializationException" || !errors.Is(call.Err, io.ErrUnexpectedEOF) {
		t.Errorf("%d %s, observed %v", a.status, a.typ, call.Err)
	}
}

func TestCaller(t *testing.T) {
	var got, observed wire.Caller
	h := handler(t, things(func(ctx context.Context, in *Thing) (*Thing, error) {
		got, _ = wire.CallerOf(ctx)
		return in, nil
	}), wire.Options{
		Identify: func(r *http.Request, body []byte, c *wire.Caller) error {
			if string(body) != `{"name":"a"}` {
				t.Errorf("Identify has the body %q", body)
			}
			if c.AccessKeyID != "AKIDEXAMPLE" {
				return &wire.Error{Type: "UnrecognizedClientException", Status: 403, Message: "The security token included in the request is invalid."}
			}
			c.Account = "111111111111"
			return nil
		},
		Observe: func(c wire.Call) { observed = c.Caller },
	})
	r := request("PUT", "/things/x", `{"name":"a"}`)
	r.Header.Set("User-Agent", "aws-cli/2")
	a := do(h, r)
	want := wire.Caller{AccessKeyID: "AKIDEXAMPLE", Account: "111111111111", Region: "eu-west-1", Service: "apigateway", SourceIP: "192.0.2.1", UserAgent: "aws-cli/2", Host: "localhost:4566", RequestID: a.header.Get("x-amzn-RequestId")}
	if d := cmp.Diff(want, got); d != "" || got.RequestID == "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if got != observed {
		t.Errorf("observed %+v", observed)
	}

	r = request("PUT", "/things/x", `{"name":"a"}`)
	r.Header.Set("Authorization", strings.Replace(signed, "AKID", "OTHER", 1))
	if a := do(h, r); a.status != 403 || a.typ != "UnrecognizedClientException" {
		t.Errorf("a foreign key: %d %s", a.status, a.typ)
	}
}

func TestTablesThatContradictThemselves(t *testing.T) {
	type unlabelled struct {
		Name *string `wire:"name"`
	}
	type value struct {
		Name string `wire:"name"`
	}
	type misspelt struct {
		Name *string `wire:"name,requird"`
	}
	op := func(uri string) wire.Operation {
		return wire.Unit("X", "GET", uri, 200, func(context.Context, *unlabelled) error { return nil })
	}
	for _, c := range []struct {
		desc  string
		table wire.Table
	}{
		{"a label without a member", wire.Table{Operations: []wire.Operation{op("/{name}")}}},
		{"a label member without a label", wire.Table{Operations: []wire.Operation{wire.Unit("X", "GET", "/x", 200, func(context.Context, *Thing) error { return nil })}, Enums: things(echo).Enums}},
		{"two operations of one route", wire.Table{Operations: []wire.Operation{op("/x?a=1"), op("/x?a=1")}}},
		{"a member that cannot be absent", wire.Table{Operations: []wire.Operation{wire.Unit("X", "GET", "/x", 200, func(context.Context, *value) error { return nil })}}},
		{"an unknown word in a tag", wire.Table{Operations: []wire.Operation{wire.Unit("X", "GET", "/x", 200, func(context.Context, *misspelt) error { return nil })}}},
		{"a constraint on nothing", wire.Table{Operations: []wire.Operation{op("/x")}, Constraints: map[string]wire.Constraint{"unlabelled.Nam": {}}}},
		{"an empty-is-null on what is no map", wire.Table{Operations: []wire.Operation{op("/x")}, EmptyIsNull: map[string]bool{"unlabelled.Name": true}}},
	} {
		if _, err := wire.NewHandler(c.table, wire.Options{}); err == nil {
			t.Errorf("%s: accepted", c.desc)
		}
	}
}

func TestUnimplementedNamesTheOperation(t *testing.T) {
	h, _ := apigatewayv2.NewHandler(apigatewayv2.Unimplemented{}, wire.Options{})
	a := do(h, request("POST", "/v2/apis", `{"name":"x","protocolType":"HTTP"}`))
	if a.status != 501 || a.typ != "NotImplementedException" || !strings.Contains(a.message(), "CreateApi") {
		t.Errorf("%d %s %s", a.status, a.typ, a.body)
	}
}

// An integration response's template that was put as "" comes back as null.
func TestEmptyIsNull(t *testing.T) {
	table := apigateway.Table(apigateway.Unimplemented{})
	for i := range table.Operations {
		table.Operations[i].Call = func(context.Context, any) (any, error) {
			return &apigateway.IntegrationResponse{ResponseTemplates: map[string]string{"application/json": "", "text/plain": "x"}}, nil
		}
	}
	a := do(handler(t, table, wire.Options{}), request("GET", "/restapis/a/resources/b/methods/GET/integration/responses/200", ""))
	if want := `{"responseTemplates":{"application/json":null,"text/plain":"x"}}`; a.body != want {
		t.Errorf("got %d %s, want %s", a.status, a.body, want)
	}
}

// connections is a management service with one open connection.
type connections struct {
	management.Unimplemented
	caller *wire.Caller
}

func (c connections) PostToConnection(ctx context.Context, in *management.PostToConnectionInput) error {
	*c.caller, _ = wire.CallerOf(ctx)
	if *in.ConnectionId != "L0SM9cOFvHcCIhw=" || string(in.Data) != "hi" {
		return management.GoneException("")
	}
	return nil
}

func TestManagementLivesBelowAStage(t *testing.T) {
	var caller wire.Caller
	h, err := management.NewHandler(connections{caller: &caller}, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, prefix string
		status       int
	}{
		{"/@connections/L0SM9cOFvHcCIhw%3D", "", 200},
		{"/prod/@connections/L0SM9cOFvHcCIhw%3D", "/prod", 200},
		{"/_aws/execute-api/a1/prod/@connections/L0SM9cOFvHcCIhw%3D", "/_aws/execute-api/a1/prod", 200},
		{"/prod/%40connections/L0SM9cOFvHcCIhw%3D", "/prod", 200}, // a client may escape the @
		{"/prod/@connections/other", "/prod", 410},
		{"/prod/@connections", "", 404},
	} {
		a := do(h, request("POST", c.path, "hi"))
		if a.status != c.status || c.status == 200 && caller.Prefix != c.prefix {
			t.Errorf("%s: %d with the prefix %q, want %d %q", c.path, a.status, caller.Prefix, c.status, c.prefix)
		}
		if c.status == 410 && (a.body != "{}" || a.typ != "GoneException") {
			t.Errorf("%s: %s %s", c.path, a.typ, a.body)
		}
	}
}
