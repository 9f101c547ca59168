package h1

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestReplies(t *testing.T) {
	for _, tc := range []struct {
		desc, method, in string
		status           int
		body             string
		reusable         bool
	}{
		{"A sized reply is reusable.", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
		{"A chunked reply is reusable.", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", true},
		{"A reply without framing ends with the connection.", "GET", "HTTP/1.1 200 OK\r\n\r\nhi", 200, "hi", false},
		{"Connection: close forbids reuse.", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, Close\r\n\r\nhi", 200, "hi", false},
		{"HTTP/1.0 is not reused.", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false},
		{"HTTP/1.0 that keeps alive is reused.", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
		{"Bytes behind the reply forbid reuse.", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiH", 200, "hi", false},
		{"A reply to HEAD has no body whatever it says.", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 200, "", true},
		{"304 has no body whatever it says.", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", 304, "", true},
		{"204 has no body.", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, "", true},
		{"204 with a length is in doubt.", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", false},
		{"204 with a coding is in doubt.", "GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "", false},
		{"Interim replies are passed over.", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
		{"The reason and the blank before it may be missing.", "GET", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, in := range [][][]byte{pieces(tc.in), pieces(splitBytes([]byte(tc.in))...)} {
				c := NewClientConn(&wire{in: in}, &ClientOptions{})
				var h ReplyHead
				if err := c.ReadHead(&h, tc.method); err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(c.Body())
				if err != nil || string(body) != tc.body || h.Status != tc.status {
					t.Errorf("got %d %q %v, want %d %q", h.Status, body, err, tc.status, tc.body)
				}
				if got := c.Reusable(); got != tc.reusable && len(in) == 1 {
					t.Errorf("reusable %v, want %v", got, tc.reusable)
				}
				if held := c.in.buf != nil; c.Reusable() && held {
					t.Error("an idle connection holds a buffer")
				}
			}
		})
	}
}

// TestARecordLongerThanTheReply holds that bytes behind a reply which TLS has
// decrypted with it are seen, even though they are in no buffer of ours and no
// longer in the socket.
func TestARecordLongerThanTheReply(t *testing.T) {
	for _, tc := range []struct {
		desc, behind string
		reusable     bool
	}{
		{"Nothing comes behind it.", "", true},
		{"Another reply does.", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", false},
	} {
		down, up := tcpPair(t)
		config := selfSigned(t)
		config.DynamicRecordSizingDisabled = true // all of it in one record
		server, client := tls.Server(down, config), tls.Client(NewTimed(up), config)
		body := strings.Repeat("x", 8<<10) // more than the first read takes
		go func() {
			_, _ = io.WriteString(server, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(body), body, tc.behind))
		}()
		c := NewClientConn(client, &ClientOptions{})
		var h ReplyHead
		if err := c.ReadHead(&h, "GET"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(body)) // past the buffer
		if _, err := io.ReadFull(c.Body(), got); err != nil || string(got) != body {
			t.Fatalf("%s Got %q, %v", tc.desc, got, err)
		}
		if c.Reusable() != tc.reusable {
			t.Errorf("%s Reusable is not %v", tc.desc, tc.reusable)
		}
		client.Close()
		server.Close()
	}
}

func TestRepliesRefused(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tc := range []struct{ desc, in string }{
		{"Two lengths.", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi"},
		{"Length and coding.", ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi"},
		{"A list of lengths.", ok + "Content-Length: 2, 2\r\n\r\nhi"},
		{"A coding in HTTP/1.0.", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"A coding other than chunked.", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
		{"101 that nobody asked for.", "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		{"A status of two digits.", "HTTP/1.1 20 OK\r\n\r\n"},
		{"A status of four digits.", "HTTP/1.1 2000 OK\r\n\r\n"},
		{"A status above 599.", "HTTP/1.1 600 OK\r\n\r\n"},
		{"A status below 100.", "HTTP/1.1 099 OK\r\n\r\n"},
		{"HTTP/2 in words.", "HTTP/2.0 200 OK\r\n\r\n"},
		{"HTTP/0.9.", "<html>\r\n\r\n"},
		{"A bare LF.", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"},
		{"A control character in the reason.", "HTTP/1.1 200 O\x01K\r\n\r\n"},
		{"A folded field.", ok + "A: b\r\n c\r\n\r\n"},
		{"A blank before the colon.", ok + "A : b\r\n\r\n"},
		{"Endless interim replies.", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 x\r\n\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			c := NewClientConn(&wire{in: pieces(tc.in)}, &ClientOptions{})
			var h ReplyHead
			err := c.ReadHead(&h, "GET")
			if _, ok := errors.AsType[*SyntaxError](err); !ok {
				t.Errorf("got %v, want a SyntaxError", err)
			}
			if c.Reusable() {
				t.Error("the connection is reusable")
			}
		})
	}
}

// TestReplyLost tells a loss before the first byte from one behind it.
func TestReplyLost(t *testing.T) {
	var h ReplyHead
	c := NewClientConn(&wire{}, &ClientOptions{})
	if err := c.ReadHead(&h, "GET"); err != ErrStale {
		t.Errorf("nothing: %v, want ErrStale", err)
	}
	c = NewClientConn(&wire{in: pieces("HTTP/1.1 2")}, &ClientOptions{})
	if err := c.ReadHead(&h, "GET"); err != io.ErrUnexpectedEOF {
		t.Errorf("part of a head: %v, want io.ErrUnexpectedEOF", err)
	}
	c = NewClientConn(&wire{in: pieces("HTTP/1.1 100 x\r\n\r\n")}, &ClientOptions{})
	if err := c.ReadHead(&h, "GET"); err != io.ErrUnexpectedEOF {
		t.Errorf("behind an interim reply: %v, want io.ErrUnexpectedEOF", err)
	}
	for _, in := range []string{"HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nhi", "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"} {
		c = NewClientConn(&wire{in: pieces(in)}, &ClientOptions{})
		if err := c.ReadHead(&h, "GET"); err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(c.Body()); err != io.ErrUnexpectedEOF || string(body) != "hi" {
			t.Errorf("%q: %q %v, want io.ErrUnexpectedEOF", in, body, err)
		}
		if c.Reusable() {
			t.Errorf("%q: the connection is reusable", in)
		}
	}
}

// TestSendReads holds that Send brings the answer, or what has become of the
// connection, exactly once, whatever the peer does when.
func TestSendReads(t *testing.T) {
	const answer = "HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nhi"
	for _, tc := range []struct {
		desc   string
		within time.Duration
		peer   func(nc net.Conn)
		want   func(err error) bool
	}{
		{"An answer.", time.Minute, func(nc net.Conn) { hear(nc); io.WriteString(nc, answer) }, func(err error) bool { return err == nil }},
		{"An answer in two pieces.", time.Minute, func(nc net.Conn) {
			hear(nc)
			io.WriteString(nc, answer[:9])
			io.WriteString(nc, answer[9:])
		}, func(err error) bool { return err == nil }},
		{"The end.", time.Minute, func(nc net.Conn) { hear(nc); nc.Close() }, func(err error) bool { return errors.Is(err, ErrStale) }},
		{"A reset.", time.Minute, func(nc net.Conn) { hear(nc); NewTimed(nc).Abort() }, func(err error) bool { return errors.Is(err, ErrStale) }},
		{"Silence until the deadline.", 20 * time.Millisecond, hear, isTimeout},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			near, far := tcpPair(t)
			done := make(chan struct{})
			go func() { tc.peer(far); close(done) }()
			defer func() { near.Close(); far.Close(); <-done }()
			c := NewClientConn(NewTimed(near), &ClientOptions{})
			by := time.Now().Add(tc.within)
			c.ReadBy(by)
			c.WriteBy(by)
			if n, err := c.Send([]byte(sampleRequest)); err != nil || n != len(sampleRequest) {
				t.Fatalf("sent %d bytes: %v", n, err)
			}
			var h ReplyHead
			err := c.ReadHead(&h, "GET")
			if !tc.want(err) {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			if body, err := io.ReadAll(c.Body()); err != nil || string(body) != "hi" {
				t.Errorf("body %q, %v", body, err)
			}
			if !c.Reusable() || c.Buffered() != 0 {
				t.Error("the connection is not reusable")
			}
		})
	}
}

// hear reads one sample request.
func hear(nc net.Conn) { io.ReadFull(nc, make([]byte, len(sampleRequest))) }
