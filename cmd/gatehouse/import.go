package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gatehouse/internal/openapi"
)

// importCommand makes an API of an OpenAPI document.
type importCommand struct {
	remote         `embed:""`
	API            string   `name:"api" placeholder:"ID" help:"Replace the definition of this API instead of making a new one."`
	Stage          string   `placeholder:"NAME" help:"Also make this stage, deployed automatically, so that the API can be called."`
	Backend        string   `placeholder:"URL" help:"Call this instead of the hosts of HTTP integrations, and for operations that have no integration."`
	Map            []string `placeholder:"ARN=URL" sep:"none" help:"Call the URL instead of what the ARN names; * stands for anything. A URL without a path gets that of the route. May be repeated."`
	Basepath       string   `enum:"ignore,prepend,split" default:"ignore" help:"What becomes of the path of the document's server: ignore, prepend or split."`
	FailOnWarnings bool     `help:"Refuse a document that has warnings."`
	DryRun         bool     `help:"Only check the document; ask no gateway and change nothing."`
	File           string   `arg:"" help:"The OpenAPI document, JSON or YAML; - is stdin."`
}

// imported is what the command tells a program.
type imported struct {
	DryRun   bool      `json:"dryRun"`
	API      string    `json:"apiId,omitempty"`
	Name     string    `json:"name"`
	Endpoint string    `json:"apiEndpoint,omitempty"`
	Stage    string    `json:"stage,omitempty"`
	Routes   int       `json:"routes"`
	Findings []finding `json:"findings"`
}

// Run imports the document.
func (c *importCommand) Run(ctx context.Context, t *terminal) error {
	detour, err := newReroute(c.Backend, c.Map)
	if err != nil {
		return err
	}
	text, err := readDocument(c.File)
	if err != nil {
		return err
	}
	def, err := openapi.Parse(ctx, text, openapi.BasePath(c.Basepath))
	if err != nil {
		return invalid(c.File, err)
	}
	out := &imported{DryRun: c.DryRun, Name: *def.API.Name, Routes: len(def.Routes), Stage: c.Stage, Findings: []finding{}}
	sent := &document{Body: string(text), basepath: c.Basepath}
	if !detour.empty() {
		n := detour.apply(def, &out.Findings)
		t.sayf("%d of %d routes go elsewhere than the document says", min(n, len(def.Routes)), len(def.Routes))
	}
	if c.DryRun || !detour.empty() {
		err := checkDocument(def)
		out.Findings = append(out.Findings, findings("warning", c.File, def.Warnings)...)
		out.Findings = append(out.Findings, findings("note", c.File, def.Ignored)...)
		if err != nil {
			t.tellFindings(out.Findings)
			return invalid(c.File, err)
		}
		if c.FailOnWarnings && len(def.Warnings) > 0 {
			t.tellFindings(out.Findings)
			return strict(c.File)
		}
	}
	if c.DryRun {
		out.Stage = ""
		t.tellFindings(out.Findings)
		return out.print(t)
	}
	if !detour.empty() {
		// Places are those of the file, so the file is what was checked above.
		body, err := openapi.Write(def, openapi.Writing{Format: openapi.JSON, Extensions: true})
		if err != nil {
			return invalid(c.File, err)
		}
		sent = &document{Body: string(body), rewritten: true}
	}
	return c.send(ctx, t, sent, out)
}

// A document is what is sent.
type document struct {
	Body      string `json:"body"`
	basepath  string
	rewritten bool // its places are not those of the file
}

// send has the gateway import a document.
func (c *importCommand) send(ctx context.Context, t *terminal, d *document, out *imported) error {
	path := "/v2/apis"
	if c.API != "" {
		path += "/" + url.PathEscape(c.API)
	}
	q := url.Values{}
	if d.basepath != "" {
		q.Set("basepath", d.basepath)
	}
	if c.FailOnWarnings && !d.rewritten {
		q.Set("failOnWarnings", "true")
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	t.sayf("importing %d routes from %s to %s", out.Routes, c.File, c.EndpointURL)
	start := time.Now()
	var api struct {
		APIID, Name, APIEndpoint string
		Warnings, ImportInfo     []string
	}
	if err := c.do(ctx, t, "apigateway", http.MethodPut, path, d, &api); err != nil {
		var f *failure
		if !d.rewritten && errors.As(err, &f) {
			f.Why = located(c.File, f.Why)
		}
		return err
	}
	if !d.rewritten {
		for _, w := range api.Warnings {
			out.Findings = append(out.Findings, remark("warning", c.File, w))
		}
		for _, w := range api.ImportInfo {
			out.Findings = append(out.Findings, remark("note", c.File, w))
		}
	}
	t.tellFindings(out.Findings)
	t.sayf("imported %d routes in %v", out.Routes, time.Since(start).Round(time.Millisecond))
	out.API, out.Name, out.Endpoint = api.APIID, api.Name, api.APIEndpoint
	if err := c.stage(ctx, t, api.APIID); err != nil {
		return err
	}
	return out.print(t)
}

// stage makes the stage that --stage asks for. Of an API that was there it may
// be there too.
func (c *importCommand) stage(ctx context.Context, t *terminal, api string) error {
	if c.Stage == "" {
		return nil
	}
	in := map[string]any{"stageName": c.Stage, "autoDeploy": true}
	err := c.do(ctx, t, "apigateway", http.MethodPost, "/v2/apis/"+url.PathEscape(api)+"/stages", in, nil)
	var f *failure
	if c.API != "" && errors.As(err, &f) && f.Exit == exitConflict {
		t.sayf("stage %s is there already and was left as it is", c.Stage)
		return nil
	}
	if errors.As(err, &f) {
		f.What = fmt.Sprintf("api %s is imported, but its stage %s is not made", api, c.Stage)
	}
	return err
}

func (i *imported) print(t *terminal) error {
	if t.structured() {
		return t.print(i)
	}
	row := func(label, value string) {
		if value != "" {
			fmt.Fprintf(t.out, "%-10s %s\n", label, printable(value))
		}
	}
	if i.DryRun {
		row("valid", fmt.Sprintf("%s, %d routes; nothing was changed", i.Name, i.Routes))
		return nil
	}
	row("api", i.API)
	row("name", i.Name)
	row("routes", fmt.Sprint(i.Routes))
	row("endpoint", i.Endpoint)
	row("stage", i.Stage)
	return nil
}
