package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestGet is the working path: two requests over one connection.
func TestGet(t *testing.T) {
	b := startBackend(t, always(ok))
	target := newPools(t, Options{}).Target(b.address())
	for i := range 2 {
		o := get(target)
		if o.err != nil || o.cut != nil || o.x.Out.Status != 200 || o.body != "ok" {
			t.Fatalf("got %d %q, %v, %v", o.x.Out.Status, o.body, o.err, o.cut)
		}
		e := &o.x.Event
		if e.Reused != (i > 0) || e.Backend.Status != 200 || !e.Backend.Called || e.Backend.Target != target.String() || e.Backend.Latency <= 0 {
			t.Errorf("event %+v", e)
		}
	}
	if n := b.count(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestReuse is the table of what a connection may carry another exchange
// after. The second request must get its own answer in every case.
func TestReuse(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		method string
		answer string
		body   string
		kept   bool
	}{
		{"A sized body that was read.", "GET", ok, "ok", true},
		{"A chunked body that was read.", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", true},
		{"A chunked body with a trailer.", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n", "ok", true},
		{"No body.", "GET", "HTTP/1.1 204 No Content\r\n\r\n", "", true},
		{"An empty body.", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true},
		{"The answer to a HEAD, which has none whatever it declares.", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "", true},
		{"Not modified.", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", "", true},
		{"An interim response before.", "GET", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ok, "ok", true},
		{"Connection: close.", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "ok", false},
		{"HTTP/1.0.", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", false},
		{"Bytes behind a sized body.", "GET", ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "ok", false},
		{"Bytes behind no body.", "GET", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "", false},
		{"A body behind the answer to a HEAD.", "HEAD", ok, "", false},
		{"Bytes behind a chunked body.", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nX", "ok", false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := startBackend(t, func(n int, p *peer) {
				for i := 0; p.head() != ""; i++ {
					if n+i == 0 {
						p.send(tc.answer)
					} else {
						p.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")
					}
				}
			})
			target := newPools(t, Options{}).Target(b.address())
			o := do(target, exchange(flow.Body{}), request(tc.method))
			if o.err != nil || o.cut != nil || o.body != tc.body {
				t.Errorf("first: %q, %v, %v", o.body, o.err, o.cut)
			}
			o = get(target)
			if o.err != nil || o.body != "second" {
				t.Errorf("second: %q, %v", o.body, o.err)
			}
			if kept := b.count() == 1; kept != tc.kept {
				t.Errorf("kept = %v, want %v", kept, tc.kept)
			}
		})
	}
}

// TestLateBytes is the table of what comes when nobody asked for it any more,
// right behind a reply that was read: the next exchange must not get it.
func TestLateBytes(t *testing.T) {
	const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	for _, tc := range []struct{ desc, method, answer, late string }{
		{"The farewell to an idle connection.", "GET", ok, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"},
		{"A body behind the answer to a HEAD.", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n", evil},
		{"A body behind 204.", "GET", "HTTP/1.1 204 No Content\r\n\r\n", evil},
		{"A body behind 304.", "GET", "HTTP/1.1 304 Not Modified\r\n\r\n", evil},
		{"More than was declared.", "GET", ok, evil},
	} {
		for _, next := range []string{"the next one", "one that waits in the queue"} {
			t.Run(tc.desc+" To "+next, func(t *testing.T) { testLateBytes(t, tc.method, tc.answer, tc.late, next == "the next one") })
		}
	}
}

func testLateBytes(t *testing.T, method, answer, late string, idle bool) {
	read, sent := make(chan bool), make(chan bool)
	b := startBackend(t, func(n int, p *peer) {
		p.head()
		if n > 0 {
			p.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")
			p.head()
			return
		}
		p.send(answer)
		<-read
		p.send(late)
		close(sent)
		p.head()
	})
	target := newPools(t, Options{MaxConns: 1}).Target(b.address())
	first := exchange(flow.Body{})
	c, _, err := target.take(first.Deadline, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	k := request(method)
	if err := k.frame(first); err != nil {
		t.Fatal(err)
	}
	second := make(chan outcome, 1)
	if !idle {
		go func() { second <- get(target) }()
		eventually(t, "the second exchange queues", func() bool {
			target.mu.Lock()
			defer target.mu.Unlock()
			return len(target.waiting) == 1
		})
	}
	if _, err := c.h1.Send(k.Head); err != nil {
		t.Fatal(err)
	}
	if err := c.h1.ReadHead(&first.Out.ReplyHead, method); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c.h1.Body()); err != nil {
		t.Fatal(err)
	}
	if !c.h1.Reusable() {
		t.Fatal("the reply is in doubt already")
	}
	close(read)
	<-sent
	target.put(c, target.pools.now())
	if idle {
		second <- get(target)
	}
	if o := <-second; o.err != nil || o.body != "second" || o.x.Event.Reused {
		t.Errorf("got %q, %v", o.body, o.err)
	}
}

// TestFailures is the table of what a backend can do wrong on a fresh
// connection: the fault, the label, and a connection that is not used again.
func TestFailures(t *testing.T) {
	for _, tc := range []struct {
		desc    string
		script  func(p *peer)
		kind    gate.Kind
		failure flow.Failure
	}{
		{"It hangs up before it answers.", func(p *peer) { p.head() }, gate.IntegrationFailure, flow.Reset},
		{"It resets before it answers.", func(p *peer) { p.head(); p.reset() }, gate.IntegrationFailure, flow.Reset},
		{"It hangs up without reading.", func(p *peer) { time.Sleep(20 * time.Millisecond); p.reset() }, gate.IntegrationFailure, flow.Reset},
		{"It hangs up within the head.", func(p *peer) { p.head(); p.send("HTTP/1.1 200 OK\r\nConte") }, gate.IntegrationFailure, flow.Reset},
		{"It resets within the head.", func(p *peer) {
			p.head()
			p.send("HTTP/1.1 200 OK\r\nConte")
			time.Sleep(20 * time.Millisecond)
			p.reset()
		}, gate.IntegrationFailure, flow.Reset},
		{"It never answers.", func(p *peer) { p.head(); p.head() }, gate.IntegrationTimeout, flow.Timeout},
		{"It stalls within the head.", func(p *peer) { p.head(); p.send("HTTP/1.1 200 OK\r\nA: b\r\n"); p.head() }, gate.IntegrationTimeout, flow.Timeout},
		{"It speaks no HTTP.", func(p *peer) { p.head(); p.send("220 mail ESMTP\r\n\r\n") }, gate.IntegrationMalformed, flow.Malformed},
		{"It sends two lengths.", func(p *peer) { p.head(); p.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok") }, gate.IntegrationMalformed, flow.Malformed},
		{"It sends a length and chunks.", func(p *peer) {
			p.head()
			p.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		}, gate.IntegrationMalformed, flow.Malformed},
		{"It sends interim responses without end.", func(p *peer) {
			p.head()
			for range 100 {
				p.send("HTTP/1.1 100 Continue\r\n\r\n")
			}
			p.head()
		}, gate.IntegrationMalformed, flow.Malformed},
		{"It switches protocols.", func(p *peer) {
			p.head()
			p.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
			p.head()
		}, gate.IntegrationMalformed, flow.Malformed},
		{"Its head has no end.", func(p *peer) {
			p.head()
			p.send("HTTP/1.1 200 OK\r\n")
			for range 4000 {
				p.send("X-Filler: 0123456789012345678901234567890123456789\r\n")
			}
		}, gate.IntegrationMalformed, flow.Malformed},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := startBackend(t, func(_ int, p *peer) { tc.script(p) })
			target := newPools(t, Options{}).Target(b.address())
			x := exchange(flow.Body{})
			x.Deadline = x.Start.Add(300 * time.Millisecond)
			o := do(target, x, request("GET"))
			var fault *gate.Fault
			if !errors.As(o.err, &fault) || fault.Kind != tc.kind || x.Event.Backend.Failure != tc.failure {
				t.Errorf("got %v and %v, want %s and %v", o.err, x.Event.Backend.Failure, tc.kind, tc.failure)
			}
			if x.Event.Retry {
				t.Error("a request on a fresh connection was sent again")
			}
			if n := target.conns.Load(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

// TestBodyFailures is the table of replies that end before they are whole.
func TestBodyFailures(t *testing.T) {
	for _, tc := range []struct {
		desc    string
		answer  string
		stall   bool
		failure flow.Failure
	}{
		{"A sized body is cut short.", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", false, flow.Reset},
		{"A chunked body is cut short.", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", false, flow.Reset},
		{"A chunk size is rubbish.", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0x2\r\nno\r\n", false, flow.Malformed},
		{"A body stalls.", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", true, flow.Timeout},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := startBackend(t, func(_ int, p *peer) {
				p.head()
				p.send(tc.answer)
				if tc.stall {
					p.head()
				}
			})
			target := newPools(t, Options{Stall: 100 * time.Millisecond}).Target(b.address())
			o := get(target)
			if o.err != nil || o.cut == nil || o.body != "ok" || o.x.Event.Backend.Failure != tc.failure {
				t.Errorf("got %q, %v, %v, failure %v", o.body, o.err, o.cut, o.x.Event.Backend.Failure)
			}
			if n := target.conns.Load(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

// A fading connection answers its first request, and takes no byte of another.
type fading struct {
	echo
	used bool
}

func (f *fading) Write(p []byte) (int, error) {
	if f.used {
		return 0, syscall.EPIPE
	}
	f.used = true
	return f.echo.Write(p)
}

// TestUnsentGoesAgain holds that any method is sent again where the used
// connection took nothing of it.
func TestUnsentGoesAgain(t *testing.T) {
	dial := func(context.Context, netip.AddrPort) (net.Conn, error) {
		return &fading{echo: echo{answer: []byte(ok)}}, nil
	}
	target := newPools(t, Options{Dial: dial}).Target(Address{Host: "10.0.0.1", Port: 80})
	get(target)
	o := do(target, exchange(flow.Streamed(&source{text: "abc"}, flow.Unknown)), request("POST"))
	if o.err != nil || o.body != "ok" || !o.x.Event.Retry {
		t.Errorf("got %q, %v, retry %v", o.body, o.err, o.x.Event.Retry)
	}
}

// TestRetry is the table of the one safe retry.
func TestRetry(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		method string
		body   flow.Body
		end    func(p *peer) // of the used connection, with its second request read
		retry  bool
	}{
		{"A GET goes again.", "GET", flow.Body{}, func(*peer) {}, true},
		{"A GET goes again after a reset.", "GET", flow.Body{}, (*peer).reset, true},
		{"A PUT with a small body goes again.", "PUT", flow.Bytes([]byte("abc")), func(*peer) {}, true},
		{"A PUT with a long body in memory goes again.", "PUT", flow.Bytes(make([]byte, smallBody+1)), func(*peer) {}, true},
		{"A PUT whose small body came from the client goes again.", "PUT", flow.Streamed(&source{text: "abc"}, 3), func(*peer) {}, true},
		{"A POST does not: it may have been done.", "POST", flow.Body{}, func(*peer) {}, false},
		{"A PATCH does not.", "PATCH", flow.Bytes([]byte("abc")), func(*peer) {}, false},
		{"A GET that was answered in part does not.", "GET", flow.Body{}, func(p *peer) { p.send("HTTP/1.1 200 OK\r\n") }, false},
		{"A PUT whose body is a stream does not.", "PUT", flow.Streamed(&source{text: "abc", piece: 1}, flow.Unknown), func(*peer) {}, false},
		{"Unless it came in one piece.", "PUT", flow.Streamed(&source{text: "abc"}, flow.Unknown), func(*peer) {}, true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := startBackend(t, func(n int, p *peer) {
				p.head()
				p.send(ok)
				if p.head() != "" && n == 0 {
					time.Sleep(10 * time.Millisecond) // the body is on its way
					tc.end(p)
				}
			})
			target := newPools(t, Options{}).Target(b.address())
			get(target)
			x := exchange(tc.body)
			o := do(target, x, request(tc.method))
			if (o.err == nil) != tc.retry || x.Event.Retry != tc.retry {
				t.Errorf("got %v, retry %v", o.err, x.Event.Retry)
			}
			if tc.retry && (o.body != "ok" || x.Event.Reused) {
				t.Errorf("got %q, reused %v", o.body, x.Event.Reused)
			}
		})
	}
}

// dying is a connection in memory that ends as soon as something was asked.
type dying struct {
	net.Conn
	asked func()
}

func (d *dying) Write(p []byte) (int, error)    { d.asked(); return len(p), nil }
func (*dying) Read([]byte) (int, error)         { return 0, io.EOF }
func (*dying) SetReadDeadline(time.Time) error  { return nil }
func (*dying) SetWriteDeadline(time.Time) error { return nil }
func (*dying) Close() error                     { return nil }

// TestOneRetryAtTheCap holds that a call is sent twice at most, also where all
// connections are busy, so that its second attempt gets a used one as well.
func TestOneRetryAtTheCap(t *testing.T) {
	var asked atomic.Int32
	var first func()
	target := newPools(t, Options{MaxConns: 2, Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
		return &dying{asked: func() {
			if asked.Add(1) == 1 {
				first()
			}
		}}, nil
	}}).Target(Address{Host: "10.0.0.1", Port: 80})
	by := time.Now().Add(10 * time.Second)
	take := func() *conn {
		c, _, err := target.take(by, target.pools.now(), true)
		if err != nil {
			t.Error(err)
		}
		return c
	}
	queued := func() {
		for n := 0; n == 0; runtime.Gosched() {
			target.mu.Lock()
			n = len(target.waiting)
			target.mu.Unlock()
		}
	}
	one, two := take(), take()
	target.put(one, target.pools.now())
	var work sync.WaitGroup
	first = func() {
		other := make(chan *conn)
		work.Go(func() { other <- take() }) // gets the place of the first connection
		queued()
		work.Go(func() {
			c := <-other
			queued() // the retry, which finds the cap reached
			target.put(two, target.pools.now())
			target.drop(c)
		})
	}
	o := get(target)
	work.Wait()
	if o.err == nil || asked.Load() != 2 || !o.x.Event.Retry || !o.x.Event.Reused {
		t.Errorf("asked %d times: %v, retry %v, reused %v", asked.Load(), o.err, o.x.Event.Retry, o.x.Event.Reused)
	}
}
