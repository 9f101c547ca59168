package jsonpath

import (
	"errors"
	"fmt"
	"math"

	"gatehouse/internal/value"
)

// A call is a function at the end of a path or within it: .sum(), .concat("x").
type call struct {
	name string
	args []argument
	do   function
}

// An argument is a path, evaluated on the document, or a value.
type argument struct {
	path    *chain // or nil
	literal value.Value
}

// A function computes from the value that the path has led to and the values
// of the arguments.
type function func(r *run, c call, v value.Value, args []value.Value) (value.Value, error)

func functionNamed(name string) function {
	switch name {
	case "min":
		return aggregate(func(n []float64) float64 { return fold(n, math.MaxFloat64, func(a, b float64) bool { return b < a }) })
	case "max":
		// Java's Double.MIN_VALUE is the smallest positive double: Jayway's
		// greatest of negative numbers.
		return aggregate(func(n []float64) float64 {
			return fold(n, math.SmallestNonzeroFloat64, func(a, b float64) bool { return b > a })
		})
	case "sum":
		return aggregate(sum)
	case "avg":
		return aggregate(func(n []float64) float64 { return sum(n) / float64(len(n)) })
	case "stddev":
		return aggregate(deviation)
	case "length", "size":
		return length
	case "keys":
		return keys
	case "concat":
		return concat
	case "append":
		return appended
	case "first":
		return func(r *run, c call, v value.Value, _ []value.Value) (value.Value, error) { return picked(c, v, 0) }
	case "last":
		return func(r *run, c call, v value.Value, _ []value.Value) (value.Value, error) { return picked(c, v, -1) }
	case "index":
		return indexed
	}
	return nil
}

// call reads the arguments of a function, from the parenthesis on.
func (p *parser) call(name string, begin int) (step, bool) {
	c := call{name: name, do: functionNamed(name)}
	if c.do == nil {
		return nil, p.fail(begin, "there is no function "+clip(name)+"()")
	}
	if !p.enter() {
		return nil, false
	}
	defer p.leave()
	p.at++
	for p.blanks(); !p.took(')'); p.blanks() {
		if len(c.args) > 0 && !p.took(',') {
			return nil, p.fail(p.at, "unexpected "+p.seen()+` where "," or ")" should be`)
		}
		a, ok := p.argument()
		if !ok {
			return nil, false
		}
		c.args = append(c.args, a)
	}
	switch {
	case name == "index" && len(c.args) == 0:
		return nil, p.fail(begin, "index() needs a position")
	case (name == "length" || name == "size") && len(c.args) > 0 && c.args[0].path == nil:
		return nil, p.fail(begin, name+"() takes a path")
	}
	return c, true
}

func (p *parser) argument() (argument, bool) {
	p.blanks()
	if p.is('$') || p.is('@') {
		c, ok := p.path(inArgument)
		return argument{path: &c}, ok
	}
	// Jayway drops anything else without a word.
	if p.at < len(p.s) && !p.is('"') && !p.is('{') && !p.is('-') && (p.s[p.at] < '0' || p.s[p.at] > '9') {
		return argument{}, p.fail(p.at, "unexpected "+p.seen()+`; an argument is a path, a number, a "string" or an {object}`)
	}
	v, ok := p.literal()
	return argument{literal: v}, ok
}

// invert makes $..a.sum() into $.sum($..a): a function behind a path that
// begins with a scan gets all that is found, not each by itself. The other
// arguments are dropped, as Jayway does.
func invert(fromRoot bool, steps []step) chain {
	if len(steps) < 2 {
		return newChain(fromRoot, steps)
	}
	_, scans := steps[0].(scan)
	_, calls := steps[len(steps)-1].(call)
	if !scans || !calls {
		return newChain(fromRoot, steps)
	}
	for i, s := range steps {
		if c, ok := s.(call); ok {
			inner := newChain(true, steps[:i:i])
			c.args = []argument{{path: &inner}}
			return newChain(fromRoot, append([]step{c}, steps[i+1:]...))
		}
	}
	return newChain(fromRoot, steps)
}

func (call) definite(bool) bool { return true }

func (c call) run(e *eval, i int, v value.Value) error {
	args := make([]value.Value, 0, len(c.args))
	for _, a := range c.args {
		arg := a.literal
		if a.path != nil {
			var err error
			if arg, err = e.read(a.path, e.root, false); err != nil {
				return err
			}
		}
		args = append(args, arg)
	}
	result, err := c.do(e.run, c, v, args)
	if err != nil {
		return err
	}
	return e.pass(i, result)
}

// errNothing is why a function has no result.
var errNothing = errors.New("there is nothing to compute")

// flat calls each with the elements of v if it is an array, else with v.
func (r *run) flat(v value.Value, each func(value.Value)) error {
	if v.Kind() != value.Array {
		each(v)
		return r.charge(1)
	}
	if err := r.charge(v.Len()); err != nil {
		return err
	}
	for _, e := range v.Elements() {
		each(e)
	}
	return nil
}

// aggregate makes a function of the numbers in an array and in the arguments.
func aggregate(f func([]float64) float64) function {
	return func(r *run, c call, v value.Value, args []value.Value) (value.Value, error) {
		var numbers []float64
		take := func(v value.Value) {
			if v.Kind() == value.Number {
				n, _ := v.Float()
				numbers = append(numbers, n)
			}
		}
		if v.Kind() == value.Array {
			args = append([]value.Value{v}, args...)
		}
		for _, a := range args {
			if err := r.flat(a, take); err != nil {
				return value.Value{}, err
			}
		}
		if len(numbers) == 0 {
			return value.Value{}, fmt.Errorf("%s(): %w: no numbers", c.name, errNothing)
		}
		result, err := value.MakeFloat(f(numbers))
		if err != nil {
			return value.Value{}, fmt.Errorf("%s(): %w", c.name, err)
		}
		return result, nil
	}
}

func fold(n []float64, start float64, better func(a, b float64) bool) float64 {
	for _, x := range n {
		if better(start, x) {
			start = x
		}
	}
	return start
}

func sum(n []float64) float64 {
	s := 0.0
	for _, x := range n {
		s += x
	}
	return s
}

// deviation is that of the whole population, in one pass as Jayway does it,
// so that the last digits agree.
func deviation(n []float64) float64 {
	count, s, squares := float64(len(n)), 0.0, 0.0
	for _, x := range n {
		s += x
		squares += float64(x * x)
	}
	return math.Sqrt(squares/count - float64(s*s)/count/count)
}

// length counts elements or members; of anything else the answer is null. With
// a path it counts the children of what that finds.
func length(r *run, c call, v value.Value, _ []value.Value) (value.Value, error) {
	if len(c.args) > 0 {
		path := c.args[0].path
		if n := len(path.steps); n > 0 {
			if _, ok := path.steps[n-1].(call); !ok {
				children := newChain(path.fromRoot, append(path.steps[:n:n], wild{}))
				path = &children
			}
		}
		at := run{root: v, budget: r.budget}
		found, err := at.read(path, v, false)
		if err != nil {
			return value.Value{}, err
		}
		if found.Kind() == value.Array {
			return value.MakeInt(int64(found.Len())), nil
		}
	}
	if isContainer(v) {
		return value.MakeInt(int64(v.Len())), nil
	}
	return value.MakeNull(), nil
}

func keys(r *run, _ call, v value.Value, _ []value.Value) (value.Value, error) {
	if v.Kind() != value.Object {
		return value.MakeNull(), nil
	}
	if err := r.charge(v.Len()); err != nil {
		return value.Value{}, err
	}
	names := make([]value.Value, 0, v.Len())
	for name := range v.Members() {
		names = append(names, value.MakeString(name))
	}
	return value.MakeArray(names...), nil
}

// maxJoined bounds what concat joins, in bytes: as much as a document may be.
const maxJoined = 16 << 20

// concat joins the strings of an array, then the arguments as text.
func concat(r *run, _ call, v value.Value, args []value.Value) (value.Value, error) {
	var joined []byte
	if v.Kind() == value.Array {
		err := r.flat(v, func(e value.Value) {
			if e.Kind() == value.String {
				joined = append(joined, e.Text()...)
			}
		})
		if err != nil {
			return value.Value{}, err
		}
	}
	for _, a := range args {
		before := len(joined)
		err := r.flat(a, func(e value.Value) {
			switch e.Kind() {
			case value.String:
				joined = append(joined, e.Text()...)
			case value.Null:
			default:
				joined = e.Append(joined)
			}
		})
		if err == nil {
			err = r.charge((len(joined) - before) / 16)
		}
		if err != nil {
			return value.Value{}, err
		}
		if len(joined) > maxJoined {
			return value.Value{}, fmt.Errorf("concat() makes more than %d bytes: %w", maxJoined, ErrLimit)
		}
	}
	return value.MakeString(string(joined)), nil
}

// appended is the array with the arguments behind its elements; anything else
// stays as it is.
func appended(r *run, _ call, v value.Value, args []value.Value) (value.Value, error) {
	if v.Kind() != value.Array || len(args) == 0 {
		return v, nil
	}
	if err := r.charge(v.Len() + len(args)); err != nil {
		return value.Value{}, err
	}
	all := make([]value.Value, 0, v.Len()+len(args))
	for _, e := range v.Elements() {
		all = append(all, e)
	}
	return value.MakeArray(append(all, args...)...), nil
}

func picked(c call, v value.Value, at int) (value.Value, error) {
	e := index(at).of(v)
	if v.Kind() != value.Array || e.Kind() == value.Absent {
		return value.Value{}, fmt.Errorf("%s(): %w: there is no such element", c.name, errNothing)
	}
	return e, nil
}

// indexed is index(n): the first number among the arguments says which.
func indexed(r *run, c call, v value.Value, args []value.Value) (value.Value, error) {
	at, found := 0, false
	for _, a := range args {
		err := r.flat(a, func(e value.Value) {
			if n, ok := e.Float(); ok && !found {
				at, found = int(max(math.MinInt32, min(math.MaxInt32, n))), true
			}
		})
		if err != nil {
			return value.Value{}, err
		}
	}
	if !found {
		return value.Value{}, fmt.Errorf("%s(): %w: the position is not a number", c.name, errNothing)
	}
	return picked(c, v, at)
}
