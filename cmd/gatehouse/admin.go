package main

import (
	"context"
	"errors"
	"fmt"

	"sync"

	"gatehouse/internal/admin"
	"gatehouse/internal/gate"
	"gatehouse/internal/plan"
	"gatehouse/internal/store"
)

// openAdmin takes the operator's address. Nobody accepts there yet.
func (w *world) openAdmin() error {
	if w.Conf.Admin.Addr == "" {
		return nil
	}
	l, err := listen(w.Conf.Admin.Addr, w.setting("--admin", "admin.addr"))
	if err != nil {
		return err
	}
	w.admin = l
	w.later(func() { l.Close() })
	return nil
}

// serveAdmin answers operators until ctx ends.
func (w *world) serveAdmin(ctx context.Context) error {
	return admin.Serve(ctx, w.admin, admin.Options{
		Checks: []admin.Check{
			{Name: "plan", Probe: w.hasPlan},
			{Name: "listeners", Probe: w.listens},
			{Name: "store", Probe: w.readsStore},
			{Name: "drain", Probe: w.stays},
		},
		Problems: w.problems, Metrics: w.metrics.Handler(), Pprof: w.Conf.Admin.Pprof, Hosts: w.Conf.Admin.Hosts, Log: w.Log,
	})
}

func (w *world) hasPlan(context.Context) error {
	select {
	case <-w.planned:
		return nil
	default:
		return errors.New("the configuration has not been read yet")
	}
}

func (w *world) listens(context.Context) error {
	if !w.serving.Load() {
		return errors.New("the listeners do not accept connections")
	}
	return nil
}

func (w *world) readsStore(ctx context.Context) error {
	_, err := w.store.Get(ctx, gate.Plane)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("the store cannot be read: %w", err)
	}
	return nil
}

func (w *world) stays(context.Context) error {
	if w.draining.Load() {
		return errors.New("the process is ending")
	}
	return nil
}

// warn logs the problems of a plan that the plan before did not have.
func (w *world) warn(p *plan.Plan) {
	for _, text := range w.teller.news(texts(p.Problems)) {
		w.Log.Warn("a part of the configuration cannot be served", "problem", text)
	}
}

// problems are what of the plan in force does not compile.
func (w *world) problems() []string { return texts(w.edge.Plan().Problems) }

// maxProblems bounds how many problems of a plan are looked at: a person who
// mends them begins with the first.
const maxProblems = 1000

func texts(list []plan.Problem) []string {
	list = list[:min(len(list), maxProblems)]
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.Error()
	}
	return texts
}

// adminURL is where operators look, or "" where there is no admin listener.
func (w *world) adminURL() string {
	if w.admin == nil {
		return ""
	}
	return "http://" + reachable(w.admin.Addr())
}

// A teller logs each problem of the plans once, when it comes up.
type teller struct {
	mu   sync.Mutex
	told map[string]bool
}

// maxTold bounds how many problems of one plan are logged; /readyz?verbose has
// all of them.
const maxTold = 50

// news are the problems that the plan before did not have.
func (t *teller) news(problems []string) (fresh []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := make(map[string]bool, len(problems))
	for _, p := range problems {
		if now[p] = true; !t.told[p] && len(fresh) < maxTold {
			fresh = append(fresh, p)
		}
	}
	t.told = now
	return fresh
}
