package apigateway

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A sampler writes the mapping template that makes a sample of a schema, as AWS
// does: a text is "foo", a number 42, and a list has a loop to be completed. Of
// AWS's answers only that for an empty object is recorded; the others are [K].
type sampler struct {
	b           strings.Builder
	definitions map[string]json.RawMessage
	read        int // bytes of schemas
}

// Bounds of a sample: definitions may name one another in a circle, and make a
// short schema a long sample.
const (
	maxSampleDepth = 16
	maxSample      = 64 << 10 // bytes, from which on everything is an empty object
	maxSampleRead  = 8 << 20  // likewise
)

// schema is what a sample looks at. Members of other types than these make the
// schema one that says nothing.
type schema struct {
	Type        json.RawMessage            `json:"type"`
	Ref         string                     `json:"$ref"`
	Properties  json.RawMessage            `json:"properties"`
	Items       json.RawMessage            `json:"items"`
	Definitions map[string]json.RawMessage `json:"definitions"`
}

// sample is the template of a schema whose references are local ones.
func sample(text string) string {
	var s sampler
	var root schema
	_ = json.Unmarshal([]byte(text), &root) // what cannot be read says nothing
	s.definitions = root.Definitions
	s.b.WriteString("#set($inputRoot = $input.path('$'))\n")
	s.value([]byte(text), "", 0)
	return s.b.String()
}

func (s *sampler) value(text json.RawMessage, indent string, depth int) {
	if s.read += len(text); depth >= maxSampleDepth || s.b.Len() > maxSample || s.read > maxSampleRead {
		s.b.WriteString("{ }")
		return
	}
	var v schema
	_ = json.Unmarshal(text, &v)
	if name, ok := strings.CutPrefix(v.Ref, "#/definitions/"); ok {
		s.value(s.definitions[name], indent, depth+1)
		return
	}
	switch kind := v.kind(); {
	case kind == "string":
		s.b.WriteString(`"foo"`)
	case kind == "integer":
		s.b.WriteString("42")
	case kind == "number":
		s.b.WriteString("42.0")
	case kind == "boolean":
		s.b.WriteString("true")
	case kind == "null":
		s.b.WriteString("null")
	case kind == "array":
		s.array(v.Items, indent, depth)
	default:
		s.object(v.Properties, indent, depth)
	}
}

// kind is the type of a schema, the first where there are several.
func (v *schema) kind() string {
	var one string
	if json.Unmarshal(v.Type, &one) == nil {
		return one
	}
	var list []string
	if json.Unmarshal(v.Type, &list) == nil && len(list) > 0 {
		return list[0]
	}
	return ""
}

func (s *sampler) object(properties json.RawMessage, indent string, depth int) {
	list := members(properties)
	if len(list) == 0 {
		s.b.WriteString("{ }")
		return
	}
	s.b.WriteString("{\n")
	for i, m := range list {
		name, _ := json.Marshal(m.name)
		s.b.WriteString(indent + "  " + string(name) + " : ")
		s.value(m.value, indent+"  ", depth+1)
		if i < len(list)-1 {
			s.b.WriteByte(',')
		}
		s.b.WriteByte('\n')
	}
	s.b.WriteString(indent + "}")
}

func (s *sampler) array(items json.RawMessage, indent string, depth int) {
	s.b.WriteString("[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n" + indent + "  ")
	s.value(items, indent+"  ", depth+1)
	s.b.WriteString("#if($foreach.hasNext),#end\n#end\n" + indent + "]")
}

// A property is a member of an object of JSON.
type property struct {
	name  string
	value json.RawMessage
}

// members are those of an object, in their order; none where it is no object.
func members(text json.RawMessage) (list []property) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		var p property
		t, err := d.Token()
		if err != nil || d.Decode(&p.value) != nil {
			return nil
		}
		p.name, _ = t.(string)
		list = append(list, p)
	}
	return list
}
