package apigatewayv2

import (
	"context"
	"errors"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func noMapping(id string) *wire.Error { return missing("ApiMapping", textNoMapping, clip(id)) }

// shownMapping is a mapping in V2's shape. One of V1's may leave the stage open.
func shownMapping(m control.DomainMapping) v2.ApiMapping {
	out := v2.ApiMapping{ApiId: new(string(m.API)), ApiMappingId: &m.ID, ApiMappingKey: &m.Key, Stage: new(string(m.Stage))}
	control.DropEmpty(&out.Stage)
	return out
}

// CreateApiMapping serves a stage below a path of a custom domain, at once.
func (s *Service) CreateApiMapping(ctx context.Context, in *v2.CreateApiMappingInput) (*v2.CreateApiMappingOutput, error) {
	var out v2.CreateApiMappingOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		m := gate.Mapping{ID: control.NewID(control.ResourceIDLength), Key: text(in.ApiMappingKey), API: gate.APIID(text(in.ApiId)), Stage: gate.StageName(text(in.Stage))}
		out = v2.CreateApiMappingOutput(shownMapping(control.DomainMapping{Mapping: m}))
		return d.add(m)
	})
	return &out, err
}

// add checks a mapping and adds it to the head.
func (d *domain) add(m gate.Mapping) error {
	if problem := control.KeyProblem(m.Key); problem != "" {
		return bad("apiMappingKey", textMappingKey, clip(m.Key), problem)
	}
	protocol, err := d.reach(string(m.API), string(m.Stage))
	if err != nil {
		return err
	}
	err = d.Map(control.DomainMapping{Mapping: m, Protocol: protocol})
	if errors.Is(err, control.ErrMapped) {
		return conflict(textMappingTaken, m.Key)
	}
	return worded(err, d.Domain, protocol)
}

// reach finds the stage that a mapping or a rule is to lead to.
func (d *domain) reach(api, stage string) (gate.Protocol, error) {
	protocol, err := d.Reach(api, stage)
	switch {
	case errors.Is(err, control.ErrNoAPI):
		return "", noAPI(d.Place, gate.APIID(api))
	case errors.Is(err, control.ErrNoStage), err == nil && stage == "":
		return "", noStage(stage)
	}
	return protocol, err
}

// GetApiMapping returns an API mapping.
func (s *Service) GetApiMapping(ctx context.Context, in *v2.GetApiMappingInput) (*v2.GetApiMappingOutput, error) {
	var out v2.GetApiMappingOutput
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) error {
		m, err := d.mappingOf(text(in.ApiMappingId))
		out = v2.GetApiMappingOutput(shownMapping(m))
		return err
	})
	return &out, err
}

// GetApiMappings returns a page of a domain's API mappings, in the order of
// their ids.
func (s *Service) GetApiMappings(ctx context.Context, in *v2.GetApiMappingsInput) (*v2.GetApiMappingsOutput, error) {
	out := v2.GetApiMappingsOutput{Items: []v2.ApiMapping{}}
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) (err error) {
		byID := map[string]control.DomainMapping{}
		for _, m := range d.Head.Mappings {
			byID[m.ID] = m
		}
		page := control.Page{MaxResults: in.MaxResults, NextToken: in.NextToken}
		out.NextToken, err = control.Pick(d.Tree()+"mappings/", sortedKeys(byID), page, func(id string) {
			out.Items = append(out.Items, shownMapping(byID[id]))
		})
		return pageError(err, in.MaxResults)
	})
	return &out, err
}

// UpdateApiMapping changes the members that are present.
func (s *Service) UpdateApiMapping(ctx context.Context, in *v2.UpdateApiMappingInput) (*v2.UpdateApiMappingOutput, error) {
	var out v2.UpdateApiMappingOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		was, err := d.mappingOf(text(in.ApiMappingId))
		if err != nil {
			return err
		}
		if err := d.Unmap(was.ID); err != nil {
			return err
		}
		m := was.Mapping
		if in.ApiMappingKey != nil {
			m.Key = *in.ApiMappingKey
		}
		if in.ApiId != nil {
			m.API = gate.APIID(*in.ApiId)
		}
		if in.Stage != nil {
			m.Stage = gate.StageName(*in.Stage)
		}
		out = v2.UpdateApiMappingOutput(shownMapping(control.DomainMapping{Mapping: m}))
		return d.add(m)
	})
	return &out, err
}

// DeleteApiMapping takes a stage out of a custom domain.
func (s *Service) DeleteApiMapping(ctx context.Context, in *v2.DeleteApiMappingInput) error {
	return s.editDomain(ctx, in.DomainName, func(d *domain) error {
		m, err := d.mappingOf(text(in.ApiMappingId))
		if err != nil {
			return err
		}
		return d.Unmap(m.ID)
	})
}
