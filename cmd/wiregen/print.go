package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// shapes prints one Go structure for each of the model's.
func (m *model) shapes(p *printer) {
	uses := func(t string) bool {
		return slices.ContainsFunc(m.Structures, func(s structure) bool {
			return slices.ContainsFunc(s.Members, func(x member) bool { return strings.HasSuffix(x.Type, t) })
		})
	}
	if uses("epoch") || uses("iso") {
		p.line("import %q", "time")
	}
	for _, s := range m.Structures {
		p.line("")
		p.line("// %s is %s.", m.named(s.Name), m.role(s.Name))
		if len(s.Members) == 0 {
			p.line("type %s struct{}", m.named(s.Name))
			continue
		}
		p.line("type %s struct {", m.named(s.Name))
		for _, x := range s.Members {
			p.line("%s %s %s", exported(x.Name), m.goType(x.Type), x.tag())
		}
		p.line("}")
	}
}

// role says what a structure is for, in words made of names.
func (m *model) role(name string) string {
	var in, out []string
	for _, o := range m.Operations {
		if o.Input == name {
			in = append(in, o.Name)
		}
		if o.Output == name {
			out = append(out, o.Name)
		}
	}
	switch {
	case len(in) > 0:
		return "the input of " + strings.Join(in, ", ")
	case len(out) > 0:
		return "the output of " + strings.Join(out, ", ")
	}
	return "a structure of the model"
}

// service prints the interface of all operations, and the struct that has none of them.
func (m *model) service(p *printer) {
	p.line("import (\n%q\n\n%q\n)", "context", "gatehouse/internal/wire")
	p.line("")
	p.line("// Service has a method for each operation. Methods run concurrently. The input belongs to the method; the output belongs to the")
	p.line("// caller, so it shares nothing that changes later. A refusal is a *wire.Error; any other error is a 500 whose cause stays inside.")
	p.line("type Service interface {")
	for _, o := range m.Operations {
		p.line("%s%s", o.Name, m.signature(o, "in "))
	}
	p.line("}")
	p.line("")
	p.line("// Unimplemented answers every operation with 501 NotImplementedException. A service that embeds it needs only the methods it has.")
	p.line("type Unimplemented struct{}")
	p.line("")
	p.line("var _ Service = Unimplemented{}")
	for _, o := range m.Operations {
		p.line("")
		p.line("// %s is not implemented.", o.Name)
		p.line("func (Unimplemented) %s%s {", o.Name, m.signature(o, ""))
		answer := fmt.Sprintf("wire.NotImplemented(%q)", o.Name)
		if o.Output != "" {
			answer = "nil, " + answer
		}
		p.line("return %s", answer)
		p.line("}")
	}
}

func (m *model) signature(o operation, in string) string {
	ctx := ""
	if in != "" {
		ctx = "ctx "
	}
	result := "error"
	if o.Output != "" {
		result = fmt.Sprintf("(*%s, error)", m.named(o.Output))
	}
	return fmt.Sprintf("(%scontext.Context, %s*%s) %s", ctx, in, m.named(o.Input), result)
}

// table prints the operations as package wire serves them.
func (m *model) table(p *printer) {
	p.line("import %q", "gatehouse/internal/wire")
	p.line("")
	p.line("// NewHandler serves s.")
	p.line("func NewHandler(s Service, o wire.Options) (*wire.Handler, error) {")
	p.line("return wire.NewHandler(Table(s), o)")
	p.line("}")
	p.line("")
	p.line("// Table is what package wire knows of the service, bound to s. Each call returns a table of its own.")
	p.line("func Table(s Service) wire.Table {")
	p.line("return wire.Table{")
	p.line("Service: %q,", m.Service)
	p.line("Invalid: invalid,")
	if m.Floating {
		p.line("Floating: true,")
	}
	if len(m.Enums) > 0 {
		p.line("Enums: enums(),")
	}
	p.line("Constraints: constraints(),")
	p.line("EmptyIsNull: emptyIsNull(),")
	p.line("Operations: []wire.Operation{")
	for _, o := range m.Operations {
		kind := "Op"
		if o.Output == "" {
			kind = "Unit"
		}
		p.line("wire.%s(%q, %q, %q, %d, s.%s),", kind, o.Name, o.Method, o.uri(), o.Code, o.Name)
	}
	p.line("},")
	p.line("}")
	p.line("}")
}

// enums prints a constant for each value, and the table by which inputs are checked.
func (m *model) enums(p *printer) {
	if len(m.Enums) == 0 {
		return
	}
	for _, e := range m.Enums {
		p.line("")
		p.line("// Values of the enum %s.", e.Name)
		p.line("const (")
		for _, v := range e.Values {
			p.line("%s = %q", e.Name+identifier(v), v)
		}
		p.line(")")
	}
	p.line("")
	p.line("// enums holds each enum's values, in the order in which the service recites them where orders() knows it, else the model's.")
	p.line("func enums() map[string][]string {")
	p.line("m := map[string][]string{")
	for _, e := range m.Enums {
		quoted := make([]string, len(e.Values))
		for i, v := range e.Values {
			quoted[i] = fmt.Sprintf("%q", v)
		}
		p.line("%q: {%s},", e.Name, strings.Join(quoted, ", "))
	}
	p.line("}")
	p.line("for name, values := range orders() {")
	p.line("m[name] = values")
	p.line("}")
	p.line("return m")
	p.line("}")
}

// identifier writes an enum's value as a part of a Go name, as it stands but for what a name cannot hold: ipv4 -> Ipv4, APPLICATION/X -> APPLICATIONX.
func identifier(v string) string {
	words := strings.FieldsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	for i, w := range words {
		words[i] = exported(w)
	}
	return strings.Join(words, "")
}

// errors prints a function for each error of the model.
func (m *model) errors(p *printer) {
	if len(m.Errors) == 0 {
		return
	}
	p.line("import %q", "gatehouse/internal/wire")
	for _, e := range m.Errors {
		p.line("")
		p.line("// %s is the refusal of that type, %d%s.", e.Name, e.Code, extras(e))
		p.line("func %s(message string) *wire.Error {", e.Name)
		p.line("return &wire.Error{Type: %q, Status: %d, Message: message}", e.Name, e.Code)
		p.line("}")
	}
}

// extras names what else such an error may carry.
func extras(e fault) string {
	var names []string
	for _, x := range e.Members {
		switch {
		case x.In == "header":
			names = append(names, "the header field "+x.Wire)
		case x.Wire != "message":
			names = append(names, "the field "+x.Wire)
		}
	}
	if names == nil {
		return ""
	}
	return ", which may carry " + strings.Join(names, " and ")
}
