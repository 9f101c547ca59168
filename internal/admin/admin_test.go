package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"gatehouse/internal/observe/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// good and bad are checks with a fixed result.
func good(name string) Check {
	return Check{name, func(context.Context) error { return nil }}
}

func bad(name, why string) Check {
	return Check{name, func(context.Context) error { return errors.New(why) }}
}

func handler(t *testing.T, o Options) http.Handler {
	t.Helper()
	h, err := Handler(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask answers GET path as of localhost.
func ask(h http.Handler, path string, head ...string) (status int, text string) {
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "localhost:9464"
	for i := 0; i+1 < len(head); i += 2 {
		if head[i] == "Host" {
			r.Host = head[i+1]
		} else {
			r.Header.Set(head[i], head[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestHealthSpeaksAsKubernetesDoes(t *testing.T) {
	broken := []Check{good("plan"), bad("store", "disk\nfull\x1b\xff"), good("listeners")}
	whole := []Check{good("plan"), good("store")}
	for _, c := range []struct {
		desc   string
		checks []Check
		path   string
		status int
		text   string
	}{
		{"live although not ready", broken, "/livez", 200, "ok\n"},
		{"ready", whole, "/readyz", 200, "ok\n"},
		{"ready without checks", nil, "/readyz", 200, "ok\n"},
		{"the alias", whole, "/healthz", 200, "ok\n"},
		{"started", whole, "/startupz", 200, "ok\n"},
		{"verbose lists checks and problems", whole, "/readyz?verbose", 200,
			"[+]plan ok\n[+]store ok\n[!]problem: stage prod: broken\n[!]problem: two lines\nreadyz check passed\n"},
		{"not ready tells all", broken, "/readyz", 503,
			"[+]plan ok\n[-]store failed: disk full \uFFFD\n[+]listeners ok\n" +
				"[!]problem: stage prod: broken\n[!]problem: two lines\nreadyz check failed\n"},
		{"not started", broken, "/startupz", 503,
			"[+]plan ok\n[-]store failed: disk full \uFFFD\n[+]listeners ok\n" +
				"[!]problem: stage prod: broken\n[!]problem: two lines\nstartupz check failed\n"},
		{"an excluded check does not count", broken, "/readyz?exclude=store", 200, "ok\n"},
		{"an excluded check is listed as such", broken, "/readyz?exclude=store&verbose=1", 200,
			"[+]plan ok\n[+]store excluded: ok\n[+]listeners ok\n" +
				"[!]problem: stage prod: broken\n[!]problem: two lines\nreadyz check passed\n"},
		{"an unknown exclusion is a warning", whole, "/readyz?exclude=%0a&exclude=plan", 200,
			"warn: 1 of the excluded checks do not exist\nok\n"},
		{"one check that holds", broken, "/readyz/plan", 200, "ok\n"},
		{"one check that fails", broken, "/readyz/store", 503, "[-]store failed: disk full \uFFFD\n"},
		{"a check that is none", broken, "/readyz/x", 404, "no such check: /readyz?verbose lists them\n"},
		{"no metrics", whole, "/metrics", 404, "404 page not found\n"},
		{"no profiles unless asked", whole, "/debug/pprof/", 404, "404 page not found\n"},
		{"nothing else", whole, "/", 404, "404 page not found\n"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			problems := func() []string { return []string{"stage prod: broken", "two\nlines"} }
			status, text := ask(handler(t, Options{Checks: c.checks, Problems: problems}), c.path)
			if status != c.status || text != c.text {
				t.Errorf("%s answers %d\n%s\nwant %d\n%s", c.path, status, text, c.status, c.text)
			}
		})
	}
}

func TestStartedIsForEver(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	h := handler(t, Options{Checks: []Check{{"plan", func(context.Context) error {
		if down.Load() {
			return errors.New("none yet")
		}
		return nil
	}}}})
	for i, step := range []struct {
		down bool
		path string
		want int
	}{
		{true, "/startupz", 503}, {true, "/startupz?exclude=plan", 200}, {true, "/startupz", 503},
		{false, "/startupz", 200}, {true, "/startupz", 200}, {true, "/readyz", 503},
	} {
		down.Store(step.down)
		if status, _ := ask(h, step.path); status != step.want {
			t.Errorf("step %d: %s answers %d, want %d", i, step.path, status, step.want)
		}
	}
}

func TestProblemsAreBounded(t *testing.T) {
	many := make([]string, 150)
	for i := range many {
		many[i] = strings.Repeat("x", 5000)
	}
	_, text := ask(handler(t, Options{Problems: func() []string { return many }}), "/readyz?verbose")
	if n := strings.Count(text, "\n"); n != mostProblems+2 || !strings.Contains(text, "and 50 problems more") {
		t.Errorf("%d lines, ending in %q", n, text[len(text)-80:])
	}
	if len(text) > mostProblems*(longestReason+50) {
		t.Errorf("%d bytes", len(text))
	}
}

func TestAHangingProbeFailsInTimeAndRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int32
		h := handler(t, Options{Checks: []Check{good("plan"), {"store", func(context.Context) error {
			runs.Add(1)
			<-release
			return nil
		}}}})
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				start := time.Now()
				status, text := ask(h, "/readyz")
				if status != 503 || !strings.Contains(text, "[-]store failed: no answer within 900ms\n") {
					t.Errorf("answers %d %s", status, text)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("took %v", took)
				}
			})
		}
		wg.Wait()
		if runs.Load() != 1 {
			t.Errorf("the probe runs %d times, want once for all callers", runs.Load())
		}
		close(release)
		synctest.Wait()
		if status, _ := ask(h, "/readyz"); status != 200 || runs.Load() != 2 {
			t.Errorf("answers %d after %d runs, want 200 after 2", status, runs.Load())
		}
	})
}

func TestAProbeMayPanic(t *testing.T) {
	h := handler(t, Options{Checks: []Check{{"plan", func(context.Context) error { panic("oh") }}}})
	if status, text := ask(h, "/readyz/plan"); status != 503 || !strings.Contains(text, "panicked: oh") {
		t.Errorf("answers %d %s", status, text)
	}
}

func TestForeignNamesAreRefused(t *testing.T) {
	h := handler(t, Options{Hosts: []string{"Gate.Example.com:9464"}})
	for _, c := range []struct {
		desc string
		head []string
		want int
	}{
		{"an IPv4 address", []string{"Host", "10.1.2.3:9464"}, 200},
		{"an IPv6 address", []string{"Host", "[::1]:9464"}, 200},
		{"an IPv6 address without port", []string{"Host", "[::1]"}, 200},
		{"localhost", []string{"Host", "LOCALHOST"}, 200},
		{"below localhost", []string{"Host", "gate.localhost:1"}, 200},
		{"no Host, as HTTP/1.0 allows", []string{"Host", ""}, 200},
		{"a configured name", []string{"Host", "gate.example.com.:80"}, 200},
		{"a rebound name", []string{"Host", "evil.example.com:9464"}, 403},
		{"a name that begins like localhost", []string{"Host", "localhost.evil.example.com"}, 403},
		{"a name that looks like an address", []string{"Host", "127.0.0.1.evil.example.com"}, 403},
		{"a picture on a foreign page", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image"}, 403},
		{"a link on a foreign page", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200},
	} {
		t.Run(c.desc, func(t *testing.T) {
			if status, text := ask(h, "/readyz", c.head...); status != c.want {
				t.Errorf("answers %d %s, want %d", status, text, c.want)
			}
		})
	}
}

func TestChecksNeedAName(t *testing.T) {
	for _, checks := range [][]Check{{good("")}, {good("a b")}, {good("Plan")}, {good("a"), good("a")}, {{"a", nil}}} {
		if _, err := Handler(Options{Checks: checks}); err == nil {
			t.Errorf("%+v is accepted", checks)
		}
	}
}

// serve starts the admin server and returns its URL and what ends it.
func serve(t *testing.T, o Options) (url string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, o) }()
	return "http://" + l.Addr().String(), func() error {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		return <-ended
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func TestServeAnswersUntilItsContextEnds(t *testing.T) {
	set := metrics.New(metrics.Options{Version: "1"})
	set.Applied(3, time.Millisecond, 0)
	url, stop := serve(t, Options{Metrics: set.Handler(), Pprof: true, Checks: []Check{good("plan")}})
	if status, text := get(t, url+"/readyz"); status != 200 || text != "ok\n" {
		t.Errorf("/readyz: %d %s", status, text)
	}
	status, text := get(t, url+"/metrics")
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(text))
	if status != 200 || err != nil {
		t.Fatalf("/metrics: %d, %v", status, err)
	}
	if f := families["gatehouse_config_revision"]; f == nil || f.Metric[0].Gauge.GetValue() != 3 {
		t.Errorf("gatehouse_config_revision is %v", f)
	}
	for path, want := range map[string]int{
		"/debug/pprof/goroutine?debug=1": 200, "/debug/pprof/trace?seconds=0.01": 200, "/debug/pprof/cmdline": 404,
		"/debug/pprof/profile?seconds=900": 400, "/debug/pprof/trace?seconds=NaN": 400, "/debug/pprof/heap?seconds=1e999": 400,
	} {
		if status, _ := get(t, url+path); status != want {
			t.Errorf("%s answers %d, want %d", path, status, want)
		}
	}
	r, err := http.Post(url+"/readyz", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 405 {
		t.Errorf("POST answers %d, want 405", r.StatusCode)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		t.Error("the listener is open after the end")
	}
}

func TestHeadsAreBounded(t *testing.T) {
	url, stop := serve(t, Options{})
	defer stop()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 40<<10))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 431 {
		t.Errorf("a head of 40 KiB is answered %d, want 431", r.StatusCode)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	url, stop := serve(t, Options{})
	defer stop()
	addr := strings.TrimPrefix(url, "http://")
	var idle []net.Conn
	for range connections {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle = append(idle, c)
	}
	c, err := net.Dial("tcp", addr) // the kernel takes it, the server does not yet
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("one connection more than the bound is served (%d bytes)", n)
	}
	idle[0].Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Errorf("not served when another has gone: %v", err)
	}
}

func TestServeTellsWhyItEnded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := Serve(context.Background(), l, Options{}); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("a closed listener: %v", err)
	}
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := Serve(context.Background(), l, Options{Checks: []Check{good("")}}); err == nil {
		t.Error("a check without a name is accepted")
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is left open: %v", err)
	}
}
