package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/openapi"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// maxImportLines bounds the lines of a refusal.
const maxImportLines = 50

// ImportApi makes an API of an OpenAPI document: all of it, or nothing.
func (s *Service) ImportApi(ctx context.Context, in *v2.ImportApiInput) (*v2.ImportApiOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	e, err := s.edition(ctx, text(in.Body), in.Basepath)
	if err != nil {
		return nil, err
	}
	id := e.custom
	if id == "" {
		id = control.NewID(control.APIIDLength)
	}
	k := keys{p, gate.APIID(id)}
	d, err := s.publish(ctx, k, e, is(in.FailOnWarnings), func(d *draft) error {
		d.head = apiDoc{AWS: e.def.API}
		d.head.AWS.ApiId = &id
		d.head.AWS.Tags = e.tags
		return d.vacant()
	}, func(d *draft) error {
		return d.createAPI(nil)
	})
	if err != nil {
		return nil, err
	}
	s.desk.Logger().Info("api imported", "api", id, "name", text(d.head.AWS.Name), "routes", len(e.def.Routes), "account", p.Account, "region", p.Region)
	out := v2.ImportApiOutput(e.shown(s, d))
	return &out, nil
}

// ReimportApi replaces all of an API by an OpenAPI document, but for its id, its
// date and its stages. What stages serve changes with their next deployment,
// which is at once where they have autoDeploy.
func (s *Service) ReimportApi(ctx context.Context, in *v2.ReimportApiInput) (*v2.ReimportApiOutput, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	// Who has no such API learns that before anything of the document.
	if err := s.view(ctx, in.ApiId, func(*draft) error { return nil }); err != nil {
		return nil, err
	}
	e, err := s.edition(ctx, text(in.Body), in.Basepath)
	if err != nil {
		return nil, err
	}
	if e.custom != "" && e.custom != text(in.ApiId) {
		return nil, bad("tags", textTagKey, control.CustomIDTag)
	}
	d, err := s.publish(ctx, keys{p, gate.APIID(text(in.ApiId))}, e, is(in.FailOnWarnings), func(d *draft) error {
		found, err := d.Load(d.apiKey(), &d.head)
		if err == nil && !found {
			err = noAPI(p, d.api)
		}
		return err
	}, func(d *draft) error {
		d.replace(e)
		d.edited = true
		if err := d.pend(); err != nil {
			return err
		}
		return d.putAPI()
	})
	if err != nil {
		return nil, err
	}
	out := v2.ReimportApiOutput(e.shown(s, d))
	return &out, nil
}

// vacant holds that nobody has the id of a new API.
func (d *draft) vacant() error {
	taken, err := d.Load(indexKey(d.api), nil)
	if err == nil && taken {
		err = conflict(textIDTaken, d.api)
	}
	return err
}

// replace puts what the document says of the API into its head. What a document
// cannot say stays, and so do the tags if it has none.
func (d *draft) replace(e *edition) {
	was := d.head.AWS
	now := e.def.API
	now.ApiId, now.CreatedDate, now.Tags = was.ApiId, was.CreatedDate, was.Tags
	now.ApiKeySelectionExpression, now.DisableSchemaValidation = was.ApiKeySelectionExpression, was.DisableSchemaValidation
	if len(e.tags) > 0 {
		now.Tags = e.tags
	}
	d.head.AWS = now
	d.head.Route, d.head.Integration = "", "" // of quick create: they are gone
}

// shown is the answer to an import.
func (e *edition) shown(s *Service, d *draft) v2.Api {
	a := s.shown(d.keys, d.head)
	a.Warnings, a.ImportInfo = lines(e.def.Warnings), lines(e.def.Ignored)
	return a
}

func lines(notes []openapi.Note) []string {
	var all []string
	for _, n := range notes {
		all = append(all, n.String())
	}
	return all
}

// edition reads a document and holds all that it defines to what the single
// operations hold it to.
func (s *Service) edition(ctx context.Context, document string, base *string) (*edition, error) {
	mode := openapi.BasePath(strings.ToLower(text(base)))
	if mode != "" {
		if err := checkOneOf("basepath", string(mode), openapi.BasePaths()...); err != nil {
			return nil, err
		}
	}
	def, err := openapi.Parse(ctx, []byte(document), mode)
	var list openapi.Errors
	if errors.As(err, &list) {
		return nil, badDocument(list)
	}
	if err != nil {
		return nil, err
	}
	return s.check(def)
}

func badDocument(list openapi.Errors) *wire.Error {
	if n := len(list); n > maxImportLines {
		list = append(slices.Clone(list[:maxImportLines]), openapi.Note{Text: fmt.Sprintf(textImportMore, n-maxImportLines)})
	}
	e := plainly(textImport, list)
	e.Err = list
	return e
}

// Validate holds a definition to everything that ImportApi holds it to, but for
// what only the store knows: VPC links, and ids that are taken. It completes the
// definition with the defaults, gives its parts ids and adds to its warnings.
// The error is a *wire.Error; it wraps openapi.Errors where places in the
// document are at fault. Validate may be called by any number of goroutines,
// each with a definition of its own.
func (s *Service) Validate(def *openapi.Definition) error {
	_, err := s.check(def)
	return err
}

// check validates a definition and prepares it to be written.
func (s *Service) check(def *openapi.Definition) (*edition, error) {
	e := &edition{def: def}
	c := &checker{}
	tags, custom, err := control.SplitTags(def.API.Tags)
	if err != nil {
		c.note(def.At, plainly(textReason, err))
	}
	e.tags, e.custom = tags, custom
	def.API.ProtocolType = new(string(gate.HTTP))
	if err := s.completeAPI(&def.API); err != nil {
		at := def.At
		if strings.Contains(err.Error(), "corsConfiguration") || strings.Contains(err.Error(), textCredentials) {
			at = def.CORSAt
		}
		c.note(at, err)
	}
	ids := idents{}
	for _, a := range def.Authorizers {
		c.note(a.At, completeAuthorizer(&a.AWS))
		a.AWS.AuthorizerId = ids.next(control.ResourceIDLength)
	}
	for _, i := range def.Integrations {
		c.note(i.At, s.completeIntegration(&i.AWS))
		i.AWS.IntegrationId = ids.next(control.RouteIDLength)
	}
	c.routes(def, ids)
	if c.err != nil {
		return nil, c.err
	}
	if len(c.found) > 0 {
		return nil, badDocument(c.found)
	}
	s.rehearse(def)
	return e, nil
}

// idents makes ids of which no two are the same.
type idents map[string]bool

func (i idents) next(n int) *string {
	for {
		if id := control.NewID(n); !i[id] {
			i[id] = true
			return &id
		}
	}
}

// checker collects what is wrong with the parts of a definition.
type checker struct {
	found openapi.Errors
	err   error // that is nobody's fault who wrote the document
}

// note takes note of the refusal of a part.
func (c *checker) note(at openapi.Position, err error) {
	var e *wire.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.Status < 500, errors.As(err, &e) && e.Status == 501:
		c.found = append(c.found, openapi.Note{At: at, Text: e.Message})
	case c.err == nil:
		c.err = err
	}
}

// routes completes the routes. Two that match the same requests are told with
// both of their places.
func (c *checker) routes(def *openapi.Definition, ids idents) {
	taken := make(map[string]*openapi.Route, len(def.Routes))
	for _, r := range def.Routes {
		r.AWS.RouteId = ids.next(control.RouteIDLength)
		if r.Authorizer != nil {
			r.AWS.AuthorizerId = r.Authorizer.AWS.AuthorizerId
		}
		if r.Integration != nil {
			r.AWS.Target = new(targetPrefix + *r.Integration.AWS.IntegrationId)
		} else {
			def.Warn(r.At, textNoTarget, clip(text(r.AWS.RouteKey)))
		}
		c.note(r.At, completeRoute(&r.AWS))
		key := parameter.ReplaceAllString(*r.AWS.RouteKey, "{$1}")
		if other := taken[key]; other != nil {
			c.found = append(c.found, openapi.Note{At: r.At, Text: fmt.Sprintf(textSameRequests, clip(*r.AWS.RouteKey), clip(*other.AWS.RouteKey), other.At)})
			continue
		}
		taken[key] = r
	}
}

// rehearse makes the dry run of a deployment. A definition that cannot be
// deployed may be imported all the same, as an API may be edited in two steps:
// its owner is warned, with the place of each route that is in the way.
func (s *Service) rehearse(def *openapi.Definition) {
	lowered := make(map[*openapi.Integration]*gate.Integration, len(def.Integrations))
	for _, i := range def.Integrations {
		lowered[i] = lowerIntegration(&i.AWS)
	}
	whole := s.rehearsal(def)
	for _, r := range def.Routes {
		whole.Routes = append(whole.Routes, lowerRoute(&r.AWS, lowered[r.Integration]))
	}
	err := s.compiles(whole)
	if err == nil || len(whole.Routes) == 0 {
		return
	}
	found := false
	for i, r := range def.Routes {
		one := s.rehearsal(def)
		one.Routes = whole.Routes[i : i+1]
		if err := s.compiles(one); err != nil {
			found = true
			def.Warn(r.At, textUndeployable, reasonOf(err))
		}
	}
	if !found {
		def.Warn(openapi.Position{}, textUndeployable, reasonOf(err))
	}
}

// reasonOf is a problem without the place of an API that has no id yet.
func reasonOf(err error) error {
	if reason := errors.Unwrap(err); reason != nil {
		return reason
	}
	return err
}

func (s *Service) rehearsal(def *openapi.Definition) *gate.Definition {
	// Any region will do: services are called in one, and an import makes no call.
	return &gate.Definition{API: gate.API{Protocol: gate.HTTP, Name: text(def.API.Name), Region: "us-east-1"}, Deployment: gate.Deployment{Created: s.desk.Time()}}
}
