package apigateway

import (
	"fmt"
	"slices"
	"strings"

	v1 "gatehouse/internal/wire/apigateway"
)

// A resourceTree is the resources of an API as they lie below each other. A
// resource that no way leads to from the root, for its parent is gone or lies
// below it, is held apart: it has no path.
type resourceTree struct {
	listed map[string]v1.Resource // those with a path, by what a list of them is sorted by
	paths  map[string]string
	byID   map[string]*v1.Resource
	below  map[string][]string // the ids of a resource's children
}

// newTree puts the resources of an API together, from the root down.
func newTree(all []resourceDoc) *resourceTree {
	t := &resourceTree{listed: map[string]v1.Resource{}, paths: map[string]string{}, byID: map[string]*v1.Resource{}, below: map[string][]string{}}
	var reached []string
	for i := range all {
		r := &all[i].AWS
		t.byID[*r.Id] = r
		if r.ParentId == nil {
			t.paths[*r.Id] = "/"
			reached = append(reached, *r.Id)
		} else {
			t.below[*r.ParentId] = append(t.below[*r.ParentId], *r.Id)
		}
	}
	for i := 0; i < len(reached); i++ {
		above := strings.TrimSuffix(t.paths[reached[i]], "/")
		for _, id := range t.below[reached[i]] {
			t.paths[id] = above + "/" + text(t.byID[id].PathPart)
			reached = append(reached, id)
		}
	}
	for i := range all {
		if r := &all[i]; t.paths[*r.AWS.Id] != "" {
			t.listed[t.sortKey(r)] = r.AWS
		}
	}
	return t
}

// maxSortKey bounds how much of a path a list is sorted by: its position is a
// part of a URL.
const maxSortKey = 256

// sortKey orders resources by creation and path, which dates of whole seconds
// often leave to tell. No two have the same.
func (t *resourceTree) sortKey(r *resourceDoc) string {
	path := t.paths[*r.AWS.Id]
	return fmt.Sprintf("%012d %s %s", r.Created.Unix(), path[:min(len(path), maxSortKey)], *r.AWS.Id)
}

// move checks that a resource, with all below it, can be called part below
// parent. It says nothing of the resources beside it.
func (t *resourceTree) move(id, parent, part string) error {
	above := t.paths[parent]
	if above == "" {
		return missing(textNoResource)
	}
	for up := t.byID[parent]; up != nil; up = t.byID[text(up.ParentId)] {
		if *up.Id == id {
			return bad(textCyclical)
		}
	}
	return t.refit(id, segments(above), part)
}

// refit checks a resource in its new place, and then what is below it. The depth
// of the recursion is that of a path.
func (t *resourceTree) refit(id string, above []string, part string) error {
	if err := fits(above, part); err != nil {
		return err
	}
	for _, child := range t.below[id] {
		if err := t.refit(child, append(slices.Clip(above), part), text(t.byID[child].PathPart)); err != nil {
			return err
		}
	}
	return nil
}

// fits checks that a path part can stand below those above it.
func fits(above []string, part string) error {
	switch {
	case !partForm.MatchString(part) || len(part) > 255:
		return bad(textPathPart)
	case len(above) > 0 && isGreedy(above[len(above)-1]):
		return bad(textGreedyChild, above[len(above)-1])
	case len(above)+1 > maxDepth:
		return bad(textTooDeep, maxDepth)
	}
	if name := variable(part); name != "" && slices.ContainsFunc(above, func(s string) bool { return variable(s) == name }) {
		return bad(textParamTwice, clip(part))
	}
	return nil
}

// segments are the parts of a path; the root has none.
func segments(path string) []string {
	if path == "/" {
		return nil
	}
	return strings.Split(path[1:], "/")
}
