package observe

import "strings"

// Masked stands for a value that is nobody's to read: in logs, in traces and
// in explanations.
const Masked = "***"

// SecretField reports whether the values of a header field of that name, in
// any case, are secrets: they are shown nowhere. Beside the fields that are known
// to hold one that is every field whose name looks like it, by SecretParameter.
func SecretField(name string) bool {
	switch len(name) {
	case len("cookie"):
		if strings.EqualFold(name, "cookie") {
			return true
		}
	case len("set-cookie"):
		if strings.EqualFold(name, "set-cookie") {
			return true
		}
	case len("proxy-authorization"):
		if strings.EqualFold(name, "proxy-authorization") {
			return true
		}
	case len("access-control-allow-credentials"):
		if strings.EqualFold(name, "access-control-allow-credentials") {
			return false // true or nothing: Fetch standard
		}
	}
	return SecretParameter(name)
}

// AppendField appends the value of a header field as it may be shown: the value
// of a secret field not at all, and a URL without what AppendMasked takes out.
func AppendField(dst []byte, name, value string) []byte {
	switch {
	case SecretField(name):
		return append(dst, Masked...)
	case strings.EqualFold(name, "referer") || strings.EqualFold(name, "location"):
		return AppendMasked(dst, value)
	}
	return append(dst, value...)
}

// secretParts make a parameter's name a secret's name wherever they stand in
// it: "api_key", "X-Amz-Signature", "access_token", "clientSecret".
var secretParts = [...]string{
	"token", "key", "secret", "passw", "passphrase", "signature", "credential", "session",
}

// secretNames are too short to be looked for inside other names.
var secretNames = [...]string{"auth", "authorization", "code", "jwt", "pass", "pin", "pwd", "sid", "sig"}

// longestName is the length up to which a name is looked at; longer ones are
// taken for secrets' unseen.
const longestName = 128

// SecretParameter reports whether a query parameter of that name,
// percent-encoded as sent, holds a secret by the look of it.
func SecretParameter(name string) bool {
	if len(name) > longestName {
		return true
	}
	var buf [longestName]byte
	plain := fold(buf[:0], name)
	for _, part := range secretParts {
		if contains(plain, part) {
			return true
		}
	}
	for _, whole := range secretNames {
		if string(plain) == whole {
			return true
		}
	}
	return false
}

// AppendMasked appends s, a request target or a text that quotes one, without
// the values of parameters that look like secrets, and without the user
// information of a URL.
func AppendMasked(dst []byte, s string) []byte {
	head, s := CutUser(s)
	if head != "" {
		dst = append(append(dst, head...), Masked...)
	}
	at := strings.IndexByte(s, '?')
	if at < 0 {
		return append(dst, s...)
	}
	return AppendMaskedQuery(append(dst, s[:at+1]...), s[at+1:])
}

// AppendMaskedQuery is AppendMasked for what stands behind the "?".
func AppendMaskedQuery(dst []byte, s string) []byte {
	for s != "" {
		end := strings.IndexAny(s, "&;? \"")
		if end < 0 {
			end = len(s) - 1
		}
		pair, stop := s[:end+1], ""
		s = s[end+1:]
		name, value, found := strings.Cut(pair, "=")
		if !found || !SecretParameter(name) {
			dst = append(dst, pair...)
			continue
		}
		if n := len(value); n > 0 && strings.IndexByte("&;? \"", value[n-1]) >= 0 {
			stop = value[n-1:]
		}
		dst = append(append(append(append(dst, name...), '='), Masked...), stop...)
	}
	return dst
}

// CutUser splits s behind "scheme://" and before the "@" where user
// information stands between them; head is empty where there is none. RFC 9110
// section 4.2.4 has a recipient treat such a target as an error, but nothing
// that is kept may hold it.
func CutUser(s string) (head, rest string) {
	at := strings.Index(s, "://")
	if at < 0 {
		return "", s
	}
	authority := s[at+3:]
	if end := strings.IndexAny(authority, "/? \""); end >= 0 {
		authority = authority[:end]
	}
	user := strings.LastIndexByte(authority, '@')
	if user < 0 {
		return "", s
	}
	return s[:at+3], s[at+3+user:]
}

// fold appends name decoded and in lower case: a backend that decodes %74oken
// reads "token".
func fold(dst []byte, name string) []byte {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '%' && i+2 < len(name) {
			if hi, lo := unhex(name[i+1]), unhex(name[i+2]); hi < 16 && lo < 16 {
				c = hi<<4 | lo
				i += 2
			}
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

// contains is strings.Contains for bytes on the stack and a short part.
func contains(s []byte, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if string(s[i:i+len(part)]) == part {
			return true
		}
	}
	return false
}
