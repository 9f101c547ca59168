package store

import "time"

// A Pace lets requests in between the pieces of long work that nobody waits
// for, such as reading the whole store. Where there is one core, the scheduler
// looks at the network only when nothing can run, or every 10 ms: while such
// work goes on, each read and write of a request would wait that long. The zero
// value is ready; it belongs to the goroutine that works.
type Pace struct{ since time.Time }

// turn is how long work goes on, and how long it then rests. The poller of the
// scheduler counts in milliseconds: a shorter rest would not be one.
const turn = time.Millisecond

// Step is called after each piece, and rests when a turn is over. A visit of
// Scan may call it.
func (p *Pace) Step() {
	switch now := time.Now(); {
	case p.since.IsZero():
		p.since = now
	case now.Sub(p.since) >= turn:
		time.Sleep(turn)
		p.since = time.Now()
	}
}
