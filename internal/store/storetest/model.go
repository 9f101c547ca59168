package storetest

import (
	"errors"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"gatehouse/internal/store"
)

// A model is the contract in its plainest form: a map and a list.
type model struct {
	s        store.Store
	reopen   func() store.Store
	start    uint64 // the revision before the first commit
	revision uint64
	docs     map[string]store.Doc
	log      []store.Commit
}

// walk lets rapid choose operations, does each to the driver and to the model,
// and compares.
func walk(t TB, open Open) {
	rapid.Check(t, func(t *rapid.T) {
		s, reopen := open(t, 0)
		m := &model{s: s, reopen: reopen, docs: map[string]store.Doc{}}
		m.start = revision(t, s)
		m.revision = m.start
		actions := map[string]func(*rapid.T){
			"commit": m.commit, "get": m.get, "list": m.list, "scan": m.scan, "watch": m.watch,
		}
		if reopen != nil {
			actions["reopen"] = func(*rapid.T) { m.s = m.reopen() }
		}
		t.Repeat(actions)
		m.compare(t)
	})
}

func anyKey() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "a/", "a/1", "a/2", "a/b/1", "a/b/2", "a0", "b", "b/1", "é", "z/\U0010ffff"})
}

func anyPrefix() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"", "a", "a/", "a/b/", "b", "z/", "none"})
}

// change draws a change that is mostly valid and whose base is often right.
func (m *model) change(t *rapid.T) store.Change {
	c := store.Change{Op: rapid.SampledFrom([]store.Op{store.Put, store.Put, store.Put, store.Delete, store.DeletePrefix, store.Check}).Draw(t, "op")}
	c.Key = anyKey().Draw(t, "key")
	if c.Op == store.DeletePrefix {
		c.Key = rapid.SampledFrom([]string{"a/", "a/b/", "b", "none"}).Draw(t, "prefix")
	}
	c.Base = rapid.SampledFrom([]uint64{m.docs[c.Key].Revision, m.docs[c.Key].Revision, store.Any, 0, m.revision}).Draw(t, "base")
	if c.Op == store.Put {
		c.Value = []byte(rapid.StringN(0, 20, 40).Draw(t, "value"))
	}
	return c
}

func (m *model) commit(t *rapid.T) {
	var changes []store.Change
	for range rapid.IntRange(1, 5).Draw(t, "changes") {
		changes = append(changes, m.change(t))
	}
	got, err := m.s.Commit(deadline(t), changes...)
	if store.Validate(changes) != nil {
		if err == nil || errors.Is(err, store.ErrConflict) {
			t.Fatalf("invalid commit %v: error %v", changes, err)
		}
		return
	}
	if want := m.conflict(changes); want != nil {
		var conflict *store.ConflictError
		if !errors.As(err, &conflict) || *conflict != *want || !errors.Is(err, store.ErrConflict) {
			t.Fatalf("commit %v: got %v, want %v", changes, err, want)
		}
		return
	}
	if err != nil {
		t.Fatalf("commit %v: %v", changes, err)
	}
	m.apply(t, changes, got)
}

func (m *model) conflict(changes []store.Change) *store.ConflictError {
	for _, c := range changes {
		found := m.docs[c.Key].Revision
		if c.Op != store.DeletePrefix && c.Base != store.Any && c.Base != found {
			return &store.ConflictError{Key: c.Key, Base: c.Base, Found: found}
		}
	}
	return nil
}

// apply does a commit that succeeded at the revision given.
func (m *model) apply(t TB, changes []store.Change, revision uint64) {
	seen := store.Commit{Revision: revision}
	for _, c := range changes {
		if c.Op == store.Put {
			m.docs[c.Key] = store.Doc{Key: c.Key, Value: c.Value, Revision: revision}
			seen.Changes = append(seen.Changes, store.Change{Op: store.Put, Key: c.Key, Value: c.Value})
			continue
		}
		for key := range m.docs {
			if c.Op == store.Delete && key == c.Key || c.Op == store.DeletePrefix && strings.HasPrefix(key, c.Key) {
				delete(m.docs, key)
				seen.Changes = append(seen.Changes, store.Change{Op: store.Delete, Key: key})
			}
		}
	}
	slices.SortFunc(seen.Changes, func(a, b store.Change) int { return strings.Compare(a.Key, b.Key) })
	switch {
	case len(seen.Changes) == 0 && revision != m.revision:
		t.Fatalf("commit %v changed nothing, but went from revision %d to %d", changes, m.revision, revision)
	case len(seen.Changes) > 0 && revision <= m.revision:
		t.Fatalf("commit %v went from revision %d to %d", changes, m.revision, revision)
	case len(seen.Changes) > 0:
		m.log = append(m.log, seen)
	}
	m.revision = revision
}

func (m *model) get(t *rapid.T) {
	key := anyKey().Draw(t, "key")
	got, err := m.s.Get(deadline(t), key)
	want, ok := m.docs[key]
	if !ok {
		fails(t, "get "+key, err, store.ErrNotFound)
		return
	}
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	same(t, "get "+key, want, got)
}

// sorted returns the documents with a prefix whose keys are above after.
func (m *model) sorted(prefix, after string) (docs []store.Doc) {
	for _, d := range m.docs {
		if strings.HasPrefix(d.Key, prefix) && d.Key > after {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b store.Doc) int { return strings.Compare(a.Key, b.Key) })
	return docs
}

func (m *model) list(t *rapid.T) {
	prefix, after := anyPrefix().Draw(t, "prefix"), rapid.OneOf(rapid.Just(""), anyKey()).Draw(t, "after")
	limit := rapid.IntRange(1, 5).Draw(t, "limit")
	got, revision, err := m.s.List(deadline(t), prefix, after, limit)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	want := m.sorted(prefix, after)
	same(t, "list", want[:min(limit, len(want))], got)
	same(t, "revision of list", m.revision, revision)
}

func (m *model) scan(t *rapid.T) { m.scanPrefix(t, anyPrefix().Draw(t, "prefix")) }

func (m *model) scanPrefix(t TB, prefix string) {
	var got []store.Doc
	revision, err := m.s.Scan(deadline(t), prefix, func(d store.Doc) error { got = append(got, d); return nil })
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	same(t, "scan", m.sorted(prefix, ""), got)
	same(t, "revision of scan", m.revision, revision)
}

// watch makes one more commit under its prefix, so that it knows what comes last.
func (m *model) watch(t *rapid.T) {
	prefix, after := anyPrefix().Draw(t, "prefix"), m.start
	if len(m.log) > 0 && rapid.Bool().Draw(t, "later") {
		after = rapid.SampledFrom(m.log).Draw(t, "after").Revision
	}
	mark := []store.Change{put(prefix+"mark", "", store.Any)}
	m.apply(t, mark, must(t, m.s, mark...))

	var want []store.Commit
	for _, c := range m.log {
		c.Changes = slices.DeleteFunc(slices.Clone(c.Changes), func(x store.Change) bool { return !strings.HasPrefix(x.Key, prefix) })
		if c.Revision > after && len(c.Changes) > 0 {
			want = append(want, c)
		}
	}
	same(t, "watch of "+prefix, want, until(t, m.s, prefix, after, m.revision))
}

func (m *model) compare(t TB) {
	m.scanPrefix(t, "")
	if m.reopen != nil {
		m.s = m.reopen()
		m.scanPrefix(t, "")
	}
}
