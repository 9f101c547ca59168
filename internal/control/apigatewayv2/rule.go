package apigatewayv2

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Bounds of a routing rule (developer guide, "Routing rules"). AWS names no
// number for the entries of a condition, nor the length of a glob.
const (
	maxHeaderConditions = 2
	maxPathConditions   = 1
	maxEntries          = 20
	maxGlob             = 128
	maxHeaderName       = 128
	maxRulePage         = 100
	maxPriority         = 1_000_000
)

func noRule(id string) *wire.Error { return missing("RoutingRule", textNoRule, clip(id)) }

func (d *domain) ruleKey(id string) string { return d.Tree() + "rules/" + id }

// loadRule reads a routing rule of the domain, or refuses.
func (d *domain) loadRule(id string, doc *ruleDoc) error {
	if !plainID(id) {
		return noRule(id)
	}
	found, err := d.Load(d.ruleKey(id), doc)
	if err == nil && !found {
		err = noRule(id)
	}
	return err
}

// noPrivate refuses to name a private domain.
func noPrivate(id *string) error {
	if text(id) == "" {
		return nil
	}
	return notBuilt("domainNameId", textBuildPrivate)
}

// CreateRoutingRule adds a rule that leads requests to a stage of a REST API by
// their headers and base path. It acts at once, where the domain's routingMode
// has rules.
func (s *Service) CreateRoutingRule(ctx context.Context, in *v2.CreateRoutingRuleInput) (*v2.CreateRoutingRuleOutput, error) {
	if err := noPrivate(in.DomainNameId); err != nil {
		return nil, err
	}
	var out v2.CreateRoutingRuleOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		id := control.NewID(control.ResourceIDLength)
		rule := v2.RoutingRule{Actions: in.Actions, Conditions: in.Conditions, Priority: in.Priority, RoutingRuleId: &id,
			RoutingRuleArn: new(d.Place.OwnARN("/domainnames/" + d.name() + "/routingrules/" + id))}
		out = v2.CreateRoutingRuleOutput(rule)
		return d.putRule(rule)
	})
	return &out, err
}

// putRule checks a rule and adds it, to the domain and to what clients list.
func (d *domain) putRule(rule v2.RoutingRule) error {
	r, err := lowerRule(&rule)
	if err != nil {
		return err
	}
	protocol, err := d.reach(string(r.API), string(r.Stage))
	if err != nil {
		return err
	}
	if protocol != gate.REST {
		return bad("apiId", textRuleTarget, r.API, protocol)
	}
	err = d.AddRule(*r)
	switch {
	case errors.Is(err, control.ErrPriority):
		return conflict(textPriorityTaken, r.Priority)
	case errors.Is(err, control.ErrMixed):
		return bad("routingRule", textMixedRules, d.name())
	case err != nil:
		return worded(err, d.Domain, protocol)
	}
	return d.Tx.Put(d.ruleKey(r.ID), &ruleDoc{rule})
}

// lowerRule checks a rule and turns it into the noun that acts.
func lowerRule(rule *v2.RoutingRule) (*gate.RoutingRule, error) {
	if n := len(rule.Actions); n != 1 || rule.Actions[0].InvokeApi == nil {
		return nil, bad("actions", textOneAction, n)
	}
	if n := rule.Priority; n == nil || *n < 1 || *n > maxPriority {
		return nil, bad("priority", textPriority, maxPriority)
	}
	to := rule.Actions[0].InvokeApi
	r := &gate.RoutingRule{ID: *rule.RoutingRuleId, Priority: int(*rule.Priority), API: gate.APIID(text(to.ApiId)), Stage: gate.StageName(text(to.Stage)), Strip: is(to.StripBasePath)}
	paths := 0
	for _, c := range rule.Conditions {
		switch {
		case (c.MatchHeaders == nil) == (c.MatchBasePaths == nil):
			return nil, bad("conditions", textOneMatch)
		case c.MatchHeaders != nil:
			globs, err := lowerGlobs(c.MatchHeaders.AnyOf)
			if err != nil {
				return nil, err
			}
			r.Headers = append(r.Headers, globs)
		default:
			paths++
			if err := firstError(checkBasePaths(c.MatchBasePaths.AnyOf)); err != nil {
				return nil, err
			}
			r.BasePaths = c.MatchBasePaths.AnyOf
		}
	}
	if len(r.Headers) > maxHeaderConditions || paths > maxPathConditions {
		return nil, bad("conditions", textConditions, maxHeaderConditions, maxPathConditions)
	}
	return r, nil
}

// headerName is a token: RFC 9110 section 5.6.2.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func lowerGlobs(list []v2.RoutingRuleMatchHeaderValue) (globs []gate.HeaderGlob, err error) {
	if n := len(list); n < 1 || n > maxEntries {
		return nil, bad("conditions.matchHeaders.anyOf", textEntries, n, maxEntries)
	}
	for _, h := range list {
		name, glob := text(h.Header), text(h.ValueGlob)
		if len(name) > maxHeaderName || !headerName.MatchString(name) {
			return nil, bad("conditions.matchHeaders.anyOf.header", textHeaderName, clip(name))
		}
		if !isGlob(glob) {
			return nil, bad("conditions.matchHeaders.anyOf.valueGlob", textGlob, clip(glob), maxGlob)
		}
		globs = append(globs, gate.HeaderGlob{Name: name, Glob: glob})
	}
	return globs, nil
}

// isGlob takes x, x*, *x, *x*, and * for any value. What is not ASCII is matched
// byte by byte; a control character no field value can hold.
func isGlob(glob string) bool {
	if glob == "*" {
		return true
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(glob, "*"), "*")
	return inner != "" && len(glob) <= maxGlob && !strings.ContainsFunc(inner, func(r rune) bool { return r == '*' || r < ' ' || r == 0x7f })
}

func checkBasePaths(list []string) *wire.Error {
	if n := len(list); n < 1 || n > maxEntries {
		return bad("conditions.matchBasePaths.anyOf", textEntries, n, maxEntries)
	}
	for _, path := range list {
		if problem := control.KeyProblem(path); path == "" || problem != "" {
			return bad("conditions.matchBasePaths.anyOf", textMappingKey, clip(path), problem)
		}
	}
	return nil
}

// GetRoutingRule returns a routing rule.
func (s *Service) GetRoutingRule(ctx context.Context, in *v2.GetRoutingRuleInput) (*v2.GetRoutingRuleOutput, error) {
	if err := noPrivate(in.DomainNameId); err != nil {
		return nil, err
	}
	var doc ruleDoc
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) error { return d.loadRule(text(in.RoutingRuleId), &doc) })
	out := v2.GetRoutingRuleOutput(doc.AWS)
	return &out, err
}

// ListRoutingRules returns a page of a domain's routing rules, in the order of
// their ids.
func (s *Service) ListRoutingRules(ctx context.Context, in *v2.ListRoutingRulesInput) (*v2.ListRoutingRulesOutput, error) {
	if err := noPrivate(in.DomainNameId); err != nil {
		return nil, err
	}
	size := new(strconv.Itoa(maxRulePage))
	if in.MaxResults != nil {
		size = new(strconv.Itoa(int(*in.MaxResults)))
	}
	out := v2.ListRoutingRulesOutput{RoutingRules: []v2.RoutingRule{}}
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) (err error) {
		out.NextToken, err = s.page(ctx, d.ruleKey(""), size, in.NextToken, func(text []byte) error {
			var doc ruleDoc
			err := control.Decode(text, &doc)
			out.RoutingRules = append(out.RoutingRules, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// PutRoutingRule replaces a routing rule as a whole.
func (s *Service) PutRoutingRule(ctx context.Context, in *v2.PutRoutingRuleInput) (*v2.PutRoutingRuleOutput, error) {
	if err := noPrivate(in.DomainNameId); err != nil {
		return nil, err
	}
	var out v2.PutRoutingRuleOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		var doc ruleDoc
		if err := d.loadRule(text(in.RoutingRuleId), &doc); err != nil {
			return err
		}
		if err := d.DropRule(*doc.AWS.RoutingRuleId); err != nil {
			return err
		}
		doc.AWS.Actions, doc.AWS.Conditions, doc.AWS.Priority = in.Actions, in.Conditions, in.Priority
		out = v2.PutRoutingRuleOutput(doc.AWS)
		return d.putRule(doc.AWS)
	})
	return &out, err
}

// DeleteRoutingRule takes a routing rule away.
func (s *Service) DeleteRoutingRule(ctx context.Context, in *v2.DeleteRoutingRuleInput) error {
	if err := noPrivate(in.DomainNameId); err != nil {
		return err
	}
	return s.editDomain(ctx, in.DomainName, func(d *domain) error {
		var doc ruleDoc
		id := text(in.RoutingRuleId)
		if err := d.loadRule(id, &doc); err != nil {
			return err
		}
		d.Delete(d.ruleKey(id))
		return d.DropRule(id)
	})
}
