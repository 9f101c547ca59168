package edge

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/upstream"
)

// TestHTTP2Trailers holds that trailer fields go through the adapter both ways.
func TestHTTP2Trailers(t *testing.T) {
	addr := served(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Down")
		io.WriteString(w, string(body)+" "+r.Trailer.Get("X-Up"))
		w.Header().Set("X-Down", "2")
	})
	h := open(t, proxied(t, addr, upstream.Options{}), Options{}, data)
	req, _ := http.NewRequest("POST", "http://"+h.addr+"/", io.NopCloser(strings.NewReader("payload")))
	req.Trailer = http.Header{"X-Up": {"1"}}
	resp, err := http2Client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "payload 1" {
		t.Errorf("the backend got %q, %v", body, err)
	}
	if got := resp.Trailer.Get("X-Down"); got != "2" {
		t.Errorf("the client got the trailer %v", resp.Trailer)
	}
}

// TestHTTP2TrailerRules holds that a trailer of HTTP/2 meets the rules of one of
// HTTP/1.1, which it becomes on its way to the backend.
func TestHTTP2TrailerRules(t *testing.T) {
	got := make(chan http.Header, 1)
	addr := served(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			got <- r.Trailer // of a request that was refused nobody asks
		}
	})
	h := open(t, proxied(t, addr, upstream.Options{}), Options{}, data)
	for _, tc := range []struct {
		desc, name, value string
		status            int
		kept              bool
	}{
		{"One that describes the body.", "X-Checksum", "1", 200, true},
		{"Who it comes from was needed before the body.", "X-Forwarded-For", "10.0.0.1", 200, false},
		{"The same in the newer form.", "Forwarded", "for=10.0.0.1", 200, false},
		{"A session.", "Cookie", "a=b", 200, false},
		{"What steers the connection.", "Upgrade", "h2c", 400, false},
		{"One that is too long.", "X-Long", strings.Repeat("x", 9<<10), 400, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			req, _ := http.NewRequest("POST", "http://"+h.addr+"/", io.NopCloser(strings.NewReader("payload")))
			req.Trailer = http.Header{tc.name: {tc.value}}
			resp, err := http2Client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tc.status {
				t.Fatalf("the client got %d, want %d", resp.StatusCode, tc.status)
			}
			if tc.status != 200 {
				return
			}
			if trailer := <-got; (trailer.Get(tc.name) == tc.value) != tc.kept {
				t.Errorf("the backend got the trailer %v", trailer)
			}
		})
	}
}

// TestHTTP2Head holds that HEAD declares what GET would send and sends nothing,
// and that the next stream is served.
func TestHTTP2Head(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		x.Out.Status = 200
		x.Out.Body = flow.Streamed(&broken{}, 42) // a read of it would fail
		return nil
	}, Options{}, data)
	client := http2Client(t)
	for range 2 {
		resp, err := client.Head("http://" + h.addr + "/")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || len(body) > 0 || resp.ContentLength != 42 || resp.StatusCode != 200 {
			t.Errorf("got %d, length %d, body %q, %v", resp.StatusCode, resp.ContentLength, body, err)
		}
	}
	for _, e := range h.sink.wait(t, 2) {
		if e.BytesOut != 0 || e.Aborted != nil {
			t.Errorf("the event is %+v", e)
		}
	}
}

// TestHTTP2ExpectContinue holds that a client is asked for its body when that
// is read first, and not at all where the request is refused.
func TestHTTP2ExpectContinue(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error {
		if x.Path == "/refused" {
			return say("no")(x)
		}
		if _, err := x.In.Body.Buffer(100); err != nil {
			return err
		}
		return say("got " + string(x.In.Body.Bytes()))(x)
	}, Options{}, data)
	head := func(path string) [][2]string {
		return [][2]string{{":method", "POST"}, {":path", path}, {":scheme", "http"}, {":authority", "h"}, {"expect", "100-continue"}, {"content-length", "4"}}
	}
	f := dialFrames(t, h.addr)
	f.head(1, false, head("/refused"))
	if got := f.reply()[":status"]; got != "200" {
		t.Errorf("a refused request got %s", got)
	}
	f.head(3, false, head("/read"))
	if got := f.reply()[":status"]; got != "100" {
		t.Errorf("a request whose body is read got %s first", got)
	}
	f.write(frame{kind: frameData, flags: endStream, stream: 3, payload: []byte("body")})
	if got := f.reply()[":status"]; got != "200" {
		t.Errorf("and then %s", got)
	}
	if got := f.next(frameData).payload; string(got) != "got body" {
		t.Errorf("and %q", got)
	}
}

// TestHTTP2GoAway holds that a drain tells the client to open no more streams
// while the one in flight ends well.
func TestHTTP2GoAway(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	h := open(t, func(x *flow.Exchange) error { close(begun); <-finish; return say("late")(x) }, Options{}, data)
	f := dialFrames(t, h.addr)
	f.head(1, true, [][2]string{{":method", "GET"}, {":path", "/"}, {":scheme", "http"}, {":authority", "h"}})
	<-begun
	done := make(chan error)
	go func() { done <- h.Shutdown(context.Background()) }()
	f.next(frameGoAway)
	close(finish)
	if got := f.reply()[":status"]; got != "200" {
		t.Errorf("the stream in flight got %s", got)
	}
	if got := f.next(frameData).payload; string(got) != "late" {
		t.Errorf("and %q", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
