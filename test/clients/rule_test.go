package clients_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// rules chooses stages by headers and base paths. Rules lead to REST APIs only,
// which this walk does not make: the SDK for Go does it beside.
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

	const body = `{"path": "x"}`
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
	for name, sent := range put {
		if name != "DomainName" && !covers(got[name], plain(w.T, sent)) {
			w.Errorf("GetRoutingRule: %s is %v, sent was %v", name, got[name], sent)
		}
	}
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
	for name, sent := range in {
		if name != "DomainName" && !covers(out[name], plain(w.T, sent)) {
			w.Errorf("%s: %s is %v, sent was %v", op, name, out[name], sent)
		}
	}
	return fmt.Sprint(out["RoutingRuleId"])
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

// restAPI makes a REST API whose stage s answers any path of one segment by
// itself. end deletes it.
func (w *walker) restAPI() (id string, end func()) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c := apigateway.New(apigateway.Options{Region: "us-east-1", BaseEndpoint: aws.String(w.g.Endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	must := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	api, err := c.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("rules")})
	must(err)
	r, err := c.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("x")})
	must(err)
	_, err = c.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: r.Id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
	must(err)
	_, err = c.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: r.Id, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock,
		RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}})
	must(err)
	_, err = c.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: api.Id, ResourceId: r.Id, HttpMethod: aws.String("GET"), StatusCode: aws.String("200")})
	must(err)
	_, err = c.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: api.Id, ResourceId: r.Id, HttpMethod: aws.String("GET"), StatusCode: aws.String("200"),
		ResponseTemplates: map[string]string{"application/json": `{"path": "x"}`}})
	must(err)
	_, err = c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("s")})
	must(err)
	return aws.ToString(api.Id), func() {
		w.Helper()
		defer cancel()
		_, err := c.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: api.Id})
		must(err)
	}
}
