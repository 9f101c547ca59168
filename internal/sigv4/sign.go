package sigv4

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Credentials sign requests. SessionToken is "" for keys that do not expire.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Sign signs r for a service in a region as of a time: it sets X-Amz-Date, X-Amz-Security-Token (or removes it), for S3
// X-Amz-Content-Sha256, and Authorization, and writes the query in canonical form, so that both ends read the same pairs. payloadHash
// is HashPayload of the body, or UnsignedPayload. All fields are signed but those that proxies and transports change on the way, so
// whatever else is set must be set before. On an error r is unchanged. Sign may run concurrently for different requests.
func Sign(r *http.Request, payloadHash string, c Credentials, service, region string, at time.Time) error {
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return errors.New("sign: credentials without an access key id or a secret access key")
	}
	if region == "" || service == "" || payloadHash == "" {
		return fmt.Errorf("sign: service %q, region %q, payload hash %q: each must be set", service, region, payloadHash)
	}
	if r.URL.Opaque != "" {
		return fmt.Errorf("sign: opaque URL %q: set its path instead", r.URL.Opaque)
	}
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	r.URL.RawQuery = query
	r.Host = hostOf(r)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Amz-Date", at.UTC().Format(timeForm))
	r.Header.Del("X-Amz-Security-Token")
	if c.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", c.SessionToken)
	}
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", payloadHash)
	}
	written, err := canonicalize(r, signable(r), service, payloadHash)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	s := scope{at.UTC().Format(dayForm), region, service}
	r.Header.Set("Authorization", algorithm+" Credential="+c.AccessKeyID+"/"+s.String()+", SignedHeaders="+written.signed+", Signature="+s.signature(c.SecretAccessKey, at, written))
	return nil
}

// signable names the fields of r that a signature can cover, in lower case: not those that a proxy or a transport may change.
func signable(r *http.Request) []string {
	names := map[string]bool{"host": true}
	for name := range r.Header {
		names[strings.ToLower(name)] = true
	}
	for _, name := range []string{"authorization", "user-agent", "x-amzn-trace-id", "expect", "transfer-encoding", "content-length"} {
		delete(names, name)
	}
	if r.ContentLength > 0 {
		names["content-length"] = true
	}
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	return list
}
