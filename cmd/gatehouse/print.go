package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"gatehouse/internal/value"
)

// The values of --output. text is written by each command itself, for people.
const (
	formatText   = "text"
	formatTable  = "table"
	formatJSON   = "json"
	formatYAML   = "yaml"
	formatNDJSON = "ndjson"
)

// structured reports whether data is to be written by print and not as text.
func (t *terminal) structured() bool { return t.format != "" && t.format != formatText }

// forProgram reports whether a program reads the errors, too.
func forProgram(format string) bool {
	return format == formatJSON || format == formatYAML || format == formatNDJSON
}

// print writes one value as data, in the form that --output names. Its members
// keep their order.
func (t *terminal) print(v any) error {
	if t.format == formatJSON || !t.structured() {
		return encode(t.out, v, t.outIsTTY)
	}
	var b strings.Builder
	if err := encode(&b, v, false); err != nil {
		return err
	}
	parsed, err := value.Parse(b.String())
	if err != nil {
		return fmt.Errorf("the data cannot be written as %s: %w", t.format, err)
	}
	switch t.format {
	case formatNDJSON:
		return ndjson(t.out, parsed)
	case formatYAML:
		return dumpYAML(t.out, parsed)
	}
	_, err = io.WriteString(t.out, table(parsed))
	return err
}

// encode writes JSON: indented for a person, else on one line.
func encode(w io.Writer, v any, indent bool) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// ndjson writes each element of an array on a line of its own.
func ndjson(w io.Writer, v value.Value) error {
	if v.Kind() != value.Array {
		_, err := fmt.Fprintf(w, "%s\n", v)
		return err
	}
	for _, element := range v.Elements() {
		if _, err := fmt.Fprintf(w, "%s\n", element); err != nil {
			return err
		}
	}
	return nil
}

func dumpYAML(w io.Writer, v value.Value) error {
	text, err := yaml.Dump(toYAML(v), yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	if err != nil {
		return fmt.Errorf("the data cannot be written as yaml: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// toYAML keeps the order of members and the text of numbers.
func toYAML(v value.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v.Kind() {
	case value.Object:
		n.Kind = yaml.MappingNode
		for name, member := range v.Members() {
			n.Content = append(n.Content, yamlText(name), toYAML(member))
		}
	case value.Array:
		n.Kind = yaml.SequenceNode
		for _, element := range v.Elements() {
			n.Content = append(n.Content, toYAML(element))
		}
	case value.String:
		return yamlText(v.Text())
	default:
		n.Value = v.String()
	}
	return n
}

// yamlText is a string, quoted where it would be read as something else.
func yamlText(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if s == "<<" {
		n.Style = yaml.DoubleQuotedStyle // else it would merge
	}
	return n
}

// table writes a list of objects as rows under their members' names, an object
// as a row for each member, and anything else as it is. What a cell cannot
// show, since it is a list or an object itself, stands there as JSON.
func table(v value.Value) string {
	rows := [][]string{}
	switch {
	case v.Kind() == value.Object:
		for name, member := range v.Members() {
			rows = append(rows, []string{name, cell(member)})
		}
	case v.Kind() == value.Array && v.Len() > 0 && onlyObjects(v):
		head := columns(v)
		rows = append(rows, head)
		for _, element := range v.Elements() {
			row := make([]string, len(head))
			for i, name := range head {
				member, _ := element.Get(name)
				row[i] = cell(member)
			}
			rows = append(rows, row)
		}
	case v.Kind() == value.Array:
		for _, element := range v.Elements() {
			rows = append(rows, []string{cell(element)})
		}
	default:
		rows = append(rows, []string{cell(v)})
	}
	return align(rows)
}

func onlyObjects(v value.Value) bool {
	for _, element := range v.Elements() {
		if element.Kind() != value.Object {
			return false
		}
	}
	return true
}

// columns are the names of all members, in the order in which they first come.
func columns(v value.Value) (names []string) {
	for _, element := range v.Elements() {
		for name := range element.Members() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func cell(v value.Value) string {
	switch v.Kind() {
	case value.Absent, value.Null:
		return "-"
	case value.String:
		return strings.NewReplacer("\n", " ", "\t", " ").Replace(printable(v.Text()))
	}
	return printable(v.String())
}

// align pads all columns but the last.
func align(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, text := range row {
			fmt.Fprintf(&line, "%s%s", text, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
