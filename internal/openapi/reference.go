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
// references that begins with it; nil if there is none, which has been told. The
// answer is kept for everything on the way: what leads where is asked once.
func (r *reader) follow(n *node) *node {
	if r.ends == nil {
		r.ends = map[*node]*node{}
	}
	var way []*node
	end, at := n, map[*node]bool{}
	for {
		if known, ok := r.ends[end]; ok {
			end = known
			break
		}
		ref := end.get("$ref")
		if end.kind != object || ref == nil || ref.kind != text {
			break
		}
		if at[end] {
			r.fail(end.at, "$ref %q goes in a circle", clip(ref.text))
			end = nil
			break
		}
		at[end] = true
		way = append(way, end)
		if end = r.resolve(ref); end == nil {
			break
		}
	}
	for _, step := range way {
		r.ends[step] = end
	}
	return end
}

// resolve finds what a reference names (RFC 6901, as a URI fragment).
func (r *reader) resolve(ref *node) *node {
	fail := func(why string) *node {
		r.fail(ref.at, "$ref %q %s", clip(ref.text), why)
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
		if n = r.find(n, step); n == nil {
			return fail("leads nowhere")
		}
	}
	return n
}

// find is get for objects that may be large and are asked often.
func (r *reader) find(n *node, key string) *node {
	if n == nil || len(n.members) < 16 {
		return n.get(key)
	}
	if r.index == nil {
		r.index = map[*node]map[string]*node{}
	}
	members := r.index[n]
	if members == nil {
		members = make(map[string]*node, len(n.members))
		for _, m := range n.members {
			members[m.key] = m.value
		}
		r.index[n] = members
	}
	return members[key]
}
