package main

import (
	"crypto/tls"
	"sync"
	"time"

	"gatehouse/internal/cert"
	"gatehouse/internal/control"
	v1service "gatehouse/internal/control/apigateway"
	v2service "gatehouse/internal/control/apigatewayv2"
	"gatehouse/internal/edge"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/plan"
	"gatehouse/internal/upstream"
)

// wire joins store, plan, edge and the control planes.
func (w *world) wire() error {
	shown := cert.NewClients(w.keys)
	w.pools = upstream.New(upstream.Options{
		MaxConns: w.Conf.Data.Backend.MaxConnections, MaxWaiting: w.Conf.Data.Backend.MaxWaiting, Certificates: certificates{shown},
	})
	w.later(w.pools.Close)
	links, services, err := w.Conf.backends()
	if err != nil {
		return err
	}
	w.live = &plan.Live{Pools: w.pools, Meters: w.metrics, Logs: w.stages, Limits: w.Conf.limits(), Log: w.Log, Links: links, Services: services, Tables: []plan.Table{shown}}
	first := sync.OnceFunc(func() { close(w.planned) })
	w.follower = &plan.Follower{Store: w.store, Live: w.live,
		Publish: func(p *plan.Plan) { w.edge.Publish(p) },
		Applied: func(p *plan.Plan, took time.Duration) {
			w.metrics.Applied(p.Revision, took, len(p.Problems))
			w.warn(p)
			first()
		},
	}
	w.follower.Warmed = func(took time.Duration) {
		w.metrics.Warmed(took)
		w.Log.Debug("every stage is compiled", "took", took.String())
	}
	w.desk = &control.Desk{
		Store: w.store, Limits: w.Conf.limits(), Account: w.Conf.Account, PublicURL: w.Conf.PublicURL,
		Handled: w.follower.Wait, Log: w.Log, Regions: w.Conf.Regions, Local: w.local(),
		Keys: w.keys, Taggers: []control.Tagger{v1service.Tags, v2service.Tags}, LinkUser: v1service.LinkUser,
	}
	if w.AnyPlace {
		w.desk.Regions = nil
	}
	w.http = v2service.New(w.desk, w.dryRun)
	w.rest = v1service.New(w.desk, w.dryRun)
	w.traces = trace.New(trace.Options{All: w.Mode != "serve"})
	handler, err := w.control()
	if err != nil {
		return err
	}
	sinks := []flow.Sink{w.metrics, w.stages, w.traces}
	if w.access != nil {
		sinks = append(sinks, w.access)
	}
	w.edge = edge.New(edge.Options{
		Control: handler, Sinks: sinks, Trails: w.traces.Trails(), Log: w.Log, Limits: w.Conf.limits(), Timeouts: w.timeouts(),
		InFlight: func(name string) edge.Gauge { return w.metrics.InFlight(name) }, Refused: w.metrics.Refused,
	})
	return nil
}

// certificates hands what the certificates' own room keeps to those who call
// backends: instruments do not know each other.
type certificates struct{ *cert.Clients }

// Certificate returns the client certificate of an id.
func (c certificates) Certificate(id string) (*tls.Certificate, error) {
	return c.Clients.Certificate(gate.CertificateID(id))
}

func (w *world) timeouts() h1.Timeouts {
	t := &w.Conf.Data.Timeouts
	rate := t.MinRate
	if rate == 0 {
		rate = -1 // to h1 0 is "as usual"
	}
	return h1.Timeouts{Idle: time.Duration(t.Idle), Head: time.Duration(t.Head), Body: time.Duration(t.Body),
		Write: time.Duration(t.Write), MinRate: rate}
}
