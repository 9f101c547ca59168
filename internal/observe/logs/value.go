package logs

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// fix makes dst[start:], a value as it is, fit for its place, and short enough
// that dst stays within limit. tmp is scratch memory.
func (p place) fix(dst, tmp []byte, start, limit int) (fixed, scratch []byte) {
	if p.clean(dst[start:]) && len(dst) <= limit {
		return dst, tmp
	}
	tmp = append(tmp[:0], dst[start:]...)
	raw := unsafe.String(unsafe.SliceData(tmp), len(tmp)) // tmp rests until fix returns

	if start+len(raw) <= limit { // or no escape could make it fit
		if dst = p.escape(dst[:start], raw, ""); len(dst) <= limit {
			return dst, tmp
		}
	}
	// Six is what a byte may need at most, and a character reference of XML.
	room := max(limit-start-len(ellipsis)-len(`""`), 0)
	head, _ := cut(raw, min(room/6, len(raw)))
	return p.escape(dst[:start], head, ellipsis), tmp
}

const ellipsis = "..."

// clean reports a value that may stand as it is.
func (p place) clean(v []byte) bool {
	special := byte('"')
	switch p {
	case inText, inJSON:
		if isJSONValue(v, p == inText) {
			return true
		}
		if p == inJSON {
			return false
		}
	case inXML:
		for _, c := range v {
			if !plain[c] || c == '<' || c == '>' || c == '&' || c == '\'' {
				return false
			}
		}
		return true
	case inCSV:
		special = ','
	}
	for _, c := range v {
		if !plain[c] || c == special {
			return false
		}
	}
	return true
}

// escape appends a value, cut if more is not empty, as its place wants it.
func (p place) escape(dst []byte, v, more string) []byte {
	switch p {
	case inJSON:
		return append(append(appendEscaped(append(dst, '"'), v), more...), '"')
	case inXML:
		return append(appendXML(dst, v), more...)
	case inCSV:
		if !strings.ContainsAny(v, `,"`) {
			return append(appendCSV(dst, v), more...)
		}
		return append(append(appendCSV(append(dst, '"'), v), more...), '"')
	case inCSVQuotes:
		return append(appendCSV(dst, v), more...)
	}
	return append(appendEscaped(dst, v), more...)
}

// appendXML escapes for text and for attributes of either quote. Characters
// that XML 1.0 has not, and invalid UTF-8, become U+FFFD; what a terminal would
// obey becomes a reference.
func appendXML(dst []byte, s string) []byte {
	for _, r := range s { // RuneError where s is not UTF-8
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&#34;"...)
		case r == '\'':
			dst = append(dst, "&#39;"...)
		case r == '\n':
			dst = append(dst, "&#10;"...)
		case r == '\r':
			dst = append(dst, "&#13;"...)
		case r == '\t':
			dst = append(dst, "&#9;"...)
		case r < ' ', r == 0xFFFE, r == 0xFFFF:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case r == 0x7F || deceptive(r):
			dst = append(dst, "&#x"...)
			for shift := 12; shift >= 0; shift -= 4 {
				dst = append(dst, hex[r>>shift&15])
			}
			dst = append(dst, ';')
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// appendCSV doubles quotes. A control character, for which CSV has no notation
// that keeps a line whole, is written with a backslash as in JSON.
func appendCSV(dst []byte, s string) []byte {
	from := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '"' && s[i] != '\\' {
			continue
		}
		dst = appendEscaped(dst, s[from:i])
		if i < len(s) {
			if s[i] == '"' {
				dst = append(dst, '"')
			}
			dst = append(dst, s[i])
		}
		from = i + 1
	}
	return dst
}

// isJSONValue reports a number, a literal or a string of JSON, printable and
// whole; for a text only the string counts, whose quotes then stand.
func isJSONValue(v []byte, text bool) bool {
	if len(v) > 1 && v[0] == '"' {
		return isJSONString(v)
	}
	if text {
		return false
	}
	switch string(v) {
	case "true", "false", "null":
		return true
	}
	return isJSONNumber(v)
}

func isJSONString(v []byte) bool {
	if v[len(v)-1] != '"' {
		return false
	}
	for i := 1; i < len(v)-1; i++ {
		if plain[v[i]] {
			continue
		}
		if v[i] != '\\' || i+2 >= len(v) || strings.IndexByte(`"\/bfnrt`, v[i+1]) < 0 {
			return false // \u with its digits is rare enough to be quoted anew
		}
		i++
	}
	return true
}

// isJSONNumber is the grammar of RFC 8259 section 6.
func isJSONNumber(v []byte) bool {
	v = trim(v, '-')
	if len(v) == 0 || v[0] == '0' && len(v) > 1 && isDigit(v[1]) {
		return false
	}
	n := digits(v)
	if n == 0 {
		return false
	}
	v = v[n:]
	if len(v) > 0 && v[0] == '.' {
		n := digits(v[1:])
		if n == 0 {
			return false
		}
		v = v[1+n:]
	}
	if len(v) > 0 && v[0]|0x20 == 'e' {
		v = v[1:]
		if len(v) > 0 && (v[0] == '+' || v[0] == '-') {
			v = v[1:]
		}
		n := digits(v)
		if n == 0 {
			return false
		}
		v = v[n:]
	}
	return len(v) == 0
}

func trim(v []byte, c byte) []byte {
	if len(v) > 0 && v[0] == c {
		return v[1:]
	}
	return v
}

func digits(v []byte) int {
	for i, c := range v {
		if !isDigit(c) {
			return i
		}
	}
	return len(v)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
