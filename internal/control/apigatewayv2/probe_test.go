package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// A probe reports whether a field acts. Told to drop it, it does all the same
// without the field, and has to report that it does not.
type probe func(w *world, drop bool) bool

// TestEnforced holds that every field which docs/coverage.md calls enforced has
// a probe, that the field acts, and that the probe would notice if it stopped.
func TestEnforced(t *testing.T) {
	for name, fields := range resources {
		for path, f := range fields {
			field := name + "." + path
			p := probes()[field]
			if f.Class != control.Enforced {
				if p != nil && f.Class == control.Metadata {
					t.Errorf("%s has a probe, but is %s", field, f.Class)
				}
				continue
			}
			t.Run(field, func(t *testing.T) {
				if p == nil {
					t.Fatal("an enforced field without a probe")
				}
				if !p(newWorld(t), false) {
					t.Error("it does not act")
				}
				if p(newWorld(t), true) {
					t.Error("the probe does not notice that it was dropped")
				}
			})
		}
	}
}

// probes are all of them, by the name of the field.
func probes() map[string]probe {
	all := map[string]probe{
		"api.protocolType": func(w *world, drop bool) bool {
			_, err := w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: unless(drop, "WEBSOCKET")})
			return typeOf(err) == "NotImplementedException"
		},
		"list.maxResults": func(w *world, drop bool) bool {
			w.api()
			w.api()
			out := must[*v2.GetApisOutput](w)(w.GetApis(w.ctx, &v2.GetApisInput{MaxResults: unless(drop, "1")}))
			return len(out.Items) == 1
		},
		"list.nextToken": func(w *world, drop bool) bool {
			w.api()
			w.api()
			first := must[*v2.GetApisOutput](w)(w.GetApis(w.ctx, &v2.GetApisInput{MaxResults: new("1")}))
			second := must[*v2.GetApisOutput](w)(w.GetApis(w.ctx, &v2.GetApisInput{MaxResults: new("1"), NextToken: unless(drop, *first.NextToken)}))
			return *first.Items[0].ApiId != *second.Items[0].ApiId
		},
	}
	for field, p := range labels() {
		all[field] = p
	}
	for field, p := range kept() {
		all[field] = p
	}
	for field, p := range imported() {
		all[field] = p
	}
	for field, p := range ruled() {
		all[field] = p
	}
	for field, p := range visible() {
		all[field] = p
	}
	return all
}

// labels are the probes of what names a thing in the path: without it, or with
// another, the call does not find the thing.
func labels() map[string]probe {
	found := func(call func(w *world, api, id *string) error) probe {
		return func(w *world, drop bool) bool {
			api := w.api()
			return call(w, unless(drop, *api), nil) == nil
		}
	}
	return map[string]probe{
		"api.ApiId": found(func(w *world, api, _ *string) error {
			_, err := w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api})
			return err
		}),
		"route.ApiId": found(func(w *world, api, _ *string) error {
			_, err := w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /")})
			return err
		}),
		"integration.ApiId": found(func(w *world, api, _ *string) error {
			_, err := w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), IntegrationUri: new("http://h/")})
			return err
		}),
		"stage.ApiId": found(func(w *world, api, _ *string) error {
			_, err := w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s")})
			return err
		}),
		"list.ApiId": found(func(w *world, api, _ *string) error {
			_, err := w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api})
			return err
		}),
		"deployment.ApiId": func(w *world, drop bool) bool {
			api := w.api()
			w.route(api, "GET /", nil)
			_, err := w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: unless(drop, *api)})
			return err == nil
		},
		"route.RouteId": func(w *world, drop bool) bool {
			api := w.api()
			id := w.route(api, "GET /", nil)
			return w.DeleteRoute(w.ctx, &v2.DeleteRouteInput{ApiId: api, RouteId: unless(drop, *id)}) == nil
		},
		"integration.IntegrationId": func(w *world, drop bool) bool {
			api := w.api()
			id := w.integration(api)
			return w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: unless(drop, *id)}) == nil
		},
		"deployment.DeploymentId": func(w *world, drop bool) bool {
			api := w.api()
			w.route(api, "GET /", nil)
			id := w.deploy(api, "")
			return w.DeleteDeployment(w.ctx, &v2.DeleteDeploymentInput{ApiId: api, DeploymentId: unless(drop, *id)}) == nil
		},
		"stage.StageName": func(w *world, drop bool) bool {
			api := w.api()
			w.stage(api, "s", false)
			return w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: unless(drop, "s")}) == nil
		},
		"stage.RouteKey": func(w *world, drop bool) bool {
			api := w.api()
			w.route(api, "GET /", nil)
			must[*v2.CreateStageOutput](w)(w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"), RouteSettings: map[string]v2.RouteSettings{"GET /": {}}}))
			return w.DeleteRouteSettings(w.ctx, &v2.DeleteRouteSettingsInput{ApiId: api, StageName: new("s"), RouteKey: unless(drop, "GET /")}) == nil
		},
	}
}

// lowered look, for each field that a definition or a live stage is made from,
// at what the data plane reads. TestWhatIsLoweredIsSeen goes through them.
func lowered() map[string]func(gate.Deployment, gate.Route, gate.Stage) bool {
	return map[string]func(gate.Deployment, gate.Route, gate.Stage) bool{
		"api.disableExecuteApiEndpoint": func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool { return d.DisableDefaultEndpoint },

		"api.corsConfiguration.allowCredentials": func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool { return d.CORS.AllowCredentials },
		"api.corsConfiguration.allowHeaders":     func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool { return len(d.CORS.AllowHeaders) == 1 },
		"api.corsConfiguration.allowMethods":     func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool { return len(d.CORS.AllowMethods) == 1 },
		"api.corsConfiguration.allowOrigins":     func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool { return len(d.CORS.AllowOrigins) == 1 },
		"api.corsConfiguration.exposeHeaders":    func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool { return len(d.CORS.ExposeHeaders) == 1 },
		"api.corsConfiguration.maxAge": func(d gate.Deployment, _ gate.Route, _ gate.Stage) bool {
			return d.CORS.MaxAge != nil && *d.CORS.MaxAge == 7
		},

		"route.routeKey": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool { return r.Key == "GET /a/{a}" },
		"route.target":   func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool { return r.Integration != nil },
		"route.authorizationType": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Authorization.Kind == gate.AuthJWT
		},
		"route.authorizerId": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return len(r.Authorization.Authorizer) == control.ResourceIDLength
		},
		"route.authorizationScopes": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return len(r.Authorization.Scopes) == 1
		},

		"integration.integrationType": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool { return r.Integration.Kind == gate.HTTPProxy },
		"integration.connectionType":  func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool { return r.Integration.Kind == gate.HTTPProxy },
		"integration.connectionId": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return len(r.Integration.ConnectionID) == control.ResourceIDLength
		},
		"integration.integrationSubtype": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Integration.Kind == gate.AWSService && r.Integration.Subtype == "SQS-SendMessage"
		},
		"integration.credentialsArn": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Integration.Credentials == "arn:aws:iam::123456789012:role/r"
		},
		"integration.integrationUri":    func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool { return r.Integration.URI == "https://h/{a}" },
		"integration.integrationMethod": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool { return r.Integration.Method == "PUT" },
		"integration.timeoutInMillis": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Integration.Timeout == 1234*time.Millisecond
		},
		"integration.requestParameters": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Integration.RequestParameters["overwrite:path"] == "/b"
		},
		"integration.responseParameters": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Integration.ResponseParameters["200"]["overwrite:statuscode"] == "201"
		},
		"integration.tlsConfig.serverNameToVerify": func(_ gate.Deployment, r gate.Route, _ gate.Stage) bool {
			return r.Integration.ServerName == "n.example"
		},

		"stage.deploymentId":   func(d gate.Deployment, _ gate.Route, st gate.Stage) bool { return st.Deployment == d.ID },
		"stage.stageVariables": func(_ gate.Deployment, _ gate.Route, st gate.Stage) bool { return st.Variables["v"] == "1" },
		"stage.defaultRouteSettings.detailedMetricsEnabled": func(_ gate.Deployment, _ gate.Route, st gate.Stage) bool {
			return st.DetailedMetrics
		},
		"stage.routeSettings.*.detailedMetricsEnabled": func(_ gate.Deployment, _ gate.Route, st gate.Stage) bool {
			return st.DetailedMetrics && !st.Detailed("GET /a/{a}")
		},
	}
}

// whole makes an API in which every lowered field has a value of its own, takes
// one of them out of its draft if told so, and lowers it.
func whole(w *world, field string, drop bool) (gate.Deployment, gate.Route, gate.Stage) {
	api := must[*v2.CreateApiOutput](w)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), DisableExecuteApiEndpoint: new(true),
		CorsConfiguration: &v2.Cors{AllowCredentials: new(true), AllowHeaders: []string{"X-A"}, AllowMethods: []string{"GET"}, AllowOrigins: []string{"https://a"},
			ExposeHeaders: []string{"X-B"}, MaxAge: new(int32(7))}})).ApiId
	i := must[*v2.CreateIntegrationOutput](w)(w.CreateIntegration(w.ctx, w.holding(api, field))).IntegrationId
	r := must[*v2.CreateRouteOutput](w)(w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /a/{a}"), Target: new("integrations/" + *i),
		AuthorizationType: new("JWT"), AuthorizerId: w.jwt(api), AuthorizationScopes: []string{"s"}})).RouteId
	first := w.deploy(api, "")
	must[*v2.CreateStageOutput](w)(w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"), DeploymentId: first,
		StageVariables: map[string]string{"v": "1"}, DefaultRouteSettings: &v2.RouteSettings{DetailedMetricsEnabled: new(true)},
		RouteSettings: map[string]v2.RouteSettings{"GET /a/{a}": {DetailedMetricsEnabled: new(false)}}}))
	d := &draft{keys: keys{placeOf(w, w), gate.APIID(*api)}, head: apiDoc{Gen: 1}}
	if drop {
		kind, path, _ := strings.Cut(field, ".")
		w.forget(map[string]string{"api": d.apiKey(), "route": d.routeKey(*r), "integration": d.integrationKey(*i), "stage": d.stageKey("s")}[kind], path)
	}
	id := w.deploy(api, "")
	if field == "stage.deploymentId" {
		id = first
	}
	must[*v2.UpdateStageOutput](w)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("s"), Description: new("lower again")}))
	def := w.frozen(api, *id)
	return def.Deployment, def.Routes[0], w.live(api, "s")
}

// holding is an integration of the kind that has a field.
func (w *world) holding(api *string, field string) *v2.CreateIntegrationInput {
	switch field {
	case "integration.connectionId":
		return private(api, w.vpcLink())
	case "integration.integrationSubtype", "integration.credentialsArn":
		return queueing(api, map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "b"})
	}
	return &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("PUT"), IntegrationUri: new("https://h/{a}"),
		TimeoutInMillis: new(int32(1234)), TlsConfig: &v2.TlsConfigInput{ServerNameToVerify: new("n.example")},
		RequestParameters: map[string]string{"overwrite:path": "/b"}, ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "201"}}}
}

// forget takes a member out of the AWS shape in a draft document.
func (w *world) forget(key, path string) {
	w.Helper()
	doc, err := w.store.Get(context.Background(), key)
	if err != nil {
		w.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(doc.Value, &tree); err != nil {
		w.Fatal(err)
	}
	at := tree["aws"].(map[string]any)
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		if name == "*" {
			name = sortedKeys(at)[0]
		}
		at = at[name].(map[string]any)
	}
	last := names[len(names)-1]
	if _, ok := at[last]; !ok {
		w.Fatalf("document %s has no member %s to forget: %s", key, path, doc.Value)
	}
	delete(at, last)
	text, err := json.Marshal(tree)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.store.Commit(context.Background(), store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text}); err != nil {
		w.Fatal(err)
	}
}

func unless[T any](drop bool, v T) *T {
	if drop {
		return nil
	}
	return &v
}

func typeOf(err error) string {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Type
	}
	return ""
}

// TestWhatIsNotUnderstoodStaysClosed holds that a draft which lost what decides
// about access, or about the kind of backend, is not lowered to something open.
func TestWhatIsNotUnderstoodStaysClosed(t *testing.T) {
	_, r, _ := whole(newWorld(t), "route.authorizationType", true)
	if r.Authorization.Kind != "" {
		t.Errorf("without a type a route is open: %q", r.Authorization.Kind)
	}
	for _, field := range []string{"integration.integrationType", "integration.connectionType"} {
		_, r, _ = whole(newWorld(t), field, true)
		if r.Integration.Kind != "" {
			t.Errorf("without %s an integration is of kind %q", field, r.Integration.Kind)
		}
	}
}

// TestRefusedFieldsAreRefused walks the fields that are called refused, through
// the structures themselves: each is tried with a value that would act.
func TestRefusedFieldsAreRefused(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	route := w.route(api, "GET /", nil)
	calls := map[string]func(v any) error{
		"route": func(v any) error {
			in := v.(*v2.CreateRouteInput)
			in.ApiId, in.RouteKey = api, new("GET /x")
			_, err := w.CreateRoute(w.ctx, in)
			return err
		},
		"integration": func(v any) error {
			in := v.(*v2.CreateIntegrationInput)
			in.ApiId, in.IntegrationType, in.IntegrationMethod, in.IntegrationUri = api, new("HTTP_PROXY"), new("GET"), new("http://h/")
			_, err := w.CreateIntegration(w.ctx, in)
			return err
		},
		"stage": func(v any) error {
			in := v.(*v2.CreateStageInput)
			in.ApiId, in.StageName = api, new("s")
			_, err := w.CreateStage(w.ctx, in)
			return err
		},
		"domain": func(v any) error {
			in := v.(*v2.CreateDomainNameInput)
			in.DomainName, in.DomainNameConfigurations = new("a.example"), certificate
			_, err := w.CreateDomainName(w.ctx, in)
			return err
		},
		"rule": func(v any) error {
			_, err := w.CreateRoutingRule(w.ctx, v.(*v2.CreateRoutingRuleInput))
			return err
		},
		"requestParameter": func(v any) error {
			in := v.(*v2.DeleteRouteRequestParameterInput)
			in.ApiId, in.RouteId = api, route
			return w.DeleteRouteRequestParameter(w.ctx, in)
		},
	}
	empty := map[string]func() any{
		"route": func() any { return new(v2.CreateRouteInput) }, "integration": func() any { return new(v2.CreateIntegrationInput) },
		"stage": func() any { return new(v2.CreateStageInput) }, "domain": func() any { return new(v2.CreateDomainNameInput) },
		"rule": func() any { return new(v2.CreateRoutingRuleInput) }, "requestParameter": func() any { return new(v2.DeleteRouteRequestParameterInput) },
	}
	for name, fields := range resources {
		for path, f := range fields {
			if f.Class != control.Refused {
				continue
			}
			t.Run(name+"."+path, func(t *testing.T) {
				v := empty[name]()
				if err := control.Decode(sample(path), v); err != nil {
					t.Fatal(err)
				}
				before := w.dump()
				w := *w
				w.TB = t
				typ := "BadRequestException"
				if strings.Contains(f.Note, "501") {
					typ = "NotImplementedException"
				}
				w.refused(before, calls[name](v), typ, "")
			})
		}
	}
}

// sample is a JSON text with a value that acts at a path.
func sample(path string) []byte {
	values := map[string]string{"required": "true", "apiKeyRequired": "true", "dataTraceEnabled": "true", "loggingLevel": `"INFO"`,
		"requestModels": `{"a":"b"}`, "requestTemplates": `{"a":"b"}`}
	names := strings.Split(strings.ReplaceAll(path, "*", "GET /"), ".")
	text, ok := values[names[len(names)-1]]
	if !ok {
		text = `"x"`
	}
	for i := len(names) - 1; i >= 0; i-- {
		text = `{"` + names[i] + `":` + text + `}`
	}
	return []byte(text)
}
