package local

import (
	"os"
	"testing"

	"gatehouse/internal/store"
	"gatehouse/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t storetest.TB, history int) (store.Store, func() store.Store) {
		dir, err := os.MkdirTemp("", "gatehouse-store-")
		if err != nil {
			t.Fatalf("%v", err)
		}
		open := func() *Store {
			s, err := Open(dir, Options{History: history})
			if err != nil {
				t.Fatalf("%v", err)
			}
			return s
		}
		s := open()
		t.Cleanup(func() { s.Close(); os.RemoveAll(dir) })
		return s, func() store.Store {
			if err := s.Close(); err != nil {
				t.Fatalf("%v", err)
			}
			s = open()
			return s
		}
	})
}
