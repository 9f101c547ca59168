package h1

import "encoding/binary"

// The classes of octets of RFC 9110 section 5.6.2 (token) and 5.5 (field
// value: HTAB, SP, VCHAR and obs-text).
const (
	isToken = 1 << iota
	isValue
	isTarget // of a request target: VCHAR but '#'
	isHost   // of a reg-name, RFC 3986 section 3.2.2
	isHex
)

var octet = classes()

func classes() (t [256]uint8) {
	for c := range t {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if letter || digit || within("!#$%&'*+-.^_`|~", c) {
			t[c] |= isToken
		}
		if c >= ' ' && c != 0x7f || c == '\t' {
			t[c] |= isValue
		}
		if c > ' ' && c < 0x7f && c != '#' {
			t[c] |= isTarget
		}
		if letter || digit || within("-._~%!$&'()*+,;=", c) {
			t[c] |= isHost
		}
		if digit || 'a' <= c|0x20 && c|0x20 <= 'f' {
			t[c] |= isHex
		}
	}
	return t
}

func within(set string, c int) bool {
	for i := range len(set) {
		if int(set[i]) == c {
			return true
		}
	}
	return false
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// below reports, in the high bits, whether one of the eight octets is less
// than n, which is at most 128; octets of 128 and more never are. Above a hit
// there may be false ones, so only "any" and "none" mean something.
func below(w, n uint64) uint64 { return (w - ones*n) &^ w & highs }

// equal is below for octets equal to n.
func equal(w, n uint64) uint64 { return below(w^ones*n, 1) }

// endOfValue returns the index of the first octet at or behind i that no field
// value holds, or len(b). It looks at eight octets at a time: values are most
// of a head.
func endOfValue(b []byte, i int) int {
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			if below(w, ' ')|equal(w, 0x7f) != 0 {
				break
			}
			i += 8
		}
		for stop := min(i+8, len(b)); i < stop; i++ {
			if octet[b[i]]&isValue == 0 {
				return i
			}
		}
		if i == len(b) {
			return i
		}
	}
}

// endOfTarget is endOfValue for a request target.
func endOfTarget(b []byte, i int) int {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		if below(w, '!')|w&highs|equal(w, 0x7f)|equal(w, '#') != 0 {
			break
		}
		i += 8
	}
	for i < len(b) && octet[b[i]]&isTarget != 0 {
		i++
	}
	return i
}

// endOf returns the index of the first octet at or behind i outside a class.
func endOf(class uint8, b []byte, i int) int {
	for i < len(b) && octet[b[i]]&class != 0 {
		i++
	}
	return i
}
