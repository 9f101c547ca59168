package plan

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// keeper hands out logs that are named for what they were bound to.
type keeper struct{ bound []string }

type named struct{ name string }

func (*named) Observe(*flow.Exchange) {}

func (k *keeper) Stage(destination, format string) (flow.Sink, error) {
	k.bound = append(k.bound, destination+" "+format)
	if format == "bad" {
		return nil, errors.New("bad format")
	}
	return &named{destination + " " + format}, nil
}

// TestAStageIsBoundToItsAccessLog: the log is a live setting, which acts
// without a deployment (runtime 5.1), on every request that finds the stage.
func TestAStageIsBoundToItsAccessLog(t *testing.T) {
	o := follow(t)
	k := &keeper{}
	o.f.Live.Logs = k
	o.deploy("abc", "prod", "d1", "GET /pets")
	stage := func(deployment gate.DeploymentID, variable string, l *gate.AccessLog) {
		t.Helper()
		o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "prod"}),
			gate.Stage{API: "abc", Name: "prod", Deployment: deployment, Variables: map[string]string{"v": variable}, AccessLog: l}))
	}
	log := func(path string) flow.Sink {
		t.Helper()
		x := &flow.Exchange{Path: path}
		x.In.Method, x.In.Host = "GET", "abc.execute-api.local"
		if _, err := o.current().Find(x); err != nil {
			t.Fatal(err)
		}
		return x.Event.Log
	}
	hold := func(desc, path, want string) {
		t.Helper()
		l, _ := log(path).(*named)
		if l == nil && want != "" || l != nil && l.name != want {
			t.Errorf("%s: the log is %v, want %q", desc, l, want)
		}
	}

	hold("A stage without one.", "/prod/pets", "")
	stage("d1", "1", &gate.AccessLog{Destination: "a", Format: "f"})
	hold("A route.", "/prod/pets", "a f")
	hold("A miss is logged as well.", "/prod/nothing", "a f")
	before := log("/prod/pets")
	stage("d1", "2", &gate.AccessLog{Destination: "a", Format: "f"})
	if log("/prod/pets") != before || len(k.bound) != 1 {
		t.Errorf("another change of the stage binds its log anew: %q", k.bound)
	}
	stage("d1", "2", &gate.AccessLog{Destination: "b", Format: "f"})
	hold("Another destination.", "/prod/pets", "b f")
	stage("", "2", &gate.AccessLog{Destination: "b", Format: "f"})
	hold("Nothing deployed, and yet its 404s are logged.", "/prod/pets", "b f")

	stage("d1", "2", &gate.AccessLog{Destination: "b", Format: "bad"})
	hold("A log that cannot be written stops nothing else.", "/prod/pets", "")
	p := o.current().Problems
	if len(p) != 1 || !strings.Contains(p[0].Error(), "api abc, stage prod: no access log is written: bad format") {
		t.Errorf("the problems are %v", p)
	}
	stage("d1", "3", &gate.AccessLog{Destination: "b", Format: "bad"})
	if p := o.current().Problems; len(p) != 1 {
		t.Errorf("after another change the problems are %v", p)
	}
	stage("d1", "3", nil)
	hold("None again.", "/prod/pets", "")
	if p := o.current().Problems; len(p) != 0 {
		t.Errorf("problems remain: %v", p)
	}
	o.f.Live.Logs = nil
	stage("d1", "3", &gate.AccessLog{Destination: "b", Format: "f"})
	if p := o.current().Problems; len(p) != 1 {
		t.Errorf("a process without such logs has the problems %v", p)
	}
}

// TestACanaryIsLoggedTwice: to the stage's group and to one of its own beside
// it (runtime 8, correction 3).
func TestACanaryIsLoggedTwice(t *testing.T) {
	o := follow(t)
	o.f.Live.Logs = &keeper{}
	head := o.chunks(gate.Deployment{API: "abc", ID: "d1"}, whole([]gate.Route{to("GET /a", "http://127.0.0.1:1/")}))
	o.commit(put(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.REST}), put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d1"}), head))
	names := func(percent float64, destination string) string {
		t.Helper()
		o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "prod"}), gate.Stage{API: "abc", Name: "prod", Deployment: "d1",
			AccessLog: &gate.AccessLog{Destination: destination, Format: "f"}, Canary: &gate.Canary{Percent: percent, Deployment: "d1"}}))
		x := &flow.Exchange{Path: "/prod/a"}
		x.In.Method, x.In.Host = "GET", "abc.execute-api.local"
		if _, err := o.current().Find(x); err != nil {
			t.Fatal(err)
		}
		if both, ok := x.Event.Log.(*twice); ok {
			return both.first.(*named).name + ", " + both.second.(*named).name
		}
		return x.Event.Log.(*named).name
	}
	for _, tc := range []struct {
		desc        string
		percent     float64
		destination string
		want        string
	}{
		{"The stage's own requests.", 0, "g", "g f"},
		{"Those of the canary.", 100, "g", "g f, g/Canary f"},
		{"A change of something else.", 99.999999, "g", "g f, g/Canary f"},
		{"Another group, with a star.", 100, "h:*", "h:* f, h/Canary:* f"},
	} {
		if got := names(tc.percent, tc.destination); got != tc.want {
			t.Errorf("%s got %q, want %q", tc.desc, got, tc.want)
		}
	}
}
