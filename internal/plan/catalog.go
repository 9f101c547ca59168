package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"gatehouse/internal/gate"
)

// A Catalog is what the watched space of the store says: every API, stage and
// deployment head, and nothing of a deployment's content. It belongs to the
// goroutine that follows the store.
type Catalog struct {
	apis    map[gate.APIID]*entry
	domains map[gate.DomainName]*gate.Domain
	wild    int              // domains that are wildcards
	broken  map[string]error // keys whose document could not be read
}

// entry is what the catalog knows of one API.
type entry struct {
	api         *gate.API
	stages      map[gate.StageName]*gate.Stage
	deployments map[gate.DeploymentID]*gate.Deployment
}

// NewCatalog returns an empty catalog.
func NewCatalog() *Catalog {
	return &Catalog{
		apis:    map[gate.APIID]*entry{},
		domains: map[gate.DomainName]*gate.Domain{},
		broken:  map[string]error{},
	}
}

// Len is the number of APIs.
func (c *Catalog) Len() int { return len(c.apis) }

// A Change is what a commit says is to be compiled anew.
type Change struct {
	APIs    []gate.APIID
	Domains []gate.DomainName
}

// Apply notes the document at key, nil for a deletion, and adds what it
// concerns to ch. Keys that name nothing served are passed over.
//
// A document that cannot be read is remembered as broken and the one before
// stays in force: a defect of one document is no reason to drop a stage. Where
// there was none, what it names is there and answers 500, never 404.
func (c *Catalog) Apply(key string, value []byte, ch *Change) {
	noun := gate.ParseKey(key)
	if noun == nil {
		return
	}
	delete(c.broken, key)
	if err := c.apply(noun, value); err != nil {
		c.broken[key] = fmt.Errorf("document %s cannot be read (%w): put it again; until then what it says is as before, or unavailable", key, err)
		c.stand(noun)
	}
	ch.note(noun)
}

// unreadable is the deployment of a stage whose document cannot be read. None
// has that id, so the stage compiles to what it was before, or to 500.
const unreadable gate.DeploymentID = "(unreadable)"

// stand puts something in the place of a document that cannot be read and has
// no predecessor. An API's own document says nothing that serving needs.
func (c *Catalog) stand(noun any) {
	switch n := noun.(type) {
	case gate.APIID:
		if e := c.entry(n); e.api == nil {
			e.api = &gate.API{ID: n, Protocol: gate.HTTP}
		}
	case gate.StageRef:
		if e := c.entry(n.API); e.stages[n.Name] == nil {
			e.stages[n.Name] = &gate.Stage{API: n.API, Name: n.Name, Deployment: unreadable}
		}
	}
}

// problem tells of a broken document by what it names.
func problem(key string, err error) Problem {
	p := Problem{Err: err, document: key}
	switch n := gate.ParseKey(key).(type) {
	case gate.APIID:
		p.API = n
	case gate.StageRef:
		p.API, p.Stage = n.API, n.Name
	case gate.DeploymentRef:
		p.API = n.API
	}
	return p
}

func (ch *Change) note(noun any) {
	switch n := noun.(type) {
	case gate.APIID:
		addOnce(&ch.APIs, n)
	case gate.StageRef:
		addOnce(&ch.APIs, n.API)
	case gate.DeploymentRef:
		addOnce(&ch.APIs, n.API)
	case gate.DomainName:
		addOnce(&ch.Domains, n)
	}
}

// addOnce appends v where it is not the last one already: the documents of an
// API stand together in a commit, and naming one twice does no harm.
func addOnce[T comparable](list *[]T, v T) {
	if n := len(*list); n == 0 || (*list)[n-1] != v {
		*list = append(*list, v)
	}
}

func (c *Catalog) apply(noun any, value []byte) error {
	switch n := noun.(type) {
	case gate.APIID:
		return set(value, func(a *gate.API) { c.entry(n).api = a })
	case gate.StageRef:
		return set(value, func(s *gate.Stage) { assign(c.entry(n.API).stages, n.Name, s) })
	case gate.DeploymentRef:
		return set(value, func(d *gate.Deployment) { assign(c.entry(n.API).deployments, n.ID, d) })
	case gate.DomainName:
		return set(value, func(d *gate.Domain) { c.setDomain(n, d) })
	}
	return nil
}

func (c *Catalog) setDomain(n gate.DomainName, d *gate.Domain) {
	before := len(c.domains)
	assign(c.domains, n, d)
	if strings.HasPrefix(string(n), "*.") {
		c.wild += len(c.domains) - before
	}
}

// set reads value into a new T, nil where it is a deletion.
func set[T any](value []byte, put func(*T)) error {
	if value == nil {
		put(nil)
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(value, v); err != nil {
		return err
	}
	put(v)
	return nil
}

func assign[K comparable, V any](m map[K]*V, k K, v *V) {
	if v == nil {
		delete(m, k)
		return
	}
	m[k] = v
}

func (c *Catalog) entry(id gate.APIID) *entry {
	e := c.apis[id]
	if e == nil {
		e = &entry{stages: map[gate.StageName]*gate.Stage{}, deployments: map[gate.DeploymentID]*gate.Deployment{}}
		c.apis[id] = e
	}
	return e
}

// trim forgets an API of which nothing is left.
func (c *Catalog) trim(id gate.APIID) {
	if e := c.apis[id]; e != nil && e.api == nil && len(e.stages) == 0 && len(e.deployments) == 0 {
		delete(c.apis, id)
	}
}
