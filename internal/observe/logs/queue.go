package logs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	chunkSize  = 64 << 10
	flushAfter = 100 * time.Millisecond
	// DefaultLimit is how much may wait to be written unless the options say
	// otherwise.
	DefaultLimit = 8 << 20
	// reportEvery is how often lost lines are worth a line of the process log.
	reportEvery = 10 * time.Second
	spareChunks = 4 // kept after a burst
	// maxRuns bounds what a chunk of many outputs keeps beside its bytes.
	maxRuns = 1 << 10
	// idleAfter is how long nothing has come before a queue is called idle.
	idleAfter = 10 * time.Second
)

// A queue holds lines between the goroutines that add them and the one that
// writes them, in chunks. What it may hold is bounded; lines that find no room
// are lost, counted, and told of by a goroutine of its own.
type queue struct {
	name    string       // begins what the process log says
	sink    func(*chunk) // writes a chunk, on the writer's goroutine
	idle    func()       // called there too when there was nothing to write for a while, and at the end; may be nil
	dropped func(int)
	process *slog.Logger

	mu     sync.Mutex
	fill   *chunk   // the chunk that lines are added to
	full   []*chunk // chunks to write, oldest first
	spare  []*chunk
	held   int // bytes of all chunks there are, the writer's own included
	max    int // of held
	closed bool

	some chan struct{} // fill is no longer empty
	most chan struct{} // there is a full chunk
	stop chan struct{} // close was called
	done chan struct{} // the writer has ended

	lost   atomic.Int64 // lines not yet reported
	failed atomic.Pointer[error]
	losing chan struct{} // there are lost lines to report
	quiet  chan struct{} // the reporter has ended
}

// A chunk is whole lines in the order in which they came.
type chunk struct {
	b    []byte
	runs []run // whose lines these are; empty where the queue has one output
}

// A run is successive lines for one output. It begins where the one before
// ends.
type run struct {
	to  *destination
	end int
}

func (c *chunk) reset() {
	c.b = c.b[:0]
	clear(c.runs) // a chunk that waits for use keeps no output alive
	c.runs = c.runs[:0]
}

func (c *chunk) add(to *destination, line []byte) {
	c.b = append(c.b, line...)
	if to == nil {
		return
	}
	if n := len(c.runs); n > 0 && c.runs[n-1].to == to {
		c.runs[n-1].end = len(c.b)
		return
	}
	c.runs = append(c.runs, run{to, len(c.b)})
}

// start readies a queue whose name, sink, dropped and process are set, and
// starts its goroutines. limit is in bytes; 0 means DefaultLimit.
func (q *queue) start(limit int) error {
	if limit == 0 {
		limit = DefaultLimit
	}
	if limit < 2*chunkSize {
		return fmt.Errorf("%s: buffer of %d bytes is too small: use at least %d", q.name, limit, 2*chunkSize)
	}
	if q.process == nil {
		q.process = slog.Default()
	}
	if q.dropped == nil {
		q.dropped = func(int) {}
	}
	q.max, q.held, q.fill = limit, chunkSize, newChunk(chunkSize)
	for _, c := range []*chan struct{}{&q.some, &q.most, &q.losing} {
		*c = make(chan struct{}, 1)
	}
	q.stop, q.done, q.quiet = make(chan struct{}), make(chan struct{}), make(chan struct{})
	go q.write()
	go q.report()
	return nil
}

func newChunk(size int) *chunk { return &chunk{b: make([]byte, 0, size)} }

// add copies a line, which ends in a line feed, or says that there is no room.
// to is nil where the queue has one output.
func (q *queue) add(to *destination, line []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if len(line) > chunkSize {
		return q.addLong(to, line)
	}
	if (len(q.fill.b)+len(line) > chunkSize || len(q.fill.runs) == maxRuns) && !q.turn() {
		return false
	}
	if len(q.fill.b) == 0 {
		signal(q.some)
	}
	q.fill.add(to, line)
	return true
}

// addLong queues a line that is longer than a chunk as one of its own, behind
// what came before it. The caller holds the lock.
func (q *queue) addLong(to *destination, line []byte) bool {
	// A chunk's worth stays free, or nothing could be turned any more.
	if q.held+len(line)+chunkSize > q.max || len(q.fill.b) > 0 && !q.turn() {
		return false
	}
	long := newChunk(len(line))
	long.add(to, line)
	q.held += cap(long.b)
	q.full = append(q.full, long)
	signal(q.most)
	return true
}

// turn queues the chunk that is full and begins another, if the bound allows.
// The caller holds the lock.
func (q *queue) turn() bool {
	next, ok := q.take()
	if !ok {
		return false
	}
	q.full = append(q.full, q.fill)
	q.fill = next
	signal(q.most)
	return true
}

func (q *queue) take() (*chunk, bool) {
	if n := len(q.spare); n > 0 {
		c := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return c, true
	}
	if q.held+chunkSize > q.max {
		return nil, false
	}
	q.held += chunkSize
	return newChunk(chunkSize), true
}

// give returns a written chunk.
func (q *queue) give(c *chunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if cap(c.b) != chunkSize {
		q.held -= cap(c.b)
		return
	}
	c.reset()
	q.spare = append(q.spare, c)
}

// trim gives back to the collector what a burst needed.
func (q *queue) trim() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.spare) > spareChunks {
		last := len(q.spare) - 1
		q.spare[last] = nil
		q.spare = q.spare[:last]
		q.held -= chunkSize
	}
}

// write is the writer: it sleeps until there is a line, gathers for flushAfter
// or until a chunk is full, and writes.
func (q *queue) write() {
	defer close(q.done)
	timer := time.NewTimer(flushAfter)
	timer.Stop()
	var rest <-chan time.Time // nil: nothing to be idle about
	for {
		select {
		case <-q.some:
			timer.Reset(flushAfter)
			select {
			case <-timer.C:
			case <-q.most:
			case <-q.stop:
			}
			timer.Stop()
		case <-q.most:
		case <-rest:
			rest = nil
			q.idle()
			continue
		case <-q.stop:
			q.flush()
			if q.idle != nil {
				q.idle()
			}
			return
		}
		q.flush()
		if q.idle != nil {
			rest = time.After(idleAfter)
		}
	}
}

// flush writes all that there is when it is called, and more if more comes.
func (q *queue) flush() {
	for {
		c := q.next()
		if c == nil {
			q.trim()
			return
		}
		q.sink(c)
		q.give(c)
	}
}

// next is the oldest chunk, or the unfinished one when no other waits.
func (q *queue) next() (c *chunk) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.full) > 0 {
		c = q.full[0]
		n := copy(q.full, q.full[1:])
		q.full[n] = nil
		q.full = q.full[:n]
		return c
	}
	if len(q.fill.b) == 0 {
		return nil
	}
	next, ok := q.take()
	if !ok {
		return nil
	}
	c, q.fill = q.fill, next
	return c
}

var newline = []byte{'\n'}

// fail notes lines that an output did not take. They are lost: to keep them
// would only lose later ones.
func (q *queue) fail(lines int, err error) {
	q.failed.Store(&err)
	q.lose(lines)
}

func (q *queue) lose(lines int) {
	if lines > 0 {
		q.dropped(lines)
		q.lost.Add(int64(lines))
	}
	signal(q.losing)
}

// report tells the process log about lost lines, on a goroutine of its own: the
// writer may be the one that is stuck.
func (q *queue) report() {
	defer close(q.quiet)
	for {
		select {
		case <-q.losing:
		case <-q.done:
			q.tell()
			return
		}
		q.tell()
		select {
		case <-time.After(reportEvery):
		case <-q.done:
		}
	}
}

func (q *queue) tell() {
	lines := q.lost.Swap(0)
	if err := q.failed.Swap(nil); err != nil {
		q.process.Error(q.name+": the output fails", "lost", lines, "error", *err)
		return
	}
	if lines > 0 {
		q.process.Warn(q.name+": lines lost because the output is slower than the traffic", "lost", lines)
	}
}

// Close writes what waits and ends the log; exchanges observed from then on are
// counted as dropped. It gives up when ctx ends, since an output may be stuck
// for ever; then the error says so and the lines still waiting are counted as
// dropped as well. It may be called more than once.
func (q *queue) Close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.stop)
	}
	q.mu.Unlock()
	select {
	case <-q.done:
		<-q.quiet
		return nil
	case <-ctx.Done():
	}
	lines := q.abandon()
	q.lose(lines)
	return fmt.Errorf("%s: %d lines not written: the output does not take them", q.name, lines)
}

// abandon empties the buffer and counts its lines.
func (q *queue) abandon() (lines int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.full {
		lines += bytes.Count(c.b, newline)
	}
	lines += bytes.Count(q.fill.b, newline)
	q.full = nil
	q.fill.reset()
	return lines
}

// signal wakes whoever waits on c, once for all signals that he has not seen.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
