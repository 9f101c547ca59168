package main

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseWrk(t *testing.T) {
	const good = `Running 2s test @ http://127.0.0.1:1
  1 threads and 64 connections
  57284 requests in 2.00s, 20.82MB read
`
	tests := []struct {
		desc   string
		text   string
		want   load
		refuse bool
	}{
		{desc: "a clean run has a total and a time", text: good, want: load{57284, 2, 0}},
		{desc: "a long run is told in minutes", text: "  10 requests in 1.50m, 1MB read\n", want: load{10, 90, 0}},
		{desc: "answers that are no success are failures", text: good + "  Non-2xx or 3xx responses: 7\n", want: load{57284, 2, 7}},
		{desc: "so are socket errors of each kind", text: good + "  Socket errors: connect 1, read 2, write 3, timeout 4\n", want: load{57284, 2, 10}},
		{desc: "a run without answers measures nothing", text: "  0 requests in 2.00s, 0.00B read\n", refuse: true},
		{desc: "another program's output is refused", text: "unable to connect to 127.0.0.1\n", refuse: true},
	}
	for _, tt := range tests {
		t.Run(tt.desc, func(t *testing.T) {
			got, err := parseWrk(tt.text)
			if got != tt.want && !tt.refuse || (err != nil) != tt.refuse {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestParseStat(t *testing.T) {
	got, err := parseStat("42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 9 9 20 0 5 0 1 2 3\n")
	if want := (stat{pid: 42, parent: 7, cpu: 2 * time.Second}); got != want || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "42", "42 (a", "42 (a) S 7", "x (a) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 9"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q was taken for a line of /proc/PID/stat", bad)
		}
	}
}

// The reader is tried on this very process where there is /proc.
func TestCPUOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	if _, err := cpuOf(os.Getpid()); err != nil {
		t.Error(err)
	}
	if n, err := memory(os.Getpid(), "VmRSS"); err != nil || n < 1<<20 {
		t.Errorf("resident memory of this process: %d bytes, %v", n, err)
	}
	if _, err := cpuOf(math.MaxInt32); err == nil {
		t.Error("a process that cannot exist was measured")
	}
}

func TestParseStrace(t *testing.T) {
	const text = `syscall               calls
---------------- ---------
writev                 200
recvfrom               198
read                     2
epoll_wait              10
getsockopt             100
---------------- ---------
total                  510
`
	c, err := parseStrace(text)
	if err != nil {
		t.Fatal(err)
	}
	writes, reads, other := c.perRequest(100)
	if writes != 2 || reads != 2 || other != 1.1 {
		t.Errorf("got %v writes, %v reads, %v other", writes, reads, other)
	}
	if got := c.others(100); got != "getsockopt 1.00, epoll_wait 0.10" {
		t.Errorf("others: %q", got)
	}
	for _, bad := range []string{"", "syscall calls\nread many\n"} {
		if _, err := parseStrace(bad); err == nil {
			t.Errorf("%q was taken for counts", bad)
		}
	}
}

func TestFiguresBesideAStrangeNginxAreVoid(t *testing.T) {
	for _, tt := range []struct {
		desc                 string
		writes, reads, other float64
		void                 bool
	}{
		{"as it is known", 2, 2, 1, false},
		{"with the connections of a load", 2.001, 2.02, 1.09, false},
		{"a write more now and then", 2.06, 2, 1, true},
		{"a read less: it did not ask the backend", 2, 1, 1, true},
		{"two other calls", 2, 2, 2, true},
	} {
		s := &section{}
		s.void(unsound(tt.writes, tt.reads, tt.other))
		if void := len(s.broken) > 0 && strings.Contains(s.body, "**Void**"); void != tt.void {
			t.Errorf("%s: %q", tt.desc, s.body)
		}
	}
}

func TestQuantile(t *testing.T) {
	sample := []float64{4, 1, 3, 2}
	for _, tt := range []struct{ q, want float64 }{{0, 1}, {0.5, 2.5}, {0.25, 1.75}, {1, 4}} {
		if got := quantile(sample, tt.q); got != tt.want {
			t.Errorf("quantile %v is %v, want %v", tt.q, got, tt.want)
		}
	}
	if !slices.Equal(sample, []float64{4, 1, 3, 2}) {
		t.Error("the sample was sorted in place: rounds would no longer belong together")
	}
	if !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("the median of nothing is a number")
	}
}

// A ratio is taken within a round: a machine that gets slower from round to
// round must not show in it.
func TestRatiosCompareWithinARound(t *testing.T) {
	ours := []slice{{cpu: 10}, {cpu: 20}, {cpu: 40}}
	theirs := []slice{{cpu: 20}, {cpu: 40}, {cpu: 80}}
	if got := ratios(ours, theirs); got != (quartiles{0.5, 0.5, 0.5}) {
		t.Errorf("got %+v", got)
	}
}

func TestABoundThatDoesNotHoldIsTold(t *testing.T) {
	all := []*contestant{{key: keyGatehouse, name: "us"}, {key: keyBare, name: "them"}}
	for _, tt := range []struct {
		desc   string
		ours   float64
		broken int
	}{{"cheaper", 0.9, 0}, {"as the bound", 1.05, 0}, {"dearer", 1.06, 1}} {
		s := &section{}
		s.printBounds(all, map[string][]slice{keyGatehouse: {{cpu: tt.ours}}, keyBare: {{cpu: 1}}})
		if len(s.broken) != tt.broken || strings.Contains(s.body, "**no**") != (tt.broken > 0) {
			t.Errorf("%s: broken %q in\n%s", tt.desc, s.broken, s.body)
		}
	}
}

func TestReplaceSection(t *testing.T) {
	const doc = "# Title\n<!-- bench a -->\nold\n<!-- /bench a -->\nafter\n<!-- bench b -->\n<!-- /bench b -->\n"
	got, err := replaceSection(doc, "a", "new\n")
	if want := strings.Replace(doc, "old", "new", 1); got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := replaceSection(doc, "c", "new\n"); err == nil {
		t.Error("a document without the markers was changed")
	}
}

// Every configuration that the bench writes must render with the ports that a
// run has, or a run fails after minutes.
func TestTemplatesRender(t *testing.T) {
	w := &world{options: &options{}, dir: t.TempDir(), ports: map[string]int{}}
	if err := w.choosePorts("Backend", "Bare", "Logged", "TLS", "Caddy", "Reverse", "Data", "DataTLS", "Control", "Admin"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"backend.conf", "nginx.conf", "Caddyfile", "gatehouse.yaml"} {
		file, err := w.render(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "{{") {
			t.Errorf("%s was not rendered: %v", name, err)
		}
		if name == "nginx.conf" && strings.Count(string(text), "location /r") != routes {
			t.Errorf("nginx has %d locations, want %d", strings.Count(string(text), "location /r"), routes)
		}
	}
}

func TestOptionsAreBounded(t *testing.T) {
	for _, bad := range [][]string{{"-rounds", "0"}, {"-conns", "1000000"}, {"-slice", "1h"}, {"-changes", "-1"}, {"-unknown"}} {
		if _, err := parseOptions("table", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
