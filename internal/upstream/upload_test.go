package upstream

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestFraming holds how a request's body reaches the wire.
func TestFraming(t *testing.T) {
	sum := &field.List{}
	sum.Add("X-Sum", "1")
	long := strings.Repeat("x", smallBody+1)
	for _, tc := range []struct {
		desc string
		body flow.Body
		want string
	}{
		{"No body is announced.", flow.Body{}, "Content-Length: 0\r\n\r\n"},
		{"Bytes.", flow.Bytes([]byte("abc")), "Content-Length: 3\r\n\r\nabc"},
		{"Many bytes.", flow.Bytes([]byte(long)), "Content-Length: 16385\r\n\r\n" + long},
		{"A short stream.", flow.Streamed(&source{text: "abc", piece: 1}, 3), "Content-Length: 3\r\n\r\nabc"},
		{"A long stream of known length.", flow.Streamed(&source{text: long, piece: 1000}, int64(len(long))), "Content-Length: 16385\r\n\r\n" + long},
		{"A stream of unknown length goes in chunks.", flow.Streamed(&source{text: "abcd", piece: 2}, flow.Unknown), "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"},
		{"With its trailer.", flow.Streamed(&source{text: "ab", trailer: sum}, flow.Unknown), "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n"},
		{"An empty one gets a length.", flow.Streamed(&source{}, flow.Unknown), "Content-Length: 0\r\n\r\n"},
		{"One that comes in one piece, too.", flow.Streamed(&source{text: "abc"}, flow.Unknown), "Content-Length: 3\r\n\r\nabc"},
		{"Reads that bring nothing are no end.", flow.Streamed(&source{text: "abc", idle: 3}, flow.Unknown), "Content-Length: 3\r\n\r\nabc"},
		{"The first piece of a longer one is a chunk like the others.", flow.Streamed(&source{text: "abcd", piece: 3}, flow.Unknown), "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := make(chan string, 1)
			b := startBackend(t, func(_ int, p *peer) {
				head := p.head()
				_, framing, _ := strings.Cut(head, "Host: b\r\n")
				got <- framing + p.body(len(tc.want)-len(framing))
				p.send(ok)
				p.head()
			})
			target := newPools(t, Options{}).Target(b.address())
			o := do(target, exchange(tc.body), request("POST"))
			if o.err != nil || o.body != "ok" {
				t.Fatalf("%q, %v", o.body, o.err)
			}
			if g := <-got; g != tc.want {
				t.Errorf("got %.200q, want %.200q", g, tc.want)
			}
			if target.conns.Load() != 1 {
				t.Error("the connection was not kept")
			}
		})
	}
}

// TestLongBodiesArriveWhole sends bodies through a server of net/http, plain
// and over TLS, and compares sums.
func TestLongBodiesArriveWhole(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB
	want := sha256.Sum256(payload)
	h := func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		io.Copy(sum, r.Body)
		io.WriteString(w, hex.EncodeToString(sum.Sum(nil)))
		w.Write(payload)
	}
	for _, secure := range []bool{false, true} {
		target, stop := startServer(t, secure, h)
		for i, body := range []flow.Body{
			flow.Streamed(&source{text: string(payload), piece: 9999}, int64(len(payload))),
			flow.Streamed(&source{text: string(payload), piece: 9999}, flow.Unknown),
			flow.Bytes(payload),
		} {
			o := do(target, exchange(body), request("PUT"))
			if o.err != nil || o.cut != nil || o.body != hex.EncodeToString(want[:])+string(payload) {
				t.Errorf("secure %v, body %d: %v, %v, %d bytes", secure, i, o.err, o.cut, len(o.body))
			}
			if o.x.Event.Reused != (i > 0) {
				t.Errorf("secure %v, body %d: reused %v", secure, i, o.x.Event.Reused)
			}
		}
		stop()
	}
}

// TestEarlyAnswer holds that an answer which comes before the body was read is
// forwarded, and that the connection then ends.
func TestEarlyAnswer(t *testing.T) {
	const refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
	for _, tc := range []struct {
		desc   string
		script func(p *peer, end <-chan bool)
		kept   bool
	}{
		{"The backend answers and stops reading.", func(p *peer, end <-chan bool) { p.head(); p.send(refusal); <-end }, false},
		{"It answers while a write stands still already.", func(p *peer, end <-chan bool) {
			p.head()
			time.Sleep(200 * time.Millisecond)
			p.send(refusal)
			<-end
		}, false},
		{"It answers and hangs up.", func(p *peer, end <-chan bool) { p.head(); p.send(refusal) }, false},
		{"It answers, closes its sending half and reads a little.", func(p *peer, end <-chan bool) {
			p.head()
			p.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
			p.body(1 << 20)
		}, false},
		{"It answers and reads on: the body is sent whole.", func(p *peer, end <-chan bool) {
			p.head()
			p.send(refusal)
			p.body(32 << 20)
			p.head()
		}, true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			end := make(chan bool)
			b := startBackend(t, func(_ int, p *peer) { tc.script(p, end) })
			t.Cleanup(func() { close(end) }) // lets the backend be stopped
			target := newPools(t, Options{}).Target(b.address())
			body := flow.Streamed(&source{text: strings.Repeat("x", 32<<20)}, 32<<20)
			begun := time.Now()
			o := do(target, exchange(body), request("POST"))
			if o.x.Out.Last == tc.kept {
				t.Errorf("the client's connection ends: %v", o.x.Out.Last)
			}
			if o.err != nil || o.x.Out.Status != 413 || o.body != "big" {
				t.Errorf("got %d %q, %v, %v", o.x.Out.Status, o.body, o.err, o.cut)
			}
			if took := time.Since(begun); took > 4*time.Second {
				t.Errorf("the answer was held back for %v", took)
			}
			if kept := target.conns.Load() == 1; kept != tc.kept {
				t.Errorf("kept = %v, want %v", kept, tc.kept)
			}
		})
	}
}

// TestEarlyAnswerOfAServer is the same with a real server, plain and over TLS,
// where a write that was cut short must not take the answer with it.
func TestEarlyAnswerOfAServer(t *testing.T) {
	for _, secure := range []bool{false, true} {
		target, stop := startServer(t, secure, func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no", http.StatusForbidden)
		})
		body := flow.Streamed(&source{text: strings.Repeat("x", 32<<20)}, flow.Unknown)
		o := do(target, exchange(body), request("POST"))
		if o.err != nil || o.x.Out.Status != 403 || o.body != "no\n" {
			t.Errorf("secure %v: got %d %q, %v, %v", secure, o.x.Out.Status, o.body, o.err, o.cut)
		}
		if n := target.conns.Load(); n != 0 {
			t.Errorf("secure %v: %d connections left", secure, n)
		}
		stop()
	}
}

// startServer runs a server of net/http and returns it as a target.
func startServer(t *testing.T, secure bool, h http.HandlerFunc) (target *Target, stop func()) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	var o Options
	if secure {
		srv.StartTLS()
		o.Roots = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	} else {
		srv.Start()
	}
	at := netip.MustParseAddrPort(srv.Listener.Addr().String())
	p := newPools(t, o)
	target = p.Target(Address{Secure: secure, Host: at.Addr().String(), Port: at.Port(), ServerName: "example.com"})
	return target, func() { p.Close(); srv.Close() }
}

// TestClientBodyFails holds that a backend never takes half a body for the
// whole, and that what the body returned is told from a failure of the backend.
func TestClientBodyFails(t *testing.T) {
	tooLarge := gate.Fail(gate.RequestTooLarge, errors.New("over the limit"))
	long := strings.Repeat("x", smallBody+1)
	for _, tc := range []struct {
		desc   string
		body   flow.Body
		called bool
	}{
		{"A long body of known length.", flow.Streamed(&source{text: long, fail: tooLarge}, 1<<20), true},
		{"A body of unknown length.", flow.Streamed(&source{text: long, fail: tooLarge}, flow.Unknown), true},
		{"A short one, which the backend never hears of.", flow.Streamed(&source{text: "ab", fail: tooLarge}, 3), false},
		{"A long one that fails at once, of which it never hears either.", flow.Streamed(&source{fail: tooLarge}, 1<<20), false},
		{"The same of unknown length.", flow.Streamed(&source{fail: tooLarge}, flow.Unknown), false},
		{"One that never brings anything.", flow.Streamed(&source{idle: 1 << 30}, flow.Unknown), false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := make(chan string, 1)
			b := startBackend(t, func(_ int, p *peer) {
				rest, err := io.ReadAll(p.r)
				if err == nil {
					t.Error("the connection ended in good order")
				}
				got <- string(rest)
			})
			target := newPools(t, Options{}).Target(b.address())
			o := do(target, exchange(tc.body), request("POST"))
			want := error(tooLarge)
			if strings.Contains(tc.desc, "never brings") {
				want = io.ErrNoProgress
			}
			var body *flow.BodyError
			if !errors.As(o.err, &body) || body.Err != want {
				t.Errorf("got %v, want the fault itself in a BodyError", o.err)
			}
			if o.x.Event.Backend.Failure != flow.NoFailure {
				t.Errorf("the backend is blamed: %v", o.x.Event.Backend.Failure)
			}
			if o.x.Event.Backend.Called != tc.called {
				t.Errorf("called = %v", o.x.Event.Backend.Called)
			}
			if !tc.called {
				return
			}
			if g := <-got; strings.HasSuffix(g, "0\r\n\r\n") {
				t.Error("the last chunk was sent")
			}
			if n := target.conns.Load(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

// TestGroupsClientFails holds that a Group wraps what reading the client's body
// returns as a Target does, or the client's fault would be answered as ours.
func TestGroupsClientFails(t *testing.T) {
	g := newPools(t, Options{}).Group([]Address{{Host: "10.0.0.1", Port: 1}, {Host: "10.0.0.2", Port: 1}})
	x := exchange(flow.Streamed(&source{fail: io.ErrUnexpectedEOF}, flow.Unknown))
	err := g.Do(x, request("POST"))
	var body *flow.BodyError
	if !errors.As(err, &body) || body.Err != io.ErrUnexpectedEOF {
		t.Errorf("got %v", err)
	}
	if x.Event.Backend.Called {
		t.Error("a backend was called")
	}
}

// TestClientBodyLength holds that a body which is not as long as was declared
// is the client's affair, whether it is short enough to be read before the
// backend is called or not.
func TestClientBodyLength(t *testing.T) {
	const long = smallBody + 1
	for _, tc := range []struct {
		desc           string
		sent, declared int
	}{
		{"A short one.", 2, 3},
		{"A long one.", long, long + 1},
		{"A long one that stops at once.", 0, long},
		{"A long one that goes on.", long + 1, long},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := startBackend(t, func(_ int, p *peer) { io.Copy(io.Discard, p.r) })
			target := newPools(t, Options{}).Target(b.address())
			o := do(target, exchange(flow.Streamed(&source{text: strings.Repeat("x", tc.sent)}, int64(tc.declared))), request("POST"))
			var body *flow.BodyError
			if !errors.As(o.err, &body) {
				t.Errorf("got %v", o.err)
			}
			if n := target.conns.Load(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

// TestUploadStalls holds that a backend which neither reads nor answers is
// given up at the deadline, however long the body.
func TestUploadStalls(t *testing.T) {
	end := make(chan bool)
	b := startBackend(t, func(_ int, p *peer) { p.head(); <-end })
	t.Cleanup(func() { close(end) }) // lets the backend be stopped
	target := newPools(t, Options{}).Target(b.address())
	x := exchange(flow.Streamed(&source{text: strings.Repeat("x", 32<<20)}, 32<<20))
	x.Deadline = x.Start.Add(300 * time.Millisecond)
	o := do(target, x, request("POST"))
	var fault *gate.Fault
	if !errors.As(o.err, &fault) || fault.Kind != gate.IntegrationTimeout {
		t.Errorf("got %v", o.err)
	}
	if took := time.Since(x.Start); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestLongBodiesGetTime holds that only what is longer than AWS allows moves
// the deadline.
func TestLongBodiesGetTime(t *testing.T) {
	free := gate.DefaultLimits().Body
	for _, tc := range []struct {
		desc    string
		sent, n int64
		want    time.Duration
	}{
		{"A body within AWS's limit.", 0, free, 0},
		{"The last byte within it, and 1 MiB.", free - 1, 1<<20 + 1, time.Second},
		{"Another MiB.", free + 5<<20, 1 << 20, time.Second},
		{"5 GiB at once.", 0, free + 5<<30, 5120 * time.Second},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := exchange(flow.Body{})
			before := x.Deadline
			lendLength(x, tc.sent, tc.n)
			if got := x.Deadline.Sub(before); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestSilentUploadHoldsNothing holds that no connection is taken before the
// client's first byte, and that the wait for it is not the backend's time.
func TestSilentUploadHoldsNothing(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		length int64
	}{
		{"A short body.", 9},
		{"A long one.", smallBody + 1},
		{"One of unknown length.", flow.Unknown},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			b := startBackend(t, func(_ int, p *peer) {
				p.head()
				p.send(ok)
				io.Copy(io.Discard, p.r)
			})
			target := newPools(t, Options{}).Target(b.address())
			reads := 0
			text := strings.Repeat("x", max(int(tc.length), 3))
			silent := &source{text: text, piece: 4 << 10, step: func(int) {
				if reads++; reads > 1 {
					return
				}
				time.Sleep(100 * time.Millisecond)
				if n := target.conns.Load(); n != 0 {
					t.Errorf("%d connections are held", n)
				}
			}}
			x := exchange(flow.Streamed(silent, tc.length))
			x.Deadline = x.Start.Add(80 * time.Millisecond)
			if o := do(target, x, request("POST")); o.err != nil || o.body != "ok" {
				t.Errorf("got %q, %v", o.body, o.err)
			}
		})
	}
}

// TestSlowClient holds that the time spent waiting for the client is not the
// backend's.
func TestSlowClient(t *testing.T) {
	b := startBackend(t, func(_ int, p *peer) { p.head(); p.body(5*4 + 5); p.send(ok); p.head() })
	target := newPools(t, Options{}).Target(b.address())
	slow := &source{text: strings.Repeat("x", 4), piece: 1, step: func(int) { time.Sleep(100 * time.Millisecond) }}
	x := exchange(flow.Streamed(slow, flow.Unknown))
	x.Deadline = x.Start.Add(200 * time.Millisecond)
	if o := do(target, x, request("POST")); o.err != nil || o.body != "ok" {
		t.Errorf("got %q, %v", o.body, o.err)
	}
}
