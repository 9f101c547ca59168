// Package upstream calls HTTP/1.1 backends: it knows targets, keeps their
// connections, resolves their names, and carries one exchange at a time over a
// connection.
//
// Its rule is that no byte of one exchange may reach another. A connection is
// kept only when a reply was read to its end and nothing about the framing was
// in doubt; otherwise it is dropped, which costs a handshake and nothing else.
package upstream

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"
	"weak"

	"gatehouse/internal/h1"
)

// Options shape the pools of all targets. A zero field means the default that
// is named beside it. They do not change once Pools were made with them.
type Options struct {
	MaxConns       int           // connections to one target, busy, idle and being opened; 1024
	MaxIdle        int           // idle connections to one target; 256
	MaxWaiting     int           // calls that wait for one of them, beyond which a call fails at once; 1024
	IdleTimeout    time.Duration // after which an idle connection is closed; 60 s
	ConnectTimeout time.Duration // for name, TCP and TLS together, over all addresses; 5 s
	Stall          time.Duration // between two pieces of a reply body; 30 s
	TTL            time.Duration // of a resolved name; 30 s, which is also the most
	Limits         h1.Limits     // of replies
	Roots          *x509.CertPool
	Certificates   Certificates // nil: no target can be shown a certificate

	// Resolve finds the addresses of a host name; nil: the system's resolver.
	// It must return when ctx ends.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial opens a connection; nil: TCP. It must return when ctx ends.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

const maxTTL = 30 * time.Second

func (o *Options) maxConns() int                 { return cmp.Or(o.MaxConns, 1024) }
func (o *Options) maxIdle() int                  { return min(cmp.Or(o.MaxIdle, 256), o.maxConns()) }
func (o *Options) maxWaiting() int               { return cmp.Or(o.MaxWaiting, 1024) }
func (o *Options) idleTimeout() time.Duration    { return cmp.Or(o.IdleTimeout, time.Minute) }
func (o *Options) connectTimeout() time.Duration { return cmp.Or(o.ConnectTimeout, 5*time.Second) }
func (o *Options) stall() time.Duration          { return cmp.Or(o.Stall, 30*time.Second) }
func (o *Options) ttl() time.Duration            { return min(cmp.Or(o.TTL, maxTTL), maxTTL) }

// Pools are the targets of a gateway by their Address. They outlive plans:
// two plans that name one Address share its Target and its connections. All
// methods may be called concurrently.
//
// A Target lives as long as a plan or a running request holds it; its
// connections end by their own idle time.
type Pools struct {
	o    Options
	base time.Time       // the origin of all times within the pools
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // sweeper, name look-ups

	mu       sync.Mutex
	targets  map[Address]weak.Pointer[Target]
	open     map[*Target]struct{} // those with a connection; keeps them alive until it is closed
	sweeping bool
	closed   bool

	legs    sync.Pool // of *leg
	uploads sync.Pool // of *upload
	calls   sync.Pool // of *Call
}

// New makes Pools without targets. It starts nothing until a connection is
// opened.
func New(o Options) *Pools {
	p := &Pools{
		o: o, base: time.Now(),
		targets: map[Address]weak.Pointer[Target]{},
		open:    map[*Target]struct{}{},
	}
	p.ctx, p.stop = context.WithCancel(context.Background())
	if p.o.Dial == nil {
		dialer := &net.Dialer{}
		p.o.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", to.String())
		}
	}
	if p.o.Resolve == nil {
		p.o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	p.legs.New = func() any { return new(leg) }
	p.calls.New = func() any { return &Call{pools: p} }
	p.uploads.New = func() any { return newUpload() }
	return p
}

// now is the time since the pools were made: durations of the monotonic clock
// are cheaper than times and all that is needed here.
func (p *Pools) now() time.Duration { return time.Since(p.base) }

// Target returns the target at that address, the same one as long as anybody
// holds it.
func (p *Pools) Target(a Address) *Target {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.targets[a].Value(); t != nil {
		return t
	}
	t := newTarget(p, a)
	p.targets[a] = weak.Make(t)
	runtime.AddCleanup(t, p.forget, a)
	return t
}

// forget drops the entry of a target that nobody holds any more, unless a new
// one has taken its place.
func (p *Pools) forget(a Address) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w, ok := p.targets[a]; ok && w.Value() == nil {
		delete(p.targets, a)
	}
}

// Close closes the idle connections, and those in use as they come back, and
// waits for what runs in the background. Calls in flight go on.
func (p *Pools) Close() {
	p.mu.Lock()
	p.closed = true
	open := p.openTargets()
	p.mu.Unlock()
	p.stop()
	for _, t := range open {
		t.retire()
	}
	p.work.Wait()
}

// opened notes that a target has its first connection, and starts the sweeper
// where it sleeps.
func (p *Pools) opened(t *Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[t] = struct{}{}
	if p.closed {
		t.retire()
		return
	}
	if !p.sweeping {
		p.sweeping = true
		p.work.Go(p.sweep)
	}
}

// background runs f beside the exchanges unless the pools are closed.
func (p *Pools) background(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.work.Go(f)
	return true
}

// sweep closes connections that were idle for too long. One goroutine does it
// for all targets, and it ends when none has a connection left.
func (p *Pools) sweep() {
	tick := time.NewTicker(max(p.o.idleTimeout()/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-tick.C:
		}
		p.mu.Lock()
		open := p.openTargets()
		p.mu.Unlock()
		for _, t := range open {
			t.closeIdle(p.now() - p.o.idleTimeout())
		}
		if p.rest() {
			return
		}
	}
}

// rest forgets targets without connections and reports whether the sweeper
// may end.
func (p *Pools) rest() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for t := range p.open {
		if t.conns.Load() == 0 {
			delete(p.open, t)
		}
	}
	p.sweeping = len(p.open) > 0
	return !p.sweeping
}

func (p *Pools) openTargets() []*Target {
	list := make([]*Target, 0, len(p.open))
	for t := range p.open {
		list = append(list, t)
	}
	return list
}
