package apigatewayv2

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/value"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestMoreBadCalls goes on with TestBadCalls: authorizers, models, domains,
// mappings, VPC links, access logs and tags.
func TestMoreBadCalls(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	token := w.jwt(api)
	lambda := must[*v2.CreateAuthorizerOutput](t)(w.CreateAuthorizer(w.ctx, request(api, "lambda", nil))).AuthorizerId
	guarded := must[*v2.CreateRouteOutput](t)(w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /"), AuthorizationType: new("JWT"), AuthorizerId: token})).RouteId
	model := w.model(api, "m", "{}")
	w.model(api, "n", "{}")
	w.stage(api, "s", false)
	w.domain("a.example")
	mapping := w.mapping("a.example", "k/l", api, "s")
	w.mapping("a.example", "", api, "s")
	link := w.vpcLink()
	behind := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, private(api, link))).IntegrationId
	long := strings.Repeat("x", 3000)
	const (
		bad      = "BadRequestException"
		conflict = "ConflictException"
		missing  = "NotFoundException"
		unbuilt  = "NotImplementedException"
	)
	isJWT := func(change func(*v2.CreateAuthorizerInput)) func() error {
		return func() error { _, err := w.CreateAuthorizer(w.ctx, jwt(api, "new", change)); return err }
	}
	isRequest := func(change func(*v2.CreateAuthorizerInput)) func() error {
		return func() error { _, err := w.CreateAuthorizer(w.ctx, request(api, "new", change)); return err }
	}
	source := func(sources ...string) func(*v2.CreateAuthorizerInput) {
		return func(in *v2.CreateAuthorizerInput) { in.IdentitySource = sources }
	}
	updateAuthorizer := func(id *string, change func(*v2.UpdateAuthorizerInput)) func() error {
		return func() error {
			in := &v2.UpdateAuthorizerInput{ApiId: api, AuthorizerId: id}
			change(in)
			_, err := w.UpdateAuthorizer(w.ctx, in)
			return err
		}
	}
	guard := func(kind string, id *string) func() error {
		return func() error {
			_, err := w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /x"), AuthorizationType: &kind, AuthorizerId: id})
			return err
		}
	}
	isModel := func(name, schema string, change func(*v2.CreateModelInput)) func() error {
		return func() error {
			in := &v2.CreateModelInput{ApiId: api, Name: &name, Schema: &schema}
			if change != nil {
				change(in)
			}
			_, err := w.CreateModel(w.ctx, in)
			return err
		}
	}
	isDomain := func(change func(*v2.CreateDomainNameInput)) func() error {
		return func() error {
			in := &v2.CreateDomainNameInput{DomainName: new("b.example"), DomainNameConfigurations: certificate}
			change(in)
			_, err := w.CreateDomainName(w.ctx, in)
			return err
		}
	}
	configured := func(change func(*v2.DomainNameConfiguration)) func() error {
		return isDomain(func(in *v2.CreateDomainNameInput) {
			in.DomainNameConfigurations = slices.Clone(certificate)
			change(&in.DomainNameConfigurations[0])
		})
	}
	updateDomain := func(name string, change func(*v2.UpdateDomainNameInput)) func() error {
		return func() error {
			in := &v2.UpdateDomainNameInput{DomainName: &name}
			change(in)
			_, err := w.UpdateDomainName(w.ctx, in)
			return err
		}
	}
	isMapping := func(key string, change func(*v2.CreateApiMappingInput)) func() error {
		return func() error {
			in := &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiId: api, Stage: new("s"), ApiMappingKey: &key}
			if change != nil {
				change(in)
			}
			_, err := w.CreateApiMapping(w.ctx, in)
			return err
		}
	}
	updateMapping := func(id string, change func(*v2.UpdateApiMappingInput)) func() error {
		return func() error {
			in := &v2.UpdateApiMappingInput{DomainName: new("a.example"), ApiMappingId: &id, ApiId: api}
			change(in)
			_, err := w.UpdateApiMapping(w.ctx, in)
			return err
		}
	}
	isLink := func(change func(*v2.CreateVpcLinkInput)) func() error {
		return func() error {
			in := &v2.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-1"}}
			change(in)
			_, err := w.CreateVpcLink(w.ctx, in)
			return err
		}
	}
	logged := func(destination, format string) func() error {
		return func() error {
			_, err := w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("s"), AccessLogSettings: &v2.AccessLogSettings{DestinationArn: &destination, Format: &format}})
			return err
		}
	}
	tagged := func(arn string, tags map[string]string) func() error {
		return func() error {
			_, err := w.TagResource(w.ctx, &v2.TagResourceInput{ResourceArn: &arn, Tags: tags})
			return err
		}
	}
	one := map[string]string{"a": "b"}

	for _, tc := range []struct {
		desc string
		call func() error
		typ  string
		part string
	}{
		// Authorizer
		{"An authorizer has a name.", isJWT(func(in *v2.CreateAuthorizerInput) { in.Name = new("") }), bad, "name"},
		{"A name is bounded.", isJWT(func(in *v2.CreateAuthorizerInput) { in.Name = &long }), bad, "name"},
		{"A name stands once.", isJWT(func(in *v2.CreateAuthorizerInput) { in.Name = new("jwt") }), conflict, "jwt"},
		{"A type is one of two.", isJWT(func(in *v2.CreateAuthorizerInput) { in.AuthorizerType = new("TOKEN") }), bad, "authorizerType"},
		{"A token is found somewhere.", isJWT(source()), bad, "identitySource"},
		{"A token is found in one place.", isJWT(source("$request.header.a", "$request.header.b")), bad, "identitySource"},
		{"A token is not found in the context.", isJWT(source("$context.requestId")), bad, "identitySource"},
		{"A token is not found in a body.", isJWT(source("$request.body.token")), bad, "identitySource"},
		{"A header's name is a token.", isJWT(source("$request.header.a b")), bad, "identitySource"},
		{"A source is bounded.", isJWT(source("$request.header." + long)), bad, "identitySource"},
		{"A JWT has an issuer and an audience.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration = nil }), bad, "jwtConfiguration"},
		{"An issuer is there.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Issuer = nil }), bad, "issuer"},
		{"An issuer is a URL.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Issuer = new("me") }), bad, "issuer"},
		{"An issuer is no file.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Issuer = new("file:///etc/passwd") }), bad, "issuer"},
		{"An issuer has no query.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Issuer = new("https://a?b") }), bad, "issuer"},
		{"An audience is there, or every token of the issuer would do.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Audience = nil }), bad, "audience"},
		{"An audience is not empty.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Audience = []string{""} }), bad, "audience"},
		{"There are at most 50 audiences.", isJWT(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration.Audience = make([]string, 51) }), bad, "audience"},
		{"A JWT has no URI.", isJWT(func(in *v2.CreateAuthorizerInput) { in.AuthorizerUri = request(nil, "", nil).AuthorizerUri }), bad, "authorizerUri"},
		{"A JWT has no credentials.", isJWT(func(in *v2.CreateAuthorizerInput) {
			in.AuthorizerCredentialsArn = new("arn:aws:iam::123456789012:role/r")
		}), bad, "authorizerCredentialsArn"},
		{"A JWT has no payload.", isJWT(func(in *v2.CreateAuthorizerInput) { in.AuthorizerPayloadFormatVersion = new("2.0") }), bad, "authorizerPayloadFormatVersion"},
		{"A JWT has no simple response.", isJWT(func(in *v2.CreateAuthorizerInput) { in.EnableSimpleResponses = new(true) }), bad, "enableSimpleResponses"},
		{"A JWT is not cached.", isJWT(func(in *v2.CreateAuthorizerInput) { in.AuthorizerResultTtlInSeconds = new(int32(1)) }), bad, "authorizerResultTtlInSeconds"},
		{"A function is there.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerUri = nil }), bad, "authorizerUri"},
		{"A function is named by its invocation.", isRequest(func(in *v2.CreateAuthorizerInput) {
			in.AuthorizerUri = new("arn:aws:lambda:us-east-1:123456789012:function:f")
		}), bad, "authorizerUri"},
		{"A function's payload has a form.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerPayloadFormatVersion = nil }), bad, "authorizerPayloadFormatVersion"},
		{"A function's payload has one of two forms.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerPayloadFormatVersion = new("3.0") }), bad, "authorizerPayloadFormatVersion"},
		{"Only the newer payload has simple responses.", isRequest(func(in *v2.CreateAuthorizerInput) {
			in.AuthorizerPayloadFormatVersion, in.EnableSimpleResponses = new("1.0"), new(true)
		}), bad, "enableSimpleResponses"},
		{"An answer is kept for at most an hour.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerResultTtlInSeconds = new(int32(3601)) }), bad, "authorizerResultTtlInSeconds"},
		{"An answer is not kept for less than nothing.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerResultTtlInSeconds = new(int32(-1)) }), bad, "authorizerResultTtlInSeconds"},
		{"What is kept has a key, or everybody would share it.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerResultTtlInSeconds = new(int32(1)) }), bad, "identitySource"},
		{"A key is of a variable that exists.", isRequest(source("$context.nope")), bad, "identitySource"},
		{"A key is of a stage variable's name.", isRequest(source("$stageVariables.a-b")), bad, "identitySource"},
		{"A key is of no body.", isRequest(source("$request.body")), bad, "identitySource"},
		{"There are at most 20 sources.", isRequest(source(slices.Repeat([]string{"$context.stage"}, 21)...)), bad, "identitySource"},
		{"A function has no issuer.", isRequest(func(in *v2.CreateAuthorizerInput) { in.JwtConfiguration = &v2.JWTConfiguration{} }), bad, "jwtConfiguration"},
		{"A function's credentials are an ARN.", isRequest(func(in *v2.CreateAuthorizerInput) { in.AuthorizerCredentialsArn = new("me") }), bad, "authorizerCredentialsArn"},
		{"A change of an authorizer is checked.", updateAuthorizer(token, func(in *v2.UpdateAuthorizerInput) { in.IdentitySource = []string{"me"} }), bad, "identitySource"},
		{"A changed name stands once.", updateAuthorizer(token, func(in *v2.UpdateAuthorizerInput) { in.Name = new("lambda") }), conflict, "lambda"},
		{"The type of an authorizer in use stays.", updateAuthorizer(token, func(in *v2.UpdateAuthorizerInput) { in.AuthorizerType = new("REQUEST") }), conflict, *token},
		{"An authorizer of another type begins anew.", updateAuthorizer(lambda, func(in *v2.UpdateAuthorizerInput) { in.AuthorizerType = new("JWT") }), bad, "identitySource"},
		{"An authorizer that is not there cannot change.", updateAuthorizer(new("nope"), func(*v2.UpdateAuthorizerInput) {}), missing, "nope"},
		{"An authorizer in use stays.", func() error {
			return w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: token})
		}, conflict, *token},
		{"An authorizer that is not there cannot go.", func() error {
			return w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: new("a/b")})
		}, missing, "a/b"},
		{"A route's authorizer is there.", guard("JWT", new("nope")), bad, "authorizerId"},
		{"A route's authorizer is no path.", guard("JWT", new("../x")), bad, "authorizerId"},
		{"A route that wants a JWT asks no function.", guard("JWT", lambda), bad, "authorizerId"},
		{"A route that wants a function gets one.", guard("CUSTOM", token), bad, "authorizerId"},
		{"A route's new type fits its authorizer.", func() error {
			_, err := w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: guarded, AuthorizationType: new("CUSTOM")})
			return err
		}, bad, "authorizerId"},
		{"A cache is of a stage.", func() error {
			return w.ResetAuthorizersCache(w.ctx, &v2.ResetAuthorizersCacheInput{ApiId: api, StageName: new("nope")})
		}, missing, "nope"},

		// Model
		{"A model's name is a word.", isModel("a b", "{}", nil), bad, "name"},
		{"A model's name stands once.", isModel("m", "{}", nil), conflict, "m already exists"},
		{"A schema is there.", isModel("new", "", nil), bad, "schema"},
		{"A schema is JSON.", isModel("new", "{", nil), bad, "schema"},
		{"A schema is an object.", isModel("new", "[]", nil), bad, "schema"},
		{"A schema is bounded.", isModel("new", `{"a":"`+strings.Repeat("x", maxSchema)+`"}`, nil), bad, "schema"},
		{"A schema is not deep.", isModel("new", strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100), nil), bad, "schema"},
		{"A content type is bounded.", isModel("new", "{}", func(in *v2.CreateModelInput) { in.ContentType = &long }), bad, "contentType"},
		{"A model's description is bounded.", isModel("new", "{}", func(in *v2.CreateModelInput) { in.Description = &long }), bad, "description"},
		{"A model's changed name stands once.", func() error {
			_, err := w.UpdateModel(w.ctx, &v2.UpdateModelInput{ApiId: api, ModelId: model, Name: new("n")})
			return err
		}, conflict, "n already exists"},
		{"A model that is not there cannot change.", func() error {
			_, err := w.UpdateModel(w.ctx, &v2.UpdateModelInput{ApiId: api, ModelId: new("nope")})
			return err
		}, missing, "nope"},
		{"A model that is not there has no template.", func() error {
			_, err := w.GetModelTemplate(w.ctx, &v2.GetModelTemplateInput{ApiId: api, ModelId: new("nope")})
			return err
		}, missing, "nope"},
		{"A model that is not there cannot go.", func() error { return w.DeleteModel(w.ctx, &v2.DeleteModelInput{ApiId: api, ModelId: new("nope")}) }, missing, "nope"},

		// DomainName
		{"A domain has a configuration.", isDomain(func(in *v2.CreateDomainNameInput) { in.DomainNameConfigurations = nil }), bad, "domainNameConfigurations"},
		{"A domain has one configuration.", isDomain(func(in *v2.CreateDomainNameInput) { in.DomainNameConfigurations = slices.Repeat(certificate, 2) }), bad, "domainNameConfigurations"},
		{"A domain has a certificate.", configured(func(c *v2.DomainNameConfiguration) { c.CertificateArn = nil }), bad, "certificateArn"},
		{"A certificate is an ARN.", configured(func(c *v2.DomainNameConfiguration) { c.CertificateArn = new("me") }), bad, "certificateArn"},
		{"A certificate's name is bounded.", configured(func(c *v2.DomainNameConfiguration) { c.CertificateName = &long }), bad, "certificateName"},
		{"A certificate of ownership is an ARN.", configured(func(c *v2.DomainNameConfiguration) { c.OwnershipVerificationCertificateArn = new("me") }), bad, "ownership"},
		{"A domain is regional.", configured(func(c *v2.DomainNameConfiguration) { c.EndpointType = new("EDGE") }), bad, "endpointType"},
		{"A security policy is one of two.", configured(func(c *v2.DomainNameConfiguration) { c.SecurityPolicy = new("SSL_3") }), bad, "securityPolicy"},
		{"An address type is one of two.", configured(func(c *v2.DomainNameConfiguration) { c.IpAddressType = new("ipv6") }), bad, "ipAddressType"},
		{"A routing mode is one of AWS's.", isDomain(func(in *v2.CreateDomainNameInput) { in.RoutingMode = new("X") }), bad, "routingMode"},
		{"Routing rules come later.", isDomain(func(in *v2.CreateDomainNameInput) { in.RoutingMode = new("ROUTING_RULE_ONLY") }), unbuilt, "routingMode"},
		{"Mutual TLS comes later: without it, strangers would be let in.", isDomain(func(in *v2.CreateDomainNameInput) {
			in.MutualTlsAuthentication = &v2.MutualTlsAuthenticationInput{TruststoreUri: new("s3://a/b")}
		}), unbuilt, "mutualTlsAuthentication"},
		{"A domain chooses no id.", isDomain(func(in *v2.CreateDomainNameInput) { in.Tags = map[string]string{"_custom_id_": "x"} }), bad, "tags"},
		{"A domain stands once.", isDomain(func(in *v2.CreateDomainNameInput) { in.DomainName = new("a.example") }), conflict, "a.example"},
		{"A change to mutual TLS comes later, too.", updateDomain("a.example", func(in *v2.UpdateDomainNameInput) {
			in.MutualTlsAuthentication = &v2.MutualTlsAuthenticationInput{TruststoreVersion: new("1")}
		}), unbuilt, "mutualTlsAuthentication"},
		{"A change of a domain is checked.", updateDomain("a.example", func(in *v2.UpdateDomainNameInput) {
			in.DomainNameConfigurations = []v2.DomainNameConfiguration{{EndpointType: new("EDGE")}}
		}), bad, "endpointType"},
		{"A domain keeps its configuration.", updateDomain("a.example", func(in *v2.UpdateDomainNameInput) { in.DomainNameConfigurations = []v2.DomainNameConfiguration{} }), bad, "domainNameConfigurations"},
		{"A domain that is not there cannot change.", updateDomain("nope.example", func(*v2.UpdateDomainNameInput) {}), missing, "nope.example"},
		{"A domain that is not there cannot go.", func() error {
			return w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("nope.example")})
		}, missing, "nope.example"},
		{"A domain's name in upper case is not there.", func() error {
			return w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("A.example")})
		}, missing, "A.example"},

		// ApiMapping
		{"A mapping stands once.", isMapping("k/l", nil), conflict, "k/l"},
		{"The empty mapping stands once.", isMapping("", nil), conflict, `""`},
		{"A mapping has no slash before it.", isMapping("/k", nil), bad, "apiMappingKey"},
		{"A mapping has no slash behind it.", isMapping("k/", nil), bad, "apiMappingKey"},
		{"A mapping has no empty segment.", isMapping("k//l", nil), bad, "apiMappingKey"},
		{"A mapping has no dots alone.", isMapping("k/../l", nil), bad, "apiMappingKey"},
		{"A mapping needs no encoding.", isMapping("a%20b", nil), bad, "apiMappingKey"},
		{"A mapping has no parameters.", isMapping("{a}", nil), bad, "apiMappingKey"},
		{"A mapping is of ASCII.", isMapping("ä", nil), bad, "apiMappingKey"},
		{"A mapping has at most 300 characters.", isMapping(strings.Repeat("x", 301), nil), bad, "apiMappingKey"},
		{"A mapping's API is there.", isMapping("x", func(in *v2.CreateApiMappingInput) { in.ApiId = new("nope") }), missing, "nope"},
		{"A mapping's stage is there.", isMapping("x", func(in *v2.CreateApiMappingInput) { in.Stage = new("nope") }), missing, "nope"},
		{"A mapping's domain is there.", isMapping("x", func(in *v2.CreateApiMappingInput) { in.DomainName = new("nope.example") }), missing, "nope.example"},
		{"A changed mapping stands once.", updateMapping(*mapping, func(in *v2.UpdateApiMappingInput) { in.ApiMappingKey = new("") }), conflict, `""`},
		{"A changed mapping is checked.", updateMapping(*mapping, func(in *v2.UpdateApiMappingInput) { in.ApiMappingKey = new("/") }), bad, "apiMappingKey"},
		{"A changed mapping's stage is there.", updateMapping(*mapping, func(in *v2.UpdateApiMappingInput) { in.Stage = new("nope") }), missing, "nope"},
		{"A mapping that is not there cannot change.", updateMapping("nope", func(*v2.UpdateApiMappingInput) {}), missing, "nope"},
		{"A mapping that is not there cannot go.", func() error {
			return w.DeleteApiMapping(w.ctx, &v2.DeleteApiMappingInput{DomainName: new("a.example"), ApiMappingId: new("nope")})
		}, missing, "nope"},

		// VpcLink
		{"A link has a name.", isLink(func(in *v2.CreateVpcLinkInput) { in.Name = new("") }), bad, "name"},
		{"A link's name is bounded.", isLink(func(in *v2.CreateVpcLinkInput) { in.Name = &long }), bad, "name"},
		{"A link has a subnet.", isLink(func(in *v2.CreateVpcLinkInput) { in.SubnetIds = nil }), bad, "subnetIds"},
		{"A subnet has its form.", isLink(func(in *v2.CreateVpcLinkInput) { in.SubnetIds = []string{"sg-1"} }), bad, "subnetIds"},
		{"A security group has its form.", isLink(func(in *v2.CreateVpcLinkInput) { in.SecurityGroupIds = []string{"sg-"} }), bad, "securityGroupIds"},
		{"There are at most 100 subnets.", isLink(func(in *v2.CreateVpcLinkInput) { in.SubnetIds = slices.Repeat([]string{"subnet-1"}, 101) }), bad, "subnetIds"},
		{"A link chooses no id.", isLink(func(in *v2.CreateVpcLinkInput) { in.Tags = map[string]string{"_custom_id_": "x"} }), bad, "tags"},
		{"A changed name is checked.", func() error {
			_, err := w.UpdateVpcLink(w.ctx, &v2.UpdateVpcLinkInput{VpcLinkId: link, Name: &long})
			return err
		}, bad, "name"},
		{"A link that is not there cannot change.", func() error {
			_, err := w.UpdateVpcLink(w.ctx, &v2.UpdateVpcLinkInput{VpcLinkId: new("nope")})
			return err
		}, missing, "nope"},
		{"A link in use stays.", func() error { _, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: link}); return err }, conflict, *api},
		{"A link that is not there cannot go.", func() error {
			_, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: new("a/b")})
			return err
		}, missing, "a/b"},
		{"An integration's link is there.", func() error { _, err := w.CreateIntegration(w.ctx, private(api, new("nope"))); return err }, bad, "connectionId"},
		{"A private backend is a listener or a service.", func() error {
			in := private(api, link)
			in.IntegrationUri = new("arn:aws:s3:us-east-1:123456789012:x")
			_, err := w.CreateIntegration(w.ctx, in)
			return err
		}, bad, "integrationUri"},
		{"A private backend is no URL.", func() error {
			in := private(api, link)
			in.IntegrationUri = new("http://10.0.0.1/")
			_, err := w.CreateIntegration(w.ctx, in)
			return err
		}, bad, "integrationUri"},
		{"A changed link is there.", func() error {
			_, err := w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: behind, ConnectionId: new("nope")})
			return err
		}, bad, "connectionId"},

		// Access logs
		{"A log goes to a group.", logged("arn:aws:s3:::bucket", "$context.requestId"), bad, "destinationArn"},
		{"A delivery stream is not served yet.", logged("arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-x", "$context.requestId"), bad, "Amazon Data Firehose"},
		{"A log has a format.", logged(logGroup, ""), bad, "accessLogSettings"},
		{"A format has a log.", logged("", "$context.requestId"), bad, "accessLogSettings"},
		{"A log's variables exist.", logged(logGroup, "$context.requestId $context.nope"), bad, "nope"},
		{"A log names the request.", logged(logGroup, "$context.status"), bad, "requestId"},
		{"A log is a line.", logged(logGroup, "$context.requestId\n$context.status"), bad, "line"},
		{"A log's format is at most 3 KB long.", logged(logGroup, "$context.requestId "+long+long), bad, "format"},

		// Tags
		{"A tag's ARN is one.", tagged("me", one), missing, "me"},
		{"A tag's ARN is of this region.", tagged(strings.Replace(arn("/apis/"+*api), "us-east-1", "eu-west-1", 1), one), missing, "eu-west-1"},
		{"A tag's ARN is of this partition.", tagged(strings.Replace(arn("/apis/"+*api), ":aws:", ":aws-cn:", 1), one), missing, "aws-cn"},
		{"A tag's ARN has no account.", tagged(strings.Replace(arn("/apis/"+*api), "::", ":123456789012:", 1), one), missing, "123456789012"},
		{"Routes have no tags.", tagged(arn("/apis/"+*api+"/routes/"+*guarded), one), missing, "routes"},
		{"Mappings have no tags.", tagged(arn("/domainnames/a.example/apimappings/"+*mapping), one), missing, "apimappings"},
		{"Tags are of an API that is there.", tagged(arn("/apis/nope"), one), missing, "nope"},
		{"Tags are of a stage that is there.", tagged(arn("/apis/"+*api+"/stages/nope"), one), missing, "nope"},
		{"Tags are of a domain that is there.", tagged(arn("/domainnames/nope.example"), one), missing, "nope.example"},
		{"Tags are of a link that is there.", tagged(arn("/vpclinks/nope"), one), missing, "nope"},
		{"A tag's key is not AWS's.", tagged(arn("/apis/"+*api), map[string]string{"aws:a": "b"}), bad, "aws:"},
		{"What exists has its id.", tagged(arn("/apis/"+*api), map[string]string{"_custom_id_": "b"}), bad, "_custom_id_"},
		{"There are at most 50 tags.", tagged(arn("/apis/"+*api), manyTags(51)), bad, "tags"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := *w
			w.TB = t
			before := w.dump()
			w.refused(before, tc.call(), tc.typ, tc.part)
		})
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("k", i)] = "v"
	}
	return tags
}

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

// TestVpcLinks holds what a link answers, and that it goes when the last
// integration has let go of it, in each way that there is.
func TestVpcLinks(t *testing.T) {
	w := newWorld(t)
	out := must[*v2.CreateVpcLinkOutput](t)(w.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-0a"}, Tags: map[string]string{"a": "b"}}))
	want := &v2.CreateVpcLinkOutput{VpcLinkId: out.VpcLinkId, Name: new("l"), SubnetIds: []string{"subnet-0a"}, SecurityGroupIds: []string{}, Tags: map[string]string{"a": "b"},
		CreatedDate: out.CreatedDate, VpcLinkVersion: new("V2"), VpcLinkStatus: new("PENDING"), VpcLinkStatusMessage: new("VPC link is provisioning ENIs")}
	if diff := cmp.Diff(want, out); diff != "" || out.CreatedDate == nil {
		t.Error(diff)
	}
	got := must[*v2.GetVpcLinkOutput](t)(w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: out.VpcLinkId}))
	if text(got.VpcLinkStatus) != "AVAILABLE" || text(got.VpcLinkStatusMessage) != "VPC link is ready to route traffic" {
		t.Errorf("%+v", got)
	}
	id, spare := out.VpcLinkId, w.vpcLink()
	api, other := w.api(), w.api()
	create := func(api *string) *string {
		return must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, private(api, id))).IntegrationId
	}
	gone, open, moved := create(api), create(api), create(api)
	create(other)
	stays := func() {
		t.Helper()
		_, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: id})
		w.refused(w.dump(), err, "ConflictException", *id)
	}
	w.route(api, "GET /", moved)
	deployed := w.frozen(api, *w.deploy(api, "")).Routes[0].Integration
	if deployed.Kind != gate.Private || deployed.ConnectionID != *id || deployed.URI != *private(nil, nil).IntegrationUri {
		t.Errorf("lowered to %+v", deployed)
	}
	stays()
	if err := w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: gone}); err != nil {
		t.Fatal(err)
	}
	i := must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: open, ConnectionType: new("INTERNET"), IntegrationUri: new("http://h/")}))
	if i.ConnectionId != nil {
		t.Errorf("back on the internet it keeps %s", *i.ConnectionId)
	}
	stays()
	must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: moved, ConnectionId: spare}))
	stays()
	if err := w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: other}); err != nil {
		t.Fatal(err)
	}
	must[*v2.DeleteVpcLinkOutput](t)(w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: id}))
	_, err := w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: id})
	w.refused(w.dump(), err, "NotFoundException", *id)
}

// TestALinkAndItsUseAtOnce races the two: never is there an integration behind
// a link that is gone.
func TestALinkAndItsUseAtOnce(t *testing.T) {
	for round := range 30 {
		w := newWorld(t)
		api, link := w.api(), w.vpcLink()
		var used, deleted error
		var both sync.WaitGroup
		both.Go(func() { _, used = w.CreateIntegration(w.ctx, private(api, link)) })
		both.Go(func() { _, deleted = w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: link}) })
		both.Wait()
		if (used == nil) == (deleted == nil) {
			t.Fatalf("round %d: used: %v, deleted: %v", round, used, deleted)
		}
	}
}

// TestTags walks tags of all four kinds on the wire, with ARNs as clients send
// them: one segment, encoded.
func TestTags(t *testing.T) {
	w := newWorld(t)
	api, link := w.api(), w.vpcLink()
	w.route(api, "GET /", nil)
	w.stage(api, "$default", true)
	w.domain("*.example.com")
	deployments := len(w.deployments(api))
	h, err := v2.NewHandler(w.Service, wire.Options{Identify: func(_ *http.Request, _ []byte, c *wire.Caller) error {
		c.Account = account
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/apis/" + *api, "/apis/" + *api + "/stages/$default", "/domainnames/*.example.com", "/vpclinks/" + *link} {
		t.Run(path, func(t *testing.T) {
			call := func(method, query, body string, status int, want string) {
				t.Helper()
				r := httptest.NewRequest(method, "/v2/tags/"+url.QueryEscape(arn(path))+query, strings.NewReader(body))
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				if rec.Code != status || strings.TrimSpace(rec.Body.String()) != want {
					t.Errorf("%s %s: got %d %s", method, query, rec.Code, rec.Body)
				}
			}
			call("GET", "", "", 200, `{"tags":{}}`)
			call("POST", "", `{"tags":{"a":"1","b c":"2"}}`, 201, `{}`)
			call("POST", "", `{"tags":{"a":"3"}}`, 201, `{}`)
			call("GET", "", "", 200, `{"tags":{"a":"3","b c":"2"}}`)
			call("DELETE", "?tagKeys=b%20c&tagKeys=nope", "", 204, "")
			call("GET", "", "", 200, `{"tags":{"a":"3"}}`)
		})
	}
	if got := must[*v2.GetApiOutput](t)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api})).Tags["a"]; got != "3" {
		t.Errorf("the API shows %q", got)
	}
	if got := w.getStage(api, "$default").Tags["a"]; got != "3" {
		t.Errorf("the stage shows %q", got)
	}
	if got := must[*v2.GetDomainNameOutput](t)(w.GetDomainName(w.ctx, &v2.GetDomainNameInput{DomainName: new("*.example.com")})).Tags["a"]; got != "3" {
		t.Errorf("the domain shows %q", got)
	}
	if got := must[*v2.GetVpcLinkOutput](t)(w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: link})).Tags["a"]; got != "3" {
		t.Errorf("the link shows %q", got)
	}
	if n := len(w.deployments(api)); n != deployments {
		t.Errorf("tags made %d deployments", n-deployments)
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

// TestTemplates is the table of templates that schemas are turned into.
func TestTemplates(t *testing.T) {
	for _, tc := range []struct{ desc, schema, want string }{
		{"The empty schema [S].", `{"$schema":"http://json-schema.org/draft-04/schema#","title":"Empty Schema","type":"object"}`, "{ }"},
		{"Nothing is said.", `{}`, "{ }"},
		{"A value.", `{"type":"number"}`, "3.14"},
		{"Members in their order.", `{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"},"c":{"type":"boolean"}}}`,
			"{\n  \"b\" : \"foo\",\n  \"a\" : 42,\n  \"c\" : true\n}"},
		{"Members without a type around them.", `{"properties":{"a \"b\"":{"$ref":"#/x"}}}`, "{\n  \"a \\\"b\\\"\" : { }\n}"},
		{"A list in a list.", `{"type":"object","properties":{"a-b":{"type":"array","items":{"type":"array","items":{"type":"string"}}}}}`,
			"{\n  \"a-b\" : [\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot.a-b)\n    [\n" +
				"##TODO: Update this foreach loop to reference array from input json\n#foreach($elem2 in $elem)\n      \"foo\"#if($foreach.hasNext),#end\n\n#end\n    ]" +
				"#if($foreach.hasNext),#end\n\n#end\n  ]\n}"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := sampleTemplate(must[value.Value](t)(readSchema(tc.schema)))
			if diff := cmp.Diff("#set($inputRoot = $input.path('$'))\n"+tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
