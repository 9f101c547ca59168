package apigatewayv2

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// rest makes a REST API with the stage s as data planes see it, which is all that
// this plane knows of one.
func (w *world) rest(id string) *string {
	w.Helper()
	place := placeOf(w, w)
	put := func(key string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			w.Fatal(err)
		}
		must[uint64](w)(w.store.Commit(w.ctx, store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text}))
	}
	put(gate.APIKey(gate.APIID(id)), gate.API{ID: gate.APIID(id), Protocol: gate.REST, Account: place.Account, Region: place.Region})
	put(gate.StageKey(gate.StageRef{API: gate.APIID(id), Name: "s"}), gate.Stage{API: gate.APIID(id), Name: "s"})
	return &id
}

// rule is the least that makes a rule of a.example to the stage s of an API.
func rule(api string, priority int32, conditions ...v2.RoutingRuleCondition) *v2.CreateRoutingRuleInput {
	if conditions == nil {
		conditions = []v2.RoutingRuleCondition{}
	}
	return &v2.CreateRoutingRuleInput{DomainName: new("a.example"), Priority: &priority, Conditions: conditions,
		Actions: []v2.RoutingRuleAction{{InvokeApi: &v2.RoutingRuleActionInvokeApi{ApiId: &api, Stage: new("s")}}}}
}

func header(name, glob string) v2.RoutingRuleCondition {
	return v2.RoutingRuleCondition{MatchHeaders: &v2.RoutingRuleMatchHeaders{AnyOf: []v2.RoutingRuleMatchHeaderValue{{Header: &name, ValueGlob: &glob}}}}
}

func basePaths(list ...string) v2.RoutingRuleCondition {
	return v2.RoutingRuleCondition{MatchBasePaths: &v2.RoutingRuleMatchBasePaths{AnyOf: list}}
}

// ruled are the probes of routing rules.
func ruled() map[string]probe {
	// live makes a rule, and returns what is live of it.
	live := func(w *world, change func(*v2.CreateRoutingRuleInput)) *gate.RoutingRule {
		w.domain("a.example")
		in := rule(*w.rest("rest"), 7, header("X-A", "b*"), basePaths("p"))
		in.Actions[0].InvokeApi.StripBasePath = new(true)
		change(in)
		if _, err := w.CreateRoutingRule(w.ctx, in); err != nil {
			return new(gate.RoutingRule)
		}
		return &w.liveDomain("a.example").Rules[0]
	}
	page := func(w *world, max *int32, token *string) *v2.ListRoutingRulesOutput {
		return must[*v2.ListRoutingRulesOutput](w)(w.ListRoutingRules(w.ctx, &v2.ListRoutingRulesInput{DomainName: new("a.example"), MaxResults: max, NextToken: token}))
	}
	two := func(w *world) {
		w.domain("a.example")
		w.rest("rest")
		must[*v2.CreateRoutingRuleOutput](w)(w.CreateRoutingRule(w.ctx, rule("rest", 1)))
		must[*v2.CreateRoutingRuleOutput](w)(w.CreateRoutingRule(w.ctx, rule("rest", 2)))
	}
	return map[string]probe{
		"domain.routingMode": func(w *world, drop bool) bool {
			must[*v2.CreateDomainNameOutput](w)(w.CreateDomainName(w.ctx, &v2.CreateDomainNameInput{DomainName: new("a.example"), DomainNameConfigurations: certificate,
				RoutingMode: unless(drop, "ROUTING_RULE_THEN_API_MAPPING")}))
			return w.liveDomain("a.example").Mode == gate.RulesThenMappings
		},
		"rule.DomainName": func(w *world, drop bool) bool {
			return live(w, func(in *v2.CreateRoutingRuleInput) { in.DomainName = unless(drop, "a.example") }).ID != ""
		},
		"rule.RoutingRuleId": func(w *world, drop bool) bool {
			id := live(w, func(*v2.CreateRoutingRuleInput) {}).ID
			err := w.DeleteRoutingRule(w.ctx, &v2.DeleteRoutingRuleInput{DomainName: new("a.example"), RoutingRuleId: unless(drop, id)})
			return err == nil && len(w.liveDomain("a.example").Rules) == 0
		},
		"rule.priority": func(w *world, drop bool) bool {
			return live(w, func(in *v2.CreateRoutingRuleInput) { in.Priority = unless(drop, int32(7)) }).Priority == 7
		},
		"rule.actions.*.invokeApi.apiId": func(w *world, drop bool) bool {
			return live(w, func(in *v2.CreateRoutingRuleInput) { in.Actions[0].InvokeApi.ApiId = unless(drop, "rest") }).API == "rest"
		},
		"rule.actions.*.invokeApi.stage": func(w *world, drop bool) bool {
			return live(w, func(in *v2.CreateRoutingRuleInput) { in.Actions[0].InvokeApi.Stage = unless(drop, "s") }).Stage == "s"
		},
		"rule.actions.*.invokeApi.stripBasePath": func(w *world, drop bool) bool {
			return live(w, func(in *v2.CreateRoutingRuleInput) { in.Actions[0].InvokeApi.StripBasePath = unless(drop, true) }).Strip
		},
		"rule.conditions.*.matchBasePaths.anyOf": func(w *world, drop bool) bool {
			return len(live(w, func(in *v2.CreateRoutingRuleInput) {
				if drop {
					in.Conditions[1].MatchBasePaths.AnyOf = nil
				}
			}).BasePaths) == 1
		},
		"rule.conditions.*.matchHeaders.anyOf.*.header": func(w *world, drop bool) bool {
			r := live(w, func(in *v2.CreateRoutingRuleInput) {
				in.Conditions[0].MatchHeaders.AnyOf[0].Header = unless(drop, "X-A")
			})
			return len(r.Headers) == 1 && r.Headers[0][0].Name == "X-A"
		},
		"rule.conditions.*.matchHeaders.anyOf.*.valueGlob": func(w *world, drop bool) bool {
			r := live(w, func(in *v2.CreateRoutingRuleInput) {
				in.Conditions[0].MatchHeaders.AnyOf[0].ValueGlob = unless(drop, "b*")
			})
			return len(r.Headers) == 1 && r.Headers[0][0].Glob == "b*"
		},
		"rule.maxResults": func(w *world, drop bool) bool {
			two(w)
			return len(page(w, unless(drop, int32(1)), nil).RoutingRules) == 1
		},
		"rule.nextToken": func(w *world, drop bool) bool {
			two(w)
			first := page(w, new(int32(1)), nil)
			second := page(w, new(int32(1)), unless(drop, *first.NextToken))
			return *first.RoutingRules[0].RoutingRuleId != *second.RoutingRules[0].RoutingRuleId
		},
		"requestParameter.ApiId": func(w *world, drop bool) bool {
			api := w.api()
			route := w.route(api, "GET /", nil)
			err := w.DeleteRouteRequestParameter(w.ctx, &v2.DeleteRouteRequestParameterInput{ApiId: unless(drop, *api), RouteId: route, RequestParameterKey: new("k")})
			return typeOf(err) == "BadRequestException"
		},
		"requestParameter.RouteId": func(w *world, drop bool) bool {
			api := w.api()
			route := w.route(api, "GET /", nil)
			err := w.DeleteRouteRequestParameter(w.ctx, &v2.DeleteRouteRequestParameterInput{ApiId: api, RouteId: unless(drop, *route), RequestParameterKey: new("k")})
			return typeOf(err) == "BadRequestException"
		},
	}
}

// TestBadRules is the table of rules that are refused, and change nothing
// (control-plane 1.4).
func TestBadRules(t *testing.T) {
	w := newWorld(t)
	w.domain("a.example")
	w.domain("mixed.example")
	api := *w.rest("rest")
	http := w.api()
	w.stage(http, "s", false)
	w.mapping("mixed.example", "h", http, "s")
	w.mapping("mixed.example", "r", &api, "s")
	must[*v2.CreateRoutingRuleOutput](t)(w.CreateRoutingRule(w.ctx, rule(api, 1)))
	changed := func(change func(*v2.CreateRoutingRuleInput)) *v2.CreateRoutingRuleInput {
		in := rule(api, 2)
		change(in)
		return in
	}
	const bad, missing, taken = "BadRequestException", "NotFoundException", "ConflictException"
	for _, tc := range []struct {
		desc      string
		in        *v2.CreateRoutingRuleInput
		typ, part string
	}{
		{"A domain that is not there.", changed(func(in *v2.CreateRoutingRuleInput) { in.DomainName = new("b.example") }), missing, "b.example"},
		{"A private domain.", changed(func(in *v2.CreateRoutingRuleInput) { in.DomainNameId = new("x") }), "NotImplementedException", "domainNameId"},
		{"A priority that is taken.", rule(api, 1), taken, "priority 1"},
		{"A priority below the least.", rule(api, 0), bad, "1000000"},
		{"A priority above the most.", rule(api, 1_000_001), bad, "1000000"},
		{"An API that is not there.", rule("nope", 2), missing, "nope"},
		{"An HTTP API.", rule(*http, 2), bad, "REST APIs only"},
		{"A stage that is not there.", changed(func(in *v2.CreateRoutingRuleInput) { in.Actions[0].InvokeApi.Stage = new("t") }), missing, "t"},
		{"No action.", changed(func(in *v2.CreateRoutingRuleInput) { in.Actions = nil }), bad, "actions"},
		{"Two actions.", changed(func(in *v2.CreateRoutingRuleInput) { in.Actions = append(in.Actions, in.Actions[0]) }), bad, "actions"},
		{"Three conditions on headers.", rule(api, 2, header("a", "b"), header("a", "b"), header("a", "b")), bad, "at most 2"},
		{"Two conditions on base paths.", rule(api, 2, basePaths("a"), basePaths("b")), bad, "1 matchBasePaths"},
		{"A condition of nothing.", rule(api, 2, v2.RoutingRuleCondition{}), bad, "conditions"},
		{"A condition of both.", rule(api, 2, v2.RoutingRuleCondition{MatchBasePaths: basePaths("a").MatchBasePaths, MatchHeaders: header("a", "b").MatchHeaders}), bad, "conditions"},
		{"No entry of base paths.", rule(api, 2, basePaths()), bad, "anyOf"},
		{"Too many entries.", rule(api, 2, basePaths(strings.Split(strings.Repeat("a,", maxEntries)+"a", ",")...)), bad, "anyOf"},
		{"An empty base path.", rule(api, 2, basePaths("")), bad, "anyOf"},
		{"A base path that no path can hold.", rule(api, 2, basePaths("a b")), bad, "anyOf"},
		{"A base path with a slash in front.", rule(api, 2, basePaths("/a")), bad, "slash"},
		{"A header that is none.", rule(api, 2, header("a b", "c")), bad, "header"},
		{"An empty glob.", rule(api, 2, header("a", "")), bad, "valueGlob"},
		{"A glob with a star in the middle.", rule(api, 2, header("a", "b*c")), bad, "valueGlob"},
		{"A glob of two stars.", rule(api, 2, header("a", "**")), bad, "valueGlob"},
		{"A glob with a line break.", rule(api, 2, header("a", "b\r\nc")), bad, "valueGlob"},
		{"A glob that is too long.", rule(api, 2, header("a", strings.Repeat("b", maxGlob+1))), bad, "valueGlob"},
		{"A domain that maps HTTP APIs too.", changed(func(in *v2.CreateRoutingRuleInput) { in.DomainName = new("mixed.example") }), bad, "routing rules"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			before := w.dump()
			w := *w
			w.TB = t
			_, err := w.CreateRoutingRule(w.ctx, tc.in)
			w.refused(before, err, tc.typ, tc.part)
		})
	}
	for _, glob := range []string{"x", "x*", "*x", "*x*", "*", "two words"} {
		must[*v2.CreateRoutingRuleOutput](t)(w.CreateRoutingRule(w.ctx, rule(api, 2+int32(len(w.liveDomain("a.example").Rules)), header("a", glob))))
	}
	// With rules, a domain of REST APIs stays one.
	w.mapping("a.example", "r", &api, "s")
	before := w.dump()
	_, err := w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new("h"), ApiId: http, Stage: new("s")})
	w.refused(before, err, bad, "HTTP")
}

// TestARule walks a rule from its creation to its end.
func TestARule(t *testing.T) {
	w := newWorld(t)
	w.domain("a.example")
	w.rest("rest")
	other := *w.rest("other")
	made := must[*v2.CreateRoutingRuleOutput](t)(w.CreateRoutingRule(w.ctx, rule("rest", 1, basePaths("a"), header("h", "v"))))
	if want := "arn:aws:apigateway:us-east-1:123456789012:/domainnames/a.example/routingrules/" + *made.RoutingRuleId; *made.RoutingRuleArn != want {
		t.Errorf("the ARN is %s, want %s", *made.RoutingRuleArn, want)
	}
	in := rule(other, 1)
	put := must[*v2.PutRoutingRuleOutput](t)(w.PutRoutingRule(w.ctx, &v2.PutRoutingRuleInput{DomainName: in.DomainName, RoutingRuleId: made.RoutingRuleId,
		Actions: in.Actions, Conditions: in.Conditions, Priority: new(int32(5))}))
	got := must[*v2.GetRoutingRuleOutput](t)(w.GetRoutingRule(w.ctx, &v2.GetRoutingRuleInput{DomainName: in.DomainName, RoutingRuleId: made.RoutingRuleId}))
	if diff := cmp.Diff(put, (*v2.PutRoutingRuleOutput)(got)); diff != "" || len(got.Conditions) != 0 || *got.RoutingRuleArn != *made.RoutingRuleArn {
		t.Errorf("a rule is not replaced whole: %s", diff)
	}
	want := []gate.RoutingRule{{ID: *made.RoutingRuleId, Priority: 5, API: "other", Stage: "s"}}
	if diff := cmp.Diff(want, w.liveDomain("a.example").Rules); diff != "" {
		t.Error(diff)
	}
	before := w.dump()
	_, err := w.PutRoutingRule(w.ctx, &v2.PutRoutingRuleInput{DomainName: in.DomainName, RoutingRuleId: new("nope"), Actions: in.Actions, Conditions: in.Conditions, Priority: new(int32(9))})
	w.refused(before, err, "NotFoundException", "nope")
	if err := w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: in.DomainName}); err != nil {
		t.Fatal(err)
	}
	for key := range w.dump() {
		if !strings.HasPrefix(key, gate.Plane) {
			t.Errorf("left is %s", key)
		}
	}
}
