package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/internal/control/gatehouse"
)

// explainCommand asks the gateway why a request is answered as it is.
type explainCommand struct {
	remote `embed:""`
	Header []string `short:"H" sep:"none" placeholder:"NAME:VALUE" help:"A header of the request, such as Origin:https://app.example; may be given again."`
	Send   bool     `help:"Really send the request, without a body, and show the reply."`
	Method string   `arg:"" help:"The method, such as GET."`
	URL    string   `arg:"" help:"The URL as a client would call it, or a path of the endpoint."`
}

// explanation is the answer of the Explain operation.
type explanation struct {
	Method, Host, Path       string
	Domain                   string
	APIMapping               *struct{ ID, Key string }
	API                      *struct{ ID, Name, Protocol string }
	Stage, Deployment, Route string
	Candidates               []candidateLine
	Omitted                  int
	Params                   []struct{ Name, Value string }
	Mapping                  []mappedLine
	CORS                     []corsLine
	Integration              *struct{ Kind, Method, URL, Timeout string }
	Problem                  string
	Status                   int
	Reply                    *struct {
		Status    int
		Headers   []fieldLine
		Body      *string
		Bytes     int64
		Truncated bool
		Latency   float64
	}
	Timing  *struct{ LookUp, Handler, Backend *float64 }
	Verdict string
	Fixes   []string
}

// corsLine is what a browser makes of the reply.
type corsLine struct {
	Origin, Why string
	Allowed     *bool // nil: the gateway has no say
}

// Run prints the explanation. A request that no route answers is no failure of
// this command: that is what it was asked to find out.
func (c *explainCommand) Run(ctx context.Context, t *terminal) error {
	q := url.Values{"method": {c.Method}, "url": {c.URL}, "header": c.Header}
	if c.Send {
		q.Set("send", "true")
	}
	var raw json.RawMessage
	path := gatehouse.PathPrefix + "/explain" + query(q)
	if err := c.do(ctx, t, gatehouse.ScopeName, http.MethodGet, path, nil, &raw); err != nil {
		return err
	}
	if t.structured() {
		return t.print(raw)
	}
	var e explanation
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("the explanation is not understood: %v: is the gateway of another version?", err)
	}
	_, err := t.out.Write([]byte(e.text(t)))
	return err
}

// text is the explanation for a person.
func (e *explanation) text(t *terminal) string {
	r := &rows{t: t}
	fmt.Fprintf(&r.b, "%s\n\n", t.paint(t.out, e.tone(), printable(e.Verdict)))
	e.place(r)
	printCandidates(r, e.Candidates, e.Omitted)
	for _, p := range e.Params {
		r.add("parameter", "%s = %s", p.Name, p.Value)
	}
	printMapping(r, e.Mapping)
	e.browser(r)
	if i := e.Integration; i != nil {
		r.add("integration", "%s, within %s", strings.Join(slices.DeleteFunc([]string{i.Kind, i.Method, i.URL}, func(s string) bool { return s == "" }), " "), i.Timeout)
	}
	e.reply(r)
	e.timing(r)
	if e.Reply != nil && e.Reply.Body != nil && *e.Reply.Body != "" {
		fmt.Fprintf(&r.b, "\n%s\n", printable(*e.Reply.Body))
	}
	for i, f := range e.Fixes {
		if i == 0 {
			fmt.Fprintf(&r.b, "\n%s\n", t.paint(t.out, bold, "What you can do"))
		}
		fmt.Fprintf(&r.b, "  - %s\n", printable(f))
	}
	return r.b.String()
}

func (e *explanation) tone() style {
	refused := slices.ContainsFunc(e.CORS, func(n corsLine) bool { return n.Allowed != nil && !*n.Allowed })
	if e.Route == "" || e.Problem != "" || e.Status >= 400 || refused || e.Reply != nil && e.Reply.Status >= 400 {
		return amber
	}
	return green
}

// place prints how host and path lead to a stage.
func (e *explanation) place(r *rows) {
	r.add("host", "%s", e.Host)
	if e.Domain != "" {
		r.add("domain", "%s", e.Domain)
	}
	if m := e.APIMapping; m != nil {
		r.add("api mapping", "%s  /%s", m.ID, m.Key)
	}
	if e.API != nil {
		r.add("api", "%s  %s  %s", e.API.ID, e.API.Name, e.API.Protocol)
	}
	if e.Stage != "" {
		r.add("stage", "%s  deployment %s", e.Stage, orDash(e.Deployment))
	}
	r.add("path", "%s", e.Path)
}

// browser prints what a browser makes of the reply.
func (e *explanation) browser(r *rows) {
	for i, n := range e.CORS {
		label, mark := "", "-"
		if i == 0 {
			label = "cors"
		}
		switch {
		case n.Allowed == nil:
		case *n.Allowed:
			mark, n.Why = "yes", "allowed by "+n.Why
		default:
			mark = "no"
		}
		r.add(label, "%-3s  %s  %s", mark, n.Origin, n.Why)
	}
}

// reply prints what the client would have got.
func (e *explanation) reply(r *rows) {
	a := e.Reply
	if a == nil {
		return
	}
	r.add("reply", "%d in %.1f ms, %d bytes%s", a.Status, a.Latency, a.Bytes, map[bool]string{true: ", and more that is not shown"}[a.Truncated])
	r.fields(a.Headers)
}

// timing prints where the time of this explanation went.
func (e *explanation) timing(r *rows) {
	if e.Timing == nil || e.Timing.LookUp == nil {
		return
	}
	text := fmt.Sprintf("look-up %.3f ms", *e.Timing.LookUp)
	if e.Timing.Handler != nil {
		text += fmt.Sprintf(", handler %.3f ms", *e.Timing.Handler)
	}
	if e.Timing.Backend != nil {
		text += fmt.Sprintf(", of which the backend %.3f ms", *e.Timing.Backend)
	}
	r.add("timing", "%s", text)
}

// candidateLine is one route that a request was compared with.
type candidateLine struct {
	Route, Why string
	Matched    bool
}

// printCandidates prints the routes that were compared.
func printCandidates(r *rows, list []candidateLine, omitted int) {
	width := 0
	for _, c := range list {
		width = max(width, min(len(c.Route), 40))
	}
	for i, c := range list {
		label, mark := "", "no "
		if i == 0 {
			label = "routes"
		}
		if c.Matched {
			mark = r.t.paint(r.t.out, green, "yes")
		}
		fmt.Fprintf(&r.b, "%s%s  %-*s  %s\n", r.t.paint(r.t.out, dim, fmt.Sprintf("  %-12s", label)), mark, width, printable(c.Route), r.t.paint(r.t.out, dim, printable(c.Why)))
	}
	if omitted > 0 {
		fmt.Fprintf(&r.b, "  %-12s     and %d more that are less alike\n", "", omitted)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// printable keeps what came over the network from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) && (r < 0x200e || r > 0x200f) && (r < 0x202a || r > 0x202e) && (r < 0x2066 || r > 0x2069) {
			return r
		}
		return '\uFFFD'
	}, s)
}
