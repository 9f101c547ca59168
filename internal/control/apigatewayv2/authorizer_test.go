package apigatewayv2

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestAuthorizersDefaults holds what comes back of the least, and that an
// update of one member of a JWT's configuration keeps the other.
func TestAuthorizersDefaults(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	a := must[*v2.CreateAuthorizerOutput](t)(w.CreateAuthorizer(w.ctx, request(api, "a", nil)))
	in := request(api, "a", nil)
	want := &v2.CreateAuthorizerOutput{AuthorizerId: a.AuthorizerId, Name: new("a"), AuthorizerType: new("REQUEST"), AuthorizerUri: in.AuthorizerUri,
		AuthorizerPayloadFormatVersion: new("2.0"), AuthorizerResultTtlInSeconds: new(int32(0)), IdentitySource: []string{}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	j := w.jwt(api)
	got := must[*v2.UpdateAuthorizerOutput](t)(w.UpdateAuthorizer(w.ctx, &v2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: j, JwtConfiguration: &v2.JWTConfiguration{Audience: []string{"you"}}}))
	if diff := cmp.Diff(&v2.JWTConfiguration{Issuer: new("https://issuer.example"), Audience: []string{"you"}}, got.JwtConfiguration); diff != "" {
		t.Error(diff)
	}
	// Another type begins anew, and its old name is free again.
	changed := must[*v2.UpdateAuthorizerOutput](t)(w.UpdateAuthorizer(w.ctx, &v2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: j, Name: new("b"), AuthorizerType: new("REQUEST"),
		AuthorizerUri: in.AuthorizerUri, AuthorizerPayloadFormatVersion: new("1.0")}))
	if changed.JwtConfiguration != nil || changed.IdentitySource != nil {
		t.Errorf("of the JWT is left: %+v", changed)
	}
	w.jwt(api)
}

// TestAuthorizersOfRoutes holds that an authorizer goes when the last route has
// let go of it, in each way that there is.
func TestAuthorizersOfRoutes(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	id, spare := w.jwt(api), must[*v2.CreateAuthorizerOutput](t)(w.CreateAuthorizer(w.ctx, jwt(api, "spare", nil))).AuthorizerId
	route := func(key string) *string {
		return must[*v2.CreateRouteOutput](t)(w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: &key, AuthorizationType: new("JWT"), AuthorizerId: id})).RouteId
	}
	gone, open, moved, kept := route("GET /gone"), route("GET /open"), route("GET /moved"), route("GET /kept")
	stays := func(n int) {
		t.Helper()
		w.refused(w.dump(), w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: id}), "ConflictException", fmt.Sprintf("%d route", n))
	}
	stays(4)
	if err := w.DeleteRoute(w.ctx, &v2.DeleteRouteInput{ApiId: api, RouteId: gone}); err != nil {
		t.Fatal(err)
	}
	stays(3)
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: open, AuthorizationType: new("NONE")}))
	stays(2)
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: moved, AuthorizerId: spare}))
	stays(1)
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: kept, OperationName: new("o")}))
	stays(1)
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: kept, AuthorizerId: spare}))
	if err := w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: id}); err != nil {
		t.Error(err)
	}
	w.deploy(api, "")
	w.jwt(api) // the name is free
}
