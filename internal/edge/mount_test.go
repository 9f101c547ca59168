package edge

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestMount holds that an ordinary http.Handler behind the HTTP/1.1 engine
// behaves as it does behind net/http.
func TestMount(t *testing.T) {
	for _, tc := range []struct {
		desc    string
		handler http.HandlerFunc
		request string
		status  int
		length  int64 // -1: chunked
		body    string
		close   bool
	}{
		{"A short reply has a length.", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "abc") }, "GET /", 200, 3, "abc", false},
		{"A long reply is chunked.", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 100_000)) }, "GET /", 200, -1, strings.Repeat("x", 100_000), false},
		{"A flushed reply is chunked.", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			io.WriteString(w, "b")
		}, "GET /", 200, -1, "ab", false},
		{"A declared length is kept.", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "2")
			w.WriteHeader(201)
			io.WriteString(w, "ab")
		}, "GET /", 201, 2, "ab", false},
		{"Nothing at all is 200.", func(http.ResponseWriter, *http.Request) {}, "GET /", 200, 0, "", false},
		{"The handler sees the raw path.", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.URL.EscapedPath()+" "+r.URL.RawQuery)
		}, "GET /a%2Fb//c?d=%20", 200, -2, "/a%2Fb//c d=%20", false},
		{"HEAD sends no body.", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "abc") }, "HEAD /", 200, 3, "", false},
		{"The body can be read.", func(w http.ResponseWriter, r *http.Request) { b, _ := io.ReadAll(r.Body); fmt.Fprintf(w, "%s", b) }, "POST /", 200, -2, "payload", false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			h := open(t, nil, Options{Control: tc.handler}, Listen{Control: true})
			c := h.dial(t)
			method, target, _ := strings.Cut(tc.request, " ")
			payload := ""
			if method == "POST" {
				payload = "payload"
			}
			for range 2 { // the second shows that the connection is in step
				c.send(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", method, target, len(payload), payload))
				resp, body := c.reply(method)
				if resp.StatusCode != tc.status || body != tc.body || tc.length > -2 && resp.ContentLength != tc.length {
					t.Fatalf("got %d, length %d, %.40q", resp.StatusCode, resp.ContentLength, body)
				}
			}
		})
	}
}

func TestMountedPanicEndsTheConnection(t *testing.T) {
	h := open(t, nil, Options{Control: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })}, Listen{Control: true})
	c := h.dial(t)
	c.send(hello)
	if !c.ended() {
		t.Error("the connection was kept")
	}
}
