package gatehouse

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe"
)

// Bounds of a reply that is shown.
const (
	maxReplyBody = 16 << 10
	sendWithin   = time.Minute // for the head and what is shown of the body together
)

// reply is what the client of the request would have got.
type reply struct {
	Status    *int32   `wire:"status"`
	Headers   []header `wire:"headers"`
	Body      *string  `wire:"body"`      // its beginning, if it is text
	Bytes     *int64   `wire:"bytes"`     // that were read
	Truncated *bool    `wire:"truncated"` // there was more
	Latency   *float64 `wire:"latency"`   // milliseconds in all
}

type header struct {
	Name  *string `wire:"name"`
	Value *string `wire:"value"`
}

// run runs the exchange through the line as a listener would, or rehearses that
// without its integration. It has no body.
func (e *explanation) run(send bool) {
	if e.handler == nil {
		return
	}
	start := time.Now()
	err := e.guarded(func() (err error) {
		if send {
			err = e.handler.Serve(e.x)
			e.reached = e.x.Event.Backend.Called
			return err
		}
		e.reached, err = e.plan.Rehearse(e.x)
		return err
	})
	e.out.Timing.Handler = since(start)
	if b := &e.x.Event.Backend; b.Called {
		e.out.Timing.Backend = millis(b.Latency)
	}
	if err != nil {
		e.failed(err)
	}
	if !e.reached {
		e.out.Status = ptr(int32(e.x.Out.Status))
	}
	if send {
		e.reply(start)
	}
}

// failed makes the reply of a fault that left the line.
func (e *explanation) failed(err error) {
	f := &gate.Fault{}
	if !errors.As(err, &f) {
		f = gate.Fail(gate.Internal, err)
	}
	r := f.Render(e.protocol())
	e.x.Event.Fault = f
	e.x.Out.Clear()
	e.x.Out.Status, e.x.Out.Body = r.Status, flow.Bytes(r.Body)
}

// reply shows what the client would have got.
func (e *explanation) reply(start time.Time) {
	out := &e.x.Out
	r := &reply{Status: ptr(int32(out.Status))}
	for name, value := range out.Header.All() {
		r.Headers = append(r.Headers, header{ptr(strings.Clone(name)), ptr(string(observe.AppendField(nil, name, value)))})
	}
	e.readBody(r, start)
	r.Latency = since(start)
	e.out.Reply = r
}

// guarded turns a panic into an error, as the front door does.
func (e *explanation) guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f()
}

// readBody shows the beginning of the body. A stream that does not end is
// closed after maxReplyBody or sendWithin; a read that gets nothing ends by the
// upstream's own stall timeout.
func (e *explanation) readBody(r *reply, start time.Time) {
	body := &e.x.Out.Body
	held := body.Bytes()
	if s := body.Stream(); s != nil {
		held = make([]byte, maxReplyBody+1)
		n := 0
		for err := error(nil); err == nil && n < len(held) && time.Since(start) < sendWithin; {
			var got int
			got, err = s.Read(held[n:]) // what came before an error is shown
			n += got
		}
		held = held[:n]
		body.Close()
	}
	truncated := len(held) > maxReplyBody
	held = held[:min(len(held), maxReplyBody)]
	r.Bytes, r.Truncated = ptr(int64(len(held))), &truncated
	if text := strings.ToValidUTF8(string(held), ""); len(held)-len(text) < utf8.UTFMax {
		r.Body = &text // a rune may have been cut at the end
	}
}

func since(start time.Time) *float64 {
	return ptr(float64(time.Since(start).Microseconds()) / 1000)
}
