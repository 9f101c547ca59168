package metrics

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/internal/flow"
)

// Handler answers a scrape of the Set, of the Go runtime and of the process,
// in the Prometheus text format or as OpenMetrics. Make it once.
func (s *Set) Handler() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collector{s, describe()},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		MaxRequestsInFlight: 3, // a scrape costs memory; a second Prometheus is common
		Timeout:             30 * time.Second,
		EnableOpenMetrics:   true,
	})
}

// descs are the descriptions of the metrics.
type descs struct {
	requests, duration, bytesIn, bytesOut      *prometheus.Desc
	integration, integrationErrors             *prometheus.Desc
	inFlight, unmatched, folded, dropped       *prometheus.Desc
	refused                                    *prometheus.Desc
	revision, success, applied, problems       *prometheus.Desc
	storeBytes, backup, certificate            *prometheus.Desc
	warmed                                     *prometheus.Desc
	commits, control, controlDuration, version *prometheus.Desc
}

func describe() descs {
	name := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return descs{
		requests:          name(names[requests], "Requests answered, by status code; 000: cut before any status.", "api", "stage", "route", "method", "code"),
		duration:          name(names[routes], "Time from the first byte of a request to the last of its reply.", "api", "stage", "route", "method"),
		bytesIn:           name("gatehouse_request_bytes_total", "Bytes of request bodies.", "api", "stage", "route", "method"),
		bytesOut:          name("gatehouse_response_bytes_total", "Bytes of reply bodies.", "api", "stage", "route", "method"),
		integration:       name(names[integrationSeconds], "Time until the integration's answer.", "api", "stage", "route", "type"),
		integrationErrors: name(names[integrationErrors], "Failed calls of the integration.", "api", "stage", "route", "type", "reason"),
		inFlight:          name(names[listeners], "Requests under way.", "listener"),
		refused:           name("gatehouse_refused_requests_total", "Requests refused at the door: malformed, too large or too slow.", "listener", "code"),
		unmatched:         name("gatehouse_unmatched_requests_total", "Requests that no route answered.", "reason"),
		folded:            name("gatehouse_metrics_folded_total", "How often a metric had no room for another series and counted it as (other).", "metric"),
		dropped:           name("gatehouse_access_log_dropped_total", "Access log lines lost because the log was slower than the traffic, or failed."),
		revision:          name("gatehouse_config_revision", "Revision of the configuration that is served.", "node"),
		success:           name("gatehouse_config_last_reload_success_timestamp_seconds", "When a configuration without problems was last applied."),
		applied:           name("gatehouse_config_apply_duration_seconds", "Time to compile and publish a change of the configuration."),
		warmed:            name("gatehouse_config_warm_duration_seconds", "Time from the first reading of the configuration until all of it was compiled; missing until then."),
		problems:          name("gatehouse_config_problems", "Parts of the served configuration that do not compile."),
		storeBytes:        name("gatehouse_store_size_bytes", "Size of the store's file of documents."),
		backup:            name("gatehouse_backup_last_success_timestamp_seconds", "When this process last made a backup."),
		certificate:       name("gatehouse_tls_cert_not_after_timestamp_seconds", "When the certificate that is served for a domain ends.", "domain"),
		commits:           name("gatehouse_store_commit_duration_seconds", "Time to commit to the store."),
		control:           name(names[control], "Calls of the control plane.", "operation", "code"),
		controlDuration:   name("gatehouse_control_request_duration_seconds", "Time to answer a call of the control plane."),
		version:           name("gatehouse_build_info", "The running binary; always 1.", "version", "revision"),
	}
}

// names are the metrics that have a budget.
var names = [budgeted]string{
	routes:             "gatehouse_request_duration_seconds",
	requests:           "gatehouse_requests_total",
	integrationSeconds: "gatehouse_integration_duration_seconds",
	integrationErrors:  "gatehouse_integration_errors_total",
	control:            "gatehouse_control_requests_total",
	listeners:          "gatehouse_requests_in_flight",
}

// collector reads a Set. Each of its metrics is made for one scrape.
type collector struct {
	set *Set
	descs
}

// Describe says nothing: an unchecked collector may leave out what has no
// value yet.
func (c collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends what has a value.
func (c collector) Collect(out chan<- prometheus.Metric) {
	own, other := c.set.read()
	for _, r := range own {
		c.route(out, r, other)
	}
	c.route(out, c.set.nowhere, other)
	c.others(out, other)
	c.house(out)
	c.counts(out)
}

// sums are the counters of "(other)" as they stood when a scrape began, to
// which it adds what the routes have folded.
type sums struct {
	codes  map[int]uint64
	errors [len(kinds)][reasons]uint64
}

// read lists the routes' counters, and what "(other)" has. Both are read under
// one lock: whatever is bequeathed later is then still counted where it was.
func (s *Set) read() (own []*counters, other *sums) {
	s.mu.Lock()
	defer s.mu.Unlock()
	other = &sums{codes: make(map[int]uint64)}
	for i := range s.other.codes.n {
		if n := s.other.codes.n[i].Load(); n > 0 {
			other.codes[s.other.codes.status(i)] += n
		}
	}
	for kind := range kinds {
		if b := s.other.backends[kind].Load(); b != nil {
			for i := range b.errors {
				other.errors[kind][i] = b.errors[i].Load()
			}
		}
	}
	return slices.Collect(maps.Values(s.byName)), other
}

func (c collector) route(out chan<- prometheus.Metric, r *counters, other *sums) {
	l := r.labels
	for i := range r.codes.n {
		n := r.codes.n[i].Load()
		switch {
		case n == 0:
		case r.permanent() || has(r.codes.admitted.Load(), i):
			counter(out, c.requests, n, l.api, l.stage, l.route, l.method, codeLabel(r.codes.status(i)))
		case has(r.codes.folded.Load(), i):
			other.codes[r.codes.status(i)] += n
		}
	}
	c.durations(out, r)
	for kind := range kinds {
		b := r.backends[kind].Load()
		if b == nil || b.owner != r {
			continue
		}
		for i := range b.errors {
			n := b.errors[i].Load()
			switch {
			case n == 0:
			case r.permanent() || has(b.admitted.Load(), i):
				counter(out, c.integrationErrors, n, l.api, l.stage, l.route, kinds[kind], flow.Failure(i).String())
			case has(b.folded.Load(), i):
				other.errors[kind][i] += n
			}
		}
	}
}

// durations sends the histograms and the bytes, which are never folded after
// they were counted.
func (c collector) durations(out chan<- prometheus.Metric, r *counters) {
	l := r.labels
	if m, ok := r.took.metric(c.duration, &requestScale, l.api, l.stage, l.route, l.method); ok {
		out <- m
		counter(out, c.bytesIn, r.bytesIn.Load(), l.api, l.stage, l.route, l.method)
		counter(out, c.bytesOut, r.bytesOut.Load(), l.api, l.stage, l.route, l.method)
	}
	for kind := range kinds {
		b := r.backends[kind].Load()
		if b == nil || b.owner != r {
			continue
		}
		if m, ok := b.took.metric(c.integration, &requestScale, l.api, l.stage, l.route, kinds[kind]); ok {
			out <- m
		}
	}
}

func (c collector) others(out chan<- prometheus.Metric, other *sums) {
	const o = otherLabel
	for status, n := range other.codes {
		counter(out, c.requests, n, o, o, o, o, codeLabel(status))
	}
	c.durations(out, c.set.other)
	for kind := range other.errors {
		for i, n := range other.errors[kind] {
			if n > 0 {
				counter(out, c.integrationErrors, n, o, o, o, kinds[kind], flow.Failure(i).String())
			}
		}
	}
}

func (c collector) house(out chan<- prometheus.Metric) {
	h := &c.set.house
	if m, ok := h.applied.metric(c.applied, &workScale); ok {
		out <- m
		gauge(out, c.revision, float64(h.revision.Load()), clean(c.set.options.Node))
		gauge(out, c.problems, float64(h.problems.Load()))
	}
	if at := h.success.Load(); at != 0 {
		gauge(out, c.success, float64(at)/1e9)
	}
	if at := h.backup.Load(); at != 0 {
		gauge(out, c.backup, float64(at)/1e9)
	}
	c.asked(out)
	if took := h.warmed.Load(); took != 0 {
		gauge(out, c.warmed, time.Duration(took).Seconds())
	}
	if m, ok := h.commits.metric(c.commits, &workScale); ok {
		out <- m
	}
	if m, ok := h.controlTook.metric(c.controlDuration, &workScale); ok {
		out <- m
	}
	counter(out, c.dropped, h.dropped.Load())
	gauge(out, c.version, 1, clean(c.set.options.Version), clean(c.set.options.Revision))
}

// asked sends what others know. Certificates beyond the greatest number of
// series become one, of which the earliest end counts.
func (c collector) asked(out chan<- prometheus.Metric) {
	o := &c.set.options
	if o.StoreBytes != nil {
		if n, err := o.StoreBytes(); err == nil {
			gauge(out, c.storeBytes, float64(n))
		}
	}
	if o.CertificatesEnd == nil {
		return
	}
	ends := o.CertificatesEnd()
	var others time.Time
	for i, domain := range slices.Sorted(maps.Keys(ends)) {
		end := ends[domain]
		switch {
		case i < o.MaxSeries:
			gauge(out, c.certificate, float64(end.Unix()), clean(domain))
		case others.IsZero() || end.Before(others):
			others = end
		}
	}
	if !others.IsZero() {
		gauge(out, c.certificate, float64(others.Unix()), otherLabel)
	}
}

func (c collector) counts(out chan<- prometheus.Metric) {
	for why := range c.set.unmatched {
		counter(out, c.unmatched, c.set.unmatched[why].Load(), missLabels[why])
	}
	for i := range c.set.budgets {
		counter(out, c.folded, c.set.budgets[i].refused.Load(), names[i])
	}
	h := &c.set.house
	h.mu.Lock()
	calls, inFlight, refused := maps.Clone(h.calls), maps.Clone(h.inFlight), maps.Clone(h.refused)
	h.mu.Unlock()
	for k, n := range calls {
		counter(out, c.control, n.Load(), k.operation, k.code)
	}
	for k, n := range refused {
		counter(out, c.refused, n.Load(), k.listener, strconv.Itoa(k.status))
	}
	for listener, g := range inFlight {
		gauge(out, c.inFlight, float64(g.n.Load()), listener)
	}
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, n uint64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}
