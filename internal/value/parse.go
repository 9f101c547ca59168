package value

import (
	"fmt"
	"math"
	"unicode/utf8"
	"unsafe"
)

// Limits bound what a document may cost. A field of 0 means its default.
type Limits struct {
	Size  int // bytes of text; default 16 MiB, at most 2 GiB
	Depth int // arrays and objects within each other; default 512
	Count int // values in all, members' names not counted; default 2,000,000, which is 32 MiB of slab
}

// The defaults of Limits: AWS takes 10 MB of body, and nothing honest nests
// deeper than a few dozen levels.
const (
	defaultSize  = 16 << 20
	defaultDepth = 512
	defaultCount = 2_000_000
)

// An Error says where a text stops being a JSON document, or which bound it
// breaks.
type Error struct {
	Offset int    // bytes before the place
	Line   int    // from 1
	Column int    // from 1, in characters
	Reason string // what is wrong, in lower case
}

// Error returns the reason and the place.
func (e *Error) Error() string {
	return fmt.Sprintf("parse json: line %d column %d (offset %d): %s", e.Line, e.Column, e.Offset, e.Reason)
}

// Parse reads one JSON document by RFC 8259, with nothing but white space
// around it, within the default Limits. The error is an *Error.
//
// The Value holds views of text: a caller that has bytes converts them, which
// is the one copy that is made.
func Parse(text string) (Value, error) { return Limits{}.Parse(text) }

// Parse is the function Parse within the bounds l.
func (l Limits) Parse(text string) (Value, error) {
	p := parser{
		s:     text,
		depth: orDefault(l.Depth, defaultDepth),
		count: orDefault(l.Count, defaultCount),
	}
	if size := min(orDefault(l.Size, defaultSize), math.MaxInt32); len(text) > size {
		return Value{}, p.fail(size, fmt.Sprintf("the document is %d bytes long, and at most %d are read", len(text), size))
	}
	if !utf8.ValidString(text) {
		return Value{}, p.fail(firstInvalid(text), "invalid UTF-8")
	}
	p.open = make([]Value, 0, min(len(text)/16, 96))
	p.space()
	v, err := p.value()
	if err != nil {
		return Value{}, err
	}
	if p.space(); p.at < len(text) {
		return Value{}, p.fail(p.at, p.seen()+" after the end of the document")
	}
	return v, nil
}

func orDefault(n, standard int) int {
	if n <= 0 {
		return standard
	}
	return n
}

// A parser reads one text. Children are collected on the stack open while
// their parent is not closed, then moved to the slab side by side.
type parser struct {
	s     string
	at    int
	depth int // levels left
	count int // values left
	open  []Value
	slab  []Value // its free rest
}

func (p *parser) space() {
	for p.at < len(p.s) {
		switch p.s[p.at] {
		case ' ', '\n', '\r', '\t':
			p.at++
		default:
			return
		}
	}
}

// value reads a value that begins at p.at.
func (p *parser) value() (Value, error) {
	if p.at >= len(p.s) {
		return Value{}, p.fail(p.at, "the document ends where a value should begin")
	}
	if p.count--; p.count < 0 {
		return Value{}, p.fail(p.at, "too many values in one document")
	}
	switch c := p.s[p.at]; c {
	case '"':
		return p.string()
	case '{':
		return p.object()
	case '[':
		return p.array()
	case 't':
		return p.word("true", Value{kind: Bool, form: yes})
	case 'f':
		return p.word("false", Value{kind: Bool})
	case 'n':
		return p.word("null", Value{kind: Null})
	default:
		if c != '-' && (c < '0' || c > '9') {
			return Value{}, p.fail(p.at, p.seen()+" where a value should begin")
		}
		end, reason := scanNumber(p.s, p.at)
		if reason != "" {
			return Value{}, p.fail(end, reason)
		}
		v := view(Number, p.s[p.at:end])
		p.at = end
		return v, nil
	}
}

func (p *parser) word(w string, v Value) (Value, error) {
	for i := range len(w) {
		if p.at+i >= len(p.s) || p.s[p.at+i] != w[i] {
			return Value{}, p.fail(p.at+i, "a broken word where "+w+" was begun")
		}
	}
	p.at += len(w)
	return v, nil
}

// string reads a string whose opening quote is at p.at.
func (p *parser) string() (Value, error) {
	s, begin, form := p.s, p.at+1, plain
	for i := begin; i < len(s); i++ {
		c := s[i]
		if c != '"' && c != '\\' && c >= 0x20 {
			continue
		}
		switch {
		case c == '"':
			v := view(String, s[begin:i])
			v.form = form
			p.at = i + 1
			return v, nil
		case c < 0x20:
			return Value{}, p.fail(i, fmt.Sprintf("control character 0x%02x in a string; write it as an escape", c))
		}
		size := escapeSize(s[i:])
		if size == 0 {
			return Value{}, p.fail(i, "an escape that JSON does not have")
		}
		form = escaped
		i += size - 1
	}
	return Value{}, p.fail(len(s), "the document ends inside a string")
}

// escapeSize returns the length of the escape that s begins with, 0 if it is
// none.
func escapeSize(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hex4(s[2:]) >= 0 {
			return 6
		}
	}
	return 0
}

// scanNumber returns the end of the number that begins at s[i], or the place
// and the reason why it is none.
func scanNumber(s string, i int) (end int, reason string) {
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch begin := i; {
	case i < len(s) && s[i] == '0':
		i++
		if i < len(s) && isDigit(s[i]) {
			return begin, "a number with leading zeros"
		}
	default:
		if i = digits(s, i); i == begin {
			return i, "a number without digits"
		}
	}
	if i < len(s) && s[i] == '.' {
		begin := i + 1
		if i = digits(s, begin); i == begin {
			return i, "a number without digits after its point"
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		begin := i
		if i = digits(s, begin); i == begin {
			return i, "a number without digits in its exponent"
		}
	}
	return i, ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// enter goes one level down, behind the opening bracket.
func (p *parser) enter() error {
	if p.depth--; p.depth < 0 {
		return p.fail(p.at, "arrays and objects nest too deep")
	}
	p.at++
	p.space()
	return nil
}

func (p *parser) array() (Value, error) {
	if err := p.enter(); err != nil {
		return Value{}, err
	}
	base := len(p.open)
	if !p.took(']') {
		for {
			v, err := p.value()
			if err != nil {
				return Value{}, err
			}
			p.open = append(p.open, v)
			more, err := p.more(']', "an array")
			if err != nil {
				return Value{}, err
			}
			if !more {
				break
			}
		}
	}
	p.depth++
	kids := p.settle(p.open[base:])
	p.open = p.open[:base]
	return Value{kind: Array, p: unsafe.Pointer(unsafe.SliceData(kids)), n: uint32(len(kids))}, nil
}

func (p *parser) object() (Value, error) {
	if err := p.enter(); err != nil {
		return Value{}, err
	}
	base := len(p.open)
	if !p.took('}') {
		for {
			if err := p.member(); err != nil {
				return Value{}, err
			}
			more, err := p.more('}', "an object")
			if err != nil {
				return Value{}, err
			}
			if !more {
				break
			}
		}
	}
	p.depth++
	members, form := settle(p.open[base:])
	whole := members
	if form == indexed {
		whole = members[:len(members)+1] // with the table
	}
	kids := p.settle(whole)
	p.open = p.open[:base]
	return Value{kind: Object, form: form, p: unsafe.Pointer(unsafe.SliceData(kids)), n: uint32(len(members) / 2)}, nil
}

// member reads a name, a colon and a value onto the stack.
func (p *parser) member() error {
	if p.at >= len(p.s) || p.s[p.at] != '"' {
		return p.fail(p.at, p.seen()+" where a member's name should begin")
	}
	name, err := p.string()
	if err != nil {
		return err
	}
	p.space()
	if !p.took(':') {
		return p.fail(p.at, p.seen()+" where a colon should follow a member's name")
	}
	p.space()
	v, err := p.value()
	if err != nil {
		return err
	}
	p.open = append(p.open, name, v)
	return nil
}

// more reads what stands behind a child: a comma (true) or the closing bracket.
func (p *parser) more(closing byte, what string) (bool, error) {
	p.space()
	if p.took(',') {
		p.space()
		return true, nil
	}
	if p.took(closing) {
		return false, nil
	}
	return false, p.fail(p.at, p.seen()+" where a comma or the end of "+what+" should be")
}

func (p *parser) took(c byte) bool {
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

// settle moves closed children from the stack to the slab.
func (p *parser) settle(kids []Value) []Value {
	n := len(kids)
	if n == 0 {
		return nil
	}
	if n > len(p.slab) {
		// A dense text has a name or value in 6 bytes. A slab has at most
		// 16 KiB unless one parent needs more, so that little is wasted.
		p.slab = make([]Value, max(n, min(len(p.open)+(len(p.s)-p.at)/6, 1024)))
	}
	out := p.slab[:n:n]
	p.slab = p.slab[n:]
	copy(out, kids)
	return out
}

// seen names what stands at p.at.
func (p *parser) seen() string {
	if p.at >= len(p.s) {
		return "the end of the document"
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.at:])
	return fmt.Sprintf("%q", r)
}

// fail makes the error for a place.
func (p *parser) fail(at int, reason string) error {
	e := &Error{Offset: at, Line: 1, Column: 1, Reason: reason}
	for _, r := range p.s[:at] {
		e.Column++
		if r == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
	}
	return e
}

func firstInvalid(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return len(s)
}
