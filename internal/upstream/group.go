package upstream

import (
	"errors"
	"sync/atomic"
	"time"

	"gatehouse/internal/flow"
)

// A Group is several targets of which each can answer the same requests: what
// stands behind one listener. They are called in turn, and where one cannot be
// reached the next is tried. All methods may be called concurrently.
type Group struct {
	pools   *Pools
	targets []*Target
	turn    atomic.Uint32
	failed  []atomic.Int64 // by target: until when it comes last
}

// Group is the targets at those addresses, of which there is at least one.
func (p *Pools) Group(list []Address) *Group {
	g := &Group{pools: p, targets: make([]*Target, len(list)), failed: make([]atomic.Int64, len(list))}
	for i, a := range list {
		g.targets[i] = p.Target(a)
	}
	return g
}

// String is scheme://host:port of the target whose turn is next.
func (g *Group) String() string {
	return g.targets[g.order(int(g.turn.Load()))[0]].name
}

// Do is Target.Do for the target whose turn it is. The next one is tried as
// long as no connection comes about, since then nothing of the request has left
// the house; x.Event.Retry tells that it was.
func (g *Group) Do(x *flow.Exchange, k *Call) error {
	if err := g.pools.prepare(x, k); err != nil {
		return err
	}
	order := g.order(int(g.turn.Add(1) - 1))
	for n, i := range order {
		t := g.targets[i]
		x.Event.Backend = flow.Backend{Called: true, Target: t.name}
		err := t.call(x, k)
		unreached := err != nil && unreached(err)
		g.remember(i, unreached)
		switch {
		case err == nil:
			answered(x)
			return nil
		case !unreached || n == len(order)-1 || !time.Now().Before(x.Deadline):
			return t.fault(x, k, err)
		}
		x.Event.Retry = true
		if x.Trail != nil {
			x.Trail.Add(flow.BackendAnswer, flow.Connect.String(), err.Error())
		}
	}
	return nil // order is never empty
}

// unreached reports whether an error says that no byte of the request was sent.
func unreached(err error) bool {
	var connect *connectError
	return errors.As(err, &connect) || errors.Is(err, errBusy) || errors.Is(err, errFull)
}

// order is the targets by index in the order in which to try them: round robin,
// and those that failed a moment ago last.
func (g *Group) order(first int) []int {
	n := len(g.targets)
	list, late := make([]int, 0, n), []int(nil)
	now := int64(g.pools.now())
	for i := range n {
		at := (first%n + i) % n
		if now < g.failed[at].Load() {
			late = append(late, at)
			continue
		}
		list = append(list, at)
	}
	return append(list, late...)
}

// remember notes whether a target could be reached.
func (g *Group) remember(i int, unreached bool) {
	switch f := &g.failed[i]; {
	case unreached:
		f.Store(int64(g.pools.now() + avoided))
	case f.Load() != 0:
		f.Store(0)
	}
}
