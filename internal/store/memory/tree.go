package memory

import "hash/maphash"

// A node of a treap: a search tree by key that is also a heap by priority, which
// keeps it about balanced. Nodes never change. A write copies the path to what
// it changes, so that every root remains a snapshot of its moment for as long as
// somebody holds it, and readers need no lock.
type node struct {
	key         string
	value       []byte
	revision    uint64
	priority    uint64
	left, right *node
}

// priority is drawn from the key, so that a rewrite keeps its place, and from a
// secret seed, so that nobody can choose keys that unbalance the tree.
func priority(seed maphash.Seed, key string) uint64 { return maphash.String(seed, key) }

// find returns the node with this key, or nil.
func (n *node) find(key string) *node {
	for n != nil && n.key != key {
		if key < n.key {
			n = n.left
		} else {
			n = n.right
		}
	}
	return n
}

// with returns the tree with x in it, in the place of a node with its key.
func (n *node) with(x *node) *node {
	switch {
	case n == nil:
		return x
	case n.key == x.key:
		y := *x
		y.left, y.right = n.left, n.right
		return &y
	case n.priority < x.priority:
		y := *x
		y.left, y.right = n.split(x.key)
		return &y
	}
	m := *n
	if x.key < n.key {
		m.left = n.left.with(x)
	} else {
		m.right = n.right.with(x)
	}
	return &m
}

// without returns the tree without the keys from (inclusive) to end (exclusive).
func (n *node) without(from, end string) *node {
	low, rest := n.split(from)
	_, high := rest.split(end)
	return merge(low, high)
}

// split returns the trees of the keys below key and of the others.
func (n *node) split(key string) (low, high *node) {
	if n == nil {
		return nil, nil
	}
	m := *n
	if n.key < key {
		m.right, high = n.right.split(key)
		return &m, high
	}
	low, m.left = n.left.split(key)
	return low, &m
}

// merge joins two trees of which all keys of low are below those of high.
func merge(low, high *node) *node {
	switch {
	case low == nil:
		return high
	case high == nil:
		return low
	case low.priority > high.priority:
		m := *low
		m.right = merge(low.right, high)
		return &m
	}
	m := *high
	m.left = merge(low, high.left)
	return &m
}

// ascend visits the nodes from (inclusive) to end (exclusive) in the order of
// keys, until visit returns false, and reports whether it visited all.
func (n *node) ascend(from, end string, visit func(*node) bool) bool {
	if n == nil {
		return true
	}
	if from < n.key && !n.left.ascend(from, end, visit) {
		return false
	}
	if from <= n.key && n.key < end && !visit(n) {
		return false
	}
	return n.key >= end || n.right.ascend(from, end, visit)
}

// bounds returns the range of the keys with this prefix. Keys are UTF-8, in
// which the byte 0xff does not occur.
func bounds(prefix string) (from, end string) { return prefix, prefix + "\xff" }
