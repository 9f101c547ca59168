package jsonpath

import (
	"errors"
	"fmt"

	"gatehouse/internal/value"
)

// How an evaluation ends without a value. Both stay in this package: a
// predicate turns them into false, and Eval turns errMissing into "not found".
var (
	errMissing = errors.New("the path leads nowhere")
	errUnfit   = errors.New("an operand's kind does not fit")
)

// A budget is what one evaluation may still cost, with all that it calls.
type budget struct{ steps, results int }

// A run evaluates paths on one document.
type run struct {
	root value.Value
	*budget
	known []known
}

// A known is what a path from the root, met in a filter, has found before:
// the root does not change from one element to the next.
type known struct {
	path *chain
	v    value.Value
	err  error
}

func (r *run) charge(n int) error {
	if r.steps -= n; r.steps < 0 {
		return fmt.Errorf("too many steps: %w", ErrLimit)
	}
	return nil
}

// read evaluates a chain at a value. With strict, absent members are missing
// also where an indefinite path would pass over them: Jayway asks so when it
// asks for existence.
func (r *run) read(c *chain, at value.Value, strict bool) (value.Value, error) {
	if c.simple {
		if err := r.charge(1 + len(c.steps)); err != nil {
			return value.Value{}, err
		}
		if at = c.follow(at); at.Kind() == value.Absent {
			return value.Value{}, errMissing
		}
		return at, nil
	}
	e := eval{run: r, chain: c, strict: strict}
	if err := e.pass(-1, at); err != nil {
		return value.Value{}, err
	}
	if !c.definite() {
		return value.MakeArray(e.found...), nil
	}
	if len(e.found) == 0 {
		return value.Value{}, errMissing
	}
	return e.found[len(e.found)-1], nil
}

// follow goes along a simple chain and returns what it finds, or the Absent
// value. It allocates nothing.
func (c *chain) follow(at value.Value) value.Value {
	for _, s := range c.steps {
		if at = s.(single).of(at); at.Kind() == value.Absent {
			break
		}
	}
	return at
}

// readOperand evaluates an operand of a filter that looks at item.
func (r *run) readOperand(c *chain, item value.Value) (value.Value, error) {
	if !c.fromRoot {
		return r.read(c, item, false)
	}
	for _, k := range r.known {
		if k.path == c {
			return k.v, k.err
		}
	}
	v, err := r.read(c, r.root, false)
	r.known = append(r.known, known{c, v, err})
	return v, err
}

// An eval walks one chain.
type eval struct {
	*run
	*chain
	strict bool
	found  []value.Value
}

// firmAt says whether all steps before step i are definite.
func (e *eval) firmAt(i int) bool { return i <= e.firm }

func (e *eval) leaf(i int) bool { return i == len(e.chain.steps)-1 }

// pass hands what step i has found to the next step, or to the results.
func (e *eval) pass(i int, v value.Value) error {
	if err := e.charge(1); err != nil {
		return err
	}
	if i+1 < len(e.chain.steps) {
		return e.chain.steps[i+1].run(e, i+1, v)
	}
	if e.results--; e.results < 0 {
		return fmt.Errorf("too many results: %w", ErrLimit)
	}
	e.found = append(e.found, v)
	return nil
}

// astray is what step i answers at a value that it cannot enter.
func (e *eval) astray(i int) error {
	if e.firmAt(i) {
		return errMissing
	}
	return nil
}
