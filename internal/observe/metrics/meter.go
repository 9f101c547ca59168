package metrics

import (
	"runtime"
	"sync/atomic"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// labels are what a route's series have in common.
type labels struct{ api, stage, route, method string }

// meter is a route as one plan bound it. Its counters are found or made at the
// first count, so a route without traffic costs neither series nor memory.
type meter struct {
	at     atomic.Pointer[counters]
	set    *Set
	miss   bool          // the stage's meter for what no route of it matched
	kind   atomic.Uint32 // of the route's integration, plus one; 0: not known yet
	labels labels
}

// Count adds the exchange to the route's counters: about seven atomic
// additions, no allocation. Only a meter's first count takes the Set's lock,
// for one look into a map.
func (m *meter) Count(x *flow.Exchange) {
	c := m.at.Load()
	if c == nil {
		c = m.set.settle(m)
	}
	if m.miss {
		m.set.unmatched[missRoute].Add(1)
	}
	c.count(m.set, x)
	if x.Event.Backend.Called {
		c.backend(m.set, m.kindOf(x.Route)).count(m.set, &x.Event.Backend)
	}
}

// kindOf is the kind of the integration of the route whose meter m is. It looks
// once: route and integration lie elsewhere in memory, for each route anew.
func (m *meter) kindOf(r *gate.Route) int {
	if k := m.kind.Load(); k > 0 {
		return int(k - 1)
	}
	k := kindOf(r)
	m.kind.Store(uint32(k + 1))
	return k
}

// hold ties the meter to c. When the garbage collector finds that no plan and
// no exchange has the meter any more, c has one holder less.
func (m *meter) hold(c *counters) {
	if m.at.CompareAndSwap(nil, c) && !c.permanent() {
		c.holders.n.Add(1)
		runtime.AddCleanup(m, (*holders).leave, c.holders)
	}
}

// counters are the numbers of one route. What a quick reply with status 200
// counts comes first and in two cache lines: a request meets the counters of
// its route cold.
type counters struct {
	bytesOut atomic.Uint64
	backends [len(kinds)]atomic.Pointer[backend]
	took     histogram
	codes    codes
	bytesIn  atomic.Uint64

	labels  labels
	holders *holders // nil: they stay for ever
}

// holders counts the meters that hold some counters.
type holders struct {
	n    atomic.Int64
	left *atomic.Bool // told when the last has gone
}

func (h *holders) leave() {
	if h.n.Add(-1) == 0 {
		h.left.Store(true)
	}
}

// permanent reports that c belongs to the Set and not to a route: its series
// are outside the budgets.
func (c *counters) permanent() bool { return c.holders == nil }

func (c *counters) count(s *Set, x *flow.Exchange) {
	e := &x.Event
	slot := c.codes.slot(e.Status)
	if c.codes.n[slot].Add(1) == 1 && !c.permanent() {
		c.codes.seat(slot, &s.budgets[requests])
	}
	c.took.observe(&requestScale, e.Duration)
	if e.BytesIn > 0 {
		c.bytesIn.Add(uint64(e.BytesIn))
	}
	if e.BytesOut > 0 {
		c.bytesOut.Add(uint64(e.BytesOut))
	}
}

// backend returns the numbers of the integration of that kind, made when it is
// first called. A route keeps one kind until it is deployed with another.
func (c *counters) backend(s *Set, kind int) *backend {
	if b := c.backends[kind].Load(); b != nil {
		return b
	}
	var b *backend
	if c.permanent() || s.budgets[integrationSeconds].take() {
		b = &backend{owner: c}
	} else {
		b = s.other.backend(s, kind)
	}
	if !c.backends[kind].CompareAndSwap(nil, b) {
		if b.owner == c && !c.permanent() {
			s.budgets[integrationSeconds].give(1)
		}
		return c.backends[kind].Load()
	}
	return b
}

// kinds are the values of the label "type".
var kinds = [...]string{
	"unknown", string(gate.HTTPProxy), string(gate.Lambda), string(gate.AWSService), string(gate.Private),
}

func kindOf(r *gate.Route) int {
	if r == nil || r.Integration == nil {
		return 0
	}
	for i := 1; i < len(kinds); i++ {
		if kinds[i] == string(r.Integration.Kind) {
			return i
		}
	}
	return 0
}

// reasons is the number of values of flow.Failure.
const reasons = int(flow.Status5xx) + 1

// backend are the numbers of a route's integration.
type backend struct {
	owner  *counters // whose labels it has: the route's own, or "(other)"
	took   histogram
	errors [reasons]atomic.Uint64
	seats
}

func (b *backend) count(s *Set, e *flow.Backend) {
	b.took.observe(&requestScale, e.Latency)
	why := e.Failure
	if why == flow.NoFailure && e.Status >= 500 {
		why = flow.Status5xx
	}
	if why == flow.NoFailure || int(why) >= reasons {
		return
	}
	if b.errors[why].Add(1) == 1 && !b.owner.permanent() {
		b.seat(int(why), &s.budgets[integrationErrors])
	}
}
