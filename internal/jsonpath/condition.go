package jsonpath

import (
	"errors"

	"gatehouse/internal/value"
)

// A condition is what a filter asks of an item.
type condition interface {
	// holds may return errUnfit or errMissing, which make the whole filter
	// false, not only the condition.
	holds(r *run, item value.Value) (bool, error)
}

type (
	anyOf []condition
	allOf []condition
	not   struct{ condition }
)

func (all anyOf) holds(r *run, item value.Value) (bool, error) {
	for _, c := range all {
		if ok, err := c.holds(r, item); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (all allOf) holds(r *run, item value.Value) (bool, error) {
	for _, c := range all {
		if ok, err := c.holds(r, item); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (n not) holds(r *run, item value.Value) (bool, error) {
	ok, err := n.condition.holds(r, item)
	return !ok, err
}

// exists asks whether a path leads somewhere, null included.
type exists struct {
	path *chain
	want bool
}

func (c exists) holds(r *run, item value.Value) (bool, error) {
	// Jayway asks the item even if the path begins with $.
	_, err := r.read(c.path, item, true)
	if errors.Is(err, errMissing) {
		return !c.want, nil
	}
	return c.want, err
}

// A relation compares two operands.
type relation struct {
	left, right operand
	relate      func(r *run, left, right term) (bool, error)
}

// A term is an operand's value for one item. Its kind is Absent if a path led
// nowhere, or for a pattern.
type term struct {
	value.Value
	pattern Matcher
	written bool // in the path itself
}

func (c relation) holds(r *run, item value.Value) (bool, error) {
	left, err := c.left.term(r, item)
	if err != nil {
		return false, err
	}
	right, err := c.right.term(r, item)
	if err != nil {
		return false, err
	}
	// What is compared may be long, and a filter may compare it for each of
	// many elements.
	if err := r.charge(1 + weight(left.Value) + weight(right.Value)); err != nil {
		return false, err
	}
	return c.relate(r, left, right)
}

func (o operand) term(r *run, item value.Value) (term, error) {
	if o.path == nil {
		return term{o.literal, o.pattern, true}, nil
	}
	v, err := r.readOperand(o.path, item)
	if errors.Is(err, errMissing) {
		return term{}, nil
	}
	return term{Value: v}, err
}

// weight is the cost of reading a scalar or an array's elements once, in
// steps. Arrays within arrays are charged when they are compared.
func weight(v value.Value) int {
	switch v.Kind() {
	case value.String, value.Number:
		return len(v.Text()) / 64
	case value.Array, value.Object:
		return v.Len()
	}
	return 0
}

func isContainer(v value.Value) bool {
	return v.Kind() == value.Array || v.Kind() == value.Object
}
