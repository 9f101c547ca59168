package apigateway

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "gatehouse/internal/wire/apigateway"
)

// TestMethodRefusals holds what is no method (control-plane 2.1 and 8).
func TestMethodRefusals(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	for _, tc := range []struct {
		desc         string
		in           v1.PutMethodInput
		typ, message string
	}{
		{"An unknown API counts as an unknown resource. [S]", v1.PutMethodInput{RestApiId: new("nope")}, "NotFoundException", "Invalid Resource identifier specified"},
		{"An unknown resource. [S]", v1.PutMethodInput{ResourceId: new("nope")}, "NotFoundException", "Invalid Resource identifier specified"},
		{"A method that HTTP lacks. [S]", v1.PutMethodInput{HttpMethod: new("FETCH")}, "BadRequestException", "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"},
		{"A method that is there. [K]", v1.PutMethodInput{HttpMethod: new("GET")}, "ConflictException", "Method already exists for this resource"},
		{"An authorizer that is not named. [S]", v1.PutMethodInput{AuthorizationType: new("CUSTOM")}, "BadRequestException",
			"Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."},
		{"An authorizer that is not there. [S]", v1.PutMethodInput{AuthorizationType: new("COGNITO_USER_POOLS"), AuthorizerId: new("nope")}, "BadRequestException",
			"Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."},
		{"A kind of authorization that AWS lacks. [K]", v1.PutMethodInput{AuthorizationType: new("BASIC")}, "BadRequestException", textAuthType},
		{"One name in two places. [S]", v1.PutMethodInput{RequestParameters: map[string]bool{"method.request.header.a": true, "method.request.querystring.a": false}},
			"BadRequestException", "Parameter names must be unique across querystring, header and path"},
		{"A parameter of no place. [S]", v1.PutMethodInput{RequestParameters: map[string]bool{"true": true}}, "BadRequestException",
			"Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: true]"},
		{"A model that is not there. [S]", v1.PutMethodInput{RequestModels: map[string]string{"application/json": "petModel"}}, "BadRequestException", "Invalid model identifier specified: petModel"},
		{"A content type that is none. [S]", v1.PutMethodInput{RequestModels: map[string]string{"123": "Empty"}}, "BadRequestException",
			"Validation Result: warnings : [], errors : [Invalid content type specified: 123]"},
		{"A validator that is not there. [S]", v1.PutMethodInput{RequestValidatorId: new("nope")}, "BadRequestException", "Invalid Request Validator identifier specified"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			in := tc.in
			for _, m := range []struct {
				member **string
				usual  *string
			}{{&in.RestApiId, api}, {&in.ResourceId, root}, {&in.HttpMethod, new("POST")}, {&in.AuthorizationType, new("NONE")}} {
				if *m.member == nil {
					*m.member = m.usual
				}
			}
			_, err := w.PutMethod(w.ctx, &in)
			if typ, message := refusal(err); typ != tc.typ || message != tc.message {
				t.Errorf("got %s: %s", typ, message)
			}
		})
	}
	r := must[*v1.Resource](t)(w.GetResource(w.ctx, &v1.GetResourceInput{RestApiId: api, ResourceId: root}))
	if len(r.ResourceMethods) != 1 {
		t.Errorf("a refused call left a method: %v", r.ResourceMethods)
	}
}

// TestIntegrationRefusals holds what is no integration (control-plane 2.1).
func TestIntegrationRefusals(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET"), AuthorizationType: new("NONE"),
		RequestParameters: map[string]bool{"method.request.header.a": false}}))
	lambda := "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
	http := v1.PutIntegrationInput{Type: new("HTTP_PROXY"), IntegrationHttpMethod: new("GET"), Uri: new("http://h/")}
	mapped := func(key, value string) v1.PutIntegrationInput {
		in := http
		in.RequestParameters = map[string]string{key: value}
		return in
	}
	for _, tc := range []struct {
		desc, message string
		in            v1.PutIntegrationInput
	}{
		{"No method for the backend. [S]", "Enumeration value for HttpMethod must be non-empty", v1.PutIntegrationInput{Type: new("HTTP"), Uri: new("http://h/")}},
		{"A URI without a scheme. [S]", "Invalid HTTP endpoint specified for URI", v1.PutIntegrationInput{Type: new("HTTP"), IntegrationHttpMethod: new("GET"), Uri: new("h/x")}},
		{"A URI with credentials. [K]", "Invalid HTTP endpoint specified for URI", v1.PutIntegrationInput{Type: new("HTTP"), IntegrationHttpMethod: new("GET"), Uri: new("http://a:b@h/x")}},
		{"What is no ARN. [S]", "Invalid ARN specified in the request", v1.PutIntegrationInput{Type: new("AWS"), IntegrationHttpMethod: new("POST"), Uri: new("http://h/")}},
		{"An ARN of no action. [S]", "AWS ARN for integration must contain path or action", v1.PutIntegrationInput{Type: new("AWS"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:apigateway:us-east-1:sqs:x")}},
		{"A proxy of another service. [S]", "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
			v1.PutIntegrationInput{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:apigateway:us-east-1:sqs:action/SendMessage")}},
		{"A service without a role. [S]", "Role ARN must be specified for AWS integrations",
			v1.PutIntegrationInput{Type: new("AWS"), IntegrationHttpMethod: new("POST"), Uri: new("arn:aws:apigateway:us-east-1:sqs:action/SendMessage")}},
		{"A link that is not named. [K]", "ConnectionId must be specified when connectionType is VPC_LINK",
			v1.PutIntegrationInput{Type: new("HTTP_PROXY"), IntegrationHttpMethod: new("GET"), Uri: new("http://h/"), ConnectionType: new("VPC_LINK")}},
		{"A function through a link. [K]", textConnectionFor, v1.PutIntegrationInput{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: &lambda, ConnectionType: new("VPC_LINK")}},
		{"A mock that streams. [K]", textStream, v1.PutIntegrationInput{Type: new("MOCK"), ResponseTransferMode: new("STREAM")}},
		{"A function whose certificate is not looked at. [K]", textTLS,
			v1.PutIntegrationInput{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: &lambda, TlsConfig: &v1.TlsConfig{InsecureSkipVerification: new(true)}}},
		{"Too little time. [K]", "Timeout should be between 50 ms and 29000 ms", v1.PutIntegrationInput{Type: new("MOCK"), TimeoutInMillis: new(int32(49))}},
		{"Too much time. [K]", "Timeout should be between 50 ms and 29000 ms", v1.PutIntegrationInput{Type: new("MOCK"), TimeoutInMillis: new(int32(29001))}},
		{"A passthrough that AWS lacks. [K]", textPassthrough, v1.PutIntegrationInput{Type: new("MOCK"), PassthroughBehavior: new("ALWAYS")}},
		{"A template of no content type. [S]", "Validation Result: warnings : [], errors : [Invalid content type specified: x]", v1.PutIntegrationInput{Type: new("MOCK"), RequestTemplates: map[string]string{"x": ""}}},
		{"A template that is too long. [D]", "A template can have at most 307200 bytes",
			v1.PutIntegrationInput{Type: new("MOCK"), RequestTemplates: map[string]string{"text/x": strings.Repeat("x", maxTemplate+1)}}},
		{"A mapping to nowhere. [S]", strings.ReplaceAll(textExpression, "%s", "header.x"), mapped("header.x", "'a'")},
		{"A mapping of nothing. [S]", strings.ReplaceAll(textExpression, "%s", "true"), mapped("integration.request.header.x", "true")},
		{"A mapping of what is not declared. [K]", strings.ReplaceAll(textParameter, "%s", "method.request.header.b"), mapped("integration.request.header.x", "method.request.header.b")},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			in := tc.in
			in.RestApiId, in.ResourceId, in.HttpMethod = api, root, new("GET")
			_, err := w.PutIntegration(w.ctx, &in)
			if typ, message := refusal(err); typ != "BadRequestException" || message != tc.message {
				t.Errorf("got %s: %s", typ, message)
			}
		})
	}
	for _, in := range []v1.PutIntegrationInput{
		mapped("integration.request.header.x", "method.request.header.a"), mapped("integration.request.querystring.x", "method.request.multivalueheader.a"),
		mapped("integration.request.path.x", "'a b'"), mapped("integration.request.header.x", "method.request.body.a[0].b"), mapped("integration.request.header.x", "context.identity.sourceIp"),
		{Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: &lambda},
		{Type: new("HTTP"), IntegrationHttpMethod: new("ANY"), Uri: new("https://${stageVariables.host}/x/{proxy}?y={z}")},
	} {
		in.RestApiId, in.ResourceId, in.HttpMethod = api, root, new("GET")
		must[*v1.Integration](t)(w.PutIntegration(w.ctx, &in))
	}
}

// TestWhatIsAnswered holds which members come back, and how (control-plane 2.6
// and 8).
func TestWhatIsAnswered(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	a := must[*v1.RestApi](t)(w.GetRestApi(w.ctx, &v1.GetRestApiInput{RestApiId: api}))
	want := &v1.RestApi{Id: api, Name: new("x"), CreatedDate: a.CreatedDate, ApiKeySource: new("HEADER"), DisableExecuteApiEndpoint: new(false), RootResourceId: root,
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{"EDGE"}, IpAddressType: new("ipv4")}, Tags: map[string]string{}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("an API of a name: %s", diff)
	}
	if list := must[*v1.RestApis](t)(w.GetRestApis(w.ctx, &v1.GetRestApisInput{})); list.Items[0].Tags != nil {
		t.Error("a list shows empty tags")
	}
	w.method(api, root, "GET")
	m := must[*v1.Method](t)(w.GetMethod(w.ctx, &v1.GetMethodInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET")}))
	wantMethod := &v1.Method{HttpMethod: new("GET"), AuthorizationType: new("NONE"), ApiKeyRequired: new(false),
		MethodResponses: map[string]v1.MethodResponse{"200": {StatusCode: new("200"), ResponseModels: map[string]string{}}},
		MethodIntegration: &v1.Integration{Type: new("MOCK"), PassthroughBehavior: new("WHEN_NO_MATCH"), TimeoutInMillis: new(int32(29000)), CacheNamespace: root,
			CacheKeyParameters: []string{}, RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
			IntegrationResponses: map[string]v1.IntegrationResponse{"200": {StatusCode: new("200")}}}}
	if diff := cmp.Diff(wantMethod, m); diff != "" {
		t.Errorf("a method: %s", diff)
	}
	i := must[*v1.Integration](t)(w.PutIntegration(w.ctx, &v1.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET"), Type: new("MOCK"), Uri: new("http://h/"),
		IntegrationHttpMethod: new("GET"), ConnectionType: new("INTERNET")}))
	if i.Uri != nil || i.HttpMethod != nil || i.ConnectionType != nil {
		t.Errorf("a mock keeps what it has no use for: %+v", i)
	}
}
