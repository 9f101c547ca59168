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

// explainCommand asks the gateway why a request is answered as it is.
type explainCommand struct {
	remote `embed:""`
	Send   bool   `help:"Really send the request, without a body, and show the reply."`
	Method string `arg:"" help:"The method, such as GET."`
	URL    string `arg:"" help:"The URL as a client would call it, or a path of the endpoint."`
}

// explanation is the answer of the Explain operation.
type explanation struct {
	Method, Host, Path       string
	API                      *struct{ ID, Name, Protocol string }
	Stage, Deployment, Route string
	Candidates               []struct {
		Route, Why string
		Matched    bool
	}
	Omitted     int
	Params      []struct{ Name, Value string }
	Integration *struct{ Kind, Method, URL, Timeout string }
	Problem     string
	Status      int
	Reply       *struct {
		Status    int
		Headers   []struct{ Name, Value string }
		Body      *string
		Bytes     int64
		Truncated bool
		Latency   float64
	}
	Verdict string
	Fixes   []string
}

// Run prints the explanation. A request that no route answers is no failure of
// this command: that is what it was asked to find out.
func (c *explainCommand) Run(ctx context.Context, t *terminal) error {
	q := url.Values{"method": {c.Method}, "url": {c.URL}}
	if c.Send {
		q.Set("send", "true")
	}
	var raw json.RawMessage
	path := gatehouse.PathPrefix + "/explain?" + strings.ReplaceAll(q.Encode(), "+", "%20")
	if err := c.do(ctx, t, gatehouse.ScopeName, http.MethodGet, path, nil, &raw); err != nil {
		return err
	}
	if t.json {
		return t.printJSON(raw)
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
	var b strings.Builder
	row := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%s%s\n", t.paint(t.out, dim, fmt.Sprintf("  %-12s", label)), printable(fmt.Sprintf(format, args...)))
	}
	tone := green
	if e.Route == "" || e.Problem != "" || e.Reply != nil && e.Reply.Status >= 400 {
		tone = amber
	}
	fmt.Fprintf(&b, "%s\n\n", t.paint(t.out, tone, printable(e.Verdict)))
	row("host", "%s", e.Host)
	if e.API != nil {
		row("api", "%s  %s  %s", e.API.ID, e.API.Name, e.API.Protocol)
	}
	if e.Stage != "" {
		row("stage", "%s  deployment %s", e.Stage, orDash(e.Deployment))
	}
	row("path", "%s", e.Path)
	e.candidates(t, &b)
	for _, p := range e.Params {
		row("parameter", "%s = %s", p.Name, p.Value)
	}
	if i := e.Integration; i != nil {
		row("integration", "%s %s %s, within %s", i.Kind, i.Method, i.URL, i.Timeout)
	}
	if r := e.Reply; r != nil {
		row("reply", "%d in %.1f ms, %d bytes%s", r.Status, r.Latency, r.Bytes, map[bool]string{true: ", and more that is not shown"}[r.Truncated])
		for _, h := range r.Headers {
			row("", "%s: %s", h.Name, h.Value)
		}
		if r.Body != nil && *r.Body != "" {
			fmt.Fprintf(&b, "\n%s\n", printable(*r.Body))
		}
	}
	for i, f := range e.Fixes {
		if i == 0 {
			fmt.Fprintf(&b, "\n%s\n", t.paint(t.out, bold, "What you can do"))
		}
		fmt.Fprintf(&b, "  - %s\n", printable(f))
	}
	return b.String()
}

// candidates prints the routes that were compared.
func (e *explanation) candidates(t *terminal, b *strings.Builder) {
	width := 0
	for _, c := range e.Candidates {
		width = max(width, min(len(c.Route), 40))
	}
	for i, c := range e.Candidates {
		label, mark := "", "no "
		if i == 0 {
			label = "routes"
		}
		if c.Matched {
			mark = t.paint(t.out, green, "yes")
		}
		fmt.Fprintf(b, "%s%s  %-*s  %s\n", t.paint(t.out, dim, fmt.Sprintf("  %-12s", label)), mark, width, printable(c.Route), t.paint(t.out, dim, c.Why))
	}
	if e.Omitted > 0 {
		fmt.Fprintf(b, "  %-12s     and %d more that are less alike\n", "", e.Omitted)
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
