package flow

// A Handler answers an exchange: it fills Out, or returns an error. A
// *gate.Fault is an answer of the gateway's own; any other error is a defect
// and answered as an internal error.
//
// A Handler is shared by all exchanges of its route and must not keep one.
type Handler interface{ Serve(*Exchange) error }

// A HandlerFunc is a Handler in one function.
type HandlerFunc func(*Exchange) error

// Serve calls f.
func (f HandlerFunc) Serve(x *Exchange) error { return f(x) }

// A Step wraps the rest of the line. Steps are composed once, when a plan is
// compiled.
type Step func(next Handler) Handler

// Chain is the steps in the order in which a request meets them, around the
// handler that answers.
func Chain(last Handler, steps ...Step) Handler {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i] != nil {
			last = steps[i](last)
		}
	}
	return last
}
