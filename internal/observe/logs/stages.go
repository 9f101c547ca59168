package logs

import (
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// StageOptions are the settings of the access logs of stages. Exactly one of
// Dir and Out is set.
type StageOptions struct {
	// Dir holds the files of the log groups, as ACCOUNT/REGION/NAME.log. It is
	// made when the first line is written.
	Dir string
	// MaxSize and Keep are for each file as OpenFile has them.
	MaxSize int64
	Keep    int
	// Out takes the lines of all stages as they are, whole ones, from one
	// goroutine. The log does not close it.
	Out io.Writer
	// Limit bounds in bytes what of all stages together waits to be written,
	// 128 KiB at least; 0 means DefaultLimit.
	Limit int
	// Dropped and Process are as in Options.
	Dropped func(lines int)
	Process *slog.Logger
}

// Stages writes the access logs that stages have for themselves. Stage binds
// one when a plan is compiled; Observe, among the sinks of the door, has the
// exchange's own written. Many stages may write to one log group.
//
// One goroutine writes for all, from one bounded buffer. At most 64 files are
// open; one that nothing was written to for a while is closed, and opened again
// for its next line. So a log that no stage has any more costs nothing, and
// nobody has to say that it is gone.
//
// All methods may be called concurrently.
type Stages struct {
	queue
	o       StageOptions
	scratch sync.Pool // of *entry
	one     *destination

	bound   sync.Mutex
	groups  map[string]weak.Pointer[destination] // by file
	formats map[string]weak.Pointer[Format]      // by text

	reopen atomic.Bool

	// The writer's own:
	opened []*destination
	gather []byte
}

// A destination is where some stages write.
type destination struct {
	path string // of the file; empty: Out

	// The writer's own:
	outlet
	file *File // nil: not open
	used time.Time
}

// maxOpen bounds the open files of all stages.
const maxOpen = 64

// entry is the memory to format one line in.
type entry struct{ line, scratch []byte }

// OpenStages starts the access logs of stages. Close ends them.
func OpenStages(o StageOptions) (*Stages, error) {
	if (o.Dir == "") == (o.Out == nil) {
		return nil, errors.New("access logs of stages: give either a directory or an output")
	}
	s := &Stages{
		queue: queue{name: "access logs of stages", dropped: o.Dropped, process: o.Process},
		o:     o, groups: map[string]weak.Pointer[destination]{}, formats: map[string]weak.Pointer[Format]{},
	}
	if o.Out != nil {
		s.one = &destination{outlet: outlet{out: o.Out}}
	}
	s.scratch.New = func() any { return &entry{line: make([]byte, 0, 1<<10)} }
	s.sink, s.idle = s.deliver, s.closeAll
	if err := s.start(o.Limit); err != nil {
		return nil, err
	}
	return s, nil
}

// Stage returns the log of a stage with that destination, the ARN of a log
// group, and that format. The error is one of CheckDestination or Compile;
// formats of REST APIs are taken as well.
func (s *Stages) Stage(arn, format string) (flow.Sink, error) {
	g, err := parseGroup(arn)
	if err != nil {
		return nil, err
	}
	f, err := s.format(format)
	if err != nil {
		return nil, err
	}
	return &stageLog{s, s.destination(g), f}, nil
}

// destination is that of a group, the same one as long as anybody holds it: a
// stage, a line that waits, or the writer that has its file open.
func (s *Stages) destination(g group) *destination {
	if s.one != nil {
		return s.one
	}
	path := filepath.Join(s.o.Dir, g.file())
	return share(&s.bound, s.groups, path, func() *destination { return &destination{path: path} })
}

func (s *Stages) format(text string) (f *Format, err error) {
	f = share(&s.bound, s.formats, text, func() *Format {
		var compiled *Format
		if compiled, err = Compile(text); err == nil {
			return compiled
		}
		// A variable of both kinds of API is the same one, so that it does not
		// matter whose stage has a format that both can have.
		rest, wrong := CompileREST(text)
		if wrong == nil {
			compiled, err = rest, nil
		}
		return compiled
	})
	return f, err
}

// share returns what the map has under key, or what make makes, unless that is
// nil. An entry goes when nobody holds its value any more.
func share[T any](mu *sync.Mutex, m map[string]weak.Pointer[T], key string, make func() *T) *T {
	mu.Lock()
	defer mu.Unlock()
	if v := m[key].Value(); v != nil {
		return v
	}
	v := make()
	if v == nil {
		return nil
	}
	m[key] = weak.Make(v)
	runtime.AddCleanup(v, func(key string) {
		mu.Lock()
		defer mu.Unlock()
		if w, ok := m[key]; ok && w.Value() == nil {
			delete(m, key)
		}
	}, key)
	return v
}

// Observe has an ended exchange written to its stage's log, if it has one.
func (s *Stages) Observe(x *flow.Exchange) {
	if x.Event.Log != nil && logged(x) {
		x.Event.Log.Observe(x)
	}
}

// logged reports what AWS writes: everything, errors included, but not a
// request that the gateway itself found too large (runtime 5.1; developer
// guide, "Configuring logging": "might not generate logs" for 413 and 431). A
// head that is too large has no stage and never gets here.
func logged(x *flow.Exchange) bool {
	f := x.Event.Fault
	return f == nil || f.Kind != gate.RequestTooLarge
}

// stageLog is one stage's log: a flow.Sink.
type stageLog struct {
	s      *Stages
	to     *destination
	format *Format
}

// maxScratch is how much memory one entry leaves behind for the next: one odd
// request is not to fill the pool with its size.
const maxScratch = 16 << 10

// Observe adds the entry of an ended exchange, or drops it where there is no
// room.
func (l *stageLog) Observe(x *flow.Exchange) {
	e := l.s.scratch.Get().(*entry)
	e.line, e.scratch = l.format.append(e.line[:0], e.scratch, x)
	if !l.s.add(l.to, e.line) {
		l.s.lose(1)
	}
	if cap(e.line)+cap(e.scratch) <= maxScratch {
		l.s.scratch.Put(e)
	}
}

// Reopen has all files opened anew for their next line: after somebody else
// has renamed them (logrotate, on SIGHUP). What no line comes for is let go of
// within 10 seconds.
func (s *Stages) Reopen() { s.reopen.Store(true) }
