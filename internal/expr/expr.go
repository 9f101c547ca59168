// Package expr compiles the mapping expressions of HTTP APIs: what a parameter
// mapping makes a header, a query parameter, a path or an argument of.
//
//	$request.header.Name          $response.header.Name
//	$request.querystring.name     $response.body
//	$request.path                 $response.body.jsonpath
//	$request.path.name            $context.name
//	$request.body                 $stageVariables.name
//	$request.body.jsonpath        any other text: itself
//
// Several are mixed with text in braces: "${request.path.id}-${context.stage}".
// (Developer guide, "Transform API requests and responses for HTTP APIs".)
package expr

import (
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/flow"
)

// MaxText bounds an expression in bytes, as the API model does.
const MaxText = 512

// A Side says which message an expression may read.
type Side uint8

// The sides.
const (
	Request  Side = iota // $request
	Response             // $response
)

func (s Side) String() string {
	if s == Response {
		return "$response"
	}
	return "$request"
}

// An Expr is a compiled expression. It is immutable, and any number of
// goroutines may use it, each with an exchange of its own.
type Expr struct {
	text  string
	side  Side
	parts []part
}

// An Error says where an expression is wrong.
type Error struct {
	Text   string
	Column int // from 1, in bytes
	Reason string
}

// Error names the expression, the place and the reason.
func (e *Error) Error() string {
	return fmt.Sprintf("expression %q, column %d: %s", e.Text, e.Column, e.Reason)
}

// ErrTooLong says that a value is longer than the caller of Append allows.
var ErrTooLong = errors.New("the value is too long")

// Compile reads an expression. The error is an *Error.
func Compile(text string, side Side) (*Expr, error) {
	c := compiler{Expr: &Expr{text: text, side: side}}
	if len(text) > MaxText {
		return nil, c.fail(MaxText, "an expression has at most %d bytes", MaxText)
	}
	var err error
	if strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "${") {
		err = c.source(1, len(text))
	} else {
		err = c.template()
	}
	if err != nil {
		return nil, err
	}
	return c.Expr, nil
}

// String is the text that was compiled.
func (e *Expr) String() string { return e.text }

// NeedsBody reports whether the value depends on a body, so that some of it is
// read ahead.
func (e *Expr) NeedsBody() bool {
	for i := range e.parts {
		if k := e.parts[i].kind; k == wholeBody || k == bodyPath || k == restBody || k == restBodyPath {
			return true
		}
	}
	return false
}

// Reads reports whether the expression reads a header field, a parameter of the
// query or a stage variable whose name matches.
func (e *Expr) Reads(match func(name string) bool) bool {
	for i := range e.parts {
		switch p := &e.parts[i]; p.kind {
		case header, queryParam, stageVariable, lastHeader, lastQuery, allQuery:
			if match(p.text) {
				return true
			}
		}
	}
	return false
}

// Literal returns the value of an expression that has the same one always.
func (e *Expr) Literal() (value string, ok bool) {
	switch {
	case len(e.parts) == 0:
		return "", true
	case len(e.parts) == 1 && e.parts[0].kind == literal:
		return e.parts[0].text, true
	}
	return "", false
}

// Append appends the expression's value for the exchange to dst. ok is false
// where nothing that the expression names is there; dst is then as it was.
// Where only some of it is, the rest counts as empty.
//
// Query values and path parameters are decoded, as they are in events; several
// values of a header or of a query parameter are joined with commas. The value
// may hold any byte.
//
// The error is ErrTooLong for more than max bytes, or what reading the body
// returned, as it is. A body that an expression needs is read ahead, as far as
// it must be, and loses nothing.
func (e *Expr) Append(dst []byte, x *flow.Exchange, max int) (out []byte, ok bool, err error) {
	return e.append(dst, x, max, false)
}

// AppendPath is Append for a URI path: what comes from the request's path is
// appended as it was sent, so that %2F stays %2F, and what else may not stand
// in a path is percent-encoded. Controls are not: the caller refuses those.
func (e *Expr) AppendPath(dst []byte, x *flow.Exchange, max int) (out []byte, ok bool, err error) {
	return e.append(dst, x, max, true)
}

func (e *Expr) append(dst []byte, x *flow.Exchange, max int, path bool) ([]byte, bool, error) {
	from, found := len(dst), len(e.parts) == 0
	for i := range e.parts {
		p := &e.parts[i]
		at := len(dst)
		out, ok, err := p.append(dst, x, e.side, max-(at-from), path)
		if err != nil {
			return dst[:from], false, err
		}
		if !ok {
			continue
		}
		dst, found = out, true
		if path && p.kind != wholePath && p.kind != pathParam && p.kind != rawParam {
			dst = escapePath(dst, at)
		}
		if len(dst)-from > max {
			return dst[:from], false, ErrTooLong
		}
	}
	return dst, found, nil
}
