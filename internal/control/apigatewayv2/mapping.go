package apigatewayv2

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func noMapping(id string) *wire.Error { return missing("ApiMapping", textNoMapping, clip(id)) }

// CreateApiMapping serves a stage below a path of a custom domain, at once.
func (s *Service) CreateApiMapping(ctx context.Context, in *v2.CreateApiMappingInput) (*v2.CreateApiMappingOutput, error) {
	var out v2.CreateApiMappingOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		var doc mappingDoc
		control.Merge(&doc.AWS, in)
		id := control.NewID(control.ResourceIDLength)
		doc.AWS.ApiMappingId = &id
		if len(d.head.Mappings) == maxMappings {
			return bad("apiMappingKey", textTooManyMappings, maxMappings)
		}
		if err := d.add(&doc.AWS); err != nil {
			return err
		}
		out = v2.CreateApiMappingOutput(doc.AWS)
		if err := d.Put(d.mappingKey(id), &doc); err != nil {
			return err
		}
		return d.put()
	})
	return &out, err
}

// add checks a mapping and adds it to the head.
func (d *domain) add(m *v2.ApiMapping) error {
	orElse(&m.ApiMappingKey, "")
	key := *m.ApiMappingKey
	if err := firstError(checkMappingKey(key), d.checkLevels(key)); err != nil {
		return err
	}
	if slices.ContainsFunc(d.head.Mappings, func(o gate.Mapping) bool { return o.Key == key }) {
		return conflict(textMappingTaken, key)
	}
	if err := d.serves(m.ApiId, text(m.Stage)); err != nil {
		return err
	}
	api, stage := gate.APIID(*m.ApiId), gate.StageName(*m.Stage)
	if err := d.count(api, stage, 1); err != nil {
		return err
	}
	// The backing array may be that of a document as it was read.
	d.head.Mappings = append(slices.Clip(d.head.Mappings), gate.Mapping{ID: *m.ApiMappingId, Key: key, API: api, Stage: stage})
	return nil
}

// remove takes a mapping out of the head.
func (d *domain) remove(id string) error {
	i := slices.IndexFunc(d.head.Mappings, func(m gate.Mapping) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	gone := d.head.Mappings[i]
	d.head.Mappings = slices.Delete(slices.Clone(d.head.Mappings), i, i+1)
	if len(d.head.Mappings) == 0 {
		d.head.Protocol = ""
	}
	return d.count(gone.API, gone.Stage, -1)
}

// serves holds that there is such a stage of such an API in the domain's place,
// and that the API may share the domain with those that are there (developer
// guide: HTTP and WebSocket APIs cannot).
func (d *domain) serves(api *string, stage string) error {
	a, err := d.s.open(d.Tx, d.place, api)
	if err != nil {
		return err
	}
	var doc stageDoc
	if err := a.loadStage(stage, &doc); err != nil {
		return err
	}
	protocol := text(a.head.AWS.ProtocolType)
	if d.head.Protocol != "" && d.head.Protocol != protocol {
		return bad("apiId", textMixedDomain, d.name, d.head.Protocol, protocol)
	}
	d.head.Protocol = protocol
	return nil
}

// count adds to the number of mappings of a stage.
func (d *domain) count(api gate.APIID, stage gate.StageName, n int) error {
	key := keys{d.place, api}.mappedKey()
	var doc mappedDoc
	if _, err := d.Load(key, &doc); err != nil {
		return err
	}
	doc.Stages = maps.Clone(doc.Stages)
	if doc.Stages == nil {
		doc.Stages = map[string]int{}
	}
	if doc.Stages[string(stage)] += n; doc.Stages[string(stage)] <= 0 {
		delete(doc.Stages, string(stage))
	}
	return d.Put(key, &doc)
}

// unmapped refuses to delete a stage that a domain serves, or with "" an API.
func (d *draft) unmapped(stage string) error {
	var doc mappedDoc
	if _, err := d.Load(d.mappedKey(), &doc); err != nil {
		return err
	}
	switch {
	case stage == "" && len(doc.Stages) > 0:
		return plainly(textMapped, "API", "API")
	case stage != "" && doc.Stages[stage] > 0:
		return plainly(textMapped, "stage", "stage")
	}
	return nil
}

var mappingSegment = regexp.MustCompile(`^[A-Za-z0-9$_.+!*'()-]+$`)

// checkMappingKey holds a key to what a path can hold without being encoded
// (runtime 1.3), for it is compared with paths as they were sent.
func checkMappingKey(key string) *wire.Error {
	if key == "" {
		return nil
	}
	if err := checkLength("apiMappingKey", key, 0, maxMappingKey); err != nil {
		return err
	}
	for segment := range strings.SplitSeq(key, "/") {
		problem := ""
		switch {
		case segment == "":
			problem = textKeySlashes
		case segment == "." || segment == "..":
			problem = textKeyDots
		case !mappingSegment.MatchString(segment):
			problem = textKeyForm
		default:
			continue
		}
		return bad("apiMappingKey", textMappingKey, clip(key), problem)
	}
	return nil
}

// checkLevels holds keys of more than one level to domains that may have them
// (developer guide, "Use API mappings", restrictions).
func (d *domain) checkLevels(key string) *wire.Error {
	if strings.Contains(key, "/") && text(d.head.AWS.DomainNameConfigurations[0].SecurityPolicy) != tls12 {
		return bad("apiMappingKey", textMappingKey, clip(key), textMultiLevel)
	}
	return nil
}

func (d *domain) loadMapping(id string, doc *mappingDoc) error {
	if !plainID(id) {
		return noMapping(id)
	}
	found, err := d.Load(d.mappingKey(id), doc)
	if err == nil && !found {
		return noMapping(id)
	}
	return err
}

// GetApiMapping returns an API mapping.
func (s *Service) GetApiMapping(ctx context.Context, in *v2.GetApiMappingInput) (*v2.GetApiMappingOutput, error) {
	var doc mappingDoc
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) error { return d.loadMapping(text(in.ApiMappingId), &doc) })
	out := v2.GetApiMappingOutput(doc.AWS)
	return &out, err
}

// GetApiMappings returns a page of a domain's API mappings, in the order of
// their ids.
func (s *Service) GetApiMappings(ctx context.Context, in *v2.GetApiMappingsInput) (*v2.GetApiMappingsOutput, error) {
	out := v2.GetApiMappingsOutput{Items: []v2.ApiMapping{}}
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) (err error) {
		out.NextToken, err = s.page(ctx, d.mappingKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc mappingDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateApiMapping changes the members that are present.
func (s *Service) UpdateApiMapping(ctx context.Context, in *v2.UpdateApiMappingInput) (*v2.UpdateApiMappingOutput, error) {
	var out v2.UpdateApiMappingOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		var doc mappingDoc
		id := text(in.ApiMappingId)
		if err := d.loadMapping(id, &doc); err != nil {
			return err
		}
		if err := d.remove(id); err != nil {
			return err
		}
		control.Merge(&doc.AWS, in)
		if err := d.add(&doc.AWS); err != nil {
			return err
		}
		out = v2.UpdateApiMappingOutput(doc.AWS)
		if err := d.Put(d.mappingKey(id), &doc); err != nil {
			return err
		}
		return d.put()
	})
	return &out, err
}

// DeleteApiMapping takes a stage out of a custom domain.
func (s *Service) DeleteApiMapping(ctx context.Context, in *v2.DeleteApiMappingInput) error {
	return s.editDomain(ctx, in.DomainName, func(d *domain) error {
		var doc mappingDoc
		id := text(in.ApiMappingId)
		if err := d.loadMapping(id, &doc); err != nil {
			return err
		}
		if err := d.remove(id); err != nil {
			return err
		}
		d.Delete(d.mappingKey(id))
		return d.put()
	})
}
