package wire

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

const jsonType = "application/json"

// encoder writes JSON. Structures keep the order of their fields; the keys of maps are sorted, so that equal values have equal bytes.
type encoder struct {
	bytes.Buffer
}

// encodeOutput turns an output structure into header fields and a body. Members in the header go into h; a payload member is the
// body, raw; otherwise the body is the JSON of the body members, {} where all are absent.
func encodeOutput(s *shape, v reflect.Value, h http.Header) ([]byte, error) {
	for i := range s.members {
		m := &s.members[i]
		if f := v.Field(m.field); m.place == inHeader && present(f) {
			h.Set(m.wire, f.Elem().String())
		}
	}
	if s.payload >= 0 {
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "application/octet-stream")
		}
		return v.Field(s.members[s.payload].field).Bytes(), nil
	}
	h.Set("Content-Type", jsonType)
	var e encoder
	err := e.members(s, v)
	return e.Bytes(), err
}

func (e *encoder) members(s *shape, v reflect.Value) error {
	e.WriteByte('{')
	first := true
	for i := range s.members {
		m := &s.members[i]
		f := v.Field(m.field)
		if m.place != inBody || !present(f) {
			continue
		}
		e.key(m.wire, &first)
		if m.hollow {
			e.hollow(f)
		} else if err := e.value(m.typ, inner(f)); err != nil {
			return fmt.Errorf("member %s: %w", m.name, err)
		}
	}
	e.WriteByte('}')
	return nil
}

func (e *encoder) key(name string, first *bool) {
	if !*first {
		e.WriteByte(',')
	}
	*first = false
	e.text(name)
	e.WriteByte(':')
}

func (e *encoder) value(t *typ, v reflect.Value) error {
	switch t.kind {
	case isString:
		e.text(v.String())
	case isBool:
		e.WriteString(strconv.FormatBool(v.Bool()))
	case isInt:
		e.WriteString(strconv.FormatInt(v.Int(), 10))
	case isFloat:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%v has no JSON form", f)
		}
		b, _ := json.Marshal(v.Float())
		e.Write(b)
	case isTime:
		e.WriteString(formatTime(t, v.Interface().(time.Time)))
	case isBlob:
		e.text(base64.StdEncoding.EncodeToString(v.Bytes()))
	case isShape:
		return e.members(t.shape, v)
	case isMap:
		return e.dict(t, v)
	case isList:
		e.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				e.WriteByte(',')
			}
			if err := e.value(t.elem, v.Index(i)); err != nil {
				return err
			}
		}
		e.WriteByte(']')
	}
	return nil
}

func (e *encoder) dict(t *typ, v reflect.Value) error {
	e.WriteByte('{')
	first := true
	for _, k := range sortedKeys(v) {
		e.key(k.String(), &first)
		if err := e.value(t.elem, v.MapIndex(k)); err != nil {
			return err
		}
	}
	e.WriteByte('}')
	return nil
}

// hollow writes a map of strings whose "" values are null.
func (e *encoder) hollow(v reflect.Value) {
	e.WriteByte('{')
	first := true
	for _, k := range sortedKeys(v) {
		e.key(k.String(), &first)
		if text := v.MapIndex(k).String(); text != "" {
			e.text(text)
		} else {
			e.WriteString("null")
		}
	}
	e.WriteByte('}')
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	return keys
}

// text writes a JSON string without the escapes of <, > and & that encoding/json makes for the sake of HTML: policies and templates
// are full of them, and people read these answers.
func (e *encoder) text(s string) {
	enc := json.NewEncoder(e)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes, and a Buffer always takes it
	e.Truncate(e.Len() - 1)
}

// formatTime writes whole seconds where it can, else milliseconds: epoch seconds as a number (V1), or quoted ISO-8601 in UTC.
func formatTime(t *typ, at time.Time) string {
	if t.iso {
		return `"` + at.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.999Z") + `"`
	}
	if at.UnixMilli()%1000 == 0 {
		return strconv.FormatInt(at.Unix(), 10)
	}
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', -1, 64)
}
