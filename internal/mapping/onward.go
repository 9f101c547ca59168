package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"gatehouse/internal/expr"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe"
)

// mapRequest writes into x.Onward what the backend is to see.
func (e *edits) mapRequest(x *flow.Exchange) error {
	o := x.Edit()
	left := maxMapped
	for _, name := range e.drops {
		o.Header.Del(name)
	}
	o.NoPort = e.noPort
	for i := range e.adds {
		a := &e.adds[i]
		v, ok, err := a.headerValue(x, &left)
		if err != nil {
			return failed(requestFailure, a.key, err)
		}
		if ok && !(e.rest && v == "") { // an empty value is skipped on REST APIs: runtime 1.10
			o.Added.Add(a.name, v)
		} else {
			noteDropped(x, a.side, a.key)
		}
	}
	if err := e.mapPlace(x, &left); err != nil {
		return err
	}
	if len(e.queryDrops)+len(e.queryAdds) > 0 {
		if err := e.mapQuery(x, &left); err != nil {
			return err
		}
	}
	for _, key := range e.gone {
		noteDropped(x, expr.Request, key)
	}
	return nil
}

// mapPlace sets path and host.
func (e *edits) mapPlace(x *flow.Exchange, left *int) error {
	o := &x.Onward
	if e.host != nil {
		v, ok, err := e.host.headerValue(x, left)
		if err == nil && ok && !hostValue(v) && !(e.rest && v == "") {
			err = errHost
		}
		if err != nil {
			return failed(requestFailure, e.host.key, err)
		}
		if ok && !(e.rest && v == "") {
			o.Host = v
		}
	}
	if e.path == nil {
		return nil
	}
	from := len(o.Buf)
	o.Buf = append(o.Buf, '/')
	buf, ok, err := e.path.value.AppendPath(o.Buf, x, *left)
	o.Buf = buf
	if err != nil {
		return failed(requestFailure, e.path.key, err)
	}
	*left -= len(o.Buf) - from
	v := o.View(from)
	switch {
	case !ok:
		return nil
	case !fieldValue(v) || strings.IndexByte(v, '\t') >= 0:
		return failed(requestFailure, e.path.key, errControl)
	case strings.HasPrefix(v, "//"):
		v = v[1:] // the value brings a slash of its own
	}
	o.Path = v
	e.path.noteShaped(x, v)
	return nil
}

// mapQuery makes the query anew: what is left of the client's, as it was sent,
// and behind that what is added.
func (e *edits) mapQuery(x *flow.Exchange, left *int) error {
	o := &x.Onward
	from := len(o.Buf)
	for rest := x.Query; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if !e.dropped(pair) {
			o.Buf = append(separate(o.Buf, from), pair...)
		}
	}
	for i := range e.queryAdds {
		a := &e.queryAdds[i]
		if name, ok := a.value.QueryList(); ok {
			repeat(x, a.name, name, from, left)
			continue
		}
		before := len(o.Buf)
		o.Buf = separate(o.Buf, from)
		o.Buf = append(append(o.Buf, a.name...), '=')
		at := len(o.Buf)
		buf, ok, err := a.value.Append(o.Buf, x, *left)
		if err != nil {
			return failed(requestFailure, a.key, err)
		}
		if !ok || e.rest && len(buf) == at {
			o.Buf = buf[:before]
			noteDropped(x, a.side, a.key)
			continue
		}
		if x.Trail != nil {
			a.noteShaped(x, string(buf[at:]))
		}
		o.Buf = expr.EscapeQuery(buf, at)
		*left = max(*left-(len(o.Buf)-before), 0)
	}
	o.Query = o.View(from)
	return nil
}

// repeat adds a parameter once for each value that the client's query has under
// another name, as it was sent.
func repeat(x *flow.Exchange, as, name string, from int, left *int) {
	o := &x.Onward
	for rest := x.Query; rest != ""; {
		var pair string
		pair, rest = expr.CutPair(rest)
		raw, v, _ := strings.Cut(pair, "=")
		if pair == "" || !expr.Names(raw, name) || len(as)+len(v)+2 > *left {
			continue
		}
		*left -= len(as) + len(v) + 2
		o.Buf = append(append(separate(o.Buf, from), as...), '=')
		o.Buf = append(o.Buf, v...)
		if x.Trail != nil && v != "" && observe.SecretField(name) {
			v = observe.Masked
		}
		x.Trail.Add(flow.Shaped, "integration.request.querystring."+as, v)
	}
}

// dropped reports whether a name=value of the client's goes.
func (e *edits) dropped(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	for _, d := range e.queryDrops {
		if expr.Names(name, d) {
			return true
		}
	}
	return false
}

// separate appends the "&" before another parameter of the query b[from:].
func separate(b []byte, from int) []byte {
	if len(b) == from {
		return b
	}
	return append(b, '&')
}

// mapReply changes x.Out. The values are all there before anything changes, in
// x.Onward.Added, which nobody needs any more.
func (e *edits) mapReply(x *flow.Exchange) error {
	held := &x.Onward.Added
	held.Reset()
	left := maxMapped
	for i := range e.adds {
		a := &e.adds[i]
		v, ok, err := a.headerValue(x, &left)
		if err != nil {
			return failed(responseFailure, a.key, err)
		}
		if ok {
			held.Add(a.name, v)
		} else {
			noteDropped(x, a.side, a.key)
		}
	}
	if err := e.mapStatus(x, &left); err != nil {
		return err
	}
	for _, key := range e.gone {
		noteDropped(x, expr.Response, key)
	}
	for _, name := range e.drops {
		x.Out.Header.Del(name)
	}
	for i := range held.Len() {
		if _, name, v, ok := held.At(i); ok {
			x.Out.Header.Add(name, v)
		}
	}
	return nil
}

// mapStatus overwrites the status.
func (e *edits) mapStatus(x *flow.Exchange, left *int) error {
	if e.status == nil {
		return nil
	}
	v, ok, err := e.status.headerValue(x, left)
	if err != nil || !ok {
		return failed(responseFailure, e.status.key, err)
	}
	status, ok := statusCode(v)
	if !ok {
		return failed(responseFailure, e.status.key, errStatus)
	}
	if bodiless(status) || bodiless(x.Out.Status) {
		empty(&x.Out.Body)
	}
	if status != x.Out.Status {
		x.Out.Status, x.Out.Reason = status, ""
	}
	return nil
}

// bodiless reports whether replies of that status have no body: RFC 9110
// section 6.4.1. The length that they may declare is that of another reply.
func bodiless(status int) bool { return status == 204 || status == 304 }

// drained is how much of a body that is not sent is read all the same, so that
// its connection can be used again.
const drained = 16 << 10

// empty drops a body. That reading it fails is no matter: nobody gets it.
func empty(b *flow.Body) {
	_, _ = b.Buffer(drained)
	b.Close()
	*b = flow.Body{}
}

// headerValue is the entry's value for a field. It lies in x.Onward.Buf.
func (a *entry) headerValue(x *flow.Exchange, left *int) (v string, ok bool, err error) {
	if v, ok = a.value.Literal(); !ok { // checked when it was compiled
		b := &x.Onward.Buf
		from := len(*b)
		if *b, ok, err = a.value.Append(*b, x, *left); err != nil || !ok {
			return "", false, err
		}
		if v = view((*b)[from:]); !fieldValue(v) {
			return "", false, errControl
		}
	}
	if *left -= len(v) + len(a.name); *left < 0 {
		return "", false, expr.ErrTooLong
	}
	a.noteShaped(x, v)
	return v, true, nil
}

// view is b as a string without a copy; nobody writes to b from here on.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Why a value cannot be used.
var (
	errControl = errors.New("the value holds a control character (CR, LF, NUL or another), which could end the line that it is written to")
	errHost    = errors.New("the value is no host")
	errStatus  = errors.New("the value is no status code from 200 to 599")
)

// failed is the fault of a mapping that fails. What else an expression returns
// is what reading a body did: the client's own, which is its own affair, or
// the backend's.
func failed(kind gate.Kind, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, expr.ErrJSON) && kind == requestFailure:
		return &gate.Fault{Kind: gate.BadRequestBody, Message: "Invalid JSON in request body", Err: fmt.Errorf("parameter mapping %q: %w", key, err)}
	case errors.Is(err, expr.ErrTooLong), err == errControl, err == errHost, err == errStatus, kind == responseFailure:
		return gate.Failf(kind, "parameter mapping %q: %w", key, err)
	}
	return &flow.BodyError{Err: err}
}
