package apigatewayv2

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestAnExplicitDeployment walks the path that a careful user takes.
func TestAnExplicitDeployment(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	i := w.integration(api)
	w.route(api, "GET /pets/{id}", i)
	w.stage(api, "prod", false)
	if def := w.served(api, "prod"); def != nil {
		t.Fatalf("a stage without a deployment serves %v", keysOf(def))
	}
	id := w.deploy(api, "prod")
	def := w.served(api, "prod")
	want := []gate.Route{{
		Key: "GET /pets/{id}", Authorization: gate.Authorization{Kind: gate.AuthNone},
		Integration: &gate.Integration{ID: *i, Kind: gate.HTTPProxy, URI: "http://127.0.0.1:1/{id}", Method: "ANY", Timeout: 30 * time.Second},
	}}
	def.Routes[0].ID = ""
	if diff := cmp.Diff(want, def.Routes); diff != "" {
		t.Error(diff)
	}
	w.route(api, "POST /pets", i)
	if got := keysOf(w.served(api, "prod")); len(got) != 1 {
		t.Errorf("an edit without a deployment changed what is served: %v", got)
	}
	second := w.deploy(api, "")
	if got := w.live(api, "prod").Deployment; string(got) != *id {
		t.Errorf("a deployment without a stage moved prod to %s", got)
	}
	must[*v2.UpdateStageOutput](t)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("prod"), DeploymentId: second}))
	if got := keysOf(w.served(api, "prod")); len(got) != 2 {
		t.Errorf("after the stage moved it serves %v", got)
	}
	must[*v2.UpdateStageOutput](t)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("prod"), DeploymentId: id}))
	if got := keysOf(w.served(api, "prod")); len(got) != 1 {
		t.Errorf("after the stage moved back it serves %v", got)
	}
}

// TestQuickCreate holds that one call makes an API that serves.
func TestQuickCreate(t *testing.T) {
	w := newWorld(t)
	out := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Target: new("http://127.0.0.1:1")}))
	def := w.served(out.ApiId, "$default")
	if diff := cmp.Diff([]string{"$default"}, keysOf(def)); diff != "" {
		t.Fatal(diff)
	}
	st := must[*v2.GetStageOutput](t)(w.GetStage(w.ctx, &v2.GetStageInput{ApiId: out.ApiId, StageName: new("$default")}))
	if !is(st.ApiGatewayManaged) || !is(st.AutoDeploy) || text(st.LastDeploymentStatusMessage) != "Successfully deployed stage with deployment ID '"+*st.DeploymentId+"'" {
		t.Errorf("the stage is %+v", st)
	}
	for key := range w.dump() {
		if len(key) > len(pendingPrefix) && key[:len(pendingPrefix)] == pendingPrefix {
			t.Errorf("%s is left", key)
		}
	}
}
