package apigateway

import (
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// TestValidators walks the life of a validator, with what it is refused.
func TestValidators(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	v := must[*v1.RequestValidator](t)(w.CreateRequestValidator(w.ctx, &v1.CreateRequestValidatorInput{RestApiId: api, Name: new("v")}))
	if v.Id == nil || *v.ValidateRequestBody || *v.ValidateRequestParameters {
		t.Errorf("made %+v", v)
	}
	for _, tc := range []struct {
		desc          string
		patch         []string
		typ, message  string
		name          string
		body, headers bool
	}{
		{"Both are switched on. [S]", []string{"replace /validateRequestBody true", "replace /validateRequestParameters true"}, "", "", "v", true, true},
		{"A missing value is false. [S]", []string{"replace /validateRequestBody"}, "", "", "v", false, true},
		{"So is one that is no boolean. [S]", []string{"replace /validateRequestParameters maybe"}, "", "", "v", false, false},
		{"A name. [D]", []string{"replace /name w"}, "", "", "w", false, false},
		{"A blank name. [S]", []string{"replace /name  "}, badRequest, "Request Validator name cannot be blank", "w", false, false},
		{"An unknown path. [S]", []string{"replace /validateRequestBody true", "replace /x y"}, badRequest,
			"Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/name, /validateRequestBody, /validateRequestParameters]", "w", false, false},
		{"A verb that is not for it. [S]", []string{"add /name y"}, badRequest, "Invalid patch path  '/name' specified for op 'add'. Please choose supported operations", "w", false, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.UpdateRequestValidator(w.ctx, &v1.UpdateRequestValidatorInput{RestApiId: api, RequestValidatorId: v.Id, PatchOperations: ops(tc.patch...)})
			wantRefusal(t, err, tc.typ, tc.message)
			got := must[*v1.RequestValidator](t)(w.GetRequestValidator(w.ctx, &v1.GetRequestValidatorInput{RestApiId: api, RequestValidatorId: v.Id}))
			if *got.Name != tc.name || *got.ValidateRequestBody != tc.body || *got.ValidateRequestParameters != tc.headers {
				t.Errorf("it is %s %v %v", *got.Name, *got.ValidateRequestBody, *got.ValidateRequestParameters)
			}
		})
	}
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET"), AuthorizationType: new("NONE"), RequestValidatorId: v.Id}))
	remove := func() error {
		return w.DeleteRequestValidator(w.ctx, &v1.DeleteRequestValidatorInput{RestApiId: api, RequestValidatorId: v.Id})
	}
	wantRefusal(t, remove(), inConflict, "Cannot delete request validator '"+*v.Id+"', is referenced in method request: //GET")
	must[*v1.Method](t)(w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET"), PatchOperations: ops("replace /requestValidatorId")}))
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, remove(), notFound, "Invalid Request Validator identifier specified")
	_, err := w.CreateRequestValidator(w.ctx, &v1.CreateRequestValidatorInput{RestApiId: new("nope")})
	wantRefusal(t, err, badRequest, "Invalid REST API identifier specified")
	_, err = w.GetRequestValidators(w.ctx, &v1.GetRequestValidatorsInput{RestApiId: new("nope")})
	wantRefusal(t, err, notFound, "Invalid API identifier specified 123456789012:nope")
	if left := must[*v1.RequestValidators](t)(w.GetRequestValidators(w.ctx, &v1.GetRequestValidatorsInput{RestApiId: api})); len(left.Items) != 0 {
		t.Errorf("left %+v", left.Items)
	}
}
