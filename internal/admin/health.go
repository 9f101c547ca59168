package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// health answers the questions of an orchestrator in the words of the
// Kubernetes API server (kubernetes.io/docs/reference/using-api/health-checks),
// but 503 where that says 500, which is what load balancers expect of a
// server that is not ready.
type health struct {
	checks   []*checker
	problems func() []string
	started  atomic.Bool // every check has held once
}

// mostProblems bounds how many problems of the plan ?verbose lists.
const mostProblems = 100

// live answers /livez: a process that can run this is alive. It asks nothing
// else, since restarting the gateway mends no dependency.
func (h *health) live(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, "ok\n")
}

// start answers /startupz: 503 until all checks have held at the same time
// once, 200 ever after. A slow restore is thus not taken for a hang.
func (h *health) start(w http.ResponseWriter, r *http.Request) {
	if h.started.Load() {
		say(w, http.StatusOK, "ok\n")
		return
	}
	h.ready(w, r)
}

// ready answers /readyz and its alias /healthz.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	q := r.URL.Query()
	excluded := make(map[string]bool)
	for _, names := range q["exclude"] {
		excluded[names] = true
	}
	results, ok := probe(r.Context(), h.checks, excluded)
	if ok && len(excluded) == 0 {
		h.started.Store(true)
	}
	switch {
	case !ok:
		say(w, http.StatusServiceUnavailable, h.render(name, results, excluded, ok))
	case q.Has("verbose"):
		say(w, http.StatusOK, h.render(name, results, excluded, ok))
	default:
		say(w, http.StatusOK, h.unknown(excluded)+"ok\n")
	}
}

// one answers /readyz/NAME.
func (h *health) one(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(h.checks, func(c *checker) bool { return c.Name == r.PathValue("name") })
	if i < 0 {
		say(w, http.StatusNotFound, "no such check: /readyz?verbose lists them\n")
		return
	}
	results, ok := probe(r.Context(), h.checks[i:i+1], nil)
	if !ok {
		say(w, http.StatusServiceUnavailable, results[0].line())
		return
	}
	say(w, http.StatusOK, "ok\n")
}

func (h *health) render(name string, results []result, excluded map[string]bool, ok bool) string {
	var b strings.Builder
	for _, r := range results {
		b.WriteString(r.line())
	}
	b.WriteString(h.unknown(excluded))
	problems := h.problems()
	for i, p := range problems {
		if i == mostProblems {
			fmt.Fprintf(&b, "[!]and %d problems more\n", len(problems)-i)
			break
		}
		fmt.Fprintf(&b, "[!]problem: %s\n", oneLine(p))
	}
	verdict := "passed"
	if !ok {
		verdict = "failed"
	}
	fmt.Fprintf(&b, "%s check %s\n", name, verdict)
	return b.String()
}

// unknown warns of exclusions that excluded nothing, without repeating them:
// they are text of the caller.
func (h *health) unknown(excluded map[string]bool) string {
	known := 0
	for _, c := range h.checks {
		if excluded[c.Name] {
			known++
		}
	}
	if known == len(excluded) {
		return ""
	}
	return fmt.Sprintf("warn: %d of the excluded checks do not exist\n", len(excluded)-known)
}

func (r result) line() string {
	switch {
	case r.excluded:
		return "[+]" + r.name + " excluded: ok\n"
	case r.err != nil:
		return "[-]" + r.name + " failed: " + oneLine(r.err.Error()) + "\n"
	}
	return "[+]" + r.name + " ok\n"
}

func say(w http.ResponseWriter, status int, text string) {
	head := w.Header()
	head.Set("Content-Type", "text/plain; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}
