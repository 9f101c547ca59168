package integrate

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/gate"
	"gatehouse/internal/sigv4"
	"gatehouse/internal/upstream"
)

// A Service says where an AWS service is called, and as whom: the role that an
// integration names means something to AWS only.
type Service struct {
	// Endpoint is scheme, host and port, https://sqs.{region}.amazonaws.com, with
	// the region of each call in place of {region}.
	Endpoint string
	// Region is called where an integration does not say; "": the API's own.
	Region      string
	Credentials sigv4.Credentials
}

// String leaves out the credentials.
func (s Service) String() string { return s.Endpoint }

// GoString leaves out the credentials.
func (s Service) GoString() string { return s.Endpoint }

// ServiceNames are the names that Services.Add takes.
func ServiceNames() []string { return []string{AppConfig, EventBridge, Kinesis, SQS, StepFunctions} }

// Services are the AWS services that integrations can call. The zero Services
// has none. Once all were added, any number of goroutines may read them.
type Services struct{ known map[string]Service }

// Add takes in the service of that name. The error names the value that is
// wrong, and none that is secret.
func (l *Services) Add(name string, s Service) error {
	if !slices.Contains(ServiceNames(), name) {
		return fmt.Errorf("service %q is none of %s", name, strings.Join(ServiceNames(), ", "))
	}
	if s.Region != "" && !regionName(s.Region) {
		return fmt.Errorf("region %q is none; one looks like us-east-1", s.Region)
	}
	if _, _, err := s.at("us-east-1"); err != nil {
		return fmt.Errorf("endpoint %q: %w", s.Endpoint, err)
	}
	if s.Credentials.AccessKeyID == "" || s.Credentials.SecretAccessKey == "" {
		return fmt.Errorf("credentials are missing: an access key id and a secret access key are needed")
	}
	for _, c := range []byte(s.Credentials.AccessKeyID + s.Credentials.SessionToken) {
		if c <= ' ' || c > '~' {
			return fmt.Errorf("the access key id or the session token holds %q, which cannot be sent", c)
		}
	}
	if l.known == nil {
		l.known = map[string]Service{}
	}
	l.known[name] = s
	return nil
}

// at is where the service is called in a region, and the Host field.
func (s Service) at(region string) (upstream.Address, string, error) {
	text := strings.ReplaceAll(s.Endpoint, "{region}", region)
	a, err := parseOrigin(text)
	if err != nil {
		return a, "", err
	}
	e, err := parseEndpoint(text, nil)
	return a, e.host, err
}

// Missing says why a service integration cannot be called, and what to
// configure. It is nil for those that can, and for other integrations.
func (l *Services) Missing(in *gate.Integration) error {
	if in == nil || in.Kind != gate.AWSService {
		return nil
	}
	if in.Subtype == "" {
		return fmt.Errorf("integration %s calls an AWS service, and its deployment is of a version that did not note which: deploy again", in.ID)
	}
	s, err := subtypeNamed(in.Subtype)
	if err != nil {
		return fmt.Errorf("integration %s: %w", in.ID, err)
	}
	if l != nil {
		if _, ok := l.known[s.service]; ok {
			return nil
		}
	}
	return fmt.Errorf("integration %s is %s, and the configuration does not say where that service is: add to gatehouse.yaml (gatehouse serve --config)  "+
		"services: {%s: {endpoint: \"https://%s.{region}.amazonaws.com\", access_key_id: ID, secret_access_key_file: FILE}}  and start anew",
		in.ID, s.name, s.service, s.signed)
}
