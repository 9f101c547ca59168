package clients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// walkREST is walk for the V1 API: each resource of a REST API is made, read,
// listed and patched, every member that was sent must come back each time, and
// requests show what took effect, from which deployment, and what is refused
// until it is enforced.
func walkREST(t *testing.T, g *gateway, backend string, c client, newest, slow bool) {
	w := &walker{t, g, c, "apigateway", newest, slow, backend, map[string]bool{}}
	a := w.makeRESTAPI()
	w.account()
	parts := w.restParts(a)
	tree := w.restTree(a, parts)
	w.answers("nothing is deployed yet", a.url("v1", "/pets/7"), http.StatusForbidden)

	first, stage := w.restDeploy(a)
	w.restServed(a, stage)
	w.restEdits(a, tree, stage, first)
	w.restCanary(a, stage)
	w.restStages(a, stage, first)
	w.restStageSettings(a, stage, parts)
	w.restDomains(a)
	w.restClosed(a, tree, parts)
	w.restRefusals(a, tree)

	parts.release(tree)
	stage.remove()
	w.answers("a deleted stage is gone", a.url("v1", "/pets/7"), http.StatusForbidden)
	tree.remove()
	parts.remove()
	a.remove()
	w.leavesOutNothing()
}

// makeRESTAPI makes the API and changes each of its members once.
func (w *walker) makeRESTAPI() *restThing {
	endpoint := m{"types": []any{"EDGE"}}
	in := m{
		"name": "walk", "description": "a walk", "version": "1", "binaryMediaTypes": []any{"image/png"}, "minimumCompressionSize": 1000,
		"apiKeySource": "HEADER", "disableExecuteApiEndpoint": false, "endpointConfiguration": endpoint, "tags": m{"team": "animals", "stage of life": "adult"},
	}
	change := m{"name": "walk on", "description": "a longer walk", "binaryMediaTypes": []any{"image/gif"}, "minimumCompressionSize": 100,
		"endpointConfiguration": m{"types": []any{"REGIONAL"}}}
	ops := []any{replace("walk on", "name"), replace("a longer walk", "description"), replace("100", "minimumCompressionSize"),
		add("", "binaryMediaTypes", "image/gif"), remove("binaryMediaTypes", "image/png"), replace("REGIONAL", "endpointConfiguration", "types", "EDGE")}
	if w.newest {
		endpoint["ipAddressType"], in["endpointAccessMode"], in["securityPolicy"] = "ipv4", "BASIC", "SecurityPolicy_TLS13_1_3_2025_09"
		change["endpointConfiguration"].(m)["ipAddressType"], change["endpointAccessMode"] = "dualstack", "STRICT"
		ops = append(ops, replace("dualstack", "endpointConfiguration", "ipAddressType"), replace("STRICT", "endpointAccessMode"))
	}
	a := w.makeREST(restAPI, nil, in)
	a.patch(change, ops...)
	a.tagged("/restapis/" + a.id)
	return a
}

func (t *restThing) url(stage, path string) string { return t.w.g.url(t.id, stage, path) }

// freeze makes a deployment.
func (w *walker) freeze(a *restThing, in m) *restThing {
	w.Helper()
	call := a.with(in)
	out := w.do("CreateDeployment", call)
	d := &restThing{restDeployment, w, a.named(), fmt.Sprint(out["id"]), m{}}
	if text, ok := in["description"]; ok {
		d.expect["description"] = text
	}
	w.compare("CreateDeployment", d.id, d.expect, out)
	return d
}

// restDeploy makes the first deployment, and with it the stage v1.
func (w *walker) restDeploy(a *restThing) (first, stage *restThing) {
	w.Helper()
	first = w.freeze(a, m{"stageName": "v1", "description": "the first deployment", "stageDescription": "the first stage",
		"variables": m{"colour": "blue", "edit": "edited"}, "cacheClusterEnabled": true, "cacheClusterSize": "0.5", "tracingEnabled": true})
	first.agrees()
	first.patch(m{"description": "still the first"}, replace("still the first", "description"))
	stage = &restThing{restStage, w, a.named(), "v1", m{"stageName": "v1", "deploymentId": first.id, "description": "the first stage",
		"variables": m{"colour": "blue", "edit": "edited"}, "cacheClusterEnabled": true, "cacheClusterSize": "0.5", "tracingEnabled": true}}
	stage.agrees()
	summary, _ := w.do("GetDeployment", first.with(m{"embed": []any{"apisummary"}}))["apiSummary"].(m)
	if want := (m{"/pets/{id}": m{"GET": m{"authorizationType": "NONE", "apiKeyRequired": false}}}); !covers(summary, plain(w.T, want)) {
		w.Errorf("the summary of the first deployment is %v, want %v in it", summary, want)
	}
	return first, stage
}

// restServed sees what the first deployment serves.
func (w *walker) restServed(a, stage *restThing) {
	w.Helper()
	w.reaches("a deployment is live when its call returns", a.url("v1", "/pets/7?x=1&x=2"),
		echo{Method: "PUT", Path: "/blue/7", Query: "x=1&x=2&from=v1", Walk: "blue"})
	w.misses("a path without a resource", a.url("v1", "/pet/7"))
	w.misses("a resource without a method", a.url("v1", "/pets"))

	r := w.send(http.MethodGet, a.url("v1", "/mock"), "", nil)
	if r.status != http.StatusOK || r.body != `{"mock": true}` || r.header.Get("X-Mapped") != "literal" || r.header.Get("Content-Type") != "application/json" {
		w.Errorf("a mock answers %d with %v: %s", r.status, r.header, r.body)
	}
	format := "walk " + a.id + " $context.requestId"
	stage.patch(m{"variables": m{"colour": "red", "edit": "edited", "size": "2"}, "accessLogSettings": m{"destinationArn": logGroup + "rest", "format": format}},
		replace("red", "variables", "colour"), add("2", "variables", "size"),
		replace(logGroup+"rest", "accessLogSettings", "destinationArn"), replace(format, "accessLogSettings", "format"))
	w.reaches("a stage variable acts without a deployment", a.url("v1", "/pets/7"), echo{Method: "PUT", Path: "/red/7", Query: "from=v1", Walk: "red"})
	w.says("an access log too", "walk "+a.id+" ")
	stage.patch(m{"accessLogSettings": nil}, remove("accessLogSettings"))
}

// misses wants the answer of a REST API for what no method matches.
func (w *walker) misses(desc, url string) {
	w.Helper()
	r := w.send(http.MethodGet, url, "", nil)
	kind := r.header.Get("X-Amzn-Errortype")
	if r.status != http.StatusForbidden || r.body != `{"message":"Missing Authentication Token"}` || kind != "MissingAuthenticationTokenException" {
		w.Errorf("%s: GET %s answers %d of type %q: %s", desc, url, r.status, kind, r.body)
	}
}

// restEdits edits the draft, deploys it and goes back to the first deployment.
func (w *walker) restEdits(a *restThing, tree *restTree, stage, first *restThing) {
	w.Helper()
	old := echo{Method: "PUT", Path: "/red/7", Query: "from=v1", Walk: "red"}
	edited := echo{Method: "POST", Path: "/edited/7", Query: "from=v1", Walk: "more"}
	tree.editProxy()
	lost := a.make(restGatewayAnswer, m{"responseType": "MISSING_AUTHENTICATION_TOKEN", "statusCode": "404",
		"responseParameters": m{"gatewayresponse.header.x-walk": "'lost'"}, "responseTemplates": m{"application/json": `{"lost":$context.error.messageString}`}})
	lost.pages(lost)
	w.reaches("an edit without a deployment changes no traffic", a.url("v1", "/pets/7"), old)
	w.misses("a gateway response neither", a.url("v1", "/pet/7"))

	second := w.freeze(a, m{"stageName": "v1", "description": "the second deployment"})
	stage.expect["deploymentId"] = second.id
	stage.agrees()
	first.pages(second)
	w.reaches("the second deployment has the edit", a.url("v1", "/pets/7"), edited)
	w.lost(a, http.StatusNotFound, "lost")
	r := w.send(http.MethodGet, a.url("v1", "/pets/7?long="+strings.Repeat("x", 200)), "", http.Header{"Accept-Encoding": {"gzip"}})
	if r.header.Get("Content-Encoding") != "gzip" || r.status != http.StatusOK {
		w.Errorf("a reply longer than minimumCompressionSize is %d in coding %q", r.status, r.header.Get("Content-Encoding"))
	}

	stage.patch(m{"deploymentId": first.id}, replace(first.id, "deploymentId"))
	w.reaches("a stage can go back to a deployment", a.url("v1", "/pets/7"), old)
	w.misses("with its gateway responses", a.url("v1", "/pet/7"))

	lost.patch(m{"statusCode": "410", "responseParameters": m{"gatewayresponse.header.x-walk": "'gone'"}},
		replace("410", "statusCode"), replace("'gone'", "responseParameters", "gatewayresponse.header.x-walk"))
	third := w.freeze(a, m{"stageName": "v1"})
	w.lost(a, http.StatusGone, "gone")
	w.do("DeleteGatewayResponse", lost.named())
	w.compare("GetGatewayResponse", lost.id, m{"defaultResponse": true, "statusCode": "403"}, lost.get())
	stage.patch(m{"deploymentId": second.id}, replace(second.id, "deploymentId"))
	third.remove()
	w.refuses("a deployment in use", "DeleteDeployment", second.named(), "BadRequestException", 400)
	stage.patch(m{"deploymentId": first.id}, replace(first.id, "deploymentId"))
	second.remove()
}

// lost wants the customised answer for what no method matches.
func (w *walker) lost(a *restThing, status int, field string) {
	w.Helper()
	r := w.send(http.MethodGet, a.url("v1", "/pet/7"), "", nil)
	if r.status != status || r.header.Get("X-Walk") != field || r.body != `{"lost":"Missing Authentication Token"}` {
		w.Errorf("a gateway response that was set answers %d with X-Walk %q: %s", r.status, r.header.Get("X-Walk"), r.body)
	}
}

// restCanary gives all traffic of the stage to a canary, none, and promotes it.
func (w *walker) restCanary(a, stage *restThing) {
	w.Helper()
	url := a.url("v1", "/pets/7")
	stable := echo{Method: "PUT", Path: "/red/7", Query: "from=v1", Walk: "red"}
	canary := m{"percentTraffic": 100, "stageVariableOverrides": m{"edit": "green"}, "useStageCache": true}
	d := w.freeze(a, m{"stageName": "v1", "description": "a canary", "canarySettings": canary})
	stage.expect["canarySettings"] = m{"deploymentId": d.id, "percentTraffic": 100, "stageVariableOverrides": m{"edit": "green"}, "useStageCache": true}
	stage.agrees()
	w.reaches("a canary with all traffic", url, echo{Method: "POST", Path: "/green/7", Query: "from=v1", Walk: "more"})
	stage.patch(m{"canarySettings": m{"deploymentId": d.id, "percentTraffic": 0, "stageVariableOverrides": m{"edit": "brown"}, "useStageCache": false}},
		replace("0", "canarySettings", "percentTraffic"), replace("brown", "canarySettings", "stageVariableOverrides", "edit"),
		replace("false", "canarySettings", "useStageCache"))
	w.reaches("a canary with none", url, stable)
	stage.patch(m{"deploymentId": d.id, "variables": m{"colour": "red", "size": "2", "edit": "brown"}, "canarySettings": nil},
		m{"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
		m{"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"}, remove("canarySettings"))
	w.reaches("a canary that was promoted", url, echo{Method: "POST", Path: "/brown/7", Query: "from=v1", Walk: "more"})
}

// restStages makes a second stage, with every member.
func (w *walker) restStages(a, stage, first *restThing) {
	w.Helper()
	current := fmt.Sprint(stage.expect["deploymentId"])
	old := a.make(restStage, m{
		"stageName": "old", "deploymentId": first.id, "description": "the old one", "cacheClusterEnabled": true, "cacheClusterSize": "0.5",
		"variables": m{"colour": "white"}, "documentationVersion": "1", "tracingEnabled": true, "tags": m{"team": "animals"},
		"canarySettings": m{"deploymentId": current, "percentTraffic": 100, "stageVariableOverrides": m{"edit": "grey"}, "useStageCache": true},
	})
	old.tagged("/restapis/" + a.id + "/stages/old")
	w.reaches("a stage made with a canary", a.url("old", "/pets/7"), echo{Method: "POST", Path: "/grey/7", Query: "from=old", Walk: "more"})
	old.patch(m{"canarySettings": nil, "description": "older", "cacheClusterEnabled": false, "tracingEnabled": false, "documentationVersion": "2"},
		remove("canarySettings"), replace("older", "description"), replace("false", "cacheClusterEnabled"), replace("false", "tracingEnabled"),
		replace("2", "documentationVersion"))
	w.reaches("and without it", a.url("old", "/pets/7"), echo{Method: "PUT", Path: "/white/7", Query: "from=old", Walk: "white"})
	if items := w.do("GetStages", a.with(m{"deploymentId": first.id}))["item"].([]any); len(items) != 1 || items[0].(m)["stageName"] != "old" {
		w.Errorf("GetStages shows of the first deployment %v, want the stage old", items)
	}
	a.patch(m{"disableExecuteApiEndpoint": true}, replace("true", "disableExecuteApiEndpoint"))
	old.patch(m{"description": "closed"}, replace("closed", "description"))
	w.answers("the API's own address can be turned off", a.url("old", "/pets/7"), http.StatusForbidden)
	a.patch(m{"disableExecuteApiEndpoint": false}, replace("false", "disableExecuteApiEndpoint"))
	old.remove()
}

// restStageSettings changes what only patches reach, and what changes nothing.
func (w *walker) restStageSettings(a, stage *restThing, parts *restParts) {
	w.Helper()
	stage.patch(m{"clientCertificateId": parts.certificate.id, "methodSettings": m{
		"*/*": m{"metricsEnabled": true, "loggingLevel": "OFF", "dataTraceEnabled": false, "throttlingBurstLimit": 100, "throttlingRateLimit": 50.5},
		"~1pets~1{id}/GET": m{"cachingEnabled": true, "cacheTtlInSeconds": 60, "cacheDataEncrypted": true, "requireAuthorizationForCacheControl": false,
			"unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403", "throttlingBurstLimit": 100},
	}},
		replace(parts.certificate.id, "clientCertificateId"),
		replace("true", "*", "*", "metrics", "enabled"), replace("OFF", "*", "*", "logging", "loglevel"), replace("false", "*", "*", "logging", "dataTrace"),
		replace("100", "*", "*", "throttling", "burstLimit"), replace("50.5", "*", "*", "throttling", "rateLimit"),
		replace("true", "/pets/{id}", "GET", "caching", "enabled"), replace("60", "/pets/{id}", "GET", "caching", "ttlInSeconds"),
		replace("true", "/pets/{id}", "GET", "caching", "dataEncrypted"), replace("false", "/pets/{id}", "GET", "caching", "requireAuthorizationForCacheControl"),
		replace("FAIL_WITH_403", "/pets/{id}", "GET", "caching", "unauthorizedCacheControlHeaderStrategy"))
	w.refuses("a certificate in use", "DeleteClientCertificate", parts.certificate.named(), "BadRequestException", 400)
	stage.patch(m{"clientCertificateId": nil}, replace("", "clientCertificateId"))
	w.do("FlushStageCache", stage.named())
	w.do("FlushStageAuthorizersCache", stage.named())
	w.reaches("settings change no traffic", a.url("v1", "/pets/7"), echo{Method: "POST", Path: "/brown/7", Query: "from=v1", Walk: "more"})
}

// restClosed sees what is kept but not enforced yet let nobody in.
func (w *walker) restClosed(a *restThing, tree *restTree, parts *restParts) {
	w.Helper()
	closed := tree.closed(parts)
	d := w.freeze(a, m{})
	s := a.make(restStage, m{"stageName": "closed", "deploymentId": d.id, "variables": m{"colour": "blue", "edit": "edited"}})
	w.reaches("methods beside closed ones are served", a.url("closed", "/pets/7"), echo{Method: "POST", Path: "/edited/7", Query: "from=closed", Walk: "more"})
	for method, want := range closed {
		if r := w.send(method, a.url("closed", "/closed"), "", nil); r.status != want {
			w.Errorf("%s of /closed answers %d, want %d: %s", method, r.status, want, r.body)
		}
	}
	s.remove()
	d.remove()

	in := m{"name": "private", "endpointConfiguration": m{"types": []any{"PRIVATE"}, "vpcEndpointIds": []any{"vpce-0123456789abcdef0"}},
		"apiKeySource": "AUTHORIZER", "policy": `{"Version":"2012-10-17","Statement":[]}`}
	other := w.makeREST(restAPI, nil, in)
	a.pages(other)
	other.mock(other.root())
	w.freeze(other, m{"stageName": "v1"})
	w.answers("a private API", other.url("v1", "/"), http.StatusForbidden)
	other.patch(m{"endpointConfiguration": m{"types": []any{"REGIONAL"}}}, replace("REGIONAL", "endpointConfiguration", "types", "PRIVATE"))
	w.freeze(other, m{"stageName": "v1"})
	w.answers("an API with a policy", other.url("v1", "/"), http.StatusInternalServerError)
	other.patch(m{"policy": nil, "apiKeySource": "HEADER"}, replace("", "policy"), replace("HEADER", "apiKeySource"))
	w.freeze(other, m{"stageName": "v1"})
	w.answers("neither", other.url("v1", "/"), http.StatusOK)
	other.remove()
	w.answers("a deleted API is gone", other.url("v1", "/"), http.StatusNotFound)
}

// mock gives a resource an open GET that answers 200.
func (t *restThing) mock(resource string) {
	t.w.Helper()
	method := func(more m) m { return t.with(m{"resourceId": resource, "httpMethod": "GET"}, more) }
	t.w.do("PutMethod", method(m{"authorizationType": "NONE"}))
	t.w.do("PutMethodResponse", method(m{"statusCode": "200"}))
	t.w.do("PutIntegration", method(m{"type": "MOCK", "requestTemplates": m{"application/json": `{"statusCode": 200}`}}))
	t.w.do("PutIntegrationResponse", method(m{"statusCode": "200", "responseTemplates": m{"application/json": `{"mock": true}`}}))
}

// restRefusals sees each client understand what the service refuses.
func (w *walker) restRefusals(a *restThing, tree *restTree) {
	w.Helper()
	patch := func(ops ...any) m { return a.with(patches(ops)) }
	before, _ := json.Marshal(a.get())
	w.refuses("an API that is not there", "GetRestApi", m{"restApiId": "nowhere000"}, "NotFoundException", 404)
	w.refuses("a resource that is not there", "GetResource", a.with(m{"resourceId": "nowhere"}), "NotFoundException", 404)
	w.refuses("a sibling of the same name", "CreateResource", a.with(m{"parentId": tree.root, "pathPart": "pets"}), "ConflictException", 409)
	w.refuses("a second stage of the same name", "CreateStage", a.with(m{"stageName": "v1", "deploymentId": "nowhere"}), "ConflictException", 409)
	w.refuses("a path that no patch has", "UpdateRestApi", patch(replace("x", "name"), replace("x", "nowhere")), "BadRequestException", 400)
	w.refuses("a verb that a path does not have", "UpdateRestApi", patch(add("x", "name")), "BadRequestException", 400)
	w.refuses("a template that needs the template language", "CreateDeployment", tree.templated(), "BadRequestException", 400)
	w.refuses("an operation that is not built yet", "GetUsagePlans", m{}, "NotImplementedException", 501)
	if after, _ := json.Marshal(a.get()); string(after) != string(before) {
		w.Errorf("what was refused changed the API from %s to %s", before, after)
	}
}
