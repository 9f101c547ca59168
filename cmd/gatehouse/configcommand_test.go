package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// printed runs config print and returns its data.
func printed(t *testing.T, c configPrint, asJSON bool, env ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := c.Run(t.Context(), &terminal{out: &out, talk: io.Discard, environ: env, format: map[bool]string{true: formatJSON}[asJSON]}); err != nil {
		t.Fatal(failureOf(err).Why)
	}
	return out.String()
}

// write makes a configuration file of a text.
func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "gatehouse.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPrintedDefaultsLoadAgain(t *testing.T) {
	want, _, err := loadConfig("", nil, func(*Config, *settings) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, asJSON := range []bool{false, true} {
		text := printed(t, configPrint{Defaults: true}, asJSON, "GATEHOUSE_ACCOUNT=111111111111")
		got, warnings, err := load(t, text)
		if err != nil || warnings != nil || !cmp.Equal(got, want) {
			t.Errorf("%v %v %s\n%s", err, warnings, cmp.Diff(want, got), text)
		}
		if again := printed(t, configPrint{serveFlags: serveFlags{Config: write(t, text)}}, asJSON); again != text {
			t.Errorf("loaded and printed again it is\n%s\nand was\n%s", again, text)
		}
	}
}

func TestAnyPrintedConfigurationLoadsAgain(t *testing.T) {
	for _, tc := range []struct{ desc, text string }{
		{"Every list has entries.", `
listeners:
- {addr: "127.0.0.1:4566", planes: control, hosts: [gw.example.com]}
- {addr: ":8443", planes: [data], tls: [{cert: a, key: b}, {cert: "true", key: "7"}], trust: [10.0.0.0/8, "::1"], proxy_protocol: true}
master_key: {command: [/bin/echo, "a, b", "[x]", "{y}", "", "# z", "'", "no", "0777"]}
regions: [eu-west-1, us-east-1]
vpc_links: [{link: "*", targets: http://10.0.0.9}, {link: l1, arn: "arn:aws:x", targets: [http://10.0.0.1:8080, https://b]}]
`},
		{"Text that looks like something else.", `{store: {dir: "true"}, logs: {access: {stdout: false, file: "null"}, stages: {dir: "~"}}}`},
		{"Text that looks like a number.", `{store: {dir: "0x10"}, logs: {access: {stdout: false, file: "1e3"}, stages: {dir: "2026-01-01"}}}`},
		{"Text that looks like YAML.", `{store: {dir: "a: b # c"}, logs: {access: {stdout: false, file: "- x"}, stages: {dir: "&a *b"}}}`},
		{"Blanks and line breaks.", `{store: {dir: "  a\n\tb \n"}, logs: {access: {stdout: false, file: " "}, stages: {dir: "\u2028\r\u0007"}}}`},
		{"Numbers that are no round ones.", `{limits: {body: 1000001, head: 1KiB, integration_timeout: 1h}, drain: {delay: 0s, timeout: 1m0.5s}, logs: {access: {max_size: 100MB}}}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			want, _, err := load(t, tc.text)
			if err != nil {
				t.Fatal(failureOf(err).Why)
			}
			from := serveFlags{Config: write(t, tc.text)}
			for _, text := range []string{
				printed(t, configPrint{serveFlags: from}, false), printed(t, configPrint{serveFlags: from}, true),
				printed(t, configPrint{serveFlags: from, Sources: true}, false),
			} {
				if got, _, err := load(t, text); err != nil || !cmp.Equal(got, want) {
					t.Errorf("%v %s\n%s", err, cmp.Diff(want, got), text)
				}
			}
		})
	}
}

// TestSecretsAreNotPrinted holds that they are masked, and that a masked
// configuration is not taken for a real one.
func TestSecretsAreNotPrinted(t *testing.T) {
	from := serveFlags{Config: write(t, `services: {sqs: {endpoint: "http://a", access_key_id: id, secret_access_key: hush}}`)}
	for _, c := range []configPrint{{serveFlags: from}, {serveFlags: from, Sources: true}} {
		for _, asJSON := range []bool{false, true} {
			text := printed(t, c, asJSON, "GATEHOUSE_SERVICES_KINESIS_SECRET_ACCESS_KEY=hush", "GATEHOUSE_SERVICES_KINESIS_ENDPOINT=http://b", "GATEHOUSE_SERVICES_KINESIS_ACCESS_KEY_ID=id")
			if strings.Contains(text, "hush") || strings.Count(text, masked) != 2 {
				t.Errorf("printed is\n%s", text)
			}
			if c.Sources && asJSON {
				continue // which is no configuration
			}
			_, _, err := load(t, text)
			if err == nil || !strings.Contains(err.Error(), `services.sqs.secret_access_key is "(secret)", which`) {
				t.Errorf("the masked configuration: %v", err)
			}
		}
	}
}

func TestSources(t *testing.T) {
	text := "listeners:\n- addr: ':1'\n  planes: data\nstore: {dir: a}\nregions: [eu-west-1]\ndrain: {delay: 1s}\n"
	c := configPrint{serveFlags: serveFlags{Config: write(t, text), Data: "b"}, Sources: true}
	env := []string{"GATEHOUSE_DRAIN_DELAY=2s", "GATEHOUSE_LISTENERS_0_HOSTS="}
	var list []struct{ Key, From, Source string }
	if err := json.Unmarshal([]byte(printed(t, c, true, env...)), &list); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, s := range list {
		told[s.Key] = s.From + " " + strings.TrimPrefix(s.Source, c.Config)
	}
	for _, tc := range []struct{ desc, key, want string }{
		{"A flag overrides the file.", "store.dir", "flag --data"},
		{"A variable overrides the file.", "drain.delay", "environment GATEHOUSE_DRAIN_DELAY"},
		{"A variable may also empty a list.", "listeners[0].hosts", "environment GATEHOUSE_LISTENERS_0_HOSTS"},
		{"A value of the file has its place there.", "listeners[0].addr", "file :2:9"},
		{"A list of plain values has one source.", "regions", "file :5:10"},
		{"What the file leaves out in an entry that it has.", "listeners[0].tls", "default "},
		{"What nobody gives.", "account", "default "},
	} {
		if told[tc.key] != tc.want {
			t.Errorf("%s %s is from %q, want %q", tc.desc, tc.key, told[tc.key], tc.want)
		}
	}
	yaml := printed(t, c, false, env...)
	for _, want := range []string{"dir: b # flag --data\n", "delay: 2s # environment GATEHOUSE_DRAIN_DELAY\n", ":2:9\n", `account: "000000000000" # default` + "\n"} {
		if !strings.Contains(yaml, want) {
			t.Errorf("%q is not in\n%s", want, yaml)
		}
	}
}
