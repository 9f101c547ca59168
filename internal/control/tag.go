package control

import (
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
