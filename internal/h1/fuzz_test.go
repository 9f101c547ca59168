package h1

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/field"
)

// The fuzzers hold one promise: whatever is taken here, net/http takes too, and
// reads the same. What is refused here and taken there is listed, with reasons,
// in TestStricter.

// FuzzRequest compares requests with http.ReadRequest, and a head that comes
// whole with the same head byte by byte.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		sampleRequest,
		"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\nX-A: b\r\n\r\nGET",
		"GET http://h/ HTTP/1.0\r\n\r\n",
		"\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]:1\r\nExpect: 100-continue\r\nConnection: close, x\r\n\r\n",
		"GET / HTTP/1.1\nHost: x\n\n",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 8<<10 {
			return
		}
		h, body, err := takeRequest([][]byte{in})
		slowly, slowBody, slowErr := takeRequest(pieces(splitBytes(in)...))
		if (err == nil) != (slowErr == nil) {
			t.Fatalf("whole: %v, byte by byte: %v", err, slowErr)
		}
		if err != nil {
			return
		}
		if show(h) != show(slowly) || body != slowBody {
			t.Fatalf("whole: %q %q, byte by byte: %q %q", show(h), body, show(slowly), slowBody)
		}
		agreeOnRequest(t, in, h, body)
	})
}

// takeRequest reads a request with its body.
func takeRequest(in [][]byte) (*Head, string, error) {
	h := new(Head)
	c := NewServerConn(&wire{in: in}, &ServerOptions{})
	if err := c.Wait(); err != nil {
		return nil, "", err
	}
	if err := c.ReadHead(h); err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(c.Body())
	return h, string(body), err
}

func agreeOnRequest(t *testing.T, in []byte, h *Head, body string) {
	if _, err := url.ParseRequestURI(h.Target); err != nil {
		return // the parts of a target are judged by who reads them
	}
	// net/http does not pass over an empty line.
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(in, crlf))))
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", in, err)
	}
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != body {
		t.Fatalf("the body is %q, for net/http %q, %v", body, got, err)
	}
	if r.Method != h.Method || r.RequestURI != h.Target || r.ProtoMinor != h.Minor {
		t.Fatalf("%q is %s %s %d for net/http", show(h), r.Method, r.RequestURI, r.ProtoMinor)
	}
	host, _ := h.Header.Get("Host")
	if r.URL.Host == "" && r.Host != host {
		t.Fatalf("the host is %q, for net/http %q", host, r.Host)
	}
	agreeOnFields(t, &h.Header, r.Header)
}

// agreeOnFields leaves out what net/http takes out of its header.
func agreeOnFields(t *testing.T, l *field.List, want http.Header) {
	got := http.Header{}
	for name, value := range l.All() {
		key := textproto.CanonicalMIMEHeaderKey(name)
		got[key] = append(got[key], strings.Clone(value))
	}
	for _, key := range []string{"Host", "Transfer-Encoding", "Trailer", "Content-Length", "Cache-Control", "Pragma"} {
		delete(got, key)
		delete(want, key)
	}
	if !maps.EqualFunc(got, want, func(a, b []string) bool { return strings.Join(a, "\x00") == strings.Join(b, "\x00") }) {
		t.Fatalf("the fields are %q, for net/http %q", got, want)
	}
}

// FuzzReply compares replies with http.ReadResponse.
func FuzzReply(f *testing.F) {
	for _, s := range []string{
		sampleReply + strings.Repeat("x", 256),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.0 404\r\n\r\nbody",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 304 \r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, head bool) {
		if len(in) > 8<<10 {
			return
		}
		method := "GET"
		if head {
			method = "HEAD"
		}
		h, body, left, err := takeReply([][]byte{in}, method)
		slowly, slowBody, _, slowErr := takeReply(pieces(splitBytes(in)...), method)
		if (err == nil) != (slowErr == nil) {
			t.Fatalf("whole: %v, byte by byte: %v", err, slowErr)
		}
		if err != nil {
			return
		}
		if body != slowBody || h.Status != slowly.Status {
			t.Fatalf("whole: %q, byte by byte: %q", body, slowBody)
		}
		agreeOnReply(t, in, h, body, left, method)
	})
}

func takeReply(in [][]byte, method string) (h *ReplyHead, body string, left int, err error) {
	h = new(ReplyHead)
	c := NewClientConn(&wire{in: in}, &ClientOptions{})
	if err := c.ReadHead(h, method); err != nil {
		return nil, "", 0, err
	}
	b, err := io.ReadAll(c.Body())
	return h, string(b), c.Buffered(), err
}

func agreeOnReply(t *testing.T, in []byte, h *ReplyHead, body string, left int, method string) {
	from := bufio.NewReaderSize(bytes.NewReader(in), 64<<10)
	var r *http.Response
	for {
		var err error
		if r, err = http.ReadResponse(from, &http.Request{Method: method}); err != nil {
			t.Fatalf("net/http refuses %q: %v", in, err)
		}
		if r.StatusCode >= 200 {
			break
		}
	}
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != body {
		t.Fatalf("the body is %q, for net/http %q, %v", body, got, err)
	}
	if r.StatusCode != h.Status || r.ProtoMinor != h.Minor {
		t.Fatalf("%d %d is %d %d for net/http", h.Status, h.Minor, r.StatusCode, r.ProtoMinor)
	}
	if from.Buffered() != left {
		t.Fatalf("%d bytes are left, for net/http %d", left, from.Buffered())
	}
	for _, drop := range []string{"Connection"} {
		r.Header.Del(drop)
		h.Header.Del(drop)
	}
	agreeOnFields(t, &h.Header, r.Header)
}

// FuzzChunked compares chunked bodies with net/http's reader, and encodes what
// was decoded once more.
func FuzzChunked(f *testing.F) {
	for _, s := range []string{"0\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "a;b=c\r\n0123456789\r\n00\r\nA: b\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n", "ffffffffffffffff\r\na"} {
		f.Add([]byte(s))
	}
	const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 8<<10 {
			return
		}
		whole := append([]byte(head), in...)
		h, body, err := takeRequest([][]byte{whole})
		_, slowBody, slowErr := takeRequest(pieces(splitBytes(whole)...))
		if (err == nil) != (slowErr == nil) || err == nil && body != slowBody {
			t.Fatalf("whole: %q %v, byte by byte: %q %v", body, err, slowBody, slowErr)
		}
		if err != nil {
			return
		}
		agreeOnRequest(t, whole, h, body)
		again := AppendLastChunk(AppendChunk([]byte(head), []byte(body)), nil)
		if _, back, err := takeRequest([][]byte{again}); err != nil || back != body {
			t.Fatalf("%q came back as %q, %v", body, back, err)
		}
	})
}

// TestStricter lists what net/http takes and h1 refuses, on purpose.
func TestStricter(t *testing.T) {
	for _, tc := range []struct{ why, in string }{
		{"RFC 9112 section 2.2 only allows to take a bare LF, and proxies differ.", "GET / HTTP/1.1\nHost: x\n\n"},
		{"RFC 9112 section 6.3 allows to refuse equal lengths.", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"},
		{"RFC 9112 section 6.3 allows to refuse both framings.", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"RFC 9112 section 5.2 wants folded lines refused.", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
		{"RFC 9112 section 3.2 wants exactly one Host; net/http leaves it to its server.", "GET / HTTP/1.1\r\n\r\n"},
		{"RFC 9112 section 3.2 wants a malformed Host refused.", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
		{"RFC 3986 has no octets above 127 in a URI.", "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"RFC 9112 section 3.2 has no fragment in a target.", "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"A gateway is no tunnel.", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"},
		{"A version that nobody has defined.", "GET / HTTP/1.7\r\nHost: x\r\n\r\n"},
		{"Blanks behind a chunk size are read in more than one way.", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n"},
		{"A trailer must not frame.", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n"},
	} {
		if _, _, err := takeRequest(pieces(tc.in)); err == nil {
			t.Errorf("%q is taken, but: %s", tc.in, tc.why)
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(tc.in)))
		if err == nil {
			_, err = io.ReadAll(r.Body)
		}
		if err != nil {
			t.Errorf("net/http refuses %q as well (%v): no row of this table", tc.in, err)
		}
	}
}
