package apigatewayv2

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/internal/control"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// fieldsOfADefinition are the structures that a definition consists of.
func fieldsOfADefinition() []any {
	return []any{v2.Api{}, v2.Cors{}, v2.Authorizer{}, v2.JWTConfiguration{}, v2.Integration{}, v2.TlsConfig{}, v2.Route{}}
}

// extensions are those that an exported HTTP API can have. HTTP APIs know one
// more, authtype, which is read and not written: see asSchemes. What is only of
// REST APIs, and a policy, which no HTTP API has, are not among them.
func extensions() []string {
	return []string{"x-amazon-apigateway-any-method", "x-amazon-apigateway-auth", "x-amazon-apigateway-authorizer", "x-amazon-apigateway-cors",
		"x-amazon-apigateway-endpoint-configuration", "x-amazon-apigateway-importexport-version", "x-amazon-apigateway-integration",
		"x-amazon-apigateway-integrations", "x-amazon-apigateway-tag-value"}
}

var extensionForm = regexp.MustCompile(`x-amazon-apigateway-[a-z-]+`)

// only tells the members that no HTTP API has, or that say nothing of its
// definition.
func only(name string) bool {
	switch name {
	case "Api.ApiEndpoint", "Api.ApiGatewayManaged", "Api.ApiId", "Api.CreatedDate", "Api.ImportInfo", "Api.Warnings",
		"Api.DisableSchemaValidation", "Api.ApiKeySelectionExpression", // no document says them, and they have no effect
		"Authorizer.AuthorizerId",
		"Integration.ApiGatewayManaged", "Integration.IntegrationId", "Integration.ContentHandlingStrategy", "Integration.IntegrationResponseSelectionExpression",
		"Integration.PassthroughBehavior", "Integration.RequestTemplates", "Integration.TemplateSelectionExpression",
		"Route.ApiGatewayManaged", "Route.RouteId", "Route.ModelSelectionExpression", "Route.RequestModels", "Route.RequestParameters", "Route.RouteResponseSelectionExpression":
		return true
	}
	return false
}

// state is what clients see of a definition, without ids and dates.
type state struct {
	API          v2.Api
	Authorizers  map[string]v2.Authorizer
	Integrations []string
	Routes       map[string]v2.Route
}

func (w *world) state(api *string) state {
	w.Helper()
	st := state{API: v2.Api(*must[*v2.GetApiOutput](w)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api}))), Authorizers: map[string]v2.Authorizer{}, Routes: map[string]v2.Route{}}
	st.API.ApiId, st.API.ApiEndpoint, st.API.CreatedDate = nil, nil, nil
	most := new("500")
	names := map[string]string{}
	for _, a := range must[*v2.GetAuthorizersOutput](w)(w.GetAuthorizers(w.ctx, &v2.GetAuthorizersInput{ApiId: api, MaxResults: most})).Items {
		names[*a.AuthorizerId] = *a.Name
		a.AuthorizerId = nil
		st.Authorizers[*a.Name] = a
	}
	users := map[string][]string{}
	routes := must[*v2.GetRoutesOutput](w)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api, MaxResults: most})).Items
	for _, r := range routes {
		users[text(r.Target)] = append(users[text(r.Target)], *r.RouteKey)
	}
	for _, i := range must[*v2.GetIntegrationsOutput](w)(w.GetIntegrations(w.ctx, &v2.GetIntegrationsInput{ApiId: api, MaxResults: most})).Items {
		keys := users[targetPrefix+*i.IntegrationId]
		sort.Strings(keys)
		i.IntegrationId = nil
		st.Integrations = append(st.Integrations, fmt.Sprintf("%q %s", keys, must[[]byte](w)(control.Encode(&i))))
	}
	sort.Strings(st.Integrations)
	for _, r := range routes {
		r.RouteId = nil
		if r.AuthorizerId != nil {
			r.AuthorizerId = new(names[*r.AuthorizerId])
		}
		if r.Target != nil {
			r.Target = new("an integration")
		}
		st.Routes[*r.RouteKey] = r
	}
	return st
}

// author draws APIs that can be called, one operation after the other.
type author struct {
	*rapid.T
	w *world
	s *served
}

func (g author) yes(label string) bool { return rapid.Bool().Draw(g.T, label) }

func (g author) maybe(to **string, label string, values ...string) {
	if g.yes(label) {
		*to = new(rapid.SampledFrom(values).Draw(g.T, label+" of"))
	}
}

func (g author) api() *string {
	in := &v2.CreateApiInput{Name: new(rapid.SampledFrom([]string{"a", "true", "1.0", "a: b"}).Draw(g.T, "name")), ProtocolType: new("HTTP"), Version: new("v: 1")}
	g.maybe(&in.Description, "description", "d", "two\nlines")
	g.maybe(&in.IpAddressType, "ip", "ipv4", "dualstack")
	if rapid.IntRange(0, 5).Draw(g.T, "disable") == 5 { // which leaves nothing to call
		in.DisableExecuteApiEndpoint = new(true)
	}
	if g.yes("tags") {
		in.Tags = map[string]string{"k": "v", "a:b": ""}
	}
	if g.yes("cors") {
		in.CorsConfiguration = &v2.Cors{AllowOrigins: []string{"https://a"}, AllowMethods: []string{"GET", "*"}, AllowHeaders: []string{"x-a"}, ExposeHeaders: []string{"x-b"}, MaxAge: new(int32(5)), AllowCredentials: new(g.yes("credentials"))}
		if *in.CorsConfiguration.AllowCredentials {
			in.CorsConfiguration.AllowMethods = []string{"GET"}
		}
	}
	return must[*v2.CreateApiOutput](g.w)(g.w.CreateApi(g.w.ctx, in)).ApiId
}

const invocation = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"

func (g author) authorizers(api *string) (list []v2.CreateAuthorizerOutput) {
	for n := range rapid.IntRange(0, 2).Draw(g.T, "authorizers") {
		in := &v2.CreateAuthorizerInput{ApiId: api, Name: new(fmt.Sprintf("auth %d", n)), IdentitySource: []string{"$request.header.Authorization"}}
		if g.yes("jwt") {
			in.AuthorizerType = new("JWT")
			in.JwtConfiguration = &v2.JWTConfiguration{Issuer: new("https://i/"), Audience: []string{"a", "b"}}
		} else {
			in.AuthorizerType, in.AuthorizerUri, in.AuthorizerPayloadFormatVersion = new("REQUEST"), new(invocation), new("2.0")
			in.IdentitySource = append(in.IdentitySource, "$request.querystring.a,b", "$context.path")
			g.maybe(&in.AuthorizerCredentialsArn, "credentials", "arn:aws:iam::123456789012:role/r")
			if g.yes("simple") {
				in.EnableSimpleResponses, in.AuthorizerResultTtlInSeconds = new(true), new(int32(60))
			}
		}
		g.maybe(&in.IdentityValidationExpression, "expression", "x")
		list = append(list, *must[*v2.CreateAuthorizerOutput](g.w)(g.w.CreateAuthorizer(g.w.ctx, in)))
	}
	return list
}

func (g author) integrations(api *string) (ids []string) {
	for range rapid.IntRange(1, 4).Draw(g.T, "integrations") {
		in := &v2.CreateIntegrationInput{ApiId: api}
		g.maybe(&in.Description, "text", "a # b", "d")
		if g.yes("timeout") {
			in.TimeoutInMillis = new(int32(29000))
		}
		switch rapid.SampledFrom([]string{"service", "secure", "private", "plain", "plain", "function"}).Draw(g.T, "kind") {
		case "plain":
			in.IntegrationType, in.IntegrationMethod, in.IntegrationUri = new("HTTP_PROXY"), new("ANY"), new(g.s.plain+"/x?y=z")
			g.maybe(&in.IntegrationMethod, "method", "GET", "POST")
			if g.yes("mapped") {
				g.mapped(in)
			}
		case "secure":
			in.IntegrationType, in.IntegrationMethod, in.IntegrationUri = new("HTTP_PROXY"), new("ANY"), new(g.s.secure)
			in.TlsConfig = &v2.TlsConfigInput{ServerNameToVerify: new(rapid.SampledFrom([]string{"example.com", "other.test"}).Draw(g.T, "tls"))}
		case "private":
			in.IntegrationType, in.IntegrationMethod, in.ConnectionType, in.ConnectionId = new("HTTP_PROXY"), new("ANY"), new("VPC_LINK"), &g.s.link
			in.IntegrationUri = new("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c")
			if g.yes("moved") {
				in.RequestParameters = map[string]string{"overwrite:path": "/moved${request.path}"}
			}
		case "function":
			in.IntegrationType, in.IntegrationUri, in.PayloadFormatVersion = new("AWS_PROXY"), new("arn:aws:lambda:us-east-1:123456789012:function:f"), new("2.0")
		case "service":
			in.IntegrationType, in.IntegrationSubtype, in.CredentialsArn = new("AWS_PROXY"), new("SQS-SendMessage"), new("arn:aws:iam::123456789012:role/r")
			in.RequestParameters = map[string]string{"QueueUrl": g.s.plain + "/1/q", "MessageBody": "$request.body"}
		}
		ids = append(ids, *must[*v2.CreateIntegrationOutput](g.w)(g.w.CreateIntegration(g.w.ctx, in)).IntegrationId)
	}
	return ids
}

// mapped gives an integration mappings of each kind, of requests and replies.
func (g author) mapped(in *v2.CreateIntegrationInput) {
	in.RequestParameters = map[string]string{"append:header.x-mapped": "$request.path", "overwrite:header.x-id": "${context.requestId}",
		"remove:querystring.q": "''", "append:querystring.v": "$stageVariables.v", "overwrite:header.x-m": "$request.body.m"}
	in.ResponseParameters = map[string]map[string]string{"200": {"overwrite:statuscode": "201", "append:header.x-back": "$response.body.id"},
		"500": {"append:header.x-id": "$context.requestId", "remove:header.x-backend": "''"}}
}

// filled is an integration whose URI takes a parameter of the route.
func (g author) filled(api *string, parameter string) string {
	in := &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: new(g.s.plain + "/filled/{" + parameter + "}")}
	return *must[*v2.CreateIntegrationOutput](g.w)(g.w.CreateIntegration(g.w.ctx, in)).IntegrationId
}

func (g author) routes(api *string, authorizers []v2.CreateAuthorizerOutput, integrations []string) (drawn []string) {
	keys := []string{"$default"}
	for _, p := range []string{"/", "/a", "/a/", "/a/{b}", "/a/{b}/c", "/{proxy+}", "/a/{rest+}", "/$default/x", "/%C3%A9"} {
		for _, m := range []string{"ANY", "GET", "POST", "DELETE"} {
			keys = append(keys, m+" "+p)
		}
	}
	drawn = rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 10, rapid.ID).Draw(g.T, "routes")
	for _, key := range drawn {
		in := &v2.CreateRouteInput{ApiId: api, RouteKey: &key}
		g.maybe(&in.OperationName, "operation", "op", "other op")
		switch parameter := parameterOf(key); {
		case parameter != "" && rapid.IntRange(0, 3).Draw(g.T, "filled") == 3:
			in.Target = new(targetPrefix + g.filled(api, parameter))
		case len(integrations) > 0 && rapid.IntRange(0, 3).Draw(g.T, "target") < 3:
			in.Target = new(targetPrefix + rapid.SampledFrom(integrations).Draw(g.T, "target of"))
		}
		switch {
		case len(authorizers) > 0 && rapid.IntRange(0, 2).Draw(g.T, "authorizer") == 2:
			a := rapid.SampledFrom(authorizers).Draw(g.T, "authorizer of")
			in.AuthorizerId, in.AuthorizationType = a.AuthorizerId, new("CUSTOM")
			if *a.AuthorizerType == "JWT" {
				in.AuthorizationType = new("JWT")
				if g.yes("scopes") {
					in.AuthorizationScopes = []string{"read", "write"}
				}
			}
		case rapid.IntRange(0, 4).Draw(g.T, "iam") == 4:
			in.AuthorizationType = new("AWS_IAM")
		}
		must[*v2.CreateRouteOutput](g.w)(g.w.CreateRoute(g.w.ctx, in))
	}
	return drawn
}

// parameterOf is the name of the last parameter of a route key.
func parameterOf(key string) string {
	_, name, ok := strings.Cut(key, "{")
	if i := strings.LastIndex(key, "{"); ok {
		name, _, _ = strings.Cut(key[i+1:], "}")
	}
	return strings.TrimSuffix(name, "+")
}

// asSchemes is an exported document in which what AWS_IAM signs is said by a
// security scheme of the type that AWS documents for it.
func asSchemes(t *rapid.T, doc string) string {
	var root map[string]any
	if err := json.Unmarshal([]byte(doc), &root); err != nil {
		t.Fatal(err)
	}
	signed := false
	for _, item := range root["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			if op, ok := op.(map[string]any); ok && op["x-amazon-apigateway-auth"] != nil {
				delete(op, "x-amazon-apigateway-auth")
				op["security"] = []any{map[string]any{"signed": []any{}}}
				signed = true
			}
		}
	}
	if !signed {
		return doc
	}
	components, _ := root["components"].(map[string]any)
	if components == nil {
		components = map[string]any{}
		root["components"] = components
	}
	schemes, _ := components["securitySchemes"].(map[string]any)
	if schemes == nil {
		schemes = map[string]any{}
		components["securitySchemes"] = schemes
	}
	schemes["signed"] = map[string]any{"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}
	text, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// notes counts what checks have reached, by name.
type notes map[string]int

// fields notes the members of a structure that are set, and those of the
// structures in it.
func (n notes) fields(v any) {
	s := reflect.ValueOf(v)
	for i := range s.NumField() {
		f := s.Field(i)
		if f.IsZero() {
			continue
		}
		n[s.Type().Name()+"."+s.Type().Field(i).Name]++
		if f.Kind() == reflect.Pointer && f.Elem().Kind() == reflect.Struct {
			n.fields(f.Elem().Interface())
		}
	}
}

func (n notes) definition(t *world, api *string, st state) {
	n.fields(st.API)
	for _, a := range st.Authorizers {
		n.fields(a)
	}
	for _, r := range st.Routes {
		n.fields(r)
	}
	for _, i := range must[*v2.GetIntegrationsOutput](t)(t.GetIntegrations(t.ctx, &v2.GetIntegrationsInput{ApiId: api})).Items {
		n.fields(i)
	}
}

// TestAnExportImportsAgain holds that an API of any operations, exported and
// imported, is the same definition to clients, and serves the same: 50 requests
// are made to both, and compared by what their clients get and by what the
// backends see. What the checks have to have reached is listed by name: fields,
// extensions, and what can become of a request.
func TestAnExportImportsAgain(t *testing.T) {
	w := newWorld(t)
	s := serve(w)
	fields, written, outcomes := notes{}, notes{}, notes{}
	rapid.Check(t, func(t *rapid.T) {
		w := *w
		w.TB = tb{t}
		g := author{t, &w, s}
		api := g.api()
		keys := g.routes(api, g.authorizers(api), g.integrations(api))
		want := w.state(api)
		fields.definition(&w, api, want)
		format := rapid.SampledFrom([]string{"JSON", "YAML"}).Draw(t, "format")
		doc := w.export(api, "", format)
		for _, name := range slices.Compact(slices.Sorted(slices.Values(extensionForm.FindAllString(doc, -1)))) {
			written[name]++
		}
		if format == "JSON" && g.yes("as schemes") {
			doc = asSchemes(t, doc)
		}
		again := w.importing(doc)
		if diff := cmp.Diff(want, w.state(again.ApiId)); diff != "" {
			t.Fatalf("%s\n%s", diff, doc)
		}
		g.compare(api, again.ApiId, keys, doc, outcomes)
	})
	for _, v := range fieldsOfADefinition() {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if name := typ.Name() + "." + typ.Field(i).Name; fields[name] == 0 && !only(name) {
				t.Errorf("%s was never drawn", name)
			}
		}
	}
	if diff := cmp.Diff(extensions(), slices.Sorted(maps.Keys(written))); diff != "" {
		t.Errorf("the extensions of all documents are others than those that there are:\n%s", diff)
	}
	for _, name := range outcomesOfARequest() {
		if outcomes[name] == 0 {
			t.Errorf("no request has reached: %s", name)
		}
	}
}

// tb lets a check of rapid pass for a test.
type tb struct{ *rapid.T }

func (tb) Cleanup(func()) {}
