package plan

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
)

// A shaky store has get run before each Get, which fails with its error.
type shaky struct {
	store.Store
	get atomic.Pointer[func() error]
}

func (s *shaky) Get(ctx context.Context, key string) (store.Doc, error) {
	if get := s.get.Load(); get != nil {
		if err := (*get)(); err != nil {
			return store.Doc{}, err
		}
	}
	return s.Store.Get(ctx, key)
}

func (s *shaky) before(get func() error) { s.get.Store(&get) }

// trembling is an office whose store is shaky.
func trembling(t *testing.T) (*office, *shaky) {
	t.Helper()
	s := &shaky{Store: memory.New()}
	o := &office{t: t, store: s}
	o.f = &Follower{Store: s, Live: live(t), Publish: func(p *Plan) { o.mu.Lock(); o.plan = p; o.mu.Unlock() }}
	o.run()
	return o, s
}

// TestAStageIsReadAgain holds that a change of a stage whose deployment cannot be
// read is served as soon as it can, without another commit; until then its entry
// of before is.
func TestAStageIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := trembling(t)
		o.deploy("abc", "$default", "d1", "GET /one")
		o.deploy("xyz", "$default", "d1", "GET /one")
		s.before(func() error { return errors.New("the disk is gone") })
		o.deploy("abc", "$default", "d2", "GET /two")
		serves := func(want string, trouble bool) {
			t.Helper()
			if got := o.find("abc.execute-api.localhost", "GET", "/"+want); got != "$default GET /"+want+" /"+want {
				t.Errorf("%s: %s", want, got)
			}
			if text := problems(o.current()); strings.Contains(text, "the disk is gone") != trouble {
				t.Errorf("the problems are %q", text)
			}
		}
		serves("one", true)
		time.Sleep(3 * loadAgain)
		serves("one", true)
		o.commit(put(gate.APIKey("xyz"), gate.API{ID: "xyz", Protocol: gate.HTTP, Name: "touched"}))
		serves("one", true)
		s.before(func() error { return nil })
		time.Sleep(2 * loadAgain)
		serves("two", false)
	})
}

// TestWaitEnds holds that who waits for a change does not wait longer than its
// context for a plan that takes long to compile.
func TestWaitEnds(t *testing.T) {
	o, s := trembling(t)
	o.deploy("abc", "$default", "d1", "GET /one")
	compiling, compiled := make(chan bool, 1), make(chan bool)
	s.before(func() error { compiling <- true; <-compiled; return nil })
	revision, err := s.Commit(t.Context(), put(gate.StageKey(gate.StageRef{API: "abc", Name: "b"}), gate.Stage{API: "abc", Name: "b", Deployment: "d1"}))
	if err != nil {
		t.Fatal(err)
	}
	<-compiling
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.f.Wait(ctx, revision); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(compiled)
	if err := o.f.Wait(t.Context(), revision); err != nil {
		t.Error(err)
	}
}
