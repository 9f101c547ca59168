package apigatewayv2

import (
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// quickParts are what quick create makes, from what the caller said.
type quickParts struct {
	target      string
	routeKey    string
	credentials *string
}

// quickCreate reads the members of quick create; nil: the caller wants none.
func (s *Service) quickCreate(in *v2.CreateApiInput) (*quickParts, error) {
	q := &quickParts{text(in.Target), text(in.RouteKey), in.CredentialsArn}
	if q.target == "" {
		if q.routeKey != "" {
			return nil, bad("routeKey", textNeedsTarget)
		}
		if text(q.credentials) != "" {
			return nil, bad("credentialsArn", textNeedsTarget)
		}
		return nil, nil
	}
	if q.routeKey == "" {
		q.routeKey = defaultRoute
	}
	return q, firstError(checkTarget(q.target))
}

func checkTarget(target string) *wire.Error {
	if isFunction(target) {
		return nil
	}
	if !isURL(target) {
		return bad("target", textTarget, clip(target))
	}
	return checkURL("target", target)
}

// aim points an integration at the target of quick create: a function is called
// with the newer payload, anything else gets the request as it came.
func aim(i *v2.Integration, target string) {
	i.IntegrationUri = &target
	if isFunction(target) {
		i.IntegrationType, i.IntegrationMethod, i.PayloadFormatVersion = new(awsProxy), new("POST"), new("2.0")
		return
	}
	i.IntegrationType, i.IntegrationMethod, i.PayloadFormatVersion = new(httpProxy), new("ANY"), new("1.0")
}

// putQuick makes the three parts, all managed.
func (d *draft) putQuick(q *quickParts) error {
	managed := new(true)
	i := integrationDoc{AWS: v2.Integration{ApiGatewayManaged: managed, CredentialsArn: q.credentials}}
	aim(&i.AWS, q.target)
	if err := d.addIntegration(&i); err != nil {
		return err
	}
	target := targetPrefix + *i.AWS.IntegrationId
	r := routeDoc{AWS: v2.Route{ApiGatewayManaged: managed, RouteKey: &q.routeKey, Target: &target}}
	if err := d.addRoute(&r); err != nil {
		return err
	}
	d.head.Integration, d.head.Route = *i.AWS.IntegrationId, *r.AWS.RouteId
	name := string(gate.DefaultStage)
	return d.addStage(&stageDoc{AWS: v2.Stage{ApiGatewayManaged: managed, StageName: &name, AutoDeploy: new(true)}})
}

// updateQuick changes what quick create made (API reference, UpdateApi: "you
// can update a quick-created target, but you can't remove it").
func (d *draft) updateQuick(in *v2.UpdateApiInput) error {
	target, routeKey := text(in.Target), text(in.RouteKey)
	for _, m := range []struct {
		field string
		value *string
	}{{"target", in.Target}, {"routeKey", in.RouteKey}, {"credentialsArn", in.CredentialsArn}} {
		if m.value != nil && d.head.Integration == "" {
			return bad(m.field, textNoQuickCreate)
		}
	}
	if in.Target != nil || in.CredentialsArn != nil {
		if err := d.updateQuickIntegration(in, target); err != nil {
			return err
		}
	}
	if in.RouteKey == nil {
		return nil
	}
	var doc routeDoc
	if err := d.load(d.routeKey(d.head.Route), d.head.Route, &doc, noRoute(d.head.Route)); err != nil {
		return err
	}
	was := doc.AWS
	doc.AWS.RouteKey = &routeKey
	return d.changeRoute(&doc, was)
}

func (d *draft) updateQuickIntegration(in *v2.UpdateApiInput, target string) error {
	id := d.head.Integration
	var doc integrationDoc
	if err := d.load(d.integrationKey(id), id, &doc, noIntegration(id)); err != nil {
		return err
	}
	if in.Target != nil {
		if err := firstError(checkTarget(target)); err != nil {
			return err
		}
		aim(&doc.AWS, target)
	}
	if in.CredentialsArn != nil {
		doc.AWS.CredentialsArn = in.CredentialsArn
	}
	return d.putIntegration(id, &doc)
}
