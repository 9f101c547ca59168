package apigatewayv2

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/internal/control"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/plan"
	"gatehouse/internal/route"
	"gatehouse/internal/upstream"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func (w *world) export(api *string, stage, format string) string {
	w.Helper()
	in := &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: &format}
	if stage != "" {
		in.StageName = &stage
	}
	return string(must[*v2.ExportApiOutput](w)(w.ExportApi(w.ctx, in)).Body)
}

// TestExport shows a whole document.
func TestExport(t *testing.T) {
	w := newWorld(t)
	w.desk.Now = func() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }
	api := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("pets"), ProtocolType: new("HTTP"), Tags: map[string]string{"_custom_id_": "pets", "team": "zoo"}})).ApiId
	w.route(api, "ANY /pets/{id}", w.integration(api))
	w.route(api, "$default", nil)
	want := `{
  "openapi" : "3.0.1",
  "info" : {
    "title" : "pets",
    "version" : "2024-01-01T00:00:00Z"
  },
  "servers" : [ {
    "url" : "https://pets.execute-api.us-east-1.amazonaws.com/{basePath}",
    "variables" : {
      "basePath" : {
        "default" : ""
      }
    }
  } ],
  "tags" : [ {
    "name" : "team",
    "x-amazon-apigateway-tag-value" : "zoo"
  } ],
  "paths" : {
    "/$default" : {
      "x-amazon-apigateway-any-method" : {
        "isDefaultRoute" : true,
        "responses" : {
          "default" : {
            "description" : "Default response for $default"
          }
        }
      }
    },
    "/pets/{id}" : {
      "x-amazon-apigateway-any-method" : {
        "responses" : {
          "default" : {
            "description" : "Default response for ANY /pets/{id}"
          }
        },
        "x-amazon-apigateway-integration" : {
          "type" : "http_proxy",
          "httpMethod" : "ANY",
          "uri" : "http://127.0.0.1:1/{id}",
          "connectionType" : "INTERNET",
          "payloadFormatVersion" : "1.0",
          "timeoutInMillis" : 30000
        }
      },
      "parameters" : [ {
        "name" : "id",
        "in" : "path",
        "description" : "Generated path parameter for id",
        "required" : true,
        "schema" : {
          "type" : "string"
        }
      } ]
    }
  },
  "x-amazon-apigateway-importexport-version" : "1.0"
}
`
	if diff := cmp.Diff(want, w.export(api, "", "JSON")); diff != "" {
		t.Error(diff)
	}
	plainly := string(must[*v2.ExportApiOutput](t)(w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: new("yaml"), IncludeExtensions: new(false)})).Body)
	if strings.Contains(plainly, "$default") || strings.Contains(plainly, "x-amazon") || !strings.Contains(plainly, "patch:") {
		t.Errorf("without extensions:\n%s", plainly)
	}
}

// TestExportOfAStage holds that a stage's document is what was deployed,
// whatever has become of the draft.
func TestExportOfAStage(t *testing.T) {
	w := newWorld(t)
	api := w.importing(pets).ApiId
	w.stage(api, "prod", false)
	before := w.dump()
	_, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: new("JSON"), StageName: new("prod")})
	w.refused(before, err, "BadRequestException", "stage prod has no deployment")
	w.deploy(api, "prod")
	draft, deployed := w.export(api, "", "JSON"), w.export(api, "prod", "JSON")
	if got := strings.Replace(deployed, `"default" : "prod"`, `"default" : ""`, 1); got != draft {
		t.Error(cmp.Diff(draft, got))
	}
	w.reimporting(api, petsHead+"paths: {}\n")
	if got := w.export(api, "prod", "JSON"); got != deployed {
		t.Error(cmp.Diff(deployed, got))
	}
	if _, err := w.desk.Sweep(w.ctx); err != nil {
		t.Fatal(err)
	}
	if got := w.export(api, "prod", "JSON"); got != deployed {
		t.Error("a sweep has taken what exports need")
	}
	for _, tc := range []struct{ desc, spec, format, version, stage, typ string }{
		{"Another specification.", "OAS31", "JSON", "", "", "BadRequestException"},
		{"Another format.", "OAS30", "TOML", "", "", "BadRequestException"},
		{"Another version.", "OAS30", "JSON", "2.0", "", "BadRequestException"},
		{"An unknown stage.", "OAS30", "JSON", "", "nope", "NotFoundException"},
	} {
		if _, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: &tc.spec, OutputType: &tc.format, ExportVersion: &tc.version, StageName: &tc.stage}); typeOf(err) != tc.typ {
			t.Errorf("%s %v", tc.desc, err)
		}
	}
}

// TestADeploymentOfAnEdit holds that an edit packs one part anew, not all.
func TestADeploymentOfAnEdit(t *testing.T) {
	w := newWorld(t)
	api := w.importing(many(2001)).ApiId
	w.stage(api, "s", true)
	parts := func() []string {
		return w.frozen(api, string(w.live(api, "s").Deployment)).Deployment.Source
	}
	before := parts()
	w.route(api, "GET /one/more", nil)
	after := parts()
	kept := 0
	for _, sum := range after {
		if slices.Contains(before, sum) {
			kept++
		}
	}
	if len(before) < 4 || kept != len(after)-1 {
		t.Errorf("of %d parts %d are the same", len(after), kept)
	}
}

// drawn counts what the generator below has set.
var fieldsOfADefinition = []any{v2.Api{}, v2.Authorizer{}, v2.Integration{}, v2.Route{}}

// only tells the members that no HTTP API has, or that say nothing of its
// definition.
func only(name string) bool {
	switch name {
	case "Api.ApiEndpoint", "Api.ApiGatewayManaged", "Api.ApiId", "Api.CreatedDate", "Api.ImportInfo", "Api.Warnings",
		"Api.DisableSchemaValidation", "Api.ApiKeySelectionExpression", // no document says them, and they have no effect
		"Authorizer.AuthorizerId",
		"Integration.ApiGatewayManaged", "Integration.IntegrationId", "Integration.ContentHandlingStrategy", "Integration.IntegrationResponseSelectionExpression",
		"Integration.PassthroughBehavior", "Integration.RequestTemplates", "Integration.TemplateSelectionExpression",
		"Route.ApiGatewayManaged", "Route.RouteId", "Route.ModelSelectionExpression", "Route.RequestModels", "Route.RequestParameters", "Route.RouteResponseSelectionExpression":
		return true
	}
	return false
}

// state is what clients see of a definition, without ids and dates.
type state struct {
	API          v2.Api
	Authorizers  map[string]v2.Authorizer
	Integrations []string
	Routes       map[string]v2.Route
}

func (w *world) state(api *string) state {
	w.Helper()
	st := state{API: v2.Api(*must[*v2.GetApiOutput](w)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api}))), Authorizers: map[string]v2.Authorizer{}, Routes: map[string]v2.Route{}}
	st.API.ApiId, st.API.ApiEndpoint, st.API.CreatedDate = nil, nil, nil
	most := new("500")
	names := map[string]string{}
	for _, a := range must[*v2.GetAuthorizersOutput](w)(w.GetAuthorizers(w.ctx, &v2.GetAuthorizersInput{ApiId: api, MaxResults: most})).Items {
		names[*a.AuthorizerId] = *a.Name
		a.AuthorizerId = nil
		st.Authorizers[*a.Name] = a
	}
	users := map[string][]string{}
	routes := must[*v2.GetRoutesOutput](w)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api, MaxResults: most})).Items
	for _, r := range routes {
		users[text(r.Target)] = append(users[text(r.Target)], *r.RouteKey)
	}
	for _, i := range must[*v2.GetIntegrationsOutput](w)(w.GetIntegrations(w.ctx, &v2.GetIntegrationsInput{ApiId: api, MaxResults: most})).Items {
		keys := users[targetPrefix+*i.IntegrationId]
		sort.Strings(keys)
		i.IntegrationId = nil
		st.Integrations = append(st.Integrations, fmt.Sprintf("%q %s", keys, must[[]byte](w)(control.Encode(&i))))
	}
	sort.Strings(st.Integrations)
	for _, r := range routes {
		r.RouteId = nil
		if r.AuthorizerId != nil {
			r.AuthorizerId = new(names[*r.AuthorizerId])
		}
		if r.Target != nil {
			r.Target = new("an integration")
		}
		st.Routes[*r.RouteKey] = r
	}
	return st
}

// author draws APIs, one operation after the other.
type author struct {
	*rapid.T
	w *world
}

func (g author) yes(label string) bool { return rapid.Bool().Draw(g.T, label) }

func (g author) maybe(to **string, label string, values ...string) {
	if g.yes(label) {
		*to = new(rapid.SampledFrom(values).Draw(g.T, label+" of"))
	}
}

func (g author) api() *string {
	in := &v2.CreateApiInput{Name: new(rapid.SampledFrom([]string{"a", "true", "1.0", "a: b"}).Draw(g.T, "name")), ProtocolType: new("HTTP"), Version: new("v: 1")}
	g.maybe(&in.Description, "description", "d", "two\nlines")
	g.maybe(&in.IpAddressType, "ip", "ipv4", "dualstack")
	if g.yes("disable") {
		in.DisableExecuteApiEndpoint = new(true)
	}
	if g.yes("tags") {
		in.Tags = map[string]string{"k": "v", "a:b": ""}
	}
	if g.yes("cors") {
		in.CorsConfiguration = &v2.Cors{AllowOrigins: []string{"https://a"}, AllowMethods: []string{"GET", "*"}, AllowHeaders: []string{"x-a"}, ExposeHeaders: []string{"x-b"}, MaxAge: new(int32(5)), AllowCredentials: new(g.yes("credentials"))}
		if *in.CorsConfiguration.AllowCredentials {
			in.CorsConfiguration.AllowMethods = []string{"GET"}
		}
	}
	return must[*v2.CreateApiOutput](g.w)(g.w.CreateApi(g.w.ctx, in)).ApiId
}

const invocation = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"

func (g author) authorizers(api *string) (list []v2.CreateAuthorizerOutput) {
	for n := range rapid.IntRange(0, 2).Draw(g.T, "authorizers") {
		in := &v2.CreateAuthorizerInput{ApiId: api, Name: new(fmt.Sprintf("auth %d", n)), IdentitySource: []string{"$request.header.Authorization"}}
		if g.yes("jwt") {
			in.AuthorizerType = new("JWT")
			in.JwtConfiguration = &v2.JWTConfiguration{Issuer: new("https://i/"), Audience: []string{"a", "b"}}
		} else {
			in.AuthorizerType, in.AuthorizerUri, in.AuthorizerPayloadFormatVersion = new("REQUEST"), new(invocation), new("2.0")
			in.IdentitySource = append(in.IdentitySource, "$request.querystring.a,b", "$context.path")
			g.maybe(&in.AuthorizerCredentialsArn, "credentials", "arn:aws:iam::123456789012:role/r")
			if g.yes("simple") {
				in.EnableSimpleResponses, in.AuthorizerResultTtlInSeconds = new(true), new(int32(60))
			}
		}
		g.maybe(&in.IdentityValidationExpression, "expression", "x")
		list = append(list, *must[*v2.CreateAuthorizerOutput](g.w)(g.w.CreateAuthorizer(g.w.ctx, in)))
	}
	return list
}

func (g author) integrations(api, link *string) (ids []string) {
	for range rapid.IntRange(0, 3).Draw(g.T, "integrations") {
		in := &v2.CreateIntegrationInput{ApiId: api}
		g.maybe(&in.Description, "text", "a # b", "d")
		if g.yes("timeout") {
			in.TimeoutInMillis = new(int32(50))
		}
		switch rapid.IntRange(0, 3).Draw(g.T, "kind") {
		case 0:
			in.IntegrationType, in.IntegrationMethod, in.IntegrationUri = new("HTTP_PROXY"), new("ANY"), new("https://h/x?y=z")
			g.maybe(&in.IntegrationMethod, "method", "GET", "POST")
			if g.yes("mapped") {
				in.RequestParameters = map[string]string{"append:header.x-a": "$request.path", "remove:querystring.q": "''"}
				in.ResponseParameters = map[string]map[string]string{"200": {"overwrite:statuscode": "201"}, "500": {"append:header.x": "$context.requestId"}}
			}
			if g.yes("tls") {
				in.TlsConfig = &v2.TlsConfigInput{ServerNameToVerify: new("h.example")}
			}
		case 1:
			in.IntegrationType, in.IntegrationMethod, in.ConnectionType, in.ConnectionId = new("HTTP_PROXY"), new("ANY"), new("VPC_LINK"), link
			in.IntegrationUri = new("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c")
		case 2:
			in.IntegrationType, in.IntegrationUri, in.PayloadFormatVersion = new("AWS_PROXY"), new("arn:aws:lambda:us-east-1:123456789012:function:f"), new("2.0")
		case 3:
			in.IntegrationType, in.IntegrationSubtype, in.CredentialsArn = new("AWS_PROXY"), new("SQS-SendMessage"), new("arn:aws:iam::123456789012:role/r")
			in.RequestParameters = map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "$request.body"}
		}
		ids = append(ids, *must[*v2.CreateIntegrationOutput](g.w)(g.w.CreateIntegration(g.w.ctx, in)).IntegrationId)
	}
	return ids
}

func (g author) routes(api *string, authorizers []v2.CreateAuthorizerOutput, integrations []string) {
	keys := []string{"$default"}
	for _, p := range []string{"/", "/a", "/a/", "/a/{b}", "/a/{b}/c", "/{proxy+}", "/a/{rest+}", "/$default/x", "/%C3%A9"} {
		for _, m := range []string{"ANY", "GET", "POST", "DELETE"} {
			keys = append(keys, m+" "+p)
		}
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 10, rapid.ID).Draw(g.T, "routes") {
		in := &v2.CreateRouteInput{ApiId: api, RouteKey: &key}
		g.maybe(&in.OperationName, "operation", "op", "other op")
		if len(integrations) > 0 && g.yes("target") {
			in.Target = new(targetPrefix + rapid.SampledFrom(integrations).Draw(g.T, "target of"))
		}
		switch {
		case len(authorizers) > 0 && g.yes("authorizer"):
			a := rapid.SampledFrom(authorizers).Draw(g.T, "authorizer of")
			in.AuthorizerId, in.AuthorizationType = a.AuthorizerId, new("CUSTOM")
			if *a.AuthorizerType == "JWT" {
				in.AuthorizationType = new("JWT")
				if g.yes("scopes") {
					in.AuthorizationScopes = []string{"read", "write"}
				}
			}
		case g.yes("iam"):
			in.AuthorizationType = new("AWS_IAM")
		}
		must[*v2.CreateRouteOutput](g.w)(g.w.CreateRoute(g.w.ctx, in))
	}
}

// TestAnExportImportsAgain holds that an API of any operations, exported and
// imported, is the same definition to clients, and finds the same routes for
// the same requests in a plan.
func TestAnExportImportsAgain(t *testing.T) {
	seen := map[string]int{}
	note := func(v any) {
		s := reflect.ValueOf(v)
		for i := range s.NumField() {
			if !s.Field(i).IsZero() {
				seen[s.Type().Name()+"."+s.Type().Field(i).Name]++
			}
		}
	}
	w := newWorld(t)
	plans := w.follow(t)
	link := must[*v2.CreateVpcLinkOutput](t)(w.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-12345678"}})).VpcLinkId
	n, found := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := *w
		w.TB = tb{t}
		g := author{t, &w}
		api := g.api()
		g.routes(api, g.authorizers(api), g.integrations(api, link))
		want := w.state(api)
		note(want.API)
		for _, a := range want.Authorizers {
			note(a)
		}
		for _, r := range want.Routes {
			note(r)
		}
		for _, i := range must[*v2.GetIntegrationsOutput](&w)(w.GetIntegrations(w.ctx, &v2.GetIntegrationsInput{ApiId: api})).Items {
			note(i)
		}
		doc := w.export(api, "", rapid.SampledFrom([]string{"JSON", "YAML"}).Draw(t, "format"))
		again := w.importing(doc)
		if diff := cmp.Diff(want, w.state(again.ApiId)); diff != "" {
			t.Fatalf("%s\n%s", diff, doc)
		}
		if n++; n%5 == 0 {
			w.stage(api, "s", true)
			w.stage(again.ApiId, "s", true)
			found += requests(t, plans(), gate.APIID(*api), gate.APIID(*again.ApiId))
		}
	})
	if found == 0 {
		t.Error("no request has found a route")
	}
	for _, v := range fieldsOfADefinition {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if name := typ.Name() + "." + typ.Field(i).Name; seen[name] == 0 && !only(name) {
				t.Errorf("%s was never drawn", name)
			}
		}
	}
}

// tb lets a check of rapid pass for a test.
type tb struct{ *rapid.T }

func (tb) Cleanup(func()) {}

// requests asks a plan 50 times which route of each of two APIs answers, and
// returns how often one does.
func requests(t *rapid.T, p *plan.Plan, one, two gate.APIID) (answered int) {
	find := func(api gate.APIID, method, path string) (found string) {
		p.Candidates(gate.StageRef{API: api, Name: "s"}, method, path, func(key string, why route.Why) {
			if why == route.Matched {
				found = key
			}
		})
		return found
	}
	for range 50 {
		method := rapid.SampledFrom([]string{"GET", "POST", "DELETE", "PATCH"}).Draw(t, "method")
		path := rapid.SampledFrom([]string{"/", "/a", "/a/", "/a/1", "/a/1/c", "/a/1/c/d", "/b", "/b/c", "/$default/x", "/$default", "/%C3%A9"}).Draw(t, "path")
		if a, b := find(one, method, path), find(two, method, path); a != b {
			t.Fatalf("%s %s finds %q, and in the import %q", method, path, a, b)
		} else if a != "" {
			answered++
		}
	}
	return answered
}

type noMeters struct{}

func (noMeters) Route(gate.APIID, gate.StageName, string, string) flow.Meter { return nil }

// follow compiles plans of the world's store until the test ends.
func (w *world) follow(t *testing.T) func() *plan.Plan {
	pools := upstream.New(upstream.Options{})
	var current atomic.Pointer[plan.Plan]
	f := &plan.Follower{Store: w.store, Live: &plan.Live{Pools: pools, Meters: noMeters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)}, Publish: func(p *plan.Plan) { current.Store(p) }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		pools.Close()
	})
	for current.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	w.desk.Handled = f.Wait
	return current.Load
}

// BenchmarkPack packs what a deployment of 1,000 routes was made from.
func BenchmarkPack(b *testing.B) {
	w := newWorld(b)
	api := w.importing(many(1001)).ApiId
	err := w.desk.View(w.ctx, func(t *control.Tx) error {
		d, err := w.open(t, placeOf(b, w), api)
		if err != nil {
			return err
		}
		if _, err := d.lower("x"); err != nil {
			return err
		}
		for b.Loop() {
			if _, err := d.pack(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
