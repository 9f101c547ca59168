package flow

// ContextNames are the names that Context knows, without those that an
// authorizer makes up ("authorizer." and a name of its own): what a misspelt
// name may have meant. The slice is the caller's.
func ContextNames() []string {
	return []string{
		"accountId", "apiId", "authorizer.error", "authorizer.principalId", "awsEndpointRequestId", "awsEndpointRequestId2",
		"customDomain.basePathMatched", "dataProcessed", "domainName", "domainPrefix",
		"error.message", "error.messageString", "error.responseType", "extendedRequestId", "httpMethod",
		"identity.accountId", "identity.caller", "identity.clientCert.clientCertPem", "identity.clientCert.issuerDN",
		"identity.clientCert.serialNumber", "identity.clientCert.subjectDN", "identity.clientCert.validity.notAfter",
		"identity.clientCert.validity.notBefore", "identity.cognitoAmr", "identity.cognitoAuthenticationProvider",
		"identity.cognitoAuthenticationType", "identity.cognitoIdentityId", "identity.cognitoIdentityPoolId",
		"identity.principalOrgId", "identity.sourceIp", "identity.user", "identity.userAgent", "identity.userArn",
		"integration.error", "integration.integrationStatus", "integration.latency", "integration.requestId", "integration.status",
		"integrationErrorMessage", "integrationLatency", "integrationStatus", "path", "protocol", "requestId", "requestTime",
		"requestTimeEpoch", "resourcePath", "responseLatency", "responseLength", "routeKey", "stage", "status",
	}
}

// RESTContextNames are the names that RESTContext knows, without those that an
// authorizer or a template makes up. The slice is the caller's.
func RESTContextNames() []string {
	return []string{
		"accountId", "apiId", "authenticate.error", "authenticate.latency", "authenticate.status",
		"authorize.error", "authorize.latency", "authorize.status", "authorizer.error", "authorizer.principalId",
		"awsEndpointRequestId", "cipherSuite", "customDomain.basePathMatched", "customDomain.routingRuleIdMatched",
		"deploymentId", "domainName", "domainPrefix", "endpointType",
		"error.message", "error.messageString", "error.responseType", "error.validationErrorString", "extendedRequestId", "httpMethod",
		"identity.accountId", "identity.apiKey", "identity.apiKeyId", "identity.caller",
		"identity.clientCert.clientCertPem", "identity.clientCert.issuerDN", "identity.clientCert.serialNumber",
		"identity.clientCert.subjectDN", "identity.clientCert.validity.notAfter", "identity.clientCert.validity.notBefore",
		"identity.cognitoAuthenticationProvider", "identity.cognitoAuthenticationType", "identity.cognitoIdentityId",
		"identity.cognitoIdentityPoolId", "identity.principalOrgId", "identity.sourceIp", "identity.user", "identity.userAgent",
		"identity.userArn", "identity.vpcId", "identity.vpceId",
		"integration.error", "integration.integrationStatus", "integration.latency", "integration.requestId",
		"integration.responseTransferMode", "integration.status", "integration.timeToAllHeaders", "integration.timeToFirstContent",
		"integrationErrorMessage", "integrationLatency", "integrationStatus", "isCanaryRequest", "path", "protocol", "requestId",
		"requestTime", "requestTimeEpoch", "resourceId", "resourcePath", "responseLatency", "responseLength", "stage", "status",
		"tlsVersion", "waf.error", "waf.latency", "waf.status", "wafResponseCode", "webaclArn", "xrayTraceId",
	}
}
