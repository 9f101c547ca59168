package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// model is the command line as kong knows it.
func model(t *testing.T) *kong.Node {
	t.Helper()
	var c commands
	parser, err := newParser(&c, io.Discard, context.Background(), &terminal{})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Node
}

// found are the words that complete finds for a line; the last word is the one
// that is being typed.
func found(root *kong.Node, line string) (words []string) {
	before := strings.Split(line, " ")
	last := len(before) - 1
	for _, c := range complete(root, before[:last], before[last]) {
		words = append(words, c.word)
	}
	return words
}

func TestComplete(t *testing.T) {
	root := model(t)
	for _, tc := range []struct{ desc, line, want string }{
		{"A command.", "de", "demo dev"},
		{"A command of a command.", "backup ", "create verify restore"},
		{"A command that is written out is a candidate of its own.", "dev", "dev"},
		{"What nobody asks for by hand is not offered.", "comple", "completion"},
		{"Flags of all levels.", "config print --d", "--data --defaults"},
		{"Flags of the program behind a command.", "dev --o", "--output"},
		{"Flags that name a gateway, behind what asks one.", "explain --prof", "--profile"},
		{"And behind nothing else.", "version --prof", ""},
		{"A flag that is given once is not offered again.", "dev --output json --o", ""},
		{"A flag that may be repeated is.", "import --map a=b --map", "--map"},
		{"The words of an enumeration.", "--output ", "text table json yaml ndjson"},
		{"The same in one word with the flag.", "export --format=", "--format=json --format=yaml"},
		{"What begins as what is typed.", "export --format=y", "--format=yaml"},
		{"A value is not taken for a command.", "--output backup ", "demo"},
		{"The words of an argument.", "completion ", "bash zsh fish powershell"},
		{"No more of them than there are.", "completion bash z", ""},
		{"A file.", "validate ", ":files"},
		{"A file as the value of a flag.", "serve --config ", ":files"},
		{"A file in one word with the flag.", "serve --config=gate", ":files"},
		{"A directory.", "serve --data ", ":directories"},
		{"A value that only the user knows.", "dev --listen ", ""},
		{"Where nothing but flags can come.", "version ", "--help --output --no-color --quiet --verbose"},
		{"An argument that only the user knows leaves nothing to say.", "explain GET h", ""},
		{"help is about commands.", "help backup v", "verify"},
		{"help takes the flags that all take.", "help dev --o", "--output"},
		{"help takes no others.", "help dev --li", ""},
		{"Behind -- there are no flags.", "validate -- --o", ":files"},
		{"A switch has no value.", "dev --quiet=", ""},
		{"Words that mean nothing are passed over.", "dev --nonsense --que", ""},
		{"A short flag is a flag.", "dev -h --qui", "--quiet"},
	} {
		got := found(root, tc.line)
		if tc.want == "demo" { // and all the others
			got = got[:1]
		}
		if !cmp.Equal(got, strings.Fields(tc.want)) && len(got)+len(tc.want) > 0 {
			t.Errorf("%s %q is completed by %q, want %q", tc.desc, tc.line, got, tc.want)
		}
	}
}

// TestEverythingIsCompleted walks all commands: each of their commands, flags
// and enumerated values is a candidate.
func TestEverythingIsCompleted(t *testing.T) {
	root := model(t)
	seen := 0
	var walk func(n *kong.Node, line string)
	walk = func(n *kong.Node, line string) {
		offered := found(root, line+"--")
		for _, group := range n.AllFlags(true) {
			for _, f := range group {
				seen++
				if slices.Contains(offered, "--"+f.Name) != understands(n, "--"+f.Name) {
					t.Errorf("%q does not offer --%s, or offers what it refuses", line, f.Name)
				}
				if f.Enum == "" {
					continue
				}
				for _, word := range f.EnumSlice() {
					if word != "" && !slices.Contains(found(root, line+"--"+f.Name+" "), word) {
						t.Errorf("%q does not offer %s for --%s", line, word, f.Name)
					}
				}
			}
		}
		for _, child := range n.Children {
			if child.Hidden {
				continue
			}
			if !slices.Contains(found(root, line), child.Name) {
				t.Errorf("%q does not offer %s", line, child.Name)
			}
			walk(child, line+child.Name+" ")
		}
	}
	walk(root, "")
	if seen < 100 {
		t.Errorf("only %d flags were seen", seen)
	}
}
