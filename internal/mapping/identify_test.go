package mapping

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestIdentify holds that each reply has one id, ours, whatever the backend
// sent and whether the gateway or the backend answered.
func TestIdentify(t *testing.T) {
	for _, tc := range []struct {
		desc    string
		backend []string // its fields, names and values
		fault   error
		want    func(id string) string
	}{
		{"A reply without one.", []string{"X-A", "1"}, nil, func(id string) string { return "X-A: 1\r\nApigw-Requestid: " + id + "\r\n" }},
		{"A backend that is a gateway itself.", []string{"Apigw-Requestid", "theirs=", "X-A", "1"}, nil, func(id string) string { return "X-A: 1\r\nApigw-Requestid: " + id + "\r\n" }},
		{"In another case.", []string{"apigw-requestid", "theirs="}, nil, func(id string) string { return "Apigw-Requestid: " + id + "\r\n" }},
		{"Twice, in two cases.", []string{"APIGW-REQUESTID", "a", "X-A", "1", "apigw-requestid", "b"}, nil, func(id string) string { return "X-A: 1\r\nApigw-Requestid: " + id + "\r\n" }},
		{"A fault over a reply that had one.", []string{"Apigw-Requestid", "theirs="}, gate.Fail(gate.Throttled, nil), func(id string) string {
			return "Content-Type: application/json\r\nApigw-Requestid: " + id + "\r\n"
		}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := begun(t)
			h := flow.Chain(flow.HandlerFunc(func(x *flow.Exchange) error {
				for i := 0; i < len(tc.backend); i += 2 {
					x.Out.Header.Add(tc.backend[i], tc.backend[i+1])
				}
				return tc.fault
			}), Identify(), Faults(gate.HTTP))
			if err := h.Serve(x); err != nil || x.ID == "" {
				t.Fatalf("%v, id %q", err, x.ID)
			}
			if diff := cmp.Diff(tc.want(x.ID), string(x.Out.Header.Append(nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
	failed := errors.New("x")
	x := begun(t)
	if err := Identify()(flow.HandlerFunc(func(*flow.Exchange) error { return failed })).Serve(x); err != failed || x.Out.Header.Len() != 0 {
		t.Errorf("an error that nobody rendered: %v, %d fields", err, x.Out.Header.Len())
	}
}
