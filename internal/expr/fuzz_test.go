package expr

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/flow"
)

// warm are expressions that a gateway evaluates for each request: they must
// not allocate.
var warm = [...]string{
	"a literal",
	"$request.header.user-agent",
	"$request.header.X-Custom",
	"$request.querystring.q",
	"$request.path",
	"$request.path.petId",
	"$context.requestId",
	"$context.identity.sourceIp",
	"$stageVariables.size",
	"${request.path.petId}-${context.requestId}/${stageVariables.size}",
}

func warmExchange(t testing.TB) *flow.Exchange {
	return exchange{
		target: "/pets/J%C3%BCrgen/x?p=1&q=a%20b&q=c",
		fields: []string{"Host: h", "User-Agent: curl/8", "Accept: */*", "x-custom: 1", "X-Custom: 2"},
	}.build(t)
}

// TestWarmExpressionsAllocateNothing guards the proxy path.
func TestWarmExpressionsAllocateNothing(t *testing.T) {
	x := warmExchange(t)
	buf := make([]byte, 0, 1024)
	for _, text := range warm {
		e, err := Compile(text, Request)
		if err != nil {
			t.Fatal(err)
		}
		n := testing.AllocsPerRun(100, func() {
			if _, ok, err := e.Append(buf, x, 1000); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if _, ok, err := e.AppendPath(buf, x, 1000); !ok || err != nil {
				t.Fatal(ok, err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want 0", text, n)
		}
	}
}

// FuzzCompile holds that any text compiles or has an error with a place in it,
// that values keep the bound and what stood before them, and that paths hold
// nothing but what may stand in a request line, controls apart.
func FuzzCompile(f *testing.F) {
	for _, text := range warm {
		f.Add(text, "/a/b?c=d", `{"a": [1, "b"]}`)
	}
	for _, text := range []string{"$request.body", "$request.body.a[0]", "${request.body['a'].b}x", "$request.body.a.length()", "${}", "$", "a$request.path", "$response.body"} {
		f.Add(text, "/pets/%2e%2E/x?q=%0d%0a&q", `{"a":{"b":null}}`)
	}
	f.Fuzz(func(t *testing.T, text, target, body string) {
		for _, side := range []Side{Request, Response} {
			e, err := Compile(text, side)
			if err != nil {
				var at *Error
				if !errors.As(err, &at) || at.Column < 1 || at.Column > len(text)+1 || at.Reason == "" {
					t.Fatalf("Compile(%q): %v", text, err)
				}
				continue
			}
			x := exchange{target: "/", fields: []string{"a: b"}, body: body, reply: body}.build(t)
			x.Path, x.Query, _ = strings.Cut(target, "?")
			const max = 100
			got, ok, err := e.Append([]byte("before"), x, max)
			if !strings.HasPrefix(string(got), "before") || len(got) > len("before")+max || (!ok || err != nil) && len(got) != len("before") {
				t.Fatalf("Append gives %q, %v, %v", got, ok, err)
			}
			if !strings.HasPrefix(target, "/") || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }) {
				continue // the door lets no such target in
			}
			path, ok, err := e.AppendPath(nil, x, max)
			for _, c := range path {
				if ok && err == nil && c > ' ' && c != 0x7f && !plain(c) && !strings.ContainsRune("!$&'()*+,;=:@/%", rune(c)) && !strings.Contains(x.Path, string(c)) {
					t.Fatalf("the path %q holds %q", path, c)
				}
			}
			if readAll(t, &x.In.Body) != body || readAll(t, &x.Out.Body) != body {
				t.Fatal("a body lost something")
			}
		}
	})
}

// FuzzQuery holds that a value comes back from a query as it went into it, and
// that what is found is what net/url finds where that reads the query too.
func FuzzQuery(f *testing.F) {
	f.Add("a", "b c", "x=1&y=2")
	f.Add("ü&=", "%\r\n\x00", "&&=&a")
	f.Fuzz(func(t *testing.T, name, text, query string) {
		written := string(EscapeQuery([]byte(name), 0)) + "=" + string(EscapeQuery([]byte("x"+text), 1)[1:])
		if strings.ContainsAny(written[:len(written)-1], "&; \r\n\x00") {
			t.Fatalf("wrote %q", written)
		}
		if got, ok := AppendQuery(nil, written, name); !ok || string(got) != text {
			t.Fatalf("%q reads %q, %v; want %q", written, got, ok, text)
		}
		if values, err := url.ParseQuery(query); err == nil && !strings.Contains(query, ";") {
			got, ok := AppendQuery(nil, query, name)
			if want := values[name]; ok != (len(want) > 0) || string(got) != strings.Join(want, ",") {
				t.Fatalf("%q in %q: %q, net/url has %q", name, query, got, want)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	x := warmExchange(b)
	buf := make([]byte, 0, 1024)
	for _, text := range warm {
		e, err := Compile(text, Request)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := e.Append(buf, x, 1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
