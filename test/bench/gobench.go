package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// figures are the results of Go benchmarks: by name, then by unit.
type figures map[string]map[string]float64

// buildTests compiles the tests of a package once, to be run many times.
func (w *world) buildTests(ctx context.Context, pkg, name string) (string, error) {
	out := w.path(name)
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-trimpath", "-o", out, pkg)
	cmd.Dir = w.module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the tests of %s: %v\n%s", pkg, err, b)
	}
	return out, nil
}

// benchmark runs the benchmarks of a compiled test that the pattern names, on
// the core and with the one thread that a measured proxy has.
func (w *world) benchmark(ctx context.Context, program, pattern, benchtime string) (figures, error) {
	cmd := exec.CommandContext(ctx, "taskset", "-c", proxyCore, program, "-test.run", "^$", "-test.bench", pattern,
		"-test.benchtime", benchtime, "-test.timeout", maxRun.String())
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.SysProcAttr = dieWithParent()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("benchmark %s: %v\n%s", pattern, err, out)
	}
	return parseBenchmarks(string(out))
}

// threads is what Go appends to a benchmark's name when it has more than one.
var threads = regexp.MustCompile(`-\d+$`)

// parseBenchmarks reads the lines "BenchmarkX/y  N  1.5 ns/op  3 B/op".
func parseBenchmarks(text string) (figures, error) {
	all := figures{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(f[1]); err != nil || len(f)%2 != 0 {
			return nil, fmt.Errorf("%q is not the result of a Go benchmark", strings.TrimSpace(line))
		}
		units := map[string]float64{}
		for i := 2; i < len(f); i += 2 {
			n, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%q of %s is not a number", f[i], f[0])
			}
			units[f[i+1]] = n
		}
		all[threads.ReplaceAllString(f[0], "")] = units
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no benchmark ran:\n%s", text)
	}
	return all, nil
}

// of is one figure. That it is missing means that the benchmark was renamed.
func (f figures) of(name, unit string) (float64, error) {
	n, ok := f[name][unit]
	if !ok {
		return 0, fmt.Errorf("no benchmark %s reported %s: was it renamed?", name, unit)
	}
	return n, nil
}
