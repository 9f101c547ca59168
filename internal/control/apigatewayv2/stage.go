package apigatewayv2

import (
	"context"
	"slices"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func noStage(name string) *wire.Error { return missing("Stage", textNoStage, clip(name)) }

// loadStage reads a stage of the draft, or refuses.
func (d *draft) loadStage(name string, doc *stageDoc) error {
	return d.load(d.stageKey(name), name, doc, noStage(name))
}

// CreateStage adds a stage to an API. With autoDeploy it is deployed at once.
func (s *Service) CreateStage(ctx context.Context, in *v2.CreateStageInput) (*v2.CreateStageOutput, error) {
	tags, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	var doc stageDoc
	err = s.edit(ctx, in.ApiId, func(d *draft) error {
		doc = stageDoc{}
		control.Merge(&doc.AWS, in)
		if err := d.findRoutes(in.RouteSettings); err != nil {
			return err
		}
		doc.AWS.Tags, doc.AWS.DeploymentId = tags, nil
		if id := text(in.DeploymentId); id != "" {
			if is(in.AutoDeploy) {
				return bad("deploymentId", textAutoAndExplicit)
			}
			if err := d.move(&doc, id); err != nil {
				return err
			}
		}
		return d.addStage(&doc)
	})
	if err != nil {
		return nil, err
	}
	out := v2.CreateStageOutput(s.deployed(ctx, in.ApiId, doc.AWS))
	return &out, nil
}

// deployed is a stage as it was committed, with what the automatic deployment
// that followed from it has changed. Others may have changed or deleted the
// stage since: that is not for this call to answer.
func (s *Service) deployed(ctx context.Context, api *string, st v2.Stage) v2.Stage {
	if !is(st.AutoDeploy) {
		return st
	}
	var now stageDoc
	if s.view(ctx, api, func(d *draft) error { return d.loadStage(*st.StageName, &now) }) == nil && is(now.AWS.AutoDeploy) {
		st.DeploymentId, st.LastDeploymentStatusMessage, st.LastUpdatedDate = now.AWS.DeploymentId, now.AWS.LastDeploymentStatusMessage, now.AWS.LastUpdatedDate
	}
	return st
}

// addStage completes, checks and puts a new stage.
func (d *draft) addStage(doc *stageDoc) error {
	name := text(doc.AWS.StageName)
	if err := firstError(checkStageName(name)); err != nil {
		return err
	}
	exists, err := d.Load(d.stageKey(name), nil)
	if err != nil {
		return err
	}
	if exists {
		return conflict(textStageExists, name)
	}
	doc.AWS.CreatedDate = d.s.now()
	if is(doc.AWS.AutoDeploy) {
		d.due = append(d.due, name)
	}
	return d.putStage(doc)
}

// putStage completes, checks and puts a stage with what is live of it.
func (d *draft) putStage(doc *stageDoc) error {
	if err := completeStage(&doc.AWS); err != nil {
		return err
	}
	doc.AWS.LastUpdatedDate = d.s.now()
	name := *doc.AWS.StageName
	if err := d.setAuto(name, is(doc.AWS.AutoDeploy)); err != nil {
		return err
	}
	if err := d.Put(d.stageKey(name), doc); err != nil {
		return err
	}
	live := liveStage(d.api, &doc.AWS)
	return d.Set(gate.StageKey(gate.StageRef{API: d.api, Name: live.Name}), live)
}

// completeStage checks a stage as it is to be and fills in the defaults.
func completeStage(st *v2.Stage) error {
	control.DropEmpty(&st.Description, &st.ClientCertificateId)
	dropEmptyLog(st)
	control.Default(&st.AutoDeploy, false)
	control.Default(&st.DefaultRouteSettings, v2.RouteSettings{})
	control.Default(&st.DefaultRouteSettings.DetailedMetricsEnabled, false)
	if st.RouteSettings == nil {
		st.RouteSettings = map[string]v2.RouteSettings{}
	}
	if st.StageVariables == nil {
		st.StageVariables = map[string]string{}
	}
	if st.Tags == nil {
		st.Tags = map[string]string{}
	}
	err := firstError(
		checkLength("description", text(st.Description), 0, maxDescription),
		webSocketOnly("clientCertificateId", st.ClientCertificateId != nil),
		checkVariables(st.StageVariables),
		checkSettings("defaultRouteSettings", *st.DefaultRouteSettings),
		checkLog(st.AccessLogSettings),
	)
	if err != nil {
		return err
	}
	return checkRouteSettings(st.RouteSettings)
}

func checkSettings(field string, r v2.RouteSettings) *wire.Error {
	if is(r.DataTraceEnabled) || r.LoggingLevel != nil && *r.LoggingLevel != "OFF" {
		return plainly(textExecutionLogs, field)
	}
	if r.ThrottlingBurstLimit != nil && *r.ThrottlingBurstLimit < 0 {
		return bad(field+".throttlingBurstLimit", textNegative, *r.ThrottlingBurstLimit)
	}
	if r.ThrottlingRateLimit != nil && !(*r.ThrottlingRateLimit >= 0) {
		return bad(field+".throttlingRateLimit", textNegative, *r.ThrottlingRateLimit)
	}
	return nil
}

// checkRouteSettings holds each entry to what the default is held to.
func checkRouteSettings(settings map[string]v2.RouteSettings) error {
	if len(settings) > maxSettings {
		return bad("routeSettings", textTooMany, len(settings), maxSettings)
	}
	for _, key := range sortedKeys(settings) {
		if err := firstError(checkSettings("routeSettings."+clip(key), settings[key])); err != nil {
			return err
		}
	}
	return nil
}

// findRoutes refuses settings for a route that the API does not have.
func (d *draft) findRoutes(settings map[string]v2.RouteSettings) error {
	for _, key := range sortedKeys(settings) {
		found, err := d.Peek(d.claimKey(key), nil)
		if err != nil {
			return err
		}
		if found == 0 {
			return missing("Route", textNoSettingsRoute, clip(key))
		}
	}
	return nil
}

// move makes a stage serve another deployment.
func (d *draft) move(stage *stageDoc, to string) error {
	name, from := text(stage.AWS.StageName), text(stage.AWS.DeploymentId)
	if from == to {
		return nil
	}
	var next deploymentDoc
	if err := d.load(d.deploymentKey(to), to, &next, noDeployment(to)); err != nil {
		return err
	}
	if text(next.AWS.DeploymentStatus) != statusDeployed {
		return bad("deploymentId", textFailedDeployment, to)
	}
	next.Stages = append(next.Stages, name)
	if err := d.Put(d.deploymentKey(to), &next); err != nil {
		return err
	}
	stage.AWS.DeploymentId = &to
	return d.leave(name, from)
}

// leave notes that a stage no longer serves a deployment.
func (d *draft) leave(stage, from string) error {
	if from == "" {
		return nil
	}
	var old deploymentDoc
	found, err := d.Load(d.deploymentKey(from), &old)
	if err != nil || !found {
		return err
	}
	old.Stages = slices.DeleteFunc(old.Stages, func(s string) bool { return s == stage })
	return d.Put(d.deploymentKey(from), &old)
}

// GetStage returns a stage.
func (s *Service) GetStage(ctx context.Context, in *v2.GetStageInput) (*v2.GetStageOutput, error) {
	var doc stageDoc
	err := s.view(ctx, in.ApiId, func(d *draft) error { return d.loadStage(text(in.StageName), &doc) })
	out := v2.GetStageOutput(doc.AWS)
	return &out, err
}

// GetStages returns a page of an API's stages, in the order of their names.
func (s *Service) GetStages(ctx context.Context, in *v2.GetStagesInput) (*v2.GetStagesOutput, error) {
	out := v2.GetStagesOutput{Items: []v2.Stage{}}
	err := s.view(ctx, in.ApiId, func(d *draft) (err error) {
		out.NextToken, err = d.page(d.stageKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc stageDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateStage changes the members that are present; of maps and settings it
// changes the entries that are present, and an empty variable goes away.
func (s *Service) UpdateStage(ctx context.Context, in *v2.UpdateStageInput) (*v2.UpdateStageOutput, error) {
	var doc stageDoc
	name := text(in.StageName)
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		doc = stageDoc{}
		if err := d.loadStage(name, &doc); err != nil {
			return err
		}
		was := doc.AWS
		mergeStage(&doc.AWS, in)
		if err := d.findRoutes(in.RouteSettings); err != nil {
			return err
		}
		if err := d.redirect(&doc, was, in); err != nil {
			return err
		}
		return d.putStage(&doc)
	})
	if err != nil {
		return nil, err
	}
	out := v2.UpdateStageOutput(s.deployed(ctx, in.ApiId, doc.AWS))
	return &out, nil
}

// mergeStage puts what is present over a stage, but for the deployment.
func mergeStage(st *v2.Stage, in *v2.UpdateStageInput) {
	over := *in
	over.DeploymentId = nil
	over.StageVariables = mergeMap(st.StageVariables, in.StageVariables, func(v string) bool { return v == "" })
	over.DefaultRouteSettings = mergeSettings(st.DefaultRouteSettings, in.DefaultRouteSettings)
	over.RouteSettings = mergeMap(st.RouteSettings, in.RouteSettings, func(v2.RouteSettings) bool { return false })
	for key, r := range in.RouteSettings {
		base := st.RouteSettings[key]
		over.RouteSettings[key] = *mergeSettings(&base, &r)
	}
	if l := in.AccessLogSettings; l != nil && st.AccessLogSettings != nil {
		merged := *st.AccessLogSettings
		control.Merge(&merged, l)
		over.AccessLogSettings = &merged
	}
	control.Merge(st, &over)
}

// mergeSettings is a copy of base with the members of over put on it.
func mergeSettings(base, over *v2.RouteSettings) *v2.RouteSettings {
	if base == nil || over == nil {
		return over
	}
	merged := *base
	control.Merge(&merged, over)
	return &merged
}

// redirect acts on the two members that say what a stage serves.
func (d *draft) redirect(doc *stageDoc, was v2.Stage, in *v2.UpdateStageInput) error {
	auto := is(doc.AWS.AutoDeploy)
	if is(was.ApiGatewayManaged) && (!auto || in.DeploymentId != nil && *in.DeploymentId != text(was.DeploymentId)) {
		return conflict(textManagedStage)
	}
	if in.DeploymentId != nil {
		switch to := *in.DeploymentId; {
		case to == "":
			return bad("deploymentId", textEmpty)
		case auto && to != text(was.DeploymentId):
			return bad("deploymentId", textAutoAndExplicit)
		default:
			if err := d.move(doc, to); err != nil {
				return err
			}
		}
	}
	name := *doc.AWS.StageName
	switch {
	case auto && !is(was.AutoDeploy):
		d.due = append(d.due, name)
	case !auto && is(was.AutoDeploy):
		d.Delete(d.pendingKey(name))
	}
	return nil
}

// DeleteStage removes a stage, and with it the automatic deployments that no
// other stage serves.
func (s *Service) DeleteStage(ctx context.Context, in *v2.DeleteStageInput) error {
	name := text(in.StageName)
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc stageDoc
		if err := d.loadStage(name, &doc); err != nil {
			return err
		}
		if is(doc.AWS.ApiGatewayManaged) {
			return conflict(textManagedDelete, "Stage", name)
		}
		if err := d.unmapped(name); err != nil {
			return err
		}
		if err := d.leave(name, text(doc.AWS.DeploymentId)); err != nil {
			return err
		}
		if err := d.dropAutomatic(&doc); err != nil {
			return err
		}
		d.Delete(d.stageKey(name))
		d.Delete(d.pendingKey(name))
		d.Delete(gate.StageKey(gate.StageRef{API: d.api, Name: gate.StageName(name)}))
		return d.setAuto(name, false)
	})
}

// dropAutomatic removes the automatic deployments of a stage that goes, as many
// as are kept of one. What other stages have pinned stays.
func (d *draft) dropAutomatic(doc *stageDoc) error {
	room := keepAutomatic + pruneAtOnce
	for _, id := range doc.Automatic {
		if room == 0 {
			break
		}
		free, err := d.free(id, *doc.AWS.StageName)
		if err != nil {
			return err
		}
		if !free {
			continue
		}
		if err := d.dropDeployment(id); err != nil {
			return err
		}
		room--
	}
	return nil
}

// DeleteAccessLogSettings takes the access log of a stage away.
func (s *Service) DeleteAccessLogSettings(ctx context.Context, in *v2.DeleteAccessLogSettingsInput) error {
	return s.changeStage(ctx, in.ApiId, in.StageName, func(st *v2.Stage) error {
		st.AccessLogSettings = nil
		return nil
	})
}

// DeleteRouteSettings takes the settings of one route of a stage away.
func (s *Service) DeleteRouteSettings(ctx context.Context, in *v2.DeleteRouteSettingsInput) error {
	return s.changeStage(ctx, in.ApiId, in.StageName, func(st *v2.Stage) error {
		key := text(in.RouteKey)
		if _, ok := st.RouteSettings[key]; !ok {
			return missing("Route", textNoSettings, clip(key))
		}
		delete(st.RouteSettings, key)
		return nil
	})
}

func (s *Service) changeStage(ctx context.Context, api, name *string, op func(*v2.Stage) error) error {
	return s.edit(ctx, api, func(d *draft) error {
		var doc stageDoc
		if err := d.loadStage(text(name), &doc); err != nil {
			return err
		}
		if err := op(&doc.AWS); err != nil {
			return err
		}
		return d.putStage(&doc)
	})
}
