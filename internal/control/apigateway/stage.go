package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// Statuses of a stage's cache.
const (
	cacheAbsent = "NOT_AVAILABLE"
	cacheReady  = "AVAILABLE"
)

var (
	stageForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	variableForm = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)
	variableText = regexp.MustCompile(`^[A-Za-z0-9\-._~:/?#&=,]{1,512}$`)
)

// maxVariables bounds the stage variables of a stage (runtime 1.17).
const maxVariables = 100

func noStage() *wire.Error { return missing(textNoStage) }

func checkStageName(name string) error {
	if !stageForm.MatchString(name) {
		return bad(textStageName)
	}
	return nil
}

func checkVariables(list map[string]string) *wire.Error {
	if len(list) > maxVariables {
		return bad(textTooMany, "variables", len(list), maxVariables)
	}
	for _, name := range sortedKeys(list) {
		if !variableForm.MatchString(name) {
			return bad(textVariableName, clip(name))
		}
		if !variableText.MatchString(list[name]) {
			return bad(textVariableValue, name)
		}
	}
	return nil
}

// CreateStage makes a stage that serves a deployment.
func (s *Service) CreateStage(ctx context.Context, in *v1.CreateStageInput) (*v1.Stage, error) {
	tags, _, err := control.SplitTags(in.Tags)
	if err != nil {
		return nil, bad("%s", err.Error())
	}
	var out v1.Stage
	err = s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		name := text(in.StageName)
		if err := checkStageName(name); err != nil {
			return err
		}
		exists, err := d.Load(d.stageKey(name), nil)
		if err != nil {
			return err
		}
		if exists {
			return conflict(textStageExists)
		}
		var doc stageDoc
		control.Merge(&doc.AWS, in)
		doc.AWS.CreatedDate, doc.AWS.Tags = new(d.s.desk.Time()), tags
		if err := d.putStage(&v1.Stage{}, &doc, nil); err != nil {
			return err
		}
		out = shownStage(doc.AWS)
		return nil
	})
	if err == nil {
		s.tell(unenforced("stage", &out), "api", text(in.RestApiId), "stage", text(in.StageName))
	}
	return &out, err
}

// putStage completes, checks and puts a stage with what is live of it, and notes
// at the deployments which stage serves them. fresh is a deployment that this
// operation makes and puts itself; nil: none.
func (d *draft) putStage(was *v1.Stage, doc *stageDoc, fresh *deploymentDoc) error {
	if err := completeStage(&doc.AWS); err != nil {
		return err
	}
	if text(doc.AWS.DeploymentId) == "" {
		return bad(textDeploymentGone) // a stage serves a deployment as long as it is
	}
	if err := d.findCertificate(was, &doc.AWS); err != nil {
		return err
	}
	before, now := serves(was), serves(&doc.AWS)
	for _, id := range union(before, now) {
		if slices.Contains(before, id) == slices.Contains(now, id) {
			continue
		}
		if err := d.serve(id, *doc.AWS.StageName, slices.Contains(now, id), fresh); err != nil {
			return err
		}
	}
	doc.AWS.LastUpdatedDate = new(d.s.desk.Time())
	if err := d.Put(d.stageKey(*doc.AWS.StageName), doc); err != nil {
		return err
	}
	live, err := d.liveStage(&doc.AWS)
	if err != nil {
		return err
	}
	return d.Set(gate.StageKey(gate.StageRef{API: d.api, Name: live.Name}), live)
}

// serves lists the deployments that a stage serves, its canary's among them.
func serves(st *v1.Stage) (ids []string) {
	if id := text(st.DeploymentId); id != "" {
		ids = append(ids, id)
	}
	if c := st.CanarySettings; c != nil {
		if id := text(c.DeploymentId); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func union(a, b []string) []string {
	list := slices.Concat(a, b)
	slices.Sort(list)
	return slices.Compact(list)
}

// serve notes at a deployment that a stage serves it, or no longer does.
func (d *draft) serve(id, stage string, yes bool, fresh *deploymentDoc) error {
	if fresh != nil && id == *fresh.AWS.Id {
		fresh.Stages = append(fresh.Stages, stage)
		return nil
	}
	var doc deploymentDoc
	if err := d.load(d.frozenKey(id), id, &doc, bad(textDeploymentGone)); err != nil {
		return err
	}
	doc.Stages = slices.DeleteFunc(doc.Stages, func(s string) bool { return s == stage })
	if yes {
		doc.Stages = append(doc.Stages, stage)
	}
	return d.Put(d.frozenKey(id), &doc)
}

// completeStage checks a stage as it is to be and fills in the defaults.
func completeStage(st *v1.Stage) error {
	if text(st.DeploymentId) == "" {
		return bad(textDeploymentGone) // a stage without one serves nothing
	}
	control.DropEmpty(&st.Description, &st.ClientCertificateId, &st.DocumentationVersion)
	control.Default(&st.CacheClusterEnabled, false)
	control.Default(&st.TracingEnabled, false)
	st.CacheClusterStatus = new(cacheAbsent)
	if is(st.CacheClusterEnabled) {
		control.Default(&st.CacheClusterSize, "0.5")
		st.CacheClusterStatus = new(cacheReady)
	}
	if st.MethodSettings == nil {
		st.MethodSettings = map[string]v1.MethodSetting{}
	}
	if c := st.CanarySettings; c != nil {
		control.Default(&c.PercentTraffic, 0.0)
		control.Default(&c.UseStageCache, false)
		if text(c.DeploymentId) == "" {
			c.DeploymentId = st.DeploymentId
		}
		if p := *c.PercentTraffic; !(p >= 0 && p <= 100) {
			return bad(textPercent, strconv.FormatFloat(p, 'g', -1, 64))
		}
		if err := checkVariables(c.StageVariableOverrides); err != nil {
			return err
		}
	}
	return firstError(checkDescription(st.Description), checkVariables(st.Variables), checkLog(st.AccessLogSettings))
}

// liveStage lowers what of a stage acts without a deployment.
func (d *draft) liveStage(st *v1.Stage) (*gate.Stage, error) {
	live := &gate.Stage{
		API: d.api, Name: gate.StageName(*st.StageName), Deployment: gate.DeploymentID(text(st.DeploymentId)), Variables: st.Variables,
		DisableDefaultEndpoint: is(d.head.AWS.DisableExecuteApiEndpoint), ClientCertificate: text(st.ClientCertificateId),
		AccessLog: lowerLog(st.AccessLogSettings),
	}
	if c := st.CanarySettings; c != nil {
		live.Canary = &gate.Canary{Percent: *c.PercentTraffic, Deployment: gate.DeploymentID(text(c.DeploymentId)),
			Variables: c.StageVariableOverrides, StageCache: is(c.UseStageCache)}
	}
	lowerMetrics(live, st.MethodSettings)
	return live, nil
}

// GetStage returns a stage.
func (s *Service) GetStage(ctx context.Context, in *v1.GetStageInput) (*v1.Stage, error) {
	var out v1.Stage
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		doc, err := d.stage(text(in.StageName))
		out = shownStage(doc.AWS)
		return err
	})
	return &out, err
}

// stage loads a stage of the draft, or refuses.
func (d *draft) stage(name string) (*stageDoc, error) {
	doc := new(stageDoc)
	return doc, d.load(d.stageKey(name), name, doc, noStage())
}

// shownStage omits empty tags (recorded on AWS).
func shownStage(st v1.Stage) v1.Stage {
	if len(st.Tags) == 0 {
		st.Tags = nil
	}
	return st
}

// GetStages returns the stages of an API, or those that serve a deployment, in
// the order of their names. AWS knows no pages here.
func (s *Service) GetStages(ctx context.Context, in *v1.GetStagesInput) (*v1.Stages, error) {
	out := v1.Stages{Item: []v1.Stage{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		return d.Scan(d.stageKey(""), func(doc store.Doc) error {
			var st stageDoc
			if err := control.Decode(doc.Value, &st); err != nil {
				return err
			}
			if id := text(in.DeploymentId); id == "" || slices.Contains(serves(&st.AWS), id) {
				out.Item = append(out.Item, shownStage(st.AWS))
			}
			return nil
		})
	})
	return &out, err
}

// UpdateStage changes a stage by patches.
func (s *Service) UpdateStage(ctx context.Context, in *v1.UpdateStageInput) (*v1.Stage, error) {
	var out v1.Stage
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		doc, err := d.stage(text(in.StageName))
		if err != nil {
			return err
		}
		was := doc.AWS
		if c := was.CanarySettings; c != nil {
			was.CanarySettings = new(*c)
		}
		if err := patch(stageRules(), settingsFamily(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if out = shownStage(doc.AWS); len(in.PatchOperations) == 0 {
			return nil // the stage as it is
		}
		if err := d.putStage(&was, doc, nil); err != nil {
			return err
		}
		out = shownStage(doc.AWS)
		return nil
	})
	if err == nil {
		s.tell(unenforced("stage", &out), "api", text(in.RestApiId), "stage", text(in.StageName))
	}
	return &out, err
}

// DeleteStage removes a stage. Its deployments stay, as on AWS.
func (s *Service) DeleteStage(ctx context.Context, in *v1.DeleteStageInput) error {
	return s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		name := text(in.StageName)
		doc, err := d.stage(name)
		if err != nil {
			return err
		}
		domains, err := d.MappedBy(d.place, d.api, gate.StageName(name))
		if err != nil {
			return err
		}
		if len(domains) > 0 {
			return bad(textStageMapped, name, someOf(domains))
		}
		for _, id := range serves(&doc.AWS) {
			if err := d.serve(id, name, false, nil); err != nil {
				return err
			}
		}
		d.Delete(d.stageKey(name))
		d.Delete(gate.StageKey(gate.StageRef{API: d.api, Name: gate.StageName(name)}))
		return nil
	})
}

// FlushStageCache empties the cache of a stage. Until there is a cache, none
// holds anything, so that it is always done.
func (s *Service) FlushStageCache(ctx context.Context, in *v1.FlushStageCacheInput) error {
	return s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		_, err := d.stage(text(in.StageName))
		return err
	})
}

// FlushStageAuthorizersCache empties what the authorizers of a stage remember;
// until there are authorizers that is nothing.
func (s *Service) FlushStageAuthorizersCache(ctx context.Context, in *v1.FlushStageAuthorizersCacheInput) error {
	return s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		_, err := d.stage(text(in.StageName))
		return err
	})
}

// cloneMap is a map that can be changed without its origin; never nil.
func cloneMap[V any](m map[string]V) map[string]V {
	c := make(map[string]V, len(m)+1)
	maps.Copy(c, m)
	return c
}
