package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gatehouse/internal/control"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Automatic deployments
//
// The commit of an edit also puts a note that a deployment of the stage is due.
// The commit of the deployment removes the note, unless it was put anew since
// the deployment looked: then another edit asks for the next one. So a crash
// between the two leaves the note, and Resume finds it; and so does a store that
// fails between the two, and Work finds it.
//
// One deployment of a stage is in flight on a node. Edits that are committed
// meanwhile share the next one, and each waits for the one that holds it.

const (
	// keepAutomatic is how many automatic deployments of a stage are kept.
	keepAutomatic = 20
	// pruneAtOnce leaves room in a commit for the chunks of a deployment.
	pruneAtOnce = 5
	// maxAutomatic bounds the stages of an API that are deployed automatically:
	// each edit puts a note for every one of them in its own commit.
	maxAutomatic = 50
	// deployWithin bounds one automatic deployment. It goes on when the client
	// of the edit goes away, for others may share it.
	deployWithin = time.Minute
)

// pend notes the automatic deployments that an edit makes due.
func (d *draft) pend() error {
	if d.edited {
		d.due = append(d.due, d.head.Auto...)
	}
	slices.Sort(d.due)
	d.due = slices.Compact(d.due)
	for _, stage := range d.due {
		if err := d.Set(d.pendingKey(stage), owner(d.place)); err != nil {
			return err
		}
	}
	return nil
}

// settle makes the automatic deployments that are due, or waits for those who
// are at it. The edit is accepted whatever comes of them: the stage tells.
func (s *Service) settle(ctx context.Context, k keys, stages []string) {
	for _, stage := range stages {
		err := s.turns.share(ctx, k.pendingKey(stage), func() error { return s.deploy(context.WithoutCancel(ctx), k, stage) })
		if err == nil {
			continue
		}
		s.owe()
		// Who has only gone away knows nothing of it.
		if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
			s.desk.Logger().Error("an automatic deployment was not made; it is tried again in the background",
				"api", string(k.api), "stage", stage, "err", err)
		}
	}
}

// deploy makes the automatic deployment of a stage if it is due.
func (s *Service) deploy(ctx context.Context, k keys, stage string) error {
	ctx, cancel := context.WithTimeout(ctx, deployWithin)
	defer cancel()
	return s.desk.Do(ctx, k.pendingKey(stage), func(t *control.Tx) error {
		// The note is read before the draft: whatever is committed later puts a
		// newer one.
		note, err := t.Peek(k.pendingKey(stage), nil)
		if err != nil || note == 0 {
			return err
		}
		t.Yield(k.pendingKey(stage), note)
		d := &draft{Tx: t, keys: k, s: s}
		found, err := d.Load(d.apiKey(), &d.head)
		if err != nil || !found {
			return err
		}
		var doc stageDoc
		found, err = d.Load(d.stageKey(stage), &doc)
		if err != nil || !found || !is(doc.AWS.AutoDeploy) {
			return err
		}
		return d.deployStage(&doc)
	})
}

// deployStage deploys the draft to a stage, or notes there why not.
func (d *draft) deployStage(stage *stageDoc) error {
	doc := deploymentDoc{AWS: v2.Deployment{AutoDeployed: new(true)}}
	err := d.freeze(&doc)
	id := text(doc.AWS.DeploymentId)
	message := fmt.Sprintf(textDeployed, id)
	var u *undeployable
	switch {
	case errors.As(err, &u):
		message = fmt.Sprintf(textDeployFailed, u.reason)
		if u.empty {
			break
		}
		doc.AWS.DeploymentStatus, doc.AWS.DeploymentStatusMessage = new(statusFailed), &u.reason
		stage.Automatic = append(stage.Automatic, id)
		if err := d.Put(d.deploymentKey(id), &doc); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		stage.Automatic = append(stage.Automatic, id)
		if err := d.move(stage, id); err != nil {
			return err
		}
		d.s.tell(d, stage, doc.AWS)
	}
	stage.AWS.LastDeploymentStatusMessage = &message
	if err := d.prune(stage, keepAutomatic); err != nil {
		return err
	}
	return d.putStage(stage)
}

// prune removes the oldest automatic deployments of a stage but for the newest
// keep, but for those that a stage serves, and no more than a commit has room
// for.
func (d *draft) prune(stage *stageDoc, keep int) error {
	surplus, room := len(stage.Automatic)-keep, pruneAtOnce
	var left []string
	for i, id := range stage.Automatic {
		if i >= surplus || room == 0 {
			left = append(left, id)
			continue
		}
		free, err := d.free(id, *stage.AWS.StageName)
		if err != nil {
			return err
		}
		if !free {
			left = append(left, id)
			continue
		}
		if err := d.dropDeployment(id); err != nil {
			return err
		}
		room--
	}
	stage.Automatic = left
	return nil
}

// free reports whether no stage but this one serves a deployment. Only if that
// is so the commit depends on it: many may be served.
func (d *draft) free(id, stage string) (bool, error) {
	served := func(doc deploymentDoc) bool {
		return slices.ContainsFunc(doc.Stages, func(s string) bool { return s != stage })
	}
	var doc deploymentDoc
	if _, err := d.Peek(d.deploymentKey(id), &doc); err != nil || served(doc) {
		return false, err
	}
	doc = deploymentDoc{}
	_, err := d.Load(d.deploymentKey(id), &doc)
	return err == nil && len(doc.Stages) == 0, err
}

// turns lets one deployment of a stage run at a time, and those who ask
// meanwhile share the next. That is more than the queues of package control do,
// in which everybody who waits gets a turn of his own.
type turns struct {
	mu    sync.Mutex
	lines map[string]*turn
}

type turn struct {
	busy chan struct{} // holds one token while somebody runs
	next *round        // not begun yet
	all  int           // rounds that run or wait
}

type round struct {
	done chan struct{}
	err  error
}

// share returns when a run of f that began after the call has ended, with its
// error. Whoever opens a round runs it, others only wait, and no longer than
// their ctx lives.
func (t *turns) share(ctx context.Context, name string, f func() error) error {
	t.mu.Lock()
	if t.lines == nil {
		t.lines = map[string]*turn{}
	}
	l := t.lines[name]
	if l == nil {
		l = &turn{busy: make(chan struct{}, 1)}
		t.lines[name] = l
	}
	if r := l.next; r != nil {
		t.mu.Unlock()
		select {
		case <-r.done:
			return r.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r := &round{done: make(chan struct{})}
	l.next = r
	l.all++
	t.mu.Unlock()

	l.busy <- struct{}{} // at most one run is ahead, and that is bounded
	t.mu.Lock()
	l.next = nil
	t.mu.Unlock()
	defer func() {
		close(r.done)
		<-l.busy
		t.mu.Lock()
		defer t.mu.Unlock()
		if l.all--; l.all == 0 {
			delete(t.lines, name)
		}
	}()
	// A panic in f goes on to the caller who runs it. The others must not take it
	// for a deployment that was made.
	r.err = errors.New("the run panicked")
	r.err = f()
	return r.err
}
