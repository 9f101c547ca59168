package wire

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A Guard keeps browsers' accidents away from control calls: any web page can make a browser send a request to 127.0.0.1, or to a
// name that was rebound to it. A call is refused with 403, before anything of it is decoded, unless it carries an AWS4-HMAC-SHA256
// Authorization (a page cannot send one without being asked for permission first), its Host is one that this gateway has, and its
// Origin, where it has one, is this gateway itself. It is immutable and may be used concurrently.
type Guard struct {
	Next http.Handler

	// Hosts are further names by which clients reach the gateway, without ports. Always allowed: localhost, *.localhost, IP literals,
	// and the host of PublicURL.
	Hosts []string
	// PublicURL is the address that the gateway has for others, such as https://gateway.example.com; "" where it has none.
	PublicURL string
	// Unsigned reports whether a call is one of the few that AWS defines without a signature. Host and Origin are checked all the
	// same. nil: none is.
	Unsigned func(*http.Request) bool
}

// ServeHTTP hands the call on or refuses it.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e := g.check(r); e != nil {
		e.refuse(w, r)
		return
	}
	g.Next.ServeHTTP(w, r)
}

func (g *Guard) check(r *http.Request) *Error {
	if !g.knows(hostOf(r.Host)) {
		return denied("The Host %q is not one of this gateway's. Call it by localhost, an IP address or its public URL, or add the name to the listener's hosts.", clip(r.Host))
	}
	for _, origin := range r.Header.Values("Origin") {
		if !g.own(origin, r.Host) {
			return denied("The Origin %q is another site. Control calls come from command lines and servers, or from this gateway's own pages.", clip(origin))
		}
	}
	if g.Unsigned != nil && len(r.Header.Values("Authorization")) == 0 && g.Unsigned(r) {
		return nil
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), algorithm+" ") {
		return unsigned()
	}
	return nil
}

// knows reports whether host, without port and brackets, is a name of this gateway.
func (g *Guard) knows(host string) bool {
	if host == "" {
		return false
	}
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host) != nil {
		return true
	}
	if u, err := url.Parse(g.PublicURL); err == nil && g.PublicURL != "" && strings.EqualFold(host, u.Hostname()) {
		return true
	}
	for _, h := range g.Hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// own reports whether origin is the page of the gateway itself: same host and port as the call, or the public URL. Another port of
// this machine is another program.
func (g *Guard) own(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false // "null" among others: a sandboxed page or a file
	}
	if strings.EqualFold(u.Host, host) {
		return true
	}
	p, err := url.Parse(g.PublicURL)
	return err == nil && p.Host != "" && u.Scheme == p.Scheme && strings.EqualFold(u.Host, p.Host)
}

// hostOf takes the port and the brackets of an IPv6 literal off a Host field.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	if h, ok := strings.CutPrefix(host, "["); ok && strings.HasSuffix(h, "]") {
		return strings.TrimSuffix(h, "]")
	}
	return host
}

func denied(format string, args ...any) *Error {
	return &Error{Type: typeAccessDenied, Status: http.StatusForbidden, Message: fmt.Sprintf(format, args...)}
}
