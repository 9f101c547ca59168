package apigateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v1 "gatehouse/internal/wire/apigateway"
)

// A lowering turns a draft, as it stands at one revision, into the definition
// of a deployment.
type lowering struct {
	def     gate.Definition
	list    []resourceDoc
	tree    *resourceTree
	methods []methodDoc // with the resources that they are of
	of      []string
	checks  map[string]validatorDoc
	notes   []string // what is accepted but not enforced yet
	source  []store.Doc
	summary map[string]map[string]summary
}

// lower lowers the draft. The error is a refusal of AWS's where the draft is at
// fault.
func (d *draft) lower(id gate.DeploymentID) (*lowering, error) {
	l := &lowering{
		def: gate.Definition{
			API:        d.noun(),
			Deployment: gate.Deployment{API: d.api, ID: id, Created: d.s.desk.Time(), REST: lowerAPI(&d.head.AWS)},
		},
		notes:   unenforced("restApi", &d.head.AWS),
		summary: map[string]map[string]summary{},
		checks:  map[string]validatorDoc{},
	}
	// One scan: a method is put with its resource, or neither is.
	if err := d.Scan(d.defTree(), func(doc store.Doc) error { return l.take(d, doc) }); err != nil {
		return nil, err
	}
	l.tree = newTree(l.list)
	for i := range l.methods {
		if err := l.method(l.of[i], &l.methods[i].AWS); err != nil {
			return nil, err
		}
	}
	if len(l.def.Routes) == 0 {
		return nil, bad(textNoMethods)
	}
	slices.SortFunc(l.def.Routes, func(a, b gate.Route) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return l, nil
}

func lowerAPI(a *v1.RestApi) *gate.RESTSettings {
	r := &gate.RESTSettings{
		BinaryMediaTypes: a.BinaryMediaTypes, Policy: text(a.Policy),
		KeyOfAuthorizer: text(a.ApiKeySource) != keyInHeader,
	}
	if a.MinimumCompressionSize != nil {
		r.MinimumCompression = new(int(*a.MinimumCompressionSize))
	}
	return r
}

// take notes a document of the definition.
func (l *lowering) take(d *draft, doc store.Doc) error {
	l.source = append(l.source, doc)
	kind, rest, _ := strings.Cut(strings.TrimPrefix(doc.Key, d.defTree()), "/")
	var err error
	switch kind {
	case "methods":
		resource, _, _ := strings.Cut(rest, "/")
		var m methodDoc
		err = control.Decode(doc.Value, &m)
		l.methods, l.of = append(l.methods, m), append(l.of, resource)
	case "resources":
		var r resourceDoc
		err = control.Decode(doc.Value, &r)
		l.list = append(l.list, r)
	case "validators":
		var v validatorDoc
		err = control.Decode(doc.Value, &v)
		l.checks[rest] = v
	case "responses":
		var r responseDoc
		if err = control.Decode(doc.Value, &r); err == nil {
			l.response(&r.AWS)
		}
	}
	if err != nil {
		return fmt.Errorf("document %s: %w", doc.Key, err)
	}
	return nil
}

func (l *lowering) response(r *v1.GatewayResponse) {
	rest := l.def.Deployment.REST
	if rest.Responses == nil {
		rest.Responses = map[string]gate.GatewayResponse{}
	}
	rest.Responses[text(r.ResponseType)] = gate.GatewayResponse{
		Status: text(r.StatusCode), Parameters: r.ResponseParameters, Templates: r.ResponseTemplates,
	}
}

// method lowers a method to a route. One whose resource was deleted in the very
// moment is found by nobody; one whose resource has no path is refused, for a
// deployment must not be served without it and nobody told.
func (l *lowering) method(resource string, m *v1.Method) error {
	if l.tree.byID[resource] == nil {
		return nil
	}
	path := l.tree.paths[resource]
	if path == "" {
		return bad(textUnplaced, *m.HttpMethod, resource)
	}
	if m.MethodIntegration == nil {
		return bad(textNoIntegrationYet)
	}
	l.notes = append(l.notes, unenforced("method", m)...)
	l.notes = append(l.notes, unenforced("integration", m.MethodIntegration)...)
	verb := *m.HttpMethod
	if l.summary[path] == nil {
		l.summary[path] = map[string]summary{}
	}
	l.summary[path][verb] = summary{Key: is(m.ApiKeyRequired), Auth: text(m.AuthorizationType)}
	r := gate.Route{
		ID: gate.RouteID(resource + "-" + verb), Key: verb + " " + path,
		Authorization: gate.Authorization{
			Kind: gate.AuthKind(text(m.AuthorizationType)), Authorizer: text(m.AuthorizerId), Scopes: m.AuthorizationScopes,
		},
		APIKeyNeeded: is(m.ApiKeyRequired),
		Integration:  lowerIntegration(resource+"-"+verb, m.MethodIntegration),
		Method: &gate.Method{Resource: resource, Operation: text(m.OperationName), Parameters: m.RequestParameters,
			Models: m.RequestModels, Validation: l.validation(text(m.RequestValidatorId))},
	}
	for code, a := range m.MethodResponses {
		if r.Method.Answers == nil {
			r.Method.Answers = map[string]gate.MethodResponse{}
		}
		r.Method.Answers[code] = gate.MethodResponse{Parameters: a.ResponseParameters, Models: a.ResponseModels}
	}
	l.def.Routes = append(l.def.Routes, r)
	return nil
}

// validation is what a validator asks for, nil for none.
func (l *lowering) validation(id string) *gate.Validation {
	v, ok := l.checks[id]
	if !ok {
		return nil
	}
	return &gate.Validation{Parameters: is(v.AWS.ValidateRequestParameters), Body: is(v.AWS.ValidateRequestBody)}
}

func lowerIntegration(id string, i *v1.Integration) *gate.Integration {
	g := &gate.Integration{
		ID: id, Kind: kindOf(i), URI: text(i.Uri), ConnectionID: text(i.ConnectionId), Credentials: text(i.Credentials),
		Method: text(i.HttpMethod), Timeout: time.Duration(*i.TimeoutInMillis) * time.Millisecond,
		RequestParameters: i.RequestParameters,
		Shape: &gate.Shape{
			Templates: i.RequestTemplates, Passthrough: gate.Passthrough(text(i.PassthroughBehavior)), ContentHandling: text(i.ContentHandling),
			Target: text(i.IntegrationTarget), Unverified: i.TlsConfig != nil && is(i.TlsConfig.InsecureSkipVerification),
			Stream: text(i.ResponseTransferMode) == stream,
		},
	}
	for _, code := range sortedKeys(i.IntegrationResponses) {
		a := i.IntegrationResponses[code]
		g.Shape.Answers = append(g.Shape.Answers, gate.IntegrationResponse{
			Status: code, Pattern: text(a.SelectionPattern), Parameters: a.ResponseParameters, Templates: a.ResponseTemplates,
			ContentHandling: text(a.ContentHandling),
		})
	}
	return g
}

// kindOf is the kind of an integration by its type and connection.
func kindOf(i *v1.Integration) gate.IntegrationKind {
	switch kind := text(i.Type); {
	case kind == typeHTTPProxy && text(i.ConnectionType) == vpcLink:
		return gate.Private
	case kind == typeHTTPProxy:
		return gate.HTTPProxy
	case kind == typeHTTP:
		return gate.HTTPShaped
	case kind == typeAWSProxy:
		return gate.Lambda
	case kind == typeAWS:
		return gate.AWSShaped
	}
	return gate.Mock
}
