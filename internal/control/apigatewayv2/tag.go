package apigatewayv2

import (
	"context"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func noTagged(arn string) *wire.Error { return missing("Resource", textNoTagged, clip(arn)) }

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

// GetTags returns the tags of an API, a stage, a domain name or a VPC link, and
// of whatever other services tag.
func (s *Service) GetTags(ctx context.Context, in *v2.GetTagsInput) (*v2.GetTagsOutput, error) {
	out := &v2.GetTagsOutput{Tags: map[string]string{}}
	return out, s.tags(ctx, in.ResourceArn, control.ReadTags(out.Tags))
}

// TagResource adds tags, and replaces those of the same keys.
func (s *Service) TagResource(ctx context.Context, in *v2.TagResourceInput) (*v2.TagResourceOutput, error) {
	add, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &v2.TagResourceOutput{}, s.tags(ctx, in.ResourceArn, control.AddTags(add, plainTags))
}

// UntagResource takes tags away. Keys that are not there are no error.
func (s *Service) UntagResource(ctx context.Context, in *v2.UntagResourceInput) error {
	return s.tags(ctx, in.ResourceArn, control.DropTags(in.TagKeys))
}

// tags runs op on the tags of what an ARN of this place names.
func (s *Service) tags(ctx context.Context, arn *string, op control.Retag) error {
	return s.desk.Retag(ctx, text(arn), Tags, op, noTagged(text(arn)))
}

// Tags is the control.Tagger of what this service makes.
func Tags(t *control.Tx, p control.Place, path []string, op control.Retag) (found bool, err error) {
	switch {
	case len(path) == 2 && path[0] == "apis":
		return tagAPI(t, p, path[1], op)
	case len(path) == 4 && path[0] == "apis" && path[2] == "stages":
		return tagStage(t, p, path[1], path[3], op)
	case len(path) == 2 && path[0] == "domainnames":
		return tagDomain(t, p, path[1], op)
	case len(path) == 2 && path[0] == "vpclinks":
		return tagVpcLink(t, p, path[1], op)
	}
	return false, nil
}

// retag runs op on the tags of a document, if it is there.
func retag(t *control.Tx, key string, doc any, tags *map[string]string, op control.Retag) (found bool, err error) {
	if found, err = t.Load(key, doc); err != nil || !found {
		return false, err
	}
	next, err := op(*tags)
	if err != nil || next == nil {
		return true, err
	}
	*tags = next
	return true, t.Put(key, doc)
}

func tagAPI(t *control.Tx, p control.Place, id string, op control.Retag) (bool, error) {
	if !plainID(id) {
		return false, nil
	}
	var doc apiDoc
	return retag(t, apisKey(p)+id, &doc, &doc.AWS.Tags, op)
}

func tagStage(t *control.Tx, p control.Place, api, name string, op control.Retag) (bool, error) {
	if !plainID(api) || !plainID(name) {
		return false, nil
	}
	k := keys{p, gate.APIID(api)}
	if there, err := t.Load(k.apiKey(), nil); err != nil || !there {
		return false, err
	}
	var doc stageDoc
	return retag(t, k.stageKey(name), &doc, &doc.AWS.Tags, op)
}

func tagDomain(t *control.Tx, p control.Place, name string, op control.Retag) (bool, error) {
	name, id, _ := strings.Cut(name, "+") // a private domain has one
	d, found, err := t.Domain(p, name, id)
	if err != nil || !found {
		return false, err
	}
	return retag(t, d.Key(), &d.Head, &d.Head.AWS.Tags, op)
}

func tagVpcLink(t *control.Tx, p control.Place, id string, op control.Retag) (bool, error) {
	if !plainID(id) {
		return false, nil
	}
	var doc vpcLinkDoc
	return retag(t, vpcLinksKey(p)+id, &doc, &doc.AWS.Tags, op)
}
