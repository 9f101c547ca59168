package trace

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// ended is an exchange that has ended, of a stage of the API shop.
func ended(rings *Rings, stage, id string) *flow.Exchange {
	x := &flow.Exchange{ID: id, Path: "/orders", Query: "page=2&api_key=hidden", Start: epoch, Trail: rings.Trails().Take()}
	x.In.Method, x.In.Target, x.In.Host, x.In.Proto = "GET", "/prod/orders?page=2&api_key=hidden", "shop.execute-api.localhost", "HTTP/1.1"
	x.In.Source = netip.MustParseAddr("10.1.2.3")
	x.In.Header.Add("Authorization", "Bearer hidden")
	x.In.Header.Add("x-aPi-kEy", "hidden")
	x.In.Header.Add("Cookie", "a=hidden")
	x.In.Header.Add("X-Amz-Security-Token", "hidden")
	x.In.Header.Add("X-Vault-Token", "hidden")
	x.In.Header.Add("Referer", "https://site.example/?token=hidden&x=1")
	x.In.Header.Add("Accept", "*/*")
	x.Out.Status = 200
	x.Out.Header.Add("Set-Cookie", "sid=hidden")
	x.Out.Header.Add("Content-Type", "text/plain")
	if stage != "" {
		x.API = &gate.API{ID: "shop", Account: "111111111111", Name: "Shop", Protocol: gate.HTTP}
		x.Stage = &gate.Stage{API: "shop", Name: gate.StageName(stage), Deployment: "d1"}
		x.Route = &gate.Route{Key: "GET /orders"}
	}
	x.Trail.Add(flow.RouteMatched, "GET /orders", "r1")
	x.Trail.Add(flow.Shaped, "overwrite:header.authorization", "hidden")
	x.Trail.Add(flow.Shaped, "append:querystring.token", "hidden")
	x.Trail.Add(flow.ShapedFrom, "overwrite:header.cookie", "hidden")
	x.Trail.Add(flow.Dropped, "overwrite:header.cookie", "")
	x.Trail.Add(flow.ShapedFrom, "remove:querystring.password", "hidden")
	x.Trail.Add(flow.Shaped, "integration.request.header.Authorization", "hidden")
	x.Trail.Add(flow.Shaped, "integration.request.querystring.jwt", "hidden")
	x.Trail.Add(flow.Shaped, "append:header.x-auth-token", "hidden")
	x.Trail.Add(flow.ShapedFrom, "append:header.x-tenant", "red")
	x.Trail.Add(flow.Shaped, "append:header.x-tenant", "blue")
	x.Trail.Add(flow.TargetChosen, "GET http://10.0.0.1/orders?api_key=hidden", "")
	x.Event.Status, x.Event.Duration, x.Event.BytesOut = 200, 3*time.Millisecond, 12
	x.Event.Backend = flow.Backend{Called: true, Status: 200, Latency: time.Millisecond, Target: "http://10.0.0.1:80"}
	return x
}

// TestRecord holds that a record tells what happened and keeps no secret.
func TestRecord(t *testing.T) {
	r := New(Options{All: true})
	r.Observe(ended(r, "prod", "id-1"))
	c := r.Find("id-1")
	if c == nil {
		t.Fatal("the record is not found by its id")
	}
	text := fmt.Sprintf("%+v", *c)
	if strings.Contains(text, "hidden") {
		t.Errorf("a secret is kept: %s", text)
	}
	for _, want := range []string{"Query:page=2&api_key=***", "Target:/prod/orders?page=2&api_key=***", "Value:https://site.example/?token=***&x=1",
		"{Name:Accept Value:*/*}", "{Name:Authorization Value:***}", "{Name:Set-Cookie Value:***}", "Route:GET /orders", "Deployment:d1",
		"Client:10.1.2.3", "B:red", "B:blue", "A:GET http://10.0.0.1/orders?api_key=***", "Backend:http://10.0.0.1:80", "Latency:3ms"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
}

// TestRecordOutlivesItsExchange holds that nothing in a record is a view.
func TestRecordOutlivesItsExchange(t *testing.T) {
	r := New(Options{All: true})
	x := ended(r, "prod", "id-1")
	r.Observe(x)
	trail := x.Trail
	r.Trails().Return(trail)
	for i := 0; i < 50; i++ {
		trail.Add(flow.Refused, strings.Repeat("?", 20), strings.Repeat("?", 20))
	}
	x.Poison()
	if text := fmt.Sprintf("%+v", *r.Find("id-1")); strings.Contains(text, "???") {
		t.Errorf("the record changed: %s", text)
	}
}

// TestMaker holds who is to blame.
func TestMaker(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		status int
		event  flow.Event
		want   Maker
	}{
		{"All is well.", 200, flow.Event{}, Nobody},
		{"The backend's 404 is the backend's.", 404, flow.Event{Backend: flow.Backend{Called: true, Status: 404}}, ByIntegration},
		{"A backend that cannot be reached.", 503, flow.Event{Fault: gate.Failf(gate.IntegrationFailure, "x"), Backend: flow.Backend{Called: true, Failure: flow.Connect}}, ByIntegration},
		{"No route.", 404, flow.Event{Fault: gate.Failf(gate.ResourceNotFound, "x")}, ByClient},
		{"A defect.", 500, flow.Event{Fault: gate.Failf(gate.Internal, "x")}, ByGateway},
	} {
		x := &flow.Exchange{Event: tc.event}
		x.Out.Status = tc.status
		if got := maker(x); got != tc.want {
			t.Errorf("%s it is %q, want %q", tc.desc, got, tc.want)
		}
	}
}

// TestEach holds that a stage keeps its newest records, and others theirs.
func TestEach(t *testing.T) {
	r := New(Options{All: true, Each: 3})
	r.Observe(ended(r, "dev", "other"))
	for i := range 10 {
		r.Observe(ended(r, "prod", fmt.Sprint("id-", i)))
	}
	list, _ := r.Since("")
	if got := ids(list); got != "other id-7 id-8 id-9" {
		t.Errorf("kept are %s", got)
	}
	check(t, r)
}

// TestBytes holds that the bound counts all stages together, that the oldest
// record goes whatever its stage, and that one too large pushes nothing out.
func TestBytes(t *testing.T) {
	probe := New(Options{All: true})
	probe.Observe(ended(probe, "prod", "id-0"))
	size := probe.Find("id-0").Size()
	r := New(Options{All: true, Bytes: 4*size + size/2})
	for i := range 10 {
		r.Observe(ended(r, [...]string{"prod", "dev1"}[i%2], fmt.Sprint("id-", i)))
		check(t, r)
	}
	list, _ := r.Since("")
	if got := ids(list); got != "id-6 id-7 id-8 id-9" {
		t.Errorf("kept are %s", got)
	}
	big := ended(r, "prod", "big")
	big.In.Header.Add("X-Big", strings.Repeat("x", 5*size))
	r.Observe(big)
	if r.Find("big") != nil || r.Find("id-6") == nil {
		t.Error("a record that does not fit was kept, or pushed others out")
	}
	check(t, r)
}

// check counts what is held against the lists.
func check(t *testing.T, r *Rings) {
	t.Helper()
	n, bytes := r.Held()
	list, _ := r.Since("")
	sum := 0
	for _, c := range list {
		sum += c.size
	}
	if len(list) != n || sum != bytes || bytes > r.o.Bytes {
		t.Fatalf("%d records of %d bytes are counted as %d of %d, bound %d", len(list), sum, n, bytes, r.o.Bytes)
	}
	perRing := 0
	for _, g := range r.rings {
		for c := g.first; c != nil; c = c.next {
			perRing++
		}
	}
	if perRing != n {
		t.Fatalf("the rings hold %d records, the list %d", perRing, n)
	}
}

func ids(list []*Record) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.ID
	}
	return strings.Join(names, " ")
}

// TestBoundsOfOneRecord holds that no exchange takes more than its share.
func TestBoundsOfOneRecord(t *testing.T) {
	r := New(Options{All: true})
	x := ended(r, "prod", "id-1")
	for i := range 500 {
		x.In.Header.Add(fmt.Sprint("X-", i), strings.Repeat("é", 200))
		x.Trail.Add(flow.RouteTried, strings.Repeat("r", 50), "no")
	}
	r.Observe(x)
	c := r.Find("id-1")
	if !c.Truncated || len(c.Header) > maxFields || len(c.Decisions) > maxDecisions || c.Size() > maxText+20<<10 {
		t.Errorf("truncated %v, %d fields, %d decisions, %d bytes", c.Truncated, len(c.Header), len(c.Decisions), c.Size())
	}
}

// TestSwitch holds that only stages that are on are kept, until their time.
func TestSwitch(t *testing.T) {
	now := epoch
	r := New(Options{Now: func() time.Time { return now }})
	prod := gate.StageRef{API: "shop", Name: "prod"}
	if r.Trails().Take() != nil {
		t.Fatal("a trail is lent while nobody listens")
	}
	r.Observe(ended(r, "prod", "before"))
	if err := r.Switch(prod, epoch.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r.Observe(ended(r, "prod", "on"))
	r.Observe(ended(r, "dev", "dev"))
	r.Observe(ended(r, "", "nowhere"))
	late := ended(r, "prod", "late")
	late.Start = epoch.Add(time.Minute)
	r.Observe(late)
	list, _ := r.Since("")
	if got := ids(list); got != "on" {
		t.Errorf("kept are %q, want %q", got, "on")
	}
	now = epoch.Add(time.Hour)
	r.Observe(late)
	if r.Trails().Take() != nil || len(r.On()) != 0 {
		t.Error("the time is over, and trails are lent still")
	}
	now = epoch
	for i := range MaxStages {
		if err := r.Switch(gate.StageRef{API: "shop", Name: gate.StageName(fmt.Sprint(i))}, epoch.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Switch(prod, epoch.Add(time.Hour)); !errors.Is(err, ErrStages) {
		t.Errorf("one stage too many: %v", err)
	}
	if err := New(Options{All: true}).Switch(prod, epoch); !errors.Is(err, ErrAll) {
		t.Errorf("where all are on: %v", err)
	}
}

// TestOffIsFree holds that exchanges pay nothing while nobody listens.
func TestOffIsFree(t *testing.T) {
	r := New(Options{})
	x := ended(r, "prod", "a")
	if n := testing.AllocsPerRun(100, func() {
		x.Trail = r.Trails().Take()
		r.Observe(x)
		r.Trails().Return(x.Trail)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestWait holds that who waits is woken by a record and by the end, and that
// few may wait.
func TestWait(t *testing.T) {
	r := New(Options{All: true})
	_, cursor := r.Since("")
	ready, done, err := r.Wait(cursor)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
		t.Fatal("woken by nothing")
	default:
	}
	r.Observe(ended(r, "prod", "a"))
	<-ready
	done()
	list, cursor := r.Since(cursor)
	if ids(list) != "a" {
		t.Errorf("behind the cursor is %q", ids(list))
	}
	if list, _ := r.Since("other-99"); ids(list) != "a" {
		t.Errorf("behind the cursor of another process is %q", ids(list))
	}
	for range MaxWaiting {
		if _, _, err := r.Wait(cursor); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := r.Wait(cursor); !errors.Is(err, ErrWaiting) {
		t.Errorf("one too many: %v", err)
	}
	r.Close()
	ready, _, _ = r.Wait(cursor)
	<-ready
}

// TestConcurrently lets everything happen at once, for the race detector.
func TestConcurrently(t *testing.T) {
	r := New(Options{Bytes: 64 << 10, Each: 20})
	prod := gate.StageRef{API: "shop", Name: "prod"}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 300 {
				x := ended(r, [...]string{"prod", "dev"}[i%2], fmt.Sprint(n, "-", i))
				r.Observe(x)
				r.Trails().Return(x.Trail)
			}
		})
		all.Go(func() {
			for i := range 300 {
				until := time.Now().Add(time.Hour)
				if i%3 == 0 {
					until = time.Time{}
				}
				_ = r.Switch(prod, until)
				list, _ := r.Since("")
				for _, c := range list {
					_ = len(c.ID) + len(c.Header)
				}
				r.Find("x")
			}
		})
	}
	all.Wait()
	check(t, r)
}

func BenchmarkObserve(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(fmt.Sprintf("on=%v", on), func(b *testing.B) {
			r := New(Options{All: on})
			x := ended(r, "prod", "a")
			b.ReportAllocs()
			for b.Loop() {
				r.Observe(x)
			}
		})
	}
}
