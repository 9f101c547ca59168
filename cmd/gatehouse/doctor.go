package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// doctorCommand looks at a machine as a gateway would at its start, and at one
// that runs there already.
type doctorCommand struct {
	For         string `enum:",dev,serve" default:"" placeholder:"dev|serve" help:"The command that is going to be run. Without it, serve where there is a configuration file, else dev."`
	Config      string `placeholder:"FILE" env:"GATEHOUSE_CONFIG" help:"The configuration file of serve."`
	Data        string `placeholder:"DIR" help:"The data directory (store.dir)."`
	Listen      string `placeholder:"ADDR" help:"Where dev is going to listen; 127.0.0.1:4566 if not given."`
	Admin       string `placeholder:"ADDR" help:"Where dev is going to have /livez, /readyz and /metrics; 127.0.0.1:9464 if not given."`
	EndpointURL string `kong:"-"` // a gateway that has to answer, and whose clock is compared too
}

// takes is true of --endpoint-url only: a doctor calls without a signature.
func (*doctorCommand) takes(flag string) bool { return flag == "--endpoint-url" }

// AfterApply takes the global flag.
func (c *doctorCommand) AfterApply(t *terminal) error {
	c.EndpointURL = t.flags.EndpointURL
	return nil
}

// Help is what --help tells besides the flags.
func (*doctorCommand) Help() string {
	return `Looks at the addresses to listen on (free, or a gatehouse answers there), the names of APIs, the clock, the limit of open files, ` +
		`the data directory, the master key and the certificates, and says what to do where one of them is not well. ` +
		`Run it as the user that the gateway runs as. With --endpoint-url that gateway has to answer, and its clock is compared too. It takes each free address for a moment and changes nothing else. ` +
		`It exits with 1 if a check fails; warnings do not count.`
}

// How a check ends.
const (
	checkOK   = "ok"
	checkWarn = "warn" // it would run, but not as well as it could
	checkFail = "fail" // it would not start, or not do its work
)

// A checkup is one thing that was looked at.
type checkup struct {
	Check   string `json:"check"`
	Subject string `json:"subject,omitempty"` // which one, of several
	Status  string `json:"status"`
	Found   string `json:"found"`
	Do      string `json:"do,omitempty"` // where it is not ok
}

// A doctor looks at one machine for one configuration.
type doctor struct {
	conf    Config
	mode    string // dev or serve
	memory  bool   // nothing is kept
	environ environ
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	started time.Time // as both clocks show it

	list  []checkup
	dates []dated // what gateways say the time is
}

// Run checks, and prints what it found.
func (c *doctorCommand) Run(ctx context.Context, t *terminal) error {
	d := &doctor{environ: t.environ, lookup: lookup, started: time.Now()}
	known, err := c.configure(d, t)
	if err != nil {
		return err
	}
	if known {
		d.listeners(ctx)
		d.data()
		d.masterKey(ctx)
		d.certificates()
	}
	if c.EndpointURL != "" {
		d.endpoint(ctx, strings.TrimSuffix(c.EndpointURL, "/"))
	}
	d.names(ctx)
	d.openFiles()
	d.clock()
	if err := context.Cause(ctx); err != nil {
		return err // what was found is of checks cut short
	}
	if err := d.print(t); err != nil {
		return err
	}
	return d.verdict()
}

// configure gives the doctor its configuration. A wrong one is the first thing
// that it finds, and leaves only the checks that need none.
func (c *doctorCommand) configure(d *doctor, t *terminal) (known bool, err error) {
	if c.EndpointURL != "" {
		if err := (&remote{EndpointURL: c.EndpointURL, Timeout: askTime}).checkURL(); err != nil {
			return false, err
		}
	}
	d.mode = cmp.Or(c.For, map[bool]string{true: "serve", false: "dev"}[c.Config != ""])
	switch {
	case d.mode == "serve" && c.Listen+c.Admin != "":
		return false, usage("--listen and --admin are flags of dev: serve has listeners and admin.addr in gatehouse.yaml")
	case d.mode == "dev" && c.Config != t.environ.get(configVariable):
		return false, usage("dev reads no configuration file: leave out --config, or ask --for serve")
	case d.mode == "dev":
		dev := devCommand{Listen: cmp.Or(c.Listen, "127.0.0.1:4566"), Admin: cmp.Or(c.Admin, "127.0.0.1:9464"), Data: c.Data}
		s, err := dev.setup("dev", t)
		d.conf, d.memory = s.Conf, s.Memory
		return err == nil, err
	}
	conf, warnings, err := loadConfig(c.Config, t.environ, func(conf *Config, s *settings) {
		if c.Data != "" {
			conf.Store.Dir = c.Data
			s.set("store.dir", "--data")
		}
	})
	d.conf = conf
	subject := cmp.Or(c.Config, "defaults")
	for _, w := range warnings {
		d.warn("configuration", subject, "unset it, or correct its name", "%s", w)
	}
	var f *failure
	switch {
	case errors.As(err, &f):
		d.conf = defaultConfig() // what is left of a refused one may lack anything
		d.fail("configuration", subject, f.Do, "%s", f.Why)
	case err != nil:
		return false, err
	case len(warnings) == 0:
		d.ok("configuration", subject, "can be used")
	}
	return err == nil, nil
}

func (d *doctor) ok(check, subject, format string, args ...any) {
	d.list = append(d.list, checkup{check, subject, checkOK, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) warn(check, subject, do, format string, args ...any) {
	d.list = append(d.list, checkup{check, subject, checkWarn, fmt.Sprintf(format, args...), do})
}

func (d *doctor) fail(check, subject, do, format string, args ...any) {
	d.list = append(d.list, checkup{check, subject, checkFail, fmt.Sprintf(format, args...), do})
}

// count is the number of checks that ended so.
func (d *doctor) count(status string) (n int) {
	for _, c := range d.list {
		if c.Status == status {
			n++
		}
	}
	return n
}

// print writes the report.
func (d *doctor) print(t *terminal) error {
	if t.structured() {
		return t.print(map[string]any{"for": d.mode, "ok": d.count(checkOK), "warn": d.count(checkWarn), "fail": d.count(checkFail), "checks": d.list})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Checked for: gatehouse %s\n\n", d.mode)
	for _, c := range d.list {
		tone := map[string]style{checkOK: green, checkWarn: amber, checkFail: red}[c.Status]
		text := printable(strings.TrimSpace(c.Subject + " " + c.Found))
		fmt.Fprintf(&b, "  %s  %-13s  %s\n", t.paint(t.out, tone, fmt.Sprintf("%-4s", c.Status)), c.Check, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", 23)))
		if c.Do != "" {
			fmt.Fprintf(&b, "%21s  %s\n", "", t.paint(t.out, bold, "do: "+printable(c.Do)))
		}
	}
	fmt.Fprintf(&b, "\n%d ok, %d to look at, %d wrong\n", d.count(checkOK), d.count(checkWarn), d.count(checkFail))
	_, err := t.out.Write([]byte(b.String()))
	return err
}

// verdict is a failure where a check has failed.
func (d *doctor) verdict() error {
	var wrong []string
	for _, c := range d.list {
		if c.Status == checkFail {
			wrong = append(wrong, printable(strings.TrimSpace(c.Check+": "+c.Subject+" "+c.Found)))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &failure{Exit: exitFailed, Code: "ChecksFailed", What: fmt.Sprintf("%d of %d checks failed", len(wrong), len(d.list)),
		Why: strings.Join(wrong, "\n"), Do: "do what the report says behind each of them, then run gatehouse doctor again"}
}

// lookup asks the resolver of this machine, as a client of an API would.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
