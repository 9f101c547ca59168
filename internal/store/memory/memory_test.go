package memory

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t storetest.TB, history int) (store.Store, func() store.Store) {
		s := New()
		if history > 0 {
			s = newStore(history)
		}
		t.Cleanup(func() { s.Close() })
		return s, nil
	})
}

func TestBlobs(t *testing.T) {
	storetest.RunBlobs(t, func(t *testing.T, max int64) (store.Blobs, func() store.Blobs) {
		return &Blobs{Max: max}, nil
	})
}

func TestBlobsAreBoundedTogether(t *testing.T) {
	b := &Blobs{bytes: maxBlobs - 3}
	if _, err := b.Put(t.Context(), strings.NewReader("1234")); !errors.Is(err, store.ErrTooBig) {
		t.Errorf("got %v, want %v", err, store.ErrTooBig)
	}
	if _, err := b.Put(t.Context(), strings.NewReader("123")); err != nil {
		t.Error(err)
	}
}

// A tree that leans is as slow as a list, whatever order its keys come in.
func TestTreeStaysShallow(t *testing.T) {
	const n = 1 << 14
	seed := maphash.MakeSeed()
	var root *node
	for i := range n {
		key := fmt.Sprintf("%08d", i)
		root = root.with(&node{key: key, priority: priority(seed, key)})
	}
	root = root.without("00000100", "00000200")
	if d := root.depth(); d > 14*5 {
		t.Errorf("%d keys in order make a tree of depth %d", n, d)
	}
	count := 0
	root.ascend("", "\xff", func(*node) bool { count++; return true })
	if count != n-100 {
		t.Errorf("%d keys, want %d", count, n-100)
	}
}

func (n *node) depth() int {
	if n == nil {
		return 0
	}
	return 1 + max(n.left.depth(), n.right.depth())
}

func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := New()
			defer s.Close()
			storetest.BenchCommit(b, s, writers)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s := New()
	defer s.Close()
	storetest.BenchGet(b, s)
}
