package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Bounds of a configuration file. Nothing that a person writes comes near.
const (
	maxConfigBytes = 1 << 20
	maxComplaints  = 20
	maxList        = 1000
)

// A complaint takes note that the value of a key is refused.
type complaint func(key, format string, args ...any)

// settings decodes the sources of a Config, in rising precedence, and
// remembers which of them gave each key: a refusal names the place to edit.
type settings struct {
	source   map[string]string // by key: gatehouse.yaml:12:7, GATEHOUSE_STORE_DIR, --data
	problems []string
	more     int // problems beyond maxComplaints
	warnings []string
}

// loadConfig reads the configuration of serve: the file (none if path is
// empty), then the environment, then the flags, which set has decoded.
func loadConfig(path string, environ []string, flags func(*Config, *settings)) (Config, []string, error) {
	c, s, err := readConfig(path, environ, flags)
	return c, s.warnings, err
}

// readConfig is loadConfig for those who also want to know what came from
// where.
func readConfig(path string, environ []string, flags func(*Config, *settings)) (Config, *settings, error) {
	c := defaultConfig()
	s := &settings{source: map[string]string{}}
	if path != "" {
		if err := s.file(path, &c); err != nil {
			return c, s, err
		}
	}
	s.environment(environ, &c)
	flags(&c, s)
	if len(s.problems) == 0 {
		c.check(s.complain)
	}
	return c, s, s.refusal()
}

// set notes that a flag gave a key its value.
func (s *settings) set(key, flag string) { s.source[key] = flag }

// complain is a complaint about a key, told with the key's source.
func (s *settings) complain(key, format string, args ...any) {
	if where := s.whence(key); where != "" {
		s.problem("%s: %s %s", where, key, fmt.Sprintf(format, args...))
		return
	}
	s.problem("%s %s", key, fmt.Sprintf(format, args...))
}

// whence is the source of a key, or of the nearest thing that contains it.
func (s *settings) whence(key string) string {
	for key != "" {
		if where := s.source[key]; where != "" {
			return where
		}
		cut := strings.LastIndexAny(key, ".[")
		key = key[:max(cut, 0)]
	}
	return ""
}

func (s *settings) problem(format string, args ...any) {
	if len(s.problems) == maxComplaints {
		s.more++
		return
	}
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// refusal is everything that was wrong, or nil.
func (s *settings) refusal() error {
	if len(s.problems) == 0 {
		return nil
	}
	why := strings.Join(s.problems, "\n")
	if s.more > 0 {
		why += fmt.Sprintf("\nand %d more", s.more)
	}
	return &failure{Exit: exitRefused, Code: "InvalidConfiguration", What: "the configuration is refused",
		Why: why, Do: "correct it and start again; nothing was started"}
}

// file decodes a configuration file.
func (s *settings) file(path string, c *Config) error {
	text, err := readBounded(path)
	if err == nil {
		var root yaml.Node
		if root, err = parseYAML(text); err == nil {
			s.node(path, "", &root, reflect.ValueOf(c).Elem(), "")
			return nil
		}
	}
	return &failure{Exit: exitRefused, Code: "InvalidConfiguration", What: "the configuration file cannot be read",
		Why: fmt.Sprintf("%s: %v", path, err), Do: "correct the file, or name another one with --config", cause: err}
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err // the path is told anyway
		}
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
	if err == nil && len(text) > maxConfigBytes {
		err = fmt.Errorf("longer than %d bytes", maxConfigBytes)
	}
	return text, err
}

// parseYAML returns the one document of a text; an empty text is an empty one.
func parseYAML(text []byte) (yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		return yaml.Node{Kind: yaml.MappingNode}, nil
	} else if err != nil {
		return yaml.Node{}, err
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return yaml.Node{}, errors.New("holds more than one document (a second --- line): keep one")
	}
	root := *doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return yaml.Node{Kind: yaml.MappingNode}, nil // nothing but comments
	}
	return root, nil
}

// node decodes one node into a value. rule is the struct tag of its field.
func (s *settings) node(path, key string, n *yaml.Node, v reflect.Value, rule reflect.StructTag) {
	where := fmt.Sprintf("%s:%d:%d", path, n.Line, n.Column)
	if key != "" {
		s.source[key] = where
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		s.problem("%s: %s: anchors and aliases are not supported: write the value out", where, key)
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		s.problem("%s: %s has no value: give it one or remove the key", where, key)
	case v.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		s.mapping(path, key, n, v)
	case v.Kind() == reflect.Slice:
		s.sequence(path, key, n, v, rule)
	case v.Kind() != reflect.Struct && n.Kind == yaml.ScalarNode:
		s.scalar(where, key, n, v, rule)
	default:
		s.problem("%s: %s must be %s", where, orTop(key), shapeOf(v.Kind()))
	}
}

func shapeOf(k reflect.Kind) string {
	if k == reflect.Struct {
		return "a mapping of keys"
	}
	return "one plain value"
}

func orTop(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

// mapping decodes a struct. Keys that it does not have, or has had, are told.
func (s *settings) mapping(path, key string, n *yaml.Node, v reflect.Value) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		at := join(key, name.Value)
		field, tag, ok := fieldNamed(v, name.Value)
		switch {
		case !ok:
			s.problem("%s:%d:%d: unknown key %q%s%s", path, name.Line, name.Column, clip(name.Value), in(key), suggest(name.Value, keysOf(v.Type())))
		case seen[name.Value]:
			s.problem("%s:%d:%d: %s is given twice: keep one", path, name.Line, name.Column, at)
		default:
			seen[name.Value] = true
			s.node(path, at, value, field, tag)
		}
	}
}

// sequence decodes a list. A list of one may be written as its one element.
func (s *settings) sequence(path, key string, n *yaml.Node, v reflect.Value, rule reflect.StructTag) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) > maxList {
		s.problem("%s:%d:%d: %s has %d entries, more than %d", path, n.Line, n.Column, key, len(items), maxList)
		return
	}
	v.SetZero() // an empty list is none, as where the key is left out
	if len(items) > 0 {
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	}
	for i, item := range items {
		s.node(path, fmt.Sprintf("%s[%d]", key, i), item, v.Index(i), rule)
	}
}

func (s *settings) scalar(where, key string, n *yaml.Node, v reflect.Value, rule reflect.StructTag) {
	tag := n.ShortTag()
	if v.Kind() == reflect.Bool && tag != "!!bool" || v.Kind() == reflect.String && tag == "!!bool" {
		s.problem("%s: %s: %q is not %s", where, key, clip(n.Value), kindName(v))
		return
	}
	if err := setText(v, n.Value, rule); err != nil {
		s.problem("%s: %s: %v", where, key, err)
	}
}

// setText gives a plain value its text, within the bounds of its field.
func setText(v reflect.Value, text string, rule reflect.StructTag) error {
	switch v.Kind() {
	case reflect.String:
		if words := strings.Fields(rule.Get("oneof")); len(words) > 0 && !slices.Contains(words, text) {
			return fmt.Errorf("%q is none of %s%s", clip(text), strings.Join(words, ", "), suggest(text, words))
		}
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is not true or false", clip(text))
		}
		v.SetBool(text == "true")
	default:
		n, err := parseNumber(v.Type(), text)
		if err != nil {
			return err
		}
		low, _ := parseNumber(v.Type(), rule.Get("min"))
		high, _ := parseNumber(v.Type(), rule.Get("max"))
		if n < low || n > high {
			return fmt.Errorf("%s is out of range: %s to %s", clip(text), rule.Get("min"), rule.Get("max"))
		}
		v.SetInt(n)
	}
	return nil
}

func parseNumber(t reflect.Type, text string) (int64, error) {
	text = clip(text)
	switch t {
	case reflect.TypeFor[Duration]():
		return parseDuration(text)
	case reflect.TypeFor[Size]():
		return parseSize(text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}

func kindName(v reflect.Value) string {
	if v.Kind() == reflect.Bool {
		return "true or false"
	}
	return "text: put it in quotes if it is meant as such"
}

// fieldNamed finds the field of a struct by its key.
func fieldNamed(v reflect.Value, key string) (field reflect.Value, tag reflect.StructTag, ok bool) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Tag.Get("yaml") == key {
			return v.Field(i), f.Tag, true
		}
	}
	return reflect.Value{}, "", false
}

func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("yaml")
	}
	return keys
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func in(key string) string {
	if key == "" {
		return ""
	}
	return " in " + key
}

// clip bounds text of the operator's that a message repeats.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
