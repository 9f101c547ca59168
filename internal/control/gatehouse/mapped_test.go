package gatehouse

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
)

// TestMappings holds what is made of the notes of a trail: one row a mapping,
// with what was there before where anything was.
func TestMappings(t *testing.T) {
	type note struct {
		what flow.Decision
		a, b string
	}
	for _, tc := range []struct {
		desc  string
		notes []note
		want  []mapped
	}{
		{"A value in the place of another.", []note{{flow.ShapedFrom, "k", "1"}, {flow.Shaped, "k", "2"}},
			[]mapped{{ptr("request"), ptr("k"), ptr("1"), ptr("2")}}},
		{"A value where there was none.", []note{{flow.Shaped, "k", "2"}}, []mapped{{ptr("request"), ptr("k"), nil, ptr("2")}}},
		{"An empty value is a value.", []note{{flow.ShapedFrom, "k", ""}, {flow.Shaped, "k", ""}}, []mapped{{ptr("request"), ptr("k"), ptr(""), ptr("")}}},
		{"What is taken away has no value any more.", []note{{flow.ShapedFrom, "k", "1"}, {flow.Dropped, "k", ""}}, []mapped{{ptr("request"), ptr("k"), ptr("1"), nil}}},
		{"Each note has its own before.", []note{{flow.ShapedFrom, "k", "1"}, {flow.Shaped, "k", "2"}, {flow.Shaped, "k", "3"}, {flow.ShapedFrom, "k", "1"}, {flow.Shaped, "l", "4"}},
			[]mapped{{ptr("request"), ptr("k"), ptr("1"), ptr("2")}, {ptr("request"), ptr("k"), nil, ptr("3")}, {ptr("request"), ptr("l"), nil, ptr("4")}}},
		{"Once the backend has answered, the reply is mapped.", []note{{flow.Shaped, "k", "1"}, {flow.BackendAnswer, "200", "1ms"}, {flow.ShapedFrom, "k", "2"}, {flow.Shaped, "k", "3"}},
			[]mapped{{ptr("request"), ptr("k"), nil, ptr("1")}, {ptr("response"), ptr("k"), ptr("2"), ptr("3")}}},
		{"Other notes are no mappings.", []note{{flow.RouteMatched, "GET /", "r"}, {flow.Replied, "200", ""}}, nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			var m mappings
			for _, n := range tc.notes {
				m.add(n.what, n.a, n.b)
			}
			if diff := cmp.Diff(tc.want, m.list); diff != "" {
				t.Error(diff)
			}
		})
	}
}
