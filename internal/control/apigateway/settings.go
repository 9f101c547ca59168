package apigateway

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe/logs"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// allMethods is the key of the settings of all methods of a stage.
const allMethods = "*/*"

// settingsFamily words the refusals of UpdateStage (control-plane 2.1 and 8).
func settingsFamily() family {
	unknown := func(o *op, paths []string) error {
		switch {
		case strings.HasPrefix(o.path, "/accessLogSettings/"):
			return bad(textLogPath)
		case o.verb == copied:
			return bad(textCopy, o.path, o.from)
		}
		return bad(textSettingPath, orNull(o.path), strings.Join(paths, ", "))
	}
	return family{
		unknown: unknown,
		verb: func(o *op) error {
			switch {
			case o.verb == remove:
				return bad(textSettingGone, clip(strings.TrimPrefix(o.path, "/")))
			case o.verb != copied && strings.HasPrefix(o.path, "/canarySettings"):
				return bad(textStageVerb, o.name, o.path)
			}
			return unknown(o, paths(stageRules())) // a path that could only be the key of an entry
		},
	}
}

// stageRules are those of UpdateStage (control-plane 2.2 and 8). The keys of
// method settings stand in the middle of their paths, so these rules come last.
func stageRules() []rule[*v1.Stage] {
	type stage = *v1.Stage
	rules := []rule[stage]{
		{"/accessLogSettings", remove, func(s stage, _ *op) error { s.AccessLogSettings = nil; return nil }},
		{"/accessLogSettings/destinationArn", add | replace, func(s stage, o *op) error {
			return putLog(s, o, func(l *v1.AccessLogSettings) { l.DestinationArn = o.value })
		}},
		{"/accessLogSettings/format", add | replace, func(s stage, o *op) error {
			return putLog(s, o, func(l *v1.AccessLogSettings) { l.Format = o.value })
		}},
		{"/cacheClusterEnabled", replace, func(s stage, o *op) error { return putBool(&s.CacheClusterEnabled, o) }},
		{"/cacheClusterSize", replace, func(s stage, o *op) error {
			s.CacheClusterSize = o.value
			return oneOf(o, "0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
		}},
		{"/clientCertificateId", replace, func(s stage, o *op) error { return putText(&s.ClientCertificateId, o) }},
		{"/deploymentId", replace | copied, func(s stage, o *op) error { return promoteDeployment(s, o) }},
		{"/description", replace, func(s stage, o *op) error { return putText(&s.Description, o) }},
		{"/documentationVersion", replace, func(s stage, o *op) error { return putText(&s.DocumentationVersion, o) }},
		{"/tracingEnabled", replace, func(s stage, o *op) error { return putBool(&s.TracingEnabled, o) }},
		{"/webAclArn", 0, nil},
		{"/variables", replace | remove | copied, func(s stage, o *op) error { return promoteVariables(s, o) }},
		{"/variables/*", add | replace | remove, func(s stage, o *op) error { return putEntry(&s.Variables, o, o.text(), nil) }},
	}
	return append(append(rules, canaryRules()...), settingRules()...)
}

func putLog(s *v1.Stage, o *op, put func(*v1.AccessLogSettings)) error {
	if o.text() == "" {
		return bad(textLogEmpty)
	}
	control.Default(&s.AccessLogSettings, v1.AccessLogSettings{})
	put(s.AccessLogSettings)
	return nil
}

// checkLog refuses here what could not be written. A stage whose destination and
// format come one after the other is whole at the end of the PATCH.
func checkLog(l *v1.AccessLogSettings) *wire.Error {
	if l == nil {
		return nil
	}
	if d := text(l.DestinationArn); d != "" {
		if err := logs.CheckDestination(d); err != nil {
			return bad(textLogDestination, err)
		}
	}
	if f := text(l.Format); f != "" {
		if err := logs.CheckRESTFormat(f); err != nil {
			return bad(textLogFormat, err)
		}
	}
	return nil
}

// lowerLog is the access log of a stage; one without a destination or a format
// is none yet.
func lowerLog(l *v1.AccessLogSettings) *gate.AccessLog {
	if l == nil || text(l.DestinationArn) == "" || text(l.Format) == "" {
		return nil
	}
	return &gate.AccessLog{Destination: *l.DestinationArn, Format: *l.Format}
}

func canaryRules() []rule[*v1.Stage] {
	type canary = *v1.CanarySettings
	in := func(put func(canary, *op) error) func(*v1.Stage, *op) error {
		return func(s *v1.Stage, o *op) error {
			if o.verb == remove && s.CanarySettings == nil {
				return nil // nothing is there to be taken away
			}
			control.Default(&s.CanarySettings, v1.CanarySettings{})
			return put(s.CanarySettings, o)
		}
	}
	return []rule[*v1.Stage]{
		{"/canarySettings", remove, func(s *v1.Stage, _ *op) error { s.CanarySettings = nil; return nil }},
		{"/canarySettings/deploymentId", replace, in(func(c canary, o *op) error { return putText(&c.DeploymentId, o) })},
		{"/canarySettings/percentTraffic", replace, in(func(c canary, o *op) error {
			p, err := strconv.ParseFloat(o.text(), 64)
			if err != nil {
				return bad(textPercent, clip(o.text()))
			}
			c.PercentTraffic = &p
			return nil
		})},
		{"/canarySettings/stageVariableOverrides", replace, in(func(c canary, o *op) error { return putMap(&c.StageVariableOverrides, o) })},
		{"/canarySettings/stageVariableOverrides/*", add | replace | remove, in(func(c canary, o *op) error {
			return putEntry(&c.StageVariableOverrides, o, o.text(), nil)
		})},
		{"/canarySettings/useStageCache", replace, in(func(c canary, o *op) error { return putBool(&c.UseStageCache, o) })},
	}
}

// putMap replaces a whole map by a JSON object of strings.
func putMap(m *map[string]string, o *op) error {
	next := map[string]string{}
	if err := json.Unmarshal([]byte(o.text()), &next); err != nil {
		return bad(textMap, o.path)
	}
	*m = next
	return nil
}

// promoteDeployment names a stage's deployment, by its id or by the canary's.
func promoteDeployment(s *v1.Stage, o *op) error {
	if o.verb == replace {
		s.DeploymentId = o.value
		return needed(o)
	}
	switch {
	case o.from != "/canarySettings/deploymentId":
		return bad(textCopy, o.path, o.from)
	case s.CanarySettings == nil:
		return bad(textNoPromotion)
	}
	s.DeploymentId = s.CanarySettings.DeploymentId
	return nil
}

// promoteVariables replaces all variables, takes them away, or puts the canary's
// over them.
func promoteVariables(s *v1.Stage, o *op) error {
	switch {
	case o.verb == replace:
		return putMap(&s.Variables, o)
	case o.verb == remove:
		s.Variables = nil
		return nil
	case o.from != "/canarySettings/stageVariableOverrides":
		return bad(textCopy, o.path, o.from)
	case s.CanarySettings == nil:
		return bad(textNoPromotion)
	}
	next := cloneMap(s.Variables)
	maps.Copy(next, s.CanarySettings.StageVariableOverrides)
	s.Variables = next
	return nil
}

// settingRules are those of the settings of methods. ** stands for the key: the
// path of the resource and the method, as written.
func settingRules() []rule[*v1.Stage] {
	type setting = *v1.MethodSetting
	in := func(put func(setting, *op) error) func(*v1.Stage, *op) error {
		return func(s *v1.Stage, o *op) error {
			entry, ok := s.MethodSettings[o.keys[0]]
			if !ok {
				entry = newSetting(s)
			}
			if err := put(&entry, o); err != nil {
				return err
			}
			s.MethodSettings = cloneMap(s.MethodSettings)
			s.MethodSettings[o.keys[0]] = entry
			return nil
		}
	}
	return []rule[*v1.Stage]{
		{"/**/metrics/enabled", replace, in(func(m setting, o *op) error { return putBool(&m.MetricsEnabled, o) })},
		{"/**/logging/dataTrace", replace, in(func(m setting, o *op) error { return putBool(&m.DataTraceEnabled, o) })},
		{"/**/logging/loglevel", replace, in(func(m setting, o *op) error {
			m.LoggingLevel = o.value
			return oneOf(o, "OFF", "ERROR", "INFO")
		})},
		{"/**/throttling/burstLimit", replace, in(func(m setting, o *op) error { return putInt(&m.ThrottlingBurstLimit, o, -1, 1<<31-1) })},
		{"/**/throttling/rateLimit", replace, in(func(m setting, o *op) error {
			r, err := strconv.ParseFloat(o.text(), 64)
			if err != nil || !(r >= -1 && r <= 1<<31-1) {
				return bad(textPatchNumber, clip(o.text()), o.path, -1, 1<<31-1)
			}
			m.ThrottlingRateLimit = &r
			return nil
		})},
		{"/**/caching/enabled", replace, in(func(m setting, o *op) error { return putBool(&m.CachingEnabled, o) })},
		{"/**/caching/dataEncrypted", replace, in(func(m setting, o *op) error { return putBool(&m.CacheDataEncrypted, o) })},
		{"/**/caching/ttlInSeconds", replace, in(func(m setting, o *op) error { return putInt(&m.CacheTtlInSeconds, o, 0, 3600) })},
		{"/**/caching/requireAuthorizationForCacheControl", replace, in(func(m setting, o *op) error {
			return putBool(&m.RequireAuthorizationForCacheControl, o)
		})},
		{"/**/caching/unauthorizedCacheControlHeaderStrategy", replace, in(func(m setting, o *op) error {
			m.UnauthorizedCacheControlHeaderStrategy = o.value
			return oneOf(o, "FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER")
		})},
		{"/**", remove, func(s *v1.Stage, o *op) error {
			if _, ok := s.MethodSettings[o.keys[0]]; !ok {
				return bad(textSettingGone, clip(o.keys[0]))
			}
			s.MethodSettings = cloneMap(s.MethodSettings)
			delete(s.MethodSettings, o.keys[0])
			return nil
		}},
	}
}

// newSetting is an entry as the first setting of it makes it: a copy of the one
// for all methods, or the defaults (control-plane 2.6 and 8).
func newSetting(s *v1.Stage) v1.MethodSetting {
	if all, ok := s.MethodSettings[allMethods]; ok {
		return all
	}
	return v1.MethodSetting{
		MetricsEnabled: new(false), DataTraceEnabled: new(false), ThrottlingBurstLimit: new(int32(5000)), ThrottlingRateLimit: new(10000.0),
		CachingEnabled: new(false), CacheTtlInSeconds: new(int32(300)), CacheDataEncrypted: new(false),
		RequireAuthorizationForCacheControl: new(true), UnauthorizedCacheControlHeaderStrategy: new("SUCCEED_WITH_RESPONSE_HEADER"),
	}
}

// lowerMetrics says which routes are counted by themselves. The key of an entry
// is ~1pets~1{id}/GET for GET /pets/{id}.
func lowerMetrics(live *gate.Stage, settings map[string]v1.MethodSetting) {
	for key, m := range settings {
		if key == allMethods {
			live.DetailedMetrics = is(m.MetricsEnabled)
			continue
		}
		path, verb, ok := strings.Cut(key, "/")
		if !ok {
			continue
		}
		if live.RouteMetrics == nil {
			live.RouteMetrics = map[string]bool{}
		}
		live.RouteMetrics[verb+" "+unescape(path)] = is(m.MetricsEnabled)
	}
}
