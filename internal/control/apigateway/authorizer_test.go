package apigateway

import (
	"fmt"
	"testing"

	"gatehouse/internal/gate"
	v1 "gatehouse/internal/wire/apigateway"
)

const (
	function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
	pool     = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
	bearer   = "method.request.header.Authorization"
)

// authorizer makes an authorizer of a type that works.
func (w *world) authorizer(api *string, name, kind string) *v1.Authorizer {
	w.t.Helper()
	in := &v1.CreateAuthorizerInput{RestApiId: api, Name: &name, Type: &kind, IdentitySource: new(bearer)}
	if kind == poolAuthorizer {
		in.ProviderARNs = []string{pool}
	} else {
		in.AuthorizerUri = new(function)
	}
	return must[*v1.Authorizer](w.t)(w.CreateAuthorizer(w.ctx, in))
}

// TestAuthorizerRules holds what each type needs and refuses.
func TestAuthorizerRules(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	w.authorizer(api, "taken", tokenAuthorizer)
	type input = v1.CreateAuthorizerInput
	for _, tc := range []struct {
		desc, message string // "": it is made
		in            input
	}{
		{"A token with all it needs. [S]", "", input{Name: new("a"), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new(bearer)}},
		{"A stage variable in the function's ARN. [K]", "", input{Name: new("b"), Type: new("TOKEN"), IdentitySource: new(bearer),
			AuthorizerUri: new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:${stageVariables.f}/invocations")}},
		{"A request whose results are not kept needs no identity. [K]", "", input{Name: new("c"), Type: new("REQUEST"), AuthorizerUri: new(function), AuthorizerResultTtlInSeconds: new(int32(0))}},
		{"A request with several identities. [K]", "", input{Name: new("d"), Type: new("REQUEST"), AuthorizerUri: new(function),
			IdentitySource: new("method.request.header.A, method.request.querystring.b,stageVariables.c,context.identity.sourceIp")}},
		{"A user pool. [K]", "", input{Name: new("e"), Type: new("COGNITO_USER_POOLS"), ProviderARNs: []string{pool}, IdentitySource: new(bearer)}},
		{"An empty name. [K]", textNameEmpty, input{Name: new(""), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new(bearer)}},
		{"A name that is taken. [K]", fmt.Sprintf(textAuthorizerName, "taken"), input{Name: new("taken"), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new(bearer)}},
		{"No function. [K]", fmt.Sprintf(textAuthorizerURI, "null"), input{Name: new("x"), Type: new("TOKEN"), IdentitySource: new(bearer)}},
		{"A function's own ARN. [K]", fmt.Sprintf(textAuthorizerURI, "arn:aws:lambda:us-east-1:1:function:f"), input{Name: new("x"), Type: new("REQUEST"), AuthorizerUri: new("arn:aws:lambda:us-east-1:1:function:f"), IdentitySource: new(bearer)}},
		{"A token from nowhere. [K]", fmt.Sprintf(textIdentityNone, "TOKEN"), input{Name: new("x"), Type: new("TOKEN"), AuthorizerUri: new(function)}},
		{"A token from the query. [K]", fmt.Sprintf(textIdentitySource, "method.request.querystring.t"), input{Name: new("x"), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new("method.request.querystring.t")}},
		{"A request without identity, whose results are kept. [K]", textIdentityCached, input{Name: new("x"), Type: new("REQUEST"), AuthorizerUri: new(function)}},
		{"An identity that is none. [K]", fmt.Sprintf(textIdentitySource, "body"), input{Name: new("x"), Type: new("REQUEST"), AuthorizerUri: new(function), IdentitySource: new(bearer + ",body")}},
		{"A pool without a pool. [K]", textAuthorizerARNs, input{Name: new("x"), Type: new("COGNITO_USER_POOLS"), IdentitySource: new(bearer)}},
		{"A pool that is none. [K]", fmt.Sprintf(textProviderARN, "nope"), input{Name: new("x"), Type: new("COGNITO_USER_POOLS"), IdentitySource: new(bearer), ProviderARNs: []string{pool, "nope"}}},
		{"Results kept for too long. [K]", fmt.Sprintf(textAuthorizerTTL, 3600), input{Name: new("x"), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new(bearer), AuthorizerResultTtlInSeconds: new(int32(3601))}},
		{"Results kept for less than nothing. [K]", fmt.Sprintf(textAuthorizerTTL, 3600), input{Name: new("x"), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new(bearer), AuthorizerResultTtlInSeconds: new(int32(-1))}},
		{"Credentials that are no ARN. [K]", fmt.Sprintf(textAuthorizerIdentity, "me"), input{Name: new("x"), Type: new("TOKEN"), AuthorizerUri: new(function), IdentitySource: new(bearer), AuthorizerCredentials: new("me")}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tc.in.RestApiId = api
			got, err := w.CreateAuthorizer(w.ctx, &tc.in)
			if tc.message != "" {
				wantRefusal(t, err, badRequest, tc.message)
				return
			}
			if err != nil || got.Id == nil || *got.Name != *tc.in.Name {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestAuthorizers walks the life of an authorizer.
func TestAuthorizers(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	a := w.authorizer(api, "a", tokenAuthorizer)
	if *a.AuthType != "custom" || a.AuthorizerResultTtlInSeconds != nil {
		t.Errorf("made %+v", a)
	}
	if p := w.authorizer(api, "p", poolAuthorizer); *p.AuthType != "cognito_user_pools" {
		t.Errorf("a pool has authType %s", *p.AuthType)
	}
	update := func(list ...string) (*v1.Authorizer, error) {
		return w.UpdateAuthorizer(w.ctx, &v1.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: a.Id, PatchOperations: ops(list...)})
	}
	if got := must[*v1.Authorizer](t)(update("replace /name b", "replace /authorizerResultTtlInSeconds 60", "add /identitySource method.request.header.X")); *got.Name != "b" || *got.AuthorizerResultTtlInSeconds != 60 || *got.IdentitySource != "method.request.header.X" {
		t.Errorf("patched %+v", got)
	}
	_, err := update("replace /name p")
	wantRefusal(t, err, badRequest, fmt.Sprintf(textAuthorizerName, "p"))
	_, err = update("replace /authorizerResultTtlInSeconds soon")
	wantRefusal(t, err, badRequest, fmt.Sprintf(textAuthorizerTTL, 3600))
	_, err = update("replace /type HMAC")
	wantRefusal(t, err, badRequest, textAuthorizerType)
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET"), AuthorizationType: new(string(gate.AuthCustom)), AuthorizerId: a.Id}))
	_, err = update("replace /type COGNITO_USER_POOLS", "add /providerARNs "+pool)
	wantRefusal(t, err, badRequest, textAuthorizer)
	err = w.DeleteAuthorizer(w.ctx, &v1.DeleteAuthorizerInput{RestApiId: api, AuthorizerId: a.Id})
	wantRefusal(t, err, inConflict, "Cannot delete authorizer '"+*a.Id+"', is referenced in method request: //GET")
	if err := w.DeleteMethod(w.ctx, &v1.DeleteMethodInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET")}); err != nil {
		t.Fatal(err)
	}
	if got := must[*v1.Authorizer](t)(update("replace /type COGNITO_USER_POOLS", "add /providerARNs "+pool)); *got.AuthType != "cognito_user_pools" {
		t.Errorf("retyped %+v", got)
	}
	if err := w.DeleteAuthorizer(w.ctx, &v1.DeleteAuthorizerInput{RestApiId: api, AuthorizerId: a.Id}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetAuthorizer(w.ctx, &v1.GetAuthorizerInput{RestApiId: api, AuthorizerId: a.Id})
	wantRefusal(t, err, notFound, "Invalid Authorizer identifier specified")
	if left := must[*v1.Authorizers](t)(w.GetAuthorizers(w.ctx, &v1.GetAuthorizersInput{RestApiId: api})); len(left.Items) != 1 || *left.Items[0].Name != "p" {
		t.Errorf("left %+v", left.Items)
	}
	_, err = w.CreateAuthorizer(w.ctx, &v1.CreateAuthorizerInput{RestApiId: new("nope"), Name: new("x"), Type: new("TOKEN")})
	wantRefusal(t, err, inConflict, "Unable to complete operation due to concurrent modification. Please try again later.")
	_, err = w.GetAuthorizers(w.ctx, &v1.GetAuthorizersInput{RestApiId: new("nope")})
	wantRefusal(t, err, notFound, "Invalid API identifier specified 123456789012:nope")
}
