package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/observe/logs"
)

// voice is how much a server says, besides its data. A server embeds it, and
// finds it filled in from the global flags.
type voice struct {
	Quiet   bool `kong:"-"`
	Verbose bool `kong:"-"`
}

// AfterApply takes the flags.
func (v *voice) AfterApply(t *terminal) error {
	v.Quiet, v.Verbose = t.flags.Quiet, t.flags.Verbose
	return nil
}

// devCommand starts a gateway for the machine that it runs on: everything at
// one address, any credentials, any region.
type devCommand struct {
	voice  `embed:""`
	Listen string `placeholder:"ADDR" default:"127.0.0.1:4566" help:"Where to listen; port 0 takes a free one. This machine only."`
	Admin  string `placeholder:"ADDR" default:"127.0.0.1:9464" help:"Where /livez, /readyz and /metrics are. This machine only."`
	Data   string `placeholder:"DIR" help:"Keep everything in this directory. Without it, in memory."`
}

// Run starts and serves until a signal.
func (c *devCommand) Run(ctx context.Context, t *terminal) error {
	s, err := c.setup("dev", t)
	if err != nil {
		return err
	}
	started := time.Now()
	w, err := open(s)
	if err != nil {
		return err
	}
	ctx, stop := untilHangup(ctx)
	defer stop()
	return w.run(ctx, func() error { c.announce(t, w, started); return nil })
}

// setup is the configuration of dev: the defaults of serve, but for one
// listener, path addresses, no delay when it ends, and an access log beside the
// process log, since stdout is for the start line.
func (c *devCommand) setup(mode string, t *terminal) (setup, error) {
	for flag, addr := range map[string]string{"--listen": c.Listen, "--admin": c.Admin} {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return setup{}, usage(fmt.Sprintf("%s %q is not an address: give host:port, such as 127.0.0.1:4566", flag, addr))
		}
		if !isLoopback(host) {
			return setup{}, &failure{Exit: exitRefused, Code: "LoopbackOnly", What: fmt.Sprintf("dev does not listen on %s", addr),
				Why: "it takes any credentials, so whoever reaches it can change every API and call whatever this machine can",
				Do:  "listen on 127.0.0.1 or [::1]; for others, use gatehouse serve"}
		}
	}
	conf := defaultConfig()
	conf.Listeners = []Listener{{Addr: c.Listen, Planes: []string{planeData, planeControl}}}
	conf.Data.PathAddresses = true
	conf.Store.Dir = c.Data
	conf.Admin.Addr = c.Admin
	conf.Drain = DrainSection{Timeout: Duration(5 * time.Second)}
	lines := t.talk
	if c.Quiet {
		conf.Logs.Access.Stdout, lines = false, io.Discard
	}
	log, err := c.log(t)
	return setup{Conf: conf, Mode: mode, Memory: c.Data == "", AnyPlace: true, Environ: t.environ, Log: log, Stdout: lines}, err
}

// log is the process log of a command without configuration, for a person.
func (v voice) log(t *terminal) (*slog.Logger, error) {
	level := slog.LevelInfo
	switch {
	case v.Quiet:
		level = slog.LevelWarn
	case v.Verbose:
		level = slog.LevelDebug
	}
	format := "text"
	if forProgram(t.format) {
		format = "json"
	}
	return logs.Process(t.talk, level, format)
}

// A startLine is the data that dev writes when it is ready. Scripts read it.
type startLine struct {
	Endpoint string `json:"endpoint"`
	Admin    string `json:"admin"`
	Region   string `json:"region"`
	Account  string `json:"account"`
	Data     string `json:"data"` // "memory" or the directory
}

func (w *world) startLine() startLine {
	s := startLine{w.controlURL(), w.adminURL(), w.Conf.Regions[0], w.Conf.Account, "memory"}
	if !w.Memory {
		s.Data = w.Conf.Store.Dir
	}
	return s
}

// announce tells that the gateway is ready, and what to do next.
func (c *devCommand) announce(t *terminal, w *world, started time.Time) {
	s := w.startLine()
	if t.structured() {
		// Nobody reads it if this fails, and the gateway serves all the same.
		_ = t.print(s)
		return
	}
	if c.Quiet {
		return
	}
	t.sayf("%s", head(t, w))
	facts(t, w)
	t.sayf("")
	t.sayf("  Point your tools at it, in another terminal:   %s", t.paint(t.talk, cyan, evalEnv(s.Endpoint)))
	t.sayf("    %s", t.paint(t.talk, cyan, "aws apigatewayv2 create-api --name hello --protocol-type HTTP --target http://127.0.0.1:8000"))
	t.sayf("    %s", t.paint(t.talk, cyan, again("explain GET "+s.Endpoint+gate.PathAddress+"API_ID/", s.Endpoint)))
	t.sayf("")
	t.sayf("  Ready in %s. Press Ctrl-C to stop.", briefly(time.Since(started)))
}

// head is the first line of a start.
func head(t *terminal, w *world) string {
	data := "data in " + w.Conf.Store.Dir
	if w.Memory {
		data = "data in memory (keep it: " + self() + " dev --data ./gatehouse-data)"
	}
	return fmt.Sprintf("%s  %s mode, %s   %s", t.paint(t.talk, bold, "gatehouse "+thisBuild().Version), w.Mode, data,
		t.paint(t.talk, amber, "NOT FOR PRODUCTION"))
}

// facts tells the addresses.
func facts(t *terminal, w *world) {
	s := w.startLine()
	t.sayf("  AWS endpoint   %s   region %s   account %s", t.paint(t.talk, cyan, s.Endpoint), s.Region, s.Account)
	t.sayf("  APIs           %s{api}/{stage}/{path}", s.Endpoint+gate.PathAddress)
	t.sayf("  Operations     %s/metrics  /livez  /readyz", s.Admin)
}

// again is a command line of this program, for an endpoint.
func again(command, endpoint string) string {
	if endpoint != "http://127.0.0.1:4566" {
		command += " --endpoint-url " + endpoint
	}
	return self() + " " + command
}

// evalEnv is the line that points a shell at an endpoint.
func evalEnv(endpoint string) string { return `eval "$(` + again("env", endpoint) + `)"` }

// briefly writes a duration with at most two significant digits behind the dot.
func briefly(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	}
}

// untilHangup is a context that also ends when the terminal goes away, unless
// the process was started to outlive it (nohup).
func untilHangup(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := onHangup(func() { cancel(&interruption{syscall.SIGHUP}) })
	return ctx, func() { stop(); cancel(nil) }
}

// onHangup calls f for each SIGHUP until stop is called.
func onHangup(f func()) (stop func()) {
	if signal.Ignored(syscall.SIGHUP) {
		return func() {}
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	ended := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-caught:
				f()
			case <-ended:
				return
			}
		}
	})
	return func() {
		signal.Stop(caught)
		close(ended)
		work.Wait()
	}
}

// self is how a person calls this program again: what go run has built has no
// name that lasts.
func self() string {
	path, err := os.Executable()
	switch {
	case err != nil:
		return "gatehouse"
	case strings.Contains(filepath.ToSlash(path), "/go-build"):
		return "go run ./cmd/gatehouse"
	}
	if found, err := exec.LookPath("gatehouse"); err == nil {
		if real, err := filepath.EvalSymlinks(found); err == nil && real == path {
			return "gatehouse"
		}
	}
	return shellQuote(path)
}
