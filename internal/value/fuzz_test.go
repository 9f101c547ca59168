package value

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// FuzzParse compares with encoding/json: what is valid there and UTF-8 and
// within the bounds is valid here, and the other way round; and what was read
// is written as json.Compact writes it, if no name occurs twice.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.50,-0,1e9,"x\u00e9\n",true,false,null,{}]}`, ` [ ] `, `"\ud83c\udf75"`, `{"a":1,"a":2}`, "[1,\xff]", `01`, `1.`, `[1 2]`, strings.Repeat("[", 600)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse(text)
		if valid := json.Valid([]byte(text)) && utf8.ValidString(text) && !tooDeep(text); valid != (err == nil) {
			t.Fatalf("Parse(%q): %v; encoding/json and UTF-8 say %v", text, err, valid)
		}
		if err != nil {
			return
		}
		out := v.Append(nil)
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out, compact.Bytes()) && len(out) >= compact.Len() {
			t.Fatalf("%q is written as %q", text, out)
		}
		again, err := Parse(string(out))
		if err != nil || !again.Equal(v) || !bytes.Equal(again.Append(nil), out) {
			t.Fatalf("%q reads back as %v, %v", out, again, err)
		}
		checkAgainstJSON(t, v, []byte(text))
	})
}

func tooDeep(text string) bool {
	depth := 0
	for i, inside := 0, false; i < len(text); i++ {
		switch c := text[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '[', c == '{':
			if depth++; depth > defaultDepth {
				return true
			}
		case c == ']', c == '}':
			depth--
		}
	}
	return false
}

// checkAgainstJSON compares v with what encoding/json decodes, value by value.
func checkAgainstJSON(t *testing.T, v Value, text []byte) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !sameAsJSON(v, want) {
		t.Fatalf("%q: got %v, want %v", text, v, want)
	}
}

func sameAsJSON(v Value, want any) bool {
	switch w := want.(type) {
	case nil:
		return v.Kind() == Null
	case bool:
		return v.Kind() == Bool && v.Bool() == w
	case json.Number:
		return v.Kind() == Number && v.Text() == w.String()
	case string:
		return v.Kind() == String && v.Text() == w
	case []any:
		if v.Kind() != Array || v.Len() != len(w) {
			return false
		}
		for i, e := range v.Elements() {
			if !sameAsJSON(e, w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		if v.Kind() != Object || v.Len() != len(w) {
			return lonely(v) // names with lone surrogates may fall together there
		}
		for name, e := range v.Members() {
			if x, ok := w[name]; !ok || !sameAsJSON(e, x) {
				return lonely(v)
			}
			if got, ok := v.Get(name); !ok || !got.Equal(e) {
				return lonely(v)
			}
		}
		return true
	}
	return false
}

func lonely(v Value) bool {
	for name := range v.Members() {
		if strings.Contains(name, "\ufffd") {
			return true
		}
	}
	return false
}

// anyValue draws a value of at most the depth.
func anyValue(depth int) *rapid.Generator[Value] {
	scalar := rapid.OneOf(
		rapid.Just(MakeNull()),
		rapid.Map(rapid.Bool(), MakeBool),
		rapid.Map(rapid.String(), MakeString),
		rapid.Map(rapid.Int64(), MakeInt),
		rapid.Map(rapid.Float64(), func(f float64) Value {
			v, err := MakeFloat(f)
			if err != nil {
				return MakeNull()
			}
			return v
		}),
		rapid.Map(rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,6})?`), func(s string) Value {
			v, err := MakeNumber(s)
			if err != nil {
				panic(err)
			}
			return v
		}),
	)
	if depth == 0 {
		return scalar
	}
	inner := rapid.Deferred(func() *rapid.Generator[Value] { return anyValue(depth - 1) })
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(inner, 0, 6), func(e []Value) Value { return MakeArray(e...) }),
		rapid.Custom(func(t *rapid.T) Value {
			var members []Member
			for range rapid.IntRange(0, 24).Draw(t, "members") {
				members = append(members, Member{rapid.StringN(0, 4, 8).Draw(t, "name"), inner.Draw(t, "value")})
			}
			return MakeObject(members...)
		}))
}

func TestMadeValuesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(3).Draw(t, "v")
		text := v.String()
		if !json.Valid([]byte(text)) {
			t.Fatalf("not JSON: %s", text)
		}
		back, err := Parse(text)
		if err != nil || !back.Equal(v) || !v.Equal(back) {
			t.Fatalf("%s reads back as %v, %v", text, back, err)
		}
		if back.String() != text {
			t.Fatalf("%s is written as %s", text, back)
		}
	})
}

func TestStringsAgreeWithEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil || got != s {
			t.Fatalf("%q is read as %q, %v", s, got, err)
		}
		quoted, _ := json.Marshal(s)
		v, err := Parse(string(quoted))
		if err != nil || v.Text() != s {
			t.Fatalf("%s reads %q, %v", quoted, v.Text(), err)
		}
	})
}

func TestFloatsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		text := string(AppendFloat(nil, f))
		if back, err := strconv.ParseFloat(text, 64); err != nil || back != f || !json.Valid([]byte(text)) {
			t.Fatalf("%v is written %s", f, text)
		}
	})
}

func TestCompareNumbersAgreesWithDoubles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(-1e6, 1e6).Draw(t, "a"), rapid.Float64Range(-1e6, 1e6).Draw(t, "b")
		x := strconv.FormatFloat(a, 'f', -1, 64)
		y := strconv.FormatFloat(b, 'e', -1, 64)
		want := 0
		if a < b {
			want = -1
		} else if a > b {
			want = 1
		}
		if got := CompareNumbers(x, y); got != want {
			t.Fatalf("CompareNumbers(%s, %s) = %d, want %d", x, y, got, want)
		}
	})
}
