package storetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/internal/store"
)

// BenchCommit measures commits of three documents of 500 bytes by several
// writers, and reports the latency that one of them sees.
func BenchCommit(b *testing.B, s store.Store, writers int) {
	value := make([]byte, 500)
	var group sync.WaitGroup
	var turn atomic.Int64
	times := make([][]time.Duration, writers)
	b.ResetTimer()
	for w := range writers {
		group.Go(func() {
			for i := turn.Add(1); i <= int64(b.N); i = turn.Add(1) {
				var changes []store.Change
				for j := range 3 {
					changes = append(changes, store.Change{Op: store.Put, Key: fmt.Sprintf("k/%d/%d", i%10_000, j), Base: store.Any, Value: value})
				}
				start := time.Now()
				if _, err := s.Commit(b.Context(), changes...); err != nil {
					b.Error(err)
					return
				}
				times[w] = append(times[w], time.Since(start))
			}
		})
	}
	group.Wait()
	all := slices.Concat(times...)
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-us")
}

// BenchGet measures a Get among 10,000 documents.
func BenchGet(b *testing.B, s store.Store) {
	for i := 0; i < 10_000; i += 100 {
		var changes []store.Change
		for j := range 100 {
			changes = append(changes, store.Change{Op: store.Put, Key: fmt.Sprintf("k/%d", i+j), Value: make([]byte, 500)})
		}
		if _, err := s.Commit(b.Context(), changes...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Get(b.Context(), fmt.Sprintf("k/%d", i%10_000)); err != nil {
			b.Fatal(err)
		}
	}
}
