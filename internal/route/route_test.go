package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// tree adds each key with itself as the value.
func tree(t testing.TB, keys ...string) *Tree[string] {
	t.Helper()
	tr := &Tree[string]{RootGreedy: true}
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

// TestFind is the table of route selection of HTTP APIs (runtime 2.1, points
// 4 to 6; developer guide, "Routing API requests").
func TestFind(t *testing.T) {
	docs := []string{"GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}"}
	for _, tc := range []struct {
		desc    string
		routes  []string
		request string
		want    string // "" for a miss
		params  string
	}{
		{"A literal path wins.", docs, "GET /pets/dog/1", "GET /pets/dog/1", ""},
		{"A parameter beats a greedy one.", docs, "GET /pets/dog/2", "GET /pets/dog/{id}", "id=2"},
		{"A greedy one takes the rest.", docs, "GET /pets/cat/1", "GET /pets/{proxy+}", "proxy=cat/1"},
		{"A greedy ANY takes what is left.", docs, "POST /test/5", "ANY /{proxy+}", "proxy=test/5"},
		{"A known path with another method goes on to the next match.", docs, "POST /pets/dog/1", "ANY /{proxy+}", "proxy=pets/dog/1"},
		{"The root is caught by a root greedy on HTTP APIs.", docs, "GET /", "ANY /{proxy+}", "proxy="},
		{"No route: a miss, whatever the method.", []string{"GET /pets"}, "POST /pets", "", ""},
		{"A trailing slash does not match a path without one.", []string{"GET /pets"}, "GET /pets/", "", ""},
		{"A trailing slash in the key asks for one.", []string{"GET /pets/"}, "GET /pets/", "GET /pets/", ""},
		{"The method's own route beats ANY.", []string{"ANY /a", "PUT /a"}, "PUT /a", "PUT /a", ""},
		{"ANY takes a method without a route, even an unknown one.", []string{"ANY /a", "PUT /a"}, "PURGE /a", "ANY /a", ""},
		{"A more specific path beats a more specific method.", []string{"ANY /pets/dog", "GET /pets/{id}"}, "GET /pets/dog", "ANY /pets/dog", ""},
		{"A literal branch without the method is backed out of.", []string{"GET /pets/dog", "POST /pets/{id}"}, "POST /pets/dog", "POST /pets/{id}", "id=dog"},
		{"A literal branch that ends early is backed out of.", []string{"GET /a/b/c", "GET /{x}/b/d"}, "GET /a/b/d", "GET /{x}/b/d", "x=a"},
		{"A full match beats a greedy one with a longer beginning.", []string{"GET /pets/{proxy+}", "GET /{kind}/dog"}, "GET /pets/dog", "GET /{kind}/dog", "kind=pets"},
		{"The greedy one with the longer beginning wins.", []string{"GET /{proxy+}", "GET /a/b/{proxy+}", "GET /a/{proxy+}"}, "GET /a/b/c/d", "GET /a/b/{proxy+}", "proxy=c/d"},
		{"Greedy: the exact method beats ANY of the same path.", []string{"ANY /a/{p+}", "GET /a/{p+}"}, "GET /a/x", "GET /a/{p+}", "p=x"},
		{"Greedy: a longer ANY beats a shorter exact method.", []string{"ANY /a/b/{p+}", "GET /a/{p+}"}, "GET /a/b/x", "ANY /a/b/{p+}", "p=x"},
		{"A greedy one takes at least something.", []string{"GET /a/{p+}"}, "GET /a/", "", ""},
		{"A greedy one does not take its own beginning.", []string{"GET /a/{p+}"}, "GET /a", "", ""},
		{"A greedy one keeps a trailing slash and double slashes.", []string{"GET /a/{p+}"}, "GET /a/b//c/", "GET /a/{p+}", "p=b//c/"},
		{"A parameter is never empty.", []string{"GET /a/{id}"}, "GET /a/", "", ""},
		{"A parameter does not span segments.", []string{"GET /a/{id}"}, "GET /a/b/c", "", ""},
		{"Double slashes are not collapsed.", []string{"GET /a/b"}, "GET /a//b", "", ""},
		{"Dot segments are text.", []string{"GET /a/{id}"}, "GET /a/..", "GET /a/{id}", "id=.."},
		{"Paths are compared as sent, case and encoding included.", []string{"GET /pets"}, "GET /p%65ts", "", ""},
		{"An escape is compared as sent, the case of its digits included.", []string{"GET /a%2Fb"}, "GET /a%2fb", "", ""},
		{"The same spelling matches.", []string{"GET /a%2Fb", "GET /a%2fb"}, "GET /a%2fb", "GET /a%2fb", ""},
		{"A parameter keeps its encoding.", []string{"GET /a/{id}"}, "GET /a/x%2Fy", "GET /a/{id}", "id=x%2Fy"},
		{"Two routes may name the same segment differently.", []string{"GET /a/{id}", "GET /a/{name}/x"}, "GET /a/7/x", "GET /a/{name}/x", "name=7"},
		{"The root is a path.", []string{"GET /"}, "GET /", "GET /", ""},
		{"HEAD is not GET.", []string{"GET /a"}, "HEAD /a", "", ""},
		{"Several parameters come in order.", []string{"GET /{a}/x/{b}/{c+}"}, "GET /1/x/2/3/4", "GET /{a}/x/{b}/{c+}", "a=1 b=2 c=3/4"},
		{"Values of a branch that failed leave no trace.", []string{"GET /{a}/{b}/no", "GET /{x}/{rest+}"}, "GET /1/2/3", "GET /{x}/{rest+}", "x=1 rest=2/3"},
		{"An asterisk target matches nothing.", []string{"ANY /{p+}"}, "OPTIONS *", "", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tr := tree(t, tc.routes...)
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

func describe(p *Params) string {
	var parts []string
	for name, value := range p.All() {
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}

func TestRootGreedyIsAChoice(t *testing.T) {
	tr := &Tree[int]{}
	if err := tr.Add("GET", "/{p+}", 1); err != nil {
		t.Fatal(err)
	}
	var p Params
	if _, ok := tr.Find("GET", "/", &p); ok {
		t.Error("a REST tree matched the root with a greedy parameter")
	}
}

func TestAddRefuses(t *testing.T) {
	for _, tc := range []struct{ desc, method, path, says string }{
		{"A path without a slash.", "GET", "pets", "slash"},
		{"A method that no route key may name.", "FETCH", "/a", "FETCH"},
		{"A parameter inside a segment.", "GET", "/a-{id}", "literal"},
		{"A parameter with a tail.", "GET", "/{id}-a", "whole segment"},
		{"A nameless parameter.", "GET", "/{}", "name"},
		{"A nameless greedy parameter.", "GET", "/{+}", "name"},
		{"A strange name.", "GET", "/{a b}", "name"},
		{"A name twice.", "GET", "/{a}/{a}", "twice"},
		{"Something behind a greedy parameter.", "GET", "/{a+}/b", "nothing may follow"},
		{"A query.", "GET", "/a?b", "literal"},
		{"Too many parameters.", "GET", many("/{p%d}", MaxParams+1), "parameters"},
		{"Too many segments.", "GET", many("/s%d", MaxSegments+1), "segments"},
		{"The same route again.", "GET", "/taken/{x}", "already"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tr := tree(t, "GET /taken/{y}")
			err := tr.Add(tc.method, tc.path, "v")
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error that says %q", err, tc.says)
			}
			if tr.Len() != 1 {
				t.Error("the refused route was listed")
			}
		})
	}
}

func many(form string, n int) (s string) {
	for i := range n {
		s += fmt.Sprintf(form, i)
	}
	return s
}

// TestWalk shows the reasons that explain prints.
func TestWalk(t *testing.T) {
	tr := tree(t, "GET /pets/{id}", "POST /pets/{id}", "GET /pets", "GET /pets/{id}/toys", "GET /cats/{id}", "ANY /{proxy+}", "GET /pets/7")
	want := []string{
		"GET /pets/{id}: " + Outranked.String(),
		"POST /pets/{id}: " + MethodOther.String(),
		"GET /pets: " + TooLong.String(),
		"GET /pets/{id}/toys: " + TooShort.String(),
		"GET /cats/{id}: " + SegmentOther.String(),
		"ANY /{proxy+}: " + Outranked.String(),
		"GET /pets/7: " + Matched.String(),
	}
	var got []string
	tr.Walk("GET", "/pets/7", func(key string, why Why) { got = append(got, key+": "+why.String()) })
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// FuzzFind compares the tree with the rules said another way: judge every
// route alone, then rank those that match.
func FuzzFind(f *testing.F) {
	f.Add("GET /a/{x},ANY /a/{p+},GET /a/b,POST /{y}/b", "GET /a/b")
	f.Add("GET /{p+},GET /", "GET /")
	f.Add("ANY /a//b,GET /a/{p+}", "GET /a//b")
	f.Fuzz(func(t *testing.T, keys, request string) {
		tr := &Tree[string]{RootGreedy: true}
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
		want, any := rank(tr, method, path)
		if found != any || got != want {
			t.Fatalf("%q among %q: found %q, ranked %q", request, keys, got, want)
		}
	})
}

// rank is the oracle: among the routes that match, those without a greedy
// parameter come first, then the one whose segments are more specific from
// the left, then the one that names the method.
func rank(tr *Tree[string], method, path string) (best string, ok bool) {
	var weight string
	for _, r := range tr.routes {
		if r.judge(method, path, tr.rules()) != Matched {
			continue
		}
		w := ""
		full := "1"
		p, _ := parse(r.path)
		for _, s := range p.segments {
			w += map[kind]string{literal: "3", param: "2", greedy: "1"}[s.kind]
			if s.kind == greedy {
				full = "0"
			}
		}
		w = full + w
		if r.method != "ANY" {
			w += "+"
		}
		if w > weight {
			weight, best, ok = w, r.method+" "+r.path, true
		}
	}
	return best, ok
}

func TestFindAllocatesNothing(t *testing.T) {
	tr := thousand(t)
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

func thousand(t testing.TB) *Tree[string] {
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("GET /service/%d/items/{id}", i)
	}
	return tree(t, keys...)
}

func BenchmarkFind(b *testing.B) {
	tr := thousand(b)
	var p Params
	for b.Loop() {
		tr.Find("GET", "/service/500/items/42", &p)
	}
}
