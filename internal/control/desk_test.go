package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"gatehouse/internal/store"
	"gatehouse/internal/store/memory"
	"gatehouse/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newDesk(t testing.TB) *Desk {
	s := memory.New()
	t.Cleanup(func() { s.Close() })
	return &Desk{Store: s, Account: "000000000000"}
}

func TestPlace(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		caller wire.Caller
		want   Place
		fails  string
	}{
		{"The account follows the access key.", wire.Caller{Account: "111111111111", Region: "eu-west-1"}, Place{"111111111111", "eu-west-1"}, ""},
		{"Without one it is the house's.", wire.Caller{Region: "us-east-1"}, Place{"000000000000", "us-east-1"}, ""},
		{"An account is 12 digits.", wire.Caller{Account: "1/2", Region: "us-east-1"}, Place{}, "12 digits"},
		{"A region is needed.", wire.Caller{}, Place{}, "region"},
		{"A region is no path.", wire.Caller{Region: "a/b"}, Place{}, "region"},
		{"A region is one of those that exist.", wire.Caller{Region: "us-west-1"}, Place{}, "us-west-1"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			d := Desk{Account: "000000000000", Regions: []string{"us-east-1", "eu-west-1"}}
			got, err := d.Place(wire.WithCaller(context.Background(), tc.caller))
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("got %v, want an error with %q", err, tc.fails)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	for _, tc := range []struct{ desc, url, region, want string }{
		{"AWS's form.", "", "us-east-1", "https://abc.execute-api.us-east-1.amazonaws.com"},
		{"AWS's form in China.", "", "cn-north-1", "https://abc.execute-api.cn-north-1.amazonaws.com.cn"},
		{"A host of our own.", "https://gw.example.com:8443", "us-east-1", "https://abc.execute-api.gw.example.com:8443"},
		{"A trailing slash is no part of the host.", "http://gw.example.com/", "us-east-1", "http://abc.execute-api.gw.example.com"},
		{"An address has no labels before it.", "http://127.0.0.1:4566", "us-east-1", "http://127.0.0.1:4566/_aws/execute-api/abc"},
		{"Nor has one of IPv6.", "http://[::1]:4566", "us-east-1", "http://[::1]:4566/_aws/execute-api/abc"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if got := (&Desk{PublicURL: tc.url}).Endpoint("abc", tc.region); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestARN(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1":     "arn:aws:apigateway:us-east-1::/apis/a",
		"cn-north-1":    "arn:aws-cn:apigateway:cn-north-1::/apis/a",
		"us-gov-west-1": "arn:aws-us-gov:apigateway:us-gov-west-1::/apis/a",
	} {
		if got := (Place{"1", region}).ARN("/apis/a"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]int{}
	for range 2000 {
		id := NewID(APIIDLength)
		if len(id) != 10 || strings.Trim(id, idAlphabet) != "" || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
		for _, r := range id {
			letters[r]++
		}
	}
	for r, n := range letters { // 555 expected; five standard deviations are 116
		if n < 400 || n > 710 {
			t.Errorf("%q came %d times of 20000", r, n)
		}
	}
	if len(letters) != 36 {
		t.Errorf("%d letters", len(letters))
	}
}

func TestSplitTags(t *testing.T) {
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}
	for _, tc := range []struct {
		desc  string
		tags  map[string]string
		id    string
		fails string
	}{
		{"No tags are an empty map.", nil, "", ""},
		{"Keys and values of all scripts.", map[string]string{"Größe": "大 x_.:/=+-@"}, "", ""},
		{"An id is taken out.", map[string]string{"_custom_id_": "my-api1", "a": "b"}, "my-api1", ""},
		{"An id has no capitals, for hosts have none.", map[string]string{"_custom_id_": "Mine"}, "", "_custom_id_"},
		{"An id has no dot.", map[string]string{"_custom_id_": "a.b"}, "", "_custom_id_"},
		{"An id is no longer than a label.", map[string]string{"_custom_id_": strings.Repeat("a", 64)}, "", "_custom_id_"},
		{"An id is not empty.", map[string]string{"_custom_id_": ""}, "", "_custom_id_"},
		{"A key has a character.", map[string]string{"": "b"}, "", "key"},
		{"A key has at most 128.", map[string]string{strings.Repeat("ä", 129): ""}, "", "129"},
		{"A key is not AWS's.", map[string]string{"AWS:x": ""}, "", "reserved"},
		{"A key has no control character.", map[string]string{"a\n": ""}, "", "not allowed"},
		{"A value has none either.", map[string]string{"a": "\x00"}, "", "not allowed"},
		{"There are at most 50.", many, "", "51"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			keep, id, err := SplitTags(tc.tags)
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("got %v, want an error with %q", err, tc.fails)
				}
				return
			}
			want := maps.Clone(tc.tags)
			delete(want, CustomIDTag)
			if err != nil || id != tc.id || keep == nil || !maps.Equal(keep, want) {
				t.Errorf("got %v, %q, %v", keep, id, err)
			}
		})
	}
}

// shape stands for a structure of the wire.
type shape struct {
	Text  *string           `wire:"text"`
	Flag  *bool             `wire:"flag"`
	Time  *time.Time        `wire:"time,iso"`
	List  []string          `wire:"list"`
	Map   map[string]string `wire:"map"`
	Inner *inner            `wire:"inner"`
	Many  map[string]inner  `wire:"many"`
}

type inner struct {
	Number *float64 `wire:"number"`
}

type document struct {
	N   int      `json:"n"`
	All []string `json:"all"`
	AWS shape    `json:"aws"`
}

// TestDocuments holds that what is absent, empty and zero stay three things.
func TestDocuments(t *testing.T) {
	for _, tc := range []struct {
		desc string
		doc  document
		text string
	}{
		{"Nothing.", document{}, `{}`},
		{"Members have the names of the wire.", document{N: 1, AWS: shape{Text: new("a"), Inner: &inner{new(1.5)}}}, `{"n":1,"aws":{"text":"a","inner":{"number":1.5}}}`},
		{"Empty is not absent.", document{AWS: shape{Text: new(""), Flag: new(false), List: []string{}, Map: map[string]string{}, Inner: &inner{}, Many: map[string]inner{}}},
			`{"aws":{"text":"","flag":false,"list":[],"map":{},"inner":{},"many":{}}}`},
		{"Text is what it was before it was escaped.", document{AWS: shape{Text: new("\"\\ \n<é\u2028\U0001F600")}}, `{"aws":{"text":"\"\\ \n\u003cé\u2028😀"}}`},
		{"Maps of texts.", document{AWS: shape{Map: map[string]string{"a": "b", "": "\n"}}}, `{"aws":{"map":{"":"\n","a":"b"}}}`},
		{"Maps of structures.", document{AWS: shape{Many: map[string]inner{"GET /": {new(0.0)}, "a": {}}}}, `{"aws":{"many":{"GET /":{"number":0},"a":{}}}}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			text, err := Encode(&tc.doc)
			if err != nil || string(text) != tc.text {
				t.Errorf("got %s, %v, want %s", text, err, tc.text)
			}
			var back document
			if err := Decode(text, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.doc, back); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDocumentsThatAreNone(t *testing.T) {
	for _, tc := range []struct{ desc, text, fails string }{
		{"A member of a newer version would be lost.", `{"aws":{"inner":{"newer":1}}}`, `member "newer" is not known`},
		{"It is named although others are known.", `{"n":1,"later":2,"all":[]}`, `member "later" is not known`},
		{"An array is no structure.", `{"aws":[]}`, "a structure is an object, not array"},
		{"A list is no map.", `{"aws":{"many":[1]}}`, "a map is an object, not array"},
		{"A map of texts has no numbers.", `{"aws":{"map":{"a":"b","c":1}}}`, "member map"},
		{"A list is no map of texts.", `{"aws":{"map":[]}}`, "member map"},
		{"A number is no text.", `{"aws":{"text":1}}`, "member text"},
		{"Half a document.", `{"aws":{"text":"a"`, "decode *control.document"},
		{"Two documents.", `{}{}`, "decode *control.document"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if err := Decode([]byte(tc.text), new(document)); err == nil || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("got %v, want an error with %q", err, tc.fails)
			}
		})
	}
}

// FuzzDecode holds that what was read is written as something that reads the
// same.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"n":1,"all":["a"],"aws":{"text":"a","inner":{"number":1.5},"many":{"x":{}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var a, b document
		if Decode(text, &a) != nil {
			return
		}
		again, err := Encode(&a)
		if err == nil {
			err = Decode(again, &b)
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMerge(t *testing.T) {
	type other struct {
		ID   *string `wire:"ID,label"`
		Text *string `wire:"text"`
		Flag *bool   `wire:"flag"`
	}
	dst := shape{Text: new("a"), Flag: new(true)}
	Merge(&dst, &other{ID: new("x"), Flag: new(false)})
	if diff := cmp.Diff(shape{Text: new("a"), Flag: new(false)}, dst); diff != "" {
		t.Error(diff)
	}
}

// TestUnenforced holds which fields of a structure are told of.
func TestUnenforced(t *testing.T) {
	f := Fields{"text": {Class: Enforced, Later: []string{"B"}, Unless: "list"}, "flag": {Class: Later}, "inner.number": {Class: Later}, "many.*.number": {Class: Later}, "list": {Class: Metadata}}
	for _, tc := range []struct {
		desc string
		v    shape
		want []string
	}{
		{"Nothing is nothing.", shape{}, nil},
		{"What is false does not act.", shape{Flag: new(false), Text: new("A"), List: []string{"x"}, Inner: &inner{}}, nil},
		{"What acts is told of, once.", shape{Flag: new(true), Text: new("B"), Inner: &inner{new(1.0)}, Many: map[string]inner{"a": {new(1.0)}, "b": {new(2.0)}}},
			[]string{"x.flag", "x.inner.number", "x.many.*.number", "x.text"}},
		{"What another field makes act is not told of.", shape{Text: new("B"), List: []string{"x"}, Flag: new(true)}, []string{"x.flag"}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, f.Unenforced("x", &tc.v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTx holds what a transaction sees and what its commit depends on.
func TestTx(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	put := func(key string, n int) {
		t.Helper()
		text, _ := Encode(document{N: n})
		if _, err := d.Store.Commit(ctx, store.Change{Op: store.Put, Key: key, Base: store.Any, Value: text}); err != nil {
			t.Fatal(err)
		}
	}
	get := func(key string) int {
		doc, err := d.Store.Get(ctx, key)
		if err != nil {
			return -1
		}
		var v document
		if err := Decode(doc.Value, &v); err != nil {
			t.Fatal(err)
		}
		return v.N
	}
	put("a", 1)
	runs := 0
	err := d.Do(ctx, "x", func(tx *Tx) error {
		runs++
		var a document
		if _, err := tx.Load("a", &a); err != nil {
			return err
		}
		if runs == 1 {
			put("a", 10) // somebody else is faster
		}
		if err := tx.Put("b", document{N: a.N + 1}); err != nil {
			return err
		}
		var b document
		if found, err := tx.Load("b", &b); err != nil || !found || b.N != a.N+1 {
			t.Errorf("a run does not see its own put: %v %v %v", found, b, err)
		}
		return nil
	})
	if err != nil || runs != 2 || get("b") != 11 {
		t.Errorf("%d runs, b is %d, %v", runs, get("b"), err)
	}
	var seen []bool
	err = d.Do(ctx, "x", func(tx *Tx) error {
		found, err := tx.Load("c", nil)
		if err != nil {
			return err
		}
		seen = append(seen, found)
		if !found {
			put("c", 1) // what was absent is there now
		}
		return tx.Put("d", document{N: len(seen)})
	})
	if err != nil || !slices.Equal(seen, []bool{false, true}) || get("d") != 2 {
		t.Errorf("found c %v, d is %d, %v", seen, get("d"), err)
	}
	runs = 0
	err = d.Do(ctx, "x", func(tx *Tx) error {
		runs++
		if _, err := tx.Load("a", nil); err != nil {
			return err
		}
		put("a", runs)
		return tx.Put("never", document{})
	})
	var w *wire.Error
	if !errors.As(err, &w) || w.Type != "ConflictException" || w.Status != 409 || runs != store.Attempts {
		t.Errorf("%d runs: %v", runs, err)
	}
	err = d.Do(ctx, "x", func(tx *Tx) error { return tx.Put("big", document{All: []string{strings.Repeat("x", 2<<20)}}) })
	if !errors.As(err, &w) || w.Type != "BadRequestException" {
		t.Errorf("too big: %v", err)
	}
	if err := d.Do(ctx, "x", func(tx *Tx) error {
		if found, err := tx.Load("b", nil); err != nil || !found {
			t.Errorf("%v, %v", found, err)
		}
		tx.Delete("b")
		if found, err := tx.Load("b", nil); err != nil || found {
			t.Errorf("a run sees what it deleted: %v", err)
		}
		return nil
	}); err != nil || get("b") != -1 {
		t.Errorf("%v", err)
	}
}

// TestYield holds that what was changed meanwhile is left, and the rest done.
func TestYield(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	for _, changed := range []bool{false, true} {
		if err := d.Do(ctx, "", func(tx *Tx) error { return tx.Set("note", 1) }); err != nil {
			t.Fatal(err)
		}
		runs := 0
		err := d.Do(ctx, "", func(tx *Tx) error {
			runs++
			at, err := tx.Peek("note", nil)
			if err != nil {
				return err
			}
			if changed {
				if _, err := d.Store.Commit(ctx, store.Change{Op: store.Put, Key: "note", Base: store.Any}); err != nil {
					return err
				}
			}
			tx.Yield("note", at)
			return tx.Set("done", changed)
		})
		_, left := d.Store.Get(ctx, "note")
		if err != nil || runs != 1 || (left == nil) != changed {
			t.Errorf("changed %v: %d runs, %v, %v", changed, runs, err, left)
		}
	}
}

// TestHandled holds that only commits to the plane are awaited, and that a node
// that is late fails nobody.
func TestHandled(t *testing.T) {
	d := newDesk(t)
	var awaited []uint64
	d.Handled = func(ctx context.Context, revision uint64) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a wait without an end")
		}
		awaited = append(awaited, revision)
		return errors.New("late")
	}
	for _, key := range []string{"draft/a", "plane/a"} {
		if err := d.Do(context.Background(), "", func(tx *Tx) error { return tx.Set(key, 1) }); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(awaited, []uint64{2}) {
		t.Errorf("awaited %v", awaited)
	}
}

// TestManyInLine holds that many more operations than there are attempts all
// succeed on one document.
func TestManyInLine(t *testing.T) {
	d := newDesk(t)
	const n = 100
	var g sync.WaitGroup
	for range n {
		g.Go(func() {
			err := d.Do(context.Background(), "x", func(tx *Tx) error {
				var doc document
				if _, err := tx.Load("n", &doc); err != nil {
					return err
				}
				doc.N++
				return tx.Put("n", &doc)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	var doc document
	if err := d.View(context.Background(), func(tx *Tx) error { _, err := tx.Load("n", &doc); return err }); err != nil || doc.N != n {
		t.Errorf("counted %d, %v", doc.N, err)
	}
	if len(d.queues.list) != 0 {
		t.Errorf("%d queues are left", len(d.queues.list))
	}
}

func TestAQueueIsLeftWithTheContext(t *testing.T) {
	var q queues
	leave, err := q.enter(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := q.enter(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	leave()
	if q.busy("x") {
		t.Error("the queue is still busy")
	}
}

// TestList holds that pages, whatever their size, make up the list.
func TestList(t *testing.T) {
	ctx := context.Background()
	const prefix = "list/"
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk(t)
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9$]{1,5}`), 0, 20, rapid.ID).Draw(r, "names")
		for _, n := range names {
			if _, err := d.Store.Commit(ctx, store.Change{Op: store.Put, Key: prefix + n, Base: store.Any, Value: []byte(n)}); err != nil {
				r.Fatal(err)
			}
		}
		slices.Sort(names)
		var got []string
		p := Page{MaxResults: new(fmt.Sprint(rapid.IntRange(1, 8).Draw(r, "size")))}
		for {
			next, err := d.List(ctx, prefix, p, func(v []byte) error { got = append(got, string(v)); return nil })
			if err != nil {
				r.Fatal(err)
			}
			if next == nil {
				break
			}
			p.NextToken = next
		}
		if !slices.Equal(got, names) {
			r.Errorf("got %v, want %v", got, names)
		}
	})
}

// FuzzToken holds that no token, however made, leads out of its list.
func FuzzToken(f *testing.F) {
	f.Add("a/", makeToken("a/", "a/x"))
	f.Fuzz(func(t *testing.T, prefix, token string) {
		after, err := openToken(prefix, token)
		if err == nil && (!strings.HasPrefix(after, prefix) || after == prefix) {
			t.Errorf("token %q of %q leads to %q", token, prefix, after)
		}
	})
}
