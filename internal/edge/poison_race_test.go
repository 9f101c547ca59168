//go:build race

package edge

import (
	"context"
	"testing"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// TestKeptViewsAreRubbish holds law 6 where it can be held: whoever kept a view
// of an exchange, and not a copy, reads none of it once that was released.
func TestKeptViewsAreRubbish(t *testing.T) {
	const secret = "0123456789abcdef"
	kept := map[string]string{}
	h := open(t, func(x *flow.Exchange) error {
		kept["target"], kept["path"], kept["query"], kept["id"] = x.In.Target, x.Path, x.Query, x.ID
		kept["field"], _ = x.In.Header.Get("X-Secret")
		x.Out.Header.Add("X-Reply", secret)
		kept["reply"], _ = x.Out.Header.Get("X-Reply")
		kept["host"], _ = x.In.Header.Lookup(field.Host)
		return say("x")(x)
	}, Options{}, data)
	c := h.dial(t)
	c.send("GET /" + secret + "?" + secret + " HTTP/1.1\r\nHost: " + secret + "\r\nX-Secret: " + secret + "\r\n\r\n")
	c.reply("GET")
	if err := h.Shutdown(context.Background()); err != nil { // behind it all is released
		t.Fatal(err)
	}
	id := h.sink.ids
	for name, view := range kept {
		if view == "" || view == "/"+secret || view == secret || len(id) == 1 && view == id[0] {
			t.Errorf("the kept %s still reads %q", name, view)
		}
	}
}
