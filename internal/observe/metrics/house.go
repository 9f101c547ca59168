package metrics

import (
	"sync"
	"sync/atomic"
	"time"
)

// house are the numbers of the gateway itself.
type house struct {
	revision atomic.Uint64
	applied  histogram
	problems atomic.Int64
	success  atomic.Int64 // unix nanoseconds; 0: none yet
	backup   atomic.Int64 // as success
	warmed   atomic.Int64 // nanoseconds; 0: not yet

	commits     histogram
	controlTook histogram
	dropped     atomic.Uint64

	mu       sync.Mutex
	calls    map[call]*atomic.Uint64
	inFlight map[string]*Gauge
	refused  map[refusal]*atomic.Uint64
}

// call is the labels of gatehouse_control_requests_total.
type call struct{ operation, code string }

// refusal is the labels of gatehouse_refused_requests_total.
type refusal struct {
	listener string
	status   int
}

// A Gauge is a number that rises and falls. It may be used by any number of
// goroutines.
type Gauge struct {
	n atomic.Int64
	_ [56]byte // the neighbour's counts are not to slow down these
}

// Add changes the gauge by n, which may be negative.
func (g *Gauge) Add(n int64) { g.n.Add(n) }

// InFlight is the gauge of the exchanges that a listener has under way.
// listener is its address as configured. Asked once, when the listener opens.
func (s *Set) InFlight(listener string) *Gauge {
	h := &s.house
	h.mu.Lock()
	defer h.mu.Unlock()
	return entry(&h.inFlight, clean(listener), otherLabel, &s.budgets[listeners])
}

// Refused counts a request that a listener refused before it was an exchange:
// it was no HTTP, too large or too slow.
func (s *Set) Refused(listener string, status int) {
	h := &s.house
	h.mu.Lock()
	n := entry(&h.refused, refusal{clean(listener), status}, refusal{otherLabel, status}, &s.budgets[listeners])
	h.mu.Unlock()
	n.Add(1)
}

// Control counts a control-plane call. operation is a name of the service
// model, never text of the client; code is the status, or AWS's error code.
func (s *Set) Control(operation, code string, took time.Duration) {
	h := &s.house
	h.controlTook.observe(&workScale, took)
	h.mu.Lock()
	n := entry(&h.calls, call{clean(operation), clean(code)}, call{otherLabel, otherLabel}, &s.budgets[control])
	h.mu.Unlock()
	n.Add(1)
}

// Applied notes that the plan of that revision serves from now on, took so
// long to make, and has so many problems. Only one without problems counts as
// a successful reload.
func (s *Set) Applied(revision uint64, took time.Duration, problems int) {
	h := &s.house
	h.revision.Store(revision)
	h.problems.Store(int64(problems))
	if problems == 0 {
		h.success.Store(time.Now().UnixNano())
	}
	// Last: its count says that the others have a value.
	h.applied.observe(&workScale, took)
}

// Warmed notes that all that the first plan serves is compiled, and how long
// after the configuration's first reading began. Told once.
func (s *Set) Warmed(took time.Duration) { s.house.warmed.Store(max(1, int64(took))) }

// Commit counts a commit of the store.
func (s *Set) Commit(took time.Duration) { s.house.commits.observe(&workScale, took) }

// BackedUp notes that a backup was made just now.
func (s *Set) BackedUp() { s.house.backup.Store(time.Now().UnixNano()) }

// DroppedLines counts access log lines that were lost.
func (s *Set) DroppedLines(n int) { s.house.dropped.Add(uint64(n)) }

// entry returns the value of key in *m, made where b has room; else that of
// the key that stands for the others.
func entry[K comparable, V any](m *map[K]*V, key, others K, b *budget) *V {
	if *m == nil {
		*m = make(map[K]*V)
	}
	v := (*m)[key]
	if v == nil && !b.take() {
		key = others
		v = (*m)[key]
	}
	if v == nil {
		v = new(V)
		(*m)[key] = v
	}
	return v
}
