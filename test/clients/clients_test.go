// Package clients_test drives the gateway with the clients that people have:
// the AWS CLI, boto3, and the AWS SDKs for JavaScript and Go, none of them
// modified. All take the same walks through a running binary, one of each
// service (walk_test.go, walk_rest_test.go).
//
// A client that is not installed skips with the reason. With
// GATEHOUSE_CLIENTS=required, which the continuous integration sets, a skip is a
// failure.
package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds everything that should take no time: a hang must become a
// failure that names what hung. Nothing here asserts how long something took.
const patience = 2 * time.Minute

// A gateway is the running binary, with what it said at its start.
type gateway struct {
	Endpoint string `json:"endpoint"`
	Admin    string `json:"admin"`
	Region   string `json:"region"`
	Account  string `json:"account"`
	Data     string `json:"data"`

	binary string      // what was started
	said   *safeBuffer // its own log, and the access logs of stages
}

func TestClients(t *testing.T) {
	g := startGateway(t)
	backend := startEcho(t)
	for _, c := range []struct {
		name   string
		start  func(t *testing.T, g *gateway) client
		newest bool // knows members that came in recent years
	}{
		{"go", startGo, true},
		{"cli", startCLI, false},
		{"boto3", startBoto3, true},
		{"boto3-debian", startDebianBoto3, false},
		{"js", startJS, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			t.Run("http", func(t *testing.T) {
				t.Parallel()
				walk(t, g, backend, c.start(t, g), c.newest)
			})
			t.Run("rest", func(t *testing.T) {
				t.Parallel()
				walkREST(t, g, backend, c.start(t, g), c.newest, c.name == "cli")
			})
		})
	}
}

// missing ends the walk of a client that is not here.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("GATEHOUSE_CLIENTS") == "required" {
		t.Fatalf("GATEHOUSE_CLIENTS=required, but "+format, args...)
	}
	t.Skipf(format, args...)
}

// startGateway builds the binary and starts it in memory on free ports.
func startGateway(t *testing.T) *gateway {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "gatehouse")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "gatehouse/cmd/gatehouse")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build gatehouse: %v\n%s", err, out)
	}
	cmd := exec.Command(binary, "dev", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--output", "json")
	cmd.Dir = t.TempDir()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := &safeBuffer{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan []byte, 1)
	go func() {
		r := bufio.NewReader(stdout)
		line, _ := r.ReadBytes('\n')
		lines <- line
		_, _ = io.Copy(io.Discard, r) // the access log, if any
	}()
	t.Cleanup(func() {
		stop(cmd)
		if t.Failed() {
			t.Logf("gatehouse said last:\n%s", said.tail(4<<10))
		}
	})
	var g gateway
	select {
	case line := <-lines:
		if err := json.Unmarshal(line, &g); err != nil || g.Endpoint == "" || g.Admin == "" {
			t.Fatalf("the start line %q is not JSON with endpoint and admin: %v", line, err)
		}
	case <-time.After(patience):
		t.Fatal("gatehouse printed no start line")
	}
	g.binary, g.said = binary, said
	return &g
}

// stop ends a child as a user would, and insists after a while.
func stop(cmd *exec.Cmd) {
	if runtime.GOOS == "windows" || cmd.Process.Signal(os.Interrupt) != nil {
		_ = cmd.Process.Kill()
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait() // how it ends is the business of cmd/gatehouse
}

// startEcho is the backend of all walks: it answers with what it was asked.
func startEcho(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(echo{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("X-Walk")})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// An echo is what the backend saw of a request; Walk is its field X-Walk.
type echo struct{ Method, Path, Query, Walk string }

// A client makes one call of a service, apigateway or apigatewayv2. Members have
// their AWS names, which begin with a small letter in apigateway. The one output
// that is no JSON, the document of ExportApi, is the member Body.
type client interface {
	call(service, op string, in map[string]any) (map[string]any, error)
}

// A refusal is an error that the service answered, as the client shows it. The
// CLI does not show the status: it is 0 then.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%s (%d): %s", r.Code, r.Status, r.Message) }

// A speaker is a client in another language: a process that takes a call a
// line and answers with a line.
type speaker struct {
	name   string
	in     io.WriteCloser
	lines  chan []byte
	stderr *safeBuffer
}

// speak starts a speaker and reads its version.
func speak(t *testing.T, g *gateway, name, program string, args ...string) client {
	t.Helper()
	cmd := exec.Command(program, append(args, g.Endpoint)...)
	cmd.Env = clientEnv(t)
	s := &speaker{name: name, lines: make(chan []byte), stderr: &safeBuffer{}}
	cmd.Stderr = s.stderr
	var err error
	if s.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.lines)
		r := bufio.NewScanner(out)
		r.Buffer(nil, 16<<20)
		for r.Scan() {
			s.lines <- bytes.Clone(r.Bytes())
		}
	}()
	t.Cleanup(func() {
		s.in.Close()
		for range s.lines { // until it has ended
		}
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("%s: %v\n%s", name, err, s.stderr)
		}
	})
	var hello struct{ Version string }
	if err := s.answer(&hello); err != nil || hello.Version == "" {
		t.Fatalf("%s did not start: %v", name, err)
	}
	t.Log(hello.Version)
	return s
}

func (s *speaker) call(service, op string, in map[string]any) (map[string]any, error) {
	line, err := json.Marshal(map[string]any{"service": service, "op": op, "in": in})
	if err != nil {
		return nil, err
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%s no longer listens: %v\n%s", s.name, err, s.stderr)
	}
	var a struct {
		Out   map[string]any
		Error *refusal
	}
	if err := s.answer(&a); err != nil {
		return nil, err
	}
	if a.Error != nil {
		return nil, a.Error
	}
	return a.Out, nil
}

// answer reads the next line.
func (s *speaker) answer(into any) error {
	select {
	case line, ok := <-s.lines:
		if !ok {
			return fmt.Errorf("%s ended\n%s", s.name, s.stderr)
		}
		if err := json.Unmarshal(line, into); err != nil {
			return fmt.Errorf("%s said %q: %v", s.name, line, err)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s does not answer\n%s", s.name, s.stderr)
	}
}

// clientEnv is an environment in which no client finds credentials, profiles,
// proxies or endpoints of whoever runs the tests.
func clientEnv(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	env := []string{
		"HOME=" + home, "USERPROFILE=" + home, "AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "NO_PROXY=127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE=1",
	}
	for _, kept := range os.Environ() {
		name, _, _ := strings.Cut(kept, "=")
		switch upper := strings.ToUpper(name); {
		case strings.HasPrefix(upper, "AWS_"), strings.HasPrefix(upper, "BOTO"), strings.HasSuffix(upper, "_PROXY"),
			upper == "HOME", upper == "USERPROFILE", strings.HasPrefix(upper, "PYTHON"), strings.HasPrefix(upper, "NODE_"):
		default:
			env = append(env, kept)
		}
	}
	return env
}

func startBoto3(t *testing.T, g *gateway) client {
	t.Helper()
	python := os.Getenv("GATEHOUSE_BOTO3_PYTHON") // of a virtual environment with the newest boto3
	if python == "" {
		python = "python3"
	}
	return startPython(t, g, python)
}

func startDebianBoto3(t *testing.T, g *gateway) client {
	t.Helper()
	return startPython(t, g, "/usr/bin/python3")
}

func startPython(t *testing.T, g *gateway, python string) client {
	t.Helper()
	path, err := exec.LookPath(python)
	if err != nil {
		missing(t, "there is no %s", python)
	}
	probe := exec.Command(path, "-c", "import boto3")
	probe.Env = clientEnv(t)
	if out, err := probe.CombinedOutput(); err != nil {
		missing(t, "%s has no boto3: %v\n%s", path, err, out)
	}
	return speak(t, g, "boto3", path, "walk.py")
}

func startJS(t *testing.T, g *gateway) client {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "there is no node")
	}
	for _, name := range []string{"client-api-gateway", "client-apigatewayv2"} {
		if _, err := os.Stat("js/node_modules/@aws-sdk/" + name + "/package.json"); err != nil {
			missing(t, "the SDK is not installed: run npm ci in test/clients/js (%v)", err)
		}
	}
	return speak(t, g, "js", node, "js/walk.mjs")
}

// A safeBuffer is written by a process and read by the test.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// tail is the end of what was written, at most n bytes of it.
func (b *safeBuffer) tail(n int) string {
	text := b.String()
	return text[max(0, len(text)-n):]
}

// refused returns the refusal that an error is, or fails.
func refused(t *testing.T, err error) *refusal {
	t.Helper()
	var r *refusal
	if !errors.As(err, &r) {
		t.Fatalf("want a refusal by the service, got %v", err)
	}
	return r
}
