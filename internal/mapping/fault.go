package mapping

import (
	"errors"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Faults turns what ended an exchange into the reply that a client of the
// protocol sees, so that the steps outside of it meet ordinary replies only.
func Faults(p gate.Protocol) flow.Step {
	return func(next flow.Handler) flow.Handler { return faults{p, next} }
}

type faults struct {
	protocol gate.Protocol
	next     flow.Handler
}

func (h faults) Serve(x *flow.Exchange) error {
	if err := h.next.Serve(x); err != nil {
		Render(x, h.protocol, err)
	}
	return nil
}

// Render replaces the reply by the answer to err. An error that is no
// *gate.Fault is a defect of ours and answered as one. Whatever body was there
// is closed.
func Render(x *flow.Exchange, p gate.Protocol, err error) {
	var f *gate.Fault
	if !errors.As(err, &f) {
		f = gate.Fail(gate.Internal, err)
	}
	x.Event.Fault = f
	x.Trail.Add(flow.Refused, string(f.Kind), f.Error())
	r := f.Render(p)
	x.Out.Clear()
	x.Out.Status = r.Status
	x.Out.Header.Add("Content-Type", r.ContentType)
	for i := 0; i+1 < len(f.Header); i += 2 {
		x.Out.Header.Add(f.Header[i], f.Header[i+1])
	}
	x.Out.Body = flow.Bytes(r.Body)
}
