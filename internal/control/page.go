package control

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/store"
)

// Sizes of a page. AWS documents neither for V2; a client that reads only one
// page misses least with a generous default.
const (
	defaultPage = 100
	maxPage     = 500
)

// Refusals of a page's parameters; the text of the error is for the client.
var (
	ErrMaxResults = errors.New("maxResults must be a number from 1 to 500")
	ErrNextToken  = errors.New("nextToken is not one of this list: pass back what the page before returned")
)

// A Page asks for a part of a list, in the order of keys.
type Page struct {
	MaxResults *string // nil or "": as many as the service likes
	NextToken  *string // nil or "": from the beginning
}

// List visits the documents of a page of all those under prefix and returns
// the token of the next page, nil on the last one. It returns ErrMaxResults or
// ErrNextToken for what the client got wrong. A number above the largest page
// gets the largest page, for the token leads to the rest.
func (d *Desk) List(ctx context.Context, prefix string, p Page, visit func(value []byte) error) (next *string, err error) {
	size, after, err := p.window(prefix)
	if err != nil {
		return nil, err
	}
	docs, _, err := d.Store.List(ctx, prefix, after, size+1)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	for i, doc := range docs {
		if i == size {
			t := makeToken(prefix, docs[i-1].Key)
			return &t, nil
		}
		if err := visit(doc.Value); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Pick is List for what one document holds: it visits the names of a page, in
// their order. list tells the token of one list from that of another.
func Pick(list string, names []string, p Page, visit func(name string)) (next *string, err error) {
	size, after, err := p.window(list)
	if err != nil {
		return nil, err
	}
	last := ""
	for _, name := range slices.Sorted(slices.Values(names)) {
		switch {
		case after != "" && name <= strings.TrimPrefix(after, list):
			continue
		case size == 0:
			t := makeToken(list, list+last)
			return &t, nil
		}
		visit(name)
		last = name
		size--
	}
	return nil, nil
}

// window is how many items a page has, and the key after which it begins.
func (p Page) window(prefix string) (size int, after string, err error) {
	size = defaultPage
	if p.MaxResults != nil && *p.MaxResults != "" {
		if size, err = strconv.Atoi(*p.MaxResults); err != nil || size < 1 {
			return 0, "", ErrMaxResults
		}
		size = min(size, maxPage)
	}
	if p.NextToken != nil && *p.NextToken != "" {
		after, err = openToken(prefix, *p.NextToken)
	}
	return size, after, err
}

// tokenMark binds a token to its list: 8 bytes of the prefix's SHA-256.
const tokenMark = 8

// makeToken is opaque to clients: the mark of the list, then where it goes on.
func makeToken(prefix, last string) string {
	sum := sha256.Sum256([]byte(prefix))
	return base64.RawURLEncoding.EncodeToString(append(sum[:tokenMark:tokenMark], strings.TrimPrefix(last, prefix)...))
}

// openToken returns the key after which a list goes on. It always lies under
// the prefix, so that a token that somebody made up reads nothing else.
func openToken(prefix, token string) (after string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	sum := sha256.Sum256([]byte(prefix))
	if err != nil || len(raw) <= tokenMark || len(raw) > store.MaxKeyBytes || string(raw[:tokenMark]) != string(sum[:tokenMark]) {
		return "", ErrNextToken
	}
	return prefix + string(raw[tokenMark:]), nil
}
