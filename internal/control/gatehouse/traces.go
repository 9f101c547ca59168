package gatehouse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe/trace"
	"gatehouse/internal/wire"
)

// Paths of the operations on traces.
const (
	TracesPath  = PathPrefix + "/traces"  // GET lists, GET with an id behind it shows one
	TracingPath = PathPrefix + "/tracing" // GET tells what is on, POST switches on, DELETE off
)

// Bounds of what ListTraces and StartTracing take.
const (
	defaultTraces  = 100
	maxTraces      = 1000
	maxTraceWait   = 20 // seconds
	defaultTracing = 10 * time.Minute
	maxTracing     = 24 * time.Hour
)

// tracing are the operations on traces. Without Traces there are none.
func (s *Service) tracing() []wire.Operation {
	if s.Traces == nil {
		return nil
	}
	return []wire.Operation{
		wire.Op("ListTraces", http.MethodGet, TracesPath, http.StatusOK, s.listTraces),
		wire.Op("GetTrace", http.MethodGet, TracesPath+"/{id}", http.StatusOK, s.getTrace),
		wire.Op("GetTracing", http.MethodGet, TracingPath, http.StatusOK, s.getTracing),
		wire.Op("StartTracing", http.MethodPost, TracingPath, http.StatusOK, s.startTracing),
		wire.Unit("StopTracing", http.MethodDelete, TracingPath, http.StatusNoContent, s.stopTracing),
	}
}

type listTracesInput struct {
	API    *string `wire:"api,query"`
	Stage  *string `wire:"stage,query"`
	Filter *string `wire:"filter,query"`
	After  *string `wire:"after,query"` // the next of an earlier answer: only what came behind it
	Limit  *int32  `wire:"limit,query"`
	Wait   *int32  `wire:"wait,query"` // seconds to wait for the first one, where there is none
}

type listTracesOutput struct {
	Traces    []traceSummary `wire:"traces"` // the oldest first
	Next      *string        `wire:"next"`
	Recording *bool          `wire:"recording"` // exchanges of that stage, or of any, are being recorded
}

// traceSummary is one line of a list.
type traceSummary struct {
	ID      *string  `wire:"id"`
	Time    *string  `wire:"time"`
	Client  *string  `wire:"client"`
	Method  *string  `wire:"method"`
	Host    *string  `wire:"host"`
	Target  *string  `wire:"target"` // path and query of the request line
	API     *string  `wire:"api"`
	Stage   *string  `wire:"stage"`
	Route   *string  `wire:"route"`
	Status  *int32   `wire:"status"`
	Latency *float64 `wire:"latency"` // milliseconds
	By      *string  `wire:"by"`      // who made the error: client, gateway or integration
	Fault   *string  `wire:"fault"`
}

// listTraces lists records, and waits for the first one if it is asked to. A
// client that follows asks again with After, and misses nothing that the rings
// still hold.
func (s *Service) listTraces(ctx context.Context, in *listTracesInput) (*listTracesOutput, error) {
	q, err := s.query(ctx, in)
	if err != nil {
		return nil, err
	}
	until := time.After(q.wait)
	for {
		list, next := s.Traces.Since(q.after)
		out := q.choose(s.Traces, list, next)
		if len(out.Traces) > 0 || q.wait == 0 {
			return out, nil
		}
		if s.Traces.Closed() {
			return nil, &wire.Error{Type: "ServiceUnavailableException", Status: http.StatusServiceUnavailable, Message: "This gateway is ending."}
		}
		q.after = next
		ready, done, err := s.Traces.Wait(next)
		if err != nil {
			return nil, &wire.Error{Type: "TooManyRequestsException", Status: http.StatusTooManyRequests, Message: sentence(err)}
		}
		select {
		case <-ready:
			done()
		case <-until:
			done()
			return out, nil
		case <-ctx.Done():
			done()
			return nil, ctx.Err()
		}
	}
}

// traceQuery is what a list is asked for.
type traceQuery struct {
	wanted    func(*trace.Record) bool
	recording bool
	after     string
	limit     int
	wait      time.Duration
}

func (s *Service) query(ctx context.Context, in *listTracesInput) (*traceQuery, error) {
	f, err := trace.ParseFilter(value(in.Filter))
	if err != nil {
		return nil, badRequest("The filter is not understood, %v.", err)
	}
	q := &traceQuery{after: value(in.After), limit: defaultTraces}
	if in.Limit != nil {
		q.limit = int(*in.Limit)
	}
	if q.limit < 0 || q.limit > maxTraces {
		return nil, badRequest("limit is %d: give 0 to %d.", q.limit, maxTraces)
	}
	if in.Wait != nil {
		if *in.Wait < 0 || *in.Wait > maxTraceWait {
			return nil, badRequest("wait is %d: give 0 to %d seconds.", *in.Wait, maxTraceWait)
		}
		q.wait = time.Duration(*in.Wait) * time.Second
	}
	api, stage := value(in.API), value(in.Stage)
	if stage != "" && api == "" {
		return nil, badRequest("A stage is given without its api.")
	}
	q.wanted = func(r *trace.Record) bool {
		return (api == "" || r.API == api) && (stage == "" || r.Stage == stage) && owns(ctx, r) && f.Match(r)
	}
	q.recording = s.Traces.All()
	for ref := range s.Traces.On() {
		if (api == "" || string(ref.API) == api) && (stage == "" || string(ref.Name) == stage) && s.stage(ctx, ref) == nil {
			q.recording = true
		}
	}
	return q, nil
}

// choose makes an answer of what is wanted among the records: behind a cursor
// the first of them, so that whoever follows gets all; else the last.
func (q *traceQuery) choose(rings *trace.Rings, list []*trace.Record, next string) *listTracesOutput {
	out := &listTracesOutput{Traces: []traceSummary{}, Next: &next, Recording: &q.recording}
	var found []*trace.Record
	for _, r := range list {
		if q.wanted(r) {
			found = append(found, r)
		}
	}
	if len(found) > q.limit {
		if q.after != "" && q.limit > 0 {
			found = found[:q.limit]
			next = rings.Cursor(found[q.limit-1].Seq)
		} else {
			found = found[len(found)-q.limit:]
		}
	}
	for _, r := range found {
		out.Traces = append(out.Traces, summary(r))
	}
	return out
}

// owns reports whether the caller may see a record: one of its account and
// region, or one that came to no API.
func owns(ctx context.Context, r *trace.Record) bool {
	return r.API == "" || ours(ctx, r.Account, r.Region)
}

func summary(r *trace.Record) traceSummary {
	return traceSummary{
		ID: &r.ID, Time: ptr(r.Time.UTC().Format(traceTime)), Client: text(r.Client), Method: &r.Method, Host: &r.Host, Target: &r.Target,
		API: text(r.API), Stage: text(r.Stage), Route: text(r.Route), Status: ptr(int32(r.Status)), Latency: millis(r.Latency),
		By: text(r.By.String()), Fault: text(r.Fault),
	}
}

// traceTime is RFC 3339 to the microsecond, the digits always there.
const traceTime = "2006-01-02T15:04:05.000000Z07:00"

type getTraceInput struct {
	ID *string `wire:"id,label,required"`
}

// traceOutput is everything that is known of one exchange.
type traceOutput struct {
	ID          *string           `wire:"id"`
	Time        *string           `wire:"time"`
	Request     *traceRequest     `wire:"request"`
	Match       *traceMatch       `wire:"match"`
	Candidates  []candidate       `wire:"candidates"` // while the stage still serves that deployment
	Omitted     *int32            `wire:"omitted"`
	Steps       []note            `wire:"steps"`
	Mapping     []mapped          `wire:"mapping"`
	Integration *traceIntegration `wire:"integration"`
	Response    *traceResponse    `wire:"response"`
	Timing      *timing           `wire:"timing"`
	Truncated   *bool             `wire:"truncated"` // more was there than is kept
	Verdict     *string           `wire:"verdict"`
}

type traceRequest struct {
	Listener *string  `wire:"listener"`
	Client   *string  `wire:"client"`
	Proto    *string  `wire:"proto"`
	Scheme   *string  `wire:"scheme"`
	Method   *string  `wire:"method"`
	Host     *string  `wire:"host"`
	Target   *string  `wire:"target"`
	Path     *string  `wire:"path"` // below the stage
	Query    *string  `wire:"query"`
	Headers  []header `wire:"headers"`
	Bytes    *int64   `wire:"bytes"` // of the body
}

type traceMatch struct {
	API        *string `wire:"api"`
	Name       *string `wire:"name"`
	Stage      *string `wire:"stage"`
	Deployment *string `wire:"deployment"`
	Route      *string `wire:"route"`
}

type traceIntegration struct {
	Target  *string  `wire:"target"`
	Status  *int32   `wire:"status"`
	Latency *float64 `wire:"latency"` // milliseconds
	Failure *string  `wire:"failure"`
	Reused  *bool    `wire:"reused"`  // the connection
	Retried *bool    `wire:"retried"` // the call, on a fresh connection
}

type traceResponse struct {
	Status  *int32   `wire:"status"`
	Headers []header `wire:"headers"`
	Bytes   *int64   `wire:"bytes"`
	By      *string  `wire:"by"`
	Fault   *string  `wire:"fault"`
	Reason  *string  `wire:"reason"`
	Aborted *string  `wire:"aborted"`
}

// timing is where the time went, in milliseconds.
type timing struct {
	Total       *float64 `wire:"total"`
	Integration *float64 `wire:"integration"` // until the head of its reply
	Gateway     *float64 `wire:"gateway"`     // the rest, and the way of both bodies
}

func (s *Service) getTrace(ctx context.Context, in *getTraceInput) (*traceOutput, error) {
	r := s.Traces.Find(*in.ID)
	if r == nil || !owns(ctx, r) {
		return nil, notFound("No exchange with the request id %s is recorded: it is too old, or its stage was not switched on.", clip(*in.ID))
	}
	o := &traceOutput{
		ID: &r.ID, Time: ptr(r.Time.UTC().Format(traceTime)),
		Request: &traceRequest{Listener: text(r.Listener), Client: text(r.Client), Proto: &r.Proto, Scheme: &r.Scheme, Method: &r.Method, Host: &r.Host,
			Target: &r.Target, Path: &r.Path, Query: text(r.Query), Headers: headers(r.Header), Bytes: &r.BytesIn},
		Response: &traceResponse{Status: ptr(int32(r.Status)), Headers: headers(r.Reply), Bytes: &r.BytesOut, By: text(r.By.String()),
			Fault: text(r.Fault), Reason: text(r.Reason), Aborted: text(r.Aborted)},
		Timing: timed(r.Latency, r.BackendLatency), Truncated: &r.Truncated, Verdict: ptr(told(r)),
	}
	if r.API != "" {
		o.Match = &traceMatch{text(r.API), text(r.APIName), text(r.Stage), text(r.Deployment), text(r.Route)}
		o.Candidates, o.Omitted = s.compared(r)
	}
	if r.Backend != "" {
		o.Integration = &traceIntegration{Target: &r.Backend, Latency: millis(r.BackendLatency), Failure: text(r.BackendFailure), Reused: &r.Reused, Retried: &r.Retried}
		if r.BackendStatus != 0 {
			o.Integration.Status = ptr(int32(r.BackendStatus))
		}
	}
	var m mappings
	for _, d := range r.Decisions {
		o.Steps = append(o.Steps, note{ptr(decision(d.What)), text(d.A), text(d.B)})
		m.add(d.What, d.A, d.B)
	}
	o.Mapping = m.list
	return o, nil
}

// compared lists the routes that a recorded request was compared with, and why
// the others did not answer. Records keep nothing of that, so it is found anew,
// unless the stage serves another deployment by now.
func (s *Service) compared(r *trace.Record) ([]candidate, *int32) {
	ref := gate.StageRef{API: gate.APIID(r.API), Name: gate.StageName(r.Stage)}
	p := s.Plan()
	_, stage := p.Stage(ref)
	if stage == nil || r.Deployment == "" || string(stage.Deployment) != r.Deployment {
		return nil, nil
	}
	near := newNearest(r.Method, r.Path)
	p.Candidates(ref, r.Method, r.Path, near.add)
	return near.list()
}

// told is the verdict on a record: what was answered, by whom, and why.
func told(r *trace.Record) string {
	where := ""
	if r.Route != "" {
		where = fmt.Sprintf(" from route %s of stage %s", r.Route, r.Stage)
	} else if r.Stage != "" {
		where = fmt.Sprintf(" on stage %s", r.Stage)
	}
	v := fmt.Sprintf("%d%s", r.Status, where)
	switch {
	case r.By == trace.ByIntegration && r.BackendFailure != "" && r.BackendStatus == 0:
		v += fmt.Sprintf(": the integration failed (%s)", r.BackendFailure)
	case r.By == trace.ByIntegration:
		v += ": the integration's own answer"
	case r.By == trace.ByClient:
		v += ": the request is at fault"
	case r.By == trace.ByGateway:
		v += ": made by the gateway"
	}
	if r.Reason != "" {
		v += ": " + r.Reason
	}
	for _, d := range r.Decisions {
		if d.What == flow.CORSRefused {
			v += fmt.Sprintf(". A browser refuses it to %s: %s", d.A, d.B)
			break
		}
	}
	if r.Aborted != "" {
		v += ". The reply was cut off: " + r.Aborted
	}
	return v + "."
}

type tracingInput struct{}

type tracingOutput struct {
	All    *bool         `wire:"all"` // every stage, always
	Stages []tracedStage `wire:"stages"`
}

type tracedStage struct {
	API   *string `wire:"api"`
	Stage *string `wire:"stage"`
	Until *string `wire:"until"`
}

func (s *Service) getTracing(ctx context.Context, _ *tracingInput) (*tracingOutput, error) {
	o := &tracingOutput{All: ptr(s.Traces.All()), Stages: []tracedStage{}}
	for ref, until := range s.Traces.On() {
		if s.stage(ctx, ref) == nil {
			o.Stages = append(o.Stages, tracedStage{ptr(string(ref.API)), ptr(string(ref.Name)), ptr(until.UTC().Format(time.RFC3339))})
		}
	}
	return o, nil
}

type startTracingInput struct {
	API     *string `wire:"api,required"`
	Stage   *string `wire:"stage,required"`
	Seconds *int32  `wire:"seconds"` // how long; default 10 minutes, at most a day
}

// startTracing has a stage recorded on this node, for a while: who forgets to
// switch off has not begun to keep everything for good.
func (s *Service) startTracing(ctx context.Context, in *startTracingInput) (*tracedStage, error) {
	ref := gate.StageRef{API: gate.APIID(*in.API), Name: gate.StageName(*in.Stage)}
	if err := s.stage(ctx, ref); err != nil {
		return nil, err
	}
	length := defaultTracing
	if in.Seconds != nil {
		length = time.Duration(*in.Seconds) * time.Second
	}
	if length < time.Second || length > maxTracing {
		return nil, badRequest("seconds is %d: give 1 to %d.", *in.Seconds, int(maxTracing.Seconds()))
	}
	until := time.Now().Add(length)
	switch err := s.Traces.Switch(ref, until); {
	case errors.Is(err, trace.ErrAll):
		return &tracedStage{in.API, in.Stage, nil}, nil // what is asked for is so already
	case err != nil:
		return nil, &wire.Error{Type: "ConflictException", Status: http.StatusConflict, Message: sentence(err)}
	}
	return &tracedStage{in.API, in.Stage, ptr(until.UTC().Format(time.RFC3339))}, nil
}

type stopTracingInput struct {
	API   *string `wire:"api,query,required"`
	Stage *string `wire:"stage,query,required"`
}

func (s *Service) stopTracing(ctx context.Context, in *stopTracingInput) error {
	ref := gate.StageRef{API: gate.APIID(*in.API), Name: gate.StageName(*in.Stage)}
	if err := s.stage(ctx, ref); err != nil {
		return err
	}
	if err := s.Traces.Switch(ref, time.Time{}); err != nil {
		return &wire.Error{Type: "ConflictException", Status: http.StatusConflict, Message: sentence(err)}
	}
	return nil
}

// stage holds that the plan in force has a stage, and that it is the caller's
// own. No host is asked for: one may be shut to the stage that another serves.
func (s *Service) stage(ctx context.Context, ref gate.StageRef) error {
	a, _ := s.Plan().Stage(ref)
	if a == nil || !ours(ctx, a.Account, a.Region) {
		return notFound("API %s has no stage %s.", clip(string(ref.API)), clip(string(ref.Name)))
	}
	return nil
}

func headers(list []trace.Pair) []header {
	out := make([]header, 0, len(list))
	for i := range list {
		out = append(out, header{&list[i].Name, &list[i].Value})
	}
	return out
}

// timed splits the time of an exchange.
func timed(total, backend time.Duration) *timing {
	if backend == 0 {
		return &timing{Total: millis(total), Gateway: millis(total)}
	}
	return &timing{millis(total), millis(backend), millis(max(total-backend, 0))}
}

func millis(d time.Duration) *float64 { return ptr(float64(d.Microseconds()) / 1000) }

// text is a member that is left out where it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// sentence makes a message of an error of ours.
func sentence(err error) string {
	s := err.Error()
	if s[0] >= 'a' && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s + "."
}

func notFound(format string, args ...any) *wire.Error {
	return &wire.Error{Type: "NotFoundException", Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...)}
}
