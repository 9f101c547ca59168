// Package apigateway is the control plane of REST APIs: the operations of
// Amazon API Gateway V1.
// Drafts are kept in the AWS shapes as they were put; a deployment lowers them
// to the nouns of package gate and freezes them.
//
// Which operations exist, and what becomes of each of their fields, is listed
// in docs/coverage.md, which is generated from coverage.go.
package apigateway

import (
	"context"
	"crypto/rsa"
	"errors"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v1 "gatehouse/internal/wire/apigateway"
)

// A Service answers the operations. It serves any number of goroutines and has
// none of its own.
type Service struct {
	v1.Unimplemented // what is not built yet answers 501

	desk *control.Desk
	// compiles is the dry run of a deployment: an error is why the definition
	// could not be served. Its text is shown to the client.
	compiles func(*gate.Definition) error
	// newKey makes the private key of a client certificate, which takes its time.
	newKey func() (*rsa.PrivateKey, error)
}

var _ v1.Service = (*Service)(nil)

// New returns the service of a desk. compiles is the dry run before each
// deployment; nil: everything that can be lowered is taken.
func New(d *control.Desk, compiles func(*gate.Definition) error) *Service {
	if compiles == nil {
		compiles = func(*gate.Definition) error { return nil }
	}
	return &Service{desk: d, compiles: compiles, newKey: newCertificateKey}
}

// A draft is one API as an operation sees it, in one run.
type draft struct {
	*control.Tx
	keys
	s    *Service
	head apiDoc
}

// open loads the head of an API, or returns the refusal missing. Whatever is
// committed from here on depends on it, so that no edit lands in a generation
// that an import has replaced.
func (s *Service) open(t *control.Tx, p control.Place, api *string, missing error) (*draft, error) {
	d := &draft{Tx: t, keys: keys{p, gate.APIID(text(api))}, s: s}
	return d, d.load(d.apiKey(), text(api), &d.head, missing)
}

// view runs op on the draft of an API without changing anything. missing makes
// the refusal of an id that names no API: AWS's depends on the operation.
func (s *Service) view(ctx context.Context, api *string, missing func(control.Place, *string) error, op func(*draft) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.View(ctx, func(t *control.Tx) error {
		d, err := s.open(t, p, api, missing(p, api))
		if err != nil {
			return err
		}
		return op(d)
	})
}

// edit runs op on the draft of an API and commits, again where it meets a
// conflict.
func (s *Service) edit(ctx context.Context, api *string, missing func(control.Place, *string) error, op func(*draft) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.Do(ctx, line(gate.APIID(text(api))), func(t *control.Tx) error {
		d, err := s.open(t, p, api, missing(p, api))
		if err != nil {
			return err
		}
		return op(d)
	})
}

// line is what operations that race take turns on.
func line(api gate.APIID) string { return "apis/" + string(api) }

// load reads a document, or returns the refusal missing. The id came from the
// client and is a part of the key.
func (d *draft) load(key, id string, v any, missing error) error {
	if !plainID(id) {
		return missing
	}
	found, err := d.Load(key, v)
	if err == nil && !found {
		err = missing
	}
	return err
}

// refer notes that this edit relies on what it loaded to stay: whoever deletes
// such a thing has read the note before it looked for who needs it, and begins
// anew if there was such an edit meanwhile. Edits do not disturb each other.
func (d *draft) refer() error { return d.Set(d.epochKey(), struct{}{}) }

// alone makes the commit hold only if nobody refers to anything meanwhile.
func (d *draft) alone() error {
	if _, err := d.Load(d.epochKey(), nil); err != nil {
		return err
	}
	return d.Put(d.epochKey(), struct{}{})
}

// page visits one page of the documents under a prefix, in the order of keys.
func (s *Service) page(ctx context.Context, prefix string, limit *int32, position *string, visit func(text []byte) error) (*string, error) {
	p := control.Page{MaxResults: size(limit), NextToken: position}
	next, err := s.desk.List(ctx, prefix, p, visit)
	if errors.Is(err, control.ErrNextToken) {
		return nil, bad(textPosition)
	}
	return next, err
}
