package apigateway

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "gatehouse/internal/wire/apigateway"
)

// treeOf makes the resources of lines such as "id parent part"; "-" is no parent.
func treeOf(lines string) (all []resourceDoc) {
	for i, line := range strings.Split(lines, "; ") {
		f := strings.Fields(line)
		r := resourceDoc{Created: time.Unix(int64(1000-i), 0), AWS: v1.Resource{Id: &f[0]}}
		if f[1] != "-" {
			r.AWS.ParentId, r.AWS.PathPart = &f[1], &f[2]
		}
		all = append(all, r)
	}
	return all
}

// chain is n resources below each other: pID0 to pIDn-1.
func chain(prefix, parent string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "; %s%d %s %s%d", prefix, i, parent, prefix, i)
		parent = fmt.Sprint(prefix, i)
	}
	return b.String()
}

// TestTree holds where resources lie, however they are listed and however deep.
func TestTree(t *testing.T) {
	for _, tc := range []struct{ desc, tree, want string }{
		{"The root alone.", "r -", "r=/"},
		{"Children before their parents.", "c b c; b a b; a r a; r -", "r=/ a=/a b=/a/b c=/a/b/c"},
		{"A parent that is gone.", "r -; a r a; b gone b; c b c", "a=/a r=/"},
		{"Two that lie below each other.", "r -; a b a; b a b", "r=/"},
		{"One below itself.", "r -; a a a", "r=/"},
		{"Nothing.", "x gone x", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tree := newTree(treeOf(tc.tree))
			var got []string
			for _, key := range sortedKeys(tree.listed) {
				id := *tree.listed[key].Id
				got = append(got, id+"="+tree.paths[id])
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("got %s, want %s", s, tc.want)
			}
		})
	}
	deep := newTree(treeOf("r -" + chain("x", "r", 3*maxDepth)))
	if len(deep.listed) != 3*maxDepth+1 {
		t.Errorf("%d resources of a deep tree have a path", len(deep.listed))
	}
}

// TestMovesOfATree holds which moves leave a tree that could have been made
// resource by resource.
func TestMovesOfATree(t *testing.T) {
	const pets = "r -; a r a; id a {id}; x r x; xid x {id}; y xid y; g r {all+}; leaf r leaf"
	for _, tc := range []struct{ desc, tree, id, parent, part, want string }{
		{"To another parent.", pets, "leaf", "a", "leaf", ""},
		{"To another name, beside itself.", pets, "x", "r", "z", ""},
		{"Below itself.", pets, "x", "y", "x", textCyclical},
		{"Below no parent.", pets, "leaf", "nope", "leaf", textNoResource},
		{"Below a parent without a path.", pets + "; o gone o", "leaf", "o", "leaf", textNoResource},
		{"Below a greedy one.", pets, "leaf", "g", "leaf", fmt.Sprintf(textGreedyChild, "{all+}")},
		{"Greedy, with children.", pets, "a", "r", "{a+}", fmt.Sprintf(textGreedyChild, "{a+}")},
		{"No part of a path.", pets, "leaf", "r", "a b", textPathPart},
		{"A variable that stands above.", pets, "leaf", "id", "{id}", fmt.Sprintf(textParamTwice, "{id}")},
		{"A greedy variable of that name.", pets, "leaf", "id", "{id+}", fmt.Sprintf(textParamTwice, "{id+}")},
		{"What lies below has a variable that stands above.", pets, "x", "id", "x", fmt.Sprintf(textParamTwice, "{id}")},
		{"What lies below has the variable's own name.", pets, "x", "r", "{id}", fmt.Sprintf(textParamTwice, "{id}")},
		{"As deep as can be.", "r -" + chain("x", "r", maxDepth-2) + chain("y", "r", 2), "y0", fmt.Sprint("x", maxDepth-3), "y0", ""},
		{"One deeper.", "r -" + chain("x", "r", maxDepth-2) + chain("y", "r", 3), "y0", fmt.Sprint("x", maxDepth-3), "y0", fmt.Sprintf(textTooDeep, maxDepth)},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, got := refusal(newTree(treeOf(tc.tree)).move(tc.id, tc.parent, tc.part))
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestMoveLooksBelow holds that UpdateResource asks the tree, and that what it
// refuses stays where it was.
func TestMoveLooksBelow(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	x := w.resource(api, root, "x")
	w.resource(api, x, "{id}")
	y := w.resource(api, root, "y")
	yid := w.resource(api, y, "{id}")
	_, err := w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: api, ResourceId: x, PatchOperations: ops("replace /parentId " + *yid)})
	wantRefusal(t, err, badRequest, fmt.Sprintf(textParamTwice, "{id}"))
	if r := must[*v1.Resource](t)(w.GetResource(w.ctx, &v1.GetResourceInput{RestApiId: api, ResourceId: x})); *r.Path != "/x" {
		t.Errorf("it lies at %s", *r.Path)
	}
}

// TestMethodsWithoutAPath holds that no deployment leaves a method out because
// its resource cannot be reached, and that one of a deleted resource is nobody's.
func TestMethodsWithoutAPath(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	a := w.resource(api, root, "a")
	b := w.resource(api, a, "b")
	w.method(api, b, "GET")
	remove := func(id *string) {
		t.Helper()
		err := w.edit(w.ctx, api, noAPI, func(d *draft) error { d.Delete(d.resourceKey(*id)); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	remove(a)
	_, err := w.CreateDeployment(w.ctx, &v1.CreateDeploymentInput{RestApiId: api})
	wantRefusal(t, err, badRequest, fmt.Sprintf(textUnplaced, "GET", *b))
	remove(b)
	w.deploy(api, v1.CreateDeploymentInput{})
}

// TestPagesOfResources holds that a page begins behind the last item of the one
// before, whatever was deleted in between, and that a position tells no keys and
// is of one list.
func TestPagesOfResources(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	var made []*string
	for _, part := range []string{"a", "b", "c", "d"} {
		made = append(made, w.resource(api, root, part))
	}
	page := func(position *string) *v1.Resources {
		t.Helper()
		return must[*v1.Resources](t)(w.GetResources(w.ctx, &v1.GetResourcesInput{RestApiId: api, Limit: new(int32(2)), Position: position}))
	}
	first := page(nil)
	if err := w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: made[0]}); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for p := first; ; p = page(p.Position) {
		for _, r := range p.Items {
			paths = append(paths, *r.Path)
		}
		if p.Position == nil {
			break
		}
	}
	if got := strings.Join(paths, " "); got != "/ /a /b /c /d" {
		t.Errorf("the pages show %s", got)
	}
	if raw, err := base64.RawURLEncoding.DecodeString(*first.Position); err != nil || strings.Contains(string(raw), "draft/") {
		t.Errorf("a position tells %q, %v", raw, err)
	}
	for desc, position := range map[string]string{
		"Rubbish.":         "x",
		"Of another list.": base64.RawURLEncoding.EncodeToString([]byte("12345678/x")),
	} {
		_, err := w.GetResources(w.ctx, &v1.GetResourcesInput{RestApiId: api, Position: &position})
		if typ, message := refusal(err); typ != badRequest || message != textPosition {
			t.Errorf("%s %s: %s", desc, typ, message)
		}
	}
}
