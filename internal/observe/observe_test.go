package observe_test

import (
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/observe"
)

type noting struct {
	name string
	into *[]string
}

func (n noting) Observe(x *flow.Exchange) { *n.into = append(*n.into, n.name+" saw "+x.ID) }

func TestSinksReportToEachInOrder(t *testing.T) {
	var seen []string
	s := observe.Sinks{noting{"metrics", &seen}, noting{"log", &seen}}
	s.Observe(&flow.Exchange{ID: "a"})
	s.Observe(&flow.Exchange{ID: "b"})
	want := []string{"metrics saw a", "log saw a", "metrics saw b", "log saw b"}
	if len(seen) != len(want) {
		t.Fatalf("seen %q, want %q", seen, want)
	}
	for i := range want {
		if seen[i] != want[i] {
			t.Errorf("report %d is %q, want %q", i, seen[i], want[i])
		}
	}
}
