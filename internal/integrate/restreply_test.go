package integrate

import (
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

// TestALoopEnds holds that a request which has come by too many hops is
// refused.
func TestALoopEnds(t *testing.T) {
	x := new(flow.Exchange)
	for range maxForwarded {
		x.In.Header.Add("X-Forwarded-For", "10.0.0.1")
	}
	p := &RESTProxy{api: "abc"}
	if _, err := p.appendFields(nil, x); err == nil {
		t.Error("it goes on")
	}
	x.In.Header.Reset()
	x.In.Header.Add("X-Forwarded-For", "10.0.0.1, 10.0.0.2")
	if _, err := p.appendFields(nil, x); err != nil {
		t.Error(err)
	}
}
