package wire

import (
	"reflect"
	"strings"
	"time"
)

// A Member is one member that an operation's input or output may carry, for documents and tests that go through all of them.
type Member struct {
	Path     string // from the structure down, in Go's names: CorsConfiguration.AllowOrigins
	Wire     string // name on the wire
	In       string // label, query, params, header, payload; "" is the body
	Required bool
	Enum     string // name in Table.Enums, or ""
	Type     reflect.Type
}

// Members lists the members of a structure of a generated package, those of structures inside it after each. A structure inside
// itself is listed once.
func Members(t reflect.Type) []Member {
	return membersOf(t, "", map[reflect.Type]bool{})
}

func membersOf(t reflect.Type, at string, within map[reflect.Type]bool) []Member {
	if within[t] {
		return nil
	}
	within[t] = true
	defer delete(within, t)
	var list []Member
	for i := range t.NumField() {
		f := t.Field(i)
		m := Member{Path: at + f.Name, Type: f.Type}
		words := strings.Split(f.Tag.Get("wire"), ",")
		m.Wire = words[0]
		for _, w := range words[1:] {
			switch enum, ok := strings.CutPrefix(w, "enum="); {
			case ok:
				m.Enum = enum
			case w == "required":
				m.Required = true
			case w != "epoch" && w != "iso":
				m.In = w
			}
		}
		list = append(list, m)
		if s := structure(f.Type); s != nil {
			list = append(list, membersOf(s, m.Path+".", within)...)
		}
	}
	return list
}

// structure is the structure at the bottom of pointers, lists and maps, or nil.
func structure(t reflect.Type) reflect.Type {
	for k := t.Kind(); k == reflect.Pointer || k == reflect.Slice || k == reflect.Map; k = t.Kind() {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	return t
}
