package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// maxEntries bounds each map of a method and of its integration.
const maxEntries = 200

// methods are the names that a method can have, as AWS recites them.
func methods() []string {
	return []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}
}

// A method is one method of a draft, in one run of an operation.
type method struct {
	*draft
	resource string
	methodDoc
}

// editMethod runs op on a method and puts what it made of it.
func (s *Service) editMethod(ctx context.Context, api, resource, verb *string, absent error, op func(*method) error) error {
	return s.edit(ctx, api, as(textNoResource), func(d *draft) error {
		m, err := d.method(text(resource), text(verb), absent)
		if err != nil {
			return err
		}
		if err := op(m); err != nil {
			return err
		}
		return m.put()
	})
}

// method loads a method. absent is the refusal of one that is not there: what
// the operation is about.
func (d *draft) method(resource, verb string, absent error) (*method, error) {
	m := &method{draft: d, resource: resource}
	var r resourceDoc
	if err := d.load(d.resourceKey(resource), resource, &r, missing(textNoResource)); err != nil {
		return nil, err
	}
	return m, d.load(d.methodKey(resource, verb), verb, &m.methodDoc, absent)
}

func (m *method) put() error { return m.Put(m.methodKey(m.resource, *m.AWS.HttpMethod), &m.methodDoc) }

// PutMethod adds a method to a resource.
func (s *Service) PutMethod(ctx context.Context, in *v1.PutMethodInput) (*v1.Method, error) {
	var out v1.Method
	err := s.edit(ctx, in.RestApiId, as(textNoResource), func(d *draft) error {
		m := &method{draft: d, resource: text(in.ResourceId)}
		var r resourceDoc
		if err := d.load(d.resourceKey(m.resource), m.resource, &r, missing(textNoResource)); err != nil {
			return err
		}
		if !slices.Contains(methods(), text(in.HttpMethod)) {
			return bad(textMethod)
		}
		control.Merge(&m.AWS, in)
		exists, err := d.Load(d.methodKey(m.resource, *in.HttpMethod), nil)
		if err != nil {
			return err
		}
		if exists {
			return conflict(textMethodExists)
		}
		if err := m.complete(); err != nil {
			return err
		}
		out = m.AWS
		return m.put()
	})
	return &out, err
}

// complete checks a method as it is to be, and that all it names is there.
func (m *method) complete() error {
	a := &m.AWS
	control.DropEmpty(&a.AuthorizerId, &a.RequestValidatorId, &a.OperationName)
	control.Default(&a.ApiKeyRequired, false)
	if err := firstError(
		checkMethodAuth(a),
		checkParameterNames(a.RequestParameters),
		checkCount("requestParameters", len(a.RequestParameters)),
		checkCount("requestModels", len(a.RequestModels)),
		checkCount("authorizationScopes", len(a.AuthorizationScopes)),
	); err != nil {
		return err
	}
	if id := text(a.RequestValidatorId); id != "" {
		if err := m.load(m.validatorKey(id), id, nil, bad(textNoValidator)); err != nil {
			return err
		}
	}
	if err := m.asks(); err != nil {
		return err
	}
	if err := m.findModels(a.RequestModels); err != nil {
		return err
	}
	return m.refer()
}

// checkMethodAuth checks what can be known without looking at the authorizer.
func checkMethodAuth(a *v1.Method) *wire.Error {
	kind := gate.AuthKind(text(a.AuthorizationType))
	if !slices.Contains([]gate.AuthKind{gate.AuthNone, gate.AuthIAM, gate.AuthCustom, gate.AuthCognito}, kind) {
		return bad(textAuthType)
	}
	if len(a.AuthorizationScopes) > 0 && kind != gate.AuthCognito {
		return bad(textScopes)
	}
	return nil
}

// asks checks that the authorizer is there and of the kind that is asked for.
// Kinds that need none drop it.
func (m *method) asks() error {
	kind := gate.AuthKind(text(m.AWS.AuthorizationType))
	if kind != gate.AuthCustom && kind != gate.AuthCognito {
		m.AWS.AuthorizerId = nil
		return nil
	}
	id := text(m.AWS.AuthorizerId)
	var doc authorizerDoc
	if err := m.load(m.authorizerKey(id), id, &doc, bad(textAuthorizer)); err != nil {
		return err
	}
	if (text(doc.AWS.Type) == string(gate.AuthCognito)) != (kind == gate.AuthCognito) {
		return bad(textAuthorizer)
	}
	return nil
}

// parameterForm is the name of a parameter of a request.
var parameterForm = regexp.MustCompile(`^method\.request\.(path|querystring|header)\.([A-Za-z0-9._$-]+)$`)

// checkParameterNames checks the parameters that a method declares.
func checkParameterNames(list map[string]bool) *wire.Error {
	seen := map[string]bool{}
	for _, key := range sortedKeys(list) {
		parts := parameterForm.FindStringSubmatch(key)
		if parts == nil {
			return bad(textExpression, clip(key))
		}
		if seen[parts[2]] {
			return bad(textUnique)
		}
		seen[parts[2]] = true
	}
	return nil
}

func checkCount(what string, n int) *wire.Error {
	if n > maxEntries {
		return bad(textTooMany, what, n, maxEntries)
	}
	return nil
}

// findModels checks that models by content type are there.
func (d *draft) findModels(models map[string]string) error {
	for _, kind := range sortedKeys(models) {
		if !isContentType(kind) {
			return bad(textContentType, clip(kind))
		}
		if err := d.load(d.modelKey(models[kind]), models[kind], nil, bad(textMethodModel, clip(models[kind]))); err != nil {
			return err
		}
	}
	return nil
}

// isContentType takes a media type without parameters, or $default.
func isContentType(s string) bool { return s == "$default" || isMediaType(s) }

// GetMethod returns a method with its integration and responses.
func (s *Service) GetMethod(ctx context.Context, in *v1.GetMethodInput) (*v1.Method, error) {
	var out v1.Method
	err := s.viewMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		out = m.AWS
		return nil
	})
	return &out, err
}

// viewMethod runs op on a method without changing it.
func (s *Service) viewMethod(ctx context.Context, api, resource, verb *string, absent error, op func(*method) error) error {
	return s.view(ctx, api, as(textNoResource), func(d *draft) error {
		m, err := d.method(text(resource), text(verb), absent)
		if err != nil {
			return err
		}
		return op(m)
	})
}

// UpdateMethod changes a method by patches.
func (s *Service) UpdateMethod(ctx context.Context, in *v1.UpdateMethodInput) (*v1.Method, error) {
	var out v1.Method
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		if err := patch(methodRules(), terse(), &m.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := m.complete(); err != nil {
			return err
		}
		out = m.AWS
		return nil
	})
	return &out, err
}

// methodRules are those of UpdateMethod (control-plane 2.2).
func methodRules() []rule[*v1.Method] {
	type method = *v1.Method
	return []rule[method]{
		{"/authorizationScopes", add | remove, func(m method, o *op) error { return putOne(&m.AuthorizationScopes, o, o.text()) }},
		{"/authorizationType", replace, func(m method, o *op) error { m.AuthorizationType = o.value; return nil }},
		{"/authorizerId", replace, func(m method, o *op) error { return putText(&m.AuthorizerId, o) }},
		{"/apiKeyRequired", replace, func(m method, o *op) error { return putBool(&m.ApiKeyRequired, o) }},
		{"/operationName", replace, func(m method, o *op) error { return putText(&m.OperationName, o) }},
		{"/requestValidatorId", replace, func(m method, o *op) error { return putText(&m.RequestValidatorId, o) }},
		{"/requestParameters/*", add | replace | remove, func(m method, o *op) error {
			return putEntry(&m.RequestParameters, o, strings.EqualFold(o.text(), "true"), missing(textNoParameter))
		}},
		{"/requestModels/*", add | replace | remove, func(m method, o *op) error {
			return putEntry(&m.RequestModels, o, o.text(), missing(textNoContentType))
		}},
	}
}

// DeleteMethod removes a method with all that it has.
func (s *Service) DeleteMethod(ctx context.Context, in *v1.DeleteMethodInput) error {
	return s.edit(ctx, in.RestApiId, as(textNoResource), func(d *draft) error {
		m, err := d.method(text(in.ResourceId), text(in.HttpMethod), missing(textNoMethod))
		if err != nil {
			return err
		}
		d.Delete(d.methodKey(m.resource, *m.AWS.HttpMethod))
		return nil
	})
}

// PutMethodResponse declares an answer of a method.
func (s *Service) PutMethodResponse(ctx context.Context, in *v1.PutMethodResponseInput) (*v1.MethodResponse, error) {
	var out v1.MethodResponse
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		code := text(in.StatusCode)
		if _, exists := m.AWS.MethodResponses[code]; exists {
			return conflict(textResponseExists)
		}
		control.Merge(&out, in)
		if out.ResponseModels == nil {
			out.ResponseModels = map[string]string{}
		}
		if m.AWS.MethodResponses == nil {
			m.AWS.MethodResponses = map[string]v1.MethodResponse{}
		}
		m.AWS.MethodResponses[code] = out
		return m.checkResponse(&out)
	})
	return &out, err
}

// answerForm is the name of a header of an answer.
var answerForm = regexp.MustCompile(`^method\.response\.header\.[A-Za-z0-9._$-]+$`)

// checkResponse checks an answer as it is to be.
func (m *method) checkResponse(r *v1.MethodResponse) error {
	for _, key := range sortedKeys(r.ResponseParameters) {
		if !answerForm.MatchString(key) {
			return bad(textExpression, clip(key))
		}
	}
	if err := firstError(checkCount("responseParameters", len(r.ResponseParameters)), checkCount("responseModels", len(r.ResponseModels))); err != nil {
		return err
	}
	if err := m.findModels(r.ResponseModels); err != nil {
		return err
	}
	return m.refer()
}

// GetMethodResponse returns a declared answer.
func (s *Service) GetMethodResponse(ctx context.Context, in *v1.GetMethodResponseInput) (*v1.MethodResponse, error) {
	var out v1.MethodResponse
	err := s.viewMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		r, ok := m.AWS.MethodResponses[text(in.StatusCode)]
		if out = r; !ok {
			return missing(textNoResponse)
		}
		return nil
	})
	return &out, err
}

// UpdateMethodResponse changes a declared answer by patches.
func (s *Service) UpdateMethodResponse(ctx context.Context, in *v1.UpdateMethodResponseInput) (*v1.MethodResponse, error) {
	var out v1.MethodResponse
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		code := text(in.StatusCode)
		r, ok := m.AWS.MethodResponses[code]
		if !ok {
			return missing(textNoResponse)
		}
		if err := patch(methodResponseRules(), curt(), &r, in.PatchOperations); err != nil {
			return err
		}
		m.AWS.MethodResponses[code], out = r, r
		return m.checkResponse(&r)
	})
	return &out, err
}

// methodResponseRules are those of UpdateMethodResponse (control-plane 2.2).
func methodResponseRules() []rule[*v1.MethodResponse] {
	return []rule[*v1.MethodResponse]{
		{"/responseModels/*", add | replace | remove, func(r *v1.MethodResponse, o *op) error {
			return putEntry(&r.ResponseModels, o, o.text(), missing(textNoContentType))
		}},
		{"/responseParameters/*", add | replace | remove, func(r *v1.MethodResponse, o *op) error {
			if o.verb != remove && o.text() == "" {
				return bad(textNullParameter)
			}
			if _, there := r.ResponseParameters[o.keys[0]]; !there && o.verb == replace {
				return missing(textNoParameter)
			}
			return putEntry(&r.ResponseParameters, o, strings.EqualFold(o.text(), "true"), missing(textNoParameter))
		}},
	}
}

// DeleteMethodResponse removes a declared answer.
func (s *Service) DeleteMethodResponse(ctx context.Context, in *v1.DeleteMethodResponseInput) error {
	return s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		if _, ok := m.AWS.MethodResponses[text(in.StatusCode)]; !ok {
			return missing(textNoResponse)
		}
		delete(m.AWS.MethodResponses, *in.StatusCode)
		return nil
	})
}
