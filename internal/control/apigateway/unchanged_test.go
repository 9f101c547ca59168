package apigateway

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "gatehouse/internal/wire/apigateway"
)

// unchanged holds that a call is refused with one of these types, and that the
// store is what it was, byte by byte.
func (w *world) unchanged(t *testing.T, call func() error, types ...string) {
	t.Helper()
	before := w.dump()
	typ, message := refusal(call())
	if !slices.Contains(types, typ) {
		t.Errorf("got %q: %s, want one of %q", typ, message, types)
	}
	if after := w.dump(); !maps.Equal(before, after) {
		t.Errorf("something was changed: %s", cmp.Diff(before, after))
	}
}

// A whole is an API with one of everything that an id can name.
type whole struct {
	api, root, parent, resource, authorizer, validator, deployment *string
	stage, model                                                   *string
}

// newWhole makes one. The names of what has no id begin with name.
func (w *world) newWhole(name string) *whole {
	w.t.Helper()
	a := &whole{stage: new(name + "stage"), model: new(name + "model")}
	a.api, a.root = w.api()
	a.parent = w.resource(a.api, a.root, name+"parent")
	a.resource = w.resource(a.api, a.parent, name+"child")
	w.method(a.api, a.resource, "GET")
	a.authorizer = w.authorizer(a.api, name, requestAuthorizer).Id
	a.validator = must[*v1.RequestValidator](w.t)(w.CreateRequestValidator(w.ctx, &v1.CreateRequestValidatorInput{RestApiId: a.api})).Id
	w.model(a.api, *a.model, "{}")
	a.deployment = w.deploy(a.api, v1.CreateDeploymentInput{StageName: a.stage}).Id
	return a
}

// TestForeignIDs calls each operation that takes the id of a part of an API with
// that of another API's part.
func TestForeignIDs(t *testing.T) {
	w := newWorld(t)
	a, b := w.newWhole("a"), w.newWhole("b")
	w.regionalDomain("a.example")
	w.mapping("a.example", "mapped", a.api, *a.stage)
	get, ok := new("GET"), new("200")
	replace := func(path string, value *string) []v1.PatchOperation { return ops("replace " + path + " " + *value) }
	for _, tc := range []struct {
		desc string
		call func() error
	}{
		{"CreateResource: the parent.", func() error {
			return drop(w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: a.api, ParentId: b.parent, PathPart: new("x")}))
		}},
		{"CreateResource: the root of the other.", func() error {
			return drop(w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: a.api, ParentId: b.root, PathPart: new("x")}))
		}},
		{"GetResource.", func() error {
			return drop(w.GetResource(w.ctx, &v1.GetResourceInput{RestApiId: a.api, ResourceId: b.resource}))
		}},
		{"UpdateResource.", func() error {
			return drop(w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: a.api, ResourceId: b.resource, PatchOperations: ops("replace /pathPart x")}))
		}},
		{"UpdateResource: the new parent.", func() error {
			return drop(w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: a.api, ResourceId: a.resource, PatchOperations: replace("/parentId", b.parent)}))
		}},
		{"DeleteResource.", func() error {
			return w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: a.api, ResourceId: b.resource})
		}},
		{"PutMethod.", func() error {
			return drop(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: new("POST"), AuthorizationType: new("NONE")}))
		}},
		{"PutMethod: the authorizer.", func() error {
			return drop(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: new("POST"), AuthorizationType: new("CUSTOM"), AuthorizerId: b.authorizer}))
		}},
		{"PutMethod: the validator.", func() error {
			return drop(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: new("POST"), AuthorizationType: new("NONE"), RequestValidatorId: b.validator}))
		}},
		{"PutMethod: the model.", func() error {
			return drop(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: new("POST"), AuthorizationType: new("NONE"), RequestModels: map[string]string{"application/json": *b.model}}))
		}},
		{"GetMethod.", func() error {
			return drop(w.GetMethod(w.ctx, &v1.GetMethodInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get}))
		}},
		{"UpdateMethod.", func() error {
			return drop(w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, PatchOperations: ops("replace /apiKeyRequired true")}))
		}},
		{"UpdateMethod: the authorizer.", func() error {
			return drop(w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: get,
				PatchOperations: append(ops("replace /authorizationType CUSTOM"), replace("/authorizerId", b.authorizer)...)}))
		}},
		{"UpdateMethod: the validator.", func() error {
			return drop(w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: get, PatchOperations: replace("/requestValidatorId", b.validator)}))
		}},
		{"UpdateMethod: the model.", func() error {
			return drop(w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: get, PatchOperations: replace("/requestModels/application~1json", b.model)}))
		}},
		{"DeleteMethod.", func() error {
			return w.DeleteMethod(w.ctx, &v1.DeleteMethodInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get})
		}},
		{"PutMethodResponse.", func() error {
			return drop(w.PutMethodResponse(w.ctx, &v1.PutMethodResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: new("201")}))
		}},
		{"PutMethodResponse: the model.", func() error {
			return drop(w.PutMethodResponse(w.ctx, &v1.PutMethodResponseInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: get, StatusCode: new("201"), ResponseModels: map[string]string{"application/json": *b.model}}))
		}},
		{"GetMethodResponse.", func() error {
			return drop(w.GetMethodResponse(w.ctx, &v1.GetMethodResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok}))
		}},
		{"UpdateMethodResponse.", func() error {
			return drop(w.UpdateMethodResponse(w.ctx, &v1.UpdateMethodResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok, PatchOperations: ops("add /responseParameters/method.response.header.x false")}))
		}},
		{"UpdateMethodResponse: the model.", func() error {
			return drop(w.UpdateMethodResponse(w.ctx, &v1.UpdateMethodResponseInput{RestApiId: a.api, ResourceId: a.resource, HttpMethod: get, StatusCode: ok, PatchOperations: replace("/responseModels/application~1json", b.model)}))
		}},
		{"DeleteMethodResponse.", func() error {
			return w.DeleteMethodResponse(w.ctx, &v1.DeleteMethodResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok})
		}},
		{"PutIntegration.", func() error {
			return drop(w.PutIntegration(w.ctx, &v1.PutIntegrationInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, Type: new(typeMock)}))
		}},
		{"GetIntegration.", func() error {
			return drop(w.GetIntegration(w.ctx, &v1.GetIntegrationInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get}))
		}},
		{"UpdateIntegration.", func() error {
			return drop(w.UpdateIntegration(w.ctx, &v1.UpdateIntegrationInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, PatchOperations: ops("replace /timeoutInMillis 50")}))
		}},
		{"DeleteIntegration.", func() error {
			return w.DeleteIntegration(w.ctx, &v1.DeleteIntegrationInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get})
		}},
		{"PutIntegrationResponse.", func() error {
			return drop(w.PutIntegrationResponse(w.ctx, &v1.PutIntegrationResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok}))
		}},
		{"GetIntegrationResponse.", func() error {
			return drop(w.GetIntegrationResponse(w.ctx, &v1.GetIntegrationResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok}))
		}},
		{"UpdateIntegrationResponse.", func() error {
			return drop(w.UpdateIntegrationResponse(w.ctx, &v1.UpdateIntegrationResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok, PatchOperations: ops("replace /selectionPattern x")}))
		}},
		{"DeleteIntegrationResponse.", func() error {
			return w.DeleteIntegrationResponse(w.ctx, &v1.DeleteIntegrationResponseInput{RestApiId: a.api, ResourceId: b.resource, HttpMethod: get, StatusCode: ok})
		}},
		{"GetDeployment.", func() error {
			return drop(w.GetDeployment(w.ctx, &v1.GetDeploymentInput{RestApiId: a.api, DeploymentId: b.deployment}))
		}},
		{"UpdateDeployment.", func() error {
			return drop(w.UpdateDeployment(w.ctx, &v1.UpdateDeploymentInput{RestApiId: a.api, DeploymentId: b.deployment, PatchOperations: ops("replace /description x")}))
		}},
		{"DeleteDeployment.", func() error {
			return w.DeleteDeployment(w.ctx, &v1.DeleteDeploymentInput{RestApiId: a.api, DeploymentId: b.deployment})
		}},
		{"CreateStage: the deployment.", func() error {
			return drop(w.CreateStage(w.ctx, &v1.CreateStageInput{RestApiId: a.api, StageName: new("x"), DeploymentId: b.deployment}))
		}},
		{"CreateStage: the canary's deployment.", func() error {
			return drop(w.CreateStage(w.ctx, &v1.CreateStageInput{RestApiId: a.api, StageName: new("x"), DeploymentId: a.deployment, CanarySettings: &v1.CanarySettings{DeploymentId: b.deployment}}))
		}},
		{"GetStage.", func() error {
			return drop(w.GetStage(w.ctx, &v1.GetStageInput{RestApiId: a.api, StageName: b.stage}))
		}},
		{"UpdateStage.", func() error {
			return drop(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: a.api, StageName: b.stage, PatchOperations: ops("replace /description x")}))
		}},
		{"UpdateStage: the deployment.", func() error {
			return drop(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: a.api, StageName: a.stage, PatchOperations: replace("/deploymentId", b.deployment)}))
		}},
		{"UpdateStage: the canary's deployment.", func() error {
			return drop(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: a.api, StageName: a.stage, PatchOperations: replace("/canarySettings/deploymentId", b.deployment)}))
		}},
		{"DeleteStage.", func() error {
			return w.DeleteStage(w.ctx, &v1.DeleteStageInput{RestApiId: a.api, StageName: b.stage})
		}},
		{"FlushStageCache.", func() error {
			return w.FlushStageCache(w.ctx, &v1.FlushStageCacheInput{RestApiId: a.api, StageName: b.stage})
		}},
		{"FlushStageAuthorizersCache.", func() error {
			return w.FlushStageAuthorizersCache(w.ctx, &v1.FlushStageAuthorizersCacheInput{RestApiId: a.api, StageName: b.stage})
		}},
		{"GetAuthorizer.", func() error {
			return drop(w.GetAuthorizer(w.ctx, &v1.GetAuthorizerInput{RestApiId: a.api, AuthorizerId: b.authorizer}))
		}},
		{"UpdateAuthorizer.", func() error {
			return drop(w.UpdateAuthorizer(w.ctx, &v1.UpdateAuthorizerInput{RestApiId: a.api, AuthorizerId: b.authorizer, PatchOperations: ops("replace /name x")}))
		}},
		{"DeleteAuthorizer.", func() error {
			return w.DeleteAuthorizer(w.ctx, &v1.DeleteAuthorizerInput{RestApiId: a.api, AuthorizerId: b.authorizer})
		}},
		{"GetRequestValidator.", func() error {
			return drop(w.GetRequestValidator(w.ctx, &v1.GetRequestValidatorInput{RestApiId: a.api, RequestValidatorId: b.validator}))
		}},
		{"UpdateRequestValidator.", func() error {
			return drop(w.UpdateRequestValidator(w.ctx, &v1.UpdateRequestValidatorInput{RestApiId: a.api, RequestValidatorId: b.validator, PatchOperations: ops("replace /name x")}))
		}},
		{"DeleteRequestValidator.", func() error {
			return w.DeleteRequestValidator(w.ctx, &v1.DeleteRequestValidatorInput{RestApiId: a.api, RequestValidatorId: b.validator})
		}},
		{"CreateModel: a reference.", func() error {
			return drop(w.CreateModel(w.ctx, &v1.CreateModelInput{RestApiId: a.api, Name: new("x"), ContentType: new("application/json"), Schema: new(modelRef(a.api, *b.model))}))
		}},
		{"CreateModel: a reference into the other API.", func() error {
			return drop(w.CreateModel(w.ctx, &v1.CreateModelInput{RestApiId: a.api, Name: new("x"), ContentType: new("application/json"), Schema: new(modelRef(b.api, *b.model))}))
		}},
		{"GetModel.", func() error {
			return drop(w.GetModel(w.ctx, &v1.GetModelInput{RestApiId: a.api, ModelName: b.model}))
		}},
		{"GetModelTemplate.", func() error {
			return drop(w.GetModelTemplate(w.ctx, &v1.GetModelTemplateInput{RestApiId: a.api, ModelName: b.model}))
		}},
		{"UpdateModel.", func() error {
			return drop(w.UpdateModel(w.ctx, &v1.UpdateModelInput{RestApiId: a.api, ModelName: b.model, PatchOperations: ops("replace /description x")}))
		}},
		{"DeleteModel.", func() error {
			return w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: a.api, ModelName: b.model})
		}},
		{"CreateBasePathMapping: the stage.", func() error {
			return drop(w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: new("a.example"), BasePath: new("x"), RestApiId: a.api, Stage: b.stage}))
		}},
		{"UpdateBasePathMapping: the stage.", func() error {
			return drop(w.UpdateBasePathMapping(w.ctx, &v1.UpdateBasePathMappingInput{DomainName: new("a.example"), BasePath: new("mapped"), PatchOperations: replace("/stage", b.stage)}))
		}},
		{"UpdateBasePathMapping: the API, which has no such stage.", func() error {
			return drop(w.UpdateBasePathMapping(w.ctx, &v1.UpdateBasePathMappingInput{DomainName: new("a.example"), BasePath: new("mapped"), PatchOperations: replace("/restapiId", b.api)}))
		}},
	} {
		t.Run(tc.desc, func(t *testing.T) { w.unchanged(t, tc.call, badRequest, notFound) })
	}
}

// TestRefusalsChangeNothing is the table of conflicts between siblings, and of
// deletes of what something else still uses.
func TestRefusalsChangeNothing(t *testing.T) {
	w := newWorld(t)
	a := w.newWhole("a")
	api := a.api
	other := w.resource(api, a.root, "other")
	variable := w.resource(api, other, "{id}")
	greedy := w.resource(api, a.root, "{proxy+}")
	free := w.authorizer(api, "free", requestAuthorizer)
	link := w.link()
	certificate := must[*v1.ClientCertificate](t)(w.GenerateClientCertificate(w.ctx, &v1.GenerateClientCertificateInput{})).ClientCertificateId
	canary := w.deploy(api, v1.CreateDeploymentInput{StageName: a.stage, CanarySettings: &v1.DeploymentCanarySettings{}}).Id
	w.patchStage(api, *a.stage, set("/clientCertificateId", *certificate))
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: other, HttpMethod: new("GET"), AuthorizationType: new("CUSTOM"), AuthorizerId: a.authorizer,
		RequestValidatorId: a.validator, RequestModels: map[string]string{"application/json": *a.model}}))
	if err := w.through(api, other, *link); err != nil {
		t.Fatal(err)
	}
	w.model(api, "aim", "{}")
	w.model(api, "user", modelRef(api, "aim"))
	must[*v1.RestApi](t)(w.CreateRestApi(w.ctx, &v1.CreateRestApiInput{Name: new("x"), Tags: map[string]string{"_custom_id_": "mine"}}))
	bare, root := w.api()
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: bare, ResourceId: root, HttpMethod: new("GET"), AuthorizationType: new("NONE")}))
	resource := func(parent *string, part string) func() error {
		return func() error {
			return drop(w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: &part}))
		}
	}
	move := func(id *string, list ...string) func() error {
		return func() error {
			return drop(w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: api, ResourceId: id, PatchOperations: ops(list...)}))
		}
	}
	for _, tc := range []struct {
		desc, typ string
		call      func() error
	}{
		{"A literal beside one of its name.", inConflict, resource(a.root, "other")},
		{"A variable beside a variable.", badRequest, resource(other, "{name}")},
		{"A variable beside a greedy one.", badRequest, resource(a.root, "{name}")},
		{"A child of a greedy one.", badRequest, resource(greedy, "x")},
		{"A new name that a sibling has.", inConflict, move(a.parent, "replace /pathPart other")},
		{"A new name that is a sibling's variable.", badRequest, move(a.parent, "replace /pathPart {x}")},
		{"A move to where the name is taken.", inConflict, move(a.resource, "replace /pathPart other", "replace /parentId "+*a.root)},
		{"A move of a variable beside a greedy one.", badRequest, move(variable, "replace /parentId "+*a.root)},
		{"A move below a greedy one.", badRequest, move(other, "replace /parentId "+*greedy)},
		{"A move below oneself.", badRequest, move(other, "replace /parentId "+*variable)},
		{"A half of a move that is refused in its second half.", badRequest, move(other, "replace /pathPart x", "replace /parentId "+*greedy)},
		{"The root goes nowhere.", badRequest, func() error {
			return w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: a.root})
		}},
		{"A method twice.", inConflict, func() error {
			return drop(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: other, HttpMethod: new("GET"), AuthorizationType: new("NONE")}))
		}},
		{"A method response twice.", inConflict, func() error {
			return drop(w.PutMethodResponse(w.ctx, &v1.PutMethodResponseInput{RestApiId: api, ResourceId: a.resource, HttpMethod: new("GET"), StatusCode: new("200")}))
		}},
		{"A stage twice.", inConflict, func() error {
			return drop(w.CreateStage(w.ctx, &v1.CreateStageInput{RestApiId: api, StageName: a.stage, DeploymentId: a.deployment}))
		}},
		{"A model twice.", inConflict, func() error {
			return drop(w.CreateModel(w.ctx, &v1.CreateModelInput{RestApiId: api, Name: a.model, ContentType: new("application/json"), Schema: new("{}")}))
		}},
		{"An authorizer's name twice.", badRequest, func() error {
			return drop(w.CreateAuthorizer(w.ctx, &v1.CreateAuthorizerInput{RestApiId: api, Name: free.Name, Type: new(requestAuthorizer), AuthorizerUri: new(function), IdentitySource: new(bearer)}))
		}},
		{"A new name that an authorizer has.", badRequest, func() error {
			return drop(w.UpdateAuthorizer(w.ctx, &v1.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: a.authorizer, PatchOperations: ops("replace /name free")}))
		}},
		{"An id that an API has.", inConflict, func() error {
			return drop(w.CreateRestApi(w.ctx, &v1.CreateRestApiInput{Name: new("x"), Tags: map[string]string{"_custom_id_": "mine"}}))
		}},
		{"A stage of no deployment.", badRequest, func() error {
			return drop(w.CreateStage(w.ctx, &v1.CreateStageInput{RestApiId: api, StageName: new("x"), DeploymentId: new("")}))
		}},
		{"A stage whose deployment is taken away.", badRequest, func() error {
			return drop(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: a.stage, PatchOperations: ops("replace /deploymentId ")}))
		}},
		{"The deployment of a stage.", badRequest, func() error {
			return w.DeleteDeployment(w.ctx, &v1.DeleteDeploymentInput{RestApiId: api, DeploymentId: a.deployment})
		}},
		{"The deployment of a canary.", badRequest, func() error {
			return w.DeleteDeployment(w.ctx, &v1.DeleteDeploymentInput{RestApiId: api, DeploymentId: canary})
		}},
		{"The authorizer of a method.", inConflict, func() error {
			return w.DeleteAuthorizer(w.ctx, &v1.DeleteAuthorizerInput{RestApiId: api, AuthorizerId: a.authorizer})
		}},
		{"The validator of a method.", inConflict, func() error {
			return w.DeleteRequestValidator(w.ctx, &v1.DeleteRequestValidatorInput{RestApiId: api, RequestValidatorId: a.validator})
		}},
		{"The model of a method.", inConflict, func() error {
			return w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: a.model})
		}},
		{"The model of a model.", inConflict, func() error {
			return w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: new("aim")})
		}},
		{"The link of an integration.", badRequest, func() error {
			return w.DeleteVpcLink(w.ctx, &v1.DeleteVpcLinkInput{VpcLinkId: link})
		}},
		{"The certificate of a stage.", badRequest, func() error {
			return w.DeleteClientCertificate(w.ctx, &v1.DeleteClientCertificateInput{ClientCertificateId: certificate})
		}},
		{"A certificate that is not there, for a stage.", badRequest, func() error {
			return drop(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: a.stage, PatchOperations: ops("replace /clientCertificateId none")}))
		}},
		{"A deployment of a method without an integration.", badRequest, func() error {
			return drop(w.CreateDeployment(w.ctx, &v1.CreateDeploymentInput{RestApiId: bare, StageName: new("x"), Variables: map[string]string{"v": "1"}}))
		}},
	} {
		t.Run(tc.desc, func(t *testing.T) { w.unchanged(t, tc.call, tc.typ) })
	}
}
