package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

// Between two attempts Work waits owedFirst, then twice as long each time, up
// to owedMost.
const (
	owedFirst = 500 * time.Millisecond
	owedMost  = time.Minute
)

// owe tells Work that something that is due was not made.
func (s *Service) owe() {
	select {
	case s.owed <- struct{}{}:
	default: // it knows
	}
}

// Work makes the automatic deployments that failed, again and again until they
// are made or ctx ends. It is called once, beside the operations.
func (s *Service) Work(ctx context.Context) {
	for {
		select {
		case <-s.owed:
		case <-ctx.Done():
			return
		}
		for wait := owedFirst; ; wait = min(2*wait, owedMost) {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			err := s.resume(ctx)
			if err == nil {
				break
			}
			if ctx.Err() == nil {
				s.desk.Logger().Error("automatic deployments are due that cannot be made; trying again", "err", err, "retry", min(2*wait, owedMost))
			}
		}
	}
}

// Resume makes the automatic deployments that a node before this one left due,
// and sweeps away what its imports left. It is called when the plan follows the
// store, and before requests are answered: an edit that was acknowledged, or
// that anybody can see, then acts. What fails, or is not done when ctx ends, is
// left to Work; the error tells what.
func (s *Service) Resume(ctx context.Context) error {
	err := s.resume(ctx)
	if err != nil {
		s.owe()
	}
	return err
}

func (s *Service) resume(ctx context.Context) error {
	failed := []error{s.sweepImports(ctx)}
	type job struct {
		keys
		stage string
	}
	var jobs []job
	_, err := s.desk.Store.Scan(ctx, pendingPrefix, func(doc store.Doc) error {
		api, stage, _ := strings.Cut(strings.TrimPrefix(doc.Key, pendingPrefix), "/")
		var o owner
		if err := json.Unmarshal(doc.Value, &o); err != nil {
			failed = append(failed, fmt.Errorf("document %s: %w", doc.Key, err))
			return nil // the others are due all the same
		}
		jobs = append(jobs, job{keys{control.Place(o), gate.APIID(api)}, stage})
		return nil
	})
	if err != nil {
		failed = append(failed, fmt.Errorf("look for automatic deployments that are due: %w", err))
	}
	for i, j := range jobs {
		if err := ctx.Err(); err != nil {
			failed = append(failed, fmt.Errorf("%d automatic deployments are left: %w", len(jobs)-i, err))
			break
		}
		err := s.turns.share(ctx, j.pendingKey(j.stage), func() error { return s.deploy(ctx, j.keys, j.stage) })
		if err != nil {
			failed = append(failed, fmt.Errorf("automatic deployment of api %s, stage %s: %w", j.api, j.stage, err))
		}
	}
	return errors.Join(failed...)
}
