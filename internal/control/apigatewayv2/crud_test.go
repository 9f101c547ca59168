package apigatewayv2

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestDefaults holds what comes back of the least that can be sent (control
// plane section 2.6), member by member.
func TestDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a clock that stands still
		w := newWorld(t)
		now := w.now()
		api := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP")}))
		id := api.ApiId
		if diff := cmp.Diff(&v2.CreateApiOutput{
			ApiId: id, Name: new("x"), ProtocolType: new("HTTP"), CreatedDate: now, Tags: map[string]string{},
			ApiEndpoint:               new("https://" + *id + ".execute-api.us-east-1.amazonaws.com"),
			ApiKeySelectionExpression: new("$request.header.x-api-key"), RouteSelectionExpression: new("$request.method $request.path"),
			DisableExecuteApiEndpoint: new(false), IpAddressType: new("ipv4"),
		}, api); diff != "" {
			t.Error("CreateApi", diff)
		}
		i := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{
			ApiId: id, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), IntegrationUri: new("http://h/")}))
		if diff := cmp.Diff(&v2.CreateIntegrationOutput{
			IntegrationId: i.IntegrationId, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), IntegrationUri: new("http://h/"),
			ConnectionType: new("INTERNET"), TimeoutInMillis: new(int32(30000)), PayloadFormatVersion: new("1.0"),
		}, i); diff != "" {
			t.Error("CreateIntegration", diff)
		}
		f := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{
			ApiId: id, IntegrationType: new("AWS_PROXY"), IntegrationUri: new("arn:aws:lambda:us-east-1:123456789012:function:f")}))
		if text(f.IntegrationMethod) != "POST" {
			t.Errorf("a function is called by %q", text(f.IntegrationMethod))
		}
		r := must[*v2.CreateRouteOutput](t)(w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: id, RouteKey: new("$default")}))
		if diff := cmp.Diff(&v2.CreateRouteOutput{
			RouteId: r.RouteId, RouteKey: new("$default"), AuthorizationType: new("NONE"), ApiKeyRequired: new(false),
		}, r); diff != "" {
			t.Error("CreateRoute", diff)
		}
		st := must[*v2.CreateStageOutput](t)(w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: id, StageName: new("a")}))
		if diff := cmp.Diff(&v2.CreateStageOutput{
			StageName: new("a"), AutoDeploy: new(false), CreatedDate: now, LastUpdatedDate: now,
			DefaultRouteSettings: &v2.RouteSettings{DetailedMetricsEnabled: new(false)},
			RouteSettings:        map[string]v2.RouteSettings{}, StageVariables: map[string]string{}, Tags: map[string]string{},
		}, st); diff != "" {
			t.Error("CreateStage", diff)
		}
		d := must[*v2.CreateDeploymentOutput](t)(w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: id}))
		if diff := cmp.Diff(&v2.CreateDeploymentOutput{
			DeploymentId: d.DeploymentId, CreatedDate: now, AutoDeployed: new(false), DeploymentStatus: new("DEPLOYED"),
		}, d); diff != "" {
			t.Error("CreateDeployment", diff)
		}
	})
}

// TestGetAnswersWhatCreateAnswered holds that get, list and create agree on
// resources with every member set.
func TestGetAnswersWhatCreateAnswered(t *testing.T) {
	w := newWorld(t)
	api := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{
		Name: new("x"), ProtocolType: new("HTTP"), Description: new("d"), Version: new("1"), DisableExecuteApiEndpoint: new(true),
		DisableSchemaValidation: new(false), IpAddressType: new("dualstack"), RouteSelectionExpression: new("${request.method} ${request.path}"),
		Tags: map[string]string{"a": "b"},
		CorsConfiguration: &v2.Cors{AllowCredentials: new(true), AllowHeaders: []string{"X-A"}, AllowMethods: []string{"*"},
			AllowOrigins: []string{"https://a:1", "http://*"}, ExposeHeaders: []string{}, MaxAge: new(int32(-1))},
	}))
	id := api.ApiId
	apis := must[*v2.GetApisOutput](t)(w.GetApis(w.ctx, &v2.GetApisInput{}))
	equal(t, "api", api, must[*v2.GetApiOutput](t)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: id})), apis.Items[0])

	i := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{
		ApiId: id, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("PUT"), IntegrationUri: new("https://h/{a}?b={b}"), Description: new("d"),
		TimeoutInMillis: new(int32(50)), TlsConfig: &v2.TlsConfigInput{ServerNameToVerify: new("h.example")}, ConnectionType: new("INTERNET"),
		RequestParameters: map[string]string{}}))
	is := must[*v2.GetIntegrationsOutput](t)(w.GetIntegrations(w.ctx, &v2.GetIntegrationsInput{ApiId: id}))
	equal(t, "integration", i, must[*v2.GetIntegrationOutput](t)(w.GetIntegration(w.ctx, &v2.GetIntegrationInput{ApiId: id, IntegrationId: i.IntegrationId})), is.Items[0])

	r := must[*v2.CreateRouteOutput](t)(w.CreateRoute(w.ctx, &v2.CreateRouteInput{
		ApiId: id, RouteKey: new("GET /a"), AuthorizationType: new("JWT"), AuthorizerId: w.jwt(id), AuthorizationScopes: []string{"s"},
		OperationName: new("o"), Target: new("integrations/" + *i.IntegrationId)}))
	rs := must[*v2.GetRoutesOutput](t)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: id}))
	equal(t, "route", r, must[*v2.GetRouteOutput](t)(w.GetRoute(w.ctx, &v2.GetRouteInput{ApiId: id, RouteId: r.RouteId})), rs.Items[0])

	d := must[*v2.CreateDeploymentOutput](t)(w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: id, Description: new("d")}))
	ds := must[*v2.GetDeploymentsOutput](t)(w.GetDeployments(w.ctx, &v2.GetDeploymentsInput{ApiId: id}))
	equal(t, "deployment", d, must[*v2.GetDeploymentOutput](t)(w.GetDeployment(w.ctx, &v2.GetDeploymentInput{ApiId: id, DeploymentId: d.DeploymentId})), ds.Items[0])

	st := must[*v2.CreateStageOutput](t)(w.CreateStage(w.ctx, &v2.CreateStageInput{
		ApiId: id, StageName: new("s"), Description: new("d"), DeploymentId: d.DeploymentId, StageVariables: map[string]string{"a": "b"},
		AccessLogSettings:    &v2.AccessLogSettings{DestinationArn: new("arn:aws:logs:us-east-1:123456789012:log-group:g"), Format: new("$context.requestId")},
		DefaultRouteSettings: &v2.RouteSettings{ThrottlingRateLimit: new(1.5), ThrottlingBurstLimit: new(int32(3)), LoggingLevel: new("OFF")},
		RouteSettings:        map[string]v2.RouteSettings{"GET /a": {ThrottlingRateLimit: new(2.0)}}, Tags: map[string]string{"c": "d"}}))
	sts := must[*v2.GetStagesOutput](t)(w.GetStages(w.ctx, &v2.GetStagesInput{ApiId: id}))
	equal(t, "stage", st, must[*v2.GetStageOutput](t)(w.GetStage(w.ctx, &v2.GetStageInput{ApiId: id, StageName: new("s")})), sts.Items[0])
}

// equal compares three structures of the same members.
func equal[A, B, C any](t *testing.T, what string, created *A, got *B, listed C) {
	t.Helper()
	if diff := cmp.Diff(members(created), members(got)); diff != "" {
		t.Errorf("%s: get differs from create:\n%s", what, diff)
	}
	if diff := cmp.Diff(members(created), members(&listed)); diff != "" {
		t.Errorf("%s: list differs from create:\n%s", what, diff)
	}
}

// TestUpdates holds what a sparse update changes and what it leaves.
func TestUpdates(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	a := must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, Description: new("d"), Version: new("1")}))
	if text(a.Name) != "x" || text(a.Description) != "d" {
		t.Errorf("%+v", a)
	}
	a = must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, Name: new("y"), Description: new("")}))
	if text(a.Name) != "y" || a.Description != nil || text(a.Version) != "1" {
		t.Errorf("an empty text is not taken away: %+v", a)
	}
	i, j := w.integration(api), w.integration(api)
	r := w.route(api, "GET /a", i)
	out := must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r, RouteKey: new("GET /b"), Target: new("integrations/" + *j)}))
	if text(out.RouteKey) != "GET /b" || text(out.Target) != "integrations/"+*j {
		t.Errorf("%+v", out)
	}
	w.route(api, "GET /a", i) // the old key is free
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r, RouteKey: new("GET /b")}))
	before := w.dump()
	_, err := w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r, RouteKey: new("GET /a")})
	w.refused(before, err, "ConflictException", "GET /a")
	p := w.route(api, "GET /p/{x}", nil)
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: p, RouteKey: new("GET /p/{y}")}))
	before = w.dump()
	_, err = w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /p/{z}")})
	w.refused(before, err, "ConflictException", "GET /p/{y}")

	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r,
		AuthorizationType: new("JWT"), AuthorizerId: w.jwt(api), AuthorizationScopes: []string{"s"}}))
	out = must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r, AuthorizationType: new("NONE")}))
	if out.AuthorizerId != nil || out.AuthorizationScopes != nil {
		t.Errorf("back to NONE the route keeps %+v", out)
	}

	w.stage(api, "s", false)
	update := func(in v2.UpdateStageInput) *v2.UpdateStageOutput {
		t.Helper()
		in.ApiId, in.StageName = api, new("s")
		return must[*v2.UpdateStageOutput](t)(w.UpdateStage(w.ctx, &in))
	}
	update(v2.UpdateStageInput{StageVariables: map[string]string{"a": "1", "b": "2"}})
	update(v2.UpdateStageInput{StageVariables: map[string]string{"a": "", "c": "3"}})
	if diff := cmp.Diff(map[string]string{"b": "2", "c": "3"}, w.live(api, "s").Variables); diff != "" {
		t.Error(diff)
	}
	update(v2.UpdateStageInput{RouteSettings: map[string]v2.RouteSettings{"GET /a": {ThrottlingRateLimit: new(1.0)}, "GET /b": {ThrottlingRateLimit: new(2.0)}}})
	st := update(v2.UpdateStageInput{DefaultRouteSettings: &v2.RouteSettings{DetailedMetricsEnabled: new(true)},
		RouteSettings: map[string]v2.RouteSettings{"GET /a": {ThrottlingBurstLimit: new(int32(5))}}})
	if diff := cmp.Diff(map[string]v2.RouteSettings{
		"GET /a": {ThrottlingRateLimit: new(1.0), ThrottlingBurstLimit: new(int32(5))}, "GET /b": {ThrottlingRateLimit: new(2.0)},
	}, st.RouteSettings); diff != "" {
		t.Error(diff)
	}
	if !w.live(api, "s").DetailedMetrics {
		t.Error("detailed metrics are not live")
	}
	st = update(v2.UpdateStageInput{DefaultRouteSettings: &v2.RouteSettings{ThrottlingBurstLimit: new(int32(5))}})
	if !is(st.DefaultRouteSettings.DetailedMetricsEnabled) {
		t.Error("a setting that was not named went away")
	}
	update(v2.UpdateStageInput{AccessLogSettings: &v2.AccessLogSettings{DestinationArn: new("arn:aws:logs:us-east-1:123456789012:log-group:g"), Format: new("$context.requestId")}})
	st = update(v2.UpdateStageInput{AccessLogSettings: &v2.AccessLogSettings{Format: new("$context.requestId $context.status")}})
	if l := w.live(api, "s").AccessLog; l == nil || l.Destination != text(st.AccessLogSettings.DestinationArn) || l.Format != "$context.requestId $context.status" {
		t.Errorf("the access log that is live is %+v", l)
	}
	if err := w.DeleteAccessLogSettings(w.ctx, &v2.DeleteAccessLogSettingsInput{ApiId: api, StageName: new("s")}); err != nil {
		t.Error(err)
	}
	if err := w.DeleteRouteSettings(w.ctx, &v2.DeleteRouteSettingsInput{ApiId: api, StageName: new("s"), RouteKey: new("GET /a")}); err != nil {
		t.Error(err)
	}
	if got := w.getStage(api, "s"); got.AccessLogSettings != nil || w.live(api, "s").AccessLog != nil || len(got.RouteSettings) != 1 {
		t.Errorf("%+v", got)
	}
	must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, CorsConfiguration: &v2.Cors{MaxAge: new(int32(1))}}))
	if err := w.DeleteCorsConfiguration(w.ctx, &v2.DeleteCorsConfigurationInput{ApiId: api}); err != nil {
		t.Error(err)
	}
	if got := must[*v2.GetApiOutput](t)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api})); got.CorsConfiguration != nil {
		t.Errorf("%+v", got)
	}
	id := w.deploy(api, "s")
	d := must[*v2.UpdateDeploymentOutput](t)(w.UpdateDeployment(w.ctx, &v2.UpdateDeploymentInput{ApiId: api, DeploymentId: id, Description: new("d")}))
	if text(d.Description) != "d" {
		t.Errorf("%+v", d)
	}
}

// TestParametersAreMerged holds the updates of the two maps of an integration.
func TestParametersAreMerged(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	i := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{
		ApiId: api, IntegrationType: new("AWS_PROXY"), IntegrationSubtype: new("SQS-SendMessage"), CredentialsArn: new("arn:aws:iam::123456789012:role/r"),
		RequestParameters: map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "b", "DelaySeconds": "1"}}))
	out := must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: i.IntegrationId,
		RequestParameters:  map[string]string{"DelaySeconds": "", "MessageGroupId": "g", "MessageBody": "c"},
		ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "201"}}}))
	if diff := cmp.Diff(map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "c", "MessageGroupId": "g"}, out.RequestParameters); diff != "" {
		t.Error(diff)
	}
	out = must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: i.IntegrationId,
		ResponseParameters: map[string]map[string]string{"200": {}}}))
	if len(out.ResponseParameters) != 0 || len(out.RequestParameters) != 3 {
		t.Errorf("%+v", out)
	}
}

// TestQuickCreateIsUpdated holds the members of UpdateApi that reach what quick
// create made.
func TestQuickCreateIsUpdated(t *testing.T) {
	w := newWorld(t)
	role := new("arn:aws:iam::123456789012:role/r")
	api := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"),
		Target: new("http://127.0.0.1:1/a"), RouteKey: new("GET /a"), CredentialsArn: role})).ApiId
	routes := w.served(api, "$default").Routes
	if len(routes) != 1 || routes[0].Key != "GET /a" || routes[0].Integration.URI != "http://127.0.0.1:1/a" {
		t.Fatalf("%+v", routes)
	}
	f := "arn:aws:lambda:us-east-1:123456789012:function:f:live"
	must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, Target: &f, RouteKey: new("ANY /{proxy+}")}))
	routes = w.served(api, "$default").Routes
	if len(routes) != 1 || routes[0].Key != "ANY /{proxy+}" || routes[0].Integration.URI != f || routes[0].Integration.Kind != gate.Lambda {
		t.Errorf("%+v", routes)
	}
	i := must[*v2.GetIntegrationsOutput](t)(w.GetIntegrations(w.ctx, &v2.GetIntegrationsInput{ApiId: api})).Items[0]
	if !is(i.ApiGatewayManaged) || text(i.PayloadFormatVersion) != "2.0" || text(i.CredentialsArn) != *role {
		t.Errorf("%+v", i)
	}
	must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, Target: new("https://h/")}))
	if r := w.served(api, "$default").Routes[0]; r.Integration.Kind != gate.HTTPProxy || r.Integration.Method != "ANY" {
		t.Errorf("%+v", r.Integration)
	}
}

// TestDeletes holds the order in which things may go, and that an API takes all
// of its own with it and nothing of others.
func TestDeletes(t *testing.T) {
	w := newWorld(t)
	other := w.api()
	w.route(other, "GET /a", w.integration(other))
	w.stage(other, "auto", true)
	before := w.dump()
	api := w.api()
	i := w.integration(api)
	r := w.route(api, "GET /a", i)
	w.stage(api, "s", false)
	w.stage(api, "auto", true)
	d := w.deploy(api, "s")
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	ok("route", w.DeleteRoute(w.ctx, &v2.DeleteRouteInput{ApiId: api, RouteId: r}))
	ok("integration", w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: i}))
	ok("stage", w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("s")}))
	ok("deployment", w.DeleteDeployment(w.ctx, &v2.DeleteDeploymentInput{ApiId: api, DeploymentId: d}))
	ok("api", w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api}))
	full := w.api()
	w.route(full, "GET /b", w.integration(full))
	w.stage(full, "auto", true)
	ok("a full api", w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: full}))
	if n := must[int](t)(w.desk.Sweep(w.ctx)); n != 4 {
		t.Errorf("swept %d chunks", n)
	}
	after := w.dump()
	delete(before, "chunks/epoch")
	delete(after, "chunks/epoch")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("deleted APIs left:\n%s", diff)
	}
	err := w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api})
	w.refused(w.dump(), err, "NotFoundException", *api)
}

// TestPages walks lists of many pages.
func TestPages(t *testing.T) {
	w := newWorld(t)
	api, other := w.api(), w.api()
	var want []string
	for _, name := range strings.Split("a b c d e f g", " ") {
		want = append(want, *w.route(api, "GET /"+name, nil))
	}
	w.route(other, "GET /a", nil)
	slices.Sort(want)
	var got []string
	var token *string
	for page := 0; page < 10; page++ {
		out := must[*v2.GetRoutesOutput](t)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api, MaxResults: new("3"), NextToken: token}))
		for _, r := range out.Items {
			got = append(got, *r.RouteId)
		}
		if token = out.NextToken; token == nil {
			break
		}
		_, err := w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: other, NextToken: token})
		w.refused(w.dump(), err, "BadRequestException", "nextToken")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if out := must[*v2.GetRoutesOutput](t)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api, MaxResults: new("7")})); out.NextToken != nil {
		t.Error("a last page that is full has a token")
	}
	if out := must[*v2.GetStagesOutput](t)(w.GetStages(w.ctx, &v2.GetStagesInput{ApiId: api, MaxResults: new("9999")})); out.Items == nil || len(out.Items) != 0 {
		t.Errorf("an empty list is %v", out.Items)
	}
}

// TestRegions holds that two regions do not see each other, while ids are
// unique in the installation, for a Host carries no region.
func TestRegions(t *testing.T) {
	w := newWorld(t)
	tags := map[string]string{"_custom_id_": "my-api", "k": "v"}
	api := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Tags: tags}))
	if text(api.ApiId) != "my-api" {
		t.Errorf("the id is %s", *api.ApiId)
	}
	if diff := cmp.Diff(map[string]string{"k": "v"}, api.Tags); diff != "" {
		t.Error(diff)
	}
	far := in("eu-west-1")
	before := w.dump()
	_, err := w.CreateApi(far, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Tags: tags})
	w.refused(before, err, "ConflictException", "my-api")
	there := must[*v2.CreateApiOutput](t)(w.CreateApi(far, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP")}))
	if !strings.Contains(*there.ApiEndpoint, "eu-west-1") {
		t.Errorf("the endpoint is %s", *there.ApiEndpoint)
	}
	for _, ctx := range []struct {
		desc string
		got  []v2.Api
		want string
	}{
		{"here", must[*v2.GetApisOutput](t)(w.GetApis(w.ctx, &v2.GetApisInput{})).Items, "my-api"},
		{"there", must[*v2.GetApisOutput](t)(w.GetApis(far, &v2.GetApisInput{})).Items, *there.ApiId},
	} {
		if len(ctx.got) != 1 || *ctx.got[0].ApiId != ctx.want {
			t.Errorf("%s: %v", ctx.desc, ctx.got)
		}
	}
	w.desk.Regions = []string{"us-east-1"}
	_, err = w.GetApis(far, &v2.GetApisInput{})
	w.refused(w.dump(), err, "InvalidSignatureException", "eu-west-1")
	if err := w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api.ApiId}); err != nil {
		t.Fatal(err)
	}
	must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("again"), ProtocolType: new("HTTP"), Tags: tags}))
}

// TestALimitThatWasRaised holds that a longer timeout is taken where the house
// allows it.
func TestALimitThatWasRaised(t *testing.T) {
	w := newWorld(t)
	w.desk.Limits.IntegrationTimeout = 5 * time.Minute
	api := w.api()
	i := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"),
		IntegrationMethod: new("ANY"), IntegrationUri: new("http://h/"), TimeoutInMillis: new(int32(300000))}))
	w.route(api, "$default", i.IntegrationId)
	w.stage(api, "s", true)
	if got := w.served(api, "s").Routes[0].Integration.Timeout; got != 5*time.Minute {
		t.Errorf("lowered to %v", got)
	}
}
