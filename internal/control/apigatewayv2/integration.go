package apigatewayv2

import (
	"context"
	"errors"
	"regexp"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Kinds and connections of integrations.
const (
	httpProxy = "HTTP_PROXY"
	awsProxy  = "AWS_PROXY"
	internet  = "INTERNET"
	vpcLink   = "VPC_LINK"
)

func noIntegration(id string) *wire.Error {
	return missing("Integration", textNoIntegration, clip(id))
}

// CreateIntegration adds an integration to an API.
func (s *Service) CreateIntegration(ctx context.Context, in *v2.CreateIntegrationInput) (*v2.CreateIntegrationOutput, error) {
	var out v2.CreateIntegrationOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc integrationDoc
		control.Merge(&doc.AWS, in)
		if err := d.addIntegration(&doc); err != nil {
			return err
		}
		out = v2.CreateIntegrationOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// addIntegration completes, checks and puts a new integration.
func (d *draft) addIntegration(doc *integrationDoc) error {
	if err := d.s.completeIntegration(&doc.AWS); err != nil {
		return err
	}
	if err := d.relink("", text(doc.AWS.ConnectionId)); err != nil {
		return err
	}
	id := control.NewID(control.RouteIDLength)
	doc.AWS.IntegrationId = &id
	d.edited = true
	return d.Put(d.integrationKey(id), doc)
}

// completeIntegration checks an integration as it is to be and fills in the
// defaults.
func (s *Service) completeIntegration(i *v2.Integration) error {
	control.DropEmpty(&i.ConnectionId, &i.ConnectionType, &i.ContentHandlingStrategy, &i.CredentialsArn, &i.Description, &i.IntegrationMethod,
		&i.IntegrationSubtype, &i.IntegrationUri, &i.PassthroughBehavior, &i.PayloadFormatVersion, &i.TemplateSelectionExpression)
	if i.TlsConfig != nil {
		control.DropEmpty(&i.TlsConfig.ServerNameToVerify)
	}
	control.Default(&i.ConnectionType, internet)
	control.Default(&i.TimeoutInMillis, int32(30000))
	control.Default(&i.PayloadFormatVersion, "1.0")
	if text(i.IntegrationType) == awsProxy && i.IntegrationSubtype == nil {
		control.Default(&i.IntegrationMethod, "POST")
	}
	err := firstError(
		checkLength("description", text(i.Description), 0, maxDescription),
		checkOneOf("connectionType", text(i.ConnectionType), internet, vpcLink),
		s.checkTimeout(*i.TimeoutInMillis),
		checkARN("credentialsArn", text(i.CredentialsArn)),
		webSocketOnly("contentHandlingStrategy", i.ContentHandlingStrategy != nil),
		webSocketOnly("passthroughBehavior", i.PassthroughBehavior != nil),
		webSocketOnly("requestTemplates", len(i.RequestTemplates) > 0),
		webSocketOnly("templateSelectionExpression", i.TemplateSelectionExpression != nil),
	)
	if err != nil {
		return err
	}
	switch kind := text(i.IntegrationType); kind {
	case httpProxy:
		return checkHTTPProxy(i)
	case awsProxy:
		return checkAWSProxy(i)
	default:
		return bad("integrationType", textKind, clip(kind))
	}
}

// checkTimeout takes 50 ms up to the configured limit, 30 s unless raised.
func (s *Service) checkTimeout(millis int32) *wire.Error {
	most := s.desk.Limits.IntegrationTimeout
	if most == 0 {
		most = gate.DefaultLimits().IntegrationTimeout
	}
	if t := time.Duration(millis) * time.Millisecond; t < gate.MinIntegrationTimeout || t > most {
		return bad("timeoutInMillis", textNotInRange, millis, gate.MinIntegrationTimeout.Milliseconds(), most.Milliseconds())
	}
	return nil
}

// checkHTTPProxy checks what is particular to a backend that is called by HTTP,
// over the open network or through a VPC link.
func checkHTTPProxy(i *v2.Integration) error {
	private := text(i.ConnectionType) == vpcLink
	if i.IntegrationMethod == nil {
		return plainly(textMethodNeeded)
	}
	if i.IntegrationSubtype != nil {
		return bad("integrationSubtype", textOnlyFor, "the integrationType AWS_PROXY")
	}
	err := firstError(
		checkOneOf("integrationMethod", *i.IntegrationMethod, "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"),
		checkOneOf("payloadFormatVersion", text(i.PayloadFormatVersion), "1.0"),
		checkTLS(i, private),
		checkMapped(i),
	)
	switch {
	case err != nil:
		return err
	case private && i.ConnectionId == nil:
		return bad("connectionId", textNeeds, "connectionType VPC_LINK")
	case private && !plainID(*i.ConnectionId):
		return bad("connectionId", textID, clip(*i.ConnectionId))
	case !private && i.ConnectionId != nil:
		return bad("connectionId", textOnlyFor, "the connectionType VPC_LINK")
	case private && i.IntegrationUri == nil:
		return bad("integrationUri", textNeeds, "connectionType VPC_LINK")
	case private && (len(*i.IntegrationUri) > maxARN || !privateTarget.MatchString(*i.IntegrationUri)):
		return bad("integrationUri", textLinkTarget, clip(*i.IntegrationUri))
	case private:
		return nil
	}
	return firstError(checkURL("integrationUri", text(i.IntegrationUri)))
}

// What stands behind a VPC link: the listener of a load balancer, or a Cloud
// Map service, whose instances a query may choose among (API reference,
// "CreateIntegration", integrationUri).
var privateTarget = regexp.MustCompile(`^arn:aws[a-z-]*:(elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:listener/(app|net)/[A-Za-z0-9/_-]+` +
	`|servicediscovery:[a-z0-9-]+:[0-9]{12}:service/srv-[a-z0-9]+(\?[A-Za-z0-9=&._~-]+)?)$`)

// checkTLS takes a name to verify where there is a certificate to verify.
func checkTLS(i *v2.Integration, private bool) *wire.Error {
	if i.TlsConfig == nil || i.TlsConfig.ServerNameToVerify == nil {
		return nil
	}
	const field = "tlsConfig.serverNameToVerify"
	uri := text(i.IntegrationUri)
	if !private && !(len(uri) > 8 && uri[:8] == "https://") {
		return bad(field, textOnlyFor, "private integrations and https URIs")
	}
	name := *i.TlsConfig.ServerNameToVerify
	if !hostForm.MatchString(name) {
		return bad(field, textHost, clip(name))
	}
	if err := integrate.CheckHost(name); err != nil {
		return bad(field, textReason, err)
	}
	return nil
}

// checkAWSProxy checks what is particular to functions and to AWS services.
func checkAWSProxy(i *v2.Integration) error {
	if text(i.ConnectionType) == vpcLink {
		return bad("connectionType", textOnlyFor, "the integrationType HTTP_PROXY")
	}
	if i.ConnectionId != nil {
		return bad("connectionId", textOnlyFor, "the connectionType VPC_LINK")
	}
	if i.TlsConfig != nil {
		return bad("tlsConfig", textOnlyFor, "the integrationType HTTP_PROXY")
	}
	if err := firstError(checkMapped(i)); err != nil {
		return err
	}
	if i.IntegrationSubtype != nil {
		return checkSubtype(i)
	}
	if uri := text(i.IntegrationUri); !isFunction(uri) {
		return bad("integrationUri", textFunction, clip(uri))
	}
	return firstError(
		checkOneOf("integrationMethod", *i.IntegrationMethod, "POST"),
		checkOneOf("payloadFormatVersion", text(i.PayloadFormatVersion), "1.0", "2.0"),
	)
}

// checkSubtype checks what is particular to AWS services: their
// requestParameters are arguments, which the operation has to have.
func checkSubtype(i *v2.Integration) error {
	if err := checkOneOf("integrationSubtype", *i.IntegrationSubtype, integrate.Subtypes()...); err != nil {
		return err
	}
	switch {
	case i.IntegrationUri != nil:
		return bad("integrationUri", textOnlyFor, "integrations without integrationSubtype")
	case i.IntegrationMethod != nil:
		return bad("integrationMethod", textOnlyFor, "integrations without integrationSubtype")
	case i.CredentialsArn == nil:
		return bad("credentialsArn", textNeeds, "integrationSubtype")
	}
	return firstError(
		checkOneOf("payloadFormatVersion", text(i.PayloadFormatVersion), "1.0"),
		first("", errors.Join(integrate.CheckArguments(*i.IntegrationSubtype, i.RequestParameters)...)),
	)
}

// GetIntegration returns an integration.
func (s *Service) GetIntegration(ctx context.Context, in *v2.GetIntegrationInput) (*v2.GetIntegrationOutput, error) {
	var doc integrationDoc
	err := s.view(ctx, in.ApiId, func(d *draft) error {
		id := text(in.IntegrationId)
		return d.load(d.integrationKey(id), id, &doc, noIntegration(id))
	})
	out := v2.GetIntegrationOutput(doc.AWS)
	return &out, err
}

// GetIntegrations returns a page of an API's integrations, in the order of
// their ids.
func (s *Service) GetIntegrations(ctx context.Context, in *v2.GetIntegrationsInput) (*v2.GetIntegrationsOutput, error) {
	out := v2.GetIntegrationsOutput{Items: []v2.Integration{}}
	err := s.view(ctx, in.ApiId, func(d *draft) (err error) {
		out.NextToken, err = d.page(d.integrationKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc integrationDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateIntegration changes the members that are present. Entries of the two
// maps of parameters are changed one by one; an empty one takes it away.
func (s *Service) UpdateIntegration(ctx context.Context, in *v2.UpdateIntegrationInput) (*v2.UpdateIntegrationOutput, error) {
	var out v2.UpdateIntegrationOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc integrationDoc
		id := text(in.IntegrationId)
		if err := d.load(d.integrationKey(id), id, &doc, noIntegration(id)); err != nil {
			return err
		}
		link := text(doc.AWS.ConnectionId)
		requests := mergeMap(doc.AWS.RequestParameters, in.RequestParameters, func(v string) bool { return v == "" })
		responses := mergeMap(doc.AWS.ResponseParameters, in.ResponseParameters, func(v map[string]string) bool { return len(v) == 0 })
		control.Merge(&doc.AWS, in)
		if text(in.ConnectionType) == internet && in.ConnectionId == nil {
			doc.AWS.ConnectionId = nil // clients that go back to the internet say just that
		}
		doc.AWS.RequestParameters, doc.AWS.ResponseParameters = requests, responses
		if err := d.putIntegration(id, &doc); err != nil {
			return err
		}
		if err := d.relink(link, text(doc.AWS.ConnectionId)); err != nil {
			return err
		}
		out = v2.UpdateIntegrationOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// putIntegration completes, checks and puts an integration that was there.
func (d *draft) putIntegration(id string, doc *integrationDoc) error {
	if err := d.s.completeIntegration(&doc.AWS); err != nil {
		return err
	}
	d.edited = true
	return d.Put(d.integrationKey(id), doc)
}

// DeleteIntegration removes an integration that is no route's target.
func (s *Service) DeleteIntegration(ctx context.Context, in *v2.DeleteIntegrationInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc integrationDoc
		id := text(in.IntegrationId)
		if err := d.load(d.integrationKey(id), id, &doc, noIntegration(id)); err != nil {
			return err
		}
		switch {
		case is(doc.AWS.ApiGatewayManaged):
			return conflict(textManagedDelete, "Integration", id)
		case doc.Routes > 0:
			return conflict(textIntegrationInUse, id, doc.Routes)
		}
		if err := d.relink(text(doc.AWS.ConnectionId), ""); err != nil {
			return err
		}
		d.edited = true
		d.Delete(d.integrationKey(id))
		return nil
	})
}

// mergeMap is the map with the entries of another put over it, without those
// that say that they are gone. Absent stays absent.
func mergeMap[V any](base, over map[string]V, gone func(V) bool) map[string]V {
	if over == nil {
		return base
	}
	merged := make(map[string]V, len(base)+len(over))
	for k, v := range base {
		merged[k] = v
	}
	for k, v := range over {
		if gone(v) {
			delete(merged, k)
		} else {
			merged[k] = v
		}
	}
	return merged
}
