package integrate

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/route"
	"gatehouse/internal/upstream"
)

// An endpoint is an integration URI once it was parsed: where to connect, and
// what to ask for.
type endpoint struct {
	address upstream.Address
	host    string // the Host field: without the scheme's own port
	path    []part // begins with "/"
	query   []part // empty: none
}

// A part of a template is literal text or, behind a brace, the name of a path
// parameter: no literal has one. Both are views of the template, since a plan
// holds very many.
type part string

// param is the name of the parameter whose value the part is.
func (t part) param() (name string, ok bool) { return strings.CutPrefix(string(t), "{") }

// parseEndpoint reads the URI of an integration for a route that binds those
// parameters. Whatever it lets through is fit for a request line.
func parseEndpoint(uri string, params []string) (e endpoint, err error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	switch {
	case ok && strings.EqualFold(scheme, "http"):
	case ok && strings.EqualFold(scheme, "https"):
		e.address.Secure = true
	default:
		return e, fmt.Errorf("it begins with http:// or https://")
	}
	authority, rest := cutAny(rest, "/?#")
	if err := e.authority(authority); err != nil {
		return e, err
	}
	path, query := cutAny(rest, "?#")
	if strings.Contains(rest, "#") {
		return e, fmt.Errorf("a fragment (#) never reaches a backend; leave it out")
	}
	if path == "" {
		path = "/"
	}
	if e.path, err = parseTemplate(path, params, pathByte); err != nil {
		return e, fmt.Errorf("path: %w", err)
	}
	if e.query, err = parseTemplate(strings.TrimPrefix(query, "?"), params, queryByte); err != nil {
		return e, fmt.Errorf("query: %w", err)
	}
	return e, nil
}

// CheckURI says why no route could be served by that URI, in one sentence that
// does not repeat it; nil: a route can that binds the parameters in it, at a
// stage with the right variables where some stand in it.
func CheckURI(uri string) error {
	params := routeParams(sample(uri, "x"))
	slices.Sort(params)
	if params = slices.Compact(params); len(params) > route.MaxParams {
		return fmt.Errorf("it has %d parameters, and no route has more than %d", len(params), route.MaxParams)
	}
	for _, name := range params {
		if _, err := route.Names("/{" + name + "}"); err != nil {
			return fmt.Errorf("%.80q: braces hold the name of a path parameter", "{"+name+"}")
		}
	}
	return checkStaged(uri, params)
}

// CheckHost says why a certificate cannot be verified for that name, or why no
// backend has it; nil: it is a host name or address.
func CheckHost(name string) error {
	_, err := checkHost(strings.ToLower(name))
	return err
}

// cutAny cuts s before the first of the bytes.
func cutAny(s, bytes string) (before, after string) {
	if i := strings.IndexAny(s, bytes); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// authority reads host and port.
func (e *endpoint) authority(s string) error {
	if strings.Contains(s, "@") {
		return fmt.Errorf("a URI must not carry credentials; send them in a header")
	}
	if strings.ContainsAny(s, "{}") {
		return fmt.Errorf("host %.80q: a path parameter cannot choose the backend", s)
	}
	host, port := s, ""
	if strings.HasPrefix(s, "[") && !strings.Contains(s, "]") {
		return fmt.Errorf("host %.80q: an IPv6 address stands in brackets, as in [::1]", s)
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if port == "" {
			return fmt.Errorf("port is missing behind %.80q", s)
		}
	}
	number := uint64(80)
	if e.address.Secure {
		number = 443
	}
	standard := number
	if port != "" {
		var err error
		if number, err = strconv.ParseUint(port, 10, 16); err != nil || number == 0 || port[0] == '+' {
			return fmt.Errorf("port %.80q is not a number from 1 to 65535", port)
		}
	}
	host = strings.ToLower(host)
	bare, err := checkHost(host)
	if err != nil {
		return err
	}
	e.address.Host, e.address.Port = bare, uint16(number)
	if e.host = host; number != standard {
		e.host += ":" + strconv.FormatUint(number, 10)
	}
	if e.host == s {
		e.host = s // the URI is kept anyway, and most are written like this
	}
	return nil
}

// checkHost takes a name, an IPv4 address or a bracketed IPv6 address, and
// returns it without brackets. Spellings that only some resolvers take for an
// address (127.1, 0x7f000001) are refused.
func checkHost(host string) (bare string, err error) {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		if !ok || err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", fmt.Errorf("host %.80q is no IPv6 address in brackets", host)
		}
		return ip.String(), nil
	}
	if host == "" || len(host) > 253 {
		return "", fmt.Errorf("host %.80q: a name of 1 to 253 characters is needed", host)
	}
	for _, c := range host {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		case c >= utf8.RuneSelf:
			return "", fmt.Errorf("host %.80q: %q cannot be in a host name: write it in its xn-- form", host, c)
		default:
			return "", fmt.Errorf("host %.80q: %q cannot be in a host name", host, c)
		}
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 {
			return "", fmt.Errorf("host %.80q: a label is empty or longer than 63 characters", host)
		}
	}
	if last := labels[len(labels)-1]; '0' <= last[0] && last[0] <= '9' {
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is4() {
			return "", fmt.Errorf("host %.80q is no IPv4 address in four decimal parts", host)
		}
	}
	return host, nil
}

// parseTemplate cuts text at {name}. Literal bytes are those of RFC 3986;
// anything else has to be percent-encoded by whoever wrote it.
func parseTemplate(s string, params []string, allowed func(byte) bool) (list []part, err error) {
	for s != "" {
		i := strings.IndexAny(s, "{}")
		literal := s
		if i >= 0 {
			literal = s[:i]
		}
		if err := checkLiteral(literal, allowed); err != nil {
			return nil, err
		}
		if literal != "" {
			list = append(list, part(literal))
		}
		if i < 0 {
			break
		}
		name, rest, err := cutParam(s[i:], params)
		if err != nil {
			return nil, err
		}
		list = append(list, part(s[i:i+len("{")+len(name)]))
		s = rest
	}
	return list, nil
}

// cutParam reads "{name}" at the front of s.
func cutParam(s string, params []string) (name, rest string, err error) {
	end := strings.IndexByte(s, '}')
	if s[0] != '{' || end < 0 {
		return "", "", fmt.Errorf("%.80q: a brace without its partner", s)
	}
	name = s[1:end]
	for _, p := range params {
		if p == name {
			return name, s[end+1:], nil
		}
	}
	if bare, ok := strings.CutSuffix(name, "+"); ok {
		return "", "", fmt.Errorf("{%s}: write {%s}; the + belongs to the route key only", name, bare)
	}
	return "", "", fmt.Errorf("{%s} is no parameter of the route, which has %v", name, params)
}

func checkLiteral(s string, allowed func(byte) bool) error {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) || !hexByte(s[i+1]) || !hexByte(s[i+2]) {
				return fmt.Errorf("%.3q: %% is not followed by two hexadecimal digits", s[i:])
			}
			continue
		}
		if !allowed(c) {
			r, size := utf8.DecodeRuneInString(s[i:])
			return fmt.Errorf("%q has to be percent-encoded, as %s", r, percent(s[i:i+size]))
		}
	}
	return nil
}

// percent encodes all of s.
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func hexByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// pathByte reports whether a byte may stand in a path: RFC 3986 section 3.3.
func pathByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~!$&'()*+,;=:@/", c) >= 0
}

// queryByte adds what a query may hold, and the brackets that many write there
// although RFC 3986 section 3.4 leaves them out.
func queryByte(c byte) bool { return pathByte(c) || c == '?' || c == '[' || c == ']' }

// routeParams are the names of the parameters that a route key binds.
func routeParams(key string) (names []string) {
	for {
		_, rest, ok := strings.Cut(key, "{")
		if !ok {
			return names
		}
		name, rest, ok := strings.Cut(rest, "}")
		if !ok {
			return names
		}
		names = append(names, strings.TrimSuffix(name, "+"))
		key = rest
	}
}

// appendPath writes a template with the values as they stand in the request.
func appendPath(dst []byte, list []part, p *route.Params) []byte {
	for i := range list {
		name, ok := list[i].param()
		if !ok {
			dst = append(dst, list[i]...)
			continue
		}
		v, _ := p.Value(name)
		dst = append(dst, v...)
	}
	return dst
}

// appendQuery is appendPath for a query, where a value must not be able to add
// parameters of its own: what separates them is encoded.
func appendQuery(dst []byte, list []part, p *route.Params) []byte {
	for i := range list {
		name, ok := list[i].param()
		if !ok {
			dst = append(dst, list[i]...)
			continue
		}
		v, _ := p.Value(name)
		for _, c := range []byte(v) {
			switch c {
			case '&', '=', '+', ';', '#':
				dst = append(dst, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
			default:
				dst = append(dst, c)
			}
		}
	}
	return dst
}
