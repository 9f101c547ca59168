package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gate"
)

// A Config is gatehouse.yaml: what the process is, never what the APIs are
// (those live in the store and are edited through the AWS operations).
//
// The tags are the whole schema: yaml names the key, min and max bound a
// number, a size or a duration, oneof lists the words that a text may be.
// Decoding, the environment overrides and the suggestions all read them.
type Config struct {
	Listeners []Listener       `yaml:"listeners"`
	Data      DataPlane        `yaml:"data"`
	Store     StoreSection     `yaml:"store"`
	MasterKey MasterKeySection `yaml:"master_key"`
	Account   string           `yaml:"account"`    // 12 digits: the account that every caller works in
	Regions   []string         `yaml:"regions"`    // what a caller's signature may name; the first is the default
	PublicURL string           `yaml:"public_url"` // scheme and host that clients of the APIs use; empty: AWS's form
	Limits    LimitsSection    `yaml:"limits"`
	VPCLinks  []VPCLink        `yaml:"vpc_links"`
	Services  ServicesSection  `yaml:"services"`
	Logs      Logs             `yaml:"logs"`
	Admin     AdminSection     `yaml:"admin"`
	Drain     DrainSection     `yaml:"drain"`
}

// A Listener is one address to listen on.
type Listener struct {
	Addr          string    `yaml:"addr"` // host:port; an empty host is every interface
	Planes        []string  `yaml:"planes"`
	TLS           []TLSPair `yaml:"tls"`            // none: plaintext; several: the client's server name chooses
	Trust         []string  `yaml:"trust"`          // CIDRs of the proxies whose X-Forwarded-For and PROXY header count
	ProxyProtocol bool      `yaml:"proxy_protocol"` // every connection begins with a PROXY protocol v2 header
	Hosts         []string  `yaml:"hosts"`          // host names, besides localhost and addresses, that control calls may name
}

// A TLSPair is a certificate chain and its key, both PEM files, read again
// when they change.
type TLSPair struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// DataPlane is what all data listeners share.
type DataPlane struct {
	// PathAddresses serves /_aws/execute-api/{api}/... besides host names.
	PathAddresses  bool           `yaml:"path_addresses"`
	MaxConnections int            `yaml:"max_connections" min:"1" max:"10000000"` // of clients at a time, to each listener; more are told 503
	Backend        BackendSection `yaml:"backend"`
	Timeouts       Timeouts       `yaml:"timeouts"`
}

// BackendSection bounds what is under way to each address of a backend.
type BackendSection struct {
	MaxConnections int `yaml:"max_connections" min:"1" max:"1000000"`
	MaxWaiting     int `yaml:"max_waiting" min:"1" max:"1000000"` // requests that wait for one of them; more are told 503
}

// Timeouts bound how long a client may take.
type Timeouts struct {
	Idle    Duration `yaml:"idle" min:"1s" max:"1h"`          // between two requests of a connection
	Head    Duration `yaml:"head" min:"100ms" max:"5m"`       // from the first byte of a head to its last
	Body    Duration `yaml:"body" min:"100ms" max:"1h"`       // without any progress of a request body
	Write   Duration `yaml:"write" min:"100ms" max:"1h"`      // without any progress of a reply
	MinRate int      `yaml:"min_rate" min:"0" max:"10000000"` // bytes a second that a request body must reach on average; 0: any
}

// StoreSection says where the house remembers.
type StoreSection struct {
	Dir string `yaml:"dir"`
}

// LimitsSection raises or lowers AWS's limits on one request.
type LimitsSection struct {
	Body               Size     `yaml:"body" min:"1KiB" max:"1TiB"`
	Head               Size     `yaml:"head" min:"1KiB" max:"1MiB"`
	URL                Size     `yaml:"url" min:"1KiB" max:"1MiB"`           // of REST APIs
	HeaderValues       Size     `yaml:"header_values" min:"1KiB" max:"1MiB"` // of REST APIs, all together
	Fields             int      `yaml:"fields" min:"10" max:"10000"`
	IntegrationTimeout Duration `yaml:"integration_timeout" min:"50ms" max:"1h"`
}

// Logs are the two logs of the process, and those of single stages.
type Logs struct {
	Process ProcessLog `yaml:"process"`
	Access  AccessLog  `yaml:"access"`
	Stages  StageLogs  `yaml:"stages"`
}

// ProcessLog is what the process says of itself, on stderr.
type ProcessLog struct {
	Level  string `yaml:"level" oneof:"debug info warn error"`
	Format string `yaml:"format" oneof:"json text"`
}

// AccessLog is one JSON line a request. Without file and stdout there is none.
type AccessLog struct {
	Stdout  bool   `yaml:"stdout"`
	File    string `yaml:"file"`
	MaxSize Size   `yaml:"max_size" min:"64KiB" max:"1TiB"` // of one file, before it is rotated
	Keep    int    `yaml:"keep" min:"1" max:"1000"`         // rotated files kept
}

// StageLogs are the access logs that stages have for themselves, in formats of
// their own (accessLogSettings): a file for each log group.
type StageLogs struct {
	Stdout  bool   `yaml:"stdout"`                          // all of them to stdout, and no files
	Dir     string `yaml:"dir"`                             // of the files; empty: logs in store.dir
	MaxSize Size   `yaml:"max_size" min:"64KiB" max:"1TiB"` // of one file, before it is rotated
	Keep    int    `yaml:"keep" min:"1" max:"1000"`         // rotated files kept of each
}

// AdminSection is the operator's own listener.
type AdminSection struct {
	Addr  string   `yaml:"addr"`  // empty: none
	Hosts []string `yaml:"hosts"` // host names, besides localhost and addresses, that it may be called by
	Pprof bool     `yaml:"pprof"`
}

// DrainSection says how the process ends on SIGTERM.
type DrainSection struct {
	Delay   Duration `yaml:"delay" min:"0s" max:"5m"`   // between failing readiness and refusing connections
	Timeout Duration `yaml:"timeout" min:"0s" max:"1h"` // for what is in flight
}

// The two planes that a listener can serve.
const (
	planeData    = "data"
	planeControl = "control"
)

// defaultConfig is what serve runs with where nobody says otherwise.
func defaultConfig() Config {
	l := gate.DefaultLimits()
	return Config{
		Data: DataPlane{
			MaxConnections: 1 << 16,
			Backend:        BackendSection{MaxConnections: 1024, MaxWaiting: 1024},
			Timeouts: Timeouts{
				Idle: Duration(75 * time.Second), Head: Duration(10 * time.Second),
				Body: Duration(30 * time.Second), Write: Duration(30 * time.Second), MinRate: 240,
			},
		},
		Store:   StoreSection{Dir: "gatehouse-data"},
		Account: "000000000000",
		Regions: []string{"us-east-1"},
		Limits: LimitsSection{Body: Size(l.Body), Head: Size(l.Head), URL: Size(l.URL), HeaderValues: Size(l.HeaderValues), Fields: l.Fields,
			IntegrationTimeout: Duration(l.IntegrationTimeout)},
		Logs: Logs{
			Process: ProcessLog{Level: "info", Format: "json"},
			Access:  AccessLog{Stdout: true, MaxSize: 100 << 20, Keep: 5},
			Stages:  StageLogs{MaxSize: 100 << 20, Keep: 5},
		},
		Admin: AdminSection{Addr: "127.0.0.1:9464"},
		// A load balancer takes seconds to learn that a backend is leaving; closing at
		// once gives its clients 502s.
		Drain: DrainSection{Delay: Duration(5 * time.Second), Timeout: Duration(35 * time.Second)},
	}
}

// defaultListeners are those of serve where none is configured: the control
// plane for this machine only. Ports under 1024 need privileges that a first
// try has not.
func defaultListeners() []Listener {
	return []Listener{
		{Addr: "127.0.0.1:4566", Planes: []string{planeControl}},
		{Addr: ":8080", Planes: []string{planeData}},
	}
}

var (
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+){1,3}-[0-9]{1,2}$`)
	hostForm    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*$`)
)

// maxListeners bounds the listeners of a process.
const maxListeners = 64

// check finds what a schema of single keys cannot. It tells everything that is
// wrong, each with the key that says so.
func (c *Config) check(complain complaint) {
	if len(c.Listeners) == 0 {
		c.Listeners = defaultListeners()
	}
	if len(c.Listeners) > maxListeners {
		complain("listeners", "has %d entries, at most %d are served", len(c.Listeners), maxListeners)
	}
	seen := map[string]bool{}
	for i := range c.Listeners {
		at := fmt.Sprintf("listeners[%d]", i)
		l := &c.Listeners[i]
		l.check(at, complain)
		if _, port, err := net.SplitHostPort(l.Addr); err == nil && port != "0" && seen[l.Addr] {
			complain(at+".addr", "%q is listened on twice: put both planes on one listener", l.Addr)
		}
		seen[l.Addr] = true
	}
	c.checkNames(complain)
	c.checkBackends(complain)
	if c.Logs.Access.Stdout && c.Logs.Access.File != "" {
		complain("logs.access.file", "is set beside stdout: true: choose one (stdout: false)")
	}
	if c.Logs.Stages.Stdout && c.Logs.Stages.Dir != "" {
		complain("logs.stages.dir", "is set beside stdout: true: choose one (stdout: false)")
	}
	if c.Admin.Addr != "" {
		checkAddr(c.Admin.Addr, "admin.addr", complain)
	}
	checkHosts(c.Admin.Hosts, "admin", complain)
	if m := c.MasterKey.Command; len(m) > 0 && !filepath.IsAbs(m[0]) {
		complain("master_key.command", "begins with %q: give the absolute path of the program, so that no other one is run in its place", clip(m[0]))
	}
}

func (c *Config) checkNames(complain complaint) {
	if !accountForm.MatchString(c.Account) {
		complain("account", "%q is not an account: give 12 digits", c.Account)
	}
	if len(c.Regions) == 0 {
		complain("regions", "is empty: name at least one region, such as us-east-1")
	}
	for i, r := range c.Regions {
		if !regionForm.MatchString(r) || slices.Index(c.Regions, r) != i {
			complain(fmt.Sprintf("regions[%d]", i), "%q is not a region or is named twice: a region looks like us-east-1", r)
		}
	}
	if c.Store.Dir == "" {
		complain("store.dir", "is empty: name a directory that this process may write")
	}
	if c.PublicURL == "" {
		return
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		complain("public_url", "%q is not scheme and host: give something like https://api.example.com", c.PublicURL)
	}
}

func (l *Listener) check(at string, complain complaint) {
	if len(l.Planes) == 0 {
		complain(at+".planes", "is empty: say [data], [control] or both")
	}
	for i, p := range l.Planes {
		if p != planeData && p != planeControl || slices.Index(l.Planes, p) != i {
			complain(fmt.Sprintf("%s.planes[%d]", at, i), "%q is not a plane or is named twice: the planes are data and control", p)
		}
	}
	if host, ok := checkAddr(l.Addr, at+".addr", complain); ok && slices.Contains(l.Planes, planeControl) && !isLoopback(host) {
		complain(at+".addr", "%q would offer the control plane beyond this machine, and this version does not verify "+
			"signatures yet: whoever reaches it could change every API; listen on 127.0.0.1 and reach it by a tunnel", l.Addr)
	}
	for i, p := range l.TLS {
		if p.Cert == "" || p.Key == "" {
			complain(fmt.Sprintf("%s.tls[%d]", at, i), "needs both cert and key")
		}
	}
	for i, t := range l.Trust {
		if _, err := parsePrefix(t); err != nil {
			complain(fmt.Sprintf("%s.trust[%d]", at, i), "%q is not a network: give an address or CIDR such as 10.0.0.0/8", t)
		}
	}
	if l.ProxyProtocol && len(l.Trust) == 0 {
		complain(at+".proxy_protocol", "is on, but trust names nobody whose PROXY header counts: add the proxies' networks to trust")
	}
	if len(l.Hosts) > 0 && !slices.Contains(l.Planes, planeControl) {
		complain(at+".hosts", "is set, but only control calls are held to host names: remove it or add the control plane")
	}
	checkHosts(l.Hosts, at, complain)
}

func checkHosts(hosts []string, at string, complain complaint) {
	for i, h := range hosts {
		if len(h) > 253 || !hostForm.MatchString(h) {
			complain(fmt.Sprintf("%s.hosts[%d]", at, i), "%q is not a host name in lower case without a port", h)
		}
	}
}

// checkAddr refuses what cannot be listened on, and returns the host.
func checkAddr(addr, key string, complain complaint) (host string, ok bool) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		complain(key, "%q is not an address: give host:port, such as 127.0.0.1:4566", addr)
		return "", false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		complain(key, "%q has no port between 0 and 65535", addr)
		return "", false
	}
	return host, true
}

// isLoopback tells whether only this machine can reach a listener on host.
// A name is not looked up: what it resolves to may change.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// parsePrefix reads a network, or one address as a network of itself.
func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(s)
}

// limits are the limits as the house knows them.
func (c *Config) limits() gate.Limits {
	return gate.Limits{
		Body: int64(c.Limits.Body), Head: int(c.Limits.Head), Fields: c.Limits.Fields,
		URL: int(c.Limits.URL), HeaderValues: int(c.Limits.HeaderValues),
		IntegrationTimeout: time.Duration(c.Limits.IntegrationTimeout),
	}
}
