package openapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxTokens bounds the bytes that can begin a value of YAML, before any memory
// is spent on it: every value takes one of them.
const maxTokens = 1 << 20

// readYAML parses one document of YAML. What aliases stand for is copied, so
// that a small document which means a large one is refused as a large one.
func readYAML(ctx context.Context, s string) (*node, error) {
	tokens := 0
	for _, c := range []byte(s) {
		switch c {
		case '\n', ',', ':', '[', '{', '-', '?':
			tokens++
		}
	}
	if tokens > maxTokens {
		return nil, Errors{{Text: fmt.Sprintf("the document may have more than %d values", maxTokens)}}
	}
	l, err := yaml.NewLoader(waited{ctx, strings.NewReader(s)}, yaml.WithV4Defaults(),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, err
	}
	var doc, second yaml.Node
	if err := l.Load(&doc); errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		return nil, Errors{{Text: "it is empty"}}
	} else if err != nil {
		return nil, yamlError(ctx, err)
	}
	if err := l.Load(&second); err == nil {
		return nil, Errors{{Position{second.Line, max(second.Column, 1)}, "a second document begins here: give one"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(ctx, err)
	}
	c := &converter{shape: shape{ctx: ctx}}
	return c.node(doc.Content[0], 0)
}

// waited is the text of a document as long as somebody waits for it: package
// yaml asks for it piece by piece and takes no context.
type waited struct {
	ctx  context.Context
	text io.Reader
}

func (w waited) Read(p []byte) (int, error) {
	if err := ended(w.ctx); err != nil {
		return 0, err
	}
	return w.text.Read(p)
}

func yamlError(ctx context.Context, err error) error {
	if gone := ended(ctx); gone != nil {
		return gone // whatever package yaml made of it
	}
	n := Note{Text: "YAML: " + err.Error()}
	if e := (*yaml.LoadError)(nil); errors.As(err, &e) && e.Mark.Line > 0 {
		n.At = Position{e.Mark.Line, max(e.Mark.Column, 1)}
		n.Text = "YAML: " + e.Message
	}
	return Errors{n}
}

// maxCopied bounds the values that aliases stand for, and the members that "<<"
// offers.
const maxCopied = 100_000

// converter makes nodes of those of package yaml.
type converter struct {
	shape  shape
	copied int
	merged int
	open   []*yaml.Node // anchors that are being copied
}

func (c *converter) node(y *yaml.Node, depth int) (*node, error) {
	at := Position{y.Line, y.Column}
	if err := c.shape.grow(at, depth); err != nil {
		return nil, err
	}
	if len(c.open) > 0 {
		if c.copied++; c.copied > maxCopied {
			return nil, Errors{{at, fmt.Sprintf("aliases stand for more than %d values", maxCopied)}}
		}
	}
	switch y.Kind {
	case yaml.AliasNode:
		if slices.Contains(c.open, y.Alias) {
			return nil, Errors{{at, fmt.Sprintf("the alias *%s stands inside of what it stands for", clip(y.Value))}}
		}
		c.open = append(c.open, y.Alias)
		defer func() { c.open = c.open[:len(c.open)-1] }()
		return c.node(y.Alias, depth+1)
	case yaml.SequenceNode:
		n := &node{kind: list, at: at}
		for _, item := range y.Content {
			v, err := c.node(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, v)
		}
		return n, nil
	case yaml.MappingNode:
		return c.mapping(y, depth)
	}
	return c.scalar(y)
}

func (c *converter) scalar(y *yaml.Node) (*node, error) {
	n := &node{at: Position{y.Line, y.Column}, text: y.Value}
	switch y.ShortTag() {
	case "!!str", "!!timestamp":
		n.kind = text
	case "!!int", "!!float":
		n.kind = number
	case "!!bool":
		n.kind = boolean
		n.text = strings.ToLower(y.Value)
	case "!!null":
		n.kind = null
	default:
		return nil, Errors{{n.at, fmt.Sprintf("the tag %s is not taken here", clip(y.Tag))}}
	}
	return n, nil
}

func (c *converter) mapping(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: object, at: Position{y.Line, y.Column}}
	var u unique
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		at := Position{k.Line, k.Column}
		v, err := c.node(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, v)
			continue
		}
		if k.Kind != yaml.ScalarNode {
			return nil, Errors{{at, "the name of a member is a plain text"}}
		}
		if before, twice := u.add(n, k.Value, at); twice {
			return nil, Errors{{at, fmt.Sprintf("%q is given twice, first at %v: keep one", clip(k.Value), before)}}
		}
		n.members = append(n.members, member{k.Value, at, v})
	}
	return n, c.merge(n, merged)
}

// merge adds what "<<" names, objects and lists of them, but for members that n
// has (YAML merge key type). The names that n has are gathered once: a list can
// have as many objects as the document has values.
func (c *converter) merge(n *node, merged []*node) error {
	if len(merged) == 0 {
		return nil
	}
	has := make(map[string]bool, len(n.members))
	for i := range n.members {
		has[n.members[i].key] = true
	}
	for _, m := range merged {
		from := []*node{m}
		if m.kind == list {
			from = m.items
		}
		for _, o := range from {
			if err := c.offer(n, has, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// offer adds the members of one object. Those of objects that stand in each
// other are offered once for each, so that they are bounded on their own.
func (c *converter) offer(n *node, has map[string]bool, from *node) error {
	if from.kind != object {
		return Errors{{from.at, "<< merges objects"}}
	}
	if err := c.shape.look(); err != nil {
		return err
	}
	if c.merged += len(from.members); c.merged > maxCopied {
		return Errors{{from.at, fmt.Sprintf("<< adds more than %d members", maxCopied)}}
	}
	for _, add := range from.members {
		if !has[add.key] {
			has[add.key] = true
			n.members = append(n.members, add)
		}
	}
	return nil
}
