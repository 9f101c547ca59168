package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// runChanges edits an API of 1000 routes under constant load. Half of the
// changes add a route and use it at once; the other half remove it and see it
// gone. The stage deploys itself, so that each call is a change of traffic.
func runChanges(ctx context.Context, w *world) (*section, error) {
	if err := w.startBackend(ctx); err != nil {
		return nil, err
	}
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return nil, err
	}
	id, err := w.thousandRoutes(ctx, h)
	if err != nil {
		return nil, err
	}
	if _, err := h.control.UpdateStage(ctx, &api.UpdateStageInput{ApiId: &id, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)}); err != nil {
		return nil, err
	}
	target, err := h.control.CreateIntegration(ctx, &api.CreateIntegrationInput{
		ApiId: &id, IntegrationType: "HTTP_PROXY", IntegrationMethod: aws.String("GET"),
		IntegrationUri: aws.String("http://" + w.addr("Backend") + "/new"), PayloadFormatVersion: aws.String("1.0"),
	})
	if err != nil {
		return nil, err
	}
	c := &contestant{key: keyGatehouse, name: "gatehouse", url: "http://" + w.addr("Data"), host: executeHost(id), proc: h.child}

	cmd, out, err := w.startWrk(ctx, c, 10*time.Minute)
	if err != nil {
		return nil, err
	}
	calls, live, err := w.change(ctx, h, c, id, *target.IntegrationId)
	stopped := cmd.Process.Signal(syscall.SIGINT) // wrk then reports
	waited := cmd.Wait()
	if err = errors.Join(err, stopped, waited); err != nil {
		return nil, fmt.Errorf("%v\n%s", err, out)
	}
	l, err := parseWrk(out.String())
	if err != nil {
		return nil, err
	}
	return w.changesSection(ctx, l, calls, live), nil
}

// change makes the changes and returns, in milliseconds, how long each call
// took and how long until the first request showed it.
func (w *world) change(ctx context.Context, h *house, c *contestant, apiID, integration string) (calls, live []float64, err error) {
	if err := sleep(ctx, time.Second); err != nil { // of load before the first change
		return nil, nil, err
	}
	for i := 0; i < w.changes; i += 2 {
		path := fmt.Sprintf("/new%d", i)
		began := time.Now()
		r, err := h.control.CreateRoute(ctx, &api.CreateRouteInput{ApiId: &apiID, RouteKey: aws.String("GET " + path), Target: aws.String("integrations/" + integration)})
		if err != nil {
			return nil, nil, err
		}
		calls = append(calls, ms(time.Since(began)))
		if err := expect(ctx, c, path, http.StatusOK, began); err != nil {
			return nil, nil, err
		}
		live = append(live, ms(time.Since(began)))
		began = time.Now()
		if _, err := h.control.DeleteRoute(ctx, &api.DeleteRouteInput{ApiId: &apiID, RouteId: r.RouteId}); err != nil {
			return nil, nil, err
		}
		calls = append(calls, ms(time.Since(began)))
		if err := expect(ctx, c, path, http.StatusNotFound, began); err != nil {
			return nil, nil, err
		}
		live = append(live, ms(time.Since(began)))
	}
	return calls, live, sleep(ctx, time.Second)
}

// expect asks until the status is the wanted one, at most two seconds.
func expect(ctx context.Context, c *contestant, path string, want int, began time.Time) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
		if err != nil {
			return err
		}
		req.Host = c.host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		if res.StatusCode == want {
			return nil
		}
		if time.Since(began) > 2*time.Second {
			return fmt.Errorf("%s answers %d two seconds after the change, not %d", path, res.StatusCode, want)
		}
	}
}

func (w *world) changesSection(ctx context.Context, l load, calls, live []float64) *section {
	s := &section{name: "changes"}
	s.printf("%d changes to an API of %d routes that deploys itself, one after the other, while 64 connections keep it busy on one core.\n\n", len(calls), routes)
	s.printf("| what | found | bound | holds |\n|---|---|---|---|\n")
	s.judge(l.failed == 0, "failed requests", fmt.Sprintf("%d of %d", l.failed, l.requests), "none")
	row := func(what string, sample []float64) {
		s.printf("| %s | %s | none | |\n", what, strings.Join([]string{
			fmt.Sprintf("median %.1f ms", quantile(sample, 0.5)), fmt.Sprintf("p95 %.1f ms", quantile(sample, 0.95)), fmt.Sprintf("max %.1f ms", slices.Max(sample))}, ", "))
	}
	row("answer of the changing call", calls)
	row("first request that shows the change, from the call's start", live)
	s.printf("\n")
	s.foot(ctx, fmt.Sprintf("go run ./test/bench changes -changes %d", w.changes))
	return s
}
