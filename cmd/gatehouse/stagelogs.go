package main

import (
	"context"
	"path/filepath"
	"time"

	"gatehouse/internal/observe/logs"
)

// openStageLogs readies the access logs that stages have for themselves. A
// world that keeps nothing has no files either: its lines go where its own
// access log goes.
func (w *world) openStageLogs() error {
	l := w.Logs.Stages
	o := logs.StageOptions{MaxSize: int64(l.MaxSize), Keep: l.Keep, Dropped: w.metrics.DroppedLines, Process: w.Log}
	switch {
	case l.Dir != "":
		o.Dir = l.Dir
	case l.Stdout || w.Memory:
		o.Out = w.Stdout
	default:
		o.Dir = filepath.Join(w.Store.Dir, "logs")
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
