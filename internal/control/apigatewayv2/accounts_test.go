package apigatewayv2

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// stranger is another account in the same region.
func stranger() context.Context {
	return wire.WithCaller(context.Background(), wire.Caller{Account: "999999999999", Region: "us-east-1", AccessKeyID: "other"})
}

// estate makes one of everything that an account can have and returns what
// names each, by the member that holds it.
func (w *world) estate() map[string]string {
	w.Helper()
	api := must[*v2.CreateApiOutput](w)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Tags: map[string]string{"a": "b"}})).ApiId
	i := w.integration(api)
	must[*v2.CreateStageOutput](w)(w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"),
		AccessLogSettings: &v2.AccessLogSettings{DestinationArn: new("arn:aws:logs:us-east-1:123456789012:log-group:g"), Format: new("$context.requestId")}}))
	names := map[string]string{
		"ApiId": *api, "IntegrationId": *i, "RouteId": *w.route(api, "GET /{id}", i), "AuthorizerId": *w.jwt(api), "ModelId": *w.model(api, "m", "{}"),
		"DeploymentId": *w.deploy(api, "s"), "StageName": "s", "RouteKey": "GET /{id}", "DomainName": *w.domain("a.example"), "VpcLinkId": *w.vpcLink(),
		"ResourceArn": "arn:aws:apigateway:us-east-1::/apis/" + *api, "Specification": "OAS30",
	}
	names["ApiMappingId"], names["RequestParameterKey"] = *w.mapping("a.example", "", api, "s"), "k"
	names["RoutingRuleId"] = *must[*v2.CreateRoutingRuleOutput](w)(w.CreateRoutingRule(w.ctx, rule(*w.rest("rest"), 1))).RoutingRuleId
	must[*v2.UpdateStageOutput](w)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("s"), RouteSettings: map[string]v2.RouteSettings{"GET /{id}": {}}}))
	return names
}

// naming is the input of an operation with all labels of its path set. labelled
// reports whether it has any.
func naming(t *testing.T, op wire.Operation, names map[string]string) (in any, labelled bool) {
	t.Helper()
	v := reflect.New(op.In)
	for i := range op.In.NumField() {
		f := op.In.Field(i)
		if !strings.Contains(f.Tag.Get("wire")+",", ",label,") {
			continue
		}
		name, ok := names[f.Name]
		if !ok {
			t.Fatalf("%s.%s has no name in the estate", op.Name, f.Name)
		}
		labelled = true
		v.Elem().Field(i).Set(reflect.ValueOf(&name))
	}
	switch in := v.Interface().(type) {
	case *v2.ReimportApiInput:
		in.Body = new(`{"openapi":"3.0.1","info":{"title":"x","version":"1"},"paths":{}}`)
	case *v2.ExportApiInput:
		in.OutputType = new("JSON")
	case *v2.TagResourceInput:
		in.Tags = map[string]string{"c": "d"}
	case *v2.UntagResourceInput:
		in.TagKeys = []string{"a"}
	}
	return v.Interface(), labelled
}

// TestTwoAccounts walks every operation that names something: for another
// account there is no such thing, it does not stand in a list, and nothing of it
// changes.
func TestTwoAccounts(t *testing.T) {
	w := newWorld(t)
	names := w.estate()
	before := w.dump()
	for _, op := range v2.Table(w.Service).Operations {
		if operations[op.Name] == nil {
			continue
		}
		in, labelled := naming(t, op, names)
		lists := !labelled && strings.HasPrefix(op.Name, "Get")
		if !labelled && !lists {
			continue // it makes something new
		}
		t.Run(op.Name, func(t *testing.T) {
			w := *w
			w.TB = t
			out, err := op.Call(stranger(), in)
			if lists {
				if n := reflect.ValueOf(out).Elem().FieldByName("Items").Len(); err != nil || n != 0 {
					t.Errorf("lists %d things of another account, %v", n, err)
				}
			} else {
				w.refused(before, err, "NotFoundException", "")
			}
			if strings.HasPrefix(op.Name, "Get") || op.Name == "ExportApi" {
				if _, err := op.Call(w.ctx, in); err != nil {
					t.Errorf("its owner is answered %v: the test asks for nothing that exists", err)
				}
			}
		})
	}
}

// TestAnotherAccountsThings holds that nothing of one account can be made use of
// by another that knows its name.
func TestAnotherAccountsThings(t *testing.T) {
	w := newWorld(t)
	names := w.estate()
	theirs := *w
	theirs.ctx = stranger()
	api := theirs.api()
	theirs.stage(api, "s", false)
	theirs.domain("b.example")
	named := func(member string) *string { return new(names[member]) }
	for _, tc := range []struct {
		desc string
		call func() error
		typ  string
	}{
		{"A domain does not lead to another's API.", func() error {
			_, err := theirs.CreateApiMapping(theirs.ctx, &v2.CreateApiMappingInput{DomainName: new("b.example"), ApiId: named("ApiId"), Stage: new("s")})
			return err
		}, "NotFoundException"},
		{"Another's domain cannot be given a mapping.", func() error {
			_, err := theirs.CreateApiMapping(theirs.ctx, &v2.CreateApiMappingInput{DomainName: named("DomainName"), ApiMappingKey: new("x"), ApiId: api, Stage: new("s")})
			return err
		}, "NotFoundException"},
		{"Nor taken.", func() error {
			_, err := theirs.CreateDomainName(theirs.ctx, &v2.CreateDomainNameInput{DomainName: named("DomainName"), DomainNameConfigurations: certificate})
			return err
		}, "ConflictException"},
		{"An integration does not go through another's VPC link.", func() error {
			_, err := theirs.CreateIntegration(theirs.ctx, private(api, named("VpcLinkId")))
			return err
		}, "BadRequestException"},
		{"A route does not lead to another's integration.", func() error {
			_, err := theirs.CreateRoute(theirs.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /"), Target: new("integrations/" + names["IntegrationId"])})
			return err
		}, "BadRequestException"},
		{"A route does not ask another's authorizer.", func() error {
			_, err := theirs.CreateRoute(theirs.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /"), AuthorizationType: new("JWT"), AuthorizerId: named("AuthorizerId")})
			return err
		}, "BadRequestException"},
		{"A stage does not serve another's deployment.", func() error {
			_, err := theirs.UpdateStage(theirs.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("s"), DeploymentId: named("DeploymentId")})
			return err
		}, "NotFoundException"},
		{"The id of another's API cannot be chosen.", func() error {
			_, err := theirs.CreateApi(theirs.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Tags: map[string]string{"_custom_id_": names["ApiId"]}})
			return err
		}, "ConflictException"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := *w
			w.TB = t
			w.refused(w.dump(), tc.call(), tc.typ, "")
		})
	}
}
