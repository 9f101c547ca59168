package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// clash says of two changes of one commit whether they must be refused, in the
// plainest way: Validate sorts instead.
func clash(a, b Change) bool {
	if a.Op == DeletePrefix && b.Op != Check && strings.HasPrefix(b.Key, a.Key) ||
		b.Op == DeletePrefix && a.Op != Check && strings.HasPrefix(a.Key, b.Key) {
		return true
	}
	return a.Key == b.Key && a.Op != DeletePrefix && b.Op != DeletePrefix
}

func TestValidateAgreesWithComparingAllPairs(t *testing.T) {
	change := rapid.Custom(func(t *rapid.T) Change {
		return Change{
			Op:   rapid.SampledFrom([]Op{Put, Delete, DeletePrefix, Check}).Draw(t, "op"),
			Key:  rapid.StringOfN(rapid.RuneFrom([]rune("ab/")), 1, 4, -1).Draw(t, "key"),
			Base: 1,
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		changes := rapid.SliceOfN(change, 0, 6).Draw(t, "changes")
		want := false
		for i, a := range changes {
			for _, b := range changes[:i] {
				want = want || clash(a, b)
			}
		}
		if err := Validate(changes); (err != nil) != want {
			t.Fatalf("%v: got %v, want an error: %v", changes, err, want)
		}
	})
}

func TestValidateSaysWhatIsTooBig(t *testing.T) {
	for _, c := range []struct {
		desc    string
		changes []Change
		says    string
	}{
		{"too many changes", make([]Change, MaxChanges+1), "129 changes"},
		{"too many bytes", []Change{{Op: Put, Key: "k", Value: make([]byte, MaxCommitBytes)}}, "1048577 bytes"},
		{"too long a key", []Change{{Op: Put, Key: strings.Repeat("k", MaxKeyBytes+1)}}, "513 bytes"},
	} {
		if err := Validate(c.changes); !errors.Is(err, ErrTooBig) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", c.desc, err)
		}
	}
}

func TestRetry(t *testing.T) {
	conflict := func(n int) error {
		return fmt.Errorf("wrapped: %w", &ConflictError{Key: "k", Base: uint64(n), Found: 9})
	}
	other := errors.New("other")
	for _, c := range []struct {
		desc     string
		attempts int
		results  []error
		runs     int
		want     error
	}{
		{"success at once", 8, []error{nil}, 1, nil},
		{"success after conflicts", 8, []error{conflict(1), conflict(2), nil}, 3, nil},
		{"another error is not repeated", 8, []error{conflict(1), other}, 2, other},
		{"the last conflict is told", 3, []error{conflict(1), conflict(2), conflict(3)}, 3, ErrConflict},
		{"no attempts are one", 0, []error{conflict(1)}, 1, ErrConflict},
	} {
		synctest.Test(t, func(t *testing.T) {
			runs := 0
			err := Retry(t.Context(), c.attempts, func() error { runs++; return c.results[runs-1] })
			if runs != c.runs || !errors.Is(err, c.want) {
				t.Errorf("%s: %d runs and %v, want %d and %v", c.desc, runs, err, c.runs, c.want)
			}
			var got *ConflictError
			if errors.As(err, &got) && got.Base != uint64(runs) {
				t.Errorf("%s: told conflict %d of %d", c.desc, got.Base, runs)
			}
		})
	}
}

func TestRetryPausesAndHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, runs := time.Now(), 0
		op := func() error { runs++; return &ConflictError{Key: "k"} }
		if err := Retry(t.Context(), Attempts, op); !errors.Is(err, ErrConflict) || runs != Attempts {
			t.Errorf("%d runs and %v", runs, err)
		}
		// 2+4+8+16+32+64+64 ms are the longest pauses in all.
		if took := time.Since(start); took == 0 || took > 190*time.Millisecond {
			t.Errorf("took %v", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := Retry(ctx, 1<<30, op)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrConflict) {
			t.Errorf("after its context ended: %v", err)
		}
	})
}

func TestConflictErrorSaysWhatWasFound(t *testing.T) {
	for want, err := range map[string]*ConflictError{
		`"k" was expected absent, but is at revision 7`:        {Key: "k", Base: 0, Found: 7},
		`"k" was expected at revision 3, but is absent`:        {Key: "k", Base: 3},
		`"k" was expected at revision 3, but is at revision 7`: {Key: "k", Base: 3, Found: 7},
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestTailForgetsByNumberAndByBytes(t *testing.T) {
	for _, c := range []struct {
		desc        string
		max, bytes  int
		value       int
		least, most int // commits held of 200
	}{
		{"by number", 32, 1 << 30, 10, 32, 34},
		{"by bytes", 1000, 100_000, 10_000, 9, 11},
		{"the newest stays, however large", 1000, 1000, 10_000, 1, 1},
	} {
		tail := NewTail(0, c.max, c.bytes)
		for r := uint64(1); r <= 200; r++ {
			tail.Append(Commit{Revision: r, Changes: []Change{{Op: Put, Key: "k", Value: make([]byte, c.value)}}})
		}
		if n := len(tail.commits); n < c.least || n > c.most {
			t.Errorf("%s: %d are held, want %d to %d", c.desc, n, c.least, c.most)
		}
		if first := tail.commits[0].Revision; tail.dropped != first-1 {
			t.Errorf("%s: the first is %d, and %d was dropped", c.desc, first, tail.dropped)
		}
		for _, c := range tail.commits[:cap(tail.commits)][len(tail.commits):] {
			if c.Changes != nil {
				t.Fatal("a dropped commit is still in memory")
			}
		}
		if _, _, err := tail.next(tail.dropped - 1); !errors.Is(err, ErrCompacted) {
			t.Errorf("%s: before what is held: %v", c.desc, err)
		}
		if got, _, err := tail.next(tail.dropped); err != nil || got[0].Revision != tail.dropped+1 {
			t.Errorf("%s: the first held: %v, %v", c.desc, got, err)
		}
	}
}
