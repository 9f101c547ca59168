package wire_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"gatehouse/internal/wire"
)

// FuzzDecodeEncode decodes what it is given and encodes it again: a body that is accepted must come back as a body that decodes to
// the same, and encoding/json must agree with us about every member that both accept.
func FuzzDecodeEncode(f *testing.F) {
	f.Add(`{"name":"a","kind":"RED","kinds":[],"on":true,"small":5,"large":-9007199254740993,"ratio":1e-9,"at":"2026-01-02T03:04:05Z","since":1700000000.25,"bytes":"aGk=","tags":{"k":"v"},"main":{"op":"add"}}`)
	f.Add(`{"name":"","name":null,"name":"b","shelf":{"a":{"op":"add"},"a":null}}`)
	f.Add(`{"name":"\u2028\\\"","x":{"name":[{}]}}`)
	var got *Thing
	h := handler(f, things(func(_ context.Context, in *Thing) (*Thing, error) { got = in; return in, nil }), wire.Options{MaxBody: 1 << 16})
	f.Fuzz(func(t *testing.T, body string) {
		got = nil
		first := do(h, request("PUT", "/things/x", body))
		if first.status != 201 {
			return
		}
		one := got
		if !json.Valid([]byte(first.body)) {
			t.Fatalf("not JSON: %s", first.body)
		}
		second := do(h, request("PUT", "/things/x", first.body))
		if second.status != 201 || second.body != first.body {
			t.Fatalf("first %s\nthen %d %s", first.body, second.status, second.body)
		}
		var plain struct {
			Name *string           `json:"name"`
			On   *bool             `json:"on"`
			Tags map[string]string `json:"-"`
		}
		if json.Unmarshal([]byte(first.body), &plain) != nil || !reflect.DeepEqual(plain.Name, one.Name) || !reflect.DeepEqual(plain.On, one.On) {
			t.Fatalf("encoding/json reads %s as %+v, we had %+v", first.body, plain, one)
		}
	})
}
