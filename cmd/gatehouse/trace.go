package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/control/gatehouse"
)

// traceCommand asks a gateway what became of past requests.
type traceCommand struct {
	Tail traceTailCommand `cmd:"" help:"Print requests as they end, until Ctrl-C."`
	Show traceShowCommand `cmd:"" help:"Print all that is known of one request."`
	On   traceOnCommand   `cmd:"" help:"Record the requests of a stage for a while (dev records all)."`
	Off  traceOffCommand  `cmd:"" help:"Record the requests of a stage no more."`
}

// stageArg is API/STAGE on the command line.
func stageArg(s string) (api, stage string, err error) {
	api, stage, ok := strings.Cut(s, "/")
	if !ok || api == "" || stage == "" {
		return "", "", usage(fmt.Sprintf("%q names no stage: give API/STAGE, such as shop/prod or 'shop/$default'", s))
	}
	return api, stage, nil
}

// query writes values so that a signature is the same on both sides.
func query(q url.Values) string { return "?" + strings.ReplaceAll(q.Encode(), "+", "%20") }

// traceTailCommand follows the requests of a gateway.
type traceTailCommand struct {
	remote   `embed:""`
	Filter   string `placeholder:"TERMS" help:"Only requests for which all of these hold, such as: status>=500 route:\"POST /orders\" latency>1s method:GET ip:10.0.0.0/8."`
	Last     int    `placeholder:"N" default:"10" help:"Begin with so many past ones, 0 to 1000."`
	NoFollow bool   `help:"End after the past ones."`
	Stage    string `arg:"" optional:"" name:"api/stage" help:"The stage, or the API, whose requests are printed. Without it, all."`
}

// tracesPage is the answer of ListTraces.
type tracesPage struct {
	Traces    []json.RawMessage
	Next      string
	Recording bool
}

// traceLine is one of them.
type traceLine struct {
	ID, Time, Client, Method, Host, Target, API, Stage, Route, By, Fault string
	Status                                                               int
	Latency                                                              float64
}

// Run prints until ctx ends.
func (c *traceTailCommand) Run(ctx context.Context, t *terminal) error {
	q := url.Values{"limit": {strconv.Itoa(c.Last)}}
	if c.Filter != "" {
		q.Set("filter", c.Filter)
	}
	if api, stage, _ := strings.Cut(c.Stage, "/"); api != "" {
		q.Set("api", api)
		if stage != "" {
			q.Set("stage", stage)
		}
	}
	page, err := c.page(ctx, t, q)
	if err != nil {
		return err
	}
	if !page.Recording {
		t.sayf("Nothing is being recorded here: switch a stage on with gatehouse trace on API/STAGE.")
	}
	if t.inLines() {
		if _, err := fmt.Fprintln(t.out, t.paint(t.out, dim, traceHead)); err != nil {
			return err
		}
	}
	q.Set("limit", "1000")
	wait := min(20, int(c.Timeout/time.Second)/2) // an answer comes within the timeout
	q.Set("wait", strconv.Itoa(wait))
	for {
		for _, raw := range page.Traces {
			if err := c.print(t, raw); err != nil {
				return err
			}
		}
		if c.NoFollow {
			return nil
		}
		q.Set("after", page.Next)
		if page, err = c.page(ctx, t, q); err != nil {
			return err
		}
		if wait == 0 && len(page.Traces) == 0 {
			select {
			case <-time.After(500 * time.Millisecond):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

func (c *traceTailCommand) page(ctx context.Context, t *terminal, q url.Values) (p tracesPage, err error) {
	err = c.do(ctx, t, gatehouse.ScopeName, http.MethodGet, gatehouse.TracesPath+query(q), nil, &p)
	return p, err
}

// inLines reports whether a stream of data is written in aligned lines, as it
// is for people: the rows of a table cannot wait for the last one.
func (t *terminal) inLines() bool { return !forProgram(t.format) }

// traceHead names the columns of the lines.
const traceHead = "TIME          STATUS  LATENCY     METHOD   ID                STAGE                 ROUTE                   TARGET"

// print writes one line: JSON as it came, or a row for a person.
func (c *traceTailCommand) print(t *terminal, raw json.RawMessage) error {
	switch {
	case t.format == formatYAML:
		if _, err := io.WriteString(t.out, "---\n"); err != nil {
			return err
		}
		return t.print(raw)
	case !t.inLines():
		_, err := fmt.Fprintf(t.out, "%s\n", raw)
		return err
	}
	var l traceLine
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("the trace is not understood: %v: is the gateway of another version?", err)
	}
	_, err := fmt.Fprintln(t.out, l.row(t))
	return err
}

func (l *traceLine) row(t *terminal) string {
	tone := green
	switch {
	case l.Status >= 500 || l.Status == 0:
		tone = red
	case l.Status >= 400:
		tone = amber
	}
	stage := "-"
	if l.API != "" {
		stage = l.API + "/" + orDash(l.Stage)
	}
	return fmt.Sprintf("%-12s  %s  %-10s  %-7s  %-16s  %-20s  %-22s  %s", clock(l.Time), t.paint(t.out, tone, fmt.Sprintf("%-6d", l.Status)),
		fmt.Sprintf("%.1f ms", l.Latency), printable(l.Method), printable(l.ID), printable(stage), printable(orDash(l.Route)), printable(l.Target))
}

// clock is a time of the wire as this place's time of day.
func clock(s string) string {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return printable(s)
	}
	return at.Local().Format("15:04:05.000")
}

// traceOnCommand switches a stage on.
type traceOnCommand struct {
	remote `embed:""`
	For    time.Duration `placeholder:"TIME" default:"10m" help:"How long, up to a day."`
	Stage  string        `arg:"" name:"api/stage" help:"The stage, such as shop/prod."`
}

// Run switches on, on the node that answers.
func (c *traceOnCommand) Run(ctx context.Context, t *terminal) error {
	api, stage, err := stageArg(c.Stage)
	if err != nil {
		return err
	}
	if c.For < time.Second || c.For > 24*time.Hour {
		return usage(fmt.Sprintf("--for %v is out of range: 1s to 24h", c.For))
	}
	in := map[string]any{"api": api, "stage": stage, "seconds": int(c.For / time.Second)}
	var raw json.RawMessage
	if err := c.do(ctx, t, gatehouse.ScopeName, http.MethodPost, gatehouse.TracingPath, in, &raw); err != nil {
		return err
	}
	if t.structured() {
		return t.print(raw)
	}
	var out struct{ Until string }
	if err := json.Unmarshal(raw, &out); err != nil {
		return fmt.Errorf("the answer is not understood: %v: is the gateway of another version?", err)
	}
	if out.Until == "" {
		t.sayf("This gateway records every stage already.")
		return nil
	}
	t.sayf("Recording %s until %s. Follow it: %s", c.Stage, clock(out.Until), again("trace tail "+shellQuote(c.Stage), c.EndpointURL))
	return nil
}

// traceOffCommand switches a stage off.
type traceOffCommand struct {
	remote `embed:""`
	Stage  string `arg:"" name:"api/stage" help:"The stage, such as shop/prod."`
}

// Run switches off. What has been recorded stays until there is no more room
// for it, or the process ends.
func (c *traceOffCommand) Run(ctx context.Context, t *terminal) error {
	api, stage, err := stageArg(c.Stage)
	if err != nil {
		return err
	}
	return c.do(ctx, t, gatehouse.ScopeName, http.MethodDelete, gatehouse.TracingPath+query(url.Values{"api": {api}, "stage": {stage}}), nil, nil)
}
