package apigateway

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// CreateDeployment freezes the draft, and with a stage's name makes that stage
// serve it, or its canary. What cannot be served is refused and leaves nothing
// behind.
func (s *Service) CreateDeployment(ctx context.Context, in *v1.CreateDeploymentInput) (*v1.Deployment, error) {
	var out v1.Deployment
	var notes []string
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		if err := firstError(checkDescription(in.Description), checkVariables(in.Variables)); err != nil {
			return err
		}
		doc := deploymentDoc{AWS: v1.Deployment{Description: in.Description}}
		control.DropEmpty(&doc.AWS.Description)
		l, err := d.freeze(&doc)
		if err != nil {
			return err
		}
		stage, err := d.deployTo(in, &doc)
		if err != nil {
			return err
		}
		if err := d.Put(d.frozenKey(*doc.AWS.Id), &doc); err != nil {
			return err
		}
		notes = l.notes
		if stage != nil {
			notes = append(notes, unenforced("stage", &stage.AWS)...)
		}
		out = doc.AWS
		return nil
	})
	if err == nil {
		s.tell(notes, "api", text(in.RestApiId), "deployment", *out.Id)
	}
	return &out, err
}

// freeze lowers the draft, tries it, writes its chunks and puts the deployment's
// head. The document is the caller's to put.
func (d *draft) freeze(doc *deploymentDoc) (*lowering, error) {
	id := control.NewID(control.DeploymentIDLength)
	doc.AWS.Id, doc.AWS.CreatedDate = &id, new(d.s.desk.Time())
	l, err := d.lower(gate.DeploymentID(id))
	if err != nil {
		return nil, err
	}
	if err := d.s.compiles(&l.def); err != nil {
		return nil, bad(textCannotDeploy, err.Error())
	}
	doc.Summary = l.summary
	ref := gate.DeploymentRef{API: d.api, ID: l.def.Deployment.ID}
	head := &l.def.Deployment
	source, err := control.Pack(&apiDoc{AWS: d.head.AWS}, d.defTree(), l.source)
	if errors.Is(err, control.ErrPart) {
		return nil, bad(textCannotDeploy, err.Error())
	}
	if err != nil {
		return nil, err
	}
	if head.Chunks, err = d.Freeze(ref, l.def.Routes, source); err != nil {
		return nil, err
	}
	for _, c := range source {
		head.Source = append(head.Source, c.Sum)
	}
	return l, d.Set(gate.DeploymentKey(ref), head)
}

// deployTo makes the stage that the input names serve the deployment; it is made
// where it is missing. nil: none is named.
func (d *draft) deployTo(in *v1.CreateDeploymentInput, doc *deploymentDoc) (*stageDoc, error) {
	name := text(in.StageName)
	if name == "" {
		if in.CanarySettings != nil {
			return nil, bad(textCanaryStage, orNull(name))
		}
		return nil, nil
	}
	var stage stageDoc
	if err := checkStageName(name); err != nil {
		return nil, err
	}
	found, err := d.Load(d.stageKey(name), &stage)
	if err != nil {
		return nil, err
	}
	if !found && in.CanarySettings != nil {
		return nil, bad(textCanaryMissing, name)
	}
	st := &stage.AWS
	if !found {
		*st = v1.Stage{StageName: &name, CreatedDate: new(d.s.desk.Time())}
	}
	if in.StageDescription != nil {
		st.Description = in.StageDescription
	}
	if in.CacheClusterEnabled != nil {
		st.CacheClusterEnabled, st.CacheClusterSize = in.CacheClusterEnabled, in.CacheClusterSize
	}
	if in.TracingEnabled != nil {
		st.TracingEnabled = in.TracingEnabled
	}
	if in.Variables != nil {
		st.Variables = in.Variables
	}
	was := *st
	if c := in.CanarySettings; c != nil {
		st.CanarySettings = &v1.CanarySettings{DeploymentId: doc.AWS.Id, PercentTraffic: c.PercentTraffic,
			StageVariableOverrides: c.StageVariableOverrides, UseStageCache: c.UseStageCache}
	} else {
		st.DeploymentId = doc.AWS.Id
	}
	return &stage, d.putStage(&was, &stage, doc)
}

// tell logs what of a deployment or of a stage is accepted but not enforced yet.
func (s *Service) tell(notes []string, where ...any) {
	if len(notes) == 0 {
		return
	}
	slices.Sort(notes)
	s.desk.Logger().Warn("settings were taken that this version does not enforce yet; see docs/coverage.md",
		append(where, "settings", strings.Join(slices.Compact(notes), ", "))...)
}

func noDeployment() *wire.Error { return missing(textNoDeployment) }

// shown is a deployment as clients see it; apiSummary is told where they ask.
func (doc *deploymentDoc) shown(embed []string) v1.Deployment {
	out := doc.AWS
	if !embeds(embed, "apisummary") {
		return out
	}
	out.ApiSummary = map[string]map[string]v1.MethodSnapshot{}
	for path, methods := range doc.Summary {
		out.ApiSummary[path] = map[string]v1.MethodSnapshot{}
		for verb, m := range methods {
			out.ApiSummary[path][verb] = v1.MethodSnapshot{ApiKeyRequired: new(m.Key), AuthorizationType: new(m.Auth)}
		}
	}
	return out
}

// GetDeployment returns a deployment.
func (s *Service) GetDeployment(ctx context.Context, in *v1.GetDeploymentInput) (*v1.Deployment, error) {
	var out v1.Deployment
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		var doc deploymentDoc
		id := text(in.DeploymentId)
		err := d.load(d.frozenKey(id), id, &doc, noDeployment())
		out = doc.shown(in.Embed)
		return err
	})
	return &out, err
}

// GetDeployments returns a page of an API's deployments, in the order of their
// ids.
func (s *Service) GetDeployments(ctx context.Context, in *v1.GetDeploymentsInput) (*v1.Deployments, error) {
	out := v1.Deployments{Items: []v1.Deployment{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		out.Position, err = s.page(ctx, d.frozenKey(""), in.Limit, in.Position, func(text []byte) error {
			var doc deploymentDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.shown(nil))
			return err
		})
		return err
	})
	return &out, err
}

// UpdateDeployment changes the description; the rest is frozen.
func (s *Service) UpdateDeployment(ctx context.Context, in *v1.UpdateDeploymentInput) (*v1.Deployment, error) {
	var out v1.Deployment
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		var doc deploymentDoc
		id := text(in.DeploymentId)
		if err := d.load(d.frozenKey(id), id, &doc, noDeployment()); err != nil {
			return err
		}
		rules := []rule[*v1.Deployment]{{"/description", replace, func(a *v1.Deployment, o *op) error { return putText(&a.Description, o) }}}
		if err := patch(rules, quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := firstError(checkDescription(doc.AWS.Description)); err != nil {
			return err
		}
		out = doc.AWS
		return d.Put(d.frozenKey(id), &doc)
	})
	return &out, err
}

// DeleteDeployment removes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *v1.DeleteDeploymentInput) error {
	return s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		var doc deploymentDoc
		id := text(in.DeploymentId)
		if err := d.load(d.frozenKey(id), id, &doc, noDeployment()); err != nil {
			return err
		}
		if len(doc.Stages) > 0 {
			return bad(textDeploymentUsed)
		}
		d.Delete(d.frozenKey(id))
		d.Delete(gate.DeploymentKey(gate.DeploymentRef{API: d.api, ID: gate.DeploymentID(id)}))
		return nil
	})
}
