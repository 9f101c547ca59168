package apigatewayv2

import (
	"math"
	"strings"
	"testing"

	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestBadCalls is the table of calls that are refused: the error type, a part
// of the message that names the field, and the store as it was.
func TestBadCalls(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	used, spare := w.integration(api), w.integration(api)
	route := w.route(api, "GET /pets/{id}", used)
	w.stage(api, "prod", false)
	deployment := w.deploy(api, "prod")
	quick := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("q"), ProtocolType: new("HTTP"), Target: new("http://127.0.0.1:1")})).ApiId
	quickRoute := must[*v2.GetRoutesOutput](t)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: quick})).Items[0].RouteId
	quickIntegration := must[*v2.GetIntegrationsOutput](t)(w.GetIntegrations(w.ctx, &v2.GetIntegrationsInput{ApiId: quick})).Items[0].IntegrationId
	custom := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("c"), ProtocolType: new("HTTP"), Tags: map[string]string{"_custom_id_": "mine"}})).ApiId
	w.stage(custom, "auto", true)
	purge := queueing(api, map[string]string{"QueueUrl": "https://q/1/n"})
	purge.IntegrationSubtype = new("SQS-PurgeQueue")
	queue := must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, purge)).IntegrationId

	const (
		request  = "BadRequestException"
		conflict = "ConflictException"
		missing  = "NotFoundException"
		unbuilt  = "NotImplementedException"
	)
	createAPI := func(change func(*v2.CreateApiInput)) func() error {
		return func() error {
			in := &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP")}
			change(in)
			_, err := w.CreateApi(w.ctx, in)
			return err
		}
	}
	updateAPI := func(id *string, change func(*v2.UpdateApiInput)) func() error {
		return func() error {
			in := &v2.UpdateApiInput{ApiId: id}
			change(in)
			_, err := w.UpdateApi(w.ctx, in)
			return err
		}
	}
	createRoute := func(key string, change func(*v2.CreateRouteInput)) func() error {
		return func() error {
			in := &v2.CreateRouteInput{ApiId: api, RouteKey: &key}
			if change != nil {
				change(in)
			}
			_, err := w.CreateRoute(w.ctx, in)
			return err
		}
	}
	updateRoute := func(api, id *string, change func(*v2.UpdateRouteInput)) func() error {
		return func() error {
			in := &v2.UpdateRouteInput{ApiId: api, RouteId: id}
			change(in)
			_, err := w.UpdateRoute(w.ctx, in)
			return err
		}
	}
	integration := func(change func(*v2.CreateIntegrationInput)) func() error {
		return func() error {
			in := &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), IntegrationUri: new("https://example.com/")}
			change(in)
			_, err := w.CreateIntegration(w.ctx, in)
			return err
		}
	}
	uri := func(uri string) func() error {
		return integration(func(in *v2.CreateIntegrationInput) { in.IntegrationUri = &uri })
	}
	function := func(change func(*v2.CreateIntegrationInput)) func() error {
		return integration(func(in *v2.CreateIntegrationInput) {
			in.IntegrationType, in.IntegrationMethod, in.IntegrationUri = new("AWS_PROXY"), nil, new("arn:aws:lambda:us-east-1:123456789012:function:f")
			change(in)
		})
	}
	service := func(arguments map[string]string, changes ...func(*v2.CreateIntegrationInput)) func() error {
		return integration(func(in *v2.CreateIntegrationInput) {
			*in = *queueing(api, arguments)
			for _, change := range changes {
				change(in)
			}
		})
	}
	stage := func(name string, change func(*v2.CreateStageInput)) func() error {
		return func() error {
			in := &v2.CreateStageInput{ApiId: api, StageName: &name}
			if change != nil {
				change(in)
			}
			_, err := w.CreateStage(w.ctx, in)
			return err
		}
	}
	updateStage := func(api *string, name string, change func(*v2.UpdateStageInput)) func() error {
		return func() error {
			in := &v2.UpdateStageInput{ApiId: api, StageName: &name}
			change(in)
			_, err := w.UpdateStage(w.ctx, in)
			return err
		}
	}
	list := func(max, token *string) func() error {
		return func() error {
			_, err := w.GetApis(w.ctx, &v2.GetApisInput{MaxResults: max, NextToken: token})
			return err
		}
	}
	long := strings.Repeat("x", 3000)

	for _, tc := range []struct {
		desc string
		call func() error
		typ  string
		part string
	}{
		// Api
		{"WebSocket APIs do not exist yet.", createAPI(func(in *v2.CreateApiInput) { in.ProtocolType = new("WEBSOCKET") }), unbuilt, "WEBSOCKET"},
		{"A name has at least one character.", createAPI(func(in *v2.CreateApiInput) { in.Name = new("") }), request, "name"},
		{"A name has at most 128 characters.", createAPI(func(in *v2.CreateApiInput) { in.Name = &long }), request, "name"},
		{"A description has at most 1024 characters.", createAPI(func(in *v2.CreateApiInput) { in.Description = &long }), request, "description"},
		{"A version has at most 64 characters.", createAPI(func(in *v2.CreateApiInput) { in.Version = &long }), request, "version"},
		{"HTTP APIs have one route selection expression.", createAPI(func(in *v2.CreateApiInput) { in.RouteSelectionExpression = new("$request.body.action") }), request, "routeSelectionExpression"},
		{"A key selection expression is bounded.", createAPI(func(in *v2.CreateApiInput) { in.ApiKeySelectionExpression = &long }), request, "apiKeySelectionExpression"},
		{"Credentials are not for everybody.", createAPI(func(in *v2.CreateApiInput) {
			in.CorsConfiguration = &v2.Cors{AllowCredentials: new(true), AllowOrigins: []string{"*"}}
		}), request, "allow-credentials"},
		{"An origin has no path.", createAPI(func(in *v2.CreateApiInput) {
			in.CorsConfiguration = &v2.Cors{AllowOrigins: []string{"https://a/b"}}
		}), request, "allowOrigins"},
		{"An origin has no wildcard inside.", createAPI(func(in *v2.CreateApiInput) {
			in.CorsConfiguration = &v2.Cors{AllowOrigins: []string{"https://*.a"}}
		}), request, "allowOrigins"},
		{"A header's name is a token.", createAPI(func(in *v2.CreateApiInput) {
			in.CorsConfiguration = &v2.Cors{AllowHeaders: []string{"a b"}}
		}), request, "allowHeaders"},
		{"A maximum age ends after a day.", createAPI(func(in *v2.CreateApiInput) {
			in.CorsConfiguration = &v2.Cors{MaxAge: new(int32(86401))}
		}), request, "maxAge"},
		{"A tag's key is not AWS's.", createAPI(func(in *v2.CreateApiInput) { in.Tags = map[string]string{"aws:x": "y"} }), request, "aws:x"},
		{"A tag's value has at most 256 characters.", createAPI(func(in *v2.CreateApiInput) { in.Tags = map[string]string{"k": long} }), request, "key \"k\""},
		{"A chosen id is a label of a host.", createAPI(func(in *v2.CreateApiInput) { in.Tags = map[string]string{"_custom_id_": "A/b"} }), request, "_custom_id_"},
		{"A chosen id is free.", createAPI(func(in *v2.CreateApiInput) { in.Tags = map[string]string{"_custom_id_": "mine"} }), conflict, "mine"},
		{"A route key alone is no quick create.", createAPI(func(in *v2.CreateApiInput) { in.RouteKey = new("GET /") }), request, "routeKey"},
		{"Credentials alone are no quick create.", createAPI(func(in *v2.CreateApiInput) { in.CredentialsArn = new("arn:aws:iam::123456789012:role/r") }), request, "credentialsArn"},
		{"A target is a URL or a function.", createAPI(func(in *v2.CreateApiInput) { in.Target = new("ftp://x") }), request, "target"},
		{"Quick create leaves nothing behind if its route key is wrong.", createAPI(func(in *v2.CreateApiInput) {
			in.Target, in.RouteKey = new("http://x"), new("GET")
		}), request, "routeKey"},
		{"An API that is not there.", updateAPI(new("nope"), func(*v2.UpdateApiInput) {}), missing, "Invalid API identifier specified 123456789012:nope"},
		{"An id that no API can have.", updateAPI(new("a/b"), func(*v2.UpdateApiInput) {}), missing, "a/b"},
		{"An empty name is no name.", updateAPI(api, func(in *v2.UpdateApiInput) { in.Name = new("") }), request, "name"},
		{"An API without quick create has no target.", updateAPI(api, func(in *v2.UpdateApiInput) { in.Target = new("http://x") }), request, "target"},
		{"An API without quick create has no route key.", updateAPI(api, func(in *v2.UpdateApiInput) { in.RouteKey = new("GET /") }), request, "routeKey"},
		{"A quick target cannot be removed.", updateAPI(quick, func(in *v2.UpdateApiInput) { in.Target = new("") }), request, "target"},
		{"A quick route key has the form of others.", updateAPI(quick, func(in *v2.UpdateApiInput) { in.RouteKey = new("x") }), request, "routeKey"},
		{"A number of results is a number.", list(new("x"), nil), request, "maxResults"},
		{"A number of results is not zero.", list(new("0"), nil), request, "maxResults"},
		{"A token is one of ours.", list(nil, new("AAAA")), request, "nextToken"},

		// Route
		{"A route key is needed.", createRoute("", nil), request, "routeKey"},
		{"A route key has a method.", createRoute("/pets", nil), request, "routeKey"},
		{"A method is one of AWS's.", createRoute("TRACE /pets", nil), request, "routeKey"},
		{"A method is in capitals.", createRoute("get /pets", nil), request, "routeKey"},
		{"A path begins with a slash.", createRoute("GET pets", nil), request, "routeKey"},
		{"A parameter is closed.", createRoute("GET /{id", nil), request, "routeKey"},
		{"A parameter has a name.", createRoute("GET /{}", nil), request, "routeKey"},
		{"A parameter takes a whole segment.", createRoute("GET /a{id}", nil), request, "routeKey"},
		{"A greedy parameter is the last.", createRoute("GET /{proxy+}/x", nil), request, "routeKey"},
		{"A parameter stands once.", createRoute("GET /{a}/{a}", nil), request, "routeKey"},
		{"A route key has no control characters.", createRoute("GET /a\x01", nil), request, "routeKey"},
		{"A route key's path is written as it is sent.", createRoute("GET /caf\u00e9/{id}", nil), request, `"GET /café/{id}" holds characters that no request's path can: write them percent-encoded, as in "GET /caf%C3%A9/{id}"`},
		{"A control character beyond ASCII is none of a path either.", createRoute("GET /a\u0085", nil), request, "%C2%85"},
		{"Nor is DEL.", createRoute("GET /a\x7f", nil), request, "%7F"},
		{"A route key is bounded.", createRoute("GET /"+long, nil), request, "routeKey"},
		{"A route key stands once in an API.", createRoute("GET /pets/{id}", nil), conflict, "Route with key GET /pets/{id} already exists for this API"},
		{"Names of parameters do not tell two route keys apart.", createRoute("GET /pets/{name}", nil), conflict, "GET /pets/{id}"},
		{"A target has a form.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.Target = spare }), request, "target"},
		{"A target is there.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.Target = new("integrations/nope") }), request, "target"},
		{"API keys are for WebSocket APIs.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.ApiKeyRequired = new(true) }), request, "apiKeyRequired"},
		{"Models are for WebSocket APIs.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.RequestModels = map[string]string{"a": "b"} }), request, "requestModels"},
		{"Model selection is for WebSocket APIs.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.ModelSelectionExpression = new("x") }), request, "modelSelectionExpression"},
		{"Parameters of routes are for WebSocket APIs.", createRoute("GET /x", func(in *v2.CreateRouteInput) {
			in.RequestParameters = map[string]v2.ParameterConstraints{"a": {Required: new(true)}}
		}), request, "requestParameters"},
		{"Route responses are for WebSocket APIs.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.RouteResponseSelectionExpression = new("$default") }), request, "routeResponseSelectionExpression"},
		{"An operation's name is bounded.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.OperationName = &long }), request, "operationName"},
		{"An authorization type is one of AWS's.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.AuthorizationType = new("NO") }), request, "authorizationType"},
		{"A JWT needs its authorizer.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.AuthorizationType = new("JWT") }), request, "authorizerId"},
		{"A custom authorization needs its authorizer.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.AuthorizationType = new("CUSTOM") }), request, "authorizerId"},
		{"An authorizer needs its type, or the route would be open.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.AuthorizerId = new("abc") }), request, "authorizerId"},
		{"Scopes need a JWT, or the route would be open.", createRoute("GET /x", func(in *v2.CreateRouteInput) { in.AuthorizationScopes = []string{"a"} }), request, "authorizationScopes"},
		{"There are at most 10 scopes.", createRoute("GET /x", func(in *v2.CreateRouteInput) {
			in.AuthorizationType, in.AuthorizerId, in.AuthorizationScopes = new("JWT"), new("abc"), strings.Split("a a a a a a a a a a a", " ")
		}), request, "authorizationScopes"},
		{"A route that is not there cannot change.", updateRoute(api, new("nope"), func(*v2.UpdateRouteInput) {}), missing, "Route"},
		{"A changed route key is checked.", updateRoute(api, route, func(in *v2.UpdateRouteInput) { in.RouteKey = new("GET") }), request, "routeKey"},
		{"The key of a quick route is managed.", updateRoute(quick, quickRoute, func(in *v2.UpdateRouteInput) { in.RouteKey = new("GET /") }), request, "routeKey"},
		{"A quick route is managed.", func() error { return w.DeleteRoute(w.ctx, &v2.DeleteRouteInput{ApiId: quick, RouteId: quickRoute}) }, conflict, "managed"},
		{"A route that is not there cannot go.", func() error { return w.DeleteRoute(w.ctx, &v2.DeleteRouteInput{ApiId: api, RouteId: new("nope")}) }, missing, "nope"},

		// Integration
		{"A mock is for WebSocket APIs.", integration(func(in *v2.CreateIntegrationInput) { in.IntegrationType = new("MOCK") }), request, "integrationType"},
		{"A method is needed.", integration(func(in *v2.CreateIntegrationInput) { in.IntegrationMethod = nil }), request, "HttpMethod"},
		{"A method is one of AWS's, too.", integration(func(in *v2.CreateIntegrationInput) { in.IntegrationMethod = new("PURGE") }), request, "integrationMethod"},
		{"A URI is needed.", integration(func(in *v2.CreateIntegrationInput) { in.IntegrationUri = nil }), request, "integrationUri"},
		{"A URI has a scheme of HTTP.", uri("ftp://example.com"), request, "integrationUri"},
		{"A URI has a host.", uri("http:///x"), request, "integrationUri"},
		{"A URI's host is no parameter.", uri("http://{host}/"), request, "integrationUri"},
		{"A URI has no password.", uri("http://u:p@h/"), request, "integrationUri"},
		{"A URI has no fragment.", uri("http://h/#x"), request, "integrationUri"},
		{"A URI's braces match.", uri("http://h/{a"), request, "integrationUri"},
		{"A URI has no blanks.", uri("http://h/a b"), request, "integrationUri"},
		{"A URI's port is a number.", uri("http://h:x/"), request, "integrationUri"},
		{"A URI of half an address.", uri("http://[::1"), request, `Invalid integrationUri specified: "http://[::1": host "[::1": an IPv6 address stands in brackets, as in [::1]`},
		{"A URI with a parameter in its host.", uri("http://{x}.a"), request, `Invalid integrationUri specified: "http://{x}.a": host "{x}.a": a path parameter cannot choose the backend`},
		{"A URI with a letter beyond ASCII.", uri("http://h/\u00e9"), request, "Invalid integrationUri specified: \"http://h/\u00e9\": path: '\u00e9' has to be percent-encoded, as %C3%A9"},
		{"A target says the same.", createAPI(func(in *v2.CreateApiInput) { in.Target = new("http://h:70000/") }), request, `Invalid target specified: "http://h:70000/": port "70000" is not a number from 1 to 65535`},
		{"A URI is bounded.", uri("http://h/" + long), request, "integrationUri"},
		{"A stage variable is no scheme.", uri("${stageVariables.scheme}://h/"), request, "integrationUri"},
		{"A stage variable's name is a word.", uri("http://h/${stageVariables.a-b}"), request, "behind a dollar, braces hold a stage variable: ${stageVariables.NAME}"},
		{"Nothing else stands behind a dollar.", uri("http://h/${context.stage}"), request, "integrationUri"},
		{"What is around a stage variable is checked.", uri("http://${stageVariables.host}/a b"), request, "percent-encoded"},
		{"A timeout has at least 50 ms.", integration(func(in *v2.CreateIntegrationInput) { in.TimeoutInMillis = new(int32(49)) }), request, "timeoutInMillis"},
		{"A timeout has at most 30 s.", integration(func(in *v2.CreateIntegrationInput) { in.TimeoutInMillis = new(int32(30001)) }), request, "timeoutInMillis"},
		{"A timeout is not negative.", integration(func(in *v2.CreateIntegrationInput) { in.TimeoutInMillis = new(int32(math.MinInt32)) }), request, "timeoutInMillis"},
		{"Payload 2.0 is for functions.", integration(func(in *v2.CreateIntegrationInput) { in.PayloadFormatVersion = new("2.0") }), request, "payloadFormatVersion"},
		{"A description is bounded.", integration(func(in *v2.CreateIntegrationInput) { in.Description = &long }), request, "description"},
		{"A request's mapping has a place that exists.", integration(func(in *v2.CreateIntegrationInput) { in.RequestParameters = map[string]string{"append:path": "/"} }), request, "requestParameters"},
		{"A request's mapping reads what exists.", integration(func(in *v2.CreateIntegrationInput) {
			in.RequestParameters = map[string]string{"overwrite:header.x": "$context.nope"}
		}), request, "nope"},
		{"A reserved header is not mapped.", integration(func(in *v2.CreateIntegrationInput) {
			in.RequestParameters = map[string]string{"overwrite:header.Authorization": "x"}
		}), request, "Authorization"},
		{"A header is one line.", integration(func(in *v2.CreateIntegrationInput) {
			in.RequestParameters = map[string]string{"overwrite:header.x": "a\r\nb: c"}
		}), request, "requestParameters"},
		{"A reply's mapping has a place that exists.", integration(func(in *v2.CreateIntegrationInput) {
			in.ResponseParameters = map[string]map[string]string{"200": {"remove:path": "''"}}
		}), request, "responseParameters"},
		{"A function's mapping is a mapping, too.", function(func(in *v2.CreateIntegrationInput) {
			in.RequestParameters = map[string]string{"QueueUrl": "u"}
		}), request, "QueueUrl"},
		{"Templates are for WebSocket APIs.", integration(func(in *v2.CreateIntegrationInput) { in.RequestTemplates = map[string]string{"a": "b"} }), request, "requestTemplates"},
		{"Template selection is for WebSocket APIs.", integration(func(in *v2.CreateIntegrationInput) { in.TemplateSelectionExpression = new("a") }), request, "templateSelectionExpression"},
		{"Passthrough is for WebSocket APIs.", integration(func(in *v2.CreateIntegrationInput) { in.PassthroughBehavior = new("NEVER") }), request, "passthroughBehavior"},
		{"Content handling is for WebSocket APIs.", integration(func(in *v2.CreateIntegrationInput) { in.ContentHandlingStrategy = new("CONVERT_TO_TEXT") }), request, "contentHandlingStrategy"},
		{"Credentials are an ARN.", integration(func(in *v2.CreateIntegrationInput) { in.CredentialsArn = new("me") }), request, "credentialsArn"},
		{"A connection is one of two.", integration(func(in *v2.CreateIntegrationInput) { in.ConnectionType = new("X") }), request, "connectionType"},
		{"A VPC link needs its id.", integration(func(in *v2.CreateIntegrationInput) { in.ConnectionType = new("VPC_LINK") }), request, "connectionId"},
		{"A VPC link's URI is an ARN.", integration(func(in *v2.CreateIntegrationInput) {
			in.ConnectionType, in.ConnectionId = new("VPC_LINK"), new("abc")
		}), request, "integrationUri"},
		{"An id needs its VPC link.", integration(func(in *v2.CreateIntegrationInput) { in.ConnectionId = new("abc") }), request, "connectionId"},
		{"A subtype is for AWS services.", integration(func(in *v2.CreateIntegrationInput) { in.IntegrationSubtype = new("SQS-SendMessage") }), request, "integrationSubtype"},
		{"A certificate's name needs TLS.", integration(func(in *v2.CreateIntegrationInput) {
			in.IntegrationUri, in.TlsConfig = new("http://h/"), &v2.TlsConfigInput{ServerNameToVerify: new("h")}
		}), request, "tlsConfig.serverNameToVerify"},
		{"A certificate's name is a host's.", integration(func(in *v2.CreateIntegrationInput) {
			in.TlsConfig = &v2.TlsConfigInput{ServerNameToVerify: new("a b")}
		}), request, "tlsConfig.serverNameToVerify"},
		{"A function is named by its ARN.", function(func(in *v2.CreateIntegrationInput) { in.IntegrationUri = new("f") }), request, "integrationUri"},
		{"A function is called by POST.", function(func(in *v2.CreateIntegrationInput) { in.IntegrationMethod = new("GET") }), request, "integrationMethod"},
		{"A function's payload has one of two forms.", function(func(in *v2.CreateIntegrationInput) { in.PayloadFormatVersion = new("3.0") }), request, "payloadFormatVersion"},
		{"A function has no VPC link.", function(func(in *v2.CreateIntegrationInput) { in.ConnectionType = new("VPC_LINK") }), request, "connectionType"},
		{"A function has no certificate.", function(func(in *v2.CreateIntegrationInput) { in.TlsConfig = &v2.TlsConfigInput{} }), request, "tlsConfig"},
		{"A service is one that AWS names.", function(func(in *v2.CreateIntegrationInput) {
			in.IntegrationSubtype, in.IntegrationUri, in.CredentialsArn = new("S3-Put"), nil, new("arn:aws:iam::123456789012:role/r")
		}), request, "integrationSubtype"},
		{"A service has no URI.", function(func(in *v2.CreateIntegrationInput) { in.IntegrationSubtype = new("SQS-SendMessage") }), request, "integrationUri"},
		{"A service needs credentials.", function(func(in *v2.CreateIntegrationInput) {
			in.IntegrationSubtype, in.IntegrationUri = new("SQS-SendMessage"), nil
		}), request, "credentialsArn"},
		{"A service needs its arguments.", service(nil), request, "Invalid requestParameters.QueueUrl specified: SQS-SendMessage needs it"},
		{"Each of them.", service(map[string]string{"QueueUrl": "https://q/1/n"}), request, "Invalid requestParameters.MessageBody specified: SQS-SendMessage needs it"},
		{"A service's argument is one that it has.", service(map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "b", "overwrite:path": "/"}), request,
			"Invalid requestParameters.overwrite:path specified: SQS-SendMessage has no such parameter"},
		{"A queue is named by its URL.", service(map[string]string{"QueueUrl": "q", "MessageBody": "b"}), request, "Invalid requestParameters.QueueUrl specified: \"q\" is no URL of a queue"},
		{"An argument reads what exists.", service(map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "$request.nope"}), request, "Invalid requestParameters.MessageBody specified: "},
		{"A service's payload has one form.", service(map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "b"}, func(in *v2.CreateIntegrationInput) {
			in.PayloadFormatVersion = new("2.0")
		}), request, "payloadFormatVersion"},
		{"A changed service is checked like a new one.", func() error {
			_, err := w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: queue, IntegrationSubtype: new("SQS-SendMessage")})
			return err
		}, request, "requestParameters.MessageBody"},
		{"An argument that is needed cannot be taken away.", func() error {
			_, err := w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: queue, RequestParameters: map[string]string{"QueueUrl": ""}})
			return err
		}, request, "requestParameters.QueueUrl"},
		{"A status is a status.", function(func(in *v2.CreateIntegrationInput) {
			in.ResponseParameters = map[string]map[string]string{"x": {}}
		}), request, "responseParameters"},
		{"A change is checked like what is new.", func() error {
			_, err := w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: used, TimeoutInMillis: new(int32(1))})
			return err
		}, request, "timeoutInMillis"},
		{"An integration that is not there cannot change.", func() error {
			_, err := w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: new("nope")})
			return err
		}, missing, "nope"},
		{"A target cannot go.", func() error {
			return w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: used})
		}, conflict, *used},
		{"A quick integration is managed.", func() error {
			return w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: quick, IntegrationId: quickIntegration})
		}, conflict, "managed"},

		// Stage
		{"A stage's name has no dot.", stage("a.b", nil), request, "stageName"},
		{"Only one name begins with a dollar.", stage("$x", nil), request, "stageName"},
		{"A stage's name has at most 128 characters.", stage(strings.Repeat("a", 129), nil), request, "stageName"},
		{"A stage's name stands once.", stage("prod", nil), conflict, "prod"},
		{"A deployment is there.", stage("x", func(in *v2.CreateStageInput) { in.DeploymentId = new("nope") }), missing, "nope"},
		{"A stage is deployed by hand or by itself.", stage("x", func(in *v2.CreateStageInput) { in.AutoDeploy, in.DeploymentId = new(true), deployment }), request, "deploymentId"},
		{"A stage has no id of its own.", stage("x", func(in *v2.CreateStageInput) { in.Tags = map[string]string{"_custom_id_": "y"} }), request, "tags"},
		{"A variable's name is a word.", stage("x", func(in *v2.CreateStageInput) { in.StageVariables = map[string]string{"a-b": "c"} }), request, "stageVariables"},
		{"A variable's value may stand in a URI.", stage("x", func(in *v2.CreateStageInput) { in.StageVariables = map[string]string{"a": "{}"} }), request, "stageVariables"},
		{"A new variable is not empty.", stage("x", func(in *v2.CreateStageInput) { in.StageVariables = map[string]string{"a": ""} }), request, "stageVariables"},
		{"Client certificates are for WebSocket APIs.", stage("x", func(in *v2.CreateStageInput) { in.ClientCertificateId = new("a") }), request, "clientCertificateId"},
		{"HTTP APIs have no execution logs.", stage("x", func(in *v2.CreateStageInput) {
			in.DefaultRouteSettings = &v2.RouteSettings{LoggingLevel: new("INFO")}
		}), request, "defaultRouteSettings"},
		{"HTTP APIs have no data trace.", stage("x", func(in *v2.CreateStageInput) {
			in.DefaultRouteSettings = &v2.RouteSettings{DataTraceEnabled: new(true)}
		}), request, "defaultRouteSettings"},
		{"A rate is not negative.", stage("x", func(in *v2.CreateStageInput) {
			in.DefaultRouteSettings = &v2.RouteSettings{ThrottlingRateLimit: new(-1.0)}
		}), request, "throttlingRateLimit"},
		{"A burst is not negative.", stage("x", func(in *v2.CreateStageInput) {
			in.RouteSettings = map[string]v2.RouteSettings{"GET /pets/{id}": {ThrottlingBurstLimit: new(int32(-1))}}
		}), request, "throttlingBurstLimit"},
		{"Settings are for a route that is there.", stage("x", func(in *v2.CreateStageInput) {
			in.RouteSettings = map[string]v2.RouteSettings{"GET /nope": {}}
		}), missing, "Unable to find Route by key GET /nope within the provided RouteSettings"},
		{"A log goes to an ARN.", stage("x", func(in *v2.CreateStageInput) { in.AccessLogSettings = &v2.AccessLogSettings{DestinationArn: new("x")} }), request, "accessLogSettings.destinationArn"},
		{"A log's format is bounded.", stage("x", func(in *v2.CreateStageInput) { in.AccessLogSettings = &v2.AccessLogSettings{Format: new(long + long)} }), request, "accessLogSettings.format"},
		{"A stage that is not there cannot change.", updateStage(api, "nope", func(*v2.UpdateStageInput) {}), missing, "nope"},
		{"A stage serves some deployment.", updateStage(api, "prod", func(in *v2.UpdateStageInput) { in.DeploymentId = new("") }), request, "deploymentId"},
		{"A stage that is deployed by itself is not moved.", updateStage(custom, "auto", func(in *v2.UpdateStageInput) { in.DeploymentId = deployment }), request, "deploymentId"},
		{"A quick stage goes on deploying itself.", updateStage(quick, "$default", func(in *v2.UpdateStageInput) { in.AutoDeploy = new(false) }), conflict, "managed"},
		{"A quick stage is managed.", func() error {
			return w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: quick, StageName: new("$default")})
		}, conflict, "managed"},
		{"A stage that is not there cannot go.", func() error {
			return w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("nope")})
		}, missing, "nope"},
		{"Settings that are not there cannot go.", func() error {
			return w.DeleteRouteSettings(w.ctx, &v2.DeleteRouteSettingsInput{ApiId: api, StageName: new("prod"), RouteKey: new("GET /pets/{id}")})
		}, missing, "GET /pets/{id}"},

		// Deployment
		{"A deployment of no routes.", func() error {
			_, err := w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: custom})
			return err
		}, request, "Unable to deploy API because no routes exist in this API"},
		{"A deployment to a stage that is not there.", func() error {
			_, err := w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: api, StageName: new("nope")})
			return err
		}, missing, "nope"},
		{"A deployment's description is bounded.", func() error {
			_, err := w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: api, Description: &long})
			return err
		}, request, "description"},
		{"A deployment that a stage serves cannot go.", func() error {
			return w.DeleteDeployment(w.ctx, &v2.DeleteDeploymentInput{ApiId: api, DeploymentId: deployment})
		}, request, "prod"},
		{"A deployment that is not there cannot go.", func() error {
			return w.DeleteDeployment(w.ctx, &v2.DeleteDeploymentInput{ApiId: api, DeploymentId: new("nope")})
		}, missing, "nope"},

		// Somebody else's
		{"Another region does not see an API.", func() error {
			_, err := w.GetApi(in("eu-west-1"), &v2.GetApiInput{ApiId: api})
			return err
		}, missing, *api},
		{"A region is signed for.", func() error { return w.DeleteApi(in(""), &v2.DeleteApiInput{ApiId: api}) }, "InvalidSignatureException", "region"},
		{"A region is no path.", func() error { return w.DeleteApi(in("a/b"), &v2.DeleteApiInput{ApiId: api}) }, "InvalidSignatureException", "region"},
		{"Another account does not see an API.", func() error {
			return w.DeleteApi(wire.WithCaller(w.ctx, wire.Caller{Account: "000000000000", Region: "us-east-1"}), &v2.DeleteApiInput{ApiId: api})
		}, missing, "000000000000"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := *w
			w.TB = t
			before := w.dump()
			w.refused(before, tc.call(), tc.typ, tc.part)
		})
	}
}
