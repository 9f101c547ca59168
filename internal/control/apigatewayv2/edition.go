package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/openapi"
	"gatehouse/internal/store"
)

// How a definition of any size comes into force in one commit
//
// The documents of a new generation are written beside the one in force, where
// nobody looks. Then one commit makes the head name the new generation and
// removes the old one. A note says from the first document on that a generation
// is being written. The last commit removes the note, and holds only if it is
// still there; so what a crash leaves is found by its note and swept away, and
// whoever is too slow finds the note gone and begins anew.
const (
	importing = "draft/importing/"

	// writeBatch and writeBytes bound the documents of one commit.
	writeBatch = 100
	writeBytes = 768 << 10
	// importWithin bounds an import, and importStale is how old a note is of
	// whose writer nothing can be expected any more.
	importWithin = 2 * time.Minute
	importStale  = 10 * time.Minute
	// maxImporting bounds the imports of one API that are under way.
	maxImporting = 8
)

// noteDoc is the note of a generation that is being written.
type noteDoc struct {
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Since   time.Time `json:"since"`
}

// An edition is a definition that is checked, and whose parts have their ids.
type edition struct {
	def    *openapi.Definition
	tags   map[string]string
	custom string // the id that a tag asks for
}

func (k keys) noteKey(gen uint64) string {
	return importing + string(k.api) + "/" + strconv.FormatUint(gen, 10)
}

// publish writes an edition and makes it the definition of its API. open loads
// the head that it is to replace, or prepares that of a new API; commit puts
// what is to be in the last commit. Both run again after a conflict. The draft
// returned is that of the last run.
func (s *Service) publish(ctx context.Context, k keys, e *edition, strict bool, open, commit func(*draft) error) (*draft, error) {
	if strict && len(e.def.Warnings) > 0 {
		return nil, plainly(textImportWarnings, strings.Join(lines(e.def.Warnings), "\n"))
	}
	ctx, cancel := context.WithTimeout(ctx, importWithin)
	defer cancel()
	if err := s.sweepImports(ctx); err != nil {
		return nil, err
	}
	d := &draft{s: s, keys: k}
	gen, err := s.begin(ctx, d, open)
	if err != nil {
		return nil, err
	}
	if err = s.write(ctx, k, gen, e); err == nil {
		err = s.desk.Do(ctx, line(k.api), func(t *control.Tx) error {
			d = &draft{Tx: t, keys: k, s: s}
			if err := open(d); err != nil {
				return err
			}
			return d.flip(gen, e, commit)
		})
	}
	if err != nil {
		s.abandon(ctx, k, gen)
		return nil, err
	}
	s.settle(ctx, d.keys, d.due)
	return d, nil
}

// begin chooses a generation that nobody writes and takes note of it.
func (s *Service) begin(ctx context.Context, d *draft, open func(*draft) error) (gen uint64, err error) {
	err = s.desk.Do(ctx, importing+string(d.api), func(t *control.Tx) error {
		d.Tx = t
		d.head = apiDoc{}
		if err := open(d); err != nil {
			return err
		}
		for gen = d.head.Gen + 1; ; gen++ {
			if gen > d.head.Gen+maxImporting {
				return conflict(textBusyImport)
			}
			taken, err := t.Load(d.noteKey(gen), nil)
			if err != nil {
				return err
			}
			if !taken {
				return t.Put(d.noteKey(gen), noteDoc{d.place.Account, d.place.Region, time.Now()})
			}
		}
	})
	return gen, err
}

// flip makes the generation that has been written the one in force.
func (d *draft) flip(gen uint64, e *edition, commit func(*draft) error) error {
	noted, err := d.Load(d.noteKey(gen), nil)
	if err != nil {
		return err
	}
	if !noted {
		return errors.New("the import took too long, and what it had written was swept away: try again")
	}
	d.Delete(d.noteKey(gen))
	if d.head.Gen != 0 {
		d.DeletePrefix(d.genTree())
	}
	d.head.Gen, d.head.Links = gen, nil
	for _, i := range e.def.Integrations {
		if err := d.relink("", text(i.AWS.ConnectionId)); err != nil {
			c := &checker{}
			if c.note(i.At, err); c.err != nil {
				return c.err
			}
			return badDocument(c.found)
		}
	}
	return commit(d)
}

// abandon removes what an import that failed has written. It is not the client's
// to wait for or to break off; what it leaves the next import or start sweeps.
func (s *Service) abandon(ctx context.Context, k keys, gen uint64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), importWithin)
	defer cancel()
	if err := s.forget(ctx, k, gen); err != nil {
		s.desk.Logger().Error("what a failed import has written is left until a later one", "api", string(k.api), "err", err)
	}
}

// forget removes a generation that is not in force, and its note.
func (s *Service) forget(ctx context.Context, k keys, gen uint64) error {
	return s.desk.Do(ctx, importing+string(k.api), func(t *control.Tx) error {
		noted, err := t.Load(k.noteKey(gen), nil)
		if err != nil || !noted {
			return err // it is in force, or gone
		}
		d := &draft{Tx: t, keys: k, s: s, head: apiDoc{Gen: gen}}
		t.Delete(k.noteKey(gen))
		t.DeletePrefix(d.genTree())
		return nil
	})
}

// sweepImports removes what imports left that did not come to their end.
func (s *Service) sweepImports(ctx context.Context) error {
	type left struct {
		keys
		gen uint64
	}
	var all []left
	_, err := s.desk.Store.Scan(ctx, importing, func(doc store.Doc) error {
		api, number, _ := strings.Cut(strings.TrimPrefix(doc.Key, importing), "/")
		gen, err := strconv.ParseUint(number, 10, 64)
		var n noteDoc
		if err == nil {
			err = control.Decode(doc.Value, &n)
		}
		if err != nil {
			return fmt.Errorf("document %s: %w", doc.Key, err)
		}
		if time.Since(n.Since) > importStale {
			all = append(all, left{keys{control.Place{Account: n.Account, Region: n.Region}, gate.APIID(api)}, gen})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for imports that did not end: %w", err)
	}
	for _, l := range all {
		if err := s.forget(ctx, l.keys, l.gen); err != nil {
			return err
		}
	}
	return nil
}

// write puts the documents of a generation, in batches.
func (s *Service) write(ctx context.Context, k keys, gen uint64, e *edition) error {
	d := &draft{s: s, keys: k, head: apiDoc{Gen: gen}}
	docs, err := d.documents(e)
	if err != nil {
		return err
	}
	for len(docs) > 0 {
		n, size := 0, 0
		for n < len(docs) && n < writeBatch {
			if size += len(docs[n].Key) + len(docs[n].Value); n > 0 && size > writeBytes {
				break
			}
			n++
		}
		batch := docs[:n]
		docs = docs[n:]
		err := s.desk.Do(ctx, importing+string(k.api), func(t *control.Tx) error {
			t.Guard(batch...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// documents are all that a generation has.
func (d *draft) documents(e *edition) ([]store.Change, error) {
	var all []store.Change
	var failed error
	put := func(key string, v any) {
		text, err := control.Encode(v)
		if err != nil {
			failed = err
		}
		all = append(all, store.Change{Op: store.Put, Key: key, Value: text})
	}
	integrations, authorizers := map[string]int{}, map[string]int{}
	for _, r := range e.def.Routes {
		integrations[strings.TrimPrefix(text(r.AWS.Target), targetPrefix)]++
		authorizers[text(r.AWS.AuthorizerId)]++
	}
	for _, a := range e.def.Authorizers {
		id := *a.AWS.AuthorizerId
		put(d.authorizerKey(id), &authorizerDoc{Routes: authorizers[id], AWS: a.AWS})
		put(d.nameKey("Authorizer", *a.AWS.Name), &named{id})
	}
	for _, i := range e.def.Integrations {
		id := *i.AWS.IntegrationId
		put(d.integrationKey(id), &integrationDoc{Routes: integrations[id], AWS: i.AWS})
	}
	for _, r := range e.def.Routes {
		id := *r.AWS.RouteId
		put(d.routeKey(id), &routeDoc{AWS: r.AWS})
		put(d.claimKey(*r.AWS.RouteKey), &claim{id})
	}
	return slices.Clip(all), failed
}
