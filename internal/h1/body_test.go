package h1

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// post reads the request whose fields and body are given, up to its body.
func post(t *testing.T, fields, body string, bytewise bool, o *ServerOptions) (*ServerConn, *wire) {
	t.Helper()
	in := pieces("POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body)
	if bytewise {
		in = append(pieces("POST / HTTP/1.1\r\nHost: x\r\n"+fields+"\r\n"), pieces(splitBytes([]byte(body))...)...)
	}
	w := &wire{in: in}
	c := NewServerConn(w, o)
	var h Head
	if err := errors.Join(c.Wait(), c.ReadHead(&h)); err != nil {
		t.Fatal(err)
	}
	return c, w
}

const chunked = "Transfer-Encoding: chunked\r\n"

func TestChunkedTaken(t *testing.T) {
	big := strings.Repeat("0123456789", 5000)
	for _, tc := range []struct{ desc, in, want, trailer string }{
		{"No chunk.", "0\r\n\r\n", "", ""},
		{"Two chunks.", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc", ""},
		{"Hexadecimal in both cases, with zeros in front.", "0000A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789", ""},
		{"Sixteen digits.", "0000000000000001\r\na\r\n0\r\n\r\n", "a", ""},
		{"An extension is skipped.", "1;a=b;c=\"d e\"\r\na\r\n0;x\r\n\r\n", "a", ""},
		{"A large chunk.", "c350\r\n" + big + "\r\n0\r\n\r\n", big, ""},
		{"Data that looks like framing is data.", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n", ""},
		{"A trailer.", "1\r\na\r\n0\r\nX-Sum: 1\r\ny:2 \r\n\r\n", "a", "X-Sum: 1\r\ny: 2\r\n"},
		{"A trailer that vouches for something is left out.", "0\r\nAuthorization: x\r\nX: y\r\nX-Forwarded-For: z\r\n\r\n", "", "X: y\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				c, _ := post(t, chunked, tc.in+"NEXT", bytewise, &ServerOptions{})
				b := c.Body()
				if b.Len() != -1 && tc.want != "" {
					t.Errorf("length %d, want -1", b.Len())
				}
				got, err := io.ReadAll(b)
				if err != nil || string(got) != tc.want {
					t.Fatalf("got %.40q, %v", got, err)
				}
				trailer := ""
				if l := b.Trailer(); l != nil {
					trailer = string(l.Append(nil))
				}
				if trailer != tc.trailer {
					t.Errorf("trailer %q, want %q", trailer, tc.trailer)
				}
				if !b.Done() {
					t.Error("the body is not done")
				}
				if rest := string(c.in.bytes()); !bytewise && len(tc.want) < 4000 && rest != "NEXT" {
					t.Errorf("%q is left, want NEXT", rest)
				}
			}
		})
	}
}

func TestChunkedRefused(t *testing.T) {
	for _, tc := range []struct{ desc, in string }{
		{"A prefix.", "0x1\r\na\r\n0\r\n\r\n"},
		{"A plus sign.", "+1\r\na\r\n0\r\n\r\n"},
		{"A minus sign.", "-1\r\na\r\n0\r\n\r\n"},
		{"No digit.", "\r\na\r\n0\r\n\r\n"},
		{"No digit before an extension.", ";a\r\n\r\n"},
		{"A blank before the size.", " 1\r\na\r\n0\r\n\r\n"},
		{"A blank behind the size.", "1 \r\na\r\n0\r\n\r\n"},
		{"A blank before an extension.", "1 ;a\r\na\r\n0\r\n\r\n"},
		{"An underscore.", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"},
		{"Seventeen digits.", "00000000000000001\r\na\r\n0\r\n\r\n"},
		{"A size that overflows.", "8000000000000000\r\na\r\n0\r\n\r\n"},
		{"A bare LF behind the size.", "1\na\r\n0\r\n\r\n"},
		{"A bare CR behind the size.", "1\ra\r\n0\r\n\r\n"},
		{"A CR in an extension.", "1;a\rb\r\na\r\n0\r\n\r\n"},
		{"A NUL in an extension.", "1;a\x00b\r\na\r\n0\r\n\r\n"},
		{"Data longer than the size.", "1\r\nab\r\n0\r\n\r\n"},
		{"A bare LF behind the data.", "1\r\na\n0\r\n\r\n"},
		{"An extension that is too long.", "1;" + strings.Repeat("a", 2000) + "\r\na\r\n0\r\n\r\n"},
		{"A chunk line that does not end.", strings.Repeat("0", 5000)},
		{"Too many extensions in all.", strings.Repeat("1;"+strings.Repeat("a", 1000)+"\r\na\r\n", 20) + "0\r\n\r\n"},
		{"A bare LF in the trailer.", "0\r\nA: b\nC: d\r\n\r\n"},
		{"A bare LF instead of the trailer.", "0\r\n\n"},
		{"A fold in the trailer.", "0\r\nA: b\r\n c\r\n\r\n"},
		{"A fold at the front of the trailer.", "0\r\n A: b\r\n\r\n"},
		{"A blank before a colon in the trailer.", "0\r\nA : b\r\n\r\n"},
		{"A trailer that frames.", "0\r\nContent-Length: 1\r\n\r\n"},
		{"A trailer that codes.", "0\r\ntransfer-encoding: chunked\r\n\r\n"},
		{"A trailer that routes.", "0\r\nHost: x\r\n\r\n"},
		{"A trailer that is too large.", "0\r\nA: " + strings.Repeat("a", 9000) + "\r\n\r\n"},
		{"Too many trailer fields.", "0\r\n" + strings.Repeat("A: b\r\n", 201) + "\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				c, _ := post(t, chunked, tc.in, bytewise, &ServerOptions{})
				_, err := io.ReadAll(c.Body())
				if _, ok := errors.AsType[*SyntaxError](err); !ok {
					t.Errorf("bytewise %v: got %v, want a SyntaxError", bytewise, err)
				}
				if _, again := c.Body().Read(make([]byte, 1)); again != err {
					t.Errorf("the second read says %v", again)
				}
				if c.KeepAlive() {
					t.Error("the connection would be kept")
				}
			}
		})
	}
}

func TestBodyEnds(t *testing.T) {
	for _, tc := range []struct{ desc, fields, body string }{
		{"sized", "Content-Length: 5\r\n", "abc"},
		{"in a chunk", chunked, "5\r\nabc"},
		{"between chunks", chunked, "3\r\nabc\r\n"},
		{"in a trailer", chunked, "3\r\nabc\r\n0\r\nA: b\r\n"},
	} {
		c, _ := post(t, tc.fields, tc.body, false, &ServerOptions{})
		if got, err := io.ReadAll(c.Body()); string(got) != "abc" || err != io.ErrUnexpectedEOF {
			t.Errorf("%s: got %q, %v", tc.desc, got, err)
		}
	}
}

// TestLastBytesBringTheEnd holds that the last Read says so, which saves the
// reply a write.
func TestLastBytesBringTheEnd(t *testing.T) {
	for _, tc := range [][2]string{{"Content-Length: 3\r\n", "abc"}, {chunked, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"}} {
		c, _ := post(t, tc[0], tc[1], false, &ServerOptions{})
		p := make([]byte, 10)
		if n, err := c.Body().Read(p); n != 3 || err != io.EOF {
			t.Errorf("%q: %d, %v; want 3, EOF", tc, n, err)
		}
	}
}

func TestBuffered(t *testing.T) {
	for _, bodies := range [][2]string{{"Content-Length: 6\r\n", "abcdef"}, {chunked, "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"}} {
		c, _ := post(t, bodies[0], bodies[1]+"GET", false, &ServerOptions{})
		b := c.Body()
		var got []byte
		if n, err := b.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		for held := b.Buffered(); len(held) > 0; held = b.Buffered() {
			got = append(got, held...)
			b.Skip(len(held))
		}
		if string(got) != "bcdef" || !b.Done() {
			t.Errorf("got %q, done %v", got, b.Done())
		}
	}
	c, _ := post(t, "", "GET", false, &ServerOptions{})
	if held := c.Body().Buffered(); len(held) > 0 || !c.Body().Done() || c.Body().Len() != 0 {
		t.Errorf("a request without a body holds %q of one", held)
	}
}

func TestSetMax(t *testing.T) {
	over := errors.New("too large")
	for _, tc := range []struct {
		desc, fields, body, want string
		max                      int64
		err                      error
	}{
		{"A sized body at the limit passes.", "Content-Length: 3\r\n", "abc", "abc", 3, nil},
		{"A sized body beyond it is refused at once.", "Content-Length: 3\r\n", "abc", "", 2, over},
		{"A chunked body at the limit passes.", chunked, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc", 3, nil},
		{"A chunked body is cut at the limit.", chunked, "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "ab", 2, over},
		{"A chunk is cut at the limit.", chunked, "3\r\nabc\r\n0\r\n\r\n", "ab", 2, over},
		{"No body passes a limit of 0.", "", "", "", 0, nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				c, _ := post(t, tc.fields, tc.body, bytewise, &ServerOptions{})
				c.Body().SetMax(tc.max, over)
				if got, err := io.ReadAll(c.Body()); string(got) != tc.want || err != tc.err {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	for _, tc := range []struct {
		max int64
		err error
	}{{3, nil}, {2, over}} {
		c := NewClientConn(&wire{in: pieces("HTTP/1.1 200 OK\r\n\r\nabc")}, &ClientOptions{})
		var h ReplyHead
		if err := c.ReadHead(&h, "GET"); err != nil {
			t.Fatal(err)
		}
		c.Body().SetMax(tc.max, over)
		if got, err := io.ReadAll(c.Body()); err != tc.err || string(got) != "abc"[:tc.max] {
			t.Errorf("an endless body, limit %d: %q, %v", tc.max, got, err)
		}
	}
}

func TestClosedBody(t *testing.T) {
	c, _ := post(t, "Content-Length: 3\r\n", "abc", false, &ServerOptions{})
	c.Body().Close()
	if _, err := c.Body().Read(make([]byte, 3)); err != errBodyClosed {
		t.Errorf("got %v", err)
	}
	answer(t, c, "no")
	if !c.Next() {
		t.Error("the short rest was not drained")
	}
}

// answer answers with a body of known length.
func answer(t *testing.T, c *ServerConn, body string) {
	t.Helper()
	err := c.WriteHead(&ReplyOut{Status: 200, Length: int64(len(body))})
	_, werr := io.WriteString(c, body)
	if err := errors.Join(err, werr, c.Finish(nil)); err != nil {
		t.Fatal(err)
	}
}

// TestNext holds when a connection is kept although a body was not read.
func TestNext(t *testing.T) {
	for _, tc := range []struct {
		desc, fields string
		body         []string
		kept         bool
	}{
		{"A short rest is drained.", "Content-Length: 3\r\n", []string{"a", "bc"}, true},
		{"A long rest is not.", "Content-Length: 65537\r\n", []string{strings.Repeat("a", 65537)}, false},
		{"A chunked rest is drained.", chunked, []string{"3\r\n", "abc\r\n0\r\n\r\n"}, true},
		{"A chunked rest that turns out long is not.", chunked, []string{"20000\r\n", strings.Repeat("a", 0x20000)}, false},
		{"A malformed rest is not.", chunked, []string{"3\r\nabcd"}, false},
		{"A rest that the client holds back is not asked for.", "Expect: 100-continue\r\nContent-Length: 3\r\n", nil, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := &wire{in: append(pieces("POST / HTTP/1.1\r\nHost: x\r\n"+tc.fields+"\r\n"), pieces(tc.body...)...)}
			c := NewServerConn(w, &ServerOptions{})
			var h Head
			if err := errors.Join(c.Wait(), c.ReadHead(&h)); err != nil {
				t.Fatal(err)
			}
			answer(t, c, "early")
			if got := c.Next(); got != tc.kept {
				t.Errorf("kept %v, want %v", got, tc.kept)
			}
			if strings.Contains(w.out.String(), "100 Continue") {
				t.Error("the client was asked for its body")
			}
		})
	}
}

// TestSmallChunksAreDeliveredTogether keeps a stream of short chunks from
// costing a write each.
func TestSmallChunksAreDeliveredTogether(t *testing.T) {
	c, _ := post(t, chunked, strings.Repeat("1\r\na\r\n", 100)+"0\r\n\r\n", false, &ServerOptions{})
	p := make([]byte, 200)
	if n, err := c.Body().Read(p); n != 100 || err != io.EOF || !slices.Equal(p[:n], []byte(strings.Repeat("a", 100))) {
		t.Errorf("%d, %v; want 100, EOF", n, err)
	}
}
