package jsonpath

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/value"
)

// A row is what Jayway 2.9.0 with Jackson 2.17 answered to a path on one of
// testdata/documents.json: a result, or how it failed.
type row struct {
	Doc      string
	Path     string
	Definite bool
	Fail     string // compile: refused; missing: PathNotFoundException; error: any other exception
	Result   json.RawMessage
}

// What we answer, in the notation of outcome.
const (
	refused = "refused"
	nowhere = "nowhere"
	failed  = "failed"
)

func (r row) outcome() string {
	switch r.Fail {
	case "compile":
		return refused
	case "missing":
		return nowhere
	case "error":
		return failed
	}
	return strconv.FormatBool(r.Definite) + " " + string(r.Result)
}

func outcome(path string, doc value.Value) (string, error) {
	p, err := Compile(path)
	if err != nil {
		return refused, err
	}
	v, ok, err := p.Eval(doc)
	switch {
	case err != nil:
		return failed, err
	case !ok:
		return nowhere, nil
	}
	return strconv.FormatBool(p.Definite()) + " " + v.String(), nil
}

// deviations are the rows where we do not answer what Jayway does, each group
// with its reason. The package comment says the same.
var deviations = []struct {
	why  string
	rows [][3]string // document, path, our outcome
}{
	{"Behind .., steps select what they select elsewhere.", [][3]string{
		{"shop", "$..*.name", `false ["Sencha","Assam","Keemun","Silver Needle"]`},
		{"shop", "$..[*].name", `false ["Sencha","Assam","Keemun","Silver Needle"]`},
		{"shop", "$..[-1].name", `false ["Silver Needle"]`},
		{"shop", "$..[0,1].name", `false ["Sencha","Assam"]`},
		{"shop", "$..[0:2].name", `false ["Sencha","Assam"]`},
		{"shop", "$..[?(@.kind != 'black')].name", `false ["Sencha","Silver Needle","Sencha","Silver Needle"]`},
		{"shop", "$..[?(!@.code)].name", `false ["Sencha","Assam","Sencha","Assam"]`},
		{"tree", "$..[0].a.a", `false []`},
		{"tree", "$..*.a", `false [{"a":null},null,1,3,{"a":5},5,6,7]`},
		{"tree", "$..*.*", `false [{"c":1,"d":[10,20,30]},{"a":null},{"a":1,"b":2},{"a":3},{"b":4,"a":{"a":5}},[{"a":6},{"b":{"a":7}}],"text",null,8,1,[10,20,30],null,10,20,30,1,2,3,4,{"a":5},{"a":6},{"b":{"a":7}},5,6,{"a":7},7]`},
		{"tree", "$..[0].*", `false [1,2,6]`},
		{"tree", "$..*.length()", `true 26`},
	}},
	{"length of a definite path counts what the path finds.", [][3]string{
		{"nums", "$.length($.ints)", `true 10`},
		{"nums", "$.length($.obj)", `true 3`},
		{"nums", "$.length($.str)", `true 0`},
		{"nums", "$.size($.words)", `true 3`},
	}},
	{"concat writes arrays as JSON.", [][3]string{
		{"nums", "$..words.concat()", `true "[\"a\",\"b\",\"c\"]"`},
	}},
	{"The last element of one is the first.", [][3]string{
		{"nums", "$.one.last()", `true 42`},
		{"nums", "$.one.index(-1)", `true 42`},
	}},
	{"A step behind a function goes on from its result.", [][3]string{
		{"shop", "$.shop.kettle.keys().length()", `true 2`},
		{"shop", "$.shop.tea.first().name", `true "Sencha"`},
	}},
	{"Relations work on objects, and on arrays that hold arrays or objects.", [][3]string{
		{"tree", "$.list[?(@ empty false)]", `false [{"a":1,"b":2},{"a":3},{"b":4,"a":{"a":5}},[{"a":6},{"b":{"a":7}}],"text"]`},
		{"tree", "$.list[?(@ =~ /te.*/)]", `false ["text"]`},
		{"scalars", "$[?(@ empty true)]", `false ["",[],{}]`},
	}},
	{"A word operator needs no blank behind it, and functions in filters may have arguments.", [][3]string{
		{"shop", "$.shop.tea[?(@.kind in['black'])].name", `false ["Assam","Keemun"]`},
		{"shop", `$.shop.tea[?(@.tags[0].concat("x") == 'smokyx')].name`, `false []`},
	}},
	{"What Jayway answers and nobody can mean is refused.", [][3]string{
		{"array", "$[1:2:3]", refused},
		{"odd", "$['a']b", refused},
		{"odd", "$[*]a", refused},
		{"odd", "$.*a", refused},
		{"odd", "$.**", refused},
		{"odd", "$.a[", refused},
		{"tree", "$.s.concat('x')", refused},
		{"shop", "$.shop.tea[?(@.tags all ['fine'])]", refused},
		{"shop", "$.shop.tea[?(@.code&&@.tags)].name", refused},
		{"shop", "$.shop.tea[?(!@.price == 8.95)].name", refused},
		{"shop", "$.shop..length()", refused},
	}},
	{"What can never be evaluated is refused when it is compiled.", [][3]string{
		{"nums", "$.ints.nope()", refused},
		{"odd", "$.a()", refused},
		{"odd", "$.a.b()", refused},
		{"shop", "$..sum()", refused},
	}},
}

func TestJayway(t *testing.T) {
	docs := documents(t)
	ours, used := map[[2]string]string{}, map[[2]string]bool{}
	for _, group := range deviations {
		for _, d := range group.rows {
			ours[[2]string{d[0], d[1]}] = d[2]
		}
	}
	count := 0
	for _, file := range []string{"testdata/jayway.jsonl", "testdata/random.jsonl"} {
		for _, r := range readRows(t, file) {
			count++
			key := [2]string{r.Doc, r.Path}
			want, deviates := ours[key]
			if !deviates {
				want = r.outcome()
			} else if used[key] = true; want == r.outcome() {
				t.Errorf("%s %s: listed as a deviation, but it is none", r.Doc, r.Path)
			}
			doc, ok := docs.Get(r.Doc)
			if !ok {
				t.Fatalf("no document %s", r.Doc)
			}
			if got, err := outcome(r.Path, doc); got != want {
				t.Errorf("%s %s:\n got %s (%v)\nwant %s", r.Doc, r.Path, got, err, want)
			}
		}
	}
	for key := range ours {
		if doc, _ := docs.Get(key[0]); !used[key] {
			got, _ := outcome(key[1], doc)
			t.Errorf("deviation %v is in no row; we answer %s", key, got)
		}
	}
	if count < 2000 {
		t.Errorf("only %d rows", count)
	}
}

func documents(t testing.TB) value.Value {
	t.Helper()
	text, err := os.ReadFile("testdata/documents.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := value.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func readRows(t testing.TB, file string) []row {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	for line := range strings.Lines(string(text)) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, r)
	}
	return all
}
