package apigateway

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// Types and members of integrations.
const (
	typeHTTP      = "HTTP"
	typeHTTPProxy = "HTTP_PROXY"
	typeAWS       = "AWS"
	typeAWSProxy  = "AWS_PROXY"
	typeMock      = "MOCK"

	internet = "INTERNET"
	vpcLink  = "VPC_LINK"
	buffered = "BUFFERED"
	stream   = "STREAM"

	defaultTimeout = 29000
	maxTemplate    = 300 << 10 // bytes of one template (runtime 1.11)
)

// PutIntegration makes the integration of a method, in place of what was there.
func (s *Service) PutIntegration(ctx context.Context, in *v1.PutIntegrationInput) (*v1.Integration, error) {
	var out v1.Integration
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		i := v1.Integration{}
		control.Merge(&i, in)
		i.HttpMethod = in.IntegrationHttpMethod // the label of the path has the plain name
		if i.CacheKeyParameters == nil {
			i.CacheKeyParameters = []string{}
		}
		control.Default(&i.CacheNamespace, m.resource)
		if err := m.completeIntegration(&i); err != nil {
			return err
		}
		m.AWS.MethodIntegration, out = &i, i
		return nil
	})
	return &out, err
}

// completeIntegration checks an integration as it is to be and fills in the
// defaults (control-plane 2.6 and 8).
func (m *method) completeIntegration(i *v1.Integration) error {
	control.DropEmpty(&i.ConnectionId, &i.ConnectionType, &i.ContentHandling, &i.Credentials, &i.HttpMethod, &i.IntegrationTarget,
		&i.PassthroughBehavior, &i.ResponseTransferMode, &i.Uri)
	control.Default(&i.PassthroughBehavior, string(gate.WhenNoMatch))
	control.Default(&i.TimeoutInMillis, int32(defaultTimeout))
	if err := firstError(
		checkChoice(i.PassthroughBehavior, textPassthrough, string(gate.WhenNoMatch), string(gate.WhenNoTemplates), string(gate.Never)),
		checkChoice(i.ContentHandling, textHandling, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"),
		m.checkTimeout(*i.TimeoutInMillis),
		checkCount("requestParameters", len(i.RequestParameters)),
		checkCount("cacheKeyParameters", len(i.CacheKeyParameters)),
		checkTemplates(i.RequestTemplates),
		m.checkMappings(i.RequestParameters),
	); err != nil {
		return err
	}
	switch text(i.Type) {
	case typeMock:
		return completeMock(i)
	case typeHTTP, typeHTTPProxy:
		if err := completeHTTP(i); err != nil {
			return err
		}
		return m.findLink(i)
	}
	return completeAWS(i)
}

// completeMock drops what a mock has no use for (recorded on AWS).
func completeMock(i *v1.Integration) error {
	i.Uri, i.HttpMethod = nil, nil
	if text(i.ConnectionType) == vpcLink {
		return bad(textConnectionFor)
	}
	i.ConnectionType = nil
	return checkProxyOnly(i)
}

func completeHTTP(i *v1.Integration) error {
	control.Default(&i.ConnectionType, internet)
	if i.HttpMethod == nil {
		return bad(textHTTPMethod)
	}
	if !slices.Contains(methods(), *i.HttpMethod) {
		return bad(textMethod)
	}
	if !isEndpoint(text(i.Uri)) {
		return bad(textHTTPURI)
	}
	if *i.ConnectionType == vpcLink && i.ConnectionId == nil {
		return bad(textConnection)
	}
	return checkProxyOnly(i)
}

// isEndpoint takes an http or https URL in which stage variables and path
// parameters stand for a part.
func isEndpoint(uri string) bool {
	plain := placeholder.ReplaceAllString(uri, "x")
	u, err := url.Parse(plain)
	return err == nil && len(uri) <= 2048 && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// placeholder is a stage variable or a path parameter in a URI.
var placeholder = regexp.MustCompile(`\$\{stageVariables\.[A-Za-z0-9_]+\}|\{[A-Za-z0-9._:-]+\+?\}`)

// completeAWS checks what is particular to functions and AWS services.
func completeAWS(i *v1.Integration) error {
	if text(i.ConnectionType) == vpcLink {
		return bad(textConnectionFor)
	}
	i.ConnectionType = nil
	if i.HttpMethod == nil {
		return bad(textHTTPMethod)
	}
	if !slices.Contains(methods(), *i.HttpMethod) {
		return bad(textMethod)
	}
	service, action, ok := cutServiceARN(text(i.Uri))
	lambda := service == "lambda"
	switch {
	case !ok:
		return bad(textARN)
	case action == "":
		return bad(textARNAction)
	case text(i.Type) == typeAWSProxy && !lambda && service != "firehose":
		return bad(textProxyService)
	case !lambda && i.Credentials == nil:
		return bad(textRole)
	case i.TlsConfig != nil:
		return bad(textTLS)
	}
	return checkProxyOnly(i)
}

// cutServiceARN cuts arn:aws:apigateway:REGION:SERVICE:path|action/REST. action
// is empty where the ARN has neither.
func cutServiceARN(uri string) (service, action string, ok bool) {
	parts := strings.SplitN(uri, ":", 6)
	if len(uri) > 2048 || len(parts) < 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != "apigateway" || parts[4] == "" {
		return "", "", false
	}
	service = parts[4][strings.LastIndexByte(parts[4], '.')+1:] // of subdomain.service
	if !strings.HasPrefix(parts[5], "path/") && !strings.HasPrefix(parts[5], "action/") {
		return service, "", true
	}
	return service, parts[5], true
}

// checkProxyOnly refuses what only some types have.
func checkProxyOnly(i *v1.Integration) error {
	proxy := strings.HasSuffix(*i.Type, "_PROXY")
	if text(i.ResponseTransferMode) == stream && !proxy {
		return bad(textStream)
	}
	if i.TlsConfig != nil && !strings.HasPrefix(*i.Type, typeHTTP) {
		return bad(textTLS)
	}
	return nil
}

// checkTimeout takes 50 ms up to the configured limit, 29 s unless raised.
func (d *draft) checkTimeout(millis int32) *wire.Error {
	most := max(d.s.desk.Limits.IntegrationTimeout, defaultTimeout*time.Millisecond)
	if most == gate.DefaultLimits().IntegrationTimeout {
		most = defaultTimeout * time.Millisecond // the limit of HTTP APIs is a second longer
	}
	if t := time.Duration(millis) * time.Millisecond; t < gate.MinIntegrationTimeout || t > most {
		return bad(textTimeout, most.Milliseconds())
	}
	return nil
}

func checkChoice(v *string, refusal string, values ...string) *wire.Error {
	if v != nil && !slices.Contains(values, *v) {
		return bad("%s", refusal)
	}
	return nil
}

// checkTemplates checks the media types and the sizes of templates.
func checkTemplates(list map[string]string) *wire.Error {
	if err := checkCount("templates", len(list)); err != nil {
		return err
	}
	for _, kind := range sortedKeys(list) {
		if !isContentType(kind) {
			return bad(textContentType, clip(kind))
		}
		if len(list[kind]) > maxTemplate {
			return bad(textTemplateSize, maxTemplate)
		}
	}
	return nil
}

// What a request mapping can make, and of what (runtime 1.10).
var (
	requestTarget = regexp.MustCompile(`^integration\.request\.(path|querystring|header)\.[A-Za-z0-9._$-]+$`)
	requestSource = regexp.MustCompile(`^(method\.request\.(multivalueheader|multivaluequerystring|path|querystring|header)\.([A-Za-z0-9._$-]+)` +
		`|method\.request\.body(\..+|\[.+)?|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9._-]+|'[^']*')$`)
	answerSource = regexp.MustCompile(`^(integration\.response\.(multivalueheader|header)\.[A-Za-z0-9._$-]+` +
		`|integration\.response\.body(\..+|\[.+)?|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9._-]+|'[^']*')$`)
)

// maxExpression bounds a mapping expression in bytes.
const maxExpression = 2048

// checkMappings checks the mappings of requests: their form, and that what they
// read of the request is declared by the method.
func (m *method) checkMappings(list map[string]string) *wire.Error {
	for _, key := range sortedKeys(list) {
		value := list[key]
		if !requestTarget.MatchString(key) {
			return bad(textExpression, clip(key))
		}
		parts := requestSource.FindStringSubmatch(value)
		if parts == nil || len(value) > maxExpression {
			return bad(textExpression, clip(value))
		}
		if parts[2] == "" {
			continue
		}
		declared := "method.request." + strings.TrimPrefix(parts[2], "multivalue") + "." + parts[3]
		if _, ok := m.AWS.RequestParameters[declared]; !ok {
			return bad(textParameter, clip(value))
		}
	}
	return nil
}

// GetIntegration returns the integration of a method.
func (s *Service) GetIntegration(ctx context.Context, in *v1.GetIntegrationInput) (*v1.Integration, error) {
	var out v1.Integration
	err := s.viewMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		i, err := m.integration()
		if err == nil {
			out = *i
		}
		return err
	})
	return &out, err
}

func (m *method) integration() (*v1.Integration, error) {
	if m.AWS.MethodIntegration == nil {
		return nil, missing(textNoIntegration)
	}
	return m.AWS.MethodIntegration, nil
}

// UpdateIntegration changes an integration by patches.
func (s *Service) UpdateIntegration(ctx context.Context, in *v1.UpdateIntegrationInput) (*v1.Integration, error) {
	var out v1.Integration
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoIntegration), func(m *method) error {
		i, err := m.integration()
		if err != nil {
			return err
		}
		if err := patch(integrationRules(), terse(), i, in.PatchOperations); err != nil {
			return err
		}
		if err := m.completeIntegration(i); err != nil {
			return err
		}
		out = *i
		return nil
	})
	return &out, err
}

// integrationRules are those of UpdateIntegration (control-plane 2.2).
func integrationRules() []rule[*v1.Integration] {
	type integration = *v1.Integration
	called := func(what string, put func(integration, *op) error) func(integration, *op) error {
		return func(i integration, o *op) error {
			if text(i.Type) == typeMock {
				return bad(textMockURI, what)
			}
			return put(i, o)
		}
	}
	return []rule[integration]{
		{"/cacheKeyParameters/*", add | replace | remove, func(i integration, o *op) error {
			return putOne(&i.CacheKeyParameters, o, o.keys[0])
		}},
		{"/requestParameters/*", add | replace | remove, func(i integration, o *op) error {
			return putEntry(&i.RequestParameters, o, o.text(), missing(textNoParameter))
		}},
		{"/requestTemplates/*", add | replace | remove, func(i integration, o *op) error {
			return putEntry(&i.RequestTemplates, o, o.text(), missing(textNoContentType))
		}},
		{"/cacheNamespace", replace, func(i integration, o *op) error { return putText(&i.CacheNamespace, o) }},
		{"/connectionId", replace, func(i integration, o *op) error { return putText(&i.ConnectionId, o) }},
		{"/connectionType", replace, func(i integration, o *op) error {
			i.ConnectionType = o.value
			if o.text() == internet {
				i.ConnectionId = nil
			}
			return oneOf(o, internet, vpcLink)
		}},
		{"/contentHandling", replace, func(i integration, o *op) error { return putText(&i.ContentHandling, o) }},
		{"/credentials", replace, func(i integration, o *op) error { return putText(&i.Credentials, o) }},
		{"/httpMethod", replace, called("httpMethod", func(i integration, o *op) error { return putText(&i.HttpMethod, o) })},
		{"/integrationTarget", replace, func(i integration, o *op) error { return putText(&i.IntegrationTarget, o) }},
		{"/passthroughBehavior", replace, func(i integration, o *op) error {
			i.PassthroughBehavior = o.value
			return needed(o) // its default takes more than the others
		}},
		{"/responseTransferMode", replace, func(i integration, o *op) error {
			i.ResponseTransferMode = o.value
			return oneOf(o, buffered, stream)
		}},
		{"/timeoutInMillis", replace, func(i integration, o *op) error {
			n, err := strconv.ParseInt(o.text(), 10, 32)
			if err != nil {
				return bad(textTimeout, defaultTimeout)
			}
			i.TimeoutInMillis = new(int32(n))
			return nil
		}},
		{"/tlsConfig/insecureSkipVerification", replace, func(i integration, o *op) error {
			control.Default(&i.TlsConfig, v1.TlsConfig{})
			return putBool(&i.TlsConfig.InsecureSkipVerification, o)
		}},
		{"/type", 0, nil},
		{"/uri", replace, called("uri", func(i integration, o *op) error { return putText(&i.Uri, o) })},
	}
}

// DeleteIntegration removes the integration of a method, with its responses.
func (s *Service) DeleteIntegration(ctx context.Context, in *v1.DeleteIntegrationInput) error {
	return s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		if _, err := m.integration(); err != nil {
			return err
		}
		m.AWS.MethodIntegration = nil
		return nil
	})
}

// PutIntegrationResponse makes an answer of an integration, in place of what was
// there.
func (s *Service) PutIntegrationResponse(ctx context.Context, in *v1.PutIntegrationResponseInput) (*v1.IntegrationResponse, error) {
	var out v1.IntegrationResponse
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoMethod), func(m *method) error {
		i, err := m.integration()
		if err != nil {
			return err
		}
		out = v1.IntegrationResponse{}
		control.Merge(&out, in)
		return m.putAnswer(i, &out)
	})
	return &out, err
}

// putAnswer checks an answer as it is to be and puts it among the others.
func (m *method) putAnswer(i *v1.Integration, r *v1.IntegrationResponse) error {
	control.DropEmpty(&r.ContentHandling)
	if err := firstError(
		checkChoice(r.ContentHandling, textHandling, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"),
		checkTemplates(r.ResponseTemplates),
		checkCount("responseParameters", len(r.ResponseParameters)),
		checkPattern(text(r.SelectionPattern)),
		m.checkAnswers(text(r.StatusCode), r.ResponseParameters),
	); err != nil {
		return err
	}
	if i.IntegrationResponses == nil {
		i.IntegrationResponses = map[string]v1.IntegrationResponse{}
	}
	i.IntegrationResponses[*r.StatusCode] = *r
	return nil
}

// checkAnswers checks the mappings of an answer: their form, and that the method
// declares the headers that they make.
func (m *method) checkAnswers(status string, list map[string]string) *wire.Error {
	for _, key := range sortedKeys(list) {
		if !answerForm.MatchString(key) {
			return bad(textExpression, clip(key))
		}
		if v := list[key]; !answerSource.MatchString(v) || len(v) > maxExpression {
			return bad(textExpression, clip(v))
		}
		if _, ok := m.AWS.MethodResponses[status].ResponseParameters[key]; !ok {
			return bad(textParameter, clip(key))
		}
	}
	return nil
}

// maxPattern bounds a selection pattern in bytes.
const maxPattern = 1024

func checkPattern(p string) *wire.Error {
	if len(p) > maxPattern {
		return bad(textPatternLong, maxPattern)
	}
	return nil
}

// GetIntegrationResponse returns an answer of an integration.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *v1.GetIntegrationResponseInput) (*v1.IntegrationResponse, error) {
	var out v1.IntegrationResponse
	err := s.viewMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoIntegration), func(m *method) (err error) {
		_, out, err = m.answer(text(in.StatusCode))
		return err
	})
	return &out, err
}

// answer returns an integration and its answer for a status.
func (m *method) answer(status string) (*v1.Integration, v1.IntegrationResponse, error) {
	i, err := m.integration()
	if err != nil {
		return nil, v1.IntegrationResponse{}, err
	}
	r, ok := i.IntegrationResponses[status]
	if !ok {
		return nil, r, missing(textNoResponse)
	}
	return i, r, nil
}

// UpdateIntegrationResponse changes an answer of an integration by patches.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *v1.UpdateIntegrationResponseInput) (*v1.IntegrationResponse, error) {
	var out v1.IntegrationResponse
	err := s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoIntegration), func(m *method) error {
		i, r, err := m.answer(text(in.StatusCode))
		if err != nil {
			return err
		}
		if err := patch(answerRules(), terse(), &r, in.PatchOperations); err != nil {
			return err
		}
		err = m.putAnswer(i, &r)
		out = r
		return err
	})
	return &out, err
}

// answerRules are those of UpdateIntegrationResponse (control-plane 2.2).
func answerRules() []rule[*v1.IntegrationResponse] {
	type answer = *v1.IntegrationResponse
	return []rule[answer]{
		{"/contentHandling", replace, func(r answer, o *op) error { return putText(&r.ContentHandling, o) }},
		{"/selectionPattern", replace, func(r answer, o *op) error { r.SelectionPattern = o.value; return nil }},
		{"/responseParameters/*", add | replace | remove, func(r answer, o *op) error {
			if o.verb != remove && o.text() == "" {
				return bad(textNullParameter)
			}
			return putEntry(&r.ResponseParameters, o, o.text(), missing(textNoParameter))
		}},
		{"/responseTemplates/*", add | replace | remove, func(r answer, o *op) error {
			return putEntry(&r.ResponseTemplates, o, o.text(), missing(textNoContentType))
		}},
	}
}

// DeleteIntegrationResponse removes an answer of an integration.
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *v1.DeleteIntegrationResponseInput) error {
	return s.editMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, missing(textNoIntegration), func(m *method) error {
		i, _, err := m.answer(text(in.StatusCode))
		if err == nil {
			delete(i.IntegrationResponses, *in.StatusCode)
		}
		return err
	})
}
