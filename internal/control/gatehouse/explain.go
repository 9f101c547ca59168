package gatehouse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/plan"
	"gatehouse/internal/wire"
)

// maxURL bounds the URL that is asked about; the front door takes no longer
// request line.
const maxURL = 16 << 10

// methodForm is a token of RFC 9110 section 5.6.2 of a sensible length.
var methodForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$")

type explainInput struct {
	Method *string `wire:"method,query,required"`
	URL    *string `wire:"url,query,required"`
	// Headers are fields of the request, each as Name:Value.
	Headers []string `wire:"header,query"`
	// Send calls the backend; otherwise nothing leaves the house.
	Send *bool `wire:"send,query"`
}

// explainOutput tells how a request is answered. Members that the search did
// not come to are absent.
type explainOutput struct {
	Method      *string      `wire:"method"`
	Host        *string      `wire:"host"`   // after the path forms were rewritten
	Path        *string      `wire:"path"`   // below the stage
	Domain      *string      `wire:"domain"` // a custom one
	APIMapping  *apiMapping  `wire:"apiMapping"`
	API         *apiOutput   `wire:"api"`
	Stage       *string      `wire:"stage"`
	Deployment  *string      `wire:"deployment"`
	Route       *string      `wire:"route"` // the one that answers
	Candidates  []candidate  `wire:"candidates"`
	Omitted     *int32       `wire:"omitted"` // further candidates, none of which matches
	Params      []param      `wire:"params"`
	Mapping     []mapped     `wire:"mapping"` // of the reply too when sent
	CORS        []corsNote   `wire:"cors"`    // where the request has an Origin
	Integration *integration `wire:"integration"`
	Status      *int32       `wire:"status"` // of an answer of the gateway's own
	Problem     *string      `wire:"problem"`
	Reply       *reply       `wire:"reply"` // only when sent
	Timing      *timings     `wire:"timing"`
	Steps       []note       `wire:"steps"`
	Verdict     *string      `wire:"verdict"`
	Fixes       []string     `wire:"fixes"`
}

type apiOutput struct {
	ID       *string `wire:"id"`
	Name     *string `wire:"name"`
	Protocol *string `wire:"protocol"`
}

// apiMapping is how a custom domain leads to a stage.
type apiMapping struct {
	ID  *string `wire:"id"`
	Key *string `wire:"key"` // the path below which the stage is served; empty: all of them
}

// timings are where the time of an explanation went, in milliseconds.
type timings struct {
	LookUp  *float64 `wire:"lookUp"`  // of host, stage and route
	Handler *float64 `wire:"handler"` // the line of the route, with the integration when sent
	Backend *float64 `wire:"backend"` // until the head of its reply, when it was called
}

type candidate struct {
	Route   *string `wire:"route"`
	Matched *bool   `wire:"matched"`
	Why     *string `wire:"why"`
}

type param struct {
	Name  *string `wire:"name"`
	Value *string `wire:"value"`
}

type integration struct {
	Kind    *string `wire:"kind"`
	Method  *string `wire:"method"`
	URL     *string `wire:"url"`
	Timeout *string `wire:"timeout"`
}

// note is one line of the Trail.
type note struct {
	What *string `wire:"what"`
	A    *string `wire:"a"`
	B    *string `wire:"b"`
}

// explain looks for what answers method and URL in the plan in force, with a
// synthetic exchange that runs through the same Find as a real one.
func (s *Service) explain(ctx context.Context, in *explainInput) (*explainOutput, error) {
	if !methodForm.MatchString(*in.Method) {
		return nil, badRequest("%q is not an HTTP method.", clip(*in.Method))
	}
	p := s.Plan()
	x, err := s.exchange(ctx, p, in)
	if err != nil {
		return nil, err
	}
	defer x.End()
	e := &explanation{service: s, ctx: ctx, plan: p, x: x, out: &explainOutput{Method: in.Method}}
	e.find()
	e.run(in.Send != nil && *in.Send)
	if x.Stage != nil && e.fault == nil {
		e.compare()
	}
	e.read()
	e.judge()
	return e.out, nil
}

// exchange makes the synthetic request.
func (s *Service) exchange(ctx context.Context, p *plan.Plan, in *explainInput) (*flow.Exchange, error) {
	url := *in.URL
	if len(url) > maxURL {
		return nil, badRequest("The URL is longer than %d bytes.", maxURL)
	}
	for i := 0; i < len(url); i++ {
		if url[i] <= ' ' || url[i] >= 0x7f || url[i] == '#' {
			return nil, badRequest("The URL holds %q, which no request line can carry: percent-encode it.", url[i])
		}
	}
	c, _ := wire.CallerOf(ctx)
	x := &flow.Exchange{Trail: &flow.Trail{}}
	x.Begin(ctx, time.Now())
	x.In.Method, x.In.Target, x.In.Minor, x.In.Proto, x.In.Scheme = *in.Method, url, 1, "HTTP/1.1", "http"
	x.In.Header.Add("Host", c.Host)
	x.In.Source, _ = netip.ParseAddr(c.SourceIP) // what is no address stays none
	if err := s.Locate(x, p); err != nil {
		return nil, badRequest("The URL %q: %v. Give a whole URL or a path.", clip(url), err)
	}
	x.In.Header.Reset()
	x.In.Header.Add("Host", x.In.Host)
	x.In.Header.Add("User-Agent", "gatehouse-explain")
	return x, addHeaders(x, in.Headers)
}

// explanation is one run of explain.
type explanation struct {
	service *Service
	ctx     context.Context
	plan    *plan.Plan
	x       *flow.Exchange
	out     *explainOutput
	handler flow.Handler
	fault   *gate.Fault // why there is no handler
	draft   string      // the key of a route of the draft that would match
	unread  error       // why the draft is not known
	likely  string      // the key of a route that the client may have meant
	reached bool        // the integration is called, or would be
	deploys bool        // the stage has a deployment
	control bool        // no API is meant: a control call
}

// find fills in what the plan says.
func (e *explanation) find() {
	x, out := e.x, e.out
	start := time.Now()
	h, err := e.plan.Find(x)
	out.Timing = &timings{LookUp: since(start)}
	if err != nil && !errors.As(err, &e.fault) {
		e.fault = gate.Fail(gate.Internal, err)
	}
	if x.API != nil && !ours(e.ctx, x.API.Account, x.API.Region) {
		// The API of another account or region is to this caller what no API is.
		x.API, x.Stage, x.Route, x.Trail = nil, nil, nil, &flow.Trail{}
		h, e.fault = nil, gate.Failf(gate.ResourceNotFound, "host %q names no API of this account and region", x.In.Host)
	}
	e.handler = h
	out.Host, out.Path = ptr(x.In.Host), ptr(x.Path)
	if e.control = x.API == nil && e.service.Shared && !e.plan.HasHost(x.In.Host); e.control {
		return
	}
	if e.fault != nil {
		out.Status = ptr(int32(e.fault.Render(e.protocol()).Status))
	}
	if x.API == nil {
		return
	}
	if m := x.Mapping; m != nil {
		if d := e.plan.Domain(x.In.Host); d != nil {
			out.Domain = ptr(string(d.Name))
		}
		out.APIMapping = &apiMapping{&m.ID, &m.Key}
	}
	out.API = &apiOutput{ptr(string(x.API.ID)), ptr(x.API.Name), ptr(string(x.API.Protocol))}
	if x.Stage == nil {
		return
	}
	out.Stage = ptr(string(x.Stage.Name))
	if e.deploys = x.Stage.Deployment != ""; e.deploys {
		out.Deployment = ptr(string(x.Stage.Deployment))
	}
}

// protocol is that of the API, as far as one was found.
func (e *explanation) protocol() gate.Protocol {
	if e.x.API == nil {
		return gate.HTTP
	}
	return e.x.API.Protocol
}

// compare fills in the candidates, and what follows from the one that matched.
func (e *explanation) compare() {
	x, out := e.x, e.out
	near := newNearest(x.In.Method, x.Path)
	e.plan.Candidates(gate.StageRef{API: x.API.ID, Name: x.Stage.Name}, x.In.Method, x.Path, near.add)
	out.Candidates, out.Omitted = near.list()
	e.likely = near.likely()
	if x.Route == nil {
		e.searchDraft()
		return
	}
	out.Route = ptr(x.Route.Key)
	for name, value := range x.Params.All() {
		out.Params = append(out.Params, param{ptr(name), ptr(value)})
	}
	if i := x.Route.Integration; i != nil {
		out.Integration = e.integration(i)
	}
	for _, p := range e.plan.Wrong(gate.StageRef{API: x.API.ID, Name: x.Stage.Name}) {
		if p.Route == "" || p.Route == x.Route.Key {
			out.Problem = ptr(masked(p.Err.Error()))
		}
	}
}

func (e *explanation) integration(i *gate.Integration) *integration {
	o := &integration{Kind: ptr(string(i.Kind)), Method: ptr(i.Method), URL: ptr(masked(i.URI)), Timeout: ptr(i.Timeout.String())}
	if e.service.Target != nil {
		if method, url, ok := e.service.Target(e.x); ok {
			o.Method, o.URL = ptr(method), ptr(masked(url))
		}
	}
	return o
}

// read takes out of the trail what it says of mappings and of CORS.
func (e *explanation) read() {
	var m mappings
	e.out.Steps = steps(e.x.Trail)
	for i := range e.x.Trail.Len() {
		what, _, _ := e.x.Trail.View(i)
		n := e.out.Steps[i]
		m.add(what, *n.A, *n.B)
		if what == flow.CORSAllowed || what == flow.CORSRefused {
			e.out.CORS = append(e.out.CORS, corsNote{n.A, ptr(what == flow.CORSAllowed), n.B})
		}
	}
	e.out.Mapping = m.list
	if origin, ok := e.x.In.Header.Get("Origin"); ok && e.out.CORS == nil && e.out.Timing.Handler != nil {
		e.out.CORS = []corsNote{{Origin: &origin, Why: ptr("the API has no CORS configuration: only what the backend itself answers counts")}}
	}
}

// masked is a text without the secrets of the URLs that it may quote.
func masked(s string) string { return string(observe.AppendMasked(nil, s)) }

// steps are the notes of a trail as they may be shown.
func steps(t *flow.Trail) []note {
	list := make([]note, 0, t.Len())
	for i := range t.Len() {
		what, a, b := t.At(i)
		list = append(list, note{ptr(decision(what)), ptr(masked(a)), ptr(masked(trace.Value(what, a, b)))})
	}
	return list
}

// decision names a kind of note.
func decision(d flow.Decision) string {
	switch d {
	case flow.FoundHost:
		return "host"
	case flow.FoundAPI:
		return "api"
	case flow.FoundStage:
		return "stage"
	case flow.FoundMapping:
		return "mapping"
	case flow.CORSAllowed:
		return "cors allowed"
	case flow.CORSRefused:
		return "cors refused"
	case flow.RouteTried:
		return "tried"
	case flow.RouteMatched:
		return "route"
	case flow.ParamBound:
		return "parameter"
	case flow.NothingMatched:
		return "nothing"
	case flow.Authorized:
		return "authorized"
	case flow.Refused:
		return "refused"
	case flow.Shaped:
		return "shaped"
	case flow.ShapedFrom:
		return "shaped from"
	case flow.Dropped:
		return "dropped"
	case flow.TargetChosen:
		return "target"
	case flow.TargetCalled:
		return "called"
	case flow.BackendAnswer:
		return "answer"
	case flow.Replied:
		return "replied"
	}
	return fmt.Sprintf("decision %d", d)
}

func ptr[T any](v T) *T { return &v }

func badRequest(format string, args ...any) *wire.Error {
	return &wire.Error{Type: typeBadRequest, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

func clip(s string) string {
	if len(s) > 120 {
		return s[:120] + "..."
	}
	return s
}
