package observe_test

import (
	"strings"
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

// TestSecretField holds whose values are shown nowhere.
func TestSecretField(t *testing.T) {
	for _, tc := range []struct {
		desc, name string
		want       bool
	}{
		{"What HTTP has for credentials.", "Authorization", true},
		{"And for proxies.", "proxy-authorization", true},
		{"A cookie, either way.", "Cookie", true},
		{"A cookie, either way.", "SET-COOKIE", true},
		{"AWS's token.", "X-Amz-Security-Token", true},
		{"An API key.", "x-api-key", true},
		{"An API key without its x.", "Api-Key", true},
		{"A token of somebody's own.", "X-Auth-Token", true},
		{"That of a vault.", "X-Vault-Token", true},
		{"A signature.", "X-Hub-Signature-256", true},
		{"A name that is too long to look at.", "x-" + strings.Repeat("a", 200), true},
		{"Whether a browser may send its credentials is none.", "Access-Control-Allow-Credentials", false},
		{"What is accepted.", "Accept", false},
		{"Whose request it is.", "X-Request-Id", false},
		{"Nothing.", "", false},
	} {
		if got := observe.SecretField(tc.name); got != tc.want {
			t.Errorf("%s %s: %v", tc.desc, tc.name, got)
		}
	}
}
