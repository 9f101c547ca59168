package route

// children are the literal children of a node. Nearly every node of a large
// tree has one or two, for which a list is a tenth of a map in memory and
// faster; many are kept in a map.
type children[T any] struct {
	few  []child[T]
	many map[string]*node[T]
}

type child[T any] struct {
	text string
	node *node[T]
}

// few is the most children that are kept in a list.
const few = 6

func (c *children[T]) get(text string) *node[T] {
	if c == nil {
		return nil
	}
	if c.many != nil {
		return c.many[text]
	}
	for i := range c.few {
		if c.few[i].text == text {
			return c.few[i].node
		}
	}
	return nil
}

func (c *children[T]) add(text string, n *node[T]) {
	if c.many == nil && len(c.few) < few {
		c.few = append(c.few, child[T]{text, n})
		return
	}
	if c.many == nil {
		c.many = make(map[string]*node[T], 2*few)
		for _, old := range c.few {
			c.many[old.text] = old.node
		}
		c.few = nil
	}
	c.many[text] = n
}
