// Package value holds JSON values as they were written: members in their
// order, numbers with their text (1.0 stays 1.0, 1e400 stays 1e400), strings
// with their escapes. Templates and parameter mappings take values apart and
// write parts of them out again, and a backend sees every digit and every
// \u00e9 that was changed on the way.
//
// A Value is two words. A parsed document is its text, one slab of Values and
// nothing else; strings and numbers are views of the text, and an array's
// elements (or an object's keys and values, by turns) lie side by side in the
// slab. Whoever keeps one member of a document keeps the whole of it alive.
//
// Values never change after they were made, so any number of goroutines may
// read one. They are compared with Equal, not with ==.
//
// Stricter than encoding/json.Valid in three points: invalid UTF-8 is refused
// (RFC 8259 section 8.1), documents are bounded in size, depth and count of
// values, and the bounds are part of the call. Of members with the same name
// the last value wins, at the place of the first, as in the Java maps that AWS
// reads bodies into; RFC 8259 section 4 leaves that open.
package value

import (
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// A Kind is one of the sorts of JSON values.
type Kind uint8

// The kinds. Absent is the kind of the zero Value: there is nothing, which is
// not the same as null.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String returns the kind's name as messages use it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

var kindNames = [...]string{"nothing", "null", "boolean", "number", "string", "array", "object"}

// A form says what a Value's text or members look like in memory.
type form uint8

const (
	plain   form = iota // a string without escapes: the same text decoded and encoded
	escaped             // a string as it stands between the quotes, escapes not resolved
	unsafed             // a decoded string that needs escapes when it is written
	yes                 // the boolean true
	indexed             // an object with a table behind its members
)

// A Value is a JSON value. The zero Value is Absent.
type Value struct {
	_    [0]func()      // no ==
	p    unsafe.Pointer // first byte of the text, or first child
	n    uint32         // bytes of the text, elements of the array, members of the object
	kind Kind
	form form
}

// A Member is one name and its value, for making objects.
type Member struct {
	Name  string
	Value Value
}

// MakeNull returns null.
func MakeNull() Value { return Value{kind: Null} }

// MakeBool returns true or false.
func MakeBool(b bool) Value {
	if b {
		return Value{kind: Bool, form: yes}
	}
	return Value{kind: Bool}
}

// MakeString returns a string. Bytes of s that are no UTF-8 become U+FFFD, as
// Java makes them when it decodes a body, because JSON cannot carry them.
func MakeString(s string) Value {
	if len(s) > math.MaxUint32 {
		panic("value: a string of 4 GiB or more")
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	v := view(String, s)
	if needsEscape(s) {
		v.form = unsafed
	}
	return v
}

// MakeInt returns an integer number.
func MakeInt(i int64) Value { return view(Number, strconv.FormatInt(i, 10)) }

// MakeNumber returns the number that text writes. It is an error if the text
// is not a JSON number.
func MakeNumber(text string) (Value, error) {
	if end, reason := scanNumber(text, 0); reason != "" || end != len(text) || len(text) > math.MaxUint32 {
		return Value{}, fmt.Errorf("make a number: %q is not a JSON number", clip(text))
	}
	return view(Number, text), nil
}

// MakeArray returns an array of copies of the elements. An Absent element
// becomes null.
func MakeArray(elements ...Value) Value {
	kids := make([]Value, len(elements))
	for i, e := range elements {
		kids[i] = e.orNull()
	}
	return Value{kind: Array, p: unsafe.Pointer(unsafe.SliceData(kids)), n: uint32(len(kids))}
}

// MakeObject returns an object of the members in their order. Of members with
// the same name the last value wins, at the place of the first; an Absent
// value becomes null.
func MakeObject(members ...Member) Value {
	kids := make([]Value, 0, 2*len(members)+1)
	for _, m := range members {
		kids = append(kids, MakeString(m.Name), m.Value.orNull())
	}
	kids, form := settle(kids)
	return Value{kind: Object, form: form, p: unsafe.Pointer(unsafe.SliceData(kids)), n: uint32(len(kids) / 2)}
}

func (v Value) orNull() Value {
	if v.kind == Absent {
		return MakeNull()
	}
	return v
}

// view makes a scalar of a text.
func view(k Kind, text string) Value {
	return Value{kind: k, p: unsafe.Pointer(unsafe.StringData(text)), n: uint32(len(text))}
}

// Kind returns the sort of value that v is.
func (v Value) Kind() Kind { return v.kind }

// written is the text of a scalar as it is held: of a string, what v.form says.
func (v Value) written() string { return unsafe.String((*byte)(v.p), v.n) }

// kids are the elements of an array, or names and values of an object by turns.
func (v Value) kids() []Value {
	switch v.kind {
	case Array:
		return unsafe.Slice((*Value)(v.p), v.n)
	case Object:
		return unsafe.Slice((*Value)(v.p), 2*uint64(v.n))
	}
	return nil
}

// Text returns a string decoded, a number as it was written, and "" of any
// other kind. A half of a surrogate pair that stands alone decodes to U+FFFD.
// It allocates only for a string with escapes.
func (v Value) Text() string {
	switch v.kind {
	case Number:
		return v.written()
	case String:
		if v.form == escaped {
			return unescape(v.written())
		}
		return v.written()
	}
	return ""
}

// Bool says whether v is the boolean true.
func (v Value) Bool() bool { return v.kind == Bool && v.form == yes }

// Len returns the number of elements or members, and 0 of any other kind.
func (v Value) Len() int {
	if v.kind == Array || v.kind == Object {
		return int(v.n)
	}
	return 0
}

// Index returns element i of an array, counted from 0, and the Absent value
// if v is no array or has no such element.
func (v Value) Index(i int) Value {
	if v.kind != Array || i < 0 || i >= int(v.n) {
		return Value{}
	}
	return v.kids()[i]
}

// Member returns the name and the value of member i of an object in its
// order, and "" and the Absent value if there is none.
func (v Value) Member(i int) (string, Value) {
	if v.kind != Object || i < 0 || i >= int(v.n) {
		return "", Value{}
	}
	kids := v.kids()
	return kids[2*i].Text(), kids[2*i+1]
}

// Child returns element i of an array or the value of member i of an object,
// and the Absent value if there is none.
func (v Value) Child(i int) Value {
	if i < 0 || i >= v.Len() {
		return Value{}
	}
	if v.kind == Object {
		i = 2*i + 1
	}
	return v.kids()[i]
}

// Get returns the value of the member with that name. It returns false if v is
// no object or has no such member. Small objects are searched, large ones
// looked up in a table that was made when they were.
func (v Value) Get(name string) (Value, bool) {
	if v.kind != Object {
		return Value{}, false
	}
	kids := v.kids()
	if v.form == indexed {
		if i := v.table().find(kids, name); i >= 0 {
			return kids[2*i+1], true
		}
		return Value{}, false
	}
	for i := 0; i < len(kids); i += 2 {
		if k := &kids[i]; k.form == escaped && k.is(name) || int(k.n) == len(name) && k.form != escaped && k.written() == name {
			return kids[i+1], true
		}
	}
	return Value{}, false
}

// is says whether a string value reads as s.
func (v Value) is(s string) bool {
	if v.form == escaped {
		return len(s) <= int(v.n) && unescape(v.written()) == s
	}
	return v.written() == s
}

// Elements visits the elements of an array with their numbers; nothing of any
// other kind.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.kind != Array {
			return
		}
		for i, e := range v.kids() {
			if !yield(i, e) {
				return
			}
		}
	}
}

// Members visits the members of an object in their order; nothing of any
// other kind.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.kind != Object {
			return
		}
		kids := v.kids()
		for i := 0; i < len(kids); i += 2 {
			if !yield(kids[i].Text(), kids[i+1]) {
				return
			}
		}
	}
}

// Walk visits v and everything in it, parents first and in order, with the
// depth below v (0 for v itself). If visit returns false, what is in that
// value is skipped.
func (v Value) Walk(visit func(v Value, depth int) bool) { v.walk(visit, 0) }

func (v Value) walk(visit func(Value, int) bool, depth int) {
	if !visit(v, depth) {
		return
	}
	step, kids := 1, v.kids()
	if v.kind == Object {
		step = 2
	}
	for i := step - 1; i < len(kids); i += step {
		kids[i].walk(visit, depth+1)
	}
}
