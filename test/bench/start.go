package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"syscall"
	"time"
)

// Bounds of a start with an empty store.
const (
	maxStart   = 150 * time.Millisecond
	maxIdleRSS = 40 << 20
	starts     = 11
)

// A birth is one measured start.
type birth struct {
	line   time.Duration // until the start line
	answer time.Duration // until the first answer of the endpoint
	rss    int64         // two seconds later
}

// runStart starts the gateway several times, each with an empty store on disk.
func runStart(ctx context.Context, w *world) (*section, error) {
	binary, err := w.gatehouseBinary(ctx)
	if err != nil {
		return nil, err
	}
	var all []birth
	for i := range starts {
		b, err := w.born(ctx, binary, fmt.Sprintf("start-%d", i))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	line := quartilesOf(column(all, func(b birth) float64 { return ms(b.line) }))
	answer := quartilesOf(column(all, func(b birth) float64 { return ms(b.answer) }))
	rss := quartilesOf(column(all, func(b birth) float64 { return float64(b.rss) / (1 << 20) }))
	s := &section{name: "start"}
	s.printf("`gatehouse dev --data DIR` with an empty store, %d starts on one core.\n\n| what | median, quartiles | bound | holds |\n|---|---|---|---|\n", starts)
	quarts := func(q quartiles, unit string) string {
		return fmt.Sprintf("%.1f %s, %.1f to %.1f", q.median, unit, q.lower, q.upper)
	}
	s.judge(line.median < ms(maxStart), "start until the start line", quarts(line, "ms"), fmt.Sprintf("under %v", maxStart))
	s.judge(answer.median < ms(maxStart), "start until the first answer", quarts(answer, "ms"), fmt.Sprintf("under %v", maxStart))
	s.judge(rss.median < maxIdleRSS>>20, "idle resident memory, 2 s later", quarts(rss, "MiB"), fmt.Sprintf("under %d MiB", maxIdleRSS>>20))
	s.printf("\n")
	s.foot(ctx, "go run ./test/bench start")
	return s, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// born starts one gateway and ends it again.
func (w *world) born(ctx context.Context, binary, dir string) (b birth, err error) {
	cmd := exec.CommandContext(ctx, "taskset", "-c", proxyCore, binary, "dev", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--data", w.path(dir), "--output", "json")
	cmd.Dir = w.dir
	cmd.SysProcAttr = dieWithParent()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return b, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return b, err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait() // how it ends is the business of the tests
	}()
	text, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return b, fmt.Errorf("gatehouse dev ended without a start line: %v", err)
	}
	b.line = time.Since(began)
	var start struct {
		Endpoint string `json:"endpoint"`
	}
	if err := json.Unmarshal(text, &start); err != nil || start.Endpoint == "" {
		return b, fmt.Errorf("the start line %q names no endpoint", text)
	}
	res, err := http.Get(start.Endpoint + "/_aws/execute-api/none/")
	if err != nil {
		return b, err
	}
	b.answer = time.Since(began)
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return b, errors.Join(err, res.Body.Close())
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err := sleep(ctx, 2*time.Second); err != nil {
		return b, err
	}
	b.rss, err = memory(cmd.Process.Pid, "VmRSS")
	return b, err
}
