package apigatewayv2

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Defaults of an HTTP API, as AWS answers them.
const (
	defaultKeySelection   = "$request.header.x-api-key"
	defaultRouteSelection = "$request.method $request.path"
)

// CreateApi makes an API, and with a target also the integration, the route
// and the stage that serve it: quick create.
func (s *Service) CreateApi(ctx context.Context, in *v2.CreateApiInput) (*v2.CreateApiOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	if text(in.ProtocolType) == string(gate.WebSocket) {
		return nil, notBuilt("protocolType", textBuildWebSocket)
	}
	tags, custom, err := control.SplitTags(in.Tags)
	if err != nil {
		return nil, plainly(textReason, err)
	}
	var head apiDoc
	head.Gen = 1
	v2in := *in
	v2in.Tags = tags
	control.Merge(&head.AWS, &v2in)
	if err := s.completeAPI(&head.AWS); err != nil {
		return nil, err
	}
	quick, err := s.quickCreate(in)
	if err != nil {
		return nil, err
	}
	var d *draft
	// A generated id is chosen anew in every run, so nobody waits in line for it.
	err = s.desk.Do(ctx, line(gate.APIID(custom)), func(t *control.Tx) error {
		id := custom
		if id == "" {
			id = control.NewID(control.APIIDLength)
		}
		d = &draft{Tx: t, keys: keys{p, gate.APIID(id)}, s: s, head: head}
		d.head.AWS.ApiId = &id
		return d.createAPI(quick)
	})
	if err != nil {
		return nil, err
	}
	s.settle(ctx, d.keys, d.due)
	log := s.desk.Logger()
	if s.desk.Local != nil {
		log = log.With("url", s.desk.Local(d.api))
	}
	log.Info("api created", "api", string(d.api), "name", *d.head.AWS.Name, "account", p.Account, "region", p.Region)
	out := v2.CreateApiOutput(s.shown(d.keys, d.head))
	return &out, nil
}

// createAPI puts the documents of a new API.
func (d *draft) createAPI(quick *quickParts) error {
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
	if quick != nil {
		if err := d.putQuick(quick); err != nil {
			return err
		}
	}
	if err := d.pend(); err != nil {
		return err
	}
	return d.putAPI()
}

// putAPI writes the head and what follows from it at once.
func (d *draft) putAPI() error {
	if err := d.Put(d.apiKey(), &d.head); err != nil {
		return err
	}
	return d.Set(gate.APIKey(d.api), gate.API{
		ID: d.api, Protocol: gate.HTTP, Account: d.place.Account, Region: d.place.Region, Name: text(d.head.AWS.Name),
	})
}

// completeAPI checks an API as it is to be and fills in the defaults.
func (s *Service) completeAPI(a *v2.Api) error {
	control.DropEmpty(&a.Description, &a.Version, &a.ApiKeySelectionExpression, &a.RouteSelectionExpression)
	control.Default(&a.ApiKeySelectionExpression, defaultKeySelection)
	control.Default(&a.RouteSelectionExpression, defaultRouteSelection)
	control.Default(&a.DisableExecuteApiEndpoint, false)
	control.Default(&a.IpAddressType, "ipv4")
	control.Default(&a.CreatedDate, s.desk.Time())
	return firstError(
		checkOneOf("protocolType", text(a.ProtocolType), string(gate.HTTP)),
		checkLength("name", text(a.Name), 1, maxName),
		checkLength("description", text(a.Description), 0, maxDescription),
		checkLength("version", text(a.Version), 0, maxVersion),
		checkLength("apiKeySelectionExpression", text(a.ApiKeySelectionExpression), 0, maxName),
		checkSelection(text(a.RouteSelectionExpression)),
		checkCORS(a.CorsConfiguration),
	)
}

// GetApi returns an API.
func (s *Service) GetApi(ctx context.Context, in *v2.GetApiInput) (*v2.GetApiOutput, error) {
	var out v2.GetApiOutput
	err := s.view(ctx, in.ApiId, func(d *draft) error {
		out = v2.GetApiOutput(s.shown(d.keys, d.head))
		return nil
	})
	return &out, err
}

// GetApis returns a page of the APIs of a place, in the order of their ids.
func (s *Service) GetApis(ctx context.Context, in *v2.GetApisInput) (*v2.GetApisOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v2.GetApisOutput{Items: []v2.Api{}}
	out.NextToken, err = s.page(ctx, apisKey(p), in.MaxResults, in.NextToken, func(doc []byte) error {
		var head apiDoc
		if err := control.Decode(doc, &head); err != nil {
			return err
		}
		out.Items = append(out.Items, s.shown(keys{p, gate.APIID(text(head.AWS.ApiId))}, head))
		return nil
	})
	return &out, err
}

// UpdateApi changes the members that are present. Those of quick create change
// what it made.
func (s *Service) UpdateApi(ctx context.Context, in *v2.UpdateApiInput) (*v2.UpdateApiOutput, error) {
	var out v2.UpdateApiOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		control.Merge(&d.head.AWS, in)
		if err := s.completeAPI(&d.head.AWS); err != nil {
			return err
		}
		if err := d.updateQuick(in); err != nil {
			return err
		}
		d.edited = true
		out = v2.UpdateApiOutput(s.shown(d.keys, d.head))
		return d.putAPI()
	})
	return &out, err
}

// DeleteCorsConfiguration takes the CORS configuration of an API away.
func (s *Service) DeleteCorsConfiguration(ctx context.Context, in *v2.DeleteCorsConfigurationInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		d.head.AWS.CorsConfiguration = nil
		d.edited = true
		return d.putAPI()
	})
}

// DeleteApi removes an API with all that it has, in one commit: were its
// children removed later, a new API of the same chosen id would find them.
// Chunks are shared, so they are left to control.Desk.Sweep.
func (s *Service) DeleteApi(ctx context.Context, in *v2.DeleteApiInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		if err := d.unmapped(""); err != nil {
			return err
		}
		d.Delete(d.apiKey())
		d.Delete(indexKey(d.api))
		d.Delete(gate.APIKey(d.api))
		d.DeletePrefix(gate.StagesKey(d.api))
		d.DeletePrefix(gate.DeploymentsKey(d.api))
		d.DeletePrefix(d.tree())
		d.DeletePrefix(d.pendingTree())
		return nil
	})
}

// shown is an API as clients see it.
func (s *Service) shown(k keys, head apiDoc) v2.Api {
	a := head.AWS
	endpoint := s.desk.Endpoint(k.api, k.place.Region)
	a.ApiEndpoint = &endpoint
	return a
}

// setAuto keeps the head's list of stages with autoDeploy. It is
// written only where it changes, since it conflicts with every other edit.
func (d *draft) setAuto(stage string, auto bool) error {
	i := slices.Index(d.head.Auto, stage)
	switch {
	case auto == (i >= 0):
		return nil
	case auto && len(d.head.Auto) == maxAutomatic:
		return bad("autoDeploy", textTooManyAutomatic, maxAutomatic)
	case auto:
		d.head.Auto = append(slices.Clone(d.head.Auto), stage)
	default:
		d.head.Auto = slices.Delete(slices.Clone(d.head.Auto), i, i+1)
	}
	if err := d.Put(d.apiKey(), &d.head); err != nil {
		return fmt.Errorf("stage %s: %w", stage, err)
	}
	return nil
}
