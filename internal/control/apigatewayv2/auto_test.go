package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func (w *world) getStage(api *string, name string) *v2.GetStageOutput {
	w.Helper()
	return must[*v2.GetStageOutput](w)(w.GetStage(w.ctx, &v2.GetStageInput{ApiId: api, StageName: &name}))
}

func (w *world) deployments(api *string) []v2.Deployment {
	w.Helper()
	return must[*v2.GetDeploymentsOutput](w)(w.GetDeployments(w.ctx, &v2.GetDeploymentsInput{ApiId: api, MaxResults: new("500")})).Items
}

// TestAutoDeploy holds that an edit's reply comes when its deployment serves,
// and that stages without autoDeploy stay as they are.
func TestAutoDeploy(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	w.stage(api, "auto", true)
	w.stage(api, "hand", false)
	st := w.getStage(api, "auto")
	if st.DeploymentId != nil || text(st.LastDeploymentStatusMessage) != "Deployment attempt failed: At least one route is required before deploying the Api." {
		t.Errorf("a stage of an API without routes is %+v", st)
	}
	i := w.integration(api)
	r := w.route(api, "GET /a", i)
	if diff := cmp.Diff([]string{"GET /a"}, keysOf(w.served(api, "auto"))); diff != "" {
		t.Error(diff)
	}
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r, RouteKey: new("GET /b")}))
	if diff := cmp.Diff([]string{"GET /b"}, keysOf(w.served(api, "auto"))); diff != "" {
		t.Error(diff)
	}
	must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, DisableExecuteApiEndpoint: new(true)}))
	if !w.served(api, "auto").Deployment.DisableDefaultEndpoint {
		t.Error("disableExecuteApiEndpoint does not act")
	}
	if def := w.served(api, "hand"); def != nil {
		t.Errorf("a stage without autoDeploy serves %v", keysOf(def))
	}
	st = w.getStage(api, "auto")
	d := must[*v2.GetDeploymentOutput](t)(w.GetDeployment(w.ctx, &v2.GetDeploymentInput{ApiId: api, DeploymentId: st.DeploymentId}))
	if !is(d.AutoDeployed) || text(d.DeploymentStatus) != "DEPLOYED" {
		t.Errorf("the deployment is %+v", d)
	}
	// Switched off, edits change nothing; switched on, they are made up for.
	must[*v2.UpdateStageOutput](t)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("auto"), AutoDeploy: new(false)}))
	w.route(api, "GET /c", i)
	if got := keysOf(w.served(api, "auto")); len(got) != 1 {
		t.Errorf("with autoDeploy off it serves %v", got)
	}
	out := must[*v2.UpdateStageOutput](t)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("auto"), AutoDeploy: new(true)}))
	if got := keysOf(w.served(api, "auto")); len(got) != 2 || text(out.DeploymentId) != string(w.live(api, "auto").Deployment) {
		t.Errorf("with autoDeploy on again it serves %v, and the answer says %s", got, text(out.DeploymentId))
	}
}

// TestADraftThatDoesNotCompile holds that the edit is accepted, the stage stays
// and says why, and that an explicit deployment of it is refused.
func TestADraftThatDoesNotCompile(t *testing.T) {
	w := newWorld(t)
	w.compiles = func(d *gate.Definition) error {
		for _, r := range d.Routes {
			if r.Key == "GET /bad" {
				return errors.New("route GET /bad: no")
			}
		}
		return nil
	}
	api := w.api()
	w.stage(api, "auto", true)
	w.route(api, "GET /good", nil)
	before := w.live(api, "auto")
	bad := w.route(api, "GET /bad", nil)
	if diff := cmp.Diff(before, w.live(api, "auto")); diff != "" {
		t.Error(diff)
	}
	if got := text(w.getStage(api, "auto").LastDeploymentStatusMessage); got != "Deployment attempt failed: route GET /bad: no" {
		t.Errorf("the stage says %q", got)
	}
	var failed *string
	for _, d := range w.deployments(api) {
		if text(d.DeploymentStatus) == "FAILED" {
			failed = d.DeploymentId
			if text(d.DeploymentStatusMessage) != "route GET /bad: no" {
				t.Errorf("the deployment says %q", text(d.DeploymentStatusMessage))
			}
		}
	}
	if failed == nil {
		t.Fatal("no deployment failed")
	}
	all := w.dump()
	_, err := w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: api})
	w.refused(all, err, "BadRequestException", "Unable to deploy API: route GET /bad: no")
	w.stage(api, "hand", false)
	all = w.dump()
	_, err = w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("hand"), DeploymentId: failed})
	w.refused(all, err, "BadRequestException", *failed)
	w.desk.Handled = func(context.Context, uint64) error {
		t.Error("a failed deployment was never on the plane, and yet its end is awaited there")
		return nil
	}
	if err := w.DeleteDeployment(w.ctx, &v2.DeleteDeploymentInput{ApiId: api, DeploymentId: failed}); err != nil {
		t.Error(err)
	}
	w.desk.Handled = nil
	if err := w.DeleteRoute(w.ctx, &v2.DeleteRouteInput{ApiId: api, RouteId: bad}); err != nil {
		t.Fatal(err)
	}
	if got := text(w.getStage(api, "auto").LastDeploymentStatusMessage); !strings.HasPrefix(got, "Successfully") {
		t.Errorf("mended, the stage says %q", got)
	}
}

// TestParallelEdits holds that ten edits of one API at once all succeed, that
// each reply finds its edit served, and that they share deployments.
func TestParallelEdits(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	i := w.integration(api)
	w.stage(api, "auto", true)
	before := len(w.deployments(api))
	const rounds, parallel = 5, 10
	for r := range rounds {
		var g sync.WaitGroup
		for n := range parallel {
			g.Go(func() {
				key := fmt.Sprintf("GET /r%d/%d", r, n)
				_, err := w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: &key, Target: new("integrations/" + *i)})
				if err != nil {
					t.Error(err)
					return
				}
				if got := keysOf(w.served(api, "auto")); !strings.Contains(strings.Join(got, ","), key) {
					t.Errorf("after its reply %s is not served: %v", key, got)
				}
			})
		}
		g.Wait()
	}
	var doc integrationDoc
	d := &draft{keys: keys{place: placeOf(t, w), api: gate.APIID(*api)}, head: apiDoc{Gen: 1}}
	load(t, w, d.integrationKey(*i), &doc)
	if doc.Routes != rounds*parallel {
		t.Errorf("the integration counts %d routes", doc.Routes)
	}
	if made := len(w.deployments(api)) - before; made > keepAutomatic {
		t.Errorf("%d deployments are kept", made)
	}
}

// TestEditsShareADeployment holds that edits which come while a deployment is
// made share the next one.
func TestEditsShareADeployment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		api := w.api()
		w.stage(api, "auto", true)
		begun, goOn := make(chan struct{}), make(chan struct{})
		var runs atomic.Int32
		w.compiles = func(*gate.Definition) error {
			if runs.Add(1) == 1 {
				close(begun)
				<-goOn
			}
			return nil
		}
		var g sync.WaitGroup
		add := func(n int) {
			g.Go(func() { w.route(api, fmt.Sprintf("GET /%d", n), nil) })
		}
		add(0)
		<-begun
		for n := range 8 {
			add(n + 1)
		}
		synctest.Wait() // all eight are committed and wait
		close(goOn)
		g.Wait()
		if runs.Load() != 2 {
			t.Errorf("9 edits made %d deployments, want 2", runs.Load())
		}
		if got := keysOf(w.served(api, "auto")); len(got) != 9 {
			t.Errorf("served: %v", got)
		}
		if len(w.turns.lines) != 0 {
			t.Errorf("%d turns are left", len(w.turns.lines))
		}
	})
}

// TestAClientThatGoesAway does not take the deployment of others with it.
func TestAClientThatGoesAway(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	w.stage(api, "auto", true)
	ctx, cancel := context.WithCancel(w.ctx)
	w.compiles = func(*gate.Definition) error { cancel(); return nil }
	if _, err := w.CreateRoute(ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /a")}); err != nil {
		t.Fatal(err)
	}
	if got := keysOf(w.served(api, "auto")); len(got) != 1 {
		t.Errorf("served: %v", got)
	}
}

// TestResume holds that a node finishes what another left due, and that notes
// without a stage go away.
func TestResume(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	w.stage(api, "auto", true)
	w.stage(api, "hand", false)
	fail := &failing{Store: w.store}
	w.desk.Store = fail
	fail.key.Store(new(gate.DeploymentsKey(gate.APIID(*api))))
	w.route(api, "GET /a", nil)
	fail.key.Store(nil)
	if def := w.served(api, "auto"); def != nil {
		t.Fatalf("the failing store served %v", keysOf(def))
	}
	for _, key := range []string{pendingPrefix + *api + "/hand", pendingPrefix + *api + "/gone", pendingPrefix + "gone/x"} {
		if _, err := w.store.Commit(w.ctx, store.Change{Op: store.Put, Key: key, Base: store.Any, Value: []byte(`{"account":"` + account + `","region":"us-east-1"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := New(w.desk, nil).Resume(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := keysOf(w.served(api, "auto")); len(got) != 1 {
		t.Errorf("after Resume it serves %v", got)
	}
	if def := w.served(api, "hand"); def != nil {
		t.Errorf("Resume deployed a stage without autoDeploy: %v", keysOf(def))
	}
	for key := range w.dump() {
		if strings.HasPrefix(key, pendingPrefix) {
			t.Errorf("%s is left", key)
		}
	}
}

// TestWork holds that an automatic deployment which the store did not take is
// made without another edit, that the times between two attempts are bounded,
// and that Work rests when nothing is due.
func TestWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		api := w.api()
		w.stage(api, "auto", true)
		fail := &failing{Store: w.store}
		w.desk.Store = fail
		ctx, cancel := context.WithCancel(w.ctx)
		done := make(chan struct{})
		go func() { defer close(done); w.Work(ctx) }()
		defer func() { cancel(); <-done }()
		for n, broken := range []time.Duration{0, owedFirst + time.Second, time.Hour} {
			fail.key.Store(new(gate.DeploymentsKey(gate.APIID(*api))))
			w.route(api, fmt.Sprintf("GET /%d", n), nil)
			time.Sleep(broken)
			synctest.Wait()
			if got := keysOf(w.served(api, "auto")); len(got) != n {
				t.Fatalf("the failing store served %v", got)
			}
			fail.key.Store(nil)
			time.Sleep(owedMost)
			synctest.Wait()
			if got := keysOf(w.served(api, "auto")); len(got) != n+1 {
				t.Errorf("broken for %v: %v after it was mended it serves %v", broken, owedMost, got)
			}
		}
		made := len(w.deployments(api))
		time.Sleep(time.Hour)
		if n := len(w.deployments(api)); n != made {
			t.Errorf("%d more deployments with nothing due", n-made)
		}
	})
}

// TestResumeLeavesTheRestToWork holds that a note which cannot be read keeps no
// other stage from being deployed, and that what is not done in time is done
// later.
func TestResumeLeavesTheRestToWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		api := w.api()
		w.stage(api, "auto", true)
		fail := &failing{Store: w.store}
		w.desk.Store = fail
		fail.key.Store(new(gate.DeploymentsKey(gate.APIID(*api))))
		w.route(api, "GET /a", nil)
		fail.key.Store(nil)
		ctx, cancel := context.WithCancel(w.ctx)
		cancel()
		next := New(w.desk, nil)
		if err := next.Resume(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		bad := pendingPrefix + "a/bad"
		if _, err := w.store.Commit(w.ctx, store.Change{Op: store.Put, Key: bad, Base: store.Any, Value: []byte("{")}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel = context.WithCancel(w.ctx)
		done := make(chan struct{})
		go func() { defer close(done); next.Work(ctx) }()
		defer func() { cancel(); <-done }()
		time.Sleep(owedFirst)
		synctest.Wait()
		if got := keysOf(w.served(api, "auto")); len(got) != 1 {
			t.Errorf("it serves %v", got)
		}
		if err := next.Resume(ctx); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("got %v, want an error that names %s", err, bad)
		}
	})
}

// failing is a store whose commits under a prefix fail.
type failing struct {
	store.Store
	key atomic.Pointer[string]
}

func (f *failing) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	if p := f.key.Load(); p != nil {
		for _, c := range changes {
			if strings.HasPrefix(c.Key, *p) {
				return 0, errors.New("disk full")
			}
		}
	}
	return f.Store.Commit(ctx, changes...)
}

// TestTheNewestAutomaticDeploymentsAreKept holds the number that is kept, and
// that one which another stage serves is kept besides.
func TestTheNewestAutomaticDeploymentsAreKept(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	w.stage(api, "auto", true)
	w.stage(api, "hand", false)
	w.route(api, "GET /a", nil)
	pinned := w.getStage(api, "auto").DeploymentId
	must[*v2.UpdateStageOutput](t)(w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("hand"), DeploymentId: pinned}))
	byHand := w.deploy(api, "")
	for n := range keepAutomatic + 10 {
		must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, Description: new(fmt.Sprint(n))}))
	}
	ids := map[string]bool{}
	for _, d := range w.deployments(api) {
		ids[*d.DeploymentId] = true
	}
	if len(ids) != keepAutomatic+2 || !ids[*pinned] || !ids[*byHand] || !ids[*w.getStage(api, "auto").DeploymentId] {
		t.Errorf("%d deployments are kept: %v", len(ids), ids)
	}
	heads := 0
	for key := range w.dump() {
		if strings.HasPrefix(key, gate.DeploymentsKey(gate.APIID(*api))) {
			heads++
		}
	}
	if heads != len(ids) {
		t.Errorf("%d heads are kept of %d deployments", heads, len(ids))
	}
	// The stage gone, so are its deployments, but for what others serve.
	if err := w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("auto")}); err != nil {
		t.Fatal(err)
	}
	if left := w.deployments(api); len(left) != 2 {
		t.Errorf("%d deployments are left: %v", len(left), left)
	}
}
