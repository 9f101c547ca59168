package integrate

import (
	"strings"
	"testing"

	"gatehouse/internal/flow"
	"gatehouse/internal/upstream"
)

// TestOnward holds that the backend is asked what the exchange's Onward says,
// where that counts, and that the gateway's own fields stay one of each.
func TestOnward(t *testing.T) {
	for _, tc := range []struct {
		desc, key, uri string
		edit           func(*flow.Onward)
		want           string // the request line and the fields that are not the gateway's
	}{
		{"An edit that changes nothing.", "GET /pets/{id}", "http://b/v1/{id}?k=v", func(*flow.Onward) {}, "GET /v1/7?k=v&a=1 HTTP/1.1|Host: b|X: 1|Accept: */*|"},
		{"A path in place of the URI's.", "GET /pets/{id}", "http://b/v1/{id}?k=v", func(o *flow.Onward) { o.Path = "/p" }, "GET /p?k=v&a=1 HTTP/1.1|Host: b|X: 1|Accept: */*|"},
		{"A path in place of a catch-all's.", "$default", "http://b/v1", func(o *flow.Onward) { o.Path = "/p" }, "GET /p?a=1 HTTP/1.1|Host: b|X: 1|Accept: */*|"},
		{"A query.", "$default", "http://b", func(o *flow.Onward) { o.Query = "b=2" }, "GET /pets/7?b=2 HTTP/1.1|Host: b|X: 1|Accept: */*|"},
		{"No query.", "$default", "http://b", func(o *flow.Onward) { o.Query = "" }, "GET /pets/7 HTTP/1.1|Host: b|X: 1|Accept: */*|"},
		{"A host.", "$default", "http://b", func(o *flow.Onward) { o.Host = "h:1" }, "GET /pets/7?a=1 HTTP/1.1|Host: h:1|X: 1|Accept: */*|"},
		{"Fields that go and come: those are sent although a client's would not be.", "$default", "http://b", func(o *flow.Onward) {
			o.Header.Del("x")
			o.Added.Add("Server", "s")
		}, "GET /pets/7?a=1 HTTP/1.1|Host: b|Accept: */*|Server: s|"},
		{"A Content-Type of its own is the only one.", "$default", "http://b", func(o *flow.Onward) { o.Added.Add("Content-Type", "a/b") }, "GET /pets/7?a=1 HTTP/1.1|Host: b|X: 1|Accept: */*|Content-Type: a/b|"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			p, err := HTTP(proxied(tc.key, tc.uri), newPools(t, &echo{}))
			if err != nil {
				t.Fatal(err)
			}
			x := request(t, tc.key, "GET", "/pets/7?a=1", flow.Body{}, "X: 1", "Server: c", "Accept: */*", "Connection: close, Y", "Y: hop")
			tc.edit(x.Edit())
			k := &upstream.Call{Method: "GET"}
			if err := p.appendHead(k, x); err != nil {
				t.Fatal(err)
			}
			before, _, ok := strings.Cut(string(k.Head), "Forwarded: ")
			got := strings.ReplaceAll(before, "\r\n", "|")
			if !ok || got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if n := strings.Count(string(k.Head), "Content-Type: "); n != 1 {
				t.Errorf("%d fields Content-Type", n)
			}
			x.End()
		})
	}
}
