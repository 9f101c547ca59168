package route

import (
	"fmt"
	"strings"
)

// pattern is a parsed path pattern: "/pets/{id}/{rest+}".
type pattern struct {
	segments []segment
	names    []string // of the parameters, in order
}

// segment is one step of a path: a text, a {parameter} that stands for one
// non-empty segment, or a {greedy+} one that stands for all that is left.
type segment struct {
	text string // the literal, or the parameter's name
	kind kind
}

type kind uint8

const (
	literal kind = iota
	param
	greedy
)

// MaxSegments bounds the segments of a pattern.
const MaxSegments = 64

// parse reads a path pattern. The root is one empty literal segment, as "/"
// splits into it; that leaves no special case for the matcher.
func parse(text string) (pattern, error) {
	var p pattern
	if !strings.HasPrefix(text, "/") {
		return p, fmt.Errorf("path %q: it must begin with a slash", text)
	}
	for part := range strings.SplitSeq(text[1:], "/") {
		if len(p.segments) == MaxSegments {
			return p, fmt.Errorf("path %q: more than %d segments", text, MaxSegments)
		}
		if n := len(p.segments); n > 0 && p.segments[n-1].kind == greedy {
			return p, fmt.Errorf("path %q: {%s+} takes all that follows, so nothing may follow it", text, p.segments[n-1].text)
		}
		s, err := parseSegment(part)
		if err != nil {
			return p, fmt.Errorf("path %q: %w", text, err)
		}
		if s.kind != literal {
			if err := p.bind(s.text); err != nil {
				return p, fmt.Errorf("path %q: %w", text, err)
			}
		}
		p.segments = append(p.segments, s)
	}
	return p, nil
}

func (p *pattern) bind(name string) error {
	for _, n := range p.names {
		if n == name {
			return fmt.Errorf("parameter {%s} stands twice", name)
		}
	}
	if len(p.names) == MaxParams {
		return fmt.Errorf("more than %d parameters", MaxParams)
	}
	p.names = append(p.names, name)
	return nil
}

func parseSegment(part string) (segment, error) {
	inner, opened := strings.CutPrefix(part, "{")
	if !opened {
		if at := strings.IndexAny(part, "{}?# \t"); at >= 0 {
			return segment{}, fmt.Errorf("segment %q: %q is not allowed in a literal segment", part, part[at])
		}
		return segment{part, literal}, nil
	}
	name, closed := strings.CutSuffix(inner, "}")
	if !closed {
		return segment{}, fmt.Errorf("segment %q: a parameter takes a whole segment and ends with }", part)
	}
	k := param
	if n, ok := strings.CutSuffix(name, "+"); ok {
		name, k = n, greedy
	}
	if name == "" || strings.Trim(name, nameChars) != "" {
		return segment{}, fmt.Errorf("segment %q: a parameter name is one or more of a-z, A-Z, 0-9, '.', '_', ':' and '-'", part)
	}
	return segment{name, k}, nil
}

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-"

// Methods are the methods that a route key may name, ANY included.
func Methods() []string {
	return []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "ANY"}
}

// Split reads a route key "METHOD /path" and checks both halves.
func Split(key string) (method, path string, err error) {
	method, path, ok := strings.Cut(key, " ")
	if !ok {
		return "", "", fmt.Errorf("route key %q: it has the form \"METHOD /path\"", key)
	}
	if !validMethod(method) {
		return "", "", fmt.Errorf("route key %q: unknown method %q: use one of %s", key, method, strings.Join(Methods(), ", "))
	}
	if _, err := parse(path); err != nil {
		return "", "", err
	}
	return method, path, nil
}

// Names are the parameters of a path pattern, in order, without the "+" of a
// greedy one.
func Names(path string) ([]string, error) {
	p, err := parse(path)
	return p.names, err
}

// concrete reports whether a request's method is one that ANY stands for on
// REST APIs (runtime 1.4).
func concrete(m string) bool {
	switch m {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return true
	}
	return false
}

func validMethod(m string) bool {
	for _, known := range Methods() {
		if m == known {
			return true
		}
	}
	return false
}
