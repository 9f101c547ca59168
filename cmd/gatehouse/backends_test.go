package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/internal/gate"
)

// TestRefusedBackends is the table of what is refused of links and services.
// Each refusal names the place, and none a secret.
func TestRefusedBackends(t *testing.T) {
	for _, tc := range []struct{ desc, text, want string }{
		{"A link without targets.", "vpc_links:\n- link: a", "gatehouse.yaml:2:3: vpc_links[0] is refused: 0 targets"},
		{"A link without an id.", "vpc_links:\n- targets: http://b", "vpc_links[0] is refused: the id"},
		{"A link twice.", "vpc_links:\n- {link: a, targets: http://b}\n- {link: a, targets: http://c}", "gatehouse.yaml:3:3: vpc_links[1] is refused: link \"a\""},
		{"A target with a path.", "vpc_links:\n- {link: a, targets: http://b/x}", "host and port only"},
		{"A service that is none.", "services:\n  sqq: {endpoint: http://b}", `unknown key "sqq" in services: did you mean "sqs"?`},
		{"A service without an endpoint.", "services:\n  sqs: {access_key_id: a, secret_access_key: hush}", "services.sqs is refused: endpoint"},
		{"A service without keys.", "services:\n  sqs: {endpoint: http://b}", "services.sqs is refused: credentials are missing"},
		{"Two secrets.", "services:\n  sqs: {endpoint: http://b, access_key_id: a, secret_access_key: hush, secret_access_key_file: f}", "choose one"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, _, err := load(t, tc.text)
			if err == nil || !strings.Contains(failureOf(err).Why, tc.want) || strings.Contains(failureOf(err).Why, "hush") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestBackends holds that links and services reach what serves them, with
// secrets from the environment and from files.
func TestBackends(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, warnings, err := load(t, `
vpc_links:
- {link: l1, targets: http://10.0.0.1}
services:
  sqs: {endpoint: http://b, access_key_id: a, secret_access_key_file: `+file+`}
`, "GATEHOUSE_SERVICES_KINESIS_ENDPOINT=http://k", "GATEHOUSE_SERVICES_KINESIS_ACCESS_KEY_ID=i", "GATEHOUSE_SERVICES_KINESIS_SECRET_ACCESS_KEY=hush")
	if err != nil || warnings != nil {
		t.Fatal(err, warnings)
	}
	for _, bad := range []string{"", "\n", "a\nb", strings.Repeat("x", maxSecretBytes+1)} {
		write(bad)
		var f *failure
		if _, _, err := c.backends(); !errors.As(err, &f) || f.Code != "NoSecret" || !strings.Contains(f.Why, file) {
			t.Errorf("the secret %q: %v", bad, err)
		}
	}
	write("hush\n")
	links, services, err := c.backends()
	if err != nil {
		t.Fatal(err)
	}
	for name, missing := range map[string]bool{"SQS-PurgeQueue": false, "Kinesis-PutRecord": false, "StepFunctions-StopExecution": true} {
		if err := services.Missing(&gate.Integration{Kind: gate.AWSService, Subtype: name}); (err != nil) != missing {
			t.Errorf("%s: %v", name, err)
		}
	}
	for id, missing := range map[string]bool{"l1": false, "l2": true} {
		if err := links.Missing(&gate.Integration{Kind: gate.Private, ConnectionID: id, URI: "arn:aws:x"}); (err != nil) != missing {
			t.Errorf("%s: %v", id, err)
		}
	}
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(encoded)} {
		if strings.Contains(text, "hush") {
			t.Errorf("a secret is printed: %s", text)
		}
	}
	os.Remove(file)
	if _, _, err := c.backends(); err == nil {
		t.Error("a secret that is not there is read")
	}
}
