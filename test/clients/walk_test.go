package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// m is a call's input or output.
type m = map[string]any

// A kind of resource, with the member that names one.
type kind struct{ name, id string }

var (
	kindAPI         = kind{"Api", "ApiId"}
	kindIntegration = kind{"Integration", "IntegrationId"}
	kindRoute       = kind{"Route", "RouteId"}
	kindStage       = kind{"Stage", "StageName"}
	kindDeployment  = kind{"Deployment", "DeploymentId"}
)

// A walker takes the walk with one client.
type walker struct {
	*testing.T
	g *gateway
	c client
}

// A thing is a resource that the walk has made.
type thing struct {
	kind
	w      *walker
	api    string
	id     string
	expect m // every member that was sent so far, with its last value
}

// walk is what every client does: each resource of an HTTP API is created,
// read, listed and updated, and every member that was sent must come back each
// time; requests in between show what took effect and what did not yet; in the
// end everything is deleted and gone. newest says that the client knows the
// members of recent years.
func walk(t *testing.T, g *gateway, backend string, c client, newest bool) {
	w := &walker{t, g, c}
	a := w.makeAPI(newest)
	integration := a.make(kindIntegration, m{
		"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": backend + "/first/{id}",
		"PayloadFormatVersion": "1.0", "ConnectionType": "INTERNET", "TimeoutInMillis": 20000, "Description": "first",
	})
	route := a.make(kindRoute, m{
		"RouteKey": "GET /pets/{id}", "Target": "integrations/" + integration.id, "AuthorizationType": "NONE",
		"ApiKeyRequired": false, "OperationName": "readPet",
	})
	stage := a.make(kindStage, m{
		"StageName": "v1", "Description": "the first stage", "AutoDeploy": false, "StageVariables": m{"colour": "blue"},
		"DefaultRouteSettings": m{"DetailedMetricsEnabled": true}, "Tags": m{"team": "animals"},
	})
	w.answers("nothing is deployed yet", a.url("v1", "/pets/7"), http.StatusNotFound)

	first := w.deploy(a, stage, "the first deployment")
	w.reaches("a deployment is live when its call returns", a.url("v1", "/pets/7?x=1&x=2"), echo{Method: "GET", Path: "/first/7", Query: "x=1&x=2"})
	w.answers("a path without a route", a.url("v1", "/pet/7"), http.StatusNotFound)

	integration.update(m{"IntegrationUri": backend + "/second/{id}", "IntegrationMethod": "PUT", "TimeoutInMillis": 10000, "Description": "second"})
	w.reaches("an edit without a deployment changes no traffic", a.url("v1", "/pets/7"), echo{Method: "GET", Path: "/first/7"})
	first.update(m{"Description": "still the first"})
	second := w.deploy(a, stage, "the second deployment")
	w.reaches("the second deployment has the edit", a.url("v1", "/pets/7"), echo{Method: "PUT", Path: "/second/7"})
	stage.update(m{"DeploymentId": first.id})
	w.reaches("a stage can go back to a deployment", a.url("v1", "/pets/7"), echo{Method: "GET", Path: "/first/7"})

	delete(stage.expect, "DeploymentId") // from here on it is of the gateway's choice
	stage.update(m{"AutoDeploy": true, "Description": "deploys itself", "StageVariables": m{"colour": "red", "size": "2"}})
	w.reaches("turning autoDeploy on deploys what was edited", a.url("v1", "/pets/7"), echo{Method: "PUT", Path: "/second/7"})
	route.update(m{"RouteKey": "GET /animals/{id}", "OperationName": "readAnimal"})
	w.reaches("an edit of a stage that deploys itself is live at once", a.url("v1", "/animals/8"), echo{Method: "PUT", Path: "/second/8"})
	w.answers("the old key is gone with it", a.url("v1", "/pets/7"), http.StatusNotFound)

	w.pages(a, integration)
	w.quickCreate(backend)
	w.refusals(a)

	// An API without any route cannot be deployed, so another one stays.
	last := a.make(kindRoute, m{"RouteKey": "ANY /last/{id}", "Target": "integrations/" + integration.id})
	route.remove()
	w.answers("a deleted route is gone", a.url("v1", "/animals/8"), http.StatusNotFound)
	last.remove()
	integration.remove()
	stage.remove()
	second.remove()
	first.remove()
	a.remove()
}

// makeAPI makes the API and changes each of its members once.
func (w *walker) makeAPI(newest bool) *thing {
	in := m{
		"Name": "walk", "ProtocolType": "HTTP", "Description": "a walk", "Version": "1", "DisableExecuteApiEndpoint": false,
		"RouteSelectionExpression": "$request.method $request.path", "ApiKeySelectionExpression": "$request.header.x-api-key",
		"CorsConfiguration": m{"AllowOrigins": []any{"https://example.com"}, "AllowMethods": []any{"GET"}, "MaxAge": 60, "AllowCredentials": false},
		"Tags":              m{"team": "animals", "stage of life": "adult"},
	}
	change := m{"Name": "walk on", "Description": "a longer walk", "Version": "2",
		"CorsConfiguration": m{"AllowOrigins": []any{"https://example.org"}, "AllowHeaders": []any{"x-walk"}, "ExposeHeaders": []any{"x-walked"}}}
	if newest {
		in["IpAddressType"], change["IpAddressType"] = "ipv4", "dualstack"
	}
	a := w.make(kindAPI, "", in)
	if endpoint, _ := a.get()["ApiEndpoint"].(string); !strings.Contains(endpoint, a.id) {
		w.Errorf("the apiEndpoint %q does not name the API %s", endpoint, a.id)
	}
	a.update(change)
	return a
}

// deploy makes a deployment and sees the stage point to it.
func (w *walker) deploy(a, stage *thing, description string) *thing {
	w.Helper()
	out := w.do("CreateDeployment", m{"ApiId": a.id, "StageName": stage.id, "Description": description})
	d := &thing{kindDeployment, w, a.id, fmt.Sprint(out["DeploymentId"]), m{"Description": description, "DeploymentStatus": "DEPLOYED", "AutoDeployed": false}}
	d.check("CreateDeployment", out)
	d.agrees()
	stage.expect["DeploymentId"] = d.id
	stage.agrees()
	return d
}

// pages reads a list in pages of one and finds each item once.
func (w *walker) pages(a, integration *thing) {
	w.Helper()
	made := map[string]bool{}
	for i := range 2 {
		out := w.do("CreateRoute", m{"ApiId": a.id, "RouteKey": fmt.Sprintf("POST /page/%d/{id}", i), "Target": "integrations/" + integration.id})
		made[fmt.Sprint(out["RouteId"])] = true
	}
	extra := slices.Collect(maps.Keys(made))
	in := m{"ApiId": a.id, "MaxResults": "1"}
	for page := 0; ; page++ {
		out := w.do("GetRoutes", in)
		items, _ := out["Items"].([]any)
		if len(items) > 1 || page > 20 {
			w.Fatalf("page %d of GetRoutes has %d items, though one was asked for", page, len(items))
		}
		for _, item := range items {
			delete(made, fmt.Sprint(item.(m)["RouteId"]))
		}
		token, _ := out["NextToken"].(string)
		if token == "" {
			break
		}
		in["NextToken"] = token
	}
	if len(made) > 0 {
		w.Errorf("reading GetRoutes in pages misses %v", made)
	}
	for _, id := range extra {
		w.do("DeleteRoute", m{"ApiId": a.id, "RouteId": id})
	}
}

// quickCreate makes an API, its integration, route and stage in one call.
func (w *walker) quickCreate(backend string) {
	w.Helper()
	sent := m{"Name": "quick", "ProtocolType": "HTTP", "Target": backend + "/base"}
	out := w.do("CreateApi", sent)
	a := &thing{kindAPI, w, "", fmt.Sprint(out["ApiId"]), m{"Name": "quick", "ProtocolType": "HTTP"}}
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

	out = w.do("CreateApi", m{"Name": "quick key", "ProtocolType": "HTTP", "Target": backend + "/only", "RouteKey": "GET /one"})
	a = &thing{kindAPI, w, "", fmt.Sprint(out["ApiId"]), m{"Name": "quick key"}}
	w.reaches("a quick API with a key serves that key", a.url("", "/one"), echo{Method: "GET", Path: "/only"})
	w.answers("and no other", a.url("", "/two"), http.StatusNotFound)
	a.remove()
}

// refusals sees each client understand what the service refuses.
func (w *walker) refusals(a *thing) {
	w.Helper()
	for _, tt := range []struct {
		desc   string
		op     string
		in     m
		code   string
		status int
	}{
		{"an API that is not there", "GetApi", m{"ApiId": "nowhere000"}, "NotFoundException", 404},
		{"a route that is not there", "GetRoute", m{"ApiId": a.id, "RouteId": "nowhere"}, "NotFoundException", 404},
		{"a route key without a path", "CreateRoute", m{"ApiId": a.id, "RouteKey": "GET"}, "BadRequestException", 400},
		{"an integration without a method", "CreateIntegration", m{"ApiId": a.id, "IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://127.0.0.1/"}, "BadRequestException", 400},
		{"a second stage of the same name", "CreateStage", m{"ApiId": a.id, "StageName": "v1"}, "ConflictException", 409},
		{"a protocol that is not built yet", "CreateApi", m{"Name": "ws", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}, "NotImplementedException", 501},
		{"an operation that is not built yet", "GetDomainNames", m{}, "NotImplementedException", 501},
	} {
		_, err := w.c.call(tt.op, tt.in)
		if err == nil {
			w.Errorf("%s: %s was not refused", tt.desc, tt.op)
			continue
		}
		r := refused(w.T, err)
		if r.Code != tt.code || r.Status != tt.status && r.Status != 0 || r.Message == "" {
			w.Errorf("%s: %s is refused with %v, want %s (%d) and a message", tt.desc, tt.op, r, tt.code, tt.status)
		}
	}
}

// do makes a call that must succeed.
func (w *walker) do(op string, in m) m {
	w.Helper()
	out, err := w.c.call(op, in)
	if err != nil {
		w.Fatalf("%s %v: %v", op, in, err)
	}
	return out
}

// make creates a resource and sees all that was sent come back.
func (w *walker) make(k kind, api string, in m) *thing {
	w.Helper()
	call := maps.Clone(in)
	if api != "" {
		call["ApiId"] = api
	}
	out := w.do("Create"+k.name, call)
	t := &thing{k, w, api, fmt.Sprint(out[k.id]), maps.Clone(in)}
	t.check("Create"+k.name, out)
	t.agrees()
	return t
}

// make creates a resource of the API.
func (a *thing) make(k kind, in m) *thing {
	a.w.Helper()
	return a.w.make(k, a.id, in)
}

// key are the members that name the resource.
func (t *thing) key() m {
	if t.kind == kindAPI {
		return m{"ApiId": t.id}
	}
	return m{"ApiId": t.api, t.kind.id: t.id}
}

func (t *thing) get() m {
	t.w.Helper()
	return t.w.do("Get"+t.name, t.key())
}

// agrees sees get and list show what was sent.
func (t *thing) agrees() {
	t.w.Helper()
	t.check("Get"+t.name, t.get())
	in := m{}
	if t.kind != kindAPI {
		in["ApiId"] = t.api
	}
	found := 0
	for _, item := range t.w.items(t.kind, in) {
		if item[t.kind.id] == t.id {
			t.check("Get"+t.name+"s", item)
			found++
		}
	}
	if found != 1 {
		t.w.Errorf("Get%ss shows %s %d times", t.name, t.id, found)
	}
}

// items is the whole list.
func (w *walker) items(k kind, in m) (all []m) {
	w.Helper()
	in = maps.Clone(in)
	for range 1000 {
		out := w.do("Get"+k.name+"s", in)
		items, _ := out["Items"].([]any)
		for _, item := range items {
			all = append(all, item.(m))
		}
		token, _ := out["NextToken"].(string)
		if token == "" {
			return all
		}
		in["NextToken"] = token
	}
	w.Fatalf("Get%ss does not end", k.name)
	return nil
}

// update changes members and sees the new values, and the others unchanged.
func (t *thing) update(change m) {
	t.w.Helper()
	call := t.key()
	maps.Copy(call, change)
	out := t.w.do("Update"+t.name, call)
	maps.Copy(t.expect, change)
	t.check("Update"+t.name, out)
	t.agrees()
}

// remove deletes the resource and sees it gone.
func (t *thing) remove() {
	t.w.Helper()
	t.w.do("Delete"+t.name, t.key())
	_, err := t.w.c.call("Get"+t.name, t.key())
	if err == nil {
		t.w.Errorf("%s %s is still there after its deletion", t.name, t.id)
		return
	}
	if r := refused(t.w.T, err); r.Code != "NotFoundException" {
		t.w.Errorf("%s %s after its deletion: %v", t.name, t.id, r)
	}
}

// check compares every member that was sent with an answer.
func (t *thing) check(op string, got m) {
	t.w.Helper()
	for name, sent := range t.expect {
		if !covers(got[name], plain(t.w.T, sent)) {
			t.w.Errorf("%s of %s: %s is %v, sent was %v", op, t.id, name, got[name], sent)
		}
	}
}

// covers reports that got has all that was sent: objects may have more members,
// everything else is equal.
func covers(got, sent any) bool {
	object, ok := sent.(m)
	if !ok {
		return reflect.DeepEqual(got, sent)
	}
	other, ok := got.(m)
	if !ok {
		return false
	}
	for name, value := range object {
		if !covers(other[name], value) {
			return false
		}
	}
	return true
}

// plain is a value as JSON carries it, so that 60 equals 60.0.
func plain(t *testing.T, v any) (out any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// url is a path below a stage; no stage is $default.
func (t *thing) url(stage, path string) string {
	base := t.w.g.Endpoint + "/_aws/execute-api/" + t.id
	if stage != "" {
		base += "/" + stage
	}
	return base + path
}

// fetch makes one request of the data plane.
func (w *walker) fetch(url string) (status int, body string) {
	w.Helper()
	c := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil, IdleConnTimeout: time.Second}}
	res, err := c.Get(url)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		w.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// answers wants a status of the gateway's own.
func (w *walker) answers(desc, url string, want int) {
	w.Helper()
	if status, body := w.fetch(url); status != want {
		w.Errorf("%s: GET %s answers %d, want %d: %s", desc, url, status, want, body)
	}
}

// reaches wants the backend to have seen a request.
func (w *walker) reaches(desc, url string, want echo) {
	w.Helper()
	status, body := w.fetch(url)
	var got echo
	if err := json.Unmarshal([]byte(body), &got); status != http.StatusOK || err != nil {
		w.Errorf("%s: GET %s answers %d: %s", desc, url, status, body)
		return
	}
	if got != want {
		w.Errorf("%s: GET %s reached the backend as %+v, want %+v", desc, url, got, want)
	}
}
