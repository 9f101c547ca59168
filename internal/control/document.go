package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
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
	if err := decode(text, reflect.ValueOf(v).Elem()); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// memberName is the name of a field: of its wire tag, or of its json tag.
func memberName(f reflect.StructField) string {
	tag, ok := f.Tag.Lookup("wire")
	if !ok {
		tag = f.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	return name
}

// shaped reports whether values of t are written member by member.
func shaped(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.NumField() == 0 {
		return false
	}
	_, ok := t.Field(0).Tag.Lookup("wire")
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

func decode(text []byte, v reflect.Value) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for i := range v.NumField() {
		name := memberName(v.Type().Field(i))
		part, ok := members[name]
		if !ok {
			continue
		}
		delete(members, name)
		if err := decodeValue(part, v.Field(i)); err != nil {
			return fmt.Errorf("member %s: %w", name, err)
		}
	}
	for name := range members {
		return fmt.Errorf("member %q is not known to this version: it was written by a newer one", name)
	}
	return nil
}

func decodeValue(text []byte, v reflect.Value) error {
	t := v.Type()
	switch {
	case shaped(t) && t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return decode(text, v.Elem())
	case shaped(t):
		return decode(text, v)
	case t.Kind() == reflect.Map && shaped(t.Elem()):
		var parts map[string]json.RawMessage
		if err := json.Unmarshal(text, &parts); err != nil {
			return err
		}
		v.Set(reflect.MakeMapWithSize(t, len(parts)))
		for key, part := range parts {
			e := reflect.New(t.Elem()).Elem()
			if err := decode(part, e); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(key), e)
		}
		return nil
	case t.Kind() == reflect.Slice && shaped(t.Elem()):
		var parts []json.RawMessage
		if err := json.Unmarshal(text, &parts); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(t, len(parts), len(parts)))
		for i, part := range parts {
			if err := decodeValue(part, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return json.Unmarshal(text, v.Addr().Interface())
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
