package auth

import (
	"errors"
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestStep holds that a route is open only where its definition says so, and
// that what cannot be enforced yet lets nobody in.
func TestStep(t *testing.T) {
	for _, tc := range []struct {
		desc  string
		route gate.Route
		says  string // of the refusal; "": the route is open
	}{
		{"NONE is open.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthNone}}, ""},
		{"Saying nothing is not.", gate.Route{}, "not named"},
		{"IAM.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthIAM}}, "AWS_IAM"},
		{"A JWT authorizer.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthJWT}}, "JWT"},
		{"A Lambda authorizer.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthCustom}}, "CUSTOM"},
		{"A kind of the future.", gate.Route{Authorization: gate.Authorization{Kind: "MAGIC"}}, "MAGIC"},
		{"A key that nobody checks.", gate.Route{Authorization: gate.Authorization{Kind: gate.AuthNone}, APIKeyNeeded: true}, "an API key"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tc.route.Key = "GET /x"
			called := false
			last := flow.HandlerFunc(func(*flow.Exchange) error { called = true; return nil })
			err := flow.Chain(last, Step(&tc.route)).Serve(new(flow.Exchange))
			if called != (tc.says == "") {
				t.Fatalf("the rest of the line was called: %v", called)
			}
			var fault *gate.Fault
			if tc.says == "" {
				if err != nil || Unserved(&tc.route) != nil {
					t.Errorf("got %v, %v", err, Unserved(&tc.route))
				}
				return
			}
			if !errors.As(err, &fault) || fault.Kind != gate.AuthorizerConfiguration || !strings.Contains(fault.Error(), tc.says) {
				t.Errorf("got %v", err)
			}
			if Unserved(&tc.route) == nil {
				t.Error("the refusal is not told when the route is compiled")
			}
		})
	}
}
