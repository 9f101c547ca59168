package store

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Any as a Base means: do not compare.
const Any = ^uint64(0)

// Limits of one commit, the same for all drivers. They lie within those of etcd
// (128 operations and 1.5 MiB a transaction), so that what works on one machine
// works in a cluster.
const (
	MaxChanges     = 128     // changes in a commit
	MaxCommitBytes = 1 << 20 // keys and values of a commit together
	MaxKeyBytes    = 512     // one key
)

// An Op says what a Change does. The zero Op is refused, so that it cannot be
// forgotten.
type Op uint8

// The operations.
const (
	Put          Op = iota + 1 // write the document, new or not
	Delete                     // remove the document; one that is not there is fine if Base is Any
	DeletePrefix               // remove every document whose key begins with Key; Base is ignored
	Check                      // change nothing, but compare Base
)

// String returns the name of the operation.
func (o Op) String() string {
	switch o {
	case Put:
		return "Put"
	case Delete:
		return "Delete"
	case DeletePrefix:
		return "DeletePrefix"
	case Check:
		return "Check"
	}
	return fmt.Sprintf("Op(%d)", uint8(o))
}

// A Change is one line of a commit.
type Change struct {
	Op Op
	// Key is 1 to MaxKeyBytes bytes of UTF-8 without control characters.
	Key string
	// Base is compared with the revision that the document has before the commit:
	// 0 means that there must be none (and is an error for a Delete, which would
	// have nothing to do), Any means not to compare (an error for a Check).
	Base uint64
	// Value is for Put alone, and may be empty.
	Value []byte
}

// Validate refuses what no driver takes: more than MaxChanges changes or
// MaxCommitBytes bytes (both ErrTooBig), a malformed key, a Base or a Value that
// means nothing for its operation, a key named twice, and a Put, Delete or
// DeletePrefix under another DeletePrefix of the same commit, of which etcd
// could not say which comes first. A Check under a DeletePrefix is allowed.
func Validate(changes []Change) error {
	if len(changes) > MaxChanges {
		return fmt.Errorf("store: commit of %d changes, at most %d: %w; split it", len(changes), MaxChanges, ErrTooBig)
	}
	size := 0
	for _, c := range changes {
		if err := c.validate(); err != nil {
			return err
		}
		size += len(c.Key) + len(c.Value)
	}
	if size > MaxCommitBytes {
		return fmt.Errorf("store: commit of %d bytes, at most %d: %w; split it", size, MaxCommitBytes, ErrTooBig)
	}
	return validateKeys(changes)
}

func (c Change) validate() error {
	if err := checkKey(c.Key); err != nil {
		return err
	}
	switch {
	case c.Op < Put || c.Op > Check:
		return fmt.Errorf("store: change of %q: unknown operation %v", c.Key, c.Op)
	case c.Op == Delete && c.Base == 0:
		return fmt.Errorf("store: Delete of %q with Base 0 asks that it does not exist; give its revision or Any", c.Key)
	case c.Op == Check && c.Base == Any:
		return fmt.Errorf("store: Check of %q with Base Any checks nothing; give a revision or 0", c.Key)
	case c.Op != Put && len(c.Value) > 0:
		return fmt.Errorf("store: %v of %q carries a value of %d bytes; only Put may", c.Op, c.Key, len(c.Value))
	}
	return nil
}

func checkKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("store: empty key")
	case len(key) > MaxKeyBytes:
		return fmt.Errorf("store: key %.40q... of %d bytes, at most %d: %w", key, len(key), MaxKeyBytes, ErrTooBig)
	case !utf8.ValidString(key):
		return fmt.Errorf("store: key %q is not UTF-8", key)
	case strings.ContainsFunc(key, isControl):
		return fmt.Errorf("store: key %q contains a control character", key)
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// validateKeys looks for keys named twice and for writes under a DeletePrefix.
// Sorted by key, a DeletePrefix before its equals, everything under a prefix
// follows it directly.
func validateKeys(changes []Change) error {
	sorted := slices.Clone(changes)
	slices.SortFunc(sorted, func(a, b Change) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return rank(a.Op) - rank(b.Op)
	})
	var above *Change // the DeletePrefix whose range we are in
	for i, c := range sorted {
		if i > 0 && sorted[i-1].Key == c.Key && (c.Op == DeletePrefix) == (sorted[i-1].Op == DeletePrefix) {
			return fmt.Errorf("store: key %q is named twice in one commit", c.Key)
		}
		if above != nil && c.Op != Check && strings.HasPrefix(c.Key, above.Key) {
			return fmt.Errorf("store: %v of %q lies under the DeletePrefix of %q of the same commit", c.Op, c.Key, above.Key)
		}
		if c.Op == DeletePrefix {
			above = &sorted[i]
		}
	}
	return nil
}

func rank(o Op) int {
	if o == DeletePrefix {
		return 0
	}
	return 1
}

// CheckLimit refuses a limit that List does not take. For drivers.
func CheckLimit(limit int) error {
	if limit < 1 || limit > MaxList {
		return fmt.Errorf("store: list with a limit of %d, must be 1 to %d", limit, MaxList)
	}
	return nil
}
