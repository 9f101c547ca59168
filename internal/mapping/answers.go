package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Answers returns the step that makes the client's reply of what an
// integration of a REST API answered, by the integration responses of the
// method (runtime 1.12): one is chosen by the integration's status, which its
// pattern has to match as a whole; then come its headers and its template. A
// status of 0 is that of an integration that gave none and takes the default.
//
// The error names what is wrong: a pattern that cannot be compiled, a mapping
// that is none, a template that needs a language which is not there.
func Answers(r *gate.Route) (flow.Step, error) {
	a := answers{key: r.Key}
	if r.Integration.Shape != nil {
		for i := range r.Integration.Shape.Answers {
			one, err := compileAnswer(r, &r.Integration.Shape.Answers[i])
			if err != nil {
				return nil, err
			}
			switch {
			case one.pattern != nil:
				a.list = append(a.list, one)
			case a.other == nil || one.status < a.other.status:
				a.other = one
			}
		}
	}
	slices.SortStableFunc(a.list, func(x, y *shapedAnswer) int { return cmp.Compare(x.status, y.status) })
	return func(next flow.Handler) flow.Handler {
		h := a
		h.next = next
		return &h
	}, nil
}

type answers struct {
	key   string // of the route
	list  []*shapedAnswer
	other *shapedAnswer // the default one; nil: none
	next  flow.Handler
}

// A shapedAnswer is an integration response, compiled.
type shapedAnswer struct {
	status    int
	pattern   *regexp.Regexp // nil: the default one
	headers   []entry
	templates []typed[[]byte]
	undefined error // what of it the method does not declare; nil: nothing
}

func compileAnswer(r *gate.Route, def *gate.IntegrationResponse) (*shapedAnswer, error) {
	at := func(err error) error {
		return fmt.Errorf("route %s: integration response %s: %w", r.Key, def.Status, err)
	}
	status, ok := statusCode(def.Status)
	if !ok {
		return nil, at(errors.New("statusCode is none from 200 to 599"))
	}
	a := &shapedAnswer{status: status}
	a.undefined = undeclared(r.Method, def)
	if def.Pattern != "" {
		p, err := regexp.Compile(`^(?:` + def.Pattern + `)$`)
		if err != nil {
			return nil, at(fmt.Errorf("selectionPattern %q cannot be compiled (%w): look-ahead and back-references are not supported, write it without them", def.Pattern, err))
		}
		a.pattern = p
	}
	if err := a.compileHeaders(def.Parameters, renamedOf(r.Integration.Kind)); err != nil {
		return nil, at(err)
	}
	for _, media := range slices.Sorted(maps.Keys(def.Templates)) {
		text := def.Templates[media]
		if !fieldValue(media) {
			return nil, at(fmt.Errorf("responseTemplates: %q is no media type", media))
		}
		if err := expr.Plain(text); err != nil {
			return nil, at(fmt.Errorf("responseTemplates: %s: %w", media, err))
		}
		a.templates = append(a.templates, typed[[]byte]{media, []byte(text)})
	}
	return a, nil
}

// undeclared says what an integration response uses that the method does not
// declare: AWS takes such a definition and answers 500 (runtime 1.12.7).
func undeclared(m *gate.Method, def *gate.IntegrationResponse) error {
	if m == nil {
		return nil
	}
	declared, ok := m.Answers[def.Status]
	if !ok {
		return fmt.Errorf("output mapping refers to an invalid method response: %s", def.Status)
	}
	for _, key := range slices.Sorted(maps.Keys(def.Parameters)) {
		if _, ok := declared.Parameters[key]; !ok {
			return fmt.Errorf("output mapping refers to %s, which the method response %s does not declare: add it there (put-method-response) and deploy again", key, def.Status)
		}
	}
	return nil
}

func (a *shapedAnswer) compileHeaders(list map[string]string, renamed []field.ID) error {
	for _, key := range slices.Sorted(maps.Keys(list)) {
		name, ok := strings.CutPrefix(key, "method.response.header.")
		if !ok || !token(name) {
			return fmt.Errorf("responseParameters: %q has not the form method.response.header.NAME", key)
		}
		value, err := expr.CompileREST(list[key], expr.Response)
		if err != nil {
			return fmt.Errorf("responseParameters: %s: %w", key, err)
		}
		if text, ok := value.Literal(); ok && !fieldValue(text) {
			return fmt.Errorf("responseParameters: %s: the value %q holds a control character", key, text)
		}
		if field.Identify(name) == field.TransferEncoding {
			continue // dropped from every reply: runtime 1.13
		}
		a.headers = append(a.headers, entry{key, remapped(name, renamed), value, expr.Response})
	}
	return nil
}

// renamedOf are the headers that AWS does not let an integration of that kind
// set: four with each, the others where a backend answers (runtime 1.13:
// recorded).
func renamedOf(k gate.IntegrationKind) []field.ID {
	list := []field.ID{field.Connection, field.ContentLength, field.Date, field.Server}
	if k == gate.Mock {
		return list
	}
	return append(list, field.Authorization, field.ContentMD5, field.Expect, field.Host, field.MaxForwards, field.ProxyAuthenticate,
		field.Trailer, field.Upgrade, field.UserAgent, field.WWWAuthenticate)
}

// remapped is the name under which a mapped header leaves.
func remapped(name string, renamed []field.ID) string {
	if slices.Contains(renamed, field.Identify(name)) {
		return "x-amzn-Remapped-" + name
	}
	return name
}

func (h *answers) Serve(x *flow.Exchange) error {
	if err := h.next.Serve(x); err != nil {
		return err
	}
	a, err := h.choose(x.Out.Status)
	if err != nil {
		return err
	}
	return a.shape(x)
}

// choose is the integration response for a status: the first one by its own
// status whose pattern matches, but the one with that very status before the
// others; else the default.
func (h *answers) choose(status int) (*shapedAnswer, error) {
	var best *shapedAnswer
	if len(h.list) > 0 && status != 0 {
		text := strconv.Itoa(status)
		for _, a := range h.list {
			if (best == nil || a.status == status) && a.pattern.MatchString(text) {
				best = a
			}
		}
	}
	if best == nil {
		best = h.other
	}
	switch {
	case best == nil:
		return nil, gate.Failf(gate.APIConfigurationError, "route %s: no match for output mapping and no default output mapping configured, endpoint response status code: %d", h.key, status)
	case best.undefined != nil:
		return nil, gate.Failf(gate.APIConfigurationError, "route %s: %w", h.key, best.undefined)
	}
	return best, nil
}

// shape makes the client's reply. The values are all there before anything
// changes.
func (a *shapedAnswer) shape(x *flow.Exchange) error {
	held := &x.Onward.Added
	held.Reset()
	left := maxMapped
	for i := range a.headers {
		h := &a.headers[i]
		v, ok, err := h.headerValue(x, &left)
		if err != nil {
			return gate.Failf(gate.APIConfigurationError, "parameter mapping %q: %w", h.key, err)
		}
		if ok && v != "" {
			held.Add(h.name, v)
		}
	}
	body := x.Out.Body
	accept, _ := x.In.Header.Get("Accept")
	t := choose(a.templates, accept)
	contentType := jsonType
	if t != nil {
		contentType = t.mediaType
	}
	if t != nil && len(t.template) > 0 {
		empty(&body)
		body = flow.Bytes(t.template)
	}
	x.Out.Body = flow.Body{} // Clear would close what is kept
	x.Out.Clear()
	x.Out.Status, x.Out.Body = a.status, body
	if bodiless(a.status) {
		empty(&x.Out.Body)
	}
	x.Out.Header.Add("Content-Type", contentType)
	for i := range held.Len() {
		if id, name, v, ok := held.At(i); ok {
			if id == field.ContentType {
				x.Out.Header.Del(name)
			}
			x.Out.Header.Add(name, v)
		}
	}
	return nil
}
