package h1

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"gatehouse/internal/field"
)

// TestReplyHeads is the framing of RFC 9112 section 6.3, reply by reply.
func TestReplyHeads(t *testing.T) {
	for _, tc := range []struct {
		desc, request string
		head          ReplyOut
		fields, body  string
		want          string
		kept          bool
	}{
		{"A known length.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 200, Length: 2}, "", "hi", "200 OK|Content-Length: 2||hi", true},
		{"An unknown length.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 200, Length: -1}, "", "hi", "200 OK|Transfer-Encoding: chunked||2|hi|0||", true},
		{"An unknown length to HTTP/1.0.", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ReplyOut{Status: 200, Length: -1}, "", "hi", "200 OK|Connection: close||hi", false},
		{"HEAD of a known length.", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 200, Length: 7, NoBody: true}, "", "ignored", "200 OK|Content-Length: 7||", true},
		{"HEAD of an unknown length.", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 200, Length: -1, NoBody: true}, "", "", "200 OK||", true},
		{"204 has neither length nor body.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 204, Length: 3}, "", "abc", "204 No Content||", true},
		{"204 has no coding.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 204, Length: -1}, "", "", "204 No Content||", true},
		{"304 may have the length of what it does not send.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 304, Length: 9}, "", "", "304 Not Modified|Content-Length: 9||", true},
		{"An unknown status has no phrase.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 599}, "", "", "599 |Content-Length: 0||", true},
		{"Framing and connection fields are the connection's.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 200},
			"Connection: close|content-length: 7|TRANSFER-ENCODING: gzip|Keep-Alive: 5|Upgrade: h2c|Trailer: x|TE: x|Proxy-Connection: x|x-A: b", "",
			"200 OK|x-A: b|Content-Length: 0||", true},
		{"101 keeps them.", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ReplyOut{Status: 101}, "Connection: Upgrade|Upgrade: x", "", "101 Switching Protocols|Connection: Upgrade|Upgrade: x||", true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := &wire{in: pieces(tc.request)}
			c := NewServerConn(w, &ServerOptions{})
			var l field.List
			l.Add("Date", "d")
			for line := range strings.SplitSeq(tc.fields, "|") {
				if name, value, ok := strings.Cut(line, ": "); ok {
					l.Add(name, value)
				}
			}
			tc.head.Fields = &l
			if err := errors.Join(readHead(c), c.WriteHead(&tc.head), c.WriteFrom(strings.NewReader(tc.body)), c.Finish(nil)); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(tc.want, "|", "|Date: d|", 1)
			if got := strings.ReplaceAll(strings.TrimPrefix(w.out.String(), "HTTP/1.1 "), "\r\n", "|"); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if got := c.Next(); got != tc.kept {
				t.Errorf("kept %v, want %v", got, tc.kept)
			}
		})
	}
}

// TestUnsoundReply holds that no field can end its line.
func TestUnsoundReply(t *testing.T) {
	for _, value := range []string{"a\r\nB: c", "a\nb", "a\rb", "a\x00b"} {
		w := &wire{in: pieces("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}
		c := NewServerConn(w, &ServerOptions{})
		if err := readHead(c); err != nil {
			t.Fatal(err)
		}
		var l field.List
		l.Add("A", value)
		if err := c.WriteHead(&ReplyOut{Status: 200, Fields: &l}); err != ErrUnsound {
			t.Errorf("%q: %v, want ErrUnsound", value, err)
		}
		if err := errors.Join(c.WriteHead(&ReplyOut{Status: 500}), c.Finish(nil)); err != nil || !strings.HasPrefix(w.out.String(), "HTTP/1.1 500 ") {
			t.Errorf("%q: the second head: %v, %q", value, err, w.out.String())
		}
		if err := c.WriteHead(&ReplyOut{Status: 500}); err != ErrState {
			t.Errorf("a third head: %v", err)
		}
	}
}

func TestReplyTrailer(t *testing.T) {
	w := &wire{in: pieces("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}
	c := NewServerConn(w, &ServerOptions{})
	var l field.List
	l.Add("X-Sum", "1")
	if err := errors.Join(readHead(c), c.WriteHead(&ReplyOut{Status: 200, Length: -1}), c.Finish(&l)); err != nil {
		t.Fatal(err)
	}
	if got := w.out.String(); !strings.HasSuffix(got, "\r\n\r\n0\r\nX-Sum: 1\r\n\r\n") || w.writes != 1 {
		t.Errorf("%d writes: %q", w.writes, got)
	}
}

// chopped gives its text in pieces of a size, and the end with the last or
// behind it.
type chopped struct {
	text  string
	size  int
	early bool
}

func (c *chopped) Read(p []byte) (int, error) {
	if c.text == "" {
		return 0, io.EOF
	}
	n := copy(p, c.text[:min(c.size, len(c.text))])
	if c.text = c.text[n:]; c.text == "" && c.early {
		return n, io.EOF
	}
	return n, nil
}

// TestWriteRoundTrip sends bodies of many sizes in all ways and reads them with
// the client's side.
func TestWriteRoundTrip(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20000)
	for _, size := range []int{0, 1, 15, 16, 17, 255, 256, 4000, 4096, 5000, 32 << 10, 33 << 10, 70 << 10, 300 << 10} {
		for _, piece := range []int{1000, 4096, 1 << 20} {
			for _, length := range []int64{-1, int64(size)} {
				for _, pull := range []bool{false, true} {
					w := &wire{in: pieces("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}
					c := NewServerConn(w, &ServerOptions{})
					err := errors.Join(readHead(c), c.WriteHead(&ReplyOut{Status: 200, Length: length}))
					src := &chopped{text[:size], piece, pull}
					if pull {
						err = errors.Join(err, c.WriteFrom(src))
					} else {
						_, cerr := io.CopyBuffer(struct{ io.Writer }{c}, src, make([]byte, 1<<20))
						err = errors.Join(err, cerr)
					}
					if err := errors.Join(err, c.Finish(nil)); err != nil || !c.Next() {
						t.Fatalf("size %d piece %d length %d pull %v: %v", size, piece, length, pull, err)
					}
					back := NewClientConn(&wire{in: [][]byte{w.out.Bytes()}}, &ClientOptions{})
					var h ReplyHead
					err = back.ReadHead(&h, "GET")
					got, rerr := io.ReadAll(bufio.NewReader(back.Body()))
					if err := errors.Join(err, rerr); err != nil || string(got) != text[:size] || !back.Reusable() {
						t.Fatalf("size %d piece %d length %d pull %v: %d bytes back, %v", size, piece, length, pull, len(got), err)
					}
					if size < 3000 && piece > size && pull && w.writes != 1 {
						t.Errorf("size %d length %d took %d writes", size, length, w.writes)
					}
				}
			}
		}
	}
}

func TestWriteBeyondLength(t *testing.T) {
	w := &wire{in: pieces("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}
	c := NewServerConn(w, &ServerOptions{})
	if err := errors.Join(readHead(c), c.WriteHead(&ReplyOut{Status: 200, Length: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "ab"); err != ErrLength {
		t.Errorf("Write: %v", err)
	}
	if err := c.WriteFrom(strings.NewReader("ab")); !errors.Is(err, ErrLength) {
		t.Errorf("WriteFrom: %v", err)
	}
	if err := c.Finish(nil); err == nil || strings.Contains(w.out.String(), "ab") {
		t.Errorf("Finish: %v, sent %q", err, w.out.String())
	}
}

// TestCutReplyCannotEnd holds that nothing ends a body whose source failed, and
// that closing in the middle of a reply does not look like its end.
func TestCutReplyCannotEnd(t *testing.T) {
	w := &wire{in: pieces("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}
	c := NewServerConn(w, &ServerOptions{})
	if err := errors.Join(readHead(c), c.WriteHead(&ReplyOut{Status: 200, Length: -1})); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteFrom(failing{}); err == nil {
		t.Error("the source's failure is lost")
	}
	if err := c.Finish(nil); err != ErrLength || strings.HasSuffix(w.out.String(), "0\r\n\r\n") || !w.closed {
		t.Errorf("Finish: %v, sent %q", err, w.out.String())
	}

	down, client := tcpPair(t)
	c = NewServerConn(NewTimed(down), &ServerOptions{})
	io.WriteString(client, "GET / HTTP/1.0\r\n\r\n")
	if err := errors.Join(readHead(c), c.WriteHead(&ReplyOut{Status: 200, Length: -1}), c.Flush(), c.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); err == nil {
		t.Errorf("the client takes %q for a whole reply", got)
	}
}
