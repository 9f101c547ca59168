package h1

import (
	"errors"
	"fmt"
)

// What Wait and ReadHead of a ServerConn say when there is no request.
var (
	// ErrQuiet: nothing came for Timeouts.Quiet and the connection holds no
	// buffer any more. Call Wait again, from a fresh goroutine.
	ErrQuiet = errors.New("h1: connection is quiet; wait again from a fresh goroutine")
	// ErrIdle: nothing came for Timeouts.Idle. Close.
	ErrIdle = errors.New("h1: no request within the idle timeout")
	// ErrDraining: the connection was told to end while it waited. Close.
	ErrDraining = errors.New("h1: connection is draining")
	// ErrPreface: the client speaks HTTP/2 with prior knowledge (RFC 9113
	// section 3.4). Nothing was consumed; Hijack hands the bytes on.
	ErrPreface = errors.New("h1: client sent the HTTP/2 connection preface")
)

var (
	// ErrStale: the upstream ended the connection before the first byte of its
	// answer. On a connection that had been used before, the request may be
	// sent again.
	ErrStale = errors.New("h1: upstream closed the connection before it answered")
	// ErrLength: a reply's body is not as long as its head said.
	ErrLength = errors.New("h1: reply body differs from its declared length")
	// ErrState: a method was called out of order, such as Write before
	// WriteHead.
	ErrState = errors.New("h1: call out of order")
	// ErrUnsound: a reply field holds a CR, LF or NUL. Nothing of the head was
	// written, and another one may be.
	ErrUnsound = errors.New("h1: reply field holds CR, LF or NUL")

	errBodyClosed = errors.New("h1: read of a closed body")
)

// A SyntaxError says that a peer broke the rules of HTTP/1.1 or a limit. The
// framing of the connection is lost with it: a server answers Status and
// closes, a client drops the connection.
type SyntaxError struct {
	Status int    // 400, 408, 414, 417, 431, 501 or 505
	Reason string // a phrase in lower case, fit for a log
	Value  string // the start of the offending bytes, or ""
}

func (e *SyntaxError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("h1: %s (%d)", e.Reason, e.Status)
	}
	return fmt.Sprintf("h1: %s: %q (%d)", e.Reason, e.Value, e.Status)
}

func errConnect() error { return &SyntaxError{Status: 501, Reason: "CONNECT is not supported"} }

// quoted is the most that an error quotes of what a peer sent.
const quoted = 64

func bad(reason string) error { return &SyntaxError{Status: 400, Reason: reason} }

func badValue[T string | []byte](reason string, value T) error {
	return refuse(400, reason, value)
}

func refuse[T string | []byte](status int, reason string, value T) error {
	return &SyntaxError{Status: status, Reason: reason, Value: string(value[:min(len(value), quoted)])}
}

// A SourceError says that WriteFrom could not read its source; the connection
// itself is sound, but the reply is cut short and must be aborted.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "h1: reply body: " + e.Err.Error() }

// Unwrap returns the error of the source.
func (e *SourceError) Unwrap() error { return e.Err }

// A ConnError says that writing to the client failed: it went away or stopped
// reading.
type ConnError struct{ Err error }

func (e *ConnError) Error() string { return "h1: write to the client: " + e.Err.Error() }

// Unwrap returns the error of the connection.
func (e *ConnError) Unwrap() error { return e.Err }
