package clients_test

import (
	"net/http"
	"strings"
)

// authorizers makes both kinds, and a route that asks one.
func (w *walker) authorizers(a, integration *thing) {
	w.Helper()
	jwt := a.make(kindAuthorizer, m{
		"Name": "tokens", "AuthorizerType": "JWT", "IdentitySource": []any{"$request.header.Authorization"},
		"JwtConfiguration": m{"Issuer": "https://issuer.example.com", "Audience": []any{"walkers"}}, "IdentityValidationExpression": "^Bearer .+$",
	})
	asked := a.make(kindAuthorizer, m{
		"Name": "guard", "AuthorizerType": "REQUEST", "AuthorizerUri": function + "/invocations", "AuthorizerPayloadFormatVersion": "2.0",
		"EnableSimpleResponses": true, "AuthorizerResultTtlInSeconds": 300, "IdentitySource": []any{"$request.header.x-key", "$context.stage"},
		"AuthorizerCredentialsArn": "arn:aws:iam::000000000000:role/walk",
	})
	w.pages(jwt, asked)
	jwt.update(m{"Name": "other tokens", "IdentitySource": []any{"$request.querystring.token"}, "AuthorizerType": "JWT", "IdentityValidationExpression": "^.+$",
		"JwtConfiguration": m{"Issuer": "https://other.example.com/path", "Audience": []any{"walkers", "runners"}}})
	asked.update(m{"AuthorizerUri": function + "2/invocations", "AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": false,
		"AuthorizerResultTtlInSeconds": 60, "IdentitySource": []any{"$request.header.x-other"}, "AuthorizerCredentialsArn": "arn:aws:iam::000000000000:role/walker"})
	w.do("ResetAuthorizersCache", m{"ApiId": a.id, "StageName": "v1"})

	route := a.make(kindRoute, m{"RouteKey": "GET /closed/{id}", "Target": "integrations/" + integration.id,
		"AuthorizationType": "JWT", "AuthorizerId": jwt.id, "AuthorizationScopes": []any{"walk", "run"}})
	if r := w.send(http.MethodGet, a.url("v1", "/closed/1"), "", nil); r.status < 400 {
		w.Errorf("a route that asks for a token answers %d without one: %s", r.status, r.body)
	}
	route.update(m{"AuthorizationScopes": []any{"walk"}, "AuthorizationType": "JWT", "AuthorizerId": jwt.id})
	w.refuses("an authorizer in use", "DeleteAuthorizer", jwt.key(), "ConflictException", 409)
	route.remove()
	jwt.remove()
	asked.remove()
}

// models makes models, whose templates show their properties.
func (w *walker) models(a *thing) {
	w.Helper()
	pet := a.make(kindModel, m{"Name": "Pet", "ContentType": "application/json", "Description": "an animal",
		"Schema": `{"type":"object","properties":{"fur":{"type":"string"}}}`})
	owner := a.make(kindModel, m{"Name": "Owner", "Schema": `{"type":"object"}`})
	w.pages(pet, owner)
	pet.update(m{"Name": "Animal", "ContentType": "text/json", "Description": "any animal", "Schema": `{"type":"object","properties":{"feathers":{"type":"string"}}}`})
	if text, _ := w.do("GetModelTemplate", pet.key())["Value"].(string); !strings.Contains(text, "feathers") {
		w.Errorf("the template of the model is %q, which does not name its property", text)
	}
	pet.remove()
	owner.remove()
}
