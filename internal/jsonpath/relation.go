package jsonpath

import (
	"strings"
	"unicode/utf8"

	"gatehouse/internal/value"
)

// relations holds the operators that Jayway takes in a text.
var relations = map[string]func(r *run, left, right term) (bool, error){
	"==":  equal,
	"!=":  negate(equal),
	"===": identical,
	"!==": negate(identical),
	"<":   ordered(func(c int) bool { return c < 0 }),
	"<=":  ordered(func(c int) bool { return c <= 0 }),
	">":   ordered(func(c int) bool { return c > 0 }),
	">=":  ordered(func(c int) bool { return c >= 0 }),
	"=~":  matches,

	"in":       in,
	"nin":      negate(in),
	"subsetof": listed(subset),
	"anyof":    listed(overlap),
	"noneof":   listed(negateList(overlap)),
	"contains": contains,
	"size":     size,
	"empty":    empty,
}

func negate(f func(*run, term, term) (bool, error)) func(*run, term, term) (bool, error) {
	return func(r *run, left, right term) (bool, error) {
		ok, err := f(r, left, right)
		return !ok, err
	}
}

// equal is ==, with the two sides treated differently as in Jayway: a string
// on the left asks for its text, a number on the left for its denotation.
func equal(r *run, left, right term) (bool, error) {
	switch {
	case isContainer(left.Value):
		if left.written || !isContainer(right.Value) {
			return false, nil // Jayway compares the text of a literal on the left with the value
		}
		return r.same(left.Value, right.Value)
	case left.Kind() == value.String:
		return (right.Kind() == value.String || right.Kind() == value.Number) && left.Text() == right.Text(), nil
	case left.Kind() == value.Number:
		return equalsNumber(left.Text(), right), nil
	case left.Kind() == value.Bool:
		return right.Kind() == value.Bool && left.Bool() == right.Bool(), nil
	case left.Kind() == value.Null:
		return right.Kind() == value.Null, nil
	}
	return false, nil
}

func equalsNumber(left string, right term) bool {
	switch right.Kind() {
	case value.Number:
		return value.CompareNumbers(left, right.Text()) == 0
	case value.String:
		text, ok := jsonNumber(right.Text())
		return ok && value.CompareNumbers(left, text) == 0
	}
	return false
}

// identical is ===: equal, and of one kind.
func identical(r *run, left, right term) (bool, error) {
	if left.Kind() != right.Kind() && !(isContainer(left.Value) && isContainer(right.Value)) {
		return false, nil
	}
	return equal(r, left, right)
}

// same compares as Java compares lists and maps: 1 and 1.0 are of two types.
func (r *run) same(a, b value.Value) (bool, error) {
	if err := r.charge(1 + weight(a)); err != nil {
		return false, err
	}
	if a.Kind() != b.Kind() || a.Len() != b.Len() {
		return false, nil
	}
	switch a.Kind() {
	case value.Number:
		return a.Whole() == b.Whole() && a.Equal(b), nil
	case value.Array:
		for i, e := range a.Elements() {
			if ok, err := r.same(e, b.Index(i)); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	case value.Object:
		for name, e := range a.Members() {
			f, ok := b.Get(name)
			if !ok {
				return false, nil
			}
			if ok, err := r.same(e, f); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	return a.Equal(b), nil
}

// ordered makes an operator of order: numbers by what they denote, strings by
// their UTF-16 code units as in Java, nothing else.
func ordered(holds func(c int) bool) func(*run, term, term) (bool, error) {
	return func(_ *run, left, right term) (bool, error) {
		if left.Kind() != right.Kind() {
			return false, nil
		}
		switch left.Kind() {
		case value.Number:
			return holds(value.CompareNumbers(left.Text(), right.Text())), nil
		case value.String:
			return holds(compareUTF16(left.Text(), right.Text())), nil
		}
		return false, nil
	}
}

// compareUTF16 orders strings by UTF-16 code units. That is the order of code
// points but for U+E000 to U+FFFF, which come behind all beyond U+FFFF.
func compareUTF16(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	for i > 0 && i < len(a) && !utf8.RuneStart(a[i]) {
		i--
	}
	if i > 0 && i < len(b) && !utf8.RuneStart(b[i]) {
		for i > 0 && !utf8.RuneStart(b[i]) {
			i--
		}
	}
	if i == len(a) || i == len(b) {
		return len(a) - len(b)
	}
	x, _ := utf8.DecodeRuneInString(a[i:])
	y, _ := utf8.DecodeRuneInString(b[i:])
	return int(unit(x)) - int(unit(y))
}

// unit maps code points to numbers in the order of their code units.
func unit(r rune) rune {
	switch {
	case r > 0xFFFF:
		return r - 0x10000 + 0xD800
	case r >= 0xE000:
		return r + 0x110000
	}
	return r
}

// matches is =~: the whole of a scalar, or of any element. What has no text
// matches as the empty string.
func matches(r *run, left, right term) (bool, error) {
	if (left.pattern == nil) == (right.pattern == nil) {
		return false, nil
	}
	if left.pattern != nil {
		left, right = right, left
	}
	if left.Kind() != value.Array {
		return r.match(right.pattern, subject(left.Value))
	}
	for _, e := range left.Elements() {
		if err := r.charge(1 + weight(e)); err != nil {
			return false, err
		}
		if ok, err := r.match(right.pattern, subject(e)); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func subject(v value.Value) string {
	if v.Kind() == value.Bool {
		return v.String()
	}
	return v.Text()
}

// in is true if an element of the right side equals the left one.
func in(r *run, left, right term) (bool, error) {
	switch {
	case right.Kind() == value.Array:
		return r.has(right.Value, left)
	case right.Kind() == value.Object:
		return false, nil
	}
	return false, errUnfit
}

// has says whether t equals an element of the array.
func (r *run) has(array value.Value, t term) (bool, error) {
	for _, e := range array.Elements() {
		if err := r.charge(1); err != nil {
			return false, err
		}
		if ok, err := equal(r, t, term{Value: e}); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// listed makes an operator of two arrays: false for objects, unfit for
// anything else.
func listed(f func(r *run, left, right value.Value) (bool, error)) func(*run, term, term) (bool, error) {
	return func(r *run, left, right term) (bool, error) {
		for _, side := range []value.Value{right.Value, left.Value} {
			switch side.Kind() {
			case value.Array:
			case value.Object:
				return false, nil
			default:
				return false, errUnfit
			}
		}
		return f(r, left.Value, right.Value)
	}
}

func negateList(f func(*run, value.Value, value.Value) (bool, error)) func(*run, value.Value, value.Value) (bool, error) {
	return func(r *run, left, right value.Value) (bool, error) {
		ok, err := f(r, left, right)
		return !ok, err
	}
}

func subset(r *run, left, right value.Value) (bool, error) {
	for _, e := range left.Elements() {
		if ok, err := r.has(right, term{Value: e}); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func overlap(r *run, left, right value.Value) (bool, error) {
	for _, e := range left.Elements() {
		if ok, err := r.has(right, term{Value: e}); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// contains finds a text in a string or an element in an array.
func contains(r *run, left, right term) (bool, error) {
	switch left.Kind() {
	case value.String:
		return right.Kind() == value.String && strings.Contains(left.Text(), right.Text()), nil
	case value.Array:
		return r.has(left.Value, right)
	}
	return false, nil
}

// size compares a string's length in UTF-16 code units or an array's in
// elements; an object's size is -1.
func size(_ *run, left, right term) (bool, error) {
	if right.Kind() != value.Number {
		return false, nil
	}
	want, ok := right.Float()
	if !ok {
		return false, nil
	}
	switch left.Kind() {
	case value.String:
		return utf16Len(left.Text()) == int(want), nil
	case value.Array:
		return left.Len() == int(want), nil
	case value.Object:
		return int(want) == -1, nil
	}
	return false, nil
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// empty compares whether a string, array or object is empty with a boolean.
func empty(_ *run, left, right term) (bool, error) {
	var is bool
	switch left.Kind() {
	case value.String:
		is = left.Text() == ""
	case value.Array, value.Object:
		is = left.Len() == 0
	default:
		return false, nil
	}
	if right.Kind() != value.Bool {
		return false, errUnfit
	}
	return is == right.Bool(), nil
}
