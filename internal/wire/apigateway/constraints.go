package apigateway

import "gatehouse/internal/wire"

// invalid is the type of an input that breaks a constraint (recorded on AWS).
const invalid = "ValidationException"

// statusCode is the pattern of every status code in a path (public model).
const statusCode = `[1-5]\d\d`

// constraints are the patterns of the public model that bound inputs. The service's own checks (key lengths, timeouts, compression
// sizes) have texts of their own and live with the service.
func constraints() map[string]wire.Constraint {
	status := wire.Constraint{Pattern: statusCode}
	return map[string]wire.Constraint{
		"DeleteIntegrationResponseInput.StatusCode": status,
		"DeleteMethodResponseInput.StatusCode":      status,
		"GetIntegrationResponseInput.StatusCode":    status,
		"GetMethodResponseInput.StatusCode":         status,
		"PutGatewayResponseInput.StatusCode":        status,
		"PutIntegrationResponseInput.StatusCode":    status,
		"PutMethodResponseInput.StatusCode":         status,
		"UpdateIntegrationResponseInput.StatusCode": status,
		"UpdateMethodResponseInput.StatusCode":      status,
		"DocumentationPartLocation.StatusCode":      {Pattern: `([1-5]\d\d|\*|\s*)`},
	}
}

// orders are the orders in which AWS recites an enum's values; clients' tests compare the whole text (recorded on AWS).
func orders() map[string][]string {
	return map[string][]string{
		"Op":              {"add", "remove", "move", "test", "replace", "copy"},
		"EndpointType":    {"PRIVATE", "EDGE", "REGIONAL"},
		"IpAddressType":   {"ipv4", "dualstack"},
		"IntegrationType": {"HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"},
		"DocumentationPartType": {"RESPONSE_BODY", "RESPONSE", "METHOD", "MODEL", "AUTHORIZER", "RESPONSE_HEADER", "RESOURCE",
			"PATH_PARAMETER", "REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER"},
	}
}

// emptyIsNull: a response template that was put as "" or null passes the payload through, and is answered as null (recorded on AWS).
func emptyIsNull() map[string]bool {
	return map[string]bool{"IntegrationResponse.ResponseTemplates": true}
}
