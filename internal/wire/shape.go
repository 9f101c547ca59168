package wire

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// place says where a member travels.
type place uint8

const (
	inBody    place = iota
	inLabel         // a segment of the path
	inQuery         // one query key; repeated for a list
	inParams        // every query key that nothing else is bound to
	inHeader        // a header field
	inPayload       // the whole body, raw
)

// kind is the protocol's type of a value.
type kind uint8

const (
	isString kind = iota
	isBool
	isInt // 32 or 64 bits, as the Go type says
	isFloat
	isTime
	isBlob
	isList
	isMap
	isShape
)

// typ is the plan of one Go type.
type typ struct {
	kind  kind
	bits  int    // of isInt
	iso   bool   // of isTime: ISO-8601 text, else epoch seconds
	elem  *typ   // of isList and isMap
	shape *shape // of isShape
}

// member is the plan of one field of a structure.
type member struct {
	field    int
	name     string // Go's name
	wire     string
	place    place
	required bool
	enum     []string
	check    *check // nil: unconstrained
	hollow   bool   // a map whose "" values are written as null
	path     string // how validation messages call it
	typ      *typ
}

// shape is the plan of one structure, made once and read-only afterwards.
type shape struct {
	name    string
	members []member
	body    map[string]int // wire name -> index in members, of those in the body
	payload int            // index in members, or -1
}

// shapes compiles structures and remembers them, so that a structure which contains itself ends.
type shapes struct {
	table *Table
	known map[reflect.Type]*shape
}

func (s *shapes) of(t reflect.Type) (*shape, error) {
	if p, ok := s.known[t]; ok {
		return p, nil
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("shape %v: not a structure", t)
	}
	p := &shape{name: t.Name(), body: map[string]int{}, payload: -1}
	s.known[t] = p
	for i := range t.NumField() {
		m, err := s.member(t, i)
		if err != nil {
			return nil, fmt.Errorf("shape %v: member %s: %w", t, t.Field(i).Name, err)
		}
		switch m.place {
		case inBody:
			p.body[m.wire] = len(p.members)
		case inPayload:
			p.payload = len(p.members)
		}
		p.members = append(p.members, m)
	}
	return p, nil
}

func (s *shapes) member(t reflect.Type, i int) (member, error) {
	f := t.Field(i)
	parts := strings.Split(f.Tag.Get("wire"), ",")
	m := member{field: i, name: f.Name, wire: parts[0]}
	iso := false
	for _, word := range parts[1:] {
		switch word {
		case "label":
			m.place = inLabel
		case "query":
			m.place = inQuery
		case "params":
			m.place = inParams
		case "header":
			m.place = inHeader
		case "payload":
			m.place = inPayload
		case "required":
			m.required = true
		case "epoch":
		case "iso":
			iso = true
		default:
			name, ok := strings.CutPrefix(word, "enum=")
			if m.enum = s.table.Enums[name]; !ok || m.enum == nil {
				return m, fmt.Errorf("tag %q: unknown word %q", f.Tag, word)
			}
		}
	}
	if m.wire == "" {
		return m, fmt.Errorf("tag %q: no wire name", f.Tag)
	}
	m.path = m.wire
	if m.place != inBody {
		// A label's name in the URI is the client's affair; the service calls the member by its own name.
		m.path = lowerFirst(f.Name)
	}
	ft := f.Type
	if ft.Kind() == reflect.Pointer {
		ft = ft.Elem()
	} else if k := ft.Kind(); k != reflect.Slice && k != reflect.Map {
		return m, fmt.Errorf("%v cannot be absent: want a pointer, slice or map", ft)
	}
	var err error
	if m.typ, err = s.typ(ft, iso); err != nil {
		return m, err
	}
	if err := m.fits(); err != nil {
		return m, err
	}
	m.hollow = s.table.EmptyIsNull[t.Name()+"."+f.Name]
	if c, ok := s.table.Constraints[t.Name()+"."+f.Name]; ok {
		m.check, err = c.compile()
	}
	return m, err
}

// fits refuses a place that the codec does not read or write for such a type.
func (m *member) fits() error {
	k := m.typ.kind
	scalar := k == isString || k == isBool || k == isInt
	ok := true
	switch m.place {
	case inLabel, inHeader:
		ok = k == isString
	case inQuery:
		ok = scalar || k == isList && m.typ.elem.kind == isString
	case inParams:
		ok = k == isMap && m.typ.elem.kind == isString
	case inPayload:
		ok = k == isBlob
	}
	if !ok {
		return fmt.Errorf("place %d does not carry kind %d", m.place, k)
	}
	return nil
}

func (s *shapes) typ(t reflect.Type, iso bool) (*typ, error) {
	var err error
	p := &typ{iso: iso}
	switch t.Kind() {
	case reflect.String:
		p.kind = isString
	case reflect.Bool:
		p.kind = isBool
	case reflect.Int32, reflect.Int64:
		p.kind, p.bits = isInt, t.Bits()
	case reflect.Float64:
		p.kind = isFloat
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			p.kind = isBlob
			return p, nil
		}
		p.kind = isList
		p.elem, err = s.typ(t.Elem(), iso)
	case reflect.Map:
		p.kind = isMap
		p.elem, err = s.typ(t.Elem(), iso)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			p.kind = isTime
			return p, nil
		}
		p.kind = isShape
		p.shape, err = s.of(t)
	default:
		err = fmt.Errorf("%v has no form on the wire", t)
	}
	return p, err
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// present tells an absent member from an empty one.
func present(v reflect.Value) bool {
	return !v.IsNil()
}

// inner takes a field's value out of its pointer.
func inner(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Pointer {
		return v.Elem()
	}
	return v
}
