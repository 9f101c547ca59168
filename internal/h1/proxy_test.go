package h1

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/field"
)

// replayed is a connection that gives the same input again for every request
// that is written to it, or without end.
type replayed struct {
	net.Conn
	input         string
	at            int
	reads, writes int
	wrote         int
}

func (r *replayed) Read(p []byte) (int, error) {
	r.reads++
	if r.at == len(r.input) {
		r.at = 0
	}
	n := copy(p, r.input[r.at:])
	r.at += n
	return n, nil
}

func (r *replayed) Write(p []byte) (int, error)      { r.writes++; r.wrote += len(p); return len(p), nil }
func (r *replayed) SetReadDeadline(time.Time) error  { return nil }
func (r *replayed) SetWriteDeadline(time.Time) error { return nil }

// A relay is the smallest proxy: the loop whose cost counts.
type relay struct {
	server *ServerConn
	client *ClientConn
	in     Head
	got    ReplyHead
	out    []byte
	reply  ReplyOut
}

func newRelay(down, up net.Conn) *relay {
	return &relay{server: NewServerConn(down, &ServerOptions{}), client: NewClientConn(up, &ClientOptions{})}
}

func (r *relay) exchange() error {
	err := r.server.Wait()
	for err == ErrQuiet {
		err = r.server.Wait()
	}
	if err != nil {
		return err
	}
	if err := r.server.ReadHead(&r.in); err != nil {
		return err
	}
	r.request()
	if _, err := r.client.Write(r.out); err != nil {
		return err
	}
	if err := r.client.ReadHead(&r.got, r.in.Method); err != nil {
		return err
	}
	body := r.client.Body()
	r.reply = ReplyOut{Status: r.got.Status, Fields: &r.got.Header, Length: body.Len(), NoBody: r.in.Method == "HEAD"}
	if err := r.server.WriteHead(&r.reply); err != nil {
		return err
	}
	if err := r.server.WriteFrom(body); err != nil {
		return err
	}
	if err := r.server.Finish(body.Trailer()); err != nil {
		return err
	}
	r.client.Reusable()
	if !r.server.Next() {
		return io.EOF
	}
	return nil
}

// request writes the head and, where it is there already, the body.
func (r *relay) request() {
	b := append(r.out[:0], r.in.Method...)
	b = append(append(append(b, ' '), r.in.Target...), " HTTP/1.1\r\n"...)
	for i := range r.in.Header.Len() {
		if id, name, value, ok := r.in.Header.At(i); ok && !id.HopByHop() {
			b = field.AppendField(b, name, value)
		}
	}
	b = append(b, "\r\n"...)
	body := r.server.Body()
	for !body.Done() {
		held := body.Buffered()
		if len(held) == 0 {
			break
		}
		b = append(b, held...)
		body.Skip(len(held))
	}
	r.out = b
}

const (
	sampleRequest = "GET /pets/17?verbose=1 HTTP/1.1\r\nHost: abcdefghij.execute-api.eu-central-1.amazonaws.com\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) Test/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate\r\n" +
		"x-api-key: 0123456789abcdef0123456789abcdef\r\nConnection: keep-alive\r\nX-Custom-Field: some value of a field\r\n\r\n"
	sampleReply = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Type: application/octet-stream\r\n" +
		"Content-Length: 256\r\nConnection: keep-alive\r\n\r\n"
)

func sampleConns(body string) (down, up *replayed) {
	request := sampleRequest
	if body != "" {
		request = strings.Replace(request, "GET", "POST", 1)
		request = strings.Replace(request, "\r\n\r\n", "\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body, 1)
	}
	return &replayed{input: request}, &replayed{input: sampleReply + strings.Repeat("x", 256)}
}

// TestRelayIsFree guards the hot path: no allocation, and one read and one
// write a side and request.
func TestRelayIsFree(t *testing.T) {
	for _, tc := range []struct{ desc, body, reply string }{
		{"A GET with a sized reply.", "", ""},
		{"A POST with a small body.", strings.Repeat("b", 1000), ""},
		{"A chunked reply with a trailer.", "", strings.Replace(sampleReply, "Content-Length: 256", "Transfer-Encoding: chunked", 1) +
			"5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"},
		{"A sized reply of 16 KiB.", "", strings.Replace(sampleReply, "256", "16384", 1) + strings.Repeat("x", 16384)},
		{"A chunked reply of 16 KiB.", "", strings.Replace(sampleReply, "Content-Length: 256", "Transfer-Encoding: chunked", 1) +
			"4000\r\n" + strings.Repeat("x", 16384) + "\r\n0\r\n\r\n"},
		{"A reply without Date.", "", "HTTP/1.1 204 No Content\r\n\r\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			down, up := sampleConns(tc.body)
			if tc.reply != "" {
				up.input = tc.reply
			}
			r := newRelay(down, up)
			for range 10 {
				if err := r.exchange(); err != nil {
					t.Fatal(err)
				}
			}
			down.reads, down.writes, up.reads, up.writes = 0, 0, 0, 0
			const runs = 100
			if n := testing.AllocsPerRun(runs-1, func() {
				if err := r.exchange(); err != nil {
					t.Fatal(err)
				}
			}); n != 0 && !raceEnabled {
				t.Errorf("%v allocations a request, want 0", n)
			}
			if down.reads != runs || down.writes != runs || up.reads != runs || up.writes != runs {
				t.Errorf("%d requests took %d+%d reads and %d+%d writes", runs, down.reads, up.reads, down.writes, up.writes)
			}
		})
	}
}

func BenchmarkRelay(b *testing.B) {
	r := newRelay(netConns(sampleConns("")))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.exchange(); err != nil {
			b.Fatal(err)
		}
	}
}

func netConns(a, b *replayed) (net.Conn, net.Conn) { return a, b }

func BenchmarkParseRequest(b *testing.B) {
	var h Head
	var l Limits
	head := []byte(sampleRequest)
	b.SetBytes(int64(len(head)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := parseRequest(&h, head, &l); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseReply(b *testing.B) {
	var h ReplyHead
	var l Limits
	head := []byte(sampleReply)
	b.SetBytes(int64(len(head)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := parseReply(&h, head, &l); err != nil {
			b.Fatal(err)
		}
	}
}
