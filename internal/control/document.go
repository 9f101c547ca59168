package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gatehouse/internal/value"
)

// A draft document is a struct of our own bookkeeping that holds a structure of
// the wire: {"aws":{"routeKey":"GET /pets",...},"gen":3}. Members bear the
// names that they have on the wire, those that are absent are left out, and
// empty ones are kept, so that a document reads as its AWS shape was put.

// Encode returns the document of v, a struct or a pointer to one.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := encode(&b, reflect.Indirect(reflect.ValueOf(v))); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b.Bytes(), nil
}

// Decode reads a document into v, a pointer to a struct. Members that it does
// not know are an error: they were written by a newer version, and rewriting
// the document would lose them.
func Decode(text []byte, v any) error {
	doc, err := value.Parse(string(text))
	if err == nil {
		err = decode(doc, reflect.ValueOf(v).Elem())
	}
	if err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// memberName is the name of a field: of its wire tag, or of its json tag.
func memberName(f reflect.StructField) string {
	tag, ok := wireTag(f)
	if !ok {
		tag = f.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	return name
}

// wireTag is the tag of a field of a structure of the wire, which has no other:
// looking for it among others is dear where all documents of an API are read.
func wireTag(f reflect.StructField) (tag string, ok bool) {
	if tag, ok = strings.CutPrefix(string(f.Tag), `wire:"`); ok {
		tag, _, ok = strings.Cut(tag, `"`)
	}
	return tag, ok
}

// shaped reports whether values of t are written member by member.
func shaped(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.NumField() == 0 {
		return false
	}
	_, ok := wireTag(t.Field(0))
	return ok
}

func encode(b *bytes.Buffer, v reflect.Value) error {
	b.WriteByte('{')
	first := true
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(b, "%q:", memberName(v.Type().Field(i)))
		if err := encodeValue(b, f); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func encodeValue(b *bytes.Buffer, v reflect.Value) error {
	if shaped(v.Type()) {
		return encode(b, reflect.Indirect(v))
	}
	if v.Kind() == reflect.Map && shaped(v.Type().Elem()) {
		parts := make(map[string]json.RawMessage, v.Len())
		for it := v.MapRange(); it.Next(); {
			var part bytes.Buffer
			if err := encode(&part, it.Value()); err != nil {
				return err
			}
			parts[it.Key().String()] = part.Bytes()
		}
		v = reflect.ValueOf(parts)
	}
	if v.Kind() == reflect.Slice && shaped(v.Type().Elem()) {
		parts := make([]json.RawMessage, v.Len())
		for i := range parts {
			var part bytes.Buffer
			if err := encode(&part, reflect.Indirect(v.Index(i))); err != nil {
				return err
			}
			parts[i] = part.Bytes()
		}
		v = reflect.ValueOf(parts)
	}
	text, err := json.Marshal(v.Interface())
	b.Write(text)
	return err
}

func decode(from value.Value, v reflect.Value) error {
	if k := from.Kind(); k != value.Object && k != value.Null {
		return fmt.Errorf("a structure is an object, not %s", k)
	}
	known := 0
	for i := range v.NumField() {
		name := memberName(v.Type().Field(i))
		part, ok := from.Get(name)
		if !ok {
			continue
		}
		known++
		if err := decodeValue(part, v.Field(i)); err != nil {
			return fmt.Errorf("member %s: %w", name, err)
		}
	}
	if known < from.Len() {
		return fmt.Errorf("member %q is not known to this version: it was written by a newer one", unknown(from, v.Type()))
	}
	return nil
}

// unknown is the first member that a structure has no field for.
func unknown(from value.Value, t reflect.Type) string {
	for name := range from.Members() {
		if !slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return memberName(f) == name }) {
			return name
		}
	}
	return ""
}

func decodeValue(from value.Value, v reflect.Value) error {
	t := v.Type()
	switch {
	case shaped(t) && t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return decode(from, v.Elem())
	case shaped(t):
		return decode(from, v)
	case t.Kind() == reflect.Map && shaped(t.Elem()):
		return decodeMap(from, v)
	case t.Kind() == reflect.Slice && shaped(t.Elem()):
		return decodeSlice(from, v)
	case decodeText(from, v.Addr().Interface()):
		return nil
	}
	return json.Unmarshal(from.Append(nil), v.Addr().Interface())
}

// decodeText reads what most of a document is, a text or a map of texts, and
// reports whether it was that. A deployment reads all documents of its API.
func decodeText(from value.Value, to any) bool {
	switch p := to.(type) {
	case *string:
		if from.Kind() == value.String {
			*p = from.Text()
			return true
		}
	case **string:
		if from.Kind() == value.String {
			*p = new(from.Text())
			return true
		}
	case *map[string]string:
		m, ok := texts(from)
		if ok {
			*p = m
		}
		return ok
	}
	return false
}

// texts are the members of an object that holds nothing but text.
func texts(from value.Value) (map[string]string, bool) {
	m := make(map[string]string, from.Len())
	for name, part := range from.Members() {
		if part.Kind() != value.String {
			return nil, false
		}
		m[name] = part.Text()
	}
	return m, from.Kind() == value.Object
}

func decodeMap(from value.Value, v reflect.Value) error {
	t := v.Type()
	if k := from.Kind(); k != value.Object && k != value.Null {
		return fmt.Errorf("a map is an object, not %s", k)
	}
	v.Set(reflect.MakeMapWithSize(t, from.Len()))
	for key, part := range from.Members() {
		e := reflect.New(t.Elem()).Elem()
		if err := decode(part, e); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key), e)
	}
	return nil
}

func decodeSlice(from value.Value, v reflect.Value) error {
	if k := from.Kind(); k != value.Array && k != value.Null {
		return fmt.Errorf("a list is an array, not %s", k)
	}
	v.Set(reflect.MakeSlice(v.Type(), from.Len(), from.Len()))
	for i, part := range from.Elements() {
		if err := decodeValue(part, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// Merge copies every member that is present in src to the member of the same
// name in dst, both pointers to structs of the wire. Members that dst does not
// have (labels of the path) are left out; those of other types are a defect of
// the caller and panic.
func Merge(dst, src any) {
	d, s := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem()
	for i := range s.NumField() {
		from := s.Field(i)
		to := d.FieldByName(s.Type().Field(i).Name)
		if from.IsZero() || !to.IsValid() {
			continue
		}
		to.Set(from.Convert(to.Type()))
	}
}
