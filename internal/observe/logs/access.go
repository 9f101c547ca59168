// Package logs writes what happened: the access log, a JSON line an exchange,
// and the process log.
//
// The access log must neither slow an exchange nor allocate for it, so Observe
// formats into borrowed memory and copies the line into a bounded buffer; one
// goroutine writes the buffer out, a chunk a call. A sink that is slower than
// the traffic loses lines, which are counted and reported, and never a request.
package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/internal/flow"
)

const (
	chunkSize  = 64 << 10
	flushAfter = 100 * time.Millisecond
	// DefaultLimit is how much may wait to be written unless Options says
	// otherwise.
	DefaultLimit = 8 << 20
	// reportEvery is how often lost lines are worth a line of the process log.
	reportEvery = 10 * time.Second
	spareChunks = 4 // kept after a burst
)

// Options are the settings of an access log.
type Options struct {
	// Out takes whole lines, up to 64 KiB a call, from one goroutine. The log
	// does not close it.
	Out io.Writer
	// Limit bounds in bytes what waits to be written, 128 KiB at least; 0 means
	// DefaultLimit.
	Limit int
	// Dropped, when not nil, is told how many lines were lost. It is called on
	// the goroutine of an exchange too and must not block.
	Dropped func(lines int)
	// Process is the process log, which reports lost lines at most every 10
	// seconds. nil: slog.Default().
	Process *slog.Logger
}

// Access is an access log: a flow.Sink. Observe may be called by any number of
// goroutines.
type Access struct {
	out     io.Writer
	dropped func(int)
	process *slog.Logger
	format  format
	scratch sync.Pool // of *[]byte: one line

	mu     sync.Mutex
	fill   []byte   // the chunk that lines are added to
	full   [][]byte // chunks to write, oldest first
	spare  [][]byte
	chunks int // all there are, the writer's own included
	max    int
	closed bool

	some chan struct{} // fill is no longer empty
	most chan struct{} // there is a full chunk
	stop chan struct{} // Close was called
	done chan struct{} // the writer has ended

	lost   atomic.Int64 // lines not yet reported
	failed atomic.Pointer[error]
	losing chan struct{} // there are lost lines to report
	quiet  chan struct{} // the reporter has ended
	torn   bool          // the last write ended inside a line; the writer's own
}

// Open starts an access log. Close ends it.
func Open(o Options) (*Access, error) {
	if o.Out == nil {
		return nil, errors.New("access log: no output: give a file or standard output")
	}
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Limit < 2*chunkSize {
		return nil, fmt.Errorf("access log: buffer of %d bytes is too small: use at least %d", o.Limit, 2*chunkSize)
	}
	if o.Process == nil {
		o.Process = slog.Default()
	}
	if o.Dropped == nil {
		o.Dropped = func(int) {}
	}
	a := &Access{
		out: o.Out, dropped: o.Dropped, process: o.Process, format: compile(columns[:]),
		max: o.Limit / chunkSize, chunks: 1, fill: make([]byte, 0, chunkSize),
		some: make(chan struct{}, 1), most: make(chan struct{}, 1), losing: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}), quiet: make(chan struct{}),
	}
	a.scratch.New = func() any { b := make([]byte, 0, 1<<10); return &b }
	go a.write()
	go a.report()
	return a, nil
}

// Observe adds the line of an ended exchange, or drops it where there is no
// room.
func (a *Access) Observe(x *flow.Exchange) {
	line := a.scratch.Get().(*[]byte)
	*line = a.format.append((*line)[:0], x)
	if !a.add(*line) {
		a.lose(1)
	}
	if cap(*line) <= 4<<10 { // one odd request is not to fill the pool with its size
		a.scratch.Put(line)
	}
}

func (a *Access) add(line []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(line) > chunkSize {
		return false
	}
	if len(a.fill)+len(line) > chunkSize && !a.turn() {
		return false
	}
	if len(a.fill) == 0 {
		signal(a.some)
	}
	a.fill = append(a.fill, line...)
	return true
}

// turn queues the chunk that is full and begins another, if the bound allows.
// The caller holds the lock.
func (a *Access) turn() bool {
	next, ok := a.take()
	if !ok {
		return false
	}
	a.full = append(a.full, a.fill)
	a.fill = next
	signal(a.most)
	return true
}

func (a *Access) take() ([]byte, bool) {
	if n := len(a.spare); n > 0 {
		b := a.spare[n-1]
		a.spare = a.spare[:n-1]
		return b, true
	}
	if a.chunks == a.max {
		return nil, false
	}
	a.chunks++
	return make([]byte, 0, chunkSize), true
}

// give returns a written chunk.
func (a *Access) give(b []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.spare = append(a.spare, b[:0])
}

// trim gives back to the collector what a burst needed.
func (a *Access) trim() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.spare) > spareChunks {
		last := len(a.spare) - 1
		a.spare[last] = nil
		a.spare = a.spare[:last]
		a.chunks--
	}
}

// write is the writer: it sleeps until there is a line, gathers for flushAfter
// or until a chunk is full, and writes.
func (a *Access) write() {
	defer close(a.done)
	timer := time.NewTimer(flushAfter)
	timer.Stop()
	for {
		select {
		case <-a.some:
		case <-a.most:
			a.flush()
			continue
		case <-a.stop:
			a.flush()
			return
		}
		timer.Reset(flushAfter)
		select {
		case <-timer.C:
		case <-a.most:
		case <-a.stop:
		}
		timer.Stop()
		a.flush()
	}
}

// flush writes all that there is when it is called, and more if more comes.
func (a *Access) flush() {
	for {
		b := a.next()
		if b == nil {
			a.trim()
			return
		}
		a.put(b)
		a.give(b)
	}
}

// next is the oldest chunk, or the unfinished one when no other waits.
func (a *Access) next() (b []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.full) > 0 {
		b = a.full[0]
		a.full = a.full[:copy(a.full, a.full[1:])]
		return b
	}
	if len(a.fill) == 0 {
		return nil
	}
	next, ok := a.take()
	if !ok {
		return nil
	}
	b, a.fill = a.fill, next
	return b
}

// put writes one chunk. Lines that a failing sink did not take are lost: to
// keep them would only lose later ones.
func (a *Access) put(b []byte) {
	if a.torn {
		if _, err := io.WriteString(a.out, "\n"); err != nil {
			a.fail(bytes.Count(b, newline), err)
			return
		}
		a.torn = false
	}
	n, err := a.out.Write(b)
	if err == nil {
		return
	}
	n = min(max(n, 0), len(b))
	a.torn = n > 0 && b[n-1] != '\n'
	a.fail(bytes.Count(b[n:], newline), err)
}

var newline = []byte{'\n'}

func (a *Access) fail(lines int, err error) {
	a.failed.Store(&err)
	a.lose(lines)
}

func (a *Access) lose(lines int) {
	if lines > 0 {
		a.dropped(lines)
		a.lost.Add(int64(lines))
	}
	signal(a.losing)
}

// report tells the process log about lost lines, on a goroutine of its own: the
// writer may be the one that is stuck.
func (a *Access) report() {
	defer close(a.quiet)
	for {
		select {
		case <-a.losing:
		case <-a.done:
			a.tell()
			return
		}
		a.tell()
		select {
		case <-time.After(reportEvery):
		case <-a.done:
		}
	}
}

func (a *Access) tell() {
	lines := a.lost.Swap(0)
	if err := a.failed.Swap(nil); err != nil {
		a.process.Error("access log: the output fails", "lost", lines, "error", *err)
		return
	}
	if lines > 0 {
		a.process.Warn("access log: lines lost because the output is slower than the traffic", "lost", lines)
	}
}

// Close writes what waits and ends the log; exchanges observed from then on are
// counted as dropped. It gives up when ctx ends, since an output may be stuck
// for ever; then the error says so and the lines still waiting are counted as
// dropped as well. It may be called more than once.
func (a *Access) Close(ctx context.Context) error {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.stop)
	}
	a.mu.Unlock()
	select {
	case <-a.done:
		<-a.quiet
		return nil
	case <-ctx.Done():
	}
	lines := a.abandon()
	a.lose(lines)
	return fmt.Errorf("access log: %d lines not written: the output does not take them", lines)
}

// abandon empties the buffer and counts its lines.
func (a *Access) abandon() (lines int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range a.full {
		lines += bytes.Count(b, newline)
	}
	lines += bytes.Count(a.fill, newline)
	a.full, a.fill = nil, a.fill[:0]
	return lines
}

// signal wakes whoever waits on c, once for all signals that he has not seen.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
