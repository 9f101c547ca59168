package mapping

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// FuzzResponse holds that any gateway response compiles or says what is wrong,
// that its body keeps the bound, and that no value ends the line of a header.
func FuzzResponse(f *testing.F) {
	f.Add(`{"message":$context.error.messageString}`, "method.request.header.A", "text/xml, */*", "x\r\ny")
	f.Add("${stageVariables.a} $method.request.querystring.q $$ ${", "'literal'", "application/json;q=1", "v")
	f.Add(strings.Repeat("$context.stage-", 20), "context.path", "", "")
	f.Fuzz(func(t *testing.T, template, header, accept, value string) {
		list, errs := CompileResponses(map[string]gate.GatewayResponse{"DEFAULT_4XX": {
			Parameters: map[string]string{"gatewayresponse.header.X": header},
			Templates:  map[string]string{"application/json": template},
		}})
		if len(errs) > 0 {
			return
		}
		x := new(flow.Exchange)
		x.Begin(t.Context(), time.Unix(1583348638, 0))
		x.API, x.Stage = &gate.API{ID: "abc", Protocol: gate.REST}, &gate.Stage{Name: "prod", Variables: map[string]string{"a": "b"}}
		x.In.Header.Add("Accept", accept)
		x.In.Header.Add("A", value)
		x.Path, x.Query = "/x", "q="+value
		fails := flow.HandlerFunc(func(*flow.Exchange) error { return gate.Fail(gate.MissingAuthenticationToken, nil) })
		if err := flow.Chain(fails, FaultsREST(list)).Serve(x); err != nil {
			t.Fatal(err)
		}
		if n := x.Out.Body.Len(); n > maxAnswer {
			t.Fatalf("the body has %d bytes", n)
		}
		for name, v := range x.Out.Header.All() {
			if strings.ContainsAny(v, "\r\n\x00") {
				t.Fatalf("%s: %q", name, v)
			}
		}
	})
}

// FuzzDecompress holds that no body grows beyond its bound, whatever it holds.
func FuzzDecompress(f *testing.F) {
	f.Add("gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00"))
	f.Add("deflate", []byte("x\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15"))
	f.Add("br, gzip", []byte("x"))
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		x := new(flow.Exchange)
		x.In.Header.Add("Content-Encoding", coding)
		x.In.Body = flow.Bytes(body)
		read := flow.HandlerFunc(func(x *flow.Exchange) error {
			text, err := x.In.Body.Peek(1 << 20)
			if len(text) > 100 && x.In.Body.Stream() != nil {
				t.Fatalf("%d bytes passed", len(text))
			}
			return err
		})
		err := flow.Chain(read, Decompress(100)).Serve(x)
		if err != nil && faultOf(err).Kind != gate.UnsupportedMediaType && faultOf(err).Kind != gate.RequestTooLarge {
			t.Fatal(err)
		}
	})
}

// FuzzAccepted holds that no coding is sent that the client has not named.
func FuzzAccepted(f *testing.F) {
	f.Add("gzip, deflate;q=0.5")
	f.Add("*;q=1, br")
	f.Fuzz(func(t *testing.T, v string) {
		x := new(flow.Exchange)
		x.In.Header.Add("Accept-Encoding", v)
		if got := accepted(&x.In.Header); got != "" && (got != "gzip" && got != "deflate" || !strings.Contains(strings.ToLower(v), got)) {
			t.Fatalf("%q: %q", v, got)
		}
	})
}

// TestABombIsRefused: a small body that grows beyond the limit is too large,
// and no more than the limit of it reaches anybody.
func TestABombIsRefused(t *testing.T) {
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, _ = w.Write(make([]byte, 4<<20))
	_ = w.Close()
	x := new(flow.Exchange)
	x.In.Header.Add("Content-Encoding", "gzip")
	x.In.Body = flow.Bytes(bomb.Bytes())
	passed := int64(0)
	read := flow.HandlerFunc(func(x *flow.Exchange) (err error) {
		passed, err = io.Copy(io.Discard, x.In.Body.Stream())
		return &flow.BodyError{Err: err}
	})
	f := faultOf(flow.Chain(read, Decompress(1<<20)).Serve(x))
	if f.Kind != gate.RequestTooLarge || f.Text(gate.REST) != "HTTP content length exceeded 1048576 bytes." || passed != 1<<20 {
		t.Errorf("%d bytes became %d: %v", bomb.Len(), passed, f)
	}
}
