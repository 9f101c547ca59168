package jsonpath

import (
	"strings"
	"unicode/utf16"

	"gatehouse/internal/value"
)

// joinSurrogates makes a string of runes that may be halves of pairs; a lone
// half becomes U+FFFD.
func joinSurrogates(runes []rune) string {
	var b strings.Builder
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		if utf16.IsSurrogate(r) && i+1 < len(runes) && utf16.IsSurrogate(runes[i+1]) {
			if pair := utf16.DecodeRune(r, runes[i+1]); pair != '\uFFFD' {
				r = pair
				i++
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// literal reads a value written in a filter or argument: JSON, with strings in
// either quotes.
func (p *parser) literal() (value.Value, bool) {
	p.blanks()
	if p.at >= len(p.s) {
		return value.Value{}, p.fail(p.at, "the path ends where a value should be")
	}
	switch c := p.s[p.at]; {
	case c == '\'' || c == '"':
		s, ok := p.quoted()
		return value.MakeString(s), ok
	case c == '[':
		return p.arrayLiteral()
	case c == '{':
		return p.objectLiteral()
	case c == '-' || c == '.' || '0' <= c && c <= '9':
		return p.number()
	}
	for word, v := range words {
		if strings.HasPrefix(p.s[p.at:], word) {
			p.at += len(word)
			return v, true
		}
	}
	return value.Value{}, p.fail(p.at, "unexpected "+p.seen()+" where a value should be")
}

var words = map[string]value.Value{"true": value.MakeBool(true), "false": value.MakeBool(false), "null": value.MakeNull()}

// number reads a number as Java's BigDecimal does: 1. and .5 and 007 count.
func (p *parser) number() (value.Value, bool) {
	begin := p.at
	for p.at < len(p.s) && (strings.IndexByte("-.eE", p.s[p.at]) >= 0 || '0' <= p.s[p.at] && p.s[p.at] <= '9' ||
		p.s[p.at] == '+' && (p.s[p.at-1]|0x20) == 'e') {
		p.at++
	}
	text, ok := jsonNumber(p.s[begin:p.at])
	if !ok {
		return value.Value{}, p.fail(begin, p.s[begin:p.at]+" is not a number")
	}
	v, err := value.MakeNumber(text)
	if err != nil {
		return value.Value{}, p.fail(begin, err.Error())
	}
	return v, true
}

// jsonNumber writes what BigDecimal reads as a JSON number: with a digit on
// both sides of the point and no superfluous sign or zero before them.
func jsonNumber(s string) (string, bool) {
	sign := ""
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = "-", s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	mantissa, exponent := s, ""
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		mantissa, exponent = s[:e], s[e:]
		if len(strings.TrimLeft(exponent[1:], "+-")) < len(exponent)-2 || !onlyDigits(strings.TrimLeft(exponent[1:], "+-")) || strings.TrimLeft(exponent[1:], "+-") == "" {
			return "", false
		}
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !onlyDigits(whole) || !onlyDigits(fraction) {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if point && fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + exponent, true
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (p *parser) arrayLiteral() (value.Value, bool) {
	if !p.enter() {
		return value.Value{}, false
	}
	defer p.leave()
	open := p.at
	p.at++
	var all []value.Value
	for p.blanks(); !p.took(']'); p.blanks() {
		if len(all) > 0 && !p.took(',') {
			return value.Value{}, p.fail(p.at, "unexpected "+p.seen()+` where "," or "]" should be`)
		}
		if p.at >= len(p.s) {
			return value.Value{}, p.fail(open, `"[" is not closed`)
		}
		v, ok := p.literal()
		if !ok {
			return value.Value{}, false
		}
		all = append(all, v)
	}
	return value.MakeArray(all...), true
}

func (p *parser) objectLiteral() (value.Value, bool) {
	if !p.enter() {
		return value.Value{}, false
	}
	defer p.leave()
	open := p.at
	p.at++
	var all []value.Member
	for p.blanks(); !p.took('}'); p.blanks() {
		if len(all) > 0 && !p.took(',') {
			return value.Value{}, p.fail(p.at, "unexpected "+p.seen()+` where "," or "}" should be`)
		}
		if p.blanks(); p.at >= len(p.s) {
			return value.Value{}, p.fail(open, `"{" is not closed`)
		}
		if !p.is('"') && !p.is('\'') {
			return value.Value{}, p.fail(p.at, "unexpected "+p.seen()+" where a quoted name should be")
		}
		name, ok := p.quoted()
		if !ok {
			return value.Value{}, false
		}
		if p.blanks(); !p.took(':') {
			return value.Value{}, p.fail(p.at, "unexpected "+p.seen()+` where ":" should be`)
		}
		v, ok := p.literal()
		if !ok {
			return value.Value{}, false
		}
		all = append(all, value.Member{Name: name, Value: v})
	}
	return value.MakeObject(all...), true
}
