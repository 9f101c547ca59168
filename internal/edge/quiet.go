package edge

import (
	"runtime/debug"
	"sync/atomic"
	"time"
)

// quiet gives memory back to the system after many connections have gone to
// sleep at once. Their buffers are free by then, but a process that has nothing
// to do makes no garbage either, so nothing would collect them: ten thousand
// clients that each sent one request would hold their buffers for minutes.
type quiet struct {
	slept atomic.Int64 // connections that gave up their buffers since the last trim
	busy  atomic.Bool  // a trim is due or under way
}

const (
	// trimAfter is how many connections have to fall asleep to be worth a trim:
	// their buffers and stacks are some 16 MiB.
	trimAfter = 1000
	// trimDelay lets those that fell asleep a moment later take part, and is
	// the least time between two trims.
	trimDelay = 3 * time.Second
)

// note counts a connection that has gone to sleep.
func (q *quiet) note() {
	if q.slept.Add(1) >= trimAfter && q.busy.CompareAndSwap(false, true) {
		time.AfterFunc(trimDelay, q.trim)
	}
}

// trim collects twice: a pool's contents outlive the first collection.
func (q *quiet) trim() {
	q.slept.Store(0)
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	q.busy.Store(false)
}
