package integrate

import (
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestHTTPFor is the table of what variables of a stage make of a URI.
func TestHTTPFor(t *testing.T) {
	vars := map[string]string{"host": "c.example:81", "n": "7", "base": "v1/x", "q": "a=1&b=2", "odd": "a#b", "long": strings.Repeat("x", 512)}
	for _, tc := range []struct {
		desc, key, uri string
		want           string // where a GET of /pets/9?z=0 leads
		wrong, err     string // parts of the errors
	}{
		{desc: "None.", key: "GET /pets/{id}", uri: "http://b/{id}", want: "http://b:80/9?z=0"},
		{desc: "Host and port at once.", key: "GET /pets/{id}", uri: "http://${stageVariables.host}/{id}", want: "http://c.example:81/9?z=0"},
		{desc: "A port, and a part of a host.", key: "GET /pets/{id}", uri: "http://h${stageVariables.n}.a:80${stageVariables.n}/", want: "http://h7.a:807/?z=0"},
		{desc: "A part of an address.", key: "GET /pets/{id}", uri: "http://${stageVariables.n}.0.0.1/", want: "http://7.0.0.1:80/?z=0"},
		{desc: "Path and query.", key: "GET /pets/{id}", uri: "http://b/${stageVariables.base}/{id}?${stageVariables.q}", want: "http://b:80/v1/x/9?a=1&b=2&z=0"},
		{desc: "One that is not set is empty.", key: "GET /pets/{id}", uri: "http://b/x${stageVariables.none}y", want: "http://b:80/xy?z=0"},
		{desc: "A catch-all.", key: "$default", uri: "http://b/${stageVariables.base}", want: "http://b:80/v1/x/pets/9?z=0"},
		{desc: "No host is left.", key: "GET /pets/{id}", uri: "http://${stageVariables.none}/", wrong: `a name of 1 to 253 characters is needed; it is "http://${stageVariables.none}/" with the variables of stage prod: none is not set`},
		{desc: "A value that no URL holds.", key: "GET /pets/{id}", uri: "http://b/${stageVariables.odd}", wrong: `variables of stage prod: odd="a#b"`},
		{desc: "A value that is no port.", key: "GET /pets/{id}", uri: "http://b:${stageVariables.base}/", wrong: `port "v1" is not a number`},
		{desc: "One that grows too long.", key: "GET /pets/{id}", uri: "http://b/" + strings.Repeat("${stageVariables.long}", 40), wrong: "more than 16384"},
		{desc: "A name that no stage has.", key: "GET /pets/{id}", uri: "http://b/${stageVariables.a-b}", err: "route GET /pets/{id}: integration i: uri"},
		{desc: "Braces of another kind.", key: "GET /pets/{id}", uri: "http://b/${id}", err: "behind a dollar"},
		{desc: "A parameter that the route does not have.", key: "GET /pets/{id}", uri: "http://${stageVariables.none}/{other}", err: "{other} is no parameter of the route"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			r := proxied(tc.key, tc.uri)
			r.Integration.ID = "i"
			p, wrong, err := HTTPFor(r, &gate.Stage{Name: "prod", Variables: vars}, newPools(t, &echo{}))
			says := func(err error, want string) bool {
				return (err == nil) == (want == "") && (err == nil || strings.Contains(err.Error(), want))
			}
			if !says(wrong, tc.wrong) || !says(err, tc.err) {
				t.Fatalf("wrong %v, err %v", wrong, err)
			}
			if p == nil {
				return
			}
			x := request(t, tc.key, "GET", "/pets/9?z=0", flow.Body{})
			if _, got := p.Target(x); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			x.End()
		})
	}
}
