package clients_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestProfile holds that the AWS CLI takes what gatehouse aws-config prints:
// the services of the gateway are called there, in the region that was asked
// for and with the credentials of the profile.
func TestProfile(t *testing.T) {
	aws, err := exec.LookPath("aws")
	if err != nil {
		missing(t, "there is no aws")
	}
	env := slices.DeleteFunc(clientEnv(t), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	g := startGateway(t)
	run := func(env []string, program string, args ...string) (stdout, stderr []byte, err error) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		var out, talk bytes.Buffer
		cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &talk
		err = cmd.Run()
		return out.Bytes(), talk.Bytes(), err
	}
	for _, tc := range []struct {
		desc, profile, region string
		older                 bool
	}{
		{"A profile of its own, behind others that stay what they are.", "gatehouse", "us-east-1", true},
		{"Another region.", "far.away_2", "eu-central-1", false},
		{"The profile that is used when none is named.", "default", "ap-south-1", false},
	} {
		t.Run(tc.profile, func(t *testing.T) {
			text, talk, err := run(env, g.binary, "aws-config", "--endpoint-url", g.Endpoint, "--profile", tc.profile, "--region", tc.region)
			if err != nil || len(talk) > 0 {
				t.Fatalf("%s aws-config: %v\n%s", tc.desc, err, talk)
			}
			if tc.older {
				text = append([]byte("[profile older]\nregion = us-west-2\n"), text...)
			}
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			env := append(slices.Clip(env), "AWS_CONFIG_FILE="+file, "AWS_SHARED_CREDENTIALS_FILE="+file+".none", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
			if probe, talk, err := run(env, aws, "--version"); err != nil {
				missing(t, "aws --version: %v\n%s%s", err, probe, talk)
			}
			args := []string{"--output", "json", "apigatewayv2", "create-api", "--name", tc.profile, "--protocol-type", "HTTP"}
			if tc.profile != "default" {
				args = append([]string{"--profile", tc.profile}, args...)
			}
			out, talk, err := run(env, aws, args...)
			if err != nil {
				t.Fatalf("%s aws %v: %v\n%s\nwith the profile\n%s", tc.desc, args, err, talk, text)
			}
			var made struct{ Name, ApiEndpoint string }
			if err := json.Unmarshal(out, &made); err != nil || made.Name != tc.profile || !strings.Contains(made.ApiEndpoint, "."+tc.region+".") {
				t.Errorf("%s aws %v printed %s: %v", tc.desc, args, out, err)
			}
			// The V1 operations have a service of their own, which must not go to AWS.
			if _, talk, err := run(env, aws, "--profile", tc.profile, "apigateway", "get-rest-apis"); err != nil {
				t.Errorf("%s aws apigateway: %v\n%s", tc.desc, err, talk)
			}
		})
	}
}
