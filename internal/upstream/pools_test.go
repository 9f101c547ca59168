package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 400 {
		if cond() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("still not: %s", what)
}

// TestTargets holds that a target is one as long as anybody holds it, and
// leaves nothing behind.
func TestTargets(t *testing.T) {
	p := newPools(t, memory(ok))
	a := Address{Host: "10.0.0.1", Port: 80}
	first := p.Target(a)
	if p.Target(a) != first {
		t.Error("one address gave two targets")
	}
	if p.Target(Address{Host: "10.0.0.1", Port: 80, Secure: true}) == first {
		t.Error("http and https share a target")
	}
	runtime.KeepAlive(first)
	first = nil
	eventually(t, "the targets are forgotten", func() bool {
		runtime.GC()
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.targets) == 0
	})
}

// TestIdleConnectionsEnd holds that idle connections are closed in time and
// that the sweeper then ends.
func TestIdleConnectionsEnd(t *testing.T) {
	b := startBackend(t, always(ok))
	p := newPools(t, Options{IdleTimeout: 50 * time.Millisecond})
	target := p.Target(b.address())
	get(target)
	eventually(t, "the connection is closed", func() bool { return target.conns.Load() == 0 })
	eventually(t, "the sweeper has ended", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return !p.sweeping && len(p.open) == 0
	})
	if o := get(target); o.err != nil {
		t.Errorf("afterwards: %v", o.err)
	}
}

// TestCap holds that no more connections are opened than the cap, that those
// who wait are served in turn, and that the deadline bounds the wait.
func TestCap(t *testing.T) {
	release := make(chan bool)
	b := startBackend(t, func(_ int, p *peer) {
		for p.head() != "" {
			<-release
			p.send(ok)
		}
	})
	target := newPools(t, Options{MaxConns: 2}).Target(b.address())
	var work sync.WaitGroup
	for range 6 {
		work.Go(func() {
			if o := get(target); o.err != nil || o.body != "ok" {
				t.Errorf("%q, %v", o.body, o.err)
			}
		})
	}
	eventually(t, "four wait", func() bool {
		target.mu.Lock()
		defer target.mu.Unlock()
		return len(target.waiting) == 4
	})
	x := exchange(flow.Body{})
	x.Deadline = x.Start.Add(50 * time.Millisecond)
	o := do(target, x, request("GET"))
	var fault *gate.Fault
	if !errors.As(o.err, &fault) || fault.Kind != gate.IntegrationTimeout {
		t.Errorf("a late one got %v", o.err)
	}
	for range 6 {
		release <- true
	}
	work.Wait()
	if n := b.count(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// TestMaxWaiting holds that a call which finds the queue full fails at once, and
// that one of a Group goes to the next target.
func TestMaxWaiting(t *testing.T) {
	release := make(chan bool)
	b := startBackend(t, func(_ int, p *peer) {
		for p.head() != "" {
			<-release
			p.send(ok)
		}
	})
	free := startBackend(t, always(ok))
	pools := newPools(t, Options{MaxConns: 1, MaxWaiting: 1})
	target, group := pools.Target(b.address()), pools.Group([]Address{b.address(), free.address()})
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			if o := get(target); o.err != nil || o.body != "ok" {
				t.Errorf("%q, %v", o.body, o.err)
			}
		})
	}
	eventually(t, "one waits", func() bool {
		target.mu.Lock()
		defer target.mu.Unlock()
		return len(target.waiting) == 1
	})
	var fault *gate.Fault
	if o := get(target); !errors.As(o.err, &fault) || fault.Kind != gate.IntegrationFailure || o.x.Event.Backend.Failure != flow.Connect {
		t.Errorf("one too many got %v", o.err)
	}
	x := exchange(flow.Body{})
	if err := group.Do(x, request("GET")); err != nil || !x.Event.Retry || x.Event.Backend.Target != group.targets[1].name {
		t.Errorf("a group got %v from %s", err, x.Event.Backend.Target)
	}
	x.End()
	close(release)
	work.Wait()
}

// TestCapLosesNoWakeup holds that whoever finds all connections busy cannot
// miss the one that comes back at that very moment.
func TestCapLosesNoWakeup(t *testing.T) {
	target := newPools(t, memory(ok)).Target(Address{Host: "10.0.0.1", Port: 80})
	target.pools.o.MaxConns = 1
	by := time.Now().Add(10 * time.Second) // of all rounds together
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for round := range 100_000 {
				c, _, err := target.take(by, 0, false)
				if err != nil {
					t.Errorf("round %d: %v", round, err)
					return
				}
				target.put(c, 0)
			}
		})
	}
	work.Wait()
	if n := target.conns.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestCapSurvivesFailures holds that failed connections and calls give back
// their places.
func TestCapSurvivesFailures(t *testing.T) {
	var bad atomic.Bool
	bad.Store(true)
	b := startBackend(t, func(_ int, p *peer) {
		for p.head() != "" && !bad.Load() {
			p.send(ok)
		}
	})
	target := newPools(t, Options{MaxConns: 1}).Target(b.address())
	for range 5 {
		if o := get(target); o.err == nil {
			t.Error("no error")
		}
	}
	bad.Store(false)
	if o := get(target); o.err != nil {
		t.Error(o.err)
	}
	nowhere := newPools(t, Options{MaxConns: 1, Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
		return nil, errors.New("nobody there")
	}}).Target(b.address())
	for range 3 {
		o := get(nowhere)
		var fault *gate.Fault
		if !errors.As(o.err, &fault) || fault.Kind != gate.IntegrationFailure || o.x.Event.Backend.Failure != flow.Connect {
			t.Errorf("got %v, %v", o.err, o.x.Event.Backend.Failure)
		}
	}
}

// names is a resolver that can be changed.
type names struct {
	mu    sync.Mutex
	list  []netip.Addr
	err   error
	asked int
}

func (n *names) set(err error, list ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err, n.list = err, nil
	for _, s := range list {
		n.list = append(n.list, netip.MustParseAddr(s))
	}
}

func (n *names) resolve(context.Context, string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	return append([]netip.Addr(nil), n.list...), n.err
}

// TestAddresses holds that all addresses are tried, and one that failed is
// avoided for a while.
func TestAddresses(t *testing.T) {
	n := &names{}
	n.set(nil, "10.0.0.1", "10.0.0.2", "10.0.0.3")
	var mu sync.Mutex
	tried := map[string]int{}
	p := newPools(t, Options{Resolve: n.resolve, MaxIdle: 1, Dial: func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		tried[to.Addr().String()]++
		if to.Addr().String() != "10.0.0.2" {
			return nil, errors.New("refused")
		}
		return &echo{answer: []byte("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")}, nil
	}})
	target := p.Target(Address{Host: "b.test", Port: 80})
	for range 10 {
		if o := get(target); o.err != nil {
			t.Fatal(o.err)
		}
	}
	if tried["10.0.0.2"] != 10 || tried["10.0.0.1"] > 1 || tried["10.0.0.3"] > 1 {
		t.Errorf("tried %v", tried)
	}
}

// TestNamesAreResolvedAgain holds that a busy target follows a change of
// address within its TTL although its connection never ends, and that it lives
// on when the name server does not.
func TestNamesAreResolvedAgain(t *testing.T) {
	n := &names{}
	n.set(nil, "10.0.0.1")
	p := newPools(t, Options{Resolve: n.resolve, TTL: 30 * time.Millisecond, Dial: func(_ context.Context, to netip.AddrPort) (net.Conn, error) {
		text := to.Addr().String()
		return &echo{answer: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)}, nil
	}})
	target := p.Target(Address{Host: "b.test", Port: 80})
	answer := func() string {
		o := get(target)
		if o.err != nil {
			t.Error(o.err)
		}
		return o.body
	}
	if got := answer(); got != "10.0.0.1" {
		t.Fatalf("got %s", got)
	}
	n.set(nil, "10.0.0.2")
	eventually(t, "the new address answers", func() bool { return answer() == "10.0.0.2" })
	n.set(errors.New("name server down"))
	time.Sleep(50 * time.Millisecond)
	target.closeIdle(p.now())
	if got := answer(); got != "10.0.0.2" {
		t.Errorf("got %s", got)
	}
}

// TestUnknownName holds that a name without an address is a failure to connect.
func TestUnknownName(t *testing.T) {
	n := &names{}
	target := newPools(t, Options{Resolve: n.resolve}).Target(Address{Host: "b.test", Port: 80})
	o := get(target)
	var fault *gate.Fault
	if !errors.As(o.err, &fault) || fault.Kind != gate.IntegrationFailure || !strings.Contains(o.err.Error(), "b.test") {
		t.Errorf("got %v", o.err)
	}
}

// TestConnectTimeout holds that neither a backend that does not answer the
// door nor one that does not shake hands holds an exchange.
func TestConnectTimeout(t *testing.T) {
	b := startBackend(t, func(_ int, p *peer) { p.head() })
	deaf := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	for _, tc := range []struct {
		desc     string
		o        Options
		secure   bool
		deadline time.Duration
		kind     gate.Kind
		failure  flow.Failure
	}{
		{"TCP, by its own timeout.", Options{Dial: deaf, ConnectTimeout: 50 * time.Millisecond}, false, 5 * time.Second, gate.IntegrationFailure, flow.Connect},
		{"TCP, by the deadline.", Options{Dial: deaf}, false, 50 * time.Millisecond, gate.IntegrationTimeout, flow.Timeout},
		{"TLS, by its own timeout.", Options{ConnectTimeout: 50 * time.Millisecond}, true, 5 * time.Second, gate.IntegrationFailure, flow.TLSFailure},
		{"TLS, by the deadline.", Options{}, true, 50 * time.Millisecond, gate.IntegrationTimeout, flow.Timeout},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			a := b.address()
			a.Secure = tc.secure
			target := newPools(t, tc.o).Target(a)
			x := exchange(flow.Body{})
			x.Deadline = x.Start.Add(tc.deadline)
			o := do(target, x, request("GET"))
			var fault *gate.Fault
			if !errors.As(o.err, &fault) || fault.Kind != tc.kind || x.Event.Backend.Failure != tc.failure {
				t.Errorf("got %v, %v", o.err, x.Event.Backend.Failure)
			}
			if took := time.Since(x.Start); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestTLS holds that certificates are checked, against the name that the
// integration says.
func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(r.Proto + " " + r.TLS.NegotiatedProtocol))
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	srv.StartTLS()
	defer srv.Close()
	at := netip.MustParseAddrPort(srv.Listener.Addr().String())
	roots := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	for _, tc := range []struct {
		desc string
		o    Options
		name string
		ok   bool
	}{
		{"The address is in the certificate.", Options{Roots: roots}, "", true},
		{"The server name is.", Options{Roots: roots}, "example.com", true},
		{"Another name is not.", Options{Roots: roots}, "other.test", false},
		{"A certificate of a stranger.", Options{}, "example.com", false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			p := newPools(t, tc.o)
			o := get(p.Target(Address{Secure: true, Host: at.Addr().String(), Port: at.Port(), ServerName: tc.name}))
			if (o.err == nil) != tc.ok || tc.ok && o.body != "HTTP/1.1 http/1.1" {
				t.Errorf("got %q, %v", o.body, o.err)
			}
			if !tc.ok && o.x.Event.Backend.Failure != flow.TLSFailure {
				t.Errorf("failure %v", o.x.Event.Backend.Failure)
			}
			p.Close()
		})
	}
}

// TestNoCrossing drives many exchanges at once over few connections to a
// backend that misbehaves at random points. Each reply that is whole must be
// the one to its own request.
func TestNoCrossing(t *testing.T) {
	b := startBackend(t, func(n int, p *peer) {
		for i := 0; ; i++ {
			head := p.head()
			if head == "" {
				return
			}
			_, id, _ := strings.Cut(head, "X-Id: ")
			id, _, _ = strings.Cut(id, "\r\n")
			reply := fmt.Sprintf("HTTP/1.1 200 OK\r\nX-Id: %s\r\nContent-Length: %d\r\n\r\n%s", id, len(id), id)
			switch (n*7 + i) % 11 {
			case 3:
				p.send(reply + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
			case 5:
				p.send(reply[:len(reply)-1])
				return
			case 7:
				return
			case 9:
				p.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strconv.FormatInt(int64(len(id)), 16) + "\r\n" + id + "\r\n0\r\n\r\n")
			default:
				p.send(reply)
			}
		}
	})
	target := newPools(t, Options{MaxConns: 4}).Target(b.address())
	var work sync.WaitGroup
	var whole atomic.Int32
	for w := range 8 {
		work.Go(func() {
			x, k := &flow.Exchange{}, &Call{}
			for i := range 100 {
				x.Begin(context.Background(), time.Now())
				x.Deadline = x.Start.Add(10 * time.Second)
				id := fmt.Sprintf("%d-%d", w, i)
				k.Reset()
				k.Method = "GET"
				k.Head = fmt.Appendf(k.Head, "GET / HTTP/1.1\r\nHost: b\r\nX-Id: %s\r\n", id)
				o := do(target, x, k)
				if o.err == nil && o.cut == nil {
					whole.Add(1)
					if o.body != id {
						t.Errorf("%s got %q", id, o.body)
					}
				}
				x.Poison()
				x.Reset()
			}
		})
	}
	work.Wait()
	if whole.Load() < 400 {
		t.Errorf("%d whole replies", whole.Load())
	}
}

// TestLateClose holds that closing a reply again, after its exchange has ended
// and its connection has another one, touches nothing.
func TestLateClose(t *testing.T) {
	b := startBackend(t, always(ok))
	target := newPools(t, Options{}).Target(b.address())
	x := exchange(flow.Body{})
	o := do(target, x, request("GET"))
	y := exchange(flow.Body{})
	if err := target.Do(y, request("GET")); err != nil {
		t.Fatal(err)
	}
	x.Out.Body.Close()
	x.Reset()
	buf := make([]byte, 8)
	n, _ := y.Out.Body.Stream().Read(buf)
	if o.body != "ok" || string(buf[:n]) != "ok" || b.count() != 1 {
		t.Errorf("got %q, then %q over %d connections", o.body, buf[:n], b.count())
	}
	y.End()
}
