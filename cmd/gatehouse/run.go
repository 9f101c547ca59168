package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

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
		w.Log.Info("ending", "why", context.Cause(ctx).Error(), "delay", w.Conf.Drain.Delay.String(), "timeout", w.Conf.Drain.Timeout.String())
		w.drain(time.Duration(w.Conf.Drain.Delay))
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
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(w.Conf.Drain.Timeout))
	defer cancel()
	if err := w.edge.Shutdown(ctx); err != nil {
		w.Log.Warn("requests were cut off because they took longer than drain.timeout", "timeout", w.Conf.Drain.Timeout.String(), "err", err)
	}
}
