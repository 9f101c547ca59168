package apigateway

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/route"
	"gatehouse/internal/store"
	v1 "gatehouse/internal/wire/apigateway"
)

// maxDepth bounds the segments of a resource's path: what a route can have.
const maxDepth = route.MaxSegments

// partForm is a literal path part, or a variable in braces, greedy or not.
var partForm = regexp.MustCompile(`^([A-Za-z0-9._:-]+|\{[A-Za-z0-9._:-]+\+?\})$`)

// isVariable reports whether a path part stands for any value.
func isVariable(part string) bool { return strings.HasPrefix(part, "{") }

// isGreedy reports whether it takes all that follows.
func isGreedy(part string) bool { return strings.HasSuffix(part, "+}") }

// CreateResource adds a child to a resource.
func (s *Service) CreateResource(ctx context.Context, in *v1.CreateResourceInput) (*v1.Resource, error) {
	var out v1.Resource
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		parent, part := text(in.ParentId), text(in.PathPart)
		if err := d.adopt(parent, part); err != nil {
			return err
		}
		id := control.NewID(control.ResourceIDLength)
		doc := resourceDoc{Created: d.s.desk.Time(), AWS: v1.Resource{Id: &id, ParentId: &parent, PathPart: &part}}
		if err := d.claim(parent, part, id); err != nil {
			return err
		}
		if err := d.refer(); err != nil {
			return err
		}
		out = doc.AWS
		path, err := d.path(&doc)
		out.Path = &path
		if err != nil {
			return err
		}
		return d.Put(d.resourceKey(id), &doc)
	})
	return &out, err
}

// adopt checks that a resource can have a child with that path part.
func (d *draft) adopt(parent, part string) error {
	var doc resourceDoc
	if err := d.load(d.resourceKey(parent), parent, &doc, missing(textNoResource)); err != nil {
		return err
	}
	above, err := d.path(&doc)
	if err != nil {
		return err
	}
	return fits(segments(above), part)
}

// variable is the name that a path part binds, "" for a literal.
func variable(part string) string {
	if !isVariable(part) {
		return ""
	}
	return strings.TrimRight(strings.Trim(part, "{}"), "+")
}

// claim takes a path part among the children of a resource, or tells who has it.
func (d *draft) claim(parent, part, id string) error {
	var n named
	taken, err := d.Load(d.nameKey(parent, part), &n)
	switch {
	case err != nil:
		return err
	case taken && isVariable(part):
		return bad(textVariable, n.Part)
	case taken:
		return conflict(textSibling, part)
	}
	return d.Put(d.nameKey(parent, part), named{id, part})
}

// path is the path of a resource, read upwards. The commit depends on every
// resource above.
func (d *draft) path(doc *resourceDoc) (string, error) {
	var parts []string
	for up := doc.AWS; up.ParentId != nil; {
		parts = append(parts, *up.PathPart)
		var next resourceDoc
		found, err := d.Load(d.resourceKey(*up.ParentId), &next)
		if err != nil {
			return "", err
		}
		if !found || len(parts) > maxDepth {
			return "", missing(textNoResource) // its parent was deleted meanwhile
		}
		up = next.AWS
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/"), nil
}

// resources reads all resources. The commit does not depend on them.
func (d *draft) resources() (*resourceTree, error) {
	var all []resourceDoc
	err := d.Scan(d.resourceKey(""), func(text store.Doc) error {
		var doc resourceDoc
		err := control.Decode(text.Value, &doc)
		all = append(all, doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newTree(all), nil
}

// GetResource returns a resource, with its methods whole where the caller asks.
func (s *Service) GetResource(ctx context.Context, in *v1.GetResourceInput) (*v1.Resource, error) {
	var out v1.Resource
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		var doc resourceDoc
		id := text(in.ResourceId)
		if err := d.load(d.resourceKey(id), id, &doc, missing(textNoResource)); err != nil {
			return err
		}
		out = doc.AWS
		path, err := d.path(&doc)
		if err != nil {
			return err
		}
		out.Path = &path
		return d.addMethods(&out, embeds(in.Embed, "methods"))
	})
	return &out, err
}

// embeds reports whether a list of embed parameters names something. Clients
// send one per member or several with commas.
func embeds(list []string, what string) bool {
	for _, e := range list {
		if slices.ContainsFunc(strings.Split(e, ","), func(s string) bool { return strings.TrimSpace(s) == what }) {
			return true
		}
	}
	return false
}

// addMethods adds the methods of a resource to its answer: by their names alone,
// or whole.
func (d *draft) addMethods(r *v1.Resource, whole bool) error {
	return d.Scan(d.methodsKey(*r.Id), func(text store.Doc) error {
		var doc methodDoc
		if err := control.Decode(text.Value, &doc); err != nil {
			return err
		}
		if r.ResourceMethods == nil {
			r.ResourceMethods = map[string]v1.Method{}
		}
		m := doc.AWS
		if !whole {
			m = v1.Method{}
		}
		r.ResourceMethods[*doc.AWS.HttpMethod] = m
		return nil
	})
}

// GetResources returns a page of an API's resources, in the order of their
// creation.
func (s *Service) GetResources(ctx context.Context, in *v1.GetResourcesInput) (*v1.Resources, error) {
	out := v1.Resources{Items: []v1.Resource{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		tree, err := d.resources()
		if err != nil {
			return err
		}
		next, err := pick(d.resourceKey(""), tree.listed, in.Limit, in.Position, func(r v1.Resource) {
			r.Path = new(tree.paths[*r.Id])
			out.Items = append(out.Items, r)
		})
		out.Position = next
		for i := 0; i < len(out.Items) && err == nil; i++ {
			err = d.addMethods(&out.Items[i], embeds(in.Embed, "methods"))
		}
		return err
	})
	return &out, err
}

// UpdateResource renames a resource or moves it, with all below it.
func (s *Service) UpdateResource(ctx context.Context, in *v1.UpdateResourceInput) (*v1.Resource, error) {
	var out v1.Resource
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		var doc resourceDoc
		id := text(in.ResourceId)
		if err := d.load(d.resourceKey(id), id, &doc, missing(textNoResource)); err != nil {
			return err
		}
		was := doc.AWS
		if err := patch(resourceRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if text(was.ParentId) != text(doc.AWS.ParentId) || text(was.PathPart) != text(doc.AWS.PathPart) {
			if err := d.move(&was, &doc); err != nil {
				return err
			}
		}
		path, err := d.path(&doc)
		if err != nil {
			return err
		}
		out = doc.AWS
		out.Path = &path
		return d.addMethods(&out, false)
	})
	return &out, err
}

func resourceRules() []rule[*v1.Resource] {
	return []rule[*v1.Resource]{
		{"/parentId", replace, func(r *v1.Resource, o *op) error {
			if r.ParentId == nil {
				return bad(textRootParent)
			}
			r.ParentId = new(o.text())
			return nil
		}},
		{"/pathPart", replace, func(r *v1.Resource, o *op) error {
			if r.ParentId == nil {
				return bad(textRootPart)
			}
			r.PathPart = new(o.text())
			return nil
		}},
	}
}

// move puts a resource under another name or parent.
func (d *draft) move(was *v1.Resource, doc *resourceDoc) error {
	id, parent, part := *was.Id, *doc.AWS.ParentId, *doc.AWS.PathPart
	if err := d.alone(); err != nil { // nobody changes the tree meanwhile
		return err
	}
	tree, err := d.resources()
	if err != nil {
		return err
	}
	if err := tree.move(id, parent, part); err != nil {
		return err
	}
	if d.nameKey(parent, part) == d.nameKey(*was.ParentId, *was.PathPart) {
		if _, err := d.Load(d.nameKey(parent, part), nil); err != nil {
			return err
		}
		if err := d.Put(d.nameKey(parent, part), named{id, part}); err != nil {
			return err
		}
	} else {
		if err := d.claim(parent, part, id); err != nil {
			return err
		}
		d.Delete(d.nameKey(*was.ParentId, *was.PathPart))
	}
	return d.Put(d.resourceKey(id), doc)
}

// deleteBatch bounds the resources that one commit deletes: three changes each.
const deleteBatch = 30

// DeleteResource removes a resource with all below it. A subtree of more than
// deleteBatch resources goes in several commits, leaves first, so that there is
// never a child without its parent.
func (s *Service) DeleteResource(ctx context.Context, in *v1.DeleteResourceInput) error {
	for done := false; !done; {
		err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
			done, err = d.deleteResource(text(in.ResourceId))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteResource deletes what fits a commit and reports whether that was all.
func (d *draft) deleteResource(id string) (done bool, err error) {
	if err := d.alone(); err != nil {
		return false, err
	}
	var doc resourceDoc
	if err := d.load(d.resourceKey(id), id, &doc, missing(textNoResource)); err != nil {
		return false, err
	}
	if doc.AWS.ParentId == nil {
		return false, bad(textRootDelete)
	}
	doomed, err := d.doomed(&doc.AWS, deleteBatch, map[string]bool{})
	if err != nil {
		return false, err
	}
	for _, r := range doomed {
		d.Delete(d.resourceKey(*r.Id))
		d.Delete(d.nameKey(*r.ParentId, *r.PathPart))
		d.DeletePrefix(d.methodsKey(*r.Id))
	}
	return *doomed[len(doomed)-1].Id == id, nil
}

// doomed lists a resource and what lies below it, the children before their
// parents, at most so many. It looks at no others: the delete of a large tree
// would else read the whole API for each of its commits. seen are those on the
// way, so that it ends for resources that lie below each other, too.
func (d *draft) doomed(r *v1.Resource, most int, seen map[string]bool) (list []v1.Resource, err error) {
	seen[*r.Id] = true
	children, err := d.children(*r.Id, most)
	if err != nil {
		return nil, err
	}
	for _, c := range children {
		if seen[c.ID] {
			continue
		}
		below, err := d.doomed(&v1.Resource{Id: &c.ID, ParentId: r.Id, PathPart: &c.Part}, most-len(list), seen)
		if list = append(list, below...); err != nil || len(list) == most {
			return list, err
		}
	}
	return append(list, *r), nil
}

// children returns the children of a resource, at most so many. The commit does
// not depend on them.
func (d *draft) children(id string, most int) (list []named, err error) {
	enough := errors.New("enough")
	err = d.Scan(d.namesKey(id), func(text store.Doc) error {
		if len(list) == most {
			return enough
		}
		var n named
		err := control.Decode(text.Value, &n)
		list = append(list, n)
		return err
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return list, err
}
