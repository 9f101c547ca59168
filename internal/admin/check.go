package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A Check is one condition of readiness. Its name is a word: it stands in a
// line of the answer and in ?exclude=NAME.
type Check struct {
	Name string
	// Probe returns why the condition does not hold, nil when it does. It has
	// ctx's time to do so, and does not run twice at once. The error is shown to
	// whoever may reach the admin listener.
	Probe func(ctx context.Context) error
}

// probeTime bounds a probe. Kubernetes gives a whole readiness call one second
// unless told otherwise.
const probeTime = 900 * time.Millisecond

// checker runs a Check for any number of callers: those that come while a
// probe runs share its result, so that a probe that hangs holds one goroutine.
type checker struct {
	Check
	mu  sync.Mutex
	now *flight
}

type flight struct {
	done chan struct{}
	err  error
}

var errSlow = fmt.Errorf("no answer within %v", probeTime)

// run probes, and waits until ctx ends at the latest.
func (c *checker) run(ctx context.Context) error {
	f := c.join()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return errSlow
	}
}

func (c *checker) join() *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil {
		c.now = &flight{done: make(chan struct{})}
		go c.fly(c.now)
	}
	return c.now
}

func (c *checker) fly(f *flight) {
	// Not the caller's context: others wait for the same result.
	ctx, cancel := context.WithTimeout(context.Background(), probeTime)
	defer cancel()
	f.err = errors.New("the probe panicked")
	defer func() {
		if p := recover(); p != nil {
			f.err = fmt.Errorf("the probe panicked: %v", p)
		}
		c.mu.Lock()
		c.now = nil
		c.mu.Unlock()
		close(f.done)
	}()
	f.err = c.Probe(ctx)
}

// A result is one line of an answer.
type result struct {
	name     string
	err      error
	excluded bool
}

// probe runs all checks but the excluded ones side by side and returns their
// results in order.
func probe(ctx context.Context, checks []*checker, excluded map[string]bool) (all []result, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	all = make([]result, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		all[i] = result{name: c.Name, excluded: excluded[c.Name]}
		if !all[i].excluded {
			wg.Go(func() { all[i].err = c.run(ctx) })
		}
	}
	wg.Wait()
	ok = true
	for i := range all {
		ok = ok && all[i].err == nil
	}
	return all, ok
}

// longestReason bounds a line of an answer.
const longestReason = 1 << 10

// oneLine makes a line of any text: what a check or a plan says may quote what
// a user configured.
func oneLine(text string) string {
	if len(text) > longestReason {
		text = text[:longestReason] + "..."
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7F && r <= 0x9F || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, text)
}
