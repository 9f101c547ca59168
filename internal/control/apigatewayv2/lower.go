package apigatewayv2

import (
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// lower turns the draft, as it stands at one revision, into the definition of
// a deployment. It notes on the way what is accepted but not enforced yet.
func (d *draft) lower(id gate.DeploymentID) (*gate.Definition, error) {
	def := &gate.Definition{
		API: gate.API{
			ID: d.api, Protocol: gate.HTTP, Account: d.place.Account, Region: d.place.Region, Name: text(d.head.AWS.Name),
		},
		Deployment: gate.Deployment{
			API: d.api, ID: id, Created: d.s.desk.Time(), DisableDefaultEndpoint: is(d.head.AWS.DisableExecuteApiEndpoint),
		},
	}
	d.notes = unenforced("api", &d.head.AWS)
	def.Deployment.CORS = lowerCORS(d.head.AWS.CorsConfiguration)
	integrations := map[string]*gate.Integration{}
	inAuthorizers, inIntegrations, inRoutes := d.authorizerKey(""), d.integrationKey(""), d.routeKey("")
	// In the order of keys, integrations come before the routes that name them.
	d.source = nil
	err := d.Scan(d.defTree(), func(doc store.Doc) error {
		d.source = append(d.source, doc)
		switch {
		case strings.HasPrefix(doc.Key, inAuthorizers):
			var a authorizerDoc
			if err := control.Decode(doc.Value, &a); err != nil {
				return fmt.Errorf("document %s: %w", doc.Key, err)
			}
			d.notes = append(d.notes, unenforced("authorizer", &a.AWS)...)
		case strings.HasPrefix(doc.Key, inIntegrations):
			var i integrationDoc
			if err := control.Decode(doc.Value, &i); err != nil {
				return fmt.Errorf("document %s: %w", doc.Key, err)
			}
			d.notes = append(d.notes, unenforced("integration", &i.AWS)...)
			integrations[text(i.AWS.IntegrationId)] = lowerIntegration(&i.AWS)
		case strings.HasPrefix(doc.Key, inRoutes):
			var r routeDoc
			if err := control.Decode(doc.Value, &r); err != nil {
				return fmt.Errorf("document %s: %w", doc.Key, err)
			}
			d.notes = append(d.notes, unenforced("route", &r.AWS)...)
			target := strings.TrimPrefix(text(r.AWS.Target), targetPrefix)
			if target != "" && integrations[target] == nil {
				return fmt.Errorf("document %s: its target %q is not in the store: it is damaged; restore a backup", doc.Key, target)
			}
			def.Routes = append(def.Routes, lowerRoute(&r.AWS, integrations[target]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(def.Routes) == 0 {
		return nil, &undeployable{empty: true, reason: textRouteRequired}
	}
	return def, nil
}

func lowerRoute(r *v2.Route, i *gate.Integration) gate.Route {
	return gate.Route{
		ID:  gate.RouteID(text(r.RouteId)),
		Key: text(r.RouteKey),
		Authorization: gate.Authorization{
			Kind:       gate.AuthKind(text(r.AuthorizationType)),
			Authorizer: text(r.AuthorizerId),
			Scopes:     r.AuthorizationScopes,
		},
		APIKeyNeeded: is(r.ApiKeyRequired),
		Integration:  i,
	}
}

func lowerIntegration(i *v2.Integration) *gate.Integration {
	g := &gate.Integration{
		ID:     text(i.IntegrationId),
		Kind:   kindOf(i),
		URI:    text(i.IntegrationUri),
		Method: text(i.IntegrationMethod),

		RequestParameters:  i.RequestParameters,
		ResponseParameters: i.ResponseParameters,
	}
	if g.Kind == gate.Private {
		g.ConnectionID = text(i.ConnectionId)
	}
	if g.Kind == gate.AWSService {
		g.Subtype, g.Credentials = text(i.IntegrationSubtype), text(i.CredentialsArn)
	}
	if i.TimeoutInMillis != nil {
		g.Timeout = time.Duration(*i.TimeoutInMillis) * time.Millisecond
	}
	if i.TlsConfig != nil {
		g.ServerName = text(i.TlsConfig.ServerNameToVerify)
	}
	return g
}

func lowerCORS(c *v2.Cors) *gate.CORS {
	if c == nil {
		return nil
	}
	g := &gate.CORS{
		AllowCredentials: is(c.AllowCredentials),
		AllowHeaders:     c.AllowHeaders,
		AllowMethods:     c.AllowMethods,
		AllowOrigins:     c.AllowOrigins,
		ExposeHeaders:    c.ExposeHeaders,
	}
	if c.MaxAge != nil {
		g.MaxAge = new(int(*c.MaxAge))
	}
	return g
}

// kindOf is the kind of an integration. What it does not know has none, which
// no plan can serve.
func kindOf(i *v2.Integration) gate.IntegrationKind {
	switch {
	case text(i.IntegrationType) == awsProxy && i.IntegrationSubtype != nil:
		return gate.AWSService
	case text(i.IntegrationType) == awsProxy:
		return gate.Lambda
	case text(i.IntegrationType) == httpProxy && text(i.ConnectionType) == vpcLink:
		return gate.Private
	case text(i.IntegrationType) == httpProxy && text(i.ConnectionType) == internet:
		return gate.HTTPProxy
	}
	return ""
}

// liveStage is what acts of a stage without a deployment.
func liveStage(api gate.APIID, st *v2.Stage) gate.Stage {
	live := gate.Stage{
		API:        api,
		Name:       gate.StageName(text(st.StageName)),
		Deployment: gate.DeploymentID(text(st.DeploymentId)),
		Variables:  st.StageVariables,
	}
	if st.DefaultRouteSettings != nil {
		live.DetailedMetrics = is(st.DefaultRouteSettings.DetailedMetricsEnabled)
	}
	for key, r := range st.RouteSettings {
		if r.DetailedMetricsEnabled == nil {
			continue
		}
		if live.RouteMetrics == nil {
			live.RouteMetrics = map[string]bool{}
		}
		live.RouteMetrics[key] = *r.DetailedMetricsEnabled
	}
	if l := st.AccessLogSettings; l != nil {
		live.AccessLog = &gate.AccessLog{Destination: text(l.DestinationArn), Format: text(l.Format)}
	}
	return live
}
