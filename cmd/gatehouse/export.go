package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// exportCommand writes an API as an OpenAPI document.
type exportCommand struct {
	remote       `embed:""`
	Stage        string `placeholder:"NAME" help:"Export what this stage serves instead of the draft."`
	OutputFile   string `placeholder:"FILE" help:"Write to this file instead of stdout."`
	Format       string `enum:",json,yaml" default:"" help:"json or yaml; without it, what the file's name says, else json."`
	NoExtensions bool   `help:"Leave out what only gateways understand."`
	API          string `arg:"" name:"api" help:"The id of the API."`
}

// Run exports the API.
func (c *exportCommand) Run(ctx context.Context, t *terminal) error {
	format := c.Format
	switch ext := strings.ToLower(filepath.Ext(c.OutputFile)); {
	case format == "" && (ext == ".yaml" || ext == ".yml"):
		format = "yaml"
	}
	q := url.Values{"outputType": {strings.ToUpper(cmp.Or(format, "json"))}}
	if c.Stage != "" {
		q.Set("stageName", c.Stage)
	}
	if c.NoExtensions {
		q.Set("includeExtensions", "false")
	}
	var text []byte
	path := "/v2/apis/" + url.PathEscape(c.API) + "/exports/OAS30?" + q.Encode()
	if err := c.do(ctx, t, "apigateway", http.MethodGet, path, nil, &text); err != nil {
		return err
	}
	if c.OutputFile == "" {
		_, err := t.out.Write(text)
		return err
	}
	if err := replaceFile(c.OutputFile, text); err != nil {
		return &failure{Exit: exitFailed, Code: "Unwritable", What: "the file cannot be written", Why: fmt.Sprintf("%s: %v", c.OutputFile, err),
			Do: "name a file in a directory that this user may write", cause: err}
	}
	t.sayf("wrote %d bytes to %s", len(text), c.OutputFile)
	return nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".gatehouse-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone if it was renamed
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
