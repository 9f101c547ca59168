package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/plan"
	"gatehouse/internal/store"
	"gatehouse/internal/upstream"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// meters counts nothing.
type meters struct{}

func (meters) Route(gate.APIID, gate.StageName, string, string) flow.Meter { return nil }

// served is a world whose commits a data plane follows: a call returns when
// the plan has taken it in.
func servedWorld(t *testing.T) (w *world, find func(host, path string) string) {
	w = newWorld(t)
	pools := upstream.New(upstream.Options{})
	var current atomic.Pointer[plan.Plan]
	f := &plan.Follower{Store: w.store, Live: &plan.Live{Pools: pools, Meters: meters{}, Limits: gate.DefaultLimits(), Log: slog.New(slog.DiscardHandler)},
		Publish: func(p *plan.Plan) { current.Store(p) }}
	w.desk.Handled = f.Wait
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait(); pools.Close() })
	if err := f.Wait(ctx, 0); err != nil {
		t.Fatal(err)
	}
	for current.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	return w, func(host, path string) string {
		x := new(flow.Exchange)
		x.In.Host, x.In.Method, x.Path, x.In.Source = host, "GET", path, netip.IPv4Unspecified()
		_, err := current.Load().Find(x)
		var f *gate.Fault
		switch {
		case errors.As(err, &f):
			return string(f.Kind)
		case x.Route == nil:
			return "miss"
		}
		return fmt.Sprintf("%s %s %s", x.Stage.Name, x.Route.Key, x.Path)
	}
}

// TestDomainsAreServed walks a domain from its creation to its end, and looks
// after each call at what the data plane does, without waiting.
func TestDomainsAreServed(t *testing.T) {
	w, find := servedWorld(t)
	shop, beta := w.api(), w.api()
	w.route(shop, "GET /list", nil)
	w.route(beta, "$default", nil)
	w.stage(shop, "prod", true)
	w.stage(beta, "$default", true)
	const host = "api.example.com"
	is := func(path, want string) {
		t.Helper()
		if got := find(host+":8443", path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	is("/list", "RESOURCE_NOT_FOUND")
	w.domain(host)
	is("/list", "RESOURCE_NOT_FOUND")
	m := w.mapping(host, "shop/v1", shop, "prod")
	is("/shop/v1/list", "prod GET /list /list")
	is("/shop/v1x/list", "RESOURCE_NOT_FOUND")
	w.mapping(host, "", beta, "$default")
	is("/shop/v1x/list", "$default $default /shop/v1x/list")
	must[*v2.UpdateApiMappingOutput](t)(w.UpdateApiMapping(w.ctx, &v2.UpdateApiMappingInput{DomainName: new(host), ApiMappingId: m, ApiId: shop, ApiMappingKey: new("s")}))
	is("/s/list", "prod GET /list /list")
	is("/shop/v1/list", "$default $default /shop/v1/list")
	must[*v2.UpdateApiMappingOutput](t)(w.UpdateApiMapping(w.ctx, &v2.UpdateApiMappingInput{DomainName: new(host), ApiMappingId: m, ApiId: beta, Stage: new("$default")}))
	is("/s/list", "$default $default /list")
	if err := w.DeleteApiMapping(w.ctx, &v2.DeleteApiMappingInput{DomainName: new(host), ApiMappingId: m}); err != nil {
		t.Fatal(err)
	}
	is("/s/list", "$default $default /s/list")
	w.domain("*.example.com")
	w.mapping("*.example.com", "", shop, "prod")
	if got := find("www.example.com", "/list"); got != "prod GET /list /list" {
		t.Errorf("a wildcard: %s", got)
	}
	is("/list", "$default $default /list")
	if err := w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new(host)}); err != nil {
		t.Fatal(err)
	}
	is("/list", "prod GET /list /list") // the wildcard's now
}

// TestDomainNames is the table of names that can be a domain's, and of those
// that cannot.
func TestDomainNames(t *testing.T) {
	w := newWorld(t)
	w.desk.PublicURL = "https://gw.acme.example:8443"
	for _, tc := range []struct {
		desc, name string
		ok         bool
	}{
		{"Two labels.", "a.b", true},
		{"Many labels.", "a-b.c1.example.com", true},
		{"A wildcard.", "*.example.com", true},
		{"A label of 63 characters.", strings.Repeat("a", 63) + ".example", true},
		{"A name that a resolver takes for this machine.", "api.localhost", true},
		{"A label that only begins like ours.", "execute-apis.example", true},
		{"The gateway's own name under another.", "x.gw.acme.example", true},
		{"No name.", "", false},
		{"One label.", "example", false},
		{"This machine.", "localhost", false},
		{"All of this machine.", "*.localhost", false},
		{"An address.", "127.0.0.1", false},
		{"An address with brackets.", "[::1]", false},
		{"Upper case.", "Api.example", false},
		{"A wildcard in the middle.", "a.*.example", false},
		{"A wildcard beside a letter.", "a*.example.com", false},
		{"A wildcard of everything.", "*", false},
		{"An empty label.", "a..b", false},
		{"A dot at the end.", "a.b.", false},
		{"A hyphen at the end of a label.", "a-.b", false},
		{"A label of 64 characters.", strings.Repeat("a", 64) + ".example", false},
		{"254 characters.", strings.Repeat("aaaaaaa.", 31) + "aaaaaa", false},
		{"A port.", "a.b:80", false},
		{"A slash, which would reach into other keys.", "a.b/c.d", false},
		{"A name that is not ASCII.", "ä.example", false},
		{"A control character.", "a.b\n", false},
		{"An API's name.", "abc.execute-api.us-east-1.amazonaws.com", false},
		{"All APIs' names.", "*.execute-api.example", false},
		{"What this gateway is reached by.", "gw.acme.example", false},
		{"What covers that.", "*.acme.example", false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			before := w.dump()
			_, err := w.CreateDomainName(w.ctx, &v2.CreateDomainNameInput{DomainName: &tc.name, DomainNameConfigurations: certificate})
			if tc.ok {
				if err != nil || w.liveDomain(tc.name) == nil {
					t.Errorf("%q: %v", tc.name, err)
				}
				return
			}
			w := *w
			w.TB = t
			w.refused(before, err, "BadRequestException", "domainName")
			_, err = w.GetDomainName(w.ctx, &v2.GetDomainNameInput{DomainName: &tc.name})
			w.refused(before, err, "NotFoundException", "domain name")
		})
	}
}

// TestDomainsOfOthers holds that names are unique in the installation, while
// two regions do not see each other's domains, mappings or APIs.
func TestDomainsOfOthers(t *testing.T) {
	w := newWorld(t)
	w.domain("a.example")
	here := w.api()
	w.stage(here, "s", false)
	far := *w
	far.ctx = in("eu-west-1")
	far.domain("b.example")
	before := w.dump()
	_, err := far.CreateDomainName(far.ctx, &v2.CreateDomainNameInput{DomainName: new("a.example"), DomainNameConfigurations: certificate})
	w.refused(before, err, "ConflictException", "a.example")
	_, err = far.GetDomainName(far.ctx, &v2.GetDomainNameInput{DomainName: new("a.example")})
	w.refused(before, err, "NotFoundException", "a.example")
	_, err = far.CreateApiMapping(far.ctx, &v2.CreateApiMappingInput{DomainName: new("b.example"), ApiId: here, Stage: new("s")})
	w.refused(before, err, "NotFoundException", *here)
	_, err = far.GetVpcLink(far.ctx, &v2.GetVpcLinkInput{VpcLinkId: w.vpcLink()})
	w.refused(w.dump(), err, "NotFoundException", "Vpc Link")
	if got := must[*v2.GetDomainNamesOutput](t)(far.GetDomainNames(far.ctx, &v2.GetDomainNamesInput{})).Items; len(got) != 1 || *got[0].DomainName != "b.example" {
		t.Errorf("far away there are %v", got)
	}
	if got := must[*v2.GetVpcLinksOutput](t)(far.GetVpcLinks(far.ctx, &v2.GetVpcLinksInput{})).Items; len(got) != 0 {
		t.Errorf("far away there are %v", got)
	}
	w.domain("c.example")
	w.mapping("a.example", "k", here, "s")
	got := must[*v2.GetApiMappingsOutput](t)(w.GetApiMappings(w.ctx, &v2.GetApiMappingsInput{DomainName: new("c.example")})).Items
	if len(got) != 0 {
		t.Errorf("a domain shows the mappings of another: %v", got)
	}
}

// TestWhatIsMappedStays holds that no stage or API goes that a domain serves,
// also if both come at the same time.
func TestWhatIsMappedStays(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	w.stage(api, "s", false)
	w.stage(api, "t", false)
	w.domain("a.example")
	m := w.mapping("a.example", "", api, "s")
	w.mapping("a.example", "x", api, "s")
	before := w.dump()
	w.refused(before, w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api}), "BadRequestException", "API mappings")
	w.refused(before, w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("s")}), "BadRequestException", "API mappings")
	if err := w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("t")}); err != nil {
		t.Errorf("a stage that no domain serves: %v", err)
	}
	if err := w.DeleteApiMapping(w.ctx, &v2.DeleteApiMappingInput{DomainName: new("a.example"), ApiMappingId: m}); err != nil {
		t.Fatal(err)
	}
	before = w.dump()
	w.refused(before, w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api}), "BadRequestException", "API mappings")
	if err := w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("a.example")}); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api}); err != nil {
		t.Fatal(err)
	}
	if left := w.dump(); len(left) != 0 {
		t.Errorf("left are %v", sortedKeys(left))
	}
}

// TestAMappingAndADeletionAtOnce races the two: whoever comes second is
// refused, and never is there a mapping to what is gone.
func TestAMappingAndADeletionAtOnce(t *testing.T) {
	for round := range 30 {
		w := newWorld(t)
		api := w.api()
		w.stage(api, "s", false)
		w.domain("a.example")
		var mapped, deleted error
		var both sync.WaitGroup
		both.Go(func() {
			_, mapped = w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiId: api, Stage: new("s")})
		})
		both.Go(func() {
			if round%2 == 0 {
				deleted = w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api})
				return
			}
			deleted = w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("s")})
		})
		both.Wait()
		if (mapped == nil) == (deleted == nil) {
			t.Fatalf("round %d: mapped: %v, deleted: %v", round, mapped, deleted)
		}
		if n := len(w.liveDomain("a.example").Mappings); (n == 1) != (mapped == nil) {
			t.Fatalf("round %d: %d mappings", round, n)
		}
	}
}

// TestMappingsAtOnce holds that mappings which are made at the same time are
// all live.
func TestMappingsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.domain("a.example")
	api := w.api()
	w.stage(api, "s", false)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			if _, err := w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new(fmt.Sprint("k", i)), ApiId: api, Stage: new("s")}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(w.liveDomain("a.example").Mappings); n != 10 {
		t.Errorf("%d mappings are live", n)
	}
}

// TestAWebSocketAPIDoesNotShare holds the restriction on APIs as they will be:
// there is no way to make such an API yet.
func TestAWebSocketAPIDoesNotShare(t *testing.T) {
	w := newWorld(t)
	plain, socket := w.api(), w.api()
	w.stage(plain, "s", false)
	w.stage(socket, "s", false)
	key := gate.APIKey(gate.APIID(*socket))
	doc := strings.Replace(w.dump()[key], `"HTTP"`, `"WEBSOCKET"`, 1)
	must[uint64](t)(w.store.Commit(w.ctx, store.Change{Op: store.Put, Key: key, Base: store.Any, Value: []byte(doc)}))
	w.domain("a.example")
	m := w.mapping("a.example", "a", plain, "s")
	before := w.dump()
	_, err := w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new("b"), ApiId: socket, Stage: new("s")})
	w.refused(before, err, "BadRequestException", "WEBSOCKET")
	if err := w.DeleteApiMapping(w.ctx, &v2.DeleteApiMappingInput{DomainName: new("a.example"), ApiMappingId: m}); err != nil {
		t.Fatal(err)
	}
	w.mapping("a.example", "b", socket, "s")
	_, err = w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new("a"), ApiId: plain, Stage: new("s")})
	w.refused(w.dump(), err, "BadRequestException", "HTTP")
}

// TestADomainOfTooManyAPIs holds that a deletion which does not fit into one
// commit is refused and says what to do.
func TestADomainOfTooManyAPIs(t *testing.T) {
	w := newWorld(t)
	w.domain("a.example")
	for i := range control.MaxMapped + 1 {
		api := w.api()
		w.stage(api, "s", false)
		w.mapping("a.example", fmt.Sprint("k", i), api, "s")
	}
	before := w.dump()
	w.refused(before, w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("a.example")}), "BadRequestException", "delete some")
	m := w.liveDomain("a.example").Mappings[0].ID
	if err := w.DeleteApiMapping(w.ctx, &v2.DeleteApiMappingInput{DomainName: new("a.example"), ApiMappingId: &m}); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("a.example")}); err != nil {
		t.Error(err)
	}
}

// TestDomainDefaults holds what comes back of the least that can be sent
// (control plane section 2.6), and that a client may send back what it read.
func TestDomainDefaults(t *testing.T) {
	w := newWorld(t)
	out := must[*v2.CreateDomainNameOutput](t)(w.CreateDomainName(w.ctx, &v2.CreateDomainNameInput{DomainName: new("a.example"), DomainNameConfigurations: certificate}))
	c := out.DomainNameConfigurations[0]
	if h := text(c.ApiGatewayDomainName); !strings.HasPrefix(h, "d-") || !strings.HasSuffix(h, ".execute-api.us-east-1.amazonaws.com") || len(h) != len("d-0123456789.execute-api.us-east-1.amazonaws.com") {
		t.Errorf("the regional name is %q", h)
	}
	want := &v2.CreateDomainNameOutput{DomainName: new("a.example"), DomainNameArn: new(arn("/domainnames/a.example")), ApiMappingSelectionExpression: new("$request.basepath"),
		RoutingMode: new("API_MAPPING_ONLY"), Tags: map[string]string{}, DomainNameConfigurations: []v2.DomainNameConfiguration{{
			CertificateArn: certificate[0].CertificateArn, EndpointType: new("REGIONAL"), SecurityPolicy: new("TLS_1_2"), DomainNameStatus: new("AVAILABLE"),
			IpAddressType: new("ipv4"), HostedZoneId: new(control.HostedZone), ApiGatewayDomainName: c.ApiGatewayDomainName}}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if certificate[0].EndpointType != nil {
		t.Error("the caller's input was changed")
	}
	sent := *out
	sent.DomainNameConfigurations = []v2.DomainNameConfiguration{c}
	sent.DomainNameConfigurations[0].ApiGatewayDomainName, sent.DomainNameConfigurations[0].HostedZoneId = new("evil.example"), new("Z")
	sent.DomainNameConfigurations[0].SecurityPolicy = new("TLS_1_0")
	got := must[*v2.UpdateDomainNameOutput](t)(w.UpdateDomainName(w.ctx, &v2.UpdateDomainNameInput{DomainName: new("a.example"), DomainNameConfigurations: sent.DomainNameConfigurations}))
	want.DomainNameConfigurations[0].SecurityPolicy = new("TLS_1_0")
	if diff := cmp.Diff(want, (*v2.CreateDomainNameOutput)(got)); diff != "" {
		t.Error(diff)
	}
	stored := must[*v2.GetDomainNameOutput](t)(w.GetDomainName(w.ctx, &v2.GetDomainNameInput{DomainName: new("a.example")}))
	if diff := cmp.Diff(want, (*v2.CreateDomainNameOutput)(stored)); diff != "" {
		t.Error(diff)
	}
	// What needs the newer policy keeps it.
	api := w.api()
	w.stage(api, "s", false)
	_, err := w.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new("a/b"), ApiId: api, Stage: new("s")})
	w.refused(w.dump(), err, "BadRequestException", "TLS_1_2")
	w.domain("b.example")
	w.mapping("b.example", "a/b", api, "s")
	_, err = w.UpdateDomainName(w.ctx, &v2.UpdateDomainNameInput{DomainName: new("b.example"), DomainNameConfigurations: []v2.DomainNameConfiguration{{SecurityPolicy: new("TLS_1_0")}}})
	w.refused(w.dump(), err, "BadRequestException", "TLS_1_2")
}
