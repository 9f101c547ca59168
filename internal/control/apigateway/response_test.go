package apigateway

import (
	"fmt"
	"slices"
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// gatewayResponse reads a gateway response.
func (w *world) gatewayResponse(api *string, kind string) *v1.GatewayResponse {
	w.t.Helper()
	return must[*v1.GatewayResponse](w.t)(w.GetGatewayResponse(w.ctx, &v1.GetGatewayResponseInput{RestApiId: api, ResponseType: &kind}))
}

// TestGatewayResponses holds that all types are always listed, and what shines
// through those that are not set.
func TestGatewayResponses(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	all := must[*v1.GatewayResponses](t)(w.GetGatewayResponses(w.ctx, &v1.GetGatewayResponsesInput{RestApiId: api}))
	kind := func(r v1.GatewayResponse) string { return *r.ResponseType }
	if len(all.Items) != 21 || all.Position != nil || !slices.IsSortedFunc(all.Items, func(a, b v1.GatewayResponse) int {
		if kind(a) < kind(b) {
			return -1
		}
		return 1
	}) {
		t.Errorf("listed %d", len(all.Items))
	}
	for _, r := range all.Items {
		if !*r.DefaultResponse || r.ResponseTemplates["application/json"] != `{"message":$context.error.messageString}` {
			t.Errorf("%s is %+v", kind(r), r)
		}
	}
	must[*v1.GatewayResponse](t)(w.PutGatewayResponse(w.ctx, &v1.PutGatewayResponseInput{RestApiId: api, ResponseType: new("DEFAULT_4XX"),
		ResponseParameters: map[string]string{"gatewayresponse.header.A": "'b'"}}))
	if r := w.gatewayResponse(api, "UNAUTHORIZED"); !*r.DefaultResponse || *r.StatusCode != "401" || r.ResponseParameters["gatewayresponse.header.A"] != "'b'" {
		t.Errorf("DEFAULT_4XX does not shine through: %+v", r)
	}
	if r := w.gatewayResponse(api, "INTEGRATION_FAILURE"); len(r.ResponseParameters) != 0 || *r.StatusCode != "504" {
		t.Errorf("DEFAULT_4XX shines through another class: %+v", r)
	}
	must[*v1.GatewayResponse](t)(w.UpdateGatewayResponse(w.ctx, &v1.UpdateGatewayResponseInput{RestApiId: api, ResponseType: new("UNAUTHORIZED"), PatchOperations: ops("replace /statusCode 418")}))
	must[*v1.GatewayResponse](t)(w.UpdateGatewayResponse(w.ctx, &v1.UpdateGatewayResponseInput{RestApiId: api, ResponseType: new("DEFAULT_4XX"), PatchOperations: ops("replace /statusCode 499")}))
	if r := w.gatewayResponse(api, "UNAUTHORIZED"); *r.DefaultResponse || *r.StatusCode != "418" {
		t.Errorf("what was patched is %+v", r)
	}
	if r := w.gatewayResponse(api, "THROTTLED"); !*r.DefaultResponse || *r.StatusCode != "499" {
		t.Errorf("the class's status does not shine through: %+v", r)
	}
	remove := func(kind string) error {
		return w.DeleteGatewayResponse(w.ctx, &v1.DeleteGatewayResponseInput{RestApiId: api, ResponseType: &kind})
	}
	if err := remove("UNAUTHORIZED"); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, remove("UNAUTHORIZED"), notFound, "Gateway response type not defined on api")
	if r := w.gatewayResponse(api, "UNAUTHORIZED"); !*r.DefaultResponse || *r.StatusCode != "499" {
		t.Errorf("what was taken back is %+v", r)
	}
	_, err := w.GetGatewayResponses(w.ctx, &v1.GetGatewayResponsesInput{RestApiId: new("nope")})
	wantRefusal(t, err, notFound, "Invalid API identifier specified 123456789012:nope")
}

// TestGatewayResponsePatches holds what PATCH and PUT refuse, and that a refusal
// sets nothing.
func TestGatewayResponsePatches(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	expression := func(s string) string { return fmt.Sprintf(textExpression, s) }
	for _, tc := range []struct{ desc, patch, typ, message string }{
		{"A status cannot be added. [S]", "add /statusCode 400", badRequest, "Invalid patch path /statusCode"},
		{"An unknown path. [S]", "replace /x y", badRequest, "Invalid patch path /x"},
		{"A path that is missing. [S]", "replace  y", badRequest, "Invalid patch path null"},
		{"A status that is none. [K]", "replace /statusCode 99", badRequest, "Invalid statusCode specified: 99"},
		{"A header without a value. [S]", "add /responseParameters/gatewayresponse.header.A", badRequest, "Invalid null or empty value in responseParameters"},
		{"A header that is not there, removed. [S]", "remove /responseParameters/gatewayresponse.header.A", notFound, "Invalid parameter name specified"},
		{"A header that is not there, replaced. [S]", "replace /responseParameters/gatewayresponse.header.A 'x'", notFound, "Invalid parameter name specified"},
		{"A template that is not there. [S]", "remove /responseTemplates/text~1plain", notFound, "Content-Type specified was not found"},
		{"No header. [S]", "add /responseParameters/header.A 'x'", badRequest, expression("header.A")},
		{"No value of a header. [S]", "add /responseParameters/gatewayresponse.header.A true", badRequest, expression("true")},
		{"A line's end in a header. [K]", "add /responseParameters/gatewayresponse.header.A 'x\r\ny'", badRequest, expression("'x\r\ny'")},
		{"No media type. [S]", "add /responseTemplates/123 {}", badRequest, "Validation Result: warnings : [], errors : [Invalid content type specified: 123]"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.UpdateGatewayResponse(w.ctx, &v1.UpdateGatewayResponseInput{RestApiId: api, ResponseType: new("THROTTLED"), PatchOperations: ops("replace /statusCode 400", tc.patch)})
			wantRefusal(t, err, tc.typ, tc.message)
			if r := w.gatewayResponse(api, "THROTTLED"); !*r.DefaultResponse || *r.StatusCode != "429" {
				t.Errorf("it was set: %+v", r)
			}
		})
	}
	if r := must[*v1.GatewayResponse](t)(w.UpdateGatewayResponse(w.ctx, &v1.UpdateGatewayResponseInput{RestApiId: api, ResponseType: new("THROTTLED")})); !*r.DefaultResponse {
		t.Error("no patches set it")
	}
}
