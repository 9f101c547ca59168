package apigatewayv2

import (
	"context"
	"regexp"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Types of authorizers.
const (
	jwtAuthorizer     = "JWT"
	requestAuthorizer = "REQUEST" // a Lambda function
)

func noAuthorizer(id string) *wire.Error { return missing("Authorizer", textNoAuthorizer, clip(id)) }

// CreateAuthorizer adds an authorizer to an API.
func (s *Service) CreateAuthorizer(ctx context.Context, in *v2.CreateAuthorizerInput) (*v2.CreateAuthorizerOutput, error) {
	var out v2.CreateAuthorizerOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc authorizerDoc
		control.Merge(&doc.AWS, in)
		if err := d.addAuthorizer(&doc); err != nil {
			return err
		}
		out = v2.CreateAuthorizerOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// addAuthorizer completes, checks and puts a new authorizer.
func (d *draft) addAuthorizer(doc *authorizerDoc) error {
	if err := completeAuthorizer(&doc.AWS); err != nil {
		return err
	}
	id := control.NewID(control.ResourceIDLength)
	doc.AWS.AuthorizerId = &id
	if err := d.rename("Authorizer", "", *doc.AWS.Name, id); err != nil {
		return err
	}
	d.edited = true
	return d.Put(d.authorizerKey(id), doc)
}

// rename moves the claim on a name: two authorizers of an API do not share one,
// nor do two models, for an exported definition tells them apart by it.
func (d *draft) rename(kind, from, to, id string) error {
	if from == to {
		return nil
	}
	taken, err := d.Load(d.nameKey(kind, to), nil)
	if err != nil {
		return err
	}
	if taken {
		return conflict(textNameTaken, kind, clip(to))
	}
	if from != "" {
		if err := d.unname(kind, from); err != nil {
			return err
		}
	}
	return d.Put(d.nameKey(kind, to), named{id})
}

// unname gives a name back.
func (d *draft) unname(kind, name string) error {
	if _, err := d.Load(d.nameKey(kind, name), nil); err != nil {
		return err
	}
	d.Delete(d.nameKey(kind, name))
	return nil
}

// completeAuthorizer checks an authorizer as it is to be and fills in the
// defaults.
func completeAuthorizer(a *v2.Authorizer) error {
	control.DropEmpty(&a.AuthorizerCredentialsArn, &a.AuthorizerPayloadFormatVersion, &a.AuthorizerUri, &a.IdentityValidationExpression)
	err := firstError(
		checkLength("name", text(a.Name), 1, maxName),
		checkOneOf("authorizerType", text(a.AuthorizerType), jwtAuthorizer, requestAuthorizer),
		checkLength("identityValidationExpression", text(a.IdentityValidationExpression), 0, maxParameter),
	)
	if err != nil {
		return err
	}
	if *a.AuthorizerType == jwtAuthorizer {
		return firstError(checkJWTAuthorizer(a))
	}
	control.Default(&a.AuthorizerResultTtlInSeconds, 0)
	return firstError(checkRequestAuthorizer(a))
}

// checkJWTAuthorizer holds an authorizer to what a token is found and checked
// by (runtime 2.3).
func checkJWTAuthorizer(a *v2.Authorizer) *wire.Error {
	const only = "the authorizerType REQUEST"
	switch {
	case a.AuthorizerUri != nil:
		return bad("authorizerUri", textOnlyFor, only)
	case a.AuthorizerCredentialsArn != nil:
		return bad("authorizerCredentialsArn", textOnlyFor, only)
	case a.AuthorizerPayloadFormatVersion != nil:
		return bad("authorizerPayloadFormatVersion", textOnlyFor, only)
	case is(a.EnableSimpleResponses):
		return bad("enableSimpleResponses", textOnlyFor, only)
	case a.AuthorizerResultTtlInSeconds != nil && *a.AuthorizerResultTtlInSeconds != 0:
		return bad("authorizerResultTtlInSeconds", textOnlyFor, only)
	case len(a.IdentitySource) != 1:
		return bad("identitySource", textOneSource, len(a.IdentitySource))
	case !tokenSource.MatchString(a.IdentitySource[0]) || len(a.IdentitySource[0]) > maxIdentitySource:
		return bad("identitySource", textIdentitySource, clip(a.IdentitySource[0]), jwtAuthorizer, "$request.header.NAME or $request.querystring.NAME")
	case a.JwtConfiguration == nil:
		return bad("jwtConfiguration", textNeeds, "authorizerType JWT")
	}
	return checkJWT(a.JwtConfiguration)
}

func checkJWT(c *v2.JWTConfiguration) *wire.Error {
	// Discovery appends a path to the issuer, so it ends with its own
	// (OpenID Connect Discovery 1.0 section 4.1).
	issuer := text(c.Issuer)
	if err := checkURL("jwtConfiguration.issuer", issuer); err != nil {
		return err
	}
	if strings.ContainsAny(issuer, "?{}") {
		return bad("jwtConfiguration.issuer", textIssuer, clip(issuer))
	}
	// Without an audience every token of the issuer would do, those that were
	// given to others too.
	if n := len(c.Audience); n < 1 || n > maxAudiences {
		return bad("jwtConfiguration.audience", textAudiences, n, maxAudiences)
	}
	for _, a := range c.Audience {
		if err := checkLength("jwtConfiguration.audience", a, 1, maxAudience); err != nil {
			return err
		}
	}
	return nil
}

// checkRequestAuthorizer holds an authorizer to what a function is called by
// (runtime 2.4).
func checkRequestAuthorizer(a *v2.Authorizer) *wire.Error {
	ttl, version := *a.AuthorizerResultTtlInSeconds, text(a.AuthorizerPayloadFormatVersion)
	uri := text(a.AuthorizerUri)
	switch {
	case a.JwtConfiguration != nil:
		return bad("jwtConfiguration", textOnlyFor, "the authorizerType JWT")
	case uri == "":
		return bad("authorizerUri", textNeeds, "authorizerType REQUEST")
	case !invocationARN.MatchString(uri) || !isFunction(uri):
		return bad("authorizerUri", textAuthorizerURI, clip(uri))
	case version == "":
		return bad("authorizerPayloadFormatVersion", textNeeds, "authorizerType REQUEST of HTTP APIs")
	case ttl < 0 || ttl > maxAuthorizerTTL:
		return bad("authorizerResultTtlInSeconds", textNotInRange, ttl, 0, maxAuthorizerTTL)
	case ttl > 0 && len(a.IdentitySource) == 0:
		return bad("identitySource", textNeeds, "authorizerResultTtlInSeconds above 0")
	case len(a.IdentitySource) > maxIdentitySources:
		return bad("identitySource", textTooMany, len(a.IdentitySource), maxIdentitySources)
	case is(a.EnableSimpleResponses) && version != "2.0":
		return bad("enableSimpleResponses", textOnlyFor, "the authorizerPayloadFormatVersion 2.0")
	}
	if err := checkOneOf("authorizerPayloadFormatVersion", version, "1.0", "2.0"); err != nil {
		return err
	}
	for _, source := range a.IdentitySource {
		if len(source) > maxIdentitySource || !isIdentitySource(source) {
			return bad("identitySource", textIdentitySource, clip(source), requestAuthorizer,
				"$request.header.NAME, $request.querystring.NAME, $context.NAME and $stageVariables.NAME")
		}
	}
	return checkARN("authorizerCredentialsArn", text(a.AuthorizerCredentialsArn))
}

var tokenSource = regexp.MustCompile("^\\$request\\.(header\\.[!#$%&'*+.^_`|~A-Za-z0-9-]+|querystring\\.[^\\s{}$]+)$")

func isIdentitySource(source string) bool {
	if name, ok := strings.CutPrefix(source, "$context."); ok {
		_, known := flow.Context(name)
		return known
	}
	if name, ok := strings.CutPrefix(source, "$stageVariables."); ok {
		return len(name) <= maxVariableName && variableName.MatchString(name)
	}
	return tokenSource.MatchString(source)
}

// authorize moves a route's use from one authorizer to another, and holds that
// the new one can do what the route asks of it.
func (d *draft) authorize(was, now *v2.Route) error {
	from, to := text(was.AuthorizerId), text(now.AuthorizerId)
	if from != "" && from != to {
		if err := d.ask(from, -1, nil); err != nil {
			return err
		}
	}
	if to == "" {
		return nil
	}
	n := 1
	if from == to {
		n = 0
	}
	return d.ask(to, n, now)
}

// ask adds to the number of routes of an authorizer. r is the route that comes.
func (d *draft) ask(id string, n int, r *v2.Route) error {
	var doc authorizerDoc
	if err := d.load(d.authorizerKey(id), id, &doc, bad("authorizerId", textAuthorizerGone, clip(id))); err != nil {
		return err
	}
	if r != nil {
		needs := requestAuthorizer
		if text(r.AuthorizationType) == string(gate.AuthJWT) {
			needs = jwtAuthorizer
		}
		if theirs := text(doc.AWS.AuthorizerType); theirs != needs {
			return bad("authorizerId", textAuthorizerKind, id, theirs, text(r.AuthorizationType), needs)
		}
	}
	if n == 0 {
		return nil
	}
	doc.Routes += n
	return d.Put(d.authorizerKey(id), &doc)
}

// GetAuthorizer returns an authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *v2.GetAuthorizerInput) (*v2.GetAuthorizerOutput, error) {
	var doc authorizerDoc
	err := s.view(ctx, in.ApiId, func(d *draft) error {
		id := text(in.AuthorizerId)
		return d.load(d.authorizerKey(id), id, &doc, noAuthorizer(id))
	})
	out := v2.GetAuthorizerOutput(doc.AWS)
	return &out, err
}

// GetAuthorizers returns a page of an API's authorizers, in the order of their
// ids.
func (s *Service) GetAuthorizers(ctx context.Context, in *v2.GetAuthorizersInput) (*v2.GetAuthorizersOutput, error) {
	out := v2.GetAuthorizersOutput{Items: []v2.Authorizer{}}
	err := s.view(ctx, in.ApiId, func(d *draft) (err error) {
		out.NextToken, err = d.page(d.authorizerKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc authorizerDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateAuthorizer changes the members that are present. Another type, which
// only an authorizer can take that no route asks, begins anew.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *v2.UpdateAuthorizerInput) (*v2.UpdateAuthorizerOutput, error) {
	var out v2.UpdateAuthorizerOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc authorizerDoc
		id := text(in.AuthorizerId)
		if err := d.load(d.authorizerKey(id), id, &doc, noAuthorizer(id)); err != nil {
			return err
		}
		was := doc.AWS
		if in.AuthorizerType != nil && *in.AuthorizerType != text(was.AuthorizerType) {
			if doc.Routes > 0 {
				return conflict(textAuthorizerType, id, doc.Routes)
			}
			doc.AWS = v2.Authorizer{AuthorizerId: was.AuthorizerId, Name: was.Name}
		}
		mergeAuthorizer(&doc.AWS, in)
		if err := completeAuthorizer(&doc.AWS); err != nil {
			return err
		}
		if err := d.rename("Authorizer", *was.Name, *doc.AWS.Name, id); err != nil {
			return err
		}
		out = v2.UpdateAuthorizerOutput(doc.AWS)
		d.edited = true
		return d.Put(d.authorizerKey(id), &doc)
	})
	return &out, err
}

func mergeAuthorizer(a *v2.Authorizer, in *v2.UpdateAuthorizerInput) {
	over := *in
	if in.JwtConfiguration != nil && a.JwtConfiguration != nil {
		merged := *a.JwtConfiguration
		control.Merge(&merged, in.JwtConfiguration)
		over.JwtConfiguration = &merged
	}
	control.Merge(a, &over)
}

// DeleteAuthorizer removes an authorizer that no route asks.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *v2.DeleteAuthorizerInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc authorizerDoc
		id := text(in.AuthorizerId)
		if err := d.load(d.authorizerKey(id), id, &doc, noAuthorizer(id)); err != nil {
			return err
		}
		if doc.Routes > 0 {
			return conflict(textAuthorizerInUse, id, doc.Routes)
		}
		if err := d.unname("Authorizer", *doc.AWS.Name); err != nil {
			return err
		}
		d.edited = true
		d.Delete(d.authorizerKey(id))
		return nil
	})
}

// ResetAuthorizersCache forgets what authorizers have answered. Nothing keeps
// answers yet, so that there is none to forget.
func (s *Service) ResetAuthorizersCache(ctx context.Context, in *v2.ResetAuthorizersCacheInput) error {
	return s.view(ctx, in.ApiId, func(d *draft) error {
		var doc stageDoc
		return d.loadStage(text(in.StageName), &doc)
	})
}
