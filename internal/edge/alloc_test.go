package edge

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe/logs"
	"gatehouse/internal/observe/metrics"
	"gatehouse/internal/plan"
	"gatehouse/internal/upstream"
)

// TestProxyAllocatesNothing guards the whole way of a proxied request, from the
// client's socket through the door's own loop to the backend's socket and back,
// with metrics and an access log line.
func TestProxyAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	const reply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
	backend := answerer(t, reply)
	set := metrics.New(metrics.Options{})
	access, err := logs.Open(logs.Options{Out: io.Discard, Process: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	e := New(Options{Sinks: []flow.Sink{set, access}, Log: slog.New(slog.DiscardHandler), Limits: gate.DefaultLimits(),
		InFlight: func(name string) Gauge { return set.InFlight(name) }})
	handler, meter := proxied(t, backend, upstream.Options{}), set.Route("api", "prod", "/a", "GET")
	e.find = func(_ *plan.Plan, x *flow.Exchange) (flow.Handler, error) {
		x.Event.Meter = meter
		return handler, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(l, data) }()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		nc.Close()
		if err := e.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := access.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	request := []byte("GET /a?b=c HTTP/1.1\r\nHost: h\r\nUser-Agent: test\r\nAccept: */*\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
	buf := make([]byte, 4096)
	once := func() {
		if _, err := nc.Write(request); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 5 || string(buf[n-5:n]) != "hello"; {
			m, err := nc.Read(buf[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
	}
	for range 100 {
		once()
	}
	if n := testing.AllocsPerRun(2000, once); n != 0 {
		t.Errorf("%v allocations a request, want 0", n)
	}
}

// answerer is a backend that answers whatever it reads by reply, and allocates
// nothing for it either. Each request must fit one read.
func answerer(t *testing.T, reply string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		text, buf := []byte(reply), make([]byte, 4096)
		for {
			if _, err := nc.Read(buf); err != nil {
				return
			}
			if _, err := nc.Write(text); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}
