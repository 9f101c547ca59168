package logs

import (
	"fmt"
	"io"
	"log/slog"
)

// Process makes the process log: what the gateway says about itself, a line a
// record, to w. format is "json" or "text". level may be a *slog.LevelVar, to
// be changed while the process runs.
func Process(w io.Writer, level slog.Leveler, format string) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log format %q is unknown: use json or text", format)
}
