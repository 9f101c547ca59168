package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// A section is what one bench found, as Markdown. Between its two markers in a
// document it replaces what stood there.
type section struct {
	name   string
	body   string
	broken []string // bounds that do not hold
}

func (s *section) printf(format string, args ...any) { s.body += fmt.Sprintf(format, args...) }

// judge prints a row that ends with a bound and whether it holds.
func (s *section) judge(holds bool, what, found, bound string) {
	word := "yes"
	if !holds {
		word = "**no**"
		s.broken = append(s.broken, what+": "+strings.ReplaceAll(found, " | ", ", ")+", "+bound)
	}
	s.printf("| %s | %s | %s | %s |\n", what, found, bound, word)
}

// foot says how to repeat the run and where it ran.
func (s *section) foot(ctx context.Context, command string) {
	s.printf("`%s`; %s; %s; %s.\n", command, time.Now().UTC().Format("2 January 2006"), machine(), versions(ctx))
}

// writeTo replaces the marked section of a file.
func (s *section) writeTo(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	out, err := replaceSection(string(text), s.name, s.body)
	if err != nil {
		return fmt.Errorf("%s: %v", file, err)
	}
	return os.WriteFile(file, []byte(out), 0o644)
}

// replaceSection puts body between <!-- bench NAME --> and <!-- /bench NAME -->.
func replaceSection(text, name, body string) (string, error) {
	open, end := "<!-- bench "+name+" -->\n", "<!-- /bench "+name+" -->"
	before, rest, ok := strings.Cut(text, open)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("has no markers %q and %q", strings.TrimSpace(open), end)
	}
	return before + open + body + end + after, nil
}
