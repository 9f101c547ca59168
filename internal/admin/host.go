package admin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard lets only requests through that name this server as its operator
// would: by address, as localhost, or by a configured name. A web page that
// had its own name resolve to 127.0.0.1 (DNS rebinding) would otherwise read
// the answers through its visitor's browser.
func guard(hosts []string, next http.Handler) http.Handler {
	known := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		known[hostname(h)] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if name := hostname(r.Host); !known[name] && !local(name) {
			say(w, http.StatusForbidden, "this name is not one of the admin listener: use its address, or add the name to its hosts\n")
			return
		}
		// A page cannot read a foreign answer, but it could have the gateway work
		// for it, unseen: a profile costs processor time. A link that a person
		// follows is let through.
		if r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Dest") != "document" {
			say(w, http.StatusForbidden, "requests from other web sites are refused\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostname is a Host without port, brackets, final dot and capitals.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// local reports whether a name needs no DNS: an address, or localhost and what
// is below it (RFC 6761 section 6.3). An HTTP/1.0 probe without Host comes from
// no browser.
func local(name string) bool {
	if name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}
