package trace

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Filter chooses records. The zero value chooses all.
type Filter struct{ terms []func(*Record) bool }

// Match reports whether every term of the filter holds for a record.
func (f Filter) Match(r *Record) bool {
	for _, t := range f.terms {
		if !t(r) {
			return false
		}
	}
	return true
}

// Bounds of a filter.
const (
	MaxFilter = 1 << 10 // bytes
	MaxTerms  = 32
)

// A FilterError says where a filter is not understood.
type FilterError struct {
	Column int // of the first character that is wrong, from 1, in characters
	Reason string
}

// Error is for the person who wrote the filter.
func (e *FilterError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Reason) }

// ParseFilter reads terms that are separated by blanks and must all hold:
//
//	status>=500 route:"POST /orders" latency>1s method:GET ip:10.0.0.0/8
//
// A term is a name, an operator and a value, which is put in double quotes
// where it holds a blank. Numbers, sizes and durations are compared with = != <
// <= > >=, and ":" is "="; texts with = != or ":", letter by letter, where "*"
// stands for any text; an address with a network. The error is a *FilterError.
func ParseFilter(text string) (Filter, error) {
	if len(text) > MaxFilter {
		return Filter{}, &FilterError{1, fmt.Sprintf("the filter is longer than %d bytes", MaxFilter)}
	}
	p := filterParser{text: text}
	var f Filter
	for p.blanks(); p.at < len(text); p.blanks() {
		if len(f.terms) == MaxTerms {
			return Filter{}, p.errorf(p.at, "a filter has at most %d terms", MaxTerms)
		}
		t, err := p.term()
		if err != nil {
			return Filter{}, err
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

// filterParser reads a filter from the left.
type filterParser struct {
	text string
	at   int
}

func (p *filterParser) errorf(at int, format string, args ...any) error {
	return &FilterError{utf8.RuneCountInString(p.text[:at]) + 1, fmt.Sprintf(format, args...)}
}

func (p *filterParser) blanks() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// term reads name, operator and value.
func (p *filterParser) term() (func(*Record) bool, error) {
	from := p.at
	for p.at < len(p.text) && ('a' <= p.text[p.at]|0x20 && p.text[p.at]|0x20 <= 'z') {
		p.at++
	}
	name := strings.ToLower(p.text[from:p.at])
	compile, ok := subject(name)
	if !ok {
		return nil, p.errorf(from, "%q is nothing to filter by: the names are %s", p.word(from), strings.Join(subjects(), ", "))
	}
	opAt := p.at
	op := p.operator()
	if op == "" {
		return nil, p.errorf(opAt, "%s needs an operator here: one of : = != < <= > >=", name)
	}
	valueAt := p.at
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	if value == "" {
		return nil, p.errorf(valueAt, "%s%s needs a value here", name, op)
	}
	t, err := compile(op, value)
	if err == errOperator {
		return nil, p.errorf(opAt, "%s is compared with : = and != only", name)
	}
	if err != nil {
		return nil, p.errorf(valueAt, "%v", err)
	}
	return t, nil
}

// word is the text from there to the next blank, for a message.
func (p *filterParser) word(from int) string {
	word, _, _ := strings.Cut(p.text[from:], " ")
	if utf8.RuneCountInString(word) > 40 {
		word = string([]rune(word)[:40]) + "..."
	}
	return word
}

func (p *filterParser) operator() string {
	for _, op := range [...]string{"!=", "<=", ">=", ":", "=", "<", ">"} {
		if strings.HasPrefix(p.text[p.at:], op) {
			p.at += len(op)
			return op
		}
	}
	return ""
}

// value reads up to the next blank, or what is in quotes, where a backslash
// makes the next character an ordinary one.
func (p *filterParser) value() (string, error) {
	if p.at == len(p.text) || p.text[p.at] != '"' {
		from := p.at
		for p.at < len(p.text) && p.text[p.at] != ' ' && p.text[p.at] != '\t' {
			p.at++
		}
		return p.text[from:p.at], nil
	}
	open := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			if p.at++; p.at < len(p.text) && p.text[p.at] != ' ' && p.text[p.at] != '\t' {
				return "", p.errorf(p.at, "a blank has to follow the closing quote")
			}
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf(open, "the quote that opens here is not closed")
}

// errOperator says that an operator does not fit its subject.
var errOperator = fmt.Errorf("the operator does not fit")

// A compiler makes a term of an operator and a value.
type compiler func(op, value string) (func(*Record) bool, error)

// subjects are the names that a filter knows, for messages.
func subjects() []string {
	return []string{"status", "latency", "backendlatency", "method", "route", "path", "host", "ip", "api", "stage", "id", "fault", "by", "target", "in", "out"}
}

func subject(name string) (compiler, bool) {
	switch name {
	case "status":
		return byStatus, true
	case "latency":
		return byNumber(duration, func(r *Record) int64 { return int64(r.Latency) }), true
	case "backendlatency":
		return byNumber(duration, func(r *Record) int64 { return int64(r.BackendLatency) }), true
	case "in":
		return byNumber(count, func(r *Record) int64 { return r.BytesIn }), true
	case "out":
		return byNumber(count, func(r *Record) int64 { return r.BytesOut }), true
	case "ip":
		return byAddress, true
	case "by":
		return byMaker, true
	}
	text, ok := map[string]func(*Record) string{
		"method": func(r *Record) string { return r.Method },
		"route":  func(r *Record) string { return r.Route },
		"path":   func(r *Record) string { return r.Path },
		"host":   func(r *Record) string { return r.Host },
		"api":    func(r *Record) string { return r.API },
		"stage":  func(r *Record) string { return r.Stage },
		"id":     func(r *Record) string { return r.ID },
		"fault":  func(r *Record) string { return r.Fault },
		"target": func(r *Record) string { return r.Backend },
	}[name]
	return byText(text), ok
}

// compare is the comparison of two numbers that an operator means.
func compare(op string, a, b int64) bool {
	c := cmp.Compare(a, b)
	switch op {
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return c == 0
}

func byNumber(parse func(string) (int64, error), of func(*Record) int64) compiler {
	return func(op, value string) (func(*Record) bool, error) {
		n, err := parse(value)
		if err != nil {
			return nil, err
		}
		return func(r *Record) bool { return compare(op, of(r), n) }, nil
	}
}

func duration(value string) (int64, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration: give something like 250ms or 1s", value)
	}
	return int64(d), nil
}

func count(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number of bytes", value)
	}
	return n, nil
}

// byStatus takes a status, or a class of them such as 5xx.
func byStatus(op, value string) (func(*Record) bool, error) {
	if len(value) == 3 && strings.EqualFold(value[1:], "xx") && '1' <= value[0] && value[0] <= '5' {
		class := int64(value[0] - '0')
		return func(r *Record) bool { return compare(op, int64(r.Status/100), class) }, nil
	}
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n > 999 {
		return nil, fmt.Errorf("%q is no status: give a number such as 502, or a class such as 5xx", value)
	}
	return func(r *Record) bool { return compare(op, int64(r.Status), int64(n)) }, nil
}

// byAddress takes an address or a network.
func byAddress(op, value string) (func(*Record) bool, error) {
	network, err := netip.ParsePrefix(value)
	if err != nil {
		ip, bad := netip.ParseAddr(value)
		if bad != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", value)
		}
		network = netip.PrefixFrom(ip.WithZone(""), ip.BitLen())
	}
	want, err := equality(op)
	return func(r *Record) bool {
		ip, err := netip.ParseAddr(r.Client)
		return (err == nil && network.Contains(ip.Unmap().WithZone(""))) == want
	}, err
}

func byMaker(op, value string) (func(*Record) bool, error) {
	makers := []Maker{ByClient, ByGateway, ByIntegration}
	i := slices.IndexFunc(makers, func(m Maker) bool { return strings.EqualFold(m.String(), value) })
	if i < 0 {
		return nil, fmt.Errorf("%q makes no errors: it is client, gateway or integration", value)
	}
	want, err := equality(op)
	return func(r *Record) bool { return (r.By == makers[i]) == want }, err
}

func byText(of func(*Record) string) compiler {
	return func(op, value string) (func(*Record) bool, error) {
		want, err := equality(op)
		return func(r *Record) bool { return glob(value, of(r)) == want }, err
	}
}

// equality tells whether an operator asks for equality, or for none.
func equality(op string) (bool, error) {
	switch op {
	case ":", "=":
		return true, nil
	case "!=":
		return false, nil
	}
	return false, errOperator
}

// glob reports whether s is pattern, in which "*" stands for any text. It takes
// time in proportion to the product of the lengths at worst, both bounded.
func glob(pattern, s string) bool {
	star, from := -1, 0
	i, j := 0, 0
	for i < len(s) {
		switch {
		case j < len(pattern) && pattern[j] == '*':
			star, from = j, i
			j++
		case j < len(pattern) && pattern[j] == s[i]:
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[j:], "*") == ""
}
