package mapping

import (
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// IdentifyREST names the exchange in each reply, errors included, by the two
// ids of REST APIs, and gives a type to what has none (runtime 1.13). Fields of
// the backend by those names give way.
func IdentifyREST() flow.Step {
	return func(next flow.Handler) flow.Handler { return &identifyREST{next} }
}

type identifyREST struct{ next flow.Handler }

func (h *identifyREST) Serve(x *flow.Exchange) error {
	err := h.next.Serve(x)
	if err == nil {
		nameREST(x)
	}
	return err
}

// nameREST puts both ids into the reply.
func nameREST(x *flow.Exchange) {
	l := &x.Out.Header
	l.Del(requestIDREST)
	l.Del(extendedID)
	if _, ok := l.Lookup(field.ContentType); !ok {
		l.Add("Content-Type", jsonType) // of empty replies, too: quirk 24
	}
	l.Add(requestIDREST, x.UUID)
	l.Add(extendedID, x.ID)
}

// The ids as AWS spells them.
const (
	requestIDREST = "x-amzn-RequestId"
	extendedID    = "x-amz-apigw-id"
	errorType     = "x-amzn-ErrorType"
)
