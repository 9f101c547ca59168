package control

import (
	"context"
	"sync"
)

// queues lets operations that lost a race over one thing go on one by one, so
// that ten parallel edits of an API are ten turns and not eight lost races.
// It only orders the goroutines of this node; the store's conflicts decide.
type queues struct {
	mu   sync.Mutex
	list map[string]*queue
}

type queue struct {
	turn    chan struct{} // holds one token while somebody has the turn
	waiting int           // those who wait or have the turn
}

// busy reports whether anybody waits there or has the turn.
func (q *queues) busy(name string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.list[name] != nil
}

// enter waits for the turn and returns what gives it back.
func (q *queues) enter(ctx context.Context, name string) (leave func(), err error) {
	q.mu.Lock()
	if q.list == nil {
		q.list = map[string]*queue{}
	}
	line := q.list[name]
	if line == nil {
		line = &queue{turn: make(chan struct{}, 1)}
		q.list[name] = line
	}
	line.waiting++
	q.mu.Unlock()
	select {
	case line.turn <- struct{}{}:
		return func() { <-line.turn; q.gone(name, line) }, nil
	case <-ctx.Done():
		q.gone(name, line)
		return nil, ctx.Err()
	}
}

func (q *queues) gone(name string, line *queue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if line.waiting--; line.waiting == 0 {
		delete(q.list, name)
	}
}
