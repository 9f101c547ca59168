// Package apigatewayv2 is the control plane of HTTP APIs: the operations of
// Amazon API Gateway V2 on APIs and all that they have, custom domains, VPC
// links and tags.
// Drafts are kept in the AWS shapes as they were put; a deployment lowers them
// to the nouns of package gate and freezes them.
//
// Which operations exist, and what becomes of each of their fields, is listed
// in docs/coverage.md, which is generated from coverage.go.
package apigatewayv2

import (
	"context"
	"errors"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// A Service answers the operations. It serves any number of goroutines and has
// none of its own: an automatic deployment is made by the call that needs it,
// and what fails then by Work, which its owner runs.
type Service struct {
	v2.Unimplemented // what is not built yet answers 501

	desk *control.Desk
	// compiles is the dry run of a deployment: an error is why the definition
	// could not be served. Its text is shown to the client.
	compiles func(*gate.Definition) error
	turns    turns
	owed     chan struct{} // holds a token while an automatic deployment is due that failed
}

var _ v2.Service = (*Service)(nil)

// New returns the service of a desk. compiles is the dry run before each
// deployment; nil: everything that can be lowered is taken.
func New(d *control.Desk, compiles func(*gate.Definition) error) *Service {
	if compiles == nil {
		compiles = func(*gate.Definition) error { return nil }
	}
	return &Service{desk: d, compiles: compiles, owed: make(chan struct{}, 1)}
}

// A draft is one API as an operation sees it, in one run.
type draft struct {
	*control.Tx
	keys
	s    *Service
	head apiDoc
	// edited is set by what changes the definition: every stage with automatic
	// deployment then gets a new one.
	edited bool
	due    []string    // stages that get one anyway
	notes  []string    // what was lowered without being enforced yet
	source []store.Doc // what was lowered
}

// open loads the head of an API. Whatever is committed from here on depends on
// it, so that no edit lands in a generation that an import has replaced.
func (s *Service) open(t *control.Tx, p control.Place, api *string) (*draft, error) {
	id := gate.APIID(text(api))
	d := &draft{Tx: t, keys: keys{p, id}, s: s}
	if !plainID(string(id)) {
		return nil, noAPI(p, id)
	}
	found, err := t.Load(d.apiKey(), &d.head)
	if err == nil && !found {
		err = noAPI(p, id)
	}
	return d, err
}

// view runs op on the draft of an API without changing anything.
func (s *Service) view(ctx context.Context, api *string, op func(*draft) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	return s.desk.View(ctx, func(t *control.Tx) error {
		d, err := s.open(t, p, api)
		if err != nil {
			return err
		}
		return op(d)
	})
}

// edit runs op on the draft of an API, again where it meets a conflict, and
// returns when the automatic deployments that follow from it are handled.
func (s *Service) edit(ctx context.Context, api *string, op func(*draft) error) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	var d *draft
	err = s.desk.Do(ctx, line(gate.APIID(text(api))), func(t *control.Tx) (err error) {
		if d, err = s.open(t, p, api); err != nil {
			return err
		}
		if err = op(d); err != nil {
			return err
		}
		return d.pend()
	})
	if err == nil {
		s.settle(ctx, d.keys, d.due)
	}
	return err
}

// line is what operations that race take turns on.
func line(api gate.APIID) string { return "apis/" + string(api) }

// load reads a child of the API's draft, or returns the refusal missing.
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

// page visits one page of the documents under a prefix.
func (d *draft) page(prefix string, maxResults, nextToken *string, visit func(text []byte) error) (*string, error) {
	return d.s.page(d.Context(), prefix, maxResults, nextToken, visit)
}

func (s *Service) page(ctx context.Context, prefix string, maxResults, nextToken *string, visit func(text []byte) error) (*string, error) {
	next, err := s.desk.List(ctx, prefix, control.Page{MaxResults: maxResults, NextToken: nextToken}, visit)
	return next, pageError(err, maxResults)
}

// pageError words what a client got wrong of a page.
func pageError(err error, maxResults *string) error {
	switch {
	case errors.Is(err, control.ErrMaxResults):
		return bad("maxResults", textNotInRange, text(maxResults), 1, 500)
	case errors.Is(err, control.ErrNextToken):
		return bad("nextToken", textNextToken)
	}
	return err
}

func text(p *string) string { return control.Text(p) }
func is(p *bool) bool       { return control.Is(p) }

func (s *Service) now() *time.Time {
	t := s.desk.Time()
	return &t
}
