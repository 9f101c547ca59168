package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// A load is what wrk reports.
type load struct {
	requests int
	seconds  float64
	failed   int // answers other than 2xx and 3xx, and socket errors
}

func (l load) perSecond() float64 { return float64(l.requests) / l.seconds }

// wrkLoad runs wrk with one thread and 64 connections on the other core. Each
// request goes to the next of the 1000 routes.
func (w *world) wrkLoad(ctx context.Context, c *contestant, d time.Duration) (load, error) {
	cmd, out, err := w.startWrk(ctx, c, d)
	if err != nil {
		return load{}, err
	}
	if err := cmd.Wait(); err != nil {
		return load{}, fmt.Errorf("wrk on %s: %v\n%s", c.name, err, out)
	}
	return parseWrk(out.String())
}

// startWrk starts wrk; an interrupt makes it report before its time is over.
func (w *world) startWrk(ctx context.Context, c *contestant, d time.Duration) (*exec.Cmd, *bytes.Buffer, error) {
	seconds := max(1, int(d.Round(time.Second)/time.Second))
	script, err := w.wrkScript(c)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, "taskset", "-c", otherCore, "wrk", "-t1", "-c64",
		"-d"+strconv.Itoa(seconds)+"s", "--timeout", "5s", "-s", script, c.url)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out, cmd.Start()
}

// wrkScript writes the requests of a contestant: all are made before the load
// begins, so that choosing one costs wrk a table look-up.
func (w *world) wrkScript(c *contestant) (string, error) {
	path := w.path("wrk-" + c.key + ".lua")
	if c.lua != "" {
		return path, os.WriteFile(path, []byte(c.lua), 0o644)
	}
	text := fmt.Sprintf(`local reqs, n, i = {}, %d, 0
function init(args)
  for k = 1, n do
    reqs[k] = wrk.format("GET", string.format(%q, k - 1), {["Host"] = %q})
  end
end
function request()
  i = i %% n + 1
  return reqs[i]
end
`, routes, cmp.Or(c.path, "/r%04d/items"), c.host)
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// errNoRequest is told of a load without any answer.
var errNoRequest = errors.New("wrk finished no request")

// The lines of wrk's report that matter.
var (
	wrkTotal   = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([0-9.]+)(ms|s|m|h),`)
	wrkStatus  = regexp.MustCompile(`(?m)^\s*Non-2xx or 3xx responses: (\d+)`)
	wrkSockets = regexp.MustCompile(`(?m)^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
)

func parseWrk(text string) (load, error) {
	m := wrkTotal.FindStringSubmatch(text)
	if m == nil {
		return load{}, fmt.Errorf("wrk reported no total:\n%s", text)
	}
	var l load
	l.requests, _ = strconv.Atoi(m[1])
	amount, err := strconv.ParseFloat(m[2], 64)
	if err != nil {
		return load{}, fmt.Errorf("wrk reported the time %q", m[2])
	}
	l.seconds = amount * map[string]float64{"ms": 0.001, "s": 1, "m": 60, "h": 3600}[m[3]]
	if l.requests == 0 || l.seconds == 0 {
		return load{}, fmt.Errorf("%w:\n%s", errNoRequest, text)
	}
	if m := wrkStatus.FindStringSubmatch(text); m != nil {
		l.failed, _ = strconv.Atoi(m[1])
	}
	if m := wrkSockets.FindStringSubmatch(text); m != nil {
		for _, n := range m[1:] {
			v, _ := strconv.Atoi(n)
			l.failed += v
		}
	}
	return l, nil
}
