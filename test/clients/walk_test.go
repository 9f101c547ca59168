package clients_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A walker takes the walk with one client.
type walker struct {
	*testing.T
	g       *gateway
	c       client
	service string // as docs/coverage.md and the AWS CLI name it
	newest  bool   // the client knows the members of recent years
	slow    bool   // a call is a process: less is asked for twice
	backend string
	sent    map[string]bool // operations, and "operation member", in lower case
}

// walk is what every client does: each resource of an HTTP API is created,
// read, listed and updated, and every member that was sent must come back each
// time; requests in between show what took effect and what did not yet; in the
// end everything is deleted and gone. What the walk leaves out of
// docs/coverage.md is a failure too.
func walk(t *testing.T, g *gateway, backend string, c client, newest bool) {
	w := &walker{t, g, c, "apigatewayv2", newest, false, backend, map[string]bool{}}
	a := w.makeAPI()
	integration := a.make(kindIntegration, m{
		"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": backend + "/first/{id}",
		"PayloadFormatVersion": "1.0", "ConnectionType": "INTERNET", "TimeoutInMillis": 20000, "Description": "first",
	})
	route := a.make(kindRoute, m{
		"RouteKey": "GET /pets/{id}", "Target": "integrations/" + integration.id, "AuthorizationType": "NONE",
		"ApiKeyRequired": false, "OperationName": "readPet",
	})
	stage := w.makeStage(a)
	w.answers("nothing is deployed yet", a.url("v1", "/pets/7"), http.StatusNotFound)

	first := w.deploy(a, stage, "the first deployment")
	w.reaches("a deployment is live when its call returns", a.url("v1", "/pets/7?x=1&x=2"), echo{Method: "GET", Path: "/first/7", Query: "x=1&x=2"})
	w.answers("a path without a route", a.url("v1", "/pet/7"), http.StatusNotFound)
	w.says("the access log has the request", "walk "+a.id+" ")

	integration.update(m{"IntegrationUri": backend + "/second/{id}", "IntegrationMethod": "PUT", "TimeoutInMillis": 10000, "Description": "second", "PayloadFormatVersion": "1.0"})
	w.reaches("an edit without a deployment changes no traffic", a.url("v1", "/pets/7"), echo{Method: "GET", Path: "/first/7"})
	first.update(m{"Description": "still the first"})
	second := w.deploy(a, stage, "the second deployment")
	w.reaches("the second deployment has the edit", a.url("v1", "/pets/7"), echo{Method: "PUT", Path: "/second/7"})
	w.pages(first, second)
	stage.update(m{"DeploymentId": first.id})
	w.reaches("a stage can go back to a deployment", a.url("v1", "/pets/7"), echo{Method: "GET", Path: "/first/7"})
	old := a.make(kindStage, m{"StageName": "old", "DeploymentId": first.id})
	w.pages(stage, old)
	w.stageSettings(a, stage)

	delete(stage.expect, "DeploymentId") // from here on it is of the gateway's choice
	stage.update(m{"AutoDeploy": true, "Description": "deploys itself", "StageVariables": m{"colour": "red", "size": "2"}})
	w.reaches("turning autoDeploy on deploys what was edited", a.url("v1", "/pets/7"), echo{Method: "PUT", Path: "/second/7"})
	route.update(m{"RouteKey": "GET /animals/{id}", "OperationName": "readAnimal"})
	w.reaches("an edit of a stage that deploys itself is live at once", a.url("v1", "/animals/8"), echo{Method: "PUT", Path: "/second/8"})
	w.answers("the old key is gone with it", a.url("v1", "/pets/7"), http.StatusNotFound)

	w.parameters(a, integration)
	w.links(a)
	w.authorizers(a, integration)
	w.models(a)
	w.domains(a)
	w.cors(a)
	w.openAPI(a)
	w.quickCreate()
	w.refusals(a)

	// An API without any route cannot be deployed, so another one stays.
	last := a.make(kindRoute, m{"RouteKey": "ANY /last/{id}", "Target": "integrations/" + integration.id})
	w.pages(route, last)
	route.remove()
	w.answers("a deleted route is gone", a.url("v1", "/animals/8"), http.StatusNotFound)
	last.remove()
	integration.remove()
	old.remove()
	stage.remove()
	second.remove()
	first.remove()
	a.remove()
	w.leavesOutNothing()
}

// makeAPI makes the API and changes each of its members once.
func (w *walker) makeAPI() *thing {
	in := m{
		"Name": "walk", "ProtocolType": "HTTP", "Description": "a walk", "Version": "1", "DisableExecuteApiEndpoint": false, "DisableSchemaValidation": true,
		"RouteSelectionExpression": "$request.method $request.path", "ApiKeySelectionExpression": "$request.header.x-api-key",
		"CorsConfiguration": m{"AllowOrigins": []any{"https://example.com"}, "AllowMethods": []any{"GET"}, "AllowHeaders": []any{"*"}, "ExposeHeaders": []any{"date"},
			"MaxAge": 60, "AllowCredentials": false},
		"Tags": m{"team": "animals", "stage of life": "adult"},
	}
	change := m{
		"Name": "walk on", "Description": "a longer walk", "Version": "2", "DisableExecuteApiEndpoint": false, "DisableSchemaValidation": false,
		"RouteSelectionExpression": "${request.method} ${request.path}", "ApiKeySelectionExpression": "$request.header.x-api-key",
		"CorsConfiguration": m{"AllowOrigins": []any{"https://example.org", "https://example.net"}, "AllowMethods": []any{"GET", "PUT"}, "AllowHeaders": []any{"x-walk"},
			"ExposeHeaders": []any{"x-walked"}, "MaxAge": 600, "AllowCredentials": true},
	}
	if w.newest {
		in["IpAddressType"], change["IpAddressType"] = "ipv4", "dualstack"
	}
	a := w.make(kindAPI, nil, in)
	if endpoint, _ := a.get()["ApiEndpoint"].(string); !strings.Contains(endpoint, a.id) {
		w.Errorf("the apiEndpoint %q does not name the API %s", endpoint, a.id)
	}
	a.update(change)
	a.tagged("/apis/" + a.id)
	return a
}

// deploy makes a deployment and sees the stage point to it.
func (w *walker) deploy(a, stage *thing, description string) *thing {
	w.Helper()
	out := w.do("CreateDeployment", m{"ApiId": a.id, "StageName": stage.id, "Description": description})
	d := &thing{kindDeployment, w, a.key(), fmt.Sprint(out["DeploymentId"]), m{"Description": description, "DeploymentStatus": "DEPLOYED", "AutoDeployed": false}}
	d.check("CreateDeployment", out)
	d.agrees()
	stage.expect["DeploymentId"] = d.id
	stage.agrees()
	return d
}

// cors sees a browser's question answered, until the configuration is deleted.
func (w *walker) cors(a *thing) {
	w.Helper()
	const origin = "https://example.org"
	ask := http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"x-walk"}}
	url := a.url("v1", "/animals/8")
	r := w.send(http.MethodOptions, url, "", ask)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "GET,PUT", "Access-Control-Allow-Headers": "x-walk",
		"Access-Control-Max-Age": "600", "Access-Control-Allow-Credentials": "true",
	} {
		if got := r.header.Get(name); got != want || r.status != http.StatusNoContent {
			w.Errorf("a preflight is answered %d with %s %q, want %q", r.status, name, got, want)
		}
	}
	r = w.send(http.MethodGet, url, "", http.Header{"Origin": {origin}})
	if got, exposed := r.header.Get("Access-Control-Allow-Origin"), r.header.Get("Access-Control-Expose-Headers"); got != origin || exposed != "x-walked" {
		w.Errorf("a request of %s is answered %d, allowing %q and exposing %q", origin, r.status, got, exposed)
	}
	w.do("DeleteCorsConfiguration", m{"ApiId": a.id})
	delete(a.expect, "CorsConfiguration")
	a.lacks("CorsConfiguration")
	if r := w.send(http.MethodOptions, url, "", ask); r.status != http.StatusNotFound || r.header.Get("Access-Control-Allow-Origin") != "" {
		w.Errorf("a preflight of an API without CORS is answered %d with %v", r.status, r.header)
	}
}

// quickCreate makes an API, its integration, route and stage in one call.
func (w *walker) quickCreate() {
	w.Helper()
	sent := m{"Name": "quick", "ProtocolType": "HTTP", "Target": w.backend + "/base", "CredentialsArn": "arn:aws:iam::000000000000:role/walk"}
	out := w.do("CreateApi", sent)
	a := &thing{kindAPI, w, nil, fmt.Sprint(out["ApiId"]), m{"Name": "quick", "ProtocolType": "HTTP"}}
	a.check("CreateApi", out)
	a.agrees()
	w.reaches("a quick API proxies everything", a.url("", "/any/path?q=1"), echo{Method: "GET", Path: "/base/any/path", Query: "q=1"})
	for _, k := range []kind{kindIntegration, kindRoute, kindStage} {
		items := w.items(k, m{"ApiId": a.id})
		if len(items) != 1 || items[0]["ApiGatewayManaged"] != true {
			w.Errorf("quick create shows %d of %s, want one that is managed: %v", len(items), k.name, items)
		}
	}
	if routes := w.items(kindRoute, m{"ApiId": a.id}); len(routes) == 1 && routes[0]["RouteKey"] != "$default" {
		w.Errorf("the quick route's key is %v", routes[0]["RouteKey"])
	}
	a.remove()

	out = w.do("CreateApi", m{"Name": "quick key", "ProtocolType": "HTTP", "Target": w.backend + "/only", "RouteKey": "GET /one"})
	a = &thing{kindAPI, w, nil, fmt.Sprint(out["ApiId"]), m{"Name": "quick key"}}
	w.reaches("a quick API with a key serves that key", a.url("", "/one"), echo{Method: "GET", Path: "/only"})
	w.answers("and no other", a.url("", "/two"), http.StatusNotFound)
	w.do("UpdateApi", m{"ApiId": a.id, "RouteKey": "GET /two", "Target": w.backend + "/moved", "CredentialsArn": "arn:aws:iam::000000000000:role/walk"})
	w.reaches("a quick API can be pointed elsewhere", a.url("", "/two"), echo{Method: "GET", Path: "/moved"})
	w.answers("and its old key is gone", a.url("", "/one"), http.StatusNotFound)
	a.remove()
}

// refusals sees each client understand what the service refuses.
func (w *walker) refusals(a *thing) {
	w.Helper()
	w.refuses("an API that is not there", "GetApi", m{"ApiId": "nowhere000"}, "NotFoundException", 404)
	w.refuses("a route that is not there", "GetRoute", m{"ApiId": a.id, "RouteId": "nowhere"}, "NotFoundException", 404)
	parameter := m{"ApiId": a.id, "RouteId": w.items(kindRoute, m{"ApiId": a.id})[0]["RouteId"], "RequestParameterKey": "route.request.querystring.q"}
	w.note("DeleteRouteRequestParameter", parameter)
	w.refuses("a parameter that only routes of WebSocket APIs have", "DeleteRouteRequestParameter", parameter, "BadRequestException", 400)
	w.refuses("a domain that is not there", "GetDomainName", m{"DomainName": "nowhere.example.com"}, "NotFoundException", 404)
	w.refuses("a route key without a path", "CreateRoute", m{"ApiId": a.id, "RouteKey": "GET"}, "BadRequestException", 400)
	w.refuses("an integration without a method", "CreateIntegration",
		m{"ApiId": a.id, "IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://127.0.0.1/"}, "BadRequestException", 400)
	w.refuses("a second stage of the same name", "CreateStage", m{"ApiId": a.id, "StageName": "v1"}, "ConflictException", 409)
	w.refuses("a log format with an unknown variable", "UpdateStage",
		m{"ApiId": a.id, "StageName": "v1", "AccessLogSettings": m{"Format": "$context.requestId $context.nothing"}}, "BadRequestException", 400)
	w.refuses("all origins and credentials", "UpdateApi",
		m{"ApiId": a.id, "CorsConfiguration": m{"AllowOrigins": []any{"*"}, "AllowCredentials": true}}, "BadRequestException", 400)
	w.refuses("a protocol that is not built yet", "CreateApi",
		m{"Name": "ws", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}, "NotImplementedException", 501)
	w.refuses("an operation that is not built yet", "GetRouteResponses", m{"ApiId": a.id, "RouteId": "nowhere"}, "NotImplementedException", 501)
}
