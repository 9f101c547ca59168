package apigatewayv2

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// refusals are what makes an error that a client sees, with the place of the
// text among the arguments.
var refusals = map[string]int{"bad": 1, "plainly": 0, "conflict": 0, "missing": 1, "notBuilt": 1}

// TestTextsStandInOneTable holds that what clients are told stands in errors.go,
// each text marked as recorded or chosen, and nowhere else.
func TestTextsStandInOneTable(t *testing.T) {
	files := parsed(t)
	table := map[string]bool{}
	texts(files["errors.go"], func(name *ast.Ident, mark string) {
		if table[name.Name] = true; !strings.HasPrefix(mark, "[S]") && !strings.HasPrefix(mark, "[K]") {
			t.Errorf("%s is marked %q, neither [S] nor [K]", name.Name, mark)
		}
	})
	if len(table) < 100 {
		t.Fatalf("the table has only %d texts", len(table))
	}
	for name, f := range files {
		if name == "errors.go" {
			continue
		}
		texts(f, func(text *ast.Ident, _ string) { t.Errorf("%s: %s belongs into errors.go", name, text.Name) })
		ast.Inspect(f, func(n ast.Node) bool {
			if offence := loose(n, table); offence != "" {
				t.Errorf("%s: %s", name, offence)
			}
			return true
		})
	}
}

// parsed are the files of this room but for its tests.
func parsed(t *testing.T) map[string]*ast.File {
	t.Helper()
	list, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = f
	}
	return files
}

// texts visits the constants of a file whose name says that they are texts,
// with the comment behind each.
func texts(f *ast.File, visit func(name *ast.Ident, mark string)) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			rest, is := strings.CutPrefix(v.Names[0].Name, "text")
			if is && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
				visit(v.Names[0], strings.TrimSpace(v.Comment.Text()))
			}
		}
	}
}

// loose tells of an error for clients that is made without a text of the table,
// or "".
func loose(n ast.Node, table map[string]bool) string {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Error" {
			return "an error is made by hand: bad and its neighbours do"
		}
	case *ast.CallExpr:
		if s, ok := n.Fun.(*ast.SelectorExpr); ok && strings.HasSuffix(s.Sel.Name, "Exception") {
			return s.Sel.Name + " is called: bad and its neighbours do"
		}
		f, ok := n.Fun.(*ast.Ident)
		if !ok {
			return ""
		}
		at, ok := refusals[f.Name]
		if !ok {
			return ""
		}
		if text, ok := n.Args[at].(*ast.Ident); !ok || !table[text.Name] {
			return "a call of " + f.Name + " has a text that is no constant of errors.go"
		}
	}
	return ""
}

// TestLoose holds that the guard of the texts works.
func TestLoose(t *testing.T) {
	table := map[string]bool{"textA": true}
	for _, tc := range []struct {
		desc, code string
		want       bool
	}{
		{"A constant of the table.", `bad("f", textA, 1)`, false},
		{"A constant of the table, alone.", `plainly(textA)`, false},
		{"Something else is called.", `good("f", "x")`, false},
		{"A text in place.", `bad("f", "x %d", 1)`, true},
		{"A text of another table.", `conflict(textB)`, true},
		{"A text that is put together.", `plainly(textA + "x")`, true},
		{"A variable.", `missing("Api", text)`, true},
		{"A type of the wire's.", `v2.BadRequestException(textA)`, true},
		{"An error by hand.", `&wire.Error{Message: textA}`, true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e, err := parser.ParseExpr(tc.code)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			ast.Inspect(e, func(n ast.Node) bool {
				found = found || loose(n, table) != ""
				return true
			})
			if found != tc.want {
				t.Errorf("found %v", found)
			}
		})
	}
}
