package plan

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"gatehouse/internal/auth"
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
	"gatehouse/internal/route"
)

// What the order of work of REST APIs is made of.

// compileREST turns a definition of a REST API into a tree of handlers for a
// stage. Faults and problems are those of compileRoutes.
func compileREST(d *gate.Definition, s *gate.Stage, live *Live) (r *routes, faults []Problem) {
	r = &routes{tree: route.Tree[target]{LevelByLevel: true}}
	at := func(key string, err error) Problem {
		return Problem{API: d.API.ID, Stage: s.Name, Route: key, Err: err}
	}
	o := &outer{body: mapping.Declared(live.Limits.Body)}
	if d.Deployment.REST != nil {
		o.settings = *d.Deployment.REST
	}
	var errs []error
	o.responses, errs = mapping.CompileResponses(o.settings.Responses)
	for _, err := range errs {
		faults = append(faults, at("", err))
	}
	for _, err := range o.unserved() {
		r.problems = append(r.problems, at("", err))
	}
	r.rest, r.body = o, live.Limits.Body
	r.miss = o.restMiss(func(x *flow.Exchange) error {
		return missing(x, fmt.Errorf("no method of stage %s matches", s.Name))
	})
	for i := range d.Routes {
		def := &d.Routes[i]
		wrong, err := r.addREST(d, def, s, live)
		if err != nil {
			faults = append(faults, at(def.Key, err))
		}
		if err := errors.Join(auth.Unserved(def), wrong); err != nil {
			r.problems = append(r.problems, at(def.Key, err))
		}
	}
	return r, faults
}

// addREST adds a method. wrong says why it answers 500.
func (r *routes) addREST(d *gate.Definition, def *gate.Route, s *gate.Stage, live *Live) (wrong, err error) {
	method, path, err := route.Split(def.Key)
	if err != nil {
		return nil, err
	}
	end, wrong, err := endOf(&d.API, def, s, live)
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		wrong = fmt.Errorf("it answers 500: %w", wrong)
	}
	if end == nil {
		end = &restEnd{handler: integrate.Refuse(gate.APIConfigurationError, wrong)}
	}
	t := target{route: def, meter: meter(d, s, def.Key, path, method, live)}
	r.restLine(&t, end)
	return wrong, r.tree.Add(method, path, t)
}

// A restEnd is the inner end of a method's line.
type restEnd struct {
	handler    flow.Handler
	parameters flow.Step // of the request
	answers    flow.Step // nil for a proxy
	reply      flow.Step // nil where the reply has no bound
}

// endOf compiles a method's integration. wrong is why requests are answered
// with 500, as AWS does with a definition that it takes: all of them where end
// is nil. err is what has to be mended before a deployment.
func endOf(a *gate.API, r *gate.Route, s *gate.Stage, live *Live) (end *restEnd, wrong, err error) {
	in := r.Integration
	if in == nil {
		return nil, errors.New("the method has no integration: give it one (put-integration) and deploy"), nil
	}
	if wrong := conversion(in); wrong != nil {
		return nil, wrong, nil
	}
	switch in.Kind {
	case gate.Mock:
		return mockEnd(r)
	case gate.HTTPProxy, gate.Private:
		return proxyEnd(a, r, s, live)
	}
	return nil, fmt.Errorf("integrations of kind %s are not served by this version", in.Kind), nil
}

func mockEnd(r *gate.Route) (end *restEnd, wrong, err error) {
	handler, err := integrate.Mock(r)
	if err != nil {
		return nil, nil, err
	}
	answers, err := mapping.Answers(r)
	if err != nil {
		return nil, nil, err
	}
	return &restEnd{handler: handler, answers: answers}, handler.Wrong(), nil
}

func proxyEnd(a *gate.API, r *gate.Route, s *gate.Stage, live *Live) (end *restEnd, wrong, err error) {
	step, err := mapping.Shape(r.Integration)
	if err != nil {
		return nil, nil, fmt.Errorf("integration %s: %w", r.Integration.ID, err)
	}
	if err := mapping.Illegal(r.Integration); err != nil {
		return nil, err, nil
	}
	handler, wrong := integrate.REST(a, r, s, live.Links, live.Pools)
	if wrong != nil {
		return nil, wrong, nil
	}
	end = &restEnd{handler: handler, parameters: step}
	if !streams(r) {
		end.reply = mapping.LimitReply(live.Limits.Body)
	}
	return end, nil, nil
}

func streams(r *gate.Route) bool {
	return r.Integration != nil && r.Integration.Shape != nil && r.Integration.Shape.Stream
}

// conversion says that an integration wants payloads converted to binary, which
// is not served yet. To text is what they are.
func conversion(in *gate.Integration) error {
	if in.Shape == nil {
		return nil
	}
	const binary = "CONVERT_TO_BINARY"
	if in.Shape.ContentHandling == binary {
		return errors.New("contentHandling " + binary + " is not served by this version")
	}
	for _, a := range in.Shape.Answers {
		if a.ContentHandling == binary {
			return fmt.Errorf("integration response %s: contentHandling %s is not served by this version", a.Status, binary)
		}
	}
	return nil
}

// compression is the size from which on replies of a method are coded; nil:
// never, which holds for what is streamed (runtime 1.19).
func (o *outer) compression(r *gate.Route) *int {
	if streams(r) {
		return nil
	}
	return o.settings.MinimumCompression
}

// unserved says which settings of the API as a whole let nobody in.
func (o *outer) unserved() (list []error) {
	if o.settings.Policy != "" {
		list = append(list, errPolicy)
	}
	return list
}

var (
	errNoStage = errors.New("the path names no stage: /{stage}/... is asked for")
	errPrivate = errors.New("the API is PRIVATE, and no VPC endpoint leads here: it answers 403 to everybody (make its endpoint REGIONAL)")
	errPolicy  = errors.New("the API has a resource policy, which this version cannot enforce: it answers 500 to everybody (take the policy away and deploy again)")
)

// private refuses what comes to a private API.
func private() flow.Step {
	no := integrate.Refuse(gate.Forbidden, errPrivate)
	return func(next flow.Handler) flow.Handler {
		return flow.HandlerFunc(func(x *flow.Exchange) error {
			if x.API.Private { // live: a change of the type acts at once
				return no.Serve(x)
			}
			return next.Serve(x)
		})
	}
}

// policy refuses what a resource policy would have to let in; nil: there is
// none.
func policy(s *gate.RESTSettings) flow.Step {
	return refusal(s.Policy != "", gate.APIConfigurationError, errPolicy)
}

func refusal(on bool, kind gate.Kind, why error) flow.Step {
	if !on {
		return nil
	}
	return func(flow.Handler) flow.Handler { return integrate.Refuse(kind, why) }
}

// missing is the fault of a request that no method answers. AWS takes an
// Authorization that comes with it for a signature and says what is wrong with
// it, with a hash in the place of what was sent (runtime 1.4 and 8).
func missing(x *flow.Exchange, why error) error {
	value, ok := x.In.Header.Lookup(field.Authorization)
	if !ok || strings.HasPrefix(value, "AWS4-") {
		return gate.Fail(gate.MissingAuthenticationToken, why)
	}
	sum := sha256.Sum256([]byte(value))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	text := "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hash + "'."
	if strings.Contains(value, "=") {
		text = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
			"Authorization header requires 'SignedHeaders' parameter. " + dateless(x) +
			"(Hashed with SHA-256 and encoded with Base64) Authorization=" + hash
	}
	return &gate.Fault{Kind: gate.IncompleteSignature, Message: text, Err: why}
}

func dateless(x *flow.Exchange) string {
	if _, ok := x.In.Header.Lookup(field.Date); ok {
		return ""
	}
	if _, ok := x.In.Header.Get("X-Amz-Date"); ok {
		return ""
	}
	return "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
}
