// Package metrics counts exchanges, and the work of the gateway itself, and
// shows the counts to Prometheus.
//
// Counters are bound when a plan is compiled (Set.Route), so that the path of a
// request adds to numbers it already holds: no label is looked up, nothing is
// allocated, nothing is locked. prometheus/client_golang only renders them.
//
// The number of series is bounded. Each metric has a budget (Options.MaxSeries);
// what finds no room is counted under route="(other)", first within its stage,
// then in one series for all, and gatehouse_metrics_folded_total says how often
// that happened. Series of routes that no plan binds any more stay until their
// room is needed.
//
// The labels route and method say what the caller of Route says: the plan leaves
// them empty for routes whose stage does not ask for detailed metrics, as AWS's
// own metrics tell only those apart.
package metrics

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Unmatched is the route label of exchanges that no route answered. A stage's
// miss handler binds it: Route(api, stage, Unmatched, "").
const Unmatched = "(unmatched)"

// DefaultMaxSeries is the budget of each metric unless Options says otherwise.
const DefaultMaxSeries = 2000

// Options are the settings of a Set.
type Options struct {
	Version, Revision string // of the binary, for gatehouse_build_info
	Node              string // this node's name, for gatehouse_config_revision
	// StoreBytes is the size of the store on disk, and CertificatesEnd when the
	// certificate served for each domain ends. They are asked at each scrape,
	// possibly concurrently. nil, and an error: the metric is left out.
	StoreBytes      func() (int64, error)
	CertificatesEnd func() map[string]time.Time
	// MaxSeries is how many series a metric may have besides the "(other)" ones;
	// 0 means DefaultMaxSeries.
	MaxSeries int
}

// The metrics that have a budget.
const (
	routes             = iota // duration and bytes: one series each a route
	requests                  // one a route and code
	integrationSeconds        // one a route and type
	integrationErrors         // one a route, type and reason
	control                   // one an operation and code
	listeners
	budgeted
)

// A Set is the metrics of one process. All methods may be called concurrently.
type Set struct {
	options Options
	budgets [budgeted]budget

	mu     sync.Mutex
	byName map[labels]*counters
	left   atomic.Bool // some counters have lost their last holder since the last sweep

	other     *counters // of what found no room
	nowhere   *counters // of exchanges that no stage's meter counts
	unmatched [misses]atomic.Uint64

	house house
}

// New makes an empty Set.
func New(o Options) *Set {
	if o.MaxSeries <= 0 {
		o.MaxSeries = DefaultMaxSeries
	}
	s := &Set{
		options: o,
		byName:  make(map[labels]*counters),
		other:   &counters{labels: labels{otherLabel, otherLabel, otherLabel, otherLabel}},
		nowhere: &counters{labels: labels{route: Unmatched}},
	}
	for i := range s.budgets {
		s.budgets[i].max = int64(o.MaxSeries)
	}
	return s
}

// Route binds the counters of a route: route is its template ("/pets/{id}",
// "$default" or Unmatched, never the path of a request) and method that of its
// key ("GET", "ANY"), both "" where its stage's routes are counted together. Equal labels share their counters, from one plan to the
// next. The Meter may be used by any number of goroutines and costs nothing to
// forget.
func (s *Set) Route(api gate.APIID, stage gate.StageName, route, method string) flow.Meter {
	m := &meter{set: s, miss: route == Unmatched}
	m.labels = labels{clean(string(api)), clean(string(stage)), clean(route), clean(method)}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.labels {
	case s.other.labels:
		m.hold(s.other)
	case s.nowhere.labels:
		m.hold(s.nowhere)
	default:
		if c := s.byName[m.labels]; c != nil {
			m.hold(c)
		}
	}
	return m
}

// Observe counts an ended exchange by its own Meter, or as unmatched. It makes
// a Set a flow.Sink: who reports to it does not call the Meter as well.
func (s *Set) Observe(x *flow.Exchange) {
	if m := x.Event.Meter; m != nil {
		m.Count(x)
		return
	}
	s.unmatched[missOf(x)].Add(1)
	s.nowhere.count(s, x)
	if x.Event.Backend.Called {
		s.nowhere.backend(s, kindOf(x.Route)).count(s, &x.Event.Backend)
	}
}

// settle finds the counters of a meter at its first count.
func (s *Set) settle(m *meter) *counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := m.at.Load(); c != nil {
		return c
	}
	// A tenth of the room is for the stages' own "(other)" series.
	own := s.room(m.labels, s.budgets[routes].max-s.budgets[routes].max/10)
	if own == nil {
		l := m.labels
		l.route, l.method = otherLabel, otherLabel
		own = s.room(l, s.budgets[routes].max)
		s.budgets[routes].refused.Add(1)
	}
	if own == nil {
		own = s.other
	}
	m.hold(own)
	return own
}

// room returns the counters with those labels, made unless the Set then has
// more than max; nil: there is no room. The caller holds the lock.
func (s *Set) room(l labels, max int64) *counters {
	if c := s.byName[l]; c != nil {
		return c
	}
	used := &s.budgets[routes].used
	if used.Load() >= max {
		s.sweep()
	}
	if used.Load() >= max {
		return nil
	}
	used.Add(1)
	// The counters may outlive the plan whose memory the labels are part of.
	l = labels{strings.Clone(l.api), strings.Clone(l.stage), strings.Clone(l.route), strings.Clone(l.method)}
	c := &counters{labels: l, holders: &holders{left: &s.left}}
	s.byName[l] = c
	return c
}

// sweep forgets counters that nobody holds: their routes are gone and the last
// exchange on them has ended. A series that ends is not a counter that falls,
// but what had been folded into "(other)" must stay there.
func (s *Set) sweep() {
	if !s.left.Swap(false) {
		return
	}
	for l, c := range s.byName {
		if c.holders.n.Load() > 0 {
			continue
		}
		delete(s.byName, l)
		s.budgets[routes].give(1)
		s.bequeath(c)
	}
}

// bequeath adds what c had folded to the "(other)" counters and returns the
// series that it had.
func (s *Set) bequeath(c *counters) {
	for i := range c.codes.n {
		switch n := c.codes.n[i].Load(); {
		case has(c.codes.admitted.Load(), i):
			s.budgets[requests].give(1)
		case n > 0:
			s.other.codes.n[s.other.codes.slot(c.codes.status(i))].Add(n)
		}
	}
	for kind := range c.backends {
		b := c.backends[kind].Load()
		if b == nil || b.owner != c {
			continue
		}
		s.budgets[integrationSeconds].give(1)
		for i := range b.errors {
			switch n := b.errors[i].Load(); {
			case has(b.admitted.Load(), i):
				s.budgets[integrationErrors].give(1)
			case n > 0:
				s.other.backend(s, kind).errors[i].Add(n)
			}
		}
	}
}

// The reasons why an exchange had no route.
const (
	missHost  = iota // no API has that host or path
	missStage        // the API has no such stage
	missRoute        // the stage has no such route
	missBad          // refused before anything was looked for
	missOther        // a route answered that no meter counts
	misses
)

var missLabels = [misses]string{"host", "stage", "route", "bad_request", "other"}

func missOf(x *flow.Exchange) int {
	if f := x.Event.Fault; f != nil && x.API == nil {
		switch f.Kind {
		case gate.BadRequestBody, gate.BadRequestParameters, gate.RequestTooLarge:
			return missBad
		}
	}
	switch {
	case x.API == nil:
		return missUnfound(x.Event.Status)
	case x.Stage == nil:
		return missStage
	case x.Route == nil:
		return missRoute
	}
	return missOther
}

// missUnfound tells a head that was refused unread from a host that is unknown:
// the latter is answered 403 or 404.
func missUnfound(status int) int {
	switch status {
	case 400, 408, 413, 414, 417, 431, 501, 505:
		return missBad
	}
	return missHost
}

// clean makes a label value of any text: Prometheus refuses a whole scrape for
// one invalid byte.
func clean(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
