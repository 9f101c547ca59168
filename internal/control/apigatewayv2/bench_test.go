package apigatewayv2

import (
	"fmt"
	"sync"
	"testing"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestParallelEditsOnDisk holds that ten edits at once succeed also where a
// commit takes as long as a disk does, and commits are grouped.
func TestParallelEditsOnDisk(t *testing.T) {
	s, err := local.Open(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := worldOn(t, s)
	api := w.api()
	i := w.integration(api)
	w.stage(api, "auto", true)
	var g sync.WaitGroup
	for n := range 20 {
		g.Go(func() { w.route(api, fmt.Sprintf("GET /%d", n), i) })
	}
	g.Wait()
	if got := keysOf(w.served(api, "auto")); len(got) != 20 {
		t.Errorf("served: %v", got)
	}
}

func worldOn(t testing.TB, s store.Store) *world {
	d := &control.Desk{Store: s, Limits: gate.DefaultLimits()}
	return &world{Service: New(d, nil), TB: t, ctx: in("us-east-1"), store: s}
}

// BenchmarkCreateRoute is an edit without a deployment, on an API of n routes.
func BenchmarkCreateRoute(b *testing.B) {
	w := worldOn(b, memory.New())
	api := w.api()
	i := w.integration(api)
	n := 0
	for b.Loop() {
		n++
		w.route(api, fmt.Sprintf("GET /%d", n), i)
	}
}

// BenchmarkDeploy freezes an API of 1000 routes of which one has changed.
func BenchmarkDeploy(b *testing.B) {
	w := worldOn(b, memory.New())
	api := w.api()
	i := w.integration(api)
	var last *string
	for n := range 1000 {
		last = w.route(api, fmt.Sprintf("GET /%d", n), i)
	}
	w.stage(api, "auto", true)
	n := 0
	for b.Loop() {
		n++
		must[*v2.UpdateRouteOutput](b)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: last, RouteKey: new(fmt.Sprintf("GET /x/%d", n))}))
	}
}
