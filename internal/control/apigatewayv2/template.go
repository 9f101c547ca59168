package apigatewayv2

import (
	"regexp"
	"strconv"
	"strings"

	"gatehouse/internal/value"
)

// Samples of values, as AWS's own templates have them [K].
const (
	sampleString  = `"foo"`
	sampleInteger = "42"
	sampleNumber  = "3.14"
	sampleBoolean = "true"
	maxSample     = 64 << 10 // bytes of one template
)

// sampleTemplate is the mapping template that GetModelTemplate makes from a
// schema: a message of that shape with sample values, and a loop for each list.
// A part that refers elsewhere, or says no type, is an empty object.
func sampleTemplate(schema value.Value) string {
	var t template
	t.b.WriteString("#set($inputRoot = $input.path('$'))\n")
	t.write(schema, "$inputRoot", "", 0)
	return t.b.String()
}

type template struct{ b strings.Builder }

// write adds a part of the schema. path is where the loop of a list finds it.
func (t *template) write(schema value.Value, path, indent string, loops int) {
	kind, _ := schema.Get("type")
	switch kind.Text() {
	case "string":
		t.b.WriteString(sampleString)
	case "integer":
		t.b.WriteString(sampleInteger)
	case "number":
		t.b.WriteString(sampleNumber)
	case "boolean":
		t.b.WriteString(sampleBoolean)
	case "array":
		t.list(schema, path, indent, loops)
	default:
		t.object(schema, path, indent, loops)
	}
}

func (t *template) object(schema value.Value, path, indent string, loops int) {
	properties, _ := schema.Get("properties")
	if properties.Kind() != value.Object || properties.Len() == 0 {
		t.b.WriteString("{ }")
		return
	}
	t.b.WriteString("{\n")
	first := true
	for name, property := range properties.Members() {
		if t.b.Len() > maxSample {
			break
		}
		if !first {
			t.b.WriteString(",\n")
		}
		first = false
		t.b.WriteString(indent + "  ")
		t.b.Write(value.AppendString(nil, name))
		t.b.WriteString(" : ")
		t.write(property, path+step(name), indent+"  ", loops)
	}
	t.b.WriteString("\n" + indent + "}")
}

// list is a loop over the elements that the message has. An inner loop has a
// variable of its own.
func (t *template) list(schema value.Value, path, indent string, loops int) {
	items, _ := schema.Get("items")
	elem := "$elem"
	if loops > 0 {
		elem += strconv.Itoa(loops + 1)
	}
	t.b.WriteString("[\n##TODO: Update this foreach loop to reference array from input json\n#foreach(" + elem + " in " + path + ")\n" + indent + "  ")
	t.write(items, elem, indent+"  ", loops+1)
	t.b.WriteString("#if($foreach.hasNext),#end\n\n#end\n" + indent + "]")
}

var reference = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// step is the way from a value to its member.
func step(name string) string {
	if reference.MatchString(name) {
		return "." + name
	}
	return "['" + strings.ReplaceAll(name, "'", "''") + "']"
}
