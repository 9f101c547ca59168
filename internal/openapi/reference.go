package openapi

import (
	"strconv"
	"strings"
)

// references looks at every $ref of the document. One to another document is
// refused: an import opens no file and asks nobody. One that leads nowhere, or
// only to itself, is refused as well. Schemas that hold themselves are neither.
func (r *reader) references() {
	r.look(r.root, "")
}

// data tells the members whose value is nobody's to interpret.
func data(key, parent string) bool {
	switch key {
	case "example", "examples", "enum", "const":
		return parent != "properties"
	case "default":
		return parent != "properties" && parent != "responses"
	}
	return strings.HasPrefix(key, "x-") && !strings.HasPrefix(key, extPrefix)
}

func (r *reader) look(n *node, name string) {
	for _, item := range n.items {
		r.look(item, "")
	}
	for _, m := range n.members {
		switch {
		case m.key == "$ref" && m.value.kind == text && name != "properties":
			r.follow(n)
		case !data(m.key, name):
			r.look(m.value, m.key)
		}
	}
}

// follow returns what a value stands for: itself, or the end of the chain of
// references that begins with it. The failure of a chain is told once.
func (r *reader) follow(n *node) *node {
	first := n
	for range maxDepth {
		ref := n.get("$ref")
		if n.kind != object || ref == nil || ref.kind != text {
			return n
		}
		to := r.resolve(ref)
		if to == nil {
			return nil
		}
		if to == first {
			break
		}
		n = to
	}
	if r.told == nil {
		r.told = map[*node]bool{}
	}
	if !r.told[first] {
		r.told[first] = true
		r.fail(first.at, "$ref %q goes in a circle", clip(first.get("$ref").text))
	}
	return nil
}

// resolve finds what a reference names (RFC 6901, as a URI fragment).
func (r *reader) resolve(ref *node) *node {
	fail := func(why string) *node {
		if r.told == nil {
			r.told = map[*node]bool{}
		}
		if !r.told[ref] {
			r.told[ref] = true
			r.fail(ref.at, "$ref %q %s", clip(ref.text), why)
		}
		return nil
	}
	pointer, local := strings.CutPrefix(ref.text, "#")
	if !local {
		return fail("names another document: put what it names into this one")
	}
	if pointer == "" {
		return r.root
	}
	if pointer[0] != '/' {
		return fail("has not the form #/components/KIND/NAME")
	}
	n := r.root
	for step := range strings.SplitSeq(pointer[1:], "/") {
		step, err := unescape(step)
		if err != nil {
			return fail("has a broken % escape")
		}
		if n.kind == list {
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.items) {
				return fail("leads nowhere")
			}
			n = n.items[i]
			continue
		}
		if n = n.get(step); n == nil {
			return fail("leads nowhere")
		}
	}
	return n
}
