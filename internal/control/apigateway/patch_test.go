package apigateway

import (
	"strings"
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// supports tells what a table of rules says of a path: the verbs, by their first
// letters; "-" for a path that exists and cannot be changed, "" for none.
func supports[T any](rules []rule[T], path string) string {
	r := find(rules, &op{path: path})
	if r == nil {
		return ""
	}
	text := ""
	for _, v := range []struct {
		verb   verb
		letter string
	}{{add, "a"}, {replace, "r"}, {remove, "d"}, {copied, "c"}} {
		if r.verbs&v.verb != 0 {
			text += v.letter
		}
	}
	if text == "" {
		return "-"
	}
	return text
}

// TestPatchTable is the table of AWS, row by row (control-plane 2.2, corrected
// by 8). a adds, r replaces, d removes, c copies; - is a path that cannot be
// changed.
func TestPatchTable(t *testing.T) {
	for operation, rows := range map[string]struct {
		supports func(string) string
		rows     string
	}{
		"UpdateRestApi": {func(p string) string { return supports(apiRules(), p) }, `
			/apiKeySource r
			/binaryMediaTypes -
			/binaryMediaTypes/image~1png ard
			/description ard
			/disableExecuteApiEndpoint r
			/endpointConfiguration/types/EDGE r
			/endpointConfiguration/types/0 r
			/endpointConfiguration/vpcEndpointIds ad
			/endpointConfiguration/ipAddressType r
			/endpointAccessMode r
			/minimumCompressionSize r
			/name r
			/policy r
			/securityPolicy r
			/tags -`},
		"UpdateResource": {func(p string) string { return supports(resourceRules(), p) }, `
			/parentId r
			/pathPart r
			/path -`},
		"UpdateMethod": {func(p string) string { return supports(methodRules(), p) }, `
			/authorizationScopes ad
			/authorizationType r
			/authorizerId r
			/apiKeyRequired r
			/operationName r
			/requestValidatorId r
			/requestParameters/method.request.header.X ard
			/requestModels/application~1json ard
			/httpMethod -`},
		"UpdateMethodResponse": {func(p string) string { return supports(methodResponseRules(), p) }, `
			/responseModels/application~1json ard
			/responseParameters/method.response.header.X ard
			/statusCode -`},
		"UpdateIntegration": {func(p string) string { return supports(integrationRules(), p) }, `
			/cacheKeyParameters/method.request.header.X ard
			/requestParameters/integration.request.header.X ard
			/requestTemplates/application~1json ard
			/cacheNamespace r
			/connectionId r
			/connectionType r
			/contentHandling r
			/credentials r
			/httpMethod r
			/uri r
			/integrationTarget r
			/passthroughBehavior r
			/responseTransferMode r
			/timeoutInMillis r
			/tlsConfig/insecureSkipVerification r
			/type -`},
		"UpdateIntegrationResponse": {func(p string) string { return supports(answerRules(), p) }, `
			/contentHandling r
			/selectionPattern r
			/responseParameters/method.response.header.X ard
			/responseTemplates/application~1json ard
			/statusCode -`},
		"UpdateDomainName": {func(p string) string { return supports(domainRules(), p) }, `
			/certificateName ard
			/certificateArn ard
			/regionalCertificateName ard
			/regionalCertificateArn ard
			/endpointConfiguration/types ad
			/endpointConfiguration/types/0 r
			/endpointConfiguration/types/EDGE r
			/endpointConfiguration/ipAddressType r
			/endpointAccessMode r
			/managementPolicy r
			/policy r
			/mutualTlsAuthentication/truststoreUri ard
			/mutualTlsAuthentication/truststoreVersion ard
			/routingMode r
			/securityPolicy r
			/ownershipVerificationCertificateArn ard
			/domainName -
			/tags -`},
		"UpdateBasePathMapping": {func(p string) string {
			return supports(mappingRules(), *folded(mappingRules(), []v1.PatchOperation{{Path: &p}})[0].Path)
		}, `
			/basepath r
			/basePath r
			/restapiId r
			/restApiId r
			/stage r
			/id -`},
		"UpdateStage": {func(p string) string { return supports(stageRules(), p) }, `
			/accessLogSettings d
			/accessLogSettings/destinationArn ar
			/accessLogSettings/format ar
			/cacheClusterEnabled r
			/cacheClusterSize r
			/canarySettings d
			/canarySettings/deploymentId r
			/canarySettings/percentTraffic r
			/canarySettings/stageVariableOverrides r
			/canarySettings/stageVariableOverrides/x ard
			/canarySettings/useStageCache r
			/clientCertificateId r
			/deploymentId rc
			/description r
			/documentationVersion r
			/variables rdc
			/variables/x ard
			/tracingEnabled r
			/webAclArn -
			/*/*/metrics/enabled r
			/*/*/logging/dataTrace r
			/*/*/logging/loglevel r
			/~1pets~1{id}/GET/throttling/burstLimit r
			/~1/GET/throttling/rateLimit r
			/a/b/c/GET/caching/enabled r
			/~1/GET/caching/dataEncrypted r
			/~1/GET/caching/ttlInSeconds r
			/~1/GET/caching/requireAuthorizationForCacheControl r
			/~1/GET/caching/unauthorizedCacheControlHeaderStrategy r
			/~1pets/GET d
			/*/* d`},
		"UpdateModel": {func(p string) string { return supports(modelRules(), p) }, `
			/description r
			/schema r
			/name -
			/contentType -`},
		"UpdateRequestValidator": {func(p string) string { return supports(validatorRules(), p) }, `
			/name r
			/validateRequestBody r
			/validateRequestParameters r`},
		"UpdateAuthorizer": {func(p string) string { return supports(authorizerRules(), p) }, `
			/authorizerUri r
			/authorizerCredentials r
			/authorizerResultTtlInSeconds r
			/authType r
			/identitySource ard
			/identityValidationExpression r
			/name r
			/type r
			/providerARNs ad`},
		"UpdateGatewayResponse": {func(p string) string { return supports(responseRules(), p) }, `
			/statusCode r
			/responseParameters/gatewayresponse.header.X ard
			/responseTemplates/application~1json ard
			/responseType -`},
		"UpdateVpcLink": {func(p string) string { return supports(linkRules(), p) }, `
			/name r
			/description r
			/targetArns -`},
		"UpdateClientCertificate": {func(p string) string { return supports(certificateRules(), p) }, `
			/description r`},
		"UpdateAccount": {func(p string) string { return supports(accountRules(), p) }, `
			/cloudwatchRoleArn r
			/features ad
			/throttleSettings/rateLimit -`},
	} {
		for row := range strings.SplitSeq(strings.TrimSpace(rows.rows), "\n") {
			path, want, _ := strings.Cut(strings.TrimSpace(row), " ")
			if got := rows.supports(path); got != want && !(want == "-" && got == "") {
				t.Errorf("%s %s supports %q, want %q", operation, path, got, want)
			}
		}
	}
}

// TestPatchIsWholeOrNothing holds that what comes before a wrong operation is
// undone with it.
func TestPatchIsWholeOrNothing(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	_, err := w.UpdateRestApi(w.ctx, &v1.UpdateRestApiInput{RestApiId: api, PatchOperations: []v1.PatchOperation{
		{Op: new("replace"), Path: new("/name"), Value: new("y")}, {Op: new("replace"), Path: new("/nope"), Value: new("z")}}})
	if typ, message := refusal(err); typ != "BadRequestException" || message != "Invalid patch path /nope" {
		t.Errorf("%s: %s", typ, message)
	}
	if a := must[*v1.RestApi](t)(w.GetRestApi(w.ctx, &v1.GetRestApiInput{RestApiId: api})); *a.Name != "x" {
		t.Errorf("the name is %s", *a.Name)
	}
}

// TestPatchWording is how each family words its refusals (control-plane 2.1, 8).
func TestPatchWording(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	r := w.resource(api, root, "test")
	w.method(api, r, "GET")
	d := must[*v1.Deployment](t)(w.CreateDeployment(w.ctx, &v1.CreateDeploymentInput{RestApiId: api, StageName: new("s")}))
	onAPI := func(p v1.PatchOperation) error {
		_, err := w.UpdateRestApi(w.ctx, &v1.UpdateRestApiInput{RestApiId: api, PatchOperations: []v1.PatchOperation{p}})
		return err
	}
	onResource := func(p v1.PatchOperation) error {
		_, err := w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: api, ResourceId: r, PatchOperations: []v1.PatchOperation{p}})
		return err
	}
	onMethod := func(p v1.PatchOperation) error {
		_, err := w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: api, ResourceId: r, HttpMethod: new("GET"), PatchOperations: []v1.PatchOperation{p}})
		return err
	}
	onResponse := func(p v1.PatchOperation) error {
		_, err := w.UpdateMethodResponse(w.ctx, &v1.UpdateMethodResponseInput{RestApiId: api, ResourceId: r, HttpMethod: new("GET"), StatusCode: new("200"),
			PatchOperations: []v1.PatchOperation{p}})
		return err
	}
	onStage := func(p v1.PatchOperation) error {
		_, err := w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: new("s"), PatchOperations: []v1.PatchOperation{p}})
		return err
	}
	for _, tc := range []struct {
		desc    string
		on      func(v1.PatchOperation) error
		op      v1.PatchOperation
		message string
		typ     string // "": BadRequestException
	}{
		{"An API's unknown path. [S]", onAPI, v1.PatchOperation{Op: new("replace"), Path: new("/x")}, "Invalid patch path /x", ""},
		{"An API without a path. [S]", onAPI, v1.PatchOperation{Op: new("replace")}, "Invalid patch path null", ""},
		{"An API's wrong verb. [S]", onAPI, v1.PatchOperation{Op: new("remove"), Path: new("/name")}, "Invalid patch operation specified. Must be one of: [replace]", ""},
		{"A security policy that is none.", onAPI, v1.PatchOperation{Op: new("replace"), Path: new("/securityPolicy"), Value: new("TLS_1_9")},
			`Invalid value "TLS_1_9" specified for /securityPolicy. Valid options are ` + strings.Join(securityPolicies(), ", "), ""},
		{"A resource's unknown path: two blanks. [S]", onResource, v1.PatchOperation{Op: new("replace"), Path: new("/x")},
			"Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/parentId, /pathPart]", ""},
		{"A resource's wrong verb. [S]", onResource, v1.PatchOperation{Op: new("add"), Path: new("/pathPart"), Value: new("y")},
			"Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations", ""},
		{"A method's wrong verb. [S]", onMethod, v1.PatchOperation{Op: new("add"), Path: new("/authorizationType"), Value: new("NONE")},
			"Invalid patch operation specified. Must be one of: [replace]", ""},
		{"A response parameter that is not there. [S]", onResponse, v1.PatchOperation{Op: new("remove"), Path: new("/responseParameters/method.response.header.X")},
			"Invalid parameter name specified", "NotFoundException"},
		{"A model's content type that is not there. [S]", onResponse, v1.PatchOperation{Op: new("remove"), Path: new("/responseModels/text~1x")},
			"Content-Type specified was not found", "NotFoundException"},
		{"A response parameter without a value. [S]", onResponse, v1.PatchOperation{Op: new("add"), Path: new("/responseParameters/method.response.header.X")},
			"Invalid null or empty value in responseParameters", ""},
		{"A setting that is not there: trailing blank. [S]", onStage, v1.PatchOperation{Op: new("remove"), Path: new("/~1x/GET")},
			"Cannot remove method setting ~1x/GET because there is no method setting for this method ", ""},
		{"A part of the access log goes only with the whole. [S]", onStage, v1.PatchOperation{Op: new("remove"), Path: new("/accessLogSettings/destinationArn")},
			"Cannot remove method setting accessLogSettings/destinationArn because there is no method setting for this method ", ""},
		{"An unknown part of the access log. [S]", onStage, v1.PatchOperation{Op: new("replace"), Path: new("/accessLogSettings/x"), Value: new("y")},
			"Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]", ""},
		{"An empty part of the access log. [S]", onStage, v1.PatchOperation{Op: new("replace"), Path: new("/accessLogSettings/format"), Value: new("")},
			"Access Log value must not be empty", ""},
		{"Adding to a canary. [S]", onStage, v1.PatchOperation{Op: new("add"), Path: new("/canarySettings/deploymentId"), Value: d.Id},
			"Invalid add operation with path: /canarySettings/deploymentId", ""},
		{"A copy from elsewhere. [S]", onStage, v1.PatchOperation{Op: new("copy"), Path: new("/deploymentId"), From: new("/x")},
			"Invalid copy operation with path: /deploymentId and from /x. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", ""},
		{"A promotion without a canary. [S]", onStage, v1.PatchOperation{Op: new("copy"), Path: new("/deploymentId"), From: new("/canarySettings/deploymentId")},
			"Promotion not available. Canary does not exist.", ""},
		{"A deployment that is not there. [S]", onStage, v1.PatchOperation{Op: new("replace"), Path: new("/deploymentId"), Value: new("nope")}, "Deployment id does not exist", ""},
		{"A percentage that is none. [K]", onStage, v1.PatchOperation{Op: new("replace"), Path: new("/canarySettings/percentTraffic"), Value: new("101")},
			`Invalid canary percent: "101" is not from 0.0 to 100.0`, ""},
		{"NaN is no percentage. [K]", onStage, v1.PatchOperation{Op: new("replace"), Path: new("/canarySettings/percentTraffic"), Value: new("NaN")},
			`Invalid canary percent: "NaN" is not from 0.0 to 100.0`, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			typ, message := refusal(tc.on(tc.op))
			if tc.typ == "" {
				tc.typ = "BadRequestException"
			}
			if typ != tc.typ || message != tc.message {
				t.Errorf("got %s: %s", typ, message)
			}
		})
	}
}
