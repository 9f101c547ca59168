package h1

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// parse reads one request head from in, which arrives whole or byte by byte.
func parse(in string, bytewise bool, l Limits) (Head, error) {
	p := pieces(in)
	if bytewise {
		p = pieces(splitBytes([]byte(in))...)
	}
	c := NewServerConn(&wire{in: p}, &ServerOptions{Limits: l})
	var h Head
	if err := c.Wait(); err != nil {
		return h, err
	}
	err := c.ReadHead(&h)
	return h, err
}

func TestHeadsTaken(t *testing.T) {
	for _, tc := range []struct{ desc, in, want string }{
		{"Names keep their spelling and values lose the blanks around them.", "GET / HTTP/1.1\r\nHOST: x\r\nx-A:\t b c \t\r\n\r\n", "GET|/|1|HOST=x|x-A=b c|"},
		{"A value may be empty.", "GET / HTTP/1.1\r\nHost: x\r\nA:\r\nB: \r\n\r\n", "GET|/|1|Host=x|A=|B=|"},
		{"A value may hold tabs and octets above 127.", "GET / HTTP/1.1\r\nHost: x\r\nA: b\tc\xff\x80\r\n\r\n", "GET|/|1|Host=x|A=b\tc\xff\x80|"},
		{"A method is any token.", "b!#$%&'*+-.^_`|~1 / HTTP/1.1\r\nHost: x\r\n\r\n", "b!#$%&'*+-.^_`|~1|/|1|Host=x|"},
		{"HTTP/1.0 needs no Host.", "GET /a?b=%20c HTTP/1.0\r\n\r\n", "GET|/a?b=%20c|0|"},
		{"One empty line before the request is passed over.", "\r\nGET / HTTP/1.0\r\n\r\n", "GET|/|0|"},
		{"An absolute form is passed on.", "GET hTTp://h/p HTTP/1.1\r\nHost: h\r\n\r\n", "GET|hTTp://h/p|1|Host=h|"},
		{"OPTIONS may ask about the server.", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS|*|1|Host=h|"},
		{"A Host may be an address with a port.", "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:8080\r\n\r\n", "GET|/|1|Host=[::ffff:1.2.3.4]:8080|"},
		{"A Host may be empty.", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET|/|1|Host=|"},
		{"A coding is compared without regard to case.", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n", "GET|/|1|Host=h|Transfer-Encoding=CHUNKED|"},
		{"HTTP/1.0 may not expect anything and is not refused for it.", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n", "GET|/|0|Expect=100-continue|"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				h, err := parse(tc.in, bytewise, Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if got := show(&h); got != tc.want {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			}
		})
	}
}

func show(h *Head) string {
	s := fmt.Sprintf("%s|%s|%d|", h.Method, h.Target, h.Minor)
	for name, value := range h.Header.All() {
		s += name + "=" + value + "|"
	}
	return s
}

// TestHeadsRefused is the list of what is rejected instead of repaired.
func TestHeadsRefused(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: x\r\n"
	for _, tc := range []struct {
		desc, in string
		status   int
	}{
		{"Both lengths.", get + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"Both lengths, the other way round.", get + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
		{"Two equal lengths.", get + "Content-Length: 1\r\ncontent-length: 1\r\n\r\n", 400},
		{"Two different lengths.", get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
		{"A list of lengths.", get + "Content-Length: 1, 1\r\n\r\n", 400},
		{"An empty length.", get + "Content-Length: \r\n\r\n", 400},
		{"A signed length.", get + "Content-Length: +1\r\n\r\n", 400},
		{"A negative length.", get + "Content-Length: -1\r\n\r\n", 400},
		{"A hexadecimal length.", get + "Content-Length: 0x1\r\n\r\n", 400},
		{"A length with a blank.", get + "Content-Length: 1 1\r\n\r\n", 400},
		{"A length that overflows.", get + "Content-Length: 9223372036854775808\r\n\r\n", 400},
		{"A length with an underscore.", get + "Content-Length: 1_0\r\n\r\n", 400},
		{"Two Hosts.", get + "host: x\r\n\r\n", 400},
		{"No Host.", "GET / HTTP/1.1\r\n\r\n", 400},
		{"A Host with a blank.", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"A Host with a path.", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"A Host with a user.", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
		{"A Host that is a list.", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
		{"A Host with a port in words.", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
		{"A Host with two ports.", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400},
		{"A Host with an open bracket.", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
		{"A Host above ASCII.", "GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", 400},
		{"A blank before the colon.", get + "A : b\r\n\r\n", 400},
		{"A tab before the colon.", get + "A\t: b\r\n\r\n", 400},
		{"A blank in a name.", get + "A b: c\r\n\r\n", 400},
		{"An empty name.", get + ": b\r\n\r\n", 400},
		{"A name above ASCII.", get + "\xc3\xa4: b\r\n\r\n", 400},
		{"A name with a control character.", get + "A\x00: b\r\n\r\n", 400},
		{"A line without a colon.", get + "A\r\n\r\n", 400},
		{"A folded line.", get + "A: b\r\n c: d\r\n\r\n", 400},
		{"A folded line with a tab.", get + "A: b\r\n\tc\r\n\r\n", 400},
		{"A fold before the first field.", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
		{"A bare LF behind a field.", get + "A: b\nC: d\r\n\r\n", 400},
		{"A bare LF behind the request line.", "GET / HTTP/1.1\nHost: x\r\n\r\n", 400},
		{"Bare LFs throughout.", "GET / HTTP/1.1\nHost: x\n\n", 400},
		{"A bare LF as the last line.", get + "\n", 400},
		{"A bare CR in a value.", get + "A: b\rc\r\n\r\n", 400},
		{"A CR before the line end.", get + "A: b\r\r\n\r\n", 400},
		{"A CR as a field line.", get + "\rA: b\r\n\r\n", 400},
		{"A NUL in a value.", get + "A: b\x00c\r\n\r\n", 400},
		{"A control character in a value.", get + "A: b\x1fc\r\n\r\n", 400},
		{"DEL in a long value.", get + "A: 0123456789abcdef\x7f0123456789\r\n\r\n", 400},
		{"An unknown coding.", get + "Transfer-Encoding: foo\r\n\r\n", 400},
		{"An empty coding.", get + "Transfer-Encoding:\r\n\r\n", 400},
		{"The coding twice in a list.", get + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
		{"The coding twice.", get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"A coding with a parameter.", get + "Transfer-Encoding: chunked;a=b\r\n\r\n", 400},
		{"A coding in quotes.", get + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
		{"A coding with a vertical tab.", get + "Transfer-Encoding: \x0bchunked\r\n\r\n", 400},
		{"A coding that exists.", get + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
		{"A last coding that is not chunked.", get + "Transfer-Encoding: gzip\r\n\r\n", 501},
		{"identity, which is no coding any more.", get + "Transfer-Encoding: identity\r\n\r\n", 501},
		{"A coding in HTTP/1.0.", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"An unknown expectation.", get + "Expect: 200-ok\r\n\r\n", 417},
		{"A target with a control character.", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A target with a tab.", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A target with a blank.", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A target above ASCII.", "GET /0123456789\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A target with a fragment.", "GET /0123456789# HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"An empty target.", "GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A target that is no path.", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A target of another scheme.", "GET ftp://a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A star for GET.", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"CONNECT.", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501},
		{"A method that is no token.", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"No method.", " / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"Two blanks before the target.", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"Two blanks before the version.", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"A blank behind the version.", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
		{"No version.", "GET /\r\n\r\n", 400},
		{"A version in lower case.", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
		{"A version without a minor.", "GET / HTTP/1\r\nHost: x\r\n\r\n", 400},
		{"A version with a sign.", "GET / HTTP/+1.1\r\nHost: x\r\n\r\n", 400},
		{"HTTP/1.2.", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505},
		{"HTTP/2.0.", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
		{"HTTP/0.9 in words.", "GET / HTTP/0.9\r\n\r\n", 505},
		{"Two empty lines.", "\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400},
		{"A TLS hello.", "\x16\x03\x01\x02\x00\x01", 400},
		{"A request line that is too long.", "GET /" + strings.Repeat("a", 20<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
		{"A request line that does not end.", "GET /" + strings.Repeat("a", 80<<10), 414},
		{"A head that is too large.", get + "A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", 431},
		{"A head that does not end.", get + strings.Repeat("A: b\r\n", 20<<10), 431},
		{"A name that is too long.", get + strings.Repeat("a", 5000) + ": b\r\n\r\n", 431},
		{"Too many fields.", get + strings.Repeat("A: b\r\n", 200) + "\r\n", 431},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				_, err := parse(tc.in, bytewise, Limits{})
				e, ok := errors.AsType[*SyntaxError](err)
				if !ok || e.Status != tc.status {
					t.Errorf("bytewise %v: got %v, want status %d", bytewise, err, tc.status)
				}
			}
		})
	}
}

// TestHeadLimits holds that a limit is the last size that passes.
func TestHeadLimits(t *testing.T) {
	head := "GET /abc HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, tc := range []struct {
		desc   string
		limits Limits
		status int
	}{
		{"A head of just the limit passes.", Limits{HeadBytes: len(head)}, 0},
		{"A byte more does not.", Limits{HeadBytes: len(head) - 1}, 431},
		{"A target of just the limit passes.", Limits{LineBytes: 4}, 0},
		{"A byte more does not.", Limits{LineBytes: 3}, 414},
		{"As many fields as the limit pass.", Limits{Fields: 1}, 0},
		{"A buffer larger than the large one is made.", Limits{HeadBytes: 1 << 20}, 0},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := parse(head, false, tc.limits)
			e, _ := errors.AsType[*SyntaxError](err)
			if tc.status == 0 && err != nil || tc.status != 0 && (e == nil || e.Status != tc.status) {
				t.Errorf("got %v, want status %d", err, tc.status)
			}
		})
	}
	long := "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 60<<10) + "\r\n\r\n"
	for _, bytewise := range []bool{false, true} {
		h, err := parse(long, bytewise, Limits{})
		if v, _ := h.Header.Get("A"); err != nil || len(v) != 60<<10 {
			t.Errorf("a long head: %v, %d bytes", err, len(v))
		}
	}
}

// TestHeadCutShort tells a client that left from one that left in the middle.
func TestHeadCutShort(t *testing.T) {
	if _, err := parse("GET / HT", false, Limits{}); err != io.ErrUnexpectedEOF {
		t.Errorf("within a head: %v, want io.ErrUnexpectedEOF", err)
	}
	if _, err := parse("\r\n", false, Limits{}); err != io.EOF {
		t.Errorf("behind an empty line: %v, want io.EOF", err)
	}
	if _, err := parse("", false, Limits{}); err != io.EOF {
		t.Errorf("without a byte: %v, want io.EOF", err)
	}
}

func TestErrorsQuoteLittle(t *testing.T) {
	_, err := parse("GET / HTTP/1.1\r\nHost: "+strings.Repeat("/", 5000)+"\r\n\r\n", false, Limits{})
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("got %v", err)
	}
}
