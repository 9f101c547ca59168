package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// The places that the request parameters of a REST integration go to.
const (
	toHeader = "integration.request.header."
	toQuery  = "integration.request.querystring."
	// toPath is before the name of a {name} in the integration's URI, which the
	// integration itself fills in.
	toPath = "integration.request.path."
)

// Shape returns the step that applies the request parameters of an integration
// of a REST API, nil where it has none. A mapped header takes the place of the
// client's, a mapped query parameter is sent besides (runtime 1.10).
func Shape(in *gate.Integration) (flow.Step, error) {
	e, errs := compileShape(in.RequestParameters)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(e.drops)+len(e.adds)+len(e.queryAdds) == 0 && e.host == nil {
		return nil, nil
	}
	return func(next flow.Handler) flow.Handler { return &parameters{request: e, next: next} }, nil
}

// Illegal says that an integration maps a header which the gateway writes
// itself; nil: none. AWS takes the definition and answers each request with
// 500 (quirk 31).
func Illegal(in *gate.Integration) error {
	for _, key := range slices.Sorted(maps.Keys(in.RequestParameters)) {
		switch name := strings.TrimPrefix(key, toHeader); strings.ToLower(name) {
		case "content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id":
			if name != key {
				return fmt.Errorf("integration %s maps the header %s, which the gateway writes itself: take the mapping out and deploy again", in.ID, name)
			}
		}
	}
	return nil
}

// compileShape compiles request parameters. errs are in the order of the keys.
func compileShape(list map[string]string) (*edits, []error) {
	e := &edits{rest: true}
	if len(list) > maxEntries {
		return e, []error{fmt.Errorf("requestParameters: %d entries are more than the %d that one message may have", len(list), maxEntries)}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(list)) {
		if err := e.addShape(key, list[key]); err != nil {
			errs = append(errs, fmt.Errorf("requestParameters: %q: %w", key, err))
		}
	}
	return e, errs
}

func (e *edits) addShape(key, text string) error {
	value, err := expr.CompileREST(text, expr.Request)
	if err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(key, toHeader); ok {
		return e.addShapeHeader(entry{key, name, value, expr.Request})
	}
	if name, ok := strings.CutPrefix(key, toQuery); ok && name != "" {
		e.queryAdds = append(e.queryAdds, entry{key, string(expr.EscapeQuery([]byte(name), 0)), value, expr.Request})
		return nil
	}
	if name, ok := strings.CutPrefix(key, toPath); ok && name != "" {
		return nil
	}
	return fmt.Errorf("a request parameter has the form integration.request.header|querystring|path.NAME")
}

func (e *edits) addShapeHeader(a entry) error {
	if !token(a.name) {
		return fmt.Errorf("%q is no name of a header", a.name)
	}
	if text, ok := a.value.Literal(); ok && !fieldValue(text) {
		return fmt.Errorf("the value %q holds a control character", text)
	}
	switch id := field.Identify(a.name); id {
	case field.Host:
		if text, ok := a.value.Literal(); ok && text != "" && !hostValue(text) {
			return fmt.Errorf("the value %q is no host", text)
		}
		e.host = &a
		return nil
	case field.Expect, field.ProxyAuthenticate, field.TE, field.Via:
		return nil // AWS drops them after mapping: runtime 1.10
	case field.ContentLength, field.TransferEncoding:
		return nil // Illegal has said so, and no request comes this far
	case field.Connection, field.KeepAlive, field.ProxyConnection, field.Trailer, field.Upgrade:
		// AWS sends some of them on. Here they would change how the connection
		// to the backend is used, which is the gateway's.
		return nil
	case field.XForwardedFor, field.XForwardedProto:
		e.adds = append(e.adds, a) // the client's are never sent on as they are, and tell of the way here
		return nil
	case field.XForwardedPort:
		e.noPort = true
	}
	e.drops = append(e.drops, a.name)
	e.adds = append(e.adds, a)
	return nil
}
