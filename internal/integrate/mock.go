package integrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// Mock compiles a MOCK integration, which calls nobody: its request template
// says the status by which an integration response is chosen. It answers with
// that status and nothing else (runtime 1.10 and 8); 0 stands for a request
// that no template is for and that has no body.
//
// The error names route and content type of a template that needs the template
// language.
func Mock(r *gate.Route) (*MockHandler, error) {
	m := &MockHandler{key: r.Key, passthrough: gate.WhenNoMatch}
	s := r.Integration.Shape
	if s == nil {
		return m, nil
	}
	if s.Passthrough != "" {
		m.passthrough = s.Passthrough
	}
	for _, media := range slices.Sorted(maps.Keys(s.Templates)) {
		text := s.Templates[media]
		if err := expr.Plain(text); err != nil {
			return nil, fmt.Errorf("route %s: request template for %s: %w", r.Key, media, err)
		}
		t := mockTemplate{mediaType: media}
		status, err := mockStatus(text)
		if t.status = status; err != nil {
			t.wrong = gate.Failf(gate.APIConfigurationError, "route %s: request template for %s: a mock's template makes {\"statusCode\": 200}: %w", r.Key, media, err)
		}
		m.templates = append(m.templates, t)
	}
	return m, nil
}

// Wrong says which template of a mock makes it answer 500 although it was
// taken; nil: none.
func (m *MockHandler) Wrong() error {
	for i := range m.templates {
		if f := m.templates[i].wrong; f != nil {
			return f.Err
		}
	}
	return nil
}

// A MockHandler answers a route without a backend. It is immutable and serves all
// exchanges of its route.
type MockHandler struct {
	key         string
	templates   []mockTemplate
	passthrough gate.Passthrough
}

type mockTemplate struct {
	mediaType string
	status    int
	wrong     *gate.Fault // what the template answers; nil: the status
}

// anyType is the template for what no other is for (runtime 1.10: recorded).
const anyType = "$default"

// Serve implements flow.Handler.
func (m *MockHandler) Serve(x *flow.Exchange) error {
	status, err := m.status(x)
	if err != nil {
		return err
	}
	x.Out.Clear()
	x.Out.Status, x.Out.Body = status, flow.Body{}
	return nil
}

func (m *MockHandler) status(x *flow.Exchange) (int, error) {
	t := m.template(x)
	switch {
	case t != nil && t.wrong != nil:
		return 0, t.wrong
	case t != nil:
		return t.status, nil
	case m.passthrough == gate.Never, m.passthrough == gate.WhenNoTemplates && len(m.templates) > 0:
		return 0, gate.Failf(gate.UnsupportedMediaType, "route %s: no request template is for the content type, and passthroughBehavior is %s", m.key, m.passthrough)
	}
	// The body itself stands for what a template would have made.
	body, err := x.In.Body.Peek(maxSloppy + 1)
	switch {
	case err != nil:
		return 0, &flow.BodyError{Err: err}
	case len(body) == 0:
		return 0, nil
	}
	status, err := mockStatus(string(body))
	if err != nil {
		return 0, gate.Failf(gate.APIConfigurationError, "route %s: no request template is for the content type, and the body that stands for one does not say a status: %w", m.key, err)
	}
	return status, nil
}

// template is the one for the request's media type, else that of $default.
func (m *MockHandler) template(x *flow.Exchange) *mockTemplate {
	media, ok := x.In.Header.Lookup(field.ContentType)
	if media, _, _ = strings.Cut(media, ";"); !ok || strings.TrimSpace(media) == "" {
		media = "application/json"
	}
	media = strings.TrimSpace(media)
	var other *mockTemplate
	for i := range m.templates {
		switch t := &m.templates[i]; {
		case strings.EqualFold(t.mediaType, media):
			return t
		case t.mediaType == anyType:
			other = t
		}
	}
	return other
}
