package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

const (
	// sweepAfter is how many deployments may come and go before the chunks are
	// swept: one leaves a few chunks behind, and a sweep reads all there are.
	sweepAfter = 100
	// firstRest is how long after the start the first sweep begins.
	firstRest = time.Second
	// sweepRest is the least between two sweeps, so that APIs which are deleted
	// one by one share one; and sweeps take at most one part in sweepShare of the
	// time.
	sweepRest  = 10 * time.Second
	sweepShare = 20
)

// Tidy sweeps once after the start, and again each time that sweepAfter
// deployments have come or gone or an API was deleted, until ctx ends. It is
// called once, beside the operations.
func (d *Desk) Tidy(ctx context.Context) {
	// What the process before this one left can wait: the first requests find
	// enough to do.
	rest, due := firstRest, make(chan struct{}, 1)
	due <- struct{}{}
	for {
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
		select {
		case <-due:
		case <-ctx.Done():
			return
		}
		start := time.Now()
		deleted, err := d.Sweep(ctx)
		took := time.Since(start)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.Logger().Error("not all chunks that no deployment needs could be deleted; trying again", "deleted", deleted, "err", err)
			d.litter.add(sweepAfter)
		case deleted > 0:
			d.Logger().Info("chunks that no deployment needs were deleted", "deleted", deleted, "took", took)
		}
		rest, due = max(sweepRest, sweepShare*took), d.litter.signal()
	}
}

// litter counts what may have left chunks behind, since the last signal.
type litter struct {
	mu   sync.Mutex
	n    int
	full chan struct{} // holds a token when there is enough to sweep
}

func (l *litter) signal() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full == nil {
		l.full = make(chan struct{}, 1)
	}
	return l.full
}

func (l *litter) add(n int) {
	full := l.signal()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n += n; l.n < sweepAfter {
		return
	}
	l.n = 0
	select {
	case full <- struct{}{}:
	default:
	}
}

// litter is what a run may leave behind, whether it is committed or not: it has
// written chunks, or is to remove heads. All that an API has counts as many.
func (t *Tx) litter() (n int) {
	for _, c := range t.changes {
		switch {
		case c.Key == epochKey:
			n++
		case c.Op == store.Delete && strings.HasPrefix(c.Key, gate.ServedPrefix):
			n++
		case c.Op == store.DeletePrefix && strings.HasPrefix(c.Key, gate.ServedPrefix):
			n += sweepAfter
		}
	}
	return n
}

// Sweep deletes the chunks that no head and no hold names, and the holds of
// deployments that never came, and returns how many chunks it deleted. It may
// run at any time, beside anything: what is committed while it looks makes it
// look again, and what it does not get to is left for the next time.
func (d *Desk) Sweep(ctx context.Context) (deleted int, err error) {
	var found []store.Change
	var pace store.Pace
	_, err = d.Store.Scan(ctx, gate.ChunkPrefix, func(doc store.Doc) error {
		found = append(found, store.Change{Op: store.Delete, Key: doc.Key, Base: doc.Revision})
		pace.Step()
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for chunks: %w", err)
	}
	// Nearly all of them are needed. Only the others are looked at once more,
	// under a check of the epoch.
	needed, stale, err := d.needed(d.begin(ctx))
	if err != nil {
		return 0, err
	}
	found = slices.DeleteFunc(found, func(c store.Change) bool { return needed[c.Key] })
	for len(found) > 0 || len(stale) > 0 {
		n := 0
		batch := found[:min(len(found), chunkBatch)]
		found, stale = found[len(batch):], nil
		err := store.Retry(ctx, store.Attempts, func() (err error) {
			n, err = d.sweep(ctx, batch)
			return err
		})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return deleted, fmt.Errorf("delete chunks: %w", err)
		}
		if err == nil {
			deleted += n
		}
	}
	return deleted, nil
}

// sweep deletes those of the candidates that nothing names.
func (d *Desk) sweep(ctx context.Context, candidates []store.Change) (n int, err error) {
	t := d.begin(ctx)
	epoch, err := t.Peek(epochKey, nil)
	if err != nil {
		return 0, err
	}
	needed, stale, err := d.needed(t)
	if err != nil {
		return 0, err
	}
	changes := []store.Change{{Op: store.Check, Key: epochKey, Base: epoch}}
	changes = append(changes, stale...)
	for _, c := range candidates {
		if !needed[c.Key] {
			changes = append(changes, c)
			n++
		}
	}
	_, err = d.Store.Commit(ctx, changes...)
	return n, err
}

// needed are the keys of the chunks that a head or a hold names, and stale the
// deletions of holds whose deployment never came, as many as a commit has room
// for.
func (d *Desk) needed(t *Tx) (keys map[string]bool, stale []store.Change, err error) {
	keys = map[string]bool{}
	var pace store.Pace
	err = t.Scan(gate.ServedPrefix, func(doc store.Doc) error {
		var head gate.Deployment
		if err := json.Unmarshal(doc.Value, &head); err != nil {
			return fmt.Errorf("document %s: %w", doc.Key, err)
		}
		for _, sum := range slices.Concat(head.Chunks, head.Source) {
			keys[gate.ChunkKey(sum)] = true
		}
		pace.Step()
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for the heads of deployments: %w", err)
	}
	err = t.Scan(holds, func(doc store.Doc) error {
		var h hold
		if err := json.Unmarshal(doc.Value, &h); err != nil {
			return fmt.Errorf("document %s: %w", doc.Key, err)
		}
		if time.Since(h.Since) > holdFor && len(stale) < store.MaxChanges-chunkBatch-1 {
			stale = append(stale, store.Change{Op: store.Delete, Key: doc.Key, Base: doc.Revision})
			return nil
		}
		for _, sum := range h.Chunks {
			keys[gate.ChunkKey(sum)] = true
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for held chunks: %w", err)
	}
	return keys, stale, nil
}
