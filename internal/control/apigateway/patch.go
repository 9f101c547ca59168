package apigateway

import (
	"slices"
	"strconv"
	"strings"

	v1 "gatehouse/internal/wire/apigateway"
)

// A verb is what a patch operation does; a rule holds a set of them.
type verb uint8

const (
	add verb = 1 << iota
	replace
	remove
	copied
)

// verbs are the supported ones by AWS's name. move and test are names that no
// path supports.
func verbs(name string) verb {
	switch name {
	case "add":
		return add
	case "replace":
		return replace
	case "remove":
		return remove
	case "copy":
		return copied
	}
	return 0
}

// An op is one operation of a PATCH.
type op struct {
	verb verb
	name string   // of the verb
	path string   // as sent, "" if it was not
	from string   // of a copy
	keys []string // what the *s of the rule's path stand for, unescaped
	// value is nil where none was sent. It is a string whatever its type.
	value *string
}

// text is the value, or "".
func (o *op) text() string { return text(o.value) }

// A rule is a row of AWS's table: a path, a JSON Pointer in which * stands for
// one segment, the verbs that it supports, and what they do to the subject. A
// row without verbs is a path that exists and cannot be changed.
type rule[T any] struct {
	path  string
	verbs verb
	apply func(subject T, o *op) error
}

// A family words its refusals in its own way.
type family struct {
	unknown func(o *op, paths []string) error
	verb    func(o *op) error
}

// patch applies the operations in their order. The subject is the caller's to
// throw away where one fails, so that a PATCH is done whole or not at all.
func patch[T any](rules []rule[T], f family, subject T, list []v1.PatchOperation) error {
	if len(list) > maxPatch {
		return bad(textTooManyPatches, len(list), maxPatch)
	}
	for i := range list {
		o := op{verb: verbs(text(list[i].Op)), name: text(list[i].Op), path: text(list[i].Path), from: text(list[i].From), value: list[i].Value}
		r := find(rules, &o)
		switch {
		case r == nil:
			return f.unknown(&o, paths(rules))
		case r.verbs&o.verb == 0:
			return f.verb(&o)
		}
		if err := r.apply(subject, &o); err != nil {
			return err
		}
	}
	return nil
}

// maxPatch bounds the operations of one PATCH.
const maxPatch = 200

// find returns the rule of a path and notes the op's keys.
func find[T any](rules []rule[T], o *op) *rule[T] {
	got := strings.Split(o.path, "/")
	for i := range rules {
		if keys, ok := matches(strings.Split(rules[i].path, "/"), got); ok {
			o.keys = keys
			return &rules[i]
		}
	}
	return nil
}

// matches reports whether a path is of a pattern. A ** in front stands for one
// or more segments, which are one key as they are written.
func matches(want, got []string) (keys []string, ok bool) {
	if len(want) > 1 && want[1] == "**" {
		tail := want[2:]
		middle := len(got) - len(tail)
		if middle < 2 || !slices.Equal(got[middle:], tail) || got[0] != "" {
			return nil, false
		}
		return []string{strings.Join(got[1:middle], "/")}, true
	}
	if len(want) != len(got) {
		return nil, false
	}
	for i, w := range want {
		switch {
		case w == "*" && got[i] != "":
			keys = append(keys, unescape(got[i]))
		case w != got[i]:
			return nil, false
		}
	}
	return keys, true
}

// unescape reads a segment of a JSON Pointer: RFC 6901 section 4.
func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}

// paths are those that AWS recites.
func paths[T any](rules []rule[T]) (list []string) {
	for _, r := range rules {
		if path := strings.Replace(r.path, "/**", "/{resourcePath}/{httpMethod}", 1); !strings.Contains(path, "*") {
			list = append(list, path)
		}
	}
	return list
}

// quoting is the family that recites paths (recorded for Resource, Model,
// RequestValidator, DocumentationPart, ApiKey; taken for what has no record).
func quoting() family {
	return family{
		unknown: func(o *op, paths []string) error {
			return bad(textPatchPath, orNull(o.path), o.name, strings.Join(paths, ", "))
		},
		verb: func(o *op) error { return bad(textPatchVerb, o.path, o.name) },
	}
}

// terse is the family of RestApi, Method and Integration.
func terse() family {
	return family{
		unknown: func(o *op, _ []string) error { return bad(textBadPath, orNull(o.path)) },
		verb:    func(*op) error { return bad(textReplaceOnly) },
	}
}

// curt is the family of MethodResponse and GatewayResponse, whose wrong verbs
// are worded as wrong paths.
func curt() family {
	return family{
		unknown: func(o *op, _ []string) error { return bad(textBadPath, orNull(o.path)) },
		verb:    func(o *op) error { return bad(textBadPath, o.path) },
	}
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return clip(s)
}

// The usual ways of a value into a member.

// putText replaces a text; empty takes it away.
func putText(member **string, o *op) error {
	if *member = nil; o.verb != remove && o.text() != "" {
		*member = o.value
	}
	return nil
}

// putPolicy replaces a policy. An empty one takes it away, which opens what it
// guarded, and has to be sent as one.
func putPolicy(member **string, o *op) error {
	if o.value == nil {
		return needed(o)
	}
	return putText(member, o)
}

// putBool replaces a boolean. What is none becomes false (recorded on AWS).
func putBool(member **bool, o *op) error {
	*member = new(strings.EqualFold(o.text(), "true"))
	return nil
}

// putInt replaces a number within bounds.
func putInt(member **int32, o *op, low, high int32) error {
	n, err := strconv.ParseInt(o.text(), 10, 32)
	if err != nil || int32(n) < low || int32(n) > high {
		return bad(textPatchNumber, clip(o.text()), o.path, low, high)
	}
	*member = new(int32(n))
	return nil
}

// putEntry adds, replaces or removes the entry of a map that the op's last key
// names. absent is the refusal of one that is not there to be removed; nil lets
// it pass. The map is copied, for the subject may be a shallow copy.
func putEntry[V any](m *map[string]V, o *op, value V, absent error) error {
	key := o.keys[len(o.keys)-1]
	if _, there := (*m)[key]; !there && o.verb == remove && absent != nil {
		return absent
	}
	next := make(map[string]V, len(*m)+1)
	for k, v := range *m {
		next[k] = v
	}
	if o.verb == remove {
		delete(next, key)
	} else {
		next[key] = value
	}
	if *m = next; len(next) == 0 {
		*m = nil // removing the last entry drops the member (recorded on AWS)
	}
	return nil
}

// needed refuses an op without a value where an empty one would take away what
// guards something, or what nothing works without.
func needed(o *op) error {
	if o.text() == "" {
		return bad(textPatchEmpty, o.path)
	}
	return nil
}

// putOne adds a value to a list, or removes it.
func putOne(list *[]string, o *op, value string) error {
	if value == "" {
		return bad(textPatchEmpty, o.path)
	}
	var next []string
	for _, v := range *list {
		if v != value {
			next = append(next, v)
		}
	}
	if o.verb != remove {
		next = append(next, value)
	}
	*list = next
	return nil
}

// oneOf refuses a value that is none of an enum.
func oneOf(o *op, values ...string) error {
	for _, v := range values {
		if o.text() == v {
			return nil
		}
	}
	return bad(textPatchEnum, clip(o.text()), o.path, strings.Join(values, ", "))
}
