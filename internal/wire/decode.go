package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a JSON body. No member of a served model is deeper than 8; the rest is room for members that this
// version does not know and skips.
const maxDepth = 64

// Texts with which AWS refuses a value of the wrong type. The first two are recorded; the others follow their form and are unverified.
const (
	textBoolAsString   = "class java.lang.Boolean can not be converted to an String"
	textNumberAsString = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"
	textStringAs       = "class java.lang.String can not be converted to a"
	textBoolAs         = "class java.lang.Boolean can not be converted to a"
	textNumberAs       = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to a"
	textStructureFound = "Start of structure or map found where not expected."
	textListFound      = "Start of list found where not expected."
	textListWanted     = "Expected list or null"
	textMapWanted      = "Expected map or null"
)

// word is the name of a kind in those texts, which end before it with the article's "a".
func (k kind) word() string {
	return [...]string{isString: "n String", isBool: " Boolean", isInt: "n Integer", isFloat: " Double", isTime: " Timestamp", isBlob: " Blob"}[k]
}

func serialization(format string, args ...any) *Error {
	return &Error{Type: typeSerialization, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// decoder walks the tokens of one JSON text that was found well-formed.
type decoder struct {
	json *json.Decoder
	err  error // the tokens ended early: they and the test for well-formedness disagree
}

// decodeBody fills the body members of v, a structure, from a JSON text. An empty text, or null, has no members. Members that the
// shape does not know are skipped; of a member given twice the last wins; null is absent.
func decodeBody(s *shape, body []byte, v reflect.Value) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := wellFormed(body); err != nil {
		return err
	}
	d := decoder{json: json.NewDecoder(bytes.NewReader(body))}
	d.json.UseNumber()
	switch tok := d.token(); tok {
	case nil:
		return nil
	case json.Delim('{'):
		if err := d.members(s, v); err != nil {
			return err
		}
		return d.err
	case json.Delim('['):
		return serialization(textListFound)
	default:
		return serialization(textMapWanted)
	}
}

// wellFormed refuses what encoding/json would silently repair as well as what it would refuse: invalid UTF-8 and lone surrogates
// would become U+FFFD, and a stored name would differ from the one that was sent.
func wellFormed(body []byte) error {
	if !json.Valid(body) {
		var syntax *json.SyntaxError
		if err := json.Unmarshal(body, new(json.RawMessage)); errors.As(err, &syntax) {
			return serialization("The body is not JSON: %v, at byte %d.", syntax, syntax.Offset)
		}
		return serialization("The body is not JSON.")
	}
	if !utf8.Valid(body) {
		return serialization("The body is not UTF-8.")
	}
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\': // only inside a string
			i++
			if body[i] != 'u' {
				continue
			}
			n, ok := surrogate(body[i+1:])
			if !ok {
				return serialization("The body holds half of a surrogate pair, at byte %d.", i)
			}
			i += n
		case quoted:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	if most > maxDepth {
		return serialization("The body is nested %d levels deep; at most %d are read.", most, maxDepth)
	}
	return nil
}

// surrogate reads the four digits of a \u escape, and its partner's escape where it needs one. It returns how many bytes that was.
func surrogate(b []byte) (n int, ok bool) {
	r := unhex(b)
	switch {
	case r < 0xD800 || r > 0xDFFF:
		return 4, true
	case r >= 0xDC00 || len(b) < 10 || b[4] != '\\' || b[5] != 'u':
		return 0, false
	}
	low := unhex(b[6:])
	return 10, low >= 0xDC00 && low <= 0xDFFF
}

func unhex(b []byte) uint64 {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32)
	return n
}

func (d *decoder) token() json.Token {
	t, err := d.json.Token()
	if err != nil && d.err == nil {
		d.err = serialization("The body is not JSON: %v.", err)
	}
	return t
}

// more reports whether the list or object at hand goes on.
func (d *decoder) more() bool {
	return d.err == nil && d.json.More()
}

// members reads the rest of an object into v.
func (d *decoder) members(s *shape, v reflect.Value) error {
	for d.more() {
		name, _ := d.token().(string)
		i, known := s.body[name]
		if !known {
			d.skip(d.token())
			continue
		}
		m := &s.members[i]
		f := v.Field(m.field)
		f.SetZero()
		tok := d.token()
		if tok == nil {
			continue
		}
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		if err := d.value(m.typ, tok, f); err != nil {
			return err
		}
	}
	d.token()
	return nil
}

// skip passes over the value that tok begins.
func (d *decoder) skip(tok json.Token) {
	depth := 0
	for {
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 || d.err != nil {
			return
		}
		tok = d.token()
	}
}

// value reads the value that tok, not null, begins.
func (d *decoder) value(t *typ, tok json.Token, v reflect.Value) error {
	switch t.kind {
	case isList:
		return d.list(t, tok, v)
	case isMap:
		return d.dict(t, tok, v)
	case isShape:
		if tok != json.Delim('{') {
			return mismatch(t, tok)
		}
		return d.members(t.shape, v)
	}
	return scalar(t, tok, v)
}

func (d *decoder) list(t *typ, tok json.Token, v reflect.Value) error {
	if tok != json.Delim('[') {
		return mismatch(t, tok)
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for d.more() {
		tok := d.token()
		if tok == nil {
			return serialization("null found in a list: leave the element out")
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(t.elem, tok, e); err != nil {
			return err
		}
		v.Set(reflect.Append(v, e))
	}
	d.token()
	return nil
}

// dict reads a map. A null in a map of strings keeps its key with "": an integration response's {"application/json": null} means
// a template that passes the payload through, and a key that vanished would not. A null elsewhere is absent.
func (d *decoder) dict(t *typ, tok json.Token, v reflect.Value) error {
	if tok != json.Delim('{') {
		return mismatch(t, tok)
	}
	v.Set(reflect.MakeMap(v.Type()))
	for d.more() {
		key, _ := d.token().(string)
		name := reflect.ValueOf(key).Convert(v.Type().Key())
		e := reflect.New(v.Type().Elem()).Elem()
		tok := d.token()
		if tok == nil {
			if t.elem.kind != isString {
				e = reflect.Value{} // deletes: the last of a key given twice wins
			}
		} else if err := d.value(t.elem, tok, e); err != nil {
			return err
		}
		v.SetMapIndex(name, e)
	}
	d.token()
	return nil
}

// scalar sets v from a token, strictly: "true" is no boolean and 1 is no string.
func scalar(t *typ, tok json.Token, v reflect.Value) error {
	switch tok := tok.(type) {
	case string:
		switch t.kind {
		case isString:
			v.SetString(tok)
			return nil
		case isBlob:
			b, err := base64.StdEncoding.Strict().DecodeString(tok)
			if err != nil {
				return serialization("a blob is not base64: %v", err)
			}
			v.SetBytes(b)
			return nil
		case isTime:
			if at, err := time.Parse(time.RFC3339Nano, tok); err == nil {
				v.Set(reflect.ValueOf(at.UTC()))
				return nil
			}
		}
	case bool:
		if t.kind == isBool {
			v.SetBool(tok)
			return nil
		}
	case json.Number:
		return number(t, tok, v)
	}
	return mismatch(t, tok)
}

func number(t *typ, n json.Number, v reflect.Value) error {
	switch t.kind {
	case isInt:
		i, err := integer(n.String(), t.bits)
		if err != nil {
			return err
		}
		v.SetInt(i)
	case isFloat:
		f, err := n.Float64()
		if err != nil {
			return serialization("the number %s is out of range", clip(n.String()))
		}
		v.SetFloat(f)
	case isTime:
		f, err := n.Float64()
		if err != nil || math.Abs(f) > 1<<40 { // beyond the year 36000 nothing formats any more
			return serialization("the time %s is out of range", clip(n.String()))
		}
		v.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(f * 1000))).UTC()))
	default:
		return mismatch(t, n)
	}
	return nil
}

// integer reads a whole number, also one written as 5.0 or 5e0. A fraction is refused: AWS would cut it off, and so store another
// number than was sent.
func integer(text string, bits int) (int64, error) {
	if i, err := strconv.ParseInt(text, 10, bits); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= math.Ldexp(1, bits-1) {
		return 0, serialization("the number %s is not an integer of %d bits", clip(text), bits)
	}
	return int64(f), nil
}

// mismatch is the refusal of a token where a value of type t belongs.
func mismatch(t *typ, tok json.Token) *Error {
	switch tok {
	case json.Delim('{'):
		return serialization(textStructureFound)
	case json.Delim('['):
		return serialization(textListFound)
	}
	switch t.kind {
	case isList:
		return serialization(textListWanted)
	case isMap, isShape:
		return serialization(textMapWanted)
	}
	prefix := textStringAs
	switch tok.(type) {
	case bool:
		if prefix = textBoolAs; t.kind == isString {
			return serialization(textBoolAsString)
		}
	case json.Number:
		if prefix = textNumberAs; t.kind == isString {
			return serialization(textNumberAsString)
		}
	}
	return serialization("%s", prefix+t.kind.word())
}
