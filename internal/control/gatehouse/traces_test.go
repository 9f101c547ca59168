package gatehouse

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/internal/observe/trace"
	"gatehouse/internal/wire"
)

// call makes a call of an account as a client does and returns the status and
// the body of the answer.
func call(t *testing.T, s *Service, account, method, path, body string) (int, string) {
	t.Helper()
	h, err := s.Handler(wire.Options{Identify: func(_ *http.Request, _ []byte, c *wire.Caller) error {
		c.Account = account
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:4566"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/gatehouse/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// The accounts of the plan that house makes.
const (
	mine   = "111111111111"
	theirs = "222222222222"
)

// tracer is a service that records what it is told to.
func tracer(t *testing.T, o trace.Options) *Service {
	t.Helper()
	s := service(house(t, "http://127.0.0.1:1"))
	s.Traces = trace.New(o)
	return s
}

// TestTracingOfStages holds which stages can be switched on and off, and who is
// told of them.
func TestTracingOfStages(t *testing.T) {
	for _, tc := range []struct {
		desc, account, api, stage string
		want                      int
	}{
		{"A stage that serves a deployment.", mine, "shop", "prod", 200},
		{"A stage to which nothing was deployed.", mine, "shop", "bare", 200},
		{"A stage whose execute-api endpoint is off, for a domain may lead to it.", mine, "shop", "shut", 200},
		{"No such stage.", mine, "shop", "nope", 404},
		{"No such API.", mine, "zzz", "prod", 404},
		{"A stage of another account.", mine, "other", "prod", 404},
		{"The same stage for its own account.", theirs, "other", "prod", 200},
		{"A part of a host is no API.", mine, "shop-vpce-1", "prod", 404},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := tracer(t, trace.Options{})
			code, body := call(t, s, tc.account, "POST", TracingPath, `{"api":"`+tc.api+`","stage":"`+tc.stage+`"}`)
			if code != tc.want {
				t.Fatalf("switched on: %d %s", code, body)
			}
			for account, sees := range map[string]bool{tc.account: code == 200, "333333333333": false} {
				if _, body := call(t, s, account, "GET", TracingPath, ""); strings.Contains(body, tc.stage) != sees {
					t.Errorf("account %s is told %s", account, body)
				}
			}
			off := map[int]int{200: 204, 404: 404}[tc.want]
			if code, body := call(t, s, tc.account, "DELETE", TracingPath+"?api="+tc.api+"&stage="+tc.stage, ""); code != off {
				t.Errorf("switched off: %d %s", code, body)
			}
			if len(s.Traces.On()) != 0 {
				t.Errorf("still on: %v", s.Traces.On())
			}
		})
	}
}
