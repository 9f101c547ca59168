package integrate

import (
	"strings"
	"testing"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// TestReplyTurns holds that each field that does not pass can be noted, and
// that each renamed one has a name.
func TestReplyTurns(t *testing.T) {
	for id, turn := range replyTurns {
		if turn != passes && id >= 64 {
			t.Errorf("%v does not fit the set of remapReply", field.ID(id))
		}
		if (turn == renames) != (newNames[id] != "") {
			t.Errorf("%v: turn %d, name %q", field.ID(id), turn, newNames[id])
		}
	}
	for id := field.Connection; id <= field.XAmznTraceID; id++ {
		if id.HopByHop() && replyTurns[id] == passes {
			t.Errorf("%v belongs to one connection and passes", id)
		}
		if id.HopByHop() && restKept(id, id.String(), "x") {
			t.Errorf("%v belongs to one connection and is sent on", id)
		}
	}
}

// TestALoopEnds holds that a request which has come by too often is refused.
func TestALoopEnds(t *testing.T) {
	often := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+", ", n), ", ") }
	for _, tc := range []struct {
		desc string
		head []string // names and values
		ok   bool
	}{
		{"The first pass.", nil, true},
		{"A few proxies.", []string{"X-Forwarded-For", "10.0.0.1, 10.0.0.2"}, true},
		{"Too many of them.", []string{"X-Forwarded-For", often(maxForwarded-1, "10.0.0.1"), "X-Forwarded-For", "10.0.0.1"}, false},
		{"Other proxies' Via.", []string{"Via", often(maxHops, "1.1 nginx")}, true},
		{"HTTP APIs before it.", []string{"Via", often(maxHops-1, viaText)}, true},
		{"Too many of them.", []string{"Via", often(maxHops-1, viaText), "via", viaText}, false},
		{"The last pass by a REST API.", []string{"Via", often(maxHops-2, viaText), apiField, "abc"}, true},
		{"One too many.", []string{"Via", often(maxHops-1, viaText), apiField, "abc"}, false},
	} {
		x := new(flow.Exchange)
		for i := 0; i < len(tc.head); i += 2 {
			x.In.Header.Add(tc.head[i], tc.head[i+1])
		}
		_, err := (&RESTProxy{api: "abc"}).appendFields(nil, x)
		if (err == nil) != tc.ok {
			t.Errorf("%s %v", tc.desc, err)
		}
	}
}
