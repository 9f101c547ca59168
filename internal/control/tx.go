package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
)

// A Tx is one run of an operation: it remembers at which revision it read each
// document, and its commit holds only if every one of them is still as it was
// read. So an operation is a func of what it read, and running it again is
// always right.
//
// A Tx belongs to one goroutine and one run.
type Tx struct {
	ctx     context.Context
	store   store.Store
	read    map[string]uint64
	changes []store.Change
	yields  []store.Change
}

// Do runs op and commits what it changed; after a conflict again, from the
// start, at most store.Attempts times in all, then it is a ConflictException.
// What is larger than a commit is a BadRequestException.
// Runs that lost a race over the same line (an API, say) take turns. An error
// of op ends it and changes nothing. A commit to the plane is awaited: Do
// returns when this node has handled it.
func (d *Desk) Do(ctx context.Context, line string, op func(*Tx) error) error {
	revision, plane, err := d.run(ctx, line, op)
	if err == nil && plane {
		d.await(ctx, revision)
	}
	return err
}

// View runs op once, for operations that only read. What it changes is lost.
func (d *Desk) View(ctx context.Context, op func(*Tx) error) error {
	return op(d.begin(ctx))
}

func (d *Desk) begin(ctx context.Context) *Tx {
	return &Tx{ctx: ctx, store: d.Store, read: map[string]uint64{}}
}

func (d *Desk) run(ctx context.Context, line string, op func(*Tx) error) (revision uint64, plane bool, err error) {
	leave := func() {}
	defer func() { leave() }()
	queued, first := false, true
	err = store.Retry(ctx, store.Attempts, func() error {
		if !queued && (!first || d.queues.busy(line)) {
			l, err := d.queues.enter(ctx, line)
			if err != nil {
				return fmt.Errorf("wait for the turn on %s: %w", line, err)
			}
			leave, queued = l, true
		}
		first = false
		t := d.begin(ctx)
		defer func() { d.litter.add(t.litter()) }()
		if err := op(t); err != nil {
			return err
		}
		plane = t.touches(gate.Plane)
		var err error
		revision, err = t.commit()
		return err
	})
	if errors.Is(err, store.ErrTooBig) {
		err = &wire.Error{Type: "BadRequestException", Status: 400, Err: err,
			Message: "The resource is larger than the 1 MiB that can be stored at once: shorten it or split it."}
	}
	if errors.Is(err, store.ErrConflict) {
		err = &wire.Error{Type: "ConflictException", Status: 409, Err: err,
			Message: "Unable to complete operation due to concurrent modification. Please try again later."}
	}
	return revision, plane, err
}

// Context is that of the operation.
func (t *Tx) Context() context.Context { return t.ctx }

// Load reads the document of a key into v, a pointer to a struct as Decode
// takes it, and reports whether there is one; what this run has changed already
// it finds as changed. The commit holds only if the
// document, or its absence, has not changed since.
func (t *Tx) Load(key string, v any) (found bool, err error) {
	if c := t.changed(key); c != nil {
		if c.Op == store.Delete || v == nil {
			return c.Op != store.Delete, nil
		}
		return true, Decode(c.Value, v)
	}
	revision, err := t.Peek(key, v)
	if err != nil {
		return false, err
	}
	t.read[key] = revision
	return revision != 0, nil
}

// Peek is Load without making the commit depend on what it finds, which it
// returns the revision of, 0 if there is nothing. It does not see the changes
// of this run.
func (t *Tx) Peek(key string, v any) (revision uint64, err error) {
	doc, err := t.store.Get(t.ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", key, err)
	}
	if v != nil {
		if err := Decode(doc.Value, v); err != nil {
			return 0, fmt.Errorf("document %s: %w", key, err)
		}
	}
	return doc.Revision, nil
}

// Scan visits all documents under a prefix at one revision. The commit does
// not depend on them.
func (t *Tx) Scan(prefix string, visit func(store.Doc) error) error {
	_, err := t.store.Scan(t.ctx, prefix, visit)
	return err
}

// Put writes a draft document. One that was not loaded must not exist.
func (t *Tx) Put(key string, v any) error {
	text, err := Encode(v)
	if err != nil {
		return err
	}
	t.change(store.Change{Op: store.Put, Key: key, Base: t.read[key], Value: text})
	return nil
}

// Set writes a document whatever stood there: one that follows from others
// which the commit depends on, such as a live stage from its draft.
func (t *Tx) Set(key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	t.change(store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text})
	return nil
}

// Delete removes a document: as it was loaded, or, if it was not, whatever
// stands there.
func (t *Tx) Delete(key string) {
	base := store.Any
	if r := t.read[key]; r != 0 {
		base = r
	}
	t.change(store.Change{Op: store.Delete, Key: key, Base: base})
}

// DeletePrefix removes all documents under a prefix.
func (t *Tx) DeletePrefix(prefix string) {
	t.change(store.Change{Op: store.DeletePrefix, Key: prefix})
}

// Yield removes a document if it is still at that revision, and leaves it
// otherwise: whoever has changed it since is to find it.
func (t *Tx) Yield(key string, revision uint64) {
	t.yields = append(t.yields, store.Change{Op: store.Delete, Key: key, Base: revision})
}

// Guard makes the commit depend on a document at a revision that was learned
// otherwise than by Load.
func (t *Tx) Guard(changes ...store.Change) { t.changes = append(t.changes, changes...) }

// change adds a change; a later one of the same key replaces the earlier.
func (t *Tx) change(c store.Change) {
	if old := t.changed(c.Key); old != nil && c.Op != store.DeletePrefix {
		*old = c
		return
	}
	t.changes = append(t.changes, c)
}

// changed is the change of a key in this run, or nil.
func (t *Tx) changed(key string) *store.Change {
	for i := range t.changes {
		if c := &t.changes[i]; c.Key == key && (c.Op == store.Put || c.Op == store.Delete) {
			return c
		}
	}
	return nil
}

// touches reports whether the commit changes something under a prefix.
func (t *Tx) touches(prefix string) bool {
	for _, c := range t.changes {
		if c.Op != store.Check && strings.HasPrefix(c.Key, prefix) {
			return true
		}
	}
	return false
}

// commit makes the changes, with a Check on each document that was only read.
func (t *Tx) commit() (uint64, error) {
	if len(t.changes) == 0 && len(t.yields) == 0 {
		return 0, nil
	}
	changes := append([]store.Change(nil), t.changes...)
	written := map[string]bool{}
	for _, c := range changes {
		written[c.Key] = c.Op != store.DeletePrefix
	}
	for key, revision := range t.read {
		if !written[key] {
			changes = append(changes, store.Change{Op: store.Check, Key: key, Base: revision})
		}
	}
	for {
		revision, err := t.store.Commit(t.ctx, append(changes, t.yields...)...)
		var c *store.ConflictError
		if !errors.As(err, &c) || !t.unyield(c.Key) {
			return revision, err
		}
	}
}

// unyield forgets the yield of a key and reports whether there was one.
func (t *Tx) unyield(key string) bool {
	for i, y := range t.yields {
		if y.Key == key {
			t.yields = append(t.yields[:i], t.yields[i+1:]...)
			return true
		}
	}
	return false
}
