package h1

import (
	"bytes"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"gatehouse/internal/field"
)

// wire is an in-memory connection: Read gives what is queued, one piece a
// call, Write collects. It counts both.
type wire struct {
	in            [][]byte
	out           bytes.Buffer
	reads, writes int
	closed        bool
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.in) == 0 {
		return 0, io.EOF
	}
	w.reads++
	n := copy(p, w.in[0])
	if w.in[0] = w.in[0][n:]; len(w.in[0]) == 0 {
		w.in = w.in[1:]
	}
	return n, nil
}

func (w *wire) Write(p []byte) (int, error)      { w.writes++; return w.out.Write(p) }
func (w *wire) Close() error                     { w.closed = true; return nil }
func (w *wire) LocalAddr() net.Addr              { return nil }
func (w *wire) RemoteAddr() net.Addr             { return nil }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

func pieces(s ...string) (p [][]byte) {
	for _, s := range s {
		if s != "" {
			p = append(p, []byte(s))
		}
	}
	return p
}

// serveEcho answers every request with its method, target and body until the
// connection ends.
func serveEcho(c *ServerConn) error {
	defer c.Close()
	var h Head
	for {
		if err := c.Wait(); err == ErrQuiet {
			continue
		} else if err != nil {
			return err
		}
		if err := c.ReadHead(&h); err != nil {
			if e, ok := err.(*SyntaxError); ok {
				c.Refuse(e, []byte(e.Reason), "text/plain")
			}
			return err
		}
		body, err := io.ReadAll(c.Body())
		if err != nil {
			return err
		}
		var f field.List
		f.Add("Date", "now")
		text := h.Method + " " + h.Target + " " + string(body)
		if err := c.WriteHead(&ReplyOut{Status: 200, Fields: &f, Length: int64(len(text)), NoBody: h.Method == "HEAD"}); err != nil {
			return err
		}
		io.WriteString(c, text)
		if err := c.Finish(nil); err != nil {
			return err
		}
		if !c.Next() {
			return nil
		}
	}
}

func TestServeEcho(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nDate: now\r\n"
	for _, tc := range []struct {
		desc string
		in   [][]byte
		want string
	}{
		{"A GET has no body.", pieces("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), ok + "Content-Length: 7\r\n\r\nGET /a "},
		{"A request that says close is the last.", pieces("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\n"),
			ok + "Content-Length: 7\r\nConnection: close\r\n\r\nGET /a "},
		{"Pipelined requests are answered in order.", pieces("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: x\r\n\r\n"),
			ok + "Content-Length: 10\r\n\r\nPOST /a hi" + ok + "Content-Length: 7\r\n\r\nGET /b "},
		{"Chunks are joined.", pieces("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n ho\r\n0\r\n\r\n"),
			ok + "Content-Length: 13\r\n\r\nPOST /a hi ho"},
		{"HTTP/1.0 closes.", pieces("GET /a HTTP/1.0\r\n\r\n"), ok + "Content-Length: 7\r\nConnection: close\r\n\r\nGET /a "},
		{"HTTP/1.0 that asks is kept.", pieces("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), ok + "Content-Length: 7\r\nConnection: keep-alive\r\n\r\nGET /a "},
		{"HEAD gets a head only.", pieces("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"), ok + "Content-Length: 8\r\n\r\n"},
		{"A waited-for body is asked for.", pieces("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "ab"),
			"HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 8\r\n\r\nPUT / ab"},
		{"A body that came with its head is not asked for.", pieces("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"),
			ok + "Content-Length: 8\r\n\r\nPUT / ab"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				in := slices.Clone(tc.in)
				if bytewise {
					if tc.desc == "A body that came with its head is not asked for." {
						continue
					}
					in = pieces(splitBytes(bytes.Join(in, nil))...)
				}
				w := &wire{in: in}
				serveEcho(NewServerConn(w, &ServerOptions{}))
				if got := w.out.String(); got != tc.want {
					t.Errorf("bytewise %v:\ngot  %q\nwant %q", bytewise, got, tc.want)
				}
				if !w.closed {
					t.Error("the connection was not closed")
				}
			}
		})
	}
}

func splitBytes(b []byte) (s []string) {
	for _, c := range b {
		s = append(s, string([]byte{c}))
	}
	return s
}
