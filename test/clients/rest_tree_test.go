package clients_test

import "net/http"

// A restTree is what the API serves: GET /pets/{id} by a proxy, GET /mock by a
// mock, and the methods of /closed, each with what this version does not
// enforce.
type restTree struct {
	w                         *walker
	a                         *restThing
	root                      string
	pets, pet, mocked, locked *restThing
	get, answer, proxy        *restThing // of /pets/{id}
	mock                      *restThing // the method
	parts                     []*restThing
}

func (w *walker) restTree(a *restThing, parts *restParts) *restTree {
	w.Helper()
	t := &restTree{w: w, a: a, root: a.root()}
	t.pets = a.make(restResource, m{"parentId": t.root, "pathPart": "pets"})
	t.pet = a.make(restResource, m{"parentId": t.root, "pathPart": "{pet}"})
	t.pet.expect = m{"parentId": t.pets.id, "pathPart": "{id}", "path": "/pets/{id}"}
	t.pet.patch(m{}, replace(t.pets.id, "parentId"), replace("{id}", "pathPart"))
	t.pets.pages(t.pet)
	t.mocked = a.make(restResource, m{"parentId": t.root, "pathPart": "mock"})
	t.proxied(parts)
	t.mocks()
	embedded, _ := w.do("GetResource", t.pet.with(m{"embed": []any{"methods"}}))["resourceMethods"].(m)
	t.shows("GetResource", embedded)
	for _, item := range w.do("GetResources", a.with(m{"embed": []any{"methods"}}))["items"].([]any) {
		if item := item.(m); item["id"] == t.pet.id {
			embedded, _ = item["resourceMethods"].(m)
			t.shows("GetResources", embedded)
		}
	}
	return t
}

// root is the id of the resource / of an API, whose rootResourceId older clients
// do not know.
func (t *restThing) root() string {
	t.w.Helper()
	for _, item := range t.w.restItems(restResource, t.named(), 500) {
		if item["path"] == "/" {
			return item["id"].(string)
		}
	}
	t.w.Fatalf("GetResources of %s shows no root", t.id)
	return ""
}

// shows wants embedded methods to have all that was sent of GET /pets/{id}.
func (t *restTree) shows(op string, methods m) {
	t.w.Helper()
	method, _ := methods["GET"].(m)
	t.w.compare(op, "GET of /pets/{id}", t.get.expect, method)
	integration, _ := method["methodIntegration"].(m)
	t.w.compare(op, "the integration of /pets/{id}", t.proxy.expect, integration)
	answers, _ := method["methodResponses"].(m)
	answer, _ := answers["200"].(m)
	t.w.compare(op, "the response of /pets/{id}", t.answer.expect, answer)
}

// proxied makes GET /pets/{id}.
func (t *restTree) proxied(parts *restParts) {
	t.w.Helper()
	t.get = t.pet.make(restMethod, m{
		"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": false, "operationName": "readPet", "requestValidatorId": parts.validator.id,
		"requestParameters": m{"method.request.path.id": true, "method.request.header.x-more": false}, "requestModels": m{"application/json": parts.model.id},
	})
	t.get.patch(m{"operationName": "showPet", "requestParameters": m{"method.request.path.id": true, "method.request.header.x-more": false, "method.request.querystring.q": false}},
		replace("showPet", "operationName"), add("false", "requestParameters", "method.request.querystring.q"))
	t.answer = t.get.make(restAnswer, m{"statusCode": "200", "responseModels": m{"application/json": "Empty"}, "responseParameters": m{"method.response.header.x-mapped": true}})
	t.answer.patch(m{"responseModels": m{"application/json": "Error", "text/plain": "Empty"}, "responseParameters": m{"method.response.header.x-mapped": false}},
		replace("Error", "responseModels", "application/json"), add("Empty", "responseModels", "text/plain"),
		replace("false", "responseParameters", "method.response.header.x-mapped"))
	in := m{
		"type": "HTTP_PROXY", "integrationHttpMethod": "PUT", "uri": t.w.backend + "/${stageVariables.colour}/{id}", "connectionType": "INTERNET",
		"requestParameters": m{"integration.request.path.id": "method.request.path.id", "integration.request.header.x-walk": "stageVariables.colour",
			"integration.request.querystring.from": "context.stage"},
		"requestTemplates": m{"application/json": "{}"}, "passthroughBehavior": "WHEN_NO_MATCH", "contentHandling": "CONVERT_TO_TEXT",
		"credentials": "arn:aws:iam::000000000000:role/walk", "timeoutInMillis": 20000, "cacheNamespace": "walk",
		"cacheKeyParameters": []any{"method.request.path.id"}, "tlsConfig": m{"insecureSkipVerification": true},
	}
	if t.w.newest {
		in["responseTransferMode"] = "STREAM"
	}
	t.proxy = t.get.make(restIntegration, in)
}

// editProxy changes GET /pets/{id} in every member of its integration.
func (t *restTree) editProxy() {
	t.w.Helper()
	uri := t.w.backend + "/${stageVariables.edit}/{id}"
	change := m{"uri": uri, "httpMethod": "POST", "timeoutInMillis": 10000, "passthroughBehavior": "NEVER", "contentHandling": nil,
		"credentials": "arn:aws:iam::000000000000:role/walker", "cacheNamespace": "walked", "cacheKeyParameters": []any{"method.request.querystring.q"},
		"tlsConfig": m{"insecureSkipVerification": false}, "requestTemplates": m{"application/json": "[]"},
		"requestParameters": m{"integration.request.path.id": "method.request.path.id", "integration.request.header.x-walk": "'more'",
			"integration.request.querystring.from": "context.stage"}}
	ops := []any{replace(uri, "uri"), replace("POST", "httpMethod"), replace("10000", "timeoutInMillis"), replace("NEVER", "passthroughBehavior"),
		replace("", "contentHandling"), replace("arn:aws:iam::000000000000:role/walker", "credentials"), replace("walked", "cacheNamespace"),
		add("", "cacheKeyParameters", "method.request.querystring.q"), remove("cacheKeyParameters", "method.request.path.id"),
		replace("false", "tlsConfig", "insecureSkipVerification"), replace("[]", "requestTemplates", "application/json"),
		replace("'more'", "requestParameters", "integration.request.header.x-walk")}
	if t.w.newest {
		change["responseTransferMode"] = "BUFFERED" // streams are not compressed
		ops = append(ops, replace("BUFFERED", "responseTransferMode"))
	}
	t.proxy.patch(change, ops...)
}

// mocks makes GET /mock, which answers 200 by its template.
func (t *restTree) mocks() {
	t.w.Helper()
	t.mock = t.mocked.make(restMethod, m{"httpMethod": "GET", "authorizationType": "NONE"})
	answer := t.mock.make(restAnswer, m{"statusCode": "200", "responseParameters": m{"method.response.header.x-mapped": false}})
	other := t.mock.make(restAnswer, m{"statusCode": "404"})
	i := t.mock.make(restIntegration, m{"type": "MOCK", "requestTemplates": m{"application/json": `{"statusCode": 200}`}})
	ok := i.make(restMappedAnswer, m{"statusCode": "200", "responseParameters": m{"method.response.header.x-mapped": "'first'"},
		"responseTemplates": m{"application/json": `{"mock": "first"}`}})
	missing := i.make(restMappedAnswer, m{"statusCode": "404", "selectionPattern": `4\d{2}`, "contentHandling": "CONVERT_TO_TEXT"})
	ok.patch(m{"responseParameters": m{"method.response.header.x-mapped": "'literal'"}, "responseTemplates": m{"application/json": `{"mock": true}`}},
		replace("'literal'", "responseParameters", "method.response.header.x-mapped"), replace(`{"mock": true}`, "responseTemplates", "application/json"))
	missing.patch(m{"selectionPattern": "404", "contentHandling": nil}, replace("404", "selectionPattern"), replace("", "contentHandling"))
	t.parts = []*restThing{missing, ok, i, other, answer} // as they are taken down
}

// closed makes the methods of /closed and returns how they answer.
func (t *restTree) closed(parts *restParts) map[string]int {
	t.w.Helper()
	t.locked = t.a.make(restResource, m{"parentId": t.root, "pathPart": "closed"})
	asks := func(method string, in m) *restThing {
		in["httpMethod"] = method
		return t.locked.make(restMethod, in)
	}
	mock := func(method *restThing) { t.w.do("PutIntegration", method.with(m{"type": "MOCK"})) }
	mock(asks("GET", m{"authorizationType": "CUSTOM", "authorizerId": parts.token.id}))
	mock(asks("PUT", m{"authorizationType": "COGNITO_USER_POOLS", "authorizerId": parts.pool.id, "authorizationScopes": []any{"walk", "run"}}))
	mock(asks("PATCH", m{"authorizationType": "AWS_IAM"}))
	key := asks("POST", m{"authorizationType": "NONE", "apiKeyRequired": false})
	mock(key)
	key.patch(m{"apiKeyRequired": true}, replace("true", "apiKeyRequired"))

	private := m{"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://inner.example.com/", "connectionType": "VPC_LINK", "connectionId": parts.link.id}
	if t.w.newest {
		private["integrationTarget"] = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/net/walk/50dc6c495c0c9188/0467ef3c8400ae65"
	}
	asks("DELETE", m{"authorizationType": "NONE"}).make(restIntegration, private)
	t.w.refuses("a link in use", "DeleteVpcLink", parts.link.named(), "BadRequestException", 400)
	asks("OPTIONS", m{"authorizationType": "NONE"}).make(restIntegration, m{
		"type": "AWS_PROXY", "integrationHttpMethod": "POST", "credentials": "arn:aws:iam::000000000000:role/walk", "uri": function + "/invocations",
	})
	return map[string]int{
		http.MethodGet: 500, http.MethodPut: 500, http.MethodPatch: 500, http.MethodPost: 403, http.MethodDelete: 500, http.MethodOptions: 500,
	}
}

const function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:guard"

// templated gives the mock a template that cannot be literal and returns what
// names its API.
func (t *restTree) templated() m {
	t.w.Helper()
	t.w.do("UpdateIntegration", t.mock.with(m{"patchOperations": []any{replace("#set($x = 1)", "requestTemplates", "application/json")}}))
	return t.a.named()
}

// remove takes everything down, each from its innermost part.
func (t *restTree) remove() {
	t.w.Helper()
	for _, part := range t.parts {
		part.remove()
	}
	t.mock.remove()
	t.proxy.remove()
	t.answer.remove()
	t.get.remove()
	for _, r := range []*restThing{t.locked, t.pet, t.pets} {
		r.remove()
	}
}
