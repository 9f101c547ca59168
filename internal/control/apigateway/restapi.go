package apigateway

import (
	"context"
	"encoding/json"
	"mime"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// Values of a REST API, and their bounds (API reference, "CreateRestApi").
const (
	edge      = "EDGE"
	regional  = "REGIONAL"
	private   = "PRIVATE"
	ipv4      = "ipv4"
	dualstack = "dualstack"

	keyInHeader = "HEADER"

	maxName        = 1024
	maxDescription = 1024
	maxPolicy      = 8192
	maxCompression = 10 << 20
	maxMediaTypes  = 100
)

// CreateRestApi makes an API with its root resource and the two models that
// each has.
func (s *Service) CreateRestApi(ctx context.Context, in *v1.CreateRestApiInput) (*v1.RestApi, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	if in.CloneFrom != nil {
		return nil, notBuilt("cloneFrom", "copies of APIs")
	}
	tags, custom, err := control.SplitTags(in.Tags)
	if err != nil {
		return nil, bad("%s", err.Error())
	}
	var d *draft
	// A generated id is chosen anew in every run, so nobody waits in line for it.
	err = s.desk.Do(ctx, line(gate.APIID(custom)), func(t *control.Tx) error {
		id := custom
		if id == "" {
			id = control.NewID(control.APIIDLength)
		}
		d = &draft{Tx: t, keys: keys{p, gate.APIID(id)}, s: s, head: apiDoc{Gen: 1}}
		control.Merge(&d.head.AWS, in)
		d.head.AWS.Id, d.head.AWS.Tags = &id, tags
		d.head.AWS.CreatedDate = new(s.desk.Time())
		return d.create()
	})
	if err != nil {
		return nil, err
	}
	log := s.desk.Logger()
	if s.desk.Local != nil {
		log = log.With("url", s.desk.Local(d.api))
	}
	log.Info("api created", "api", string(d.api), "name", *d.head.AWS.Name, "account", p.Account, "region", p.Region)
	out := d.head.AWS
	if len(out.Tags) == 0 {
		out.Tags = nil // a creation omits them, reads of one API do not
	}
	return &out, nil
}

// create puts the documents of a new API.
func (d *draft) create() error {
	a := &d.head.AWS
	if a.Description != nil && *a.Description == "" {
		return bad(textDescription)
	}
	if err := completeAPI(a); err != nil {
		return err
	}
	taken, err := d.Load(indexKey(d.api), nil)
	if err != nil {
		return err
	}
	if taken {
		return conflict(textIDTaken, d.api)
	}
	if err := d.Put(indexKey(d.api), owner(d.place)); err != nil {
		return err
	}
	root := control.NewID(control.APIIDLength)
	a.RootResourceId = &root
	if err := d.Put(d.resourceKey(root), &resourceDoc{Created: d.s.desk.Time(), AWS: v1.Resource{Id: &root}}); err != nil {
		return err
	}
	for _, m := range builtInModels() {
		if err := d.Put(d.modelKey(*m.Name), &modelDoc{AWS: m}); err != nil {
			return err
		}
	}
	return d.putAPI()
}

// putAPI writes the head and what is live of an API.
func (d *draft) putAPI() error {
	if err := d.Put(d.apiKey(), &d.head); err != nil {
		return err
	}
	return d.Set(gate.APIKey(d.api), d.noun())
}

func (d *draft) noun() gate.API {
	return gate.API{ID: d.api, Protocol: gate.REST, Account: d.place.Account, Region: d.place.Region, Name: text(d.head.AWS.Name),
		Private: slices.Contains(d.head.AWS.EndpointConfiguration.Types, private)}
}

// completeAPI checks an API as it is to be and fills in the defaults.
func completeAPI(a *v1.RestApi) error {
	control.DropEmpty(&a.Description, &a.Version, &a.Policy)
	control.Default(&a.ApiKeySource, keyInHeader)
	control.Default(&a.DisableExecuteApiEndpoint, false)
	control.Default(&a.EndpointConfiguration, v1.EndpointConfiguration{})
	if a.Tags == nil {
		a.Tags = map[string]string{}
	}
	if err := completeEndpoint(a.EndpointConfiguration); err != nil {
		return err
	}
	var policyErr *wire.Error
	if p := text(a.Policy); p != "" && (len(p) > maxPolicy || !json.Valid([]byte(p))) {
		policyErr = bad(textPolicy)
	}
	return firstError(
		checkName(a.Name),
		checkDescription(a.Description),
		checkCompression(a.MinimumCompressionSize),
		checkMediaTypes(a.BinaryMediaTypes),
		policyErr,
	)
}

// completeEndpoint fills in and checks an endpoint configuration.
func completeEndpoint(e *v1.EndpointConfiguration) error {
	if len(e.Types) == 0 {
		e.Types = []string{edge}
	}
	if len(e.Types) > 1 {
		return bad(textEndpointTypes)
	}
	if !slices.Contains([]string{edge, regional, private}, e.Types[0]) {
		return bad(textEndpointType)
	}
	isPrivate := e.Types[0] == private
	if isPrivate {
		control.Default(&e.IpAddressType, dualstack)
	}
	control.Default(&e.IpAddressType, ipv4)
	switch {
	case isPrivate && *e.IpAddressType != dualstack:
		return bad(textDualstack)
	case *e.IpAddressType != ipv4 && *e.IpAddressType != dualstack:
		return bad(textIPType)
	case !isPrivate && len(e.VpcEndpointIds) > 0:
		return bad(textVPCEndpoints)
	}
	return nil
}

func checkName(name *string) *wire.Error {
	switch n := len(text(name)); {
	case n == 0:
		return bad(textNameEmpty)
	case n > maxName:
		return bad(textNameLength, maxName)
	}
	return nil
}

func checkDescription(d *string) *wire.Error {
	if len(text(d)) > maxDescription {
		return bad(textDescriptionLong, maxDescription)
	}
	return nil
}

func checkCompression(n *int32) *wire.Error {
	if n != nil && (*n < 0 || *n > maxCompression) {
		return bad(textCompression)
	}
	return nil
}

func checkMediaTypes(list []string) *wire.Error {
	if len(list) > maxMediaTypes {
		return bad(textTooManyTypes, maxMediaTypes)
	}
	for _, t := range list {
		if !isMediaType(t) {
			return bad(textMediaType, clip(t))
		}
	}
	return nil
}

// isMediaType takes type/subtype, wildcards of the subtype included.
func isMediaType(t string) bool {
	parsed, params, err := mime.ParseMediaType(t)
	return err == nil && len(params) == 0 && strings.Count(parsed, "/") == 1 && len(t) <= 255
}

// GetRestApi returns an API.
func (s *Service) GetRestApi(ctx context.Context, in *v1.GetRestApiInput) (*v1.RestApi, error) {
	var out v1.RestApi
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		out = d.head.AWS
		return nil
	})
	return &out, err
}

// GetRestApis returns a page of the APIs of a place, in the order of their ids.
func (s *Service) GetRestApis(ctx context.Context, in *v1.GetRestApisInput) (*v1.RestApis, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v1.RestApis{Items: []v1.RestApi{}}
	out.Position, err = s.page(ctx, apisKey(p), in.Limit, in.Position, func(doc []byte) error {
		var head apiDoc
		if err := control.Decode(doc, &head); err != nil {
			return err
		}
		if len(head.AWS.Tags) == 0 {
			head.AWS.Tags = nil // lists omit empty tags
		}
		out.Items = append(out.Items, head.AWS)
		return nil
	})
	return &out, err
}

// UpdateRestApi changes an API by patches.
func (s *Service) UpdateRestApi(ctx context.Context, in *v1.UpdateRestApiInput) (*v1.RestApi, error) {
	var out v1.RestApi
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		if err := patch(apiRules(), terse(), &d.head.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := completeAPI(&d.head.AWS); err != nil {
			return err
		}
		out = d.head.AWS
		if len(in.PatchOperations) == 0 {
			return nil
		}
		return d.putAPI()
	})
	return &out, err
}

// apiRules are those of UpdateRestApi (control-plane 2.2 and 8).
func apiRules() []rule[*v1.RestApi] {
	type api = *v1.RestApi
	return []rule[api]{
		{"/apiKeySource", replace, func(a api, o *op) error {
			a.ApiKeySource = o.value
			return oneOf(o, keyInHeader, "AUTHORIZER")
		}},
		{"/binaryMediaTypes/*", add | replace | remove, func(a api, o *op) error {
			// A replacement moves to the end (recorded on AWS).
			if o.verb == replace && o.value != nil {
				a.BinaryMediaTypes = slices.DeleteFunc(slices.Clone(a.BinaryMediaTypes), func(t string) bool { return t == o.keys[0] })
				o = &op{verb: add, keys: []string{*o.value}}
			}
			return putOne(&a.BinaryMediaTypes, o, o.keys[0])
		}},
		{"/description", add | replace | remove, func(a api, o *op) error { return putText(&a.Description, o) }},
		{"/disableExecuteApiEndpoint", replace, func(a api, o *op) error { return putBool(&a.DisableExecuteApiEndpoint, o) }},
		{"/endpointConfiguration/types/*", replace, func(a api, o *op) error { return retype(a.EndpointConfiguration, o) }},
		{"/endpointConfiguration/ipAddressType", replace, func(a api, o *op) error {
			a.EndpointConfiguration.IpAddressType = o.value
			return needed(o)
		}},
		{"/endpointConfiguration/vpcEndpointIds", add | remove, func(a api, o *op) error {
			return putOne(&a.EndpointConfiguration.VpcEndpointIds, o, o.text())
		}},
		{"/endpointAccessMode", replace, func(a api, o *op) error {
			a.EndpointAccessMode = o.value
			return oneOf(o, "BASIC", "STRICT")
		}},
		{"/minimumCompressionSize", replace, func(a api, o *op) error {
			if a.MinimumCompressionSize = nil; o.text() == "" {
				return nil // absent or null switches it off
			}
			if err := putInt(&a.MinimumCompressionSize, o, 0, maxCompression); err != nil {
				return bad(textCompression)
			}
			return nil
		}},
		{"/name", replace, func(a api, o *op) error { return putText(&a.Name, o) }},
		{"/policy", replace, func(a api, o *op) error { return putPolicy(&a.Policy, o) }},
		{"/securityPolicy", replace, func(a api, o *op) error {
			a.SecurityPolicy = o.value
			return oneOf(o, securityPolicies()...)
		}},
	}
}

// retype replaces the one endpoint type, whichever the path names: clients send
// the old type or its index. A private endpoint sets its addresses by itself.
func retype(e *v1.EndpointConfiguration, o *op) error {
	if !slices.Contains([]string{edge, regional, private}, o.text()) {
		return bad(textEndpointType)
	}
	was := e.Types[0]
	e.Types = []string{o.text()}
	switch {
	case o.text() == private:
		e.IpAddressType = new(dualstack)
	case was == private:
		e.IpAddressType, e.VpcEndpointIds = nil, nil
	}
	return nil
}

// DeleteRestApi removes an API with all that it has, in one commit. Chunks are
// shared, so they are left to control.Desk.Sweep.
func (s *Service) DeleteRestApi(ctx context.Context, in *v1.DeleteRestApiInput) error {
	return s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		domains, err := d.MappedBy(d.place, d.api, "")
		if err != nil {
			return err
		}
		if len(domains) > 0 {
			return bad(textAPIMapped, d.api, someOf(domains))
		}
		d.Delete(d.apiKey())
		d.Delete(indexKey(d.api))
		d.Delete(gate.APIKey(d.api))
		d.DeletePrefix(gate.StagesKey(d.api))
		d.DeletePrefix(gate.DeploymentsKey(d.api))
		d.DeletePrefix(d.tree())
		return nil
	})
}
