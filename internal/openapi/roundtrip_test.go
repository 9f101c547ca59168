package openapi

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v2 "gatehouse/internal/wire/apigatewayv2"
)

// flat is a definition without addresses and places, to be compared.
type flat struct {
	API          v2.Api
	Authorizers  []v2.Authorizer
	Integrations []string
	Routes       []flatRoute
}

type flatRoute struct {
	AWS         v2.Route
	Authorizer  string
	Integration string // what it says, and how many routes share it
}

func plainly(d *Definition) flat {
	f := flat{API: d.API}
	for _, a := range d.Authorizers {
		f.Authorizers = append(f.Authorizers, a.AWS)
	}
	users := map[*Integration]string{}
	for _, r := range d.Routes {
		if r.Integration != nil {
			users[r.Integration] += " " + *r.AWS.RouteKey
		}
	}
	show := func(i *Integration) string {
		keys := []string{}
		for _, r := range d.Routes {
			if r.Integration == i {
				keys = append(keys, *r.AWS.RouteKey)
			}
		}
		slices.Sort(keys)
		return fmt.Sprintf("%s of %q", string(printJSON(spill(integrationSlots(&i.AWS)))), keys)
	}
	for _, i := range d.Integrations {
		f.Integrations = append(f.Integrations, show(i))
	}
	for _, r := range d.Routes {
		fr := flatRoute{AWS: r.AWS}
		if r.Authorizer != nil {
			fr.Authorizer = *r.Authorizer.AWS.Name
		}
		if r.Integration != nil {
			fr.Integration = show(r.Integration)
		}
		f.Routes = append(f.Routes, fr)
	}
	slices.SortFunc(f.Authorizers, func(a, b v2.Authorizer) int { return cmp.Compare(*a.Name, *b.Name) })
	slices.Sort(f.Integrations)
	slices.SortFunc(f.Routes, func(a, b flatRoute) int { return cmp.Compare(*a.AWS.RouteKey, *b.AWS.RouteKey) })
	return f
}

// reached counts the members that a generator has set, by structure and name.
type reached map[string]int

func (c reached) note(v any) {
	s := reflect.Indirect(reflect.ValueOf(v))
	for i := range s.NumField() {
		f := s.Field(i)
		if f.IsZero() {
			continue
		}
		c[s.Type().Name()+"."+s.Type().Field(i).Name]++
		if f.Kind() == reflect.Pointer && f.Elem().Kind() == reflect.Struct && f.Elem().Type() != reflect.TypeFor[struct{}]() && f.Elem().NumField() > 0 && f.Elem().Type().PkgPath() != "time" {
			c.note(f.Interface())
		}
	}
}

// unreachable are the members that no document can say: ids, what the service
// itself fills in, and what only WebSocket APIs have.
var unreachable = map[string]bool{
	"Api.ApiEndpoint": true, "Api.ApiGatewayManaged": true, "Api.ApiId": true, "Api.ApiKeySelectionExpression": true, "Api.CreatedDate": true,
	"Api.DisableSchemaValidation": true, "Api.ImportInfo": true, "Api.ProtocolType": true, "Api.RouteSelectionExpression": true, "Api.Warnings": true,
	"Authorizer.AuthorizerId":       true,
	"Integration.ApiGatewayManaged": true, "Integration.ContentHandlingStrategy": true, "Integration.IntegrationId": true,
	"Integration.IntegrationResponseSelectionExpression": true, "Integration.PassthroughBehavior": true, "Integration.RequestTemplates": true, "Integration.TemplateSelectionExpression": true,
	"Route.ApiGatewayManaged": true, "Route.ApiKeyRequired": true, "Route.AuthorizerId": true, "Route.ModelSelectionExpression": true, "Route.RequestModels": true,
	"Route.RequestParameters": true, "Route.RouteId": true, "Route.RouteResponseSelectionExpression": true, "Route.Target": true,
}

// generator draws definitions.
type generator struct{ *rapid.T }

// words are texts that a careless writer of YAML or JSON gets wrong.
var words = []string{"", "plain", "1.0", "2.0", "true", "null", "~", "yes", "a: b", "- x", "#c", "*a", "&a", "<<", "'q'", `"q"`, `\`, "a\nb", " lead", "trail ", "é😀", "{x}",
	"$request.header.x", "0x1f", "1e3", "2001-01-01", "a,b", "@x", "%20", "\ttab", "long " + string(make([]byte, 0)) + "word word word word word word word word word word word word word word word"}

func (g generator) word() string {
	if g.chance(3) {
		return rapid.StringMatching(`[ -~é😀\n]{0,20}`).Draw(g.T, "text")
	}
	return rapid.SampledFrom(words).Draw(g.T, "word")
}

func (g generator) chance(of int) bool { return rapid.IntRange(1, of).Draw(g.T, "chance") == 1 }

func (g generator) maybe(to **string, values ...string) {
	if g.chance(2) {
		v := g.word()
		if len(values) > 0 {
			v = rapid.SampledFrom(values).Draw(g.T, "one of")
		}
		*to = &v
	}
}

func (g generator) number(to **int32) {
	if g.chance(2) {
		v := int32(rapid.IntRange(-1, 86400).Draw(g.T, "number"))
		*to = &v
	}
}

func (g generator) flag(to **bool) {
	if g.chance(2) {
		v := rapid.Bool().Draw(g.T, "flag")
		*to = &v
	}
}

func (g generator) list(to *[]string) {
	if g.chance(2) {
		*to = []string{}
		for range rapid.IntRange(0, 3).Draw(g.T, "items") {
			*to = append(*to, g.word())
		}
	}
}

func (g generator) texts(to *map[string]string) {
	if g.chance(2) {
		*to = map[string]string{}
		for range rapid.IntRange(0, 3).Draw(g.T, "entries") {
			(*to)[g.word()] = g.word()
		}
	}
}

func (g generator) definition() *Definition {
	d := &Definition{}
	a := &d.API
	name := "n" + g.word()
	a.Name = &name
	version := g.word()
	a.Version = &version
	g.maybe(&a.Description)
	g.flag(&a.DisableExecuteApiEndpoint)
	g.maybe(&a.IpAddressType, "ipv4", "dualstack")
	if g.texts(&a.Tags); len(a.Tags) == 0 {
		a.Tags = nil
	}
	if g.chance(2) {
		c := &v2.Cors{}
		g.list(&c.AllowHeaders)
		g.list(&c.AllowMethods)
		g.list(&c.AllowOrigins)
		g.list(&c.ExposeHeaders)
		g.flag(&c.AllowCredentials)
		g.number(&c.MaxAge)
		a.CorsConfiguration = c
	}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 3, rapid.ID).Draw(g.T, "authorizers")
	for _, name := range names {
		d.Authorizers = append(d.Authorizers, g.authorizer(name))
	}
	for range rapid.IntRange(0, 4).Draw(g.T, "integrations") {
		d.Integrations = append(d.Integrations, g.integration())
	}
	g.routes(d)
	return d
}

func (g generator) authorizer(name string) *Authorizer {
	a := &Authorizer{}
	kind := rapid.SampledFrom([]string{"JWT", "REQUEST"}).Draw(g.T, "kind")
	a.AWS.Name, a.AWS.AuthorizerType = &name, &kind
	g.list(&a.AWS.IdentitySource)
	g.maybe(&a.AWS.AuthorizerUri)
	g.maybe(&a.AWS.AuthorizerCredentialsArn)
	g.maybe(&a.AWS.AuthorizerPayloadFormatVersion, "1.0", "2.0")
	g.maybe(&a.AWS.IdentityValidationExpression)
	g.number(&a.AWS.AuthorizerResultTtlInSeconds)
	g.flag(&a.AWS.EnableSimpleResponses)
	if g.chance(2) {
		a.AWS.JwtConfiguration = &v2.JWTConfiguration{}
		g.maybe(&a.AWS.JwtConfiguration.Issuer)
		g.list(&a.AWS.JwtConfiguration.Audience)
	}
	return a
}

func (g generator) integration() *Integration {
	i := &Integration{}
	kind := rapid.SampledFrom([]string{"HTTP_PROXY", "AWS_PROXY"}).Draw(g.T, "type")
	i.AWS.IntegrationType = &kind
	g.maybe(&i.AWS.ConnectionId)
	g.maybe(&i.AWS.ConnectionType, "INTERNET", "VPC_LINK")
	g.maybe(&i.AWS.CredentialsArn)
	g.maybe(&i.AWS.Description)
	g.maybe(&i.AWS.IntegrationMethod)
	g.maybe(&i.AWS.IntegrationSubtype)
	g.maybe(&i.AWS.IntegrationUri)
	g.maybe(&i.AWS.PayloadFormatVersion, "1.0", "2.0")
	g.number(&i.AWS.TimeoutInMillis)
	g.texts(&i.AWS.RequestParameters)
	if g.chance(3) {
		i.AWS.ResponseParameters = map[string]map[string]string{}
		for _, status := range []string{"200", "404"} {
			var m map[string]string
			if g.texts(&m); m != nil {
				i.AWS.ResponseParameters[status] = m
			}
		}
	}
	if g.chance(3) {
		i.AWS.TlsConfig = &v2.TlsConfig{}
		g.maybe(&i.AWS.TlsConfig.ServerNameToVerify)
	}
	return i
}

func (g generator) routes(d *Definition) {
	paths := []string{"/", "/pets", "/pets/", "/pets/{id}", "/pets/{id}/{rest+}", "/{proxy+}", "/a~b", "/$default", "/a/$default", "/x-y", "/é", "/a:b"}
	keys := []string{"$default"}
	for _, p := range paths {
		for _, m := range []string{"ANY", "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"} {
			keys = append(keys, m+" "+p)
		}
	}
	keys = rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 12, rapid.ID).Draw(g.T, "routes")
	if slices.Contains(keys, "$default") {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == "ANY /$default" })
	}
	for _, key := range keys {
		r := &Route{}
		kind := "NONE"
		r.AWS.RouteKey, r.AWS.AuthorizationType = &key, &kind
		if g.maybe(&r.AWS.OperationName); text1(r.AWS.OperationName) == "" || len(*r.AWS.OperationName) > 64 {
			r.AWS.OperationName = nil
		}
		if g.chance(4) {
			kind = "AWS_IAM"
		} else if len(d.Authorizers) > 0 && g.chance(2) {
			r.Authorizer = rapid.SampledFrom(d.Authorizers).Draw(g.T, "authorizer")
			kind = "CUSTOM"
			if *r.Authorizer.AWS.AuthorizerType == "JWT" {
				kind = "JWT"
				if g.list(&r.AWS.AuthorizationScopes); len(r.AWS.AuthorizationScopes) == 0 {
					r.AWS.AuthorizationScopes = nil
				}
			}
		}
		if len(d.Integrations) > 0 && !g.chance(5) {
			r.Integration = rapid.SampledFrom(d.Integrations).Draw(g.T, "integration")
		}
		d.Routes = append(d.Routes, r)
	}
}

// TestWhatIsWrittenIsReadAgain holds that a definition comes back the same from
// its document, as JSON and as YAML, and that the definitions had every member
// that a document can say.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	seen := reached{}
	rapid.Check(t, func(t *rapid.T) {
		d := generator{t}.definition()
		seen.note(d.API)
		for _, a := range d.Authorizers {
			seen.note(a.AWS)
		}
		for _, i := range d.Integrations {
			seen.note(i.AWS)
		}
		for _, r := range d.Routes {
			seen.note(r.AWS)
		}
		for _, format := range []Format{JSON, YAML} {
			text, err := Write(d, Writing{Format: format, Extensions: true, Server: "https://h", BasePath: "prod", Version: "now"})
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(context.Background(), text, Ignore)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := gocmp.Diff(plainly(d), plainly(again)); diff != "" {
				t.Fatalf("%s\n%s", diff, text)
			}
			if len(again.Warnings) > 0 {
				t.Fatalf("its own document is warned of: %v\n%s", again.Warnings, text)
			}
		}
	})
	for _, of := range []any{v2.Api{}, v2.Authorizer{}, v2.Integration{}, v2.Route{}, v2.Cors{}, v2.JWTConfiguration{}, v2.TlsConfig{}} {
		typ := reflect.TypeOf(of)
		for i := range typ.NumField() {
			name := typ.Name() + "." + typ.Field(i).Name
			if unreachable[name] == (seen[name] > 0) {
				t.Errorf("%s: drawn %d times, listed as unreachable: %v", name, seen[name], unreachable[name])
			}
		}
	}
}
