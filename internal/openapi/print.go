package openapi

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// printJSON writes a tree with two spaces a level, as AWS does.
func printJSON(n *node) []byte {
	p := &printer{}
	p.node(n, 0)
	p.WriteByte('\n')
	return p.Bytes()
}

type printer struct{ bytes.Buffer }

func (p *printer) newline(depth int) {
	p.WriteByte('\n')
	for range depth {
		p.WriteString("  ")
	}
}

func (p *printer) node(n *node, depth int) {
	switch n.kind {
	case object:
		if len(n.members) == 0 {
			p.WriteString("{ }")
			return
		}
		p.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				p.WriteByte(',')
			}
			p.newline(depth + 1)
			p.quote(m.key)
			p.WriteString(" : ")
			p.node(m.value, depth+1)
		}
		p.newline(depth)
		p.WriteByte('}')
	case list:
		p.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				p.WriteByte(',')
			}
			p.WriteByte(' ')
			p.node(item, depth)
		}
		p.WriteString(" ]")
	case text:
		p.quote(n.text)
	case null:
		p.WriteString("null")
	default:
		p.WriteString(n.text)
	}
}

func (p *printer) quote(s string) {
	p.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			p.WriteByte('\\')
			p.WriteRune(c)
		case c == '\n':
			p.WriteString(`\n`)
		case c < ' ' || c == 0x7f || c == 0x2028 || c == 0x2029 || c == utf8.RuneError:
			fmt.Fprintf(p, `\u%04x`, c)
		default:
			p.WriteRune(c)
		}
	}
	p.WriteByte('"')
}

// printYAML writes a tree as YAML 1.2. What would be read as something else
// than a text is quoted.
func printYAML(n *node) ([]byte, error) {
	text, err := yaml.Dump(toYAML(n), yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return append([]byte("---\n"), text...), nil
}

func toYAML(n *node) *yaml.Node {
	switch n.kind {
	case object:
		y := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, m := range n.members {
			y.Content = append(y.Content, scalarYAML("!!str", m.key), toYAML(m.value))
		}
		return y
	case list:
		y := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range n.items {
			y.Content = append(y.Content, toYAML(item))
		}
		return y
	case boolean:
		return scalarYAML("!!bool", n.text)
	case number:
		return scalarYAML("!!int", n.text)
	case null:
		return scalarYAML("!!null", "null")
	}
	return scalarYAML("!!str", n.text)
}

func scalarYAML(tag, value string) *yaml.Node {
	y := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
	if tag == "!!str" && value == "<<" {
		y.Style = yaml.DoubleQuotedStyle // else it would merge
	}
	return y
}
