package expr

import (
	"errors"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/jsonpath"
)

// ErrJSON says that a body in which a value was to be looked up is no JSON.
var ErrJSON = errors.New("the body is no JSON")

// CompileREST reads a mapping expression of REST APIs (developer guide,
// "Mapping data for REST APIs"; runtime 1.10):
//
//	method.request.header.N        method.request.multivalueheader.N
//	method.request.querystring.N   method.request.multivaluequerystring.N
//	method.request.path.N          stageVariables.N
//	method.request.body            context.N
//	method.request.body.JSONPATH   'literal'
//
// With side Response integration.response.header, .multivalueheader and .body
// stand in the place of method.request. The error is an *Error.
//
// Of several values the last one counts where the name does not say multi.
// Values of the path are as they were sent, those of the query decoded. Fields
// that API Gateway removes when it parses a request have no value (1.2).
func CompileREST(text string, side Side) (*Expr, error) {
	c := compiler{Expr: &Expr{text: text, side: side}}
	if len(text) > MaxText {
		return nil, c.fail(MaxText, "an expression has at most %d bytes", MaxText)
	}
	if err := c.rest(); err != nil {
		return nil, err
	}
	return c.Expr, nil
}

// source of each side, as it is written.
func (s Side) message() string {
	if s == Response {
		return "integration.response."
	}
	return "method.request."
}

func (c *compiler) rest() error {
	text := c.text
	if inner, ok := strings.CutPrefix(text, "'"); ok {
		inner, ok = strings.CutSuffix(inner, "'")
		if !ok {
			return c.fail(0, "a literal ends with the quote that it begins with: 'text'")
		}
		c.add(part{kind: literal, text: inner})
		return nil
	}
	message := c.side.message()
	if place, ok := strings.CutPrefix(text, message); ok {
		return c.restMessage(place, len(message))
	}
	if name, ok := strings.CutPrefix(text, "stageVariables."); ok {
		return c.stageVariable(name, len(text)-len(name))
	}
	if name, ok := strings.CutPrefix(text, "context."); ok {
		return c.restContext(name, len(text)-len(name))
	}
	return c.fail(0, "it is none of %sNAME, stageVariables.NAME, context.NAME and 'literal'", message)
}

func (c *compiler) restContext(name string, at int) error {
	v, ok := flow.RESTContext(name)
	if !ok {
		return c.fail(at, "REST APIs have no variable context.%s", name)
	}
	if name == "requestTimeEpoch" { // a number: only strings are mapped (runtime 1.10)
		c.add(part{kind: nothing})
		return nil
	}
	c.add(part{kind: contextVariable, text: name, variable: v})
	return nil
}

// restMessage reads what stands behind method.request. or integration.response.
func (c *compiler) restMessage(s string, at int) error {
	group, name, nameAt := cut(s, at)
	if group == "body" || strings.HasPrefix(group, "body[") {
		return c.restBody(s[len("body"):], at+len("body"))
	}
	kinds := map[string]kind{"header": lastHeader, "multivalueheader": header}
	if c.side == Request {
		kinds["querystring"], kinds["multivaluequerystring"], kinds["path"] = lastQuery, allQuery, rawParam
	}
	k, ok := kinds[group]
	if !ok {
		return c.fail(at, "%s has no %q", strings.TrimSuffix(c.side.message(), "."), group)
	}
	if i := notRESTName(name); i < len(name) || name == "" {
		return c.fail(nameAt+i, "%q is no name: letters, digits and . _ $ - only", name)
	}
	p := part{kind: k, text: name}
	if k == header || k == lastHeader {
		if p.id = field.Identify(name); c.side == Request && RemovedAtParse(p.id) {
			p.kind = nothing
		}
	}
	c.add(p)
	return nil
}

// restBody reads what stands behind "body".
func (c *compiler) restBody(rest string, at int) error {
	if rest == "" {
		c.add(part{kind: restBody})
		return nil
	}
	if err := c.body(rest, at); err != nil {
		return err
	}
	c.parts[len(c.parts)-1].kind = restBodyPath
	return nil
}

// notRESTName is the index of the first byte that AWS's names do not hold:
// ^[a-zA-Z0-9._$-]+$ (runtime 1.10).
func notRESTName(s string) int {
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && strings.IndexByte("._$-", c) < 0 {
			return i
		}
	}
	return len(s)
}

// RemovedAtParse reports whether REST APIs remove a field when they parse a
// request, so that neither mappings nor backends see it (runtime 1.2:
// recorded).
func RemovedAtParse(id field.ID) bool {
	switch id {
	case field.Connection, field.ContentLength, field.ContentMD5, field.Expect, field.MaxForwards, field.ProxyAuthenticate,
		field.Server, field.TE, field.TransferEncoding, field.Trailer, field.Upgrade, field.WWWAuthenticate:
		return true
	}
	return false
}

// QueryList returns the name of the query parameter all of whose values the
// expression is: where it is mapped to a query parameter, that one is repeated.
func (e *Expr) QueryList() (name string, ok bool) {
	if len(e.parts) == 1 && e.parts[0].kind == allQuery {
		return e.parts[0].text, true
	}
	return "", false
}

// PathParam returns the name of the path parameter whose raw value the
// expression is.
func (e *Expr) PathParam() (name string, ok bool) {
	if len(e.parts) == 1 && e.parts[0].kind == rawParam {
		return e.parts[0].text, true
	}
	return "", false
}

// maxRESTParsed is the longest body in which REST APIs look up a value here. A
// longer one fails: ErrTooLong.
const maxRESTParsed = 1 << 20

// appendLastHeader appends the value of the last field of the name.
func (p *part) appendLastHeader(dst []byte, l *field.List) (out []byte, found bool) {
	for i := l.Len() - 1; i >= 0; i-- {
		id, name, v, ok := l.At(i)
		if ok && id == p.id && (id != field.Other || field.Equal(name, p.text)) {
			return append(dst, v...), true
		}
	}
	return dst, false
}

// CutPair cuts the first name=value off a query. On REST APIs a semicolon
// separates them, too (runtime 1.2).
func CutPair(query string) (pair, rest string) {
	if i := strings.IndexAny(query, "&;"); i >= 0 {
		return query[:i], query[i+1:]
	}
	return query, ""
}

// appendQueryREST appends the decoded values of a query parameter, with
// commas, or only the last one.
func appendQueryREST(dst []byte, query, name string, last bool) (out []byte, found bool) {
	from := len(dst)
	for query != "" {
		var pair string
		pair, query = CutPair(query)
		raw, v, _ := strings.Cut(pair, "=")
		if pair == "" || !Names(raw, name) {
			continue
		}
		switch {
		case last:
			dst = dst[:from]
		case found:
			dst = append(dst, ',')
		}
		found = true
		for i := 0; i < len(v); {
			var c byte
			c, i = decode(v, i, true)
			dst = append(dst, c)
		}
	}
	return dst, found
}

// appendREST appends a value that only REST APIs have.
func (p *part) appendREST(dst []byte, x *flow.Exchange, side Side, max int) (out []byte, ok bool, err error) {
	switch p.kind {
	case lastHeader:
		dst, ok = p.appendLastHeader(dst, fields(x, side))
	case lastQuery, allQuery:
		dst, ok = appendQueryREST(dst, x.Query, p.text, p.kind == lastQuery)
	case rawParam:
		var v string
		v, ok = x.Params.Value(p.text)
		dst = append(dst, v...)
	case restBody:
		if dst, ok, err = appendBody(dst, body(x, side), max); !ok && err == nil {
			return append(dst, "{}"...), true, nil
		}
	case restBodyPath:
		return appendStrict(dst, body(x, side), p.path)
	}
	return dst, ok, err
}

// appendStrict is appendSelected by the rules of REST APIs: what does not even
// look like JSON has no value, and what looks like it and is none is an error
// (runtime 1.10: recorded).
func appendStrict(dst []byte, b *flow.Body, path *jsonpath.Path) (out []byte, ok bool, err error) {
	d := b.Document()
	if d == nil {
		text, err := b.Peek(maxRESTParsed + 1)
		if err != nil {
			return dst, false, err
		}
		d = parseStrict(text)
		b.Keep(d)
	}
	if d.Err != nil {
		return dst, false, d.Err
	}
	return appendFound(dst, d, path)
}

func parseStrict(text []byte) *flow.Document {
	switch {
	case len(text) > maxRESTParsed:
		return &flow.Document{Err: ErrTooLong}
	case !looksLikeJSON(text):
		return &flow.Document{}
	}
	return parse(text, maxRESTParsed, 4*maxRESTParsed)
}

func looksLikeJSON(text []byte) bool {
	s := strings.TrimLeft(string(text[:min(len(text), 64)]), " \t\r\n")
	return s != "" && strings.IndexByte(`{["'`, s[0]) >= 0
}
