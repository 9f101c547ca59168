package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of utime and stime in /proc/PID/stat: USER_HZ, which is 100
// on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// A stat is what the bench needs of /proc/PID/stat.
type stat struct {
	pid, parent int
	cpu         time.Duration // utime + stime of all threads
}

// parseStat reads one line. The second field is the program's name in
// parentheses and may hold anything, so fields count from the last ")".
func parseStat(line string) (stat, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return stat{}, fmt.Errorf("%q is not a line of /proc/PID/stat", line)
	}
	rest := strings.Fields(line[end+1:])
	if len(rest) < 13 {
		return stat{}, fmt.Errorf("%q has too few fields for /proc/PID/stat", line)
	}
	var n [4]int
	for i, text := range []string{strings.TrimSpace(line[:open]), rest[1], rest[11], rest[12]} {
		v, err := strconv.Atoi(text)
		if err != nil {
			return stat{}, fmt.Errorf("field %q of /proc/PID/stat is not a number", text)
		}
		n[i] = v
	}
	return stat{pid: n[0], parent: n[1], cpu: time.Duration(n[2]+n[3]) * tick}, nil
}

// tree returns the process and all its descendants.
func tree(root int) ([]stat, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	byParent, byPID := map[int][]stat{}, map[int]stat{}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		s, err := parseStat(string(line))
		if err != nil {
			return nil, err
		}
		byParent[s.parent] = append(byParent[s.parent], s)
		byPID[s.pid] = s
	}
	top, ok := byPID[root]
	if !ok {
		return nil, fmt.Errorf("process %d has ended", root)
	}
	all := []stat{top}
	for i := 0; i < len(all); i++ {
		all = append(all, byParent[all[i].pid]...)
	}
	return all, nil
}

// cpuOf is the CPU time that a process tree has used so far.
func cpuOf(root int) (sum time.Duration, err error) {
	all, err := tree(root)
	for _, s := range all {
		sum += s.cpu
	}
	return sum, err
}

// memory reads one line of /proc/PID/status, such as VmRSS or VmHWM, in bytes,
// summed over a process tree.
func memory(root int, line string) (sum int64, err error) {
	all, err := tree(root)
	if err != nil {
		return 0, err
	}
	for _, s := range all {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
		if err != nil {
			return 0, err
		}
		n, err := parseStatus(string(text), line)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// parseStatus finds "NAME: 123 kB" and returns bytes.
func parseStatus(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if !ok || err != nil {
			return 0, fmt.Errorf("%q of /proc/PID/status is not a number of kB", strings.TrimSpace(line))
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("/proc/PID/status has no line %s", name)
}
