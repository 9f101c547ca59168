package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// Values of a domain. Those policies of the newer ones that end so are for
// endpoints at the edge alone, and all others of them for the rest.
const (
	newerPolicy = "SecurityPolicy_"
	edgePolicy  = "_EDGE"

	otherAccounts = "OTHER_ACCOUNTS" // of resourceOwner
	maxARN        = 2048
)

func noDomain() *wire.Error { return missing(textNoDomain) }

// openDomain loads a domain; id is that of a private one.
func (s *Service) openDomain(t *control.Tx, p control.Place, name, id *string) (*control.Domain, error) {
	d, found, err := t.Domain(p, text(name), text(id))
	if err == nil && !found {
		err = noDomain()
	}
	return d, err
}

func (s *Service) viewDomain(ctx context.Context, name, id *string, op func(*control.Domain) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.View(ctx, func(t *control.Tx) error {
		d, err := s.openDomain(t, p, name, id)
		if err != nil {
			return err
		}
		return op(d)
	})
}

// editDomain runs op on a domain and commits; what op makes of it is its to put.
func (s *Service) editDomain(ctx context.Context, name, id *string, op func(*control.Domain) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.Do(ctx, "domains/"+text(name), func(t *control.Tx) error {
		d, err := s.openDomain(t, p, name, id)
		if err != nil {
			return err
		}
		return worded(op(d))
	})
}

// worded is a refusal of package control in words of V1.
func worded(err error) error {
	switch {
	case errors.Is(err, control.ErrDomainTaken):
		return conflict(textDomainTaken)
	case errors.Is(err, control.ErrManyLevels):
		return bad(textManyLevels)
	case errors.Is(err, control.ErrManyMappings):
		return bad(textTooMany, "basePathMappings", control.MaxMappings+1, control.MaxMappings)
	case errors.Is(err, control.ErrManyMapped):
		return bad(textManyMapped, control.MaxMapped)
	case errors.Is(err, control.ErrMapped):
		return conflict(textBasePathTaken)
	case errors.Is(err, control.ErrMixed):
		return bad(textMixed)
	case errors.Is(err, control.ErrNoAPI):
		return bad(textNoAPIHere)
	case errors.Is(err, control.ErrNoStage):
		return bad(textNoStage)
	}
	return err
}

// CreateDomainName adds a custom domain. A public one is served at once, with the
// certificates of the listeners; a private one is kept, and nobody reaches it.
func (s *Service) CreateDomainName(ctx context.Context, in *v1.CreateDomainNameInput) (*v1.DomainName, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := firstError(s.checkDomainName(in.DomainName), checkUploads(in)); err != nil {
		return nil, err
	}
	var head control.DomainDoc
	over := *in
	over.MutualTlsAuthentication, over.Tags, over.EndpointConfiguration = nil, tags, endpointOf(in.EndpointConfiguration)
	control.Merge(&head.AWS, &over)
	if err := s.completeDomain(&head.AWS, &v1.DomainName{}, p); err != nil {
		return nil, err
	}
	err = s.desk.Do(ctx, "domains/"+text(in.DomainName), func(t *control.Tx) error {
		_, err := t.NewDomain(p, head)
		return worded(err)
	})
	if err != nil {
		return nil, err
	}
	s.tellDomain(&head.AWS)
	out := fewTags(head.AWS)
	return &out, nil
}

// fewTags omits empty tags, as creations and lists do.
func fewTags(a v1.DomainName) v1.DomainName {
	if len(a.Tags) == 0 {
		a.Tags = nil
	}
	return a
}

// endpointOf is a copy of what was sent, with the type that is AWS's default.
func endpointOf(sent *v1.EndpointConfiguration) *v1.EndpointConfiguration {
	e := v1.EndpointConfiguration{}
	if sent != nil {
		e = *sent
	}
	if len(e.Types) == 0 {
		e.Types = []string{edge}
	}
	return &e
}

func (s *Service) checkDomainName(name *string) *wire.Error {
	if problem := s.desk.DomainProblem(text(name)); problem != "" {
		return bad(textDomainName, clip(text(name)), problem)
	}
	return nil
}

// checkUploads refuses what needs a store of certificates.
func checkUploads(in *v1.CreateDomainNameInput) *wire.Error {
	switch m := in.MutualTlsAuthentication; {
	case text(in.CertificateBody) != "" || text(in.CertificatePrivateKey) != "" || text(in.CertificateChain) != "":
		return notBuilt("certificateBody", "certificates that are uploaded with a domain")
	case m != nil && (text(m.TruststoreUri) != "" || text(m.TruststoreVersion) != ""):
		return notBuilt("mutualTlsAuthentication", "mutual TLS of custom domains")
	}
	return nil
}

// tellDomain logs what of a domain is accepted but not enforced yet.
func (s *Service) tellDomain(a *v1.DomainName) {
	if notes := unenforced("domain", a); len(notes) > 0 {
		s.desk.Logger().Warn("a custom domain has settings that this version does not enforce yet; see docs/coverage.md",
			"domain", text(a.DomainName), "settings", strings.Join(notes, ", "))
	}
}

// completeDomain checks a domain as it is to be and fills in the rest. was is the
// domain before, empty for a new one.
func (s *Service) completeDomain(a, was *v1.DomainName, p control.Place) error {
	if err := firstError(checkTypes(a.EndpointConfiguration, was.EndpointConfiguration), checkCertificates(a, was)); err != nil {
		return err
	}
	isPrivate := slices.Contains(a.EndpointConfiguration.Types, private)
	if arn := text(a.CertificateArn); arn != "" && arn != text(was.CertificateArn) {
		a.CertificateUploadDate = new(s.desk.Time())
	}
	p.CompleteDomain(a)
	return firstError(
		checkAddresses(a.EndpointConfiguration, isPrivate),
		checkSecurity(a, isPrivate),
		checkPolicies(a, isPrivate),
	)
}

// checkTypes takes one type, or the two public ones, which a domain has while it
// is moved from one to the other. A private domain stays one.
func checkTypes(e, was *v1.EndpointConfiguration) *wire.Error {
	types := slices.Sorted(slices.Values(e.Types))
	for _, kind := range types {
		if !slices.Contains([]string{edge, regional, private}, kind) {
			return bad(textEndpointType)
		}
	}
	isPrivate := slices.Contains(types, private)
	switch {
	case len(types) == 0 || len(slices.Compact(types)) != len(e.Types) || isPrivate && len(types) > 1:
		return bad(textDomainTypes)
	case was != nil && isPrivate != slices.Contains(was.Types, private):
		return bad(textPrivateType)
	case len(e.VpcEndpointIds) > 0:
		return bad(textDomainVPC)
	}
	return nil
}

// checkCertificates holds that each endpoint has its certificate, and that none
// is newly named for an endpoint that the domain does not have.
func checkCertificates(a, was *v1.DomainName) *wire.Error {
	has := func(kinds ...string) bool {
		return slices.ContainsFunc(a.EndpointConfiguration.Types, func(t string) bool { return slices.Contains(kinds, t) })
	}
	for _, c := range []struct {
		field               string
		arn, name, old, alt *string
		here                bool
	}{
		{"certificateArn", a.CertificateArn, a.CertificateName, was.CertificateArn, was.CertificateName, has(edge, private)},
		{"regionalCertificateArn", a.RegionalCertificateArn, a.RegionalCertificateName, was.RegionalCertificateArn, was.RegionalCertificateName, has(regional)},
	} {
		switch {
		case text(c.arn) != "" && (len(*c.arn) > maxARN || !arnForm.MatchString(*c.arn)):
			return bad(textCertificateARN, c.field, clip(*c.arn))
		case len(text(c.name)) > maxName:
			return bad(textCertificateName, maxName)
		case c.here && text(c.arn) == "":
			return bad(textCertificate, c.field, strings.Join(a.EndpointConfiguration.Types, ","))
		case !c.here && (text(c.arn) != "" && text(c.arn) != text(c.old) || text(c.name) != "" && text(c.name) != text(c.alt)):
			return bad(textNoEndpoint, c.field, strings.Join(a.EndpointConfiguration.Types, ","))
		}
	}
	if o := text(a.OwnershipVerificationCertificateArn); o != "" && (len(o) > maxARN || !arnForm.MatchString(o)) {
		return bad(textCertificateARN, "ownershipVerificationCertificateArn", clip(o))
	}
	return nil
}

func checkAddresses(e *v1.EndpointConfiguration, isPrivate bool) *wire.Error {
	switch t := text(e.IpAddressType); {
	case isPrivate && t != dualstack:
		return bad(textDualstackDomain)
	case t != ipv4 && t != dualstack:
		return bad(textIPType)
	}
	return nil
}

// checkSecurity holds the policy to the endpoints that may have it
// (control-plane 1.4).
func checkSecurity(a *v1.DomainName, isPrivate bool) *wire.Error {
	policy := text(a.SecurityPolicy)
	switch {
	case isPrivate && policy != control.TLS12:
		return bad(textPrivatePolicy, control.TLS12)
	case isPrivate && a.EndpointAccessMode != nil:
		return bad(textPublicOnly, "endpointAccessMode")
	case !strings.HasPrefix(policy, newerPolicy):
		return nil
	case a.EndpointAccessMode == nil:
		return bad(textAccessMode, policy)
	case strings.HasSuffix(policy, edgePolicy) != slices.Equal(a.EndpointConfiguration.Types, []string{edge}):
		return bad(textPolicyEndpoint, policy, strings.Join(a.EndpointConfiguration.Types, ","))
	}
	return nil
}

func checkPolicies(a *v1.DomainName, isPrivate bool) *wire.Error {
	for _, p := range []*string{a.Policy, a.ManagementPolicy} {
		switch {
		case p == nil:
		case !isPrivate:
			return bad(textPrivateOnly)
		case len(*p) > maxPolicy || !json.Valid([]byte(*p)):
			return bad(textPolicy)
		}
	}
	return nil
}

// GetDomainName returns a custom domain.
func (s *Service) GetDomainName(ctx context.Context, in *v1.GetDomainNameInput) (*v1.DomainName, error) {
	var out v1.DomainName
	err := s.viewDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		out = d.Head.AWS
		return nil
	})
	return &out, err
}

// GetDomainNames returns a page of the custom domains of a place, in the order of
// their names. No account shares one with another.
func (s *Service) GetDomainNames(ctx context.Context, in *v1.GetDomainNamesInput) (*v1.DomainNames, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v1.DomainNames{Items: []v1.DomainName{}}
	if text(in.ResourceOwner) == otherAccounts {
		return &out, nil
	}
	out.Position, err = s.page(ctx, p.DomainsKey(), in.Limit, in.Position, func(text []byte) error {
		var doc control.DomainDoc
		err := control.Decode(text, &doc)
		out.Items = append(out.Items, fewTags(doc.AWS))
		return err
	})
	return &out, err
}

// UpdateDomainName changes a domain by patches.
func (s *Service) UpdateDomainName(ctx context.Context, in *v1.UpdateDomainNameInput) (*v1.DomainName, error) {
	if err := checkRotation(in.PatchOperations); err != nil {
		return nil, err
	}
	var out v1.DomainName
	err := s.editDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		was, endpoint := d.Head.AWS, *d.Head.AWS.EndpointConfiguration
		a := &d.Head.AWS
		a.EndpointConfiguration = &endpoint
		if err := patch(domainRules(), quoting(), a, in.PatchOperations); err != nil {
			return err
		}
		if err := s.completeDomain(a, &was, d.Place); err != nil {
			return err
		}
		out = *a
		if len(in.PatchOperations) == 0 {
			return nil
		}
		return d.Put()
	})
	if err != nil {
		return nil, err
	}
	s.tellDomain(&out)
	return &out, nil
}

// checkRotation refuses to add and to remove a regional certificate in one
// request (API reference, "Patch operations", UpdateDomainName).
func checkRotation(list []v1.PatchOperation) error {
	seen := map[verb]bool{}
	for _, o := range list {
		if strings.HasPrefix(text(o.Path), "/regionalCertificate") {
			seen[verbs(text(o.Op))] = true
		}
	}
	if seen[add] && seen[remove] {
		return bad(textRotation)
	}
	return nil
}

// domainRules are those of UpdateDomainName (control-plane 2.2), with the path of
// an endpoint type by its index, which Terraform sends.
func domainRules() []rule[*v1.DomainName] {
	type domain = *v1.DomainName
	all := add | replace | remove
	return []rule[domain]{
		{"/certificateName", all, func(a domain, o *op) error { return putText(&a.CertificateName, o) }},
		{"/certificateArn", all, func(a domain, o *op) error { return putText(&a.CertificateArn, o) }},
		{"/regionalCertificateName", all, func(a domain, o *op) error { return putText(&a.RegionalCertificateName, o) }},
		{"/regionalCertificateArn", all, func(a domain, o *op) error { return putText(&a.RegionalCertificateArn, o) }},
		{"/endpointConfiguration/types", add | remove, func(a domain, o *op) error {
			return putOne(&a.EndpointConfiguration.Types, o, o.text())
		}},
		{"/endpointConfiguration/types/*", replace, func(a domain, o *op) error { return redirect(a.EndpointConfiguration, o) }},
		{"/endpointConfiguration/ipAddressType", replace, func(a domain, o *op) error {
			a.EndpointConfiguration.IpAddressType = o.value
			return needed(o)
		}},
		{"/endpointAccessMode", replace, func(a domain, o *op) error {
			a.EndpointAccessMode = o.value
			return oneOf(o, "BASIC", "STRICT")
		}},
		{"/managementPolicy", replace, func(a domain, o *op) error { return putPolicy(&a.ManagementPolicy, o) }},
		{"/policy", replace, func(a domain, o *op) error { return putPolicy(&a.Policy, o) }},
		{"/mutualTlsAuthentication/truststoreUri", all, noTrust},
		{"/mutualTlsAuthentication/truststoreVersion", all, noTrust},
		{"/routingMode", replace, func(a domain, o *op) error {
			a.RoutingMode = o.value
			return oneOf(o, control.MappingsOnly, control.RulesOnly, control.RulesThenMappings)
		}},
		{"/securityPolicy", replace, func(a domain, o *op) error {
			a.SecurityPolicy = o.value
			return oneOf(o, securityPolicies()...)
		}},
		{"/ownershipVerificationCertificateArn", all, func(a domain, o *op) error {
			return putText(&a.OwnershipVerificationCertificateArn, o)
		}},
	}
}

// securityPolicies are the values of the model.
func securityPolicies() []string {
	return []string{
		control.TLS10, control.TLS12,
		v1.SecurityPolicySecurityPolicy_TLS12_2018_EDGE, v1.SecurityPolicySecurityPolicy_TLS12_PFS_2025_EDGE, v1.SecurityPolicySecurityPolicy_TLS13_2025_EDGE,
		v1.SecurityPolicySecurityPolicy_TLS13_1_2_2021_06, v1.SecurityPolicySecurityPolicy_TLS13_1_2_PQ_2025_09, v1.SecurityPolicySecurityPolicy_TLS13_1_2_PFS_PQ_2025_09,
		v1.SecurityPolicySecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09, v1.SecurityPolicySecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09, v1.SecurityPolicySecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09,
		v1.SecurityPolicySecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09, v1.SecurityPolicySecurityPolicy_TLS13_1_3_2025_09, v1.SecurityPolicySecurityPolicy_TLS13_1_3_FIPS_2025_09,
	}
}

// redirect replaces an endpoint type, which the path names by its index or by
// itself.
func redirect(e *v1.EndpointConfiguration, o *op) error {
	next := slices.Clone(e.Types)
	for i, kind := range next {
		if o.keys[0] == kind || o.keys[0] == string(rune('0'+i)) {
			next[i] = o.text()
			e.Types = next
			return nil
		}
	}
	return bad(textBadPath, clip(o.path))
}

// noTrust lets only the absence of a truststore pass.
func noTrust(_ *v1.DomainName, o *op) error {
	if o.verb == remove || o.text() == "" {
		return nil
	}
	return notBuilt("mutualTlsAuthentication", "mutual TLS of custom domains")
}

// DeleteDomainName removes a custom domain with all that belongs to it.
func (s *Service) DeleteDomainName(ctx context.Context, in *v1.DeleteDomainNameInput) error {
	return s.editDomain(ctx, in.DomainName, in.DomainNameId, func(d *control.Domain) error {
		if d.Head.Private() {
			d.DeletePrefix(associationsKey(d.Place) + privateLabel(&d.Head.AWS) + "/")
		}
		return d.Remove()
	})
}
