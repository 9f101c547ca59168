package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
)

// chunks counts those that are stored.
func chunks(t testing.TB, d *Desk) (n int) {
	t.Helper()
	_, err := d.Store.Scan(context.Background(), gate.ChunkPrefix, func(store.Doc) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTidy holds when chunks that nothing needs go: soon after the start, after an API
// was deleted, after many deployments were, and after a sweep that failed; and
// that what is needed stays.
func TestTidy(t *testing.T) {
	drop := func(t *testing.T, d *Desk, op func(*Tx)) {
		t.Helper()
		if err := d.Do(context.Background(), "", func(tx *Tx) error { op(tx); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	deploy := func(t *testing.T, d *Desk, api, id string) {
		t.Helper()
		if err := freeze(d, gate.DeploymentRef{API: gate.APIID(api), ID: gate.DeploymentID(id)}, frozen(api+id, 3), nil); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, d *Desk, api, id string) {
		drop(t, d, func(tx *Tx) {
			tx.Delete(gate.DeploymentKey(gate.DeploymentRef{API: gate.APIID(api), ID: gate.DeploymentID(id)}))
		})
	}
	for _, tc := range []struct {
		desc  string
		acts  func(t *testing.T, d *Desk)
		gone  bool // of the chunk that only the API "b" needs
		after time.Duration
	}{
		{"Nothing has happened.", func(*testing.T, *Desk) {}, false, time.Hour},
		{"An API was deleted.", func(t *testing.T, d *Desk) { drop(t, d, func(tx *Tx) { tx.DeletePrefix(gate.DeploymentsKey("b")) }) }, true, sweepRest},
		{"One deployment was deleted.", func(t *testing.T, d *Desk) { remove(t, d, "b", "1") }, false, time.Hour},
		{"One was deleted, and many have come.", func(t *testing.T, d *Desk) {
			remove(t, d, "b", "1")
			for n := range sweepAfter - 1 {
				deploy(t, d, "c", fmt.Sprint(n))
			}
		}, true, sweepRest},
		{"One was deleted, and many could not be made.", func(t *testing.T, d *Desk) {
			remove(t, d, "b", "1")
			for range sweepAfter - 1 {
				err := d.Do(context.Background(), "", func(tx *Tx) error {
					_, err := tx.Freeze(gate.DeploymentRef{API: "c", ID: "1"}, frozen("c", 1), nil)
					return errors.Join(err, errors.New("no"))
				})
				if err == nil || !strings.Contains(err.Error(), "no") {
					t.Fatal(err)
				}
			}
		}, true, sweepRest},
		{"A sweep failed once.", func(t *testing.T, d *Desk) {
			s := &scanless{Store: d.Store}
			s.fails.Store(1)
			d.Store = s
			drop(t, d, func(tx *Tx) { tx.DeletePrefix(gate.DeploymentsKey("b")) })
		}, true, 2 * sweepRest},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				deploy(t, d, "a", "1")
				deploy(t, d, "b", "1")
				deploy(t, d, "left", "1")
				remove(t, d, "left", "1")
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan struct{})
				go func() { defer close(done); d.Tidy(ctx) }()
				defer func() { cancel(); <-done }()
				synctest.Wait()
				if n := chunks(t, d); n != 4 {
					t.Fatalf("at the start there are %d chunks, want 4: the first requests come first", n)
				}
				time.Sleep(firstRest)
				synctest.Wait()
				if n := chunks(t, d); n != 3 { // of a, of b, and the source of both
					t.Fatalf("after the start there are %d chunks, want 3", n)
				}
				tc.acts(t, d)
				kept := func() bool {
					sums, _ := gate.Split(frozen("b1", 3))
					_, err := d.Store.Get(ctx, gate.ChunkKey(sums[0].Sum))
					return err == nil
				}
				synctest.Wait()
				if !kept() {
					t.Error("the chunk went without a rest between two sweeps")
				}
				time.Sleep(tc.after)
				synctest.Wait()
				if gone := !kept(); gone != tc.gone {
					t.Errorf("after %v the chunk of b is gone: %v", tc.after, gone)
				}
				if _, lost := missing(t, d); lost > 0 {
					t.Errorf("%d chunks are missing that are needed", lost)
				}
			})
		})
	}
}

// scanless is a store whose scans of chunks fail so many times.
type scanless struct {
	store.Store
	fails atomic.Int32
}

func (s *scanless) Scan(ctx context.Context, prefix string, visit func(store.Doc) error) (uint64, error) {
	if prefix == gate.ChunkPrefix && s.fails.Add(-1) >= 0 {
		return 0, errors.New("disk on fire")
	}
	return s.Store.Scan(ctx, prefix, visit)
}
