package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/alecthomas/kong"
)

// globals are the flags that every command takes, before or behind its name.
type globals struct {
	EndpointURL string         `name:"endpoint-url" placeholder:"URL" help:"The gateway to ask (also: AWS_ENDPOINT_URL; else http://127.0.0.1:4566)."`
	Region      string         `placeholder:"REGION" help:"The region to ask in (also: AWS_REGION; else us-east-1)."`
	Profile     string         `placeholder:"NAME" help:"The profile of the AWS configuration files that endpoint, region and keys come from (also: AWS_PROFILE)."`
	Timeout     *time.Duration `placeholder:"TIME" help:"How long an answer may take; 60s, and 1h for a backup."`
	Output      string         `enum:"text,table,json,yaml,ndjson" default:"text" help:"How data is written: text (for people), table, json, yaml or ndjson."`
	NoColor     bool           `help:"Write without colours (also: NO_COLOR)."`
	Quiet       bool           `xor:"voice" help:"Say nothing but data, warnings and errors."`
	Verbose     bool           `xor:"voice" help:"Tell each control call, and more."`
}

// The defaults of what names a gateway.
const (
	defaultEndpoint = "http://127.0.0.1:4566"
	defaultRegion   = "us-east-1"
	defaultTimeout  = time.Minute
)

// AfterApply hands the flags to the terminal, before any command looks there.
func (g *globals) AfterApply(t *terminal) error {
	t.flags = *g
	t.format, t.plain, t.quiet = g.Output, g.NoColor, g.Quiet
	return nil
}

// given is a flag, and whether it was given.
type given struct {
	flag  string
	given bool
}

// addressing are the flags that name a gateway.
func (g *globals) addressing() []given {
	return []given{{"--endpoint-url", g.EndpointURL != ""}, {"--region", g.Region != ""}, {"--profile", g.Profile != ""}, {"--timeout", g.Timeout != nil}}
}

func namesGateway(flag string) bool {
	return slices.ContainsFunc((&globals{}).addressing(), func(f given) bool { return f.flag == flag })
}

// asking is a command that asks a gateway, and so takes flags that name one.
type asking interface{ takes(flag string) bool }

// understands reports whether a flag means something to a command: those that
// name a gateway do to the commands that ask one.
func understands(n *kong.Node, flag string) bool {
	if !namesGateway(flag) || n.Type != kong.CommandNode || len(n.Children) > 0 || !n.Target.CanAddr() {
		return true
	}
	a, asks := n.Target.Addr().Interface().(asking)
	return asks && a.takes(flag)
}

// checkGlobals refuses flags that would mean nothing to the command.
func checkGlobals(k *kong.Context, g *globals) error {
	for _, f := range g.addressing() {
		if n := k.Selected(); f.given && n != nil && !understands(n, f.flag) {
			return usage(fmt.Sprintf("%s means nothing to gatehouse %s, which does not ask a gateway by it", f.flag, n.Name))
		}
	}
	return nil
}

// takes makes remote a part by which its command is known.
func (*remote) takes(string) bool { return true }

// AfterApply fills in which gateway is asked, as AWS's own tools find it: by
// the flags, else by the environment, else by the profile that is named, else
// by default. Of the keys those of a --profile come before the environment's.
func (r *remote) AfterApply(t *terminal) error {
	p, err := namedProfile(t.flags.Profile, t.environ)
	if err != nil {
		return err
	}
	r.find(t, p)
	if t.flags.Profile != "" || t.environ.get("AWS_ACCESS_KEY_ID") == "" {
		r.keys = p.keys
	}
	return nil
}

func (r *remote) find(t *terminal, p awsProfile) {
	g, env := &t.flags, t.environ
	r.EndpointURL = cmp.Or(g.EndpointURL, env.get("AWS_ENDPOINT_URL"), p.endpoint, defaultEndpoint)
	r.Region = cmp.Or(g.Region, env.get("AWS_REGION"), env.get("AWS_DEFAULT_REGION"), p.region, defaultRegion)
	r.Verbose = g.Verbose
	r.Timeout = defaultTimeout
	if g.Timeout != nil {
		r.Timeout = *g.Timeout
	}
}
