package control

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/gate"
)

// mappedDoc counts what domains map of an API: no stage goes, and no API, as
// long as a domain leads to it.
type mappedDoc struct {
	// Stages are the mappings and rules by stage, "" for those that leave the
	// stage open, and by domain.
	Stages map[string]map[string]int `json:"stages"`
}

func (p Place) mappedKey(api gate.APIID) string { return p.Draft() + "mapped/" + string(api) }

// MappedBy names the domains that lead to an API of this place, or with a stage
// to that stage, sorted. The commit depends on the answer: an API or a stage that
// is deleted for want of any is not mapped meanwhile.
func (t *Tx) MappedBy(p Place, api gate.APIID, stage gate.StageName) ([]string, error) {
	var doc mappedDoc
	if _, err := t.Load(p.mappedKey(api), &doc); err != nil {
		return nil, err
	}
	domains := map[string]bool{}
	for name, list := range doc.Stages {
		if stage != "" && name != string(stage) {
			continue
		}
		for d := range list {
			domains[d] = true
		}
	}
	return slices.Sorted(maps.Keys(domains)), nil
}

// count adds to the number of mappings and rules of a stage.
func (d *Domain) count(api gate.APIID, stage gate.StageName, n int) error {
	key, name := d.Place.mappedKey(api), string(d.name())
	var doc mappedDoc
	if _, err := d.Load(key, &doc); err != nil {
		return err
	}
	stages := maps.Clone(doc.Stages)
	if stages == nil {
		stages = map[string]map[string]int{}
	}
	domains := maps.Clone(stages[string(stage)])
	if domains == nil {
		domains = map[string]int{}
	}
	stages[string(stage)] = domains
	if domains[name] += n; domains[name] <= 0 {
		delete(domains, name)
	}
	if len(domains) == 0 {
		delete(stages, string(stage))
	}
	if len(stages) == 0 {
		d.Delete(key)
		return nil
	}
	return d.Tx.Put(key, &mappedDoc{stages})
}

// Reach tells the protocol of an API that a mapping or rule is to lead to, and
// holds that it and the stage are of the domain's own place; an empty stage is
// left open. The commit depends on both. The error may be ErrNoAPI or ErrNoStage.
func (d *Domain) Reach(api, stage string) (gate.Protocol, error) {
	if !plainLabel.MatchString(api) { // it becomes a part of keys
		return "", ErrNoAPI
	}
	var a gate.API
	found, err := d.Load(gate.APIKey(gate.APIID(api)), &a)
	if err != nil {
		return "", err
	}
	if !found || a.Account != d.Place.Account || a.Region != d.Place.Region {
		return "", ErrNoAPI
	}
	if stage == "" {
		return a.Protocol, nil
	}
	if !plainLabel.MatchString(stage) {
		return a.Protocol, ErrNoStage
	}
	found, err = d.Load(gate.StageKey(gate.StageRef{API: a.ID, Name: gate.StageName(stage)}), nil)
	if err == nil && !found {
		err = ErrNoStage
	}
	return a.Protocol, err
}

var plainLabel = regexp.MustCompile(`^[A-Za-z0-9$_-]{1,128}$`)

// Map adds a mapping to what Reach has found. The error may be ErrMapped,
// ErrManyMappings or ErrMixed. Put is left to the caller.
func (d *Domain) Map(m DomainMapping) error {
	switch {
	case slices.ContainsFunc(d.Head.Mappings, func(o DomainMapping) bool { return o.Key == m.Key }):
		return ErrMapped
	case len(d.Head.Mappings) == MaxMappings:
		return ErrManyMappings
	}
	// The backing array may be that of a document as it was read.
	d.Head.Mappings = append(slices.Clip(d.Head.Mappings), m)
	if d.mixed() {
		return ErrMixed
	}
	return d.count(m.API, m.Stage, 1)
}

// mixed reports whether APIs share the domain that cannot: WebSocket APIs share
// it with no others, and HTTP APIs not with REST APIs where rules choose (runtime
// 1.3; developer guide, "Routing rules").
func (d *Domain) mixed() bool {
	kinds := map[gate.Protocol]bool{}
	for _, m := range d.Head.Mappings {
		kinds[m.Protocol] = true
	}
	if len(d.Head.Rules) > 0 {
		return kinds[gate.WebSocket] || kinds[gate.HTTP] && kinds[gate.REST]
	}
	return kinds[gate.WebSocket] && len(kinds) > 1
}

// Protocols are those of the APIs that are mapped, in the order of the words.
func (d *Domain) Protocols() string {
	var list []string
	for _, m := range d.Head.Mappings {
		list = append(list, string(m.Protocol))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " and ")
}

// Unmap takes a mapping away; there may be none of that id. Put is left to the
// caller.
func (d *Domain) Unmap(id string) error {
	i := slices.IndexFunc(d.Head.Mappings, func(m DomainMapping) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	gone := d.Head.Mappings[i]
	d.Head.Mappings = slices.Delete(slices.Clone(d.Head.Mappings), i, i+1)
	return d.count(gone.API, gone.Stage, -1)
}

// AddRule adds a routing rule whose API Reach has found. The error may be
// ErrPriority, ErrManyRules or ErrMixed. Put is left to the caller.
func (d *Domain) AddRule(r gate.RoutingRule) error {
	switch {
	case slices.ContainsFunc(d.Head.Rules, func(o gate.RoutingRule) bool { return o.Priority == r.Priority }):
		return ErrPriority
	case len(d.Head.Rules) == MaxRules:
		return ErrManyRules
	}
	d.Head.Rules = append(slices.Clip(d.Head.Rules), r)
	if d.mixed() {
		return ErrMixed
	}
	return d.count(r.API, r.Stage, 1)
}

// DropRule takes a routing rule away; there may be none of that id. Put is left
// to the caller.
func (d *Domain) DropRule(id string) error {
	i := slices.IndexFunc(d.Head.Rules, func(r gate.RoutingRule) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	gone := d.Head.Rules[i]
	d.Head.Rules = slices.Delete(slices.Clone(d.Head.Rules), i, i+1)
	return d.count(gone.API, gone.Stage, -1)
}

// maxMappingKey is in characters (runtime 1.3).
const maxMappingKey = 300

var mappingSegment = regexp.MustCompile(`^[A-Za-z0-9$_.+!*'()-]+$`)

// KeyProblem says why a path can be no mapping's, or "": it is held to what a
// path can hold without being encoded (runtime 1.3), for it is compared with
// paths as they were sent.
func KeyProblem(key string) string {
	if key == "" {
		return ""
	}
	if len(key) > maxMappingKey {
		return textKeyLong
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return textKeySlashes
		case segment == "." || segment == "..":
			return textKeyDots
		case !mappingSegment.MatchString(segment):
			return textKeyForm
		}
	}
	return ""
}
