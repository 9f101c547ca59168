package openapi

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

// FuzzParse holds that no text makes the parser panic, that errors are of its
// own type and have places inside the text, and that what was read can be
// written and read again to the same definition.
func FuzzParse(f *testing.F) {
	f.Add(head+"paths: {/a: {get: {security: [{jwt: [a]}], x-amazon-apigateway-integration: {type: http_proxy, uri: u}}}}\n"+schemes, "prepend")
	f.Add(`{"openapi":"3.1.0","info":{"title":"\ud83d\ude00"},"paths":{"/a":{"$ref":"#/paths/~1a"}}}`, "split")
	f.Add("a: &a [*a]", "")
	f.Add("<<: {a: 1}\n? [x]\n: y", "")
	f.Fuzz(func(t *testing.T, doc, base string) {
		d, err := Parse(context.Background(), []byte(doc), BasePath(base))
		if err != nil {
			var list Errors
			if !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("an error of type %T: %v", err, err)
			}
			return
		}
		for _, format := range []Format{JSON, YAML} {
			text, err := Write(d, Writing{Format: format, Extensions: true})
			if err != nil {
				continue // what no document can say
			}
			again, err := Parse(context.Background(), text, Ignore)
			if err != nil {
				t.Fatalf("%s is not read again: %v\n%s", format, err, text)
			}
			if d.API.Version == nil {
				d.API.Version = again.API.Version
			}
			if !reflect.DeepEqual(plainly(d), plainly(again)) {
				t.Errorf("%s\n%+v\n%+v", text, plainly(d), plainly(again))
			}
		}
	})
}
