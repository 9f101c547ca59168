package integrate

import (
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Refuse answers every request of a route with a fault of that kind, for that
// reason. It stands in for what a definition may hold and this gateway cannot
// serve: the route fails closed, and the log says why each time.
func Refuse(kind gate.Kind, reason error) flow.Handler {
	return flow.HandlerFunc(func(x *flow.Exchange) error {
		if x.Trail != nil {
			x.Trail.Add(flow.Refused, string(kind), reason.Error())
		}
		return gate.Fail(kind, reason)
	})
}
