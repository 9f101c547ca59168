package upstream

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// addresses are what a target's name resolves to. A name that is in use is
// looked up again in the background as its time runs out, so that a steady
// load follows a change of address although it never opens a connection.
type addresses struct {
	pools *Pools
	host  string

	until atomic.Int64  // nanoseconds of Pools.now; beyond it the list is stale
	gen   atomic.Uint32 // counts changes of the list

	rmu    sync.Mutex
	list   []netip.Addr // replaced, never changed
	first  int          // of the next round
	failed map[netip.Addr]time.Duration
	flight *flight // the look-up under way, if any
}

// A flight is one look-up that all who need it wait for.
type flight struct {
	done chan struct{}
	err  error
}

const (
	// lookupTimeout bounds a look-up: it is nobody's own, so no exchange's
	// deadline ends it.
	lookupTimeout = 5 * time.Second
	// avoided is how long an address that failed is tried last.
	avoided = 10 * time.Second
	// retryLookup is how long the old list is used after a failed look-up.
	retryLookup = 5 * time.Second
)

func (a *addresses) init(p *Pools, host string) {
	a.pools, a.host = p, host
	a.failed = map[netip.Addr]time.Duration{}
	if ip, ok := literal(host); ok {
		a.list = []netip.Addr{ip}
		a.until.Store(math.MaxInt64)
	}
}

// refresh starts a look-up where the list is stale and was ever used; it waits
// for nothing.
func (a *addresses) refresh(now time.Duration) {
	if until := a.until.Load(); until == 0 || int64(now) < until {
		return
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	a.start()
}

// start begins a look-up unless one is under way; the caller holds rmu.
func (a *addresses) start() *flight {
	if a.flight != nil {
		return a.flight
	}
	f := &flight{done: make(chan struct{})}
	if !a.pools.background(func() { a.resolve(f) }) {
		f.err = errClosed
		close(f.done)
		return f
	}
	a.flight = f
	return f
}

func (a *addresses) resolve(f *flight) {
	ctx, cancel := context.WithTimeout(a.pools.ctx, lookupTimeout)
	defer cancel()
	found, err := a.pools.o.Resolve(ctx, a.host)
	if err == nil && len(found) == 0 {
		err = errors.New("the name has no address")
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	now := a.pools.now()
	if err == nil {
		for i := range found {
			found[i] = found[i].Unmap()
		}
		slices.SortFunc(found, netip.Addr.Compare)
		found = slices.Compact(found)
		if !slices.Equal(found, a.list) {
			a.list = found
			a.gen.Add(1)
		}
		a.until.Store(int64(now + a.pools.o.ttl()))
	} else if len(a.list) > 0 {
		// A name server that is down does not take the backends with it.
		a.until.Store(int64(now + min(retryLookup, a.pools.o.ttl())))
	}
	f.err = err
	a.flight = nil
	close(f.done)
}

// lookup returns the addresses in the order in which to try them, and their
// generation.
func (a *addresses) lookup(ctx context.Context) ([]netip.Addr, uint32, error) {
	if int64(a.pools.now()) >= a.until.Load() {
		a.rmu.Lock()
		f := a.start()
		a.rmu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
		if f.err != nil && a.until.Load() == 0 {
			return nil, 0, f.err
		}
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	a.first++
	now := a.pools.now()
	return order(a.list, a.first-1, func(ip netip.Addr) bool {
		until, ok := a.failed[ip]
		return ok && now < until
	}), a.gen.Load(), nil
}

// remember notes whether an address could be reached.
func (a *addresses) remember(ip netip.Addr, err error) {
	a.rmu.Lock()
	defer a.rmu.Unlock()
	if err == nil {
		delete(a.failed, ip)
		return
	}
	if len(a.failed) > 64 { // addresses that the name had once
		clear(a.failed)
	}
	a.failed[ip] = a.pools.now() + avoided
}

// current reports whether a connection's address is still one of the target's.
func (a *addresses) current(c *conn) bool {
	gen := a.gen.Load()
	if c.gen == gen {
		return true
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	if !slices.Contains(a.list, c.to.Addr()) {
		return false
	}
	c.gen = gen
	return true
}
