package expr

import (
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/jsonpath"
)

// A kind is a sort of part.
type kind uint8

const (
	literal         kind = iota
	header               // of the request or of the reply, by the expression's side
	queryParam           // of the request
	wholePath            // below the stage
	pathParam            // that the route bound
	wholeBody            // of either side
	bodyPath             // a part of a JSON body
	contextVariable      // of flow's table
	stageVariable

	nothing    // what never has a value
	lastHeader // the rest is of REST APIs
	lastQuery
	allQuery
	rawParam     // a path parameter as it was sent
	restBody     // whole; {} where it is empty
	restBodyPath // of a body that must be JSON if it looks like it
)

// A part is a piece of text or one thing to look up.
type part struct {
	kind     kind
	id       field.ID // of a header
	text     string   // the text, or the name
	variable flow.Variable
	path     *jsonpath.Path
}

// append appends the part's value, at most max bytes of what is not bounded
// otherwise. path leaves what comes from the path encoded.
func (p *part) append(dst []byte, x *flow.Exchange, side Side, max int, path bool) (out []byte, ok bool, err error) {
	switch p.kind {
	case literal:
		return append(dst, p.text...), true, nil
	case header:
		dst, ok = p.appendHeader(dst, fields(x, side))
	case queryParam:
		dst, ok = AppendQuery(dst, x.Query, p.text)
	case wholePath:
		return appendDecoded(dst, x.Path, !path), true, nil
	case pathParam:
		var v string
		if v, ok = x.Params.Value(p.text); ok {
			dst = appendDecoded(dst, v, !path)
		}
	case wholeBody:
		return appendBody(dst, body(x, side), max)
	case bodyPath:
		return appendSelected(dst, body(x, side), p.path)
	case lastHeader, lastQuery, allQuery, rawParam, restBody, restBodyPath:
		return p.appendREST(dst, x, side, max)
	case contextVariable:
		dst, ok = p.variable(dst, x)
	case stageVariable:
		if x.Stage != nil {
			var v string
			v, ok = x.Stage.Variables[p.text]
			dst = append(dst, v...)
		}
	}
	return dst, ok, nil
}

func fields(x *flow.Exchange, side Side) *field.List {
	if side == Response {
		return &x.Out.Header
	}
	return &x.In.Header
}

func body(x *flow.Exchange, side Side) *flow.Body {
	if side == Response {
		return &x.Out.Body
	}
	return &x.In.Body
}

// appendHeader appends the values of all fields of the name, with commas.
func (p *part) appendHeader(dst []byte, l *field.List) (out []byte, found bool) {
	for i := range l.Len() {
		id, name, value, ok := l.At(i)
		if !ok || id != p.id || id == field.Other && !field.Equal(name, p.text) {
			continue
		}
		if found {
			dst = append(dst, ',')
		}
		dst, found = append(dst, value...), true
	}
	return dst, found
}
