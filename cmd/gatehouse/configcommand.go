package main

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// configCommand is what one does with the configuration of a process.
type configCommand struct {
	Print    configPrint    `cmd:"" help:"Print the configuration that serve would run with, the defaults, or where each value comes from."`
	Validate configValidate `cmd:"" help:"Check a gatehouse.yaml."`
}

// configValidate checks a file that is a configuration whatever is in it.
type configValidate struct {
	File string `arg:"" help:"A gatehouse.yaml. Variables of this process do not count."`
}

// Run checks the file.
func (c *configValidate) Run(t *terminal) error {
	if _, err := readDocument(c.File); err != nil { // which tells a missing file from a wrong one
		return err
	}
	return (&validateCommand{File: c.File}).configuration(t)
}

// configPrint prints configurations. It takes the flags of serve, since they
// are a part of what serve runs with.
type configPrint struct {
	serveFlags `embed:""`
	Defaults   bool `xor:"what" help:"What holds where no file, variable or flag says otherwise."`
	Effective  bool `xor:"what" help:"What serve would run with, given the same file, variables and flags. This is what is printed if nothing is asked for."`
	Sources    bool `xor:"what" help:"The same, and of each value whether a flag, a variable, the file or nobody gave it."`
}

// Help is what --help tells besides the flags.
func (*configPrint) Help() string {
	return `What is printed is YAML that serve --config takes again. Secrets are shown as (secret), which it does not take.`
}

// Run prints the configuration. One that serve would refuse is refused here.
func (c *configPrint) Run(_ context.Context, t *terminal) error {
	path, env, flags := c.Config, []string(t.environ), c.flags
	if c.Defaults {
		if c.Data != "" || c.Quiet || c.Verbose {
			return usage("--defaults are what holds without any flag: leave out --data, --quiet and --verbose, or ask for --effective")
		}
		path, env, flags = "", nil, func(*Config, *settings) {}
	}
	conf, s, err := readConfig(path, env, flags)
	for _, w := range s.warnings {
		t.warnf("%s %s", t.paint(t.talk, amber, "warning:"), w)
	}
	if err != nil {
		return err
	}
	tree := shape(reflect.ValueOf(conf), "")
	switch {
	case t.structured() && c.Sources:
		return t.print(tree.sources(s, []sourced{}))
	case t.structured():
		return t.print(tree)
	case c.Sources:
		return tree.print(t, s)
	}
	return tree.print(t, nil)
}

// A shaped value is a part of a configuration on its way out: a section of
// named parts, a list, or one plain value.
type shaped struct {
	key   string // listeners[0].addr
	names []string
	parts []*shaped // of a section, in the order of names; of a list, without names
	list  bool      // in which case parts are its entries
	value any       // of a plain value: a string, an int or a bool
}

// shape takes a configuration apart. Everything is in the order of the schema,
// which is the order of the documentation.
func shape(v reflect.Value, key string) *shaped {
	s := &shaped{key: key}
	switch v.Kind() {
	case reflect.Struct:
		s.names = keysOf(v.Type())
		for i, name := range s.names {
			s.parts = append(s.parts, shape(v.Field(i), join(key, name)))
		}
		return s
	case reflect.Slice:
		s.list = true
		for i := range v.Len() {
			s.parts = append(s.parts, shape(v.Index(i), key+"["+strconv.Itoa(i)+"]"))
		}
		return s
	}
	switch x := v.Interface().(type) {
	case interface{ String() string }: // a duration, a size, or a secret, which is masked by it
		s.value = x.String()
	default:
		s.value = x
	}
	return s
}

// plain tells whether the value is one that a source gives as a whole.
func (s *shaped) plain() bool {
	return s.names == nil && !slices.ContainsFunc(s.parts, func(p *shaped) bool { return p.names != nil })
}

// MarshalJSON keeps the order of the schema, which a map would not.
func (s *shaped) MarshalJSON() ([]byte, error) {
	switch {
	case s.list:
		return json.Marshal(append([]*shaped{}, s.parts...))
	case s.names == nil:
		return json.Marshal(s.value)
	}
	b := []byte{'{'}
	for i, name := range s.names {
		if i > 0 {
			b = append(b, ',')
		}
		value, err := json.Marshal(s.parts[i])
		if err != nil {
			return nil, err
		}
		b = append(append(strconv.AppendQuote(b, name), ':'), value...)
	}
	return append(b, '}'), nil
}

// A sourced value is one line of --sources for a program.
type sourced struct {
	Key    string  `json:"key"`
	Value  *shaped `json:"value"`
	From   string  `json:"from"`             // flag, environment, file or default
	Source string  `json:"source,omitempty"` // --data, GATEHOUSE_STORE_DIR, gatehouse.yaml:12:7
}

func (s *shaped) sources(by *settings, list []sourced) []sourced {
	if s.plain() {
		from, source := by.origin(s.key)
		return append(list, sourced{s.key, s, from, source})
	}
	for _, p := range s.parts {
		list = p.sources(by, list)
	}
	return list
}

// origin says which kind of source gave a key its value, and which one it was.
func (s *settings) origin(key string) (from, source string) {
	switch source = s.source[key]; {
	case source == "":
		return "default", ""
	case strings.HasPrefix(source, "--"):
		return "flag", source
	case strings.HasPrefix(source, envPrefix) && !strings.Contains(source, ":"):
		return "environment", source
	}
	return "file", source // which has a line and a column behind colons
}

// print writes YAML. With settings, each value has its source as a comment.
func (s *shaped) print(t *terminal, by *settings) error {
	e := yaml.NewEncoder(t.out)
	e.SetIndent(2)
	if err := e.Encode(s.node(by)); err != nil {
		return err
	}
	return e.Close()
}

// node is the value for the encoder, which then quotes what needs it.
func (s *shaped) node(by *settings) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch x := s.value.(type) {
	case string:
		n.Tag, n.Value = "!!str", x
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(x)
	case int:
		n.Tag, n.Value = "!!int", strconv.Itoa(x)
	}
	if s.list {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if s.plain() {
			n.Style = yaml.FlowStyle
		}
	}
	if s.names != nil {
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
	}
	for i, p := range s.parts {
		if s.names != nil {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s.names[i]})
		}
		if s.plain() {
			n.Content = append(n.Content, p.node(nil)) // a list has one source
			continue
		}
		n.Content = append(n.Content, p.node(by))
	}
	if by != nil && s.plain() {
		from, source := by.origin(s.key)
		n.LineComment = strings.TrimSpace(from + " " + source)
	}
	return n
}
