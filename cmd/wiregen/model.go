package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// model is a service as models/*.json holds it.
type model struct {
	Service, Package, Version string
	Operations                []operation
	Structures                []structure
	Enums                     []enum
	Errors                    []fault
	Floating                  bool // operations' paths may stand after a path of the client's

	renamed map[string]string // structures that take the name of their operation
}

type operation struct {
	Name, Method, URI string
	Query             map[string]string // literals that belong to the route
	Code              int
	Input, Output     string // structures; "" for an empty body
}

type structure struct {
	Name    string
	Members []member
}

type member struct {
	Name, Wire string
	Type       string // string boolean integer long double epoch iso blob, a structure, or [] or {} before one of these
	In         string // label query params header payload, or "" for the body
	Required   bool
	Enum       string
}

// scalars are the types of a member that are no structures.
var scalars = []string{"string", "boolean", "integer", "long", "double", "epoch", "iso", "blob"}

type enum struct {
	Name   string
	Values []string
}

type fault struct {
	Name    string
	Code    int
	Members []member
}

// prepare gives the inputs and outputs their names in Go and sorts what the source of the model leaves in no useful order.
// Fields are sorted by name so that structures with the same members convert into each other: CreateApiOutput(api).
func (m *model) prepare() error {
	m.renamed = map[string]string{}
	for _, o := range m.Operations {
		if o.Input == o.Name+"Request" {
			m.renamed[o.Input] = o.Name + "Input"
		}
		// Result is what the model says where Response is the name of a resource, as in CreateRouteResult.
		if o.Output == o.Name+"Response" || o.Output == o.Name+"Result" {
			m.renamed[o.Output] = o.Name + "Output"
		}
	}
	taken := map[string]string{"Service": "the interface", "Unimplemented": "the struct", "Table": "the function"}
	for i := range m.Structures {
		s := &m.Structures[i]
		name := m.named(s.Name)
		if other, ok := taken[name]; ok {
			return fmt.Errorf("structure %s: the name %s is taken by %s", s.Name, name, other)
		}
		taken[name] = s.Name
		slices.SortFunc(s.Members, func(a, b member) int { return cmp.Compare(exported(a.Name), exported(b.Name)) })
	}
	if err := m.whole(taken); err != nil {
		return err
	}
	slices.SortFunc(m.Structures, func(a, b structure) int { return cmp.Compare(m.named(a.Name), m.named(b.Name)) })
	slices.SortFunc(m.Operations, func(a, b operation) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Enums, func(a, b enum) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// whole tests that every name which the model uses is there. taken holds the names of all structures in Go.
func (m *model) whole(taken map[string]string) error {
	for _, o := range m.Operations {
		if _, ok := taken[m.named(o.Input)]; !ok || o.Output != "" && taken[m.named(o.Output)] == "" {
			return fmt.Errorf("operation %s: no structure %q or %q", o.Name, o.Input, o.Output)
		}
	}
	for _, s := range m.Structures {
		for _, x := range s.Members {
			base := strings.TrimLeft(x.Type, "[]{}")
			if _, ok := taken[m.named(base)]; !ok && !slices.Contains(scalars, base) {
				return fmt.Errorf("member %s.%s: no type %q", s.Name, x.Name, x.Type)
			}
			if x.Enum != "" && !slices.ContainsFunc(m.Enums, func(e enum) bool { return e.Name == x.Enum }) {
				return fmt.Errorf("member %s.%s: no enum %q", s.Name, x.Name, x.Enum)
			}
		}
	}
	return nil
}

func (m *model) source() string {
	return strings.TrimSpace(m.Package + " " + m.Version)
}

// named is a structure's name in Go.
func (m *model) named(structure string) string {
	if to, ok := m.renamed[structure]; ok {
		return to
	}
	return exported(structure)
}

func (o operation) uri() string {
	if len(o.Query) == 0 {
		return o.URI
	}
	query := url.Values{}
	for k, v := range o.Query {
		query.Set(k, v)
	}
	return o.URI + "?" + query.Encode()
}

// goType is a member's type in Go. Scalars and structures are pointers, so that unset differs from zero; elements are values.
func (m *model) goType(t string) string {
	e := m.element(t)
	if t[0] == '[' || t[0] == '{' || t == "blob" {
		return e
	}
	return "*" + e
}

func (m *model) element(t string) string {
	if rest, ok := strings.CutPrefix(t, "[]"); ok {
		return "[]" + m.element(rest)
	}
	if rest, ok := strings.CutPrefix(t, "{}"); ok {
		return "map[string]" + m.element(rest)
	}
	switch t {
	case "string":
		return "string"
	case "boolean":
		return "bool"
	case "integer":
		return "int32"
	case "long":
		return "int64"
	case "double":
		return "float64"
	case "epoch", "iso":
		return "time.Time"
	case "blob":
		return "[]byte"
	}
	return m.named(t)
}

// tag is what package wire reads about a member.
func (x member) tag() string {
	words := []string{x.Wire}
	if x.In != "" {
		words = append(words, x.In)
	}
	if x.Required {
		words = append(words, "required")
	}
	if base := strings.TrimLeft(x.Type, "[]{}"); base == "epoch" || base == "iso" {
		words = append(words, base)
	}
	if x.Enum != "" {
		words = append(words, "enum="+x.Enum)
	}
	return fmt.Sprintf("`wire:%q`", strings.Join(words, ","))
}

// exported is a name of the model with its first letter upper case, and without characters that Go does not take.
func exported(s string) string {
	if s = strings.TrimLeft(s, "_"); s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
