package sigv4

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// UnsignedPayload stands for a payload whose bytes the signature does not cover.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

// HashPayload is the payload hash of a body that is at hand; the empty body has one too.
func HashPayload(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// canonical is a request as both ends write it down.
type canonical struct {
	method  string
	path    string // escaped
	query   string
	fields  string // each signed field as name:value and a newline, by name
	signed  string // their names, joined by semicolons
	payload string // hash of the body, or UnsignedPayload
}

func (c canonical) String() string {
	return strings.Join([]string{c.method, c.path, c.query, c.fields, c.signed, c.payload}, "\n")
}

// canonicalize writes r down with the signed fields named in lower case. The path is escaped once more unless the service is S3,
// which alone signs the path as it is sent.
func canonicalize(r *http.Request, signed []string, service, payload string) (canonical, error) {
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return canonical{}, err
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	if service != "s3" {
		path = escape(path, '/')
	}
	signed = slices.Clone(signed)
	slices.Sort(signed)
	return canonical{r.Method, path, query, canonicalFields(r, signed), strings.Join(signed, ";"), payload}, nil
}

// canonicalQuery escapes each key and value anew and sorts the pairs afterwards: "a/b" stands before "a-b" escaped, and after it
// unescaped.
func canonicalQuery(raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", fmt.Errorf("canonical query: %q: %w", raw, err)
	}
	type pair struct{ key, value string }
	var pairs []pair
	for key, list := range values {
		for _, value := range list {
			pairs = append(pairs, pair{escape(key, 0), escape(value, 0)})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
	})
	var out strings.Builder
	for i, p := range pairs {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(p.key + "=" + p.value)
	}
	return out.String(), nil
}

// canonicalFields writes the named fields, one a line. Values of one name are joined by commas in their order; blanks around a value
// are dropped, and runs of blanks inside it become one.
func canonicalFields(r *http.Request, signed []string) string {
	byName := map[string][]string{}
	for _, name := range sortedNames(r.Header) {
		lower := strings.ToLower(name)
		byName[lower] = append(byName[lower], r.Header[name]...)
	}
	// net/http keeps these two out of Header.
	byName["host"] = []string{hostOf(r)}
	if r.ContentLength > 0 {
		byName["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	var out strings.Builder
	for _, name := range signed {
		out.WriteString(name + ":")
		for i, value := range byName[name] {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(squeeze(value))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// sortedNames keeps two spellings of one name in a stable order.
func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func squeeze(s string) string {
	s = strings.TrimSpace(s)
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	return s
}

// hostOf is the Host that goes out: what the request says, else its URL, without the scheme's own port.
func hostOf(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	switch strings.ToLower(r.URL.Scheme) {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// escape percent-encodes all but the unreserved characters of RFC 3986 and keep, with upper-case digits. net/url's escaping differs.
func escape(s string, keep byte) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~', c == keep && keep != 0:
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return out.String()
}
