package upstream

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"gatehouse/internal/flow"
)

// echo is an in-memory connection that answers each write at once.
type echo struct {
	net.Conn
	answer []byte
	left   []byte
}

func (e *echo) Write(p []byte) (int, error)      { e.left = e.answer; return len(p), nil }
func (e *echo) Read(p []byte) (int, error)       { n := copy(p, e.left); e.left = e.left[n:]; return n, nil }
func (e *echo) SetReadDeadline(time.Time) error  { return nil }
func (e *echo) SetWriteDeadline(time.Time) error { return nil }
func (e *echo) Close() error                     { return nil }

func memory(answer string) Options {
	return Options{Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
		return &echo{answer: []byte(answer)}, nil
	}}
}

// loop is one exchange after the other over the same objects, as an edge has
// them.
type loop struct {
	target *Target
	x      flow.Exchange
	k      Call
	buf    [512]byte
	at     time.Time
}

func (l *loop) once() error {
	l.x.Reset()
	l.x.Begin(context.Background(), l.at)
	l.x.Deadline = l.at.Add(time.Hour)
	l.k.Reset()
	l.k.Method = "GET"
	l.k.Head = append(l.k.Head, "GET / HTTP/1.1\r\nHost: b\r\n"...)
	if err := l.target.Do(&l.x, &l.k); err != nil {
		return err
	}
	for s := l.x.Out.Body.Stream(); s != nil; {
		if _, err := s.Read(l.buf[:]); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	l.x.End()
	return nil
}

// TestDoAllocatesNothing guards the proxy path.
func TestDoAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	p := newPools(t, memory(ok))
	l := &loop{target: p.Target(Address{Host: "10.0.0.1", Port: 80}), at: time.Now()}
	n := testing.AllocsPerRun(1000, func() {
		if err := l.once(); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestTheLookAllocatesNothing guards what the in-memory connections have not.
func TestTheLookAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	b := startBackend(t, always(ok))
	target := newPools(t, Options{}).Target(b.address())
	get(target)
	c, _, err := target.take(time.Now().Add(time.Minute), target.pools.now(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer target.drop(c)
	n := testing.AllocsPerRun(1000, func() {
		if !c.silent() {
			t.Fatal("the connection is not quiet")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkDo(b *testing.B) {
	p := New(memory(ok))
	defer p.Close()
	l := &loop{target: p.Target(Address{Host: "10.0.0.1", Port: 80}), at: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if err := l.once(); err != nil {
			b.Fatal(err)
		}
	}
}
