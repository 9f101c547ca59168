package main

import (
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"gatehouse/internal/control"
	v1service "gatehouse/internal/control/apigateway"
	v2service "gatehouse/internal/control/apigatewayv2"
	"gatehouse/internal/edge"
	"gatehouse/internal/observe/logs"
	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/plan"
	"gatehouse/internal/store"
	"gatehouse/internal/upstream"
)

// A setup is what a world is built from: the configuration, and what the modes
// do differently.
type setup struct {
	Conf     Config
	Mode     string  // dev, demo or serve: as GetStatus tells
	Memory   bool    // nothing survives the process; Conf.Store.Dir is not looked at
	AnyPlace bool    // callers may name any region
	Environ  environ // where the master key may be
	Log      *slog.Logger
	Stdout   io.Writer // of the access log, where it goes there
}

// A world is a whole gateway in one process. It is built by open, lives in
// run, and leaves nothing behind but its data directory and its log files.
type world struct {
	setup
	store    store.Store
	keys     *ring // for every stored secret, and backups
	metrics  *metrics.Set
	pools    *upstream.Pools
	follower *plan.Follower
	edge     *edge.Edge
	access   *logs.Access
	file     *logs.File // of the access log; nil: elsewhere
	stages   *logs.Stages
	traces   *trace.Rings
	doors    []door
	admin    net.Listener // nil: none
	live     *plan.Live
	desk     *control.Desk
	http     *v2service.Service // of HTTP APIs
	rest     *v1service.Service // of REST APIs
	teller   teller

	planned   chan struct{} // closed when the first plan serves
	serving   atomic.Bool
	draining  atomic.Bool
	closeOnce sync.Once
	closers   []func() // run in reverse
}

// open builds a world up to the point where it could serve: its addresses are
// taken, its store is open, its certificates are read. On an error everything
// is closed again.
func open(s setup) (*world, error) {
	w := &world{setup: s, planned: make(chan struct{})}
	for _, step := range []func() error{w.openDoors, w.openStore, w.openMasterKey, w.openLogs, w.openStageLogs, w.openAdmin, w.wire} {
		if err := step(); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// later has f run by close, after what was opened later.
func (w *world) later(f func()) { w.closers = append(w.closers, f) }

// close gives back everything that open took. It may be called more than once.
func (w *world) close() {
	w.closeOnce.Do(func() {
		for _, f := range slices.Backward(w.closers) {
			f()
		}
	})
}
