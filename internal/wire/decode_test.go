package wire_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/wire"
	"gatehouse/internal/wire/apigateway"
)

func TestDecodeRequest(t *testing.T) {
	for _, c := range []struct {
		desc, target, body string
		want               Thing
	}{
		{"every kind of member in the body", "/things/x",
			`{"name":"a","kind":"RED","kinds":["BLUE"],"on":false,"small":5,"large":9007199254740993,"ratio":0.1,"at":"2026-01-02T03:04:05.5Z","since":1700000000.25,"bytes":"aGk=","tags":{"k":"v"},"parts":[{"op":"add"}],"shelf":{"s":{"op":"remove","path":"/"}},"main":{"op":"add"}}`,
			Thing{ID: ptr("x"), Name: ptr("a"), Kind: ptr("RED"), Kinds: []string{"BLUE"}, On: ptr(false), Small: ptr(int32(5)), Large: ptr(int64(9007199254740993)), Ratio: ptr(0.1),
				At: ptr(time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)), Since: ptr(time.UnixMilli(1700000000250).UTC()), Bytes: []byte("hi"), Tags: map[string]string{"k": "v"},
				Parts: []Part{{Op: ptr("add")}}, Shelf: map[string]Part{"s": {Op: ptr("remove"), Path: ptr("/")}}, Main: &Part{Op: ptr("add")}}},
		{"empty lists, maps and structures are present, null is absent", "/things/x", `{"name":"a","kinds":[],"tags":{},"parts":null,"kind":null,"on":null}`,
			Thing{ID: ptr("x"), Name: ptr("a"), Kinds: []string{}, Tags: map[string]string{}}},
		{"unknown members are skipped, whatever they hold", "/things/x", `{"x":{"name":[1,{"name":2}]},"name":"a","y":[[]],"Name":"b"}`, Thing{ID: ptr("x"), Name: ptr("a")}},
		{"the last of a member given twice wins, also when it is null", "/things/x", `{"name":"z","kind":"RED","tags":{"a":"1"},"tags":{"b":"1","b":"2"},"kind":null,"name":"a"}`,
			Thing{ID: ptr("x"), Name: ptr("a"), Tags: map[string]string{"b": "2"}}},
		{"null in a map of strings keeps its key, in a map of structures it does not", "/things/x", `{"name":"a","tags":{"application/json":null},"shelf":{"s":{"op":"add"},"s":null}}`,
			Thing{ID: ptr("x"), Name: ptr("a"), Tags: map[string]string{"application/json": ""}, Shelf: map[string]Part{}}},
		{"an integer may be written as 5.0 or 5e0", "/things/x", `{"name":"a","small":5.0,"large":5e0}`, Thing{ID: ptr("x"), Name: ptr("a"), Small: ptr(int32(5)), Large: ptr(int64(5))}},
		{"a label is unescaped once and may hold a slash", "/things/arn%3Aaws%3A%2Fx%2520y+z", `{"name":"a"}`, Thing{ID: ptr("arn:aws:/x%20y+z"), Name: ptr("a")}},
		{"query: scalars, lists as repeated keys, and the rest as a map", "/things/x?limit=3&full=true&sort=a%2Bb&embed=p&embed=q+r&other=1&other=2&more=", `{"name":"a"}`,
			Thing{ID: ptr("x"), Name: ptr("a"), Limit: ptr(int32(3)), Full: ptr(true), Sort: ptr("a+b"), Embed: []string{"p", "q r"}, Rest: map[string]string{"other": "1", "more": ""}}},
		{"escapes and pairs of surrogates", "/things/x", `{"name":"\u00e9","tags":{"\ud83e\udd86":"\\ud800"}}`, Thing{ID: ptr("x"), Name: ptr("é"), Tags: map[string]string{"🦆": `\ud800`}}},
	} {
		t.Run(c.desc, func(t *testing.T) {
			var got *Thing
			h := handler(t, things(func(_ context.Context, in *Thing) (*Thing, error) { got = in; return in, nil }), wire.Options{})
			if a := do(h, request("PUT", c.target, c.body)); a.status != 201 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if d := cmp.Diff(&c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestRefuseRequest(t *testing.T) {
	const ok = "/things/x"
	for _, c := range []struct {
		desc, method, target, body string
		status                     int
		typ, message               string // message: a part of it
	}{
		{"a boolean where a string belongs", "PUT", ok, `{"name":true}`, 400, "SerializationException", "class java.lang.Boolean can not be converted to an String"},
		{"a number where a string belongs", "PUT", ok, `{"name":1}`, 400, "SerializationException", "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"},
		{"a string where a boolean belongs", "PUT", ok, `{"name":"a","on":"true"}`, 400, "SerializationException", "class java.lang.String can not be converted to a Boolean"},
		{"a string where an integer belongs", "PUT", ok, `{"name":"a","small":"1"}`, 400, "SerializationException", "to an Integer"},
		{"a fraction where an integer belongs", "PUT", ok, `{"name":"a","small":1.5}`, 400, "SerializationException", "1.5 is not an integer"},
		{"an integer of 33 bits", "PUT", ok, `{"name":"a","small":2147483648}`, 400, "SerializationException", "32 bits"},
		{"a structure where a string belongs", "PUT", ok, `{"name":{}}`, 400, "SerializationException", "Start of structure"},
		{"a list where a map belongs", "PUT", ok, `{"tags":[]}`, 400, "SerializationException", "Start of list"},
		{"a string where a list belongs", "PUT", ok, `{"kinds":"RED"}`, 400, "SerializationException", "Expected list or null"},
		{"null in a list", "PUT", ok, `{"kinds":[null]}`, 400, "SerializationException", "null found in a list"},
		{"no base64", "PUT", ok, `{"bytes":"?"}`, 400, "SerializationException", "base64"},
		{"a body that is a list", "PUT", ok, `[]`, 400, "SerializationException", "Start of list"},
		{"a body that is a string", "PUT", ok, `"name"`, 400, "SerializationException", "Expected map or null"},
		{"a string where a structure belongs", "PUT", ok, `{"main":"x"}`, 400, "SerializationException", "Expected map or null"},
		{"a wrong value inside a list", "PUT", ok, `{"parts":[{"op":1}]}`, 400, "SerializationException", "to an String"},
		{"a wrong value inside a map", "PUT", ok, `{"tags":{"a":1}}`, 400, "SerializationException", "to an String"},
		{"a number beyond all bounds", "PUT", ok, `{"ratio":1e999}`, 400, "SerializationException", "out of range"},
		{"a time beyond all bounds", "PUT", ok, `{"since":1e300}`, 400, "SerializationException", "out of range"},
		{"a time that is none", "PUT", ok, `{"at":"yesterday"}`, 400, "SerializationException", "to a Timestamp"},
		{"two bodies", "PUT", ok, `{"name":"a"}{}`, 400, "SerializationException", "at byte 13"},
		{"half a body", "PUT", ok, `{"name":`, 400, "SerializationException", "not JSON"},
		{"invalid UTF-8", "PUT", ok, "{\"name\":\"\xff\"}", 400, "SerializationException", "not UTF-8"},
		{"half a surrogate pair", "PUT", ok, `{"name":"\ud83e"}`, 400, "SerializationException", "surrogate"},
		{"the wrong half first", "PUT", ok, `{"name":"\udd86\ud83e"}`, 400, "SerializationException", "surrogate"},
		{"a body nested too deep", "PUT", ok, `{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, 400, "SerializationException", "nested 65 levels"},
		{"a body too long", "PUT", ok, `{"name":"` + strings.Repeat("a", 4096) + `"}`, 413, "RequestEntityTooLargeException", "4096 bytes"},
		{"a query value of the wrong type", "PUT", ok + "?limit=x", `{"name":"a"}`, 400, "SerializationException", "query parameter limit"},
		{"a query that cannot be read", "PUT", ok + "?a=%zz", `{"name":"a"}`, 400, "SerializationException", "query is malformed"},
		{"a required member that is absent, or null", "PUT", ok, `{"name":null}`, 400, "ValidationException", "1 validation error detected: Value null at 'thing.name' failed to satisfy constraint: Member must not be null"},
		{"an unknown value of an enum", "PUT", ok, `{"name":"a","kind":"PINK"}`, 400, "ValidationException", "Value 'PINK' at 'thing.kind' failed to satisfy constraint: Member must satisfy enum value set: [RED, BLUE]"},
		{"an unknown value in a list of an enum", "PUT", ok, `{"name":"a","kinds":["RED","PINK"]}`, 400, "ValidationException",
			"Value '[RED, PINK]' at 'thing.kinds' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [RED, BLUE]]"},
		{"two faults inside lists and maps", "PUT", ok, `{"name":"a","parts":[{"op":"add"},{"op":"x"}],"shelf":{"s":{}}}`, 400, "ValidationException",
			"2 validation errors detected: Value 'x' at 'thing.parts.2.member.op' failed to satisfy constraint: Member must satisfy enum value set: [add, remove]; Value null at 'thing.shelf.s.member.op' failed"},
		{"out of range", "PUT", ok, `{"name":"a","small":11}`, 400, "ValidationException", "Value '11' at 'thing.small' failed to satisfy constraint: Member must have value less than or equal to 10"},
		{"out of range at the other end", "PUT", ok, `{"name":"a","small":0}`, 400, "ValidationException", "Member must have value greater than or equal to 1"},
		{"too short", "PUT", ok, `{"name":""}`, 400, "ValidationException", "Member must have length greater than or equal to 1"},
		{"too long", "PUT", ok, `{"name":"aaaaaaaaa"}`, 400, "ValidationException", "Member must have length less than or equal to 8"},
		{"a string that does not match", "PUT", ok, `{"name":"A"}`, 400, "ValidationException", "Member must satisfy regular expression pattern: [a-zé]*"},
		{"a path longer than any", "PUT", "/things/" + strings.Repeat("x", 9000), ``, 404, "UnknownOperationException", "longer"},
		{"a query of too many pairs", "PUT", ok + "?" + strings.Repeat("a&", 1000), ``, 413, "RequestEntityTooLargeException", "1000 pairs"},
		{"an unknown path", "PUT", "/thing/x", ``, 404, "UnknownOperationException", "/thing/x"},
		{"a label that is empty", "PUT", "/things/", ``, 404, "UnknownOperationException", "/things/"},
		{"a method that the path does not take", "DELETE", ok, ``, 404, "UnknownOperationException", "this path takes PUT"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			h := handler(t, things(func(context.Context, *Thing) (*Thing, error) { t.Error("the operation was called"); return nil, nil }), wire.Options{MaxBody: 4096})
			a := do(h, request(c.method, c.target, c.body))
			if a.status != c.status || a.typ != c.typ || !strings.Contains(a.message(), c.message) {
				t.Errorf("got %d %s %q\nwant %d %s %q", a.status, a.typ, a.message(), c.status, c.typ, c.message)
			}
		})
	}
}

// TestABodyTooLongIsSentToItsEnd holds that a client that sends much more than
// is taken can send all of it, and then reads why it was refused; and that there
// is an end to that.
func TestABodyTooLongIsSentToItsEnd(t *testing.T) {
	for _, c := range []struct {
		desc string
		size int64
		left int64
	}{
		{"Fifty megabytes.", 50 << 20, 0},
		{"More than anybody sends.", 200 << 20, 200<<20 - 4097 - 64<<20},
	} {
		t.Run(c.desc, func(t *testing.T) {
			body := &io.LimitedReader{R: endless{}, N: c.size}
			h := handler(t, things(echo), wire.Options{MaxBody: 4096})
			r := request("PUT", "/things/x", "")
			r.Body, r.ContentLength = io.NopCloser(body), c.size
			if a := do(h, r); a.status != 413 || body.N != c.left {
				t.Errorf("got %d with %d bytes left, want 413 with %d", a.status, body.N, c.left)
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestRoutesThatAQuerySplits(t *testing.T) {
	h := handler(t, things(echo), wire.Options{})
	if a := do(h, request("POST", "/things?mode=import", "raw\x00")); a.status != 202 || a.body != "" {
		t.Errorf("mode=import: %d %q", a.status, a.body)
	}
	for _, target := range []string{"/things", "/things?mode=export"} {
		a := do(h, request("POST", target, "raw\x00"))
		if a.status != 200 || a.body != "raw\x00" || a.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %d %q %s", target, a.status, a.body, a.header)
		}
	}
}

// The free parameters of an import are all query keys but the bound ones and those that chose the operation; the header of an export
// chooses its format. (The Go client cannot show the latter: it overwrites Accept.)
func TestDecodeImportAndExport(t *testing.T) {
	var importIn *apigateway.ImportRestApiInput
	var exportIn *apigateway.GetExportInput
	h, err := apigateway.NewHandler(imports{into: &importIn, export: &exportIn}, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	do(h, request("POST", "/restapis?mode=import&endpointConfigurationTypes=REGIONAL&failonwarnings=true", "swagger: '2.0'"))
	want := &apigateway.ImportRestApiInput{Body: []byte("swagger: '2.0'"), FailOnWarnings: ptr(true), Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"}}
	if d := cmp.Diff(want, importIn); d != "" {
		t.Errorf("import: -want +got:\n%s", d)
	}
	r := request("GET", "/restapis/a/stages/s/exports/oas30?extensions=integrations", "")
	r.Header.Set("Accept", "application/yaml")
	a := do(h, r)
	if exportIn == nil || *exportIn.Accepts != "application/yaml" || exportIn.Parameters["extensions"] != "integrations" {
		t.Errorf("export: got %+v", exportIn)
	}
	if a.body != "openapi: 3" || a.header.Get("Content-Disposition") != "attachment" {
		t.Errorf("export: %+v", a)
	}
}

type imports struct {
	apigateway.Unimplemented
	into   **apigateway.ImportRestApiInput
	export **apigateway.GetExportInput
}

func (i imports) ImportRestApi(_ context.Context, in *apigateway.ImportRestApiInput) (*apigateway.RestApi, error) {
	*i.into = in
	return &apigateway.RestApi{}, nil
}

func (i imports) GetExport(_ context.Context, in *apigateway.GetExportInput) (*apigateway.ExportResponse, error) {
	*i.export = in
	return &apigateway.ExportResponse{Body: []byte("openapi: 3"), ContentDisposition: ptr("attachment")}, nil
}
