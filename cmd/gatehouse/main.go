// Gatehouse is a self-hosted API gateway that speaks the AWS API Gateway
// protocols: the control planes that the AWS CLI, the SDKs and Terraform talk
// to, and a data plane that serves what they define.
//
// This package is the one binary. There is one file a command; config.go is
// gatehouse.yaml; world.go builds the house by hand, which is also what tests
// start.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	globals `embed:""`

	Demo       demoCommand       `cmd:"" help:"Start in memory with a sample API, show it working, and leave nothing behind."`
	Dev        devCommand        `cmd:"" help:"Start for development: one address for everything, this machine only."`
	Serve      serveCommand      `cmd:"" help:"Start for production, from gatehouse.yaml."`
	Env        envCommand        `cmd:"" help:"Print the exports that point AWS tools at a running gateway."`
	AWSConfig  awsConfigCommand  `cmd:"" name:"aws-config" help:"Print a profile for ~/.aws/config that points AWS tools at a gateway."`
	Explain    explainCommand    `cmd:"" help:"Tell which route a request finds, which nearly matched, and why."`
	Trace      traceCommand      `cmd:"" help:"Tell what became of past requests."`
	Logs       logsCommand       `cmd:"" help:"Print formats for the access logs of stages."`
	Import     importCommand     `cmd:"" help:"Make an API of an OpenAPI document."`
	Export     exportCommand     `cmd:"" help:"Write an API as an OpenAPI document."`
	Validate   validateCommand   `cmd:"" help:"Check an OpenAPI document or a gatehouse.yaml."`
	Config     configCommand     `cmd:"" help:"Print or check the configuration of a process."`
	Backup     backupCommand     `cmd:"" help:"Write, check and restore sealed backups."`
	Store      storeCommand      `cmd:"" help:"Tend a data directory that no gateway has open."`
	Doctor     doctorCommand     `cmd:"" help:"Check whether a gateway can run here: addresses, names, clock, limits, data, key, certificates."`
	Completion completionCommand `cmd:"" help:"Print what makes a shell complete command lines."`
	Complete   completeCommand   `cmd:"" hidden:"" help:"What the scripts of completion ask."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	Help       helpCommand       `cmd:"" help:"Print this, or what a command takes."`
}

func main() {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	os.Exit(run(ctx, os.Args[1:], newTerminal()))
}

// run runs one command line and returns the exit code of the process.
func run(ctx context.Context, args []string, t *terminal) int {
	err := dispatch(ctx, args, t)
	if err == nil {
		return exitDone
	}
	var f *failure
	if errors.As(context.Cause(ctx), new(*interruption)) && !errors.As(err, &f) {
		return exitInterrupted
	}
	f = failureOf(err)
	t.fail(f)
	return f.Exit
}

// helped ends the parse after --help has printed.
type helped struct{}

func dispatch(ctx context.Context, args []string, t *terminal) (err error) {
	// A wrong command line has not been parsed, yet its error should come in the
	// form that it asked for.
	t.format = wantedFormat(args)
	if len(args) == 0 {
		args = []string{"--help"}
	}
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(helped); !ok {
				panic(p)
			}
		}
	}()
	var c commands
	parser, err := newParser(&c, t.out, ctx, t)
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if f := (&failure{}); errors.As(err, &f) {
		return f // of a hook, which knows better
	}
	if err != nil {
		return usage(err.Error())
	}
	if err := checkGlobals(k, &c.globals); err != nil {
		return err
	}
	return k.Run()
}

func newParser(c *commands, out io.Writer, ctx context.Context, t *terminal) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("gatehouse"),
		kong.Description("A self-hosted API gateway that speaks the AWS API Gateway protocols."),
		kong.Writers(out, t.talk),
		kong.Exit(func(int) { panic(helped{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(t),
	)
}

// wantedFormat is what --output says, without any check.
func wantedFormat(args []string) string {
	for i, a := range args {
		if format, ok := strings.CutPrefix(a, "--output="); ok {
			return format
		}
		if a == "--output" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return formatText
}

// helpCommand prints what --help prints: people try both.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// Run prints the help of the named command, or of all.
func (h *helpCommand) Run(ctx context.Context, t *terminal) error {
	var c commands
	parser, err := newParser(&c, t.out, ctx, t)
	if err != nil {
		return err
	}
	_, err = parser.Parse(append(h.Command, "--help"))
	if err != nil {
		return usage(err.Error())
	}
	return nil
}

// An interruption is why a context ended: somebody wants the process to end.
type interruption struct{ signal os.Signal }

func (i *interruption) Error() string { return "interrupted: " + i.signal.String() }

// untilSignal is a context that ends with the first SIGINT or SIGTERM. The
// second one ends the process where it stands: whoever asks twice means it.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-caught:
				if n > 0 {
					os.Exit(exitInterrupted)
				}
				cancel(&interruption{s})
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(caught)
		close(done)
		cancel(nil)
	}
}
