package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"

	"gatehouse/internal/cert"
	"gatehouse/internal/edge"
	"gatehouse/internal/gate"
)

// A door is an open listener that nobody accepts from yet.
type door struct {
	net.Listener
	edge.Listen
	keeper *cert.Keeper // nil: plaintext
}

func (w *world) openDoors() error {
	for i := range w.Conf.Listeners {
		l := &w.Conf.Listeners[i]
		d := door{Listen: edge.Listen{
			Data: slices.Contains(l.Planes, planeData), Control: slices.Contains(l.Planes, planeControl),
			PathAddresses: w.Conf.Data.PathAddresses, ProxyProtocol: l.ProxyProtocol, MaxConns: w.Conf.Data.MaxConnections,
		}}
		for _, t := range l.Trust {
			p, err := parsePrefix(t)
			if err != nil {
				return err
			}
			d.Trust = append(d.Trust, p)
		}
		if err := w.openTLS(l, &d); err != nil {
			return err
		}
		var err error
		if d.Listener, err = listen(l.Addr, w.setting("--listen", "listeners[].addr")); err != nil {
			return err
		}
		d.Name = d.Addr().String() // as bound: a configured port 0 names none
		if err := staysHere(&d, l.Addr); err != nil {
			d.Listener.Close()
			return err
		}
		// The Edge closes the listeners that it serves; closing twice does no harm.
		w.later(func() { d.Listener.Close() })
		w.doors = append(w.doors, d)
	}
	return nil
}

// staysHere refuses a control listener that came out on an address which others
// can reach: the configuration was checked by name, and a hosts file can make
// localhost anything.
func staysHere(d *door, configured string) error {
	if ap, err := netip.ParseAddrPort(d.Addr().String()); !d.Control || err == nil && ap.Addr().IsLoopback() {
		return nil
	}
	return &failure{Exit: exitRefused, Code: "LoopbackOnly", What: "the control plane is not offered on " + d.Addr().String(),
		Why: "this version does not verify signatures yet, and " + configured + " is an address that other machines can reach",
		Do:  "listen on 127.0.0.1 or [::1]"}
}

func (w *world) openTLS(l *Listener, d *door) error {
	if len(l.TLS) == 0 {
		return nil
	}
	pairs := make([]cert.Pair, len(l.TLS))
	for i, p := range l.TLS {
		pairs[i] = cert.Pair{Cert: p.Cert, Key: p.Key}
	}
	k, err := cert.Open(pairs, w.Log)
	if err != nil {
		return &failure{Exit: exitRefused, Code: "BadCertificate", What: "listener " + l.Addr + " has no usable certificate",
			Why: err.Error(), Do: "correct listeners[].tls in gatehouse.yaml, or the files that it names", cause: err}
	}
	w.later(func() { k.Close() })
	d.keeper = k
	d.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.GetCertificate}
	return nil
}

// listen takes an address, and where that cannot be explains what can be done.
func listen(addr, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		return l, nil
	}
	f := &failure{Exit: exitFailed, Code: "CannotListen", What: "cannot listen on " + addr, Why: reason(err), cause: err,
		Do: "choose another address with " + setting}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		f.Code = "AddressInUse"
		f.Why = "another program listens there: perhaps another gatehouse, or LocalStack, which has the same default port"
		if _, port, err := net.SplitHostPort(addr); err == nil {
			f.Why += " (see: ss -ltnp 'sport = :" + port + "')"
		}
		f.Do = "stop that program, or choose another address with " + setting + "; port 0 takes any free one"
	case errors.Is(err, syscall.EACCES):
		f.Do = "ports below 1024 need CAP_NET_BIND_SERVICE; grant it, or choose another address with " + setting
	}
	return nil, f
}

// setting names what chooses an address: a flag, or in serve a key.
func (w *world) setting(flag, key string) string {
	if w.Mode == "serve" {
		return key + " in gatehouse.yaml"
	}
	return flag + " HOST:PORT"
}

// reason is the innermost text of an error of package net.
func reason(err error) string {
	if op := (&net.OpError{}); errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

// local is where an API can be called on this machine, nil where path
// addresses are off.
func (w *world) local() func(gate.APIID) string {
	if !w.Conf.Data.PathAddresses {
		return nil
	}
	base := w.dataURL()
	if base == "" {
		return nil
	}
	return func(id gate.APIID) string { return base + gate.PathAddress + string(id) + "/" }
}

// dataURL is the URL of the first data listener.
func (w *world) dataURL() string {
	for i := range w.doors {
		if w.doors[i].Data {
			return w.doors[i].url()
		}
	}
	return ""
}

// controlURL is the URL of the first control listener.
func (w *world) controlURL() string {
	for i := range w.doors {
		if w.doors[i].Control {
			return w.doors[i].url()
		}
	}
	return ""
}

func (d *door) url() string {
	scheme := "http://"
	if d.TLS != nil {
		scheme = "https://"
	}
	return scheme + reachable(d.Addr())
}

// reachable is the address by which this machine reaches a listener: one on
// every interface is also on the loopback one.
func reachable(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil || !ap.Addr().IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(ap.Port())))
}
