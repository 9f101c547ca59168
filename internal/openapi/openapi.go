// Package openapi turns OpenAPI documents with the extensions of Amazon API
// Gateway into definitions of HTTP APIs, in the shapes of the wire, and back.
//
// It knows the documents and nothing of what they ask for: whether a route key,
// a URI or an authorizer can be served is for the control plane to say, which
// finds with everything that it is handed the place in the document that it
// comes from.
//
// Sources: OpenAPI Specification 3.0.4 and 3.1.1; API Gateway Developer Guide,
// "Working with OpenAPI definitions for HTTP APIs" and "OpenAPI extensions for
// API Gateway".
package openapi

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Bounds of a document. MaxBytes is that of AWS; the others are of our own and
// far from what people and their tools write.
const (
	MaxBytes = 6 << 20
	maxDepth = 200
	maxNodes = 1 << 20
	maxNotes = 200 // of each kind that are told one by one
)

// A Position is a place in a document, both from 1; a column counts characters.
// The zero Position is no place: the document as a whole.
type Position struct{ Line, Column int }

func (p Position) String() string {
	if p == (Position{}) {
		return "document"
	}
	return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
}

// A Note is a remark about a place of a document.
type Note struct {
	At   Position
	Text string
}

func (n Note) String() string { return n.At.String() + ": " + n.Text }

// Errors are why a document was refused, in the order of their places. There is
// at least one.
type Errors []Note

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, n := range e {
		lines[i] = n.String()
	}
	return strings.Join(lines, "\n")
}

// A Definition is all of an HTTP API that a document can say. Integrations and
// authorizers are told apart by their address: routes share one if they point
// to the same.
type Definition struct {
	// API has the name, version, description, tags, CORS configuration, address
	// type and whether the default endpoint is disabled, and no other member.
	API          v2.Api
	At           Position // of the document's info
	CORSAt       Position
	Authorizers  []*Authorizer
	Integrations []*Integration
	Routes       []*Route

	Warnings []Note // what the document asks for and will not get
	Ignored  []Note // what it says beyond what an API does, such as schemas
}

// Warn adds a warning. Beyond a bound it only says that there are more.
func (d *Definition) Warn(at Position, format string, args ...any) {
	switch n := len(d.Warnings); {
	case n < maxNotes:
		d.Warnings = append(d.Warnings, Note{at, fmt.Sprintf(format, args...)})
	case d.Warnings[n-1] != moreNotes:
		d.Warnings = append(d.Warnings, moreNotes)
	}
}

var moreNotes = Note{Text: "and more of the kind"}

// An Authorizer is a security scheme with an authorizer. AuthorizerId is not
// set, and for a written document not read.
type Authorizer struct {
	AWS v2.Authorizer
	At  Position
}

// An Integration is one that an operation has, or that operations share.
// IntegrationId is not set, and for a written document not read.
type Integration struct {
	AWS v2.Integration
	At  Position
}

// A Route is an operation. RouteId, AuthorizerId and Target are not set, and
// for a written document not read: the two pointers say what they say.
type Route struct {
	AWS         v2.Route
	Authorizer  *Authorizer  // nil: none
	Integration *Integration // nil: none
	At          Position
}

// BasePath says what becomes of the path that the document's server has.
type BasePath string

// The modes of a base path. With a server at https://h/a/b and a path /c they
// give /c, /a/b/c and /b/c.
const (
	Ignore  BasePath = "ignore"
	Prepend BasePath = "prepend"
	Split   BasePath = "split"
)

// BasePaths lists the modes.
func BasePaths() []string { return []string{string(Ignore), string(Prepend), string(Split)} }

// Parse reads a document, JSON or YAML. base is one of the modes; empty is
// Ignore. The error is of type Errors and tells everything that is wrong, not
// the first thing alone; where ctx ended first, it wraps the cause of that.
// Parse may be called by any number of goroutines, and keeps nothing of text.
func Parse(ctx context.Context, text []byte, base BasePath) (*Definition, error) {
	root, err := read(ctx, text)
	if err != nil {
		return nil, err
	}
	r := &reader{root: root, base: base, integrations: map[*node]*Integration{}, authorizers: map[string]*scheme{}}
	r.references()
	if err := ended(ctx); err != nil {
		return nil, err
	}
	if len(r.errors.all) == 0 {
		r.document()
	}
	if len(r.errors.all) > 0 {
		return nil, r.refusal()
	}
	r.def.Warnings, r.def.Ignored = r.warnings.list(), r.ignored.list()
	return &r.def, nil
}

// ended is the error of a reading whose caller has gone; nil while it waits.
func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("read an OpenAPI document: %w", context.Cause(ctx))
	}
	return nil
}

// notes are remarks of one kind. Beyond maxNotes they are only counted.
type notes struct {
	all  []Note
	more int
}

func (n *notes) add(at Position, format string, args ...any) {
	if len(n.all) == maxNotes {
		n.more++
		return
	}
	n.all = append(n.all, Note{at, fmt.Sprintf(format, args...)})
}

// list sorts the remarks by place and ends with how many are left out.
func (n *notes) list() []Note {
	slices.SortStableFunc(n.all, func(a, b Note) int {
		if a.At.Line != b.At.Line {
			return a.At.Line - b.At.Line
		}
		return a.At.Column - b.At.Column
	})
	if n.more > 0 {
		n.all = append(n.all, Note{Text: fmt.Sprintf("and %d more", n.more)})
	}
	return n.all
}

// clip bounds what a remark repeats of a document.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}

// Sort puts the parts into an order that does not depend on how they were found:
// authorizers by name, integrations by id, routes by key.
func (d *Definition) Sort() {
	slices.SortStableFunc(d.Authorizers, func(a, b *Authorizer) int { return strings.Compare(text1(a.AWS.Name), text1(b.AWS.Name)) })
	slices.SortStableFunc(d.Integrations, func(a, b *Integration) int {
		return strings.Compare(text1(a.AWS.IntegrationId), text1(b.AWS.IntegrationId))
	})
	slices.SortStableFunc(d.Routes, func(a, b *Route) int { return strings.Compare(text1(a.AWS.RouteKey), text1(b.AWS.RouteKey)) })
}
