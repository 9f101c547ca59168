package metrics

import "sync/atomic"

// A budget is the number of series that one metric may have. The series named
// "(other)", which take what finds no room, come on top of it.
type budget struct {
	max     int64
	used    atomic.Int64
	refused atomic.Uint64 // how often something found no room
}

// take reserves one series and reports whether there was room.
func (b *budget) take() bool {
	if b.used.Add(1) <= b.max {
		return true
	}
	b.used.Add(-1)
	b.refused.Add(1)
	return false
}

// give returns n series.
func (b *budget) give(n int) { b.used.Add(int64(-n)) }

// seats tells which counters of an array are series of their own (admitted)
// and which are added to "(other)" when they are read (folded). What was
// decided at the first count stays, so that no series shrinks.
type seats struct {
	admitted, folded atomic.Uint64 // a bit a counter
}

// seat decides about counter i, at its first count.
func (s *seats) seat(i int, b *budget) {
	if b.take() {
		s.admitted.Or(1 << i)
	} else {
		s.folded.Or(1 << i)
	}
}

func has(mask uint64, i int) bool { return mask>>i&1 == 1 }
