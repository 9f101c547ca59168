package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// profiles writes the two files of AWS's tools and returns the environment that
// leads to them.
func profiles(t *testing.T, config, credentials string) environ {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config": config, "credentials": credentials} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return environ{"HOME=" + home}
}

// TestRemoteIsFoundAsAWSFindsIt is the table of what comes before what.
func TestRemoteIsFoundAsAWSFindsIt(t *testing.T) {
	const config = `# ours
[default]
region = xx-default-1
[ profile  dev ]
region = eu-west-1 # near
endpoint_url = http://dev:4566
s3 =
  endpoint_url = http://elsewhere
[profile bare]
region=eu-north-1
[profile services]
region = eu-north-1
services = gw
endpoint_url = http://everything
[services gw]
s3 =
  endpoint_url = http://elsewhere
apigatewayv2 =
  endpoint_url = http://gw:4566
`
	const credentials = "[default]\naws_access_key_id = REAL\naws_secret_access_key = real\n[dev]\naws_access_key_id=DEV\naws_secret_access_key = dev=\naws_session_token = tok\n"
	ten := 10 * time.Second
	for _, tc := range []struct {
		desc  string
		flags globals
		env   environ
		want  string
	}{
		{"Nothing is said: the defaults, and no keys of the machine's own.", globals{}, nil, "http://127.0.0.1:4566 us-east-1 1m0s test/test/"},
		{"A profile says it all.", globals{Profile: "dev"}, nil, "http://dev:4566 eu-west-1 1m0s DEV/dev=/tok"},
		{"What it says of the service comes before what it says of all.", globals{Profile: "services"}, nil, "http://gw:4566 eu-north-1 1m0s test/test/"},
		{"So does one that the environment names.", globals{}, environ{"AWS_PROFILE=dev"}, "http://dev:4566 eu-west-1 1m0s DEV/dev=/tok"},
		{"The default profile is one like any other, when it is named.", globals{Profile: "default"}, nil, "http://127.0.0.1:4566 xx-default-1 1m0s REAL/real/"},
		{"The environment comes before the profile, but for the keys of --profile.", globals{Profile: "dev"},
			environ{"AWS_ENDPOINT_URL=http://env", "AWS_REGION=us-west-2", "AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=env"}, "http://env us-west-2 1m0s DEV/dev=/tok"},
		{"The environment's keys come before those of AWS_PROFILE.", globals{},
			environ{"AWS_PROFILE=dev", "AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=env"}, "http://dev:4566 eu-west-1 1m0s ENV/env/"},
		{"Flags come first.", globals{Profile: "dev", EndpointURL: "http://flag", Region: "ap-south-1", Timeout: &ten}, environ{"AWS_REGION=us-west-2"}, "http://flag ap-south-1 10s DEV/dev=/tok"},
		{"The older variable of the region.", globals{}, environ{"AWS_DEFAULT_REGION=us-west-1"}, "http://127.0.0.1:4566 us-west-1 1m0s test/test/"},
		{"A profile without keys leaves them as they are.", globals{Profile: "bare"}, environ{"AWS_ACCESS_KEY_ID=ENV", "AWS_SECRET_ACCESS_KEY=env"}, "http://127.0.0.1:4566 eu-north-1 1m0s ENV/env/"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			term := &terminal{flags: tc.flags, environ: append(profiles(t, config, credentials), tc.env...)}
			var r remote
			if err := r.AfterApply(term); err != nil {
				t.Fatal(err)
			}
			k := r.credentials(term.environ)
			got := strings.Join([]string{r.EndpointURL, r.Region, r.Timeout.String(), k.AccessKeyID + "/" + k.SecretAccessKey + "/" + k.SessionToken}, " ")
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestRefusedProfiles is the table of what is no profile to be used.
func TestRefusedProfiles(t *testing.T) {
	for _, tc := range []struct{ desc, config, credentials, want string }{
		{"One that is nowhere.", "[profile other]\n", "[another]\n", "there is no [profile p]"},
		{"In the configuration file its name has a word before it.", "[p]\nregion = x\n", "", "there is no [profile p]"},
		{"Half a pair of keys.", "[profile p]\naws_access_key_id = A\n", "", "only one"},
		{"Keys by a role.", "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = x\n", "", "role_arn"},
		{"Keys by single sign-on.", "[profile p]\nsso_session = s\n", "", "sso_session"},
		{"Keys by a command, which is not run.", "[profile p]\ncredential_process = /bin/sh\n", "", "credential_process"},
		{"A file beyond all measure.", "[profile p]\n" + strings.Repeat("# comment\n", maxProfiles/10), "", "longer than"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := namedProfile("p", profiles(t, tc.config, tc.credentials))
			var f *failure
			if !errors.As(err, &f) || f.Exit != exitUsage || !strings.Contains(f.Why, tc.want) {
				t.Errorf("got %v, want an error about %q", err, tc.want)
			}
		})
	}
}

// TestProfilesAreFoundByVariables holds that the files may lie elsewhere.
func TestProfilesAreFoundByVariables(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(file, []byte("[profile p]\nregion = eu-west-3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := namedProfile("p", environ{"AWS_CONFIG_FILE=" + file, "AWS_SHARED_CREDENTIALS_FILE=" + file + ".none"})
	if err != nil || p.region != "eu-west-3" {
		t.Errorf("got %+v, %v", p, err)
	}
}

// FuzzProfiles holds that no file breaks the reader.
func FuzzProfiles(f *testing.F) {
	f.Add("[profile a]\nregion = x # y\n", "profile a")
	f.Add("[", "")
	f.Add("[a\n=\n", "a")
	f.Fuzz(func(t *testing.T, text, name string) {
		settings := map[string]string{}
		if !parseSection([]byte(text), name, settings) && len(settings) > 0 {
			t.Errorf("settings of no section: %v", settings)
		}
	})
}
