package flow

import (
	"strconv"
	"strings"

	"gatehouse/internal/gate"
)

// RESTContext is Context for the names that REST APIs have (developer guide,
// "$context variables for data models, authorizers, mapping templates, and
// CloudWatch access logging"). Where both kinds of API have a name, it is the
// same variable.
func RESTContext(name string) (v Variable, ok bool) {
	group, rest, nested := strings.Cut(name, ".")
	if !nested {
		return plainREST(name)
	}
	switch group {
	case "identity":
		return identityREST(rest)
	case "error":
		if rest == "validationErrorString" {
			return absent, true // of validation
		}
	case "integration":
		switch rest {
		case "responseTransferMode":
			return transferMode, true
		case "timeToAllHeaders", "timeToFirstContent":
			return integrationVariable("latency")
		}
	case "authorizer", "requestOverride", "responseOverride":
		return absent, rest != ""
	case "authorize", "authenticate", "waf":
		return absent, rest == "error" || rest == "latency" || rest == "status"
	case "customDomain":
		if rest == "routingRuleIdMatched" {
			return text(func(x *Exchange) string {
				if x.Rule == nil {
					return ""
				}
				return x.Rule.ID
			}), true
		}
	}
	return Context(name)
}

func plainREST(name string) (Variable, bool) {
	switch name {
	case "routeKey", "dataProcessed", "awsEndpointRequestId2":
		return nil, false // words of HTTP APIs
	case "cipherSuite", "tlsVersion":
		return tlsVariable(name), true
	case "deploymentId":
		return text(func(x *Exchange) string {
			if x.Stage == nil {
				return ""
			}
			return string(x.Stage.Deployment)
		}), true
	case "endpointType":
		return text(func(*Exchange) string { return "REGIONAL" }), true // there is no other way in
	case "isCanaryRequest":
		return canary, true
	case "resourceId":
		return ofMethod(func(_ *gate.Route, m *gate.Method) string { return m.Resource }), true
	case "wafResponseCode", "webaclArn", "xrayTraceId":
		return absent, true // parts of AWS that are not here
	}
	return plainVariable(name)
}

// identityREST is $context.identity.* of REST APIs.
func identityREST(name string) (Variable, bool) {
	switch name {
	case "apiKey", "apiKeyId", "vpcId", "vpceId":
		return absent, true // of callers that are not known yet
	case "cognitoAmr":
		return nil, false
	}
	return identityVariable(name)
}

// canary is whether the canary served the request; it is absent on stages that
// have none (runtime 1.11: recorded).
func canary(dst []byte, x *Exchange) ([]byte, bool) {
	if x.Stage == nil || x.Stage.Canary == nil {
		return dst, false
	}
	return strconv.AppendBool(dst, x.Canary), true
}

// transferMode is how the reply of the integration comes (runtime 1.19).
func transferMode(dst []byte, x *Exchange) ([]byte, bool) {
	if x.Route == nil || x.Route.Integration == nil || !x.Event.Backend.Called {
		return dst, false
	}
	if s := x.Route.Integration.Shape; s != nil && s.Stream {
		return append(dst, "STREAMED"...), true
	}
	return append(dst, "BUFFERED"...), true
}
