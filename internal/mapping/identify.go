// Package mapping checks and shapes messages: what comes in before the
// integration sees it, and what goes out before the client does.
package mapping

import "gatehouse/internal/flow"

// Identify names the exchange in each reply, errors included: HTTP APIs send
// Apigw-Requestid and no other id (runtime 2.1). A backend's own field of that
// name gives way.
func Identify() flow.Step {
	return func(next flow.Handler) flow.Handler { return &identify{next} }
}

type identify struct{ next flow.Handler }

func (h *identify) Serve(x *flow.Exchange) error {
	err := h.next.Serve(x)
	if err == nil {
		Name(x)
	}
	return err
}

// Name puts the exchange's id into its reply, in our spelling.
func Name(x *flow.Exchange) {
	x.Out.Header.Del(requestID)
	x.Out.Header.Add(requestID, x.ID)
}

// requestID is spelled as AWS sends it on HTTP/1.1.
const requestID = "Apigw-Requestid"
