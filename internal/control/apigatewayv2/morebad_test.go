package apigatewayv2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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
