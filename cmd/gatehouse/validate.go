package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"gatehouse/internal/openapi"
)

// validateCommand checks a file without any gateway.
type validateCommand struct {
	Basepath       string `enum:"ignore,prepend,split" default:"ignore" help:"What becomes of the path of the document's server: ignore, prepend or split."`
	FailOnWarnings bool   `help:"Refuse a document that has warnings."`
	File           string `arg:"" help:"An OpenAPI document as import takes it, or a gatehouse.yaml; - is an OpenAPI document on stdin."`
}

// validated is what the command tells a program.
type validated struct {
	File     string    `json:"file"`
	Kind     string    `json:"kind"` // openapi or configuration
	Routes   int       `json:"routes,omitempty"`
	Findings []finding `json:"findings"`
}

// isOpenAPI finds the member that every OpenAPI document has and no
// configuration. JSON is never a configuration of ours.
var isOpenAPI = regexp.MustCompile(`(?m)\A(?:\x{feff})?[ \t\r\n]*\{|^["']?(openapi|swagger)["']?[ \t]*:`)

// Run checks the file.
func (c *validateCommand) Run(ctx context.Context, t *terminal) error {
	text, err := readDocument(c.File)
	if err != nil {
		return err
	}
	if c.File != "-" && !isOpenAPI.Match(text) {
		return c.configuration(t)
	}
	def, err := openapi.Parse(ctx, text, openapi.BasePath(c.Basepath))
	if err == nil {
		err = checkDocument(def)
	}
	out := &validated{File: c.File, Kind: "openapi", Findings: []finding{}}
	if def != nil {
		out.Routes = len(def.Routes)
		out.Findings = append(findings("warning", c.File, def.Warnings), findings("note", c.File, def.Ignored)...)
	}
	t.tellFindings(out.Findings)
	if err != nil {
		return invalid(c.File, err)
	}
	if c.FailOnWarnings && len(def.Warnings) > 0 {
		return strict(c.File)
	}
	return out.print(t, fmt.Sprintf("valid OpenAPI: %s, %d routes", *def.API.Name, len(def.Routes)))
}

// configuration checks a gatehouse.yaml by itself: the environment of this
// process is not that of the server.
func (c *validateCommand) configuration(t *terminal) error {
	_, warnings, err := loadConfig(c.File, nil, func(*Config, *settings) {})
	out := &validated{File: c.File, Kind: "configuration", Findings: []finding{}}
	for _, w := range warnings {
		out.Findings = append(out.Findings, finding{Severity: "warning", File: c.File, Message: w})
	}
	t.tellFindings(out.Findings)
	if err != nil {
		return err
	}
	return out.print(t, "valid configuration")
}

func (v *validated) print(t *terminal, text string) error {
	if t.structured() {
		if v.Findings == nil {
			v.Findings = []finding{}
		}
		return t.print(v)
	}
	_, err := fmt.Fprintf(t.out, "%s: %s\n", v.File, strings.TrimSpace(printable(text)))
	return err
}
