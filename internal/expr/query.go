package expr

import "strings"

// AppendQuery appends the decoded values of a parameter of a query, with commas
// between them, and tells whether it has any.
// Names are compared decoded and by case: a query is a list of name=value
// between "&", and "+" is a blank, as in events (runtime 2.8).
func AppendQuery(dst []byte, query, name string) (out []byte, found bool) {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		raw, value, _ := strings.Cut(pair, "=")
		if pair == "" || !Names(raw, name) {
			continue
		}
		if found {
			dst = append(dst, ',')
		}
		found = true
		for i := 0; i < len(value); {
			var c byte
			c, i = decode(value, i, true)
			dst = append(dst, c)
		}
	}
	return dst, found
}

// Names reports whether a name as it stands in a query is name once it was
// decoded.
func Names(raw, name string) bool {
	at := 0
	for i := 0; i < len(raw); at++ {
		var c byte
		if c, i = decode(raw, i, true); at == len(name) || c != name[at] {
			return false
		}
	}
	return at == len(name)
}

// decode returns the byte that stands at s[i] and the index behind it. What is
// no percent-encoding stands for itself.
func decode(s string, i int, plus bool) (c byte, next int) {
	c = s[i]
	if c == '%' && i+2 < len(s) {
		hi, lo := nibble(s[i+1]), nibble(s[i+2])
		if hi < 16 && lo < 16 {
			return hi<<4 | lo, i + 3
		}
	}
	if c == '+' && plus {
		c = ' '
	}
	return c, i + 1
}

// nibble is the value of a hexadecimal digit, 16 for anything else.
func nibble(c byte) byte {
	switch {
	case digit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

// appendDecoded appends a piece of a path, decoded or as it is.
func appendDecoded(dst []byte, s string, decoded bool) []byte {
	if !decoded || strings.IndexByte(s, '%') < 0 {
		return append(dst, s...)
	}
	for i := 0; i < len(s); {
		var c byte
		c, i = decode(s, i, false)
		dst = append(dst, c)
	}
	return dst
}
