// Package plan turns the definitions of APIs into the one immutable value that
// requests are served by, and follows the store so that there is always a
// current one.
//
// A Plan is published through one atomic pointer and loaded once a request. A
// change makes a new Plan that shares all but the APIs that it touched. What
// lives longer than a plan is in Live.
package plan

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
	"gatehouse/internal/route"
	"gatehouse/internal/upstream"
)

// A Plan serves one revision of the store. It is immutable.
type Plan struct {
	// Revision is the store's revision that the plan has taken in.
	Revision uint64
	// Problems are what did not compile or could not be read: those stages
	// serve their entry of before, or answer 500 where there was none.
	Problems []Problem

	apis      [shards]map[gate.APIID]*api
	hosts     [shards]map[gate.DomainName]*host
	limits    gate.Limits // of what comes to REST APIs
	wildcards int         // among the hosts; none saves making a name to look for

	unread []gate.APIID // those with a stage that is its entry of before, since its deployment could not be read
}

// shards is the number of maps that the APIs, and the domains, are spread over:
// a change copies one of them.
const shards = 256

// A Problem says what of a definition cannot be served and why.
type Problem struct {
	API   gate.APIID
	Stage gate.StageName // empty: of the API as a whole
	Route string         // its key; empty: of the stage as a whole
	Err   error

	document string // the key of the one that cannot be read; empty: another problem
}

// Error says it in one line.
func (p Problem) Error() string {
	where := "api " + string(p.API)
	if p.Stage != "" {
		where += ", stage " + string(p.Stage)
	}
	if p.Route != "" {
		where += ", route " + p.Route
	}
	return fmt.Sprintf("%s: %v", where, p.Err)
}

// Unwrap returns the reason.
func (p Problem) Unwrap() error { return p.Err }

// api is an API as it is served.
type api struct {
	api    *gate.API
	stages map[gate.StageName]*stage
	usual  *stage // $default; nil: none
	named  bool   // there are others, which the first segment of a path may mean
}

// stage is a stage as it is served: its live settings around the compiled
// routes of its deployment.
type stage struct {
	stage      *gate.Stage
	deployment *gate.Deployment // nil: nothing was deployed to it yet
	routes     *lazy            // nil without a deployment
	miss       flow.Handler     // answers what no route does, where there are no routes
	missMeter  flow.Meter
	log        flow.Sink // the stage's own access log; nil: none
	canary     *stage    // serves what the canary of the stage draws; nil: none
}

// routes is a deployment, compiled for one stage: its counters bear the stage's
// name. Later plans share it as long as the stage serves that deployment.
type routes struct {
	tree     route.Tree[target]
	fallback *target      // the $default route
	open     flow.Handler // the line of the routes that anybody may call; nil: there is none
	miss     flow.Handler // answers what no route does
	broken   flow.Handler // not nil: nothing of it can be served; answers 500
	again    time.Time    // when to read it again; zero: never
	problems []Problem
	staged   bool // on HTTP APIs: variables of the stage stand in them

	cors *mapping.Policy // what Rehearse makes a line of besides
	body int64
	rest *outer // of a REST API
}

// target is where Find ends.
type target struct {
	route   *gate.Route
	handler flow.Handler
	last    flow.Handler // where handler is a shared line, the end of it that is the route's own
	meter   flow.Meter
}

// unmatched is the route label under which a stage's misses are counted.
const unmatched = "(unmatched)"

// Meters hands out a route's counters, the same ones for the same names as
// long as somebody holds them.
type Meters interface {
	Route(api gate.APIID, stage gate.StageName, route, method string) flow.Meter
}

// Logs hands out the access log of a stage that has one of its own. The error
// says what of the stage's settings cannot be served.
type Logs interface {
	Stage(destination, format string) (flow.Sink, error)
}

// A Table is what a craft keeps of the watched space that is too numerous for a
// Plan, or outlives one. It is told of every document of a scan and of every
// change, nil for a deletion, before the plan that may need it is compiled, and
// passes over what it does not know. Calls come from one goroutine.
type Table interface {
	Apply(key string, value []byte)
}

// Live is what survives a change of plan: pools, counters, the logs. It is
// built once and shared by all plans.
type Live struct {
	Pools  *upstream.Pools
	Meters Meters
	Logs   Logs // nil: stages have no access logs of their own, which is a Problem of those that want one
	Limits gate.Limits
	Log    *slog.Logger

	Links    *integrate.Links    // nil: no VPC link leads anywhere
	Services *integrate.Services // nil: no AWS service can be called
	Tables   []Table
}

// apply tells the tables of a document.
func (l *Live) apply(key string, value []byte) {
	for _, t := range l.Tables {
		t.Apply(key, value)
	}
}

// shard is the map that holds a name.
func shard[K ~string](name K) int {
	h := uint32(2166136261) // FNV-1a
	for i := 0; i < len(name); i++ {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return int(h % shards)
}

// with returns maps in which fresh stands in place of what of those names was
// there; a nil value drops the name. Maps without a change are shared.
func with[K ~string, V any](maps [shards]map[K]*V, fresh map[K]*V) [shards]map[K]*V {
	copied := [shards]bool{}
	for name, v := range fresh {
		i := shard(name)
		if !copied[i] {
			maps[i], copied[i] = clone(maps[i]), true
		}
		if v == nil {
			delete(maps[i], name)
			continue
		}
		maps[i][name] = v
	}
	return maps
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	c := make(map[K]V, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (p *Plan) api(id gate.APIID) *api { return p.apis[shard(id)][id] }

// Len is the number of APIs that are served.
func (p *Plan) Len() (n int) {
	for _, s := range p.apis {
		n += len(s)
	}
	return n
}

// relisted is the plan with the problems of all stages that are compiled by
// now, and those that are no stage's.
func (p *Plan) relisted() *Plan {
	next := *p
	next.Problems = nil
	known := map[string]bool{}
	add := func(list []Problem) {
		for _, q := range list {
			if text := q.Error(); !known[text] {
				known[text] = true
				next.Problems = append(next.Problems, q)
			}
		}
	}
	add(p.Problems)
	for _, shard := range p.apis {
		for _, a := range shard {
			for _, s := range a.stages {
				add(s.routes.problems())
				if s.canary != nil {
					add(s.canary.routes.problems())
				}
			}
		}
	}
	sortProblems(next.Problems)
	return &next
}

// sortProblems puts them into an order that does not depend on maps.
func sortProblems(list []Problem) {
	slices.SortFunc(list, func(a, b Problem) int { return strings.Compare(a.Error(), b.Error()) })
}
