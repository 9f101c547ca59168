package control

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gatehouse/internal/wire"
)

// A Class says what becomes of a field that a client sends. There is no class
// for silence.
type Class string

// The classes.
const (
	Enforced Class = "enforced"         // it acts, and a test notices if it stops
	Metadata Class = "metadata"         // kept and answered; AWS does no more with it
	Refused  Class = "refused"          // a value that would act is an error
	Later    Class = "not yet enforced" // kept, logged at each deployment, and failing closed where access is concerned
)

// A Field is what a service does with one field.
type Field struct {
	Class Class
	Note  string
	// Later are the values of an enforced field that are not enforced yet, or not
	// without another field of the resource, whose path is Unless.
	Later  []string
	Unless string
}

// Fields classes the fields of a resource by their path on the wire, with a *
// for each entry of a map or list: corsConfiguration.maxAge,
// routeSettings.*.throttlingRateLimit.
type Fields map[string]Field

// Inputs maps each operation that a service has to the Fields of its input.
type Inputs map[string]Fields

// Unenforced lists, as prefix.path, the fields that are present in v, a pointer
// to a structure of the wire, with a value that acts on AWS and not here yet.
func (f Fields) Unenforced(prefix string, v any) []string {
	var list []string
	present := map[string]bool{}
	doubtful := map[string]string{} // path to the field without which it is not enforced
	walk(reflect.ValueOf(v).Elem(), "", func(path string, leaf reflect.Value) {
		if leaf = reflect.Indirect(leaf); leaf.IsZero() || leaf.Kind() == reflect.Slice && leaf.Len() == 0 || leaf.Kind() == reflect.Map && leaf.Len() == 0 {
			return // an empty list asks for nothing
		}
		present[path] = true
		field := f[path]
		if field.Class == Later || leaf.Kind() == reflect.String && slices.Contains(field.Later, leaf.String()) {
			doubtful[path] = field.Unless
		}
	})
	for path, unless := range doubtful {
		if !present[unless] {
			list = append(list, prefix+"."+path)
		}
	}
	slices.Sort(list)
	return list
}

// walk visits the leaves of a structure that are present.
func walk(v reflect.Value, prefix string, visit func(path string, leaf reflect.Value)) {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		path := prefix + memberName(v.Type().Field(i))
		switch {
		case shaped(f.Type()):
			walk(reflect.Indirect(f), path+".", visit)
		case f.Kind() == reflect.Map && shaped(f.Type().Elem()):
			for it := f.MapRange(); it.Next(); {
				walk(it.Value(), path+".*.", visit)
			}
		case f.Kind() == reflect.Slice && shaped(f.Type().Elem()):
			for i := range f.Len() {
				walk(reflect.Indirect(f.Index(i)), path+".*.", visit)
			}
		default:
			visit(path, f)
		}
	}
}

// Paths lists the leaves that a structure of the wire can have.
func Paths(t reflect.Type) []string {
	var list []string
	for i := range t.NumField() {
		f := t.Field(i)
		name := memberName(f)
		sub, inner := f.Type, ""
		if sub.Kind() == reflect.Map || sub.Kind() == reflect.Slice {
			sub, inner = sub.Elem(), ".*"
		}
		if !shaped(sub) {
			list = append(list, name)
			continue
		}
		if sub.Kind() == reflect.Pointer {
			sub = sub.Elem()
		}
		for _, p := range Paths(sub) {
			list = append(list, name+inner+"."+p)
		}
	}
	return list
}

// Coverage prints what a service has, operation by operation and field by
// field, as Markdown. test names the test that a path of an operation is
// enforced under. The error names the fields without a class, and the classes
// without a field.
func Coverage(t wire.Table, inputs Inputs, test func(operation, path string) string) (string, error) {
	var b strings.Builder
	var problems []string
	known := map[string]bool{}
	built := 0
	for _, op := range t.Operations {
		if inputs[op.Name] != nil {
			built++
		}
	}
	fmt.Fprintf(&b, "## %s\n\n%d of %d operations exist. The others answer 501 `NotImplementedException` and are listed at the end.\n", t.Service, built, len(t.Operations))
	for _, op := range t.Operations {
		fields := inputs[op.Name]
		known[op.Name] = true
		if fields == nil {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| field | class | test | note |\n|---|---|---|---|\n", op.Name)
		for _, path := range Paths(op.In) {
			f, ok := fields[path]
			if !ok {
				problems = append(problems, op.Name+"."+path+" has no class")
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", path, f.Class, testOf(f, test, op.Name, path), f.Remark())
		}
	}
	fmt.Fprintf(&b, "\n### Operations that do not exist yet\n\n")
	for _, op := range t.Operations {
		if inputs[op.Name] == nil {
			fmt.Fprintf(&b, "- %s\n", op.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if !known[name] {
			problems = append(problems, name+" is no operation")
		}
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("coverage of %s: %s", t.Service, strings.Join(problems, "; "))
	}
	return b.String(), nil
}

func testOf(f Field, test func(operation, path string) string, op, path string) string {
	if f.Class != Enforced {
		return ""
	}
	return "`" + test(op, path) + "`"
}

// Remark is the note of a field, with the values that are not enforced yet.
func (f Field) Remark() string {
	if len(f.Later) == 0 {
		return f.Note
	}
	text := "not yet enforced: `" + strings.Join(f.Later, "`, `") + "`"
	if f.Unless != "" {
		text += " without `" + f.Unless + "`"
	}
	if f.Note != "" {
		text = f.Note + "; " + text
	}
	return text
}
