package gatehouse

import (
	"gatehouse/internal/flow"
)

// mapped is one parameter mapping that took effect.
type mapped struct {
	Side   *string `wire:"side"`   // request or response
	Key    *string `wire:"key"`    // such as overwrite:header.x-tenant
	Before *string `wire:"before"` // absent: there was none
	After  *string `wire:"after"`  // what was put, or appended; absent: taken away
}

// corsNote is what a browser makes of a reply.
type corsNote struct {
	Origin  *string `wire:"origin"`
	Allowed *bool   `wire:"allowed"` // absent: the gateway has no say
	Why     *string `wire:"why"`     // the rule that allows it, or what is refused
}

// mappings gathers the mappings of a trail, note by note. The texts are as they
// may be shown.
type mappings struct {
	list     []mapped
	answered bool // what comes now shapes the reply
	key      string
	before   *string // of the key
}

func (m *mappings) add(what flow.Decision, a, b string) {
	switch what {
	case flow.BackendAnswer:
		m.answered = true
	case flow.ShapedFrom:
		m.key, m.before = a, &b
		return
	case flow.Shaped, flow.Dropped:
		one := mapped{Side: ptr("request"), Key: &a}
		if m.answered {
			one.Side = ptr("response")
		}
		if m.key == a {
			one.Before = m.before
		}
		if what == flow.Shaped {
			one.After = &b
		}
		m.list = append(m.list, one)
	}
	m.key, m.before = "", nil
}
