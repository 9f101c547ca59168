package route

import (
	"strings"
	"testing"
)

// levels adds each key with itself as the value to a tree of REST's order.
func levels(t testing.TB, keys ...string) *Tree[string] {
	t.Helper()
	tr := &Tree[string]{LevelByLevel: true}
	for _, k := range keys {
		method, path, err := Split(k)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Add(method, path, k); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

// TestFindLevelByLevel is the table of resource and method matching of REST
// APIs (runtime 1.4; the marks are its own: recorded, documented, known).
func TestFindLevelByLevel(t *testing.T) {
	parts := []string{"GET /part1", "GET /part1/hardcoded-value", "GET /{param+}"}
	for _, tc := range []struct {
		desc    string
		routes  []string
		request string
		want    string // "" for a miss
		params  string
	}{
		{"[R] A path that is there with another method only falls back to the proxy.", []string{"POST /test", "OPTIONS /{proxy+}"}, "OPTIONS /test", "OPTIONS /{proxy+}", "proxy=test"},
		{"[R] A branch that ends early falls back to the proxy.", parts, "GET /part1/random-value", "GET /{param+}", "param=part1/random-value"},
		{"[R] The literal of that branch is still found.", parts, "GET /part1/hardcoded-value", "GET /part1/hardcoded-value", ""},
		{"[R] A guarded sibling does not hold its path.", []string{"POST /admin", "ANY /{proxy+}"}, "GET /admin", "ANY /{proxy+}", "proxy=admin"},
		{"[R] The method beats ANY on one resource.", []string{"ANY /a", "GET /a"}, "GET /a", "GET /a", ""},
		{"[D] ANY is DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT.", []string{"ANY /a"}, "HEAD /a", "ANY /a", ""},
		{"[D] ANY is no other method.", []string{"ANY /a"}, "PURGE /a", "", ""},
		{"A client that says ANY names no method.", []string{"ANY /a"}, "ANY /a", "", ""},
		{"[R] HEAD is not implied by GET.", []string{"GET /a"}, "HEAD /a", "", ""},
		{"[D] {proxy+} does not take its own parent.", []string{"GET /{proxy+}"}, "GET /", "", ""},
		{"[D] {proxy+} needs a segment that is not empty.", []string{"GET /a/{proxy+}"}, "GET /a//", "", ""},
		{"[R] Duplicate slashes within {proxy+} are kept.", []string{"GET /{proxy+}"}, "GET /proxy-value//double-slash", "GET /{proxy+}", "proxy=proxy-value//double-slash"},
		{"[K] Literals are compared by case.", []string{"GET /Pets"}, "GET /pets", "", ""},
		{"[K] Literals are compared as sent.", []string{"GET /a", "GET /{x}"}, "GET /%61", "GET /{x}", "x=%61"},
		{"The first level decides: a literal with a proxy below it beats a parameter that matches in full.", []string{"GET /pets/{proxy+}", "GET /{kind}/dog"}, "GET /pets/dog", "GET /pets/{proxy+}", "proxy=dog"},
		{"A parameter beats the proxy, across branches too.", []string{"GET /{a}/x/{b}", "GET /{a}/{proxy+}"}, "GET /1/x/2", "GET /{a}/x/{b}", "a=1 b=2"},
		{"A branch that fails leaves no value behind.", []string{"GET /{a}/{b}/no", "GET /{x}/{rest+}"}, "GET /1/2/3", "GET /{x}/{rest+}", "x=1 rest=2/3"},
		{"A more specific path beats a more specific method.", []string{"ANY /pets/dog", "GET /pets/{id}"}, "GET /pets/dog", "ANY /pets/dog", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tr := levels(t, tc.routes...)
			method, path, _ := strings.Cut(tc.request, " ")
			var p Params
			got, ok := tr.Find(method, path, &p)
			if ok != (tc.want != "") || got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if text := describe(&p); text != tc.params {
				t.Errorf("parameters %q, want %q", text, tc.params)
			}
			tr.Walk(method, path, func(key string, why Why) {
				if (why == Matched) != (key == tc.want) {
					t.Errorf("Walk says of %s: %s", key, why)
				}
			})
		})
	}
}

// FuzzFindLevelByLevel compares the tree with the rule said in another way:
// judge every route alone, then take the one whose kinds of segments are best
// from the left.
func FuzzFindLevelByLevel(f *testing.F) {
	f.Add("GET /a/{x},ANY /a/{p+},GET /a/b,POST /{y}/b", "GET /a/b")
	f.Add("GET /{p+},GET /", "GET /")
	f.Add("GET /pets/{proxy+},GET /{kind}/dog", "GET /pets/dog")
	f.Add("ANY /a//b,GET /a/{p+}", "GET /a//b")
	f.Fuzz(func(t *testing.T, keys, request string) {
		tr := &Tree[string]{LevelByLevel: true}
		for i, k := range strings.Split(keys, ",") {
			if i == 20 {
				return
			}
			if method, path, err := Split(k); err == nil {
				_ = tr.Add(method, path, k)
			}
		}
		method, path, ok := strings.Cut(request, " ")
		if !ok {
			return
		}
		var p Params
		got, found := tr.Find(method, path, &p)
		want, any := rankLevels(tr, method, path)
		if found != any || got != want {
			t.Fatalf("%q among %q: found %q, ranked %q", request, keys, got, want)
		}
	})
}

// rankLevels is the oracle: a string of digits for the kinds of the segments
// compares as the levels do, since no two routes that match differ in length
// only: a greedy parameter is the last segment.
func rankLevels(tr *Tree[string], method, path string) (best string, ok bool) {
	var weight string
	for _, r := range tr.routes {
		if r.judge(method, path, tr.rules()) != Matched {
			continue
		}
		w := ""
		p, _ := parse(r.path)
		for _, s := range p.segments {
			w += map[kind]string{literal: "3", param: "2", greedy: "1"}[s.kind]
		}
		if r.method != "ANY" {
			w += "+"
		}
		if w > weight {
			weight, best, ok = w, r.method+" "+r.path, true
		}
	}
	return best, ok
}

func TestFindLevelByLevelAllocatesNothing(t *testing.T) {
	tr := levels(t, "GET /service/{id}/items/{item}", "ANY /{proxy+}")
	var p Params
	n := testing.AllocsPerRun(100, func() {
		if _, ok := tr.Find("GET", "/service/500/items/42", &p); !ok {
			t.Fatal("not found")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
