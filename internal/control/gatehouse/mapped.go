package gatehouse

import (
	"strings"

	"gatehouse/internal/flow"
	"gatehouse/internal/observe/trace"
)

// mapped is one parameter mapping that took effect.
type mapped struct {
	Side   *string `wire:"side"` // request or response
	Key    *string `wire:"key"`  // such as overwrite:header.x-tenant
	Before *string `wire:"before"`
	After  *string `wire:"after"` // absent: removed
}

// mappings gathers the mappings of a trail, note by note.
type mappings struct {
	list     []mapped
	answered bool // what comes now shapes the reply
	// before is what a request parameter was; nil where that is not known any
	// more.
	before func(key string) *string
}

func (m *mappings) add(what flow.Decision, a, b string) {
	switch what {
	case flow.BackendAnswer:
		m.answered = true
	case flow.Shaped:
		one := mapped{Side: ptr("request"), Key: ptr(strings.Clone(a)), After: text(trace.Value(what, a, b))}
		if m.answered {
			one.Side = ptr("response")
		} else if m.before != nil {
			one.Before = m.before(a)
		}
		m.list = append(m.list, one)
	}
}
