package apigatewayv2

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Members of a custom domain.
const (
	defaultMappingSelection = "$request.basepath"
	mappingsOnly            = "API_MAPPING_ONLY"
	regional                = "REGIONAL"
	tls10                   = "TLS_1_0"
	tls12                   = "TLS_1_2"
	// hostedZone is where AWS's own name of a domain stands in Route 53: the
	// regional zone of us-east-1, everywhere, for no zone is ours. [K]
	hostedZone = "Z1UJRXOUMOOFQ8"
	// regionalLength is that of the random part of a domain's own name.
	regionalLength = 10
)

func noDomain(name string) *wire.Error { return missing("DomainName", textNoDomain, clip(name)) }

// A domain is one custom domain as an operation sees it, in one run.
type domain struct {
	*control.Tx
	s     *Service
	place control.Place
	name  gate.DomainName
	head  domainDoc
}

func (d *domain) key() string                 { return domainsKey(d.place) + string(d.name) }
func (d *domain) mappingKey(id string) string { return mappingsKey(d.place, d.name) + id }

// openDomain loads the head of a domain. Whatever is committed from here on
// depends on it.
func (s *Service) openDomain(t *control.Tx, p control.Place, name *string) (*domain, error) {
	d := &domain{Tx: t, s: s, place: p, name: gate.DomainName(text(name))}
	if domainProblem(text(name)) != "" { // it becomes a part of keys
		return nil, noDomain(text(name))
	}
	found, err := t.Load(d.key(), &d.head)
	if err == nil && !found {
		err = noDomain(text(name))
	}
	return d, err
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
		return op(d)
	})
}

// put writes the head of a domain and the one document that is live of it.
func (d *domain) put() error {
	if err := d.Put(d.key(), &d.head); err != nil {
		return err
	}
	return d.Set(gate.DomainKey(d.name), gate.Domain{
		Name: d.name, Account: d.place.Account, Region: d.place.Region, Mappings: d.head.Mappings,
	})
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
	var head domainDoc
	over := *in
	over.MutualTlsAuthentication, over.Tags, over.DomainNameConfigurations = nil, tags, ours(in.DomainNameConfigurations)
	control.Merge(&head.AWS, &over)
	if err := completeDomain(&head.AWS, p); err != nil {
		return nil, err
	}
	err = s.desk.Do(ctx, "domains/"+name, func(t *control.Tx) error {
		d := &domain{Tx: t, s: s, place: p, name: gate.DomainName(name), head: head}
		taken, err := t.Load(domainIndexKey(d.name), nil)
		if err != nil {
			return err
		}
		if taken {
			return conflict(textDomainTaken, name)
		}
		if err := t.Put(domainIndexKey(d.name), owner(p)); err != nil {
			return err
		}
		return d.put()
	})
	if err != nil {
		return nil, err
	}
	s.tellDomain(name, &head.AWS)
	out := v2.CreateDomainNameOutput(head.AWS)
	return &out, nil
}

// tellDomain logs what of a domain is accepted but not enforced yet.
func (s *Service) tellDomain(name string, d *v2.DomainName) {
	if notes := unenforced("domain", d); len(notes) > 0 {
		s.desk.Logger().Warn("a custom domain has settings that this version does not enforce yet; see docs/coverage.md",
			"domain", name, "settings", strings.Join(notes, ", "))
	}
}

// completeDomain checks a domain as it is to be and fills in the defaults.
func completeDomain(d *v2.DomainName, p control.Place) error {
	dropEmpty(&d.RoutingMode)
	orElse(&d.RoutingMode, mappingsOnly)
	orElse(&d.ApiMappingSelectionExpression, defaultMappingSelection)
	orElse(&d.DomainNameArn, p.ARN("/domainnames/"+*d.DomainName))
	if *d.RoutingMode != mappingsOnly {
		if err := checkOneOf("routingMode", *d.RoutingMode, mappingsOnly, "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_API_MAPPING"); err != nil {
			return err
		}
		return notBuilt("routingMode", textBuildRules)
	}
	if n := len(d.DomainNameConfigurations); n != 1 {
		return bad("domainNameConfigurations", textConfigurations, n)
	}
	return completeConfiguration(&d.DomainNameConfigurations[0], p)
}

func completeConfiguration(c *v2.DomainNameConfiguration, p control.Place) error {
	dropEmpty(&c.CertificateArn, &c.CertificateName, &c.EndpointType, &c.IpAddressType, &c.OwnershipVerificationCertificateArn, &c.SecurityPolicy)
	orElse(&c.EndpointType, regional)
	orElse(&c.SecurityPolicy, tls12)
	orElse(&c.IpAddressType, "ipv4")
	orElse(&c.DomainNameStatus, linkReady)
	orElse(&c.HostedZoneId, hostedZone)
	if c.ApiGatewayDomainName == nil {
		c.ApiGatewayDomainName = new(p.Host("d-" + control.NewID(regionalLength)))
	}
	const field = "domainNameConfigurations."
	if c.CertificateArn == nil {
		return bad(field+"certificateArn", textEmpty)
	}
	return firstError(
		checkARN(field+"certificateArn", *c.CertificateArn),
		checkARN(field+"ownershipVerificationCertificateArn", text(c.OwnershipVerificationCertificateArn)),
		checkLength(field+"certificateName", text(c.CertificateName), 0, maxName),
		checkOneOf(field+"endpointType", *c.EndpointType, regional),
		checkOneOf(field+"securityPolicy", *c.SecurityPolicy, tls10, tls12),
		checkOneOf(field+"ipAddressType", *c.IpAddressType, "ipv4", "dualstack"),
	)
}

// ours takes out of a configuration what the gateway itself says: clients send
// back what they have read.
func ours(list []v2.DomainNameConfiguration) []v2.DomainNameConfiguration {
	var sent []v2.DomainNameConfiguration
	for _, c := range list {
		c.ApiGatewayDomainName, c.DomainNameStatus, c.DomainNameStatusMessage, c.HostedZoneId = nil, nil, nil, nil
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

var domainForm = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// domainProblem says why a name can be no custom domain, or "". What passes can
// be a part of a key.
func domainProblem(name string) string {
	plain := strings.TrimPrefix(name, "*.")
	labels := strings.Split(plain, ".")
	last := labels[len(labels)-1]
	switch {
	case len(name) > maxDomainName:
		return textDomainLong
	case strings.ToLower(name) != name:
		return textDomainCase
	case !domainForm.MatchString(name):
		return textDomainForm
	case strings.Trim(last, "0123456789") == "":
		return textDomainAddress
	case plain != name && len(labels) < 2:
		return textDomainWild
	}
	for _, l := range labels {
		if l == "execute-api" {
			return textDomainOwn
		}
	}
	return ""
}

// checkDomainName also keeps a domain from taking the gateway's own address:
// the Host of a custom domain never reaches a control plane.
func (s *Service) checkDomainName(name string) *wire.Error {
	problem := domainProblem(name)
	if problem == "" && s.isOwnHost(name) {
		problem = textDomainHere
	}
	if problem != "" {
		return bad("domainName", textDomainName, clip(name), problem)
	}
	return nil
}

func (s *Service) isOwnHost(name string) bool {
	u, err := url.Parse(s.desk.PublicURL)
	if err != nil || u.Hostname() == "" {
		return false
	}
	own := strings.ToLower(u.Hostname())
	_, parent, _ := strings.Cut(own, ".")
	return name == own || name == "*."+parent
}

// GetDomainName returns a custom domain.
func (s *Service) GetDomainName(ctx context.Context, in *v2.GetDomainNameInput) (*v2.GetDomainNameOutput, error) {
	var out v2.GetDomainNameOutput
	err := s.viewDomain(ctx, in.DomainName, func(d *domain) error {
		out = v2.GetDomainNameOutput(d.head.AWS)
		return nil
	})
	return &out, err
}

// GetDomainNames returns a page of the custom domains of a place, in the order
// of their names.
func (s *Service) GetDomainNames(ctx context.Context, in *v2.GetDomainNamesInput) (*v2.GetDomainNamesOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v2.GetDomainNamesOutput{Items: []v2.DomainName{}}
	out.NextToken, err = s.page(ctx, domainsKey(p), in.MaxResults, in.NextToken, func(text []byte) error {
		var doc domainDoc
		err := control.Decode(text, &doc)
		out.Items = append(out.Items, doc.AWS)
		return err
	})
	return &out, err
}

// UpdateDomainName changes the members that are present, and of the one
// configuration those that are present there.
func (s *Service) UpdateDomainName(ctx context.Context, in *v2.UpdateDomainNameInput) (*v2.UpdateDomainNameOutput, error) {
	if err := firstError(checkNoMutualTLS(in.MutualTlsAuthentication)); err != nil {
		return nil, err
	}
	var out v2.UpdateDomainNameOutput
	err := s.editDomain(ctx, in.DomainName, func(d *domain) error {
		over := *in
		over.MutualTlsAuthentication, over.DomainNameConfigurations = nil, nil
		control.Merge(&d.head.AWS, &over)
		if in.DomainNameConfigurations != nil {
			if n := len(in.DomainNameConfigurations); n != 1 {
				return bad("domainNameConfigurations", textConfigurations, n)
			}
			control.Merge(&d.head.AWS.DomainNameConfigurations[0], &ours(in.DomainNameConfigurations)[0])
		}
		if err := completeDomain(&d.head.AWS, d.place); err != nil {
			return err
		}
		for _, m := range d.head.Mappings {
			if err := d.checkLevels(m.Key); err != nil {
				return err
			}
		}
		out = v2.UpdateDomainNameOutput(d.head.AWS)
		return d.put()
	})
	if err != nil {
		return nil, err
	}
	s.tellDomain(text(in.DomainName), (*v2.DomainName)(&out))
	return &out, nil
}

// DeleteDomainName removes a custom domain with its API mappings.
func (s *Service) DeleteDomainName(ctx context.Context, in *v2.DeleteDomainNameInput) error {
	return s.editDomain(ctx, in.DomainName, func(d *domain) error {
		apis := map[gate.APIID]bool{}
		for _, m := range d.head.Mappings {
			if apis[m.API] = true; len(apis) > maxMappedAtOnce {
				return bad("domainName", textManyMapped, maxMappedAtOnce)
			}
			if err := d.count(m.API, m.Stage, -1); err != nil {
				return err
			}
		}
		d.Delete(d.key())
		d.Delete(domainIndexKey(d.name))
		d.Delete(gate.DomainKey(d.name))
		d.DeletePrefix(domainTree(d.place, d.name))
		return nil
	})
}
