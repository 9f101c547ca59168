package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/route"
	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted is a Meters that remembers what was bound.
type counted struct {
	mu    sync.Mutex
	bound []string
}

func (c *counted) Route(api gate.APIID, s gate.StageName, route, method string) flow.Meter {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound = append(c.bound, fmt.Sprintf("%s/%s %s %s", api, s, method, route))
	return nil
}

func (c *counted) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := strings.Join(c.bound, "|")
	c.bound = nil
	return text
}

func live(t *testing.T) *Live {
	t.Helper()
	pools := upstream.New(upstream.Options{})
	t.Cleanup(pools.Close)
	return &Live{Pools: pools, Meters: &counted{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)}
}

// office is a store with a follower.
type office struct {
	t     *testing.T
	store store.Store
	f     *Follower
	mu    sync.Mutex
	plan  *Plan
}

func follow(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, store: memory.New()}
	o.f = &Follower{Store: o.store, Live: live(t), Publish: func(p *Plan) { o.mu.Lock(); o.plan = p; o.mu.Unlock() }}
	o.run()
	return o
}

// run follows the store until the test ends, and returns once there is a plan:
// from then on each change compiles before it is published.
func (o *office) run() {
	o.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.f.Run(ctx) }()
	o.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			o.t.Error(err)
		}
		o.store.Close()
	})
	for o.current() == nil {
		time.Sleep(time.Millisecond)
	}
}

func (o *office) current() *Plan {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.plan
}

// commit writes the documents and waits until they are handled.
func (o *office) commit(changes ...store.Change) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	revision, err := o.store.Commit(ctx, changes...)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.f.Wait(ctx, revision); err != nil {
		o.t.Fatalf("revision %d was not handled: %v", revision, err)
	}
}

func put(key string, v any) store.Change {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text}
}

func del(key string) store.Change {
	return store.Change{Op: store.Delete, Key: key, Base: store.Any}
}

// deploy puts the chunks of routes and then the head and the stage.
func (o *office) deploy(api gate.APIID, name gate.StageName, id gate.DeploymentID, keys ...string) {
	o.t.Helper()
	var list []gate.Route
	for i, k := range keys {
		list = append(list, gate.Route{ID: gate.RouteID(fmt.Sprint("r", i)), Key: k, Authorization: gate.Authorization{Kind: gate.AuthNone},
			Integration: &gate.Integration{ID: "i", Kind: gate.HTTPProxy, URI: "http://127.0.0.1:1/", Timeout: time.Second}})
	}
	head := o.chunks(gate.Deployment{API: api, ID: id}, list)
	o.commit(
		put(gate.APIKey(api), gate.API{ID: api, Protocol: gate.HTTP, Name: string(api)}),
		put(gate.DeploymentKey(gate.DeploymentRef{API: api, ID: id}), head),
		put(gate.StageKey(gate.StageRef{API: api, Name: name}), gate.Stage{API: api, Name: name, Deployment: id}),
	)
}

func (o *office) chunks(d gate.Deployment, list []gate.Route) gate.Deployment {
	o.t.Helper()
	chunks, err := gate.Split(list)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range chunks {
		if _, err := o.store.Commit(context.Background(), store.Change{Op: store.Put, Key: gate.ChunkKey(c.Sum), Base: store.Any, Value: c.Text}); err != nil {
			o.t.Fatal(err)
		}
		d.Chunks = append(d.Chunks, c.Sum)
	}
	return d
}

// find runs Find and says where it ended: "stage key path", or the fault.
func (o *office) find(host, method, path string) string {
	o.t.Helper()
	return find(o.current(), host, method, path)
}

func find(p *Plan, host, method, path string) string {
	x := new(flow.Exchange)
	x.In.Host, x.In.Method, x.Path, x.In.Source = host, method, path, netip.IPv4Unspecified()
	h, err := p.Find(x)
	var f *gate.Fault
	switch {
	case errors.As(err, &f):
		return string(f.Kind)
	case x.Route == nil:
		_ = h.Serve(x)
		return fmt.Sprintf("%s miss %d", x.Stage.Name, x.Out.Status)
	}
	return fmt.Sprintf("%s %s %s", x.Stage.Name, x.Route.Key, x.Path)
}

// TestFind is the table of host and stage selection (runtime 2.1, 1.3).
func TestFind(t *testing.T) {
	o := follow(t)
	o.deploy("abc", "$default", "d1", "GET /pets", "GET /prodigy", "$default")
	o.deploy("abc", "prod", "d2", "GET /pets", "GET /")
	o.deploy("only", "dev", "d3", "GET /x")
	for _, tc := range []struct{ desc, host, method, path, want string }{
		{"The first segment names a stage, which is stripped.", "abc.execute-api.us-east-1.amazonaws.com", "GET", "/prod/pets", "prod GET /pets /pets"},
		{"A stage alone is its root.", "abc.execute-api.localhost", "GET", "/prod", "prod GET / /"},
		{"A stage with a slash is its root too.", "abc.execute-api.localhost", "GET", "/prod/", "prod GET / /"},
		{"Otherwise the default stage serves the full path.", "abc.execute-api.localhost:4566", "GET", "/pets", "$default GET /pets /pets"},
		{"A segment that only begins like a stage is none.", "abc.execute-api.localhost", "GET", "/prodigy", "$default GET /prodigy /prodigy"},
		{"Stage names keep their case.", "abc.execute-api.localhost", "GET", "/Prod/pets", "$default $default /Prod/pets"},
		{"The $default route takes the rest.", "abc.execute-api.localhost", "POST", "/anything", "$default $default /anything"},
		{"$default is no segment.", "abc.execute-api.localhost", "GET", "/$default/pets", "$default $default /$default/pets"},
		{"A miss in a stage is 404 through its line.", "abc.execute-api.localhost", "POST", "/prod/pets", "prod miss 404"},
		{"No stage and no default stage.", "only.execute-api.localhost", "GET", "/x", "RESOURCE_NOT_FOUND"},
		{"An id in capitals: hosts have no case.", "ABC.EXECUTE-API.localhost", "GET", "/pets", "$default GET /pets /pets"},
		{"The host of a VPC endpoint.", "abc-vpce-0123.execute-api.us-east-1.amazonaws.com", "GET", "/pets", "$default GET /pets /pets"},
		{"An unknown API.", "nope.execute-api.localhost", "GET", "/", "RESOURCE_NOT_FOUND"},
		{"A host that names no API.", "www.example.com", "GET", "/", "RESOURCE_NOT_FOUND"},
		{"A host that only begins like one.", "abc.execute-apiary.localhost", "GET", "/", "RESOURCE_NOT_FOUND"},
		{"No host.", "", "GET", "/", "RESOURCE_NOT_FOUND"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := o.find(tc.host, tc.method, tc.path); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestDomains is the table of custom domains (runtime 1.3, 2.1): host, then the
// longest mapping by whole segments, then the route of the mapped stage.
func TestDomains(t *testing.T) {
	o := follow(t)
	o.deploy("shop", "prod", "d1", "GET /list", "$default")
	o.deploy("beta", "$default", "d1", "$default")
	o.commit(put(gate.DomainKey("api.example.com"), gate.Domain{Name: "api.example.com", Mappings: []gate.Mapping{
		{ID: "1", Key: "", API: "beta", Stage: "$default"},
		{ID: "2", Key: "orders", API: "shop", Stage: "prod"},
		{ID: "3", Key: "orders/v2", API: "beta", Stage: "$default"},
		{ID: "4", Key: "gone", API: "nope", Stage: "prod"},
		{ID: "5", Key: "nostage", API: "shop", Stage: "nope"},
	}}), put(gate.DomainKey("*.example.com"), gate.Domain{Name: "*.example.com", Mappings: []gate.Mapping{
		{ID: "1", Key: "only", API: "shop", Stage: "prod"},
	}}))
	for _, tc := range []struct{ desc, host, path, want string }{
		{"A mapping is stripped.", "api.example.com", "/orders/list", "prod GET /list /list"},
		{"Names have no case and may carry a port.", "API.Example.com:8443", "/orders/list", "prod GET /list /list"},
		{"A mapping alone is the root.", "api.example.com", "/orders", "prod $default /"},
		{"The longest mapping wins.", "api.example.com", "/orders/v2/list", "$default $default /list"},
		{"Segments are compared whole.", "api.example.com", "/ordersX/list", "$default $default /ordersX/list"},
		{"Paths have case.", "api.example.com", "/Orders/list", "$default $default /Orders/list"},
		{"The empty mapping takes the rest, stage names included.", "api.example.com", "/prod/x", "$default $default /prod/x"},
		{"A wildcard takes one label.", "x.example.com", "/only/list", "prod GET /list /list"},
		{"A wildcard does not take two.", "x.y.example.com", "/only/list", "RESOURCE_NOT_FOUND"},
		{"No mapping fits.", "x.example.com", "/other", "RESOURCE_NOT_FOUND"},
		{"A mapping to an API that is gone.", "api.example.com", "/gone/x", "RESOURCE_NOT_FOUND"},
		{"A mapping to a stage that is gone.", "api.example.com", "/nostage/x", "RESOURCE_NOT_FOUND"},
		{"Another name.", "example.com", "/", "RESOURCE_NOT_FOUND"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := o.find(tc.host, "GET", tc.path); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	for host, want := range map[string]bool{"api.example.com": true, "q.example.com:80": true, "abc.execute-api.x": true, "localhost": false, "example.com": false} {
		if got := o.current().HasHost(host); got != want {
			t.Errorf("HasHost(%q) = %v", host, got)
		}
	}
	o.commit(del(gate.DomainKey("*.example.com")))
	if o.current().HasHost("x.example.com") || o.current().wildcards != 0 || !o.current().HasHost("api.example.com") {
		t.Error("a deleted wildcard is still served, or another domain is not")
	}
}

// TestFollow walks the life of a stage: each commit is one plan, and what it
// does not touch is shared.
func TestFollow(t *testing.T) {
	const host = "abc.execute-api.localhost"
	o := follow(t)
	o.deploy("other", "$default", "d1", "GET /other")
	other := o.current().api("other")
	o.deploy("abc", "$default", "d1", "GET /one")
	if got := o.find(host, "GET", "/one"); got != "$default GET /one /one" {
		t.Fatal(got)
	}
	before := o.current()
	o.deploy("abc", "$default", "d2", "GET /two")
	if got := o.find(host, "GET", "/two"); got != "$default GET /two /two" {
		t.Error(got)
	}
	if got := find(before, host, "GET", "/one"); got != "$default GET /one /one" {
		t.Errorf("the plan of before changed: %s", got)
	}
	if o.current().api("other") != other {
		t.Error("an API that no commit touched was compiled again")
	}
	routes := o.current().api("abc").stages["$default"].routes
	o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d2", Variables: map[string]string{"a": "b"}}))
	s := o.current().api("abc").stages["$default"]
	if s.routes != routes || s.stage.Variables["a"] != "b" {
		t.Error("a change of a stage's settings compiled its deployment again, or was not taken in")
	}
	o.commit(del(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"})))
	if got := o.find(host, "GET", "/two"); got != string(gate.ResourceNotFound) {
		t.Error(got)
	}
	o.commit(del(gate.APIKey("abc")), store.Change{Op: store.DeletePrefix, Key: gate.DeploymentsKey("abc")})
	if o.current().Len() != 1 {
		t.Errorf("%d APIs are served, want 1", o.current().Len())
	}
}

// TestProblems holds that what does not compile keeps the stage's previous
// entry, or answers 500 where there was none, and never stops another stage.
func TestProblems(t *testing.T) {
	const host = "abc.execute-api.localhost"
	o := follow(t)
	o.deploy("abc", "$default", "d1", "GET /one")
	broken := []gate.Route{{ID: "r", Key: "GET /{a}/{a}", Authorization: gate.Authorization{Kind: gate.AuthNone}, Integration: &gate.Integration{Kind: gate.HTTPProxy, URI: "http://127.0.0.1:1/", Timeout: time.Second}}}
	head := o.chunks(gate.Deployment{API: "abc", ID: "d2"}, broken)
	o.commit(
		put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d2"}), head),
		put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d2"}),
		put(gate.StageKey(gate.StageRef{API: "abc", Name: "fresh"}), gate.Stage{API: "abc", Name: "fresh", Deployment: "d2"}),
	)
	if got := o.find(host, "GET", "/one"); got != "$default GET /one /one" {
		t.Errorf("the entry of before is not served: %s", got)
	}
	if got := o.find(host, "GET", "/fresh/x"); got != "fresh miss 500" {
		t.Errorf("a stage without an entry of before: %s", got)
	}
	if text := problems(o.current()); !strings.Contains(text, "abc, stage $default, route GET /{a}/{a}") || !strings.Contains(text, "twice") {
		t.Errorf("the problems are %s", text)
	}
	o.deploy("other", "$default", "d1", "GET /x")
	if text := problems(o.current()); !strings.Contains(text, "route GET /{a}/{a}") {
		t.Error("a change of another API lost the problem")
	}
	o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "fresh"}), gate.Stage{API: "abc", Name: "fresh", Deployment: "gone"}))
	if text := problems(o.current()); !strings.Contains(text, "deployment gone does not exist") {
		t.Errorf("the problems are %s", text)
	}
	o.deploy("abc", "$default", "d3", "GET /three")
	o.commit(del(gate.StageKey(gate.StageRef{API: "abc", Name: "fresh"})))
	if text := problems(o.current()); text != "" {
		t.Errorf("problems are left: %s", text)
	}
}

func problems(p *Plan) string {
	var lines []string
	for _, q := range p.Problems {
		lines = append(lines, q.Error())
	}
	return strings.Join(lines, "\n")
}

// TestBrokenDocument holds that a document that cannot be read is a problem
// and that the one before stays in force.
func TestBrokenDocument(t *testing.T) {
	o := follow(t)
	o.deploy("abc", "$default", "d1", "GET /one")
	key := gate.StageKey(gate.StageRef{API: "abc", Name: "$default"})
	o.commit(store.Change{Op: store.Put, Key: key, Base: store.Any, Value: []byte("{")})
	if got := o.find("abc.execute-api.localhost", "GET", "/one"); got != "$default GET /one /one" {
		t.Error(got)
	}
	if text := problems(o.current()); !strings.Contains(text, key) {
		t.Errorf("the problems are %q", text)
	}
}

// TestBrokenFromTheStart holds that a document that cannot be read when the
// process starts is 500 or served without, never a 404.
func TestBrokenFromTheStart(t *testing.T) {
	first := follow(t)
	first.deploy("abc", "$default", "d1", "GET /one")
	first.deploy("sick", "$default", "d1", "GET /one")
	first.deploy("dead", "$default", "d1", "GET /one")
	rubbish := func(key string) store.Change {
		return store.Change{Op: store.Put, Key: key, Base: store.Any, Value: []byte("{")}
	}
	first.commit(
		rubbish(gate.APIKey("abc")),
		rubbish(gate.StageKey(gate.StageRef{API: "sick", Name: "$default"})),
		rubbish(gate.DeploymentKey(gate.DeploymentRef{API: "dead", ID: "d1"})),
		rubbish(gate.DomainKey("www.example.com")),
	)
	o := &office{t: t, store: first.store}
	o.f = &Follower{Store: o.store, Live: live(t), Publish: func(p *Plan) { o.mu.Lock(); o.plan = p; o.mu.Unlock() }}
	o.run()
	for _, tc := range []struct{ desc, host, want string }{
		{"An API's own document is not needed to serve it.", "abc.execute-api.x", "$default GET /one /one"},
		{"A stage without its document.", "sick.execute-api.x", "$default miss 500"},
		{"A deployment without its head.", "dead.execute-api.x", "$default miss 500"},
		{"A domain without its document.", "www.example.com", string(gate.Internal)},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := o.find(tc.host, "GET", "/one"); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	for _, want := range []string{"api abc", "api sick, stage $default", "api dead", "www.example.com"} {
		if text := problems(o.current()); !strings.Contains(text, want) {
			t.Errorf("the problems do not name %s:\n%s", want, text)
		}
	}
	o.commit(put(gate.DomainKey("www.example.com"), gate.Domain{Name: "www.example.com"}))
	if got := o.find("www.example.com", "GET", "/"); got != string(gate.ResourceNotFound) {
		t.Errorf("a mended domain: %s", got)
	}
}

// TestDamagedChunk holds that a chunk whose text is not what its sum says is
// never served.
func TestDamagedChunk(t *testing.T) {
	o := follow(t)
	o.deploy("abc", "$default", "d1", "GET /one")
	sum := o.current().api("abc").stages["$default"].deployment.Chunks[0]
	o.commit(
		store.Change{Op: store.Put, Key: gate.ChunkKey(sum), Base: store.Any, Value: []byte("[]")},
		put(gate.StageKey(gate.StageRef{API: "abc", Name: "b"}), gate.Stage{API: "abc", Name: "b", Deployment: "d1"}),
	)
	if got := o.find("abc.execute-api.localhost", "GET", "/b/one"); got != "b miss 500" {
		t.Error(got)
	}
	if text := problems(o.current()); !strings.Contains(text, "damaged") {
		t.Errorf("the problems are %q", text)
	}
}

// TestFailsClosed holds that what this version cannot enforce or serve answers
// 500, never the backend, and is a problem of the plan that warns of it.
func TestFailsClosed(t *testing.T) {
	open := gate.Authorization{Kind: gate.AuthNone}
	proxy := &gate.Integration{Kind: gate.HTTPProxy, URI: "http://127.0.0.1:1/", Timeout: time.Second}
	for _, tc := range []struct {
		desc  string
		route gate.Route
		says  string
	}{
		{"IAM.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthIAM}, Integration: proxy}, "AWS_IAM"},
		{"JWT.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthJWT, Authorizer: "a"}, Integration: proxy}, "JWT"},
		{"A Lambda authorizer.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthCustom}, Integration: proxy}, "CUSTOM"},
		{"No authorization said at all.", gate.Route{Integration: proxy}, "authorization"},
		{"An API key.", gate.Route{Authorization: open, APIKeyNeeded: true, Integration: proxy}, "API key"},
		{"A function.", gate.Route{Authorization: open, Integration: &gate.Integration{Kind: gate.Lambda}}, "LAMBDA"},
		{"A service.", gate.Route{Authorization: open, Integration: &gate.Integration{Kind: gate.AWSService, Subtype: "SQS-PurgeQueue",
			RequestParameters: map[string]string{"QueueUrl": "$request.header.q"}}}, "services: {sqs:"},
		{"A service that an earlier version deployed.", gate.Route{Authorization: open, Integration: &gate.Integration{Kind: gate.AWSService}}, "deploy again"},
		{"A VPC link.", gate.Route{Authorization: open, Integration: &gate.Integration{Kind: gate.Private, ConnectionID: "l1", URI: "arn:aws:x"}}, "vpc_links"},
		{"No target.", gate.Route{Authorization: open}, "no target"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			o := follow(t)
			tc.route.ID, tc.route.Key = "r", "GET /x"
			head := o.chunks(gate.Deployment{API: "abc", ID: "d"}, []gate.Route{tc.route})
			o.commit(
				put(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.HTTP}),
				put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d"}), head),
				put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d"}),
			)
			x := new(flow.Exchange)
			x.Begin(t.Context(), time.Now())
			x.In.Host, x.In.Method, x.Path = "abc.execute-api.localhost", "GET", "/x"
			h, err := o.current().Find(x)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Serve(x); err != nil {
				t.Fatal(err)
			}
			if x.Out.Status != 500 || string(x.Out.Body.Bytes()) != `{"message":"Internal Server Error"}` {
				t.Errorf("got %d %s", x.Out.Status, x.Out.Body.Bytes())
			}
			if x.Event.Fault == nil || !strings.Contains(x.Event.Fault.Error(), tc.says) {
				t.Errorf("the operator reads %v", x.Event.Fault)
			}
			if text := problems(o.current()); !strings.Contains(text, tc.says) {
				t.Errorf("the problems are %q", text)
			}
		})
	}
}

// TestDisabledEndpoint holds that disableExecuteApiEndpoint acts with a
// deployment (section 8, addition 4).
// TestRoutesShareTheirLine holds that routes which anybody may call share one
// line and end each at its own, and that a route which asks who calls has a line
// to itself.
func TestRoutesShareTheirLine(t *testing.T) {
	open := gate.Authorization{Kind: gate.AuthNone}
	in := func(uri string) *gate.Integration { return &gate.Integration{Kind: gate.HTTPProxy, URI: uri} }
	d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.HTTP}, Routes: []gate.Route{
		{Key: "GET /a", Authorization: open, Integration: in("http://a")},
		{Key: "GET /b", Authorization: open, Integration: in("http://b")},
		{Key: "GET /locked", Authorization: gate.Authorization{Kind: gate.AuthIAM}, Integration: in("http://c")},
		{Key: "$default", Authorization: open, Integration: in("http://d")},
	}}
	pools := upstream.New(upstream.Options{})
	t.Cleanup(pools.Close)
	r, faults := compileRoutes(d, &gate.Stage{}, &Live{Pools: pools, Meters: noMeters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var lines, ends []flow.Handler
	for _, path := range []string{"/a", "/b", "/locked"} {
		var p route.Params
		found, ok := r.tree.Find("GET", path, &p)
		if !ok {
			t.Fatalf("%s is not found", path)
		}
		lines, ends = append(lines, found.handler), append(ends, found.last)
	}
	lines, ends = append(lines, r.fallback.handler), append(ends, r.fallback.last)
	if lines[0] != lines[1] || lines[0] != lines[3] {
		t.Error("routes that anybody may call have different lines")
	}
	if ends[0] == nil || ends[0] == ends[1] || ends[0] == ends[3] || ends[1] == ends[3] {
		t.Error("different routes have the same end")
	}
	if lines[2] == lines[0] || ends[2] != nil {
		t.Error("the locked route is on the line that is open to everybody")
	}
}

// The same holds for the methods of a REST API.
func TestMethodsShareTheirLine(t *testing.T) {
	in := func(kind gate.IntegrationKind, uri string, stream bool) *gate.Integration {
		return &gate.Integration{Kind: kind, URI: uri, Shape: &gate.Shape{Stream: stream}}
	}
	open := gate.Authorization{Kind: gate.AuthNone}
	d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.REST}, Routes: []gate.Route{
		{Key: "GET /a", Authorization: open, Integration: in(gate.HTTPProxy, "http://a", false)},
		{Key: "GET /b", Authorization: open, Integration: in(gate.Mock, "", false)},
		{Key: "GET /locked", Authorization: gate.Authorization{Kind: gate.AuthIAM}, Integration: in(gate.HTTPProxy, "http://c", false)},
		{Key: "GET /key", Authorization: open, APIKeyNeeded: true, Integration: in(gate.HTTPProxy, "http://c", false)},
		{Key: "GET /stream", Authorization: open, Integration: in(gate.HTTPProxy, "http://d", true)},
	}}
	pools := upstream.New(upstream.Options{})
	t.Cleanup(pools.Close)
	r, faults := compileREST(d, &gate.Stage{}, &Live{Pools: pools, Meters: noMeters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, tt := range []struct {
		desc, path string
		shared     bool
	}{
		{"a proxy that anybody may call", "/a", true},
		{"a mock that anybody may call", "/b", true},
		{"one that asks who calls", "/locked", false},
		{"one that asks for a key", "/key", false},
		{"one whose replies are not coded", "/stream", false},
	} {
		var p route.Params
		found, ok := r.tree.Find("GET", tt.path, &p)
		if !ok || (found.handler == r.open) != tt.shared || (found.last != nil) != tt.shared {
			t.Errorf("%s: found %v, line %v, end %v", tt.desc, ok, found.handler, found.last)
		}
	}
}

func TestDisabledEndpoint(t *testing.T) {
	o := follow(t)
	head := o.chunks(gate.Deployment{API: "abc", ID: "d", DisableDefaultEndpoint: true}, nil)
	o.commit(
		put(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.HTTP}),
		put(gate.DeploymentKey(gate.DeploymentRef{API: "abc", ID: "d"}), head),
		put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d"}),
	)
	if got := o.find("abc.execute-api.localhost", "GET", "/"); got != string(disabledEndpoint) {
		t.Error(got)
	}
}

// TestCandidates holds that explain sees the $default route too.
func TestCandidates(t *testing.T) {
	o := follow(t)
	o.deploy("abc", "$default", "d1", "GET /a", "POST /a", "$default")
	for path, want := range map[string]string{
		"/a": "GET /a=0 POST /a=2 $default=1",
		"/b": "GET /a=5 POST /a=5 $default=0",
	} {
		var got []string
		o.current().Candidates(gate.StageRef{API: "abc", Name: "$default"}, "GET", path, func(key string, why route.Why) {
			got = append(got, fmt.Sprintf("%s=%d", key, why))
		})
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: got %s, want %s", path, text, want)
		}
	}
}

// TestDetailedMetrics holds that routes are counted apart only where the stage
// asks for it, at once and without a deployment.
func TestDetailedMetrics(t *testing.T) {
	o := follow(t)
	meters := o.f.Live.Meters.(*counted)
	o.deploy("abc", "$default", "d1", "GET /a", "$default")
	if got, want := meters.take(), "abc/$default  (unmatched)|abc/$default  |abc/$default  "; got != want {
		t.Errorf("bound %q, want %q", got, want)
	}
	o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d1", DetailedMetrics: true}))
	if got, want := meters.take(), "abc/$default  (unmatched)|abc/$default GET /a|abc/$default ANY $default"; got != want {
		t.Errorf("bound %q, want %q", got, want)
	}
	// A route's own setting wins, either way.
	o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d1", DetailedMetrics: true,
		RouteMetrics: map[string]bool{"GET /a": false}}))
	if got, want := meters.take(), "abc/$default  (unmatched)|abc/$default  |abc/$default ANY $default"; got != want {
		t.Errorf("bound %q, want %q", got, want)
	}
	o.commit(put(gate.StageKey(gate.StageRef{API: "abc", Name: "$default"}), gate.Stage{API: "abc", Name: "$default", Deployment: "d1",
		RouteMetrics: map[string]bool{"GET /a": true}}))
	if got, want := meters.take(), "abc/$default  (unmatched)|abc/$default GET /a|abc/$default  "; got != want {
		t.Errorf("bound %q, want %q", got, want)
	}
}

// TestCheck holds that a dry run finds what compiling would and binds nothing.
func TestCheck(t *testing.T) {
	l := live(t)
	d := &gate.Definition{API: gate.API{ID: "abc", Protocol: gate.HTTP}, Routes: []gate.Route{
		{ID: "1", Key: "GET /a", Authorization: gate.Authorization{Kind: gate.AuthNone}, Integration: &gate.Integration{Kind: gate.HTTPProxy, URI: "gopher://x", Timeout: time.Second}},
		{ID: "2", Key: "GET /a", Authorization: gate.Authorization{Kind: gate.AuthIAM}},
		{ID: "3", Key: "GET /a", Authorization: gate.Authorization{Kind: gate.AuthIAM}},
	}}
	got := Check(d, l)
	if len(got) != 2 {
		t.Errorf("got %v, want a bad URI and a duplicate", got)
	}
	if n := len(l.Meters.(*counted).bound); n != 0 {
		t.Errorf("%d counters were bound", n)
	}
}

// TestRunSurvivesCompaction holds that a follower that fell behind reads the
// catalog anew, and drops what is gone meanwhile.
func TestRunSurvivesCompaction(t *testing.T) {
	s := &compacting{Store: memory.New()}
	o := &office{t: t, store: s}
	o.f = &Follower{Store: s, Live: live(t), Publish: func(p *Plan) { o.mu.Lock(); o.plan = p; o.mu.Unlock() }}
	o.run()
	o.deploy("abc", "$default", "d1", "GET /one")
	s.compact.Store(true)
	o.commit(del(gate.APIKey("abc")))
	s.compact.Store(false)
	o.deploy("new", "$default", "d1", "GET /one")
	if o.current().Len() != 1 || o.current().api("new") == nil {
		t.Errorf("%d APIs are served", o.current().Len())
	}
}

// TestLazy holds law 2: a catalog of many stages is a plan at once, a stage
// compiles when it is first needed, once however many need it, and what fails
// then answers 500.
func TestLazy(t *testing.T) {
	c := NewCatalog()
	for _, id := range []gate.APIID{"abc", "bad"} {
		for _, ch := range []store.Change{
			put(gate.APIKey(id), gate.API{ID: id, Protocol: gate.HTTP}),
			put(gate.DeploymentKey(gate.DeploymentRef{API: id, ID: "d"}), gate.Deployment{API: id, ID: "d"}),
			put(gate.StageKey(gate.StageRef{API: id, Name: "$default"}), gate.Stage{API: id, Name: "$default", Deployment: "d"}),
		} {
			c.Apply(ch.Key, ch.Value, new(Change))
		}
	}
	var loads atomic.Int32
	load := func(_ context.Context, a *gate.API, d *gate.Deployment) (*gate.Definition, error) {
		loads.Add(1)
		if a.ID == "bad" {
			return nil, errors.New("the disk is gone")
		}
		return &gate.Definition{API: *a, Deployment: *d, Routes: []gate.Route{{ID: "r", Key: "GET /x", Authorization: gate.Authorization{Kind: gate.AuthNone}}}}, nil
	}
	p := Compile(t.Context(), c, 1, Change{}, load, live(t), nil)
	if loads.Load() != 0 {
		t.Fatal("a stage was compiled that nobody needs yet")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := find(p, "abc.execute-api.x", "GET", "/x"); got != "$default GET /x /x" {
				t.Error(got)
			}
		})
	}
	wg.Wait()
	if n := loads.Load(); n != 1 {
		t.Errorf("the stage was compiled %d times", n)
	}
	if got := find(p, "bad.execute-api.x", "GET", "/x"); got != "$default miss 500" {
		t.Error(got)
	}
	if text := problems(p); text != "" {
		t.Errorf("the plan changed: %s", text)
	}
	if list := p.Wrong(gate.StageRef{API: "bad", Name: "$default"}); len(list) != 1 {
		t.Errorf("wrong with the stage is %v", list)
	}
	bad := p.api("bad").stages["$default"].routes
	before := loads.Load()
	bad.get()
	if loads.Load() != before {
		t.Error("a failed load was tried again at once")
	}
	bad.made.Load().again = time.Now().Add(-time.Second)
	bad.get()
	if loads.Load() != before+1 {
		t.Error("a failed load is never tried again")
	}
	if text := problems(p.relisted()); !strings.Contains(text, "the disk is gone") {
		t.Errorf("the problems that came to light are %q", text)
	}
}

// TestWarm holds that what compiles in the background after the start is told
// like any other problem.
func TestWarm(t *testing.T) {
	first := follow(t)
	first.deploy("abc", "$default", "d1", "GET /one")
	sum := first.current().api("abc").stages["$default"].deployment.Chunks[0]
	first.commit(del(gate.ChunkKey(sum)), put(gate.APIKey("abc"), gate.API{ID: "abc", Protocol: gate.HTTP, Name: "touched"}))

	o := &office{t: t, store: first.store}
	o.f = &Follower{Store: o.store, Live: live(t), Publish: func(p *Plan) { o.mu.Lock(); o.plan = p; o.mu.Unlock() }}
	warmed := make(chan time.Duration, 2)
	o.f.Warmed = func(took time.Duration) { warmed <- took }
	o.run()
	<-warmed
	if got := problems(o.current()); !strings.Contains(got, sum) {
		t.Errorf("the problems are %q", got)
	}
	o.deploy("abc", "$default", "d2", "GET /one")
	if len(warmed) > 0 {
		t.Error("a later change was told as the compilation of all")
	}
}

// A notebook is a Table that writes down what it is told.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) Apply(key string, value []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if value == nil {
		value = []byte("gone")
	}
	n.lines = append(n.lines, key+" "+string(value))
}

// TestTables holds that tables are told of what a scan finds, of each change and
// of each deletion, before the commit counts as handled.
func TestTables(t *testing.T) {
	s := memory.New()
	defer s.Close()
	commit := func(c store.Change) uint64 {
		revision, err := s.Commit(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	commit(store.Change{Op: store.Put, Key: gate.Plane + "live/keys/a", Value: []byte("1")})
	told := &notebook{}
	f := &Follower{Store: s, Live: &Live{Meters: noMeters{}, Tables: []Table{told}}, Publish: func(*Plan) {}}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = f.Run(ctx) })
	defer running.Wait()
	defer stop()
	commit(store.Change{Op: store.Put, Key: gate.Plane + "live/keys/b", Value: []byte("2")})
	last := commit(store.Change{Op: store.Delete, Key: gate.Plane + "live/keys/a", Base: store.Any})
	if err := f.Wait(ctx, last); err != nil {
		t.Fatal(err)
	}
	told.mu.Lock()
	defer told.mu.Unlock()
	// The scan may have found both puts, or neither of the later two changes.
	text := strings.Join(told.lines, "\n")
	if want := gate.Plane + "live/keys/b 2"; !strings.Contains(text, want) {
		t.Errorf("%q is missing in:\n%s", want, text)
	}
	if strings.Contains(text, "keys/a 1") && !strings.Contains(text, "keys/a gone") {
		t.Errorf("the deletion is missing in:\n%s", text)
	}
}
