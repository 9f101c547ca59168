package plan

import (
	"sync"
	"sync/atomic"
	"time"
)

// lazy is the routes of a stage that are compiled when somebody first needs
// them: a request, or the follower in the background. One compiles, the others
// wait. An installation of a million routes is ready when it knows its stages,
// and a stage that nobody calls right away costs its callers nothing.
type lazy struct {
	made atomic.Pointer[routes]
	mu   sync.Mutex
	make func() *routes // never nil; what fails to compile is broken routes
}

// loadAgain is how long a stage whose definition could not be read from the
// store answers 500 before somebody tries again.
const loadAgain = time.Second

func (l *lazy) get() *routes {
	if r := l.made.Load(); r != nil && !r.stale() {
		return r
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.made.Load()
	if r != nil && !r.stale() {
		return r
	}
	r = l.make()
	l.made.Store(r)
	if r.again.IsZero() {
		l.make = nil // it holds the deployment's head and the loader
	}
	return r
}

// stale reports whether it is time to read the definition again.
func (r *routes) stale() bool { return !r.again.IsZero() && time.Now().After(r.again) }

// staged reports whether variables of the stage stand in the routes, or may: it
// is not known before they are compiled, and what is compiled again is by the
// stage of then.
func (l *lazy) staged() bool {
	r := l.made.Load()
	return r == nil || !r.again.IsZero() || r.staged
}

// problems are what is known to be wrong with the routes: nothing before they
// are compiled.
func (l *lazy) problems() []Problem {
	if l == nil {
		return nil
	}
	if r := l.made.Load(); r != nil {
		return r.problems
	}
	return nil
}
