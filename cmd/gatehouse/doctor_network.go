package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"
	"time"

	"gatehouse/internal/control/gatehouse"
	"gatehouse/internal/edge"
	"gatehouse/internal/gate"
	"gatehouse/internal/sigv4"
)

// Bounds of what the doctor asks others.
const (
	askTime = 3 * time.Second
)

// listeners takes every address for a moment, all of them at once: two that
// are in each other's way would go unnoticed one by one.
func (d *doctor) listeners(ctx context.Context) {
	var taken []net.Listener
	defer func() {
		for _, l := range taken {
			l.Close()
		}
	}()
	for i := range d.conf.Listeners {
		l := &d.conf.Listeners[i]
		ask := d.asksData
		if slices.Contains(l.Planes, planeControl) {
			ask = d.asksControl
		}
		taken = d.listener(ctx, "listener", l, ask, taken)
	}
	if d.conf.Admin.Addr != "" {
		taken = d.listener(ctx, "admin", &Listener{Addr: d.conf.Admin.Addr}, d.asksAdmin, taken)
	}
}

// listener looks at one address, and asks whoever has it. It adds what it
// takes to taken.
func (d *doctor) listener(ctx context.Context, check string, l *Listener, ask asker, taken []net.Listener) []net.Listener {
	open, err := d.take(check, l)
	if err == nil {
		d.ok(check, l.Addr, "is free")
		return append(taken, open)
	}
	f := failureOf(err)
	own := slices.IndexFunc(taken, func(t net.Listener) bool { return portOf(t.Addr().String()) == portOf(l.Addr) })
	switch inUse := errors.Is(err, syscall.EADDRINUSE); {
	case !inUse:
		d.fail(check, l.Addr, f.Do, "cannot be listened on: %s", f.Why)
		return taken
	case own >= 0:
		d.fail(check, l.Addr, "give each listener a port of its own", "is in the way of listener %s", taken[own].Addr())
		return taken
	case l.ProxyProtocol:
		d.warn(check, l.Addr, "if that is not the gateway: "+f.Do, "is taken, and nobody can be asked who it is, since connections have to begin with a PROXY header")
		return taken
	}
	before := len(d.dates)
	who, err := ask(ctx, l)
	if err != nil {
		d.dates = d.dates[:before] // a stranger's clock is no measure
		d.fail(check, l.Addr, f.Do, "is taken, and not by a gatehouse: %v", err)
		return taken
	}
	d.ok(check, l.Addr, "is taken: %s answers there", who)
	return taken
}

// take listens as a start would.
func (d *doctor) take(check string, l *Listener) (net.Listener, error) {
	setting := map[string]string{"listener": "listeners[].addr", "admin": "admin.addr"}[check] + " in gatehouse.yaml"
	if d.mode == "dev" {
		setting = map[string]string{"listener": "--listen", "admin": "--admin"}[check] + " HOST:PORT"
	}
	open, err := listen(l.Addr, setting)
	if err != nil {
		return nil, err
	}
	if err := staysHere(&door{Listener: open, Listen: edge.Listen{Control: slices.Contains(l.Planes, planeControl)}}, l.Addr); err != nil {
		open.Close()
		return nil, err
	}
	return open, nil
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr) // the configuration was checked
	return port
}

// An asker finds out whether a gatehouse has the address of a listener.
type asker func(context.Context, *Listener) (who string, err error)

func (d *doctor) asksControl(ctx context.Context, l *Listener) (string, error) {
	return d.status(ctx, l.base())
}

// asksData calls for a host that no API has: the answer has the mark of the
// data plane all the same.
func (d *doctor) asksData(ctx context.Context, l *Listener) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base()+"/", nil)
	if err != nil {
		return "", err
	}
	r.Host = "doctor.invalid"
	a, _, err := d.ask(r)
	if err != nil {
		return "", err
	}
	if a.Header.Get("Apigw-Requestid") == "" {
		return "", fmt.Errorf("it answers %s, without the header Apigw-Requestid", a.Status)
	}
	return "the data plane of a gatehouse", nil
}

func (d *doctor) asksAdmin(ctx context.Context, l *Listener) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base()+"/metrics", nil)
	if err != nil {
		return "", err
	}
	a, body, err := d.ask(r)
	if err != nil {
		return "", err
	}
	if !bytes.Contains(body, []byte("\ngatehouse_")) {
		return "", fmt.Errorf("/metrics answers %s, without metrics of a gatehouse", a.Status)
	}
	return "the admin listener of a gatehouse", nil
}

// base is the URL of a listener on this machine.
func (l *Listener) base() string {
	scheme, host := "http://", l.Addr
	if len(l.TLS) > 0 {
		scheme = "https://"
	}
	if a, err := net.ResolveTCPAddr("tcp", l.Addr); err == nil && a.IP != nil {
		host = reachable(a)
	} else if err == nil { // every interface
		host = net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port))
	}
	return scheme + host
}

// status asks a control plane who it is. The user's own credentials are not
// shown to whoever may listen there.
func (d *doctor) status(ctx context.Context, base string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+gatehouse.PathPrefix+"/status", nil)
	if err != nil {
		return "", err
	}
	test := sigv4.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	if err := sigv4.Sign(r, sigv4.HashPayload(nil), test, gatehouse.ScopeName, d.conf.Regions[0], time.Now()); err != nil {
		return "", err
	}
	a, body, err := d.ask(r)
	if err != nil {
		return "", err
	}
	var s status
	if err := json.Unmarshal(body, &s); err != nil || s.Mode == "" {
		return "", fmt.Errorf("it answers %s, without the status of a gatehouse", a.Status)
	}
	return printable(clip("gatehouse " + s.Version + " (" + s.Mode + ")")), nil
}

// endpoint looks at the gateway that the user names.
func (d *doctor) endpoint(ctx context.Context, base string) {
	before := len(d.dates)
	who, err := d.status(ctx, base)
	if err != nil {
		d.dates = d.dates[:before]
		d.fail("gateway", base, "start it, or name another one with --endpoint-url", "does not answer as a gatehouse: %v", err)
		return
	}
	d.ok("gateway", base, "answers: %s", who)
}

// A dated answer says what time it is elsewhere.
type dated struct {
	where        string
	says, really time.Time
}

// ask sends a request and keeps the Date of the answer, the error of a call
// without its URL.
func (d *doctor) ask(r *http.Request) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	// The certificate is looked at by a check of its own, and its names are not
	// those by which this machine reaches itself. Nothing secret is sent.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	begun := time.Now()
	a, err := client.Do(r.WithContext(ctx))
	if u := (&url.Error{}); errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", askTime)
	}
	if err != nil {
		return nil, nil, err
	}
	defer a.Body.Close()
	if says, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		d.dates = append(d.dates, dated{r.URL.Scheme + "://" + r.URL.Host, says, begun.Add(time.Since(begun) / 2)})
	}
	body, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	return a, body, err
}

// names looks up a name as APIs have them.
func (d *doctor) names(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if u, err := url.Parse(d.conf.PublicURL); err == nil && u.Hostname() != "" {
		host := "doctor.execute-api." + u.Hostname()
		if found, err := d.lookup(ctx, host); err != nil || len(found) == 0 {
			d.warn("names", host, "add the record *.execute-api."+u.Hostname()+" to the zone, pointing at the data listener", "does not resolve, so nobody finds the APIs of public_url")
			return
		}
		d.ok("names", host, "resolves")
		return
	}
	const host = "doctor.execute-api.localhost"
	found, err := d.lookup(ctx, host)
	switch elsewhere := slices.IndexFunc(found, func(a netip.Addr) bool { return !a.IsLoopback() }); {
	case err != nil || len(found) == 0:
		d.warn("names", host, d.byPath(), "does not resolve here (some clients, such as browsers and curl, know *.localhost by themselves)")
	case elsewhere >= 0:
		d.warn("names", host, d.byPath(), "resolves to %s, which is not this machine", found[elsewhere])
	default:
		d.ok("names", host, "resolves to %s", found[0])
	}
}

// byPath is how an API is called without a name of its own.
func (d *doctor) byPath() string {
	base := ""
	for i := range d.conf.Listeners {
		if l := &d.conf.Listeners[i]; base == "" && slices.Contains(l.Planes, planeData) {
			base = l.base()
		}
	}
	do := "call APIs by path: " + base + gate.PathAddress + "{api}/{stage}/{path}"
	if !d.conf.Data.PathAddresses {
		do += ", with data.path_addresses: true in gatehouse.yaml"
	}
	return do
}

// Differences of clocks. AWS refuses a signature that is five minutes old.
const (
	clockWarn = 5 * time.Second
	clockFail = 5 * time.Minute
)

// clock compares this machine's time with what gateways say; without any, with
// itself and with the time before which this program cannot run.
func (d *doctor) clock() {
	const check, do = "clock", "synchronise the clocks: timedatectl set-ntp true, chronyd or ntpd"
	now := time.Now()
	// A Round strips the monotonic reading, so one of the two spans is by the wall clock.
	if slip := now.Round(0).Sub(d.started.Round(0)) - now.Sub(d.started); slip.Abs() > time.Second {
		d.warn(check, "", do, "was set by %v while this ran", slip.Round(time.Second))
		return
	}
	if made := madeAt(); now.Before(made) {
		d.fail(check, "", do, "reads %s, before this program was made (%s): certificates and tokens would not be valid yet", now.UTC().Format(time.RFC3339), made.Format(time.DateOnly))
		return
	}
	if len(d.dates) == 0 {
		d.ok(check, "", "reads %s; no gateway runs whose clock it could be compared with", now.UTC().Format(time.RFC3339))
		return
	}
	worst := slices.MaxFunc(d.dates, func(a, b dated) int { return int(a.off().Abs() - b.off().Abs()) })
	switch off := worst.off().Round(time.Second); {
	case off.Abs() > clockFail:
		d.fail(check, "", do, "is %s off the one of %s: signatures that are more than 5m off are refused", off.Abs(), worst.where)
	case off.Abs() > clockWarn:
		d.warn(check, "", do, "is %s off the one of %s", off.Abs(), worst.where)
	default:
		d.ok(check, "", "agrees with %s", worst.where)
	}
}

// off is how far the other clock is ahead. A Date has whole seconds, so it
// stands for half a second more.
func (a dated) off() time.Duration { return a.says.Add(time.Second / 2).Sub(a.really) }

// madeAt is a time that has passed when this program runs: that of its commit,
// where the Go tool has noted it.
func madeAt() time.Time {
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, s := range bi.Settings {
			if made, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return made
			}
		}
	}
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
}
