package route

import "iter"

// Params are the values of a pattern's parameters in the order of the pattern,
// as they stand in the path: still percent-encoded. The zero value is empty.
// The names belong to the tree; the values are views of the path.
type Params struct {
	n     int
	names []string // of the route that matched: two may call one segment by different names
	list  [MaxParams]string
}

// MaxParams bounds the parameters of one pattern; Add refuses more.
const MaxParams = 16

// Reset forgets all parameters.
func (p *Params) Reset() { p.n, p.names = 0, nil }

// All are the names and values of the parameters.
func (p *Params) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i, name := range p.names {
			if !yield(name, p.list[i]) {
				return
			}
		}
	}
}

// Value returns the parameter of that name.
func (p *Params) Value(name string) (string, bool) {
	for i := range p.names {
		if p.names[i] == name {
			return p.list[i], true
		}
	}
	return "", false
}

// push notes a value on the way down; pop takes back what was pushed since.
func (p *Params) push(value string) { p.list[p.n] = value; p.n++ }
func (p *Params) pop(to int)        { p.n = to }
