package edge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
	"gatehouse/internal/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is an Edge on a loopback listener whose every request is answered by
// one handler.
type house struct {
	*Edge
	addr string
	sink *recorder
}

// recorder keeps a copy of what each exchange reported.
type recorder struct {
	mu     sync.Mutex
	events []flow.Event
	ids    []string
}

func (r *recorder) Observe(x *flow.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, x.Event)
	r.ids = append(r.ids, strings.Clone(x.ID))
}

// wait returns the reports once there are n.
func (r *recorder) wait(t *testing.T, n int) []flow.Event {
	t.Helper()
	for range 500 {
		r.mu.Lock()
		got := r.events
		r.mu.Unlock()
		if len(got) >= n {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("fewer than %d events were reported", n)
	return nil
}

func open(t *testing.T, handler flow.HandlerFunc, o Options, c Listen) *house {
	t.Helper()
	h := &house{sink: &recorder{}}
	o.Sinks = append(o.Sinks, h.sink)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Limits == (gate.Limits{}) {
		o.Limits = gate.DefaultLimits()
	}
	h.Edge = New(o)
	h.find = func(*plan.Plan, *flow.Exchange) (flow.Handler, error) { return handler, nil }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- h.Serve(l, c) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) dial(t *testing.T) *client {
	t.Helper()
	nc, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	return &client{t, nc, bufio.NewReader(nc)}
}

// client speaks HTTP/1.1 by hand.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// reply reads one response and its body.
func (c *client) reply(method string) (*http.Response, string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("read the response: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("read the body: %v", err)
	}
	return resp, string(body)
}

// ended reports whether the server has closed the connection.
func (c *client) ended() bool {
	_, err := c.r.ReadByte()
	return err != nil && !errors.Is(err, context.DeadlineExceeded)
}

const hello = "GET /hello HTTP/1.1\r\nHost: a.execute-api.localhost\r\n\r\n"

var data = Listen{Name: "data", Data: true}

// say answers with a text.
func say(text string) flow.HandlerFunc {
	return func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Bytes([]byte(text))
		return nil
	}
}

func TestKeepAliveAndPipelining(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Bytes([]byte(x.In.Method + " " + x.Path + "?" + x.Query))
		return nil
	}, Options{}, data)
	c := h.dial(t)
	c.send("GET /1?a HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET http://x/3 HTTP/1.1\r\nHost: h\r\n\r\n")
	for _, want := range []string{"GET /1?a", "POST /2?", "GET /3?"} {
		if _, body := c.reply("GET"); body != want {
			t.Errorf("got %q, want %q", body, want)
		}
	}
	if e := h.sink.wait(t, 3)[0]; e.Status != 200 || e.BytesOut != int64(len("GET /1?a")) || e.Duration <= 0 {
		t.Errorf("the first event is %+v", e)
	}
}

// TestMalformed holds that what two parsers could read in two ways is answered
// with 400 (or its kin), ends the connection and reaches no handler.
func TestMalformed(t *testing.T) {
	var refused atomic.Int32
	o := Options{Refused: func(listener string, status int) { refused.Add(1) }}
	h := open(t, func(x *flow.Exchange) error { t.Error("a malformed request was handled: " + x.In.Target); return nil }, o, data)
	for _, tc := range []struct{ desc, head string }{
		{"Two lengths.", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"},
		{"A length and a transfer coding.", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"Two hosts.", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
		{"No host.", "GET / HTTP/1.1\r\n\r\n"},
		{"A blank before the colon.", "GET / HTTP/1.1\r\nHost : h\r\n\r\n"},
		{"A bare line feed.", "GET / HTTP/1.1\nHost: h\r\n\r\n"},
		{"A folded field.", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"},
		{"An asterisk for a target.", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"A target of another scheme.", "GET ftp://x/ HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"A host in the target that would end another field.", "GET http://a\";proto=https/ HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"A port that is none.", "GET / HTTP/1.1\r\nHost: h:99999\r\n\r\n"},
		{"A port in the target that is none.", "GET http://h:99999/ HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"Credentials in the target.", "GET http://u:p@x/ HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"CONNECT.", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			c := h.dial(t)
			c.send(tc.head)
			resp, body := c.reply("GET")
			if resp.StatusCode < 400 || resp.StatusCode > 505 || !strings.Contains(body, `{"message":`) {
				t.Errorf("got %d %s", resp.StatusCode, body)
			}
			if !c.ended() {
				t.Error("the connection was kept")
			}
			if refused.Swap(0) != 1 {
				t.Error("the refusal was not counted")
			}
		})
	}
}

// broken is a body that fails after some bytes.
type broken struct{ text string }

func (b *broken) Read(p []byte) (int, error) {
	if b.text == "" {
		return 0, errors.New("the backend went away")
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}
func (b *broken) Close() error         { return nil }
func (b *broken) Trailer() *field.List { return nil }

// TestBodyFailsHalfWay holds law 6: the connection ends without the last
// chunk, so that the client sees that something is missing, and the event
// says why.
func TestBodyFailsHalfWay(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Streamed(&broken{"some"}, flow.Unknown)
		return nil
	}, Options{}, data)
	c := h.dial(t)
	c.send(hello)
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err == nil {
		t.Errorf("the body ended well: %q", got)
	}
	if e := h.sink.wait(t, 1)[0]; e.Aborted == nil || !strings.Contains(e.Aborted.Error(), "went away") {
		t.Errorf("the event says %v", e.Aborted)
	}
}

// TestEarlyAnswer holds that an answer to a request whose body is unread ends
// the connection when the rest is long, and keeps it when it is short.
func TestEarlyAnswer(t *testing.T) {
	h := open(t, say("no need"), Options{}, data)
	c := h.dial(t)
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\nbeginning")
	if resp, body := c.reply("POST"); body != "no need" || !resp.Close {
		t.Errorf("got %q, close %v", body, resp.Close)
	}
	if !c.ended() {
		t.Error("the connection was kept with a body unread")
	}
	c = h.dial(t)
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nshort" + hello)
	c.reply("POST")
	if _, body := c.reply("GET"); body != "no need" {
		t.Errorf("after a short unread body: %q", body)
	}
}

// TestBodyFaults is the table of what a client's own broken body comes to: the
// client's fault, never ours.
func TestBodyFaults(t *testing.T) {
	for _, tc := range []struct {
		desc, body string
		status     int
	}{
		{"A chunk size that is none.", "XX\r\n", 400},
		{"A chunk without its end.", "3\r\nabcdef\r\n", 400},
		{"A body that comes too slowly.", "3\r\na", 408},
		{"A client that leaves.", "", gate.StatusClientGone},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, func(x *flow.Exchange) error {
				_, err := x.In.Body.Buffer(100)
				return &flow.BodyError{Err: err}
			}, Options{Timeouts: h1.Timeouts{Body: 100 * time.Millisecond}}, data)
			c := h.dial(t)
			c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + tc.body)
			if tc.status == gate.StatusClientGone {
				c.Close()
			} else if resp, _ := c.reply("POST"); resp.StatusCode != tc.status {
				t.Errorf("got %d, want %d", resp.StatusCode, tc.status)
			}
			if e := h.sink.wait(t, 1)[0]; e.Status != tc.status {
				t.Errorf("the event says %d, fault %v", e.Status, e.Fault)
			}
		})
	}
}

// TestExpectContinue holds that a refused request uploads nothing.
func TestExpectContinue(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		if x.Path == "/refused" {
			return say("no")(x)
		}
		if _, err := x.In.Body.Buffer(100); err != nil {
			return err
		}
		return say("got " + string(x.In.Body.Bytes()))(x)
	}, Options{}, data)
	head := "POST %s HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
	c := h.dial(t)
	c.send(fmt.Sprintf(head, "/refused"))
	if resp, body := c.reply("POST"); body != "no" || resp.StatusCode != 200 {
		t.Errorf("got %d %q before any 100", resp.StatusCode, body)
	}
	c = h.dial(t)
	c.send(fmt.Sprintf(head, "/read"))
	if line, _ := c.r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q", line)
	}
	c.r.ReadString('\n')
	c.send("body")
	if _, body := c.reply("POST"); body != "got body" {
		t.Errorf("got %q", body)
	}
}

// TestEachExchangeIsItsOwn runs many clients at once; under -race a released
// exchange is poisoned, so a leak of one's bytes into another shows.
func TestEachExchangeIsItsOwn(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		mine, _ := x.In.Header.Get("X-Mine")
		x.Out.Status = 200
		x.Out.Header.Add("X-Mine", mine)
		x.Out.Body = flow.Bytes([]byte(x.Path + x.In.Host))
		return nil
	}, Options{}, data)
	var wg sync.WaitGroup
	for i := range 8 {
		c := h.dial(t)
		wg.Go(func() {
			for j := range 200 {
				mine := fmt.Sprintf("%d-%d", i, j)
				fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: %s\r\nX-Mine: %s\r\n\r\n", mine, mine, mine)
				resp, err := http.ReadResponse(c.r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				body, _ := io.ReadAll(resp.Body)
				if string(body) != "/"+mine+mine || resp.Header.Get("X-Mine") != mine {
					t.Errorf("client %s got %s and %s", mine, body, resp.Header.Get("X-Mine"))
					return
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	h.sink.wait(t, 1600)
	for _, id := range h.sink.ids {
		if seen[id] || len(id) != 16 || id[15] != '=' {
			t.Fatalf("request id %q", id)
		}
		seen[id] = true
	}
}

type ender struct{ at *[]string }

func (e ender) End(x *flow.Exchange) {
	*e.at = append(*e.at, fmt.Sprintf("end %d", x.Event.Status))
}

// TestEndIsBeforeTheReport holds the order of law 6: last byte, enders, report.
func TestEndIsBeforeTheReport(t *testing.T) {
	var order []string
	done := make(chan struct{})
	o := Options{Sinks: []flow.Sink{sinkFunc(func(*flow.Exchange) { order = append(order, "report"); close(done) })}}
	h := open(t, func(x *flow.Exchange) error { x.AtEnd(ender{&order}); return say("x")(x) }, o, data)
	c := h.dial(t)
	c.send(hello)
	c.reply("GET")
	<-done
	if got := strings.Join(order, ", "); got != "end 200, report" {
		t.Error(got)
	}
}

type sinkFunc func(*flow.Exchange)

func (f sinkFunc) Observe(x *flow.Exchange) { f(x) }

// TestSlowHead holds that a slow sender is cut at the deadline while others
// are served.
func TestSlowHead(t *testing.T) {
	h := open(t, say("x"), Options{Timeouts: h1.Timeouts{Head: 100 * time.Millisecond}}, data)
	slow := h.dial(t)
	slow.send("GET / HT")
	c := h.dial(t)
	c.send(hello)
	if _, body := c.reply("GET"); body != "x" {
		t.Errorf("beside a slow client: %q", body)
	}
	if resp, _ := slow.reply("GET"); resp.StatusCode != 408 {
		t.Errorf("the slow client got %d", resp.StatusCode)
	}
	if !slow.ended() {
		t.Error("the slow client was kept")
	}
}

// TestDrain holds that a request in flight ends well with Connection: close
// while an idle connection ends at once and new ones are refused.
func TestDrain(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	h := open(t, func(x *flow.Exchange) error { close(begun); <-finish; return say("late")(x) }, Options{}, data)
	idle := h.dial(t)
	c := h.dial(t)
	c.send(hello)
	<-begun
	done := make(chan error)
	go func() { done <- h.Shutdown(context.Background()) }()
	if !idle.ended() {
		t.Error("an idle connection outlived the drain")
	}
	if nc, err := net.Dial("tcp", h.addr); err == nil {
		nc.Close()
		t.Error("a new connection was taken while draining")
	}
	close(finish)
	if resp, body := c.reply("GET"); body != "late" || !resp.Close {
		t.Errorf("got %q, close %v", body, resp.Close)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestShutdownCutsOff holds that what does not end in time is cut.
func TestShutdownCutsOff(t *testing.T) {
	begun := make(chan struct{})
	h := open(t, func(x *flow.Exchange) error { close(begun); <-x.Context().Done(); return x.Context().Err() }, Options{}, data)
	c := h.dial(t)
	c.send(hello)
	<-begun
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := h.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestUnsoundReply holds that a reply field with a line break never reaches
// the wire.
func TestUnsoundReply(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Header.Add("X-A", "b\r\nSet-Cookie: stolen")
		return say("x")(x)
	}, Options{}, data)
	c := h.dial(t)
	c.send(hello)
	if resp, _ := c.reply("GET"); resp.StatusCode != 500 || resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("got %d %v", resp.StatusCode, resp.Header)
	}
}

// TestHead holds that HEAD declares what GET would send and sends nothing.
func TestHead(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Streamed(&broken{}, 42)
		if x.In.Method == "GET" {
			x.Out.Body = flow.Body{}
		}
		return nil
	}, Options{}, data)
	c := h.dial(t)
	c.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + hello)
	if resp, body := c.reply("HEAD"); resp.ContentLength != 42 || body != "" {
		t.Errorf("got length %d, body %q", resp.ContentLength, body)
	}
	if resp, _ := c.reply("GET"); resp.ContentLength != 0 {
		t.Errorf("the GET after it declares %d", resp.ContentLength)
	}
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}

// TestTrust is the table of who may say whom it speaks for.
func TestTrust(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		trust  []netip.Prefix
		fields string
		want   string
	}{
		{"Nobody is believed by default.", nil, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n", "http 127.0.0.1"},
		{"A trusted peer is.", loopback, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n", "https 1.2.3.4"},
		{"The nearest address that is no proxy's counts, not the one that the client made up.", loopback, "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.1\r\n", "http 1.2.3.4"},
		{"The search goes on in the field before.", loopback, "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 10.0.0.2\r\n", "http 1.2.3.4"},
		{"A port is no part of the address.", loopback, "X-Forwarded-For: 1.2.3.4:4711\r\n", "http 1.2.3.4"},
		{"Several fields are one list.", loopback, "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n", "http 1.2.3.4"},
		{"What is no address ends the search.", loopback, "X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.1\r\n", "http 10.0.0.1"},
		{"IPv6 is an address too.", loopback, "X-Forwarded-For: 2001:db8::1\r\n", "http 2001:db8::1"},
		{"Another scheme is not believed.", loopback, "X-Forwarded-Proto: gopher\r\n", "http 127.0.0.1"},
		{"All proxies: the farthest.", loopback, "X-Forwarded-For: 10.0.0.2, 10.0.0.1\r\n", "http 10.0.0.2"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, func(x *flow.Exchange) error { return say(x.In.Scheme + " " + x.In.Source.String())(x) }, Options{}, Listen{Data: true, Trust: tc.trust})
			c := h.dial(t)
			c.send("GET / HTTP/1.1\r\nHost: h\r\n" + tc.fields + "\r\n")
			if _, body := c.reply("GET"); body != tc.want {
				t.Errorf("got %q, want %q", body, tc.want)
			}
		})
	}
}

// TestProxyProtocol is the table of PROXY headers, on a connection whose peer
// is trusted.
func TestProxyProtocol(t *testing.T) {
	v4 := "\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x00\x50\x01\xbb"
	for _, tc := range []struct{ desc, header, want string }{
		{"TCP over IPv4.", signature + "\x21\x11" + v4, "1.2.3.4:80"},
		{"Extensions are skipped.", signature + "\x21\x11\x00\x10" + v4[2:] + "\x04\x00\x01x", "1.2.3.4:80"},
		{"TCP over IPv6.", signature + "\x21\x21\x00\x24" + strings.Repeat("\x20\x01", 8) + strings.Repeat("\x20\x02", 8) + "\x00\x51\x01\xbb", "[2001:2001:2001:2001:2001:2001:2001:2001]:81"},
		{"LOCAL: the proxy speaks for itself.", signature + "\x20\x00\x00\x00", "127.0.0.1:"},
		{"No header at all.", "", ""},
		{"Version 1.", "PROXY TCP4 1.2.3.4 5.6.7.8 80 443\r\n", ""},
		{"Too few bytes for the family.", signature + "\x21\x11\x00\x04\x01\x02\x03\x04", ""},
		{"Another command.", signature + "\x22\x11" + v4, ""},
		{"A header of 60,000 bytes.", signature + "\x21\x11\xea\x60", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, func(x *flow.Exchange) error { return say(x.In.Peer.String())(x) }, Options{}, Listen{Data: true, Trust: loopback, ProxyProtocol: true})
			c := h.dial(t)
			c.send(tc.header + hello)
			if tc.want == "" {
				if !c.ended() {
					t.Error("the connection was served")
				}
				return
			}
			if _, body := c.reply("GET"); !strings.HasPrefix(body, tc.want) {
				t.Errorf("got %q, want %q", body, tc.want)
			}
		})
	}
	t.Run("An untrusted peer is refused.", func(t *testing.T) {
		h := open(t, say("x"), Options{}, Listen{Data: true, ProxyProtocol: true})
		c := h.dial(t)
		c.send(signature + "\x20\x00\x00\x00" + hello)
		if !c.ended() {
			t.Error("the connection was served")
		}
	})
}

// TestManagementCalls is the table of what is a call of the management API: it
// shares the addresses of a stage, and never reaches the data plane.
func TestManagementCalls(t *testing.T) {
	control := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "control %s %s", r.Host, r.URL.EscapedPath())
	})
	const signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00"
	both := Listen{Data: true, Control: true, PathAddresses: true}
	for _, tc := range []struct {
		desc, host, target, by string
		listen                 Listen
		want                   string
	}{
		{"By Host.", "abc.execute-api.localhost", "/prod/@connections/L0SM9cOFvHcCIhw%3D", signed, both, "control abc.execute-api.localhost /prod/@connections/L0SM9cOFvHcCIhw%3D"},
		{"By Host, with the @ escaped.", "abc.execute-api.localhost", "/prod/%40connections/x", signed, both, "control abc.execute-api.localhost /prod/%40connections/x"},
		{"On a domain, which has no stage in its path.", "api.example.com", "/@connections/x", signed, both, "control api.example.com /@connections/x"},
		{"By path.", "localhost", "/_aws/execute-api/abc/prod/@connections/x", signed, both, "control localhost /_aws/execute-api/abc/prod/@connections/x"},
		{"By the path that others use.", "localhost", "/execute-api/abc/prod/@connections/x", signed, both, "control localhost /execute-api/abc/prod/@connections/x"},
		{"Without a signature it is a request like any other.", "abc.execute-api.localhost", "/prod/@connections/x", "", both, "data abc.execute-api.localhost /prod/@connections/x"},
		{"And so it is when signed for another service.", "abc.execute-api.localhost", "/prod/@connections/x", strings.Replace(signed, "execute-api", "apigateway", 1), both, "data abc.execute-api.localhost /prod/@connections/x"},
		{"And when it only looks like one.", "abc.execute-api.localhost", "/prod/my@connections/x", signed, both, "data abc.execute-api.localhost /prod/my@connections/x"},
		{"A signed request of an API's client.", "abc.execute-api.localhost", "/prod/x", signed, both, "data abc.execute-api.localhost /prod/x"},
		{"A data listener knows none of its operations.", "abc.execute-api.localhost", "/prod/@connections/x", signed, Listen{Data: true}, `{"message":"Not Found"}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, func(x *flow.Exchange) error { return say("data " + x.In.Host + " " + x.Path)(x) }, Options{Control: control}, tc.listen)
			req, _ := http.NewRequest("POST", "http://"+h.addr+tc.target, nil)
			req.Host = tc.host
			if tc.by != "" {
				req.Header.Set("Authorization", tc.by)
			}
			for _, client := range []*http.Client{{Transport: &http.Transport{DisableKeepAlives: true}}, http2Client(t)} {
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if got := string(body); got != tc.want {
					t.Errorf("%s: got %q, want %q", resp.Proto, got, tc.want)
				}
			}
		})
	}
}

// TestPlanes is the table of which plane answers what, and of the forms of a
// data-plane address.
func TestPlanes(t *testing.T) {
	control := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "control %s %s", r.Host, r.URL.EscapedPath())
	})
	both := Listen{Data: true, Control: true, PathAddresses: true}
	for _, tc := range []struct {
		desc, host, target string
		listen             Listen
		want               string
	}{
		{"A Host that names an API is the data plane's.", "abc.execute-api.us-east-1.amazonaws.com", "/prod/x", both, "data abc.execute-api.us-east-1.amazonaws.com /prod/x"},
		{"Even where the path is the control plane's.", "abc.execute-api.localhost:4566", "/v2/apis", both, "data abc.execute-api.localhost:4566 /v2/apis"},
		{"Any other Host reaches the control plane.", "localhost:4566", "/v2/apis", both, "control localhost:4566 /v2/apis"},
		{"The path form is rewritten to the Host form.", "localhost:4566", "/_aws/execute-api/abc/prod/x/y?q", both, "data abc.execute-api.localhost:4566 /prod/x/y"},
		{"Without a path.", "localhost", "/_aws/execute-api/abc", both, "data abc.execute-api.localhost /"},
		{"With the default stage named.", "localhost", "/_aws/execute-api/abc/$default/x", both, "data abc.execute-api.localhost /x"},
		{"With the default stage encoded.", "localhost", "/_aws/execute-api/abc/%24default", both, "data abc.execute-api.localhost /"},
		{"The older form.", "localhost", "/restapis/abc/prod/_user_request_/x%2Fy/", both, "data abc.execute-api.localhost /prod/x%2Fy/"},
		{"The older form without a path.", "localhost", "/restapis/abc/prod/_user_request_", both, "data abc.execute-api.localhost /prod"},
		{"A control path that only looks like it.", "localhost", "/restapis/abc/stages/prod", both, "control localhost /restapis/abc/stages/prod"},
		{"An id that would change the host.", "localhost", "/_aws/execute-api/a.b/prod", both, "control localhost /_aws/execute-api/a.b/prod"},
		{"Path forms are off unless asked for.", "localhost", "/_aws/execute-api/abc/prod", Listen{Data: true, Control: true}, "control localhost /_aws/execute-api/abc/prod"},
		{"A data listener has no control plane.", "localhost", "/v2/apis", Listen{Data: true}, "data localhost /v2/apis"},
		{"A control listener has no data plane.", "abc.execute-api.localhost", "/prod/x", Listen{Control: true}, "control abc.execute-api.localhost /prod/x"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, func(x *flow.Exchange) error { return say("data " + x.In.Host + " " + x.Path)(x) }, Options{Control: control}, tc.listen)
			c := h.dial(t)
			c.send("GET " + tc.target + " HTTP/1.1\r\nHost: " + tc.host + "\r\n\r\n")
			if _, body := c.reply("GET"); body != tc.want {
				t.Errorf("got %q, want %q", body, tc.want)
			}
		})
	}
}

// TestOverriddenMethod holds that the method which stands in for the one on the
// wire does not change how the reply is framed: the next reply on the
// connection begins where the client looks for it.
func TestOverriddenMethod(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		if m, ok := x.In.Header.Get("X-HTTP-Method-Override"); ok {
			x.In.Override(m)
		}
		return say("as " + x.In.Method)(x)
	}, Options{}, data)
	c := h.dial(t)
	c.send("HEAD / HTTP/1.1\r\nHost: h\r\nX-HTTP-Method-Override: GET\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nX-HTTP-Method-Override: HEAD\r\n\r\n" + hello)
	if resp, body := c.reply("HEAD"); resp.ContentLength != 6 || body != "" {
		t.Errorf("the HEAD got length %d, body %q", resp.ContentLength, body)
	}
	for _, want := range []string{"as HEAD", "as GET"} {
		if _, body := c.reply("GET"); body != want {
			t.Errorf("got %q, want %q", body, want)
		}
	}
}

// TestFaultsOfREST holds that what no step of a stage renders is rendered by
// the rules of REST APIs where the request is one's.
func TestFaultsOfREST(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Identify()
		if x.Path == "/boom" {
			panic("boom")
		}
		return gate.Failf(gate.Forbidden, "no such stage")
	}, Options{}, data)
	for path, want := range map[string]string{"/x": `403 ForbiddenException {"message":"Forbidden"}`, "/boom": `500 InternalServerErrorException {"message": "Internal server error"}`} {
		c := h.dial(t)
		c.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n")
		resp, body := c.reply("GET")
		got := fmt.Sprintf("%d %s %s", resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), body)
		if got != want || len(resp.Header.Get("x-amzn-RequestId")) != 36 || resp.Header.Get("x-amz-apigw-id") == "" || resp.Header.Get("Apigw-Requestid") != "" {
			t.Errorf("got %s %v, want %s", got, resp.Header, want)
		}
	}
}

// TestLineBytes holds that the door lets in what REST APIs may be asked for,
// by path as well, however far that was raised.
func TestLineBytes(t *testing.T) {
	for _, tc := range []struct {
		desc      string
		url, want int
	}{
		{"Nothing said.", 0, 16 << 10},
		{"AWS's.", 10240, 16 << 10},
		{"More.", 20000, 21024},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := New(Options{Limits: gate.Limits{URL: tc.url}, Log: slog.New(slog.DiscardHandler)}).h1.Limits.LineBytes; got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
