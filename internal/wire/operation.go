package wire

import (
	"context"
	"reflect"
	"slices"
	"strings"
)

// An Operation is one row of a service's Table. Op and Unit make it; the fields are for reading, and for tests that put another Call in.
type Operation struct {
	Name   string // as the model spells it, such as CreateApi
	Method string // HTTP method, upper case
	URI    string // path with {Label} segments, and query literals that belong to the route: /restapis?mode=import
	Code   int    // HTTP status of success

	In  reflect.Type // structure of the input
	Out reflect.Type // structure of the output; nil where success has an empty body

	// Call runs the operation: in is *In; the answer is *Out, or nil where Out is nil. It may run concurrently.
	Call func(ctx context.Context, in any) (any, error)
}

// Op makes the Operation whose success carries an output.
func Op[I, O any](name, method, uri string, code int, call func(context.Context, *I) (*O, error)) Operation {
	return Operation{
		Name: name, Method: method, URI: uri, Code: code, In: reflect.TypeFor[I](), Out: reflect.TypeFor[O](),
		Call: func(ctx context.Context, in any) (any, error) { return call(ctx, in.(*I)) },
	}
}

// Unit makes the Operation whose success has an empty body.
func Unit[I any](name, method, uri string, code int, call func(context.Context, *I) error) Operation {
	return Operation{
		Name: name, Method: method, URI: uri, Code: code, In: reflect.TypeFor[I](),
		Call: func(ctx context.Context, in any) (any, error) { return nil, call(ctx, in.(*I)) },
	}
}

// A Table is what a generated package knows of its service.
type Table struct {
	Service    string // for metrics, audit and messages: apigatewayv2
	Operations []Operation

	// Enums holds, by name, the values that a member with that enum may have, in the order in which the service recites them.
	Enums map[string][]string
	// Constraints holds ranges and patterns by "Structure.Member", in Go's names. The public schemas do not carry them.
	Constraints map[string]Constraint
	// EmptyIsNull holds, by "Structure.Member" in Go's names, the maps of strings whose "" values are answered as null.
	EmptyIsNull map[string]bool
	// Invalid is the error type of an input that breaks a constraint.
	Invalid string

	// Floating is set where clients put a path of their own before the operations' paths: the management API is called as
	// https://HOST/STAGE/@connections/ID. What stood before is in Caller.Prefix.
	Floating bool
}

// Paths are the first segments of the operations' paths, sorted, for Entry.Paths: /v2 or /apikeys, /restapis, ...
func (t Table) Paths() []string {
	var paths []string
	for _, o := range t.Operations {
		path, _, _ := strings.Cut(o.URI, "?")
		first, _, _ := strings.Cut(path[1:], "/")
		paths = append(paths, "/"+first)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
