package main

import (
	"context"
	"errors"
	"os"
	"time"

	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/store"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
)

func (w *world) openStore() error {
	o := metrics.Options{Version: thisBuild().Version, Revision: thisBuild().Revision, Node: nodeName(), CertificatesEnd: w.certificatesEnd}
	if w.Memory {
		w.store = memory.New()
	} else {
		s, err := local.Open(w.Conf.Store.Dir, local.Options{})
		if err != nil {
			return storeFailure(w.Conf.Store.Dir, err)
		}
		w.store, o.StoreBytes = s, s.Size
	}
	w.metrics = metrics.New(o)
	w.store = timed{w.store, w.metrics}
	w.later(func() {
		if err := w.store.Close(); err != nil {
			w.Log.Error("the store was not closed cleanly; it is checked at the next start", "err", err)
		}
	})
	return nil
}

// nodeName tells this process's metrics from those of others that serve the
// same store.
func nodeName() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// certificatesEnd is when the certificate served for each name ends, and for a
// name of several listeners the earliest of its ends.
func (w *world) certificatesEnd() map[string]time.Time {
	ends := map[string]time.Time{}
	for i := range w.doors {
		if w.doors[i].keeper == nil {
			continue
		}
		for name, end := range w.doors[i].keeper.NotAfter() {
			if known, ok := ends[name]; !ok || end.Before(known) {
				ends[name] = end
			}
		}
	}
	return ends
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
