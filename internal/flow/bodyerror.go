package flow

// A BodyError says that reading the client's own body failed, so that neither
// the backend nor the gateway is to blame. Whoever reads Request.Body wraps
// what it returns: the same errors of a reply's body mean something else.
type BodyError struct{ Err error }

func (e *BodyError) Error() string { return "request body: " + e.Err.Error() }

// Unwrap returns what the body returned: a *gate.Fault of a step that guards
// it, an *h1.SyntaxError, or an error of the connection.
func (e *BodyError) Unwrap() error { return e.Err }
