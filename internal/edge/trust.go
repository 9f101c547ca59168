package edge

import (
	"net/netip"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// trusted reports whether a peer may say whom it speaks for.
func (s *listening) trusted(peer netip.Addr) bool { return within(s.Trust, peer) }

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// maxForwarded bounds the addresses of X-Forwarded-For that are looked at.
const maxForwarded = 32

// believe takes the client's address and scheme from what a trusted peer says.
// X-Forwarded-For is read from the right: each proxy appends whom it heard, so
// the first address that is not a trusted proxy's is the client. What stands
// to the left of it, anybody may have made up.
func believe(x *flow.Exchange, trust []netip.Prefix) {
	if proto, ok := x.In.Header.Lookup(field.XForwardedProto); ok {
		switch {
		case strings.EqualFold(proto, "https"):
			x.In.Scheme = "https"
		case strings.EqualFold(proto, "http"):
			x.In.Scheme = "http"
		}
	}
	lines := 0
	for range x.In.Header.Values("X-Forwarded-For") {
		lines++
	}
	// Several fields are one list, and the nearest proxy wrote the last.
	for hops := 0; lines > 0; lines-- {
		for line := nth(x, lines); line != ""; hops++ {
			var hop string
			if line, hop = cutLast(line); hops == maxForwarded || !believeHop(x, hop) || !within(trust, x.In.Source) {
				return
			}
		}
	}
}

// nth is the n-th X-Forwarded-For field.
func nth(x *flow.Exchange, n int) (line string) {
	for v := range x.In.Header.Values("X-Forwarded-For") {
		if n--; n == 0 {
			return v
		}
	}
	return ""
}

func cutLast(list string) (rest, last string) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], strings.TrimSpace(list[i+1:])
	}
	return "", strings.TrimSpace(list)
}

// believeHop takes an address, with or without a port, for the client. What is
// none ends the search: nothing to its left can be believed either.
func believeHop(x *flow.Exchange, hop string) bool {
	a, err := netip.ParseAddr(hop)
	if err != nil {
		ap, err := netip.ParseAddrPort(hop)
		if err != nil {
			return false
		}
		a = ap.Addr()
	}
	x.In.Source = a.Unmap()
	return true
}
