package apigateway

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// Types of authorizers.
const (
	tokenAuthorizer   = "TOKEN"
	requestAuthorizer = "REQUEST"
	poolAuthorizer    = "COGNITO_USER_POOLS"

	customAuth = "custom" // authType, where none was given
	poolAuth   = "cognito_user_pools"
)

// Bounds of an authorizer (API reference, "CreateAuthorizer").
const (
	maxTTL          = 3600 // seconds
	defaultTTL      = 300  // where none was sent, which no answer shows (control-plane 8)
	maxIdentity     = 1024 // bytes of a validation expression
	maxProviders    = 1000
	maxIdentityText = 2048 // bytes of an identity source
)

// noAuthorizer is the refusal of an unknown authorizer.
func noAuthorizer() *wire.Error { return missing(textNoAuthorizer) }

// CreateAuthorizer adds an authorizer to an API. An unknown API is worded as no
// other operation does (recorded on AWS).
func (s *Service) CreateAuthorizer(ctx context.Context, in *v1.CreateAuthorizerInput) (*v1.Authorizer, error) {
	var out v1.Authorizer
	unknown := func(control.Place, *string) error { return conflict(textConcurrent) }
	err := s.edit(ctx, in.RestApiId, unknown, func(d *draft) error {
		var doc authorizerDoc
		control.Merge(&doc.AWS, in)
		if err := completeAuthorizer(&doc.AWS); err != nil {
			return err
		}
		if err := d.nameAuthorizer(*doc.AWS.Name); err != nil {
			return err
		}
		doc.AWS.Id = new(control.NewID(control.ResourceIDLength))
		out = doc.AWS
		return d.Put(d.authorizerKey(*out.Id), &doc)
	})
	return &out, err
}

// nameAuthorizer refuses a name that an authorizer of the API has. Whoever gives
// a name writes the same note, so that no two give one at once.
func (d *draft) nameAuthorizer(name string) error {
	note := d.genTree() + "named/authorizers"
	if _, err := d.Load(note, nil); err != nil {
		return err
	}
	if err := d.Put(note, struct{}{}); err != nil {
		return err
	}
	return d.Scan(d.authorizerKey(""), func(text store.Doc) error {
		var doc authorizerDoc
		if err := control.Decode(text.Value, &doc); err != nil {
			return err
		}
		if *doc.AWS.Name == name {
			return bad(textAuthorizerName, clip(name))
		}
		return nil
	})
}

// completeAuthorizer checks an authorizer as it is to be and fills in the
// defaults.
func completeAuthorizer(a *v1.Authorizer) error {
	control.DropEmpty(&a.AuthorizerCredentials, &a.AuthorizerUri, &a.IdentitySource, &a.IdentityValidationExpression, &a.AuthType)
	if err := firstError(checkName(a.Name), checkIdentityExpression(a), checkTTL(a.AuthorizerResultTtlInSeconds)); err != nil {
		return err
	}
	if c := text(a.AuthorizerCredentials); c != "" && !principalForm.MatchString(c) {
		return bad(textAuthorizerIdentity, clip(c))
	}
	switch text(a.Type) {
	case poolAuthorizer:
		control.Default(&a.AuthType, poolAuth)
		return firstError(checkProviders(a.ProviderARNs), checkOneSource(a))
	case tokenAuthorizer:
		control.Default(&a.AuthType, customAuth)
		return firstError(checkAuthorizerURI(a), checkOneSource(a))
	case requestAuthorizer:
		control.Default(&a.AuthType, customAuth)
		return firstError(checkAuthorizerURI(a), checkSources(a))
	}
	return bad(textAuthorizerType)
}

// What an authorizer can be given. Stage variables may stand for a part of a
// function's ARN.
var (
	principalForm  = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::([0-9]{12}|\*):.+$`)
	invocationForm = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/[0-9-]+/functions/[^\s/]+/invocations$`)
	poolForm       = regexp.MustCompile(`^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[A-Za-z0-9_-]+$`)
	headerSource   = regexp.MustCompile(`^method\.request\.header\.[A-Za-z0-9._$-]+$`)
	anySource      = regexp.MustCompile(`^(method\.request\.(header|querystring|multivalueheader|multivaluequerystring)\.[A-Za-z0-9._$-]+` +
		`|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9._-]+)$`)
)

func checkTTL(ttl *int32) *wire.Error {
	if ttl != nil && (*ttl < 0 || *ttl > maxTTL) {
		return bad(textAuthorizerTTL, maxTTL)
	}
	return nil
}

func checkIdentityExpression(a *v1.Authorizer) *wire.Error {
	if len(text(a.IdentityValidationExpression)) > maxIdentity {
		return bad(textIdentityLong, maxIdentity)
	}
	return nil
}

func checkAuthorizerURI(a *v1.Authorizer) *wire.Error {
	if uri := text(a.AuthorizerUri); len(uri) > 2048 || !invocationForm.MatchString(uri) {
		return bad(textAuthorizerURI, clip(orNull(uri)))
	}
	return nil
}

func checkProviders(list []string) *wire.Error {
	if len(list) == 0 {
		return bad(textAuthorizerARNs)
	}
	if len(list) > maxProviders {
		return bad(textTooMany, "providerARNs", len(list), maxProviders)
	}
	for _, arn := range list {
		if !poolForm.MatchString(arn) {
			return bad(textProviderARN, clip(arn))
		}
	}
	return nil
}

// checkOneSource wants the one header that holds the token.
func checkOneSource(a *v1.Authorizer) *wire.Error {
	source := text(a.IdentitySource)
	switch {
	case source == "":
		return bad(textIdentityNone, *a.Type)
	case !headerSource.MatchString(source) || len(source) > maxIdentityText:
		return bad(textIdentitySource, clip(source))
	}
	return nil
}

// checkSources takes a list with commas, which is needed where results are kept
// under it.
func checkSources(a *v1.Authorizer) *wire.Error {
	ttl := int32(defaultTTL)
	if a.AuthorizerResultTtlInSeconds != nil {
		ttl = *a.AuthorizerResultTtlInSeconds
	}
	list := text(a.IdentitySource)
	switch {
	case list == "" && ttl > 0:
		return bad(textIdentityCached)
	case list == "":
		return nil
	case len(list) > maxIdentityText:
		return bad(textIdentitySource, clip(list))
	}
	for source := range strings.SplitSeq(list, ",") {
		if !anySource.MatchString(strings.TrimSpace(source)) {
			return bad(textIdentitySource, clip(source))
		}
	}
	return nil
}

// authorizer loads an authorizer.
func (d *draft) authorizer(id string) (*authorizerDoc, error) {
	doc := new(authorizerDoc)
	return doc, d.load(d.authorizerKey(id), id, doc, noAuthorizer())
}

// GetAuthorizer returns an authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *v1.GetAuthorizerInput) (*v1.Authorizer, error) {
	var out v1.Authorizer
	err := s.view(ctx, in.RestApiId, as(textNoAuthorizer), func(d *draft) error {
		doc, err := d.authorizer(text(in.AuthorizerId))
		out = doc.AWS
		return err
	})
	return &out, err
}

// GetAuthorizers returns a page of an API's authorizers, in the order of their
// ids.
func (s *Service) GetAuthorizers(ctx context.Context, in *v1.GetAuthorizersInput) (*v1.Authorizers, error) {
	out := v1.Authorizers{Items: []v1.Authorizer{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		out.Position, err = s.page(ctx, d.authorizerKey(""), in.Limit, in.Position, func(text []byte) error {
			var doc authorizerDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateAuthorizer changes an authorizer by patches.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *v1.UpdateAuthorizerInput) (*v1.Authorizer, error) {
	var out v1.Authorizer
	err := s.edit(ctx, in.RestApiId, as(textNoAuthorizer), func(d *draft) error {
		doc, err := d.authorizer(text(in.AuthorizerId))
		if err != nil {
			return err
		}
		was := doc.AWS
		if err := patch(authorizerRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := completeAuthorizer(&doc.AWS); err != nil {
			return err
		}
		if *was.Name != *doc.AWS.Name {
			if err := d.nameAuthorizer(*doc.AWS.Name); err != nil {
				return err
			}
		}
		if err := d.retyped(&was, &doc.AWS); err != nil {
			return err
		}
		out = doc.AWS
		return d.Put(d.authorizerKey(*out.Id), doc)
	})
	return &out, err
}

// retyped refuses to make a user pool of a function, or the reverse, while a
// method asks for the one.
func (d *draft) retyped(was, now *v1.Authorizer) error {
	if (*was.Type == poolAuthorizer) == (*now.Type == poolAuthorizer) {
		return nil
	}
	if err := d.alone(); err != nil {
		return err
	}
	path, _, err := d.methodUsing(*was.Id, asksFor(*was.Id))
	if err == nil && path != "" {
		err = bad(textAuthorizer)
	}
	return err
}

// authorizerRules are those of UpdateAuthorizer (control-plane 2.2).
func authorizerRules() []rule[*v1.Authorizer] {
	type authorizer = *v1.Authorizer
	return []rule[authorizer]{
		{"/authorizerUri", replace, func(a authorizer, o *op) error { return putText(&a.AuthorizerUri, o) }},
		{"/authorizerCredentials", replace, func(a authorizer, o *op) error { return putText(&a.AuthorizerCredentials, o) }},
		{"/authorizerResultTtlInSeconds", replace, func(a authorizer, o *op) error {
			n, err := strconv.ParseInt(o.text(), 10, 32)
			if err != nil {
				return bad(textAuthorizerTTL, maxTTL)
			}
			a.AuthorizerResultTtlInSeconds = new(int32(n))
			return nil
		}},
		{"/authType", replace, func(a authorizer, o *op) error { return putText(&a.AuthType, o) }},
		{"/identitySource", add | replace | remove, func(a authorizer, o *op) error { return putText(&a.IdentitySource, o) }},
		{"/identityValidationExpression", replace, func(a authorizer, o *op) error { return putText(&a.IdentityValidationExpression, o) }},
		{"/name", replace, func(a authorizer, o *op) error { return putText(&a.Name, o) }},
		{"/type", replace, func(a authorizer, o *op) error {
			if t := text(a.AuthType); t == customAuth || t == poolAuth {
				a.AuthType = nil // it followed from the type
			}
			a.Type = new(o.text())
			return nil
		}},
		{"/providerARNs", add | remove, func(a authorizer, o *op) error { return putOne(&a.ProviderARNs, o, o.text()) }},
	}
}

// asksFor tells of a method whether it asks an authorizer.
func asksFor(id string) func(*v1.Method) string {
	return func(m *v1.Method) string { return inRequest(text(m.AuthorizerId) == id) }
}

// DeleteAuthorizer removes an authorizer that no method asks.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *v1.DeleteAuthorizerInput) error {
	id := text(in.AuthorizerId)
	return s.edit(ctx, in.RestApiId, as(textNoAuthorizer), func(d *draft) error {
		if err := d.alone(); err != nil { // nobody puts a method that asks it meanwhile
			return err
		}
		if _, err := d.authorizer(id); err != nil {
			return err
		}
		err := d.unused("authorizer", id, asksFor(id))
		if err == nil {
			d.Delete(d.authorizerKey(id))
		}
		return err
	})
}
