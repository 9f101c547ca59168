package openapi

import (
	"slices"
	"strconv"
	"strings"
)

// A slot binds a member of an extension to a member of a structure of the wire.
// One table of slots reads a document and writes it, so that no field can be
// known to one direction alone.
type slot struct {
	name string
	// to points to the member: **string, **bool, **int32, *[]string,
	// *map[string]string, *map[string]map[string]string; or one of the forms
	// below.
	to any
}

type (
	// word is a text that documents write in lower case: "http_proxy".
	word struct{ p **string }
	// capitals is a text that is read in any case and written in capitals.
	capitals struct{ p **string }
	// commas is a list that documents write as one text: "a, b".
	commas struct{ p *[]string }
	// group is an object of its own. make is called if the document has one;
	// slots are nil if the structure has none.
	group struct {
		slots func() []slot
		make  func()
		// foreign are members that only other kinds of API have.
		foreign map[string]string
	}
)

// fill reads the members of an object into slots. What is no slot is warned of:
// members of foreign with what they belong to.
func (r *reader) fill(n *node, where string, slots []slot, foreign map[string]string) {
	for _, m := range n.members {
		i := slices.IndexFunc(slots, func(s slot) bool { return s.name == m.key })
		switch {
		case i >= 0:
			if m.value.kind != null {
				r.fillOne(m.value, where+"."+m.key, slots[i].to)
			}
		case foreign[m.key] != "":
			r.warn(m.at, "%s.%s is ignored: %s", where, m.key, foreign[m.key])
		case strings.HasPrefix(m.key, "x-"):
		default:
			r.warn(m.at, "%s.%s is not known and ignored", where, clip(m.key))
		}
	}
}

func (r *reader) fillOne(n *node, where string, to any) {
	switch p := to.(type) {
	case **string:
		if s, ok := r.text(n, where); ok {
			*p = &s
		}
	case word:
		if s, ok := r.text(n, where); ok {
			s = strings.ToUpper(s)
			*p.p = &s
		}
	case capitals:
		r.fillOne(n, where, word(p))
	case **bool:
		if b, ok := r.boolean(n, where); ok {
			*p = &b
		}
	case **int32:
		if i, err := strconv.ParseInt(n.text, 10, 32); err == nil && (n.kind == number || n.kind == text) {
			v := int32(i)
			*p = &v
		} else {
			r.fail(n.at, "%s: %s is not a whole number", where, show(n))
		}
	case *[]string:
		*p = r.texts(n, where)
	case commas:
		if n.kind == list {
			*p.p = r.texts(n, where)
		} else if s, ok := r.text(n, where); ok {
			*p.p = []string{}
			for part := range strings.SplitSeq(s, ",") {
				if part = strings.TrimSpace(part); part != "" {
					*p.p = append(*p.p, part)
				}
			}
		}
	case *map[string]string:
		*p = r.textMap(n, where)
	case *map[string]map[string]string:
		if !r.is(n, object, where) {
			return
		}
		*p = map[string]map[string]string{}
		for _, m := range n.members {
			(*p)[m.key] = r.textMap(m.value, where+"."+clip(m.key))
		}
	case group:
		if r.is(n, object, where) {
			p.make()
			r.fill(n, where, p.slots(), p.foreign)
		}
	}
}

// is reports whether a value is of a kind, and fails if it is not.
func (r *reader) is(n *node, k kind, where string) bool {
	if n.kind != k {
		r.fail(n.at, "%s: %s is expected, this is %v", where, k, n.kind)
		return false
	}
	return true
}

// text takes a text, and a number as the text that it is written as: documents
// give versions as 1.0.
func (r *reader) text(n *node, where string) (string, bool) {
	if n.kind != text && n.kind != number {
		r.fail(n.at, "%s: a text is expected, this is %v", where, n.kind)
		return "", false
	}
	return n.text, true
}

func (r *reader) boolean(n *node, where string) (value, ok bool) {
	if n.kind == boolean || n.kind == text && (n.text == "true" || n.text == "false") {
		return n.text == "true", true
	}
	r.fail(n.at, "%s: true or false is expected, this is %s", where, show(n))
	return false, false
}

func (r *reader) texts(n *node, where string) []string {
	if !r.is(n, list, where) {
		return nil
	}
	all := make([]string, 0, len(n.items))
	for _, item := range n.items {
		if s, ok := r.text(item, where); ok {
			all = append(all, s)
		}
	}
	return all
}

func (r *reader) textMap(n *node, where string) map[string]string {
	if !r.is(n, object, where) {
		return nil
	}
	all := make(map[string]string, len(n.members))
	for _, m := range n.members {
		v := m.value
		if v.kind == boolean {
			v = &node{kind: text, text: v.text, at: v.at} // a literal of a mapping
		}
		if s, ok := r.text(v, where+"."+clip(m.key)); ok {
			all[m.key] = s
		}
	}
	return all
}

// show is a value as a message repeats it.
func show(n *node) string {
	switch n.kind {
	case text:
		return strconv.Quote(clip(n.text))
	case number, boolean:
		return clip(n.text)
	}
	return n.kind.String()
}

// spill writes what the slots hold as the members of an object.
func spill(slots []slot) *node {
	n := newObject()
	for _, s := range slots {
		if v := spillOne(s.to); v != nil {
			n.set(s.name, v)
		}
	}
	return n
}

func spillOne(to any) *node {
	switch p := to.(type) {
	case **string:
		if *p != nil {
			return newText(**p)
		}
	case word:
		if *p.p != nil {
			return newText(strings.ToLower(**p.p))
		}
	case capitals:
		return spillOne(p.p)
	case **bool:
		if *p != nil {
			return &node{kind: boolean, text: strconv.FormatBool(**p)}
		}
	case **int32:
		if *p != nil {
			return &node{kind: number, text: strconv.Itoa(int(**p))}
		}
	case *[]string:
		if *p != nil {
			return newList(*p)
		}
	case commas:
		return spillCommas(*p.p)
	case *map[string]string:
		if *p != nil {
			return newMap(*p)
		}
	case *map[string]map[string]string:
		if *p == nil {
			return nil
		}
		n := newObject()
		for _, key := range sorted(*p) {
			n.set(key, newMap((*p)[key]))
		}
		return n
	case group:
		if slots := p.slots(); slots != nil {
			return spill(slots)
		}
	}
	return nil
}

// spillCommas writes a list as one text if that can be read back.
func spillCommas(all []string) *node {
	if all == nil {
		return nil
	}
	for _, s := range all {
		if s == "" || strings.Contains(s, ",") || strings.TrimSpace(s) != s {
			return newList(all)
		}
	}
	return newText(strings.Join(all, ", "))
}

func newMap(m map[string]string) *node {
	n := newObject()
	for _, key := range sorted(m) {
		n.set(key, newText(m[key]))
	}
	return n
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
