package expr

import (
	"errors"
	"strings"
	"testing"
)

// TestAppendREST is the table of mapping values of REST APIs (runtime 1.10).
func TestAppendREST(t *testing.T) {
	in := exchange{
		target:  "/pets/J%C3%BCrgen%2F/a/b/?q=1&q=a%20b+c&none&semi=1;semi=2",
		fields:  []string{"X-A: 1", "x-a: 2", "Content-Length: 7", "Te: x"},
		replied: []string{"X-R: 1", "x-r: 2"},
	}
	for _, tc := range []struct {
		desc string
		text string
		side Side
		body string
		want string
		err  error
	}{
		{"[R] A header is its last value.", "method.request.header.X-A", Request, "", "2", nil},
		{"[R] A multi-value header is joined.", "method.request.multivalueheader.x-A", Request, "", "1,2", nil},
		{"[R] A query parameter is its last value, decoded; + is a blank.", "method.request.querystring.q", Request, "", "a b c", nil},
		{"[D] All of them are a list.", "method.request.multivaluequerystring.q", Request, "", "1,a b c", nil},
		{"[K] A parameter without = is there and empty.", "method.request.querystring.none", Request, "", "", nil},
		{"[D] A semicolon splits the pair.", "method.request.querystring.semi", Request, "", "2", nil},
		{"[R] A path parameter is as it was sent.", "method.request.path.petId", Request, "", "J%C3%BCrgen%2F", nil},
		{"[R] What is not there has no value.", "method.request.header.X-B", Request, "", none, nil},
		{"[R] What is removed at parse has no value.", "method.request.header.Content-Length", Request, "", none, nil},
		{"[R] The same in other letters.", "method.request.multivalueheader.TE", Request, "", none, nil},
		{"[R] A body.", "method.request.body", Request, "text", "text", nil},
		{"[R] An empty body is an empty object.", "method.request.body", Request, "", "{}", nil},
		{"[R] A value of it.", "method.request.body.a.b", Request, `{"a":{"b":"x"}}`, "x", nil},
		{"[R] An object of it is JSON.", "method.request.body.a", Request, `{"a":{"b":"x"}}`, `{"b":"x"}`, nil},
		{"[R] A body that does not look like JSON has no values.", "method.request.body.a", Request, "a=1", none, nil},
		{"[R] One that looks like it and is none is an error.", "method.request.body.a", Request, `{"a":`, "", ErrJSON},
		{"A body that is too long for a look is an error.", "method.request.body.a", Request, `{"a":"` + strings.Repeat("x", maxRESTParsed) + `"}`, "", ErrTooLong},
		{"[D] A stage variable.", "stageVariables.size", Request, "", "large", nil},
		{"[D] A context variable.", "context.stage", Request, "", "prod", nil},
		{"[D] One that is a number is not mapped.", "context.requestTimeEpoch", Request, "", none, nil},
		{"[D] A literal.", "'a, b'", Request, "", "a, b", nil},
		{"An empty literal.", "''", Request, "", "", nil},
		{"[D] A header of the reply.", "integration.response.header.x-r", Response, "", "2", nil},
		{"[D] All of them.", "integration.response.multivalueheader.x-r", Response, "", "1,2", nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e, err := CompileREST(tc.text, tc.side)
			if err != nil {
				t.Fatal(err)
			}
			with := in
			with.body = tc.body
			out, ok, err := e.Append([]byte(">"), with.build(t), 2<<20)
			got := strings.TrimPrefix(string(out), ">")
			if !ok && err == nil {
				got += none
			}
			if !errors.Is(err, tc.err) || got != tc.want {
				t.Errorf("got %q, %v, want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

// TestABodyIsParsedOnce holds that any number of mappings share one parsed body,
// and one budget of work in it.
func TestABodyIsParsedOnce(t *testing.T) {
	compile := func(rest bool, path string) *Expr {
		e, err := Compile("$request.body"+path, Request)
		if rest {
			e, err = CompileREST("method.request.body"+path, Request)
		}
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, tc := range []struct {
		desc       string
		rest       bool
		body       string
		path       string
		last       error // of the mappings, when there are many
		unreadable bool
	}{
		{"A name costs nothing.", false, `{"a":1}`, ".a", nil, false},
		{"A name costs nothing on REST APIs.", true, `{"a":1}`, ".a", nil, false},
		{"All elements of a long list do.", false, "[" + strings.Repeat("{},", 30_000) + "1]", "[*].a", ErrTooLong, false},
		{"All elements of a long list do on REST APIs.", true, "[" + strings.Repeat("{},", 300_000) + "1]", "[*].a", ErrTooLong, false},
		{"What is no JSON is found to be none once.", true, `{"a":`, ".a", ErrJSON, true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := exchange{target: "/", body: tc.body}.build(t)
			e := compile(tc.rest, tc.path)
			_, _, err := e.Append(nil, x, 1<<20)
			if err != nil && !tc.unreadable {
				t.Fatal(err)
			}
			first := x.In.Body.Document()
			for range 100 {
				if _, _, err = e.Append(nil, x, 1<<20); err != nil {
					break
				}
			}
			if !errors.Is(err, tc.last) {
				t.Errorf("got %v, want %v", err, tc.last)
			}
			if first == nil || x.In.Body.Document() != first {
				t.Error("it was parsed again")
			}
		})
	}
}

// TestCompileRESTRefuses holds that what is no expression says where.
func TestCompileRESTRefuses(t *testing.T) {
	for _, tc := range []struct {
		desc, text string
		side       Side
		says       string
	}{
		{"A literal without its second quote.", "'a", Request, "quote"},
		{"An expression of HTTP APIs.", "$request.header.X", Request, "none of"},
		{"The other side's message.", "integration.response.header.X", Request, "none of"},
		{"A query of a reply.", "integration.response.querystring.x", Response, "querystring"},
		{"A header without a name.", "method.request.header.", Request, "name"},
		{"A name with a blank.", "method.request.header.a b", Request, "name"},
		{"A variable that is none.", "context.nothing", Request, "context.nothing"},
		{"A variable of HTTP APIs.", "context.routeKey", Request, "routeKey"},
		{"A stage variable without a name.", "stageVariables.", Request, "missing"},
		{"A path into the body that is none.", "method.request.body.a[", Request, ""},
		{"Nothing.", "", Request, "none of"},
		{"Too much.", "'" + strings.Repeat("x", MaxText) + "'", Request, "at most"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := CompileREST(tc.text, tc.side)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error that says %q", err, tc.says)
			}
		})
	}
}

// FuzzCompileREST holds that any text compiles or has an error with a place in
// it, and that values keep the bound and what stood before them.
func FuzzCompileREST(f *testing.F) {
	for _, text := range []string{"method.request.header.A", "method.request.body.a[0].b", "'x'", "stageVariables.size", "context.identity.sourceIp", "method.request.multivaluequerystring.q"} {
		f.Add(text, "/pets/1/x?q=1;q=2", `{"a":[{"b":1}]}`)
	}
	f.Fuzz(func(t *testing.T, text, target, body string) {
		e, err := CompileREST(text, Request)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Column < 1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		x := exchange{target: target, fields: warmExchangeFields(), body: body}.build(t)
		out, ok, err := e.Append([]byte("before"), x, 100)
		if !strings.HasPrefix(string(out), "before") || len(out) > len("before")+100 {
			t.Fatalf("%q: %q", text, out)
		}
		if (!ok || err != nil) && len(out) != len("before") {
			t.Fatalf("%q: %q without a value", text, out)
		}
	})
}

func warmExchangeFields() []string { return []string{"Host: h", "A: 1", "A: 2"} }
