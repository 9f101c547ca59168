package flow

import (
	"slices"
	"testing"
	"time"

	"gatehouse/internal/gate"
)

// TestRESTContext is the table of variables whose value differs on REST APIs or
// that only these have (runtime 5.1 and 1.2).
func TestRESTContext(t *testing.T) {
	x := new(Exchange)
	x.Begin(t.Context(), time.Unix(1583348638, 0))
	x.API = &gate.API{ID: "abc", Protocol: gate.REST}
	x.Stage = &gate.Stage{Name: "prod", Deployment: "d1", Canary: &gate.Canary{}}
	x.Route = &gate.Route{Key: "GET /pets/{id}", Method: &gate.Method{Resource: "res1"},
		Integration: &gate.Integration{Shape: &gate.Shape{Stream: true}}}
	x.In.Header.Add("x-amzn-RequestId", "c6d3f2a1-0b1c-4d5e-8f90-a1b2c3d4e5f6")
	x.Path, x.Full = "/pets/7/", "/prod//pets/7/"
	x.Rule = &gate.RoutingRule{ID: "rule1"}
	x.Event.Backend.Called = true
	x.Event.Fault = gate.Fail(gate.IntegrationTimeout, nil)
	x.Identify()
	for _, tc := range []struct{ name, want string }{
		{"requestId", "c6d3f2a1-0b1c-4d5e-8f90-a1b2c3d4e5f6"},
		{"extendedRequestId", x.ID},
		{"path", "/prod//pets/7/"},
		{"resourcePath", "/pets/{id}"},
		{"resourceId", "res1"},
		{"deploymentId", "d1"},
		{"isCanaryRequest", "false"},
		{"endpointType", "REGIONAL"},
		{"customDomain.routingRuleIdMatched", "rule1"},
		{"integration.responseTransferMode", "STREAMED"},
		{"error.message", "Endpoint request timed out"},
		{"error.messageString", ` "Endpoint request timed out"`},
		{"error.responseType", "INTEGRATION_TIMEOUT"},
		{"tlsVersion", ""},
		{"identity.apiKey", ""},
		{"responseOverride.header.X", ""},
	} {
		v, ok := RESTContext(tc.name)
		if !ok {
			t.Errorf("%s is not known", tc.name)
			continue
		}
		got, ok := v([]byte(">"), x)
		if string(got) != ">"+tc.want || ok != (tc.want != "") {
			t.Errorf("%s is %q, %v", tc.name, got, ok)
		}
	}
}

// TestEveryNameOfRESTIsKnown, and those of HTTP APIs alone are not.
func TestEveryNameOfRESTIsKnown(t *testing.T) {
	names := RESTContextNames()
	if !slices.IsSorted(names) {
		t.Error("the names are not sorted")
	}
	for _, name := range names {
		if _, ok := RESTContext(name); !ok {
			t.Errorf("%s is listed and not known", name)
		}
	}
	for _, name := range []string{"routeKey", "dataProcessed", "awsEndpointRequestId2", "identity.cognitoAmr", "nothing", "error.nothing", "authorizer.", "authorize.nothing"} {
		if _, ok := RESTContext(name); ok {
			t.Errorf("%s is known", name)
		}
	}
	canary, _ := RESTContext("isCanaryRequest")
	for _, s := range []*gate.Stage{nil, {Name: "prod"}} { // [R] 1.11: only stages with a canary have it
		if v, ok := canary(nil, &Exchange{Stage: s}); ok || len(v) > 0 {
			t.Errorf("isCanaryRequest of stage %v is %q", s, v)
		}
	}
	for _, name := range []string{"resourceId", "isCanaryRequest", "identity.apiKey"} {
		if _, ok := Context(name); ok {
			t.Errorf("HTTP APIs know %s", name)
		}
	}
}
