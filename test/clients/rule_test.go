package clients_test

import (
	"fmt"
	"maps"
	"net/http"
)

// rules chooses stages by headers and base paths. Rules lead to REST APIs only,
// which are the other walk's business, so one is made beside.
func (w *walker) rules(a, d *thing) {
	w.Helper()
	rest, end := w.restAPI()
	defer end()
	at := func(path string) string { return w.g.Endpoint + path }
	invoke := func(strip bool) []any {
		return []any{m{"InvokeApi": m{"ApiId": rest, "Stage": "s", "StripBasePath": strip}}}
	}
	header := m{"MatchHeaders": m{"AnyOf": []any{m{"Header": "X-Walk", "ValueGlob": "ru*"}}}}
	base := m{"MatchBasePaths": m{"AnyOf": []any{"one", "two"}}}
	rule := m{"DomainName": d.id, "Priority": 20, "Conditions": []any{header, base}, "Actions": invoke(true)}
	first := w.rule("CreateRoutingRule", rule)
	second := w.rule("CreateRoutingRule", m{"DomainName": d.id, "Priority": 30, "Conditions": []any{header}, "Actions": invoke(false)})
	w.refuses("a priority that is taken", "CreateRoutingRule", rule, "ConflictException", 409)
	rule["Priority"], rule["Actions"] = 10, []any{m{"InvokeApi": m{"ApiId": a.id, "Stage": "v1"}}}
	w.refuses("a rule to an HTTP API", "CreateRoutingRule", rule, "BadRequestException", 400)

	const body = `{"mock": true}`
	asks := http.Header{"X-Walk": {"rules"}}
	reaches := func(desc, path, want string, header http.Header) {
		w.Helper()
		if r := w.send(http.MethodGet, at(path), d.id, header); r.status != http.StatusOK || r.body != want {
			w.Errorf("%s: GET %s answers %d: %s", desc, path, r.status, r.body)
		}
	}
	reaches("the base path is stripped", "/two/x", body, asks)
	reaches("the second rule takes the rest", "/x", body, asks)
	if r := w.send(http.MethodGet, at("/two/x"), d.id, nil); r.status == http.StatusOK {
		w.Errorf("a request without the header is led to %s", r.body)
	}

	put := m{"DomainName": d.id, "RoutingRuleId": second, "Priority": 5, "Conditions": []any{base, header}, "Actions": invoke(true)}
	w.rule("PutRoutingRule", put)
	got := w.do("GetRoutingRule", m{"DomainName": d.id, "RoutingRuleId": second})
	delete(put, "DomainName")
	w.compare("GetRoutingRule", second, put, got)
	w.do("DeleteRoutingRule", m{"DomainName": d.id, "RoutingRuleId": first})
	reaches("a rule is replaced", "/one/x", body, asks)
	first = w.rule("CreateRoutingRule", m{"DomainName": d.id, "Priority": 20, "Conditions": []any{}, "Actions": invoke(false)})
	w.rulePages(d, first, second)
	for _, id := range []string{first, second} {
		w.do("DeleteRoutingRule", m{"DomainName": d.id, "RoutingRuleId": id})
		w.refuses("what was deleted", "GetRoutingRule", m{"DomainName": d.id, "RoutingRuleId": id}, "NotFoundException", 404)
	}
}

// rule makes or replaces a rule, sees what was sent come back, and returns its id.
func (w *walker) rule(op string, in m) string {
	w.Helper()
	out := w.do(op, in)
	id, shown := fmt.Sprint(out["RoutingRuleId"]), maps.Clone(in)
	delete(shown, "DomainName")
	w.compare(op, id, shown, out)
	return id
}

// rulePages reads the rules one by one and finds each once.
func (w *walker) rulePages(d *thing, ids ...string) {
	w.Helper()
	found := map[any]int{}
	in := m{"DomainName": d.id, "MaxResults": 1}
	for range ids {
		out := w.do("ListRoutingRules", in)
		page, _ := out["RoutingRules"].([]any)
		if len(page) != 1 {
			w.Fatalf("a page of ListRoutingRules has %d rules: %v", len(page), out)
		}
		found[page[0].(m)["RoutingRuleId"]]++
		in["NextToken"] = out["NextToken"]
	}
	for _, id := range ids {
		if found[id] != 1 || in["NextToken"] != nil {
			w.Errorf("ListRoutingRules shows %s %d times and ends with %v", id, found[id], in["NextToken"])
		}
	}
}

// restAPI makes a REST API whose stage s answers the path /x by itself. end
// deletes it.
func (w *walker) restAPI() (id string, end func()) {
	w.Helper()
	rest := *w
	rest.service, rest.sent = "apigateway", map[string]bool{}
	api := &restThing{restAPI, &rest, nil, fmt.Sprint(rest.do("CreateRestApi", m{"name": "rules"})["id"]), nil}
	x := rest.do("CreateResource", api.with(m{"parentId": api.root(), "pathPart": "x"}))
	api.mock(fmt.Sprint(x["id"]))
	rest.do("CreateDeployment", api.with(m{"stageName": "s"}))
	return api.id, func() {
		w.Helper()
		rest.do("DeleteRestApi", api.named())
	}
}
