package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/sigv4"
)

// A remote is a running gateway as its clients see it: this binary is one of
// them and has no other way in. A command that asks one embeds it, and finds it
// filled in from the global flags.
type remote struct {
	EndpointURL string            `kong:"-"`
	Region      string            `kong:"-"`
	Timeout     time.Duration     `kong:"-"` // of an answer
	Verbose     bool              `kong:"-"` // tell each call on stderr
	keys        sigv4.Credentials // of a profile; zero: the environment's, else test
}

// maxAnswer bounds the body of an answer.
const maxAnswer = 16 << 20

// A wireError is an error of a control call as AWS's clients read it.
type wireError struct {
	Status              int
	Type, Message, What string
	RequestID           string
}

// do makes a signed call for a service and decodes its JSON into out, unless
// that is nil; a *[]byte takes the answer as it is. Credentials are
// those of the profile or the environment, else test/test.
func (r *remote) do(ctx context.Context, t *terminal, service, method, path string, in, out any) error {
	if err := r.checkURL(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	var payload []byte
	var err error
	if in != nil {
		if payload, err = json.Marshal(in); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.EndpointURL, "/")+path, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "gatehouse-cli/"+thisBuild().Version)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if err := sigv4.Sign(request, sigv4.HashPayload(payload), r.credentials(t.environ), service, r.Region, time.Now()); err != nil {
		return usage(err.Error())
	}
	return r.send(t, request, out)
}

// checkURL refuses an endpoint that cannot be called.
func (r *remote) checkURL() error {
	base, err := url.Parse(r.EndpointURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return usage(fmt.Sprintf("--endpoint-url %q is not a URL such as http://127.0.0.1:4566", r.EndpointURL))
	}
	if r.Timeout <= 0 {
		return usage("--timeout must be longer than 0s")
	}
	return nil
}

func (r *remote) credentials(env environ) sigv4.Credentials {
	if r.keys.AccessKeyID != "" {
		return r.keys
	}
	c := sigv4.Credentials{AccessKeyID: env.get("AWS_ACCESS_KEY_ID"), SecretAccessKey: env.get("AWS_SECRET_ACCESS_KEY"), SessionToken: env.get("AWS_SESSION_TOKEN")}
	if c.AccessKeyID == "" {
		return sigv4.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	}
	return c
}

func (r *remote) send(t *terminal, request *http.Request, out any) error {
	start := time.Now()
	// No proxy of the environment: a gateway is called as it is named.
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return r.unreachable(request, err)
	}
	defer answer.Body.Close()
	if r.Verbose {
		t.warnf("%s %s: %s in %v, request id %s", request.Method, request.URL, answer.Status, time.Since(start).Round(time.Millisecond/10),
			cmp.Or(answer.Header.Get("x-amzn-RequestId"), "none"))
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return r.unreachable(request, err)
	}
	if len(text) > maxAnswer {
		return fmt.Errorf("the answer of %s is longer than %d bytes", request.URL.Host, maxAnswer)
	}
	if answer.StatusCode/100 != 2 {
		return refused(request, answer, text)
	}
	if out == nil {
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = text
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return &failure{Exit: exitFailed, Code: "NotAGateway", What: "the answer is not understood",
			Why: fmt.Sprintf("%s %s answers %s with something that is no JSON of a gateway", request.Method, request.URL, answer.Status),
			Do:  "check that --endpoint-url names the control address of a gatehouse", cause: err}
	}
	return nil
}

// unreachable is the failure of a call that got no answer.
func (r *remote) unreachable(request *http.Request, err error) error {
	if ctx := request.Context(); errors.Is(context.Cause(ctx), context.Canceled) || errors.As(context.Cause(ctx), new(*interruption)) {
		return err
	}
	why := err.Error()
	if u := (&url.Error{}); errors.As(err, &u) {
		why = u.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		why = fmt.Sprintf("no answer within %v", r.Timeout)
	}
	return &failure{Exit: exitUnreachable, Code: "Unreachable", What: "the gateway cannot be reached",
		Why: fmt.Sprintf("%s: %s", r.EndpointURL, why), Do: "start one with gatehouse dev, or name it with --endpoint-url", cause: err}
}

// refused is the failure of a call that was answered with an error.
func refused(request *http.Request, answer *http.Response, text []byte) error {
	var body struct{ Message string } // matches "message" as well
	_ = json.Unmarshal(text, &body)   // what is no JSON has no message
	kind, _, _ := strings.Cut(answer.Header.Get("x-amzn-ErrorType"), ":")
	e := &wireError{Status: answer.StatusCode, Type: cmp.Or(kind, "Error"), Message: cmp.Or(body.Message, answer.Status),
		What: request.Method + " " + request.URL.Path, RequestID: answer.Header.Get("x-amzn-RequestId")}
	return e.failure()
}

func (e *wireError) failure() *failure {
	f := &failure{Exit: exitFailed, Code: e.Type, What: "the gateway refuses " + e.What, Why: fmt.Sprintf("%s (%d): %s", e.Type, e.Status, e.Message),
		Do: "correct the call; the gateway's log has more under request id " + cmp.Or(e.RequestID, "(none)"), RequestID: e.RequestID}
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		f.Exit = exitUnauthorised
		f.Do = "check --region, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that --endpoint-url names the gateway by an address that it knows"
	case http.StatusNotFound:
		f.Exit = exitNotFound
	case http.StatusConflict:
		f.Exit = exitConflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		f.Exit = exitRefused
	}
	return f
}

// A status is what a gateway says of itself.
type status struct {
	Version string   `json:"version"`
	Mode    string   `json:"mode"`
	Account string   `json:"account"`
	Regions []string `json:"regions"`
}

func (r *remote) status(ctx context.Context, t *terminal) (s status, err error) {
	err = r.do(ctx, t, gatehouse.ScopeName, http.MethodGet, gatehouse.PathPrefix+"/status", nil, &s)
	return s, err
}
