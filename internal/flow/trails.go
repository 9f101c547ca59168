package flow

import (
	"sync"
	"sync/atomic"
)

// Trails lends Trails to exchanges while somebody listens, and costs one
// comparison while nobody does. The zero value lends none. All methods may be
// called concurrently, Take and Return on nil too.
type Trails struct {
	on   atomic.Bool
	pool sync.Pool
}

// Listen says whether Trails are lent from now on.
func (t *Trails) Listen(on bool) { t.on.Store(on) }

// Take returns an empty Trail, or nil while nobody listens.
func (t *Trails) Take() *Trail {
	if t == nil || !t.on.Load() {
		return nil
	}
	return t.lend()
}

func (t *Trails) lend() *Trail {
	if r, ok := t.pool.Get().(*Trail); ok {
		return r
	}
	return new(Trail)
}

// maxIdleArena is how much memory one Trail leaves behind for the next: one
// odd request is not to fill the pool with its size.
const maxIdleArena = 8 << 10

// Return takes a Trail back, which nobody may use any more. It does nothing
// with nil.
func (t *Trails) Return(r *Trail) {
	if t == nil || r == nil || cap(r.arena) > maxIdleArena {
		return
	}
	r.notes, r.arena, r.full = r.notes[:0], r.arena[:0], false
	t.pool.Put(r)
}
