package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/rogpeppe/go-internal/testscript"
)

// startMirror starts a backend that answers with all that it was asked: the
// request line, the fields by name, and the body. /status/NNN answers with that
// status, /never not before its client is gone, /nonsense with what is no HTTP.
// With TLS it tells whose certificate it was shown, and with a file of
// certificates it lets in nobody else.
func (s *stage) startMirror(ts *testscript.TestScript, args []string) {
	name := args[0]
	b := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch code, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/status/")); {
		case err == nil:
			w.WriteHeader(code)
		case r.URL.Path == "/never":
			<-r.Context().Done()
			return
		case r.URL.Path == "/nonsense":
			speakNonsense(w)
			return
		}
		if r.TLS != nil {
			for _, c := range r.TLS.PeerCertificates {
				fmt.Fprintf(w, "client: %s\n", c.Subject.CommonName)
			}
		}
		fmt.Fprintf(w, "%s answers %s %s\n", name, r.Method, r.RequestURI)
		fmt.Fprintf(w, "Host: %s\n", r.Host)
		_ = r.Header.Write(crlf{w})
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "\n%s\n", body)
	}))
	s.more = append(s.more, b)
	if len(args) < 2 {
		b.Start()
		ts.Setenv(name, b.URL)
		return
	}
	dir := ts.MkAbs(args[1])
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	ts.Check(err)
	b.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	if len(args) > 2 {
		b.TLS.ClientAuth, b.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		b.TLS.ClientCAs.AppendCertsFromPEM([]byte(ts.ReadFile(args[2])))
	}
	b.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of handshakes that fail, as they should
	b.StartTLS()
	ts.Setenv(name, b.URL)
}

// speakNonsense answers with what is no HTTP.
func speakNonsense(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return // the gateway is gone already
	}
	defer c.Close()
	_, _ = io.WriteString(c, "nonsense\r\n\r\n")
}

// crlf drops the carriage returns of what is written.
type crlf struct{ io.Writer }

func (c crlf) Write(p []byte) (int, error) {
	_, err := c.Writer.Write(bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n")))
	return len(p), err
}

// What the gateway signs with in scripts, and what services check against.
const (
	scriptKeyID  = "AKIDEXAMPLE"
	scriptSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// service starts an AWS service that lets in only what the AWS SDK would have
// signed in the same way. It answers what it was asked; /status/NNN in the path
// is its status.
func (s *stage) service(ts *testscript.TestScript, args []string) {
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Amzn-RequestId", "of-the-service")
		w.Header().Set("Content-Type", "text/xml")
		if err := checkSignature(r, body, args[1]); err != nil {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error>%v</Error>\n", err)
			return
		}
		if code, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/status/")); err == nil {
			w.WriteHeader(code)
		}
		fmt.Fprintf(w, "<%s>%s %s\n%s\n%s</%s>\n", args[1], r.Method, r.URL.RequestURI(), r.Header.Get("X-Amz-Target"), body, args[1])
	}))
	s.more = append(s.more, b)
	ts.Setenv(args[0], b.URL)
}

// checkSignature compares the signature of a request with that of the SDK. The
// region is the one that the request says it was signed for.
func checkSignature(r *http.Request, body []byte, service string) error {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return fmt.Errorf("X-Amz-Date: %v", err)
	}
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	if len(scope) < 5 {
		return fmt.Errorf("Authorization is %q", r.Header.Get("Authorization"))
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return err
	}
	again.ContentLength = int64(len(body))
	for _, name := range []string{"Content-Type", "X-Amz-Target"} {
		if v := r.Header.Get(name); v != "" {
			again.Header.Set(name, v)
		}
	}
	sum := sha256.Sum256(body)
	c := aws.Credentials{AccessKeyID: scriptKeyID, SecretAccessKey: scriptSecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), c, again, hex.EncodeToString(sum[:]), service, scope[2], at); err != nil {
		return err
	}
	if got, want := r.Header.Get("Authorization"), again.Header.Get("Authorization"); got != want {
		return fmt.Errorf("signed %s, the SDK signs %s", got, want)
	}
	return nil
}

// big writes an OpenAPI document of a size: most of it is a description.
func (s *stage) big(ts *testscript.TestScript, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	const head, foot = `{"openapi":"3.0.1","info":{"title":"big","version":"1","description":"`, `"},"paths":{"/x":{"get":{}}}}`
	text := head + strings.Repeat("x", size-len(head)-len(foot)) + foot
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// hasClient is the condition client:NAME: that program is there. Where all
// clients are required, one that is not there is an error and no reason to skip.
func hasClient(cond string) (bool, error) {
	name, ok := strings.CutPrefix(cond, "client:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	_, err := exec.LookPath(name)
	if err != nil && os.Getenv("GATEHOUSE_CLIENTS") == "required" {
		return false, fmt.Errorf("GATEHOUSE_CLIENTS=required, but %v", err)
	}
	return err == nil, nil
}

// awsCLI runs the AWS CLI with nothing of the machine's own configuration. What
// it prints as JSON is for let.
func awsCLI(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(stageKey{}).(*stage)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "aws", append([]string{"--endpoint-url", ts.Getenv("ENDPOINT"), "--output", "json"}, args...)...)
	none := ts.MkAbs("none")
	c.Dir = ts.MkAbs(".")
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "AWS_CONFIG_FILE=" + none, "AWS_SHARED_CREDENTIALS_FILE=" + none,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "NO_PROXY=127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE=1"}
	c.WaitDelay = 10 * time.Second
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	err := c.Run()
	s.print(ts, out.String())
	fmt.Fprint(ts.Stderr(), talk.String())
	switch exit := (*exec.ExitError)(nil); {
	case err != nil && !errors.As(err, &exit):
		ts.Fatalf("aws %s: %v", strings.Join(args, " "), err)
	case err != nil && !neg:
		ts.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, talk.String())
	case err == nil && neg:
		ts.Fatalf("aws %s: succeeds, and should not", strings.Join(args, " "))
	}
}
