package expr

import (
	"fmt"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// compiler builds an Expr. Places are byte offsets into its text.
type compiler struct{ *Expr }

func (c *compiler) fail(at int, format string, args ...any) error {
	return &Error{c.text, at + 1, fmt.Sprintf(format, args...)}
}

func (c *compiler) add(p part) { c.parts = append(c.parts, p) }

// template reads text with sources in braces.
func (c *compiler) template() error {
	for at := 0; at < len(c.text); {
		open := strings.Index(c.text[at:], "${")
		if open < 0 {
			return c.literal(at, len(c.text))
		}
		if err := c.literal(at, at+open); err != nil {
			return err
		}
		at += open
		size := strings.IndexByte(c.text[at:], '}')
		if size < 0 {
			return c.fail(at, "${ is not closed by }")
		}
		if err := c.source(at+2, at+size); err != nil {
			return err
		}
		at += size + 1
	}
	return nil
}

// literal reads text. A selection in the middle of text without braces would
// go to the backend as it is written, which nobody means.
func (c *compiler) literal(from, to int) error {
	text := c.text[from:to]
	for _, root := range []string{"$request.", "$response.", "$context.", "$stageVariables."} {
		if i := strings.Index(text, root); i >= 0 {
			return c.fail(from+i, "inside of text a selection is written in braces: ${%s...}", root[1:])
		}
	}
	if text != "" {
		c.add(part{kind: literal, text: text})
	}
	return nil
}

// source reads text[from:to], a selection with or without its $.
func (c *compiler) source(from, to int) error {
	if from < to && c.text[from] == '$' {
		from++
	}
	root, rest, at := cut(c.text[from:to], from)
	switch {
	case root == "request" && c.side == Request:
		return c.request(rest, at)
	case root == "response" && c.side == Response:
		return c.response(rest, at)
	case root == "request" || root == "response":
		return c.fail(from, "$%s cannot be read here, only %v, $context and $stageVariables", root, c.side)
	case root == "context":
		return c.context(rest, at)
	case root == "stageVariables":
		return c.stageVariable(rest, at)
	}
	return c.fail(from, "%q is none of %v, $context and $stageVariables", root, c.side)
}

// cut cuts s, which stands at that place, before and behind its first dot.
func cut(s string, at int) (first, rest string, restAt int) {
	first, rest, ok := strings.Cut(s, ".")
	if !ok {
		return first, "", at + len(s)
	}
	return first, rest, at + len(first) + 1
}

func (c *compiler) request(s string, at int) error {
	group, name, nameAt := cut(s, at)
	dotted := len(s) > len(group)
	switch {
	case group == "header":
		return c.header(name, nameAt)
	case group == "querystring":
		if name == "" {
			return c.fail(nameAt, "the name of the query parameter is missing")
		}
		c.add(part{kind: queryParam, text: name})
		return nil
	case group == "path" && !dotted:
		c.add(part{kind: wholePath})
		return nil
	case group == "path":
		return c.pathParam(name, nameAt)
	case group == "body", strings.HasPrefix(group, "body["):
		return c.body(s[len("body"):], at+len("body"))
	}
	return c.fail(at, "$request has header, querystring, path and body, not %q", group)
}

func (c *compiler) response(s string, at int) error {
	group, name, nameAt := cut(s, at)
	switch {
	case group == "header":
		return c.header(name, nameAt)
	case group == "body", strings.HasPrefix(group, "body["):
		return c.body(s[len("body"):], at+len("body"))
	}
	return c.fail(at, "$response has header and body, not %q", group)
}

func (c *compiler) header(name string, at int) error {
	if i := notToken(name); i < len(name) || name == "" {
		return c.fail(at+i, "%q is no name of a header", name)
	}
	c.add(part{kind: header, text: name, id: field.Identify(name)})
	return nil
}

func (c *compiler) pathParam(name string, at int) error {
	if i := notName(name); i < len(name) || name == "" {
		return c.fail(at+i, "%q is no name of a path parameter", name)
	}
	c.add(part{kind: pathParam, text: name})
	return nil
}

func (c *compiler) context(name string, at int) error {
	v, ok := flow.Context(name)
	if !ok {
		return c.fail(at, "HTTP APIs have no variable $context.%s", name)
	}
	c.add(part{kind: contextVariable, text: name, variable: v})
	return nil
}

// stageVariable takes a name by AWS's pattern for names of stage variables.
func (c *compiler) stageVariable(name string, at int) error {
	for i := range len(name) {
		if ch := name[i]; !letter(ch) && !digit(ch) && ch != '_' {
			return c.fail(at+i, "%q is no name of a stage variable: letters, digits and _ only", name)
		}
	}
	if name == "" {
		return c.fail(at, "the name of the stage variable is missing")
	}
	c.add(part{kind: stageVariable, text: name})
	return nil
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

// notToken is the index of the first byte that no field name holds (RFC 9110
// section 5.6.2).
func notToken(s string) int {
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return i
		}
	}
	return len(s)
}

// notName is the same for names of path parameters.
func notName(s string) int {
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && strings.IndexByte("._:-", c) < 0 {
			return i
		}
	}
	return len(s)
}
