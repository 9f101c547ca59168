package jsonpath

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/internal/value"

	"pgregory.net/rapid"
)

// FuzzEval holds for any path and document: compiling and evaluating end, the
// same way each time, with an answer that is JSON; a definite path answers a
// part or nothing, an indefinite one an array.
func FuzzEval(f *testing.F) {
	docs := documents(f)
	for i, r := range readRows(f, "testdata/jayway.jsonl") {
		if d, _ := docs.Get(r.Doc); i%5 == 0 {
			f.Add(r.Path, d.String())
		}
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		p, err := Compile(path)
		if err != nil {
			if e := err.(*Error); e.Column < 1 || e.Column > len(path)+1 || e.Reason == "" {
				t.Fatalf("%q: %#v", path, e)
			}
			return
		}
		d, err := value.Limits{Count: 2000}.Parse(text)
		if err != nil {
			return
		}
		limits := Limits{Steps: 20_000, Results: 5_000}
		v, ok, err := limits.Eval(p, d)
		again, okAgain, errAgain := limits.Eval(p, d)
		if ok != okAgain || fmt.Sprint(err) != fmt.Sprint(errAgain) || !v.Equal(again) {
			t.Fatalf("%q: %v %v %v, then %v %v %v", path, v, ok, err, again, okAgain, errAgain)
		}
		if !ok {
			return
		}
		if !p.Definite() && v.Kind() != value.Array {
			t.Fatalf("%q is indefinite and answers %v", path, v)
		}
		if out := v.String(); len(out) < 1<<20 {
			if _, err := (value.Limits{Depth: 1000}).Parse(out); err != nil {
				t.Fatalf("%q answers %q: %v", path, out, err)
			}
		}
	})
}

// drawDocument draws a document whose names are simple.
func drawDocument(depth int) *rapid.Generator[value.Value] {
	scalar := rapid.OneOf(rapid.Just(value.MakeNull()), rapid.Map(rapid.Bool(), value.MakeBool), rapid.Map(rapid.Int64(), value.MakeInt), rapid.Map(rapid.String(), value.MakeString))
	if depth == 0 {
		return scalar
	}
	inner := rapid.Deferred(func() *rapid.Generator[value.Value] { return drawDocument(depth - 1) })
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(inner, 0, 5), func(e []value.Value) value.Value { return value.MakeArray(e...) }),
		rapid.Custom(func(t *rapid.T) value.Value {
			var members []value.Member
			for range rapid.IntRange(0, 5).Draw(t, "members") {
				members = append(members, value.Member{Name: rapid.String().Draw(t, "name"), Value: inner.Draw(t, "value")})
			}
			return value.MakeObject(members...)
		}), scalar)
}

// visitAll calls visit with each value below v and a definite path to it, in
// either quotes.
func visitAll(v value.Value, path string, visit func(path string, v value.Value)) {
	visit(path, v)
	for i, e := range v.Elements() {
		at := i
		if i%2 == 1 {
			at -= v.Len()
		}
		visitAll(e, fmt.Sprintf("%s[%d]", path, at), visit)
	}
	for name, e := range v.Members() {
		quote := `'`
		if len(name)%2 == 1 {
			quote = `"`
		}
		visitAll(e, path+"["+quote+strings.NewReplacer(`\`, `\\`, quote, `\`+quote).Replace(name)+quote+"]", visit)
	}
}

func TestEveryValueHasAPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDocument(3).Draw(t, "document")
		below := -1
		visitAll(d, "$", func(path string, want value.Value) {
			below++
			p, err := Compile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := p.Eval(d)
			if err != nil || !ok || !p.Definite() || got.String() != want.String() {
				t.Fatalf("%s: got %v %v %v, want %v", path, got, ok, err, want)
			}
		})
		all, err := Compile("$..*")
		if err != nil {
			t.Fatal(err)
		}
		if v, _, err := all.Eval(d); err != nil || v.Len() != below {
			t.Fatalf("$..* finds %d values, want %d (%v)", v.Len(), below, err)
		}
	})
}

// TestSimpleAndGeneralAgree compares the short way for simple paths with the
// general one, which a slice of one element at the beginning forces.
func TestSimpleAndGeneralAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDocument(3).Draw(t, "document")
		steps := ""
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			steps += rapid.SampledFrom([]string{"[0]", "[-1]", "[1]", "['a']", "['']"}).Draw(t, "step")
		}
		simple, err := Compile("$[0]" + steps)
		if err != nil {
			t.Fatal(err)
		}
		general, err := Compile("$[0:1]" + steps)
		if err != nil {
			t.Fatal(err)
		}
		if d.Kind() != value.Array {
			return
		}
		one, ok, err := simple.Eval(d)
		many, _, errMany := general.Eval(d)
		if err != nil || errMany != nil {
			t.Fatal(err, errMany)
		}
		if ok != (many.Len() == 1) || ok && !one.Equal(many.Index(0)) {
			t.Fatalf("%s: %v %v and %v", steps, one, ok, many)
		}
	})
}
