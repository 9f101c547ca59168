package apigateway

import (
	"context"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

func noTagged(arn string) *wire.Error { return missing(textNoTagged, clip(arn)) }

// plainTags checks the tags of what has no id to choose.
func plainTags(tags map[string]string) (map[string]string, error) {
	keep, custom, err := control.SplitTags(tags)
	if err != nil {
		return nil, bad("%s", err.Error())
	}
	if custom != "" {
		return nil, bad(textTagKey, control.CustomIDTag)
	}
	return keep, nil
}

// GetTags returns the tags of an API, a stage, a VPC link or a client
// certificate, and of whatever other services tag. There are never so many that
// they need pages.
func (s *Service) GetTags(ctx context.Context, in *v1.GetTagsInput) (*v1.Tags, error) {
	out := &v1.Tags{Tags: map[string]string{}}
	if text(in.Position) != "" {
		return nil, bad(textPosition) // none was given out
	}
	return out, s.tags(ctx, in.ResourceArn, control.ReadTags(out.Tags))
}

// TagResource adds tags, and replaces those of the same keys.
func (s *Service) TagResource(ctx context.Context, in *v1.TagResourceInput) error {
	add, err := plainTags(in.Tags)
	if err != nil {
		return err
	}
	return s.tags(ctx, in.ResourceArn, control.AddTags(add, plainTags))
}

// UntagResource takes tags away. Keys that are not there are no error.
func (s *Service) UntagResource(ctx context.Context, in *v1.UntagResourceInput) error {
	return s.tags(ctx, in.ResourceArn, control.DropTags(in.TagKeys))
}

// tags runs op on the tags of what an ARN of this place names.
func (s *Service) tags(ctx context.Context, arn *string, op control.Retag) error {
	return s.desk.Retag(ctx, text(arn), Tags, op, noTagged(text(arn)))
}

// Tags is the control.Tagger of what this service makes. Domain names are those
// of V2, which tags them.
func Tags(t *control.Tx, p control.Place, path []string, op control.Retag) (found bool, err error) {
	for _, part := range path {
		if !plainID(part) { // it becomes a part of keys
			return false, nil
		}
	}
	switch {
	case len(path) == 2 && path[0] == "restapis":
		var doc apiDoc
		return retag(t, apisKey(p)+path[1], &doc, &doc.AWS.Tags, op)
	case len(path) == 4 && path[0] == "restapis" && path[2] == "stages":
		return tagStage(t, keys{p, gate.APIID(path[1])}, path[3], op)
	case len(path) == 2 && path[0] == "vpclinks":
		var doc vpcLinkDoc
		return retag(t, linksKey(p)+path[1], &doc, &doc.AWS.Tags, op)
	case len(path) == 2 && path[0] == "clientcertificates":
		var doc certificateDoc
		return retag(t, certificatesKey(p)+path[1], &doc, &doc.AWS.Tags, op)
	}
	return false, nil
}

func tagStage(t *control.Tx, k keys, name string, op control.Retag) (bool, error) {
	if there, err := t.Load(k.apiKey(), nil); err != nil || !there {
		return false, err
	}
	var doc stageDoc
	return retag(t, k.stageKey(name), &doc, &doc.AWS.Tags, op)
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
