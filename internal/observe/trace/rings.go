// Package trace keeps what became of the last exchanges, for people who ask
// why: a ring for each stage, in bounded memory, masked before it is kept.
package trace

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Options are the settings of Rings. Zero means the default.
type Options struct {
	All   bool // every exchange is kept, those that find no stage too: for development
	Bytes int  // of all records together; default 32 MiB
	Each  int  // records of one stage; default 1,000
	Now   func() time.Time
}

// The defaults.
const (
	DefaultBytes = 32 << 20
	DefaultEach  = 1000
)

// Bounds of what can be asked for.
const (
	MaxStages  = 100 // switched on at once
	MaxWaiting = 64  // callers that wait for the next record
)

// Errors of Switch and Wait.
var (
	ErrStages  = fmt.Errorf("%d stages are traced already, the most at once", MaxStages)
	ErrAll     = errors.New("this gateway traces every stage, always")
	ErrWaiting = fmt.Errorf("%d callers wait for traces already, the most at once", MaxWaiting)
)

// Rings keeps the records of all stages. It is a flow.Sink. All methods may be
// called concurrently.
type Rings struct {
	o      Options
	boot   string // of this process: sequence numbers of another one mean nothing
	trails flow.Trails
	pool   sync.Pool                                   // of *writer
	on     atomic.Pointer[map[gate.StageRef]time.Time] // until when; replaced, never changed

	mu             sync.Mutex
	rings          map[gate.StageRef]*ring
	oldest, newest *Record
	bytes          int
	seq            uint64
	changed        chan struct{} // closed by the next record; nil: nobody waits
	waiting        int
	closed         bool
}

// A ring is the records of one stage, in order.
type ring struct {
	ref         gate.StageRef
	first, last *Record
	n           int
}

// New makes Rings that keep nothing yet.
func New(o Options) *Rings {
	if o.Bytes == 0 {
		o.Bytes = DefaultBytes
	}
	if o.Each == 0 {
		o.Each = DefaultEach
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Rings{o: o, boot: rand.Text()[:8], rings: map[gate.StageRef]*ring{}}
	r.on.Store(&map[gate.StageRef]time.Time{})
	r.pool.New = func() any { return new(writer) }
	r.trails.Listen(o.All)
	return r
}

// Trails lends the door its trails while a ring is on.
func (r *Rings) Trails() *flow.Trails { return &r.trails }

// All reports that every exchange is kept.
func (r *Rings) All() bool { return r.o.All }

// Switch has the exchanges of a stage kept until then, or from now on no more
// where until is zero: what is kept already stays until it is pushed out. The
// error is ErrStages or ErrAll.
func (r *Rings) Switch(ref gate.StageRef, until time.Time) error {
	if r.o.All {
		return ErrAll
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	on := r.live(r.o.Now())
	if until.IsZero() {
		delete(on, ref)
	} else {
		on[ref] = until
	}
	if len(on) > MaxStages {
		return ErrStages
	}
	r.set(on)
	return nil
}

// On tells the stages that are switched on, and until when.
func (r *Rings) On() map[gate.StageRef]time.Time { return r.live(r.o.Now()) }

// live is a copy of what is switched on at a time.
func (r *Rings) live(now time.Time) map[gate.StageRef]time.Time {
	on := maps.Clone(*r.on.Load())
	maps.DeleteFunc(on, func(_ gate.StageRef, until time.Time) bool { return !now.Before(until) })
	return on
}

func (r *Rings) set(on map[gate.StageRef]time.Time) {
	r.on.Store(&on)
	r.trails.Listen(len(on) > 0)
}

// Observe keeps an ended exchange, if its stage is on.
func (r *Rings) Observe(x *flow.Exchange) {
	if x.Trail == nil {
		return // nobody listened when it began
	}
	var ref gate.StageRef
	if x.Stage != nil {
		ref = gate.StageRef{API: x.API.ID, Name: x.Stage.Name}
	}
	if !r.o.All && !r.wanted(ref, x.Start.Add(x.Event.Duration)) {
		return
	}
	w := r.pool.Get().(*writer)
	record := w.record(x)
	r.pool.Put(w)
	ref = gate.StageRef{API: gate.APIID(record.API), Name: gate.StageName(record.Stage)} // not the plan's strings
	r.keep(ref, record)
}

// wanted reports whether a stage is on. The first exchange behind the time of
// any stage switches that one off.
func (r *Rings) wanted(ref gate.StageRef, now time.Time) bool {
	on := *r.on.Load()
	for _, until := range on {
		if !now.Before(until) {
			r.mu.Lock()
			r.set(r.live(now))
			r.mu.Unlock()
			break
		}
	}
	until, ok := on[ref]
	return ok && now.Before(until)
}

// keep adds a record, pushes out what there is no more room for, and wakes who
// waits.
func (r *Rings) keep(ref gate.StageRef, c *Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.size > r.o.Bytes {
		return
	}
	g := r.rings[ref]
	if g != nil && g.n == r.o.Each {
		r.drop(g.first)
	}
	for r.bytes+c.size > r.o.Bytes {
		r.drop(r.oldest) // of whatever stage: the oldest of all is the oldest of its ring
	}
	if g = r.rings[ref]; g == nil {
		g = &ring{ref: ref}
		r.rings[ref] = g
	}
	r.seq++
	c.Seq, c.ring, c.older = r.seq, g, r.newest
	if r.newest != nil {
		r.newest.newer = c
	} else {
		r.oldest = c
	}
	r.newest = c
	if g.last != nil {
		g.last.next = c
	} else {
		g.first = c
	}
	g.last = c
	g.n++
	r.bytes += c.size
	r.wake()
}

// drop takes a record out of everything; it is the first of its ring.
func (r *Rings) drop(c *Record) {
	g := c.ring
	if g.first, g.n = c.next, g.n-1; g.n == 0 {
		delete(r.rings, g.ref)
	}
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		r.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		r.newest = c.older
	}
	c.older, c.newer, c.next, c.ring = nil, nil, nil, nil // readers may hold it, and nothing by it
	r.bytes -= c.size
}

func (r *Rings) wake() {
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// Close wakes all who wait, for good: the process ends.
func (r *Rings) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.wake()
}

// Held tells how many records are kept and what they take, in bytes.
func (r *Rings) Held() (records, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.rings {
		records += g.n
	}
	return records, r.bytes
}

// Since returns the records behind a cursor, oldest first, and the cursor that
// is behind all of them. An empty cursor, or one of another process, is before
// the first.
func (r *Rings) Since(cursor string) ([]*Record, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	after := r.after(cursor)
	var list []*Record
	for c := r.newest; c != nil && c.Seq > after; c = c.older {
		list = append(list, c)
	}
	slices.Reverse(list)
	return list, r.Cursor(r.seq)
}

// Cursor is the cursor behind a record.
func (r *Rings) Cursor(seq uint64) string { return fmt.Sprintf("%s-%d", r.boot, seq) }

func (r *Rings) after(cursor string) uint64 {
	rest, ok := strings.CutPrefix(cursor, r.boot+"-")
	if seq, err := strconv.ParseUint(rest, 10, 64); ok && err == nil {
		return seq
	}
	return 0
}

// Find returns the record of a request id, the newest if several have it, or
// nil.
func (r *Rings) Find(id string) *Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := r.newest; c != nil; c = c.older {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// Wait returns a channel that is closed when there is a record behind the
// cursor, and a function to call once the caller waits no more. The error is
// ErrWaiting.
func (r *Rings) Wait(cursor string) (<-chan struct{}, func(), error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.after(cursor) != r.seq {
		ready := make(chan struct{})
		close(ready)
		return ready, func() {}, nil
	}
	if r.waiting == MaxWaiting {
		return nil, nil, ErrWaiting
	}
	r.waiting++
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return r.changed, sync.OnceFunc(func() {
		r.mu.Lock()
		r.waiting--
		r.mu.Unlock()
	}), nil
}

// Closed reports that no further record will be waited for.
func (r *Rings) Closed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}
