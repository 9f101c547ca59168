package value

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

func parse(t testing.TB, text string) Value {
	t.Helper()
	v, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%.60q): %v", text, err)
	}
	return v
}

func TestParseKeepsWhatWasWritten(t *testing.T) {
	for _, tc := range []struct{ desc, in, want string }{
		{"A number keeps its point.", `1.0`, `1.0`},
		{"A number keeps its exponent, even one that no double has.", `[1e400,-0,1E+2,0.10]`, `[1e400,-0,1E+2,0.10]`},
		{"An integer keeps digits that no double has.", `12345678901234567890123`, `12345678901234567890123`},
		{"Members keep their order.", `{"b":1,"a":2,"":3}`, `{"b":1,"a":2,"":3}`},
		{"Escapes stay as they were written.", `"\u00e9\/\ud83c\udf75\ud800"`, `"\u00e9\/\ud83c\udf75\ud800"`},
		{"White space between tokens goes.", " {\t\"a\" :\n[ 1 , {} ,[ ] ]\r} ", `{"a":[1,{},[]]}`},
		{"Of two members with one name the last value wins, at the first place.", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"Names are the same if they read the same, however they are written.", `{"é":1,"x":2,"\u00e9":3}`, `{"é":3,"x":2}`},
		{"The words.", `[true,false,null]`, `[true,false,null]`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := parse(t, tc.in).String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		desc, in     string
		line, column int
		reason       string
	}{
		{"Nothing is no document.", ``, 1, 1, "ends where a value should begin"},
		{"One document, not two.", `{} {}`, 1, 4, `'{' after the end`},
		{"A comma needs a value behind it.", `[1,]`, 1, 4, `']' where a value should begin`},
		{"A comma needs a member behind it.", `{"a":1,}`, 1, 8, `'}' where a member's name`},
		{"Names are strings.", `{a:1}`, 1, 2, `'a' where a member's name`},
		{"A name needs a colon.", "{\n \"a\" 1}", 2, 6, `'1' where a colon`},
		{"Arrays are closed by their own bracket.", `[1}`, 1, 3, `'}' where a comma or the end of an array`},
		{"Columns count characters.", `["éé" x]`, 1, 7, `'x' where a comma`},
		{"Words are whole.", `tru`, 1, 4, "a broken word where true was begun"},
		{"Single quotes are not quotes.", `'a'`, 1, 1, `'\'' where a value`},
		{"A number has no plus.", `+1`, 1, 1, `'+' where a value`},
		{"A number has no leading zero.", `01`, 1, 1, "leading zeros"},
		{"A minus needs digits.", `-`, 1, 2, "without digits"},
		{"A point needs digits.", `1.`, 1, 3, "after its point"},
		{"An exponent needs digits.", `1e+`, 1, 4, "in its exponent"},
		{"Not a number is not a number.", `NaN`, 1, 1, `'N' where a value`},
		{"Controls are escaped in strings.", "\"a\tb\"", 1, 3, "control character 0x09"},
		{"Strings are closed.", `"abc`, 1, 5, "ends inside a string"},
		{"JSON has no \\x.", `"\x41"`, 1, 2, "an escape that JSON does not have"},
		{"\\u has four digits.", `"\u12g4"`, 1, 2, "an escape that JSON does not have"},
		{"A backslash escapes something.", `"\`, 1, 2, "an escape that JSON does not have"},
		{"Text is UTF-8.", "\"a\xff\"", 1, 3, "invalid UTF-8"},
		{"A byte order mark is not white space.", "\ufeff{}", 1, 1, `'\ufeff' where a value`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := Parse(tc.in)
			e, ok := err.(*Error)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Line != tc.line || e.Column != tc.column || !strings.Contains(e.Reason, tc.reason) {
				t.Errorf("got line %d column %d %q, want line %d column %d %q", e.Line, e.Column, e.Reason, tc.line, tc.column, tc.reason)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tc := range []struct {
		desc   string
		limits Limits
		in     string
		reason string // empty: accepted
	}{
		{"512 levels are the default.", Limits{}, nest(512), ""},
		{"513 are one too many.", Limits{}, nest(513), "nest too deep"},
		{"Brackets that never close are stopped at the same depth.", Limits{}, strings.Repeat(`{"a":[`, 100_000), "nest too deep"},
		{"Levels count down the tree, not across.", Limits{Depth: 2}, `[[],[],[[]]]`, "nest too deep"},
		{"Siblings do not add levels.", Limits{Depth: 2}, `[[],[],{},[]]`, ""},
		{"A document may be as long as the limit.", Limits{Size: 4}, `[12]`, ""},
		{"Longer is refused unread.", Limits{Size: 4}, `[123]`, "5 bytes long, and at most 4"},
		{"Values are counted with their parents.", Limits{Count: 3}, `[1,2]`, ""},
		{"One value too many.", Limits{Count: 3}, `[1,2,3]`, "too many values"},
		{"Names are not counted.", Limits{Count: 2}, `{"a":1}`, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := tc.limits.Parse(tc.in)
			switch {
			case tc.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.reason != "" && err == nil:
				t.Errorf("accepted, want %q", tc.reason)
			case tc.reason != "" && !strings.Contains(err.Error(), tc.reason):
				t.Errorf("got %v, want %q", err, tc.reason)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	v := parse(t, `{"a":[1,"two",{"\u0062":null}],"n":-7,"x":1.5}`)
	a, _ := v.Get("a")
	if a.Kind() != Array || a.Len() != 3 || a.Index(1).Text() != "two" {
		t.Errorf("a = %v", a)
	}
	if b, ok := a.Index(2).Get("b"); !ok || b.Kind() != Null {
		t.Errorf("an escaped name is not found: %v %v", b, ok)
	}
	if name, val := v.Member(1); name != "n" || val.Text() != "-7" {
		t.Errorf("member 1 = %q %v", name, val)
	}
	if v.Child(1).Text() != "-7" || a.Child(0).Text() != "1" {
		t.Errorf("children: %v %v", v.Child(1), a.Child(0))
	}
	if i, ok := mustGet(v, "n").Int(); !ok || i != -7 {
		t.Errorf("Int = %d %v", i, ok)
	}
	if _, ok := mustGet(v, "x").Int(); ok || mustGet(v, "x").Whole() || !mustGet(v, "n").Whole() {
		t.Error("1.5 is an integer, or -7 is none")
	}
	if _, ok := a.Int(); ok {
		t.Error("an array is an integer")
	}
	if _, ok := a.Float(); ok || a.Whole() {
		t.Error("an array is a number")
	}
	if _, ok := parse(t, "1e999").Float(); ok {
		t.Error("1e999 is a double")
	}
	if f, ok := mustGet(v, "x").Float(); !ok || f != 1.5 {
		t.Errorf("Float = %v %v", f, ok)
	}
	for desc, absent := range map[string]Value{
		"an index below 0": a.Index(-1), "an index at the end": a.Index(3), "an index of an object": v.Index(0), "a missing member": mustGet(v, "q"),
		"a member of an array": mustGet(a, "0"), "the zero Value": {},
		"a child at the end": v.Child(3), "a child below 0": a.Child(-1), "a child of a number": mustGet(v, "n").Child(0),
	} {
		if absent.Kind() != Absent || absent.String() != "null" {
			t.Errorf("%s is %v", desc, absent)
		}
	}
	if _, val := v.Member(3); val.Kind() != Absent {
		t.Errorf("member 3 = %v", val)
	}
}

func mustGet(v Value, name string) Value {
	v, _ = v.Get(name)
	return v
}

func TestMadeValues(t *testing.T) {
	num := func(v Value, err error) Value {
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tc := range []struct {
		desc string
		v    Value
		want string
	}{
		{"A string is escaped as Jackson does.", MakeString("a\"\\/\b\f\n\r\t\x01\x1f\u007fé\u2028<"), `"a\"\\/\b\f\n\r\t\u0001\u001F` + "\u007fé\u2028<\""},
		{"Bytes that are no UTF-8 are replaced.", MakeString("a\xffb"), `"a` + "\ufffd" + `b"`},
		{"An object keeps its order, and the last of two wins.", MakeObject(Member{"b", MakeInt(1)}, Member{"a\n", MakeNull()}, Member{"b", MakeInt(2)}), `{"b":2,"a\n":null}`},
		{"Absent elements are null.", MakeArray(Value{}, MakeBool(true), MakeArray()), `[null,true,[]]`},
		{"An absent member is null.", MakeObject(Member{"a", Value{}}), `{"a":null}`},
		{"A number keeps its text.", num(MakeNumber("1.50")), `1.50`},
		{"A double has a point.", num(MakeFloat(55)), `55.0`},
		{"A large double has an exponent.", num(MakeFloat(1e7)), `1.0E7`},
		{"A double just below it has none.", num(MakeFloat(9999999.5)), `9999999.5`},
		{"A small double has an exponent.", num(MakeFloat(0.00025)), `2.5E-4`},
		{"A thousandth has none.", num(MakeFloat(-0.001)), `-0.001`},
		{"The smallest double.", num(MakeFloat(math.SmallestNonzeroFloat64)), `4.9E-324`},
		{"The largest double.", num(MakeFloat(math.MaxFloat64)), `1.7976931348623157E308`},
		{"Zero has a sign.", num(MakeFloat(math.Copysign(0, -1))), `-0.0`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := tc.v.String()
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if !parse(t, got).Equal(tc.v) {
				t.Errorf("%s does not read back as itself", got)
			}
		})
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if v, err := MakeFloat(f); err == nil {
			t.Errorf("MakeFloat(%v) = %v", f, v)
		}
	}
	for _, s := range []string{"", "01", "1 ", "0x1", "1.", "--1", "NaN"} {
		if v, err := MakeNumber(s); err == nil {
			t.Errorf("MakeNumber(%q) = %v", s, v)
		}
	}
}

func TestTextDecodes(t *testing.T) {
	for in, want := range map[string]string{
		`"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t",
		`"a\u00e9b"`:         "aéb",
		`"\ud83c\udf75"`:     "🍵",
		`"\uD83Cx"`:          "\ufffdx",
		`"\uDF75"`:           "\ufffd",
		`"\ud83c\ud83c"`:     "\ufffd\ufffd",
		`"\ud83c\n"`:         "\ufffd\n",
		`12.50`:              "12.50",
		`true`:               "",
		`[1]`:                "",
	} {
		if got := parse(t, in).Text(); got != want {
			t.Errorf("%s reads %q, want %q", in, got, want)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, tc := range []struct {
		desc, a, b string
		want       bool
	}{
		{"Numbers by what they denote.", `[1,1.0,10e-1,0,120]`, `[1.00,1,1,-0.0e9,1.2e2]`, true},
		{"Digits beyond a double count.", `9007199254740993`, `9007199254740992`, false},
		{"Members in any order.", `{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{"Elements in order.", `[1,2]`, `[2,1]`, false},
		{"Strings after decoding.", `"\u00e9"`, `"é"`, true},
		{"Kinds do not mix.", `"1"`, `1`, false},
		{"Booleans.", `true`, `false`, false},
		{"Lengths count.", `[1]`, `[1,1]`, false},
		{"Another name.", `{"a":1}`, `{"b":1}`, false},
		{"A null member is not a missing one.", `{"a":null,"b":1}`, `{"b":1,"c":null}`, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			a, b := parse(t, tc.a), parse(t, tc.b)
			if a.Equal(b) != tc.want || b.Equal(a) != tc.want || !a.Equal(a) {
				t.Errorf("%s and %s: got %v, want %v", tc.a, tc.b, a.Equal(b), tc.want)
			}
		})
	}
}

func TestCompareNumbers(t *testing.T) {
	// In rising order; each is compared with every other.
	rising := []string{"-1e1000000000000000000000", "-1e400", "-20", "-3", "-2.5", "-1e-5", "0", "1e-1000000000000000000000", "1e-400", "0.00012", "0.012", "0.1", "0.10000000000000000000001",
		"1", "1.5", "9.99", "10", "10.01", "99", "1e2", "12345678901234567890", "12345678901234567891", "1e20", "1e999999999", "1e1000000000000000000000"}
	for i, a := range rising {
		for j, b := range rising {
			if got := CompareNumbers(a, b); got != cmpInt(i, j) {
				t.Errorf("CompareNumbers(%s, %s) = %d", a, b, got)
			}
		}
	}
	for _, same := range [][2]string{{"1", "1.0"}, {"100", "1e2"}, {"0.1", "10E-2"}, {"-0", "0e5"}, {"1200", "0.0012e6"}, {"10.0", "1.00e+1"}} {
		if CompareNumbers(same[0], same[1]) != 0 {
			t.Errorf("%s and %s differ", same[0], same[1])
		}
	}
}

// TestCrowds holds that objects on both sides of the table's threshold behave
// alike, with names that repeat and names that are escaped.
func TestCrowds(t *testing.T) {
	for _, n := range []int{1, crowd - 1, crowd, crowd + 1, 100, 5000} {
		var b strings.Builder
		for i := range 2 * n {
			b.WriteString(",\"n\\u002d" + strconv.Itoa(i%n) + "\":" + strconv.Itoa(i))
		}
		v := parse(t, "{"+b.String()[1:]+"}")
		if v.Len() != n {
			t.Fatalf("%d members, want %d", v.Len(), n)
		}
		for i := range n {
			name := "n-" + strconv.Itoa(i)
			if got, ok := v.Get(name); !ok || got.Text() != strconv.Itoa(n+i) {
				t.Fatalf("of %d: %s = %v %v", n, name, got, ok)
			}
			if m, _ := v.Member(i); m != name {
				t.Fatalf("of %d: member %d is %q", n, i, m)
			}
		}
		if _, ok := v.Get("n-x"); ok {
			t.Fatal("found what is not there")
		}
		if !parse(t, v.String()).Equal(v) {
			t.Fatal("does not read back as itself")
		}
	}
}

func TestWalk(t *testing.T) {
	var seen []string
	parse(t, `{"a":[1,[2]],"b":{"c":3}}`).Walk(func(v Value, depth int) bool {
		seen = append(seen, strconv.Itoa(depth)+v.String())
		return depth < 2
	})
	want := `0{"a":[1,[2]],"b":{"c":3}} 1[1,[2]] 21 2[2] 1{"c":3} 23`
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnIterationMayStop(t *testing.T) {
	n := 0
	for range parse(t, `[1,2,3]`).Elements() {
		n++
		break
	}
	for range parse(t, `{"a":1,"b":2}`).Members() {
		n++
		break
	}
	for range parse(t, `"x"`).Elements() {
		n++
	}
	for range parse(t, `[1]`).Members() {
		n++
	}
	if n != 2 {
		t.Errorf("%d visits, want 2", n)
	}
}

func TestValueIsTwoWords(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size != 16 {
		t.Errorf("a Value has %d bytes", size)
	}
	if s := Kind(200).String() + Absent.String(); s != "kind 200nothing" {
		t.Error(s)
	}
}
