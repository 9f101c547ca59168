package plan

import (
	"math/rand/v2"
	"net/http"
	"strings"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/mapping"
)

// findREST is Find for the execute-api host of a REST API: the first segment is
// the stage (runtime 1.3). Its faults are rendered by the door.
func (a *api) findREST(x *flow.Exchange, l *gate.Limits) (flow.Handler, error) {
	if err := begin(x, l); err != nil {
		return nil, err
	}
	s, rest, err := a.restStage(x, x.Full)
	if err != nil {
		return nil, err
	}
	if s.stage.DisableDefaultEndpoint {
		return nil, gate.Failf(gate.Forbidden, "API %s has disableExecuteApiEndpoint set", a.api.ID)
	}
	return s.enter(x, rest), nil
}

// begin does what comes before the stage of a REST API is looked for: the
// second id, the method that stands in for the one sent, and the slashes in
// front, of which one counts. What is too long is refused, and a query with
// characters that no URI has (runtime 1.2).
func begin(x *flow.Exchange, l *gate.Limits) error {
	x.Identify()
	if err := tooLong(x, l); err != nil {
		return err
	}
	if strings.ContainsAny(x.Query, "|{}") {
		return gate.Failf(gate.BadTarget, "the query %.200q holds one of | { }, which have to be percent-encoded (RFC 3986 section 3.4)", x.Query)
	}
	if method, ok := x.In.Header.Get(override); ok {
		x.In.Override(method)
		x.In.Header.Del(override)
	}
	x.Full = oneSlash(x.Path)
	return nil
}

// tooLong says which part of the head is longer than a REST API takes.
func tooLong(x *flow.Exchange, l *gate.Limits) error {
	n := len(x.Path)
	if x.Query != "" {
		n += len("?") + len(x.Query)
	}
	if n > l.URL {
		return gate.Failf(gate.URITooLong, "the request target has %d bytes, the limit (limits.url) is %d", n, l.URL)
	}
	n = 0
	for _, v := range x.In.Header.All() {
		n += len(v)
	}
	if n > l.HeaderValues {
		return gate.Failf(gate.HeadersTooLarge, "the values of the header fields have %d bytes together, the limit (limits.header_values) is %d", n, l.HeaderValues)
	}
	return nil
}

const override = "X-HTTP-Method-Override"

// oneSlash is a path with one of the slashes that it begins with.
func oneSlash(path string) string {
	rest := strings.TrimLeft(path, "/")
	if rest == path || rest == "" {
		return "/"
	}
	return path[len(path)-len(rest)-1:]
}

// restStage is the stage that the first segment of a path names, and the path
// below it.
func (a *api) restStage(x *flow.Exchange, path string) (*stage, string, error) {
	name, rest, _ := strings.Cut(path[1:], "/")
	switch {
	case x.NoStage:
		return nil, "", gate.Failf(gate.Forbidden, "API %s is a REST API, which has no stage $default", a.api.ID)
	case name == "":
		return nil, "", missing(x, errNoStage)
	}
	s := a.stages[gate.StageName(name)]
	if s == nil {
		return nil, "", gate.Failf(gate.Forbidden, "API %s has no stage %q", a.api.ID, name)
	}
	if rest == "" {
		return s, "/", nil
	}
	return s, oneSlash(path[1+len(name):]), nil
}

// drawn is the stage that serves the next request: the canary's, as often as
// that says (runtime 1.17: a draw a request, no client stays).
func (s *stage) drawn(x *flow.Exchange) *stage {
	if s.canary == nil || rand.Float64()*100 >= s.stage.Canary.Percent {
		return s
	}
	x.Canary = true
	return s.canary
}

// matched is the path that routes are compared with: REST APIs ignore one slash
// at its end (runtime 1.2).
func (r *routes) matched(path string) string {
	if r.tree.LevelByLevel && len(path) > 1 {
		return strings.TrimSuffix(path, "/")
	}
	return path
}

// healthy answers the health checks of a custom domain that serves REST APIs
// (runtime 1.3).
func healthy() flow.Handler {
	return flow.Chain(flow.HandlerFunc(func(x *flow.Exchange) error {
		x.Out.Status, x.Out.Body = http.StatusOK, flow.Bytes([]byte("healthy"))
		x.Out.Header.Add("Content-Type", "text/plain")
		return nil
	}), mapping.IdentifyREST())
}
