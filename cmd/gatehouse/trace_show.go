package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/internal/control/gatehouse"
)

// traceShowCommand prints one past request.
type traceShowCommand struct {
	remote `embed:""`
	ID     string `arg:"" help:"The request id: the reply's Apigw-Requestid, or the access log's requestId."`
}

// fieldLine is a header field of an answer.
type fieldLine struct{ Name, Value string }

// mappedLine is one parameter mapping of an answer.
type mappedLine struct {
	Side, Key     string
	Before, After *string
}

// timingLine is where the time went, in milliseconds.
type timingLine struct{ Total, Integration, Gateway float64 }

// exchangeTrace is the answer of GetTrace.
type exchangeTrace struct {
	ID, Time string
	Request  struct {
		Listener, Client, Proto, Scheme, Method, Host, Target, Path string
		Headers                                                     []fieldLine
		Bytes                                                       int64
	}
	Match       *struct{ API, Name, Stage, Deployment, Route string }
	Candidates  []candidateLine
	Omitted     int
	Steps       []struct{ What, A, B string }
	Mapping     []mappedLine
	Integration *struct {
		Target, Failure string
		Status          int
		Latency         float64
		Reused, Retried bool
	}
	Response struct {
		Status                     int
		Headers                    []fieldLine
		Bytes                      int64
		By, Fault, Reason, Aborted string
	}
	Timing    timingLine
	Truncated bool
	Verdict   string
}

// Run prints the request.
func (c *traceShowCommand) Run(ctx context.Context, t *terminal) error {
	var raw json.RawMessage
	path := gatehouse.TracesPath + "/" + strings.NewReplacer("+", "%2B", "=", "%3D").Replace(url.PathEscape(c.ID))
	if err := c.do(ctx, t, gatehouse.ScopeName, http.MethodGet, path, nil, &raw); err != nil {
		return err
	}
	if t.structured() {
		return t.print(raw)
	}
	var e exchangeTrace
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("the trace is not understood: %v: is the gateway of another version?", err)
	}
	_, err := t.out.Write([]byte(e.text(t)))
	return err
}

// rows writes lines of a label and a text.
type rows struct {
	t *terminal
	b strings.Builder
}

func (r *rows) add(label, format string, args ...any) {
	fmt.Fprintf(&r.b, "%s%s\n", r.t.paint(r.t.out, dim, fmt.Sprintf("  %-12s", label)), printable(fmt.Sprintf(format, args...)))
}

func (r *rows) fields(list []fieldLine) {
	for _, f := range list {
		r.add("", "%s: %s", f.Name, f.Value)
	}
}

// text is the trace for a person.
func (e *exchangeTrace) text(t *terminal) string {
	r := &rows{t: t}
	tone := green
	if e.Response.By != "" {
		tone = amber
	}
	fmt.Fprintf(&r.b, "%s\n\n", t.paint(t.out, tone, printable(e.Verdict)))
	r.add("id", "%s  %s", e.ID, e.Time)
	q := &e.Request
	r.add("request", "%s %s %s, %d bytes, from %s to %s", q.Method, q.Target, q.Proto, q.Bytes, orDash(q.Client), orDash(q.Listener))
	r.fields(q.Headers)
	if m := e.Match; m != nil {
		r.add("api", "%s  %s", m.API, m.Name)
		r.add("stage", "%s  deployment %s", orDash(m.Stage), orDash(m.Deployment))
		r.add("route", "%s", orDash(m.Route))
	}
	printCandidates(r, e.Candidates, e.Omitted)
	for i, s := range e.Steps {
		label := ""
		if i == 0 {
			label = "decisions"
		}
		r.add(label, "%-12s %s", s.What, strings.TrimSuffix(s.A+"  "+s.B, "  "))
	}
	printMapping(r, e.Mapping)
	if i := e.Integration; i != nil {
		connection := map[bool]string{true: "a used connection", false: "a fresh connection"}[i.Reused]
		if i.Retried {
			connection += " after a dead one"
		}
		outcome := fmt.Sprint(i.Status)
		if i.Status == 0 {
			outcome = "no answer (" + orDash(i.Failure) + ")"
		}
		r.add("integration", "%s: %s in %.1f ms, on %s", i.Target, outcome, i.Latency, connection)
	}
	a := &e.Response
	r.add("response", "%d, %d bytes", a.Status, a.Bytes)
	r.fields(a.Headers)
	if a.Fault != "" {
		r.add("fault", "%s: %s", a.Fault, a.Reason)
	}
	printTiming(r, &e.Timing)
	if e.Truncated {
		r.add("", "(there was more than is kept of one request)")
	}
	return r.b.String()
}

// printMapping prints each parameter before and after.
func printMapping(r *rows, list []mappedLine) {
	width := 0
	for _, m := range list {
		width = max(width, min(len(m.Key), 40))
	}
	for i, m := range list {
		label := ""
		if i == 0 {
			label = "mapping"
		}
		before, after := "(none)", "(removed)"
		if m.Before != nil {
			before = fmt.Sprintf("%q", *m.Before)
		}
		if m.After != nil {
			after = fmt.Sprintf("%q", *m.After)
		}
		if m.Before != nil && strings.HasPrefix(m.Key, "append:") {
			after = before + " and " + after
		}
		r.add(label, "%-8s  %-*s  %s -> %s", m.Side, width, m.Key, before, after)
	}
}

func printTiming(r *rows, t *timingLine) {
	r.add("timing", "%.1f ms in all, %.1f ms of them the integration's, %.1f ms the gateway's", t.Total, t.Integration, t.Gateway)
}
