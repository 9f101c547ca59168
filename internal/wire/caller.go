package wire

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// A Caller is who makes a call and from where: what the credential scope of the request's signature claims, and what the listener
// saw. AccessKeyID, Region, Service are claims until Options.Identify has accepted them. It is a value; copies are independent.
type Caller struct {
	AccessKeyID string
	Account     string // 12 digits; set by Options.Identify
	Region      string // of the credential scope: the region that the client means
	Service     string // signing name of the credential scope: apigateway, execute-api
	RequestID   string // UUID, the same that x-amzn-RequestId answers
	SourceIP    string // address of the peer without its port
	UserAgent   string
	Host        string // as the client sent it, with its port
	Prefix      string // escaped path before the operation's own, "" or "/prod", where the service's Table floats
}

type callerKey struct{}

// CallerOf returns the Caller of the call that ctx belongs to; ok is false outside a call.
func CallerOf(ctx context.Context) (c Caller, ok bool) {
	c, ok = ctx.Value(callerKey{}).(Caller)
	return c, ok
}

// WithCaller returns a context in which CallerOf finds c, for calls that are made without a request: tests, the demo.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// algorithm is the one signature algorithm that control calls may use.
const algorithm = "AWS4-HMAC-SHA256"

// A Scope is a credential scope: who signed, and for which day, region and service.
type Scope struct {
	AccessKeyID, Date, Region, Service string
}

// Bounds of the parts of a credential scope. Access keys are 16 to 128 characters at AWS; local ones, such as test, are shorter.
var scopePart = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
var accessKey = regexp.MustCompile(`^[A-Za-z0-9_.+=@-]{1,128}$`)
var signature = regexp.MustCompile(`^[0-9a-f]{64}$`)
var day = regexp.MustCompile(`^[0-9]{8}$`)

// ParseScope reads the credential scope of a request's Authorization field, strictly: exactly one field, the three parameters once
// each and complete. It checks no signature. The *Error it returns is ready to send.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
func ParseScope(h http.Header) (Scope, error) {
	fields := h.Values("Authorization")
	if len(fields) == 0 {
		return Scope{}, unsigned()
	}
	rest, ok := strings.CutPrefix(fields[0], algorithm+" ")
	if !ok {
		return Scope{}, unsigned()
	}
	if len(fields) > 1 {
		return Scope{}, incomplete("%d Authorization fields; send one", len(fields))
	}
	params := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := params[name]; !ok || twice {
			return Scope{}, incomplete("parameter %q is malformed or given twice", name)
		}
		params[name] = value
	}
	if len(params) != 3 || params["SignedHeaders"] == "" || !signature.MatchString(params["Signature"]) {
		return Scope{}, incomplete("want exactly Credential, SignedHeaders and a Signature of 64 lower-case hexadecimal digits")
	}
	return parseCredential(params["Credential"])
}

func parseCredential(credential string) (Scope, error) {
	p := strings.Split(credential, "/")
	if len(p) != 5 || p[4] != "aws4_request" || !accessKey.MatchString(p[0]) || !day.MatchString(p[1]) || !scopePart.MatchString(p[2]) || !scopePart.MatchString(p[3]) {
		return Scope{}, incomplete("Credential %q: want ACCESSKEY/YYYYMMDD/REGION/SERVICE/aws4_request", clip(credential))
	}
	return Scope{AccessKeyID: p[0], Date: p[1], Region: p[2], Service: p[3]}, nil
}

func unsigned() *Error {
	return &Error{Type: typeMissingToken, Status: http.StatusForbidden,
		Message: "Missing Authentication Token: sign the call with AWS Signature Version 4 in the Authorization header, as every AWS SDK and the AWS CLI do."}
}

func incomplete(format string, args ...any) *Error {
	return &Error{Type: typeIncomplete, Status: http.StatusBadRequest, Message: "Authorization header: " + fmt.Sprintf(format, args...) + "."}
}

// clip bounds text of the client's that a message repeats.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
