package openapi

import v2 "gatehouse/internal/wire/apigatewayv2"

// The names of the extensions that HTTP APIs have.
const (
	extAnyMethod    = "x-amazon-apigateway-any-method"
	extAuth         = "x-amazon-apigateway-auth"
	extAuthorizer   = "x-amazon-apigateway-authorizer"
	extAuthType     = "x-amazon-apigateway-authtype"
	extCORS         = "x-amazon-apigateway-cors"
	extEndpoint     = "x-amazon-apigateway-endpoint-configuration"
	extIntegration  = "x-amazon-apigateway-integration"
	extIntegrations = "x-amazon-apigateway-integrations"
	extPolicy       = "x-amazon-apigateway-policy"
	extTagValue     = "x-amazon-apigateway-tag-value"
	extVersion      = "x-amazon-apigateway-importexport-version"
	extPrefix       = "x-amazon-apigateway-"

	importExportVersion = "1.0"
)

// ofREST says of an extension or of a member of one that HTTP APIs have nothing
// to do with it.
const ofREST = "only REST APIs have it"

// restExtensions are those that an HTTP API does without. A policy is not among
// them: without it, an API would be open to more people than its owner said.
var restExtensions = map[string]string{
	"x-amazon-apigateway-api-key-source":           ofREST,
	"x-amazon-apigateway-binary-media-type":        ofREST,
	"x-amazon-apigateway-binary-media-types":       ofREST,
	"x-amazon-apigateway-documentation":            ofREST,
	"x-amazon-apigateway-endpoint-access-mode":     ofREST,
	"x-amazon-apigateway-gateway-responses":        ofREST,
	"x-amazon-apigateway-minimum-compression-size": ofREST,
	"x-amazon-apigateway-request-validator":        ofREST,
	"x-amazon-apigateway-request-validators":       ofREST,
	"x-amazon-apigateway-security-policy":          ofREST,
}

func corsSlots(c *v2.Cors) []slot {
	return []slot{
		{"allowOrigins", &c.AllowOrigins},
		{"allowCredentials", &c.AllowCredentials},
		{"exposeHeaders", &c.ExposeHeaders},
		{"maxAge", &c.MaxAge},
		{"allowMethods", &c.AllowMethods},
		{"allowHeaders", &c.AllowHeaders},
	}
}

func endpointSlots(a *v2.Api) []slot {
	return []slot{
		{"disableExecuteApiEndpoint", &a.DisableExecuteApiEndpoint},
		{"ipAddressType", &a.IpAddressType},
	}
}

var endpointForeign = map[string]string{"types": ofREST, "vpcEndpointIds": ofREST}

func authorizerSlots(a *v2.Authorizer) []slot {
	return []slot{
		{"type", word{&a.AuthorizerType}},
		{"identitySource", commas{&a.IdentitySource}},
		{"authorizerUri", &a.AuthorizerUri},
		{"authorizerCredentials", &a.AuthorizerCredentialsArn},
		{"authorizerPayloadFormatVersion", &a.AuthorizerPayloadFormatVersion},
		{"authorizerResultTtlInSeconds", &a.AuthorizerResultTtlInSeconds},
		{"enableSimpleResponses", &a.EnableSimpleResponses},
		{"identityValidationExpression", &a.IdentityValidationExpression},
		{"jwtConfiguration", group{
			slots: func() []slot {
				if a.JwtConfiguration == nil {
					return nil
				}
				return []slot{{"issuer", &a.JwtConfiguration.Issuer}, {"audience", &a.JwtConfiguration.Audience}}
			},
			make: func() { a.JwtConfiguration = &v2.JWTConfiguration{} },
		}},
	}
}

var authorizerForeign = map[string]string{"providerARNs": ofREST}

func integrationSlots(i *v2.Integration) []slot {
	return []slot{
		{"type", word{&i.IntegrationType}},
		{"integrationSubtype", &i.IntegrationSubtype},
		{"httpMethod", &i.IntegrationMethod},
		{"uri", &i.IntegrationUri},
		{"connectionType", capitals{&i.ConnectionType}},
		{"connectionId", &i.ConnectionId},
		{"credentials", &i.CredentialsArn},
		{"payloadFormatVersion", &i.PayloadFormatVersion},
		{"timeoutInMillis", &i.TimeoutInMillis},
		{"requestParameters", &i.RequestParameters},
		{"responseParameters", &i.ResponseParameters},
		{"tlsConfig", group{
			slots: func() []slot {
				if i.TlsConfig == nil {
					return nil
				}
				return []slot{{"serverNameToVerify", &i.TlsConfig.ServerNameToVerify}}
			},
			make:    func() { i.TlsConfig = &v2.TlsConfig{} },
			foreign: map[string]string{"insecureSkipVerification": ofREST + ", and certificates are always verified"},
		}},
		// AWS has no member for it; without one it would not survive an export.
		{"description", &i.Description},
	}
}

var integrationForeign = map[string]string{
	"cacheKeyParameters":   ofREST,
	"cacheNamespace":       ofREST,
	"contentHandling":      ofREST,
	"integrationTarget":    ofREST,
	"passthroughBehavior":  ofREST,
	"requestTemplates":     ofREST,
	"responseTransferMode": ofREST,
	"responses":            ofREST,
}
