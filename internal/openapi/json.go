package openapi

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readJSON parses JSON (RFC 8259) and keeps what encoding/json forgets: places,
// order and members that are given twice, which it refuses.
func readJSON(ctx context.Context, s string) (*node, error) {
	p := &scanner{s: s, line: 1, shape: shape{ctx: ctx}}
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.blank(); p.i < len(s) {
		return nil, p.wrong("something follows the end of the document")
	}
	return n, nil
}

// scanner reads JSON from the front to the back.
type scanner struct {
	s     string
	i     int
	line  int
	start int // of the line
	col   int // characters of the line before counted
	upto  int // what col counts to
	shape shape
}

// here is the place of the next byte. Columns are counted on from the last one
// asked for, so that a document on one line costs one pass.
func (p *scanner) here() Position {
	if p.upto < p.start {
		p.upto, p.col = p.start, 0
	}
	p.col += utf8.RuneCountInString(p.s[p.upto:p.i])
	p.upto = p.i
	return Position{p.line, p.col + 1}
}

func (p *scanner) wrong(format string, args ...any) error {
	return Errors{{p.here(), "JSON: " + fmt.Sprintf(format, args...)}}
}

// blank skips white space.
func (p *scanner) blank() {
	for ; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\n':
			p.line++
			p.start = p.i + 1
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

// next skips white space and returns the byte after it, 0 at the end.
func (p *scanner) next() byte {
	p.blank()
	if p.i == len(p.s) {
		return 0
	}
	return p.s[p.i]
}

func (p *scanner) value(depth int) (*node, error) {
	c := p.next()
	n := &node{at: p.here()}
	if err := p.shape.grow(n.at, depth); err != nil {
		return nil, err
	}
	var err error
	switch {
	case c == '{':
		err = p.object(n, depth)
	case c == '[':
		err = p.list(n, depth)
	case c == '"':
		n.kind = text
		n.text, err = p.string()
	case c == '-' || c >= '0' && c <= '9':
		n.kind = number
		n.text, err = p.number()
	default:
		err = p.word(n)
	}
	return n, err
}

func (p *scanner) object(n *node, depth int) error {
	n.kind = object
	p.i++
	var u unique
	for first := true; ; first = false {
		c := p.next()
		switch {
		case c == '}' && first:
			p.i++
			return nil
		case c != '"':
			return p.wrong("the name of a member is expected, in double quotes")
		}
		at := p.here()
		key, err := p.string()
		if err != nil {
			return err
		}
		if before, twice := u.add(n, key, at); twice {
			return Errors{{at, fmt.Sprintf("%q is given twice, first at %v: keep one", clip(key), before)}}
		}
		if p.next() != ':' {
			return p.wrong("a colon is expected after the name %q", clip(key))
		}
		p.i++
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{key, at, v})
		if c = p.next(); c == '}' {
			p.i++
			return nil
		}
		if c != ',' {
			return p.wrong("a comma or } is expected")
		}
		p.i++
	}
}

func (p *scanner) list(n *node, depth int) error {
	n.kind = list
	p.i++
	if p.next() == ']' {
		p.i++
		return nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
		switch p.next() {
		case ']':
			p.i++
			return nil
		case ',':
			p.i++
		default:
			return p.wrong("a comma or ] is expected")
		}
	}
}

func (p *scanner) word(n *node) error {
	for word, kind := range map[string]kind{"true": boolean, "false": boolean, "null": null} {
		if strings.HasPrefix(p.s[p.i:], word) {
			n.kind, n.text = kind, word
			p.i += len(word)
			return nil
		}
	}
	if p.i == len(p.s) {
		return p.wrong("the document ends in the middle of a value")
	}
	return p.wrong("a value is expected: an object, a list, a text in double quotes, a number, true, false or null")
}

// number reads a number and keeps it as it is written.
func (p *scanner) number() (string, error) {
	start := p.i
	digits := func() bool {
		from := p.i
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	is := func(set string) bool { return p.i < len(p.s) && strings.IndexByte(set, p.s[p.i]) >= 0 }
	if is("-") {
		p.i++
	}
	ok := true
	if is("0") {
		p.i++
	} else {
		ok = digits()
	}
	if ok && is(".") {
		p.i++
		ok = digits()
	}
	if ok && is("eE") {
		p.i++
		if is("+-") {
			p.i++
		}
		ok = digits()
	}
	if !ok {
		return "", p.wrong("a digit is expected")
	}
	return p.s[start:p.i], nil
}

// string reads a text in double quotes, at whose first quote it stands.
func (p *scanner) string() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != '"' && p.s[p.i] != '\\' && p.s[p.i] >= ' ' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '"' {
		p.i++
		return p.s[start : p.i-1], nil
	}
	b := []byte(p.s[start:p.i])
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			return string(b), nil
		case c < ' ':
			return "", p.wrong("a text holds a control character: write it as \\u%04x", c)
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
			p.i++
		}
	}
	return "", p.wrong("the document ends in the middle of a text")
}

// escape reads what a backslash begins.
func (p *scanner) escape() (rune, error) {
	if p.i+1 < len(p.s) {
		if at := strings.IndexByte(`"\/bfnrt`, p.s[p.i+1]); at >= 0 {
			p.i += 2
			return rune("\"\\/\b\f\n\r\t"[at]), nil
		}
	}
	r, ok := p.unit()
	if !ok {
		return 0, p.wrong("a backslash begins one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000")
	}
	if utf16.IsSurrogate(r) {
		low, ok := p.unit()
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, p.wrong("half of a surrogate pair is missing")
		}
	}
	return r, nil
}

// unit reads \uXXXX.
func (p *scanner) unit() (r rune, ok bool) {
	if p.i+6 > len(p.s) || p.s[p.i] != '\\' || p.s[p.i+1] != 'u' {
		return 0, false
	}
	for _, c := range []byte(p.s[p.i+2 : p.i+6]) {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	p.i += 6
	return r, true
}
