// Package auth decides who calls, and whether they may.
package auth

import (
	"fmt"

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
	return refuse(gate.Fail(gate.AuthorizerConfiguration, Unserved(r)))
}

// Caller is Step for a method of a REST API, where the API key is a step of its
// own behind the authorizer: Key.
func Caller(r *gate.Route) flow.Step {
	if r.Authorization.Kind == gate.AuthNone {
		return nil
	}
	return refuse(gate.Fail(gate.AuthorizerConfiguration, Unserved(r)))
}

// Key returns the step that asks for an API key, nil for a method that needs
// none. No key is known to this version, so that each is refused as AWS refuses
// an unknown one.
func Key(r *gate.Route) flow.Step {
	if !r.APIKeyNeeded {
		return nil
	}
	return refuse(gate.Fail(gate.InvalidAPIKey, unknownKey(r)))
}

func unknownKey(r *gate.Route) error {
	return fmt.Errorf("route %s: it asks for an API key, and this version knows none; until it does, the route answers 403 to everybody (set apiKeyRequired to false to open it)", r.Key)
}

func refuse(f *gate.Fault) flow.Step {
	return func(flow.Handler) flow.Handler {
		return flow.HandlerFunc(func(*flow.Exchange) error { return f })
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
	case r.APIKeyNeeded && r.Method != nil:
		return unknownKey(r)
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
