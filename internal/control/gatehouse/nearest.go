package gatehouse

import (
	"slices"
	"strings"

	"gatehouse/internal/route"
)

// Bounds of a comparison. An API may have a hundred thousand routes and a
// person reads twenty.
const (
	maxShown = 20
	maxKept  = 200 // whose edit distance is worth computing
	maxText  = 256 // bytes of a path that count for likeness
)

// nearest keeps the candidates that are most like a request.
type nearest struct {
	method, path string
	kept         []likeness
	count        int
	best         likeness // once listed
}

type likeness struct {
	key    string
	why    route.Why
	shared int // leading bytes of the path that pattern and request share
	steps  int // edits from one path to the other
	order  int
}

func newNearest(method, path string) *nearest { return &nearest{method: method, path: cut(path)} }

// add takes one candidate. What is least like the request is forgotten from
// time to time, so that memory does not grow with the API.
func (n *nearest) add(key string, why route.Why) {
	_, path, _ := strings.Cut(key, " ")
	n.kept = append(n.kept, likeness{key: key, why: why, shared: shared(path, n.path), order: n.count})
	n.count++
	if len(n.kept) == 2*maxKept {
		n.trim(maxKept, roughly)
	}
}

// list is the best candidates, the one that matched first, and the number of
// those left out.
func (n *nearest) list() (shown []candidate, omitted *int32) {
	n.trim(maxKept, roughly)
	for i := range n.kept {
		_, path, _ := strings.Cut(n.kept[i].key, " ")
		n.kept[i].steps = distance(cut(path), n.path)
	}
	n.trim(maxShown, exactly)
	if len(n.kept) > 0 {
		n.best = n.kept[0]
	}
	for _, l := range n.kept {
		shown = append(shown, candidate{ptr(l.key), ptr(l.why == route.Matched), ptr(l.why.String())})
	}
	if more := int32(n.count - len(shown)); more > 0 {
		omitted = &more
	}
	return shown, omitted
}

func (n *nearest) trim(to int, less func(a, b likeness) int) {
	slices.SortFunc(n.kept, less)
	n.kept = n.kept[:min(len(n.kept), to)]
}

// rank orders findings: what matched, what matches but for the method, what
// matches as far as it goes, and what says something else.
func rank(w route.Why) int {
	switch w {
	case route.Matched, route.Outranked, route.MethodOther:
		return int(w)
	case route.TooShort, route.TooLong, route.EmptySegment:
		return int(route.TooShort)
	}
	return int(route.TooShort) + 1
}

// roughly compares without the edit distance.
func roughly(a, b likeness) int {
	if d := rank(a.why) - rank(b.why); d != 0 {
		return d
	}
	if d := b.shared - a.shared; d != 0 {
		return d
	}
	return a.order - b.order
}

func exactly(a, b likeness) int {
	if d := rank(a.why) - rank(b.why); d != 0 {
		return d
	}
	if d := a.steps - b.steps; d != 0 {
		return d
	}
	return roughly(a, b)
}

func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// likely is the key that the client may have meant, or "": its path differs in
// one or two letters.
func (n *nearest) likely() string {
	if b := n.best; b.why == route.SegmentOther && b.steps <= 2 && b.steps < len(n.path)-1 {
		return b.key
	}
	return ""
}

func cut(s string) string { return s[:min(len(s), maxText)] }

// distance is the number of letters to insert, delete or replace that turns a
// into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := before
			if a[i-1] != b[j-1] {
				cost++
			}
			before = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, cost)
		}
	}
	return row[len(b)]
}
