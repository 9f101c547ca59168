// Package route matches a method and a path against patterns.
//
// The tree has a node a segment. A node keeps its literal children by text, at
// most one parameter child and at most one greedy one. Find goes down twice:
// first without greedy parameters, so that any full match beats any greedy
// one, then with them. In both passes a literal child is tried before the
// parameter child and each pass backs up when the branch that looked best ends
// without a route for the method:
//
//	GET /pets/dog/1     GET /pets/dog/{id}     GET /pets/{proxy+}     ANY /{proxy+}
//
//	GET /pets/dog/1  -> the 1st    GET /pets/dog/2 -> the 2nd
//	GET /pets/cat/1  -> the 3rd    POST /test/5    -> the 4th
//
// That is the order of HTTP APIs. A tree that is LevelByLevel goes down once
// and asks at each node the literal child, then the parameter child, then the
// greedy one, which is the order of REST APIs.
//
// A path names each node at most once, so a look-up visits at most as many
// nodes as there are, whatever the path says. Paths are compared as sent:
// percent-encoding is not undone, so that %2f, %2F and / are three things, and
// nothing is resolved or collapsed.
package route

import (
	"fmt"
	"strings"
)

// A Tree maps methods and path patterns to values. The zero value is empty.
// Add is for one goroutine; once that is done, any number may Find and Walk.
type Tree[T any] struct {
	// RootGreedy lets {proxy+} at the root match "/" with an empty value.
	// AWS's own .NET test tool does so for HTTP APIs; REST APIs do not.
	RootGreedy bool
	// LevelByLevel is the order of REST APIs (runtime 1.4): at each level a literal
	// child, then the parameter, then {proxy+}, which takes at least one segment
	// that is not empty; and ANY stands for the methods of a route key only.
	LevelByLevel bool

	root   node[T]
	routes []listed
}

type node[T any] struct {
	literals *children[T] // nil: none
	param    *node[T]
	greedy   *node[T]
	leaves   *leaf[T] // nil: none
}

// leaf is a route that ends at a node. It is a list, since most nodes have one
// or none, and a slice in each of them would be a tenth of a large tree.
type leaf[T any] struct {
	method string
	names  []string
	value  T
	next   *leaf[T] // another method's
}

// A spur is the memory of a new route where it leaves the tree. What Find visits
// one after the other lies together, since a request meets the nodes of its own
// route cold.
type spur[T any] struct {
	nodes [2]node[T]
	leaf  leaf[T]
}

// sprouting is the spur of a route that is being added, and how many of its
// nodes are used.
type sprouting[T any] struct {
	spur *spur[T] // nil: the route has not left the tree
	used int
}

func (f *sprouting[T]) node() *node[T] {
	if f.spur == nil {
		f.spur = new(spur[T])
	}
	if f.used == len(f.spur.nodes) {
		return new(node[T])
	}
	f.used++
	return &f.spur.nodes[f.used-1]
}

func (f *sprouting[T]) leaf() *leaf[T] {
	if f.spur == nil {
		return new(leaf[T])
	}
	return &f.spur.leaf
}

// listed is a route as Walk sees it.
type listed struct{ method, path string }

// Len is the number of routes.
func (t *Tree[T]) Len() int { return len(t.routes) }

// Add makes the tree answer method and path with v. method is one of Methods;
// ANY answers what no other route of the same path does. It is an error to add
// the same method and shape of path twice; parameter names do not tell two
// paths apart.
func (t *Tree[T]) Add(method, path string, v T) error {
	if !validMethod(method) {
		return fmt.Errorf("route %s %s: unknown method %q: use one of %s", method, path, method, strings.Join(Methods(), ", "))
	}
	p, err := parse(path)
	if err != nil {
		return fmt.Errorf("route %s %s: %w", method, path, err)
	}
	n, fresh := &t.root, sprouting[T]{}
	for _, s := range p.segments {
		n = n.child(s, &fresh)
	}
	for l := n.leaves; l != nil; l = l.next {
		if l.method == method {
			return fmt.Errorf("route %s %s: another route of the same method and shape is there already", method, path)
		}
	}
	l := fresh.leaf()
	*l = leaf[T]{method, p.names, v, n.leaves}
	n.leaves = l
	t.routes = append(t.routes, listed{method, path})
	return nil
}

// child returns the node that s leads to and makes it where it is missing.
func (n *node[T]) child(s segment, fresh *sprouting[T]) *node[T] {
	at := &n.param
	switch s.kind {
	case greedy:
		at = &n.greedy
	case literal:
		c := n.literals.get(s.text)
		if c == nil {
			c = fresh.node()
			if n.literals == nil {
				n.literals = new(children[T])
			}
			n.literals.add(s.text, c)
		}
		return c
	}
	if *at == nil {
		*at = fresh.node()
	}
	return *at
}

// Find returns the value of the route that answers method and path, and puts
// the path's parameters into p. path begins with a slash; a path that does not
// matches nothing.
func (t *Tree[T]) Find(method, path string, p *Params) (v T, ok bool) {
	p.Reset()
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return v, false
	}
	l := t.look(method, rest, p)
	if l == nil {
		p.Reset()
		return v, false
	}
	p.names = l.names
	return l.value, true
}

// look chooses the leaf by the order of the tree.
func (t *Tree[T]) look(method, rest string, p *Params) *leaf[T] {
	if t.LevelByLevel {
		if !concrete(method) {
			return nil
		}
		return t.root.level(method, rest, p)
	}
	if l := t.root.full(method, rest, p); l != nil {
		return l
	}
	p.Reset()
	return t.root.prefix(method, rest, p, t.RootGreedy)
}

// level looks for the route that is best level by level, and backs up from
// each branch that ends without one for the method.
func (n *node[T]) level(method, rest string, p *Params) *leaf[T] {
	head, tail, more := strings.Cut(rest, "/")
	if c := n.literals.get(head); c != nil {
		if l := c.reach(method, tail, more, p); l != nil {
			return l
		}
	}
	if n.param != nil && head != "" {
		held := p.n
		p.push(head)
		if l := n.param.reach(method, tail, more, p); l != nil {
			return l
		}
		p.pop(held)
	}
	if n.greedy == nil || !something(rest) {
		return nil
	}
	l := n.greedy.leaf(method)
	if l != nil {
		p.push(rest)
	}
	return l
}

func (n *node[T]) reach(method, tail string, more bool, p *Params) *leaf[T] {
	if more {
		return n.level(method, tail, p)
	}
	return n.leaf(method)
}

// something reports whether a path holds a segment that is not empty.
func something(rest string) bool { return strings.Trim(rest, "/") != "" }

// full looks for a route that matches rest segment by segment.
func (n *node[T]) full(method, rest string, p *Params) *leaf[T] {
	head, tail, more := strings.Cut(rest, "/")
	if c := n.literals.get(head); c != nil {
		if l := c.arrive(method, tail, more, p); l != nil {
			return l
		}
	}
	if n.param == nil || head == "" {
		return nil
	}
	held := p.n
	p.push(head)
	if l := n.param.arrive(method, tail, more, p); l != nil {
		return l
	}
	p.pop(held)
	return nil
}

func (n *node[T]) arrive(method, tail string, more bool, p *Params) *leaf[T] {
	if more {
		return n.full(method, tail, p)
	}
	return n.leaf(method)
}

// prefix looks for the greedy route with the longest beginning in common.
func (n *node[T]) prefix(method, rest string, p *Params, emptyToo bool) *leaf[T] {
	head, tail, more := strings.Cut(rest, "/")
	if more {
		if c := n.literals.get(head); c != nil {
			if l := c.prefix(method, tail, p, false); l != nil {
				return l
			}
		}
		if n.param != nil && head != "" {
			held := p.n
			p.push(head)
			if l := n.param.prefix(method, tail, p, false); l != nil {
				return l
			}
			p.pop(held)
		}
	}
	if n.greedy == nil || rest == "" && !emptyToo {
		return nil
	}
	l := n.greedy.leaf(method)
	if l != nil {
		p.push(rest)
	}
	return l
}

// leaf returns the route of the method, else the one of ANY, else nil.
func (n *node[T]) leaf(method string) *leaf[T] {
	var any *leaf[T]
	for l := n.leaves; l != nil; l = l.next {
		switch l.method {
		case method:
			return l
		case "ANY":
			any = l
		}
	}
	return any
}
