package wire_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkv1 "github.com/aws/aws-sdk-go-v2/service/apigateway"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/wire"
	"gatehouse/internal/wire/apigateway"
	"gatehouse/internal/wire/apigatewayv2"
)

// roundTrip lets a client call a handler without a network.
type roundTrip struct{ handler http.Handler }

func (r *roundTrip) RoundTrip(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	q.RemoteAddr = "192.0.2.7:4242"
	if q.Host == "" {
		q.Host = q.URL.Host
	}
	if q.Body == nil {
		q.Body = http.NoBody
	}
	r.handler.ServeHTTP(w, q)
	return w.Result(), nil
}

// The official clients of the two services, each behind a transport that the test points at a handler.
func clientV1(t *roundTrip) *sdkv1.Client {
	return sdkv1.New(sdkv1.Options{Region: "eu-west-1", Credentials: fixedKey{}, HTTPClient: &http.Client{Transport: t}, Retryer: aws.NopRetryer{}, BaseEndpoint: aws.String("http://localhost:4566")})
}

func clientV2(t *roundTrip) *sdkv2.Client {
	return sdkv2.New(sdkv2.Options{Region: "eu-west-1", Credentials: fixedKey{}, HTTPClient: &http.Client{Transport: t}, Retryer: aws.NopRetryer{}, BaseEndpoint: aws.String("http://localhost:4566")})
}

type fixedKey struct{}

func (fixedKey) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
}

// walk is one service's journey of all operations through its official client.
type walk struct {
	t      *testing.T
	table  wire.Table
	rand   *rand.Rand
	seen   map[string]bool // "Structure.Member" of ours that carried a value through client and codec
	enums  map[string]bool // of the client's that were compared value by value
	differ map[string]bool // what one model has and the other lacks
	walked int
	sparse bool // leave optional members out at random
	hollow bool // lists and maps are empty, not absent

	handler  *wire.Handler
	request  *http.Request
	got, out any       // what the operation at hand was given, and what it answers
	call     wire.Call // what was observed of it
}

// serve puts the walk itself behind every operation.
func (w *walk) serve() {
	for i := range w.table.Operations {
		w.table.Operations[i].Call = func(_ context.Context, in any) (any, error) {
			w.got = in
			return w.out, nil
		}
	}
	w.handler = handler(w.t, w.table, wire.Options{Observe: func(c wire.Call) { w.call = c }})
}

// TestEveryOperationThroughTheOfficialClient sends random inputs of all operations from the official clients to the handlers and
// random outputs back. Each journey compares member by member; at the end every member of every structure must have travelled.
func TestEveryOperationThroughTheOfficialClient(t *testing.T) {
	total := 0
	for _, c := range []struct {
		table      wire.Table
		client     func(*roundTrip) any
		operations int
		members    int      // members of ours that travelled: pinned, so that a walk which quietly sets less fails
		differ     []string // known differences between the Go client's model and ours
	}{
		{apigateway.Table(apigateway.Unimplemented{}), func(r *roundTrip) any { return clientV1(r) }, 124, 747, []string{
			"only ours: SecurityPolicy SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09",
			"only ours: SecurityPolicy SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09",
		}},
		{apigatewayv2.Table(apigatewayv2.Unimplemented{}), func(r *roundTrip) any { return clientV2(r) }, 103, 1192, nil},
	} {
		t.Run(c.table.Service, func(t *testing.T) {
			w := &walk{t: t, table: c.table, rand: rand.New(rand.NewPCG(7, 11)), seen: map[string]bool{}, enums: map[string]bool{}, differ: map[string]bool{}}
			w.serve()
			for i := range c.table.Operations {
				w.operation(&c.table.Operations[i], c.client)
			}
			if w.walked != c.operations {
				t.Errorf("%d operations walked, want %d", w.walked, c.operations)
			}
			if d := cmp.Diff(c.differ, slices.Sorted(maps.Keys(w.differ))); d != "" {
				t.Errorf("differences between the client's model and ours (-listed +found):\n%s", d)
			}
			for _, name := range w.unseen() {
				if !w.differ["only ours: "+name] {
					t.Errorf("member %s never travelled", name)
				}
			}
			if len(w.enums) != len(c.table.Enums) {
				t.Errorf("%d enums compared, want %d", len(w.enums), len(c.table.Enums))
			}
			if len(w.seen) != c.members {
				t.Errorf("%d members travelled, want %d", len(w.seen), c.members)
			}
			total += w.walked
		})
	}
	if total != 227 {
		t.Errorf("%d operations walked in all, want 227", total)
	}
}

// operation sends several inputs: one with every member set, one with every list and map empty, and some with members left out.
func (w *walk) operation(op *wire.Operation, client func(*roundTrip) any) {
	transport := &roundTrip{http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.request = r; w.handler.ServeHTTP(rw, r) })}
	method := reflect.ValueOf(client(transport)).MethodByName(op.Name)
	if !method.IsValid() {
		w.differ["only ours: operation "+op.Name] = true
		return
	}
	w.walked++
	for n := range 6 {
		w.hollow, w.sparse = n == 1, n > 1
		w.journey(op, method)
		if w.t.Failed() {
			w.t.Fatalf("%s: stopped at journey %d: %s %s", op.Name, n, w.request.Method, w.request.URL)
		}
	}
}

// journey sends one input there and one output back.
func (w *walk) journey(op *wire.Operation, method reflect.Value) {
	in := reflect.New(method.Type().In(1).Elem())
	w.fill(in.Elem(), op.In, op.In.Name())
	w.got, w.out = nil, nil
	if op.Out != nil {
		out := reflect.New(op.Out)
		w.fillOurs(out.Elem())
		w.out = out.Interface()
	}
	result := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if err, _ := result[1].Interface().(error); err != nil {
		w.t.Errorf("%s: %v", op.Name, err)
		return
	}
	if c := w.call; c.Status != op.Code || c.Err != nil || c.Operation != op.Name || c.Caller.AccessKeyID != "AKIDEXAMPLE" {
		w.t.Errorf("%s: observed %+v", op.Name, c)
	}
	w.compare(in.Elem(), reflect.ValueOf(w.got).Elem(), op.In.Name())
	if op.Out != nil {
		w.compare(result[0].Elem(), reflect.ValueOf(w.out).Elem(), op.Out.Name())
	}
}

// tag is the text of a member's tag, as a set of words.
func tag(f reflect.StructField) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Split(f.Tag.Get("wire"), ",")[1:] {
		words[w] = true
	}
	return words
}

func plain(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// fill sets the members of one of the client's structures; ours says which are required and how they are constrained.
func (w *walk) fill(v reflect.Value, ours reflect.Type, at string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		o, ok := ours.FieldByName(f.Name)
		if !ok {
			w.differ["only the client's: "+at+"."+f.Name] = true
			continue
		}
		words := tag(o)
		if w.sparse && !words["required"] && !words["header"] && w.rand.IntN(2) == 0 {
			continue
		}
		w.set(v.Field(i), plain(o.Type), o.Tag.Get("wire"), ours.Name()+"."+f.Name, words)
	}
}

func (w *walk) set(v reflect.Value, ours reflect.Type, tag, name string, words map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		w.set(v.Elem(), ours, tag, name, words)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(w.time()))
			return
		}
		w.fill(v, ours, ours.Name())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(w.text()))
			return
		}
		n := w.count()
		if words["query"] && words["required"] {
			n = max(n, 1) // a query has no way to say that a list is empty
		}
		v.Set(reflect.MakeSlice(v.Type(), n, 8))
		for i := range v.Len() {
			w.set(v.Index(i), plain(ours.Elem()), tag, name, words)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range w.count() {
			e := reflect.New(v.Type().Elem()).Elem()
			w.set(e, plain(ours.Elem()), tag, name, words)
			v.SetMapIndex(reflect.ValueOf("k"+w.text()).Convert(v.Type().Key()), e)
		}
	default:
		w.scalar(v, tag, name, words)
	}
}

func (w *walk) count() int {
	if w.hollow {
		return 0
	}
	return 1 + w.rand.IntN(3)
}

func (w *walk) scalar(v reflect.Value, tag, name string, words map[string]bool) {
	c := w.table.Constraints[name]
	switch v.Kind() {
	case reflect.String:
		switch _, enum, isEnum := strings.Cut(tag, "enum="); {
		case isEnum:
			values := w.table.Enums[enum]
			v.SetString(values[w.rand.IntN(len(values))])
		case c.Pattern != "":
			v.SetString("404")
		case c.MaxLength > 0:
			v.SetString(strings.Repeat("x", min(c.MaxLength, c.MinLength+w.rand.IntN(8))))
		case words["header"]:
			v.SetString("application/x-" + fmt.Sprint(w.rand.IntN(9)))
		default:
			v.SetString("s" + w.text())
		}
	case reflect.Bool:
		v.SetBool(w.rand.IntN(4) > 0)
	case reflect.Int32, reflect.Int64:
		n := w.rand.Int64N(1 << 31)
		if c.Range != nil {
			n = c.Range[0] + w.rand.Int64N(c.Range[1]-c.Range[0]+1)
		}
		v.SetInt(n)
	case reflect.Float64:
		v.SetFloat(w.rand.NormFloat64() * 1e6)
	default:
		w.t.Fatalf("%s: the test has no value of type %v", name, v.Type())
	}
}

// text is made of what URLs, JSON and HTML treat specially.
func (w *walk) text() string {
	const odd = "aB9/ %+&=?#;:,~._-$@!*'()[]{}|\\\"<>^`éß漢🦆\u2028\n\t"
	runes := []rune(odd)
	out := make([]rune, 1+w.rand.IntN(12))
	for i := range out {
		out[i] = runes[w.rand.IntN(len(runes))]
	}
	return string(out)
}

func (w *walk) time() time.Time {
	return time.UnixMilli(w.rand.Int64N(4e12)).UTC()
}

// fillOurs sets the members of one of our output structures.
func (w *walk) fillOurs(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if words := tag(f); w.sparse && !words["required"] && !words["header"] && w.rand.IntN(2) == 0 {
			continue // a payload without a Content-Type gets one, so header members stay
		}
		w.setOurs(v.Field(i), f)
	}
}

func (w *walk) setOurs(v reflect.Value, f reflect.StructField) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		w.setOurs(v.Elem(), f)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(w.text()))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), w.count(), 8))
		for i := range v.Len() {
			w.setOurs(v.Index(i), f)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range w.count() {
			e := reflect.New(v.Type().Elem()).Elem()
			w.setOurs(e, f)
			v.SetMapIndex(reflect.ValueOf("k"+w.text()), e)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(w.time()))
			return
		}
		w.fillOurs(v)
	default:
		w.scalar(v, f.Tag.Get("wire"), "", tag(f))
	}
}

// compare tests that the client's structure and ours say the same, and notes the members that carried a value.
func (w *walk) compare(client, ours reflect.Value, at string) {
	names := map[string]bool{}
	for i := range ours.NumField() {
		f := ours.Type().Field(i)
		names[f.Name] = true
		c := client.FieldByName(f.Name)
		if !c.IsValid() {
			w.differ["only ours: "+ours.Type().Name()+"."+f.Name] = true
			continue
		}
		o := ours.Field(i)
		if absent(c) && (absent(o) || unset(c, o)) {
			continue
		}
		if words := tag(f); absent(o) && c.Kind() != reflect.Pointer && c.Len() == 0 && (words["query"] || words["params"]) {
			continue // a query has no way to say that a list is empty
		}
		if absent(o) != absent(c) {
			w.t.Errorf("%s.%s: the client has %v, we have %v", at, f.Name, c, o)
			continue
		}
		w.seen[ours.Type().Name()+"."+f.Name] = true
		if at == "GetExportInput" && f.Name == "Accepts" {
			continue // the Go client overwrites it with application/json; TestDecodeRequest covers it
		}
		if tag(f)["query"] && o.Kind() == reflect.Slice {
			// The client's signer sorts the query, and so the list.
			c, o = reflect.ValueOf(slices.Sorted(slices.Values(c.Interface().([]string)))), reflect.ValueOf(slices.Sorted(slices.Values(o.Interface().([]string))))
		}
		w.equal(c, o, at+"."+f.Name)
	}
	for i := range client.NumField() {
		if f := client.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" && !names[f.Name] {
			w.differ["only the client's: "+ours.Type().Name()+"."+f.Name] = true
		}
	}
}

// absent reports whether a member is not there. The client's enums, and a few booleans and numbers, are values whose zero is absent.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return v.IsZero()
}

// unset reports whether o is the zero that the client cannot tell from an absent member.
func unset(c, o reflect.Value) bool {
	switch c.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return false
	}
	return o.Elem().IsZero()
}

func (w *walk) equal(c, o reflect.Value, at string) {
	for c.Kind() == reflect.Pointer {
		c = c.Elem()
	}
	for o.Kind() == reflect.Pointer {
		o = o.Elem()
	}
	switch {
	case o.Type() == reflect.TypeFor[time.Time]():
		if a, b := c.Interface().(time.Time), o.Interface().(time.Time); a.Sub(b).Abs() > time.Millisecond { // the client cuts a float
			w.t.Errorf("%s: the client has %v, we have %v", at, a, b)
		}
	case o.Kind() == reflect.Struct:
		w.compare(c, o, at)
	case o.Kind() == reflect.Slice:
		if c.Len() != o.Len() {
			w.t.Errorf("%s: the client has %v, we have %v", at, c, o)
			return
		}
		for i := range o.Len() {
			w.equal(c.Index(i), o.Index(i), fmt.Sprintf("%s[%d]", at, i))
		}
	case o.Kind() == reflect.Map:
		if c.Len() != o.Len() {
			w.t.Errorf("%s: the client has %v, we have %v", at, c, o)
			return
		}
		for _, k := range o.MapKeys() {
			e := c.MapIndex(k.Convert(c.Type().Key()))
			if !e.IsValid() {
				w.t.Errorf("%s: the client lacks the key %q", at, k)
				continue
			}
			w.equal(e, o.MapIndex(k), fmt.Sprintf("%s[%q]", at, k))
		}
	default:
		w.enum(c)
		if a, b := fmt.Sprint(c.Interface()), fmt.Sprint(o.Interface()); a != b {
			w.t.Errorf("%s: the client has %q, we have %q", at, a, b)
		}
	}
}

// enum notes the values that only one side has of an enum.
func (w *walk) enum(c reflect.Value) {
	values := c.MethodByName("Values")
	if !values.IsValid() {
		return
	}
	name := c.Type().Name()
	theirs := map[string]bool{}
	list := values.Call(nil)[0]
	for i := range list.Len() {
		theirs[list.Index(i).String()] = true
		if !slices.Contains(w.table.Enums[name], list.Index(i).String()) {
			w.differ["only the client's: "+name+" "+list.Index(i).String()] = true
		}
	}
	for _, v := range w.table.Enums[name] {
		if !theirs[v] {
			w.differ["only ours: "+name+" "+v] = true
		}
	}
	w.enums[name] = true
}

// unseen lists the members of all structures that the operations reach and that never carried a value.
func (w *walk) unseen() []string {
	var missing []string
	done := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(t reflect.Type) {
		for k := t.Kind(); k == reflect.Pointer || k == reflect.Slice || k == reflect.Map; k = t.Kind() {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || done[t] {
			return
		}
		done[t] = true
		for i := range t.NumField() {
			if name := t.Name() + "." + t.Field(i).Name; !w.seen[name] {
				missing = append(missing, name)
			}
			visit(t.Field(i).Type)
		}
	}
	for _, o := range w.table.Operations {
		visit(o.In)
		if o.Out != nil {
			visit(o.Out)
		}
	}
	return missing
}
