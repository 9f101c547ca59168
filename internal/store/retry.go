package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Attempts is how often a control operation runs before its caller is told of
// the conflict. Ten parallel edits of one API are ordinary (Terraform makes
// them), and the SDKs of AWS do not repeat a 409.
const Attempts = 8

// A ConflictError says which Base did not hold. It is ErrConflict to errors.Is.
type ConflictError struct {
	Key   string
	Base  uint64 // as the change gave it; 0: must not exist
	Found uint64 // the revision that the document has; 0: it does not exist
}

// Error says what was expected and what was found.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("store: conflict: %q was expected %s, but is %s; read it again",
		e.Key, at(e.Base), at(e.Found))
}

func at(revision uint64) string {
	if revision == 0 {
		return "absent"
	}
	return fmt.Sprintf("at revision %d", revision)
}

// Is makes a ConflictError an ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Compare returns the *ConflictError of a change whose document has the revision
// found (0: there is none), or nil if the change may go ahead.
func (c Change) Compare(found uint64) error {
	if c.Op == DeletePrefix || c.Base == Any || c.Base == found {
		return nil
	}
	return &ConflictError{Key: c.Key, Base: c.Base, Found: found}
}

// Retry runs op, and again as long as it returns ErrConflict, at most attempts
// times in all (less than 1 counts as 1). So op must start from its read each
// time. The pause between is random and grows from at most 2 ms to at most 64 ms:
// losers that wait equally long would meet again. It returns what the last run
// returned, or the error of ctx if that ends during a pause.
func Retry(ctx context.Context, attempts int, op func() error) error {
	limit := 2 * time.Millisecond
	for n := 1; ; n++ {
		err := op()
		if n >= attempts || !errors.Is(err, ErrConflict) {
			return err
		}
		pause := time.NewTimer(rand.N(limit))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("store: gave up after %d attempts: %w (the last: %v)", n, ctx.Err(), err)
		}
		limit = min(2*limit, 64*time.Millisecond)
	}
}
