package internal_test

import (
	"go/ast"
	"go/token"
	"strings"
)

// A package-level variable is a hidden wire between everybody who can see it,
// so the house has none that can change. What remains allowed are values that
// Go has no constants for: error sentinels, compiled regular expressions,
// embedded files and tables that are written once, in the declaration.
//
// The check is by syntax. It refuses
//   - types that exist to change: sync and atomic types, channels, and what
//     make, new and & create. A lower-case sync.Pool is no state: it holds spare
//     memory, and what is in it shows in nothing but speed;
//   - exported maps and slices, which strangers could write to;
//   - tables that are assigned to, or whose address is taken, anywhere in
//     their package.

// makers are calls whose result never changes, or that everybody knows to be
// a constant in all but name.
var makers = map[string]bool{
	"errors.New": true, "fmt.Errorf": true,
	"regexp.MustCompile": true, "regexp.MustCompilePOSIX": true,
	"netip.MustParseAddr": true, "netip.MustParsePrefix": true, "netip.AddrFrom4": true,
	"crc32.MakeTable": true, "big.NewInt": true,
	"strings.NewReplacer": true, "base64.NewEncoding": true, "base32.NewEncoding": true,
	"reflect.TypeFor": true, "reflect.TypeOf": true, "time.Date": true, "time.Unix": true,
}

func (r *room) checkVariables(say sayFunc) {
	written := r.writtenNames()
	for _, f := range r.files {
		if f.generated {
			continue
		}
		for _, d := range f.ast.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.VAR {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if name.Name == "_" || variable[r.path+"."+name.Name] != "" || isEmbedded(decl, spec) {
						continue
					}
					if why := refuse(name, spec, i, written); why != "" {
						say(name.Pos(), "%s.%s is package-level state: %s", r.path, name.Name, why)
					}
				}
			}
		}
	}
}

// refuse says why a variable may not be, or "".
func refuse(name *ast.Ident, spec *ast.ValueSpec, i int, written map[string]bool) string {
	if isPool(spec, i) && !name.IsExported() {
		return ""
	}
	if written[name.Name] {
		return "it is written after its declaration"
	}
	if spec.Type != nil {
		if why := changeable(spec.Type); why != "" {
			return why
		}
	}
	if i >= len(spec.Values) {
		if len(spec.Values) == 0 {
			return "it has no value, so something must write it"
		}
		return "" // one call with several results: judged at its first name
	}
	return refuseValue(spec.Values[i], name.IsExported())
}

// refuseValue judges the declared value.
func refuseValue(v ast.Expr, exported bool) string {
	switch v := v.(type) {
	case *ast.UnaryExpr:
		if v.Op == token.AND {
			return "it points to something that can change"
		}
	case *ast.CallExpr:
		return refuseCall(v)
	case *ast.CompositeLit:
		if why := changeable(v.Type); why != "" {
			return why
		}
		if isTable(v.Type) && exported {
			return "strangers could write to it; keep it lower case behind a function"
		}
	}
	return ""
}

// refuseCall judges a variable made by a call: make and new create what is
// there to change; a call of our own may return anything.
func refuseCall(c *ast.CallExpr) string {
	switch fn := c.Fun.(type) {
	case *ast.Ident:
		if fn.Name == "make" || fn.Name == "new" {
			return "what " + fn.Name + " creates is there to change"
		}
		return "" // a conversion, or a table built by a function of the room
	case *ast.SelectorExpr:
		if pkg, ok := fn.X.(*ast.Ident); ok && makers[pkg.Name+"."+fn.Sel.Name] {
			return ""
		}
		if name := typeName(fn); strings.HasPrefix(name, "sync.") || strings.HasPrefix(name, "atomic.") {
			return "it is of a type that exists to change"
		}
		return "what " + typeName(fn) + " returns may change; make it in main and hand it in"
	}
	return ""
}

// isPool reports a sync.Pool, by type or by value.
func isPool(spec *ast.ValueSpec, i int) bool {
	t := spec.Type
	if i < len(spec.Values) {
		if c, ok := spec.Values[i].(*ast.CompositeLit); ok {
			t = c.Type
		}
	}
	s, ok := t.(*ast.SelectorExpr)
	return ok && typeName(s) == "sync.Pool"
}

// changeable reports a type that has no use unless it changes.
func changeable(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.ChanType:
		return "a channel is shared state"
	case *ast.StarExpr:
		return "it points to something that can change"
	case *ast.IndexExpr:
		return changeable(t.X)
	case *ast.SelectorExpr:
		name := typeName(t)
		if strings.HasPrefix(name, "sync.") || strings.HasPrefix(name, "atomic.") || name == "bytes.Buffer" || name == "strings.Builder" {
			return "it is of a type that exists to change"
		}
	}
	return ""
}

// isTable reports a map or slice type; arrays are copied and thus harmless.
func isTable(t ast.Expr) bool {
	switch t := t.(type) {
	case *ast.MapType:
		return true
	case *ast.ArrayType:
		return t.Len == nil
	}
	return false
}

func isEmbedded(decl *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, group := range []*ast.CommentGroup{decl.Doc, spec.Doc} {
		if group == nil {
			continue
		}
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// writtenNames are the package-level names that some function of the room
// assigns to, changes in place, or takes the address of.
func (r *room) writtenNames() map[string]bool {
	written := map[string]bool{}
	for _, f := range r.files {
		note := func(e ast.Expr) {
			if id := root(e); id != nil && isGlobal(f.ast, id) {
				written[id.Name] = true
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, e := range n.Lhs {
						note(e)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					note(n.X)
				}
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					note(n.Key)
					note(n.Value)
				}
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear" || fn.Name == "copy") && len(n.Args) > 0 {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return written
}

// root is the variable at the bottom of x, x[i], x.f, *x and (x).
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// isGlobal reports an identifier that means a name of the package: declared in
// this file's outermost scope, or in another file and thus unresolved here.
func isGlobal(f *ast.File, id *ast.Ident) bool {
	return id.Obj == nil || f.Scope.Lookup(id.Name) == id.Obj
}

// typeName prints pkg.Name.
func typeName(s *ast.SelectorExpr) string {
	if pkg, ok := s.X.(*ast.Ident); ok {
		return pkg.Name + "." + s.Sel.Name
	}
	return s.Sel.Name
}
