package integrate

import (
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/route"
)

// FuzzEndpoint holds that whatever compiles is a URL to net/url too, names the
// same host, and gives a target that is fit for a request line.
func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{
		"http://b", "https://b:8443/x/{id}?a={id}&b[]=c", "HTTP://[::1]:80/", "http://127.0.0.1/%20",
		"http://user@b/", "http://b/{", "http://b/{id}{proxy}", "http://b#x", "http://B.Example./",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		e, err := parseEndpoint(uri, []string{"id", "proxy"})
		if err != nil {
			return
		}
		u, err := url.Parse(strings.NewReplacer("{id}", "v", "{proxy}", "v").Replace(uri))
		if err != nil {
			t.Fatalf("accepted %q, which net/url refuses: %v", uri, err)
		}
		if u.User != nil || u.Fragment != "" {
			t.Errorf("accepted credentials or a fragment in %q", uri)
		}
		bare := strings.Trim(e.host[:len(e.host)-len(portOf(e.host))], "[]")
		if !strings.EqualFold(u.Hostname(), bare) {
			t.Errorf("%q: host %q, net/url says %q", uri, bare, u.Hostname())
		}
		if e.address.Port == 0 || (u.Scheme == "https") != e.address.Secure {
			t.Errorf("%q: address %+v", uri, e.address)
		}
		line := appendQuery(appendPath(nil, e.path, &route.Params{}), e.query, &route.Params{})
		if len(line) == 0 || line[0] != '/' {
			t.Errorf("%q: target %q", uri, line)
		}
		for _, c := range append(line, e.host...) {
			if c <= ' ' || c >= 0x7f || c == '#' {
				t.Errorf("%q: byte %q", uri, c)
			}
		}
	})
}

func portOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[i:]
	}
	return ""
}
