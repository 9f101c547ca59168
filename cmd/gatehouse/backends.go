package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"gatehouse/internal/integrate"
	"gatehouse/internal/sigv4"
)

// A VPCLink says what stands behind a VPC link.
type VPCLink struct {
	Link    string   `yaml:"link"`    // its id; "*": every link
	ARN     string   `yaml:"arn"`     // of the listener or Cloud Map service; empty: all of the link
	Targets []string `yaml:"targets"` // http://10.0.0.1:8080 each, called in turn
}

// ServicesSection says where the AWS services are that integrations call.
type ServicesSection struct {
	AppConfig     ServiceSection `yaml:"appconfig"`
	EventBridge   ServiceSection `yaml:"eventbridge"`
	Kinesis       ServiceSection `yaml:"kinesis"`
	SQS           ServiceSection `yaml:"sqs"`
	StepFunctions ServiceSection `yaml:"stepfunctions"`
}

// A ServiceSection is one service: where it is, and as whom it is called.
type ServiceSection struct {
	Endpoint            string `yaml:"endpoint"` // https://sqs.{region}.amazonaws.com; empty: not called
	Region              string `yaml:"region"`   // where an integration names none; empty: its API's
	AccessKeyID         string `yaml:"access_key_id"`
	SecretAccessKey     Secret `yaml:"secret_access_key"`
	SecretAccessKeyFile string `yaml:"secret_access_key_file"` // in place of secret_access_key
}

// A Secret is a text of the configuration that is never printed.
type Secret string

// masked is what is printed in place of a secret.
const masked = "(secret)"

// String says only whether there is one.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString is String in quotes.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText is String: whatever encodes a configuration shows no secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// each visits the services by name.
func (s *ServicesSection) each(visit func(name string, s *ServiceSection)) {
	visit(integrate.AppConfig, &s.AppConfig)
	visit(integrate.EventBridge, &s.EventBridge)
	visit(integrate.Kinesis, &s.Kinesis)
	visit(integrate.SQS, &s.SQS)
	visit(integrate.StepFunctions, &s.StepFunctions)
}

// service is the section for integrate, with that secret.
func (s *ServiceSection) service(secret string) integrate.Service {
	return integrate.Service{Endpoint: s.Endpoint, Region: s.Region,
		Credentials: sigv4.Credentials{AccessKeyID: s.AccessKeyID, SecretAccessKey: secret}}
}

// checkBackends checks what stands behind VPC links and service integrations.
func (c *Config) checkBackends(complain complaint) {
	var links integrate.Links
	for i, l := range c.VPCLinks {
		if err := links.Add(integrate.Link{ID: l.Link, ARN: l.ARN, Targets: l.Targets}); err != nil {
			complain(fmt.Sprintf("vpc_links[%d]", i), "is refused: %v", err)
		}
	}
	var services integrate.Services
	c.Services.each(func(name string, s *ServiceSection) {
		at := "services." + name
		switch {
		case *s == ServiceSection{}:
			return
		case s.SecretAccessKey != "" && s.SecretAccessKeyFile != "":
			complain(at+".secret_access_key_file", "is set beside secret_access_key: choose one")
			return
		case s.SecretAccessKey == masked:
			complain(at+".secret_access_key", "is %q, which a configuration is printed with in place of a secret: give the secret itself", masked)
			return
		}
		secret := string(s.SecretAccessKey)
		if s.SecretAccessKeyFile != "" {
			secret = "in the file" // which is read at the start, and not to check a configuration
		}
		if err := services.Add(name, s.service(secret)); err != nil {
			complain(at, "is refused: %v", err)
		}
	})
}

// backends are the links and services of a checked configuration. Files with
// secrets are read here.
func (c *Config) backends() (*integrate.Links, *integrate.Services, error) {
	links, services := new(integrate.Links), new(integrate.Services)
	for _, l := range c.VPCLinks {
		if err := links.Add(integrate.Link{ID: l.Link, ARN: l.ARN, Targets: l.Targets}); err != nil {
			return nil, nil, err
		}
	}
	var failed error
	c.Services.each(func(name string, s *ServiceSection) {
		if (*s == ServiceSection{}) || failed != nil {
			return
		}
		secret := string(s.SecretAccessKey)
		if s.SecretAccessKeyFile != "" {
			if secret, failed = readSecret(s.SecretAccessKeyFile); failed != nil {
				failed = &failure{Exit: exitRefused, Code: "NoSecret", What: "the secret access key of the service " + name + " cannot be read",
					Why: s.SecretAccessKeyFile + ": " + failed.Error(), Do: "correct services." + name + ".secret_access_key_file, or the file", cause: failed}
				return
			}
		}
		failed = services.Add(name, s.service(secret))
	})
	return links, services, failed
}

// maxSecretBytes bounds a secret access key; those of AWS have 40.
const maxSecretBytes = 1024

// readSecret reads the one line of a file. As with a master key, mounted
// secrets may be links, and readable for others of the same container.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", bare(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", bare(err)
	}
	line := bytes.TrimRight(text, "\r\n")
	switch {
	case len(text) > maxSecretBytes:
		return "", fmt.Errorf("is longer than %d bytes, which no secret access key is", maxSecretBytes)
	case len(line) == 0 || bytes.ContainsAny(line, "\r\n"):
		return "", errors.New("is not one line with a secret access key")
	}
	return string(line), nil
}
