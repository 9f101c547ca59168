package openapi

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A node is one value of a document, with its place. JSON and YAML both become
// nodes, and nodes become both.
type node struct {
	kind    kind
	text    string // of a scalar: a number as it is written, a text without quotes
	items   []*node
	members []member
	at      Position
}

// member is one member of an object. Their order is kept.
type member struct {
	key   string
	at    Position
	value *node
}

type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"null", "true or false", "a number", "a text", "a list", "an object"}[k]
}

// get is the value of a member, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].key == key {
			return n.members[i].value
		}
	}
	return nil
}

// set appends a member and returns n.
func (n *node) set(key string, value *node) *node {
	n.members = append(n.members, member{key: key, value: value})
	return n
}

func newObject() *node { return &node{kind: object} }

func newText(s string) *node { return &node{kind: text, text: s} }

func newList(items []string) *node {
	n := &node{kind: list}
	for _, s := range items {
		n.items = append(n.items, newText(s))
	}
	return n
}

// read parses a document: JSON if it begins like an object of it, else YAML.
func read(ctx context.Context, doc []byte) (*node, error) {
	if len(doc) > MaxBytes {
		return nil, Errors{{Text: fmt.Sprintf("it has %d bytes, at most %d are taken", len(doc), MaxBytes)}}
	}
	s := strings.TrimPrefix(string(doc), "\ufeff")
	if !utf8.ValidString(s) {
		return nil, Errors{{invalidAt(s), "a byte that is not UTF-8: save the document as UTF-8"}}
	}
	var root *node
	var err error
	if body := strings.TrimLeft(s, " \t\r\n"); strings.HasPrefix(body, "{") {
		root, err = readJSON(ctx, s)
	} else {
		root, err = readYAML(ctx, s)
	}
	if err == nil && root.kind != object {
		err = Errors{{root.at, fmt.Sprintf("an OpenAPI document is an object, this is %s", root.kind)}}
	}
	return root, err
}

// invalidAt is the place of the first byte that is not UTF-8.
func invalidAt(s string) Position {
	p := Position{1, 1}
	for i, c := range s {
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				break
			}
		}
		if p.Column++; c == '\n' {
			p = Position{p.Line + 1, 1}
		}
	}
	return p
}

// unique tells the members of objects that are given twice.
type unique struct{ seen map[string]Position }

// add notes a key, and returns the place of an equal one before it.
func (u *unique) add(n *node, key string, at Position) (before Position, twice bool) {
	if len(n.members) < 12 {
		for i := range n.members {
			if n.members[i].key == key {
				return n.members[i].at, true
			}
		}
		return before, false
	}
	if u.seen == nil {
		u.seen = map[string]Position{}
		for i := range n.members {
			u.seen[n.members[i].key] = n.members[i].at
		}
	}
	before, twice = u.seen[key]
	u.seen[key] = at
	return before, twice
}

// shape is what a tree may have at most.
type shape struct {
	ctx   context.Context // of who waits for the tree
	nodes int
	looks int
}

// lookEvery is how many steps are made between two looks at the context.
const lookEvery = 1 << 10

// look counts a step, and stops the work now and then if nobody waits for it.
func (s *shape) look() error {
	if s.looks++; s.looks%lookEvery != 0 {
		return nil
	}
	return ended(s.ctx)
}

// grow counts a node at a depth, or tells why there may be none.
func (s *shape) grow(at Position, depth int) error {
	if err := s.look(); err != nil {
		return err
	}
	if depth > maxDepth {
		return Errors{{at, fmt.Sprintf("values are nested more than %d deep", maxDepth)}}
	}
	if s.nodes++; s.nodes > maxNodes {
		return Errors{{at, fmt.Sprintf("the document has more than %d values", maxNodes)}}
	}
	return nil
}
