package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gatehouse/internal/cert"
	"gatehouse/internal/control"
	v2service "gatehouse/internal/control/apigatewayv2"
	"gatehouse/internal/edge"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/observe/logs"
	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/plan"
	"gatehouse/internal/store"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/upstream"
)

// A setup is what a world is built from: the configuration, and what the modes
// do differently.
type setup struct {
	Config
	Mode     string  // dev, demo or serve: as GetStatus tells
	Memory   bool    // nothing survives the process; Store.Dir is not looked at
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
	teller   teller

	planned   chan struct{} // closed when the first plan serves
	serving   atomic.Bool
	draining  atomic.Bool
	closeOnce sync.Once
	closers   []func() // run in reverse
}

// A door is an open listener that nobody accepts from yet.
type door struct {
	net.Listener
	edge.Listen
	keeper *cert.Keeper // nil: plaintext
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

func (w *world) openDoors() error {
	for i := range w.Listeners {
		l := &w.Listeners[i]
		d := door{Listen: edge.Listen{
			Data: slices.Contains(l.Planes, planeData), Control: slices.Contains(l.Planes, planeControl),
			PathAddresses: w.Data.PathAddresses, ProxyProtocol: l.ProxyProtocol,
		}}
		for _, t := range l.Trust {
			p, err := parsePrefix(t)
			if err != nil {
				return err
			}
			d.Trust = append(d.Trust, p)
		}
		if err := w.openTLS(l, &d); err != nil {
			return err
		}
		var err error
		if d.Listener, err = listen(l.Addr, w.setting("--listen", "listeners[].addr")); err != nil {
			return err
		}
		d.Name = d.Addr().String() // as bound: a configured port 0 names none
		if err := staysHere(&d, l.Addr); err != nil {
			d.Listener.Close()
			return err
		}
		// The Edge closes the listeners that it serves; closing twice does no harm.
		w.later(func() { d.Listener.Close() })
		w.doors = append(w.doors, d)
	}
	return nil
}

// staysHere refuses a control listener that came out on an address which others
// can reach: the configuration was checked by name, and a hosts file can make
// localhost anything.
func staysHere(d *door, configured string) error {
	if ap, err := netip.ParseAddrPort(d.Addr().String()); !d.Control || err == nil && ap.Addr().IsLoopback() {
		return nil
	}
	return &failure{Exit: exitRefused, Code: "LoopbackOnly", What: "the control plane is not offered on " + d.Addr().String(),
		Why: "this version does not verify signatures yet, and " + configured + " is an address that other machines can reach",
		Do:  "listen on 127.0.0.1 or [::1]"}
}

func (w *world) openTLS(l *Listener, d *door) error {
	if len(l.TLS) == 0 {
		return nil
	}
	pairs := make([]cert.Pair, len(l.TLS))
	for i, p := range l.TLS {
		pairs[i] = cert.Pair{Cert: p.Cert, Key: p.Key}
	}
	k, err := cert.Open(pairs, w.Log)
	if err != nil {
		return &failure{Exit: exitRefused, Code: "BadCertificate", What: "listener " + l.Addr + " has no usable certificate",
			Why: err.Error(), Do: "correct listeners[].tls in gatehouse.yaml, or the files that it names", cause: err}
	}
	w.later(func() { k.Close() })
	d.keeper = k
	d.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.GetCertificate}
	return nil
}

// listen takes an address, and where that cannot be explains what can be done.
func listen(addr, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	f := &failure{Exit: exitFailed, Code: "CannotListen", What: "cannot listen on " + addr, Why: reason(err), cause: err,
		Do: "choose another address with " + setting}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		f.Code = "AddressInUse"
		f.Why = "another program listens there: perhaps another gatehouse, or LocalStack, which has the same default port"
		if _, port, err := net.SplitHostPort(addr); err == nil {
			f.Why += " (see: ss -ltnp 'sport = :" + port + "')"
		}
		f.Do = "stop that program, or choose another address with " + setting + "; port 0 takes any free one"
	case errors.Is(err, syscall.EACCES):
		f.Do = "ports below 1024 need CAP_NET_BIND_SERVICE; grant it, or choose another address with " + setting
	}
	return nil, f
}

// setting names what chooses an address: a flag, or in serve a key.
func (w *world) setting(flag, key string) string {
	if w.Mode == "serve" {
		return key + " in gatehouse.yaml"
	}
	return flag + " HOST:PORT"
}

// reason is the innermost text of an error of package net.
func reason(err error) string {
	if op := (&net.OpError{}); errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

func (w *world) openStore() error {
	if w.Memory {
		w.store = memory.New()
	} else {
		s, err := local.Open(w.Store.Dir, local.Options{})
		if err != nil {
			return storeFailure(w.Store.Dir, err)
		}
		w.store = s
	}
	w.metrics = metrics.New(metrics.Options{Version: thisBuild().Version, Revision: thisBuild().Revision})
	w.store = timed{w.store, w.metrics}
	w.later(func() {
		if err := w.store.Close(); err != nil {
			w.Log.Error("the store was not closed cleanly; it is checked at the next start", "err", err)
		}
	})
	return nil
}

// storeFailure says why a data directory cannot be used.
func storeFailure(dir string, err error) *failure {
	f := &failure{Exit: exitFailed, Code: "StoreUnusable", What: "the data directory " + dir + " cannot be used", Why: err.Error(),
		Do: "choose another one with --data or store.dir, or make this one usable; nothing in it was changed", cause: err}
	switch {
	case errors.Is(err, local.ErrNewer):
		f.Code, f.Do = "StoreNewer", "start the gatehouse that wrote it, or a newer one; nothing in it was changed"
	case errors.Is(err, local.ErrCorrupt):
		f.Code, f.Do = "StoreCorrupt", "restore a backup into it, or start with an empty directory; nothing in it was changed"
	case errors.Is(err, local.ErrHeld):
		f.Code, f.Do = "StoreHeld", "stop the other process, or choose another directory with --data or store.dir"
	}
	return f
}

// timed is a store whose commits are counted.
type timed struct {
	store.Store
	metrics *metrics.Set
}

// Commit commits, and counts it.
func (t timed) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	start := time.Now()
	revision, err := t.Store.Commit(ctx, changes...)
	if err == nil {
		t.metrics.Commit(time.Since(start))
	}
	return revision, err
}

func (w *world) openLogs() error {
	a := w.Logs.Access
	out := w.Stdout
	if a.File != "" {
		f, err := logs.OpenFile(a.File, int64(a.MaxSize), a.Keep)
		if err != nil {
			return &failure{Exit: exitFailed, Code: "CannotLog", What: "the access log cannot be written", Why: err.Error(),
				Do: "correct logs.access.file, or make its directory writable", cause: err}
		}
		w.later(func() { f.Close() })
		w.file, out = f, f
	} else if !a.Stdout {
		return nil
	}
	access, err := logs.Open(logs.Options{Out: out, Dropped: w.metrics.DroppedLines, Process: w.Log})
	if err != nil {
		return err
	}
	w.access = access
	w.later(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := access.Close(ctx); err != nil {
			w.Log.Error("the end of the access log is lost", "err", err)
		}
	})
	return nil
}

// wire joins store, plan, edge and the control planes.
func (w *world) wire() error {
	w.pools = upstream.New(upstream.Options{})
	w.later(w.pools.Close)
	links, services, err := w.backends()
	if err != nil {
		return err
	}
	w.live = &plan.Live{Pools: w.pools, Meters: w.metrics, Logs: w.stages, Limits: w.limits(), Log: w.Log, Links: links, Services: services}
	first := sync.OnceFunc(func() { close(w.planned) })
	w.follower = &plan.Follower{Store: w.store, Live: w.live,
		Publish: func(p *plan.Plan) { w.edge.Publish(p) },
		Applied: func(p *plan.Plan, took time.Duration) {
			w.metrics.Applied(p.Revision, took, len(p.Problems))
			w.warn(p)
			first()
		},
	}
	w.desk = &control.Desk{
		Store: w.store, Limits: w.limits(), Account: w.Account, PublicURL: w.PublicURL,
		Handled: w.follower.Wait, Log: w.Log, Regions: w.Regions, Local: w.local(),
	}
	if w.AnyPlace {
		w.desk.Regions = nil
	}
	w.http = v2service.New(w.desk, w.dryRun)
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
		Control: handler, Sinks: sinks, Trails: w.traces.Trails(), Log: w.Log, Limits: w.limits(), Timeouts: w.timeouts(),
		InFlight: func(name string) edge.Gauge { return w.metrics.InFlight(name) }, Refused: w.metrics.Refused,
	})
	return nil
}

func (w *world) timeouts() h1.Timeouts {
	t := &w.Data.Timeouts
	rate := t.MinRate
	if rate == 0 {
		rate = -1 // to h1 0 is "as usual"
	}
	return h1.Timeouts{Idle: time.Duration(t.Idle), Head: time.Duration(t.Head), Body: time.Duration(t.Body),
		Write: time.Duration(t.Write), MinRate: rate}
}

// local is where an API can be called on this machine, nil where path
// addresses are off.
func (w *world) local() func(gate.APIID) string {
	if !w.Data.PathAddresses {
		return nil
	}
	base := w.dataURL()
	if base == "" {
		return nil
	}
	return func(id gate.APIID) string { return base + gate.PathAddress + string(id) + "/" }
}

// dataURL is the URL of the first data listener.
func (w *world) dataURL() string {
	for i := range w.doors {
		if w.doors[i].Data {
			return w.doors[i].url()
		}
	}
	return ""
}

// controlURL is the URL of the first control listener.
func (w *world) controlURL() string {
	for i := range w.doors {
		if w.doors[i].Control {
			return w.doors[i].url()
		}
	}
	return ""
}

func (d *door) url() string {
	scheme := "http://"
	if d.TLS != nil {
		scheme = "https://"
	}
	return scheme + reachable(d.Addr())
}

// reachable is the address by which this machine reaches a listener: one on
// every interface is also on the loopback one.
func reachable(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil || !ap.Addr().IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(ap.Port())))
}

// run serves until ctx ends, and then drains. ready is called once, when
// requests are answered by what the store holds; its error ends the world.
func (w *world) run(ctx context.Context, ready func() error) error {
	defer func() {
		w.close()
		w.Log.Info("ended")
	}()
	life, end := context.WithCancel(context.Background())
	var following sync.WaitGroup
	// What works on the store is waited for before it is closed.
	w.later(func() { end(); following.Wait() })
	failed := make(chan error, len(w.doors)+2)
	following.Go(func() {
		if err := w.follower.Run(life); err != nil {
			failed <- fmt.Errorf("follow the store: %w", err)
		}
	})
	if w.admin != nil {
		following.Go(func() {
			if err := w.serveAdmin(life); err != nil {
				failed <- err
			}
		})
	}
	select {
	case <-w.planned:
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
	w.resume(ctx)
	following.Go(func() { w.http.Work(life) })
	var serving sync.WaitGroup
	for i := range w.doors {
		serving.Go(func() {
			if err := w.edge.Serve(w.doors[i].Listener, w.doors[i].Listen); err != nil {
				failed <- fmt.Errorf("listener %s: %w", w.doors[i].Name, err)
			}
		})
	}
	defer serving.Wait()
	w.serving.Store(true)
	if err := ready(); err != nil {
		w.drain(0)
		return err
	}
	following.Go(func() { w.desk.Tidy(life) })
	select {
	case err := <-failed:
		w.drain(0)
		return err
	case <-ctx.Done():
		w.Log.Info("ending", "why", context.Cause(ctx).Error(), "delay", w.Drain.Delay.String(), "timeout", w.Drain.Timeout.String())
		w.drain(time.Duration(w.Drain.Delay))
		return nil
	}
}

// resumeWithin bounds how long a start waits for what the process before it
// left due.
const resumeWithin = 30 * time.Second

// resume brings into force what was accepted before the start: until then a
// route that GetRoutes shows could be one that answers 404.
func (w *world) resume(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, resumeWithin)
	defer cancel()
	if err := w.http.Resume(ctx); err != nil {
		w.Log.Error("automatic deployments were due at the start and could not all be made; trying again in the background", "err", err)
	}
}

// drain fails readiness, waits until load balancers have seen it, and lets
// what is in flight finish.
func (w *world) drain(delay time.Duration) {
	w.draining.Store(true)
	w.traces.Close() // who follows them would be waited for
	time.Sleep(delay)
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(w.Drain.Timeout))
	defer cancel()
	if err := w.edge.Shutdown(ctx); err != nil {
		w.Log.Warn("requests were cut off because they took longer than drain.timeout", "timeout", w.Drain.Timeout.String(), "err", err)
	}
}

// hangup reads certificates again and opens log files anew, as for SIGHUP.
func (w *world) hangup() {
	for i := range w.doors {
		if k := w.doors[i].keeper; k != nil {
			_ = k.Reload() // it has told the log
		}
	}
	if w.file != nil {
		if err := w.file.Reopen(); err != nil {
			w.Log.Error("the access log cannot be opened anew; the old file is written on", "err", err)
		}
	}
	w.stages.Reopen()
	w.Log.Info("certificates read again and log files opened anew")
}
