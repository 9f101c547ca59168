package apigatewayv2

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

const (
	statusDeployed = "DEPLOYED"
	statusFailed   = "FAILED"
)

func noDeployment(id string) *wire.Error {
	return missing("Deployment", textNoDeployment, clip(id))
}

// CreateDeployment freezes the draft, and with a stage's name moves that stage
// to it. What cannot be served is refused and leaves nothing behind.
func (s *Service) CreateDeployment(ctx context.Context, in *v2.CreateDeploymentInput) (*v2.CreateDeploymentOutput, error) {
	var out v2.CreateDeploymentOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var stage *stageDoc
		if name := text(in.StageName); name != "" {
			stage = new(stageDoc)
			if err := d.loadStage(name, stage); err != nil {
				return err
			}
		}
		doc := deploymentDoc{AWS: v2.Deployment{Description: in.Description, AutoDeployed: new(false)}}
		control.DropEmpty(&doc.AWS.Description)
		if err := firstError(checkLength("description", text(in.Description), 0, maxDescription)); err != nil {
			return err
		}
		if err := d.freeze(&doc); err != nil {
			var u *undeployable
			if errors.As(err, &u) {
				return u.refusal()
			}
			return err
		}
		if stage != nil {
			if err := d.move(stage, *doc.AWS.DeploymentId); err != nil {
				return err
			}
			if err := d.putStage(stage); err != nil {
				return err
			}
		}
		d.s.tell(d, stage, doc.AWS)
		out = v2.CreateDeploymentOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// undeployable is why a draft cannot be deployed, as its owner is told.
type undeployable struct {
	empty  bool // there are no routes
	reason string
}

func (u *undeployable) Error() string { return u.reason }

func (u *undeployable) refusal() *wire.Error {
	if u.empty {
		return plainly(textNoRoutes)
	}
	return plainly(textCannotDeploy, u.reason)
}

// freeze lowers the draft, tries it, writes its chunks and puts the deployment
// with its head. The error is an *undeployable if the draft is at fault.
func (d *draft) freeze(doc *deploymentDoc) error {
	id := control.NewID(control.DeploymentIDLength)
	doc.AWS.DeploymentId, doc.AWS.CreatedDate, doc.AWS.DeploymentStatus = &id, d.s.now(), new(statusDeployed)
	def, err := d.lower(gate.DeploymentID(id))
	if err != nil {
		return err
	}
	if err := d.s.compiles(def); err != nil {
		return &undeployable{reason: err.Error()}
	}
	ref := gate.DeploymentRef{API: d.api, ID: def.Deployment.ID}
	source, err := d.pack()
	if errors.Is(err, control.ErrPart) {
		return &undeployable{reason: err.Error()}
	}
	if err != nil {
		return err
	}
	if def.Deployment.Chunks, err = d.Freeze(ref, def.Routes, source); err != nil {
		return err
	}
	for _, c := range source {
		def.Deployment.Source = append(def.Deployment.Source, c.Sum)
	}
	if err := d.Set(gate.DeploymentKey(ref), def.Deployment); err != nil {
		return err
	}
	return d.Put(d.deploymentKey(id), doc)
}

// tell logs what of a deployment is accepted but not enforced yet. It says so
// again if the operation runs again, which is better than not at all.
func (s *Service) tell(d *draft, stage *stageDoc, doc v2.Deployment) {
	notes := d.notes
	if stage != nil {
		notes = append(slices.Clone(notes), unenforced("stage", &stage.AWS)...)
	}
	if len(notes) == 0 {
		return
	}
	slices.Sort(notes)
	s.desk.Logger().Warn("a deployment holds settings that this version does not enforce yet; see docs/coverage.md",
		"api", string(d.api), "deployment", text(doc.DeploymentId), "settings", strings.Join(slices.Compact(notes), ", "))
}

// GetDeployment returns a deployment.
func (s *Service) GetDeployment(ctx context.Context, in *v2.GetDeploymentInput) (*v2.GetDeploymentOutput, error) {
	var doc deploymentDoc
	err := s.view(ctx, in.ApiId, func(d *draft) error {
		id := text(in.DeploymentId)
		return d.load(d.deploymentKey(id), id, &doc, noDeployment(id))
	})
	out := v2.GetDeploymentOutput(doc.AWS)
	return &out, err
}

// GetDeployments returns a page of an API's deployments, in the order of their
// ids.
func (s *Service) GetDeployments(ctx context.Context, in *v2.GetDeploymentsInput) (*v2.GetDeploymentsOutput, error) {
	out := v2.GetDeploymentsOutput{Items: []v2.Deployment{}}
	err := s.view(ctx, in.ApiId, func(d *draft) (err error) {
		out.NextToken, err = d.page(d.deploymentKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc deploymentDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateDeployment changes the description; the rest is frozen.
func (s *Service) UpdateDeployment(ctx context.Context, in *v2.UpdateDeploymentInput) (*v2.UpdateDeploymentOutput, error) {
	var out v2.UpdateDeploymentOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc deploymentDoc
		id := text(in.DeploymentId)
		if err := d.load(d.deploymentKey(id), id, &doc, noDeployment(id)); err != nil {
			return err
		}
		control.Merge(&doc.AWS, in)
		control.DropEmpty(&doc.AWS.Description)
		if err := firstError(checkLength("description", text(doc.AWS.Description), 0, maxDescription)); err != nil {
			return err
		}
		out = v2.UpdateDeploymentOutput(doc.AWS)
		return d.Put(d.deploymentKey(id), &doc)
	})
	return &out, err
}

// DeleteDeployment removes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *v2.DeleteDeploymentInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc deploymentDoc
		id := text(in.DeploymentId)
		if err := d.load(d.deploymentKey(id), id, &doc, noDeployment(id)); err != nil {
			return err
		}
		if len(doc.Stages) > 0 {
			return plainly(textDeploymentInUse, strings.Join(doc.Stages, ", "))
		}
		return d.dropDeployment(id)
	})
}

// dropDeployment removes a deployment. One that failed was never frozen: nothing
// of the plane goes with it, and no node would ever report that it has gone.
func (d *draft) dropDeployment(id string) error {
	d.Delete(d.deploymentKey(id))
	frozen := gate.DeploymentKey(gate.DeploymentRef{API: d.api, ID: gate.DeploymentID(id)})
	found, err := d.Load(frozen, nil)
	if found {
		d.Delete(frozen)
	}
	return err
}
