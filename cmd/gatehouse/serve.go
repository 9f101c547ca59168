package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"gatehouse/internal/observe/logs"
)

// serveCommand starts a gateway from gatehouse.yaml.
type serveCommand struct {
	serveFlags `embed:""`
}

// serveFlags name the configuration and override a part of it.
type serveFlags struct {
	voice  `embed:""`
	Config string `placeholder:"FILE" env:"GATEHOUSE_CONFIG" help:"The configuration file. Without it, the defaults and GATEHOUSE_* variables."`
	Data   string `placeholder:"DIR" help:"Where everything is kept (store.dir)."`
}

// Run starts and serves until a signal.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	conf, warnings, err := loadConfig(c.Config, t.environ, c.flags)
	if err != nil {
		return err
	}
	log, err := processLog(&conf, t)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		log.Warn(w)
	}
	started := time.Now()
	w, err := open(setup{Conf: conf, Mode: "serve", Environ: t.environ, Log: log, Stdout: t.out})
	if err != nil {
		return err
	}
	defer onHangup(w.hangup)()
	return w.run(ctx, func() error { w.tell(time.Since(started)); return nil })
}

// flags are the values that the command line gives.
func (c *serveFlags) flags(conf *Config, s *settings) {
	if c.Data != "" {
		conf.Store.Dir = c.Data
		s.set("store.dir", "--data")
	}
	switch {
	case c.Quiet:
		conf.Logs.Process.Level = "warn"
		s.set("logs.process.level", "--quiet")
	case c.Verbose:
		conf.Logs.Process.Level = "debug"
		s.set("logs.process.level", "--verbose")
	}
}

func processLog(conf *Config, t *terminal) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(conf.Logs.Process.Level)); err != nil {
		return nil, err
	}
	return logs.Process(t.talk, level, conf.Logs.Process.Format)
}

// tell logs that the gateway is ready. serve writes no start line: its stdout
// is the access log's.
func (w *world) tell(took time.Duration) {
	for i := range w.doors {
		d := &w.doors[i]
		w.Log.Info("listening", "addr", d.Addr().String(), "planes", strings.Join(w.Conf.Listeners[i].Planes, ","), "tls", d.TLS != nil)
	}
	w.Log.Info("ready", "endpoint", w.controlURL(), "admin", w.adminURL(), "data", w.Conf.Store.Dir, "version", thisBuild().Version,
		"ready_ms", took.Milliseconds())
}
