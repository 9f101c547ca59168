package integrate

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/internal/route"
)

// TestCheckURI holds that a refusal is one sentence which says what to do, and
// that no character is cut in two.
func TestCheckURI(t *testing.T) {
	for _, tc := range []struct{ desc, uri, want string }{
		{"A parameter may be named.", "http://h/{a}?q={a}", ""},
		{"Half an address.", "http://[::1", `host "[::1": an IPv6 address stands in brackets, as in [::1]`},
		{"A parameter in the host.", "http://{x}.a", `host "{x}.a": a path parameter cannot choose the backend`},
		{"A letter beyond ASCII in the path.", "http://h/caf\u00e9", `path: 'é' has to be percent-encoded, as %C3%A9`},
		{"One in the host.", "http://caf\u00e9/", `host "café": 'é' cannot be in a host name: write it in its xn-- form`},
		{"A blank in the query.", "http://h/?a b", `query: ' ' has to be percent-encoded, as %20`},
		{"Half an escape.", "http://h/%z\u00e9\u00e9", `path: "%zé": % is not followed by two hexadecimal digits`},
		{"A greedy parameter.", "http://h/{a+}", `path: {a+}: write {a}; the + belongs to the route key only`},
		{"No name between the braces.", "http://h/{}", `"{}": braces hold the name of a path parameter`},
		{"One that no route key can have.", "http://h/{a b}", `"{a b}": braces hold the name of a path parameter`},
		{"An open brace.", "http://h/{a", `path: "{a": a brace without its partner`},
		{"Stage variables.", "http://${stageVariables.h}:${stageVariables.p}/{a}/${stageVariables.v}?q=${stageVariables.v}", ""},
		{"One of a name that no stage has.", "http://h/${stageVariables.a-b}", "behind a dollar, braces hold a stage variable: ${stageVariables.NAME}"},
		{"Too many parameters.", "http://h/" + strings.Join(names(route.MaxParams+1), "/"), "it has 17 parameters, and no route has more than 16"},
		{"As many as a route can have.", "http://h/" + strings.Join(names(route.MaxParams), "/"), ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := ""
			if err := CheckURI(tc.uri); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func names(n int) (list []string) {
	for i := range n {
		list = append(list, "{p"+string(rune('a'+i))+"}")
	}
	return list
}

// FuzzCheckURI holds that what CheckURI lets through compiles on a route with
// its parameters, and that what it says is fit to be shown.
func FuzzCheckURI(f *testing.F) {
	for _, s := range []string{"http://b/{a}?b={c}", "http://[::1", "http://{x}", "http://h/\xc3", "http://h/{a+}", "https://h/%41", "http://${stageVariables.h}:${stageVariables.p}/${stageVariables.v}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		given := uri
		if err := CheckURI(uri); err != nil {
			if text := err.Error(); !utf8.ValidString(text) || len(text) > 600 || strings.Contains(text, "\n") {
				t.Errorf("%q is refused with %q", uri, text)
			}
			return
		}
		uri = sample(uri, "x") // with a value in the place of each variable
		params := routeParams(uri)
		slices.Sort(params)
		key := "ANY /"
		for _, name := range slices.Compact(params) {
			key += "{" + name + "}/"
		}
		if _, _, err := route.Split(key); err != nil {
			t.Fatalf("%q: no route has its parameters: %v", uri, err)
		}
		if err := checkStaged(given, routeParams(key)); err != nil {
			t.Errorf("%q does not compile: %v", given, err)
		}
	})
}

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
