package gate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// A Fault ends an exchange with an answer of the gateway's own. One table
// (Render) turns its Kind into status and bytes for each protocol, so that no
// room writes an error body.
type Fault struct {
	Kind Kind
	// Status overrides the table's status when it is not 0.
	Status int
	// Message overrides the table's text when it is not empty. The client sees
	// it: it says what AWS would say and no more.
	Message string
	// Header is added to the reply: pairs of name and value.
	Header []string
	// Err is the reason, for the operator. It never leaves the house.
	Err error
}

// Error describes the fault for the operator.
func (f *Fault) Error() string {
	if f.Err == nil {
		return string(f.Kind)
	}
	return fmt.Sprintf("%s: %v", f.Kind, f.Err)
}

// Unwrap returns the operator's reason.
func (f *Fault) Unwrap() error { return f.Err }

// Fail is a Fault of that kind, for that reason.
func Fail(k Kind, err error) *Fault { return &Fault{Kind: k, Err: err} }

// Failf is Fail with a formatted reason.
func Failf(k Kind, format string, args ...any) *Fault {
	return &Fault{Kind: k, Err: fmt.Errorf(format, args...)}
}

// Kind classifies a Fault. The names are AWS's gateway response types, with
// the few that HTTP APIs need besides.
type Kind string

// The kinds of Fault.
const (
	AccessDenied               Kind = "ACCESS_DENIED"
	APIConfigurationError      Kind = "API_CONFIGURATION_ERROR"
	AuthorizerConfiguration    Kind = "AUTHORIZER_CONFIGURATION_ERROR"
	AuthorizerFailure          Kind = "AUTHORIZER_FAILURE"
	BadRequestBody             Kind = "BAD_REQUEST_BODY"
	BadRequestParameters       Kind = "BAD_REQUEST_PARAMETERS"
	IntegrationFailure         Kind = "INTEGRATION_FAILURE" // no connection, no answer
	IntegrationTimeout         Kind = "INTEGRATION_TIMEOUT"
	IntegrationMalformed       Kind = "INTEGRATION_MALFORMED" // an answer that is no HTTP
	MissingAuthenticationToken Kind = "MISSING_AUTHENTICATION_TOKEN"
	BadTarget                  Kind = "BAD_TARGET" // a request target that is no URI
	URITooLong                 Kind = "URI_TOO_LONG"
	HeadersTooLarge            Kind = "HEADERS_TOO_LARGE"
	RequestBodyMalformed       Kind = "REQUEST_BODY_MALFORMED" // framing that is no HTTP, or not the declared length
	RequestBodyTimeout         Kind = "REQUEST_BODY_TIMEOUT"   // it came too slowly
	RequestTooLarge            Kind = "REQUEST_TOO_LARGE"
	ResourceNotFound           Kind = "RESOURCE_NOT_FOUND"
	Throttled                  Kind = "THROTTLED"
	UnsupportedMediaType       Kind = "UNSUPPORTED_MEDIA_TYPE"
	Unauthorized               Kind = "UNAUTHORIZED"
	InvalidAPIKey              Kind = "INVALID_API_KEY"
	Forbidden                  Kind = "FORBIDDEN"            // no such stage, or not by this way
	IncompleteSignature        Kind = "INCOMPLETE_SIGNATURE" // an Authorization that is no AWS signature
	ClientGone                 Kind = "CLIENT_GONE"          // it left before its request was whole: nobody reads an answer
	Internal                   Kind = "INTERNAL"             // our own defect: a panic, a plan that did not compile
)

// StatusClientGone is the status of a ClientGone in logs and metrics. It is
// nginx's number for "client closed request"; HTTP has none, since it is never
// sent.
const StatusClientGone = 499

// httpAnswer is the table of HTTP APIs. The bodies cannot be customised on
// AWS. Source: default responses of HTTP APIs (developer guide, "Working with
// HTTP APIs"); 503 is a backend that cannot be reached or is too late.
func httpAnswer(k Kind) (status int, message string) {
	switch k {
	case BadRequestBody, BadRequestParameters, BadTarget, RequestBodyMalformed:
		return http.StatusBadRequest, "Bad Request"
	case Unauthorized:
		return http.StatusUnauthorized, "Unauthorized"
	case AccessDenied, MissingAuthenticationToken, InvalidAPIKey, Forbidden, IncompleteSignature:
		return http.StatusForbidden, "Forbidden"
	case ResourceNotFound:
		return http.StatusNotFound, "Not Found"
	case RequestBodyTimeout:
		return http.StatusRequestTimeout, "Request Timeout" // AWS documents no text; this is RFC 9110's
	case RequestTooLarge:
		return http.StatusRequestEntityTooLarge, "Request Entity Too Large"
	case URITooLong:
		return http.StatusRequestURITooLong, "Request URI Too Long"
	case HeadersTooLarge:
		return http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large"
	case Throttled:
		return http.StatusTooManyRequests, "Too Many Requests"
	case UnsupportedMediaType:
		return http.StatusUnsupportedMediaType, "Unsupported Media Type"
	case IntegrationFailure, IntegrationTimeout:
		return http.StatusServiceUnavailable, "Service Unavailable"
	case ClientGone:
		return StatusClientGone, "Client Closed Request"
	}
	// APIConfigurationError, AuthorizerConfiguration, AuthorizerFailure,
	// IntegrationMalformed, Internal, and any kind without a row of its own.
	return http.StatusInternalServerError, "Internal Server Error"
}

// Rendered is a Fault as the client of a protocol sees it.
type Rendered struct {
	Status      int
	ContentType string
	// ErrorType is the value of x-amzn-ErrorType, which only REST APIs send; "":
	// none.
	ErrorType string
	Body      []byte
}

// Render turns a fault into the bytes that a client of the protocol sees.
func (f *Fault) Render(p Protocol) Rendered {
	status, _ := httpAnswer(f.Kind)
	key, errorType := "message", ""
	if p == REST {
		row := restAnswer(f.Kind)
		status, key, errorType = row.status, row.key(), row.errorType
	}
	if f.Status != 0 {
		status = f.Status
	}
	body := append(append([]byte(`{"`), key...), `":`...)
	return Rendered{status, "application/json", errorType, append(f.AppendMessage(body, p), '}')}
}

// Text is the message that a client of the protocol reads.
func (f *Fault) Text(p Protocol) string {
	if f.Message != "" {
		return f.Message
	}
	if p == REST {
		return restAnswer(f.Kind).message
	}
	_, message := httpAnswer(f.Kind)
	return message
}

// AppendMessage appends the message in quotes as JSON: what AWS calls
// $context.error.messageString. On REST APIs the blank that bodies of failures
// within the execution have is a part of it, and a message that is none is null
// (runtime 1.16 and 8). HTTP APIs put no blank behind the colon.
func (f *Fault) AppendMessage(dst []byte, p Protocol) []byte {
	if p == REST {
		row := restAnswer(f.Kind)
		if f.Message == "" && row.message == "" {
			return append(dst, "null"...)
		}
		if row.blank {
			dst = append(dst, ' ')
		}
	}
	return appendJSON(dst, f.Text(p))
}

// appendJSON appends a string as JSON (RFC 8259 section 7).
func appendJSON(dst []byte, s string) []byte {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)              // no browser reads it as a page
	if err := e.Encode(s); err != nil { // no string has one
		return append(dst, `""`...)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// ResponseType is AWS's name for the kind: $context.error.responseType. The
// kinds of ours that AWS has no name for read as their nearest of AWS's.
func (k Kind) ResponseType() string {
	switch k {
	case IntegrationMalformed:
		return string(IntegrationFailure)
	case BadTarget, URITooLong, HeadersTooLarge, RequestBodyMalformed, RequestBodyTimeout, ClientGone, Forbidden, IncompleteSignature:
		return "DEFAULT_4XX"
	case Internal:
		return "DEFAULT_5XX"
	}
	return string(k)
}
