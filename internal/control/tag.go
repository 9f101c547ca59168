package control

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of tags (API Gateway developer guide, "Tagging API Gateway resources").
const (
	maxTags     = 50
	maxTagKey   = 128 // characters
	maxTagValue = 256
)

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// SplitTags checks the tags of a create operation and returns those to keep,
// never nil, and the id that CustomIDTag asked for. The error's text is for the
// client and names the tag.
func SplitTags(tags map[string]string) (keep map[string]string, id string, err error) {
	keep = make(map[string]string, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		v := tags[k]
		if k == CustomIDTag {
			if err := checkCustomID(v); err != nil {
				return nil, "", err
			}
			id = v
			continue
		}
		if err := checkTag(k, v); err != nil {
			return nil, "", err
		}
		keep[k] = v
	}
	if len(keep) > maxTags {
		return nil, "", fmt.Errorf("tags: %d are given, at most %d are allowed", len(keep), maxTags)
	}
	return keep, id, nil
}

func checkTag(k, v string) error {
	switch n := utf8.RuneCountInString(k); {
	case n < 1 || n > maxTagKey:
		return fmt.Errorf("tags: key %.80q has %d characters, must have 1 to %d", k, n, maxTagKey)
	case strings.HasPrefix(strings.ToLower(k), "aws:"):
		return fmt.Errorf("tags: key %.80q begins with aws:, which is reserved", k)
	case !tagText.MatchString(k):
		return fmt.Errorf("tags: key %.80q holds a character that is not allowed: use letters, digits, spaces and _.:/=+-@", k)
	}
	if n := utf8.RuneCountInString(v); n > maxTagValue {
		return fmt.Errorf("tags: the value of key %.80q has %d characters, at most %d are allowed", k, n, maxTagValue)
	}
	if !tagText.MatchString(v) {
		return fmt.Errorf("tags: the value of key %.80q holds a character that is not allowed: use letters, digits, spaces and _.:/=+-@", k)
	}
	return nil
}

// A Retag returns what tags are to be, nil to leave them.
type Retag func(tags map[string]string) (map[string]string, error)

// A Tagger runs op on the tags of what a path of an ARN names, cut at its
// slashes: restapis, a1b2c3. found is false where it knows no such thing.
type Tagger func(t *Tx, p Place, path []string, op Retag) (found bool, err error)

// Retag runs op on the tags of what an ARN of this place names: own is the
// service's that was called, and the desk's Taggers are asked after it, for
// either control plane tags what the other has made. absent is the refusal of an
// ARN that names nothing.
func (d *Desk) Retag(ctx context.Context, arn string, own Tagger, op Retag, absent error) error {
	p, err := d.Place(ctx)
	if err != nil {
		return err
	}
	path, ok := p.Path(arn)
	if !ok {
		return absent
	}
	parts := strings.Split(path[1:], "/")
	return d.Do(ctx, turn(parts), func(t *Tx) error {
		for _, tagger := range append([]Tagger{own}, d.Taggers...) {
			if found, err := tagger(t, p, parts, op); found || err != nil {
				return err
			}
		}
		return absent
	})
}

// turn is the line where the edits of the same thing wait.
func turn(path []string) string {
	if len(path) < 2 {
		return path[0]
	}
	kind := path[0]
	switch kind {
	case "domainnames":
		kind = "domains"
	case "restapis":
		kind = "apis"
	}
	return kind + "/" + path[1]
}

// AddTags is the Retag of a TagResource: it adds tags, and replaces those of the
// same keys. check is what the tags of a creation are held to; there may be too
// many of them now.
func AddTags(add map[string]string, check func(map[string]string) (map[string]string, error)) Retag {
	return func(tags map[string]string) (map[string]string, error) {
		all := make(map[string]string, len(tags)+len(add))
		maps.Copy(all, tags)
		maps.Copy(all, add)
		return check(all)
	}
}

// DropTags is the Retag of an UntagResource. Keys that are not there are no
// error.
func DropTags(names []string) Retag {
	return func(tags map[string]string) (map[string]string, error) {
		left := make(map[string]string, len(tags))
		maps.Copy(left, tags)
		for _, key := range names {
			delete(left, key)
		}
		return left, nil
	}
}

// ReadTags is the Retag of a GetTags: it copies the tags to out.
func ReadTags(out map[string]string) Retag {
	return func(tags map[string]string) (map[string]string, error) {
		maps.Copy(out, tags)
		return nil, nil
	}
}
