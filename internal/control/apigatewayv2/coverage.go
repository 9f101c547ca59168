package apigatewayv2

import (
	"reflect"

	"gatehouse/internal/control"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// What becomes of each field, in the four classes. docs/coverage.md is printed
// from these tables, a field of the model without a row fails the test, and so
// does an enforced one without a probe (probe_test.go).

var (
	enforced = control.Field{Class: control.Enforced}
	metadata = control.Field{Class: control.Metadata}
	later    = control.Field{Class: control.Later}
	refused  = control.Field{Class: control.Refused, Note: "only WebSocket APIs have it"}
)

// with is a class with a word on it.
func with(f control.Field, note string) control.Field {
	f.Note = note
	return f
}

var apiFields = control.Fields{
	"ApiId":                              enforced,
	"name":                               metadata,
	"description":                        metadata,
	"version":                            metadata,
	"tags":                               with(metadata, "`_custom_id_` chooses the id and is not kept"),
	"protocolType":                       with(enforced, "`WEBSOCKET` answers 501"),
	"disableExecuteApiEndpoint":          with(enforced, "acts with a deployment, as on AWS"),
	"target":                             enforced,
	"routeKey":                           enforced,
	"credentialsArn":                     with(later, "kept in the integration of quick create; functions answer 500"),
	"routeSelectionExpression":           with(metadata, "HTTP APIs have only one; others are refused"),
	"apiKeySelectionExpression":          with(metadata, "HTTP APIs have no API keys"),
	"disableSchemaValidation":            with(metadata, "HTTP APIs have no models"),
	"ipAddressType":                      with(metadata, "the listeners decide"),
	"corsConfiguration.allowCredentials": enforced,
	"corsConfiguration.allowHeaders":     enforced,
	"corsConfiguration.allowMethods":     enforced,
	"corsConfiguration.allowOrigins":     enforced,
	"corsConfiguration.exposeHeaders":    enforced,
	"corsConfiguration.maxAge":           enforced,
}

var routeFields = control.Fields{
	"ApiId":                            enforced,
	"RouteId":                          enforced,
	"routeKey":                         with(enforced, "compared with the path as it was sent: `%2f` is not `%2F`"),
	"target":                           enforced,
	"authorizationType":                {Class: control.Enforced, Note: "what is not enforced yet answers 500", Later: []string{"AWS_IAM", "CUSTOM", "JWT"}},
	"authorizerId":                     with(later, "the authorizer must exist; such a route answers 500"),
	"authorizationScopes":              with(later, "such a route answers 500"),
	"operationName":                    metadata,
	"apiKeyRequired":                   refused,
	"modelSelectionExpression":         refused,
	"requestModels":                    refused,
	"requestParameters.*.required":     refused,
	"routeResponseSelectionExpression": refused,
}

var integrationFields = control.Fields{
	"ApiId":                        enforced,
	"IntegrationId":                enforced,
	"integrationType":              {Class: control.Enforced, Note: "what is not enforced yet, which is Lambda functions, answers 500", Later: []string{awsProxy}, Unless: "integrationSubtype"},
	"integrationUri":               with(enforced, "`${stageVariables.NAME}` in host, path and query; where that makes no URL the route answers 500"),
	"integrationMethod":            enforced,
	"timeoutInMillis":              enforced,
	"tlsConfig.serverNameToVerify": enforced,
	"connectionType":               with(enforced, "configuration says where a `VPC_LINK` leads; without it such an integration answers 500"),
	"connectionId":                 with(enforced, "the link must exist"),
	"integrationSubtype":           with(enforced, "configuration says where a service is called; without it such an integration answers 500"),
	"credentialsArn":               with(later, "AWS services are called with the credentials of the configuration; functions answer 500"),
	"payloadFormatVersion":         {Class: control.Metadata, Note: "only functions use it", Later: []string{"2.0"}},
	"requestParameters":            with(enforced, "parameter mappings, and of AWS services the arguments; functions answer 500"),
	"responseParameters":           with(enforced, "functions answer 500"),
	"description":                  metadata,
	"contentHandlingStrategy":      refused,
	"passthroughBehavior":          refused,
	"requestTemplates":             refused,
	"templateSelectionExpression":  refused,
}

var stageFields = control.Fields{
	"ApiId":                            enforced,
	"StageName":                        enforced,
	"stageName":                        enforced,
	"deploymentId":                     enforced,
	"autoDeploy":                       enforced,
	"stageVariables":                   enforced,
	"description":                      metadata,
	"tags":                             metadata,
	"clientCertificateId":              refused,
	"accessLogSettings.destinationArn": with(enforced, "a log group; configuration says where it is written. Delivery streams are refused"),
	"accessLogSettings.format":         with(enforced, "unknown variables are refused"),
	"defaultRouteSettings.detailedMetricsEnabled": enforced,
	"defaultRouteSettings.throttlingBurstLimit":   later,
	"defaultRouteSettings.throttlingRateLimit":    later,
	"defaultRouteSettings.dataTraceEnabled":       refused,
	"defaultRouteSettings.loggingLevel":           refused,
	"routeSettings.*.detailedMetricsEnabled":      enforced,
	"routeSettings.*.throttlingBurstLimit":        later,
	"routeSettings.*.throttlingRateLimit":         later,
	"routeSettings.*.dataTraceEnabled":            refused,
	"routeSettings.*.loggingLevel":                refused,
	"RouteKey":                                    enforced,
}

var deploymentFields = control.Fields{
	"ApiId":        enforced,
	"DeploymentId": enforced,
	"stageName":    enforced,
	"description":  metadata,
}

var authorizerFields = control.Fields{
	"ApiId":                          enforced,
	"AuthorizerId":                   enforced,
	"name":                           with(enforced, "two authorizers of an API do not share one"),
	"authorizerType":                 with(later, "a route that asks it answers 500"),
	"identitySource":                 with(later, "a route that asks it answers 500"),
	"jwtConfiguration.audience":      with(later, "a route that asks it answers 500"),
	"jwtConfiguration.issuer":        with(later, "a route that asks it answers 500"),
	"authorizerUri":                  with(later, "a route that asks it answers 500"),
	"authorizerCredentialsArn":       with(later, "a route that asks it answers 500"),
	"authorizerPayloadFormatVersion": with(later, "a route that asks it answers 500"),
	"authorizerResultTtlInSeconds":   with(later, "nothing is cached"),
	"enableSimpleResponses":          with(later, "a route that asks it answers 500"),
	"identityValidationExpression":   with(metadata, "AWS does not use it"),
}

// There is no cache of authorizers' answers, so that resetting it succeeds
// where there is such a stage and has nothing to do.
var resetFields = control.Fields{
	"ApiId":     enforced,
	"StageName": with(enforced, "succeeds; no answer of an authorizer is cached yet"),
}

var modelFields = control.Fields{
	"ApiId":       enforced,
	"ModelId":     enforced,
	"name":        with(enforced, "two models of an API do not share one"),
	"schema":      with(enforced, "GetModelTemplate is made from it; HTTP APIs validate nothing"),
	"contentType": metadata,
	"description": metadata,
}

var domainFields = control.Fields{
	"DomainName":  enforced,
	"domainName":  enforced,
	"routingMode": enforced,
	"tags":        metadata,
	"domainNameConfigurations.*.certificateArn":                      with(later, "the listeners have the certificates"),
	"domainNameConfigurations.*.certificateName":                     metadata,
	"domainNameConfigurations.*.certificateUploadDate":               metadata,
	"domainNameConfigurations.*.endpointType":                        with(metadata, "`REGIONAL`; others are refused"),
	"domainNameConfigurations.*.ipAddressType":                       with(metadata, "the listeners decide"),
	"domainNameConfigurations.*.ownershipVerificationCertificateArn": with(metadata, "belongs to mutual TLS"),
	"domainNameConfigurations.*.securityPolicy":                      with(later, "the listeners decide; mappings of more than one level need `TLS_1_2`"),
	"domainNameConfigurations.*.apiGatewayDomainName":                with(metadata, "the gateway's to say: what is sent is not used"),
	"domainNameConfigurations.*.domainNameStatus":                    with(metadata, "the gateway's to say: what is sent is not used"),
	"domainNameConfigurations.*.domainNameStatusMessage":             with(metadata, "the gateway's to say: what is sent is not used"),
	"domainNameConfigurations.*.hostedZoneId":                        with(metadata, "the gateway's to say: what is sent is not used"),
	"mutualTlsAuthentication.truststoreUri":                          with(refused, "until certificates come: 501"),
	"mutualTlsAuthentication.truststoreVersion":                      with(refused, "until certificates come: 501"),
}

var mappingFields = control.Fields{
	"DomainName":    enforced,
	"ApiMappingId":  enforced,
	"apiId":         enforced,
	"stage":         enforced,
	"apiMappingKey": enforced,
	"maxResults":    enforced,
	"nextToken":     enforced,
}

var ruleFields = control.Fields{
	"DomainName":                                  enforced,
	"domainNameId":                                with(refused, "501: private domain names are not served"),
	"RoutingRuleId":                               enforced,
	"priority":                                    enforced,
	"actions.*.invokeApi.apiId":                   with(enforced, "a REST API"),
	"actions.*.invokeApi.stage":                   enforced,
	"actions.*.invokeApi.stripBasePath":           enforced,
	"conditions.*.matchBasePaths.anyOf":           enforced,
	"conditions.*.matchHeaders.anyOf.*.header":    enforced,
	"conditions.*.matchHeaders.anyOf.*.valueGlob": enforced,
	"maxResults":                                  enforced,
	"nextToken":                                   enforced,
}

var requestParameterFields = control.Fields{
	"ApiId":               enforced,
	"RouteId":             enforced,
	"RequestParameterKey": refused,
}

var vpcLinkFields = control.Fields{
	"VpcLinkId":        enforced,
	"name":             metadata,
	"subnetIds":        with(metadata, "configuration says what a link leads to"),
	"securityGroupIds": with(metadata, "configuration says what a link leads to"),
	"tags":             metadata,
}

var tagFields = control.Fields{
	"ResourceArn": with(enforced, "of APIs, stages, domain names and VPC links"),
	"tags":        enforced,
	"tagKeys":     enforced,
}

var importFields = control.Fields{
	"ApiId":          enforced,
	"body":           with(enforced, "OpenAPI 3.0 and 3.1; a document of REST APIs is refused"),
	"basepath":       enforced,
	"failOnWarnings": enforced,
}

var exportFields = control.Fields{
	"ApiId":             enforced,
	"Specification":     with(enforced, "`OAS30`"),
	"outputType":        enforced,
	"exportVersion":     with(enforced, "`1.0`"),
	"includeExtensions": enforced,
	"stageName":         enforced,
}

// Every list has the same two fields besides its API.
var listFields = control.Fields{
	"ApiId":      enforced,
	"maxResults": enforced,
	"nextToken":  enforced,
}

// operations are those that exist, by the fields that their inputs have.
var operations = control.Inputs{
	"CreateApi": apiFields, "GetApi": apiFields, "GetApis": listFields, "UpdateApi": apiFields, "DeleteApi": apiFields,
	"DeleteCorsConfiguration": apiFields,

	"CreateRoute": routeFields, "GetRoute": routeFields, "GetRoutes": listFields, "UpdateRoute": routeFields, "DeleteRoute": routeFields,

	"CreateIntegration": integrationFields, "GetIntegration": integrationFields, "GetIntegrations": listFields,
	"UpdateIntegration": integrationFields, "DeleteIntegration": integrationFields,

	"CreateStage": stageFields, "GetStage": stageFields, "GetStages": listFields, "UpdateStage": stageFields, "DeleteStage": stageFields,
	"DeleteAccessLogSettings": stageFields, "DeleteRouteSettings": stageFields,

	"CreateDeployment": deploymentFields, "GetDeployment": deploymentFields, "GetDeployments": listFields,
	"UpdateDeployment": deploymentFields, "DeleteDeployment": deploymentFields,

	"CreateAuthorizer": authorizerFields, "GetAuthorizer": authorizerFields, "GetAuthorizers": listFields,
	"UpdateAuthorizer": authorizerFields, "DeleteAuthorizer": authorizerFields, "ResetAuthorizersCache": resetFields,

	"CreateModel": modelFields, "GetModel": modelFields, "GetModels": listFields, "UpdateModel": modelFields, "DeleteModel": modelFields,
	"GetModelTemplate": modelFields,

	"CreateDomainName": domainFields, "GetDomainName": domainFields, "GetDomainNames": listFields, "UpdateDomainName": domainFields,
	"DeleteDomainName": domainFields,

	"CreateApiMapping": mappingFields, "GetApiMapping": mappingFields, "GetApiMappings": mappingFields, "UpdateApiMapping": mappingFields,
	"DeleteApiMapping": mappingFields,

	"CreateRoutingRule": ruleFields, "GetRoutingRule": ruleFields, "ListRoutingRules": ruleFields, "PutRoutingRule": ruleFields,
	"DeleteRoutingRule": ruleFields,

	"DeleteRouteRequestParameter": requestParameterFields,

	"CreateVpcLink": vpcLinkFields, "GetVpcLink": vpcLinkFields, "GetVpcLinks": listFields, "UpdateVpcLink": vpcLinkFields,
	"DeleteVpcLink": vpcLinkFields,

	"GetTags": tagFields, "TagResource": tagFields, "UntagResource": tagFields,

	"ImportApi": importFields, "ReimportApi": importFields, "ExportApi": exportFields,
}

// resources are the tables by the name that messages and tests call them.
var resources = map[string]control.Fields{
	"api": apiFields, "route": routeFields, "integration": integrationFields, "stage": stageFields, "deployment": deploymentFields, "list": listFields,
	"authorizer": authorizerFields, "reset": resetFields, "model": modelFields, "domain": domainFields, "mapping": mappingFields, "rule": ruleFields, "requestParameter": requestParameterFields, "vpcLink": vpcLinkFields,
	"tag": tagFields, "import": importFields, "export": exportFields,
}

// unenforced lists what a resource asks for that is not enforced yet.
func unenforced(resource string, v any) []string { return resources[resource].Unenforced(resource, v) }

// Coverage prints what this service has as Markdown; see control.Coverage.
func Coverage() (string, error) {
	return control.Coverage(v2.Table(v2.Unimplemented{}), operations, testOf)
}

// testOf names the probe of a field: operations on one resource share a table,
// and with it the probes.
func testOf(operation, path string) string {
	for name, fields := range resources {
		if reflect.ValueOf(fields).Pointer() == reflect.ValueOf(operations[operation]).Pointer() {
			return "TestEnforced/" + name + "." + path
		}
	}
	return ""
}
