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

// BenchmarkCatalog measures a catalog of APIs with 100 routes each, and one
// API of 10: how long until it is a plan, until a cold stage has found its
// first route, until all of it is compiled, what a route then weighs, and what
// a look-up at random costs.
func BenchmarkCatalog(b *testing.B) {
	b.Run("routes=10", func(b *testing.B) { benchCatalog(b, 1, 10) })
	for _, apis := range []int{1, 10, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("routes=%d", apis*100), func(b *testing.B) { benchCatalog(b, apis, 100) })
	}
}

func benchCatalog(b *testing.B, apis, each int) {
	s := memory.New()
	defer s.Close()
	for i := range apis {
		fill(b, s, i, each)
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
	look := newLooker(b, p, apis, each)
	cold := look.slowest()
	start = time.Now()
	for _, shard := range p.apis {
		for _, a := range shard {
			for _, st := range a.stages {
				st.routes.get()
			}
		}
	}
	all := time.Since(start)
	weight := float64(heap()-before-look.weight) / float64(apis*each)
	b.ResetTimer()
	for b.Loop() {
		look.up(rand.IntN(apis), rand.IntN(each))
	}
	b.ReportMetric(ready.Seconds()*1000, "ready-ms")
	b.ReportMetric(cold.Seconds()*1000, "cold-ms")
	b.ReportMetric(all.Seconds()*1000, "all-ms")
	b.ReportMetric(weight, "B/route")
	runtime.KeepAlive(c)
	runtime.KeepAlive(p)
}

// A looker asks a plan for routes. Its hosts and paths are made beforehand, so
// that a look-up costs what Find does and nothing else.
type looker struct {
	b            *testing.B
	plan         *Plan
	hosts, paths []string
	x            *flow.Exchange
	weight       uint64 // bytes of heap that the looker itself holds
}

func newLooker(b *testing.B, p *Plan, apis, each int) *looker {
	before := heap()
	l := &looker{b: b, plan: p, hosts: make([]string, apis), paths: make([]string, each), x: new(flow.Exchange)}
	for i := range l.hosts {
		l.hosts[i] = fmt.Sprintf("api%07d.execute-api.localhost", i)
	}
	for i := range l.paths {
		l.paths[i] = fmt.Sprintf("/service/%d/items/42", i)
	}
	l.weight = heap() - before
	return l
}

// up looks for a route of an API.
func (l *looker) up(api, route int) {
	x := l.x
	x.In.Host, x.In.Method, x.Path, x.Route = l.hosts[api], "GET", l.paths[route], nil
	x.Params.Reset()
	if _, err := l.plan.Find(x); err != nil || x.Route == nil {
		l.b.Fatalf("%s %s: %v", x.In.Host, x.Path, err)
	}
}

// slowest looks into up to twenty stages that nobody has needed yet.
func (l *looker) slowest() (worst time.Duration) {
	for i := range min(20, len(l.hosts)) {
		start := time.Now()
		l.up(i*len(l.hosts)/20%len(l.hosts), 0)
		worst = max(worst, time.Since(start))
	}
	return worst
}

func fill(b *testing.B, s store.Store, i, each int) {
	id := gate.APIID(fmt.Sprintf("api%07d", i))
	list := make([]gate.Route, each)
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
