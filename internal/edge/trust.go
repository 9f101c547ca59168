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
	var last string
	for v := range x.In.Header.Values("X-Forwarded-For") {
		last = v // several fields are one list; the nearest proxy wrote the last
	}
	for range maxForwarded {
		rest, hop := "", last
		if i := strings.LastIndexByte(last, ','); i >= 0 {
			rest, hop = last[:i], last[i+1:]
		}
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return // not an address: nothing to its left can be believed either
		}
		x.In.Source = a.Unmap()
		if rest == "" || !within(trust, x.In.Source) {
			return
		}
		last = rest
	}
}
