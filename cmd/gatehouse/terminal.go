package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// A terminal is where a command talks: data to out, everything else to talk,
// which is stderr. A pipe can so take the data alone.
type terminal struct {
	out, talk io.Writer
	environ   environ
	outIsTTY  bool
	talkIsTTY bool
	flags     globals
	format    string // --output; "" is text
	plain     bool   // --no-color
	quiet     bool   // --quiet
}

// newTerminal is the terminal of this process.
func newTerminal() *terminal {
	return &terminal{out: os.Stdout, talk: os.Stderr, environ: os.Environ(),
		outIsTTY: isTTY(os.Stdout), talkIsTTY: isTTY(os.Stderr)}
}

func isTTY(f *os.File) bool {
	s, err := f.Stat()
	return err == nil && s.Mode()&os.ModeCharDevice != 0
}

// A style is an SGR sequence of ANSI terminals.
type style string

// The few styles there are. Meaning is never carried by colour alone.
const (
	bold  style = "1"
	dim   style = "2"
	red   style = "31"
	green style = "32"
	amber style = "33"
	cyan  style = "36"
)

// paint styles text for one of the terminal's two writers, unless that is no
// terminal, or nobody wants colour (https://no-color.org).
func (t *terminal) paint(w io.Writer, s style, text string) string {
	tty := t.talkIsTTY
	if w == t.out {
		tty = t.outIsTTY
	}
	if !tty || t.plain || t.environ.get("NO_COLOR") != "" || t.environ.get("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// sayf writes a line of talk, unless nobody wants any.
func (t *terminal) sayf(format string, args ...any) {
	if !t.quiet {
		t.warnf(format, args...)
	}
}

// warnf is sayf for warnings and errors, which are always wanted.
func (t *terminal) warnf(format string, args ...any) {
	fmt.Fprintf(t.talk, format+"\n", args...)
}

// fail tells a failure: three lines, or one JSON object on stderr.
func (t *terminal) fail(f *failure) {
	if forProgram(t.format) {
		_ = encode(t.talk, map[string]any{"error": errorObject{f.Code, f.What + ": " + f.Why, f.Do, f.RequestID}}, false)
		return
	}
	t.warnf("%s %s", t.paint(t.talk, red, "error:"), f.What)
	for i, line := range strings.Split(f.Why, "\n") {
		label := "       "
		if i == 0 {
			label = "  why: "
		}
		t.warnf("%s%s", label, line)
	}
	t.warnf("   do: %s", f.Do)
}

type errorObject struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Hint      string `json:"hint"`
	RequestID string `json:"requestId"`
}
