package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A contestant is one way to proxy the same requests to the same backend.
type contestant struct {
	key  string
	name string // as the table shows it
	url  string
	host string // of the Host field
	proc *child
	path string // of the thousand, with a verb for their number; "": that of the HTTP API
	lua  string // wrk's script, where it is not the thousand paths in turn
}

// The keys of the contestants that others are compared with.
const (
	keyBare         = "nginx"
	keyLogged       = "nginx-1000"
	keyTLS          = "nginx-tls"
	keyGatehouse    = "gatehouse"
	keyGatehouseTLS = "gatehouse-tls"
	keyReverseProxy = "reverseproxy"
	keyCaddy        = "caddy"
)

// pick is the contestants that -only names, or these.
func (w *world) pick(usual ...string) []string {
	if len(w.only) > 0 {
		return w.only
	}
	return usual
}

// startBackend starts what all contestants proxy to.
func (w *world) startBackend(ctx context.Context) error {
	_, err := w.startNginx(ctx, "backend.conf", otherCore, "Backend")
	return err
}

func (w *world) startNginx(ctx context.Context, config, core, port string) (*child, error) {
	file, err := w.render(config)
	if err != nil {
		return nil, err
	}
	nginx, err := findProgram("nginx")
	if err != nil {
		return nil, err
	}
	c, err := w.start(config, core, nil, nginx, "-p", w.dir, "-e", w.path("nginx-start.log"), "-c", file)
	if err != nil {
		return nil, err
	}
	return c, c.listening(ctx, w.addr(port))
}

// startContestants starts those that were asked for, and all they need.
func (w *world) startContestants(ctx context.Context, wanted ...string) ([]*contestant, error) {
	if err := w.startBackend(ctx); err != nil {
		return nil, err
	}
	in := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return len(wanted) == 0 || slices.Contains(wanted, k) })
	}
	var all []*contestant
	for _, s := range []struct {
		keys  []string
		start func(context.Context) ([]*contestant, error)
	}{
		{[]string{keyGatehouse, keyGatehouseTLS}, w.startGatehouseContestants},
		{[]string{keyBare, keyLogged, keyTLS}, w.startNginxContestants},
		{[]string{keyReverseProxy}, w.startReverseProxy},
		{[]string{keyCaddy}, w.startCaddy},
	} {
		if !in(s.keys...) {
			continue
		}
		got, err := s.start(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range got {
			if in(c.key) {
				all = append(all, c)
			}
		}
	}
	for _, k := range wanted {
		if !slices.ContainsFunc(all, func(c *contestant) bool { return c.key == k }) && k != keyCaddy {
			return nil, fmt.Errorf("%q is not a contestant; there are %s", k, strings.Join([]string{keyGatehouse, keyGatehouseTLS,
				keyBare, keyLogged, keyTLS, keyReverseProxy, keyCaddy}, ", "))
		}
	}
	return all, nil
}

func (w *world) startNginxContestants(ctx context.Context) ([]*contestant, error) {
	p, err := w.startNginx(ctx, "nginx.conf", proxyCore, "Bare")
	if err != nil {
		return nil, err
	}
	const host = "bench.localhost"
	return []*contestant{
		{key: keyBare, name: "nginx, bare", url: "http://" + w.addr("Bare"), host: host, proc: p},
		{key: keyLogged, name: "nginx, 1000 locations, JSON log", url: "http://" + w.addr("Logged"), host: host, proc: p},
		{key: keyTLS, name: "nginx, TLS", url: "https://" + w.addr("TLS"), host: host, proc: p},
	}, nil
}

func (w *world) startReverseProxy(ctx context.Context) ([]*contestant, error) {
	binary, err := w.build(ctx, "./test/bench/reverseproxy", "reverseproxy")
	if err != nil {
		return nil, err
	}
	p, err := w.start("reverseproxy", proxyCore, []string{"GOMAXPROCS=1"}, binary,
		"-listen", w.addr("Reverse"), "-backend", "http://"+w.addr("Backend"))
	if err != nil {
		return nil, err
	}
	return []*contestant{{key: keyReverseProxy, name: "net/http ReverseProxy", url: "http://" + w.addr("Reverse"), host: "bench.localhost", proc: p}},
		p.listening(ctx, w.addr("Reverse"))
}

// startCaddy is no error where Caddy is missing: it takes part where it can.
func (w *world) startCaddy(ctx context.Context) ([]*contestant, error) {
	caddy, err := findProgram("caddy")
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: caddy is not installed and takes no part (Debian package caddy)")
		return nil, nil
	}
	file, err := w.render("Caddyfile")
	if err != nil {
		return nil, err
	}
	p, err := w.start("caddy", proxyCore, []string{"GOMAXPROCS=1", "XDG_DATA_HOME=" + w.dir, "XDG_CONFIG_HOME=" + w.dir},
		caddy, "run", "--config", file, "--adapter", "caddyfile")
	if err != nil {
		return nil, err
	}
	return []*contestant{{key: keyCaddy, name: "Caddy", url: "http://" + w.addr("Caddy"), host: "bench.localhost", proc: p}}, p.listening(ctx, w.addr("Caddy"))
}

// versions describes the contestants' programs for the table's foot.
func versions(ctx context.Context) string {
	var all []string
	for _, v := range []struct {
		name string
		args []string
	}{{"go", []string{"version"}}, {"nginx", []string{"-v"}}, {"wrk", []string{"-v"}}, {"caddy", []string{"version"}}} {
		program, err := findProgram(v.name)
		if err != nil {
			continue
		}
		out, _ := exec.CommandContext(ctx, program, v.args...).CombinedOutput() // wrk -v exits with 1
		line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		line, _, _ = strings.Cut(line, " Copyright")
		line = strings.TrimPrefix(strings.TrimPrefix(line, "nginx version: "), "go version ")
		if v.name == "caddy" {
			line = "caddy " + line
		}
		all = append(all, line)
	}
	return strings.Join(all, ", ")
}
