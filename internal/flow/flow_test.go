package flow

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"gatehouse/internal/field"
)

// pieces is a stream that hands out one piece a read.
type pieces struct {
	io.Reader
	closed int
}

func (p *pieces) Close() error         { p.closed++; return nil }
func (p *pieces) Trailer() *field.List { return nil }

// TestBuffer is the table of what Buffer does with a body: it becomes bytes,
// or stays a stream that has lost nothing.
func TestBuffer(t *testing.T) {
	failing := io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errors.New("gone")))
	for _, tc := range []struct {
		desc   string
		body   Body
		max    int
		whole  bool
		fails  bool
		length int64
		text   string
	}{
		{"No body is whole.", Body{}, 0, true, false, 0, ""},
		{"Bytes are whole already.", Bytes([]byte("abc")), 3, true, false, 3, "abc"},
		{"Bytes beyond max are not, and stay.", Bytes([]byte("abc")), 2, false, false, 3, "abc"},
		{"A stream of exactly max is whole.", Streamed(&pieces{Reader: iotest.OneByteReader(strings.NewReader("abc"))}, Unknown), 3, true, false, 3, "abc"},
		{"A longer one stays a stream and loses nothing.", Streamed(&pieces{Reader: iotest.OneByteReader(strings.NewReader("abcdef"))}, Unknown), 3, false, false, Unknown, "abcdef"},
		{"One that ends with its last byte is seen to end.", Streamed(&pieces{Reader: iotest.DataErrReader(strings.NewReader("abcd"))}, Unknown), 3, false, false, Unknown, "abcd"},
		{"A declared length beyond max is not read at all.", Streamed(&pieces{Reader: iotest.ErrReader(errors.New("was read"))}, 10), 3, false, false, 10, ""},
		{"An error is the caller's.", Streamed(&pieces{Reader: failing}, Unknown), 3, false, true, Unknown, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			whole, err := tc.body.Buffer(tc.max)
			if whole != tc.whole || (err != nil) != tc.fails || tc.body.Len() != tc.length {
				t.Fatalf("whole %v, error %v, length %d", whole, err, tc.body.Len())
			}
			if tc.text == "" {
				return
			}
			got := tc.body.Bytes()
			if s := tc.body.Stream(); s != nil {
				if got, err = io.ReadAll(s); err != nil {
					t.Fatal(err)
				}
			}
			if string(got) != tc.text {
				t.Errorf("got %q, want %q", got, tc.text)
			}
		})
	}
}

func TestClearClosesTheStream(t *testing.T) {
	p := &pieces{Reader: strings.NewReader("x")}
	var r Reply
	r.Body = Streamed(p, 1)
	r.Header.Add("A", "b")
	r.Clear()
	if p.closed != 1 || r.Header.Len() != 0 {
		t.Errorf("closed %d times, %d fields left", p.closed, r.Header.Len())
	}
}

type named struct {
	name string
	log  *[]string
}

func (n named) End(*Exchange) { *n.log = append(*n.log, n.name) }

// TestAtEnd holds that enders are told once, the latest first.
func TestAtEnd(t *testing.T) {
	var log []string
	var x Exchange
	for _, n := range []string{"a", "b", "c"} {
		x.AtEnd(named{n, &log})
	}
	x.End()
	x.End()
	if got := strings.Join(log, ""); got != "cba" {
		t.Error(got)
	}
}

// TestContext holds that an exchange's context ends with it and at its
// deadline, and that nothing is made before somebody asks.
func TestContext(t *testing.T) {
	var x Exchange
	x.Begin(context.Background(), time.Now())
	if x.ctx != nil {
		t.Error("a context was made that nobody asked for")
	}
	ctx := x.Context()
	if ctx != x.Context() {
		t.Error("a second context was made")
	}
	x.End()
	if ctx.Err() == nil {
		t.Error("the context outlived the exchange")
	}
	x.Reset()
	x.Begin(context.Background(), time.Now())
	x.Deadline = time.Now().Add(-time.Second)
	if !errors.Is(x.Context().Err(), context.DeadlineExceeded) {
		t.Error("the context does not know the deadline")
	}
	x.End()
}

// TestID holds the form of Apigw-Requestid (runtime 2.1).
func TestID(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9+/]{15}=$`)
	seen := map[string]bool{}
	for range 1000 {
		var x Exchange
		x.Begin(t.Context(), time.Now())
		if !form.MatchString(x.ID) || seen[x.ID] {
			t.Fatalf("id %q", x.ID)
		}
		seen[strings.Clone(x.ID)] = true
	}
}

// TestTrail holds that a Trail is bounded, says so, and copies what it notes.
func TestTrail(t *testing.T) {
	var none *Trail
	none.Add(RouteMatched, "a", "b")
	if none.Len() != 0 || none.Truncated() {
		t.Error("a nil Trail notes nothing")
	}
	tr := new(Trail)
	text := []byte("GET /a")
	tr.Add(RouteMatched, string(text), "r1")
	text[0] = 'X'
	if what, a, b := tr.At(0); what != RouteMatched || a != "GET /a" || b != "r1" {
		t.Errorf("got %d %q %q", what, a, b)
	}
	for range 10 {
		tr.Add(Shaped, strings.Repeat("x", MaxTrail/4), "")
	}
	if !tr.Truncated() || tr.Len() > 5 {
		t.Errorf("%d notes, truncated %v", tr.Len(), tr.Truncated())
	}
}

// TestChain holds that the first step is the outermost and that nil is none.
func TestChain(t *testing.T) {
	var order []string
	step := func(name string) Step {
		return func(next Handler) Handler {
			return HandlerFunc(func(x *Exchange) error { order = append(order, name); return next.Serve(x) })
		}
	}
	h := Chain(HandlerFunc(func(*Exchange) error { order = append(order, "last"); return nil }), step("a"), nil, step("b"))
	if err := h.Serve(nil); err != nil || strings.Join(order, " ") != "a b last" {
		t.Errorf("got %v, %v", order, err)
	}
}

// TestBeginAllocatesNothing guards the proxy path.
func TestBeginAllocatesNothing(t *testing.T) {
	x := new(Exchange)
	ctx, start := t.Context(), time.Now()
	n := testing.AllocsPerRun(100, func() {
		x.Begin(ctx, start)
		x.Out.Header.Add("Content-Type", "text/plain")
		x.End()
		x.Reset()
	})
	if n > 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
