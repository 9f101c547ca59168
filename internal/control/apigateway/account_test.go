package apigateway

import (
	"slices"
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// TestAccount holds what an account has and what can be changed of it.
func TestAccount(t *testing.T) {
	w := newWorld(t)
	role := "arn:aws:iam::123456789012:role/logs"
	for _, tc := range []struct {
		desc          string
		patch         []string
		typ, message  string
		roleAfterward string
	}{
		{"As it is from the beginning. [K]", nil, "", "", ""},
		{"A role. [D]", []string{"replace /cloudwatchRoleArn " + role}, "", "", role},
		{"A role that is none. [K]", []string{"replace /cloudwatchRoleArn me"}, badRequest, "Invalid cloudwatchRoleArn specified: me is not the ARN of a role", role},
		{"A feature that is on. [D]", []string{"add /features UsagePlans"}, "", "", role},
		{"A feature that is none. [K]", []string{"add /features Portals"}, badRequest, "Invalid feature specified: Portals", role},
		{"A feature that stays on. [D]", []string{"replace /cloudwatchRoleArn", "remove /features UsagePlans"}, badRequest, "Usage Plans cannot be disabled once enabled", role},
		{"An unknown path. [K]", []string{"replace /throttleSettings/rateLimit 1"}, badRequest,
			"Invalid patch path  '/throttleSettings/rateLimit' specified for op 'replace'. Must be one of: [/cloudwatchRoleArn, /features]", role},
		{"No role. [T]", []string{"replace /cloudwatchRoleArn"}, "", "", ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.UpdateAccount(w.ctx, &v1.UpdateAccountInput{PatchOperations: ops(tc.patch...)})
			wantRefusal(t, err, tc.typ, tc.message)
			a := must[*v1.Account](t)(w.GetAccount(w.ctx, &v1.GetAccountInput{}))
			if *a.ThrottleSettings.BurstLimit != 5000 || *a.ThrottleSettings.RateLimit != 10000 || !slices.Equal(a.Features, []string{"UsagePlans"}) ||
				*a.ApiKeyVersion != "4" || text(a.CloudwatchRoleArn) != tc.roleAfterward {
				t.Errorf("it is %+v", a)
			}
		})
	}
}
