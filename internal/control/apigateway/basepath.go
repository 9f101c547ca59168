package apigateway

import (
	"context"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// nonePath is how clients name the mapping without a base path.
const nonePath = "(none)"

func noBasePath() *wire.Error { return missing(textNoBasePath) }

// someOf names some of a list of domains for a message.
func someOf(domains []string) string {
	const most = 5
	if len(domains) > most {
		return strings.Join(domains[:most], ", ") + ", ..."
	}
	return strings.Join(domains, ", ")
}

// keyOf is the key of a base path as clients send it.
func keyOf(path *string) string {
	if text(path) == nonePath {
		return ""
	}
	return text(path)
}

// shownMapping is a mapping in V1's shape.
func shownMapping(m gate.Mapping) v1.BasePathMapping {
	out := v1.BasePathMapping{BasePath: &m.Key, RestApiId: new(string(m.API)), Stage: new(string(m.Stage))}
	if m.Key == "" {
		out.BasePath = new(nonePath)
	}
	control.DropEmpty(&out.Stage)
	return out
}

// find finds a mapping of a domain by its base path.
func findMapping(d *control.Domain, path *string) (control.DomainMapping, error) {
	i := slices.IndexFunc(d.Head.Mappings, func(m control.DomainMapping) bool { return m.Key == keyOf(path) })
	if i < 0 {
		return control.DomainMapping{}, noBasePath()
	}
	return d.Head.Mappings[i], nil
}

// CreateBasePathMapping serves a stage of a REST API below a segment of a custom
// domain's path, at once; without a stage, all of them, by the segment after it.
func (s *Service) CreateBasePathMapping(ctx context.Context, in *v1.CreateBasePathMappingInput) (*v1.BasePathMapping, error) {
	var out v1.BasePathMapping
	err := s.editDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		m := gate.Mapping{ID: control.NewID(control.ResourceIDLength), Key: keyOf(in.BasePath), API: gate.APIID(text(in.RestApiId)), Stage: gate.StageName(text(in.Stage))}
		if err := s.addMapping(d, m, nil); err != nil {
			return err
		}
		out = shownMapping(m)
		return d.Put()
	})
	return &out, err
}

// addMapping checks a mapping and adds it to the domain. was is what it was
// before, nil for a new one: a path or an API that V2 has put stays possible.
func (s *Service) addMapping(d *control.Domain, m gate.Mapping, was *control.DomainMapping) error {
	if was == nil || was.Key != m.Key {
		if strings.Contains(m.Key, "/") {
			return bad(textBasePathSlash)
		}
		if problem := control.KeyProblem(m.Key); problem != "" {
			return bad(textBasePath, clip(m.Key), problem)
		}
	}
	protocol, err := d.Reach(string(m.API), string(m.Stage))
	if err != nil {
		return err
	}
	switch {
	case protocol == gate.REST:
		err = s.mayShare(d, m.API)
	case was == nil || was.API != m.API || m.Stage == "":
		err = bad(textNoAPIHere) // it is no REST API
	}
	if err != nil {
		return err
	}
	return d.Map(control.DomainMapping{Mapping: m, Protocol: protocol})
}

// mayShare holds that private domains lead to private APIs, and public ones to
// none.
func (s *Service) mayShare(d *control.Domain, api gate.APIID) error {
	a, err := s.open(d.Tx, d.Place, new(string(api)), bad(textNoAPIHere))
	if err != nil {
		return err
	}
	if slices.Contains(a.head.AWS.EndpointConfiguration.Types, private) != d.Head.Private() {
		return bad(textPrivateAPI)
	}
	return nil
}

// GetBasePathMapping returns a mapping.
func (s *Service) GetBasePathMapping(ctx context.Context, in *v1.GetBasePathMappingInput) (*v1.BasePathMapping, error) {
	var out v1.BasePathMapping
	err := s.viewDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		m, err := findMapping(d, in.BasePath)
		out = shownMapping(m.Mapping)
		return err
	})
	return &out, err
}

// GetBasePathMappings returns a page of a domain's mappings, in the order of
// their paths.
func (s *Service) GetBasePathMappings(ctx context.Context, in *v1.GetBasePathMappingsInput) (*v1.BasePathMappings, error) {
	out := v1.BasePathMappings{Items: []v1.BasePathMapping{}}
	err := s.viewDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		byPath := map[string]v1.BasePathMapping{}
		for _, m := range d.Head.Mappings {
			byPath["/"+m.Key] = shownMapping(m.Mapping)
		}
		next, err := pick(d.Tree(), byPath, in.Limit, in.Position, func(m v1.BasePathMapping) { out.Items = append(out.Items, m) })
		out.Position = next
		return err
	})
	return &out, err
}

// UpdateBasePathMapping changes a mapping by patches.
func (s *Service) UpdateBasePathMapping(ctx context.Context, in *v1.UpdateBasePathMappingInput) (*v1.BasePathMapping, error) {
	var out v1.BasePathMapping
	err := s.editDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		was, err := findMapping(d, in.BasePath)
		if err != nil {
			return err
		}
		m := was.Mapping
		if err := patch(mappingRules(), quoting(), &m, folded(mappingRules(), in.PatchOperations)); err != nil {
			return err
		}
		out = shownMapping(m)
		if m == was.Mapping {
			return nil
		}
		if err := d.Unmap(was.ID); err != nil {
			return err
		}
		if err := s.addMapping(d, m, &was); err != nil {
			return err
		}
		return d.Put()
	})
	return &out, err
}

// mappingRules are those of UpdateBasePathMapping (control-plane 2.2).
func mappingRules() []rule[*gate.Mapping] {
	type mapping = *gate.Mapping
	return []rule[mapping]{
		{"/basePath", replace, func(m mapping, o *op) error { m.Key = keyOf(o.value); return nil }},
		{"/restApiId", replace, func(m mapping, o *op) error { m.API = gate.APIID(o.text()); return nil }},
		{"/stage", replace, func(m mapping, o *op) error { m.Stage = gate.StageName(keyOf(o.value)); return nil }},
	}
}

// folded spells the paths of a PATCH as the rules do: AWS's table has /basepath
// and /restapiId, and Terraform sends /basePath.
func folded[T any](rules []rule[T], list []v1.PatchOperation) []v1.PatchOperation {
	list = slices.Clone(list)
	for i := range list {
		for _, r := range rules {
			if strings.EqualFold(r.path, text(list[i].Path)) {
				list[i].Path = new(r.path)
			}
		}
	}
	return list
}

// DeleteBasePathMapping takes a mapping out of a custom domain.
func (s *Service) DeleteBasePathMapping(ctx context.Context, in *v1.DeleteBasePathMappingInput) error {
	return s.editDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		m, err := findMapping(d, in.BasePath)
		if err != nil {
			return err
		}
		if err := d.Unmap(m.ID); err != nil {
			return err
		}
		return d.Put()
	})
}
