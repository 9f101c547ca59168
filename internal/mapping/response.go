package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Responses are the gateway responses of a REST API, compiled: what it answers
// in place of a fault's own bytes. They are immutable.
type Responses struct{ list map[string]*response }

// A response is one of them.
type response struct {
	status    int // 0: the fault's own
	headers   []entry
	templates []typed[[]*expr.Expr]
}

// The responses of a class.
const (
	default4XX = "DEFAULT_4XX"
	default5XX = "DEFAULT_5XX"
)

// maxAnswer bounds the body of a gateway response, and what its headers add.
const maxAnswer = 1 << 20

// CompileResponses compiles the gateway responses of a REST API. The error
// names each value that is wrong.
func CompileResponses(list map[string]gate.GatewayResponse) (*Responses, []error) {
	r := &Responses{list: make(map[string]*response, len(list))}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(list)) {
		def := list[name]
		one, err := compileResponse(&def)
		if err != nil {
			errs = append(errs, fmt.Errorf("gateway response %s: %w", name, err))
			continue
		}
		r.list[name] = one
	}
	return r, errs
}

func compileResponse(def *gate.GatewayResponse) (*response, error) {
	r := new(response)
	if def.Status != "" {
		status, ok := statusCode(def.Status)
		if !ok {
			return nil, fmt.Errorf("statusCode %q is none from 200 to 599", def.Status)
		}
		r.status = status
	}
	for _, key := range slices.Sorted(maps.Keys(def.Parameters)) {
		name, ok := strings.CutPrefix(key, "gatewayresponse.header.")
		if !ok || !token(name) {
			return nil, fmt.Errorf("responseParameters: %q has not the form gatewayresponse.header.NAME", key)
		}
		if why := framing(name); why != "" {
			return nil, fmt.Errorf("responseParameters: header %s cannot be set: %s", name, why)
		}
		value, err := expr.CompileREST(def.Parameters[key], expr.Request)
		if err != nil {
			return nil, fmt.Errorf("responseParameters: %s: %w", key, err)
		}
		if text, ok := value.Literal(); ok && !fieldValue(text) {
			return nil, fmt.Errorf("responseParameters: %s: the value %q holds a control character", key, text)
		}
		r.headers = append(r.headers, entry{key, name, value, expr.Request})
	}
	for _, media := range slices.Sorted(maps.Keys(def.Templates)) {
		if !fieldValue(media) {
			return nil, fmt.Errorf("responseTemplates: %q is no media type", media)
		}
		r.templates = append(r.templates, typed[[]*expr.Expr]{media, substitutions(def.Templates[media])})
	}
	return r, nil
}

// framing says why a header is never set by a mapping: the connection writes
// it, whatever else says.
func framing(name string) string {
	switch strings.ToLower(name) {
	case "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return "it frames the message or concerns one connection"
	}
	return ""
}

// FaultsREST is Faults for a REST API with those gateway responses.
func FaultsREST(list *Responses) flow.Step {
	return func(next flow.Handler) flow.Handler { return &faultsREST{list, next} }
}

type faultsREST struct {
	list *Responses
	next flow.Handler
}

func (h *faultsREST) Serve(x *flow.Exchange) error {
	err := h.next.Serve(x)
	if err == nil {
		return nil
	}
	built := refused(x, gate.REST, err)
	r := h.list.find(x.Event.Fault.Kind, built.Status)
	if r == nil {
		answer(x, &built)
		return nil
	}
	r.answer(x, built)
	return nil
}

// find is the response for a fault: the one of its type, else that of its
// class by the status that it would have had, else none. Nothing is merged
// (runtime 1.16: recorded). What is too large cannot be customised.
func (r *Responses) find(k gate.Kind, status int) *response {
	if r == nil || len(r.list) == 0 || k == gate.RequestTooLarge || k == gate.ClientGone {
		return nil
	}
	if one := r.list[k.ResponseType()]; one != nil {
		return one
	}
	if status >= 500 {
		return r.list[default5XX]
	}
	return r.list[default4XX]
}

// answer writes the response in place of the built-in one. A header without a
// value, or with one that cannot stand in a head, is left out.
func (r *response) answer(x *flow.Exchange, built gate.Rendered) {
	if r.status != 0 {
		built.Status = r.status
	}
	accept, _ := x.In.Header.Get("Accept")
	if t := choose(r.templates, accept); t != nil {
		built.ContentType, built.Body = t.mediaType, fill(t.template, x)
	}
	// The values are there before the reply is, as they may be views of it.
	held := &x.Onward.Added
	held.Reset()
	left := maxMapped
	for i := range r.headers {
		h := &r.headers[i]
		if v, ok, err := h.headerValue(x, &left); err == nil && ok {
			held.Add(h.name, v)
		}
	}
	answer(x, &built)
	for i := range held.Len() {
		if _, name, v, ok := held.At(i); ok {
			x.Out.Header.Set(name, v)
		}
	}
	if bodiless(built.Status) {
		x.Out.Body = flow.Body{}
	}
}

// fill writes a template with its values. What would be too long ends there.
func fill(parts []*expr.Expr, x *flow.Exchange) []byte {
	var b []byte
	for _, p := range parts {
		out, ok, err := p.Append(b, x, maxAnswer-len(b))
		if err == nil && ok {
			b = out
		}
	}
	return b
}

// substitutions cuts a template at its variables: $context.NAME,
// $stageVariables.NAME and $method.request.PLACE.NAME, in braces or not. These
// templates know nothing else (developer guide, "Set up gateway responses"), so
// that what is no such variable is text.
func substitutions(text string) (parts []*expr.Expr) {
	from := 0
	for at := 0; at < len(text); {
		if text[at] != '$' {
			at++
			continue
		}
		e, size := variable(text[at:])
		if e == nil {
			at++
			continue
		}
		parts = append(append(parts, plainText(text[from:at])...), e)
		at += size
		from = at
	}
	return append(parts, plainText(text[from:])...)
}

// variable reads the one at the front of s, which begins with a $; nil: it is
// none.
func variable(s string) (e *expr.Expr, size int) {
	name, braced := strings.CutPrefix(s[1:], "{")
	end := nameEnd(name)
	size = 1 + end
	if braced {
		if end == len(name) || name[end] != '}' {
			return nil, 0
		}
		size += 2
	}
	name = name[:end]
	if strings.HasPrefix(name, "method.request.body") {
		return nil, 0 // a body may never have come: that is why there is a fault
	}
	e, err := expr.CompileREST(name, expr.Request)
	if err != nil {
		return nil, 0
	}
	return e, size
}

// nameEnd is where a name of dotted words ends; a dot that no word follows is
// the text's.
func nameEnd(s string) int {
	i := 0
	for i < len(s) && i < expr.MaxText {
		c := s[i]
		word := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'
		if !word && !(c == '.' && i > 0 && s[i-1] != '.') {
			break
		}
		i++
	}
	for i > 0 && (s[i-1] == '.' || s[i-1] == '-') {
		i--
	}
	return i
}

// plainText is text as expressions, which are of bounded length.
func plainText(s string) (parts []*expr.Expr) {
	for s != "" {
		n := min(len(s), expr.MaxText-2)
		e, err := expr.CompileREST("'"+s[:n]+"'", expr.Request)
		if err != nil {
			return parts // a quoted text has no error
		}
		parts, s = append(parts, e), s[n:]
	}
	return parts
}
