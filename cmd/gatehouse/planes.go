package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/edge"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/plan"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
	v2 "gatehouse/internal/wire/apigatewayv2"
	"gatehouse/internal/wire/management"
)

// v1Paths begin the paths of the V1 operations.
func v1Paths() []string {
	return []string{"/restapis", "/apikeys", "/usageplans", "/domainnames", "/domainnameaccessassociations",
		"/rejectdomainnameaccessassociations", "/vpclinks", "/clientcertificates", "/account", "/sdktypes", "/tags"}
}

// control is everything that a control call can mean, behind the guard.
func (w *world) control() (http.Handler, error) {
	o := wire.Options{Identify: w.identify, Observe: w.observe}
	second, err := v2.NewHandler(w.http, o)
	if err != nil {
		return nil, err
	}
	first, err := v1.NewHandler(w.rest, o)
	if err != nil {
		return nil, err
	}
	connections, err := management.NewHandler(management.Unimplemented{}, o)
	if err != nil {
		return nil, err
	}
	own, err := w.explainer().Handler(o)
	if err != nil {
		return nil, err
	}
	backups, err := w.backups().Handler(o)
	if err != nil {
		return nil, err
	}
	mux := &wire.Mux{Entries: []wire.Entry{
		{Name: "apigateway", Scope: "apigateway", Paths: v1Paths(), Handler: first},
		{Name: "apigatewayv2", Scope: "apigateway", Paths: []string{"/v2"}, Handler: second},
		{Name: "apigatewaymanagementapi", Scope: "execute-api", Handler: connections},
		{Name: "gatehouse", Scope: gatehouse.ScopeName, Paths: []string{gatehouse.PathPrefix}, Handler: own},
		{Name: "gatehouse", Scope: gatehouse.ScopeName, Paths: []string{gatehouse.BackupPath}, Handler: backups},
	}}
	guard := &wire.Guard{Next: mux, PublicURL: w.Conf.PublicURL}
	for i := range w.Conf.Listeners {
		guard.Hosts = append(guard.Hosts, w.Conf.Listeners[i].Hosts...)
	}
	return guard, nil
}

// dryRun refuses a deployment of which something could not be served.
func (w *world) dryRun(d *gate.Definition) error {
	for _, p := range plan.Check(d, w.live) {
		return p
	}
	return nil
}

// identify lets every caller of this machine in: signatures are not verified
// yet, which is why control listeners are loopback only.
func (w *world) identify(_ *http.Request, _ []byte, c *wire.Caller) error {
	c.Account = w.Conf.Account
	return nil
}

// observe counts a control call, and tells the operator what went wrong inside.
func (w *world) observe(c wire.Call) {
	operation := c.Operation
	if operation == "" {
		operation = "(unknown)"
	}
	w.metrics.Control(operation, strconv.Itoa(c.Status), c.Duration)
	attrs := []any{"service", c.Service, "operation", operation, "status", c.Status, "request_id", c.Caller.RequestID, "source", c.Caller.SourceIP, "took", c.Duration}
	switch {
	case c.Stack != nil:
		w.Log.Error("a control call panicked; this is a defect of the gateway", append(attrs, "err", c.Err, "stack", string(c.Stack))...)
	case c.Status >= 500 && c.Status != http.StatusNotImplemented:
		w.Log.Error("a control call failed", append(attrs, "err", c.Err)...)
	case c.Err != nil:
		w.Log.Debug("a control call was refused", append(attrs, "err", c.Err)...)
	default:
		w.Log.Debug("control call", attrs...)
	}
}

// explainer is the service of our own operations.
func (w *world) explainer() *gatehouse.Service {
	paths := w.Conf.Data.PathAddresses
	return &gatehouse.Service{
		Plan:   func() *plan.Plan { return w.edge.Plan() },
		Locate: func(x *flow.Exchange, p *plan.Plan) error { return edge.Locate(x, p, paths) },
		Draft:  func(ctx context.Context, api gate.APIID) ([]string, error) { return w.routeKeys(ctx, api) },
		Target: w.target,
		Traces: w.traces,
		Shared: slices.ContainsFunc(w.doors, func(d door) bool { return d.Data && d.Control }),
		Status: gatehouse.Status{Version: thisBuild().Version, Mode: w.Mode, Account: w.Conf.Account, Regions: slices.Clone(w.Conf.Regions)},
	}
}

// target is what an integration would call for an exchange. It compiles the
// integration once more: for one question that is cheaper than keeping every
// compiled one in reach.
func (w *world) target(x *flow.Exchange) (method, url string, ok bool) {
	if x.Route == nil || x.Route.Integration == nil {
		return "", "", false
	}
	var p interface {
		Target(*flow.Exchange) (method, url string)
	}
	var err error
	kind := x.Route.Integration.Kind
	switch {
	case x.API.Protocol == gate.REST && (kind == gate.HTTPProxy || kind == gate.Private):
		p, err = integrate.REST(x.API, x.Route, x.Stage, w.live.Links, w.pools)
	case x.API.Protocol == gate.REST:
		return "", "", false
	case kind == gate.HTTPProxy:
		var wrong error
		p, wrong, err = integrate.HTTPFor(x.Route, x.Stage, w.pools)
		err = errors.Join(wrong, err)
	case kind == gate.Private:
		p, err = integrate.Private(x.Route, w.live.Links, w.pools)
	case kind == gate.AWSService:
		p, err = integrate.AWSService(x.API, x.Route, w.live.Services, w.pools)
	default:
		return "", "", false
	}
	if err != nil {
		return "", "", false // the plan's Problems say why
	}
	method, url = p.Target(x)
	return method, url, true
}

// maxDraft bounds the routes that explain reads of a draft.
const maxDraft = 10000

// routeKeys lists the routes of an API's draft as its control plane does: with
// the rights of the caller of ctx and no others.
func (w *world) routeKeys(ctx context.Context, api gate.APIID) (keys []string, err error) {
	keys, err = httpRoutes(ctx, w.http, string(api))
	var e *wire.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return restRoutes(ctx, w.rest, string(api))
	}
	return keys, err
}

func httpRoutes(ctx context.Context, service v2.Service, api string) (keys []string, err error) {
	in := &v2.GetRoutesInput{ApiId: &api}
	for len(keys) < maxDraft {
		page, err := service.GetRoutes(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			keys = append(keys, *r.RouteKey)
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	return keys, nil
}

func restRoutes(ctx context.Context, service v1.Service, api string) (keys []string, err error) {
	in := &v1.GetResourcesInput{RestApiId: &api, Limit: new(int32(500))}
	for len(keys) < maxDraft {
		page, err := service.GetResources(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			for _, verb := range slices.Sorted(maps.Keys(r.ResourceMethods)) {
				keys = append(keys, verb+" "+*r.Path)
			}
		}
		if in.Position = page.Position; in.Position == nil {
			break
		}
	}
	return keys, nil
}
