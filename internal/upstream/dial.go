package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"gatehouse/internal/h1"
)

// A dialer opens connections to one target: it resolves, tries the addresses
// in turn and shakes hands.
type dialer struct {
	addresses
	port   uint16
	tls    *tls.Config // nil: plaintext
	client *h1.ClientOptions
}

func (d *dialer) init(p *Pools, a Address) {
	d.port, d.client = a.Port, &h1.ClientOptions{Limits: p.o.Limits}
	d.addresses.init(p, a.Host)
	if a.Secure {
		name := a.ServerName
		if name == "" {
			name = a.Host
		}
		d.tls = &tls.Config{
			ServerName: name,
			RootCAs:    p.o.Roots,
			MinVersion: tls.VersionTLS12,
			// HTTP/1.1 only: a backend that would choose HTTP/2 must be told.
			NextProtos:         []string{"http/1.1"},
			ClientSessionCache: tls.NewLRUClientSessionCache(32),
			InsecureSkipVerify: a.Unverified,
		}
		if a.Certificate != "" {
			d.tls.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return p.certificate(a.Certificate)
			}
		}
	}
}

// A connectError says that no connection came about.
type connectError struct {
	secure bool // TCP stood, TLS failed
	err    error
}

func (e *connectError) Error() string { return e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// leastTry is the least time that one address gets when several share what
// is left, so that a long list does not become a row of certain failures.
const leastTry = 500 * time.Millisecond

// dial opens a connection to the first address that lets it. The place under
// the cap is reserved already.
func (t *Target) dial(by time.Time) (*conn, error) {
	until := time.Now().Add(t.pools.o.connectTimeout())
	if !by.IsZero() && by.Before(until) {
		until = by
	}
	ctx, cancel := context.WithDeadline(t.pools.ctx, until)
	defer cancel()
	list, gen, err := t.lookup(ctx)
	if err != nil {
		return nil, &connectError{err: fmt.Errorf("resolve %s: %w", t.host, err)}
	}
	var failed error
	for i, ip := range list {
		c, err := t.try(ctx, ip, until, len(list)-i)
		t.remember(ip, err)
		if err == nil {
			c.gen = gen
			return c, nil
		}
		if failed == nil || !isTimeout(err) {
			failed = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// try opens a connection to one address within its share of the time.
func (t *Target) try(ctx context.Context, ip netip.Addr, until time.Time, left int) (*conn, error) {
	if share := max(time.Until(until)/time.Duration(left), leastTry); left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	to := netip.AddrPortFrom(ip, t.port)
	raw, err := t.pools.o.Dial(ctx, to)
	if err != nil {
		return nil, &connectError{err: fmt.Errorf("connect to %s: %w", to, err)}
	}
	c := &conn{timed: h1.NewTimed(raw), to: to, text: to.String()}
	c.nc = c.timed
	if err := c.look.open(raw); err != nil {
		raw.Close()
		return nil, &connectError{err: fmt.Errorf("connect to %s: %w", to, err)}
	}
	if t.tls != nil {
		secure := tls.Client(c.timed, t.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, &connectError{secure: true, err: fmt.Errorf("tls handshake with %s as %q: %w", to, t.tls.ServerName, err)}
		}
		c.nc = secure
	}
	c.h1 = h1.NewClientConn(c.nc, t.client)
	return c, nil
}

// isTimeout reports whether an operation ended for its deadline.
func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// order puts the addresses in the order in which to try them: round robin, and
// those that failed a moment ago last.
func order(list []netip.Addr, first int, failed func(netip.Addr) bool) []netip.Addr {
	if len(list) < 2 {
		return list
	}
	turned := slices.Concat(list[first%len(list):], list[:first%len(list)])
	slices.SortStableFunc(turned, func(a, b netip.Addr) int {
		switch fa, fb := failed(a), failed(b); {
		case fa == fb:
			return 0
		case fa:
			return 1
		}
		return -1
	})
	return turned
}

// literal reads an IP address as the host of a URL may spell it.
func literal(host string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return ip, err == nil
}
