package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What a proxied request may cost in system calls, everything included: what
// connecting at the start of a load and the batched log add has to fit in.
const (
	maxWrites = 2.0
	maxReads  = 3.8
)

// calls are the system calls of one contestant, by name.
type calls map[string]int

// Names of system calls, sorted into what moves bytes and everything else.
var (
	writeCalls = []string{"write", "writev", "pwrite64", "sendto", "sendmsg", "sendmmsg", "sendfile"}
	readCalls  = []string{"read", "readv", "pread64", "recvfrom", "recvmsg"}
)

func (c calls) sum(names []string) (n int) {
	for _, name := range names {
		n += c[name]
	}
	return n
}

// runSyscalls counts system calls under load. Counts have no noise, so one
// slice a contestant is enough.
func runSyscalls(ctx context.Context, w *world) (*section, error) {
	all, err := w.startContestants(ctx, w.pick(keyGatehouse, keyBare)...)
	if err != nil {
		return nil, err
	}
	s := &section{name: "syscalls"}
	s.printf("System calls a request, 64 keep-alive connections, strace -c -f.\n\n| contestant | writes | reads | other | of the other |\n|---|--:|--:|--:|---|\n")
	void := ""
	var ours *struct{ writes, reads float64 }
	for _, c := range all {
		counted, l, err := w.trace(ctx, c)
		if err != nil {
			return nil, err
		}
		writes, reads, other := counted.perRequest(l.requests)
		s.printf("| %s | %.2f | %.2f | %.2f | %s |\n", c.name, writes, reads, other, counted.others(l.requests))
		if c.key == keyBare {
			void = unsound(writes, reads, other)
		}
		if c.key == keyGatehouse {
			ours = &struct{ writes, reads float64 }{writes, reads}
		}
	}
	s.printf("\n")
	s.void(void)
	if ours != nil {
		s.printf("| system calls | found | bound | holds |\n|---|---|---|---|\n")
		s.judge(ours.writes <= maxWrites, "writes a request", fmt.Sprintf("%.4f", ours.writes), fmt.Sprintf("at most %.1f", maxWrites))
		s.judge(ours.reads <= maxReads, "reads a request", fmt.Sprintf("%.4f", ours.reads), fmt.Sprintf("at most %.1f", maxReads))
		s.printf("\n")
	}
	s.foot(ctx, "go run ./test/bench syscalls")
	return s, nil
}

// off reports a count that is not the expected one: connections that are made
// at the start of the load add a little.
func off(got, want float64) bool { return got < want-0.05 || got > want+0.05 }

// unsound says why figures that are compared with nginx mean nothing, or "":
// one that makes other calls than it is known to make is set up wrongly.
func unsound(writes, reads, other float64) string {
	if !off(writes, 2) && !off(reads, 2) && other <= 1.1 {
		return ""
	}
	return fmt.Sprintf("**Void**: nginx must show 2 writes, 2 reads and at most 1 other, and shows %.2f, %.2f and %.2f.", writes, reads, other)
}

// void says so in the section, and makes a strict run fail.
func (s *section) void(why string) {
	if why == "" {
		return
	}
	s.printf("%s\n\n", why)
	s.broken = append(s.broken, why)
}

// trace attaches strace to the contestant's processes for the whole of a load.
func (w *world) trace(ctx context.Context, c *contestant) (calls, load, error) {
	if _, err := w.wrkLoad(ctx, c, w.warm); err != nil {
		return nil, load{}, err
	}
	procs, err := tree(c.proc.pid())
	if err != nil {
		return nil, load{}, err
	}
	out := w.path("strace-" + c.key)
	args := []string{"-c", "-f", "-U", "name,calls", "-o", out}
	for _, p := range procs {
		args = append(args, "-p", strconv.Itoa(p.pid))
	}
	cmd := exec.CommandContext(ctx, "strace", args...)
	if err := cmd.Start(); err != nil {
		return nil, load{}, err
	}
	time.Sleep(500 * time.Millisecond) // strace says nothing when it is attached
	l, err := w.wrkLoad(ctx, c, 4*time.Second)
	// An interrupt makes strace detach and write its counts; it then ends by the
	// same signal, which is not a failure.
	interrupted := cmd.Process.Signal(syscall.SIGINT)
	waited := cmd.Wait()
	if err = errors.Join(err, interrupted); err != nil {
		return nil, load{}, err
	}
	text, err := os.ReadFile(out)
	if err != nil || len(text) == 0 {
		return nil, load{}, fmt.Errorf("strace of %s wrote no counts: %v", c.name, cmp.Or(err, waited))
	}
	counted, err := parseStrace(string(text))
	return counted, l, err
}

// parseStrace reads the table of -c -U name,calls.
func parseStrace(text string) (calls, error) {
	counted := calls{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 2 || f[0] == "syscall" || f[0] == "total" || strings.HasPrefix(f[0], "-") {
			continue
		}
		n, err := strconv.Atoi(f[1])
		if err != nil {
			return nil, fmt.Errorf("%q is not a row of strace -c", strings.TrimSpace(line))
		}
		counted[f[0]] += n
	}
	if len(counted) == 0 {
		return nil, fmt.Errorf("strace counted nothing:\n%s", text)
	}
	return counted, nil
}

func (c calls) perRequest(requests int) (writes, reads, other float64) {
	total := 0
	for _, n := range c {
		total += n
	}
	w, r := c.sum(writeCalls), c.sum(readCalls)
	n := float64(requests)
	return float64(w) / n, float64(r) / n, float64(total-w-r) / n
}

// others names the most frequent calls that move no bytes.
func (c calls) others(requests int) string {
	var names []string
	for name := range c {
		if !slices.Contains(writeCalls, name) && !slices.Contains(readCalls, name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(c[b], c[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, name := range names[:min(3, len(names))] {
		parts = append(parts, fmt.Sprintf("%s %.2f", name, float64(c[name])/float64(requests)))
	}
	return strings.Join(parts, ", ")
}
