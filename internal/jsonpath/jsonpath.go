// Package jsonpath evaluates JSONPath in the dialect of Jayway's Java library,
// which AWS uses in $input.path, $input.json and body mappings:
// $.store.book[?(@.price < 10)].title.
//
// A path is definite if every step can find one value at most: the answer is
// then that value, or nothing. Any other path answers an array, possibly
// empty. A step that needs an object or array where the definite beginning of
// a path leads to something else finds nothing, and so the whole path does,
// even if a later step is indefinite.
//
// The grammar: $ (document) or @ (the filtered value; outside of filters the
// document), then
//
//	.name ['name'] ["name"]   a member
//	['a','b']                 at the end: an object of those that are there; before: each
//	[0] [-1]                  an element, from the end below 0
//	[0,2]                     several
//	[1:3] [1:] [:2] [-2:]     a slice
//	* [*]                     all members or elements
//	..                        the next step at every depth
//	[?(expression)]           the elements, or the object itself, that satisfy it
//	.f() .f(args)             min max avg stddev sum, length size, keys, concat, append, first last index
//
// An expression joins conditions by ! && || and parentheses. A condition is a
// path, which asks for existence (null exists), or two operands around one of
// == != === !== < <= > >= =~ in nin subsetof anyof noneof contains size empty.
// Operands are paths, 'strings', "strings", numbers, true, false, null,
// [arrays], {objects} and, for =~, /patterns/ with flags.
//
// # What Jayway does and reads like a mistake, but is kept
//
// max() of negative numbers alone is 4.9E-324. A string equals a number if it
// is its text ('1' == 1), but a number equals a string by what that denotes
// (1 == '1.0'). In arrays 1 and 1.0 differ under ==. An array literal on the
// left of == equals nothing. A missing or null value matches a pattern that
// the empty string matches. A relation that an operand's kind does not fit
// (in with a string on its right) makes the whole expression false, under !
// too. A slice with two ends takes a negative one as a position before the
// array, except that elements below 0 count from the end: [1:-1] is empty,
// [-3:-1] is two elements, [-1:1] is the last and the first. A function behind
// a path that begins with .. gets all that it finds ($..price.sum()), and
// length() then counts the children of the found values. A path that begins
// with $ and stands alone in a filter asks whether the item has it, not the
// document. With ".." before a
// filter, an array must satisfy the filter itself before its elements are
// asked, and elements that are objects are asked again by themselves.
//
// # Deviations from Jayway 2.9.0
//
// Where Jayway fails for reasons of its implementation, a value is answered;
// where it answers something that nobody can mean, the path is refused.
//
//   - Numbers keep their text, where Jayway shows and compares doubles.
//   - Behind "..", a step and what follows it select what they select
//     elsewhere: $..*.a, $..[0,1].a, $..[-1].a, $..[0].a.b. Jayway 2.9.0
//     loses or adds results there, 2.4.0 ignores the index.
//   - last() and index(-1) work on an array of one element; empty works on
//     objects; relations work on arrays that hold arrays or objects; strings
//     in arrays are strings, even if they look like a path or like JSON.
//   - length(path) counts the children of what the path finds; Jayway does so
//     only if it is indefinite. concat writes arrays and objects as JSON.
//   - A step behind a function goes on from its result, and only what the last
//     step finds is answered; keys() gives an array.
//   - append() leaves the document as it was.
//   - In filters, functions may have arguments, a filter may stand right behind
//     another bracket, and a word operator needs no blank behind it.
//   - Refused when compiled: unknown functions (Jayway: when evaluated), a
//     function right behind "..", slices with a step, "!" before a path that
//     is then compared (Jayway drops the "!"), && and || without a blank
//     before them (Jayway takes them into the name), the operators all, type,
//     matches and exists (which cannot match in a text), barewords in array
//     literals, text between a function's arguments that is neither path nor
//     JSON, placeholders [?].
//   - Patterns are RE2, anchored at both ends: no look-around and no
//     back-references unless Options.Regexp brings an engine that has them;
//     the flags i, m, s, d and u.
//
// Everything is bounded: the length and nesting of a path when it is compiled,
// the steps and results when it is evaluated. The bounds do not depend on time,
// so the same path and document always end the same way.
package jsonpath

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"gatehouse/internal/value"
)

// A Path is a compiled expression. It never changes, and any number of
// goroutines may evaluate it.
type Path struct {
	text  string
	chain chain
	plain bool
}

// A chain is a path's steps from where it begins.
type chain struct {
	fromRoot bool // begins with $
	steps    []step
	firm     int  // leading steps that are definite
	simple   bool // only single names and indexes
}

func newChain(fromRoot bool, steps []step) chain {
	c := chain{fromRoot: fromRoot, steps: steps, simple: true}
	for i, s := range steps {
		if c.firm == i && s.definite(i == len(steps)-1) {
			c.firm++
		}
		if _, ok := s.(single); !ok {
			c.simple = false
		}
	}
	return c
}

func (c *chain) definite() bool { return c.firm == len(c.steps) }

// Options change how paths are compiled. The zero Options are the usual ones.
type Options struct {
	// Regexp compiles the pattern and flags of =~ /pattern/flags. If it is
	// nil, package regexp does, and what RE2 does not have is refused.
	Regexp func(pattern, flags string) (Matcher, error)
}

// A Matcher is a compiled pattern. MatchString says whether the whole of s
// matches. It may be called concurrently, and bounds its own time.
type Matcher interface{ MatchString(s string) bool }

// Bounds of what is compiled.
const (
	maxText  = 16 << 10 // bytes
	maxDepth = 32       // filters, parentheses, negations and arguments within each other
)

// An Error says why a text is no path.
type Error struct {
	Path   string
	Column int // from 1, in characters
	Reason string
}

// Error returns the path, the place and the reason.
func (e *Error) Error() string {
	return fmt.Sprintf("path %q: column %d: %s", clip(e.Path), e.Column, e.Reason)
}

// Compile reads a path. A text that begins with neither $ nor @ is read as if
// "$." stood before it, as Jayway does. The error is an *Error.
func Compile(text string) (*Path, error) { return Options{}.Compile(text) }

// Compile is the function Compile with the options o.
func (o Options) Compile(text string) (*Path, error) {
	p := parser{options: o, s: text, plain: true}
	c, err := p.whole()
	if err != nil {
		return nil, err
	}
	return &Path{text: text, chain: c, plain: p.plain}, nil
}

// String returns the text that was compiled.
func (p *Path) String() string { return p.text }

// Definite says whether the path finds one value at most, which is then
// answered as it is; an indefinite path answers an array.
func (p *Path) Definite() bool { return p.chain.definite() }

// Plain says whether the path has neither ".." nor a filter, the only paths
// that HTTP APIs take in parameter mappings.
func (p *Path) Plain() bool { return p.plain }

// Limits bound one evaluation. A field of 0 means its default.
type Limits struct {
	Steps   int // values looked at, and one more for each 64 bytes compared; default 5,000,000 (some tenths of a second)
	Results int // values collected, also within filters; default 2,000,000
}

const (
	defaultSteps   = 5_000_000
	defaultResults = 2_000_000
)

// ErrLimit is wrapped by the error of an evaluation that went beyond its
// Limits.
var ErrLimit = errors.New("beyond the limit")

// Eval evaluates the path on a document within the default Limits. It returns
// false if a definite path leads nowhere. An error means that there is no
// answer at all: a function whose input has nothing to compute (the sum of no
// numbers), a filter on a number or string, or a bound.
func (p *Path) Eval(doc value.Value) (value.Value, bool, error) { return Limits{}.Eval(p, doc) }

// Eval is Path.Eval within the bounds l.
func (l Limits) Eval(p *Path, doc value.Value) (value.Value, bool, error) { return l.Spend(p, doc) }

// Spend is Eval that takes the steps which it needs from l, so that several
// evaluations share them. One is always left: 0 would be the default again.
func (l *Limits) Spend(p *Path, doc value.Value) (value.Value, bool, error) {
	if p.chain.simple { // bounded by the path's length; and the path of parameter mappings
		v := p.chain.follow(doc)
		return v, v.Kind() != value.Absent, nil
	}
	r := run{root: doc, budget: &budget{steps: orDefault(l.Steps, defaultSteps), results: orDefault(l.Results, defaultResults)}}
	v, err := r.read(&p.chain, doc, false)
	l.Steps = max(r.steps, 1)
	switch {
	case err == nil:
		return v, true, nil
	case errors.Is(err, errMissing):
		return value.Value{}, false, nil
	}
	return value.Value{}, false, fmt.Errorf("path %q: %w", clip(p.text), err)
}

func orDefault(n, standard int) int {
	if n <= 0 {
		return standard
	}
	return n
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}
