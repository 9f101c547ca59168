package memory

import (
	"testing"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

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
