package route

// Params are the values of a pattern's parameters in the order of the pattern,
// as they stand in the path: still percent-encoded. The zero value is empty.
// The names belong to the tree; the values are views of the path.
type Params struct {
	n    int
	list [MaxParams]Param
}

// A Param is one path parameter.
type Param struct{ Name, Value string }

// MaxParams bounds the parameters of one pattern; Add refuses more.
const MaxParams = 16

// Reset forgets all parameters.
func (p *Params) Reset() { p.n = 0 }

// All are the parameters. The slice is the Params' own.
func (p *Params) All() []Param { return p.list[:p.n] }

// Value returns the parameter of that name.
func (p *Params) Value(name string) (string, bool) {
	for i := range p.list[:p.n] {
		if p.list[i].Name == name {
			return p.list[i].Value, true
		}
	}
	return "", false
}

// push notes a value on the way down; pop takes back what was pushed since.
// The names are filled in by the leaf that matches, since two routes may call
// the same segment by different names.
func (p *Params) push(value string) { p.list[p.n].Value = value; p.n++ }
func (p *Params) pop(to int)        { p.n = to }

func (p *Params) name(names []string) {
	for i := range p.list[:p.n] {
		p.list[i].Name = names[i]
	}
}
