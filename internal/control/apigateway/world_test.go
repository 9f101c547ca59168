package apigateway

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"gatehouse/internal/control"
	v2service "gatehouse/internal/control/apigatewayv2"
	"gatehouse/internal/gate"
	"gatehouse/internal/seal"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// A world is a service over a store in memory, with a caller.
type world struct {
	*Service
	t    testing.TB
	ctx  context.Context
	desk *control.Desk
}

func newWorld(t testing.TB) *world {
	t.Helper()
	d := &control.Desk{Store: memory.New(), Limits: gate.DefaultLimits(), Account: "123456789012",
		Keys: seal.NewKeyring(seal.NewKey()), Taggers: []control.Tagger{v2service.Tags}, LinkUser: LinkUser}
	t.Cleanup(func() { d.Store.Close() })
	ctx := wire.WithCaller(t.Context(), wire.Caller{Account: "123456789012", Region: "us-east-1"})
	s := New(d, nil)
	s.newKey = someKey
	return &world{Service: s, t: t, ctx: ctx, desk: d}
}

// someKey is the same key at each call: a new one takes its time.
var someKey = sync.OnceValues(newCertificateKey)

// must returns the answer of an operation that must not be refused.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refusal is the type and message of a refusal, "" and "" for none.
func refusal(err error) (typ, message string) {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Type, e.Message
	}
	if err != nil {
		return "not a refusal", err.Error()
	}
	return "", ""
}

// api makes an API and returns its id and that of its root.
func (w *world) api() (id, root *string) {
	w.t.Helper()
	a := must[*v1.RestApi](w.t)(w.CreateRestApi(w.ctx, &v1.CreateRestApiInput{Name: new("x")}))
	return a.Id, a.RootResourceId
}

// resource makes a child and returns its id.
func (w *world) resource(api, parent *string, part string) *string {
	w.t.Helper()
	return must[*v1.Resource](w.t)(w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: &part})).Id
}

// method makes an open method with a mock behind it.
func (w *world) method(api, resource *string, verb string) {
	w.t.Helper()
	must[*v1.Method](w.t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, AuthorizationType: new("NONE")}))
	must[*v1.Integration](w.t)(w.PutIntegration(w.ctx, &v1.PutIntegrationInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, Type: new("MOCK"),
		RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`}}))
	must[*v1.MethodResponse](w.t)(w.PutMethodResponse(w.ctx, &v1.PutMethodResponseInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, StatusCode: new("200")}))
	must[*v1.IntegrationResponse](w.t)(w.PutIntegrationResponse(w.ctx, &v1.PutIntegrationResponseInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, StatusCode: new("200")}))
}

// ops are patches, each as "op path value" or "op path".
func ops(list ...string) (out []v1.PatchOperation) {
	for _, text := range list {
		parts := strings.SplitN(text, " ", 3)
		o := v1.PatchOperation{Op: &parts[0], Path: &parts[1]}
		if len(parts) == 3 {
			o.Value = &parts[2]
		}
		out = append(out, o)
	}
	return out
}

// wantRefusal checks type and message of a refusal.
func wantRefusal(t testing.TB, err error, typ, message string) {
	t.Helper()
	if gotTyp, got := refusal(err); gotTyp != typ || got != message {
		t.Errorf("got %s: %s\nwant %s: %s", gotTyp, got, typ, message)
	}
}

const (
	badRequest = "BadRequestException"
	notFound   = "NotFoundException"
	inConflict = "ConflictException"
)
