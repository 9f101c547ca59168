package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

func frozen(id string, n int) []gate.Route {
	routes := make([]gate.Route, n)
	for i := range routes {
		routes[i] = gate.Route{ID: gate.RouteID(fmt.Sprintf("%s-%06d", id, i)), Key: fmt.Sprintf("GET /%s/%d", id, i),
			Integration: &gate.Integration{URI: "http://h/" + strings.Repeat("x", 3500)}}
	}
	return routes
}

// freeze makes a deployment with its head, and calls meanwhile before it does.
func freeze(d *Desk, ref gate.DeploymentRef, routes []gate.Route, meanwhile func()) error {
	return d.Do(context.Background(), "", func(tx *Tx) error {
		text := []byte("the source of every one")
		sum := sha256.Sum256(text)
		source := gate.Chunk{Sum: hex.EncodeToString(sum[:]), Text: text}
		sums, err := tx.Freeze(ref, routes, []gate.Chunk{source})
		if err != nil {
			return err
		}
		if meanwhile != nil {
			meanwhile()
		}
		return tx.Set(gate.DeploymentKey(ref), gate.Deployment{API: ref.API, ID: ref.ID, Chunks: sums, Source: []string{source.Sum}})
	})
}

// missing counts the chunks that some head names and the store does not have.
func missing(t testing.TB, d *Desk) (named, missing int) {
	t.Helper()
	_, err := d.Store.Scan(context.Background(), gate.ServedPrefix, func(doc store.Doc) error {
		var head gate.Deployment
		if err := json.Unmarshal(doc.Value, &head); err != nil {
			return err
		}
		for _, sum := range slices.Concat(head.Chunks, head.Source) {
			named++
			if _, err := d.Store.Get(context.Background(), gate.ChunkKey(sum)); err != nil {
				missing++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return named, missing
}

// TestFreezeAndSweep holds that a collection takes what nothing names, and
// never what a commit beside it needs, with few chunks and with many.
func TestFreezeAndSweep(t *testing.T) {
	ctx := context.Background()
	for _, tc := range []struct {
		desc   string
		routes int
		many   bool
	}{
		{"Few chunks, each with a check.", 100, false},
		{"More chunks than one commit can check.", 3600, true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := newDesk(t)
			ref := gate.DeploymentRef{API: "a", ID: "1"}
			routes := frozen("a", tc.routes)
			sweep := func() (n int) {
				t.Helper()
				n, err := d.Sweep(ctx)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			swept, once := 0, sync.Once{}
			if err := freeze(d, ref, routes, func() { once.Do(func() { swept = sweep() }) }); err != nil {
				t.Fatal(err)
			}
			named, lost := missing(t, d)
			if lost > 0 || tc.many != (named > maxChecks) || tc.many != (swept == 0) {
				t.Errorf("%d chunks, %d lost, %d swept meanwhile", named, lost, swept)
			}
			if n := sweep(); n != 0 {
				t.Errorf("swept %d chunks that a head names", n)
			}
			// The same routes again use the same chunks.
			again := gate.DeploymentRef{API: "a", ID: "2"}
			if err := freeze(d, again, routes, nil); err != nil {
				t.Fatal(err)
			}
			if both, _ := missing(t, d); both != 2*named {
				t.Errorf("%d chunks are named", both)
			}
			for i, r := range []gate.DeploymentRef{ref, again} {
				if _, err := d.Store.Commit(ctx, store.Change{Op: store.Delete, Key: gate.DeploymentKey(r), Base: store.Any}); err != nil {
					t.Fatal(err)
				}
				if n, want := sweep(), i*named; n != want {
					t.Errorf("after %d deletions swept %d chunks, want %d", i+1, n, want)
				}
			}
		})
	}
}

// TestAHeadThatComesWhileASweepLooks is the other race: the head is committed
// after the collection read the heads, and before it deletes.
func TestAHeadThatComesWhileASweepLooks(t *testing.T) {
	d := newDesk(t)
	routes := frozen("a", 10)
	if err := freeze(d, gate.DeploymentRef{API: "a", ID: "1"}, routes, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Store.Commit(context.Background(), store.Change{Op: store.Delete, Key: gate.DeploymentKey(gate.DeploymentRef{API: "a", ID: "1"}), Base: store.Any}); err != nil {
		t.Fatal(err)
	}
	real := d.Store
	s := &between{Store: real}
	s.before = func() {
		s.before = nil
		d := &Desk{Store: real}
		if err := freeze(d, gate.DeploymentRef{API: "a", ID: "2"}, routes, nil); err != nil {
			t.Error(err)
		}
	}
	d.Store = s
	n, err := d.Sweep(context.Background())
	if _, lost := missing(t, d); err != nil || n != 0 || lost != 0 {
		t.Errorf("swept %d, lost %d, %v", n, lost, err)
	}
}

// between calls before ahead of the first commit that deletes.
type between struct {
	store.Store
	before func()
}

func (b *between) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	for _, c := range changes {
		if c.Op == store.Delete && b.before != nil {
			b.before()
		}
	}
	return b.Store.Commit(ctx, changes...)
}

// TestAHoldEnds holds that the hold of a deployment that never came is given up.
func TestAHoldEnds(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	err := d.Do(ctx, "", func(tx *Tx) error {
		if _, err := tx.Freeze(gate.DeploymentRef{API: "a", ID: "1"}, frozen("a", 3600), nil); err != nil {
			return err
		}
		return errors.New("the node dies")
	})
	if err == nil {
		t.Fatal("no error")
	}
	if n, err := d.Sweep(ctx); n != 0 || err != nil {
		t.Errorf("swept %d held chunks, %v", n, err)
	}
	key := holds + "a/1"
	doc, err := d.Store.Get(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(string(doc.Value), fmt.Sprint(time.Now().Year())+"-", "2001-", 1)
	if _, err := d.Store.Commit(ctx, store.Change{Op: store.Put, Key: key, Base: store.Any, Value: []byte(old)}); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Sweep(ctx); n < maxChecks || err != nil {
		t.Errorf("swept %d chunks, %v", n, err)
	}
	if _, err := d.Store.Get(ctx, key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the hold is left: %v", err)
	}
}
