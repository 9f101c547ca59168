package apigatewayv2

import (
	"context"
	"maps"
	"regexp"

	"gatehouse/internal/control"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Statuses of a VPC link. There is no network to lay out, so it is ready as
// soon as it is kept; its creation answers what AWS's does, and clients that
// wait see it become ready with the next look.
const (
	linkPending = "PENDING"
	linkReady   = "AVAILABLE"
)

func noVpcLink(id string) *wire.Error { return missing("VpcLink", textNoVpcLink, clip(id)) }

// CreateVpcLink adds a VPC link: a name under which integrations reach private
// backends. What it leads to is said by the operator's configuration.
func (s *Service) CreateVpcLink(ctx context.Context, in *v2.CreateVpcLinkInput) (*v2.CreateVpcLinkOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	var doc vpcLinkDoc
	control.Merge(&doc.AWS, in)
	doc.AWS.Tags = tags
	if doc.AWS.SecurityGroupIds == nil {
		doc.AWS.SecurityGroupIds = []string{}
	}
	doc.AWS.CreatedDate, doc.AWS.VpcLinkVersion = s.now(), new("V2")
	doc.AWS.VpcLinkStatus, doc.AWS.VpcLinkStatusMessage = new(linkReady), new(textLinkReady)
	if err := checkVpcLink(&doc.AWS); err != nil {
		return nil, err
	}
	err = s.desk.Do(ctx, "", func(t *control.Tx) error {
		id := control.NewID(control.ResourceIDLength)
		doc.AWS.VpcLinkId = &id
		return t.Put(vpcLinksKey(p)+id, &doc)
	})
	if err != nil {
		return nil, err
	}
	out := v2.CreateVpcLinkOutput(doc.AWS)
	out.VpcLinkStatus, out.VpcLinkStatusMessage = new(linkPending), new(textLinkPending)
	return &out, nil
}

func checkVpcLink(l *v2.VpcLink) error {
	if err := firstError(checkLength("name", text(l.Name), 1, maxName)); err != nil {
		return err
	}
	if len(l.SubnetIds) == 0 {
		return bad("subnetIds", textEmpty)
	}
	return firstError(
		checkIDs("subnetIds", "subnet", "subnet-", l.SubnetIds),
		checkIDs("securityGroupIds", "security group", "sg-", l.SecurityGroupIds),
	)
}

var idForm = regexp.MustCompile(`^[a-z]+-[A-Za-z0-9-]{1,64}$`)

// checkIDs holds the ids of another service to their form. Nothing here knows
// whether they exist.
func checkIDs(field, kind, prefix string, ids []string) *wire.Error {
	if len(ids) > maxSubnets {
		return bad(field, textTooMany, len(ids), maxSubnets)
	}
	for _, id := range ids {
		if len(id) < len(prefix) || id[:len(prefix)] != prefix || !idForm.MatchString(id) {
			return bad(field, textSubnet, clip(id), kind)
		}
	}
	return nil
}

// loadVpcLink reads a VPC link, or refuses with missing.
func loadVpcLink(t *control.Tx, p control.Place, id string, doc *vpcLinkDoc, missing *wire.Error) error {
	if !plainID(id) {
		return missing
	}
	found, err := t.Load(vpcLinksKey(p)+id, doc)
	if err == nil && !found {
		return missing
	}
	return err
}

// GetVpcLink returns a VPC link.
func (s *Service) GetVpcLink(ctx context.Context, in *v2.GetVpcLinkInput) (*v2.GetVpcLinkOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var doc vpcLinkDoc
	err = s.desk.View(ctx, func(t *control.Tx) error {
		id := text(in.VpcLinkId)
		return loadVpcLink(t, p, id, &doc, noVpcLink(id))
	})
	out := v2.GetVpcLinkOutput(doc.AWS)
	return &out, err
}

// GetVpcLinks returns a page of the VPC links of a place, in the order of their
// ids.
func (s *Service) GetVpcLinks(ctx context.Context, in *v2.GetVpcLinksInput) (*v2.GetVpcLinksOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v2.GetVpcLinksOutput{Items: []v2.VpcLink{}}
	out.NextToken, err = s.page(ctx, vpcLinksKey(p), in.MaxResults, in.NextToken, func(text []byte) error {
		var doc vpcLinkDoc
		err := control.Decode(text, &doc)
		out.Items = append(out.Items, doc.AWS)
		return err
	})
	return &out, err
}

// UpdateVpcLink changes the name.
func (s *Service) UpdateVpcLink(ctx context.Context, in *v2.UpdateVpcLinkInput) (*v2.UpdateVpcLinkOutput, error) {
	var doc vpcLinkDoc
	err := s.editVpcLink(ctx, text(in.VpcLinkId), &doc, func(*control.Tx, control.Place) error {
		control.Merge(&doc.AWS, in)
		return checkVpcLink(&doc.AWS)
	})
	out := v2.UpdateVpcLinkOutput(doc.AWS)
	return &out, err
}

// editVpcLink runs op on a VPC link and puts what it made of it.
func (s *Service) editVpcLink(ctx context.Context, id string, doc *vpcLinkDoc, op func(*control.Tx, control.Place) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.Do(ctx, "vpclinks/"+id, func(t *control.Tx) error {
		*doc = vpcLinkDoc{}
		if err := loadVpcLink(t, p, id, doc, noVpcLink(id)); err != nil {
			return err
		}
		if err := op(t, p); err != nil {
			return err
		}
		return t.Put(vpcLinksKey(p)+id, doc)
	})
}

// DeleteVpcLink removes a VPC link that no draft uses. A deployment that still
// names it keeps working: what it leads to is not the link's to say.
func (s *Service) DeleteVpcLink(ctx context.Context, in *v2.DeleteVpcLinkInput) (*v2.DeleteVpcLinkOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	id := text(in.VpcLinkId)
	err = s.desk.Do(ctx, "vpclinks/"+id, func(t *control.Tx) error {
		var doc vpcLinkDoc
		if err := loadVpcLink(t, p, id, &doc, noVpcLink(id)); err != nil {
			return err
		}
		if err := s.unusedByREST(t, p, id); err != nil {
			return err
		}
		// Whoever takes the link into use after this look rewrites it.
		err := t.Scan(apisKey(p), func(found store.Doc) error {
			var head apiDoc
			if err := control.Decode(found.Value, &head); err != nil {
				return err
			}
			if head.Links[id] > 0 {
				return conflict(textLinkInUse, id, text(head.AWS.ApiId))
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.Delete(vpcLinksKey(p) + id)
		return nil
	})
	return &v2.DeleteVpcLinkOutput{}, err
}

// unusedByREST refuses to let go of a link that a REST API uses.
func (s *Service) unusedByREST(t *control.Tx, p control.Place, id string) error {
	if err := t.Abandon(p, control.UseLink, id); err != nil {
		return err
	}
	if s.desk.LinkUser == nil {
		return nil
	}
	api, err := s.desk.LinkUser(t, p, id)
	if err == nil && api != "" {
		err = conflict(textLinkInUse, id, api)
	}
	return err
}

// relink moves an integration's use from one VPC link to another; "" is none.
func (d *draft) relink(from, to string) error {
	if from == to {
		return nil
	}
	d.head.Links = maps.Clone(d.head.Links)
	if d.head.Links == nil {
		d.head.Links = map[string]int{}
	}
	if from != "" {
		if d.head.Links[from]--; d.head.Links[from] <= 0 {
			delete(d.head.Links, from)
		}
	}
	if to != "" {
		var doc vpcLinkDoc
		if err := loadVpcLink(d.Tx, d.place, to, &doc, bad("connectionId", textLinkGone, clip(to))); err != nil {
			return err
		}
		d.head.Links[to]++
		doc.Taken++
		if err := d.Put(vpcLinksKey(d.place)+to, &doc); err != nil {
			return err
		}
	}
	return d.Put(d.apiKey(), &d.head)
}
