package control

import (
	"strings"
	"testing"

	"gatehouse/internal/plan"
)

// TestChosenIDs holds which ids a creator may choose, and that each of them is
// found by its Host and is what that finds.
func TestChosenIDs(t *testing.T) {
	for _, tc := range []struct{ desc, id, fails string }{
		{"Letters and digits.", "abc123", ""},
		{"One character.", "a", ""},
		{"Inner hyphens.", "a-b--c", ""},
		{"The longest.", strings.Repeat("a", 63), ""},
		{"A part of what marks an endpoint.", "a-vpce", ""},
		{"Another part of it.", "vpce-a", ""},
		{"The service's own name.", "execute-api", ""},
		{"Nothing.", "", "1 to 63"},
		{"Too long for a label.", strings.Repeat("a", 64), "1 to 63"},
		{"Capitals, which a Host does not tell apart.", "Abc", "1 to 63"},
		{"A hyphen at the front.", "-a", "1 to 63"},
		{"A hyphen at the end.", "a-", "1 to 63"},
		{"Two labels.", "a.b", "1 to 63"},
		{"A blank.", "a b", "1 to 63"},
		{"A letter beyond ASCII.", "\u00e9", "1 to 63"},
		{"The Host form of a VPC endpoint, of which only the front is the API.", "a-vpce-b", "-vpce-"},
		{"That at the end of a longer one.", "a-b-vpce-0123", "-vpce-"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, id, err := SplitTags(map[string]string{CustomIDTag: tc.id})
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("got %v, want an error with %q", err, tc.fails)
				}
				return
			}
			if err != nil || id != tc.id {
				t.Fatalf("got %q, %v", id, err)
			}
			host := Place{Region: "us-east-1"}.Host(id)
			if got, ok := plan.DefaultHost(host); !ok || got != id {
				t.Errorf("%s is the Host of %q", host, got)
			}
		})
	}
}
