package wire

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"
)

// bind fills the members of an input that do not travel in the body: labels of the path, query keys, header fields, the payload.
// Of a query key that is repeated although its member is no list, the last value wins.
func bind(s *shape, v reflect.Value, labels map[string]string, query url.Values, literals url.Values, h http.Header, body []byte) error {
	bound := map[string]bool{}
	for i := range s.members {
		m := &s.members[i]
		f := v.Field(m.field)
		switch m.place {
		case inLabel:
			text := labels[m.wire]
			f.Set(reflect.ValueOf(&text))
		case inQuery:
			bound[m.wire] = true
			if err := bindQuery(m, f, query[m.wire]); err != nil {
				return err
			}
		case inHeader:
			if values := h.Values(m.wire); len(values) > 0 {
				f.Set(reflect.ValueOf(&values[0]))
			}
		case inPayload:
			f.SetBytes(append([]byte{}, body...))
		}
	}
	for i := range s.members {
		if m := &s.members[i]; m.place == inParams {
			bindParams(v.Field(m.field), query, bound, literals)
		}
	}
	return nil
}

func bindQuery(m *member, f reflect.Value, values []string) error {
	if len(values) == 0 {
		return nil
	}
	if m.typ.kind == isList {
		f.Set(reflect.ValueOf(append([]string{}, values...)))
		return nil
	}
	last := values[len(values)-1]
	f.Set(reflect.New(f.Type().Elem()))
	switch m.typ.kind {
	case isString:
		f.Elem().SetString(last)
	case isBool:
		if last != "true" && last != "false" {
			return serialization("query parameter %s: %q is neither true nor false", m.wire, clip(last))
		}
		f.Elem().SetBool(last == "true")
	case isInt:
		n, err := strconv.ParseInt(last, 10, m.typ.bits)
		if err != nil {
			return serialization("query parameter %s: %q is not an integer of %d bits", m.wire, clip(last), m.typ.bits)
		}
		f.Elem().SetInt(n)
	}
	return nil
}

// bindParams collects every query key that no other member and no literal of the route has taken; of a repeated key the first counts.
func bindParams(f reflect.Value, query url.Values, bound map[string]bool, literals url.Values) {
	var params map[string]string
	for key, values := range query {
		if bound[key] || literals.Has(key) {
			continue
		}
		if params == nil {
			params = map[string]string{}
		}
		params[key] = values[0]
	}
	if params != nil {
		f.Set(reflect.ValueOf(params))
	}
}
