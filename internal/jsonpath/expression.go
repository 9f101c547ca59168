package jsonpath

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/value"
)

// An operand is one side of a condition.
type operand struct {
	path    *chain      // or nil
	literal value.Value // Absent if it is neither path nor literal
	pattern Matcher     // or nil
}

// filter reads ?(...)] from the question mark on.
func (p *parser) filter() (step, bool) {
	p.plain = false
	p.at++
	p.blanks()
	if !p.is('(') {
		return nil, p.fail(p.at, "unexpected "+p.seen()+`; a filter is written [?( ... )]`)
	}
	p.at++
	c, ok := p.or()
	if !ok {
		return nil, false
	}
	if p.blanks(); !p.took(')') {
		return nil, p.fail(p.at, "unexpected "+p.seen()+" in a filter")
	}
	if p.blanks(); !p.took(']') {
		return nil, p.fail(p.at, "unexpected "+p.seen()+` where "]" should close a filter`)
	}
	return filter{c}, true
}

func (p *parser) or() (condition, bool) {
	if !p.enter() {
		return nil, false
	}
	defer p.leave()
	return p.joined("||", p.and, func(all []condition) condition { return anyOf(all) })
}

func (p *parser) and() (condition, bool) {
	return p.joined("&&", p.term, func(all []condition) condition { return allOf(all) })
}

func (p *parser) joined(by string, part func() (condition, bool), join func([]condition) condition) (condition, bool) {
	var all []condition
	for {
		c, ok := part()
		if !ok {
			return nil, false
		}
		all = append(all, c)
		p.blanks()
		if !strings.HasPrefix(p.s[p.at:], by) {
			break
		}
		p.at += len(by)
	}
	if len(all) == 1 {
		return all[0], true
	}
	return join(all), true
}

// term reads a negation, a group or a condition.
func (p *parser) term() (condition, bool) {
	p.blanks()
	switch {
	case p.took('!'):
		return p.negated()
	case p.took('('):
		c, ok := p.or()
		if !ok {
			return nil, false
		}
		if p.blanks(); !p.took(')') {
			return nil, p.fail(p.at, "unexpected "+p.seen()+` where ")" should be`)
		}
		return c, true
	}
	return p.condition()
}

// negated reads what follows "!". Before a bare path it asks for absence;
// Jayway ignores it before a comparison, which is therefore refused.
func (p *parser) negated() (condition, bool) {
	if !p.enter() {
		return nil, false
	}
	defer p.leave()
	p.blanks()
	if !p.is('$') && !p.is('@') {
		c, ok := p.term()
		return not{c}, ok
	}
	at := p.at
	c, ok := p.path(inFilter)
	if !ok {
		return nil, false
	}
	if op, _, ok := p.operator(); !ok || op != "" {
		return nil, p.fail(at, `"!" before a comparison; write !( ... )`)
	}
	return exists{&c, false}, true
}

// condition reads a path that must exist, or a relation.
func (p *parser) condition() (condition, bool) {
	at := p.at
	left, ok := p.operand()
	if !ok {
		return nil, false
	}
	op, opAt, ok := p.operator()
	if !ok {
		return nil, false
	}
	if op == "" {
		if left.path == nil {
			return nil, p.fail(at, "a value without a comparison")
		}
		return exists{left.path, true}, true
	}
	relate, ok := relations[op]
	if !ok {
		return nil, p.fail(opAt, op+" is not an operator of filters")
	}
	right, ok := p.operand()
	if !ok {
		return nil, false
	}
	return relation{left, right, relate}, true
}

// operator reads an operator in lower case, or nothing if the condition ends.
func (p *parser) operator() (op string, at int, ok bool) {
	p.blanks()
	at = p.at
	if p.at >= len(p.s) || p.is(')') || p.is('&') || p.is('|') {
		return "", at, true
	}
	member := isWordByte
	if strings.IndexByte("<>=~!", p.s[at]) >= 0 {
		member = func(c byte) bool { return strings.IndexByte("<>=~!", c) >= 0 }
	}
	for p.at < len(p.s) && member(p.s[p.at]) {
		p.at++
	}
	if p.at == at {
		return "", at, p.fail(at, "unexpected "+p.seen()+" where an operator should be")
	}
	return strings.ToLower(p.s[at:p.at]), at, true
}

func isWordByte(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func (p *parser) operand() (operand, bool) {
	p.blanks()
	switch {
	case p.is('$') || p.is('@'):
		c, ok := p.path(inFilter)
		return operand{path: &c}, ok
	case p.is('/'):
		return p.pattern()
	}
	v, ok := p.literal()
	return operand{literal: v}, ok
}

// pattern reads /pattern/flags.
func (p *parser) pattern() (operand, bool) {
	open := p.at
	for p.at++; p.at < len(p.s) && p.s[p.at] != '/'; p.at++ {
		if p.s[p.at] == '\\' {
			p.at++
		}
	}
	if p.at >= len(p.s) {
		return operand{}, p.fail(open, "the pattern is not closed")
	}
	text := p.s[open+1 : p.at]
	if len(text) > maxPattern {
		return operand{}, p.fail(open, "the pattern is longer than "+strconv.Itoa(maxPattern)+" bytes")
	}
	p.at++
	begin := p.at
	for p.at < len(p.s) && strings.IndexByte("dixmsuU", p.s[p.at]) >= 0 {
		p.at++
	}
	compile := p.options.Regexp
	if compile == nil {
		compile = compileRE2
	}
	m, err := compile(text, p.s[begin:p.at])
	if err != nil {
		return operand{}, p.fail(open, err.Error())
	}
	return operand{pattern: m}, true
}

// Bounds of one pattern: a short text of repetitions makes a large program.
const (
	maxPattern = 1 << 10 // bytes
	maxProgram = 5000    // instructions of RE2
)

// An re2 is what Options.Regexp defaults to.
type re2 struct {
	*regexp.Regexp
	size int // instructions: the cost of a byte at the worst
}

// compileRE2 makes the matcher of a pattern. RE2 knows only \n as the end of a
// line (Java's flag d) and folds case beyond ASCII (u) in any case.
func compileRE2(pattern, flags string) (Matcher, error) {
	var known []byte
	for _, f := range []byte(flags) {
		switch f {
		case 'x', 'U':
			return nil, fmt.Errorf("pattern /%s/: the flag %c is not supported", clip(pattern), f)
		case 'i', 'm', 's':
			if !slices.Contains(known, f) {
				known = append(known, f)
			}
		}
	}
	group := "(?:"
	if len(known) > 0 {
		group = "(?" + string(known) + ":"
	}
	// By itself first: "a)|(b" would break out of the group.
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("pattern /%s/: %w", clip(pattern), err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("pattern /%s/: %w", clip(pattern), err)
	}
	if len(program.Inst) > maxProgram {
		return nil, fmt.Errorf("pattern /%s/: its repetitions make %d instructions, and at most %d are run", clip(pattern), len(program.Inst), maxProgram)
	}
	re, err := regexp.Compile(`\A` + group + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern /%s/: %w", clip(pattern), err)
	}
	return re2{re, len(program.Inst)}, nil
}

// match matches a text at a price that grows with the pattern's program.
func (r *run) match(m Matcher, s string) (bool, error) {
	if re, ok := m.(re2); ok {
		if err := r.charge(len(s) * re.size / 1024); err != nil {
			return false, err
		}
	}
	return m.MatchString(s), nil
}
