package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestParseWrk(t *testing.T) {
	const good = `Running 2s test @ http://127.0.0.1:1
  1 threads and 64 connections
  57284 requests in 2.00s, 20.82MB read
`
	tests := []struct {
		desc   string
		text   string
		want   load
		refuse bool
	}{
		{desc: "a clean run has a total and a time", text: good, want: load{57284, 2, 0}},
		{desc: "a long run is told in minutes", text: "  10 requests in 1.50m, 1MB read\n", want: load{10, 90, 0}},
		{desc: "answers that are no success are failures", text: good + "  Non-2xx or 3xx responses: 7\n", want: load{57284, 2, 7}},
		{desc: "so are socket errors of each kind", text: good + "  Socket errors: connect 1, read 2, write 3, timeout 4\n", want: load{57284, 2, 10}},
		{desc: "a run without answers measures nothing", text: "  0 requests in 2.00s, 0.00B read\n", refuse: true},
		{desc: "another program's output is refused", text: "unable to connect to 127.0.0.1\n", refuse: true},
	}
	for _, tt := range tests {
		t.Run(tt.desc, func(t *testing.T) {
			got, err := parseWrk(tt.text)
			if got != tt.want && !tt.refuse || (err != nil) != tt.refuse {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestParseStat(t *testing.T) {
	got, err := parseStat("42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 9 9 20 0 5 0 1 2 3\n")
	if want := (stat{pid: 42, parent: 7, cpu: 2 * time.Second}); got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "42", "42 (a", "42 (a) S 7", "x (a) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 9"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q was taken for a line of /proc/PID/stat", bad)
		}
	}
}

// The reader is tried on this very process where there is /proc.
func TestCPUOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	if _, err := cpuOf(os.Getpid()); err != nil {
		t.Error(err)
	}
	if n, err := memory(os.Getpid(), "VmRSS"); err != nil || n < 1<<20 {
		t.Errorf("resident memory of this process: %d bytes, %v", n, err)
	}
	if _, err := cpuOf(math.MaxInt32); err == nil {
		t.Error("a process that cannot exist was measured")
	}
}

func TestParseStrace(t *testing.T) {
	const text = `syscall               calls
---------------- ---------
writev                 200
recvfrom               198
read                     2
epoll_wait              10
getsockopt             100
---------------- ---------
total                  510
`
	c, err := parseStrace(text)
	if err != nil {
		t.Fatal(err)
	}
	writes, reads, other := c.perRequest(100)
	if writes != 2 || reads != 2 || other != 1.1 {
		t.Errorf("got %v writes, %v reads, %v other", writes, reads, other)
	}
	if got := c.others(100); got != "getsockopt 1.00, epoll_wait 0.10" {
		t.Errorf("others: %q", got)
	}
	for _, bad := range []string{"", "syscall calls\nread many\n"} {
		if _, err := parseStrace(bad); err == nil {
			t.Errorf("%q was taken for counts", bad)
		}
	}
}

func TestFiguresBesideAStrangeNginxAreVoid(t *testing.T) {
	for _, tt := range []struct {
		desc                 string
		writes, reads, other float64
		void                 bool
	}{
		{"as it is known", 2, 2, 1, false},
		{"with the connections of a load", 2.001, 2.02, 1.09, false},
		{"a write more now and then", 2.06, 2, 1, true},
		{"a read less: it did not ask the backend", 2, 1, 1, true},
		{"two other calls", 2, 2, 2, true},
	} {
		s := &section{}
		s.void(unsound(tt.writes, tt.reads, tt.other))
		if void := len(s.broken) > 0 && strings.Contains(s.body, "**Void**"); void != tt.void {
			t.Errorf("%s: %q", tt.desc, s.body)
		}
	}
}

func TestQuantile(t *testing.T) {
	sample := []float64{4, 1, 3, 2}
	for _, tt := range []struct{ q, want float64 }{{0, 1}, {0.5, 2.5}, {0.25, 1.75}, {1, 4}} {
		if got := quantile(sample, tt.q); got != tt.want {
			t.Errorf("quantile %v is %v, want %v", tt.q, got, tt.want)
		}
	}
	if !slices.Equal(sample, []float64{4, 1, 3, 2}) {
		t.Error("the sample was sorted in place: rounds would no longer belong together")
	}
	if !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("the median of nothing is a number")
	}
}

// A ratio is taken within a round: a machine that gets slower from round to
// round must not show in it.
func TestRatiosCompareWithinARound(t *testing.T) {
	ours := []slice{{cpu: 10}, {cpu: 20}, {cpu: 40}}
	theirs := []slice{{cpu: 20}, {cpu: 40}, {cpu: 80}}
	if got := ratios(ours, theirs); got != (quartiles{0.5, 0.5, 0.5}) {
		t.Errorf("got %+v", got)
	}
}

func TestABoundThatDoesNotHoldIsTold(t *testing.T) {
	all := []*contestant{{key: keyGatehouse, name: "us"}, {key: keyBare, name: "them"}}
	for _, tt := range []struct {
		desc   string
		ours   float64
		broken int
	}{{"cheaper", 0.9, 0}, {"as the bound", 1.05, 0}, {"dearer", 1.06, 1}} {
		s := &section{}
		s.printBounds(all, map[string][]slice{keyGatehouse: {{cpu: tt.ours}}, keyBare: {{cpu: 1}}})
		if len(s.broken) != tt.broken || strings.Contains(s.body, "**no**") != (tt.broken > 0) {
			t.Errorf("%s: broken %q in\n%s", tt.desc, s.broken, s.body)
		}
	}
}

func TestReplaceSection(t *testing.T) {
	const doc = "# Title\n<!-- bench a -->\nold\n<!-- /bench a -->\nafter\n<!-- bench b -->\n<!-- /bench b -->\n"
	got, err := replaceSection(doc, "a", "new\n")
	if want := strings.Replace(doc, "old", "new", 1); got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := replaceSection(doc, "c", "new\n"); err == nil {
		t.Error("a document without the markers was changed")
	}
}

// Every configuration that the bench writes must render with the ports that a
// run has, or a run fails after minutes.
func TestTemplatesRender(t *testing.T) {
	w := &world{options: &options{}, dir: t.TempDir(), ports: map[string]int{}}
	if err := w.choosePorts("Backend", "Bare", "Logged", "TLS", "Caddy", "Reverse", "Data", "DataTLS", "Control", "Admin"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"backend.conf", "nginx.conf", "Caddyfile", "gatehouse.yaml"} {
		file, err := w.render(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "{{") {
			t.Errorf("%s was not rendered: %v", name, err)
		}
		if name == "nginx.conf" && strings.Count(string(text), "location /r") != routes {
			t.Errorf("nginx has %d locations, want %d", strings.Count(string(text), "location /r"), routes)
		}
	}
}

func TestOptionsAreBounded(t *testing.T) {
	for _, bad := range [][]string{{"-rounds", "0"}, {"-conns", "1000000"}, {"-slice", "1h"}, {"-changes", "-1"}, {"-sizes", "10,2000000"}, {"-sizes", ""}, {"-unknown"}} {
		if _, err := parseOptions("table", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestParseBenchmarks(t *testing.T) {
	const good = `goos: linux
BenchmarkCatalog/routes=1000         	 1000000	       478.5 ns/op	      1059 B/route	         0.8246 cold-ms
BenchmarkShape/5_parameters-2 	   50000	      1800 ns/op	       0 B/op	       0 allocs/op
PASS
`
	got, err := parseBenchmarks(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		desc, name, unit string
		want             float64
	}{
		{"a time", "BenchmarkCatalog/routes=1000", "ns/op", 478.5},
		{"a figure of the benchmark's own", "BenchmarkCatalog/routes=1000", "B/route", 1059},
		{"the number of threads is no part of the name", "BenchmarkShape/5_parameters", "ns/op", 1800},
	} {
		if n, err := got.of(tt.name, tt.unit); n != tt.want || err != nil {
			t.Errorf("%s: got %v, %v", tt.desc, n, err)
		}
	}
	if _, err := got.of("BenchmarkShape/plain", "ns/op"); err == nil {
		t.Error("a benchmark that did not run has a figure")
	}
	for _, bad := range []string{"", "PASS\n", "BenchmarkX many 1 ns/op\n", "BenchmarkX 1 fast ns/op\n", "BenchmarkX 1 2 ns/op 3\n"} {
		if f, err := parseBenchmarks(bad); err == nil {
			t.Errorf("%q was taken for %v", bad, f)
		}
	}
}

func TestParseMetric(t *testing.T) {
	const page = "# HELP a_seconds Text.\n# TYPE a_seconds gauge\na_seconds 1.5\na_seconds_more 2\nbroken x\n"
	for _, tt := range []struct {
		desc, name string
		want       float64
		ok, refuse bool
	}{
		{"a number", "a_seconds", 1.5, true, false},
		{"the beginning of another's name is not it", "a_sec", 0, false, false},
		{"one that has no value yet", "b_seconds", 0, false, false},
		{"no number", "broken", 0, false, true},
	} {
		if got, ok, err := parseMetric(page, tt.name); got != tt.want || ok != tt.ok || (err != nil) != tt.refuse {
			t.Errorf("%s: got %v, %v, %v", tt.desc, got, ok, err)
		}
	}
}

func TestCatalogueOf(t *testing.T) {
	for _, tt := range []struct {
		routes int
		want   catalogue
	}{{10, catalogue{1, 10}}, {100, catalogue{1, 100}}, {1_000_000, catalogue{10_000, 100}}} {
		if got := catalogueOf(tt.routes); got != tt.want || got.routes() != tt.routes {
			t.Errorf("%d routes: got %+v", tt.routes, got)
		}
	}
}

// Each bound of the catalogue is told apart, and the two that depend on the
// size do.
func TestCatalogueRow(t *testing.T) {
	good := func(routes int) sized {
		return sized{catalogue: catalogueOf(routes), ready: 499 * time.Millisecond, compiled: 4 * time.Second, cold: []float64{19, 1}, resident: 5 << 20,
			weight: 999, look: 300, costs: []float64{1.3, 1.3}, inMemory: []float64{19}, onDisk: []float64{500}}
	}
	for _, tt := range []struct {
		desc   string
		routes int
		change func(*sized)
		broken string
	}{
		{"all hold", 100_000, func(*sized) {}, ""},
		{"ready too late", 10, func(r *sized) { r.ready = time.Second }, "ready"},
		{"compiled too late", 100_000, func(r *sized) { r.compiled = 6 * time.Second }, "all compiled"},
		{"a million may take longer to compile", 1_000_000, func(r *sized) { r.compiled = 49 * time.Second }, ""},
		{"but not for ever", 1_000_000, func(r *sized) { r.compiled = 50 * time.Second }, "all compiled"},
		{"one stage that makes its first caller wait", 10, func(r *sized) { r.cold[1] = 21 }, "first hit"},
		{"a heavy route", 1000, func(r *sized) { r.weight = 1000 }, "heap a route"},
		{"ten routes carry their API", 10, func(r *sized) { r.weight = 2000 }, ""},
		{"dear requests", 10, func(r *sized) { r.costs = []float64{1.31, 1.31} }, "CPU"},
		{"slow edits", 100_000, func(r *sized) { r.inMemory = []float64{21} }, "edit"},
		{"edits of a million may be slower", 1_000_000, func(r *sized) { r.inMemory = []float64{49} }, ""},
		{"two at once", 1000, func(r *sized) { r.ready, r.weight = time.Second, 1000 }, "ready, heap a route"},
	} {
		t.Run(tt.desc, func(t *testing.T) {
			r, s := good(tt.routes), &section{}
			tt.change(&r)
			s.catalogueRow(&r)
			end := "| yes |\n"
			if tt.broken != "" {
				end = "| **no**: " + tt.broken + " |\n"
			}
			if !strings.HasSuffix(s.body, end) || (len(s.broken) > 0) != (tt.broken != "") {
				t.Errorf("broken %q in\n%s", s.broken, s.body)
			}
			head := &section{}
			head.catalogueHead(1)
			lines := strings.Split(head.body, "\n")
			if want := strings.Count(lines[2], "|"); strings.Count(s.body, "|") != want {
				t.Errorf("the row has %d bars and the head %d:\n%s", strings.Count(s.body, "|"), want, s.body)
			}
		})
	}
}

func TestCatalogueLuaKnowsEveryAPI(t *testing.T) {
	text := catalogueLua([]string{"one", "two"}, 7)
	for _, want := range []string{`"one.execute-api.localhost",`, `"two.execute-api.localhost",`, "math.random(7) - 1", "os.time()"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "%!") {
		t.Errorf("a verb went wrong in\n%s", text)
	}
}

// What a feature adds is a difference within a round, in units of that round.
func TestFeatureCost(t *testing.T) {
	f := feature{name: "f", with: "with", without: "without"}
	round := func(u, with, without float64) price {
		return price{u, figures{"with": {"ns/op": with}, "without": {"ns/op": without}}}
	}
	rounds := []price{round(10, 1500, 500), round(20, 3000, 1000), round(40, 6000, 2000)}
	added, cost, err := f.cost(rounds)
	if want := (quartiles{0.1, 0.1, 0.1}); cost != want || added.median != 2000 || err != nil {
		t.Errorf("got %+v, %+v, %v", added, cost, err)
	}
	f.without = ""
	if _, cost, err := f.cost(rounds); cost.median != 0.15 || err != nil {
		t.Errorf("a feature by itself: got %+v, %v", cost, err)
	}
	f.with = "renamed"
	if _, _, err := f.cost(rounds); err == nil {
		t.Error("a benchmark that did not run has a cost")
	}
}

func TestASlowImportIsTold(t *testing.T) {
	for _, tt := range []struct {
		desc   string
		worst  float64
		broken int
	}{{"all in time", 1999, 0}, {"one is not", 2000, 1}} {
		s := importSection(t.Context(), 1<<20, []imported{{call: 1}, {call: tt.worst}, {call: 2}})
		if len(s.broken) != tt.broken {
			t.Errorf("%s: broken %q in\n%s", tt.desc, s.broken, s.body)
		}
	}
}

// A run that measures for half an hour must find the place for each result.
func TestThePageHasAPlaceForEveryBench(t *testing.T) {
	text, err := os.ReadFile("../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names() {
		if _, err := replaceSection(string(text), name, ""); err != nil {
			t.Errorf("docs/benchmarks.md %v", err)
		}
	}
}

// A REST API is compared with the HTTP API of the same rounds.
func TestRESTRows(t *testing.T) {
	all := []*contestant{{key: keyGatehouse, name: "HTTP"}, {key: keyREST, name: "REST"}, {key: keyRESTMock, name: "mock"}}
	for _, tt := range []struct {
		desc       string
		rest, mock float64
		broken     int
	}{
		{"as the bounds", 22, 15, 0},
		{"a dear proxy", 22.1, 15, 1},
		{"a mock that is cheaper than the proxy, but not by enough", 22, 15.1, 1},
		{"both", 30, 30, 2},
	} {
		t.Run(tt.desc, func(t *testing.T) {
			w := &world{options: &options{rounds: 1}}
			s := restSection(t.Context(), w, all, map[string][]slice{keyGatehouse: {{cpu: 20}}, keyREST: {{cpu: tt.rest}}, keyRESTMock: {{cpu: tt.mock}}})
			if len(s.broken) != tt.broken || strings.Count(s.body, "**no**") != tt.broken {
				t.Errorf("broken %q in\n%s", s.broken, s.body)
			}
			checkBars(t, s.body)
		})
	}
}

// checkBars finds the lines of a table that have not as many cells as its head.
func checkBars(t *testing.T, body string) {
	t.Helper()
	bars := 0
	for line := range strings.Lines(body) {
		n := strings.Count(line, "|")
		if bars > 0 && n > 0 && n != bars {
			t.Errorf("%d bars where the head has %d: %s", n, bars, line)
		}
		bars = n
	}
}

func TestAWalkDoesWhatTasksMakePossible(t *testing.T) {
	var done atomic.Int64
	leaf := func(context.Context) ([]task, error) { done.Add(1); return nil, nil }
	branch := func(context.Context) ([]task, error) { done.Add(1); return []task{leaf, leaf, leaf}, nil }
	if err := walk(t.Context(), 2, branch, leaf, branch); err != nil || done.Load() != 9 {
		t.Errorf("%d of 9 tasks were done, %v", done.Load(), err)
	}
}

func TestAWalkEndsWithItsFirstError(t *testing.T) {
	broken, later := errors.New("broken"), false
	fails := func(context.Context) ([]task, error) {
		return []task{func(context.Context) ([]task, error) { later = true; return nil, nil }}, broken
	}
	after := func(context.Context) ([]task, error) { later = true; return nil, nil }
	if err := walk(t.Context(), 1, fails, after); !errors.Is(err, broken) || later {
		t.Errorf("got %v, and went on: %v", err, later)
	}
}

func TestWhatSeveralTasksNeedIsDoneOnce(t *testing.T) {
	var calls, then atomic.Int64
	call := func(context.Context) error { calls.Add(1); return nil }
	last := func(context.Context) ([]task, error) {
		then.Add(1)
		if calls.Load() != 3 {
			t.Errorf("after %d of 3 calls", calls.Load())
		}
		return nil, nil
	}
	if err := walk(t.Context(), 3, meet(last, call, call, call)...); err != nil || then.Load() != 1 {
		t.Errorf("done %d times, %v", then.Load(), err)
	}
}

func TestATallyCountsRefusals(t *testing.T) {
	var c tally
	status := http.StatusCreated
	over := c.over(tripper(func(*http.Request) (*http.Response, error) {
		if status == 0 {
			return nil, errors.New("no connection")
		}
		return &http.Response{StatusCode: status}, nil
	}))
	for _, status = range []int{201, 409, 200, 500, 0} {
		_, _ = over.RoundTrip(nil)
	}
	if c.calls.Load() != 5 || c.refused.Load() != 3 {
		t.Errorf("%d calls, of which %d were refused", c.calls.Load(), c.refused.Load())
	}
}

func TestTheMockAnswersAsManyBytesAsTheBackend(t *testing.T) {
	if got := mockBody(); len(got) != payload || !json.Valid([]byte(got)) {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestParseStamps(t *testing.T) {
	for _, tt := range []struct {
		desc, text string
		want       stamps
		refuse     bool
	}{
		{"all answers are of one deployment each", "Requests/sec: 1\nstamps: 70 whole, 0 mixed, 3 deployments \n", stamps{70, 0, 3}, false},
		{"some are of two", "stamps: 70 whole, 2 mixed, 3 deployments First: 1, Second: 2, 1 1 1\n", stamps{70, 2, 3}, false},
		{"one deployment alone cannot be mixed", "stamps: 70 whole, 0 mixed, 1 deployments \n", stamps{}, true},
		{"answers that nobody could read", "stamps: 0 whole, 70 mixed, 0 deployments First: nil, Second: nil, x\n", stamps{}, true},
		{"no report", "Requests/sec: 1\n", stamps{}, true},
	} {
		if got, err := parseStamps(tt.text); got != tt.want && !tt.refuse || (err != nil) != tt.refuse {
			t.Errorf("%s: got %+v, %v", tt.desc, got, err)
		}
	}
}

func TestStampedLuaAsksForEachPath(t *testing.T) {
	text := stampedLua("x.execute-api.localhost")
	for _, want := range append(stampedPaths(), `"x.execute-api.localhost"`, `"^(%d+) (%d+) (%d+)$"`) {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "%!") {
		t.Errorf("a verb went wrong in\n%s", text)
	}
}

// Each promise about the control plane is told apart.
func TestRESTControlRows(t *testing.T) {
	for _, tt := range []struct {
		desc   string
		change func(*restControl)
		broken string
	}{
		{"all hold", func(*restControl) {}, ""},
		{"made too slowly", func(r *restControl) { r.made = 10 * time.Second }, "resources"},
		{"a conflict", func(r *restControl) { r.refused = 1 }, "refused"},
		{"one slow deployment", func(r *restControl) { r.deployments[1] = 300 }, "CreateDeployment"},
		{"a failed request", func(r *restControl) { r.changed.load.failed = 1 }, "failed"},
		{"a mix", func(r *restControl) { r.changed.stamps.mixed = 1 }, "mix"},
	} {
		t.Run(tt.desc, func(t *testing.T) {
			r := &restControl{calls: 3901, made: 9 * time.Second, deployments: []float64{1, 299},
				changed: changed{load: load{70, 1, 0}, stamps: stamps{70, 0, 2}, deploys: []float64{500}, rollbacks: []float64{100}}}
			tt.change(r)
			s := restControlSection(t.Context(), &world{options: &options{changes: 2}}, r)
			if (len(s.broken) > 0) != (tt.broken != "") || len(s.broken) > 0 && !strings.Contains(s.broken[0], tt.broken) {
				t.Errorf("broken %q in\n%s", s.broken, s.body)
			}
			checkBars(t, s.body)
		})
	}
}
