package apigateway

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v1 "gatehouse/internal/wire/apigateway"
)

// A play is the story of one API, told through the operations with every member
// set. What it notes is what acts: refusals, the definitions that deployments
// freeze, what is live of stages, and what was found. Answers that only repeat
// a member are no effect and are not noted.
type play struct {
	*world
	drop  func(operation string, in reflect.Value) // takes a member out of an input
	notes []string
	ids   []string // as they were generated, which differs from run to run
}

// TestEnforced holds that every field which docs/coverage.md calls enforced
// acts: without it the play ends otherwise. Told twice alike, it ends alike.
func TestEnforced(t *testing.T) {
	whole := perform(t, nil)
	if again := perform(t, nil); again != whole {
		t.Fatalf("the play is not the same twice:\n%s\n\n%s", whole, again)
	}
	for name, fields := range resources {
		for path, f := range fields {
			if f.Class != control.Enforced {
				continue
			}
			t.Run(name+"."+path, func(t *testing.T) {
				dropped := false
				without := perform(t, func(operation string, in reflect.Value) {
					if reflect.ValueOf(operations[operation]).Pointer() == reflect.ValueOf(fields).Pointer() {
						dropped = strike(in, path) || dropped
					}
				})
				if !dropped {
					t.Fatal("the play does not send it")
				}
				if without == whole {
					t.Error("nothing changes without it")
				}
			})
		}
	}
}

// strike takes the member at a path out of a structure of the wire and reports
// whether it was there.
func strike(v reflect.Value, path string) (found bool) {
	head, rest, more := strings.Cut(path, ".")
	v = reflect.Indirect(v)
	if head == "*" {
		for i := range v.Len() {
			found = strike(v.Index(i), rest) || found
		}
		return found
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("wire"), ",")
		f := v.Field(i)
		if name != head || f.IsZero() {
			continue
		}
		if more {
			return strike(f, rest) || found
		}
		// A label that shares its name with a member of the body goes with it.
		f.SetZero()
		found = true
	}
	return found
}

func perform(t *testing.T, drop func(string, reflect.Value)) string {
	t.Helper()
	p := &play{world: newWorld(t), drop: drop}
	p.desk.Now = func() time.Time { return time.Unix(1e9, 0) }
	p.compiles = func(d *gate.Definition) error {
		sorted := *d // ids, by which they are in order, are chosen at random
		sorted.Routes = slices.SortedFunc(slices.Values(d.Routes), func(a, b gate.Route) int { return strings.Compare(a.Key, b.Key) })
		p.note("definition", sorted)
		return nil
	}
	p.tell()
	p.watch()
	text := mappingID.ReplaceAllString(strings.Join(p.notes, "\n"), `"id":"?","key"`)
	for i, id := range p.ids {
		text = strings.ReplaceAll(text, id, fmt.Sprintf("<%d>", i))
	}
	told, live, _ := strings.Cut(text, "\nlive\n")
	lines := strings.Split(live, "\n") // in the order of ids, which are chosen at random
	slices.Sort(lines)
	return told + "\n" + strings.Join(lines, "\n")
}

// mappingID is an id that no answer tells.
var mappingID = regexp.MustCompile(`"id":"[a-z0-9]{6}","key"`)

func (p *play) note(what string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	p.notes = append(p.notes, what+" "+string(text))
}

// watch notes what data planes see in the end.
func (p *play) watch() {
	p.notes = append(p.notes, "live")
	_, err := p.desk.Store.Scan(p.ctx, "plane/live/", func(d store.Doc) error {
		p.notes = append(p.notes, d.Key+" "+string(d.Value))
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// call makes one call of the play and notes a refusal. The answer is empty then.
func call[In, Out any](p *play, operation string, f func(context.Context, *In) (*Out, error), in In) *Out {
	p.t.Helper()
	if p.drop != nil {
		p.drop(operation, reflect.ValueOf(&in))
	}
	out, err := f(p.ctx, &in)
	if err != nil {
		typ, message := refusal(err)
		p.notes = append(p.notes, operation+" is refused: "+typ+": "+message)
		return new(Out)
	}
	return out
}

// plainly is call for operations without an answer.
func plainly[In any](p *play, operation string, f func(context.Context, *In) error, in In) {
	p.t.Helper()
	call(p, operation, func(ctx context.Context, in *In) (*struct{}, error) { return nil, f(ctx, in) }, in)
}

// id remembers a generated id.
func (p *play) id(id *string) *string {
	if id == nil {
		return new("none")
	}
	p.ids = append(p.ids, *id)
	return id
}

func one(op, path, value string) []v1.PatchOperation {
	return []v1.PatchOperation{{Op: &op, Path: &path, Value: &value}}
}

// tell tells the story.
func (p *play) tell() {
	a := call(p, "CreateRestApi", p.CreateRestApi, v1.CreateRestApiInput{Name: new("x"), MinimumCompressionSize: new(int32(7)), DisableExecuteApiEndpoint: new(true),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{private}}})
	api, root := p.id(a.Id), p.id(a.RootResourceId)
	call(p, "UpdateRestApi", p.UpdateRestApi, v1.UpdateRestApiInput{RestApiId: api, PatchOperations: one("replace", "/name", "y")})
	p.resources(api, root)
	p.methods(api, root)
	p.parts(api)
	p.places(api)
	p.stages(api)
	p.lists(api)
	p.domains()
	doomed := call(p, "CreateRestApi", p.CreateRestApi, v1.CreateRestApiInput{Name: new("doomed")})
	call(p, "GetRestApi", p.GetRestApi, v1.GetRestApiInput{RestApiId: p.id(doomed.Id)})
	plainly(p, "DeleteRestApi", p.DeleteRestApi, v1.DeleteRestApiInput{RestApiId: doomed.Id})
}

func (p *play) resources(api, root *string) {
	pets := p.id(call(p, "CreateResource", p.CreateResource, v1.CreateResourceInput{RestApiId: api, ParentId: root, PathPart: new("pets")}).Id)
	id := p.id(call(p, "CreateResource", p.CreateResource, v1.CreateResourceInput{RestApiId: api, ParentId: pets, PathPart: new("{id}")}).Id)
	r := call(p, "UpdateResource", p.UpdateResource, v1.UpdateResourceInput{RestApiId: api, ResourceId: id, PatchOperations: one("replace", "/pathPart", "{pet}")})
	p.note("renamed to", r.Path)
	call(p, "PutMethod", p.PutMethod, v1.PutMethodInput{RestApiId: api, ResourceId: id, HttpMethod: new("GET"), AuthorizationType: new("NONE"), ApiKeyRequired: new(true)})
	call(p, "PutIntegration", p.PutIntegration, v1.PutIntegrationInput{RestApiId: api, ResourceId: id, HttpMethod: new("GET"), Type: new(typeMock)})
	got := call(p, "GetResource", p.GetResource, v1.GetResourceInput{RestApiId: api, ResourceId: id, Embed: []string{"methods"}})
	p.note("embedded", got.ResourceMethods)
	gone := p.id(call(p, "CreateResource", p.CreateResource, v1.CreateResourceInput{RestApiId: api, ParentId: root, PathPart: new("gone")}).Id)
	plainly(p, "DeleteResource", p.DeleteResource, v1.DeleteResourceInput{RestApiId: api, ResourceId: gone})
}

func (p *play) methods(api, root *string) {
	get := new("GET")
	call(p, "PutMethod", p.PutMethod, v1.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: get, AuthorizationType: new("NONE"),
		RequestParameters: map[string]bool{"method.request.header.a": true}})
	call(p, "UpdateMethod", p.UpdateMethod, v1.UpdateMethodInput{RestApiId: api, ResourceId: root, HttpMethod: get, PatchOperations: one("replace", "/operationName", "read")})
	call(p, "PutMethodResponse", p.PutMethodResponse, v1.PutMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: new("200"),
		ResponseParameters: map[string]bool{"method.response.header.b": true}})
	call(p, "PutIntegration", p.PutIntegration, v1.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: get, Type: new(typeHTTPProxy), IntegrationHttpMethod: new("POST"),
		Uri: new("https://h/x"), ConnectionType: new(vpcLink), ConnectionId: new("${stageVariables.link}"), IntegrationTarget: new("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c"),
		RequestParameters: map[string]string{"integration.request.header.a": "method.request.header.a"}, RequestTemplates: map[string]string{"application/json": "{}"},
		PassthroughBehavior: new("NEVER"), TimeoutInMillis: new(int32(100)), TlsConfig: &v1.TlsConfig{InsecureSkipVerification: new(true)}, ResponseTransferMode: new(stream)})
	call(p, "UpdateIntegration", p.UpdateIntegration, v1.UpdateIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: get, PatchOperations: one("replace", "/uri", "https://h/y")})
	call(p, "PutIntegrationResponse", p.PutIntegrationResponse, v1.PutIntegrationResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: new("200"),
		SelectionPattern: new("2.."), ResponseParameters: map[string]string{"method.response.header.b": "'c'"}, ResponseTemplates: map[string]string{"application/json": "[]"}})
	call(p, "UpdateIntegrationResponse", p.UpdateIntegrationResponse, v1.UpdateIntegrationResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: new("200"),
		PatchOperations: one("add", "/responseTemplates/text~1plain", "x")})
	call(p, "UpdateMethodResponse", p.UpdateMethodResponse, v1.UpdateMethodResponseInput{RestApiId: api, ResourceId: root, HttpMethod: get, StatusCode: new("200"),
		PatchOperations: one("add", "/responseModels/text~1plain", "Empty")})
}

func (p *play) stages(api *string) {
	first := call(p, "CreateDeployment", p.CreateDeployment, v1.CreateDeploymentInput{RestApiId: api, StageName: new("a"), Variables: map[string]string{"v": "1"}})
	p.id(first.Id)
	canary := call(p, "CreateDeployment", p.CreateDeployment, v1.CreateDeploymentInput{RestApiId: api, StageName: new("a"),
		CanarySettings: &v1.DeploymentCanarySettings{PercentTraffic: new(10.0), StageVariableOverrides: map[string]string{"v": "2"}}})
	p.id(canary.Id)
	spare := call(p, "CreateDeployment", p.CreateDeployment, v1.CreateDeploymentInput{RestApiId: api})
	d := call(p, "GetDeployment", p.GetDeployment, v1.GetDeploymentInput{RestApiId: api, DeploymentId: p.id(spare.Id), Embed: []string{"apisummary"}})
	p.note("summary", d.ApiSummary)
	described := call(p, "UpdateDeployment", p.UpdateDeployment, v1.UpdateDeploymentInput{RestApiId: api, DeploymentId: spare.Id, PatchOperations: one("replace", "/description", "spare")})
	p.note("described", described.Description)
	plainly(p, "DeleteDeployment", p.DeleteDeployment, v1.DeleteDeploymentInput{RestApiId: api, DeploymentId: spare.Id})

	call(p, "CreateStage", p.CreateStage, v1.CreateStageInput{RestApiId: api, StageName: new("b"), DeploymentId: first.Id, Variables: map[string]string{"v": "3"},
		CanarySettings: &v1.CanarySettings{DeploymentId: canary.Id, PercentTraffic: new(20.0), StageVariableOverrides: map[string]string{"v": "4"}}})
	call(p, "CreateStage", p.CreateStage, v1.CreateStageInput{RestApiId: api, StageName: new("c"), DeploymentId: first.Id,
		CanarySettings: &v1.CanarySettings{DeploymentId: canary.Id, StageVariableOverrides: map[string]string{"v": "5"}}})
	call(p, "UpdateStage", p.UpdateStage, v1.UpdateStageInput{RestApiId: api, StageName: new("c"), PatchOperations: []v1.PatchOperation{
		{Op: new("replace"), Path: new("/canarySettings/percentTraffic"), Value: new("30")},
		{Op: new("copy"), Path: new("/variables"), From: new("/canarySettings/stageVariableOverrides")}}})
	plainly(p, "FlushStageCache", p.FlushStageCache, v1.FlushStageCacheInput{RestApiId: api, StageName: new("b")})
	found := call(p, "GetStages", p.GetStages, v1.GetStagesInput{RestApiId: api, DeploymentId: first.Id})
	p.note("stages", len(found.Item))
}

// domains tells of a public domain, of a private one of the same name, and of who
// may reach that.
func (p *play) domains() {
	a := call(p, "CreateRestApi", p.CreateRestApi, v1.CreateRestApiInput{Name: new("mapped")})
	api, root := p.id(a.Id), p.id(a.RootResourceId)
	p.method(api, root, "GET")
	p.id(p.deploy(api, v1.CreateDeploymentInput{StageName: new("s")}).Id)
	const certificate, name = "arn:aws:acm:us-east-1:123456789012:certificate/c", "a.example"
	call(p, "CreateDomainName", p.CreateDomainName, v1.CreateDomainNameInput{DomainName: new(name), RegionalCertificateArn: new(certificate), RoutingMode: new(control.RulesThenMappings),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}}})
	call(p, "CreateDomainName", p.CreateDomainName, v1.CreateDomainNameInput{DomainName: new("b.example"), CertificateArn: new(certificate)})
	call(p, "UpdateDomainName", p.UpdateDomainName, v1.UpdateDomainNameInput{DomainName: new("b.example"), PatchOperations: one("replace", "/routingMode", control.RulesOnly)})
	d := call(p, "CreateDomainName", p.CreateDomainName, v1.CreateDomainNameInput{DomainName: new(name), CertificateArn: new(certificate),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{private}}})
	id := p.id(d.DomainNameId)
	for _, path := range []string{"k", "l", "m"} {
		m := call(p, "CreateBasePathMapping", p.CreateBasePathMapping, v1.CreateBasePathMappingInput{DomainName: new(name), BasePath: &path, RestApiId: api, Stage: new("s")})
		p.note("mapped", m.BasePath)
	}
	call(p, "CreateBasePathMapping", p.CreateBasePathMapping, v1.CreateBasePathMappingInput{DomainName: new(name), DomainNameId: id, BasePath: new("p"), RestApiId: api, Stage: new("s")})
	call(p, "UpdateBasePathMapping", p.UpdateBasePathMapping, v1.UpdateBasePathMappingInput{DomainName: new(name), BasePath: new("k"), PatchOperations: one("replace", "/basepath", "n")})
	plainly(p, "DeleteBasePathMapping", p.DeleteBasePathMapping, v1.DeleteBasePathMappingInput{DomainName: new(name), BasePath: new("l")})
	first := call(p, "GetBasePathMappings", p.GetBasePathMappings, v1.GetBasePathMappingsInput{DomainName: new(name), Limit: new(int32(1))})
	second := call(p, "GetBasePathMappings", p.GetBasePathMappings, v1.GetBasePathMappingsInput{DomainName: new(name), Limit: new(int32(1)), Position: first.Position})
	p.note("pages", []any{first.Items, second.Items})
	listed := call(p, "GetDomainNames", p.GetDomainNames, v1.GetDomainNamesInput{ResourceOwner: new("OTHER_ACCOUNTS")})
	p.note("domains of others", len(listed.Items))
	for _, source := range []string{"vpce-1", "vpce-2"} {
		a := call(p, "CreateDomainNameAccessAssociation", p.CreateDomainNameAccessAssociation, v1.CreateDomainNameAccessAssociationInput{DomainNameArn: d.DomainNameArn,
			AccessAssociationSource: &source, AccessAssociationSourceType: new("VPCE")})
		plainly(p, "RejectDomainNameAccessAssociation", p.RejectDomainNameAccessAssociation, v1.RejectDomainNameAccessAssociationInput{DomainNameArn: d.DomainNameArn, DomainNameAccessAssociationArn: a.DomainNameAccessAssociationArn})
	}
	plainly(p, "DeleteDomainName", p.DeleteDomainName, v1.DeleteDomainNameInput{DomainName: new(name), DomainNameId: id})
}

func (p *play) lists(api *string) {
	first := call(p, "GetResources", p.GetResources, v1.GetResourcesInput{RestApiId: api, Limit: new(int32(1)), Embed: []string{"methods"}})
	p.note("resources", len(first.Items))
	for _, r := range first.Items {
		p.note("its methods", slices.Sorted(func(yield func(string) bool) {
			for verb, m := range r.ResourceMethods {
				if !yield(verb + text(m.AuthorizationType)) {
					return
				}
			}
		}))
	}
	second := call(p, "GetResources", p.GetResources, v1.GetResourcesInput{RestApiId: api, Limit: new(int32(1)), Position: first.Position})
	for _, r := range second.Items {
		p.note("then", r.Path)
	}
}
