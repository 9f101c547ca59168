package plan

import (
	"strings"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// stagedRoutes are two, of which one has a stage variable in its URI.
func stagedRoutes() []gate.Route {
	to := func(key, uri string) gate.Route {
		return gate.Route{ID: gate.RouteID(key), Key: key, Authorization: gate.Authorization{Kind: gate.AuthNone},
			Integration: &gate.Integration{ID: "i", Kind: gate.HTTPProxy, URI: uri, Timeout: time.Second}}
	}
	return []gate.Route{to("GET /var", "http://${stageVariables.host}/"), to("GET /plain", "http://127.0.0.1:1/")}
}

// TestVariablesInURIs holds that a change of a stage's variables acts at once on
// the routes that have one in their URI, and that one which makes no URL of it
// costs that route only.
func TestVariablesInURIs(t *testing.T) {
	const host = "abc.execute-api.localhost"
	key := gate.StageKey(gate.StageRef{API: "abc", Name: "$default"})
	o := follow(t)
	head := o.chunks(gate.Deployment{API: "abc", ID: "d1"}, stagedRoutes())
	stage := gate.Stage{API: "abc", Name: "$default", Deployment: "d1"}
	o.commit(put(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.HTTP}), put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d1"}), head), put(key, stage))
	routes := func() *lazy { return o.current().api("abc").stages["$default"].routes }
	serve := func(path string) *gate.Fault {
		x := new(flow.Exchange)
		x.Begin(t.Context(), time.Now())
		x.In.Host, x.In.Method, x.In.Scheme, x.Path = host, "GET", "http", path
		h, err := o.current().Find(x)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Serve(x); err != nil {
			t.Fatal(err)
		}
		return x.Event.Fault
	}
	if f := serve("/var"); f == nil || f.Kind != gate.APIConfigurationError || !strings.Contains(f.Error(), "host is not set") {
		t.Errorf("without the variable: %v", f)
	}
	if f := serve("/plain"); f == nil || f.Kind != gate.IntegrationFailure {
		t.Errorf("the other route answers with %v", f)
	}
	if text := problems(o.current()); !strings.Contains(text, "route GET /var: route GET /var answers 500") || !strings.Contains(text, "host is not set") {
		t.Errorf("the problems are %q", text)
	}
	was := routes()
	stage.Variables = map[string]string{"host": "127.0.0.1:1"}
	o.commit(put(key, stage))
	if routes() == was {
		t.Error("the routes were not compiled again")
	}
	if f := serve("/var"); f == nil || f.Kind != gate.IntegrationFailure {
		t.Errorf("with the variable: %v", f)
	}
	if text := problems(o.current()); text != "" {
		t.Errorf("problems are left: %s", text)
	}
	was = routes()
	stage.AccessLog = &gate.AccessLog{Destination: "x", Format: "y"}
	o.commit(put(key, stage))
	if routes() != was {
		t.Error("a change of another setting compiled the routes again")
	}
}

// TestCheckVariablesInURIs holds that a deployment, which is of no stage yet,
// takes them, and tells what no stage could mend.
func TestCheckVariablesInURIs(t *testing.T) {
	d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.HTTP}, Routes: stagedRoutes()}
	if list := Check(d, live(t)); len(list) > 0 {
		t.Errorf("refused: %v", list)
	}
	d.Routes[0].Integration.URI = "http://${stageVariables.host}/{id}"
	if list := Check(d, live(t)); len(list) != 1 || !strings.Contains(list[0].Error(), "no parameter of the route") {
		t.Errorf("got %v", list)
	}
}
