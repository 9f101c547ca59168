package main

import (
	"context"
	"fmt"
	"os"
)

// A feature is what a step or a reader of events adds to a request. Its cost
// is the difference of two Go benchmarks, or one where nothing stands for
// "without".
type feature struct {
	name          string
	with, without string  // benchmarks
	bound         float64 // in U, at most
}

// The benchmarks that features are told apart by. The chain runs with a
// connection to the backend that is memory.
const (
	shape    = "BenchmarkShape/"
	plain    = shape + "plain"
	stageLog = "BenchmarkStageObserve/twenty"
)

// priced are the features whose cost the project promises.
var priced = []feature{
	{"request parameter mapping, 5 entries", shape + "5_parameters", plain, 0.10},
	{"response parameter mapping, 5 entries", shape + "5_of_the_reply", plain, 0.10},
	{"CORS, any origin", shape + "CORS_any", plain, 0.05},
	{"CORS, a list of origins", shape + "CORS_exact", plain, 0.05},
	{"a stage's own access log of 20 variables, beside the JSON line", stageLog, "", 0.15},
}

// pricedRounds is how many samples each benchmark has at least.
const pricedRounds = 10

// A price is one round: U, and the nanoseconds of each benchmark.
type price struct {
	u   float64 // microseconds
	run figures
}

// runFeatures measures U and the benchmarks in turn, so that a slow minute of
// the machine meets both.
func runFeatures(ctx context.Context, w *world) (*section, error) {
	chain, err := w.buildTests(ctx, "./internal/plan", "plan.test")
	if err != nil {
		return nil, err
	}
	lines, err := w.buildTests(ctx, "./internal/observe/logs", "logs.test")
	if err != nil {
		return nil, err
	}
	all, err := w.startContestants(ctx, keyGatehouse)
	if err != nil {
		return nil, err
	}
	var rounds []price
	for range w.rounds {
		u, err := w.measure(ctx, all[0])
		if err != nil {
			return nil, err
		}
		run, err := w.benchmark(ctx, chain, "^BenchmarkShape$/^(plain|5_parameters|5_of_the_reply|CORS_any|CORS_exact)$", "300ms")
		if err != nil {
			return nil, err
		}
		more, err := w.benchmark(ctx, lines, "^BenchmarkStageObserve$/^twenty$", "300ms")
		if err != nil {
			return nil, err
		}
		for name, units := range more {
			run[name] = units
		}
		rounds = append(rounds, price{u.cpu, run})
		fmt.Fprintf(os.Stderr, "bench: features, round %d of %d\n", len(rounds), w.rounds)
	}
	return featuresSection(ctx, w, rounds)
}

func featuresSection(ctx context.Context, w *world, rounds []price) (*section, error) {
	s := &section{name: "features"}
	u := quartilesOf(column(rounds, func(p price) float64 { return p.u }))
	s.printf("Added cost of a request, %d rounds; U of the same rounds is %.1f us, %.1f to %.1f.\n\n", len(rounds), u.median, u.lower, u.upper)
	s.printf("| feature | added, median | in U, median and quartiles | bound | holds |\n|---|--:|--:|---|---|\n")
	for _, f := range priced {
		added, cost, err := f.cost(rounds)
		if err != nil {
			return nil, err
		}
		s.judge(cost.median <= f.bound, f.name, fmt.Sprintf("%.0f ns | %.3f, %.3f to %.3f", added.median, cost.median, cost.lower, cost.upper),
			fmt.Sprintf("at most %.2f U", f.bound))
	}
	s.printf("\n")
	if len(rounds) < pricedRounds {
		s.printf("A figure of fewer than %d rounds is a trial.\n\n", pricedRounds)
	}
	s.foot(ctx, fmt.Sprintf("go run ./test/bench features -rounds %d -slice %v -warm %v", w.rounds, w.slice, w.warm))
	return s, nil
}

// cost is what the feature adds, in nanoseconds and in U, each taken within a
// round.
func (f feature) cost(rounds []price) (added, cost quartiles, err error) {
	var ns, inU []float64
	for _, r := range rounds {
		n, err := r.run.of(f.with, "ns/op")
		if err != nil {
			return added, cost, err
		}
		if f.without != "" {
			base, err := r.run.of(f.without, "ns/op")
			if err != nil {
				return added, cost, err
			}
			n -= base
		}
		ns, inU = append(ns, n), append(inU, n/1000/r.u)
	}
	return quartilesOf(ns), quartilesOf(inU), nil
}
