package wire

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is an Operation ready to serve.
type operation struct {
	Operation
	in, out  *shape
	labels   []string   // names of the path's labels, from left to right
	literals url.Values // query keys and values that tell it from another operation of the same path
}

// node is one segment of the router's tree. It is read-only once built.
type node struct {
	literal map[string]*node
	label   *node
	methods map[string][]*operation // an operation with query literals stands before one without
}

// bounds of a path. The longest URI of a served model has 9 segments.
const (
	maxPath     = 8 << 10
	maxSegments = 32
)

// add puts an operation into the tree under its URI.
func (n *node) add(op *operation) error {
	path, query, _ := strings.Cut(op.URI, "?")
	var err error
	if op.literals, err = url.ParseQuery(query); err != nil || !strings.HasPrefix(path, "/") {
		return fmt.Errorf("operation %s: URI %q is malformed", op.Name, op.URI)
	}
	for _, segment := range strings.Split(path[1:], "/") {
		n = n.child(segment, op)
	}
	if n.methods == nil {
		n.methods = map[string][]*operation{}
	}
	for _, other := range n.methods[op.Method] {
		if maps.EqualFunc(other.literals, op.literals, slices.Equal) {
			return fmt.Errorf("operation %s: %s %s is %s already", op.Name, op.Method, op.URI, other.Name)
		}
	}
	ops := append(n.methods[op.Method], op)
	slices.SortStableFunc(ops, func(a, b *operation) int { return len(b.literals) - len(a.literals) })
	n.methods[op.Method] = ops
	return nil
}

func (n *node) child(segment string, op *operation) *node {
	if name, ok := strings.CutPrefix(segment, "{"); ok {
		op.labels = append(op.labels, strings.TrimSuffix(name, "}"))
		if n.label == nil {
			n.label = &node{}
		}
		return n.label
	}
	if n.literal == nil {
		n.literal = map[string]*node{}
	}
	if n.literal[segment] == nil {
		n.literal[segment] = &node{}
	}
	return n.literal[segment]
}

// walk finds the node of a path, a literal before a label, and the escaped segments that stand for labels. A label is never empty.
func (n *node) walk(segments, labels []string) (*node, []string) {
	if len(segments) == 0 {
		if n.methods == nil {
			return nil, nil
		}
		return n, labels
	}
	literal, _ := url.PathUnescape(segments[0]) // a client may escape more than it must: %40connections
	if next := n.literal[literal]; next != nil {
		if found, l := next.walk(segments[1:], labels); found != nil {
			return found, l
		}
	}
	if n.label != nil && segments[0] != "" {
		return n.label.walk(segments[1:], append(labels, segments[0]))
	}
	return nil, nil
}

// match is a request's operation and what its path says.
type match struct {
	op     *operation
	labels map[string]string // by label name, unescaped
	prefix string            // escaped path before the operation's, where the table floats
}

// find routes on the escaped path, so that an ARN or a `GET /x` inside one segment stays one segment; each label is then unescaped
// once. AWS's clients escape every such character.
func (n *node) find(method, escaped string, query url.Values, floating bool) (match, error) {
	if len(escaped) > maxPath || strings.Count(escaped, "/") > maxSegments {
		return match{}, unknownOperation("The path is longer than any operation's.")
	}
	segments := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	found, labels := n.walk(segments, nil)
	prefix := ""
	for i := 1; floating && found == nil && i < len(segments); i++ {
		found, labels = n.walk(segments[i:], nil)
		prefix = "/" + strings.Join(segments[:i], "/")
	}
	if found == nil {
		return match{}, unknownOperation("No operation has the path %s.", clip(escaped))
	}
	for _, op := range found.methods[method] {
		if !holds(query, op.literals) {
			continue
		}
		m := match{op: op, labels: make(map[string]string, len(labels)), prefix: prefix}
		for i, text := range labels {
			plain, err := url.PathUnescape(text)
			if err != nil {
				return match{}, unknownOperation("The path segment %q is not percent-encoded correctly.", clip(text))
			}
			m.labels[op.labels[i]] = plain
		}
		return m, nil
	}
	return match{}, unknownOperation("%s %s is no operation; this path takes %s.", clip(method), clip(escaped), strings.Join(slices.Sorted(maps.Keys(found.methods)), ", "))
}

func holds(query, literals url.Values) bool {
	for key, values := range literals {
		if query.Get(key) != values[0] {
			return false
		}
	}
	return true
}

// parseQuery reads the query strictly and bounded: what cannot be parsed is refused, never dropped.
func parseQuery(raw string) (url.Values, error) {
	const maxQuery, maxPairs = 64 << 10, 1000
	if len(raw) > maxQuery || strings.Count(raw, "&") >= maxPairs {
		return nil, &Error{Type: typeTooLarge, Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The query is longer than %d bytes or %d pairs.", maxQuery, maxPairs)}
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, serialization("The query is malformed: %v.", err)
	}
	return query, nil
}
