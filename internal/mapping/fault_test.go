package mapping

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
)

// begun is an exchange of a client that sent nothing but a head.
func begun(t *testing.T) *flow.Exchange {
	t.Helper()
	x := &flow.Exchange{}
	x.Begin(context.Background(), time.Now())
	t.Cleanup(x.End)
	return x
}

// TestRender is the table of what ends an exchange, and what of it the client
// and the logs see.
func TestRender(t *testing.T) {
	body := func(err error) error { return &flow.BodyError{Err: err} }
	broken := &h1.SyntaxError{Status: 400, Reason: "malformed chunk size", Value: "XX"}
	tooLarge := gate.Fail(gate.RequestTooLarge, errors.New("over"))
	for _, tc := range []struct {
		desc   string
		err    error
		kind   gate.Kind
		status int
	}{
		{"A fault is itself.", gate.Fail(gate.Throttled, nil), gate.Throttled, 429},
		{"Any other error is a defect of ours.", errors.New("x"), gate.Internal, 500},
		{"Rubbish that is not of the client's body is nobody's but ours.", broken, gate.Internal, 500},
		{"The backend's rubbish is the backend's.", gate.Fail(gate.IntegrationMalformed, broken), gate.IntegrationMalformed, 500},
		{"A chunk size that is none.", body(broken), gate.RequestBodyMalformed, 400},
		{"A forbidden trailer.", body(&h1.SyntaxError{Status: 400, Reason: "forbidden trailer field"}), gate.RequestBodyMalformed, 400},
		{"A trailer that is too long is malformed as well.", body(&h1.SyntaxError{Status: 431}), gate.RequestBodyMalformed, 400},
		{"A length that was not kept.", body(errors.New("declared 4, got 2")), gate.RequestBodyMalformed, 400},
		{"A body that is too slow for the engine.", body(&h1.SyntaxError{Status: 408}), gate.RequestBodyTimeout, 408},
		{"A body that is too slow for a deadline.", body(fmt.Errorf("read: %w", os.ErrDeadlineExceeded)), gate.RequestBodyTimeout, 408},
		{"A body that a step found too long.", body(tooLarge), gate.RequestTooLarge, 413},
		{"A client that hung up.", body(io.ErrUnexpectedEOF), gate.ClientGone, 499},
		{"A client that reset the connection.", body(&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}), gate.ClientGone, 499},
		{"A client that could not be told to go on.", body(&h1.ConnError{Err: syscall.EPIPE}), gate.ClientGone, 499},
		{"A connection that we closed under it.", body(net.ErrClosed), gate.ClientGone, 499},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := begun(t)
			err := Faults(gate.HTTP)(flow.HandlerFunc(func(*flow.Exchange) error { return tc.err })).Serve(x)
			if err != nil || x.Event.Fault.Kind != tc.kind || x.Out.Status != tc.status {
				t.Errorf("got %v, %s, %d", err, x.Event.Fault.Kind, x.Out.Status)
			}
			gone := tc.kind == gate.ClientGone
			if (x.Event.Aborted != nil) != gone || (x.Out.Body.Len() == 0) != gone || (x.Event.Status != 0) != gone {
				t.Errorf("aborted %v, %d bytes, status %d", x.Event.Aborted, x.Out.Body.Len(), x.Event.Status)
			}
		})
	}
}

// TestRenderHTTP2 holds what net/http says of a stream that the client cuts:
// it has no exported names for it.
func TestRenderHTTP2(t *testing.T) {
	for _, tc := range []struct {
		desc string
		cut  func(cancel func(), c *http.Transport, nc net.Conn)
	}{
		{"The stream is reset.", func(cancel func(), _ *http.Transport, _ net.Conn) { cancel() }},
		{"The connection ends.", func(_ func(), _ *http.Transport, nc net.Conn) { nc.Close() }},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			reading, kind := make(chan bool), make(chan string, 1)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				b := make([]byte, 8)
				r.Body.Read(b)
				close(reading)
				_, err := r.Body.Read(b)
				x := &flow.Exchange{}
				Render(x, gate.HTTP, &flow.BodyError{Err: err})
				kind <- string(x.Event.Fault.Kind) + " for " + err.Error()
			}))
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Start()
			defer s.Close()
			var conn net.Conn
			c := &http.Transport{Protocols: s.Config.Protocols, DialContext: func(ctx context.Context, network, to string) (_ net.Conn, err error) {
				conn, err = new(net.Dialer).DialContext(ctx, network, to)
				return conn, err
			}}
			defer c.CloseIdleConnections()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			body, w := io.Pipe()
			defer w.Close()
			r, err := http.NewRequestWithContext(ctx, "POST", s.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				if reply, err := c.RoundTrip(r); err == nil {
					reply.Body.Close()
				}
			}()
			w.Write([]byte("x"))
			<-reading
			tc.cut(cancel, c, conn)
			if got := <-kind; got[:len(gate.ClientGone)] != string(gate.ClientGone) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// A reply's body that counts how often it was closed.
type shut struct {
	flow.Stream
	times int
}

func (s *shut) Close() error { s.times++; return nil }

// TestFaultsOverAHalfSetReply holds that nothing of what was set before the
// fault reaches the client, and that a body which came by is closed.
func TestFaultsOverAHalfSetReply(t *testing.T) {
	for _, kind := range []gate.Kind{gate.IntegrationFailure, gate.ClientGone} {
		x, body := begun(t), &shut{}
		err := Faults(gate.HTTP)(flow.HandlerFunc(func(x *flow.Exchange) error {
			x.Out.Status, x.Out.Reason = 200, "OK"
			x.Out.Header.Add("Set-Cookie", "secret=1")
			x.Out.Header.Add("Content-Type", "text/html")
			x.Out.Header.Add("Content-Length", "9")
			x.Out.Body = flow.Streamed(body, 9)
			return &gate.Fault{Kind: kind, Header: []string{"Retry-After", "1"}}
		})).Serve(x)
		if err != nil || body.times != 1 {
			t.Errorf("%s: %v, closed %d times", kind, err, body.times)
		}
		status, fields, text := 503, "Content-Type: application/json\r\nRetry-After: 1\r\n", `{"message":"Service Unavailable"}`
		if kind == gate.ClientGone {
			status, fields, text = 499, "", ""
		}
		if got := string(x.Out.Header.Append(nil)); x.Out.Status != status || x.Out.Reason != "" || got != fields || string(x.Out.Body.Bytes()) != text || x.Out.Body.Stream() != nil {
			t.Errorf("%s: got %d %q, %q, %q", kind, x.Out.Status, x.Out.Reason, got, x.Out.Body.Bytes())
		}
	}
}

// torn is a body that cannot be read.
type torn struct{ flow.Stream }

func (torn) Read([]byte) (int, error) {
	return 0, &h1.SyntaxError{Status: 400, Reason: "malformed chunk size"}
}
func (torn) Close() error { return nil }

// TestMappedBodyFails holds that a mapping which reads a body knows whose it
// was: the client's rubbish is a 400, the backend's is not.
func TestMappedBodyFails(t *testing.T) {
	for _, tc := range []struct {
		desc string
		in   gate.Integration
		kind gate.Kind
	}{
		{"A header from the request's body.", gate.Integration{RequestParameters: map[string]string{"append:header.a": "$request.body.b"}}, gate.RequestBodyMalformed},
		{"The path.", gate.Integration{RequestParameters: map[string]string{"overwrite:path": "$request.body.b"}}, gate.RequestBodyMalformed},
		{"A query parameter.", gate.Integration{RequestParameters: map[string]string{"append:querystring.a": "$request.body"}}, gate.RequestBodyMalformed},
		{"A header from the reply's body.", gate.Integration{ResponseParameters: map[string]map[string]string{"200": {"append:header.a": "$response.body.b"}}}, gate.IntegrationMalformed},
		{"The status.", gate.Integration{ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "$response.body.b"}}}, gate.IntegrationMalformed},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			step, err := Parameters(&tc.in)
			if err != nil {
				t.Fatal(err)
			}
			x := begun(t)
			x.In.Body = flow.Streamed(torn{}, flow.Unknown)
			h := flow.Chain(flow.HandlerFunc(func(x *flow.Exchange) error {
				x.Out.Status, x.Out.Body = 200, flow.Streamed(torn{}, flow.Unknown)
				return nil
			}), Faults(gate.HTTP), step)
			if err := h.Serve(x); err != nil || x.Event.Fault == nil || x.Event.Fault.Kind != tc.kind {
				t.Errorf("got %v, %v", err, x.Event.Fault)
			}
		})
	}
}
