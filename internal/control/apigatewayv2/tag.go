package apigatewayv2

import (
	"context"
	"maps"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func noTagged(arn string) *wire.Error { return missing("Resource", textNoTagged, clip(arn)) }

// A retag returns what tags are to be, nil to leave them.
type retag func(tags map[string]string) (map[string]string, error)

// plainTags checks the tags of what has no id to choose.
func plainTags(tags map[string]string) (map[string]string, error) {
	keep, custom, err := control.SplitTags(tags)
	if err != nil {
		return nil, plainly(textReason, err)
	}
	if custom != "" {
		return nil, bad("tags", textTagKey, control.CustomIDTag)
	}
	return keep, nil
}

// GetTags returns the tags of an API, a stage, a domain name or a VPC link.
func (s *Service) GetTags(ctx context.Context, in *v2.GetTagsInput) (*v2.GetTagsOutput, error) {
	out := &v2.GetTagsOutput{Tags: map[string]string{}}
	err := s.tags(ctx, in.ResourceArn, func(tags map[string]string) (map[string]string, error) {
		maps.Copy(out.Tags, tags)
		return nil, nil
	})
	return out, err
}

// TagResource adds tags, and replaces those of the same keys.
func (s *Service) TagResource(ctx context.Context, in *v2.TagResourceInput) (*v2.TagResourceOutput, error) {
	add, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	err = s.tags(ctx, in.ResourceArn, func(tags map[string]string) (map[string]string, error) {
		all := maps.Clone(tags)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, add)
		return plainTags(all) // there may be too many of them now
	})
	return &v2.TagResourceOutput{}, err
}

// UntagResource takes tags away. Keys that are not there are no error.
func (s *Service) UntagResource(ctx context.Context, in *v2.UntagResourceInput) error {
	return s.tags(ctx, in.ResourceArn, func(tags map[string]string) (map[string]string, error) {
		left := maps.Clone(tags)
		if left == nil {
			left = map[string]string{}
		}
		for _, key := range in.TagKeys {
			delete(left, key)
		}
		return left, nil
	})
}

// tags runs op on the tags of what an ARN of this place names.
func (s *Service) tags(ctx context.Context, arn *string, op retag) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	path, ok := p.Path(text(arn))
	if !ok {
		return noTagged(text(arn))
	}
	parts := strings.Split(path[1:], "/")
	turn := path[1:]
	if len(parts) > 1 {
		turn = strings.Replace(parts[0], "domainnames", "domains", 1) + "/" + parts[1] // where the edits of the same thing wait
	}
	return s.desk.Do(ctx, turn, func(t *control.Tx) error {
		switch {
		case len(parts) == 2 && parts[0] == "apis":
			return s.tagAPI(t, p, parts[1], op)
		case len(parts) == 4 && parts[0] == "apis" && parts[2] == "stages":
			return s.tagStage(t, p, parts[1], parts[3], op)
		case len(parts) == 2 && parts[0] == "domainnames":
			return s.tagDomain(t, p, parts[1], op)
		case len(parts) == 2 && parts[0] == "vpclinks":
			return s.tagVpcLink(t, p, parts[1], op)
		}
		return noTagged(text(arn))
	})
}

func (s *Service) tagAPI(t *control.Tx, p control.Place, id string, op retag) error {
	d, err := s.open(t, p, &id)
	if err != nil {
		return err
	}
	tags, err := op(d.head.AWS.Tags)
	if err != nil || tags == nil {
		return err
	}
	d.head.AWS.Tags = tags
	return d.Put(d.apiKey(), &d.head)
}

func (s *Service) tagStage(t *control.Tx, p control.Place, id, name string, op retag) error {
	d, err := s.open(t, p, &id)
	if err != nil {
		return err
	}
	var doc stageDoc
	if err := d.loadStage(name, &doc); err != nil {
		return err
	}
	tags, err := op(doc.AWS.Tags)
	if err != nil || tags == nil {
		return err
	}
	doc.AWS.Tags = tags
	return d.Put(d.stageKey(name), &doc)
}

func (s *Service) tagDomain(t *control.Tx, p control.Place, name string, op retag) error {
	d, err := s.openDomain(t, p, &name)
	if err != nil {
		return err
	}
	tags, err := op(d.head.AWS.Tags)
	if err != nil || tags == nil {
		return err
	}
	d.head.AWS.Tags = tags
	return d.Put(d.key(), &d.head)
}

func (s *Service) tagVpcLink(t *control.Tx, p control.Place, id string, op retag) error {
	var doc vpcLinkDoc
	if err := loadVpcLink(t, p, id, &doc, noVpcLink(id)); err != nil {
		return err
	}
	tags, err := op(doc.AWS.Tags)
	if err != nil || tags == nil {
		return err
	}
	doc.AWS.Tags = tags
	return t.Put(vpcLinksKey(p)+id, &doc)
}
