package apigatewayv2

import (
	"context"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

const (
	defaultRoute = gate.DefaultRoute
	targetPrefix = "integrations/"
)

func noRoute(id string) *wire.Error { return missing("Route", textNoRoute, clip(id)) }

// CreateRoute adds a route to an API.
func (s *Service) CreateRoute(ctx context.Context, in *v2.CreateRouteInput) (*v2.CreateRouteOutput, error) {
	var out v2.CreateRouteOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc routeDoc
		control.Merge(&doc.AWS, in)
		if err := d.addRoute(&doc); err != nil {
			return err
		}
		out = v2.CreateRouteOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// addRoute completes, checks and puts a new route.
func (d *draft) addRoute(doc *routeDoc) error {
	if err := completeRoute(&doc.AWS); err != nil {
		return err
	}
	id := control.NewID(control.RouteIDLength)
	doc.AWS.RouteId = &id
	if err := d.claim(*doc.AWS.RouteKey, id); err != nil {
		return err
	}
	if err := d.retarget("", text(doc.AWS.Target)); err != nil {
		return err
	}
	if err := d.authorize(&v2.Route{}, &doc.AWS); err != nil {
		return err
	}
	d.edited = true
	return d.Put(d.routeKey(id), doc)
}

// completeRoute checks a route as it is to be and fills in the defaults.
func completeRoute(r *v2.Route) error {
	control.DropEmpty(&r.Target, &r.AuthorizerId, &r.OperationName, &r.ModelSelectionExpression, &r.RouteResponseSelectionExpression, &r.AuthorizationType)
	control.Default(&r.AuthorizationType, string(gate.AuthNone))
	control.Default(&r.ApiKeyRequired, false)
	return firstError(
		checkRouteKey(text(r.RouteKey)),
		checkLength("operationName", text(r.OperationName), 0, maxOperationName),
		webSocketOnly("apiKeyRequired", is(r.ApiKeyRequired)),
		webSocketOnly("modelSelectionExpression", r.ModelSelectionExpression != nil),
		webSocketOnly("requestModels", len(r.RequestModels) > 0),
		webSocketOnly("requestParameters", len(r.RequestParameters) > 0),
		webSocketOnly("routeResponseSelectionExpression", r.RouteResponseSelectionExpression != nil),
		checkAuthorization(r),
	)
}

// checkAuthorization holds together what belongs together: who an authorizer
// is asked by, and whose scopes there are.
func checkAuthorization(r *v2.Route) *wire.Error {
	kind := text(r.AuthorizationType)
	needs := kind == string(gate.AuthJWT) || kind == string(gate.AuthCustom)
	if err := checkOneOf("authorizationType", kind, "NONE", "AWS_IAM", "CUSTOM", "JWT"); err != nil {
		return err
	}
	switch id := text(r.AuthorizerId); {
	case needs && id == "":
		return bad("authorizerId", textNeeds, "authorizationType "+kind)
	case !needs && id != "":
		return bad("authorizerId", textOnlyFor, "the authorizationTypes CUSTOM and JWT")
	case id != "" && !plainID(id):
		return bad("authorizerId", textID, clip(id))
	}
	if len(r.AuthorizationScopes) > 0 && kind != string(gate.AuthJWT) {
		return bad("authorizationScopes", textOnlyFor, "the authorizationType JWT")
	}
	if len(r.AuthorizationScopes) > maxScopes {
		return bad("authorizationScopes", textTooMany, len(r.AuthorizationScopes), maxScopes)
	}
	for _, scope := range r.AuthorizationScopes {
		if err := checkLength("authorizationScopes", scope, 1, maxScope); err != nil {
			return err
		}
	}
	return nil
}

// claim takes a route key for a route, or tells who has it.
func (d *draft) claim(key, id string) error {
	var c claim
	taken, err := d.Load(d.claimKey(key), &c)
	if err != nil {
		return err
	}
	if !taken {
		return d.Put(d.claimKey(key), claim{id})
	}
	var other routeDoc
	if err := d.load(d.routeKey(c.Route), c.Route, &other, noRoute(c.Route)); err != nil {
		return err
	}
	if theirs := text(other.AWS.RouteKey); theirs != key {
		return conflict(textRouteSame, clip(key), clip(theirs))
	}
	return conflict(textRouteExists, clip(key))
}

// release gives a route key back.
func (d *draft) release(key string) error {
	if _, err := d.Load(d.claimKey(key), nil); err != nil {
		return err
	}
	d.Delete(d.claimKey(key))
	return nil
}

// retarget moves a route's use from one target to another; "" is none.
func (d *draft) retarget(from, to string) error {
	if from == to {
		return nil
	}
	if from != "" {
		if err := d.use(strings.TrimPrefix(from, targetPrefix), -1); err != nil {
			return err
		}
	}
	if to == "" {
		return nil
	}
	id, ok := strings.CutPrefix(to, targetPrefix)
	if !ok || !plainID(id) {
		return bad("target", textRouteTarget, clip(to))
	}
	return d.use(id, 1)
}

// use adds to the number of routes of an integration.
func (d *draft) use(id string, n int) error {
	var doc integrationDoc
	if err := d.load(d.integrationKey(id), id, &doc, bad("target", textRouteTargetGone, targetPrefix+clip(id))); err != nil {
		return err
	}
	doc.Routes += n
	return d.Put(d.integrationKey(id), &doc)
}

// GetRoute returns a route.
func (s *Service) GetRoute(ctx context.Context, in *v2.GetRouteInput) (*v2.GetRouteOutput, error) {
	var doc routeDoc
	err := s.view(ctx, in.ApiId, func(d *draft) error {
		id := text(in.RouteId)
		return d.load(d.routeKey(id), id, &doc, noRoute(id))
	})
	out := v2.GetRouteOutput(doc.AWS)
	return &out, err
}

// GetRoutes returns a page of an API's routes, in the order of their ids.
func (s *Service) GetRoutes(ctx context.Context, in *v2.GetRoutesInput) (*v2.GetRoutesOutput, error) {
	out := v2.GetRoutesOutput{Items: []v2.Route{}}
	err := s.view(ctx, in.ApiId, func(d *draft) (err error) {
		out.NextToken, err = d.page(d.routeKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc routeDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateRoute changes the members that are present.
func (s *Service) UpdateRoute(ctx context.Context, in *v2.UpdateRouteInput) (*v2.UpdateRouteOutput, error) {
	var out v2.UpdateRouteOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc routeDoc
		id := text(in.RouteId)
		if err := d.load(d.routeKey(id), id, &doc, noRoute(id)); err != nil {
			return err
		}
		was := doc.AWS
		control.Merge(&doc.AWS, in)
		dropAuthorizer(&doc.AWS, in)
		if is(was.ApiGatewayManaged) && text(doc.AWS.RouteKey) != text(was.RouteKey) {
			return bad("routeKey", textManagedChange, "route")
		}
		if err := d.changeRoute(&doc, was); err != nil {
			return err
		}
		out = v2.UpdateRouteOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// dropAuthorizer takes away what a new authorizationType has no use for, unless
// the caller says otherwise: clients that go back to NONE say just that.
func dropAuthorizer(r *v2.Route, in *v2.UpdateRouteInput) {
	kind := text(in.AuthorizationType)
	if kind == "" || kind == string(gate.AuthJWT) {
		return
	}
	if in.AuthorizationScopes == nil {
		r.AuthorizationScopes = nil
	}
	if in.AuthorizerId == nil && kind != string(gate.AuthCustom) {
		r.AuthorizerId = nil
	}
}

// changeRoute completes, checks and puts a route that was another one before.
func (d *draft) changeRoute(doc *routeDoc, was v2.Route) error {
	if err := completeRoute(&doc.AWS); err != nil {
		return err
	}
	if key := *doc.AWS.RouteKey; d.claimKey(key) != d.claimKey(*was.RouteKey) {
		if err := d.claim(key, *doc.AWS.RouteId); err != nil {
			return err
		}
		if err := d.release(*was.RouteKey); err != nil {
			return err
		}
	}
	if err := d.retarget(text(was.Target), text(doc.AWS.Target)); err != nil {
		return err
	}
	if err := d.authorize(&was, &doc.AWS); err != nil {
		return err
	}
	d.edited = true
	return d.Put(d.routeKey(*doc.AWS.RouteId), doc)
}

// DeleteRoute removes a route.
func (s *Service) DeleteRoute(ctx context.Context, in *v2.DeleteRouteInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc routeDoc
		id := text(in.RouteId)
		if err := d.load(d.routeKey(id), id, &doc, noRoute(id)); err != nil {
			return err
		}
		if is(doc.AWS.ApiGatewayManaged) {
			return conflict(textManagedDelete, "Route", id)
		}
		if err := d.release(*doc.AWS.RouteKey); err != nil {
			return err
		}
		if err := d.retarget(text(doc.AWS.Target), ""); err != nil {
			return err
		}
		if err := d.authorize(&doc.AWS, &v2.Route{}); err != nil {
			return err
		}
		d.edited = true
		d.Delete(d.routeKey(id))
		return nil
	})
}

// DeleteRouteRequestParameter is an operation on routes of WebSocket APIs: those
// of HTTP APIs have no request parameters.
func (s *Service) DeleteRouteRequestParameter(ctx context.Context, in *v2.DeleteRouteRequestParameterInput) error {
	return s.view(ctx, in.ApiId, func(d *draft) error {
		id := text(in.RouteId)
		if err := d.load(d.routeKey(id), id, new(routeDoc), noRoute(id)); err != nil {
			return err
		}
		return bad("requestParameterKey", textWebSocketOnly)
	})
}
