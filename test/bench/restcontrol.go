package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// What is made as Terraform makes it, and the bounds.
const (
	madeResources = 300
	siblings      = 10 // resources that one branch of the tree holds, with its own
	maxMade       = 10 * time.Second
	deployed      = 11
	maxDeployed   = 300 * time.Millisecond
)

// madeVerbs are the methods of each of the resources.
func madeVerbs() []string { return []string{http.MethodGet, http.MethodPost, http.MethodDelete} }

// A restControl is what was found of the control plane.
type restControl struct {
	calls, refused int64
	made           time.Duration
	deployments    []float64     // milliseconds of CreateDeployment, at rest
	cpu            time.Duration // of one of them on average, with the edit before it
	changed        changed
}

// runRESTControl makes REST APIs in a gateway that keeps them on disk, and
// deploys one of them at rest and under load.
func runRESTControl(ctx context.Context, w *world) (*section, error) {
	if err := w.startBackend(ctx); err != nil {
		return nil, err
	}
	h, err := w.startGatehouse(ctx)
	if err != nil {
		return nil, err
	}
	r := &restControl{}
	if err := w.measureMaking(ctx, r); err != nil {
		return nil, err
	}
	m := w.maker()
	api, root, err := m.thousandResources(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.deployOften(ctx, api, root, h.pid(), r); err != nil {
		return nil, err
	}
	progress("deployed %d times", len(r.deployments))
	if r.changed, err = w.changeREST(ctx, h, m, api, root); err != nil {
		return nil, err
	}
	return restControlSection(ctx, w, r), nil
}

// measureMaking makes an API, and looks that all of it is there.
func (w *world) measureMaking(ctx context.Context, r *restControl) error {
	m := w.maker()
	began := time.Now()
	api, root, err := m.makeAPI(ctx, "made")
	if err != nil {
		return err
	}
	var all []task
	for i := range madeResources / siblings {
		all = append(all, m.resource(api, root, fmt.Sprintf("branch%02d", i), func(id string) []task {
			next := m.methods(api, id)
			for k := range siblings - 1 {
				next = append(next, m.resource(api, id, fmt.Sprintf("leaf%d", k), func(id string) []task { return m.methods(api, id) }))
			}
			return next
		}))
	}
	if err := walk(ctx, restClients, all...); err != nil {
		return err
	}
	r.made, r.calls, r.refused = time.Since(began), m.tally.calls.Load(), m.tally.refused.Load()
	progress("made %d resources in %v", madeResources, r.made.Round(10*time.Millisecond))
	return m.complete(ctx, api)
}

// methods are the tasks of one resource's.
func (m *maker) methods(api, resource string) (all []task) {
	for _, verb := range madeVerbs() {
		all = append(all, m.mock(api, resource, verb, "{}", nil))
	}
	return all
}

// complete says whether what was made can be read again: all resources but the
// root have all methods, and each of these has its answer.
func (m *maker) complete(ctx context.Context, api string) error {
	list, err := m.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: &api, Limit: aws.Int32(500), Embed: []string{"methods"}})
	if err != nil {
		return err
	}
	answers := 0
	for _, r := range list.Items {
		for _, one := range r.ResourceMethods {
			if in := one.MethodIntegration; in != nil {
				answers += len(in.IntegrationResponses)
			}
		}
	}
	if want := madeResources * len(madeVerbs()); len(list.Items) != madeResources+1 || answers != want {
		return fmt.Errorf("of %d resources and %d integration responses that were made, %d and %d can be read", madeResources+1, want, len(list.Items), answers)
	}
	return nil
}

// deployOften deploys the API again and again, each time with something that
// the deployment before had not, and notes how long each call took. pid is the
// gateway's.
func (m *maker) deployOften(ctx context.Context, api, root string, pid int, r *restControl) error {
	if err := walk(ctx, 1, m.mock(api, root, http.MethodGet, "0", nil)); err != nil {
		return err
	}
	before, err := cpuOf(pid)
	if err != nil {
		return err
	}
	for i := range deployed {
		if err := m.answer(ctx, api, root, http.MethodGet, fmt.Sprint(i), nil); err != nil {
			return err
		}
		began := time.Now()
		if _, err := m.deploy(ctx, api); err != nil {
			return err
		}
		r.deployments = append(r.deployments, ms(time.Since(began)))
	}
	after, err := cpuOf(pid)
	r.cpu = (after - before) / deployed
	return err
}

func restControlSection(ctx context.Context, w *world, r *restControl) *section {
	s := &section{name: "rest-control"}
	s.printf("The on-disk store, the gateway on one core; %d deployments and rollbacks under the load of 64 connections.\n\n", len(r.changed.deploys)+len(r.changed.rollbacks))
	s.printf("| what | found | bound | holds |\n|---|---|---|---|\n")
	s.judge(r.made < maxMade, fmt.Sprintf("%d resources with %d methods each, made by %d clients", madeResources, len(madeVerbs()), restClients),
		fmt.Sprintf("%d calls in %.2f s", r.calls, r.made.Seconds()), fmt.Sprintf("under %v", maxMade))
	s.judge(r.refused == 0, "of these calls, refused", fmt.Sprint(r.refused), "none")
	s.judge(slices.Max(r.deployments) < ms(maxDeployed), fmt.Sprintf("CreateDeployment of %d methods, %d times at rest", 2*routes, len(r.deployments)),
		spread(r.deployments), fmt.Sprintf("slowest under %v", maxDeployed))
	s.printf("| CPU of one of them, with the edit before it | %.0f ms | none | |\n", ms(r.cpu))
	c := &r.changed
	s.judge(c.load.failed == 0, "failed requests under load", fmt.Sprintf("%d of %d", c.load.failed, c.load.requests), "none")
	s.judge(c.stamps.mixed == 0, "requests served by a mix of two deployments",
		fmt.Sprintf("%d of %d, which saw %d deployments", c.stamps.mixed, c.stamps.mixed+c.stamps.whole, c.stamps.deployments), "none")
	s.printf("| CreateDeployment under load | %s | none | |\n", spread(c.deploys))
	s.printf("| UpdateStage back to an earlier deployment, under load | %s | none | |\n", spread(c.rollbacks))
	s.printf("\n")
	s.foot(ctx, fmt.Sprintf("go run ./test/bench rest-control -changes %d", w.changes))
	return s
}

// spread tells a sample of milliseconds.
func spread(sample []float64) string {
	return fmt.Sprintf("median %.1f ms, p95 %.1f ms, max %.1f ms", quantile(sample, 0.5), quantile(sample, 0.95), slices.Max(sample))
}
