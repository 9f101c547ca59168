package plan

import (
	"context"
	"iter"
	"sync/atomic"

	"gatehouse/internal/store"
)

// compacting is a store whose watches say that they fell behind while compact
// is set.
type compacting struct {
	store.Store
	compact atomic.Bool
}

func (c *compacting) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[store.Commit, error] {
	return func(yield func(store.Commit, error) bool) {
		for commit, err := range c.Store.Watch(ctx, prefix, after) {
			if c.compact.Load() {
				yield(store.Commit{}, store.ErrCompacted)
				return
			}
			if !yield(commit, err) {
				return
			}
		}
	}
}
