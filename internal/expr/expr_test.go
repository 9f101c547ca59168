package expr

import (
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/route"
)

// stream is a body that arrives a byte a read.
type stream struct{ io.Reader }

func (s stream) Close() error         { return nil }
func (s stream) Trailer() *field.List { return nil }
func (s stream) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return s.Reader.Read(p)
}

// exchange is a request and its reply, of "Name: value" lines.
type exchange struct {
	target  string // "/path?query"
	fields  []string
	body    string
	replied []string
	reply   string
}

func (e exchange) build(t testing.TB) *flow.Exchange {
	t.Helper()
	x := new(flow.Exchange)
	x.Begin(t.Context(), time.Unix(1583348638, 0))
	x.API = &gate.API{ID: "abc", Protocol: gate.HTTP, Account: "123456789012"}
	x.Stage = &gate.Stage{API: "abc", Name: "prod", Variables: map[string]string{"size": "large", "empty": ""}}
	x.In.Source = netip.MustParseAddr("192.0.2.7")
	x.Path, x.Query, _ = strings.Cut(e.target, "?")
	var tree route.Tree[bool]
	if err := tree.Add("ANY", "/pets/{petId}/{rest+}", true); err != nil {
		t.Fatal(err)
	}
	tree.Find("GET", x.Path, &x.Params)
	load := func(l *field.List, lines []string) {
		for _, f := range lines {
			name, v, _ := strings.Cut(f, ": ")
			l.Add(name, v)
		}
	}
	load(&x.In.Header, e.fields)
	load(&x.Out.Header, e.replied)
	if e.body != "" {
		x.In.Body = flow.Streamed(stream{strings.NewReader(e.body)}, flow.Unknown)
	}
	if e.reply != "" {
		x.Out.Body = flow.Streamed(stream{strings.NewReader(e.reply)}, int64(len(e.reply)))
	}
	return x
}

const none = "(none)"

// TestAppend is the table of values of runtime 2.7.
func TestAppend(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, tc := range []struct {
		desc string
		text string
		side Side
		in   exchange
		want string // none: it has no value
	}{
		{"Text is itself.", "a static value", Request, exchange{}, "a static value"},
		{"Nothing is nothing.", "", Request, exchange{}, ""},
		{"A dollar in text is text.", "5$ {or} more$", Request, exchange{}, "5$ {or} more$"},

		{"A header, whatever its case.", "$request.header.X-USER", Request, exchange{fields: []string{"x-user: me"}}, "me"},
		{"Its values are joined with commas.", "$request.header.accept", Request, exchange{fields: []string{"Accept: a", "B: c", "ACCEPT: d"}}, "a,d"},
		{"An empty header has an empty value.", "$request.header.a", Request, exchange{fields: []string{"a: "}}, ""},
		{"A header that is not there has none.", "$request.header.a", Request, exchange{}, none},

		{"A query parameter.", "$request.querystring.q", Request, exchange{target: "/?p=1&q=2"}, "2"},
		{"Its name has a case.", "$request.querystring.Q", Request, exchange{target: "/?q=2"}, none},
		{"Its values are joined with commas.", "$request.querystring.q", Request, exchange{target: "/?q=1&p=0&q=2"}, "1,2"},
		{"Values are decoded, + is a blank.", "$request.querystring.q", Request, exchange{target: "/?q=a%20b+c%2Bd%zz%4"}, "a b c+d%zz%4"},
		{"Names are compared decoded.", "$request.querystring.a b[]", Request, exchange{target: "/?a+b%5B%5d=1"}, "1"},
		{"A name alone has an empty value.", "$request.querystring.q", Request, exchange{target: "/?q&&p"}, ""},
		{"A name may hold dots.", "$request.querystring.a.b", Request, exchange{target: "/?a=0&a.b=1"}, "1"},
		{"A longer name is another one.", "$request.querystring.a", Request, exchange{target: "/?ab=1"}, none},

		{"The path has no stage.", "$request.path", Request, exchange{target: "/pets/1/x"}, "/pets/1/x"},
		{"The path is decoded, + is none.", "$request.path", Request, exchange{target: "/a%20b+c"}, "/a b+c"},
		{"A path parameter.", "$request.path.petId", Request, exchange{target: "/pets/7/x"}, "7"},
		{"It is decoded.", "$request.path.petId", Request, exchange{target: "/pets/J%C3%BCrgen%2F1/x"}, "Jürgen/1"},
		{"A greedy one keeps its slashes.", "$request.path.rest", Request, exchange{target: "/pets/7/x/y"}, "x/y"},
		{"A path parameter of another route.", "$request.path.other", Request, exchange{target: "/pets/7/x"}, none},
		{"Its name has a case.", "$request.path.petid", Request, exchange{target: "/pets/7/x"}, none},

		{"The whole body.", "$request.body", Request, exchange{body: `{"a": 1}`}, `{"a": 1}`},
		{"No body.", "$request.body", Request, exchange{}, none},
		{"A member of it.", "$request.body.a", Request, exchange{body: `{"a": "x\"y"}`}, `x"y`},
		{"A member deep in it.", "$request.body.a.b[1]", Request, exchange{body: `{"a": {"b": [1, 2.50]}}`}, `2.50`},
		{"A name in brackets.", "$request.body['a b']", Request, exchange{body: `{"a b": true}`}, "true"},
		{"An object comes as JSON.", "$request.body.a", Request, exchange{body: `{"a": {"b" : [1, "\u00e9"]}}`}, `{"b":[1,"\u00e9"]}`},
		{"null is no value.", "$request.body.a", Request, exchange{body: `{"a": null}`}, none},
		{"A member that is not there.", "$request.body.b", Request, exchange{body: `{"a": 1}`}, none},
		{"A body that is no JSON.", "$request.body.a", Request, exchange{body: `a=1`}, none},
		{"A body beyond 100 KB is cut and no JSON any more.", "$request.body.a", Request, exchange{body: `{"a": 1, "b": "` + long + `"}`}, none},
		{"The cut may fall into blanks at the end.", "$request.body.a", Request, exchange{body: `{"a": 1}` + strings.Repeat(" ", 200<<10)}, "1"},
		{"A whole body is not cut.", "$request.body", Request, exchange{body: long}, long},

		{"A context variable.", "$context.apiId", Request, exchange{}, "abc"},
		{"One with a dot.", "$context.identity.sourceIp", Request, exchange{}, "192.0.2.7"},
		{"One without a value.", "$context.authorizer.claims.sub", Request, exchange{}, none},
		{"A stage variable.", "$stageVariables.size", Request, exchange{}, "large"},
		{"An empty stage variable.", "$stageVariables.empty", Request, exchange{}, ""},
		{"An undefined stage variable.", "$stageVariables.none", Request, exchange{}, none},

		{"Several in one.", "${request.path.petId}-${context.stage}", Request, exchange{target: "/pets/7/x"}, "7-prod"},
		{"The dollar inside of the braces is optional.", "a${$request.header.b}c", Request, exchange{fields: []string{"b: 1"}}, "a1c"},
		{"One alone in braces.", "${stageVariables.size}", Request, exchange{}, "large"},
		{"What is not there is empty beside text.", "a-${request.header.b}", Request, exchange{}, "a-"},
		{"Nothing but what is not there has no value.", "${request.header.b}${request.header.c}", Request, exchange{}, none},
		{"Braces side by side.", "${stageVariables.size}${context.apiId}", Request, exchange{}, "largeabc"},

		{"A header of the reply.", "$response.header.Location", Response, exchange{fields: []string{"location: no"}, replied: []string{"location: yes"}}, "yes"},
		{"The body of the reply.", "$response.body", Response, exchange{reply: "text", body: "no"}, "text"},
		{"A member of the reply.", "$response.body.a", Response, exchange{reply: `{"a": [1]}`, body: `{"a": 0}`}, "[1]"},
		{"Context on the way back.", "$context.apiId", Response, exchange{}, "abc"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e, err := Compile(tc.text, tc.side)
			if err != nil {
				t.Fatal(err)
			}
			x := tc.in.build(t)
			got, ok, err := e.Append([]byte("before "), x, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			text, kept := strings.CutPrefix(string(got), "before ")
			if !ok && text == "" {
				text = none
			}
			if !kept || text != tc.want {
				t.Errorf("got %.200q, want %.200q", got, tc.want)
			}
			if rest := readAll(t, &x.In.Body); rest != tc.in.body {
				t.Errorf("the request's body then reads %d bytes of %d", len(rest), len(tc.in.body))
			}
			if rest := readAll(t, &x.Out.Body); rest != tc.in.reply {
				t.Errorf("the reply's body then reads %d bytes of %d", len(rest), len(tc.in.reply))
			}
		})
	}
}

func readAll(t testing.TB, b *flow.Body) string {
	t.Helper()
	if b.Stream() == nil {
		return string(b.Bytes())
	}
	text, err := io.ReadAll(b.Stream())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAppendPath is the table of values that become paths.
func TestAppendPath(t *testing.T) {
	for _, tc := range []struct {
		desc, text, target, want string
	}{
		{"The path stays encoded.", "$request.path", "/pets/a%2Fb%20c/x", "/pets/a%2Fb%20c/x"},
		{"A path parameter cannot step out of its segment.", "/u/${request.path.petId}", "/pets/..%2Fadmin/x", "/u/..%2Fadmin"},
		{"What a query holds is encoded, slashes are kept.", "/${request.querystring.q}", "/?q=a/b%20c%3Fd%23e", "/a/b%20c%3Fd%23e"},
		{"An encoding stays one, a lone % becomes one.", "/a%20b%zz%2", "/", "/a%20b%25zz%252"},
		{"Text is encoded where it must.", "/ü b?c", "/", "/%C3%BC%20b%3Fc"},
		{"Controls stay, to be refused.", "/${request.querystring.q}", "/?q=a%0Db", "/a\rb"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			e, err := Compile(tc.text, Request)
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := e.AppendPath(nil, exchange{target: tc.target}.build(t), 1000)
			if err != nil || !ok || string(got) != tc.want {
				t.Errorf("got %q, %v, %v, want %q", got, ok, err, tc.want)
			}
		})
	}
}

// TestCompileRefuses is the table of what is no expression, and where.
func TestCompileRefuses(t *testing.T) {
	for _, tc := range []struct {
		desc, text string
		side       Side
		column     int
		says       string
	}{
		{"An unknown root.", "$foo.bar", Request, 2, `"foo"`},
		{"A lone dollar.", "$", Request, 2, "none of"},
		{"An unknown part of the request.", "$request.cookie.a", Request, 10, `"cookie"`},
		{"The request alone.", "$request", Request, 9, "has header"},
		{"A header without a name.", "$request.header.", Request, 17, "header"},
		{"A header whose name is none.", "$request.header.a b", Request, 18, "header"},
		{"A header with a line break.", "$request.header.a\r\nb", Request, 18, "header"},
		{"A query parameter without a name.", "$request.querystring", Request, 21, "missing"},
		{"A path parameter without a name.", "$request.path.", Request, 15, "path parameter"},
		{"Text behind a selection.", "$request.path/x", Request, 10, `"path/x"`},
		{"A body path that is missing.", "$request.body.", Request, 15, "missing"},
		{"Recursive descent.", "$request.body..a", Request, 14, "recursive"},
		{"Recursive descent deeper in.", "$request.body.a..b", Request, 14, "recursive"},
		{"A filter.", "$request.body.a[?(@.b > 1)]", Request, 14, "filters"},
		{"A body path that is none.", "$request.body.a[", Request, 16, "not closed"},
		{"A context variable that HTTP APIs lack.", "$context.nothing", Request, 10, "$context.nothing"},
		{"A stage variable without a name.", "$stageVariables.", Request, 17, "missing"},
		{"A stage variable whose name is none.", "$stageVariables.a-b", Request, 18, "stage variable"},
		{"Braces that stay open.", "a${request.path", Request, 2, "not closed"},
		{"Empty braces.", "a${}", Request, 4, "none of"},
		{"An error inside of braces.", "ab${request.header.}", Request, 20, "header"},
		{"A selection in text without braces.", "/api/$request.path.proxy", Request, 6, "${request."},
		{"The reply before there is one.", "$response.header.a", Request, 2, "cannot be read here"},
		{"The request on the way back.", "$request.header.a", Response, 2, "cannot be read here"},
		{"The status of the reply.", "$response.statuscode", Response, 11, `"statuscode"`},
		{"Too much.", strings.Repeat("a", MaxText+1), Request, MaxText + 1, "at most 512"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := Compile(tc.text, tc.side)
			var at *Error
			if !errors.As(err, &at) {
				t.Fatalf("got %v", err)
			}
			if at.Column != tc.column || !strings.Contains(at.Reason, tc.says) {
				t.Errorf("got column %d: %s; want column %d and %q", at.Column, at.Reason, tc.column, tc.says)
			}
			if !strings.Contains(err.Error(), strconv.Quote(tc.text)) {
				t.Errorf("%v does not name the expression", err)
			}
		})
	}
}

// TestTooLong holds that the bound is exact, and that a body beyond it is not
// read further than to see that.
func TestTooLong(t *testing.T) {
	for _, text := range []string{"12345", "$request.body", "${request.header.a}${request.header.b}"} {
		e, err := Compile(text, Request)
		if err != nil {
			t.Fatal(err)
		}
		in := exchange{body: "12345", fields: []string{"a: 12", "b: 345"}}
		if got, ok, err := e.Append(nil, in.build(t), 5); err != nil || !ok || string(got) != "12345" {
			t.Errorf("%s: got %q, %v, %v", text, got, ok, err)
		}
		x := in.build(t)
		if got, ok, err := e.Append([]byte("a"), x, 4); !errors.Is(err, ErrTooLong) || ok || string(got) != "a" {
			t.Errorf("%s: got %q, %v, %v", text, got, ok, err)
		}
		if rest := readAll(t, &x.In.Body); rest != "12345" {
			t.Errorf("%s: the body then reads %q", text, rest)
		}
	}
}

// TestBodyFails holds that a body's own error comes out as it is.
func TestBodyFails(t *testing.T) {
	gone := gate.Fail(gate.RequestTooLarge, errors.New("too large"))
	for _, text := range []string{"$request.body", "a${request.body.b}"} {
		e, err := Compile(text, Request)
		if err != nil {
			t.Fatal(err)
		}
		if !e.NeedsBody() {
			t.Errorf("%s: NeedsBody says no", text)
		}
		x := exchange{}.build(t)
		x.In.Body = flow.Streamed(stream{failing{gone}}, flow.Unknown)
		if _, _, err := e.Append(nil, x, 100); err != error(gone) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{"": "", "abc": "abc", "$context.stage": none, "a${context.stage}": none} {
		e, err := Compile(text, Request)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := e.Literal()
		if !ok {
			got = none
		}
		if diff := cmp.Diff(want, got); diff != "" || e.String() != text || e.NeedsBody() {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
