package apigatewayv2

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
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
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
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
		"CreateDeployment", "DeleteDeployment", "Sweep", "CreateAuthorizer", "DeleteAuthorizer", "GuardRoute", "CreateModel", "DeleteModel", "CreateVpcLink", "DeleteVpcLink",
		"Link", "Unlink", "CreateDomainName", "DeleteDomainName", "CreateApiMapping", "CreateApiMapping", "UpdateApiMapping", "DeleteApiMapping", "Tag")
	domain := m.pick("domain", "a.example", "*.example.com", "Bad")
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
	default:
		return name, m.more(name, api, stage, domain)
	}
	return name, err
}

// more makes the calls on authorizers, models, links, domains and tags.
func (m *walker) more(name string, api, stage, domain *string) (err error) {
	word := m.pick("name", "a", "b")
	mapping := &v2.UpdateApiMappingInput{DomainName: domain, ApiMappingId: m.id("mapping"), ApiId: api, Stage: stage, ApiMappingKey: m.pick("mappingKey", "", "k", "k/l", "/")}
	switch name {
	case "CreateAuthorizer":
		return made(m, "authorizer", "AuthorizerId")(m.CreateAuthorizer(m.ctx, jwt(api, *word, nil)))
	case "DeleteAuthorizer":
		return m.DeleteAuthorizer(m.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: m.id("authorizer")})
	case "GuardRoute":
		_, err = m.UpdateRoute(m.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: m.id("route"), AuthorizationType: m.pick("kind", "JWT", "JWT", "NONE", "CUSTOM"), AuthorizerId: m.id("authorizer")})
	case "CreateModel":
		return made(m, "model", "ModelId")(m.CreateModel(m.ctx, &v2.CreateModelInput{ApiId: api, Name: word, Schema: new("{}")}))
	case "DeleteModel":
		return m.DeleteModel(m.ctx, &v2.DeleteModelInput{ApiId: api, ModelId: m.id("model")})
	case "CreateVpcLink":
		return made(m, "link", "VpcLinkId")(m.CreateVpcLink(m.ctx, &v2.CreateVpcLinkInput{Name: word, SubnetIds: []string{"subnet-1"}}))
	case "DeleteVpcLink":
		_, err = m.DeleteVpcLink(m.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: m.id("link")})
	case "Link":
		return made(m, "integration", "IntegrationId")(m.CreateIntegration(m.ctx, private(api, m.id("link"))))
	case "Unlink":
		_, err = m.UpdateIntegration(m.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: m.id("integration"), ConnectionType: new("INTERNET"), IntegrationUri: new("http://h/")})
	case "CreateDomainName":
		_, err = m.CreateDomainName(m.ctx, &v2.CreateDomainNameInput{DomainName: domain, DomainNameConfigurations: certificate})
	case "DeleteDomainName":
		return m.DeleteDomainName(m.ctx, &v2.DeleteDomainNameInput{DomainName: domain})
	case "CreateApiMapping":
		return made(m, "mapping", "ApiMappingId")(m.CreateApiMapping(m.ctx, &v2.CreateApiMappingInput{DomainName: domain, ApiId: api, Stage: stage, ApiMappingKey: mapping.ApiMappingKey}))
	case "UpdateApiMapping":
		_, err = m.UpdateApiMapping(m.ctx, mapping)
	case "DeleteApiMapping":
		return m.DeleteApiMapping(m.ctx, &v2.DeleteApiMappingInput{DomainName: domain, ApiMappingId: mapping.ApiMappingId})
	case "Tag":
		path := m.pick("path", "/apis/"+*api, "/apis/"+*api+"/stages/"+*stage, "/domainnames/"+*domain, "/vpclinks/"+*m.id("link"))
		_, err = m.TagResource(m.ctx, &v2.TagResourceInput{ResourceArn: new(arn(*path)), Tags: map[string]string{*word: "v"}})
	}
	return err
}

// made remembers the id of what a call made.
func made(m *walker, kind, member string) func(out any, err error) error {
	return func(out any, err error) error {
		if err == nil {
			m.made(kind, reflect.ValueOf(out).Elem().FieldByName(member).Interface().(*string))
		}
		return err
	}
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
	links := under[vpcLinkDoc](m, docs, vpcLinksKey(place))
	for id := range links {
		take(vpcLinksKey(place) + id)
	}
	mapped := map[string]int{} // by "api/stage"
	for name, head := range under[control.DomainDoc](m, docs, place.DomainsKey()) {
		take(place.DomainsKey() + name)
		check(take("index/domains/"+name) != "", "domain %s has no index", name)
		take(gate.DomainKey(gate.DomainName(name)))
		live := m.liveDomain(name).Mappings
		check(len(live) == len(head.Mappings), "domain %s: live and draft differ", name)
		for i, g := range head.Mappings {
			check(live[i] == g.Mapping, "domain %s: live and draft differ", name)
			mapped[string(g.API)+"/"+string(g.Stage)+"/"+name]++
		}
	}
	for _, head := range under[apiDoc](m, docs, apisKey(place)) {
		api := gate.APIID(*head.AWS.ApiId)
		d := &draft{keys: keys{place, api}, head: head}
		take(d.apiKey())
		check(take(indexKey(api)) != "", "api %s has no index", api)
		check(take(gate.APIKey(api)) != "", "api %s is not live", api)
		uses, asks, linked, draftKeys := map[string]int{}, map[string]int{}, map[string]int{}, []string{}
		for id, r := range under[routeDoc](m, docs, d.routeKey("")) {
			take(d.routeKey(id))
			check(strings.Contains(take(d.claimKey(*r.AWS.RouteKey)), `"`+id+`"`), "route %s has no claim on %s", id, *r.AWS.RouteKey)
			uses[strings.TrimPrefix(text(r.AWS.Target), targetPrefix)]++
			draftKeys = append(draftKeys, *r.AWS.RouteKey)
		}
		delete(uses, "")
		for _, r := range under[routeDoc](m, docs, d.routeKey("")) {
			asks[text(r.AWS.AuthorizerId)]++
		}
		delete(asks, "")
		for id, a := range under[authorizerDoc](m, docs, d.authorizerKey("")) {
			take(d.authorizerKey(id))
			check(strings.Contains(take(d.nameKey("Authorizer", *a.AWS.Name)), id), "authorizer %s has no claim on its name", id)
			check(a.Routes == asks[id], "authorizer %s counts %d routes, there are %d", id, a.Routes, asks[id])
			delete(asks, id)
		}
		check(len(asks) == 0, "routes ask what is gone: %v", asks)
		for id, model := range under[modelDoc](m, docs, d.modelKey("")) {
			take(d.modelKey(id))
			check(strings.Contains(take(d.nameKey("Model", *model.AWS.Name)), id), "model %s has no claim on its name", id)
		}
		var counted struct{ Stages map[string]map[string]int }
		if text := take(place.Draft() + "mapped/" + string(api)); text != "" {
			check(json.Unmarshal([]byte(text), &counted) == nil, "the mappings of API %s cannot be read", api)
		}
		for id, i := range under[integrationDoc](m, docs, d.integrationKey("")) {
			take(d.integrationKey(id))
			if link := text(i.AWS.ConnectionId); link != "" {
				linked[link]++
				_, found := links[link]
				check(found, "integration %s is behind link %s, which is gone", id, link)
			}
			check(i.Routes == uses[id], "integration %s counts %d routes, there are %d", id, i.Routes, uses[id])
			delete(uses, id)
		}
		check(len(uses) == 0, "targets without an integration: %v", uses)
		check(maps.Equal(linked, head.Links), "the head counts the links %v, there are %v", head.Links, linked)
		served, auto := map[string][]string{}, []string{}
		for name, st := range under[stageDoc](m, docs, d.stageKey("")) {
			take(d.stageKey(name))
			for domain, n := range counted.Stages[name] {
				id := string(api) + "/" + name + "/" + domain
				check(n == mapped[id], "stage %s counts %d mappings, there are %d", name, n, mapped[id])
				delete(mapped, id)
			}
			delete(counted.Stages, name)
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
		check(len(counted.Stages) == 0, "mappings of stages that are gone: %v", counted.Stages)
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
	check(len(mapped) == 0, "domains serve what is gone: %v", mapped)
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
