package mapping

import (
	"strings"
)

// mediaType is the type of a Content-Type or of an element of Accept, without
// its parameters and blanks.
func mediaType(v string) string {
	v, _, _ = strings.Cut(v, ";")
	return strings.TrimSpace(v)
}

// firstAccepted is the first media type of an Accept field, which is the one
// that counts (developer guide, "Content type conversions"; runtime 1.12).
func firstAccepted(accept string) string {
	first, _, _ := strings.Cut(accept, ",")
	return mediaType(first)
}

// choose picks a template for a reply: the one of the first type that the
// client accepts, else that of application/json, else the first by name.
func choose[T any](list []typed[T], accept string) *typed[T] {
	if len(list) == 0 {
		return nil
	}
	want := firstAccepted(accept)
	other := &list[0]
	for i := range list {
		switch t := &list[i]; {
		case want != "" && strings.EqualFold(t.mediaType, want):
			return t
		case strings.EqualFold(t.mediaType, jsonType):
			other = t
		}
	}
	return other
}

// typed is a template and the media type that it is for.
type typed[T any] struct {
	mediaType string
	template  T
}

// jsonType is the type of what says no other.
const jsonType = "application/json"
