package internal_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A room is one package as the survey sees it: its files without the tests.
type room struct {
	path  string
	files []*file
}

// A file is one parsed source file.
type file struct {
	name      string
	ast       *ast.File
	generated bool
}

// survey reads every Go package below root and returns what offends against
// the tables, in a stable order. It parses and does not type-check, so it
// needs neither a build nor a module cache.
func survey(root fs.FS) (offences []string, err error) {
	fset := token.NewFileSet()
	rooms, err := readRooms(root, fset)
	if err != nil {
		return nil, err
	}
	for _, r := range rooms {
		say := func(pos token.Pos, format string, args ...any) {
			at := fset.Position(pos)
			offences = append(offences, fmt.Sprintf("%s:%d: %s", at.Filename, at.Line, fmt.Sprintf(format, args...)))
		}
		r.checkImports(say)
		r.checkPackageComment(say)
		r.checkInit(say)
		r.checkVariables(say)
		r.checkWords(say)
	}
	slices.Sort(offences)
	return offences, nil
}

// readRooms parses all packages, sorted by path.
func readRooms(root fs.FS, fset *token.FileSet) ([]*room, error) {
	byPath := map[string]*room{}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipDir(p):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, p, src, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse %s: %v", p, err)
		}
		dir := path.Dir(p)
		if byPath[dir] == nil {
			byPath[dir] = &room{path: dir}
		}
		byPath[dir].files = append(byPath[dir].files, &file{p, f, ast.IsGenerated(f)})
		return nil
	})
	rooms := make([]*room, 0, len(byPath))
	for _, r := range byPath {
		rooms = append(rooms, r)
	}
	slices.SortFunc(rooms, func(a, b *room) int { return cmp.Compare(a.path, b.path) })
	return rooms, err
}

// skipDir leaves out what the go command leaves out too, and other languages.
func skipDir(p string) bool {
	name := path.Base(p)
	return p != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) ||
		name == "testdata" || name == "node_modules" || p == "tools" || p == "web"
}

// sayFunc reports one offence at a place.
type sayFunc func(pos token.Pos, format string, args ...any)

func (r *room) checkImports(say sayFunc) {
	if !r.outside() {
		if _, ok := floorOf(r.path); !ok {
			say(r.files[0].ast.Package, "room %s has no floor: place it in floors_test.go", r.path)
			return
		}
	}
	for _, f := range r.files {
		for _, spec := range f.ast.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the parser has already refused it
			}
			if spec.Name != nil && spec.Name.Name == "_" && imported != "embed" {
				say(spec.Pos(), "%s imports %q only for its side effects", r.path, imported)
			}
			if spec.Name != nil && spec.Name.Name == "." {
				say(spec.Pos(), "%s imports %q by dot: nobody can tell whose names these are", r.path, imported)
			}
			if why := r.mayImport(imported); why != "" {
				say(spec.Pos(), "%s imports %q: %s", r.path, imported, why)
			}
			r.checkLoud(f, spec, imported, say)
		}
	}
}

// mayImport returns why not, or "".
func (r *room) mayImport(imported string) string {
	own, ours := strings.CutPrefix(imported, module)
	switch {
	case ours && r.outside():
		return "what is outside the house looks at it as a stranger does"
	case ours:
		return r.mayKnow(own)
	case strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
		return r.mayBorrow(imported)
	case imported == "C":
		return "the binary is built without cgo"
	}
	if f, ok := floorOf(r.path); ok && f <= ground {
		if why, ok := quiet[imported]; ok && loud[r.path+" "+imported].why == "" {
			return "no ground room " + why
		}
	}
	return ""
}

// checkLoud holds an excused room to the names that it was excused for.
func (r *room) checkLoud(f *file, spec *ast.ImportSpec, imported string, say sayFunc) {
	excuse, ok := loud[r.path+" "+imported]
	if !ok {
		return
	}
	local := path.Base(imported)
	if spec.Name != nil {
		local = spec.Name.Name
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == local && pkg.Obj == nil && !slices.Contains(excuse.names, s.Sel.Name) {
			say(s.Pos(), "%s uses %s.%s: it may import %q only for %s", r.path, local, s.Sel.Name, imported, strings.Join(excuse.names, ", "))
		}
		return true
	})
}

// mayKnow says whether the room may import another one.
func (r *room) mayKnow(other string) string {
	mine, _ := floorOf(r.path)
	theirs, ok := floorOf(other)
	if !ok {
		return "that room has no floor"
	}
	if isChild(r.path, other) {
		return ""
	}
	if theirs == mine {
		return "rooms of one floor do not know each other"
	}
	if theirs > mine {
		return "that room is on a higher floor"
	}
	if n, ok := narrow[r.path]; ok && !slices.Contains(n.knows, other) {
		return n.why
	}
	return ""
}

// mayBorrow says whether the room may import a package of another module. The
// longest listed path decides.
func (r *room) mayBorrow(imported string) string {
	best := ""
	for m := range borrowed {
		if (imported == m || strings.HasPrefix(imported, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	if best == "" {
		return "no room borrows from that module; a new dependency is argued in floors_test.go"
	}
	for _, allowed := range borrowed[best].rooms {
		if covers(allowed, r.path) {
			return ""
		}
	}
	return fmt.Sprintf("only %s may use %s", strings.Join(borrowed[best].rooms, ", "), best)
}

// checkPackageComment wants one package comment somewhere in the room.
func (r *room) checkPackageComment(say sayFunc) {
	for _, f := range r.files {
		if f.ast.Doc != nil && len(f.ast.Doc.Text()) > 0 {
			return
		}
	}
	say(r.files[0].ast.Package, "package %s has no package comment", r.path)
}

func (r *room) checkInit(say sayFunc) {
	for _, f := range r.files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				say(fn.Pos(), "%s has an init function: nothing happens before main", r.path)
			}
		}
	}
}

// checkWords keeps the vocabulary of the two AWS APIs above the control floor.
// Comments may use it: they explain where a rule comes from.
func (r *room) checkWords(say sayFunc) {
	for _, room := range bilingual {
		if r.path == room || strings.HasSuffix(room, "/") && strings.HasPrefix(r.path, room) {
			return
		}
	}
	for _, f := range r.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			text := ""
			switch n := n.(type) {
			case *ast.Ident:
				text = n.Name
			case *ast.BasicLit:
				text = n.Value
			}
			for _, w := range words {
				if strings.Contains(text, w) {
					say(n.Pos(), "%s says %s: only the control planes know that word", r.path, w)
				}
			}
			return true
		})
	}
}

// outside reports that the room is not part of the house.
func (r *room) outside() bool {
	return slices.ContainsFunc(alone, func(p string) bool { return strings.HasPrefix(r.path, p) })
}

// floorOf finds a room's floor, by its own name or its parent's "/...".
func floorOf(p string) (floor, bool) {
	if f, ok := floors[p]; ok {
		return f, true
	}
	f, ok := floors[path.Dir(p)+"/..."]
	return f, ok
}

// isChild reports that room lies directly below parent.
func isChild(room, parent string) bool { return path.Dir(room) == parent }

// covers reports that an entry of a table means the room: by name, by
// "NAME/..." for children, or by "NAME/" for everything below.
func covers(entry, room string) bool {
	if prefix, ok := strings.CutSuffix(entry, "..."); ok {
		return path.Dir(room)+"/" == prefix
	}
	return entry == room || strings.HasSuffix(entry, "/") && strings.HasPrefix(room, entry)
}
