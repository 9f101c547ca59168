package edge

import (
	"context"
	"io"
	"net/http"
	"testing"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// bomb panics whatever it is used as.
type bomb struct{ text string }

func (b *bomb) Read(p []byte) (int, error) {
	if b.text == "" {
		panic("boom in the stream")
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}
func (b *bomb) Close() error           { panic("boom in the close") }
func (b *bomb) Trailer() *field.List   { panic("boom in the trailer") }
func (b *bomb) End(*flow.Exchange)     { panic("boom in the ender") }
func (b *bomb) Observe(*flow.Exchange) { panic("boom in the sink") }

// counter counts how often it is told.
type counter struct{ n *int }

func (c counter) End(*flow.Exchange) { *c.n++ }

// TestPanic holds law 6: wherever the exchange panics, the client gets 500 or
// is cut off, every other ender and sink is told, the exchange is dropped and
// not pooled, and the process lives on. A request that ends well is pooled.
func TestPanic(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		bomb   flow.HandlerFunc
		status int // 0: the client is cut off within the body
		fault  bool
		sink   bool // panics, too
		sound  bool
	}{
		{"Nothing panics.", say("fine"), 200, false, false, true},
		{"The handler.", func(*flow.Exchange) error { panic("boom") }, 500, true, false, false},
		{"The handler, behind a reply whose Close panics.", func(x *flow.Exchange) error {
			x.Out.Body = flow.Streamed(&bomb{}, flow.Unknown)
			panic("boom")
		}, 500, true, false, false},
		{"The reply's stream.", func(x *flow.Exchange) error {
			x.Out.Status, x.Out.Body = 200, flow.Streamed(&bomb{"some"}, flow.Unknown)
			return nil
		}, 0, false, false, false},
		{"An ender.", func(x *flow.Exchange) error { x.AtEnd(&bomb{}); return say("fine")(x) }, 200, false, false, false},
		{"A sink.", say("fine"), 200, false, true, false},
	} {
		for _, client := range []*http.Client{{Transport: &http.Transport{DisableKeepAlives: true}}, http2Client(t)} {
			t.Run(tc.desc, func(t *testing.T) {
				var x *flow.Exchange
				told := 0
				handler := func(it *flow.Exchange) error {
					x = it
					it.AtEnd(counter{&told})
					return tc.bomb(it)
				}
				var o Options
				if tc.sink {
					o.Sinks = append(o.Sinks, &bomb{})
				}
				h := open(t, handler, o, data)
				status, body := 0, ""
				if resp, err := client.Get("http://" + h.addr + "/"); err == nil {
					b, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err == nil {
						status, body = resp.StatusCode, string(b)
					}
				}
				if status != tc.status || status == 500 && body != `{"message":"Internal Server Error"}` {
					t.Errorf("got %d %s", status, body)
				}
				e := h.sink.wait(t, 1)[0]
				if tc.fault != (e.Fault != nil && e.Fault.Kind == gate.Internal) || tc.status == 0 && e.Aborted == nil {
					t.Errorf("the event is %+v", e)
				}
				client.CloseIdleConnections()
				if err := h.Shutdown(context.Background()); err != nil { // behind it nobody works on the exchange
					t.Error(err)
				}
				if pooled := x.ID == ""; pooled != tc.sound {
					t.Errorf("pooled = %v", pooled)
				}
				if told != 1 {
					t.Errorf("the other ender was told %d times", told)
				}
			})
		}
	}
}

// TestPanicCloses holds that a connection of HTTP/1.1 ends with the 500, and
// says so.
func TestPanicCloses(t *testing.T) {
	h := open(t, func(x *flow.Exchange) error { panic("boom") }, Options{}, data)
	c := h.dial(t)
	c.send(hello)
	resp, _ := c.reply("GET")
	if resp.StatusCode != 500 || resp.Header.Get("Apigw-Requestid") == "" || !resp.Close || !c.ended() {
		t.Errorf("got %d %v, and the connection was kept", resp.StatusCode, resp.Header)
	}
}
