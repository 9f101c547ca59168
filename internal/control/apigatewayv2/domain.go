package apigatewayv2

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Members of a custom domain. The document of a domain is that of both control
// planes, in V1's shape; see control.DomainDoc.
const (
	defaultMappingSelection = "$request.basepath"
	mappingsOnly            = "API_MAPPING_ONLY"
	regional                = "REGIONAL"
	edgeOptimized           = "EDGE"
)

func noDomain(name string) *wire.Error { return missing("DomainName", textNoDomain, clip(name)) }

// A domain is one custom domain as an operation sees it, in one run.
type domain struct {
	*control.Domain
	s *Service
}

func (d *domain) name() string { return *d.Head.AWS.DomainName }

// openDomain loads a public domain; V2 knows no others.
func (s *Service) openDomain(t *control.Tx, p control.Place, name *string) (*domain, error) {
	d, found, err := t.Domain(p, text(name), "")
	if err == nil && !found {
		err = noDomain(text(name))
	}
	return &domain{d, s}, err
}

func (s *Service) viewDomain(ctx context.Context, name *string, op func(*domain) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.View(ctx, func(t *control.Tx) error {
		d, err := s.openDomain(t, p, name)
		if err != nil {
			return err
		}
		return op(d)
	})
}

// editDomain runs op on a domain and puts what it made of it.
func (s *Service) editDomain(ctx context.Context, name *string, op func(*domain) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.Do(ctx, "domains/"+text(name), func(t *control.Tx) error {
		d, err := s.openDomain(t, p, name)
		if err != nil {
			return err
		}
		if err := op(d); err != nil {
			return err
		}
		return worded(d.Put(), d.Domain, "")
	})
}

// worded is a refusal of package control in words of V2. protocol is that of the
// API that was to be led to.
func worded(err error, d *control.Domain, protocol gate.Protocol) error {
	switch {
	case errors.Is(err, control.ErrManyLevels):
		return bad("apiMappingKey", textMultiLevel)
	case errors.Is(err, control.ErrManyMappings):
		return bad("apiMappingKey", textTooManyMappings, control.MaxMappings)
	case errors.Is(err, control.ErrManyRules):
		return bad("routingRule", textTooManyRules, control.MaxRules)
	case errors.Is(err, control.ErrManyMapped):
		return bad("domainName", textManyMapped, control.MaxMapped)
	case errors.Is(err, control.ErrMixed):
		return bad("apiId", textMixedDomain, *d.Head.AWS.DomainName, d.Protocols(), protocol)
	}
	return err
}

// CreateDomainName adds a custom domain. It is served at once; certificates are
// the listeners' own.
func (s *Service) CreateDomainName(ctx context.Context, in *v2.CreateDomainNameInput) (*v2.CreateDomainNameOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	name := text(in.DomainName)
	if err := firstError(s.checkDomainName(name), checkNoMutualTLS(in.MutualTlsAuthentication)); err != nil {
		return nil, err
	}
	if n := len(in.DomainNameConfigurations); n != 1 {
		return nil, bad("domainNameConfigurations", textConfigurations, n)
	}
	c := ours(in.DomainNameConfigurations)[0]
	control.Default(&c.EndpointType, regional)
	if err := firstError(checkOneOf("domainNameConfigurations.endpointType", *c.EndpointType, regional)); err != nil {
		return nil, err
	}
	shape := v2.DomainName{RoutingMode: in.RoutingMode, DomainNameConfigurations: []v2.DomainNameConfiguration{c}}
	head := control.DomainDoc{AWS: v1.DomainName{DomainName: &name, Tags: tags, EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}}}}
	if err := keepDomain(&head.AWS, &shape, p); err != nil {
		return nil, err
	}
	err = s.desk.Do(ctx, "domains/"+name, func(t *control.Tx) error {
		_, err := t.NewDomain(p, head)
		if errors.Is(err, control.ErrDomainTaken) {
			err = conflict(textDomainTaken, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := v2.CreateDomainNameOutput(shownDomain(&head.AWS))
	s.tellDomain(name, (*v2.DomainName)(&out))
	return &out, nil
}

// tellDomain logs what of a domain is accepted but not enforced yet.
func (s *Service) tellDomain(name string, d *v2.DomainName) {
	if notes := unenforced("domain", d); len(notes) > 0 {
		s.desk.Logger().Warn("a custom domain has settings that this version does not enforce yet; see docs/coverage.md",
			"domain", name, "settings", strings.Join(notes, ", "))
	}
}

// shownDomain is a domain in V2's shape, a configuration for each endpoint type.
func shownDomain(a *v1.DomainName) v2.DomainName {
	out := v2.DomainName{
		DomainName: a.DomainName, DomainNameArn: a.DomainNameArn, ApiMappingSelectionExpression: new(defaultMappingSelection),
		RoutingMode: new(modeV2(text(a.RoutingMode))), Tags: a.Tags,
	}
	for _, kind := range a.EndpointConfiguration.Types {
		c := v2.DomainNameConfiguration{
			ApiGatewayDomainName: a.RegionalDomainName, HostedZoneId: a.RegionalHostedZoneId,
			CertificateArn: a.RegionalCertificateArn, CertificateName: a.RegionalCertificateName, CertificateUploadDate: a.CertificateUploadDate,
			DomainNameStatus: a.DomainNameStatus, DomainNameStatusMessage: a.DomainNameStatusMessage, EndpointType: &kind,
			IpAddressType: a.EndpointConfiguration.IpAddressType, OwnershipVerificationCertificateArn: a.OwnershipVerificationCertificateArn,
			SecurityPolicy: a.SecurityPolicy,
		}
		if kind == edgeOptimized {
			c.ApiGatewayDomainName, c.HostedZoneId = a.DistributionDomainName, a.DistributionHostedZoneId
			c.CertificateArn, c.CertificateName = a.CertificateArn, a.CertificateName
		}
		out.DomainNameConfigurations = append(out.DomainNameConfigurations, c)
	}
	return out
}

// Both planes have the same modes by other names.

func modeV2(v1 string) string { return strings.Replace(v1, "BASE_PATH_MAPPING", "API_MAPPING", 1) }
func modeV1(v2 string) string { return strings.Replace(v2, "API_MAPPING", "BASE_PATH_MAPPING", 1) }

// keepDomain checks what was sent of a domain, where absent members stand for
// what is, and keeps it in the document.
func keepDomain(a *v1.DomainName, in *v2.DomainName, p control.Place) error {
	if mode := text(in.RoutingMode); mode != "" {
		if err := firstError(checkOneOf("routingMode", mode, mappingsOnly, "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_API_MAPPING")); err != nil {
			return err
		}
		a.RoutingMode = new(modeV1(mode))
	}
	endpoint := *a.EndpointConfiguration
	a.EndpointConfiguration = &endpoint
	for i := range in.DomainNameConfigurations {
		if err := keepConfiguration(a, &in.DomainNameConfigurations[i]); err != nil {
			return err
		}
	}
	p.CompleteDomain(a)
	for _, c := range shownDomain(a).DomainNameConfigurations {
		if c.CertificateArn == nil {
			return bad("domainNameConfigurations.certificateArn", textEmpty)
		}
	}
	return nil
}

// keepConfiguration keeps what was sent of one endpoint of a domain. An empty
// text takes an optional one away.
func keepConfiguration(a *v1.DomainName, c *v2.DomainNameConfiguration) error {
	const field = "domainNameConfigurations."
	kind := text(c.EndpointType)
	if kind == "" {
		kind = a.EndpointConfiguration.Types[0]
	}
	if err := firstError(
		checkOneOf(field+"endpointType", kind, a.EndpointConfiguration.Types...),
		checkARN(field+"certificateArn", text(c.CertificateArn)),
		checkARN(field+"ownershipVerificationCertificateArn", text(c.OwnershipVerificationCertificateArn)),
		checkLength(field+"certificateName", text(c.CertificateName), 0, maxName),
		checkOneOf(field+"securityPolicy", text(c.SecurityPolicy), "", text(a.SecurityPolicy), control.TLS10, control.TLS12),
		checkOneOf(field+"ipAddressType", text(c.IpAddressType), "", "ipv4", "dualstack"),
	); err != nil {
		return err
	}
	certificate, name := &a.RegionalCertificateArn, &a.RegionalCertificateName
	if kind == edgeOptimized {
		certificate, name = &a.CertificateArn, &a.CertificateName
	}
	put(certificate, c.CertificateArn)
	put(name, c.CertificateName)
	put(&a.CertificateUploadDate, c.CertificateUploadDate)
	put(&a.OwnershipVerificationCertificateArn, c.OwnershipVerificationCertificateArn)
	put(&a.SecurityPolicy, c.SecurityPolicy)
	put(&a.EndpointConfiguration.IpAddressType, c.IpAddressType)
	control.DropEmpty(&a.EndpointConfiguration.IpAddressType)
	return nil
}

// put changes a member to what is present.
func put[T any](member **T, value *T) {
	if value != nil {
		*member = value
	}
}

// ours takes out of a configuration what the gateway itself says: clients send
// back what they have read.
func ours(list []v2.DomainNameConfiguration) []v2.DomainNameConfiguration {
	var sent []v2.DomainNameConfiguration
	for _, c := range list {
		c.ApiGatewayDomainName, c.DomainNameStatus, c.DomainNameStatusMessage, c.HostedZoneId = nil, nil, nil, nil
		control.DropEmpty(&c.EndpointType)
		sent = append(sent, c)
	}
	return sent
}

func checkNoMutualTLS(m *v2.MutualTlsAuthenticationInput) *wire.Error {
	if m == nil || text(m.TruststoreUri) == "" && text(m.TruststoreVersion) == "" {
		return nil
	}
	return notBuilt("mutualTlsAuthentication", textBuildMutualTLS)
}

func (s *Service) checkDomainName(name string) *wire.Error {
	if problem := s.desk.DomainProblem(name); problem != "" {
		return bad("domainName", textDomainName, clip(name), problem)
	}
	return nil
}

// GetDomainName returns a custom domain.
func (s *Service) GetDomainName(ctx context.Context, in *v2.GetDomainNameInput) (*v2.GetDomainNameOutput, error) {
	var out v2.GetDomainNameOutput
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) error {
		out = v2.GetDomainNameOutput(shownDomain(&d.Head.AWS))
		return nil
	})
	return &out, err
}

// GetDomainNames returns a page of the public custom domains of a place, in the
// order of their names. Private ones, which V2 does not know, are left out of it,
// so that it may be shorter than was asked for.
func (s *Service) GetDomainNames(ctx context.Context, in *v2.GetDomainNamesInput) (*v2.GetDomainNamesOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v2.GetDomainNamesOutput{Items: []v2.DomainName{}}
	out.NextToken, err = s.page(ctx, p.DomainsKey(), in.MaxResults, in.NextToken, func(text []byte) error {
		var doc control.DomainDoc
		if err := control.Decode(text, &doc); err != nil {
			return err
		}
		if !doc.Private() {
			out.Items = append(out.Items, shownDomain(&doc.AWS))
		}
		return nil
	})
	return &out, err
}

// UpdateDomainName changes the members that are present, and of the
// configurations those that are present there.
func (s *Service) UpdateDomainName(ctx context.Context, in *v2.UpdateDomainNameInput) (*v2.UpdateDomainNameOutput, error) {
	if err := firstError(checkNoMutualTLS(in.MutualTlsAuthentication)); err != nil {
		return nil, err
	}
	if in.DomainNameConfigurations != nil && len(in.DomainNameConfigurations) == 0 {
		return nil, bad("domainNameConfigurations", textConfigurations, 0)
	}
	var out v2.UpdateDomainNameOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		if n := len(in.DomainNameConfigurations); n > len(d.Head.AWS.EndpointConfiguration.Types) {
			return bad("domainNameConfigurations", textConfigurations, n)
		}
		shape := v2.DomainName{RoutingMode: in.RoutingMode, DomainNameConfigurations: ours(in.DomainNameConfigurations)}
		if err := keepDomain(&d.Head.AWS, &shape, d.Place); err != nil {
			return err
		}
		out = v2.UpdateDomainNameOutput(shownDomain(&d.Head.AWS))
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.tellDomain(text(in.DomainName), (*v2.DomainName)(&out))
	return &out, nil
}

// DeleteDomainName removes a custom domain with its API mappings and routing
// rules.
func (s *Service) DeleteDomainName(ctx context.Context, in *v2.DeleteDomainNameInput) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.Do(ctx, "domains/"+text(in.DomainName), func(t *control.Tx) error {
		d, err := s.openDomain(t, p, in.DomainName)
		if err != nil {
			return err
		}
		return worded(d.Remove(), d.Domain, "")
	})
}

// unmapped refuses to delete a stage that a domain leads to, or with "" an API.
func (d *draft) unmapped(stage string) error {
	domains, err := d.MappedBy(d.place, d.api, gate.StageName(stage))
	if err != nil || len(domains) == 0 {
		return err
	}
	kind := "API"
	if stage != "" {
		kind = "stage"
	}
	return plainly(textMapped, kind, kind)
}

// mappingOf finds a mapping of the domain by its id.
func (d *domain) mappingOf(id string) (control.DomainMapping, error) {
	i := slices.IndexFunc(d.Head.Mappings, func(m control.DomainMapping) bool { return m.ID == id })
	if i < 0 {
		return control.DomainMapping{}, noMapping(id)
	}
	return d.Head.Mappings[i], nil
}
