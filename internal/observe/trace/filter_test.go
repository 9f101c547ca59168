package trace

import (
	"strings"
	"testing"
	"time"
)

// TestFilter holds which records a filter chooses.
func TestFilter(t *testing.T) {
	r := &Record{Status: 502, Latency: 1500 * time.Millisecond, Method: "POST", Route: "POST /orders", Path: "/orders", Client: "10.1.2.3",
		API: "shop", Stage: "prod", ID: "abc=", BytesOut: 100, By: ByIntegration, Host: "a.example:80"}
	for _, tc := range []struct {
		filter string
		want   bool
	}{
		{"", true},
		{"   ", true},
		{"status>=500", true},
		{"status:502", true},
		{"status:5xx", true},
		{"status!=5XX", false},
		{"status<5xx", false},
		{"status=200", false},
		{`route:"POST /orders"`, true},
		{`route:"POST\ /orders"`, true},
		{`route:POST*`, true},
		{`route:*orders`, true},
		{`route:*x*`, false},
		{`path:/or*r*`, true},
		{`path!=/orders`, false},
		{"latency>1s", true},
		{"latency>1.5s", false},
		{"method:GET", false},
		{"method:POST", true},
		{"ip:10.1.2.3", true},
		{"ip:10.0.0.0/8", true},
		{"ip!=10.0.0.0/8", false},
		{"ip:::1", false},
		{"by:integration", true},
		{"by!=client", true},
		{"out>=100 in=0", true},
		{"id:abc=", true},
		{"host:a.example:80", true},
		{"status>=500 method:GET", false},
		{"status>=500\tstage:prod api:shop", true},
	} {
		f, err := ParseFilter(tc.filter)
		if err != nil {
			t.Errorf("%s: %v", tc.filter, err)
		} else if got := f.Match(r); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.filter, got, tc.want)
		}
	}
}

// TestFilterErrors holds that a refusal points at the place.
func TestFilterErrors(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{"stats>5", `column 1: "stats>5" is nothing to filter by: the names are status, latency`},
		{"method:GET  >5", `column 13: ">5" is nothing to filter by`},
		{"status", "column 7: status needs an operator here"},
		{"status>=", "column 9: status>= needs a value here"},
		{"status:abc", `column 8: "abc" is no status`},
		{"status:-1", `column 8: "-1" is no status`},
		{"latency>1", `column 9: "1" is no duration`},
		{"latency>-1s", `column 9: "-1s" is no duration`},
		{"route>x", "column 6: route is compared with : = and != only"},
		{"ip>10.0.0.1", "column 3: ip is compared with"},
		{"ip:10", `column 4: "10" is neither an address nor a network`},
		{"by:me", `column 4: "me" makes no errors`},
		{"in:x", `column 4: "x" is no number of bytes`},
		{`route:"a`, "column 7: the quote that opens here is not closed"},
		{`route:"é"x`, "column 10: a blank has to follow the closing quote"},
		{strings.Repeat("in:1 ", 33), "column 161: a filter has at most 32 terms"},
		{strings.Repeat("x", 2000), "column 1: the filter is longer than 1024 bytes"},
	} {
		if _, err := ParseFilter(tc.filter); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%.40s: %v, want %s", tc.filter, err, tc.want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`status>=500 route:"POST /orders" latency>1s`, `ip:10.0.0.0/8 by:client`, `id!="\"`, "path:*a*b*"} {
		f.Add(seed)
	}
	r := &Record{Status: 200, Client: "::1", Path: strings.Repeat("ab", 100)}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(text)
		if err == nil {
			filter.Match(r)
			return
		}
		if e := err.(*FilterError); e.Column < 1 || e.Column > len(text)+1 || e.Reason == "" {
			t.Errorf("%q: %v", text, err)
		}
	})
}
