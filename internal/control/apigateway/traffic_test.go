package apigateway

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	doors "gatehouse/internal/edge"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/plan"
	"gatehouse/internal/upstream"
	v1 "gatehouse/internal/wire/apigateway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// traffic is a world with a data plane of its own and one backend: what its
// operations have acknowledged can be called, through the real door.
type traffic struct {
	*world
	addr    string // of the data plane
	backend string // http://HOST:PORT
	seen    *witness
}

// A witness is a listener that keeps what comes in, byte by byte.
type witness struct {
	net.Listener
	mu  sync.Mutex
	got bytes.Buffer
}

func (w *witness) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &witnessed{c, w}, nil
}

type witnessed struct {
	net.Conn
	w *witness
}

func (c *witnessed) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.w.mu.Lock()
	c.w.got.Write(p[:n])
	c.w.mu.Unlock()
	return n, err
}

// take returns what has come in since it was last asked.
func (w *witness) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.got.Reset()
	return w.got.String()
}

// newTraffic starts a data plane. Its backend answers with the method and the
// target that it was asked for; /status/NNN answers with that status and asks
// for a password, /late not before the client gives up.
func newTraffic(t testing.TB) *traffic {
	t.Helper()
	w := newWorld(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.URL.Path, "/late") {
			<-r.Context().Done()
			return
		}
		var status int
		if n, _ := fmt.Sscanf(r.URL.Path, "/status/%d", &status); n == 1 {
			rw.Header().Set("WWW-Authenticate", "Basic")
			rw.WriteHeader(status)
		}
		fmt.Fprintf(rw, "%s %s", r.Method, r.RequestURI)
	}))
	seen := &witness{Listener: s.Listener}
	s.Listener = seen
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.Start()
	t.Cleanup(s.Close)
	tr := &traffic{world: w, backend: s.URL, seen: seen}
	tr.follow()
	return tr
}

// follow starts the data plane, against which deployments are checked from now
// on.
func (t *traffic) follow() {
	t.t.Helper()
	log := slog.New(slog.DiscardHandler)
	pools := upstream.New(upstream.Options{})
	t.t.Cleanup(pools.Close)
	door := doors.New(doors.Options{Log: log, Limits: gate.DefaultLimits(), Timeouts: h1.Timeouts{}})
	live := &plan.Live{Pools: pools, Meters: metrics.New(metrics.Options{}), Limits: gate.DefaultLimits(), Log: log}
	t.compiles = func(d *gate.Definition) error {
		for _, p := range plan.Check(d, live) {
			return p
		}
		return nil
	}
	planned := make(chan struct{})
	first := sync.OnceFunc(func() { close(planned) })
	f := &plan.Follower{Store: t.desk.Store, Live: live, Publish: func(p *plan.Plan) { door.Publish(p); first() }}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.t.Fatal(err)
	}
	t.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.t.Error(err)
		}
	})
	running.Go(func() {
		if err := door.Serve(l, doors.Listen{Name: "l", Data: true}); err != nil {
			t.t.Error(err)
		}
	})
	t.t.Cleanup(func() {
		if err := door.Shutdown(context.Background()); err != nil {
			t.t.Error(err)
		}
		cancel()
		running.Wait()
	})
	<-planned
	t.desk.Handled = f.Wait
}

// A reply is what a client saw of one request, and what the backend did.
type reply struct {
	*http.Response
	body string
	saw  string // by the backend; "": it was not called
}

// line is the reply in one: status and body.
func (r *reply) line() string { return fmt.Sprintf("%d %s", r.StatusCode, r.body) }

// asked is the first line of what the backend saw.
func (r *reply) asked() string {
	line, _, _ := strings.Cut(r.saw, " HTTP/1.1\r\n")
	return line
}

// send writes one request as it is and reads the reply. The request should ask
// for the end of the connection.
func (t *traffic) send(method, request string) *reply {
	t.t.Helper()
	t.seen.take()
	c, err := net.Dial("tcp", t.addr)
	if err != nil {
		t.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.t.Fatal(err)
	}
	a, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.t.Fatalf("%.200q: %v", request, err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.t.Fatalf("%.200q: %v", request, err)
	}
	return &reply{a, string(body), t.seen.take()}
}

// A draftAPI is an API that a test defines, deploys to the stage prod, and
// calls.
type draftAPI struct {
	*traffic
	id, root *string
	places   map[string]*string // ids of resources by their paths
}

func (t *traffic) draft() *draftAPI {
	t.t.Helper()
	id, root := t.api()
	return &draftAPI{t, id, root, map[string]*string{"/": root}}
}

// at returns the resource at a path, and makes it with those above it.
func (a *draftAPI) at(path string) *string {
	a.t.Helper()
	if id := a.places[path]; id != nil {
		return id
	}
	i := strings.LastIndexByte(path, '/')
	above := path[:i]
	if above == "" {
		above = "/"
	}
	a.places[path] = a.resource(a.id, a.at(above), path[i+1:])
	return a.places[path]
}

// proxy puts an HTTP_PROXY method. The URI is the backend's unless it says its
// own host; parameters are "key=value".
func (a *draftAPI) proxy(key, uri string, parameters ...string) {
	a.t.Helper()
	verb, path, _ := strings.Cut(key, " ")
	wants, maps := map[string]bool{}, map[string]string{}
	for _, p := range parameters {
		k, v, _ := strings.Cut(p, "=")
		if maps[k] = v; strings.HasPrefix(v, "method.request.") && !strings.HasPrefix(v, "method.request.body") {
			wants[strings.Replace(v, ".multivalue", ".", 1)] = false
		}
	}
	if strings.HasPrefix(uri, "/") {
		uri = a.backend + uri
	}
	must[*v1.Method](a.t)(a.PutMethod(a.ctx, &v1.PutMethodInput{RestApiId: a.id, ResourceId: a.at(path), HttpMethod: &verb, AuthorizationType: new("NONE"), RequestParameters: wants}))
	must[*v1.Integration](a.t)(a.PutIntegration(a.ctx, &v1.PutIntegrationInput{RestApiId: a.id, ResourceId: a.at(path), HttpMethod: &verb, Type: new(typeHTTPProxy),
		IntegrationHttpMethod: new("ANY"), Uri: &uri, RequestParameters: maps}))
}

// mock puts a MOCK method whose template chooses between the statuses 200, which
// is the default, and 404.
func (a *draftAPI) mock(key, template string) {
	a.t.Helper()
	verb, path, _ := strings.Cut(key, " ")
	id := a.at(path)
	a.method(a.id, id, verb)
	must[*v1.Integration](a.t)(a.PutIntegration(a.ctx, &v1.PutIntegrationInput{RestApiId: a.id, ResourceId: id, HttpMethod: &verb, Type: new(typeMock),
		RequestTemplates: map[string]string{"application/json": template}}))
	must[*v1.MethodResponse](a.t)(a.PutMethodResponse(a.ctx, &v1.PutMethodResponseInput{RestApiId: a.id, ResourceId: id, HttpMethod: &verb, StatusCode: new("404")}))
	for status, pattern := range map[string]string{"200": "", "404": "404"} {
		must[*v1.IntegrationResponse](a.t)(a.PutIntegrationResponse(a.ctx, &v1.PutIntegrationResponseInput{RestApiId: a.id, ResourceId: id, HttpMethod: &verb, StatusCode: &status,
			SelectionPattern: &pattern, ResponseTemplates: map[string]string{"application/json": `{"mock": ` + status + `}`}}))
	}
}

// prod deploys to the stage prod.
func (a *draftAPI) prod() *v1.Deployment {
	a.t.Helper()
	return a.deploy(a.id, v1.CreateDeploymentInput{StageName: new("prod")})
}

// ask makes a request of a client. Fields are "Name: value".
func (a *draftAPI) ask(line string, fields ...string) *reply {
	a.t.Helper()
	method, target, _ := strings.Cut(line, " ")
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s.execute-api.localhost\r\nConnection: close\r\n", method, target, *a.id)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	return a.send(method, b.String()+"\r\n")
}
