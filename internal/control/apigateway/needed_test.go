package apigateway

import (
	"testing"

	"gatehouse/internal/control"
	v1 "gatehouse/internal/wire/apigateway"
)

// TestPatchesThatNeedAValue holds that an op whose value is missing or empty
// takes nothing away that a thing does not work without, or that guards it.
func TestPatchesThatNeedAValue(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	r := w.resource(api, root, "test")
	w.method(api, r, "GET")
	proxy := w.resource(api, root, "proxy")
	must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: proxy, HttpMethod: new("GET"), AuthorizationType: new("NONE")}))
	must[*v1.Integration](t)(w.PutIntegration(w.ctx, &v1.PutIntegrationInput{RestApiId: api, ResourceId: proxy, HttpMethod: new("GET"), Type: new("HTTP_PROXY"),
		IntegrationHttpMethod: new("GET"), Uri: new("http://127.0.0.1:1/")}))
	w.deploy(api, v1.CreateDeploymentInput{StageName: new("s")})
	a := must[*v1.Authorizer](t)(w.CreateAuthorizer(w.ctx, &v1.CreateAuthorizerInput{RestApiId: api, Name: new("a"), Type: new("COGNITO_USER_POOLS"),
		IdentitySource: new("method.request.header.Authorization"), ProviderARNs: []string{"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_x"}}))
	v := must[*v1.RequestValidator](t)(w.CreateRequestValidator(w.ctx, &v1.CreateRequestValidatorInput{RestApiId: api, Name: new("v")}))
	m := must[*v1.Model](t)(w.CreateModel(w.ctx, &v1.CreateModelInput{RestApiId: api, Name: new("M"), ContentType: new("application/json"), Schema: new("{}")}))

	name := must[*v1.DomainName](t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: new("needed.example"),
		RegionalCertificateArn: new("arn:aws:acm:us-east-1:123456789012:certificate/c"), EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}}})).DomainName
	must[*v1.BasePathMapping](t)(w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: name, RestApiId: api, Stage: new("s"), BasePath: new("p")}))

	onAPI := func(p []v1.PatchOperation) error {
		_, err := w.UpdateRestApi(w.ctx, &v1.UpdateRestApiInput{RestApiId: api, PatchOperations: p})
		return err
	}
	onResource := func(p []v1.PatchOperation) error {
		_, err := w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: api, ResourceId: r, PatchOperations: p})
		return err
	}
	onMethod := func(p []v1.PatchOperation) error {
		_, err := w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: api, ResourceId: r, HttpMethod: new("GET"), PatchOperations: p})
		return err
	}
	onIntegration := func(p []v1.PatchOperation) error {
		_, err := w.UpdateIntegration(w.ctx, &v1.UpdateIntegrationInput{RestApiId: api, ResourceId: proxy, HttpMethod: new("GET"), PatchOperations: p})
		return err
	}
	onStage := func(p []v1.PatchOperation) error {
		_, err := w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: new("s"), PatchOperations: p})
		return err
	}
	onAuthorizer := func(p []v1.PatchOperation) error {
		_, err := w.UpdateAuthorizer(w.ctx, &v1.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: a.Id, PatchOperations: p})
		return err
	}
	onValidator := func(p []v1.PatchOperation) error {
		_, err := w.UpdateRequestValidator(w.ctx, &v1.UpdateRequestValidatorInput{RestApiId: api, RequestValidatorId: v.Id, PatchOperations: p})
		return err
	}
	onModel := func(p []v1.PatchOperation) error {
		_, err := w.UpdateModel(w.ctx, &v1.UpdateModelInput{RestApiId: api, ModelName: m.Name, PatchOperations: p})
		return err
	}
	onDomain := func(p []v1.PatchOperation) error {
		_, err := w.UpdateDomainName(w.ctx, &v1.UpdateDomainNameInput{DomainName: name, PatchOperations: p})
		return err
	}
	onMapping := func(p []v1.PatchOperation) error {
		_, err := w.UpdateBasePathMapping(w.ctx, &v1.UpdateBasePathMappingInput{DomainName: name, BasePath: new("p"), PatchOperations: p})
		return err
	}
	for _, tc := range []struct {
		desc     string
		on       func([]v1.PatchOperation) error
		op, path string
		absent   bool // an empty value is one
	}{
		{"An API has a name.", onAPI, "replace", "/name", false},
		{"A policy goes only where its end is said.", onAPI, "replace", "/policy", true},
		{"The type of an endpoint.", onAPI, "replace", "/endpointConfiguration/types/EDGE", false},
		{"The address type of an endpoint.", onAPI, "replace", "/endpointConfiguration/ipAddressType", false},
		{"A VPC endpoint.", onAPI, "add", "/endpointConfiguration/vpcEndpointIds", false},
		{"The mode of an endpoint.", onAPI, "replace", "/endpointAccessMode", false},
		{"Where keys come from.", onAPI, "replace", "/apiKeySource", false},
		{"A resource has a part of the path.", onResource, "replace", "/pathPart", false},
		{"A resource has a parent.", onResource, "replace", "/parentId", false},
		{"A method says who may call.", onMethod, "replace", "/authorizationType", false},
		{"A scope.", onMethod, "add", "/authorizationScopes", false},
		{"A model of a body.", onMethod, "add", "/requestModels/application~1json", false},
		{"A backend has an address.", onIntegration, "replace", "/uri", false},
		{"A backend is called by a method.", onIntegration, "replace", "/httpMethod", false},
		{"How it is reached.", onIntegration, "replace", "/connectionType", false},
		{"What passes where no template fits.", onIntegration, "replace", "/passthroughBehavior", false},
		{"How a reply is passed on.", onIntegration, "replace", "/responseTransferMode", false},
		{"How long it may take.", onIntegration, "replace", "/timeoutInMillis", false},
		{"The source of a mapping.", onIntegration, "add", "/requestParameters/integration.request.header.x", false},
		{"A stage serves a deployment.", onStage, "replace", "/deploymentId", false},
		{"All variables at once.", onStage, "replace", "/variables", false},
		{"A variable has a value.", onStage, "add", "/variables/x", false},
		{"The share of a canary.", onStage, "replace", "/canarySettings/percentTraffic", false},
		{"Where the log goes.", onStage, "replace", "/accessLogSettings/destinationArn", false},
		{"The size of a cache.", onStage, "replace", "/cacheClusterSize", false},
		{"A limit.", onStage, "replace", "/*/*/throttling/rateLimit", false},
		{"How much is logged.", onStage, "replace", "/*/*/logging/loglevel", false},
		{"An authorizer has a name.", onAuthorizer, "replace", "/name", false},
		{"An authorizer has a type.", onAuthorizer, "replace", "/type", false},
		{"It asks somebody.", onAuthorizer, "add", "/providerARNs", false},
		{"How long it remembers.", onAuthorizer, "replace", "/authorizerResultTtlInSeconds", false},
		{"A domain's policy goes only where its end is said.", onDomain, "replace", "/policy", true},
		{"That of those who manage it as well.", onDomain, "replace", "/managementPolicy", true},
		{"The address type of a domain.", onDomain, "replace", "/endpointConfiguration/ipAddressType", false},
		{"The type of a domain's endpoint.", onDomain, "replace", "/endpointConfiguration/types/REGIONAL", false},
		{"A further type.", onDomain, "add", "/endpointConfiguration/types", false},
		{"How a domain chooses.", onDomain, "replace", "/routingMode", false},
		{"What a domain's TLS is.", onDomain, "replace", "/securityPolicy", false},
		{"A mapping leads to an API.", onMapping, "replace", "/restApiId", false},
		{"A validator has a name.", onValidator, "replace", "/name", false},
		{"A model has a schema.", onModel, "replace", "/schema", false},
	} {
		for _, value := range []*string{nil, new("")} {
			if value != nil && tc.absent {
				continue
			}
			t.Run(tc.desc, func(t *testing.T) {
				err := tc.on([]v1.PatchOperation{{Op: &tc.op, Path: &tc.path, Value: value}})
				if typ, message := refusal(err); typ != badRequest && typ != notFound {
					t.Errorf("%s %s %q: taken, or %s: %s", tc.op, tc.path, control.Text(value), typ, message)
				}
			})
		}
	}
	if _, err := w.CreateStage(w.ctx, &v1.CreateStageInput{RestApiId: api, StageName: new("t"), DeploymentId: new("")}); err == nil {
		t.Error("a stage without a deployment was made")
	}
	if err := onAPI(ops("replace /policy ")); err != nil {
		t.Errorf("a policy is not taken away: %v", err)
	}
}
