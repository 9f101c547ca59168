package metrics

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scrape reads the Set as Prometheus would: series in text form -> value. A
// histogram gives its _count, _sum and _bucket series.
func scrape(t *testing.T, s *Set) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("scrape: %d\n%s", w.Code, w.Body)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatalf("scrape: %v", err)
	}
	got := map[string]float64{}
	for name, f := range families {
		for _, m := range f.Metric {
			var l []string
			for _, pair := range m.Label {
				l = append(l, pair.GetName()+"="+pair.GetValue())
			}
			sort.Strings(l)
			put := func(suffix, more string, v float64) {
				got[name+suffix+"{"+strings.Trim(strings.Join(l, ",")+","+more, ",")+"}"] = v
			}
			switch {
			case m.Counter != nil:
				put("", "", m.Counter.GetValue())
			case m.Gauge != nil:
				put("", "", m.Gauge.GetValue())
			case m.Histogram != nil:
				put("_count", "", float64(m.Histogram.GetSampleCount()))
				put("_sum", "", m.Histogram.GetSampleSum())
				for _, b := range m.Histogram.Bucket {
					put("_bucket", fmt.Sprintf("le=%v", b.GetUpperBound()), float64(b.GetCumulativeCount()))
				}
			}
		}
	}
	return got
}

// exchange is an ended one with that status.
func exchange(status int) *flow.Exchange {
	x := new(flow.Exchange)
	x.API, x.Stage = &gate.API{ID: "api"}, &gate.Stage{Name: "prod"}
	x.Route = &gate.Route{Integration: &gate.Integration{Kind: gate.HTTPProxy}}
	x.Event = flow.Event{Status: status, Duration: 20 * time.Millisecond, BytesIn: 10, BytesOut: 100}
	return x
}

func check(t *testing.T, got map[string]float64, want map[string]float64) {
	t.Helper()
	for name, v := range want {
		if g, ok := got[name]; !ok || g != v {
			t.Errorf("%s is %v (there: %t), want %v", name, g, ok, v)
		}
	}
}

func count(got map[string]float64, prefix string) (n int) {
	for name := range got {
		if strings.HasPrefix(name, prefix) {
			n++
		}
	}
	return n
}

func TestARouteIsCountedUnderItsLabels(t *testing.T) {
	s := New(Options{Version: "1.2.3", Revision: "abc"})
	m := s.Route("api", "prod", "/pets/{id}", "GET")
	m.Count(exchange(200))
	m.Count(exchange(200))
	m.Count(exchange(418))
	m.Count(exchange(0))
	x := exchange(503)
	x.Event.Backend = flow.Backend{Called: true, Latency: 30 * time.Millisecond, Failure: flow.Connect}
	m.Count(x)
	x.Event.Backend = flow.Backend{Called: true, Latency: 30 * time.Second, Status: 502}
	m.Count(x)
	const l = "api=api,"
	const end = "method=GET,route=/pets/{id},stage=prod}"
	const backend = "route=/pets/{id},stage=prod,type=HTTP_PROXY"
	check(t, scrape(t, s), map[string]float64{
		"gatehouse_requests_total{" + l + "code=200," + end:                                          2,
		"gatehouse_requests_total{" + l + "code=418," + end:                                          1,
		"gatehouse_requests_total{" + l + "code=000," + end:                                          1,
		"gatehouse_requests_total{" + l + "code=503," + end:                                          2,
		"gatehouse_request_bytes_total{" + l + end:                                                   60,
		"gatehouse_response_bytes_total{" + l + end:                                                  600,
		"gatehouse_request_duration_seconds_count{" + l + end:                                        6,
		"gatehouse_request_duration_seconds_sum{" + l + end:                                          0.12,
		"gatehouse_request_duration_seconds_bucket{" + strings.TrimSuffix(l+end, "}") + ",le=0.01}":  0,
		"gatehouse_request_duration_seconds_bucket{" + strings.TrimSuffix(l+end, "}") + ",le=0.025}": 6,
		"gatehouse_integration_duration_seconds_count{" + l + backend + "}":                          2,
		"gatehouse_integration_duration_seconds_bucket{" + l + backend + ",le=10}":                   1,
		"gatehouse_integration_duration_seconds_bucket{" + l + backend + ",le=+Inf}":                 2,
		"gatehouse_integration_errors_total{" + l + "reason=connect," + backend + "}":                1,
		"gatehouse_integration_errors_total{" + l + "reason=5xx," + backend + "}":                    1,
		"gatehouse_build_info{revision=abc,version=1.2.3}":                                           1,
		"gatehouse_metrics_folded_total{metric=gatehouse_requests_total}":                            0,
		"gatehouse_unmatched_requests_total{reason=host}":                                            0,
		"gatehouse_access_log_dropped_total{}":                                                       0,
	})
}

func TestOnlyWhatHasAValueIsShown(t *testing.T) {
	s := New(Options{})
	s.Route("api", "prod", "/quiet", "GET")
	got := scrape(t, s)
	for name := range got {
		for _, prefix := range []string{
			"gatehouse_requests_total", "gatehouse_request_duration", "gatehouse_integration", "gatehouse_config",
			"gatehouse_store", "gatehouse_control", "gatehouse_requests_in_flight",
		} {
			if strings.HasPrefix(name, prefix) {
				t.Errorf("%s is shown although nothing was counted", name)
			}
		}
	}
	if count(got, "go_") == 0 || count(got, "process_") == 0 {
		t.Error("the metrics of the Go runtime and of the process are not shown")
	}
}

func TestTheNextPlanGoesOnCounting(t *testing.T) {
	s := New(Options{})
	old := s.Route("api", "prod", "/a", "GET")
	old.Count(exchange(200))
	next := s.Route("api", "prod", "/a", "GET")
	next.Count(exchange(200))
	old.Count(exchange(200)) // a request in flight on the old plan
	check(t, scrape(t, s), map[string]float64{
		"gatehouse_requests_total{api=api,code=200,method=GET,route=/a,stage=prod}": 3,
	})
}

func TestRareCodesAreBounded(t *testing.T) {
	s := New(Options{})
	m := s.Route("api", "prod", "/a", "GET")
	for code := 600; code < 700; code++ {
		m.Count(exchange(code))
	}
	m.Count(exchange(600))
	m.Count(exchange(-3))
	m.Count(exchange(1 << 20))
	got := scrape(t, s)
	if n := count(got, "gatehouse_requests_total"); n != rareCodes+1 {
		t.Errorf("%d series for 100 rare codes, want %d", n, rareCodes+1)
	}
	check(t, got, map[string]float64{
		"gatehouse_requests_total{api=api,code=600,method=GET,route=/a,stage=prod}":     2,
		"gatehouse_requests_total{api=api,code=(other),method=GET,route=/a,stage=prod}": 100 - rareCodes + 2,
	})
}

func TestEveryStatusHasItsSlot(t *testing.T) {
	for status := range 1000 {
		var c codes
		slot := c.slot(status)
		got := c.status(slot)
		if want := status; got != want && (status >= 100 || status == 0) {
			t.Errorf("status %d is counted as %d", status, got)
		}
		if status > 0 && status < 100 && slot != otherCode {
			t.Errorf("status %d, which is none, has slot %d", status, slot)
		}
	}
}

func TestRoutesBeyondTheCapAreFolded(t *testing.T) {
	s := New(Options{MaxSeries: 20})
	var held []flow.Meter
	for i := range 100 {
		m := s.Route(gate.APIID(fmt.Sprint("api", i%4)), "prod", fmt.Sprint("/r", i), "GET")
		held = append(held, m)
		x := exchange(200)
		x.Event.Backend = flow.Backend{Called: true, Failure: flow.Timeout}
		m.Count(x)
		m.Count(x)
	}
	got := scrape(t, s)
	sum := func(metric string) (sum float64) {
		for name, v := range got {
			if strings.HasPrefix(name, metric+"{") {
				sum += v
			}
		}
		return sum
	}
	for _, metric := range []string{
		"gatehouse_requests_total", "gatehouse_request_duration_seconds_count",
		"gatehouse_integration_duration_seconds_count", "gatehouse_integration_errors_total",
	} {
		if n := count(got, metric+"{"); n > 21 {
			t.Errorf("%s has %d series, want at most 20 and (other)", metric, n)
		}
		if s := sum(metric); s != 200 {
			t.Errorf("%s: the series add up to %v, want 200", metric, s)
		}
	}
	check(t, got, map[string]float64{
		"gatehouse_requests_total{api=api0,code=200,method=GET,route=/r0,stage=prod}":                2,
		"gatehouse_requests_total{api=api2,code=200,method=(other),route=(other),stage=prod}":        2 * 21,
		"gatehouse_metrics_folded_total{metric=gatehouse_request_duration_seconds}":                  82,
		"gatehouse_request_duration_seconds_count{api=api3,method=(other),route=(other),stage=prod}": 2 * 21,
	})
	runtime.KeepAlive(held)
}

func TestCodesBeyondTheCapAreFolded(t *testing.T) {
	s := New(Options{MaxSeries: 3})
	m := s.Route("api", "prod", "/a", "GET")
	for _, code := range []int{200, 404, 500, 503, 777} {
		m.Count(exchange(code))
	}
	m.Count(exchange(503))
	const other = "method=(other),route=(other),stage=(other)}"
	check(t, scrape(t, s), map[string]float64{
		"gatehouse_requests_total{api=api,code=500,method=GET,route=/a,stage=prod}": 1,
		"gatehouse_requests_total{api=(other),code=503," + other:                    2,
		"gatehouse_requests_total{api=(other),code=777," + other:                    1,
		"gatehouse_metrics_folded_total{metric=gatehouse_requests_total}":           2,
	})
}

// Series of routes that are gone give way to new ones, and no "(other)" series
// falls when they do.
func TestUnboundSeriesGiveWay(t *testing.T) {
	s := New(Options{MaxSeries: 2})
	func() {
		for _, route := range []string{"/a", "/b"} {
			m := s.Route("api", "prod", route, "GET")
			m.Count(exchange(200))
			m.Count(exchange(404))
			m.Count(exchange(500))
		}
	}()
	before := scrape(t, s)
	const folded = "gatehouse_requests_total{api=(other),code=500,method=(other),route=(other),stage=(other)}"
	check(t, before, map[string]float64{folded: 2})
	if n := count(before, "gatehouse_request_duration_seconds_count"); n != 2 {
		t.Fatalf("%d routes have a series, want both although no plan binds them", n)
	}
	settled := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.byName {
			if c.holders.n.Load() > 0 {
				return false
			}
		}
		return true
	}
	for end := time.Now().Add(10 * time.Second); !settled(); time.Sleep(time.Millisecond) {
		runtime.GC()
		if time.Now().After(end) {
			t.Fatal("the collector did not find the meters that nobody has")
		}
	}
	m := s.Route("api", "prod", "/c", "GET")
	m.Count(exchange(200))
	after := scrape(t, s)
	check(t, after, map[string]float64{
		"gatehouse_requests_total{api=api,code=200,method=GET,route=/c,stage=prod}": 1,
		folded: 2,
	})
	if n := count(after, "gatehouse_request_duration_seconds_count"); n != 1 {
		t.Errorf("%d routes have a series, want the new one alone", n)
	}
	runtime.KeepAlive(m)
}

func TestUnmatchedExchangesAreCountedByReason(t *testing.T) {
	for _, c := range []struct {
		desc   string
		change func(*flow.Exchange)
		want   string
	}{
		{"no API has the host", func(x *flow.Exchange) { x.API = nil; x.Event.Status = 403 }, "host"},
		{"the head was malformed", func(x *flow.Exchange) { x.API = nil; x.Event.Status = 400 }, "bad_request"},
		{"the head was refused by a fault", func(x *flow.Exchange) {
			x.API, x.Event.Fault = nil, gate.Fail(gate.RequestTooLarge, errors.New("head"))
		}, "bad_request"},
		{"the API has no such stage", func(x *flow.Exchange) { x.Stage, x.Route = nil, nil }, "stage"},
		{"the stage has no such route", func(x *flow.Exchange) { x.Route = nil }, "route"},
		{"a route answered that has no meter", func(x *flow.Exchange) {}, "other"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			s := New(Options{})
			x := exchange(404)
			c.change(x)
			s.Observe(x)
			got := scrape(t, s)
			check(t, got, map[string]float64{"gatehouse_unmatched_requests_total{reason=" + c.want + "}": 1})
			if n := count(got, "gatehouse_requests_total{api=,"); n != 1 {
				t.Errorf("gatehouse_requests_total has %d series for it, want one", n)
			}
		})
	}
	s := New(Options{})
	x := exchange(404)
	x.Event.Meter = s.Route("api", "prod", Unmatched, "")
	s.Observe(x)
	check(t, scrape(t, s), map[string]float64{
		"gatehouse_unmatched_requests_total{reason=route}":                                1,
		"gatehouse_requests_total{api=api,code=404,method=,route=(unmatched),stage=prod}": 1,
	})
}

func TestTheHouseIsCounted(t *testing.T) {
	end := time.Unix(1900000000, 0)
	s := New(Options{Node: "one", StoreBytes: func() (int64, error) { return 4096, nil }, CertificatesEnd: func() map[string]time.Time {
		return map[string]time.Time{"*.example.com": end}
	}})
	g := s.InFlight("127.0.0.1:80")
	g.Add(3)
	s.InFlight("127.0.0.1:80").Add(-1)
	s.Applied(7, 3*time.Millisecond, 0)
	s.Applied(8, 3*time.Millisecond, 2)
	if _, ok := scrape(t, s)["gatehouse_config_warm_duration_seconds{}"]; ok {
		t.Error("the time until all was compiled is told before it is")
	}
	s.Warmed(1500 * time.Millisecond)
	s.Commit(time.Millisecond)
	s.Control("CreateApi", "201", time.Millisecond)
	s.Control("CreateApi", "201", time.Millisecond)
	s.DroppedLines(5)
	s.BackedUp()
	got := scrape(t, s)
	check(t, got, map[string]float64{
		"gatehouse_requests_in_flight{listener=127.0.0.1:80}":                  2,
		"gatehouse_config_revision{node=one}":                                  8,
		"gatehouse_store_size_bytes{}":                                         4096,
		"gatehouse_tls_cert_not_after_timestamp_seconds{domain=*.example.com}": 1900000000,
		"gatehouse_config_problems{}":                                          2,
		"gatehouse_config_apply_duration_seconds_count{}":                      2,
		"gatehouse_store_commit_duration_seconds_bucket{le=0.001}":             1,
		"gatehouse_control_requests_total{code=201,operation=CreateApi}":       2,
		"gatehouse_control_request_duration_seconds_count{}":                   2,
		"gatehouse_access_log_dropped_total{}":                                 5,
		"gatehouse_config_warm_duration_seconds{}":                             1.5,
	})
	for _, name := range []string{"gatehouse_config_last_reload_success_timestamp_seconds{}", "gatehouse_backup_last_success_timestamp_seconds{}"} {
		if age := time.Since(time.UnixMicro(int64(got[name] * 1e6))); age < 0 || age > time.Minute {
			t.Errorf("%s was %v ago, want just now", name, age)
		}
	}
}

// TestWhatNobodyKnowsIsLeftOut holds that a gateway without a backup, a file or
// a certificate shows no number for it: 0 would be an alert.
func TestWhatNobodyKnowsIsLeftOut(t *testing.T) {
	unknown := func() (int64, error) { return 0, errors.New("gone") }
	for _, s := range []*Set{New(Options{}), New(Options{StoreBytes: unknown, CertificatesEnd: func() map[string]time.Time { return nil }})} {
		got := scrape(t, s)
		for _, name := range []string{"gatehouse_store_size_bytes", "gatehouse_tls_cert_not_after", "gatehouse_backup_last"} {
			if n := count(got, name); n != 0 {
				t.Errorf("%s has %d series", name, n)
			}
		}
	}
}

// TestCertificatesAreBounded holds that of the domains without a series the
// first to end is told.
func TestCertificatesAreBounded(t *testing.T) {
	s := New(Options{MaxSeries: 2, CertificatesEnd: func() map[string]time.Time {
		return map[string]time.Time{"a": time.Unix(1, 0), "b": time.Unix(2, 0), "c": time.Unix(9, 0), "d": time.Unix(4, 0), "e": time.Unix(5, 0)}
	}})
	got := scrape(t, s)
	check(t, got, map[string]float64{
		"gatehouse_tls_cert_not_after_timestamp_seconds{domain=b}":       2,
		"gatehouse_tls_cert_not_after_timestamp_seconds{domain=(other)}": 4,
	})
	if n := count(got, "gatehouse_tls_cert_not_after_timestamp_seconds"); n != 3 {
		t.Errorf("%d series, want 3", n)
	}
}

func TestInvalidTextDoesNotBreakAScrape(t *testing.T) {
	s := New(Options{Version: "\xff"})
	s.Route("api", "prod", "/\xff\x00\n\"", "GET").Count(exchange(200))
	s.Route("(other)", "(other)", "(other)", "(other)").Count(exchange(200))
	s.Route("", "", Unmatched, "").Count(exchange(200))
	s.Observe(exchange(200))
	s.Control("\xfe", "\xff", 0)
	s.InFlight("\xff").Add(1)
	check(t, scrape(t, s), map[string]float64{
		"gatehouse_requests_total{api=api,code=200,method=GET,route=/\uFFFD\x00\n\",stage=prod}":    1,
		"gatehouse_requests_total{api=(other),code=200,method=(other),route=(other),stage=(other)}": 1,
	})
}

func TestControlLabelsAreBounded(t *testing.T) {
	s := New(Options{MaxSeries: 10})
	for i := range 50 {
		s.Control(fmt.Sprint("Op", i), "200", 0)
		s.InFlight(fmt.Sprint(i)).Add(1)
	}
	check(t, scrape(t, s), map[string]float64{
		"gatehouse_control_requests_total{code=(other),operation=(other)}": 40,
		"gatehouse_requests_in_flight{listener=(other)}":                   40,
	})
}

func TestCountingWhileScrapingAndRebinding(t *testing.T) {
	s := New(Options{MaxSeries: 8})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				m := s.Route("api", "prod", fmt.Sprint("/", i/100%12), "GET")
				x := exchange(200 + i%5)
				x.Event.Backend = flow.Backend{Called: true, Failure: flow.Failure(i % reasons)}
				m.Count(x)
				if i%500 == w {
					runtime.GC()
				}
			}
		})
	}
	last := map[string]float64{}
	for range 20 {
		got := scrape(t, s)
		for name, v := range got {
			if strings.HasPrefix(name, "gatehouse_requests_total{api=(other)") && v < last[name] {
				t.Errorf("%s fell from %v to %v", name, last[name], v)
			}
		}
		last = got
	}
	wg.Wait()
	scrape(t, s)
}

func TestCountDoesNotAllocate(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	s := New(Options{})
	x := exchange(200)
	x.Event.Backend = flow.Backend{Called: true, Status: 200, Latency: time.Millisecond}
	x.Event.Meter = s.Route("api", "prod", "/a", "GET")
	s.Observe(x)
	if n := testing.AllocsPerRun(1000, func() { s.Observe(x) }); n != 0 {
		t.Errorf("%v allocations a count, want none", n)
	}
	x.Event.Meter = nil
	s.Observe(x)
	if n := testing.AllocsPerRun(1000, func() { s.Observe(x) }); n != 0 {
		t.Errorf("%v allocations a count of an unmatched exchange, want none", n)
	}
}

func BenchmarkCount(b *testing.B) {
	s := New(Options{})
	x := exchange(200)
	x.Event.Backend = flow.Backend{Called: true, Status: 200, Latency: time.Millisecond}
	m := s.Route("api", "prod", "/a", "GET")
	b.ReportAllocs()
	for b.Loop() {
		m.Count(x)
	}
}

func BenchmarkCountParallel(b *testing.B) {
	s := New(Options{})
	m := s.Route("api", "prod", "/a", "GET")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		x := exchange(200)
		x.Event.Backend = flow.Backend{Called: true, Status: 200, Latency: time.Millisecond}
		for pb.Next() {
			m.Count(x)
		}
	})
}

func BenchmarkScrapeFull(b *testing.B) {
	s := New(Options{})
	x := exchange(200)
	x.Event.Backend = flow.Backend{Called: true, Status: 200, Latency: time.Millisecond}
	var held []flow.Meter
	for i := range 1800 {
		m := s.Route("api", "prod", fmt.Sprint("/", i), "GET")
		m.Count(x)
		held = append(held, m)
	}
	h := s.Handler()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
	}
	runtime.KeepAlive(held)
}
