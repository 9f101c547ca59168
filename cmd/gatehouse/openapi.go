package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"gatehouse/internal/control"
	v2service "gatehouse/internal/control/apigatewayv2"
	"gatehouse/internal/gate"
	"gatehouse/internal/openapi"
	"gatehouse/internal/plan"
	"gatehouse/internal/upstream"
)

// A finding is a remark on a place of a file, as a table and a program show it.
type finding struct {
	Severity string `json:"severity"` // error, warning or note
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"` // 0: the file as a whole
	Column   int    `json:"column,omitempty"`
	Message  string `json:"message"`
}

// where is file:line:column, which editors take to the place.
func (f finding) where() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

func findings(severity, file string, notes []openapi.Note) (all []finding) {
	for _, n := range notes {
		all = append(all, finding{severity, file, n.At.Line, n.At.Column, n.Text})
	}
	return all
}

// tellFindings writes a table of remarks on stderr, the gravest first.
func (t *terminal) tellFindings(all []finding) {
	width := 0
	for _, f := range all {
		width = max(width, min(len(f.where()), 60))
	}
	for _, severity := range []string{"error", "warning", "note"} {
		for _, f := range all {
			if f.Severity != severity {
				continue
			}
			tone := map[string]style{"error": red, "warning": amber, "note": dim}[severity]
			t.warnf("%s  %-*s  %s", t.paint(t.talk, tone, fmt.Sprintf("%-7s", severity)), width, f.where(), printable(f.Message))
		}
	}
}

// readDocument reads an OpenAPI document, from stdin if it is called "-".
func readDocument(path string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			var p *os.PathError
			if errors.As(err, &p) {
				err = p.Err // the path is told anyway
			}
			return nil, unreadable(path, err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, openapi.MaxBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return text, nil
}

func unreadable(path string, err error) error {
	f := &failure{Exit: exitFailed, Code: "Unreadable", What: "the file cannot be read", Why: fmt.Sprintf("%s: %v", path, err),
		Do: "name a file that exists and may be read", cause: err}
	if errors.Is(err, os.ErrNotExist) {
		f.Exit = exitNotFound
	}
	return f
}

// invalid is the failure of a file that is not taken, a line each reason.
func invalid(file string, err error) error {
	why := err.Error()
	var list openapi.Errors
	if errors.As(err, &list) {
		lines := make([]string, 0, len(list))
		for _, f := range findings("error", file, list) {
			lines = append(lines, f.where()+": "+printable(f.Message))
		}
		why = strings.Join(lines, "\n")
	}
	return &failure{Exit: exitRefused, Code: "InvalidDocument", What: "the OpenAPI document is refused", Why: why,
		Do: "correct the places named and try again; nothing was changed", cause: err}
}

// strict is the failure of a document whose warnings are to count as errors.
func strict(file string) error {
	return &failure{Exit: exitRefused, Code: "Warnings", What: "the OpenAPI document has warnings", Why: file + ": they are told above",
		Do: "correct the places named, or leave --fail-on-warnings out; nothing was changed"}
}

// checkDocument holds a definition to what ImportApi holds it to, in this
// process and with the longest timeouts that any gateway can be configured for.
func checkDocument(def *openapi.Definition) error {
	limits := gate.DefaultLimits()
	limits.IntegrationTimeout = time.Hour
	pools := upstream.New(upstream.Options{})
	defer pools.Close()
	live := &plan.Live{Pools: pools, Limits: limits, Log: slog.New(slog.DiscardHandler)}
	service := v2service.New(&control.Desk{Limits: limits}, func(d *gate.Definition) error {
		for _, p := range plan.Check(d, live) {
			return p
		}
		return nil
	})
	return service.Validate(def)
}

// place is how the gateway writes a place of a document.
var place = regexp.MustCompile(`^line ([0-9]+), column ([0-9]+): `)

var placeLine = regexp.MustCompile(`(?m)^line ([0-9]+), column ([0-9]+): `)

// located rewrites places of the document that was sent into places of a file.
func located(file, text string) string { return placeLine.ReplaceAllString(text, file+":$1:$2: ") }

// remark reads a remark of the gateway's on a document.
func remark(severity, file, text string) finding {
	f := finding{Severity: severity, File: file, Message: text}
	if m := place.FindStringSubmatch(text); m != nil {
		_, _ = fmt.Sscan(m[1], &f.Line) // both are digits
		_, _ = fmt.Sscan(m[2], &f.Column)
		f.Message = text[len(m[0]):]
	}
	return f
}
