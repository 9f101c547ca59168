package edge

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/upstream"
)

// proxied is a handler that hands everything on to the backend at addr.
func proxied(t testing.TB, addr string, o upstream.Options) flow.HandlerFunc {
	t.Helper()
	pools := upstream.New(o)
	t.Cleanup(pools.Close)
	p, err := integrate.HTTP(&gate.Route{Key: gate.DefaultRoute, Integration: &gate.Integration{Kind: gate.HTTPProxy, URI: "http://" + addr}}, pools)
	if err != nil {
		t.Fatal(err)
	}
	return p.Serve
}

// served is a backend of net/http, by its address.
func served(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// TestEarlyAnswerOfABackend holds that the client's connection ends with an
// answer that came before the request was whole, even where so little of it is
// unread that the door would otherwise wait for it.
func TestEarlyAnswerOfABackend(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	answered := make(chan bool)
	go func() {
		defer close(answered)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		r := bufio.NewReader(nc)
		for line := ""; line != "\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		io.WriteString(nc, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
	}()
	h := open(t, proxied(t, l.Addr().String(), upstream.Options{}), Options{}, data)
	c := h.dial(t)
	const length = 60000
	c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" + strings.Repeat("x", 4<<10))
	<-answered
	sent, got := make(chan bool), make(chan bool)
	go func() { // a little at a time, and never all of it
		defer close(sent)
		for range length / 2 {
			select {
			case <-got:
				return
			default:
			}
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			runtime.Gosched()
		}
	}()
	resp, body := c.reply("POST")
	close(got)
	<-sent
	if resp.StatusCode != 413 || body != "big" || !resp.Close {
		t.Errorf("got %d %q, close %v", resp.StatusCode, body, resp.Close)
	}
	if !c.ended() {
		t.Error("the connection was kept")
	}
}

// TestUpgradeIsIgnored holds what becomes of a request that asks for another
// protocol: RFC 9110 section 7.8 lets a server ignore that, and it is answered
// as plain HTTP. The backend never hears of it, or it would switch on a
// connection that others use.
func TestUpgradeIsIgnored(t *testing.T) {
	saw := make(chan http.Header, 1)
	addr := served(t, func(w http.ResponseWriter, r *http.Request) {
		saw <- r.Header.Clone()
		if r.Header.Get("Upgrade") != "" {
			w.WriteHeader(http.StatusSwitchingProtocols)
			return
		}
		io.WriteString(w, "plain")
	})
	h := open(t, proxied(t, addr, upstream.Options{}), Options{}, data)
	for _, tc := range []struct{ desc, fields string }{
		{"WebSocket.", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"},
		{"HTTP/2 without TLS, as RFC 7540 had it.", "Connection: keep-alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"},
		{"An Upgrade that Connection does not name.", "Upgrade: websocket\r\n"},
		{"Several protocols.", "Connection: upgrade\r\nUpgrade: foo/1, websocket\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			c := h.dial(t)
			c.send("GET /chat HTTP/1.1\r\nHost: h\r\n" + tc.fields + "\r\n" + hello)
			resp, body := c.reply("GET")
			if resp.StatusCode != 200 || body != "plain" || resp.Header.Get("Upgrade") != "" {
				t.Errorf("got %d %q, %v", resp.StatusCode, body, resp.Header)
			}
			if seen := <-saw; len(seen["Upgrade"])+len(seen["Connection"])+len(seen["Http2-Settings"]) > 0 {
				t.Errorf("the backend saw %v", seen)
			}
			if _, body := c.reply("GET"); body != "plain" {
				t.Errorf("the connection goes on with %q", body)
			}
			<-saw
		})
	}
}
