package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/internal/h1"
)

// small is the setup of a gateway in this process, on free ports.
func small(t *testing.T) setup {
	t.Helper()
	dev := devCommand{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0"}
	s, err := dev.setup("dev", &terminal{talk: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	s.Log = slog.New(slog.DiscardHandler)
	s.Stdout = io.Discard
	return s
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(body)
}

// TestAWorldLeavesNothingBehind holds that a whole gateway ends with all that
// it has started, after serving real requests.
func TestAWorldLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	backend, err := startEcho(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	s := small(t)
	s.Memory, s.Conf.Store.Dir = false, t.TempDir()
	w, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = w.run(ctx, func() error {
		defer cancel()
		if err := (&sample{remote: demoRemote(w), t: &terminal{talk: io.Discard, out: io.Discard}, w: w, backend: "http://" + backend.addr}).show(ctx, time.Now()); err != nil {
			return err
		}
		if code, body := get(t, w.adminURL()+"/readyz?verbose"); code != 200 || !strings.Contains(body, "store ok") {
			t.Errorf("readyz answers %d %s", code, body)
		}
		if _, body := get(t, w.adminURL()+"/metrics"); !strings.Contains(body, `listener="`+w.doors[0].Addr().String()+`"`) || strings.Contains(body, `:0"`) {
			t.Errorf("the metrics do not name the listener by the address that is bound:\n%s", body)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", w.doors[0].Addr().String()); err == nil {
		t.Error("the listener is still there")
	}
}

// TestTheReasonToEnd holds that a failure of what is done when ready ends the
// world with that error.
func TestTheReasonToEnd(t *testing.T) {
	defer goleak.VerifyNone(t)
	w, err := open(small(t))
	if err != nil {
		t.Fatal(err)
	}
	want := errors.New("no")
	if err := w.run(context.Background(), func() error { return want }); err != want {
		t.Errorf("got %v", err)
	}
}

// TestOpenGivesBack holds that what was opened before a failure is closed.
func TestOpenGivesBack(t *testing.T) {
	defer goleak.VerifyNone(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tc := range []struct {
		desc  string
		spoil func(*setup)
		code  string
	}{
		{"The second address is taken.", func(s *setup) {
			s.Conf.Listeners = append(s.Conf.Listeners, Listener{Addr: taken.Addr().String(), Planes: []string{planeData}})
		}, "AddressInUse"},
		{"The admin address is taken.", func(s *setup) { s.Conf.Admin.Addr = taken.Addr().String() }, "AddressInUse"},
		{"The address is not of this machine.", func(s *setup) { s.Conf.Listeners[0].Addr = "192.0.2.1:0" }, "CannotListen"},
		{"A control listener that is not loopback.", func(s *setup) { s.Conf.Listeners[0].Addr = "0.0.0.0:0" }, "LoopbackOnly"},
		{"The data directory is a file.", func(s *setup) { s.Memory, s.Conf.Store.Dir = false, "world_test.go" }, "StoreUnusable"},
		{"The access log has no directory.", func(s *setup) { s.Conf.Logs.Access.Stdout, s.Conf.Logs.Access.File = false, "/nowhere/x.log" }, "CannotLog"},
		{"A certificate is missing.", func(s *setup) { s.Conf.Listeners[0].TLS = []TLSPair{{"none", "none"}} }, "BadCertificate"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := small(t)
			tc.spoil(&s)
			w, err := open(s)
			if err == nil {
				w.close()
				t.Fatal("opened")
			}
			f := failureOf(err)
			if f.Code != tc.code || f.Why == "" || f.Do == "" {
				t.Errorf("got %s %+v, want %s", f.Code, f, tc.code)
			}
		})
	}
}

// TestTimeoutsReachTheEngine holds that each key is the engine's setting of
// that name, and that no minimum rate is none to the engine as well.
func TestTimeoutsReachTheEngine(t *testing.T) {
	var w world
	w.Conf.Data.Timeouts = Timeouts{Idle: seconds(1), Head: seconds(2), Body: seconds(3), Write: seconds(4), MinRate: 5}
	want := h1.Timeouts{Idle: 1e9, Head: 2e9, Body: 3e9, Write: 4e9, MinRate: 5}
	if got := w.timeouts(); got != want {
		t.Errorf("got %+v", got)
	}
	w.Conf.Data.Timeouts.MinRate = 0
	if got := w.timeouts().MinRate; got >= 0 {
		t.Errorf("no minimum rate is %d to the engine, which takes it for the usual one", got)
	}
}

// TestProblemsAreToldOnce holds that a problem is logged when it comes up, and
// again only after it was gone.
func TestProblemsAreToldOnce(t *testing.T) {
	var tell teller
	for i, tc := range []struct{ now, want string }{{"a b", "a b"}, {"a b", ""}, {"b c", "c"}, {"", ""}, {"b", "b"}} {
		if got := strings.Join(tell.news(strings.Fields(tc.now)), " "); got != tc.want {
			t.Errorf("step %d tells %q, want %q", i, got, tc.want)
		}
	}
	if n := len(tell.news(strings.Fields(strings.Repeat("x ", 1) + manyWords(200)))); n != maxTold {
		t.Errorf("%d told of 201", n)
	}
}

func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" w" + strings.Repeat("x", i))
	}
	return b.String()
}

// TestColours holds that colours go to a terminal that wants them and nowhere
// else.
func TestColours(t *testing.T) {
	for _, tc := range []struct {
		desc string
		t    terminal
		want bool
	}{
		{"A terminal.", terminal{talkIsTTY: true}, true},
		{"A pipe.", terminal{}, false},
		{"Only stdout is a terminal.", terminal{outIsTTY: true}, false},
		{"--no-color.", terminal{talkIsTTY: true, plain: true}, false},
		{"NO_COLOR.", terminal{talkIsTTY: true, environ: environ{"NO_COLOR=1"}}, false},
		{"An empty NO_COLOR is none.", terminal{talkIsTTY: true, environ: environ{"NO_COLOR="}}, true},
		{"A terminal that knows nothing.", terminal{talkIsTTY: true, environ: environ{"TERM=dumb"}}, false},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			tc.t.out, tc.t.talk = &bytes.Buffer{}, io.Discard
			if got := tc.t.paint(tc.t.talk, red, "x") != "x"; got != tc.want {
				t.Errorf("coloured: %v", got)
			}
		})
	}
}

// TestWhatCameOverTheNetworkSteersNoTerminal holds that control characters of
// an answer are not printed.
func TestWhatCameOverTheNetworkSteersNoTerminal(t *testing.T) {
	if got := printable("a\x1b[2Jb\x07\u202ec\u009bd\te\n"); strings.ContainsAny(got, "\x1b\x07\u202e\u009b") || !strings.HasSuffix(got, "d\te\n") {
		t.Errorf("got %q", got)
	}
}

func TestShellQuote(t *testing.T) {
	for text, want := range map[string]string{"": "''", "us-east-1": "us-east-1", "http://127.0.0.1:4566": "http://127.0.0.1:4566", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'"} {
		if got := shellQuote(text); got != want {
			t.Errorf("%q is quoted %s, want %s", text, got, want)
		}
	}
}

// TestRemoteRefusals holds which exit code an error of the gateway has.
func TestRemoteRefusals(t *testing.T) {
	for status, want := range map[int]int{400: exitRefused, 403: exitUnauthorised, 404: exitNotFound, 409: exitConflict, 500: exitFailed, 501: exitFailed} {
		var mu sync.Mutex
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			w.Header().Set("x-amzn-RequestId", "id-1")
			w.Header().Set("x-amzn-ErrorType", "SomeException:http://x/")
			w.WriteHeader(status)
			io.WriteString(w, `{"message":"because"}`)
		})}
		go srv.Serve(l)
		r := remote{EndpointURL: "http://" + l.Addr().String(), Region: "us-east-1", Timeout: 5 * time.Second}
		_, err = r.status(context.Background(), &terminal{talk: io.Discard})
		srv.Close()
		f := failureOf(err)
		if err == nil || f.Exit != want || f.Code != "SomeException" || f.RequestID != "id-1" || !strings.Contains(f.Why, "because") {
			t.Errorf("%d: got %+v, want exit %d", status, f, want)
		}
	}
}
