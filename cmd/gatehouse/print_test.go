package main

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestPrint is the table of what becomes of data in each form.
func TestPrint(t *testing.T) {
	type row struct {
		B string  `json:"b"`
		A any     `json:"a"`
		C *string `json:"c,omitempty"`
	}
	c := "x\x1b[31m"
	list := []row{{B: "one", A: 1}, {B: "a longer one", A: []int{1, 2}, C: &c}}
	for _, tc := range []struct {
		desc, format string
		data         any
		want         string
	}{
		{"JSON is one line, its members in their order.", formatJSON, list[0], `{"b":"one","a":1}` + "\n"},
		{"A list in NDJSON is a line for each element.", formatNDJSON, list[:1], `{"b":"one","a":1}` + "\n"},
		{"Anything else in NDJSON is one line.", formatNDJSON, list[0], `{"b":"one","a":1}` + "\n"},
		{"YAML keeps the order.", formatYAML, list[0], "b: one\na: 1\n"},
		{"YAML quotes what would be read as something else.", formatYAML, map[string]any{"a": "true", "b": "007", "c": "null", "d": "<<"}, "a: \"true\"\nb: \"007\"\nc: \"null\"\nd: \"<<\"\n"},
		{"YAML keeps the text of numbers.", formatYAML, map[string]any{"n": 12345678901234567}, "n: 12345678901234567\n"},
		{"A list of objects is a table with a head.", formatTable, list, "b             a      c\none           1      -\na longer one  [1,2]  x\uFFFD[31m\n"},
		{"An object is a table of its members.", formatTable, list[0], "b  one\na  1\n"},
		{"A list of other things has no head.", formatTable, []any{"a", 1, nil}, "a\n1\n-\n"},
		{"A line break in a cell ends no row.", formatTable, []string{"a\nb"}, "a b\n"},
		{"Nothing.", formatTable, []string{}, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			var b strings.Builder
			term := &terminal{out: &b, format: tc.format}
			if err := term.print(tc.data); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			if tc.format == formatYAML {
				got, tc.want = canonical(t, got), canonical(t, tc.want)
			}
			if got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// canonical forgets which quotes a document has, and nothing else.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		b.WriteString(n.ShortTag() + " " + n.Value + "\n")
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&n)
	return b.String()
}

func TestErrorsForPrograms(t *testing.T) {
	for format, object := range map[string]bool{"": false, formatText: false, formatTable: false, formatJSON: true, formatYAML: true, formatNDJSON: true} {
		var b strings.Builder
		(&terminal{talk: &b, format: format, quiet: true}).fail(usage("no"))
		if got := strings.HasPrefix(b.String(), `{"error":{`); got != object || b.Len() == 0 {
			t.Errorf("%q: %s", format, b.String())
		}
	}
}
