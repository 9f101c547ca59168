package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

// A Follower keeps the plan current: it reads the watched space of the store,
// compiles, publishes, and does so again for each commit. Set the fields, call
// Run once, and Wait from any goroutine.
type Follower struct {
	Store store.Store
	Live  *Live
	// Publish takes each new plan. It must not block.
	Publish func(*Plan)
	// Applied is told how long a change took, for the metrics. It may be nil.
	Applied func(p *Plan, took time.Duration)
	// Warmed is told once that every stage of the first plan is compiled, and
	// how long after the first reading of the store began. It may be nil.
	Warmed func(took time.Duration)

	making sync.Mutex // held while a plan is made of the one in force; guards the catalog, too

	mu      sync.Mutex // held for a moment only: Wait must see its context end
	plan    *Plan      // in force; nil before the first
	handled uint64
	moved   chan struct{} // closed and replaced when handled moves

	again chan struct{} // a token: the plan has unread stages
	aside sync.WaitGroup
}

// retryAfter is how long Run waits before it reads a store again that failed.
const retryAfter = 500 * time.Millisecond

// Run follows the store until ctx ends, and returns nil then. A store that
// fails or has compacted what Run wants to see next is read anew; the plan in
// force stays in force meanwhile.
func (f *Follower) Run(ctx context.Context) error {
	defer f.aside.Wait()
	f.again = make(chan struct{}, 1)
	for {
		err := f.follow(ctx)
		if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return nil
		}
		if errors.Is(err, store.ErrCompacted) {
			continue
		}
		f.Live.Log.Error("the configuration store cannot be followed; serving the last plan and trying again", "error", err, "retry", retryAfter)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryAfter):
		}
	}
}

// follow scans once and watches from there. It returns what ended the watch.
func (f *Follower) follow(ctx context.Context) error {
	start := time.Now()
	c := NewCatalog()
	revision, err := f.Store.Scan(ctx, gate.Plane, func(d store.Doc) error {
		f.Live.apply(d.Key, d.Value)
		c.Apply(d.Key, d.Value, new(Change)) // everything is compiled below
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	load := Load(f.Store)
	first := f.current() == nil
	// After a compaction everything is compiled anew, but against the plan in
	// force, so that what does not compile keeps its entry and what is gone is
	// dropped.
	f.advance(start, func(prev *Plan) *Plan {
		return Compile(ctx, c, revision, c.all(prev), load, f.Live, prev)
	})
	if first {
		f.aside.Go(func() { f.warm(ctx, start) })
	}
	var retrying sync.WaitGroup
	defer retrying.Wait()
	watched, end := context.WithCancel(ctx)
	defer end()
	retrying.Go(func() { f.retry(watched, c, load) })
	for commit, err := range f.Store.Watch(ctx, gate.Plane, revision) {
		if err != nil {
			return err
		}
		f.advance(time.Now(), func(prev *Plan) *Plan {
			return Compile(ctx, c, commit.Revision, f.apply(c, commit), load, f.Live, prev)
		})
	}
	return ctx.Err()
}

// advance publishes the plan that next makes of the one in force.
func (f *Follower) advance(start time.Time, next func(prev *Plan) *Plan) {
	f.making.Lock()
	defer f.making.Unlock()
	p := next(f.current())
	f.Publish(p)
	if f.Applied != nil {
		f.Applied(p, time.Since(start))
	}
	if len(p.unread) > 0 {
		select {
		case f.again <- struct{}{}:
		default:
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan, f.handled = p, p.Revision
	if f.moved != nil {
		close(f.moved)
		f.moved = nil
	}
}

func (f *Follower) current() *Plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plan
}

// retry compiles again, each time a while after it has failed, the APIs of which
// a stage could not be read: no commit tells that the store can be read again.
func (f *Follower) retry(ctx context.Context, c *Catalog, load Loader) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.again:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(loadAgain):
		}
		f.advance(time.Now(), func(prev *Plan) *Plan {
			if len(prev.unread) == 0 {
				return prev // a commit came first
			}
			return Compile(ctx, c, prev.Revision, Change{APIs: prev.unread}, load, f.Live, prev)
		})
	}
}

// warm compiles in the background what no request has needed yet, and adds the
// problems that this brings to light to the plan in force. start is when the
// first reading began.
func (f *Follower) warm(ctx context.Context, start time.Time) {
	p := f.current()
	found := false
	var pace store.Pace
	for _, shard := range p.apis {
		for _, a := range shard {
			for _, s := range a.stages {
				if ctx.Err() != nil {
					return
				}
				for _, one := range []*stage{s, s.canary} {
					if one != nil && one.routes != nil {
						found = len(one.routes.get().problems) > 0 || found
						pace.Step()
					}
				}
			}
		}
	}
	if found {
		f.advance(time.Now(), (*Plan).relisted)
	}
	if f.Warmed != nil {
		f.Warmed(time.Since(start))
	}
}

// apply takes a commit into the catalog and tells what that changes.
func (f *Follower) apply(c *Catalog, commit store.Commit) (change Change) {
	for _, ch := range commit.Changes {
		value := ch.Value
		if ch.Op == store.Delete {
			value = nil
		}
		f.Live.apply(ch.Key, value)
		c.Apply(ch.Key, value, &change)
	}
	return change
}

// Wait returns when the plan in force has taken in the revision, or what could
// not be compiled of it is among the plan's Problems. The error is ctx's.
func (f *Follower) Wait(ctx context.Context, revision uint64) error {
	for {
		f.mu.Lock()
		if f.handled >= revision {
			f.mu.Unlock()
			return nil
		}
		if f.moved == nil {
			f.moved = make(chan struct{})
		}
		moved := f.moved
		f.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Load is the Loader that reads a deployment's chunks from a store.
func Load(s store.Store) Loader {
	return func(ctx context.Context, a *gate.API, d *gate.Deployment) (*gate.Definition, error) {
		def := &gate.Definition{API: *a, Deployment: *d}
		for _, sum := range d.Chunks {
			doc, err := s.Get(ctx, gate.ChunkKey(sum))
			if err != nil {
				return nil, fmt.Errorf("chunk %s: %w", sum, err)
			}
			routes, err := gate.ParseChunk(sum, doc.Value)
			if err != nil {
				return nil, err
			}
			def.Routes = append(def.Routes, routes...)
		}
		return def, nil
	}
}
