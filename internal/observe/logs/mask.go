package logs

import "strings"

// masked stands for the value of a query parameter that may be a secret.
const masked = "***"

// secretParts make a parameter's name a secret's name wherever they stand in
// it: "api_key", "X-Amz-Signature", "access_token", "clientSecret".
var secretParts = [...]string{
	"token", "key", "secret", "passw", "passphrase", "signature", "credential", "session",
}

// secretNames are too short to be looked for inside other names.
var secretNames = [...]string{"auth", "authorization", "code", "jwt", "pass", "pin", "pwd", "sid", "sig"}

// longestName is the length up to which a name is looked at; the values of
// longer ones are masked unseen.
const longestName = 128

// appendMasked appends s, a request target or a text that quotes one, escaped
// for JSON and without the values of parameters that look like secrets, and
// without the user information of a URL.
func appendMasked(dst []byte, s string) []byte {
	s, dst = cutUser(s, dst)
	at := strings.IndexByte(s, '?')
	if at < 0 {
		return appendEscaped(dst, s)
	}
	dst = appendEscaped(dst, s[:at+1])
	for s = s[at+1:]; s != ""; {
		end := strings.IndexAny(s, "&;? \"")
		if end < 0 {
			end = len(s) - 1
		}
		dst = appendPair(dst, s[:end+1])
		s = s[end+1:]
	}
	return dst
}

// appendPair appends name=value and the separator behind it, if any.
func appendPair(dst []byte, pair string) []byte {
	name, value, found := strings.Cut(pair, "=")
	if !found || !secret(name) {
		return appendEscaped(dst, pair)
	}
	dst = append(append(appendEscaped(dst, name), '='), masked...)
	if n := len(value); n > 0 && strings.IndexByte("&;? \"", value[n-1]) >= 0 {
		dst = appendEscaped(dst, value[n-1:])
	}
	return dst
}

// cutUser appends the part of s up to and with "scheme://" and a mask, where
// user information follows, and returns the rest. RFC 9110 section 4.2.4 has
// a recipient treat such a target as an error, but the log must not keep it.
func cutUser(s string, dst []byte) (rest string, _ []byte) {
	at := strings.Index(s, "://")
	if at < 0 {
		return s, dst
	}
	authority := s[at+3:]
	if end := strings.IndexAny(authority, "/? \""); end >= 0 {
		authority = authority[:end]
	}
	user := strings.LastIndexByte(authority, '@')
	if user < 0 {
		return s, dst
	}
	dst = append(appendEscaped(dst, s[:at+3]), masked...)
	return s[at+3+user:], dst
}

// secret reports whether a parameter of that name, percent-encoded as sent,
// holds a secret by the look of it.
func secret(name string) bool {
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
