package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// A cli is the AWS command line interface: one process a call, with the flags
// that a person would type.
type cli struct {
	t        *testing.T
	path     string
	endpoint string
	env      []string
}

func startCLI(t *testing.T, g *gateway) client {
	t.Helper()
	path, err := exec.LookPath("aws")
	if err != nil {
		missing(t, "there is no aws")
	}
	c := &cli{t, path, g.Endpoint, clientEnv(t)}
	version := exec.Command(path, "--version")
	version.Env = c.env
	out, err := version.CombinedOutput()
	if err != nil {
		missing(t, "aws --version: %v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
	return c
}

// cliRefusal is how the CLI prints an error of the service.
var cliRefusal = regexp.MustCompile(`An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: (.*)`)

func (c *cli) call(service, op string, in map[string]any) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	args := []string{"--endpoint-url", c.endpoint, "--output", "json", "--cli-read-timeout", "60", service, kebab(op)}
	flags, err := cliFlags(in)
	if err != nil {
		return nil, err
	}
	args = append(args, flags...)
	document := ""
	if op == "ExportApi" { // the CLI writes it to a file
		document = filepath.Join(c.t.TempDir(), "document")
		args = append(args, document)
	}
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Env, cmd.WaitDelay = c.env, 10*time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if m := cliRefusal.FindStringSubmatch(stderr.String()); m != nil {
			return nil, &refusal{Code: m[1], Message: m[2]}
		}
		return nil, fmt.Errorf("aws %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	out := map[string]any{}
	if document != "" {
		text, err := os.ReadFile(document)
		out["Body"] = string(text)
		return out, err
	}
	if stdout.Len() == 0 { // a deletion prints nothing
		return out, nil
	}
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		return nil, fmt.Errorf("aws %s printed %q: %v", strings.Join(args, " "), stdout.String(), err)
	}
	return out, nil
}

// cliFlags spells members as flags: --stage-name v1, --no-auto-deploy, maps and
// lists as JSON.
func cliFlags(in map[string]any) (flags []string, err error) {
	for name, value := range in {
		if strings.EqualFold(name, "Version") {
			name = "ApiVersion" // --version is the CLI's own flag
		}
		flag := "--" + kebab(name)
		switch v := value.(type) {
		case string:
			flags = append(flags, flag, v)
		case bool:
			if !v {
				flag = "--no-" + kebab(name)
			}
			flags = append(flags, flag)
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			flags = append(flags, flag, string(text))
		}
	}
	return flags, nil
}

// kebab spells CreateApi as create-api and providerARNs as provider-arns.
func kebab(name string) string {
	var b strings.Builder
	small := false // the letter before
	for _, r := range name {
		if small && unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		small = !unicode.IsUpper(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func TestTheFlagsAreThoseOfTheCLI(t *testing.T) {
	for member, flag := range map[string]string{"CreateApi": "create-api", "ApiId": "api-id", "TimeoutInMillis": "timeout-in-millis",
		"restApiId": "rest-api-id", "providerARNs": "provider-arns"} {
		if got := kebab(member); got != flag {
			t.Errorf("%s is spelt %s, want %s", member, got, flag)
		}
	}
	for _, tt := range []struct {
		desc string
		in   map[string]any
		want []string
	}{
		{"a text stands as it is", map[string]any{"Name": "x y"}, []string{"--name", "x y"}},
		{"true is a flag alone", map[string]any{"AutoDeploy": true}, []string{"--auto-deploy"}},
		{"false is its opposite", map[string]any{"AutoDeploy": false}, []string{"--no-auto-deploy"}},
		{"a map is JSON", map[string]any{"Tags": map[string]any{"a": "b"}}, []string{"--tags", `{"a":"b"}`}},
		{"a number too", map[string]any{"TimeoutInMillis": 50}, []string{"--timeout-in-millis", "50"}},
	} {
		if got, err := cliFlags(tt.in); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, %v", tt.desc, got, err)
		}
	}
}
