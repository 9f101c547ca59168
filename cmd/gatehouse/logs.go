package main

import (
	"context"
	"path/filepath"
	"time"

	"gatehouse/internal/observe/logs"
)

func (w *world) openLogs() error {
	a := w.Conf.Logs.Access
	out := w.Stdout
	if a.File != "" {
		f, err := logs.OpenFile(a.File, int64(a.MaxSize), a.Keep)
		if err != nil {
			return &failure{Exit: exitFailed, Code: "CannotLog", What: "the access log cannot be written", Why: err.Error(),
				Do: "correct logs.access.file, or make its directory writable", cause: err}
		}
		w.later(func() { f.Close() })
		w.file, out = f, f
	} else if !a.Stdout {
		return nil
	}
	access, err := logs.Open(logs.Options{Out: out, Dropped: w.metrics.DroppedLines, Process: w.Log})
	if err != nil {
		return err
	}
	w.access = access
	w.later(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := access.Close(ctx); err != nil {
			w.Log.Error("the end of the access log is lost", "err", err)
		}
	})
	return nil
}

// openStageLogs readies the access logs that stages have for themselves. A
// world that keeps nothing has no files either: its lines go where its own
// access log goes.
func (w *world) openStageLogs() error {
	l := w.Conf.Logs.Stages
	o := logs.StageOptions{MaxSize: int64(l.MaxSize), Keep: l.Keep, Dropped: w.metrics.DroppedLines, Process: w.Log}
	switch {
	case l.Dir != "":
		o.Dir = l.Dir
	case l.Stdout || w.Memory:
		o.Out = w.Stdout
	default:
		o.Dir = filepath.Join(w.Conf.Store.Dir, "logs")
	}
	stages, err := logs.OpenStages(o)
	if err != nil {
		return err
	}
	w.stages = stages
	w.later(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := stages.Close(ctx); err != nil {
			w.Log.Error("the end of the access logs of stages is lost", "err", err)
		}
	})
	return nil
}

// hangup reads certificates again and opens log files anew, as for SIGHUP.
func (w *world) hangup() {
	for i := range w.doors {
		if k := w.doors[i].keeper; k != nil {
			_ = k.Reload() // it has told the log
		}
	}
	if w.file != nil {
		if err := w.file.Reopen(); err != nil {
			w.Log.Error("the access log cannot be opened anew; the old file is written on", "err", err)
		}
	}
	w.stages.Reopen()
	w.Log.Info("certificates read again and log files opened anew")
}
