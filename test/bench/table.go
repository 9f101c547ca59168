package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A bound is a ratio that the house holds itself to.
type bound struct {
	of, to string  // contestants
	median float64 // at most
	upper  float64 // of the upper quartile, at most; 0: no bound
}

// bounds are the figures that the project promises (docs/benchmarks.md).
var bounds = []bound{
	{keyGatehouse, keyBare, 1.05, 1.10},
	{keyGatehouse, keyLogged, 0.80, 0},
	{keyGatehouseTLS, keyTLS, 1.05, 0},
}

// A slice is one contestant's measurement in one round.
type slice struct {
	cpu    float64 // microseconds of CPU a request
	second float64 // requests a second
}

// runTable lets all contestants take turns and compares them.
func runTable(ctx context.Context, w *world) (*section, error) {
	all, err := w.startContestants(ctx, w.only...)
	if err != nil {
		return nil, err
	}
	results, err := w.takeRounds(ctx, all)
	if err != nil {
		return nil, err
	}
	why, err := w.checkNginx(ctx, all)
	if err != nil {
		return nil, err
	}
	return tableSection(ctx, w, all, results, why), nil
}

// takeRounds measures each contestant once a round.
func (w *world) takeRounds(ctx context.Context, all []*contestant) (map[string][]slice, error) {
	results := map[string][]slice{}
	for round := range w.rounds {
		order := slices.Clone(all)
		if round%2 == 1 {
			slices.Reverse(order) // so that drift within a round favours nobody
		}
		for _, c := range order {
			s, err := w.measure(ctx, c)
			if err != nil {
				return nil, err
			}
			results[c.key] = append(results[c.key], s)
		}
		progress("round %d of %d", round+1, w.rounds)
	}
	return results, nil
}

// checkNginx counts the system calls of the nginx that the others are compared
// with, and says why the comparison is void, or "".
func (w *world) checkNginx(ctx context.Context, all []*contestant) (void string, err error) {
	i := slices.IndexFunc(all, func(c *contestant) bool { return c.key == keyBare })
	if i < 0 {
		return "", nil
	}
	counted, l, err := w.trace(ctx, all[i])
	if err != nil {
		return "", err
	}
	return unsound(counted.perRequest(l.requests)), nil
}

// measure loads one contestant and divides its CPU time by its answers.
func (w *world) measure(ctx context.Context, c *contestant) (slice, error) {
	// On a busy machine the handshakes alone may take the whole warm-up.
	if _, err := w.wrkLoad(ctx, c, w.warm); err != nil && !errors.Is(err, errNoRequest) {
		return slice{}, err
	}
	before, err := cpuOf(c.proc.pid())
	if err != nil {
		return slice{}, err
	}
	l, err := w.wrkLoad(ctx, c, w.slice)
	if err != nil {
		return slice{}, err
	}
	after, err := cpuOf(c.proc.pid())
	if err != nil {
		return slice{}, err
	}
	if l.failed > 0 {
		return slice{}, fmt.Errorf("%s failed %d of %d requests: no figure of it would mean anything", c.name, l.failed, l.requests)
	}
	if after == before {
		return slice{}, errors.New("no CPU time was used: is the contestant the process that was measured?")
	}
	return slice{cpu: float64(after-before) / float64(time.Microsecond) / float64(l.requests), second: l.perSecond()}, nil
}

func tableSection(ctx context.Context, w *world, all []*contestant, results map[string][]slice, void string) *section {
	s := &section{name: "table"}
	s.printf("CPU a request, %d rounds; ratios are medians of the ratios within a round, with quartiles.\n\n", w.rounds)
	s.printf("| contestant | CPU a request, median | best round | requests/s, median | ratio to bare nginx | quartiles |\n|---|--:|--:|--:|--:|--:|\n")
	for _, c := range all {
		r := results[c.key]
		cpu, second := column(r, func(s slice) float64 { return s.cpu }), column(r, func(s slice) float64 { return s.second })
		ratio := "| "
		if _, ok := results[keyBare]; ok {
			q := ratios(r, results[keyBare])
			ratio = fmt.Sprintf("%.2f | %.2f to %.2f", q.median, q.lower, q.upper)
		}
		s.printf("| %s | %.1f us | %.1f us | %.0f | %s |\n", c.name, quartilesOf(cpu).median, slices.Min(cpu), quartilesOf(second).median, ratio)
	}
	s.printf("\n")
	s.void(void)
	s.printBounds(all, results)
	s.foot(ctx, fmt.Sprintf("go run ./test/bench table -rounds %d -slice %v -warm %v", w.rounds, w.slice, w.warm))
	return s
}

// printBounds compares the pairs that the house makes promises about.
func (s *section) printBounds(all []*contestant, results map[string][]slice) {
	name := map[string]string{}
	for _, c := range all {
		name[c.key] = c.name
	}
	head := false
	for _, b := range bounds {
		if results[b.of] == nil || results[b.to] == nil {
			continue
		}
		if !head {
			s.printf("| ratio | median | quartiles | bound | holds |\n|---|--:|--:|---|---|\n")
			head = true
		}
		q := ratios(results[b.of], results[b.to])
		text := fmt.Sprintf("median at most %.2f", b.median)
		if b.upper > 0 {
			text += fmt.Sprintf(", upper quartile at most %.2f", b.upper)
		}
		holds := q.median <= b.median && (b.upper == 0 || q.upper <= b.upper)
		s.judge(holds, fmt.Sprintf("%s to %s", name[b.of], name[b.to]), fmt.Sprintf("%.2f | %.2f to %.2f", q.median, q.lower, q.upper), text)
	}
	if head {
		s.printf("\n")
	}
}

// quartiles of a sample.
type quartiles struct{ lower, median, upper float64 }

// ratios divides what was measured in the same round.
func ratios(of, to []slice) quartiles {
	all := make([]float64, min(len(of), len(to)))
	for i := range all {
		all[i] = of[i].cpu / to[i].cpu
	}
	return quartilesOf(all)
}

func quartilesOf(sample []float64) quartiles {
	return quartiles{quantile(sample, 0.25), quantile(sample, 0.5), quantile(sample, 0.75)}
}

// quantile interpolates between the two nearest of the sorted sample.
func quantile(sample []float64, q float64) float64 {
	if len(sample) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(sample))
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (sorted[above]-sorted[below])*(at-float64(below))
}

func column[T any](rows []T, f func(T) float64) []float64 {
	all := make([]float64, len(rows))
	for i, r := range rows {
		all[i] = f(r)
	}
	return all
}

// machine describes what the run ran on.
func machine() string {
	model := "unknown CPU"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "model name"); ok {
				model = strings.TrimLeft(name, "\t :")
				break
			}
		}
	}
	kernel := "unknown"
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		kernel, _, _ = strings.Cut(strings.TrimSpace(string(b)), "-")
	}
	return fmt.Sprintf("%d cores of %s, Linux %s, %s", runtime.NumCPU(), model, kernel, runtime.GOARCH)
}
