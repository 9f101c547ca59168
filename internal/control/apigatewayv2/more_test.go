package apigatewayv2

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestMoreUpdatesReachEveryField goes on with TestUpdatesReachEveryField, and
// holds as well that create, get and list agree.
func TestMoreUpdatesReachEveryField(t *testing.T) {
	w := newWorld(t)
	api, other := w.api(), w.api()
	w.stage(api, "s", false)
	w.stage(other, "t", false)
	a := must[*v2.CreateAuthorizerOutput](t)(w.CreateAuthorizer(w.ctx, request(api, "a", nil))).AuthorizerId
	j := w.jwt(api)
	m := w.model(api, "m", "{}")
	w.domain("a.example")
	k := w.mapping("a.example", "k", api, "s")
	l := w.vpcLink()
	uri := new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:g/invocations")
	lambda := &v2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: a, Name: new("b"), AuthorizerType: new("REQUEST"), AuthorizerUri: uri,
		AuthorizerCredentialsArn: new("arn:aws:iam::123456789012:role/r"), AuthorizerPayloadFormatVersion: new("2.0"), AuthorizerResultTtlInSeconds: new(int32(3600)),
		EnableSimpleResponses: new(true), IdentityValidationExpression: new("x"),
		IdentitySource: []string{"$request.header.A", "$request.querystring.b", "$context.routeKey", "$stageVariables.c"}}
	token := &v2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: j, Name: new("c"), IdentitySource: []string{"$request.querystring.token"},
		JwtConfiguration: &v2.JWTConfiguration{Issuer: new("http://localhost:1/x"), Audience: []string{"a", "b"}}}
	model := &v2.UpdateModelInput{ApiId: api, ModelId: m, Name: new("n"), ContentType: new("text/x"), Description: new("d"), Schema: new(`{"type":"string"}`)}
	domain := &v2.UpdateDomainNameInput{DomainName: new("a.example"), RoutingMode: new("API_MAPPING_ONLY")}
	mapping := &v2.UpdateApiMappingInput{DomainName: new("a.example"), ApiMappingId: k, ApiId: other, Stage: new("t"), ApiMappingKey: new("a/b")}
	link := &v2.UpdateVpcLinkInput{VpcLinkId: l, Name: new("n")}
	for _, tc := range []struct {
		desc  string
		in    any
		other []string
		call  func() (any, error)
		get   func() (any, error)
		list  func() (any, error)
	}{
		{"Lambda authorizer", lambda, []string{"JwtConfiguration"},
			func() (any, error) { return w.UpdateAuthorizer(w.ctx, lambda) },
			func() (any, error) {
				return w.GetAuthorizer(w.ctx, &v2.GetAuthorizerInput{ApiId: api, AuthorizerId: a})
			},
			func() (any, error) { return w.GetAuthorizers(w.ctx, &v2.GetAuthorizersInput{ApiId: api}) }},
		{"JWT authorizer", token, []string{"AuthorizerType", "AuthorizerUri", "AuthorizerCredentialsArn", "AuthorizerPayloadFormatVersion", "AuthorizerResultTtlInSeconds",
			"EnableSimpleResponses", "IdentityValidationExpression"},
			func() (any, error) { return w.UpdateAuthorizer(w.ctx, token) },
			func() (any, error) {
				return w.GetAuthorizer(w.ctx, &v2.GetAuthorizerInput{ApiId: api, AuthorizerId: j})
			},
			func() (any, error) { return w.GetAuthorizers(w.ctx, &v2.GetAuthorizersInput{ApiId: api}) }},
		{"Model", model, nil,
			func() (any, error) { return w.UpdateModel(w.ctx, model) },
			func() (any, error) { return w.GetModel(w.ctx, &v2.GetModelInput{ApiId: api, ModelId: m}) },
			func() (any, error) { return w.GetModels(w.ctx, &v2.GetModelsInput{ApiId: api}) }},
		{"Domain", domain, []string{"DomainNameConfigurations", "MutualTlsAuthentication"}, // TestDomainDefaults, and refused
			func() (any, error) { return w.UpdateDomainName(w.ctx, domain) },
			func() (any, error) {
				return w.GetDomainName(w.ctx, &v2.GetDomainNameInput{DomainName: new("a.example")})
			},
			func() (any, error) { return w.GetDomainNames(w.ctx, &v2.GetDomainNamesInput{}) }},
		{"Mapping", mapping, nil,
			func() (any, error) { return w.UpdateApiMapping(w.ctx, mapping) },
			func() (any, error) {
				return w.GetApiMapping(w.ctx, &v2.GetApiMappingInput{DomainName: new("a.example"), ApiMappingId: k})
			},
			func() (any, error) {
				return w.GetApiMappings(w.ctx, &v2.GetApiMappingsInput{DomainName: new("a.example")})
			}},
		{"Link", link, nil,
			func() (any, error) { return w.UpdateVpcLink(w.ctx, link) },
			func() (any, error) { return w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: l}) },
			func() (any, error) { return w.GetVpcLinks(w.ctx, &v2.GetVpcLinksInput{}) }},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			updated := members(must[any](t)(tc.call()))
			sent := members(tc.in)
			in := reflect.TypeOf(tc.in).Elem()
			for i := range in.NumField() {
				f := in.Field(i)
				switch v, ok := sent[f.Name]; {
				case !ok && !slices.Contains(tc.other, f.Name):
					t.Errorf("member %s is not sent", f.Name)
				case !ok || strings.Contains(f.Tag.Get("wire"), ",label"):
				default:
					if diff := cmp.Diff(v, updated[f.Name]); diff != "" {
						t.Errorf("%s:\n%s", f.Name, diff)
					}
				}
			}
			if diff := cmp.Diff(updated, members(must[any](t)(tc.get()))); diff != "" {
				t.Errorf("get differs from update:\n%s", diff)
			}
			items := reflect.ValueOf(must[any](t)(tc.list())).Elem().FieldByName("Items")
			found := false
			for i := range items.Len() {
				found = found || cmp.Equal(updated, members(items.Index(i).Addr().Interface()))
			}
			if !found {
				t.Errorf("the list does not hold it: %+v", items)
			}
		})
	}
}

// TestMorePages walks the lists that belong to no API, and those of an API's
// authorizers and models.
func TestMorePages(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	w.stage(api, "s", false)
	w.domain("map.example")
	const n = 5
	for i := range n {
		w.domain(fmt.Sprintf("a%d.example", i))
		w.vpcLink()
		w.model(api, fmt.Sprint("m", i), "{}")
		w.mapping("map.example", fmt.Sprint("k", i), api, "s")
		must[*v2.CreateAuthorizerOutput](t)(w.CreateAuthorizer(w.ctx, jwt(api, fmt.Sprint("a", i), nil)))
	}
	for _, tc := range []struct {
		desc string
		all  int
		page func(max, token *string) (any, error)
	}{
		{"Domains", n + 1, func(max, token *string) (any, error) {
			return w.GetDomainNames(w.ctx, &v2.GetDomainNamesInput{MaxResults: max, NextToken: token})
		}},
		{"Links", n, func(max, token *string) (any, error) {
			return w.GetVpcLinks(w.ctx, &v2.GetVpcLinksInput{MaxResults: max, NextToken: token})
		}},
		{"Models", n, func(max, token *string) (any, error) {
			return w.GetModels(w.ctx, &v2.GetModelsInput{ApiId: api, MaxResults: max, NextToken: token})
		}},
		{"Authorizers", n, func(max, token *string) (any, error) {
			return w.GetAuthorizers(w.ctx, &v2.GetAuthorizersInput{ApiId: api, MaxResults: max, NextToken: token})
		}},
		{"Mappings", n, func(max, token *string) (any, error) {
			return w.GetApiMappings(w.ctx, &v2.GetApiMappingsInput{DomainName: new("map.example"), MaxResults: max, NextToken: token})
		}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			seen := map[string]bool{}
			var token *string
			for pages := 0; pages == 0 || token != nil; pages++ {
				out := reflect.ValueOf(must[any](t)(tc.page(new("2"), token))).Elem()
				items := out.FieldByName("Items")
				if items.Len() > 2 || pages > n {
					t.Fatalf("page %d has %d items", pages, items.Len())
				}
				for i := range items.Len() {
					seen[string(must[[]byte](t)(control.Encode(items.Index(i).Addr().Interface())))] = true
				}
				token = out.FieldByName("NextToken").Interface().(*string)
			}
			if len(seen) != tc.all {
				t.Errorf("the pages hold %d, there are %d", len(seen), tc.all)
			}
			_, err := tc.page(nil, new("x"))
			w.refused(w.dump(), err, "BadRequestException", "nextToken")
			_, err = tc.page(new("0"), nil)
			w.refused(w.dump(), err, "BadRequestException", "maxResults")
		})
	}
}

// TestWhatIsLeft holds that deletions leave nothing behind.
func TestWhatIsLeft(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	a := w.jwt(api)
	m := w.model(api, "m", "{}")
	l := w.vpcLink()
	w.domain("a.example")
	for what, err := range map[string]error{
		"authorizer": w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: a}),
		"model":      w.DeleteModel(w.ctx, &v2.DeleteModelInput{ApiId: api, ModelId: m}),
		"domain":     w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("a.example")}),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	must[*v2.DeleteVpcLinkOutput](t)(w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: l}))
	k := keys{placeOf(t, w), gate.APIID(*api)}
	if diff := cmp.Diff([]string{k.apiKey(), indexKey(k.api), gate.APIKey(k.api)}, sortedKeys(w.dump())); diff != "" {
		t.Error(diff)
	}
}
