package apigatewayv2

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/edge"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/integrate"
	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/plan"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/upstream"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// traffic is a world with a data plane of its own and two echo servers: what
// its operations have acknowledged can be called.
type traffic struct {
	*world
	addr    string // of the data plane
	backend string // http://HOST:PORT
	secure  string // https://HOST:PORT, with a certificate for another name
	link    string // the id of a VPC link that the configuration leads to the backend
	metrics *metrics.Set
}

func newTraffic(w *world) *traffic {
	w.Helper()
	echo := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/slow") {
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
		}
		rw.Header().Set("Echo-Method", r.Method)
		rw.Header().Set("Echo-Path", r.URL.Path)
		rw.Header().Set("Echo-V", r.Header.Get("X-V"))
		rw.Header().Set("Echo-Action", r.PostFormValue("Action")) // of a service that takes forms
	})
	plain, secure := httptest.NewServer(echo), httptest.NewUnstartedServer(echo)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of handshakes that fail, as they should
	secure.StartTLS()
	w.Cleanup(plain.Close)
	w.Cleanup(secure.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	pools := upstream.New(upstream.Options{Roots: roots,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}})
	w.Cleanup(pools.Close)
	_, port, _ := net.SplitHostPort(secure.Listener.Addr().String())
	t := &traffic{world: w, backend: plain.URL, secure: "https://backend.test:" + port, link: *w.vpcLink(),
		metrics: metrics.New(metrics.Options{})}
	t.follow(pools)
	return t
}

// backends is a configuration in which one VPC link and SQS are the backend.
func (t *traffic) backends() (*integrate.Links, *integrate.Services) {
	t.Helper()
	links, services := new(integrate.Links), new(integrate.Services)
	if err := links.Add(integrate.Link{ID: t.link, Targets: []string{t.backend}}); err != nil {
		t.Fatal(err)
	}
	if err := services.Add(integrate.SQS, integrate.Service{Endpoint: t.backend, Credentials: sigv4.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}}); err != nil {
		t.Fatal(err)
	}
	return links, services
}

// follow starts the data plane.
func (t *traffic) follow(pools *upstream.Pools) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	links, services := t.backends()
	door := edge.New(edge.Options{Sinks: []flow.Sink{t.metrics}, Log: log, Limits: gate.DefaultLimits(), Timeouts: h1.Timeouts{}})
	planned := make(chan struct{})
	first := sync.OnceFunc(func() { close(planned) })
	f := &plan.Follower{Store: t.store, Live: &plan.Live{Pools: pools, Meters: t.metrics, Limits: gate.DefaultLimits(), Log: log, Links: links, Services: services},
		Publish: func(p *plan.Plan) { door.Publish(p); first() }}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		if err := door.Serve(l, edge.Listen{Name: "l", Data: true}); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := door.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		cancel()
		running.Wait()
	})
	<-planned
	t.desk.Handled = f.Wait
}

// call makes a request of an API's clients. Fields come in pairs.
func (t *traffic) call(api *string, method, path string, fields ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+t.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = *api + ".execute-api.localhost"
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	return a
}

// metered calls GET /a, and reports whether the metrics tell its route apart.
func (t *traffic) metered(api *string) bool {
	t.Helper()
	t.call(api, "GET", "/a")
	for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
		rec := httptest.NewRecorder()
		t.metrics.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
		// A request is counted when it has ended, which is after its client has it.
		if text := rec.Body.String(); strings.Contains(text, `code="200"`) {
			return strings.Contains(text, `route="/a"`)
		}
	}
	t.Fatal("the request was not counted")
	return false
}

// An order is what an API is made of, one of each. Unchanged it is GET /a at
// the stage $default, which is deployed automatically, to /back.
type order struct {
	*traffic
	api         v2.CreateApiInput
	integration v2.CreateIntegrationInput
	route       v2.CreateRouteInput
	stage       v2.CreateStageInput
	aimless     bool // the route has no target
	pinned      bool // the stage serves a deployment that is made by hand
}

// make makes it, through the operations that clients have.
func (o *order) make() *string {
	o.Helper()
	api := must[*v2.CreateApiOutput](o)(o.CreateApi(o.ctx, &o.api)).ApiId
	o.integration.ApiId, o.route.ApiId, o.stage.ApiId = api, api, api
	i := must[*v2.CreateIntegrationOutput](o)(o.CreateIntegration(o.ctx, &o.integration)).IntegrationId
	if !o.aimless {
		o.route.Target = new("integrations/" + *i)
	}
	must[*v2.CreateRouteOutput](o)(o.CreateRoute(o.ctx, &o.route))
	if o.pinned {
		o.stage.DeploymentId = o.deploy(api, "")
	}
	must[*v2.CreateStageOutput](o)(o.CreateStage(o.ctx, &o.stage))
	return api
}

// A sight is how a client, a backend or an operator sees that a field acts.
type sight struct {
	base func(*order) // is so with the field and without it; nil: nothing
	set  func(*order) // sets the field
	seen func(t *traffic, api *string) bool
}

func (s sight) probe(w *world, drop bool) bool {
	w.Helper()
	t := newTraffic(w)
	o := &order{traffic: t,
		api:         v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP")},
		integration: v2.CreateIntegrationInput{IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: new(t.backend + "/back")},
		route:       v2.CreateRouteInput{RouteKey: new("GET /a")},
		stage:       v2.CreateStageInput{StageName: new("$default"), AutoDeploy: new(true)}}
	if s.base != nil {
		s.base(o)
	}
	if !drop {
		s.set(o)
	}
	return s.seen(t, o.make())
}

// answers is seen where GET path is answered by the backend.
func answers(path string) func(*traffic, *string) bool {
	return func(t *traffic, api *string) bool {
		a := t.call(api, "GET", path)
		return a.StatusCode == 200 && a.Header.Get("Echo-Path") != ""
	}
}

// refuses is seen where GET /a is answered by the gateway itself.
func refuses(t *traffic, api *string) bool {
	a := t.call(api, "GET", "/a")
	return a.StatusCode >= 400 && a.Header.Get("Echo-Path") == ""
}

// shows is seen where the answer to GET /a has a field with that value.
func shows(name, value string) func(*traffic, *string) bool {
	return func(t *traffic, api *string) bool {
		return t.call(api, "GET", "/a", "Origin", "https://a").Header.Get(name) == value
	}
}

// permits is shows for a preflight.
func permits(name, value string) func(*traffic, *string) bool {
	return func(t *traffic, api *string) bool {
		a := t.call(api, "OPTIONS", "/a", "Origin", "https://a", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "x-a")
		return strings.EqualFold(a.Header.Get(name), value)
	}
}

// sights are the fields that act on traffic.
func sights() map[string]sight {
	cors := func(o *order) { o.api.CorsConfiguration = &v2.Cors{AllowOrigins: []string{"https://a"}} }
	byHand := func(o *order) { o.stage.AutoDeploy = nil }
	return map[string]sight{
		"api.disableExecuteApiEndpoint": {
			set:  func(o *order) { o.api.DisableExecuteApiEndpoint = new(true) },
			seen: refuses},

		"api.corsConfiguration.allowOrigins": {
			base: func(o *order) { o.api.CorsConfiguration = &v2.Cors{AllowHeaders: []string{"x-a"}} },
			set:  func(o *order) { o.api.CorsConfiguration.AllowOrigins = []string{"https://a"} },
			seen: shows("Access-Control-Allow-Origin", "https://a")},
		"api.corsConfiguration.allowCredentials": {base: cors,
			set:  func(o *order) { o.api.CorsConfiguration.AllowCredentials = new(true) },
			seen: shows("Access-Control-Allow-Credentials", "true")},
		"api.corsConfiguration.exposeHeaders": {base: cors,
			set:  func(o *order) { o.api.CorsConfiguration.ExposeHeaders = []string{"x-b"} },
			seen: shows("Access-Control-Expose-Headers", "x-b")},
		"api.corsConfiguration.allowHeaders": {base: cors,
			set:  func(o *order) { o.api.CorsConfiguration.AllowHeaders = []string{"x-a"} },
			seen: permits("Access-Control-Allow-Headers", "x-a")},
		"api.corsConfiguration.allowMethods": {base: cors,
			set:  func(o *order) { o.api.CorsConfiguration.AllowMethods = []string{"PUT"} },
			seen: permits("Access-Control-Allow-Methods", "PUT")},
		"api.corsConfiguration.maxAge": {
			base: func(o *order) {
				cors(o)
				o.api.CorsConfiguration.AllowMethods = []string{"PUT"}
				o.api.CorsConfiguration.AllowHeaders = []string{"x-a"}
			},
			set:  func(o *order) { o.api.CorsConfiguration.MaxAge = new(int32(7)) },
			seen: permits("Access-Control-Max-Age", "7")},

		"route.routeKey": {
			set:  func(o *order) { o.route.RouteKey = new("GET /b/{c}") },
			seen: answers("/b/1")},
		"route.target": {
			base: func(o *order) { o.aimless = true },
			set:  func(o *order) { o.aimless = false },
			seen: answers("/a")},
		"route.authorizationType": {
			set:  func(o *order) { o.route.AuthorizationType = new("AWS_IAM") },
			seen: refuses},

		"integration.integrationType": {
			base: func(o *order) {
				o.integration = v2.CreateIntegrationInput{IntegrationType: new("AWS_PROXY"), IntegrationUri: new("arn:aws:lambda:us-east-1:123456789012:function:f"), PayloadFormatVersion: new("2.0")}
			},
			set: func(o *order) {
				o.integration = v2.CreateIntegrationInput{IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: new(o.backend)}
			},
			seen: answers("/a")},
		"integration.connectionType": { // a private backend is asked for the request's own path
			set:  func(o *order) { o.integration = *private(nil, &o.link) },
			seen: shows("Echo-Path", "/a")},
		"integration.connectionId": {
			base: func(o *order) { o.integration = *private(nil, o.vpcLink()) }, // that leads nowhere
			set:  func(o *order) { o.integration.ConnectionId = &o.link },
			seen: answers("/a")},
		"integration.integrationSubtype": {
			base: func(o *order) {
				o.integration = *queueing(nil, map[string]string{"QueueUrl": "https://q/1/n"})
				o.integration.IntegrationSubtype = new("SQS-ReceiveMessage")
			},
			set:  func(o *order) { o.integration.IntegrationSubtype = new("SQS-PurgeQueue") },
			seen: shows("Echo-Action", "PurgeQueue")},
		"integration.integrationUri": {
			base: func(o *order) { o.stage.StageVariables = map[string]string{"v": "other"} },
			set:  func(o *order) { o.integration.IntegrationUri = new(o.backend + "/${stageVariables.v}") },
			seen: shows("Echo-Path", "/other")},
		"integration.integrationMethod": {
			set:  func(o *order) { o.integration.IntegrationMethod = new("PUT") },
			seen: shows("Echo-Method", "PUT")},
		"integration.timeoutInMillis": {
			base: func(o *order) { o.integration.IntegrationUri = new(o.backend + "/slow") },
			set:  func(o *order) { o.integration.TimeoutInMillis = new(int32(50)) },
			seen: refuses},
		"integration.requestParameters": {
			set:  func(o *order) { o.integration.RequestParameters = map[string]string{"overwrite:path": "/b"} },
			seen: shows("Echo-Path", "/b")},
		"integration.responseParameters": {
			set: func(o *order) {
				o.integration.ResponseParameters = map[string]map[string]string{"200": {"overwrite:statuscode": "201"}}
			},
			seen: func(t *traffic, api *string) bool { return t.call(api, "GET", "/a").StatusCode == 201 }},
		"integration.tlsConfig.serverNameToVerify": {
			base: func(o *order) { o.integration.IntegrationUri = new(o.secure) },
			set:  func(o *order) { o.integration.TlsConfig = &v2.TlsConfigInput{ServerNameToVerify: new("example.com")} },
			seen: answers("/a")},

		"stage.stageName": {
			set:  func(o *order) { o.stage.StageName = new("s") },
			seen: answers("/s/a")},
		"stage.autoDeploy": {base: byHand,
			set:  func(o *order) { o.stage.AutoDeploy = new(true) },
			seen: answers("/a")},
		"stage.deploymentId": {base: byHand,
			set:  func(o *order) { o.pinned = true },
			seen: answers("/a")},
		"stage.stageVariables": {
			base: func(o *order) {
				o.integration.RequestParameters = map[string]string{"overwrite:header.x-v": "v is ${stageVariables.v}"}
			},
			set:  func(o *order) { o.stage.StageVariables = map[string]string{"v": "1"} },
			seen: shows("Echo-V", "v is 1")},
		"stage.defaultRouteSettings.detailedMetricsEnabled": {
			set: func(o *order) {
				o.stage.DefaultRouteSettings = &v2.RouteSettings{DetailedMetricsEnabled: new(true)}
			},
			seen: (*traffic).metered},
		"stage.routeSettings.*.detailedMetricsEnabled": {
			base: func(o *order) {
				o.stage.DefaultRouteSettings = &v2.RouteSettings{DetailedMetricsEnabled: new(true)}
				o.stage.RouteSettings = map[string]v2.RouteSettings{"GET /a": {}}
			},
			set: func(o *order) {
				o.stage.RouteSettings = map[string]v2.RouteSettings{"GET /a": {DetailedMetricsEnabled: new(false)}}
			},
			seen: func(t *traffic, api *string) bool { return !t.metered(api) }},
	}
}

// visible are the probes of what acts on traffic.
func visible() map[string]probe {
	all := map[string]probe{
		"api.target": func(w *world, drop bool) bool {
			t := newTraffic(w)
			api := must[*v2.CreateApiOutput](w)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Target: unless(drop, t.backend)})).ApiId
			return answers("/any")(t, api)
		},
		"api.routeKey": func(w *world, drop bool) bool {
			t := newTraffic(w)
			api := must[*v2.CreateApiOutput](w)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("x"), ProtocolType: new("HTTP"), Target: &t.backend, RouteKey: unless(drop, "GET /a")})).ApiId
			return answers("/a")(t, api) && !answers("/any")(t, api)
		},
		"deployment.stageName": func(w *world, drop bool) bool {
			t := newTraffic(w)
			api := w.api()
			i := must[*v2.CreateIntegrationOutput](w)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: &t.backend})).IntegrationId
			w.route(api, "GET /a", i)
			w.stage(api, "s", false)
			must[*v2.CreateDeploymentOutput](w)(w.CreateDeployment(w.ctx, &v2.CreateDeploymentInput{ApiId: api, StageName: unless(drop, "s")}))
			return answers("/s/a")(t, api)
		},
	}
	for field, s := range sights() {
		all[field] = s.probe
	}
	return all
}

// TestWhatIsLoweredIsSeen holds that every field which a definition or a live
// stage is made from, and which is called enforced, has a probe that looks at
// traffic: what is only written where a data plane could read it does not act.
func TestWhatIsLoweredIsSeen(t *testing.T) {
	seen := visible()
	for field, acts := range lowered() {
		name, path, _ := strings.Cut(field, ".")
		if resources[name][path].Class == control.Enforced && seen[field] == nil {
			t.Errorf("%s has no probe that looks at traffic", field)
		}
		t.Run(field, func(t *testing.T) {
			if !acts(whole(newWorld(t), field, false)) {
				t.Error("it is not lowered")
			}
			if acts(whole(newWorld(t), field, true)) {
				t.Error("the probe does not notice that it was dropped")
			}
		})
	}
}
