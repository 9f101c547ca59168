package apigateway

import (
	"context"
	"regexp"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// A VPC link lies at P/restlinks/ID: those of V2 have a list of their own.
func linksKey(p control.Place) string { return p.Draft() + "restlinks/" }

type vpcLinkDoc struct {
	AWS v1.VpcLink `json:"aws"`
}

// Statuses of a VPC link. There is no network to lay out, so it is ready as soon
// as it is kept; its creation answers what AWS's does, and clients that wait see
// it become ready with the next look.
const (
	linkPending = "PENDING"
	linkReady   = "AVAILABLE"
)

// balancerForm is the ARN of a load balancer, and of which kind it is.
var balancerForm = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/(net|app|gwy)/[A-Za-z0-9-]+/[a-z0-9]+$`)

// arnForm is any ARN.
var arnForm = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:.+$`)

// noLink is the refusal of an unknown VPC link.
func noLink() *wire.Error { return missing(textLink) }

// CreateVpcLink adds a VPC link: a name under which integrations reach private
// backends. What it leads to is said by the operator's configuration.
func (s *Service) CreateVpcLink(ctx context.Context, in *v1.CreateVpcLinkInput) (*v1.VpcLink, error) {
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
	doc.AWS.Status, doc.AWS.StatusMessage = new(linkReady), new(textLinkReady)
	if err := firstError(checkLink(&doc.AWS), checkTargets(doc.AWS.TargetArns)); err != nil {
		return nil, err
	}
	err = s.desk.Do(ctx, "", func(t *control.Tx) error {
		id := control.NewID(control.ResourceIDLength)
		doc.AWS.Id = &id
		taken, err := t.Load(p.LinksKey()+id, nil) // integrations tell links of both kinds apart by it
		if err != nil {
			return err
		}
		if taken {
			return store.ErrConflict // another id
		}
		return t.Put(linksKey(p)+id, &doc)
	})
	if err != nil {
		return nil, err
	}
	out := doc.AWS
	out.Status, out.StatusMessage = new(linkPending), nil
	return &out, nil
}

func checkLink(l *v1.VpcLink) *wire.Error {
	control.DropEmpty(&l.Description)
	if err := checkName(l.Name); err != nil {
		return err
	}
	return checkDescription(l.Description)
}

// checkTargets takes the ARN of one network load balancer. Nothing here knows
// whether it exists.
func checkTargets(list []string) *wire.Error {
	if len(list) != 1 {
		return bad(textLinkOne, len(list))
	}
	parts := balancerForm.FindStringSubmatch(list[0])
	switch {
	case !arnForm.MatchString(list[0]):
		return bad(textLinkARN, clip(list[0]))
	case parts == nil || parts[1] != "net":
		return bad(textLinkKind, clip(list[0]))
	}
	return nil
}

// loadLink reads a VPC link, or refuses.
func loadLink(t *control.Tx, p control.Place, id string) (*vpcLinkDoc, error) {
	doc := new(vpcLinkDoc)
	if !plainID(id) {
		return nil, noLink()
	}
	found, err := t.Load(linksKey(p)+id, doc)
	if err == nil && !found {
		err = noLink()
	}
	return doc, err
}

// GetVpcLink returns a VPC link.
func (s *Service) GetVpcLink(ctx context.Context, in *v1.GetVpcLinkInput) (*v1.VpcLink, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var out v1.VpcLink
	err = s.desk.View(ctx, func(t *control.Tx) error {
		doc, err := loadLink(t, p, text(in.VpcLinkId))
		if err == nil {
			out = doc.AWS
		}
		return err
	})
	return &out, err
}

// GetVpcLinks returns a page of the VPC links of a place, in the order of their
// ids.
func (s *Service) GetVpcLinks(ctx context.Context, in *v1.GetVpcLinksInput) (*v1.VpcLinks, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v1.VpcLinks{Items: []v1.VpcLink{}}
	out.Position, err = s.page(ctx, linksKey(p), in.Limit, in.Position, func(text []byte) error {
		var doc vpcLinkDoc
		err := control.Decode(text, &doc)
		if len(doc.AWS.Tags) == 0 {
			doc.AWS.Tags = nil // lists omit empty tags
		}
		out.Items = append(out.Items, doc.AWS)
		return err
	})
	return &out, err
}

// UpdateVpcLink changes name and description by patches.
func (s *Service) UpdateVpcLink(ctx context.Context, in *v1.UpdateVpcLinkInput) (*v1.VpcLink, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var out v1.VpcLink
	id := text(in.VpcLinkId)
	err = s.desk.Do(ctx, "vpclinks/"+id, func(t *control.Tx) error {
		doc, err := loadLink(t, p, id)
		if err != nil {
			return err
		}
		if err := patch(linkRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := firstError(checkLink(&doc.AWS)); err != nil {
			return err
		}
		out = doc.AWS
		return t.Put(linksKey(p)+id, doc)
	})
	return &out, err
}

// linkRules are those of UpdateVpcLink (control-plane 2.2).
func linkRules() []rule[*v1.VpcLink] {
	return []rule[*v1.VpcLink]{
		{"/name", replace, func(l *v1.VpcLink, o *op) error { return putText(&l.Name, o) }},
		{"/description", replace, func(l *v1.VpcLink, o *op) error { return putText(&l.Description, o) }},
	}
}

// DeleteVpcLink removes a VPC link that no draft uses. A deployment that still
// names it keeps working: what it leads to is not the link's to say.
func (s *Service) DeleteVpcLink(ctx context.Context, in *v1.DeleteVpcLinkInput) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	id := text(in.VpcLinkId)
	return s.desk.Do(ctx, "vpclinks/"+id, func(t *control.Tx) error {
		if _, err := loadLink(t, p, id); err != nil {
			return err
		}
		if err := t.Abandon(p, control.UseLink, id); err != nil {
			return err
		}
		path, api, err := linkUse(t, p, id)
		if err != nil {
			return err
		}
		if path != "" {
			return bad(textLinkUsed, id, path, api)
		}
		t.Delete(linksKey(p) + id)
		return nil
	})
}

// LinkUser is for control.Desk: it names a REST API of which a draft has an
// integration through a VPC link, "" for none.
func LinkUser(t *control.Tx, p control.Place, link string) (api string, err error) {
	_, api, err = linkUse(t, p, link)
	return api, err
}

// linkUse finds a method with an integration through a VPC link, and its API.
func linkUse(t *control.Tx, p control.Place, link string) (path, api string, err error) {
	err = eachAPI(t, p, func(d *draft) error {
		if path != "" {
			return nil
		}
		path, _, err = d.methodUsing(link, func(m *v1.Method) string {
			i := m.MethodIntegration
			return inRequest(i != nil && text(i.ConnectionId) == link)
		})
		api = string(d.api)
		return err
	})
	if path == "" {
		api = ""
	}
	return path, api, err
}

// findLink checks that the VPC link of an integration is one of this place, V1's
// or V2's. One that a stage variable names is known when a request comes.
func (m *method) findLink(i *v1.Integration) error {
	id := text(i.ConnectionId)
	if text(i.ConnectionType) != vpcLink || strings.Contains(id, "${stageVariables.") {
		return nil
	}
	if !plainID(id) {
		return bad(textLink)
	}
	for _, tree := range []string{linksKey(m.place), m.place.LinksKey()} {
		found, err := m.Load(tree+id, nil)
		if err != nil {
			return err
		}
		if found {
			return m.Use(m.place, control.UseLink, id)
		}
	}
	return bad(textLink)
}
