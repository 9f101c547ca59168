package expr

import "strings"

// escapePath percent-encodes, in dst[from:], what cannot stand in a path (RFC
// 3986 section 3.3). An encoding that is already there stays one; controls are
// left for the caller to refuse.
func escapePath(dst []byte, from int) []byte {
	return escape(dst, from, func(rest []byte) bool {
		c := rest[0]
		if c == '%' {
			return len(rest) > 2 && nibble(rest[1]) < 16 && nibble(rest[2]) < 16
		}
		return c < ' ' || c == 0x7f || plain(c) || strings.IndexByte("!$&'()*+,;=:@/", c) >= 0
	})
}

// EscapeQuery percent-encodes, in dst[from:], all that is not unreserved (RFC
// 3986 section 2.3), so that a value can neither end nor begin a parameter, nor
// the line that it stands in.
func EscapeQuery(dst []byte, from int) []byte {
	return escape(dst, from, func(rest []byte) bool { return plain(rest[0]) })
}

func plain(c byte) bool {
	return letter(c) || digit(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

// escape encodes in place, from the end, the bytes of dst[from:] that keep does
// not keep. keep sees the byte and what follows it.
func escape(dst []byte, from int, keep func(rest []byte) bool) []byte {
	long := 0
	for i := from; i < len(dst); i++ {
		if !keep(dst[i:]) {
			long++
		}
	}
	if long == 0 {
		return dst
	}
	end := len(dst)
	for range long {
		dst = append(dst, 0, 0)
	}
	// Bytes move to the right by two for each one yet to be encoded, so that the
	// two behind i, which a % asks for, have not been written over.
	const hex = "0123456789ABCDEF"
	for i, to := end-1, len(dst); to > i+1; i-- {
		c := dst[i]
		if keep(dst[i:end]) {
			to--
			dst[to] = c
			continue
		}
		to -= 3
		dst[to], dst[to+1], dst[to+2] = '%', hex[c>>4], hex[c&15]
	}
	return dst
}
