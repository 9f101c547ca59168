package integrate

import (
	"net/netip"
	"strconv"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// Who a request came from and by which way, in the two forms that backends
// read. What the client says of it goes before what we know, and only where no
// reader can take it for more than it is: a quote that is never closed would
// swallow the element of ours.

// appendForwarded writes one Forwarded field: what came before, then an
// element of ours. Where the client sent none that can be kept, its
// X-Forwarded-For stands for what came before.
func appendForwarded(b []byte, x *flow.Exchange, s *seen) []byte {
	b = append(b, "Forwarded: "...)
	from := len(b)
	if s.forwarded {
		b = appendSound(b, &x.In.Header)
	}
	if s.forwardedFor && len(b) == from {
		b = appendHops(b, &x.In.Header, appendElement)
	}
	if by := x.In.Listen.Addr(); by.IsValid() {
		b = append(b, "by="...)
		b = appendNode(b, by)
		b = append(b, ';')
	}
	b = append(b, "for="...)
	b = appendNode(b, x.In.Source)
	b = append(b, ";host="...)
	b = appendText(b, x.In.Host)
	b = append(b, ";proto="...)
	b = append(b, x.In.Scheme...)
	return append(b, "\r\n"...)
}

// appendXForwarded writes the older fields of the same meaning, those that no
// mapping has written. Port and proto are those that the client used, whatever
// it says of them itself.
func appendXForwarded(b []byte, x *flow.Exchange, s *seen) []byte {
	if !s.source {
		b = append(b, "X-Forwarded-For: "...)
		b = append(appendSource(b, x, s), "\r\n"...)
	}
	if !s.port {
		b = append(b, "X-Forwarded-Port: "...)
		b = append(appendPort(b, x), "\r\n"...)
	}
	if !s.proto {
		b = append(b, "X-Forwarded-Proto: "...)
		b = append(append(b, x.In.Scheme...), "\r\n"...)
	}
	return b
}

// appendSource writes who the request came from, behind those before.
func appendSource(b []byte, x *flow.Exchange, s *seen) []byte {
	if s.forwardedFor {
		b = appendHops(b, &x.In.Header, func(b []byte, h hop) []byte { return append(b, h.text...) })
	}
	if !x.In.Source.IsValid() {
		return append(b, unknown...)
	}
	return x.In.Source.AppendTo(b)
}

// appendSound writes the Forwarded fields that are well formed each by itself,
// with a comma behind each.
func appendSound(b []byte, l *field.List) []byte {
	for i := range l.Len() {
		if id, _, value, ok := l.At(i); ok && id == field.Forwarded && forwarded(value) {
			b = append(b, value...)
			b = append(b, ", "...)
		}
	}
	return b
}

// forwarded reports whether a value is a list of elements after RFC 7239
// section 4, of which at least one says something. Blanks stand around commas
// only; empty elements are no matter (RFC 9110 section 5.6.1.2).
func forwarded(v string) (some bool) {
	for {
		v = strings.TrimLeft(v, " \t")
		for {
			n := pair(v)
			if n < 0 {
				return false
			}
			some = some || n > 0
			if v = v[n:]; v == "" || v[0] != ';' {
				break
			}
			v = v[1:]
		}
		if v = strings.TrimLeft(v, " \t"); v == "" {
			return some
		}
		if v[0] != ',' {
			return false
		}
		v = v[1:]
	}
}

// pair is the length of the token=value at the front of v: 0, there is no
// name; -1, there is no value.
func pair(v string) int {
	name := token(v)
	if name == 0 {
		return 0
	}
	if name == len(v) || v[name] != '=' {
		return -1
	}
	from := name + 1
	n := token(v[from:])
	if n == 0 {
		n = quoted(v[from:])
	}
	if n == 0 {
		return -1
	}
	return from + n
}

// token is the length of the token at the front of v: RFC 9110 section 5.6.2.
func token(v string) (n int) {
	for n < len(v) && tokenByte[v[n]] {
		n++
	}
	return n
}

// tokenByte tells the bytes of a token.
var tokenByte = func() (t [256]bool) {
	for c := range t {
		t[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()

// quoted is the length of the quoted string at the front of v, 0 where it is
// none or does not end: RFC 9110 section 5.6.4.
func quoted(v string) int {
	if v == "" || v[0] != '"' {
		return 0
	}
	for i := 1; i < len(v); i++ {
		c := v[i]
		if c == '"' {
			return i + 1
		}
		if c == '\\' {
			if i++; i == len(v) {
				return 0
			}
			c = v[i]
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return 0
		}
	}
	return 0
}

// A hop is an element of X-Forwarded-For: an address, with a port where that
// is not 0, or nothing but "unknown".
type hop struct {
	text string
	at   netip.AddrPort
}

// unknown is how a proxy says that it does not know whom it speaks for.
const unknown = "unknown"

// appendHops writes the elements of X-Forwarded-For that are addresses, each
// with a comma behind it. No RFC says what else may stand there.
func appendHops(b []byte, l *field.List, write func([]byte, hop) []byte) []byte {
	for i := range l.Len() {
		id, _, value, ok := l.At(i)
		for ok && id == field.XForwardedFor && value != "" {
			var one string
			if one, value = cutOption(value); one == "" {
				continue
			}
			if h, ok := parseHop(one); ok {
				b = append(write(b, h), ", "...)
			}
		}
	}
	return b
}

// parseHop reads an address as proxies write it: with or without a port, and
// of IPv6 with or without brackets.
func parseHop(s string) (h hop, ok bool) {
	h.text = s
	if field.Equal(s, unknown) {
		return h, true
	}
	if strings.Trim(s, "0123456789abcdefABCDEF.:[]") != "" {
		return h, false // a zone or a sign; and the parsers' errors allocate
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > 0 && (s[i-1] == ']' || strings.IndexByte(s, ':') == i) {
		host, port = s[:i], s[i+1:]
		if port == "" {
			return h, false
		}
	}
	bare, opened := strings.CutPrefix(host, "[")
	bare, closed := strings.CutSuffix(bare, "]")
	a, err := netip.ParseAddr(bare)
	if err != nil || opened != closed || opened && !a.Is6() {
		return h, false
	}
	n, ok := portNumber(port)
	if port != "" && !ok {
		return h, false
	}
	h.at = netip.AddrPortFrom(a, n)
	return h, true
}

// appendElement writes a hop as an element of Forwarded: RFC 7239 section 6.
func appendElement(b []byte, h hop) []byte {
	b = append(b, "for="...)
	if h.at.Port() == 0 {
		return appendNode(b, h.at.Addr())
	}
	b = append(b, '"')
	b = h.at.AppendTo(b)
	return append(b, '"')
}

// appendNode writes an address as RFC 7239 section 6 wants it.
func appendNode(b []byte, ip netip.Addr) []byte {
	switch {
	case !ip.IsValid():
		return append(b, unknown...)
	case ip.Is6() && !ip.Is4In6():
		b = append(b, `"[`...)
		b = ip.WithZone("").AppendTo(b)
		return append(b, `]"`...)
	}
	return ip.Unmap().AppendTo(b)
}

// appendText writes a token, or a quoted string where it is none: RFC 7239
// section 4.
func appendText(b []byte, s string) []byte {
	if s != "" && token(s) == len(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// appendPort writes the port that the client connected to: the one in its
// Host where that can be one, or that of the scheme.
func appendPort(b []byte, x *flow.Exchange) []byte {
	host := x.In.Host
	// Of several colons outside of brackets none begins a port.
	if i := strings.LastIndexByte(host, ':'); i > 0 && (host[i-1] == ']' || strings.IndexByte(host, ':') == i) {
		if n, ok := portNumber(host[i+1:]); ok {
			return strconv.AppendUint(b, uint64(n), 10)
		}
	}
	if x.In.Scheme == "https" {
		return append(b, "443"...)
	}
	return append(b, "80"...)
}

// portNumber reads a port from 1 to 65535.
func portNumber(s string) (port uint16, ok bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if n = n*10 + int(s[i]-'0'); n > 0xffff {
			return 0, false
		}
	}
	return uint16(n), n > 0
}
