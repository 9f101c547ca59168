package wire

import (
	"fmt"
	"maps"
	"net/http"
)

// An Error is a refusal as AWS's clients see it: they read the type from x-amzn-ErrorType, then the message from the body.
// A service returns *Error; anything else that is returned becomes a 500 InternalFailure whose cause only the operator sees.
type Error struct {
	Type    string         // such as NotFoundException
	Status  int            // HTTP status. Clients retry 429, 500 and 503, so a permanent refusal never has one of those
	Message string         // for the client; "" sends a body without a message
	Fields  map[string]any // further members of the body, by wire name
	Header  http.Header    // further header fields, such as Retry-After; may be nil
	Err     error          // for the operator: never leaves the house
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s (%d): %s: %v", e.Type, e.Status, e.Message, e.Err)
	}
	return fmt.Sprintf("%s (%d): %s", e.Type, e.Status, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// Types of the errors that belong to no service's model.
const (
	typeSerialization  = "SerializationException"
	typeUnknown        = "UnknownOperationException"
	typeInternal       = "InternalFailure"
	typeNotImplemented = "NotImplementedException"
	typeMissingToken   = "MissingAuthenticationTokenException"
	typeIncomplete     = "IncompleteSignatureException"
	typeAccessDenied   = "AccessDeniedException"
	typeTooLarge       = "RequestEntityTooLargeException"
)

// NotImplemented is the answer of an operation that this gateway does not have: 501 naming it.
func NotImplemented(operation string) *Error {
	return &Error{Type: typeNotImplemented, Status: http.StatusNotImplemented, Message: fmt.Sprintf("This gateway does not implement the operation %s.", operation)}
}

func internal(cause error) *Error {
	return &Error{Type: typeInternal, Status: http.StatusInternalServerError, Message: "The request failed inside the gateway; its log names the reason under this request id.", Err: cause}
}

func unknownOperation(format string, args ...any) *Error {
	return &Error{Type: typeUnknown, Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...)}
}

// body is the error's JSON members.
func (e *Error) body() map[string]any {
	b := maps.Clone(e.Fields)
	if b == nil {
		b = map[string]any{}
	}
	if e.Message != "" {
		b[messageKey(e.Type)] = e.Message
	}
	return b
}

// messageKey is the member that holds the message. The front of AWS's services writes SerializationException before the service's own
// protocol is known, and spells it with a capital; clients accept both (recorded on AWS).
func messageKey(typ string) string {
	if typ == typeSerialization {
		return "Message"
	}
	return "message"
}
