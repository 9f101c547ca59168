package apigateway

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// A patchable is a resource with the paths that AWS's table has for it, and its
// Update operation.
type patchable struct {
	name   string
	paths  []string
	update func([]v1.PatchOperation) error
}

// drop forgets an answer.
func drop[T any](_ T, err error) error { return err }

// patterns are the paths of rules, as they are written.
func patterns[T any](rules []rule[T]) (list []string) {
	for _, r := range rules {
		list = append(list, r.path)
	}
	return list
}

// everything makes one of each resource that can be patched.
func (w *world) everything() []patchable {
	w.t.Helper()
	api, root := w.api()
	get, ok := new("GET"), new("200")
	r := w.resource(api, root, "r")
	w.method(api, r, "GET")
	d := must[*v1.Deployment](w.t)(w.CreateDeployment(w.ctx, &v1.CreateDeploymentInput{RestApiId: api, StageName: new("s")})).Id
	w.model(api, "Own", "{}")
	a := w.authorizer(api, "a", requestAuthorizer).Id
	v := must[*v1.RequestValidator](w.t)(w.CreateRequestValidator(w.ctx, &v1.CreateRequestValidatorInput{RestApiId: api})).Id
	link := w.link()
	cert := must[*v1.ClientCertificate](w.t)(w.GenerateClientCertificate(w.ctx, &v1.GenerateClientCertificateInput{})).ClientCertificateId
	type list = []v1.PatchOperation
	return []patchable{
		{"RestApi", patterns(apiRules()), func(l list) error {
			return drop(w.UpdateRestApi(w.ctx, &v1.UpdateRestApiInput{RestApiId: api, PatchOperations: l}))
		}},
		{"Resource", patterns(resourceRules()), func(l list) error {
			return drop(w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: api, ResourceId: r, PatchOperations: l}))
		}},
		{"Method", patterns(methodRules()), func(l list) error {
			return drop(w.UpdateMethod(w.ctx, &v1.UpdateMethodInput{RestApiId: api, ResourceId: r, HttpMethod: get, PatchOperations: l}))
		}},
		{"MethodResponse", patterns(methodResponseRules()), func(l list) error {
			return drop(w.UpdateMethodResponse(w.ctx, &v1.UpdateMethodResponseInput{RestApiId: api, ResourceId: r, HttpMethod: get, StatusCode: ok, PatchOperations: l}))
		}},
		{"Integration", patterns(integrationRules()), func(l list) error {
			return drop(w.UpdateIntegration(w.ctx, &v1.UpdateIntegrationInput{RestApiId: api, ResourceId: r, HttpMethod: get, PatchOperations: l}))
		}},
		{"IntegrationResponse", patterns(answerRules()), func(l list) error {
			return drop(w.UpdateIntegrationResponse(w.ctx, &v1.UpdateIntegrationResponseInput{RestApiId: api, ResourceId: r, HttpMethod: get, StatusCode: ok, PatchOperations: l}))
		}},
		{"Deployment", []string{"/description"}, func(l list) error {
			return drop(w.UpdateDeployment(w.ctx, &v1.UpdateDeploymentInput{RestApiId: api, DeploymentId: d, PatchOperations: l}))
		}},
		{"Stage", patterns(stageRules()), func(l list) error {
			return drop(w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: new("s"), PatchOperations: l}))
		}},
		{"Model", patterns(modelRules()), func(l list) error {
			return drop(w.UpdateModel(w.ctx, &v1.UpdateModelInput{RestApiId: api, ModelName: new("Own"), PatchOperations: l}))
		}},
		{"Authorizer", patterns(authorizerRules()), func(l list) error {
			return drop(w.UpdateAuthorizer(w.ctx, &v1.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: a, PatchOperations: l}))
		}},
		{"RequestValidator", patterns(validatorRules()), func(l list) error {
			return drop(w.UpdateRequestValidator(w.ctx, &v1.UpdateRequestValidatorInput{RestApiId: api, RequestValidatorId: v, PatchOperations: l}))
		}},
		{"GatewayResponse", patterns(responseRules()), func(l list) error {
			return drop(w.UpdateGatewayResponse(w.ctx, &v1.UpdateGatewayResponseInput{RestApiId: api, ResponseType: new("THROTTLED"), PatchOperations: l}))
		}},
		{"VpcLink", patterns(linkRules()), func(l list) error {
			return drop(w.UpdateVpcLink(w.ctx, &v1.UpdateVpcLinkInput{VpcLinkId: link, PatchOperations: l}))
		}},
		{"ClientCertificate", patterns(certificateRules()), func(l list) error {
			return drop(w.UpdateClientCertificate(w.ctx, &v1.UpdateClientCertificateInput{ClientCertificateId: cert, PatchOperations: l}))
		}},
		{"Account", patterns(accountRules()), func(l list) error {
			return drop(w.UpdateAccount(w.ctx, &v1.UpdateAccountInput{PatchOperations: l}))
		}},
	}
}

// revision is that of the store.
func (w *world) revision() uint64 {
	r, err := w.desk.Store.Scan(w.ctx, "nothing/", func(store.Doc) error { return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// try patches, and holds that what is refused is refused as AWS would and has
// changed nothing, and that all else is one commit.
func (w *world) try(t *testing.T, p *patchable, list []v1.PatchOperation) error {
	before := w.revision()
	err := p.update(list)
	after := w.revision()
	var e *wire.Error
	switch {
	case err == nil && after > before+1:
		t.Errorf("%s: %d commits", p.name, after-before)
	case err == nil:
	case after != before:
		t.Errorf("%s: refused (%v), and something was changed", p.name, err)
	case !errors.As(err, &e) || !slices.Contains([]string{badRequest, notFound, inConflict}, e.Type):
		t.Errorf("%s: %v is no refusal of AWS's", p.name, err)
	}
	return err
}

// TestPatchesAreWhole holds, for each resource, path, verb and kind of value,
// that a PATCH which ends in an operation that is refused changes nothing, and
// that nothing is refused but as AWS would.
func TestPatchesAreWhole(t *testing.T) {
	w := newWorld(t)
	values := []*string{nil, new(""), new("true"), new(`{"a":"b"}`), new("inf"), new(strings.Repeat("é", 3000))}
	for _, p := range w.everything() {
		t.Run(p.name, func(t *testing.T) {
			for _, path := range append(p.paths, "", "/", "//", "/~", "/~2", "/nope", "nope", "/*", "/**/x") {
				path = strings.NewReplacer("**", "~1r/GET", "*", "x~1y").Replace(path)
				for _, verb := range []string{"add", "replace", "remove", "copy", "move", "test"} {
					for i, value := range values {
						if i > 0 && verbs(verb) == 0 {
							break // no path supports it, whatever the value
						}
						o := v1.PatchOperation{Op: &verb, Path: &path, Value: value}
						if err := w.try(t, &p, []v1.PatchOperation{o, {Op: new("move"), Path: new("/nope")}}); err == nil {
							t.Errorf("%s %s: was not refused", verb, path)
						}
						_ = w.try(t, &p, []v1.PatchOperation{o})
					}
				}
			}
		})
	}
}

// FuzzPatch patches every resource with whatever comes: a line an operation, as
// ops reads it.
func FuzzPatch(f *testing.F) {
	f.Add(uint8(0), "replace /binaryMediaTypes/a~1b c/d\nadd /name")
	f.Add(uint8(2), "add /requestParameters/method.request.header.X true")
	f.Add(uint8(4), "replace /requestParameters/integration.request.header.X 'x'")
	f.Add(uint8(7), "replace /*/*/throttling/rateLimit NaN\ncopy /deploymentId\nremove /~1r/GET")
	f.Add(uint8(7), "replace /canarySettings/percentTraffic 10\nreplace /canarySettings/stageVariableOverrides null")
	f.Add(uint8(8), "replace /schema {\"$ref\":\"#\"}")
	f.Add(uint8(9), "add /providerARNs "+pool+"\nreplace /type COGNITO_USER_POOLS")
	f.Add(uint8(11), "add /responseTemplates/application~1json {}")
	w := newWorld(f)
	all := w.everything()
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		p := &all[int(which)%len(all)]
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if !strings.Contains(line, " ") {
				lines[i] = line + " "
			}
		}
		_ = w.try(t, p, ops(lines...))
	})
}
