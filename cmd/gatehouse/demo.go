package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"gatehouse/internal/gate"
)

// demoCommand is dev in memory with a sample: an API with three routes to an
// echo server in this process, made through the public operations and called
// as anybody would.
type demoCommand struct {
	voice  `embed:""`
	Listen string `placeholder:"ADDR" default:"127.0.0.1:4566" help:"Where to listen; port 0 takes a free one. This machine only."`
	Admin  string `placeholder:"ADDR" default:"127.0.0.1:9464" help:"Where /livez, /readyz and /metrics are. This machine only."`
}

// Run starts, shows the sample, and serves until a signal.
func (c *demoCommand) Run(ctx context.Context, t *terminal) error {
	dev := devCommand{voice: c.voice, Listen: c.Listen, Admin: c.Admin}
	s, err := dev.setup("demo", t)
	if err != nil {
		return err
	}
	if s.Log, err = c.demoLog(t); err != nil {
		return err
	}
	s.Conf.Logs.Access.Stdout = c.Verbose
	started := time.Now()
	backend, err := startEcho(s.Log)
	if err != nil {
		return err
	}
	defer backend.Close()
	w, err := open(s)
	if err != nil {
		return err
	}
	ctx, stop := untilHangup(ctx)
	defer stop()
	return w.run(ctx, func() error {
		return (&sample{remote: demoRemote(w), t: t, w: w, backend: "http://" + backend.addr, quiet: c.Quiet}).show(ctx, started)
	})
}

// demoLog is quiet about what the demo itself does, unless asked.
func (c *demoCommand) demoLog(t *terminal) (*slog.Logger, error) {
	v := c.voice
	v.Quiet = !v.Verbose
	return v.log(t)
}

func demoRemote(w *world) remote {
	return remote{EndpointURL: w.controlURL(), Region: w.Conf.Regions[0], Timeout: 10 * time.Second}
}

// demoID is the id of the sample API, so that its URLs can be typed.
const demoID = "demo"

// sampleRoutes are the routes of the sample: what each shows, its key, the
// path behind the backend's address, and the path to call.
var sampleRoutes = [...]struct{ shows, key, backend, call string }{
	{"Plain route", "GET /hello", "/hello", "/hello"},
	{"Path parameter", "GET /pets/{id}", "/animals/{id}", "/pets/7"},
	{"Everything below", "ANY /any/{proxy+}", "/{proxy}", "/any/a/b?c=d"},
}

// A sample makes, calls and tells.
type sample struct {
	remote
	t       *terminal
	w       *world
	backend string
	quiet   bool
}

// A called is one of the sample's requests as it went.
type called struct {
	Shows   string  `json:"shows"`
	Command string  `json:"command"`
	Status  int     `json:"status"`
	Millis  float64 `json:"ms"`
}

func (s *sample) show(ctx context.Context, started time.Time) error {
	if err := s.make(ctx); err != nil {
		return err
	}
	if err := s.makeREST(ctx); err != nil {
		return err
	}
	base := s.EndpointURL + gate.PathAddress
	var calls []called
	try := func(shows, url string) error {
		c, err := s.call(ctx, url)
		if err != nil {
			return &failure{Exit: exitFailed, Code: "DemoFailed", What: "the sample does not work", Why: err.Error(),
				Do: "this is a defect of this build: run the tests, and report it", cause: err}
		}
		c.Shows = shows
		calls = append(calls, c)
		return nil
	}
	for _, r := range sampleRoutes {
		if err := try(r.shows, base+demoID+r.call); err != nil {
			return err
		}
	}
	for _, r := range restCalls {
		if err := try(r.shows, base+restID+"/"+restStage+r.call); err != nil {
			return err
		}
	}
	s.tell(base+demoID, calls, started)
	return nil
}

// make makes the API as any client would: with four kinds of calls.
func (s *sample) make(ctx context.Context) error {
	v2 := func(method, path string, in map[string]any, out any) error {
		return s.do(ctx, s.t, "apigateway", method, "/v2/apis"+path, in, out)
	}
	err := v2("POST", "", map[string]any{"name": "demo", "protocolType": "HTTP", "tags": map[string]string{"_custom_id_": demoID}}, nil)
	if err != nil {
		return err
	}
	for _, r := range sampleRoutes {
		var made struct{ IntegrationID string }
		err := v2("POST", "/"+demoID+"/integrations", map[string]any{"integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
			"integrationUri": s.backend + r.backend, "payloadFormatVersion": "1.0"}, &made)
		if err != nil {
			return err
		}
		err = v2("POST", "/"+demoID+"/routes", map[string]any{"routeKey": r.key, "target": "integrations/" + made.IntegrationID}, nil)
		if err != nil {
			return err
		}
	}
	return v2("POST", "/"+demoID+"/stages", map[string]any{"stageName": "$default", "autoDeploy": true}, nil)
}

// call sends the request of a curl line.
func (s *sample) call(ctx context.Context, url string) (called, error) {
	c := called{Command: "curl '" + url + "'"}
	if !strings.ContainsAny(url, "?&") {
		c.Command = "curl " + url
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return c, err
	}
	start := time.Now()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return c, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return c, err
	}
	c.Status, c.Millis = answer.StatusCode, float64(time.Since(start).Microseconds())/1000
	if answer.StatusCode != http.StatusOK {
		return c, fmt.Errorf("%s answers %s: %s", url, answer.Status, clip(string(text)))
	}
	return c, nil
}

// tell prints what was made and what came back.
func (s *sample) tell(base string, calls []called, started time.Time) {
	t := s.t
	if t.structured() {
		// Nobody reads it if this fails, and the gateway serves all the same.
		_ = t.print(struct {
			startLine
			API   string   `json:"api"`
			Calls []called `json:"calls"`
		}{s.w.startLine(), base + "/", calls})
		return
	}
	if s.quiet {
		return
	}
	t.sayf("%s", head(t, s.w))
	facts(t, s.w)
	t.sayf("")
	t.sayf("  Two sample APIs, made through the public API: %s (HTTP) and %s (REST), with an echo server in this process", demoID, restID)
	shows, command := 0, 0
	for _, c := range calls {
		shows, command = max(shows, len(c.Shows)), max(command, len(c.Command))
	}
	for _, c := range calls {
		t.sayf("    %s %-*s  %s%*s  %d  %s", t.paint(t.talk, green, "[ok]"), shows, c.Shows, t.paint(t.talk, cyan, c.Command), command-len(c.Command), "", c.Status, millis(c.Millis))
	}
	t.sayf("    Now try a route that is not there:   %s", t.paint(t.talk, cyan, again("explain GET "+base+"/nope", s.EndpointURL)))
	t.sayf("")
	t.sayf("  Use your own tools, in another terminal:   %s", t.paint(t.talk, cyan, evalEnv(s.EndpointURL)))
	t.sayf("    %s", t.paint(t.talk, cyan, "aws apigatewayv2 get-routes --api-id "+demoID))
	t.sayf("    %s", t.paint(t.talk, cyan, "aws apigateway get-resources --rest-api-id "+restID+" --embed methods"))
	t.sayf("")
	t.sayf("  Ready in %s. Press Ctrl-C to stop; nothing is left behind.", briefly(time.Since(started)))
}

func millis(ms float64) string {
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// An echo answers each request with what it got.
type echo struct {
	*http.Server
	addr string
}

func startEcho(log *slog.Logger) (*echo, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the echo server of the demo: %w", err)
	}
	e := &echo{&http.Server{Handler: http.HandlerFunc(answerEcho), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}, l.Addr().String()}
	go func() {
		// It ends with Close, and nothing else is worth telling.
		_ = e.Serve(l)
	}()
	return e, nil
}

func answerEcho(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, "the body ended early", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(map[string]any{ // a client that went away is nobody's error
		"method": r.Method, "path": r.URL.EscapedPath(), "query": r.URL.RawQuery, "headers": r.Header, "body": string(body),
	})
}
