package flow

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/internal/gate"
)

// TestEveryVariableIsNamed compares the list of names with the cases of
// context.go, in both directions, so that a new variable cannot miss from the
// suggestions.
func TestEveryVariableIsNamed(t *testing.T) {
	names := ContextNames()
	if !slices.IsSorted(names) {
		t.Error("the names are not sorted")
	}
	for _, name := range names {
		if _, ok := Context(name); !ok {
			t.Errorf("%s is listed and not known", name)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "context.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		prefix := map[string]string{"plainVariable": "", "identityVariable": "identity.", "errorVariable": "error.", "integrationVariable": "integration."}
		if !ok {
			continue
		}
		group, ok := prefix[f.Name.Name]
		if !ok {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CaseClause)
			if !ok {
				return true
			}
			for _, e := range c.List {
				name, err := strconv.Unquote(e.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				if found++; !slices.Contains(names, group+name) {
					t.Errorf("context.go knows %s%s, which the list does not name", group, name)
				}
			}
			return true
		})
	}
	if authorizer := 2; found != len(names)-authorizer-1 { // customDomain.basePathMatched is an if
		t.Errorf("context.go has %d cases for %d names", found, len(names))
	}
}

func TestTheQuotedMessageIsTheMessageInQuotes(t *testing.T) {
	message, _ := Context("error.message")
	quoted, _ := Context("error.messageString")
	x := faulty()
	a, _ := message(nil, x)
	b, ok := quoted(nil, x)
	if !ok || string(b) != `"`+string(a)+`"` || strings.Contains(string(a), `"`) {
		t.Errorf("messageString is %s, message %s", b, a)
	}
	if out, ok := quoted([]byte("x"), new(Exchange)); ok || string(out) != "x" {
		t.Errorf("without a fault it is %q, %v", out, ok)
	}
}

// faulty is an exchange that the gateway itself answered.
func faulty() *Exchange {
	return &Exchange{Event: Event{Status: 404, Fault: gate.Fail(gate.ResourceNotFound, nil)}}
}
