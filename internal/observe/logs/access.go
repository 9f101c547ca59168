// Package logs writes what happened: the access log, a JSON line an exchange,
// the access logs of single stages in formats of their own, and the process
// log.
//
// An access log must neither slow an exchange nor allocate for it, so Observe
// formats into borrowed memory and copies the line into a bounded buffer; one
// goroutine writes the buffer out, a chunk a call. A sink that is slower than
// the traffic loses lines, which are counted and reported, and never a request.
package logs

import (
	"errors"
	"io"
	"log/slog"
	"sync"

	"gatehouse/internal/flow"
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
	queue
	outlet  outlet // the writer's own
	format  *format
	scratch sync.Pool // of *[]byte: one line
}

// Open starts an access log. Close ends it.
func Open(o Options) (*Access, error) {
	if o.Out == nil {
		return nil, errors.New("access log: no output: give a file or standard output")
	}
	a := &Access{
		queue:  queue{name: "access log", dropped: o.Dropped, process: o.Process},
		outlet: outlet{out: o.Out}, format: compile(columns[:]),
	}
	a.scratch.New = func() any { b := make([]byte, 0, 1<<10); return &b }
	a.sink = func(c *chunk) { a.put(c.b) }
	if err := a.start(o.Limit); err != nil {
		return nil, err
	}
	return a, nil
}

// Observe adds the line of an ended exchange, or drops it where there is no
// room.
func (a *Access) Observe(x *flow.Exchange) {
	line := a.scratch.Get().(*[]byte)
	*line = a.format.append((*line)[:0], x)
	if !a.add(nil, *line) {
		a.lose(1)
	}
	if cap(*line) <= 4<<10 { // one odd request is not to fill the pool with its size
		a.scratch.Put(line)
	}
}

// put writes one chunk.
func (a *Access) put(b []byte) {
	if lost, err := a.outlet.put(b); err != nil {
		a.fail(lost, err)
	}
}
