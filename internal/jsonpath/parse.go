package jsonpath

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A parser reads one path. Its methods return false after fail was called.
type parser struct {
	options Options
	s       string
	at      int
	depth   int
	plain   bool
	err     error
	origin  string // what the user wrote, if s begins with what is assumed
}

// assumed stands before a path that begins with neither $ nor @.
const assumed = "$."

// Where a path stands decides where its names end.
type setting uint8

const (
	alone      setting = iota // the whole text
	inFilter                  // an operand: ends at blanks and operators
	inArgument                // of a function: ends at blanks, commas and the parenthesis
)

// whole reads the text from end to end.
func (p *parser) whole() (chain, error) {
	if len(p.s) > maxText {
		p.fail(maxText, "the path is longer than "+strconv.Itoa(maxText)+" bytes")
		return chain{}, p.err
	}
	if !utf8.ValidString(p.s) {
		p.fail(0, "the path is not UTF-8")
		return chain{}, p.err
	}
	p.s = strings.TrimRight(p.s, " ")
	if p.s == "" {
		p.fail(0, "the path is empty")
		return chain{}, p.err
	}
	if c := p.s[0]; c != '$' && c != '@' {
		p.origin, p.s = p.s, assumed+p.s
	}
	c, ok := p.path(alone)
	if ok && p.at < len(p.s) {
		ok = p.fail(p.at, "unexpected "+p.seen())
	}
	if !ok {
		return chain{}, p.err
	}
	return c, nil
}

// fail records the first error and returns false.
func (p *parser) fail(at int, reason string) bool {
	if p.err != nil {
		return false
	}
	text := p.s
	if p.origin != "" {
		text, at = p.origin, max(0, at-len(assumed))
	}
	p.err = &Error{Path: text, Column: 1 + utf8.RuneCountInString(text[:min(at, len(text))]), Reason: reason}
	return false
}

// seen names what stands at p.at.
func (p *parser) seen() string {
	if p.at >= len(p.s) {
		return "end of the path"
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.at:])
	return strconv.QuoteRune(r)
}

func (p *parser) blanks() {
	for p.at < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) is(c byte) bool { return p.at < len(p.s) && p.s[p.at] == c }

func (p *parser) took(c byte) bool {
	if p.is(c) {
		p.at++
		return true
	}
	return false
}

// enter goes one level into filters, parentheses or arguments.
func (p *parser) enter() bool {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.at, "filters, parentheses and arguments nest deeper than "+strconv.Itoa(maxDepth))
	}
	return true
}

func (p *parser) leave() { p.depth-- }

// path reads $ or @ and the steps behind it.
func (p *parser) path(where setting) (chain, bool) {
	fromRoot := p.is('$')
	p.at++
	var steps []step
	for !p.ended(where) {
		s, ok := p.step(where, len(steps) == 0)
		if !ok {
			return chain{}, false
		}
		steps = append(steps, s...)
	}
	return invert(fromRoot, steps), true
}

// ended says whether the path ends at p.at.
func (p *parser) ended(where setting) bool {
	return p.at >= len(p.s) || where != alone && strings.IndexByte(stops[where], p.s[p.at]) >= 0
}

// stops holds the bytes that end a path, and names in it, by its setting.
var stops = [...]string{alone: "", inFilter: " \t\r\n<>=~!&|),]", inArgument: " \t\r\n,)"}

// step reads what one dot or bracket brings.
func (p *parser) step(where setting, first bool) ([]step, bool) {
	switch {
	case p.is('['):
		s, ok := p.bracket()
		return []step{s}, ok
	case p.is('.'):
		p.at++
		if !p.took('.') {
			s, ok := p.behindDot(where)
			return []step{s}, ok
		}
		p.plain = false
		s, ok := p.behindDot(where)
		if _, call := s.(call); ok && call {
			return nil, p.fail(p.at, `a function cannot stand right behind ".."`)
		}
		return []step{scan{}, s}, ok
	case first:
		return nil, p.fail(p.at, "unexpected "+p.seen()+` where "." or "[" should follow`)
	}
	// Jayway takes a name right behind a bracket, as in $['a']bc, but ignores
	// it if it is a single character at the end: so that is refused.
	begin := p.at
	s, ok := p.name(where)
	if _, bare := s.(name); ok && bare && (p.s[begin] == '*' || p.at == begin+1 && p.ended(where)) {
		return nil, p.fail(begin, "unexpected "+strconv.Quote(p.s[begin:p.at])+` where "." or "[" should follow`)
	}
	return []step{s}, ok
}

func (p *parser) behindDot(where setting) (step, bool) {
	switch {
	case p.is('['):
		return p.bracket()
	case p.is('*'):
		p.at++
		return wild{}, true
	case p.is('.'):
		return nil, p.fail(p.at, `unexpected "."`)
	case p.ended(where):
		return nil, p.fail(p.at, `a path does not end in "."`)
	}
	return p.name(where)
}

// name reads a bare name or a function's name with its arguments.
func (p *parser) name(where setting) (step, bool) {
	begin := p.at
	for ; !p.ended(where); p.at++ {
		switch p.s[p.at] {
		case '.', '[':
			return name(p.s[begin:p.at]), true
		case '(':
			if p.at == begin {
				return nil, p.fail(p.at, `unexpected '('`)
			}
			return p.call(p.s[begin:p.at], begin)
		case ' ':
			return nil, p.fail(p.at, "a blank in a name; write ['a name']")
		}
	}
	if where == inFilter && (p.is('&') || p.is('|')) {
		return nil, p.fail(p.at, "put a blank before && and ||")
	}
	return name(p.s[begin:p.at]), true
}

// bracket reads [...].
func (p *parser) bracket() (step, bool) {
	open := p.at
	p.at++
	p.blanks()
	if p.at >= len(p.s) {
		return nil, p.fail(open, `"[" is not closed`)
	}
	switch c := p.s[p.at]; {
	case c == '\'' || c == '"':
		return p.quotedNames()
	case c == '*':
		p.at++
		p.blanks()
		if !p.took(']') {
			return nil, p.fail(p.at, `unexpected `+p.seen()+` where "]" should follow "*"`)
		}
		return wild{}, true
	case c == '?':
		return p.filter()
	case c == '-' || c == ':' || '0' <= c && c <= '9':
		return p.positions(open)
	}
	return nil, p.fail(p.at, "unexpected "+p.seen()+` in brackets; there may be a quoted name, a position, a slice, "*" or "?( )"`)
}

func (p *parser) quotedNames() (step, bool) {
	var all names
	for {
		p.blanks()
		if !p.is('\'') && !p.is('"') {
			return nil, p.fail(p.at, "unexpected "+p.seen()+" where a quoted name should be")
		}
		s, ok := p.quoted()
		if !ok {
			return nil, false
		}
		all = append(all, s)
		p.blanks()
		if p.took(']') {
			break
		}
		if !p.took(',') {
			return nil, p.fail(p.at, "unexpected "+p.seen()+` where "," or "]" should be`)
		}
	}
	if len(all) == 1 {
		return name(all[0]), true
	}
	return all, true
}

// positions reads [1], [1,2], [1:2] and their like, from the first position.
func (p *parser) positions(open int) (step, bool) {
	end := strings.IndexByte(p.s[p.at:], ']')
	if end < 0 {
		return nil, p.fail(open, `"[" is not closed`)
	}
	begin := p.at
	text := strings.TrimSpace(p.s[begin : begin+end])
	p.at += end + 1
	if strings.Contains(text, ":") {
		return p.sliced(text, begin)
	}
	var all indexes
	for part := range strings.SplitSeq(text, ",") {
		n, ok := p.position(strings.TrimSpace(part), begin)
		if !ok {
			return nil, false
		}
		all = append(all, n)
	}
	if len(all) == 1 {
		return index(all[0]), true
	}
	return all, true
}

func (p *parser) sliced(text string, at int) (step, bool) {
	from, to, _ := strings.Cut(text, ":")
	if strings.Contains(to, ":") {
		return nil, p.fail(at, "a slice has two ends and no step")
	}
	s := slice{noFrom: from == "", noStop: to == ""}
	if s.noFrom && s.noStop {
		return nil, p.fail(at, `a slice has at least one end; write "*" for everything`)
	}
	ok := true
	if !s.noFrom {
		s.from, ok = p.position(from, at)
	}
	if ok && !s.noStop {
		s.to, ok = p.position(to, at)
	}
	return s, ok
}

// position reads one integer of 32 bits.
func (p *parser) position(text string, at int) (int, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || text[0] == '+' {
		return 0, p.fail(at, strconv.Quote(clip(text))+" is not a position in an array")
	}
	return int(n), true
}

// quoted reads a string in the quotes that stand at p.at, single or double.
// A backslash takes the next character as it is, but for the escapes of JSON.
func (p *parser) quoted() (string, bool) {
	open, quote := p.at, p.s[p.at]
	p.at++
	for begin, escapes := p.at, false; p.at < len(p.s); p.at++ {
		switch p.s[p.at] {
		case quote:
			text := p.s[begin:p.at]
			p.at++
			if !escapes {
				return text, true
			}
			return p.unescaped(text, begin)
		case '\\':
			escapes = true
			p.at++
		}
	}
	return "", p.fail(open, "the quote is not closed")
}

func (p *parser) unescaped(s string, at int) (string, bool) {
	out := make([]rune, 0, len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r != '\\' {
			out = append(out, r)
			continue
		}
		r, size = utf8.DecodeRuneInString(s[i:])
		i += size
		switch short := strings.IndexRune("bfnrt", r); {
		case short >= 0:
			out = append(out, rune("\b\f\n\r\t"[short]))
		case r == 'u':
			n, err := strconv.ParseUint(s[i:min(i+4, len(s))], 16, 16)
			if err != nil || i+4 > len(s) {
				return "", p.fail(at+i, `\u needs four hexadecimal digits`)
			}
			out = append(out, rune(n))
			i += 4
		default:
			out = append(out, r)
		}
	}
	return joinSurrogates(out), true
}
