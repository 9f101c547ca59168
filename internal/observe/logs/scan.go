package logs

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/flow"
)

// scanned is a format taken apart: len(refs)+1 literals around the references.
type scanned struct {
	literals   []string
	refs       []scannedRef
	identified bool // a request id is among the variables
}

type scannedRef struct {
	value flow.Variable
	place place
}

const (
	sigil      = "$context."
	wideSigil  = "${context."
	maxSuggest = 80 // longest name, in bytes, that is compared with others
)

// scan finds the references of a format: $context.NAME, where NAME reaches as
// far as letters, digits, "_", "-" and "." do but ends in none of the latter
// two, or ${context.NAME}. A "$" before anything but a letter or a brace is
// text; before those it is a reference to something that an access log does not
// know.
func scan(text string, k *kind) (s scanned, err error) {
	from := 0
	for at := 0; ; {
		i := strings.IndexByte(text[at:], '$')
		if i < 0 {
			break
		}
		at += i
		name, end, err := reference(text, at)
		if err != nil {
			return s, err
		}
		if name == "" {
			at = end
			continue
		}
		v, ok := k.variable(name)
		if !ok || !segments(name) {
			return s, fmt.Errorf("access log format: $context.%s at byte %d is not a variable of %s%s", short(name), at+1, k.apis, suggest(name, k.names()))
		}
		s.identified = s.identified || name == "requestId" || name == "extendedRequestId"
		s.literals = append(s.literals, text[from:at])
		s.refs = append(s.refs, scannedRef{value: v})
		at, from = end, end
	}
	s.literals = append(s.literals, text[from:])
	return s, nil
}

// reference reads what begins with the "$" at i. Without a name it is text up
// to end.
func reference(text string, i int) (name string, end int, err error) {
	rest := text[i:]
	if name, ok := strings.CutPrefix(rest, sigil); ok {
		name = name[:nameEnd(name)]
		return nonEmpty(name, i, i+len(sigil)+len(name))
	}
	if body, ok := strings.CutPrefix(rest, wideSigil); ok {
		name = body[:nameEnd(body)]
		if len(name) == len(body) || body[len(name)] != '}' {
			return "", 0, fmt.Errorf("access log format: the reference at byte %d is not closed: write ${context.NAME}", i+1)
		}
		return nonEmpty(name, i, i+len(wideSigil)+len(name)+1)
	}
	if len(rest) > 1 && (isLetter(rest[1]) || rest[1] == '{') {
		word := rest[:1+nameEnd(rest[1:])]
		return "", 0, fmt.Errorf("access log format: %s at byte %d is not a $context variable: an access log knows only $context.NAME", short(word+suffix(rest)), i+1)
	}
	return "", i + 1, nil
}

// suffix is the brace of a reference in the wide form, for the message.
func suffix(rest string) string {
	if strings.HasPrefix(rest, "${") {
		return "{"
	}
	return ""
}

func nonEmpty(name string, i, end int) (string, int, error) {
	if name == "" {
		return "", 0, fmt.Errorf("access log format: $context at byte %d has no name: write $context.NAME", i+1)
	}
	return name, end, nil
}

// nameEnd is the length of the name that s begins with. A full stop or a hyphen
// behind it is the text's.
func nameEnd(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isLetter(c), isDigit(c), c == '_':
			n = i + 1
		case c != '.' && c != '-':
			return n
		}
	}
	return n
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// segments reports a name without empty parts, which not even an authorizer can
// make up.
func segments(name string) bool { return !slices.Contains(strings.Split(name, "."), "") }

// short is a word for a message.
func short(s string) string {
	if len(s) > maxSuggest {
		return s[:maxSuggest] + ellipsis
	}
	return s
}

// suggest names the variables that a misspelt name may have meant: the same
// letters in another case, or the nearest ones, at most three.
func suggest(name string, known []string) string {
	if len(name) > maxSuggest {
		return ""
	}
	least := len(name)/3 + 1
	var near []string
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		// "userAgent" is what people write for "identity.userAgent".
		if i := strings.LastIndexByte(k, '.'); i >= 0 && strings.EqualFold(name, k[i+1:]) {
			d = min(d, 1)
		}
		switch {
		case d < least:
			least, near = d, append(near[:0], "$context."+k)
		case d == least:
			near = append(near, "$context."+k)
		}
	}
	if len(near) == 0 {
		return ""
	}
	return ": did you mean " + strings.Join(near[:min(3, len(near))], " or ") + "?"
}

// distance is the number of letters to insert, delete or replace that turns a
// into b.
func distance(a, b string) int {
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
		}
		last, row = row, last
	}
	return last[len(b)]
}
