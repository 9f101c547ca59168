package mapping

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/h1"
)

// Faults turns what ended an exchange into the reply that a client of the
// protocol sees, so that the steps outside of it meet ordinary replies only.
func Faults(p gate.Protocol) flow.Step {
	return func(next flow.Handler) flow.Handler { return &faults{p, next} }
}

type faults struct {
	protocol gate.Protocol
	next     flow.Handler
}

func (h *faults) Serve(x *flow.Exchange) error {
	if err := h.next.Serve(x); err != nil {
		Render(x, h.protocol, err)
	}
	return nil
}

// Render replaces the reply by the answer to err. What a *flow.BodyError holds
// is the client's own fault; any other error that is no *gate.Fault is a defect
// of ours and answered as one. Whatever body was there is closed.
//
// A client that is gone gets no answer: x.Event is marked as aborted, its
// status is gate.StatusClientGone, and who writes replies has only to cut the
// connection or the stream.
func Render(x *flow.Exchange, p gate.Protocol, err error) {
	r := refused(x, p, err)
	answer(x, &r)
}

// Fail is Render, and names the exchange in the reply: by the rules of REST
// APIs where it has their id, else by those of HTTP APIs. It is for the door,
// where no step of a stage does it.
func Fail(x *flow.Exchange, err error) {
	if x.UUID == "" {
		Render(x, gate.HTTP, err)
		Name(x)
		return
	}
	Render(x, gate.REST, err)
	nameREST(x)
}

// refused notes the fault that err is or stands for, and renders it.
func refused(x *flow.Exchange, p gate.Protocol, err error) gate.Rendered {
	f := faultOf(err)
	x.Event.Fault = f
	x.Trail.Add(flow.Refused, string(f.Kind), f.Error())
	r := f.Render(p)
	if f.Kind == gate.ClientGone {
		x.Event.Status, x.Event.Aborted = r.Status, err
	}
	return r
}

// answer puts a rendered fault in the place of the reply.
func answer(x *flow.Exchange, r *gate.Rendered) {
	f := x.Event.Fault
	x.Out.Clear()
	x.Out.Status, x.Out.Body = r.Status, flow.Body{}
	if f.Kind == gate.ClientGone {
		return
	}
	x.Out.Header.Add("Content-Type", r.ContentType)
	if r.ErrorType != "" {
		x.Out.Header.Add(errorType, r.ErrorType)
	}
	for i := 0; i+1 < len(f.Header); i += 2 {
		x.Out.Header.Add(f.Header[i], f.Header[i+1])
	}
	x.Out.Body = flow.Bytes(r.Body)
}

func faultOf(err error) *gate.Fault {
	var f *gate.Fault
	var body *flow.BodyError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &body):
		return gate.Fail(bodyFault(body.Err), err)
	}
	return gate.Fail(gate.Internal, err)
}

// bodyFault sorts what reading the client's body returned. What is not known
// to be the connection's end counts as malformed: it is the client's either way.
func bodyFault(err error) gate.Kind {
	var syntax *h1.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Status == http.StatusRequestTimeout, errors.Is(err, os.ErrDeadlineExceeded):
		return gate.RequestBodyTimeout
	case syntax != nil:
		return gate.RequestBodyMalformed
	case gone(err):
		return gate.ClientGone
	}
	return gate.RequestBodyMalformed
}

// gone reports whether an error of the client's connection or stream says that
// nobody is there any more.
func gone(err error) bool {
	var read *net.OpError
	var write *h1.ConnError
	var reset streamError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return true
	case errors.As(err, &read), errors.As(err, &write), errors.As(err, &reset):
		return true
	}
	return err.Error() == disconnected
}

// disconnected is what net/http says of an HTTP/2 connection that ended; the
// error has no exported name.
const disconnected = "client disconnected"

// streamError has the shape in which net/http lets errors.As see that a stream
// was reset: the fields of golang.org/x/net/http2.StreamError.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return fmt.Sprintf("stream %d was reset", e.StreamID) }
