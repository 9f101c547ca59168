package plan

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/upstream"
)

// BenchmarkCatalog measures a catalog of APIs with 100 routes each: how long
// until it is a plan, until all of it is compiled, what a route then weighs,
// what a look-up costs at random, and a change.
func BenchmarkCatalog(b *testing.B) {
	for _, apis := range []int{1, 10, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("routes=%d", apis*100), func(b *testing.B) { benchCatalog(b, apis) })
	}
}

func benchCatalog(b *testing.B, apis int) {
	s := memory.New()
	defer s.Close()
	for i := range apis {
		fill(b, s, i)
	}
	pools := upstream.New(upstream.Options{})
	defer pools.Close()
	l := &Live{Pools: pools, Meters: noMeters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)}
	before := heap()
	start := time.Now()
	c := NewCatalog()
	if _, err := s.Scan(context.Background(), gate.Plane, func(d store.Doc) error { c.Apply(d.Key, d.Value, new(Change)); return nil }); err != nil {
		b.Fatal(err)
	}
	p := Compile(context.Background(), c, 1, Change{}, Load(s), l, nil)
	ready := time.Since(start)
	start = time.Now()
	cold := lookUp(b, p, apis)
	first := time.Since(start)
	start = time.Now()
	for _, shard := range p.apis {
		for _, a := range shard {
			for _, st := range a.stages {
				st.routes.get()
			}
		}
	}
	all := time.Since(start)
	weight := float64(heap()-before) / float64(apis*100)
	b.ResetTimer()
	for b.Loop() {
		lookUp(b, p, apis)
	}
	b.ReportMetric(ready.Seconds()*1000, "ready-ms")
	b.ReportMetric(first.Seconds()*1000, "cold-ms")
	b.ReportMetric(all.Seconds()*1000, "all-ms")
	b.ReportMetric(weight, "B/route")
	runtime.KeepAlive(cold)
	runtime.KeepAlive(p)
}

// lookUp finds a random route of a random API.
func lookUp(b *testing.B, p *Plan, apis int) *flow.Exchange {
	x := new(flow.Exchange)
	api, r := rand.IntN(apis), rand.IntN(100)
	x.In.Host = fmt.Sprintf("api%07d.execute-api.localhost", api)
	x.In.Method, x.Path = "GET", fmt.Sprintf("/service/%d/items/42", r)
	if _, err := p.Find(x); err != nil || x.Route == nil {
		b.Fatalf("%s %s: %v", x.In.Host, x.Path, err)
	}
	return x
}

func fill(b *testing.B, s store.Store, i int) {
	id := gate.APIID(fmt.Sprintf("api%07d", i))
	list := make([]gate.Route, 100)
	for j := range list {
		list[j] = gate.Route{ID: gate.RouteID(fmt.Sprint("r", j)), Key: fmt.Sprintf("GET /service/%d/items/{id}", j), Authorization: gate.Authorization{Kind: gate.AuthNone},
			Integration: &gate.Integration{ID: "int", Kind: gate.HTTPProxy, URI: fmt.Sprintf("http://127.0.0.1:8080/backend/%d/{id}", j), Timeout: 30 * time.Second}}
	}
	chunks, err := gate.Split(list)
	if err != nil {
		b.Fatal(err)
	}
	d := gate.Deployment{API: id, ID: "d"}
	var changes []store.Change
	for _, c := range chunks {
		d.Chunks = append(d.Chunks, c.Sum)
		changes = append(changes, store.Change{Op: store.Put, Key: gate.ChunkKey(c.Sum), Base: store.Any, Value: c.Text})
	}
	changes = append(changes,
		put(gate.APIKey(id), gate.API{ID: id, Protocol: gate.HTTP}),
		put(gate.DeploymentKey(gate.DeploymentRef{API: id, ID: "d"}), d),
		put(gate.StageKey(gate.StageRef{API: id, Name: "$default"}), gate.Stage{API: id, Name: "$default", Deployment: "d"}),
	)
	if _, err := s.Commit(context.Background(), changes...); err != nil {
		b.Fatal(err)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
