package apigateway

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v1 "gatehouse/internal/wire/apigateway"
)

// live reads what data planes see of a stage.
func (w *world) live(api *string, stage string) (s gate.Stage) {
	w.t.Helper()
	err := w.desk.View(w.ctx, func(t *control.Tx) error {
		found, err := t.Load(gate.StageKey(gate.StageRef{API: gate.APIID(*api), Name: gate.StageName(stage)}), &s)
		if !found {
			w.t.Errorf("stage %s is not live", stage)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) deploy(api *string, in v1.CreateDeploymentInput) *v1.Deployment {
	w.t.Helper()
	in.RestApiId = api
	return must[*v1.Deployment](w.t)(w.CreateDeployment(w.ctx, &in))
}

func (w *world) patchStage(api *string, stage string, ops ...v1.PatchOperation) *v1.Stage {
	w.t.Helper()
	return must[*v1.Stage](w.t)(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: &stage, PatchOperations: ops}))
}

func set(path, value string) v1.PatchOperation {
	return v1.PatchOperation{Op: new("replace"), Path: &path, Value: &value}
}

// TestDeploymentRefusals holds what is no deployment (control-plane 2.1).
func TestDeploymentRefusals(t *testing.T) {
	w := newWorld(t)
	empty, _ := w.api()
	bare, root := w.api()
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: bare, ResourceId: root, HttpMethod: new("GET"), AuthorizationType: new("NONE")}))
	whole, root := w.api()
	w.method(whole, root, "GET")
	for _, tc := range []struct {
		desc    string
		in      v1.CreateDeploymentInput
		message string
	}{
		{"An API without methods. [S]", v1.CreateDeploymentInput{RestApiId: empty}, "The REST API doesn't contain any methods"},
		{"A method without an integration. [S]", v1.CreateDeploymentInput{RestApiId: bare}, "No integration defined for method"},
		{"A canary of no stage. [S]", v1.CreateDeploymentInput{RestApiId: whole, CanarySettings: &v1.DeploymentCanarySettings{}},
			"Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is null"},
		{"A canary of a stage that is not there. [S]", v1.CreateDeploymentInput{RestApiId: whole, StageName: new("s"), CanarySettings: &v1.DeploymentCanarySettings{}},
			"Invalid deployment content specified.Stage s must already be created before making a canary release deployment"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.CreateDeployment(w.ctx, &tc.in)
			if typ, message := refusal(err); typ != "BadRequestException" || message != tc.message {
				t.Errorf("got %s: %s", typ, message)
			}
			if got := must[*v1.Deployments](t)(w.GetDeployments(w.ctx, &v1.GetDeploymentsInput{RestApiId: tc.in.RestApiId})); len(got.Items) > 0 {
				t.Errorf("it left %+v", got.Items)
			}
		})
	}
}

// TestCanary walks a canary from its deployment to its promotion.
func TestCanary(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	first := w.deploy(api, v1.CreateDeploymentInput{StageName: new("prod"), Variables: map[string]string{"a": "1", "b": "1"}})
	second := w.deploy(api, v1.CreateDeploymentInput{StageName: new("prod"), CanarySettings: &v1.DeploymentCanarySettings{
		PercentTraffic: new(12.5), StageVariableOverrides: map[string]string{"b": "2"}}})
	want := gate.Stage{API: gate.APIID(*api), Name: "prod", Deployment: gate.DeploymentID(*first.Id), Variables: map[string]string{"a": "1", "b": "1"},
		Canary: &gate.Canary{Percent: 12.5, Deployment: gate.DeploymentID(*second.Id), Variables: map[string]string{"b": "2"}}}
	if diff := cmp.Diff(want, w.live(api, "prod")); diff != "" {
		t.Error(diff)
	}
	for _, id := range []*string{first.Id, second.Id} {
		err := w.DeleteDeployment(w.ctx, &v1.DeleteDeploymentInput{RestApiId: api, DeploymentId: id})
		if _, message := refusal(err); message != "Active stages pointing to this deployment must be moved or deleted" {
			t.Errorf("a deployment that is served was deleted: %v", err)
		}
	}
	st := w.patchStage(api, "prod",
		v1.PatchOperation{Op: new("copy"), Path: new("/deploymentId"), From: new("/canarySettings/deploymentId")},
		v1.PatchOperation{Op: new("copy"), Path: new("/variables"), From: new("/canarySettings/stageVariableOverrides")},
		v1.PatchOperation{Op: new("remove"), Path: new("/canarySettings")})
	if *st.DeploymentId != *second.Id || st.CanarySettings != nil || st.Variables["b"] != "2" || st.Variables["a"] != "1" {
		t.Errorf("promoted to %+v", st)
	}
	if err := w.DeleteDeployment(w.ctx, &v1.DeleteDeploymentInput{RestApiId: api, DeploymentId: first.Id}); err != nil {
		t.Errorf("nobody serves the first one any more: %v", err)
	}
	w.patchStage(api, "prod", set("/deploymentId", *second.Id))
	if got := w.live(api, "prod"); got.Canary != nil || got.Deployment != gate.DeploymentID(*second.Id) {
		t.Errorf("live is %+v", got)
	}
}

// TestMethodSettings holds how an entry comes about and what it is called
// (control-plane 2.2, 2.6 and 8).
func TestMethodSettings(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	w.deploy(api, v1.CreateDeploymentInput{StageName: new("s")})
	st := w.patchStage(api, "s", set("/~1pets~1{id}/GET/caching/ttlInSeconds", "10"), set("/a/b/GET/metrics/enabled", "true"), set("/~1/GET/logging/loglevel", "INFO"))
	keys := sortedKeys(st.MethodSettings)
	if want := []string{"a/b/GET", "~1/GET", "~1pets~1{id}/GET"}; !slices.Equal(keys, want) {
		t.Errorf("the keys are %q, want %q", keys, want)
	}
	got := st.MethodSettings["~1pets~1{id}/GET"]
	want := newSetting(&v1.Stage{})
	want.CacheTtlInSeconds = new(int32(10))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("an entry is not made of the defaults: %s", diff)
	}
	if got.LoggingLevel != nil {
		t.Error("loggingLevel is there before it was set")
	}
	st = w.patchStage(api, "s", set("/*/*/metrics/enabled", "true"), set("/~1late/GET/throttling/burstLimit", "7"), set("/*/*/metrics/enabled", "false"))
	if late := st.MethodSettings["~1late/GET"]; !is(late.MetricsEnabled) || *late.ThrottlingBurstLimit != 7 {
		t.Errorf("a new entry is no copy of */*: %+v", late)
	}
	live := w.live(api, "s")
	if !live.RouteMetrics["GET /late"] || live.DetailedMetrics || live.Detailed("GET /pets/{id}") {
		t.Errorf("live: %+v", live)
	}
	st = w.patchStage(api, "s", v1.PatchOperation{Op: new("remove"), Path: new("/*/*")}, v1.PatchOperation{Op: new("remove"), Path: new("/~1late/GET")})
	if len(st.MethodSettings) != 3 {
		t.Errorf("left: %v", sortedKeys(st.MethodSettings))
	}
	if st := w.patchStage(api, "s", set("/tracingEnabled", "perhaps")); *st.TracingEnabled {
		t.Error("what is no boolean became true")
	}
}

// TestAnEditIsNotDeployed holds that a deployment is frozen, and that its head
// and chunks are what the draft was.
func TestAnEditIsNotDeployed(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	var compiled []*gate.Definition
	w.compiles = func(d *gate.Definition) error { compiled = append(compiled, d); return nil }
	d := w.deploy(api, v1.CreateDeploymentInput{StageName: new("s"), Description: new("one")})
	pets := w.resource(api, root, "pets")
	w.method(api, pets, "ANY")
	if got := w.live(api, "s"); got.Deployment != gate.DeploymentID(*d.Id) {
		t.Errorf("the stage moved to %s", got.Deployment)
	}
	w.deploy(api, v1.CreateDeploymentInput{})
	if len(compiled) != 2 || len(compiled[0].Routes) != 1 || len(compiled[1].Routes) != 2 {
		t.Fatalf("compiled %d definitions", len(compiled))
	}
	route := compiled[1].Routes[slices.IndexFunc(compiled[1].Routes, func(r gate.Route) bool { return r.Key == "ANY /pets" })]
	if route.Method.Resource != *pets || route.Integration.Kind != gate.Mock || len(route.Integration.Shape.Answers) != 1 || len(route.Method.Answers) != 1 {
		t.Errorf("lowered to %+v", route)
	}
	shown := must[*v1.Deployment](t)(w.GetDeployment(w.ctx, &v1.GetDeploymentInput{RestApiId: api, DeploymentId: d.Id, Embed: []string{"apisummary"}}))
	if m := shown.ApiSummary["/"]["GET"]; m.AuthorizationType == nil || *m.AuthorizationType != "NONE" || is(m.ApiKeyRequired) {
		t.Errorf("the summary is %+v", shown.ApiSummary)
	}
	if *shown.Description != "one" {
		t.Errorf("described as %s", *shown.Description)
	}
}

// TestLogFormatsOfStages holds that a stage writes the variables of REST APIs,
// and not those of HTTP APIs (runtime 5.1).
func TestLogFormatsOfStages(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	w.deploy(api, v1.CreateDeploymentInput{StageName: new("s")})
	for _, tc := range []struct {
		desc, format string
		ok           bool
	}{
		{"What both have.", "$context.requestId $context.status", true},
		{"AWS's own format with a trace.", "$context.requestId $context.extendedRequestId $context.xrayTraceId $context.resourcePath", true},
		{"The id of the resource.", "$context.requestId $context.resourceId", true},
		{"A route key is of HTTP APIs.", "$context.requestId $context.routeKey", false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: new("s"),
				PatchOperations: []v1.PatchOperation{set("/accessLogSettings/format", tc.format)}})
			if (err == nil) != tc.ok {
				t.Errorf("%q: %v", tc.format, err)
			}
		})
	}
}
