// Command bench measures what the gateway costs, beside nginx and others, on
// one machine and in one run. Single times drift with the machine; the ratios
// of contestants that took turns do not, so ratios are what it reports.
//
//	go run ./test/bench                 the table of CPU a request
//	go run ./test/bench syscalls        system calls a request
//	go run ./test/bench idle            memory of an idle connection
//	go run ./test/bench start           start-up time and idle memory
//	go run ./test/bench stream          5 GiB up and down in constant memory
//	go run ./test/bench changes         200 changes under load
//	go run ./test/bench catalogue       10 to 1,000,000 routes
//	go run ./test/bench features        what mapping, CORS and a log format add
//	go run ./test/bench import          2000 operations of OpenAPI
//	go run ./test/bench rest            REST APIs, in U
//	go run ./test/bench rest-control    REST APIs made, deployed and rolled back
//	go run ./test/bench all             everything, one after the other
//
// It needs Linux, two cores, nginx, wrk and, for table and syscalls, strace; Caddy takes
// part where it is installed. It talks to loopback only, ends by itself, and
// stops nothing but the processes that it started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags of all subcommands.
type options struct {
	rounds  int
	slice   time.Duration
	warm    time.Duration
	only    []string
	write   string
	strict  bool
	binary  string
	keep    bool
	conns   int
	wait    time.Duration
	size    int64
	changes int
	sizes   []int // of the catalogue, in routes
}

// The subcommands in the order in which `all` runs them.
var commands = []struct {
	name  string
	needs []string
	run   func(context.Context, *world) (*section, error)
}{
	{"table", []string{"nginx", "wrk", "taskset", "strace"}, runTable},
	{"syscalls", []string{"nginx", "wrk", "taskset", "strace"}, runSyscalls},
	{"idle", []string{"nginx", "taskset"}, runIdle},
	{"start", []string{"taskset"}, runStart},
	{"stream", []string{"taskset"}, runStream},
	{"changes", []string{"nginx", "wrk", "taskset"}, runChanges},
	{"catalogue", []string{"nginx", "wrk", "taskset"}, runCatalogue},
	{"features", []string{"nginx", "wrk", "taskset"}, runFeatures},
	{"import", []string{"nginx", "taskset"}, runImport},
	{"rest", []string{"nginx", "wrk", "taskset"}, runREST},
	{"rest-control", []string{"nginx", "wrk", "taskset"}, runRESTControl},
}

// maxRun ends a run that hangs. A whole one takes about 40 minutes, most of it
// for the two imports of a million routes.
const maxRun = 2 * time.Hour

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	what := "table"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		what, args = args[0], args[1:]
	}
	o, err := parseOptions(what, args)
	if err != nil {
		return err
	}
	ran := false
	var broken []string
	for _, c := range commands {
		if what != "all" && what != c.name {
			continue
		}
		ran = true
		if err := present(c.needs); err != nil {
			return fmt.Errorf("%s: %v", c.name, err)
		}
		s, err := inWorld(ctx, o, c.run)
		if err != nil {
			return fmt.Errorf("%s: %v", c.name, err)
		}
		fmt.Println(s.body)
		broken = append(broken, s.broken...)
		if o.write != "" {
			if err := s.writeTo(o.write); err != nil {
				return err
			}
		}
	}
	switch {
	case !ran:
		return fmt.Errorf("%q is not a bench; there are all, %s", what, strings.Join(names(), ", "))
	case o.strict && len(broken) > 0:
		return fmt.Errorf("bounds that do not hold: %s", strings.Join(broken, "; "))
	}
	return nil
}

func parseOptions(what string, args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench "+what, flag.ContinueOnError)
	f.IntVar(&o.rounds, "rounds", 10, "rounds of the table: each contestant once a round, forward then backward")
	f.DurationVar(&o.slice, "slice", 2*time.Second, "measured load of one contestant in one round")
	f.DurationVar(&o.warm, "warm", time.Second, "load before each measured slice")
	only := f.String("only", "", "contestants of table, syscalls and idle, separated by commas (default: all that the bench compares)")
	f.StringVar(&o.write, "write", "", "file whose marked sections are replaced by the results")
	f.BoolVar(&o.strict, "strict", false, "fail when a bound does not hold")
	f.StringVar(&o.binary, "binary", "", "gatehouse binary (default: build it)")
	f.BoolVar(&o.keep, "keep", false, "keep the run's directory and name it")
	f.IntVar(&o.conns, "conns", 10_000, "connections of idle")
	f.DurationVar(&o.wait, "wait", 30*time.Second, "quiet time of idle")
	f.Int64Var(&o.size, "size", 5<<30, "bytes of stream, each way")
	f.IntVar(&o.changes, "changes", 200, "configuration changes of changes, edits of catalogue, and deployments and rollbacks of rest-control")
	sizes := f.String("sizes", "10,1000,100000,1000000", "routes of catalogue, 100 an API")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if o.sizes, err = parseSizes(*sizes); err != nil {
		return nil, err
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for _, n := range []struct {
		flag  string
		value int64
		max   int64
	}{{"rounds", int64(o.rounds), 1000}, {"conns", int64(o.conns), 15_000}, {"size", o.size, 1 << 40}, {"changes", int64(o.changes), 10_000},
		{"slice", int64(o.slice), int64(time.Minute)}, {"warm", int64(o.warm), int64(time.Minute)}, {"wait", int64(o.wait), int64(10 * time.Minute)}} {
		if n.value < 1 || n.value > n.max {
			return nil, fmt.Errorf("-%s is out of range: at most %d", n.flag, n.max)
		}
	}
	return o, nil
}

// inWorld runs one bench with a directory and children of its own.
func inWorld(ctx context.Context, o *options, f func(context.Context, *world) (*section, error)) (s *section, err error) {
	w, err := newWorld(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return f(ctx, w)
}

func names() []string {
	var all []string
	for _, c := range commands {
		all = append(all, c.name)
	}
	slices.Sort(all)
	return all
}
