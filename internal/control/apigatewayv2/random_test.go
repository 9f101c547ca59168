package apigatewayv2

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestRandomWalks makes random calls, good and bad, and holds after each that
// the documents still agree with one another, that an accepted call did what it
// says, and that a refused one changed nothing.
func TestRandomWalks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		w.TB = r
		m := &walker{world: w, r: r, ids: map[string][]string{}}
		m.apis = append(m.apis, *w.api())
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			before := w.dump()
			name, err := m.step()
			var e *wire.Error
			switch {
			case err == nil:
			case !errors.As(err, &e) || e.Status < 400 || e.Status > 499:
				r.Fatalf("%s: %v", name, err)
			default:
				if diff := cmp.Diff(before, w.dump()); diff != "" {
					r.Fatalf("%s was refused (%v) and changed the store:\n%s", name, err, diff)
				}
			}
			m.agree(name)
		}
	})
}

// walker draws calls. Names come from small sets, so that calls meet.
type walker struct {
	*world
	r    *rapid.T
	apis []string
	ids  map[string][]string // of everything that was ever made, by kind
}

func (m *walker) pick(what string, from ...string) *string {
	return new(rapid.SampledFrom(from).Draw(m.r, what))
}

// id is one of the newest few of a kind, or none.
func (m *walker) id(kind string) *string {
	ids := m.ids[kind]
	return m.pick(kind, append([]string{"nope"}, ids[max(0, len(ids)-4):]...)...)
}

func (m *walker) made(kind string, id *string) { m.ids[kind] = append(m.ids[kind], *id) }

func (m *walker) step() (name string, err error) {
	api := m.pick("api", m.apis[max(0, len(m.apis)-2):]...)
	key := m.pick("key", "GET /a", "GET /{x}", "GET /{y}", "ANY /{p+}", "$default", "bad")
	stage := m.pick("stage", "s", "t", "$default", "a.b")
	flag := rapid.Bool().Draw(m.r, "flag")
	var target *string
	if flag {
		target = new("integrations/" + *m.id("integration"))
	}
	name = *m.pick("call", "CreateApi", "QuickApi", "DeleteApi", "UpdateApi", "CreateRoute", "CreateRoute", "CreateRoute", "UpdateRoute", "UpdateRoute", "DeleteRoute",
		"CreateIntegration", "CreateIntegration", "UpdateIntegration", "DeleteIntegration", "CreateStage", "UpdateStage", "MoveStage", "DeleteStage",
		"CreateDeployment", "DeleteDeployment", "Sweep")
	switch name {
	case "CreateApi", "QuickApi":
		in := &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP")}
		if name == "QuickApi" {
			in.Target, in.RouteKey = new("http://h/"), key
		}
		out, err := m.CreateApi(m.ctx, in)
		if err == nil {
			m.apis = append(m.apis, *out.ApiId)
		}
		return name, err
	case "DeleteApi":
		return name, m.DeleteApi(m.ctx, &v2.DeleteApiInput{ApiId: api})
	case "UpdateApi":
		_, err = m.UpdateApi(m.ctx, &v2.UpdateApiInput{ApiId: api, DisableExecuteApiEndpoint: &flag})
	case "CreateRoute":
		out, err := m.CreateRoute(m.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: key, Target: target})
		if err == nil {
			m.made("route", out.RouteId)
		}
		return name, err
	case "UpdateRoute":
		_, err = m.UpdateRoute(m.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: m.id("route"), RouteKey: key, Target: target})
	case "DeleteRoute":
		err = m.DeleteRoute(m.ctx, &v2.DeleteRouteInput{ApiId: api, RouteId: m.id("route")})
	case "CreateIntegration":
		out, err := m.CreateIntegration(m.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), IntegrationUri: new("http://h/")})
		if err == nil {
			m.made("integration", out.IntegrationId)
		}
		return name, err
	case "UpdateIntegration":
		_, err = m.UpdateIntegration(m.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: m.id("integration"), IntegrationUri: m.pick("uri", "http://i/", "bad")})
	case "DeleteIntegration":
		err = m.DeleteIntegration(m.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: m.id("integration")})
	case "CreateStage":
		_, err = m.CreateStage(m.ctx, &v2.CreateStageInput{ApiId: api, StageName: stage, AutoDeploy: &flag})
	case "UpdateStage":
		_, err = m.UpdateStage(m.ctx, &v2.UpdateStageInput{ApiId: api, StageName: stage, AutoDeploy: &flag, StageVariables: map[string]string{"a": *m.pick("value", "", "b")}})
	case "MoveStage":
		_, err = m.UpdateStage(m.ctx, &v2.UpdateStageInput{ApiId: api, StageName: stage, DeploymentId: m.id("deployment")})
	case "DeleteStage":
		err = m.DeleteStage(m.ctx, &v2.DeleteStageInput{ApiId: api, StageName: stage})
	case "CreateDeployment":
		in := &v2.CreateDeploymentInput{ApiId: api}
		if flag {
			in.StageName = stage
		}
		out, err := m.CreateDeployment(m.ctx, in)
		if err == nil {
			m.made("deployment", out.DeploymentId)
		}
		return name, err
	case "DeleteDeployment":
		err = m.DeleteDeployment(m.ctx, &v2.DeleteDeploymentInput{ApiId: api, DeploymentId: m.id("deployment")})
	case "Sweep":
		_, err = m.desk.Sweep(m.ctx)
	}
	return name, err
}

// agree holds the invariants of the whole store.
func (m *walker) agree(after string) {
	docs := m.dump()
	check := func(ok bool, format string, args ...any) {
		if !ok {
			m.r.Fatalf("after %s: %s", after, fmt.Sprintf(format, args...))
		}
	}
	left := map[string]bool{}
	for key := range docs {
		if !strings.HasPrefix(key, gate.ChunkPrefix) && key != "chunks/epoch" {
			left[key] = true
		}
	}
	take := func(key string) string { delete(left, key); return docs[key] }
	place := placeOf(m.r, m.world)
	for _, head := range under[apiDoc](m, docs, apisKey(place)) {
		api := gate.APIID(*head.AWS.ApiId)
		d := &draft{keys: keys{place, api}, head: head}
		take(d.apiKey())
		check(take(indexKey(api)) != "", "api %s has no index", api)
		check(take(gate.APIKey(api)) != "", "api %s is not live", api)
		uses, draftKeys := map[string]int{}, []string{}
		for id, r := range under[routeDoc](m, docs, d.routeKey("")) {
			take(d.routeKey(id))
			check(strings.Contains(take(d.claimKey(*r.AWS.RouteKey)), `"`+id+`"`), "route %s has no claim on %s", id, *r.AWS.RouteKey)
			uses[strings.TrimPrefix(text(r.AWS.Target), targetPrefix)]++
			draftKeys = append(draftKeys, *r.AWS.RouteKey)
		}
		delete(uses, "")
		for id, i := range under[integrationDoc](m, docs, d.integrationKey("")) {
			take(d.integrationKey(id))
			check(i.Routes == uses[id], "integration %s counts %d routes, there are %d", id, i.Routes, uses[id])
			delete(uses, id)
		}
		check(len(uses) == 0, "targets without an integration: %v", uses)
		served, auto := map[string][]string{}, []string{}
		for name, st := range under[stageDoc](m, docs, d.stageKey("")) {
			take(d.stageKey(name))
			var live gate.Stage
			take(gate.StageKey(gate.StageRef{API: api, Name: gate.StageName(name)}))
			live = m.live(new(string(api)), name)
			check(string(live.Deployment) == text(st.AWS.DeploymentId), "stage %s: live is %s, draft is %s", name, live.Deployment, text(st.AWS.DeploymentId))
			check(len(live.Variables) == len(st.AWS.StageVariables), "stage %s: variables differ", name)
			if live.Deployment != "" {
				served[string(live.Deployment)] = append(served[string(live.Deployment)], name)
			}
			if is(st.AWS.AutoDeploy) {
				auto = append(auto, name)
				def := m.served(new(string(api)), name)
				if len(draftKeys) > 0 {
					slices.Sort(draftKeys)
					check(slices.Equal(draftKeys, keysOf(def)), "stage %s serves %v, the draft is %v", name, keysOf(def), draftKeys)
					check(def.Deployment.DisableDefaultEndpoint == is(head.AWS.DisableExecuteApiEndpoint), "stage %s serves an older API", name)
				}
			}
		}
		slices.Sort(auto)
		heads := slices.Clone(head.Auto)
		slices.Sort(heads)
		check(slices.Equal(auto, heads), "the head knows %v with autoDeploy, there are %v", heads, auto)
		for id, dep := range under[deploymentDoc](m, docs, d.deploymentKey("")) {
			take(d.deploymentKey(id))
			take(gate.DeploymentKey(gate.DeploymentRef{API: api, ID: gate.DeploymentID(id)}))
			m.frozen(new(string(api)), id) // its chunks are there
			want := served[id]
			slices.Sort(want)
			slices.Sort(dep.Stages)
			check(slices.Equal(want, dep.Stages), "deployment %s knows the stages %v, there are %v", id, dep.Stages, want)
			delete(served, id)
		}
		check(len(served) == 0, "stages serve what is gone: %v", served)
	}
	check(len(left) == 0, "documents that belong to nothing: %v", left)
}

// under decodes the draft documents under a prefix by the rest of their keys.
func under[T any](m *walker, docs map[string]string, prefix string) map[string]T {
	all := map[string]T{}
	for key, value := range docs {
		if id, ok := strings.CutPrefix(key, prefix); ok {
			var v T
			if err := control.Decode([]byte(value), &v); err != nil {
				m.r.Fatalf("%s: %v: %s", key, err, json.RawMessage(value))
			}
			all[id] = v
		}
	}
	return all
}
