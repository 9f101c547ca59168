// Package auth decides who calls, and whether they may.
package auth

import (
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Step returns the step that enforces a route's authorization, nil for a route
// that is open to everybody. A kind that cannot be enforced yet lets nobody
// in: the route answers 500 and the reason is the operator's to read.
func Step(r *gate.Route) flow.Step {
	if r.Authorization.Kind == gate.AuthNone && !r.APIKeyNeeded {
		return nil
	}
	refusal := gate.Fail(gate.AuthorizerConfiguration, Unserved(r))
	return func(flow.Handler) flow.Handler {
		return flow.HandlerFunc(func(*flow.Exchange) error { return refusal })
	}
}

// Unserved says why a route's authorization cannot be enforced by this
// version, nil if it can.
func Unserved(r *gate.Route) error {
	switch {
	case r.Authorization.Kind == "":
		return &UnservedError{r.Key, "an authorization that is not named"}
	case r.Authorization.Kind != gate.AuthNone:
		return &UnservedError{r.Key, "authorization " + string(r.Authorization.Kind)}
	case r.APIKeyNeeded:
		return &UnservedError{r.Key, "an API key"}
	}
	return nil
}

// UnservedError says that a route asks for a protection that this version
// cannot give, so that it answers nobody.
type UnservedError struct {
	Route string
	Wants string
}

func (e *UnservedError) Error() string {
	return "route " + e.Route + ": it asks for " + e.Wants + ", which this version cannot enforce; until it can, the route answers 500 to everybody (set authorizationType NONE to open it)"
}
