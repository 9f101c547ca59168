package apigateway

import (
	"fmt"
	"reflect"
	"strings"

	"gatehouse/internal/control"
	v1 "gatehouse/internal/wire/apigateway"
)

// What becomes of each field, in the four classes. docs/coverage.md is printed
// from these tables, a field of the model without a row fails the test, and so
// does an enforced one without a probe (probe_test.go).

var (
	enforced = control.Field{Class: control.Enforced}
	metadata = control.Field{Class: control.Metadata}
	later    = control.Field{Class: control.Later}
	refused  = control.Field{Class: control.Refused}
)

// with is a class with a word on it.
func with(f control.Field, note string) control.Field {
	f.Note = note
	return f
}

// patched adds the members of a patch, of which only stages have copies.
func patched(f control.Fields) control.Fields {
	for _, member := range []string{"op", "path", "value"} {
		f["patchOperations.*."+member] = enforced
	}
	if _, ok := f["patchOperations.*.from"]; !ok {
		f["patchOperations.*.from"] = with(metadata, "only a copy has it, and only stages know copies")
	}
	return f
}

var apiFields = patched(control.Fields{
	"restApiId":                            enforced,
	"name":                                 metadata,
	"description":                          metadata,
	"version":                              metadata,
	"tags":                                 with(metadata, "`_custom_id_` chooses the id and is not kept"),
	"cloneFrom":                            with(refused, "501 until imports come"),
	"binaryMediaTypes":                     with(later, "proxies pass bytes as they are"),
	"minimumCompressionSize":               enforced,
	"apiKeySource":                         {Class: control.Metadata, Note: "a method that needs a key answers 403", Later: []string{"AUTHORIZER"}},
	"policy":                               with(later, "an API with a resource policy answers 500"),
	"disableExecuteApiEndpoint":            with(enforced, "acts with a deployment to a stage or a change of it, as on AWS"),
	"endpointConfiguration.types":          with(enforced, "a `PRIVATE` API answers 403 until VPC endpoints come; `EDGE` and `REGIONAL` are served alike"),
	"endpointConfiguration.ipAddressType":  with(metadata, "the listeners decide"),
	"endpointConfiguration.vpcEndpointIds": with(later, "a `PRIVATE` API answers 403"),
	"endpointAccessMode":                   with(later, "the listeners decide"),
	"securityPolicy":                       with(later, "the listeners decide"),
})

var resourceFields = patched(control.Fields{
	"restApiId":  enforced,
	"resourceId": enforced,
	"parentId":   enforced,
	"pathPart":   enforced,
	"embed":      enforced,
})

var methodFields = patched(control.Fields{
	"restApiId":           enforced,
	"resourceId":          enforced,
	"httpMethod":          enforced,
	"statusCode":          enforced,
	"authorizationType":   {Class: control.Enforced, Note: "what is not enforced yet answers 500", Later: []string{"AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"}},
	"authorizerId":        with(later, "the authorizer must exist; such a method answers 500"),
	"authorizationScopes": with(later, "such a method answers 500"),
	"apiKeyRequired":      with(enforced, "nobody has a key yet: 403"),
	"operationName":       metadata,
	"requestParameters":   with(enforced, "what a mapping reads must be declared; required ones are not enforced yet"),
	"requestModels":       with(later, "models must exist; bodies are not validated"),
	"requestValidatorId":  with(later, "the validator must exist; requests are not validated"),
	"responseModels":      metadata,
	"responseParameters":  with(enforced, "what a mapping makes must be declared"),
})

var integrationFields = patched(control.Fields{
	"restApiId":                          enforced,
	"resourceId":                         enforced,
	"httpMethod":                         enforced,
	"statusCode":                         enforced,
	"type":                               {Class: control.Enforced, Note: "what is not enforced yet answers 500", Later: []string{typeHTTP, typeAWS, typeAWSProxy}},
	"uri":                                enforced,
	"connectionType":                     enforced,
	"connectionId":                       enforced,
	"integrationTarget":                  enforced,
	"credentials":                        with(later, "only AWS services and functions use it"),
	"requestParameters":                  with(enforced, "a mapped `Trailer` or `Upgrade` is dropped, which AWS sends on: it would change how the connection to the backend is used"),
	"requestTemplates":                   with(enforced, "of mocks, literal text; a template with directives is refused at deployment"),
	"passthroughBehavior":                with(enforced, "of mocks; proxies pass bodies as they are"),
	"contentHandling":                    with(later, "proxies pass bytes as they are"),
	"timeoutInMillis":                    enforced,
	"cacheNamespace":                     with(metadata, "nothing is cached"),
	"cacheKeyParameters":                 with(later, "nothing is cached"),
	"tlsConfig.insecureSkipVerification": enforced,
	"responseTransferMode":               with(enforced, "only proxies stream"),
	"selectionPattern":                   enforced,
	"responseParameters":                 enforced,
	"responseTemplates":                  with(enforced, "of mocks, literal text"),
})

var deploymentFields = patched(control.Fields{
	"restApiId":                             enforced,
	"deploymentId":                          enforced,
	"embed":                                 enforced,
	"description":                           metadata,
	"stageName":                             enforced,
	"stageDescription":                      metadata,
	"variables":                             enforced,
	"cacheClusterEnabled":                   with(later, "nothing is cached"),
	"cacheClusterSize":                      with(later, "nothing is cached"),
	"tracingEnabled":                        with(later, "no trace is sent"),
	"canarySettings.percentTraffic":         enforced,
	"canarySettings.stageVariableOverrides": enforced,
	"canarySettings.useStageCache":          with(later, "nothing is cached"),
})

var stageFields = patched(control.Fields{
	"restApiId":                             enforced,
	"stageName":                             enforced,
	"deploymentId":                          enforced,
	"description":                           metadata,
	"documentationVersion":                  metadata,
	"variables":                             enforced,
	"tags":                                  metadata,
	"cacheClusterEnabled":                   with(later, "nothing is cached"),
	"cacheClusterSize":                      with(later, "nothing is cached"),
	"tracingEnabled":                        with(later, "no trace is sent"),
	"canarySettings.deploymentId":           enforced,
	"canarySettings.percentTraffic":         enforced,
	"canarySettings.stageVariableOverrides": enforced,
	"canarySettings.useStageCache":          with(later, "nothing is cached"),
	"patchOperations.*.from":                enforced,
})

var modelFields = patched(control.Fields{
	"restApiId":   enforced,
	"modelName":   enforced,
	"name":        enforced,
	"flatten":     enforced,
	"description": metadata,
	"contentType": with(later, "bodies are not validated"),
	"schema":      with(later, "it must be JSON whose references are there; bodies are not validated"),
})

var validatorFields = patched(control.Fields{
	"restApiId":                 enforced,
	"requestValidatorId":        enforced,
	"name":                      metadata,
	"validateRequestBody":       with(later, "requests are not validated"),
	"validateRequestParameters": with(later, "requests are not validated"),
})

var authorizerFields = patched(control.Fields{
	"restApiId":                    enforced,
	"authorizerId":                 enforced,
	"name":                         metadata,
	"authType":                     with(metadata, "imports and exports show it"),
	"type":                         with(later, "a method that asks an authorizer answers 500"),
	"authorizerUri":                with(later, "as `type`"),
	"authorizerCredentials":        with(later, "as `type`"),
	"authorizerResultTtlInSeconds": with(later, "as `type`"),
	"identitySource":               with(later, "as `type`"),
	"identityValidationExpression": with(later, "as `type`"),
	"providerARNs":                 with(later, "as `type`"),
})

var responseFields = patched(control.Fields{
	"restApiId":          enforced,
	"responseType":       enforced,
	"statusCode":         enforced,
	"responseParameters": enforced,
	"responseTemplates":  enforced,
})

var linkFields = patched(control.Fields{
	"vpcLinkId":   enforced,
	"name":        metadata,
	"description": metadata,
	"tags":        metadata,
	"targetArns":  with(metadata, "where a link leads is said by `vpc_links` of the configuration"),
})

var certificateFields = patched(control.Fields{
	"clientCertificateId": enforced,
	"description":         metadata,
	"tags":                metadata,
})

var accountFields = patched(control.Fields{})

var tagFields = control.Fields{
	"resourceArn": enforced,
	"tags":        enforced,
	"tagKeys":     enforced,
	"position":    with(refused, "there are never so many tags that they need pages"),
	"limit":       with(metadata, "as `position`"),
}

var domainFields = patched(control.Fields{
	"domainName":                                enforced,
	"domainNameId":                              with(enforced, "of a private domain"),
	"certificateArn":                            with(later, "the listeners have the certificates"),
	"certificateName":                           metadata,
	"certificateBody":                           with(refused, "until certificates come: 501"),
	"certificateChain":                          with(refused, "until certificates come: 501"),
	"certificatePrivateKey":                     with(refused, "until certificates come: 501"),
	"endpointAccessMode":                        with(later, "the listeners decide"),
	"endpointConfiguration.types":               with(enforced, "a `PRIVATE` domain is kept and never served; `EDGE` and `REGIONAL` are served alike"),
	"endpointConfiguration.ipAddressType":       with(metadata, "the listeners decide"),
	"endpointConfiguration.vpcEndpointIds":      with(refused, "domains have associations"),
	"mutualTlsAuthentication.truststoreUri":     with(refused, "until certificates come: 501"),
	"mutualTlsAuthentication.truststoreVersion": with(refused, "until certificates come: 501"),
	"ownershipVerificationCertificateArn":       with(metadata, "belongs to mutual TLS"),
	"policy":                                    with(later, "a private domain is never served"),
	"regionalCertificateArn":                    with(later, "the listeners have the certificates"),
	"regionalCertificateName":                   metadata,
	"routingMode":                               enforced,
	"securityPolicy":                            with(later, "the listeners decide; mappings of more than one level need more than `TLS_1_0`"),
	"tags":                                      metadata,
})

var mappingFields = patched(control.Fields{
	"domainName":   enforced,
	"domainNameId": with(enforced, "of a private domain"),
	"basePath":     with(enforced, "one level; V2 has more"),
	"restApiId":    enforced,
	"stage":        with(enforced, "without one the next segment of the path names it"),
	"position":     enforced,
	"limit":        enforced,
})

var associationFields = control.Fields{
	"domainNameArn":                  with(enforced, "of a private domain of the same account"),
	"accessAssociationSource":        with(enforced, "names the association; there are no VPC endpoints, so none lets anybody in"),
	"accessAssociationSourceType":    with(metadata, "`VPCE`"),
	"domainNameAccessAssociationArn": enforced,
	"tags":                           metadata,
}

// Every list has the same two fields besides its API.
var listFields = control.Fields{
	"resourceOwner": with(enforced, "no account shares anything with another"),
	"restApiId":     enforced,
	"position":      enforced,
	"limit":         enforced,
	"embed":         enforced,
}

// operations are those that exist, by the fields that their inputs have.
var operations = control.Inputs{
	"CreateRestApi": apiFields, "GetRestApi": apiFields, "GetRestApis": listFields, "UpdateRestApi": apiFields, "DeleteRestApi": apiFields,

	"CreateResource": resourceFields, "GetResource": resourceFields, "GetResources": listFields, "UpdateResource": resourceFields,
	"DeleteResource": resourceFields,

	"PutMethod": methodFields, "GetMethod": methodFields, "UpdateMethod": methodFields, "DeleteMethod": methodFields,
	"PutMethodResponse": methodFields, "GetMethodResponse": methodFields, "UpdateMethodResponse": methodFields, "DeleteMethodResponse": methodFields,

	"PutIntegration": integrationFields, "GetIntegration": integrationFields, "UpdateIntegration": integrationFields, "DeleteIntegration": integrationFields,
	"PutIntegrationResponse": integrationFields, "GetIntegrationResponse": integrationFields, "UpdateIntegrationResponse": integrationFields,
	"DeleteIntegrationResponse": integrationFields,

	"CreateDeployment": deploymentFields, "GetDeployment": deploymentFields, "GetDeployments": listFields, "UpdateDeployment": deploymentFields,
	"DeleteDeployment": deploymentFields,

	"CreateStage": stageFields, "GetStage": stageFields, "GetStages": stageFields, "UpdateStage": stageFields, "DeleteStage": stageFields,
	"FlushStageCache": stageFields, "FlushStageAuthorizersCache": stageFields,

	"CreateModel": modelFields, "GetModel": modelFields, "GetModels": listFields, "UpdateModel": modelFields, "DeleteModel": modelFields,
	"GetModelTemplate": modelFields,

	"CreateRequestValidator": validatorFields, "GetRequestValidator": validatorFields, "GetRequestValidators": listFields,
	"UpdateRequestValidator": validatorFields, "DeleteRequestValidator": validatorFields,

	"CreateAuthorizer": authorizerFields, "GetAuthorizer": authorizerFields, "GetAuthorizers": listFields, "UpdateAuthorizer": authorizerFields,
	"DeleteAuthorizer": authorizerFields,

	"PutGatewayResponse": responseFields, "GetGatewayResponse": responseFields, "GetGatewayResponses": listFields,
	"UpdateGatewayResponse": responseFields, "DeleteGatewayResponse": responseFields,

	"CreateVpcLink": linkFields, "GetVpcLink": linkFields, "GetVpcLinks": listFields, "UpdateVpcLink": linkFields, "DeleteVpcLink": linkFields,

	"GenerateClientCertificate": certificateFields, "GetClientCertificate": certificateFields, "GetClientCertificates": listFields,
	"UpdateClientCertificate": certificateFields, "DeleteClientCertificate": certificateFields,

	"GetAccount": accountFields, "UpdateAccount": accountFields,

	"TagResource": tagFields, "UntagResource": tagFields, "GetTags": tagFields,

	"CreateDomainName": domainFields, "GetDomainName": domainFields, "GetDomainNames": listFields, "UpdateDomainName": domainFields,
	"DeleteDomainName": domainFields,

	"CreateBasePathMapping": mappingFields, "GetBasePathMapping": mappingFields, "GetBasePathMappings": mappingFields,
	"UpdateBasePathMapping": mappingFields, "DeleteBasePathMapping": mappingFields,

	"CreateDomainNameAccessAssociation": associationFields, "GetDomainNameAccessAssociations": listFields,
	"DeleteDomainNameAccessAssociation": associationFields, "RejectDomainNameAccessAssociation": associationFields,
}

// resources are the tables by the name that messages and tests call them.
var resources = map[string]control.Fields{
	"restApi": apiFields, "resource": resourceFields, "method": methodFields, "integration": integrationFields, "deployment": deploymentFields,
	"stage": stageFields, "list": listFields, "model": modelFields, "requestValidator": validatorFields, "authorizer": authorizerFields,
	"gatewayResponse": responseFields, "vpcLink": linkFields, "clientCertificate": certificateFields, "account": accountFields, "tag": tagFields,
	"domain": domainFields, "mapping": mappingFields, "association": associationFields,
}

// patchedSettings are the settings of a stage that only UpdateStage reaches, as
// they are answered.
var patchedSettings = control.Fields{
	"accessLogSettings.destinationArn":                        with(enforced, "a log group; configuration says where it is written. Delivery streams are refused"),
	"accessLogSettings.format":                                with(enforced, "unknown variables are refused"),
	"clientCertificateId":                                     with(enforced, "shown to HTTPS backends"),
	"webAclArn":                                               with(refused, "AWS WAF sets it"),
	"methodSettings.*.metricsEnabled":                         enforced,
	"methodSettings.*.loggingLevel":                           {Class: control.Enforced, Note: "`OFF`", Later: []string{"ERROR", "INFO"}},
	"methodSettings.*.dataTraceEnabled":                       later,
	"methodSettings.*.throttlingBurstLimit":                   later,
	"methodSettings.*.throttlingRateLimit":                    later,
	"methodSettings.*.cachingEnabled":                         later,
	"methodSettings.*.cacheTtlInSeconds":                      with(metadata, "nothing is cached"),
	"methodSettings.*.cacheDataEncrypted":                     with(metadata, "nothing is cached"),
	"methodSettings.*.requireAuthorizationForCacheControl":    with(metadata, "nothing is cached"),
	"methodSettings.*.unauthorizedCacheControlHeaderStrategy": with(metadata, "nothing is cached"),
}

// unenforced lists what a resource asks for that is not enforced yet.
func unenforced(resource string, v any) []string {
	list := resources[resource].Unenforced(resource, v)
	if resource == "stage" {
		list = append(list, patchedSettings.Unenforced(resource, v)...)
	}
	return list
}

// Coverage prints what this service has as Markdown; see control.Coverage.
func Coverage() (string, error) {
	text, err := control.Coverage(v1.Table(v1.Unimplemented{}), operations, testOf)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(text + "\n### Settings of stages that only patches of UpdateStage reach\n\n| setting | class | note |\n|---|---|---|\n")
	for _, path := range sortedKeys(patchedSettings) {
		f := patchedSettings[path]
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", path, f.Class, f.Remark())
	}
	return b.String(), nil
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
