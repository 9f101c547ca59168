package plan

import (
	"sync"
	"sync/atomic"
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

func (l *lazy) get() *routes {
	if r := l.made.Load(); r != nil {
		return r
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.made.Load()
	if r == nil {
		r = l.make()
		l.made.Store(r)
		l.make = nil // it holds the deployment's head and the loader
	}
	return r
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
