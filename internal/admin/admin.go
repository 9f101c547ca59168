// Package admin is the window for operators: health, readiness, metrics and
// profiles, on a listener of their own that clients of the gateway never reach.
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/net/netutil"
)

// Options are what the admin listener shows.
type Options struct {
	// Checks are the conditions of /readyz, in the order in which they are
	// listed. They should hold what the data plane needs to serve, and no more:
	// a control plane that is out must not take traffic away.
	Checks []Check
	// Problems are the parts of the served plan that do not compile. They are
	// listed by /readyz?verbose and fail nothing, since all other parts serve.
	// May be nil.
	Problems func() []string
	// Metrics answers /metrics; nil: 404.
	Metrics http.Handler
	// Pprof opens /debug/pprof/, which tells much about a process and slows it.
	Pprof bool
	// Hosts are the names, besides addresses and localhost, by which the listener
	// may be called.
	Hosts []string
	// Log takes what the server has to say; nil: slog.Default().
	Log *slog.Logger
}

// checkName is what a Check may be called.
var checkName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// Handler answers /livez, /readyz, /readyz/NAME, /healthz, /startupz, /metrics
// and, if asked to, /debug/pprof/.
func Handler(o Options) (http.Handler, error) {
	h := &health{problems: o.Problems}
	if h.problems == nil {
		h.problems = func() []string { return nil }
	}
	seen := make(map[string]bool)
	for _, c := range o.Checks {
		if !checkName.MatchString(c.Name) || seen[c.Name] || c.Probe == nil {
			return nil, fmt.Errorf("check %q: a check needs a name of its own in a-z, 0-9, - and _, and a probe", c.Name)
		}
		seen[c.Name] = true
		h.checks = append(h.checks, &checker{Check: c})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", h.live)
	mux.HandleFunc("GET /readyz", h.ready)
	mux.HandleFunc("GET /readyz/{name}", h.one)
	mux.HandleFunc("GET /healthz", h.ready)
	mux.HandleFunc("GET /startupz", h.start)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	if o.Pprof {
		profiles(mux)
	}
	return guard(o.Hosts, mux), nil
}

// profiles mounts pprof. Its cmdline page is left out: command lines hold
// secrets.
func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", short(pprof.Index))
	mux.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
	mux.HandleFunc("GET /debug/pprof/profile", short(pprof.Profile))
	mux.HandleFunc("GET /debug/pprof/trace", short(pprof.Trace))
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
}

// longestProfile is in seconds. net/http/pprof has no bound: it moves the
// connection's write deadline as far as it is asked to.
const longestProfile = 120

// short refuses profiles that take too long. pprof reads what is no number as
// its default of 30 seconds.
func short(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s, err := strconv.ParseFloat(r.FormValue("seconds"), 64); !(s <= longestProfile) || errors.Is(err, strconv.ErrRange) {
			say(w, http.StatusBadRequest, fmt.Sprintf("a profile takes %d seconds at most\n", longestProfile))
			return
		}
		next(w, r)
	}
}

const (
	connections  = 64 // a few scrapers and probes, each with a spare
	shutdownTime = 5 * time.Second
)

// Serve answers on l until ctx ends, lets what is under way finish for 5
// seconds, and returns nil then. It closes l.
func Serve(ctx context.Context, l net.Listener, o Options) error {
	h, err := Handler(o)
	if err != nil {
		l.Close()
		return err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(netutil.LimitListener(l, connections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("admin listener %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := s.Shutdown(last); err != nil {
		s.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin listener %s: %w", l.Addr(), err)
	}
	return nil
}
