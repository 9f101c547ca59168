package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/internal/sigv4"
)

// An awsProfile is what a section of the AWS configuration files says about whom
// to call, and as whom. Members that it does not have are empty.
type awsProfile struct {
	endpoint, region string
	keys             sigv4.Credentials
}

// maxProfiles bounds a configuration file in bytes.
const maxProfiles = 1 << 20

// elsewhere are the settings by which a profile gets its keys from somewhere
// that this program does not ask.
var elsewhere = [...]string{"role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file", "login_session"}

// namedProfile reads the profile that --profile, or else AWS_PROFILE, names.
// Where neither does nothing is read: the default profile of a machine is for
// AWS, and its keys are none of a gateway's business.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
func namedProfile(flag string, env environ) (p awsProfile, err error) {
	name := cmp.Or(flag, env.get("AWS_PROFILE"))
	if name == "" {
		return p, nil
	}
	config := configFile(env, "AWS_CONFIG_FILE", "config")
	credentials := configFile(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials")
	section := "profile " + name
	if name == "default" {
		section = name
	}
	settings := map[string]string{}
	inConfig, err := readSection(config, section, settings)
	if err != nil {
		return p, badProfile(name, err)
	}
	inCredentials, err := readSection(credentials, name, settings)
	if err != nil {
		return p, badProfile(name, err)
	}
	if !inConfig && !inCredentials {
		return p, badProfile(name, fmt.Errorf("there is no [%s] in %s and no [%s] in %s", section, config, name, credentials))
	}
	p = awsProfile{endpoint: settings["endpoint_url"], region: settings["region"], keys: sigv4.Credentials{AccessKeyID: settings["aws_access_key_id"],
		SecretAccessKey: settings["aws_secret_access_key"], SessionToken: settings["aws_session_token"]}}
	if services := settings["services"]; services != "" {
		nested := map[string]string{}
		if _, err := readSection(config, "services "+services, nested); err != nil {
			return p, badProfile(name, err)
		}
		p.endpoint = cmp.Or(nested["apigatewayv2.endpoint_url"], nested["api_gateway.endpoint_url"], p.endpoint)
	}
	if (p.keys.AccessKeyID == "") != (p.keys.SecretAccessKey == "") {
		return p, badProfile(name, errors.New("of aws_access_key_id and aws_secret_access_key it has only one"))
	}
	for _, setting := range elsewhere {
		if p.keys.AccessKeyID == "" && settings[setting] != "" {
			return p, badProfile(name, fmt.Errorf("its keys come by %s, which this program does not ask", setting))
		}
	}
	return p, nil
}

func badProfile(name string, err error) error {
	return &failure{Exit: exitUsage, Code: "BadProfile", What: fmt.Sprintf("the profile %q cannot be used", name), Why: err.Error(),
		Do: "name another one with --profile or AWS_PROFILE, or give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead", cause: err}
}

// configFile is where AWS's tools keep a file of theirs.
func configFile(env environ, variable, name string) string {
	if path := env.get(variable); path != "" {
		return path
	}
	return filepath.Join(cmp.Or(env.get("HOME"), env.get("USERPROFILE")), ".aws", name)
}

// readSection adds the settings of [name] in a file to settings. A file that is
// not there has no sections.
func readSection(path, name string, settings map[string]string) (found bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProfiles+1))
	if err == nil && len(text) > maxProfiles {
		err = fmt.Errorf("%s is longer than %d bytes", path, maxProfiles)
	}
	if err != nil {
		return false, err
	}
	return parseSection(text, name, settings), nil
}

// parseSection is readSection for the text of a file. Indented lines are
// settings within the one above them, such as apigatewayv2.endpoint_url.
func parseSection(text []byte, name string, settings map[string]string) (found bool) {
	within, above := false, ""
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxProfiles)
	for lines.Scan() {
		line := lines.Text()
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case trimmed[0] == '[':
			title, _, _ := strings.Cut(trimmed[1:], "]")
			within = strings.Join(strings.Fields(title), " ") == strings.Join(strings.Fields(name), " ")
			found = found || within
		case within:
			key, value, _ := strings.Cut(trimmed, "=")
			key = strings.ToLower(strings.TrimSpace(key))
			if line[0] == ' ' || line[0] == '\t' {
				key = above + "." + key
			} else {
				above = key
			}
			value, _, _ = strings.Cut(value, " #")
			settings[key] = strings.TrimSpace(value)
		}
	}
	return found
}
