package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TB is what tests, and checks of rapid, have in common.
type TB interface {
	Helper()
	Cleanup(func())
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// world is a service on an empty store, called from us-east-1.
type world struct {
	*Service
	TB
	ctx   context.Context
	store store.Store
}

const account = "123456789012"

func in(region string) context.Context {
	return wire.WithCaller(context.Background(), wire.Caller{Account: account, Region: region, AccessKeyID: "test"})
}

func newWorld(t TB) *world {
	s := memory.New()
	t.Cleanup(func() { s.Close() })
	d := &control.Desk{Store: s, Limits: gate.DefaultLimits()}
	return &world{Service: New(d, nil), TB: t, ctx: in("us-east-1"), store: s}
}

// must returns the answer of a call that has to succeed.
func must[T any](t TB) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (w *world) api() *string {
	w.Helper()
	return must[*v2.CreateApiOutput](w)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP")})).ApiId
}

func (w *world) integration(api *string) *string {
	w.Helper()
	return must[*v2.CreateIntegrationOutput](w)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{
		ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: new("http://127.0.0.1:1/{id}")})).IntegrationId
}

func (w *world) route(api *string, key string, integration *string) *string {
	w.Helper()
	in := &v2.CreateRouteInput{ApiId: api, RouteKey: &key}
	if integration != nil {
		in.Target = new("integrations/" + *integration)
	}
	return must[*v2.CreateRouteOutput](w)(w.CreateRoute(w.ctx, in)).RouteId
}

// jwt is an authorizer of an API.
func (w *world) jwt(api *string) *string {
	w.Helper()
	return must[*v2.CreateAuthorizerOutput](w)(w.CreateAuthorizer(w.ctx, jwt(api, "jwt", nil))).AuthorizerId
}

// jwt and request are the least that makes an authorizer.
func jwt(api *string, name string, change func(*v2.CreateAuthorizerInput)) *v2.CreateAuthorizerInput {
	in := &v2.CreateAuthorizerInput{ApiId: api, Name: &name, AuthorizerType: new("JWT"), IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &v2.JWTConfiguration{Issuer: new("https://issuer.example"), Audience: []string{"me"}}}
	if change != nil {
		change(in)
	}
	return in
}

func request(api *string, name string, change func(*v2.CreateAuthorizerInput)) *v2.CreateAuthorizerInput {
	in := &v2.CreateAuthorizerInput{ApiId: api, Name: &name, AuthorizerType: new("REQUEST"), IdentitySource: []string{},
		AuthorizerUri:                  new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"),
		AuthorizerPayloadFormatVersion: new("2.0")}
	if change != nil {
		change(in)
	}
	return in
}

func (w *world) model(api *string, name, schema string) *string {
	w.Helper()
	return must[*v2.CreateModelOutput](w)(w.CreateModel(w.ctx, &v2.CreateModelInput{ApiId: api, Name: &name, Schema: &schema})).ModelId
}

// certificate is that of a domain, which nobody looks at yet.
var certificate = []v2.DomainNameConfiguration{{CertificateArn: new("arn:aws:acm:us-east-1:123456789012:certificate/c")}}

func (w *world) domain(name string) *string {
	w.Helper()
	return must[*v2.CreateDomainNameOutput](w)(w.CreateDomainName(w.ctx, &v2.CreateDomainNameInput{DomainName: &name, DomainNameConfigurations: certificate})).DomainName
}

func (w *world) mapping(domain, key string, api *string, stage string) *string {
	w.Helper()
	return must[*v2.CreateApiMappingOutput](w)(w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: &domain, ApiMappingKey: &key, ApiId: api, Stage: &stage})).ApiMappingId
}

func (w *world) vpcLink() *string {
	w.Helper()
	return must[*v2.CreateVpcLinkOutput](w)(w.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-1"}})).VpcLinkId
}

// private is an integration behind a VPC link.
func private(api, link *string) *v2.CreateIntegrationInput {
	return &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), ConnectionType: new("VPC_LINK"), ConnectionId: link,
		IntegrationUri: new("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/lb/50dc6c495c0c9188/f2f7dc8efc522ab2")}
}

// queueing is an integration that sends messages to a queue.
func queueing(api *string, arguments map[string]string) *v2.CreateIntegrationInput {
	return &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("AWS_PROXY"), IntegrationSubtype: new("SQS-SendMessage"),
		CredentialsArn: new("arn:aws:iam::123456789012:role/r"), RequestParameters: arguments}
}

// liveDomain is a domain as data planes see it, nil where there is none.
func (w *world) liveDomain(name string) *gate.Domain {
	w.Helper()
	doc, err := w.store.Get(context.Background(), gate.DomainKey(gate.DomainName(name)))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	d := new(gate.Domain)
	if err := json.Unmarshal(doc.Value, d); err != nil {
		w.Fatal(err)
	}
	return d
}

func (w *world) stage(api *string, name string, auto bool) *v2.CreateStageOutput {
	w.Helper()
	return must[*v2.CreateStageOutput](w)(w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: &name, AutoDeploy: &auto}))
}

func (w *world) deploy(api *string, stage string) *string {
	w.Helper()
	in := &v2.CreateDeploymentInput{ApiId: api}
	if stage != "" {
		in.StageName = &stage
	}
	return must[*v2.CreateDeploymentOutput](w)(w.CreateDeployment(w.ctx, in)).DeploymentId
}

// dump is all that the store holds.
func (w *world) dump() map[string]string {
	w.Helper()
	docs := map[string]string{}
	_, err := w.store.Scan(context.Background(), "", func(d store.Doc) error {
		docs[d.Key] = string(d.Value)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return docs
}

// live is a stage as data planes see it.
func (w *world) live(api *string, name string) gate.Stage {
	w.Helper()
	doc, err := w.store.Get(context.Background(), gate.StageKey(gate.StageRef{API: gate.APIID(*api), Name: gate.StageName(name)}))
	if err != nil {
		w.Fatal(err)
	}
	var st gate.Stage
	if err := json.Unmarshal(doc.Value, &st); err != nil {
		w.Fatal(err)
	}
	return st
}

// served is the definition that a stage serves, read as the data plane does;
// nil where nothing is deployed.
func (w *world) served(api *string, stage string) *gate.Definition {
	w.Helper()
	st := w.live(api, stage)
	if st.Deployment == "" {
		return nil
	}
	return w.frozen(api, string(st.Deployment))
}

func (w *world) frozen(api *string, id string) *gate.Definition {
	w.Helper()
	ref := gate.DeploymentRef{API: gate.APIID(*api), ID: gate.DeploymentID(id)}
	doc, err := w.store.Get(context.Background(), gate.DeploymentKey(ref))
	if err != nil {
		w.Fatal(err)
	}
	var def gate.Definition
	if err := json.Unmarshal(doc.Value, &def.Deployment); err != nil {
		w.Fatal(err)
	}
	for _, sum := range def.Deployment.Chunks {
		chunk, err := w.store.Get(context.Background(), gate.ChunkKey(sum))
		if err != nil {
			w.Fatal(err)
		}
		routes, err := gate.ParseChunk(sum, chunk.Value)
		if err != nil {
			w.Fatal(err)
		}
		def.Routes = append(def.Routes, routes...)
	}
	return &def
}

// keysOf are the route keys of a definition, sorted.
func keysOf(def *gate.Definition) []string {
	m := map[string]bool{}
	if def != nil {
		for _, r := range def.Routes {
			m[r.Key] = true
		}
	}
	return sortedKeys(m)
}

// refused holds that a call failed as it should and changed nothing.
func (w *world) refused(before map[string]string, err error, typ, part string) {
	w.Helper()
	var e *wire.Error
	switch {
	case !errors.As(err, &e):
		w.Errorf("got %v, want a %s", err, typ)
	case e.Type != typ || !strings.Contains(e.Message, part):
		w.Errorf("got %s %q, want %s with %q", e.Type, e.Message, typ, part)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		w.Errorf("a refused call changed the store:\n%s", diff)
	}
}

func placeOf(t TB, w *world) control.Place {
	t.Helper()
	return must[control.Place](t)(w.desk.Place(w.ctx))
}

// load reads a draft document.
func load(t TB, w *world, key string, v any) {
	t.Helper()
	doc, err := w.store.Get(context.Background(), key)
	if err == nil {
		err = control.Decode(doc.Value, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// members are the members of a structure that are present, by name.
func members(v any) map[string]any {
	m := map[string]any{}
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		if f := s.Field(i); !f.IsZero() {
			m[s.Type().Field(i).Name] = f.Interface()
		}
	}
	return m
}
