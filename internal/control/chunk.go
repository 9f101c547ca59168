package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

// How chunks and the garbage collection keep out of each other's way
//
// A chunk is needed by every head that names it, and a chunk of an older
// deployment is used again by the next one. So there are two races.
//
// A collection deletes a chunk before the head that names it is committed: the
// head's commit carries a Check on each of its chunks, and fails. Where there
// are more chunks than one commit takes, their names are committed as a hold
// before the first of them is looked up, and a collection spares what is held.
//
// A head is committed after a collection looked and before it deletes: every
// commit of a head or a hold also writes epochKey, and each commit of
// deletions checks that this has not changed since the collection looked.
const (
	epochKey = "chunks/epoch"
	holds    = "chunks/hold/"

	// maxChecks leaves room in a commit for what else a deployment changes.
	maxChecks = 96
	// chunkBatch bounds the chunks of one commit; their size does so first.
	chunkBatch = 100
	// holdFor is how long a hold counts whose deployment never came.
	holdFor = time.Hour
)

type hold struct {
	Chunks []string  `json:"chunks"`
	Since  time.Time `json:"since"`
}

// Freeze writes the routes of a deployment as chunks and returns their sums,
// and writes the chunks of source, which the head is to name as its Source. The
// commit of t then holds only if all of them are there. The deployment's head is
// for the caller to Set, in the same t.
func (t *Tx) Freeze(ref gate.DeploymentRef, routes []gate.Route, source []gate.Chunk) (sums []string, err error) {
	chunks, err := gate.Split(routes)
	if err != nil {
		return nil, err
	}
	for _, c := range chunks {
		sums = append(sums, c.Sum)
	}
	all := slices.Clone(sums)
	for _, c := range source {
		all = append(all, c.Sum)
	}
	chunks = append(chunks, source...)
	many := len(chunks) > maxChecks
	if many {
		if err := t.hold(ref, all); err != nil {
			return nil, err
		}
	}
	checks, err := t.putChunks(chunks)
	if err != nil {
		return nil, err
	}
	if !many {
		t.Guard(checks...)
	}
	t.change(store.Change{Op: store.Put, Key: epochKey, Base: store.Any})
	return sums, nil
}

// hold commits the names of many chunks and makes t's commit end the hold.
func (t *Tx) hold(ref gate.DeploymentRef, sums []string) error {
	key := holds + string(ref.API) + "/" + string(ref.ID)
	text, err := json.Marshal(hold{sums, time.Now()})
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	revision, err := t.store.Commit(t.ctx,
		store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text},
		store.Change{Op: store.Put, Key: epochKey, Base: store.Any})
	if err != nil {
		return fmt.Errorf("hold %d chunks: %w", len(sums), err)
	}
	t.Guard(store.Change{Op: store.Delete, Key: key, Base: revision})
	return nil
}

// putChunks writes those that are not there yet and returns a Check on each.
func (t *Tx) putChunks(chunks []gate.Chunk) (checks []store.Change, err error) {
	var batch []store.Change
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		// A conflict means that somebody else has just put one of them: the
		// operation runs again and finds it.
		revision, err := t.store.Commit(t.ctx, batch...)
		if err != nil {
			return fmt.Errorf("write %d chunks: %w", len(batch), err)
		}
		for _, c := range batch {
			checks = append(checks, store.Change{Op: store.Check, Key: c.Key, Base: revision})
		}
		batch, size = nil, 0
		return nil
	}
	for _, c := range chunks {
		key := gate.ChunkKey(c.Sum)
		revision, err := t.Peek(key, nil)
		if err != nil {
			return nil, err
		}
		if revision != 0 {
			checks = append(checks, store.Change{Op: store.Check, Key: key, Base: revision})
			continue
		}
		if need := len(key) + len(c.Text); len(batch) == chunkBatch || size+need > store.MaxCommitBytes {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		batch = append(batch, store.Change{Op: store.Put, Key: key, Value: c.Text})
		size += len(key) + len(c.Text)
	}
	return checks, flush()
}
