package upstream

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/internal/flow"
)

// A backend is a server written out byte by byte: each accepted connection
// runs script with its number, from 0.
type backend struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
	work  sync.WaitGroup
}

// A peer is the backend's side of a connection.
type peer struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

func startBackend(t *testing.T, script func(n int, p *peer)) *backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{Listener: l}
	b.work.Go(func() {
		for n := 0; ; n++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.conns = append(b.conns, nc)
			b.mu.Unlock()
			b.work.Go(func() {
				defer nc.Close()
				script(n, &peer{nc, bufio.NewReader(nc), t})
			})
		}
	})
	t.Cleanup(b.stop)
	return b
}

func (b *backend) stop() {
	b.Close()
	b.mu.Lock()
	for _, nc := range b.conns {
		nc.Close()
	}
	b.mu.Unlock()
	b.work.Wait()
}

// count is the number of connections so far.
func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns)
}

func (b *backend) address() Address {
	at := netip.MustParseAddrPort(b.Addr().String())
	return Address{Host: at.Addr().String(), Port: at.Port()}
}

// head reads one request head; "" at the end of the connection.
func (p *peer) head() string {
	var head strings.Builder
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return ""
		}
		if head.WriteString(line); line == "\r\n" {
			return head.String()
		}
	}
}

// body reads n bytes.
func (p *peer) body(n int) string {
	b := make([]byte, n)
	n, _ = io.ReadFull(p.r, b)
	return string(b[:n])
}

func (p *peer) send(text string) { io.WriteString(p.Conn, text) }

// reset ends the connection by RST.
func (p *peer) reset() {
	p.Conn.(*net.TCPConn).SetLinger(0)
	p.Conn.Close()
}

// always answers each request of each connection in the same way.
func always(answer string) func(int, *peer) {
	return func(_ int, p *peer) {
		for p.head() != "" {
			p.send(answer)
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func newPools(t *testing.T, o Options) *Pools {
	t.Helper()
	p := New(o)
	t.Cleanup(p.Close)
	return p
}

// exchange is a fresh one with time to spare.
func exchange(body flow.Body) *flow.Exchange {
	x := &flow.Exchange{}
	x.Begin(context.Background(), time.Now())
	x.Deadline = x.Start.Add(5 * time.Second)
	x.In.Body = body
	return x
}

func request(method string) *Call {
	return &Call{Method: method, Head: []byte(method + " / HTTP/1.1\r\nHost: b\r\n")}
}

// outcome is what an exchange came to.
type outcome struct {
	x    *flow.Exchange
	body string
	err  error // of the call
	cut  error // of reading the reply's body
}

// do runs an exchange to its end, as an edge would.
func do(t *Target, x *flow.Exchange, k *Call) (o outcome) {
	o.x = x
	if o.err = t.Do(x, k); o.err != nil {
		return o
	}
	defer x.End()
	if s := x.Out.Body.Stream(); s != nil {
		var b []byte
		b, o.cut = io.ReadAll(s)
		o.body = string(b)
	}
	return o
}

func get(t *Target) outcome { return do(t, exchange(flow.Body{}), request("GET")) }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
