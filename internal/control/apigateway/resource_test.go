package apigateway

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// TestResourceRefusals holds the refusals of a tree's shape (control-plane 2.1).
func TestResourceRefusals(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	pets := w.resource(api, root, "pets")
	id := w.resource(api, pets, "{id}")
	greedy := w.resource(api, root, "{proxy+}")
	for _, tc := range []struct {
		desc, parent, part, typ, message string
	}{
		{"A second literal of the same name. [S]", *root, "pets", "ConflictException", "Another resource with the same parent already has this name: pets"},
		{"A second variable, whatever its name. [S]", *pets, "{name}", "BadRequestException", "A sibling ({id}) of this resource already has a variable path part -- only one is allowed"},
		{"A variable beside a greedy one. [S]", *root, "{x}", "BadRequestException", "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed"},
		{"A child of a greedy one. [S]", *greedy, "x", "BadRequestException", "Cannot create a child of a resource with a greedy path variable: {proxy+}"},
		{"A parent that is not there. [S]", "nope", "x", "NotFoundException", "Invalid Resource identifier specified"},
		{"A blank in the part. [K]", *root, "a b", "BadRequestException", textPathPart},
		{"A part of a part is no variable. [K]", *root, "x{id}", "BadRequestException", textPathPart},
		{"No part. [K]", *root, "", "BadRequestException", textPathPart},
		{"A variable that stands above. [K]", *id, "{id}", "BadRequestException", "A path variable of that name stands in the path already: {id}"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: api, ParentId: &tc.parent, PathPart: &tc.part})
			if typ, message := refusal(err); typ != tc.typ || message != tc.message {
				t.Errorf("got %s: %s", typ, message)
			}
		})
	}
}

// TestMoves holds what UpdateResource does to a tree and refuses to do.
func TestMoves(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	a := w.resource(api, root, "a")
	b := w.resource(api, a, "b")
	c := w.resource(api, b, "c")
	update := func(id *string, path, value string) (*v1.Resource, error) {
		return w.UpdateResource(w.ctx, &v1.UpdateResourceInput{RestApiId: api, ResourceId: id,
			PatchOperations: []v1.PatchOperation{{Op: new("replace"), Path: &path, Value: &value}}})
	}
	if _, err := update(a, "/parentId", *c); err == nil || err.Error() != bad(textCyclical).Error() {
		t.Errorf("under its own child: %v", err)
	}
	if _, err := update(root, "/parentId", *c); err == nil || err.Error() != bad(textRootParent).Error() {
		t.Errorf("the root: %v", err)
	}
	if r := must[*v1.Resource](t)(update(b, "/pathPart", "bee")); *r.Path != "/a/bee" {
		t.Errorf("renamed to %s", *r.Path)
	}
	if r := must[*v1.Resource](t)(update(b, "/parentId", *root)); *r.Path != "/bee" {
		t.Errorf("moved to %s", *r.Path)
	}
	if r := must[*v1.Resource](t)(w.GetResource(w.ctx, &v1.GetResourceInput{RestApiId: api, ResourceId: c})); *r.Path != "/bee/c" {
		t.Errorf("what lies below is at %s", *r.Path)
	}
	w.resource(api, a, "b") // the name is free again
	if _, err := update(c, "/nope", "x"); err == nil || err.Error() != bad("Invalid patch path  '/nope' specified for op 'replace'. Must be one of: [/parentId, /pathPart]").Error() {
		t.Errorf("an unknown path: %v", err)
	}
}

// TestDeleteResource holds that all below goes, in trees of more than one
// commit too, and that nothing else does.
func TestDeleteResource(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	top := w.resource(api, root, "top")
	for i := range 3 * deleteBatch {
		w.method(api, w.resource(api, top, fmt.Sprintf("r%d", i)), "GET")
	}
	w.method(api, w.resource(api, root, "topless"), "GET")
	if err := w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: root}); err == nil {
		t.Error("the root was deleted")
	}
	if err := w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: top}); err != nil {
		t.Fatal(err)
	}
	left := must[*v1.Resources](t)(w.GetResources(w.ctx, &v1.GetResourcesInput{RestApiId: api, Embed: []string{"methods"}}))
	if len(left.Items) != 2 || *left.Items[1].Path != "/topless" || left.Items[1].ResourceMethods["GET"].MethodIntegration == nil {
		t.Errorf("left: %+v", left.Items)
	}
	w.resource(api, root, "top")
}

// TestDeleteEnds holds that resources which lie below each other, as no operation
// leaves them, can be deleted all the same.
func TestDeleteEnds(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	a := w.resource(api, root, "a")
	b := w.resource(api, a, "b")
	err := w.edit(w.ctx, api, noAPI, func(d *draft) error {
		var doc resourceDoc
		if _, err := d.Load(d.resourceKey(*a), &doc); err != nil {
			return err
		}
		doc.AWS.ParentId = b
		d.Delete(d.nameKey(*root, "a"))
		if err := d.Put(d.nameKey(*b, "a"), named{*a, "a"}); err != nil {
			return err
		}
		return d.Put(d.resourceKey(*a), &doc)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: a}); err != nil {
		t.Fatal(err)
	}
	for key := range w.dump() {
		if strings.Contains(key, "/names/") || strings.HasSuffix(key, "/resources/"+*b) {
			t.Errorf("%s is left", key)
		}
	}
}

// TestParallelEdits makes resources and methods from ten clients at once, as
// Terraform does, while others delete: no call meets a conflict, and no child
// outlives its parent.
func TestParallelEdits(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	shared := w.resource(api, root, "shared")
	var clients sync.WaitGroup
	for c := range 10 {
		clients.Go(func() {
			for i := range 10 {
				part := fmt.Sprintf("c%d-%d", c, i)
				r, err := w.CreateResource(w.ctx, &v1.CreateResourceInput{RestApiId: api, ParentId: shared, PathPart: &part})
				if err != nil {
					t.Errorf("%s: %v", part, err)
					return
				}
				w.method(api, r.Id, "GET")
				if i%3 == 0 {
					if err := w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: r.Id}); err != nil {
						t.Errorf("delete %s: %v", part, err)
					}
				}
			}
		})
	}
	clients.Wait()
	got := must[*v1.Resources](t)(w.GetResources(w.ctx, &v1.GetResourcesInput{RestApiId: api, Limit: new(int32(500))}))
	if len(got.Items) != 62 {
		t.Errorf("%d resources, want 62", len(got.Items))
	}
}
