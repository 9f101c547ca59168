package jsonpath

import (
	"errors"

	"gatehouse/internal/value"
)

// A step is one link of a path.
type step interface {
	// run finds what the step finds at v and passes it on. The step is number
	// i of e's chain.
	run(e *eval, i int, v value.Value) error
	// definite says whether the step finds one value at most, given whether
	// it is the last.
	definite(leaf bool) bool
}

// A single is a step that leads from one value to one: of returns it, or the
// Absent value.
type single interface {
	step
	of(v value.Value) value.Value
}

// A name is .a or ['a'].
type name string

func (n name) definite(bool) bool { return true }

func (n name) of(v value.Value) value.Value {
	v, _ = v.Get(string(n))
	return v
}

func (n name) run(e *eval, i int, v value.Value) error {
	if v.Kind() != value.Object {
		return e.astray(i)
	}
	return e.member(i, v, string(n), e.firmAt(i))
}

// member passes a member on. If there is none, the path ends here: quietly at
// its last step or behind an indefinite one, else (firm) as missing.
func (e *eval) member(i int, v value.Value, name string, firm bool) error {
	m, ok := v.Get(name)
	switch {
	case ok:
		return e.pass(i, m)
	case e.strict || firm && !e.leaf(i):
		return errMissing
	}
	return e.charge(1)
}

// names is ['a','b']: at the end of a path an object of those members, before
// it each of them.
type names []string

func (n names) definite(leaf bool) bool { return leaf }

func (n names) run(e *eval, i int, v value.Value) error {
	if v.Kind() != value.Object {
		return e.astray(i)
	}
	if e.leaf(i) {
		return n.merge(e, i, v)
	}
	for _, name := range n {
		if err := e.member(i, v, name, false); err != nil {
			return err
		}
	}
	return nil
}

func (n names) merge(e *eval, i int, v value.Value) error {
	if err := e.charge(len(n)); err != nil {
		return err
	}
	members := make([]value.Member, 0, len(n))
	for _, name := range n {
		m, ok := v.Get(name)
		if !ok && e.strict {
			return errMissing
		}
		if ok {
			members = append(members, value.Member{Name: name, Value: m})
		}
	}
	return e.pass(i, value.MakeObject(members...))
}

// An index is [0] or [-1].
type index int

func (n index) definite(bool) bool { return true }

func (n index) of(v value.Value) value.Value {
	if n < 0 {
		return v.Index(v.Len() + int(n))
	}
	return v.Index(int(n))
}

func (n index) run(e *eval, i int, v value.Value) error {
	if v.Kind() != value.Array {
		return e.astray(i)
	}
	return e.element(i, v, int(n))
}

// element passes an element on; one that is not there is passed over.
func (e *eval) element(i int, v value.Value, at int) error {
	if m := index(at).of(v); m.Kind() != value.Absent {
		return e.pass(i, m)
	}
	return e.charge(1)
}

// indexes is [0,2].
type indexes []int

func (n indexes) definite(bool) bool { return false }

func (n indexes) run(e *eval, i int, v value.Value) error {
	if v.Kind() != value.Array {
		return e.astray(i)
	}
	for _, at := range n {
		if err := e.element(i, v, at); err != nil {
			return err
		}
	}
	return nil
}

// A slice is [from:to], with either end left out. Jayway counts a negative
// end from the array's end only if the other one is left out; between two
// ends it goes through all positions, and those below 0 are elements from the
// end.
type slice struct {
	from, to       int
	noFrom, noStop bool
}

func (s slice) definite(bool) bool { return false }

func (s slice) run(e *eval, i int, v value.Value) error {
	if v.Kind() != value.Array {
		return e.astray(i)
	}
	from, to := s.within(v.Len())
	for at := from; at < to; at++ {
		if err := e.element(i, v, at); err != nil {
			return err
		}
	}
	return nil
}

// within returns the positions for an array of n elements.
func (s slice) within(n int) (from, to int) {
	switch {
	case s.noFrom && s.to < 0:
		return 0, n + s.to
	case s.noFrom:
		return 0, min(n, s.to)
	case s.noStop && s.from < 0:
		return max(0, n+s.from), n
	case s.noStop:
		return s.from, n
	}
	return max(-n, s.from), min(n, s.to)
}

// wild is * or [*].
type wild struct{}

func (wild) definite(bool) bool { return false }

func (wild) run(e *eval, i int, v value.Value) error {
	// What is missing below an element is passed over, below a member it is
	// not: only arguments of functions can tell, and Jayway does.
	lenient := v.Kind() == value.Array && !e.strict
	for at := range v.Len() {
		if err := e.pass(i, v.Child(at)); err != nil && !(lenient && errors.Is(err, errMissing)) {
			return err
		}
	}
	return nil
}

// scan is .. : the next step, at every object and array that suits it.
type scan struct{}

func (scan) definite(bool) bool { return false }

func (s scan) run(e *eval, i int, v value.Value) error {
	if v.Kind() != value.Object && v.Kind() != value.Array {
		return nil
	}
	if err := e.charge(1); err != nil {
		return err
	}
	next := e.chain.steps[i+1]
	suits, err := suited(e, i+1, next, v)
	if err != nil {
		return err
	}
	if suits {
		if err := next.run(e, i+1, v); err != nil {
			return err
		}
	}
	for at := range v.Len() {
		if err := s.run(e, i, v.Child(at)); err != nil {
			return err
		}
	}
	return nil
}

// suited says whether a scan tries the step next, number i, at v.
func suited(e *eval, i int, next step, v value.Value) (bool, error) {
	switch next := next.(type) {
	case name:
		_, ok := v.Get(string(next))
		return ok, nil
	case names:
		if v.Kind() != value.Object || !e.leaf(i) {
			return v.Kind() == value.Object, nil
		}
		for _, name := range next {
			if _, ok := v.Get(name); !ok {
				return false, nil
			}
		}
		return true, nil
	case index, indexes, slice:
		return v.Kind() == value.Array, nil
	case filter:
		return next.accepts(e.run, v)
	}
	return true, nil
}

// A filter is [?(...)].
type filter struct{ condition condition }

func (filter) definite(bool) bool { return false }

func (f filter) run(e *eval, i int, v value.Value) error {
	switch v.Kind() {
	case value.Object:
		return f.try(e, i, v)
	case value.Array:
		for at := range v.Len() {
			if err := f.try(e, i, v.Index(at)); err != nil {
				return err
			}
		}
		return nil
	}
	if e.firmAt(i) {
		return errUnfit
	}
	return nil
}

func (f filter) try(e *eval, i int, v value.Value) error {
	ok, err := f.accepts(e.run, v)
	if err != nil || !ok {
		return err
	}
	return e.pass(i, v)
}

// accepts evaluates the condition. What does not fit or leads nowhere makes
// the whole of it false, whatever stands around it.
func (f filter) accepts(r *run, v value.Value) (bool, error) {
	if err := r.charge(1); err != nil {
		return false, err
	}
	ok, err := f.condition.holds(r, v)
	if errors.Is(err, errUnfit) || errors.Is(err, errMissing) {
		return false, nil
	}
	return ok, err
}
