package jsonpath

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gatehouse/internal/value"
)

func doc(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const cellarText = `{"racks":[
	{"id":1,"wine":"Barolo","year":2016,"price":54.0,"notes":["tar","rose"],"maker":{"name":"Conti","town":"Alba"}},
	{"id":2,"wine":"Rioja","year":2010,"price":19.90,"notes":["oak"],"maker":{"name":"Muga"}},
	{"id":3,"wine":"Riesling","year":2021,"price":12e0,"maker":null}],
	"budget":20,"open":true,"big":12345678901234567890,"caf\u00e9":"\u00fc"}`

// TestEval walks through the dialect, a sentence a row. What Jayway answers to
// a thousand more paths is in TestJayway.
func TestEval(t *testing.T) {
	for _, tc := range []struct{ desc, path, want string }{
		{"The document itself.", `$`, ""},
		{"A member of a member.", `$.racks[0].maker.town`, `true "Alba"`},
		{"A path may leave out its beginning.", `racks[1].wine`, `true "Rioja"`},
		{"Brackets and quotes take any name.", `$["racks"][0]['wine']`, `true "Barolo"`},
		{"Negative indexes count from the end.", `$.racks[-1].wine`, `true "Riesling"`},
		{"Numbers keep their text.", `$.racks[*].price`, `false [54.0,19.90,12e0]`},
		{"So do integers that no double has.", `$.big`, `true 12345678901234567890`},
		{"Names are compared decoded, values stay as written.", `$.café`, `true "\u00fc"`},
		{"Names may be written with escapes.", `$['caf\u00e9']`, `true "\u00fc"`},
		{"A missing member at the end leads nowhere.", `$.rackz`, nowhere},
		{"So does a member of what is no object.", `$.budget.x`, nowhere},
		{"So does a definite beginning, whatever follows.", `$.rackz[*].wine`, nowhere},
		{"Null is a value.", `$.racks[2].maker`, `true null`},
		{"Null has no members.", `$.racks[2].maker.name`, nowhere},
		{"Behind a wildcard, what is missing is passed over.", `$.racks[*].maker.town`, `false ["Alba"]`},
		{"An indefinite path that finds nothing answers an empty array.", `$.racks[*].nothing`, `false []`},
		{"Several names make an object, in the order of the path.", `$.racks[1]['year','wine','none']`, `true {"year":2010,"wine":"Rioja"}`},
		{"Several names before the end are followed each.", `$.racks[0]['maker','notes'].town`, `false ["Alba"]`},
		{"Several indexes.", `$.racks[0,2].id`, `false [1,3]`},
		{"A slice leaves out its end.", `$.racks[0:2].id`, `false [1,2]`},
		{"The last two.", `$.racks[-2:].id`, `false [2,3]`},
		{"Every depth, parents first.", `$..name`, `false ["Conti","Muga"]`},
		{"A filter by number.", `$.racks[?(@.price < 20)].wine`, `false ["Rioja","Riesling"]`},
		{"A filter by another part of the document.", `$.racks[?(@.price < $.budget && @.year > 2015)].id`, `false [3]`},
		{"A filter by existence.", `$.racks[?(@.notes)].id`, `false [1,2]`},
		{"A filter by absence.", `$.racks[?(!@.notes)].id`, `false [3]`},
		{"Null exists.", `$.racks[?(@.maker)].id`, `false [1,2,3]`},
		{"A filter by a group.", `$.racks[?(!(@.id == 1 || @.id == 3))].id`, `false [2]`},
		{"A filter by pattern takes the whole text.", `$.racks[?(@.wine =~ /r.*/i)].id`, `false [2,3]`},
		{"A part does not match.", `$.racks[?(@.wine =~ /aro/)].id`, `false []`},
		{"A slash in a pattern is escaped.", `$.racks[?(@.wine =~ /a\/b|Rioja/)].id`, `false [2]`},
		{"One of a list.", `$.racks[?(@.wine in ['Rioja', "Barolo"])].id`, `false [1,2]`},
		{"None of a list.", `$.racks[?(@.wine nin ['Rioja'])].id`, `false [1,3]`},
		{"A list within a list.", `$.racks[?(@.notes subsetof ['oak','tar','rose'])].id`, `false [1,2]`},
		{"Lists that touch.", `$.racks[?(@.notes anyof ['oak','smoke'])].id`, `false [2]`},
		{"Lists that do not.", `$.racks[?(@.notes noneof ['oak'])].id`, `false [1]`},
		{"An element in a list.", `$.racks[?(@.notes contains 'rose')].id`, `false [1]`},
		{"A text in a text.", `$.racks[?(@.wine contains 'io')].id`, `false [2]`},
		{"A size.", `$.racks[?(@.notes size 1)].id`, `false [2]`},
		{"A size of text counts UTF-16 units.", `$[?(@.café size 1)].budget`, `false [20]`},
		{"Emptiness.", `$.racks[?(@.notes empty false)].id`, `false [1,2]`},
		{"An object satisfies a filter by itself.", `$.racks[0].maker[?(@.town == 'Alba')].name`, `false ["Conti"]`},
		{"Filters nest.", `$.racks[?(@.notes[?(@ == 'oak')] size 1)].id`, `false [2]`},
		{"Functions of numbers answer doubles.", `$.racks[*].id.sum()`, failed},
		{"All that .. finds goes to a function.", `$..id.sum()`, `true 6.0`},
		{"An average.", `$..year.avg()`, `true 2015.6666666666667`},
		{"A length is an integer.", `$.racks.length()`, `true 3`},
		{"Keys.", `$.racks[0].maker.keys()`, `true ["name","town"]`},
		{"First and last.", `$.racks.last().id`, `true 3`},
		{"Appending makes another array.", `$.racks[0].notes.append("leather", 7)`, `true ["tar","rose","leather",7]`},
		{"Texts joined.", `$.concat($.racks[0].wine, " ", $.racks[0].year)`, `true "Barolo 2016"`},
		{"A position from the document.", `$.racks.index($.racks[0].id).id`, `true 2`},
		{"A position that is none.", `$.racks.index("x")`, failed},
		{"An element that is not there.", `$.racks.index(7)`, failed},
		{"Only objects have keys.", `$.racks.keys()`, `true null`},
		{"Objects are equal in any order.", `$.racks[?(@.maker == {'town':'Alba','name':"Conti"})].id`, `false [1]`},
		{"Objects with another member differ.", `$.racks[?(@.maker == {'town':'Alba','names':"Conti"})].id`, `false []`},
		{"Arrays are equal in order.", `$.racks[?(@.notes == ['rose','tar'])].id`, `false []`},
		{"What is joined may be anything.", `$.concat("x", -1, {"a":[1]}, $.open, $.racks[2].maker, $.racks[0].notes)`, `true "x-1{\"a\":[1]}truetarrose"`},
		{"Escapes join to surrogate pairs.", `$.concat("\ud83c\udf75\ud83cx")`, "true \"🍵\ufffdx\""},
		{"A filter on a number fails.", `$.budget[?(@ > 1)]`, failed},
		{"Decimal comparison is exact.", `$[?(@.big == 12345678901234567891)]`, `false []`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := doc(t, cellarText)
			want := tc.want
			if want == "" {
				want = "true " + d.String()
			}
			if got, err := outcome(tc.path, d); got != want {
				t.Errorf("%s:\n got %s (%v)\nwant %s", tc.path, got, err, want)
			}
			if d.String() != doc(t, cellarText).String() {
				t.Error("the document changed")
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, tc := range []struct {
		desc, path string
		column     int
		reason     string
	}{
		{"Nothing is no path.", ``, 1, "empty"},
		{"Blanks are no path.", `  `, 1, "empty"},
		{"A dot wants a name.", `$.a.`, 5, `does not end in "."`},
		{"So do two.", `$.a..`, 6, `does not end in "."`},
		{"Three dots mean nothing.", `$...a`, 4, `unexpected "."`},
		{"The root is followed by a dot or bracket.", `$a`, 2, `'a' where "." or "["`},
		{"Columns count what was written, not what was assumed.", `é.b c`, 4, "blank in a name"},
		{"A blank needs quotes.", `$.a b`, 4, "blank in a name"},
		{"Brackets close.", `$.a[0`, 4, "not closed"},
		{"Quotes close.", `$['a]`, 3, "quote is not closed"},
		{"Brackets are not empty.", `$[]`, 3, "']' in brackets"},
		{"A list of names goes on behind a comma.", `$['a',]`, 7, "']' where a quoted name"},
		{"Names are separated.", `$['a' 'b']`, 7, `'\'' where "," or "]"`},
		{"Bare names want no brackets.", `$[a]`, 3, "'a' in brackets"},
		{"Positions are integers.", `$[1.5]`, 3, `"1.5" is not a position`},
		{"Positions have 32 bits.", `$[4294967296]`, 3, "is not a position"},
		{"A slice has an end.", `$[:]`, 3, "at least one end"},
		{"A slice has no step.", `$[1:5:2]`, 3, "no step"},
		{"A star stands alone.", `$[*,1]`, 4, `',' where "]"`},
		{"A filter has parentheses.", `$[?@.a]`, 4, "a filter is written"},
		{"A placeholder is not a filter.", `$[?]`, 4, "a filter is written"},
		{"A filter closes.", `$[?(@.a]`, 8, "']' where an operator"},
		{"A filter's bracket closes.", `$[?(@.a)`, 9, `end of the path where "]"`},
		{"A script is not a filter.", `$[(@.length-1)]`, 3, "'(' in brackets"},
		{"One equals sign is no operator.", `$[?(@.a = 1)]`, 9, "= is not an operator"},
		{"Unknown words are no operators.", `$[?(@.a like 'x')]`, 9, "like is not an operator"},
		{"A value alone asks nothing.", `$[?(1)]`, 5, "without a comparison"},
		{"A comparison has two sides.", `$[?(@.a == )]`, 12, "')' where a value"},
		{"Conditions are joined, not listed.", `$[?(@.a, @.b)]`, 8, "',' where an operator"},
		{"An & alone joins nothing.", `$[?(@.a & @.b)]`, 9, "'&' in a filter"},
		{"Numbers are numbers.", `$[?(@.a == 1.2.3)]`, 12, "1.2.3 is not a number"},
		{"Strings close.", `$[?(@.a == 'x)]`, 12, "quote is not closed"},
		{"\\u has four digits.", `$['\u12']`, 6, "four hexadecimal digits"},
		{"Patterns close.", `$[?(@.a =~ /x)]`, 12, "pattern is not closed"},
		{"Patterns compile.", `$[?(@.a =~ /(/)]`, 12, "missing closing"},
		{"RE2 has no look-ahead.", `$[?(@.a =~ /(?=x)/)]`, 12, "invalid or unsupported Perl syntax"},
		{"RE2 has no comments.", `$[?(@.a =~ /x/x)]`, 12, "the flag x is not supported"},
		{"Patterns are short.", `$[?(@.a =~ /` + strings.Repeat("x", 1025) + `/)]`, 12, "longer than 1024 bytes"},
		{"Patterns are small when their repetitions are written out.", `$[?(@.a =~ /` + strings.Repeat("x{1000}", 6) + `/)]`, 12, "instructions, and at most 5000"},
		{"Object literals have names.", `$[?(@.a == {1:2})]`, 13, "'1' where a quoted name"},
		{"Names in literals have values.", `$[?(@.a == {'b'})]`, 16, `'}' where ":"`},
		{"Object literals are lists.", `$[?(@.a == {'b':1 'c':2})]`, 19, `'\'' where "," or "}"`},
		{"Object literals close.", `$[?(@.a == {'b':1,`, 12, `"{" is not closed`},
		{"Array literals close at the end, too.", `$[?(@.a == [1,`, 12, `"[" is not closed`},
		{"A pattern cannot break out of its anchors.", `$[?(@.a =~ /a)|(b/)]`, 12, "unexpected )"},
		{"Array literals close.", `$[?(@.a in [1)]`, 14, `')' where "," or "]"`},
		{"Array literals hold values.", `$[?(@.a in [x])]`, 13, "'x' where a value"},
		{"Negation of a path is not negation of a comparison.", `$[?(!@.a == 1)]`, 6, `"!" before a comparison`},
		{"&& wants a blank before it.", `$[?(@.a&&@.b)]`, 8, "blank before &&"},
		{"Functions are known.", `$.a.nope()`, 5, "no function nope()"},
		{"Functions close.", `$.a.sum(1`, 10, `end of the path where "," or ")"`},
		{"A function's strings have double quotes.", `$.a.concat('x')`, 12, `a "string"`},
		{"length takes a path.", `$.length(1)`, 3, "takes a path"},
		{"index takes a position.", `$.a.index()`, 5, "needs a position"},
		{"A function does not stand behind two dots.", `$..sum()`, 9, `right behind ".."`},
		{"Paths are bounded.", "$" + strings.Repeat(".a", 9000), maxText + 1, "longer than 16384 bytes"},
		{"Nesting is bounded.", `$[?(` + strings.Repeat("(", 40), 37, "nest deeper than 32"},
		{"Negations are nesting.", `$[?(` + strings.Repeat("!", 40), 37, "nest deeper than 32"},
		{"Filters in filters are nesting.", strings.Repeat(`$[?(`, 40), 133, "nest deeper than 32"},
		{"Arguments are nesting.", strings.Repeat(`$.sum(`, 40), 198, "nest deeper than 32"},
		{"Literals are nesting.", `$[?(@ == ` + strings.Repeat(`[{"a":`, 40), 101, "nest deeper than 32"},
		{"Paths are UTF-8.", "$.\xff", 1, "not UTF-8"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := Compile(tc.path)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%.60s: got %v, want an *Error", tc.path, err)
			}
			if e.Column != tc.column || !strings.Contains(e.Reason, tc.reason) {
				t.Errorf("%.60s: got column %d %q, want column %d %q", tc.path, e.Column, e.Reason, tc.column, tc.reason)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	for _, tc := range []struct {
		path            string
		definite, plain bool
	}{
		{"$", true, true}, {"$.a['b'][0]", true, true}, {"$.a['b','c']", true, true}, {"$.a['b','c'].d", false, true}, {"$.a.length()", true, true},
		{"$.a[0,1]", false, true}, {"$.a[0:1]", false, true}, {"$.*", false, true}, {"$..a", false, false}, {"$.a[?(@.b)]", false, false},
		{"$..a.sum()", true, false}, {"$.sum($..a)", true, false}, {"$.sum($.a[?(@ > 1)])", true, false},
	} {
		p, err := Compile(tc.path)
		if err != nil {
			t.Fatal(err)
		}
		if p.Definite() != tc.definite || p.Plain() != tc.plain || p.String() != tc.path {
			t.Errorf("%s: definite %v, plain %v", p, p.Definite(), p.Plain())
		}
	}
}

// TestEvaluationIsBounded gives hostile paths to hostile documents. Each ends
// with ErrLimit, after a number of steps that does not depend on the machine.
func TestEvaluationIsBounded(t *testing.T) {
	wide := "[" + strings.TrimSuffix(strings.Repeat("[1,2,3],", 2000), ",") + "]"
	deep := strings.Repeat(`{"a":[`, 200) + strings.Repeat(`]}`, 200)
	long := `["` + strings.Repeat("x", 100_000) + `","b"]`
	for _, tc := range []struct {
		desc, path, doc string
		limits          Limits
	}{
		{"Every depth under every depth.", `$..*..*..*..*..*`, deep, Limits{Steps: 200_000}},
		{"Results that multiply.", `$[*]` + strings.Repeat("[0,0,0,0]", 12), strings.Repeat("[", 20) + strings.Repeat("]", 20), Limits{Steps: 200_000}},
		{"Results are counted.", `$..*`, wide, Limits{Results: 1000}},
		{"Results of filters are counted.", `$[?(@[*] size 3)]`, wide, Limits{Results: 1000}},
		{"A filter that compares everything with everything.", `$[?(@ in $[?(@ in $)])]`, wide, Limits{Steps: 200_000}},
		{"Comparing long texts costs more.", `$[?(@ == $[0] || @ == $[0] || @ == $[0])]`, long, Limits{Steps: 1000}},
		{"A slice between far ends costs what is there.", `$[-2000000000:2000000000][0:1][0:1]`, wide, Limits{Steps: 2000}},
		{"Copies are counted.", `$` + strings.Repeat(".append(1)", 400), wide, Limits{Steps: 200_000}},
		{"Names in one step are counted.", `$[*][` + strings.Repeat("'a',", 500) + `'a']`, `[` + strings.Repeat("{},", 3000) + `{}]`, Limits{Steps: 200_000}},
		{"Patterns cost by their size.", `$[?(@ =~ /(.?){500}x/)]`, long, Limits{Steps: 5000}},
		{"Joined texts are counted.", `$[*].concat(` + strings.TrimSuffix(strings.Repeat("$[0],", 300), ",") + `)`, long, Limits{Steps: 2_000_000}},
		{"Joined texts are bounded.", `$.concat(` + strings.TrimSuffix(strings.Repeat("$[0],", 300), ",") + `)`, long, Limits{}},
		{"Elements of one function are counted.", `$[*].sum(` + strings.TrimSuffix(strings.Repeat("$,", 50), ",") + `)`, wide, Limits{Steps: 200_000}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			p, err := Compile(tc.path)
			if err != nil {
				t.Fatal(err)
			}
			d := doc(t, tc.doc)
			if v, _, err := tc.limits.Eval(p, d); !errors.Is(err, ErrLimit) {
				t.Fatalf("%.100s: got %.100v, %v", tc.path, v, err)
			}
		})
	}
}

func TestLimitsLetThrough(t *testing.T) {
	p, err := Compile(`$[?(@ > 1)]`)
	if err != nil {
		t.Fatal(err)
	}
	d := doc(t, "["+strings.Repeat("2,", 99_999)+"2]")
	v, ok, err := p.Eval(d)
	if err != nil || !ok || v.Len() != 100_000 {
		t.Errorf("%d results, %v, %v", v.Len(), ok, err)
	}
}

// literalMatcher is an engine that takes a pattern as a plain text.
type literalMatcher string

func (m literalMatcher) MatchString(s string) bool { return s == string(m) }

func TestAnotherEngineForPatterns(t *testing.T) {
	var asked string
	o := Options{Regexp: func(pattern, flags string) (Matcher, error) {
		asked += pattern + "|" + flags + " "
		if pattern == "bad" {
			return nil, errors.New("bad pattern")
		}
		return literalMatcher(pattern), nil
	}}
	p, err := o.Compile(`$[?(@ =~ /(?=a)\/b/iU || /c/ =~ @)]`)
	if err != nil {
		t.Fatal(err)
	}
	if v, _, err := p.Eval(doc(t, `["(?=a)\\/b","c","d"]`)); err != nil || v.Len() != 2 {
		t.Errorf("got %v, %v", v, err)
	}
	if asked != `(?=a)\/b|iU c| ` {
		t.Errorf("the engine was asked for %q", asked)
	}
	if _, err := o.Compile(`$[?(@ =~ /bad/)]`); err == nil || !strings.Contains(err.Error(), "bad pattern") {
		t.Errorf("got %v", err)
	}
}

func TestManyMayEvaluateOnePath(t *testing.T) {
	p, err := Compile(`$.racks[?(@.price < $.budget && @.wine =~ /R.*/)].id.sum($..id)`)
	if err != nil {
		t.Fatal(err)
	}
	d := doc(t, cellarText)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if v, _, err := p.Eval(d); err != nil || v.String() != "[6.0,6.0]" {
					t.Errorf("got %v, %v", v, err)
				}
			}
		})
	}
	wait.Wait()
}

func TestUTF16Order(t *testing.T) {
	rising := []string{"", "a", "aa", "ab", "b", "é", "\ud7ff", "🍵", "🍶", "\U0010ffff", "\ue000", "\uffff"}
	for i, a := range rising {
		for j, b := range rising {
			if got := compareUTF16(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compareUTF16(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func TestJSONNumber(t *testing.T) {
	for in, want := range map[string]string{"1": "1", "+1": "1", "-.5": "-0.5", "5.": "5", "007": "7", "0": "0", "-0": "-0", "1e3": "1e3", "1.E+3": "1E+3", "": "", ".": "", "e1": "", "1e": "", "1e+": "", "1e--3": "", "1e1.5": "", "--1": "", "0x1": "", "1 ": ""} {
		if got, ok := jsonNumber(in); got != want || ok != (want != "") {
			t.Errorf("jsonNumber(%q) = %q, %v", in, got, ok)
		}
	}
}

func ExamplePath_Eval() {
	p, err := Compile(`$.items[?(@.count > 1)].name`)
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := value.Parse(`{"items":[{"name":"tea","count":2},{"name":"pot","count":1}]}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	v, found, err := p.Eval(order)
	fmt.Println(v, found, err)
	// Output: ["tea"] true <nil>
}
