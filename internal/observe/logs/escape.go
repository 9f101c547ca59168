package logs

import "unicode/utf8"

// plain tells the bytes that stand for themselves in a JSON string.
var plain = func() (p [256]bool) {
	for c := 0x20; c < 0x7F; c++ {
		p[c] = c != '"' && c != '\\'
	}
	return p
}()

const hex = "0123456789abcdef"

// appendEscaped appends s as the inside of a JSON string (RFC 8259 section 7).
// Invalid UTF-8 becomes U+FFFD. Beyond what JSON asks for, everything is
// escaped that a terminal would obey or that would make a line read as another
// one: DEL, the C1 controls, line separators and bidirectional controls.
func appendEscaped(dst []byte, s string) []byte {
	plainly := plainHead(s)
	if plainly == len(s) {
		return append(dst, s...)
	}
	from := 0
	for i := plainly; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		if s[i] < utf8.RuneSelf {
			dst = appendControl(dst, s[i])
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			dst = append(dst, `\ufffd`...)
		case deceptive(r):
			dst = append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			dst = append(dst, s[i:i+size]...)
		}
		i += size
		from = i
	}
	return append(dst, s[from:]...)
}

// plainHead is how many bytes of s from its beginning stand for themselves.
// Nearly every text of a line is plain, so it looks at eight bytes at a time.
func plainHead(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		// One load: the compiler joins these.
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		if special(w) {
			break
		}
	}
	for i < len(s) && plain[s[i]] {
		i++
	}
	return i
}

// each repeats a byte eight times when multiplied by it.
const each = 0x0101010101010101

// special reports whether one of eight bytes is not plain. A byte below n
// borrows in w - n*each and its high bit shows it; a byte that equals one that
// is looked for is zero, that is below 1, once the two are combined by XOR.
// Where a borrow runs into the next byte, there is a special one before it.
func special(w uint64) bool {
	quote, slash, del := w^'"'*each, w^'\\'*each, w^0x7F*each
	found := (w - 0x20*each) &^ w
	found |= (quote-each)&^quote | (slash-each)&^slash | (del-each)&^del
	return (found|w)&(0x80*each) != 0
}

func appendControl(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// deceptive tells runes of the basic plane that change how the rest of a line
// is shown: C1 controls, U+2028 and 2029, and the controls of Unicode's
// bidirectional algorithm (UAX 9).
func deceptive(r rune) bool {
	return r >= 0x80 && r <= 0x9F || r == 0x200E || r == 0x200F || r >= 0x2028 && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
