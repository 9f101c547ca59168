// Package observe joins what looks at ended exchanges. The readers themselves
// are its children: metrics and logs. None of them sees another.
package observe

import "gatehouse/internal/flow"

// Sinks reports each exchange to all of them, in order. It is made once, before
// the first listener opens, and not changed afterwards, so it may be used by
// any number of goroutines. No element is nil.
type Sinks []flow.Sink

// Observe tells every sink.
func (s Sinks) Observe(x *flow.Exchange) {
	for _, sink := range s {
		sink.Observe(x)
	}
}
