package logs

import (
	"strings"

	"gatehouse/internal/observe"
)

// masked stands for the value of a query parameter that may be a secret.
const masked = observe.Masked

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
	if !found || !observe.SecretParameter(name) {
		return appendEscaped(dst, pair)
	}
	dst = append(append(appendEscaped(dst, name), '='), masked...)
	if n := len(value); n > 0 && strings.IndexByte("&;? \"", value[n-1]) >= 0 {
		dst = appendEscaped(dst, value[n-1:])
	}
	return dst
}

// cutUser appends the part of s up to and with "scheme://" and a mask, where
// user information follows, and returns the rest.
func cutUser(s string, dst []byte) (rest string, _ []byte) {
	head, rest := observe.CutUser(s)
	if head != "" {
		dst = append(appendEscaped(dst, head), masked...)
	}
	return rest, dst
}
