package apigateway

import (
	"errors"
	"maps"
	"slices"

	"gatehouse/internal/control"
)

// pick visits the page of a list that is read whole, in the order of the keys of
// its items, and returns the position of the next one, nil on the last. The
// position is the key of the last item shown, so that one that is deleted or
// added before it moves nothing. list names the list: a position of another is
// refused. No key is empty.
func pick[V any](list string, items map[string]V, limit *int32, position *string, visit func(V)) (next *string, err error) {
	p := control.Page{MaxResults: size(limit), NextToken: position}
	next, err = control.Pick(list, slices.Collect(maps.Keys(items)), p, func(key string) { visit(items[key]) })
	if errors.Is(err, control.ErrNextToken) {
		return nil, bad(textPosition)
	}
	return next, err
}
