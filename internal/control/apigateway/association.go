package apigateway

import (
	"context"
	"regexp"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// Domain name access associations let a VPC endpoint reach a private domain. They
// are kept at P/associations/NAME+ID/VPCE, with P for draft/ACCOUNT/REGION. There
// are no VPC endpoints, so none lets anybody in.

type associationDoc struct {
	AWS v1.DomainNameAccessAssociation `json:"aws"`
}

func associationsKey(p control.Place) string { return p.Draft() + "associations/" }

// Paths of ARNs.
const (
	domainPath      = "/domainnames/"
	associationPath = "/domainnameaccessassociations/domainname/"
	sourcePath      = "/vpcesource/"
)

func noAssociation() *wire.Error { return missing(textNoAssociation) }

// privateLabel is what ARNs and keys call a private domain: NAME+ID.
func privateLabel(a *v1.DomainName) string { return text(a.DomainName) + "+" + text(a.DomainNameId) }

// isPrivateLabel reports whether a text can be such a name, and so a part of keys.
func isPrivateLabel(label string) bool {
	name, id, _ := strings.Cut(label, "+")
	return control.DomainProblem(name) == "" && plainID(id)
}

// endpointForm is the id of a VPC endpoint, which nobody here knows.
var endpointForm = regexp.MustCompile(`^vpce-[a-z0-9]{1,64}$`)

// openPrivate loads the private domain that an ARN of this place names.
func (s *Service) openPrivate(t *control.Tx, p control.Place, arn *string) (*control.Domain, error) {
	label, ok := strings.CutPrefix(text(arn), p.OwnARN(domainPath))
	refusal := missing(textPrivateARN, clip(text(arn)))
	if !ok || !isPrivateLabel(label) {
		return nil, refusal
	}
	name, id, _ := strings.Cut(label, "+")
	d, found, err := t.Domain(p, name, id)
	if err == nil && !found {
		err = refusal
	}
	return d, err
}

// CreateDomainNameAccessAssociation notes that a VPC endpoint may reach a private
// domain of the same account.
func (s *Service) CreateDomainNameAccessAssociation(ctx context.Context, in *v1.CreateDomainNameAccessAssociationInput) (*v1.DomainNameAccessAssociation, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	source := text(in.AccessAssociationSource)
	if !endpointForm.MatchString(source) {
		return nil, bad(textVPCEndpoint, clip(source))
	}
	var doc associationDoc
	over := *in
	over.Tags = tags
	control.Merge(&doc.AWS, &over)
	err = s.desk.Do(ctx, "associations/"+text(in.DomainNameArn), func(t *control.Tx) error {
		d, err := s.openPrivate(t, p, in.DomainNameArn)
		if err != nil {
			return err
		}
		label := privateLabel(&d.Head.AWS)
		key := associationsKey(p) + label + "/" + source
		taken, err := t.Load(key, nil)
		if err != nil {
			return err
		}
		if taken {
			return conflict(textAssociationTaken, source)
		}
		doc.AWS.DomainNameAccessAssociationArn = new(p.OwnARN(associationPath + label + sourcePath + source))
		return t.Put(key, &doc)
	})
	if err != nil {
		return nil, err
	}
	if len(doc.AWS.Tags) == 0 {
		doc.AWS.Tags = nil
	}
	return &doc.AWS, nil
}

// GetDomainNameAccessAssociations returns a page of the associations of a place.
// No account shares one with another.
func (s *Service) GetDomainNameAccessAssociations(ctx context.Context, in *v1.GetDomainNameAccessAssociationsInput) (*v1.DomainNameAccessAssociations, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v1.DomainNameAccessAssociations{Items: []v1.DomainNameAccessAssociation{}}
	if text(in.ResourceOwner) == otherAccounts {
		return &out, nil
	}
	out.Position, err = s.page(ctx, associationsKey(p), in.Limit, in.Position, func(text []byte) error {
		var doc associationDoc
		err := control.Decode(text, &doc)
		if len(doc.AWS.Tags) == 0 {
			doc.AWS.Tags = nil
		}
		out.Items = append(out.Items, doc.AWS)
		return err
	})
	return &out, err
}

// DeleteDomainNameAccessAssociation takes an association away.
func (s *Service) DeleteDomainNameAccessAssociation(ctx context.Context, in *v1.DeleteDomainNameAccessAssociationInput) error {
	return s.dropAssociation(ctx, in.DomainNameAccessAssociationArn, nil)
}

// RejectDomainNameAccessAssociation takes away what leads to a domain, in the name
// of the domain's owner. Both are of one account here, so it is a deletion that
// names the domain too.
func (s *Service) RejectDomainNameAccessAssociation(ctx context.Context, in *v1.RejectDomainNameAccessAssociationInput) error {
	return s.dropAssociation(ctx, in.DomainNameAccessAssociationArn, new(text(in.DomainNameArn)))
}

// dropAssociation removes an association; of a domain, where one is named.
func (s *Service) dropAssociation(ctx context.Context, arn, domain *string) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(text(arn), p.OwnARN(associationPath))
	label, source, ok2 := strings.Cut(rest, sourcePath)
	if !ok || !ok2 || !isPrivateLabel(label) || !endpointForm.MatchString(source) {
		return noAssociation()
	}
	return s.desk.Do(ctx, "associations/"+label, func(t *control.Tx) error {
		if domain != nil {
			if _, err := s.openPrivate(t, p, domain); err != nil {
				return err
			}
			if *domain != p.OwnARN(domainPath+label) {
				return noAssociation()
			}
		}
		key := associationsKey(p) + label + "/" + source
		found, err := t.Load(key, nil)
		if err == nil && !found {
			err = noAssociation()
		}
		if err == nil {
			t.Delete(key)
		}
		return err
	})
}
