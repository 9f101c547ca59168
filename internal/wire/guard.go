package wire

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A Guard keeps accidents away from control calls: any web page can make a browser send a request to 127.0.0.1, or to a name that was
// rebound to it, and an integration can point at the gateway itself. A call is refused with 403, before anything of it is decoded,
// unless it carries an AWS4-HMAC-SHA256 Authorization (a page cannot send one without being asked for permission first), its Host is
// one that this gateway has, no web page sent it, and it did not come through an API gateway. It is immutable and may be used
// concurrently.
//
// The gateway's own Origin is refused like any other: where one listener serves both planes, as in development, a page of any backend
// that is proxied there has that Origin too, and could edit every API. The console will get in by a listener of its own, which serves
// no backend and so is an origin that no other page can have: its Guard is to allow that one Origin.
type Guard struct {
	Next http.Handler

	// Hosts are further names by which clients reach the gateway, without ports. Always allowed: localhost, *.localhost, IP literals,
	// and the host of PublicURL.
	Hosts []string
	// PublicURL is the address that the gateway has for others, such as https://gateway.example.com; "" where it has none.
	PublicURL string
	// Unsigned reports whether a call is one of the few that AWS defines without a signature. All else is checked all the same. nil:
	// none is.
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
	if e := fromPage(r.Header); e != nil {
		return e
	}
	for _, via := range r.Header.Values("Via") {
		if strings.Contains(strings.ToLower(via), viaName) {
			return denied("The call came through an API gateway (Via %q): the URI of an integration points at this gateway's control listener. Point it at a backend, and send control calls to the listener itself.", clip(via))
		}
	}
	if api := r.Header.Values(apiName); len(api) > 0 {
		return denied("The call came through REST API %q (X-Amzn-Apigateway-Api-Id): the URI of an integration points at this gateway's control listener. Point it at a backend, and send control calls to the listener itself.", clip(api[0]))
	}
	if g.Unsigned != nil && len(r.Header.Values("Authorization")) == 0 && g.Unsigned(r) {
		return nil
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), algorithm+" ") {
		return unsigned()
	}
	return nil
}

// viaName is, in lower case, what API gateways of this kind add to the Via of each request that they send to a backend.
const viaName = "amazonapigateway"

// apiName is the field by which REST APIs tell a backend which of them calls: they send no Via, and no mapping can set or remove this.
const apiName = "X-Amzn-Apigateway-Api-Id"

// fromPage refuses what a web page sent. Browsers send Origin with whatever may change something, but none when a page reads from its
// own origin; Sec-Fetch-Site (Fetch Metadata) tells those too, and is "none" for an address that a person typed.
func fromPage(h http.Header) *Error {
	const instead = "was sent by a web page, and no page may make control calls, those of this gateway's backends included. Use a command line or a server program, which send no such header."
	if v := h.Values("Origin"); len(v) > 0 {
		return denied("The call with the Origin %q "+instead, clip(v[0]))
	}
	for _, site := range h.Values("Sec-Fetch-Site") {
		if site != "none" {
			return denied("The call with Sec-Fetch-Site %q "+instead, clip(site))
		}
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
