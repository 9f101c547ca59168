package wire_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/wire"
)

const signed = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/apigateway/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// Thing has a member of every kind and place.
type Thing struct {
	ID     *string           `wire:"ID,label,required"`
	Name   *string           `wire:"name,required"`
	Kind   *string           `wire:"kind,enum=Kind"`
	Kinds  []string          `wire:"kinds,enum=Kind"`
	On     *bool             `wire:"on"`
	Small  *int32            `wire:"small"`
	Large  *int64            `wire:"large"`
	Ratio  *float64          `wire:"ratio"`
	At     *time.Time        `wire:"at,iso"`
	Since  *time.Time        `wire:"since,epoch"`
	Bytes  []byte            `wire:"bytes"`
	Tags   map[string]string `wire:"tags"`
	Parts  []Part            `wire:"parts"`
	Shelf  map[string]Part   `wire:"shelf"`
	Main   *Part             `wire:"main"`
	Limit  *int32            `wire:"limit,query"`
	Full   *bool             `wire:"full,query"`
	Sort   *string           `wire:"sort,query"`
	Embed  []string          `wire:"embed,query"`
	Accept *string           `wire:"Accept,header"`
	Rest   map[string]string `wire:"rest,params"`
}

// Part is a structure inside a structure.
type Part struct {
	Op   *string `wire:"op,required,enum=Op"`
	Path *string `wire:"path"`
}

// Raw has a payload.
type Raw struct {
	Body []byte `wire:"body,payload,required"`
}

// File is an output with header members and a payload.
type File struct {
	Type *string `wire:"Content-Type,header"`
	Body []byte  `wire:"body,payload"`
}

// things is a table of three operations over the structures above. put is what the first does.
func things(put func(context.Context, *Thing) (*Thing, error)) wire.Table {
	return wire.Table{
		Service: "things", Invalid: "ValidationException",
		Enums:       map[string][]string{"Kind": {"RED", "BLUE"}, "Op": {"add", "remove"}},
		Constraints: map[string]wire.Constraint{"Thing.Small": {Range: &[2]int64{1, 10}}, "Thing.Name": {MinLength: 1, MaxLength: 8, Pattern: `[a-zé]*`}},
		Operations: []wire.Operation{
			wire.Op("PutThing", "PUT", "/things/{ID}", 201, put),
			wire.Unit("ImportThing", "POST", "/things?mode=import", 202, func(_ context.Context, in *Raw) error { return nil }),
			wire.Op("ExportThing", "POST", "/things", 200, func(_ context.Context, in *Raw) (*File, error) { return &File{Body: in.Body}, nil }),
		},
	}
}

func echo(_ context.Context, in *Thing) (*Thing, error) { return in, nil }

func handler(t testing.TB, table wire.Table, o wire.Options) *wire.Handler {
	t.Helper()
	h, err := wire.NewHandler(table, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", signed)
	r.Host = "localhost:4566"
	return r
}

type reply struct {
	status int
	header http.Header
	body   string
	typ    string // x-amzn-ErrorType
}

// message is the message of an error's body.
func (r reply) message() string {
	var m map[string]any
	_ = json.Unmarshal([]byte(r.body), &m)
	for _, key := range []string{"message", "Message"} {
		if s, ok := m[key].(string); ok {
			return s
		}
	}
	return ""
}

func do(h http.Handler, r *http.Request) reply {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Result().Body)
	return reply{w.Code, w.Result().Header, string(b), w.Result().Header.Get("x-amzn-ErrorType")}
}

func ptr[T any](v T) *T { return &v }
