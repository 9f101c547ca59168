package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// A standard is a type of gateway response with the status that it has unless it
// is set.
type standard struct{ kind, status string }

// The types that stand for all of a class.
const (
	default4XX = "DEFAULT_4XX"
	default5XX = "DEFAULT_5XX"
)

// standards are all types in their order (control-plane 2.6).
func standards() []standard {
	return []standard{
		{"ACCESS_DENIED", "403"},
		{"API_CONFIGURATION_ERROR", "500"},
		{"AUTHORIZER_CONFIGURATION_ERROR", "500"},
		{"AUTHORIZER_FAILURE", "500"},
		{"BAD_REQUEST_BODY", "400"},
		{"BAD_REQUEST_PARAMETERS", "400"},
		{default4XX, ""},
		{default5XX, ""},
		{"EXPIRED_TOKEN", "403"},
		{"INTEGRATION_FAILURE", "504"},
		{"INTEGRATION_TIMEOUT", "504"},
		{"INVALID_API_KEY", "403"},
		{"INVALID_SIGNATURE", "403"},
		{"MISSING_AUTHENTICATION_TOKEN", "403"},
		{"QUOTA_EXCEEDED", "429"},
		{"REQUEST_TOO_LARGE", "413"},
		{"RESOURCE_NOT_FOUND", "404"},
		{"THROTTLED", "429"},
		{"UNAUTHORIZED", "401"},
		{"UNSUPPORTED_MEDIA_TYPE", "415"},
		{"WAF_FILTERED", "403"},
	}
}

// standardOf is the standard of a type, or a refusal.
func standardOf(kind string) (standard, error) {
	all := standards()
	i := slices.IndexFunc(all, func(s standard) bool { return s.kind == kind })
	if i < 0 {
		return standard{}, bad(textResponseType)
	}
	return all[i], nil
}

// response is a standard as it is answered while nothing is set.
func (s standard) response() v1.GatewayResponse {
	r := v1.GatewayResponse{
		DefaultResponse: new(true), ResponseType: &s.kind,
		ResponseParameters: map[string]string{},
		ResponseTemplates:  map[string]string{"application/json": `{"message":$context.error.messageString}`},
	}
	if s.status != "" {
		r.StatusCode = &s.status
	}
	return r
}

// class is the type that stands for all of a standard's class; "" for those.
func (s standard) class() string {
	switch {
	case s.status == "":
		return ""
	case s.status[0] == '4':
		return default4XX
	}
	return default5XX
}

// responses are the gateway responses of an API that are set, by their types.
func (d *draft) responses() (map[string]v1.GatewayResponse, error) {
	set := map[string]v1.GatewayResponse{}
	err := d.Scan(d.responseKey(""), func(text store.Doc) error {
		var doc responseDoc
		err := control.Decode(text.Value, &doc)
		set[*doc.AWS.ResponseType] = doc.AWS
		return err
	})
	return set, err
}

// shownResponse is a gateway response as clients see it. What the type of its
// class sets shines through one that is not set, which stays a default one
// (recorded on AWS).
func shownResponse(s standard, set map[string]v1.GatewayResponse) v1.GatewayResponse {
	if r, ok := set[s.kind]; ok {
		return r
	}
	r := s.response()
	class, ok := set[s.class()]
	if !ok {
		return r
	}
	r.ResponseParameters, r.ResponseTemplates = class.ResponseParameters, class.ResponseTemplates
	if class.StatusCode != nil {
		r.StatusCode = class.StatusCode
	}
	return r
}

// PutGatewayResponse sets a gateway response. What is left out is the default's.
func (s *Service) PutGatewayResponse(ctx context.Context, in *v1.PutGatewayResponseInput) (*v1.GatewayResponse, error) {
	var out v1.GatewayResponse
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		std, err := standardOf(text(in.ResponseType))
		if err != nil {
			return err
		}
		r := std.response()
		control.Merge(&r, in)
		if _, err := d.Load(d.responseKey(std.kind), nil); err != nil {
			return err
		}
		out = r
		return d.putResponse(&out)
	})
	return &out, err
}

// putResponse checks a gateway response as it is to be and puts it.
func (d *draft) putResponse(r *v1.GatewayResponse) error {
	control.DropEmpty(&r.StatusCode)
	r.DefaultResponse = new(false)
	if err := firstError(checkResponseStatus(r.StatusCode), checkTemplates(r.ResponseTemplates), checkResponseHeaders(r.ResponseParameters)); err != nil {
		return err
	}
	return d.Put(d.responseKey(*r.ResponseType), &responseDoc{AWS: *r})
}

// What a gateway response can set, and of what (runtime 1.16).
var (
	statusForm     = regexp.MustCompile(`^[2-5][0-9]{2}$`)
	responseTarget = regexp.MustCompile(`^gatewayresponse\.header\.[A-Za-z0-9._$-]+$`)
	responseSource = regexp.MustCompile(`^(method\.request\.(multivalueheader|multivaluequerystring|path|querystring|header)\.[A-Za-z0-9._$-]+` +
		`|method\.request\.body(\..+|\[.+)?|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9._-]+|'[^']*')$`)
)

func checkResponseStatus(status *string) *wire.Error {
	if status != nil && !statusForm.MatchString(*status) {
		return bad(textResponseStatus, clip(*status))
	}
	return nil
}

func checkResponseHeaders(list map[string]string) *wire.Error {
	if err := checkCount("responseParameters", len(list)); err != nil {
		return err
	}
	for _, key := range sortedKeys(list) {
		value := list[key]
		switch {
		case !responseTarget.MatchString(key):
			return bad(textExpression, clip(key))
		case value == "":
			return bad(textNullParameter)
		case !responseSource.MatchString(value) || len(value) > maxExpression || strings.ContainsAny(value, "\r\n"):
			return bad(textExpression, clip(value))
		}
	}
	return nil
}

// GetGatewayResponse returns a gateway response, set or not.
func (s *Service) GetGatewayResponse(ctx context.Context, in *v1.GetGatewayResponseInput) (*v1.GatewayResponse, error) {
	var out v1.GatewayResponse
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		out, err = d.response(text(in.ResponseType))
		return err
	})
	return &out, err
}

// response is a gateway response as clients see it. A commit depends on it and
// on what shines through it.
func (d *draft) response(kind string) (v1.GatewayResponse, error) {
	std, err := standardOf(kind)
	if err != nil {
		return v1.GatewayResponse{}, err
	}
	set := map[string]v1.GatewayResponse{}
	for _, kind := range []string{std.kind, std.class()} {
		var doc responseDoc
		if kind == "" {
			continue
		}
		found, err := d.Load(d.responseKey(kind), &doc)
		if err != nil {
			return v1.GatewayResponse{}, err
		}
		if found {
			set[kind] = doc.AWS
		}
	}
	return shownResponse(std, set), nil
}

// GetGatewayResponses returns a page of all gateway responses, set or not, in the
// order of their types.
func (s *Service) GetGatewayResponses(ctx context.Context, in *v1.GetGatewayResponsesInput) (*v1.GatewayResponses, error) {
	out := v1.GatewayResponses{Items: []v1.GatewayResponse{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) error {
		set, err := d.responses()
		if err != nil {
			return err
		}
		all := map[string]v1.GatewayResponse{}
		for _, std := range standards() {
			all[std.kind] = shownResponse(std, set)
		}
		next, err := pick(d.responseKey(""), all, in.Limit, in.Position, func(r v1.GatewayResponse) { out.Items = append(out.Items, r) })
		out.Position = next
		return err
	})
	return &out, err
}

// UpdateGatewayResponse changes a gateway response by patches. One that was not
// set is from then on.
func (s *Service) UpdateGatewayResponse(ctx context.Context, in *v1.UpdateGatewayResponseInput) (*v1.GatewayResponse, error) {
	var out v1.GatewayResponse
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		if out, err = d.response(text(in.ResponseType)); err != nil || len(in.PatchOperations) == 0 {
			return err
		}
		if err := patch(responseRules(), curt(), &out, in.PatchOperations); err != nil {
			return err
		}
		return d.putResponse(&out)
	})
	return &out, err
}

// responseRules are those of UpdateGatewayResponse (control-plane 2.2).
func responseRules() []rule[*v1.GatewayResponse] {
	type response = *v1.GatewayResponse
	return []rule[response]{
		{"/statusCode", replace, func(r response, o *op) error { return putText(&r.StatusCode, o) }},
		{"/responseParameters/*", add | replace | remove, func(r response, o *op) error {
			if o.verb != remove && o.text() == "" {
				return bad(textNullParameter)
			}
			return changeEntry(&r.ResponseParameters, o, missing(textNoParameter))
		}},
		{"/responseTemplates/*", add | replace | remove, func(r response, o *op) error {
			return changeEntry(&r.ResponseTemplates, o, missing(textNoContentType))
		}},
	}
}

// changeEntry is putEntry where an entry that is not there can be neither removed
// nor replaced.
func changeEntry(m *map[string]string, o *op, absent error) error {
	if _, there := (*m)[o.keys[0]]; !there && o.verb == replace {
		return absent
	}
	return putEntry(m, o, o.text(), absent)
}

// DeleteGatewayResponse takes back what was set.
func (s *Service) DeleteGatewayResponse(ctx context.Context, in *v1.DeleteGatewayResponseInput) error {
	return s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		std, err := standardOf(text(in.ResponseType))
		if err != nil {
			return err
		}
		key := d.responseKey(std.kind)
		if err := d.load(key, std.kind, nil, missing(textResponseUnset)); err != nil {
			return err
		}
		d.Delete(key)
		return nil
	})
}
