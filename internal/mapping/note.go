package mapping

import (
	"strconv"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/flow"
	"gatehouse/internal/observe"
)

// noteShaped notes what an entry puts into its place, and what was there. It is
// called before anything of the message changes. A secret stays one under
// whatever name: trails are shown to people.
func (a *entry) noteShaped(x *flow.Exchange, v string) {
	if x.Trail == nil {
		return
	}
	noteBefore(x, a.side, a.key)
	if v != "" && a.value.Reads(observe.SecretField) {
		v = observe.Masked
	}
	x.Trail.Add(flow.Shaped, a.key, v)
}

// noteDropped notes that an entry takes away what was in its place, if anything
// was. An overwriting one does so where its value is missing, unless path, host
// or status are to be overwritten, which stay.
func noteDropped(x *flow.Exchange, side expr.Side, key string) {
	if x.Trail == nil || strings.HasPrefix(key, appendTo) {
		return
	}
	if noteBefore(x, side, key) {
		x.Trail.Add(flow.Dropped, key, "")
	}
}

// noteBefore notes what the place of an entry holds, and reports whether it holds
// anything:
// several values of a name with commas as expressions have them, those of a
// query decoded.
func noteBefore(x *flow.Exchange, side expr.Side, key string) (found bool) {
	_, place, _ := strings.Cut(key, ":")
	kind, name, _ := strings.Cut(place, ".")
	var text string
	found = true
	switch {
	case place == "path":
		text = x.Path
	case place == "statuscode":
		text = strconv.Itoa(x.Out.Status)
	case kind == "querystring":
		var values []byte
		values, found = expr.AppendQuery(nil, x.Query, name)
		text = string(values)
	case side == expr.Request && strings.EqualFold(name, "host"):
		text = x.In.Host
	default:
		text, found = fields(x, side, name)
	}
	if found {
		x.Trail.Add(flow.ShapedFrom, key, text)
	}
	return found
}

// fields are the values of the fields of a name.
func fields(x *flow.Exchange, side expr.Side, name string) (text string, found bool) {
	l := &x.In.Header
	if side == expr.Response {
		l = &x.Out.Header
	}
	for v := range l.Values(name) {
		if found {
			text += ","
		}
		text, found = text+v, true
	}
	return text, found
}
