package route

import "strings"

// Why says what Walk found out about a candidate.
type Why uint8

// The findings, from the best to the worst.
const (
	Matched      Why = iota // this route answers
	Outranked               // it would match, but another comes first
	MethodOther             // the path matches, the method does not
	TooShort                // the path ends before the pattern does
	TooLong                 // the path goes on after the pattern's end
	SegmentOther            // a literal segment differs
	EmptySegment            // a parameter would have to be empty
)

// String says it in a few words.
func (w Why) String() string {
	switch w {
	case Matched:
		return "matched"
	case Outranked:
		return "would match, but a more specific route comes first"
	case MethodOther:
		return "the path matches, the method does not"
	case TooShort:
		return "the request path ends before the route's does"
	case TooLong:
		return "the request path goes on after the route's end"
	case SegmentOther:
		return "a literal segment differs"
	}
	return "a path parameter would be empty"
}

// Walk tells about every route why it does or does not answer method and
// path, in the order in which they were added. It looks at all of them: it is
// for a person who asks, not for the way of a request.
func (t *Tree[T]) Walk(method, path string, visit func(key string, why Why)) {
	won := t.winner(method, path)
	for i := range t.routes {
		r := &t.routes[i]
		why := r.judge(method, path, t.rules())
		if why == Matched && i != won {
			why = Outranked
		}
		visit(r.method+" "+r.path, why)
	}
}

// winner is the index of the route that Find would return, or -1. It runs Find
// on a tree of the same routes whose values are their indexes.
func (t *Tree[T]) winner(method, path string) int {
	twin := Tree[int]{RootGreedy: t.RootGreedy, LevelByLevel: t.LevelByLevel}
	for i, r := range t.routes {
		if err := twin.Add(r.method, r.path, i); err != nil {
			return -1 // unreachable: the same routes were added before
		}
	}
	var p Params
	if i, ok := twin.Find(method, path, &p); ok {
		return i
	}
	return -1
}

// rules are what judge has to know of a tree.
type rules struct{ rootGreedy, levelByLevel bool }

func (t *Tree[T]) rules() rules { return rules{t.RootGreedy, t.LevelByLevel} }

// judge compares one route with a request, without regard to other routes.
func (r *listed) judge(method, path string, how rules) Why {
	p, err := parse(r.path)
	if err != nil {
		return SegmentOther // unreachable: Add has parsed it
	}
	why := p.match(path, how)
	switch {
	case why != Matched:
	case r.method != "ANY" && r.method != method, how.levelByLevel && !concrete(method):
		return MethodOther
	}
	return why
}

func (p *pattern) match(path string, how rules) Why {
	rest, more := strings.CutPrefix(path, "/")
	for i, s := range p.segments {
		if !more {
			return TooShort
		}
		if s.kind == greedy {
			empty := rest == "" && !(how.rootGreedy && i == 0)
			if how.levelByLevel {
				empty = !something(rest)
			}
			if empty {
				return EmptySegment
			}
			return Matched
		}
		var head string
		head, rest, more = strings.Cut(rest, "/")
		switch {
		case s.kind == param && head == "":
			return EmptySegment
		case s.kind == literal && head != s.text:
			return SegmentOther
		}
	}
	if more {
		return TooLong
	}
	return Matched
}
