package h1

import (
	"bytes"
	"io"

	"gatehouse/internal/field"
)

// chunkPhase is what comes next in a chunked body (RFC 9112 section 7.1).
type chunkPhase uint8

const (
	atSize    chunkPhase = iota // a chunk-size line
	inData                      // Body.left bytes of data
	atDataEnd                   // the CR LF behind the data
	atTrailer                   // the trailer section
)

// advance goes on to the next chunk's data, or to the end of the body, as far
// as that is in the buffer. It never waits. A fault is kept in b.err.
func (b *Body) advance() {
	for b.err == nil && b.phase != inData {
		n, err := b.step(b.in.bytes())
		if err != nil {
			b.err = err
			return
		}
		if n == 0 {
			return
		}
		b.in.skip(n)
	}
}

// step consumes one element of the framing from the front of held and returns
// its length; 0: it is not there whole.
func (b *Body) step(held []byte) (int, error) {
	switch b.phase {
	case atDataEnd:
		return b.dataEnd(held)
	case atSize:
		return b.sizeLine(held)
	}
	return b.trailerSection(held)
}

func (b *Body) dataEnd(held []byte) (int, error) {
	if len(held) > 0 && held[0] != '\r' || len(held) > 1 && held[1] != '\n' {
		return 0, badValue("chunk data is longer than its size", held)
	}
	if len(held) < 2 {
		return 0, nil
	}
	b.phase = atSize
	return 2, nil
}

func (b *Body) sizeLine(held []byte) (int, error) {
	limit := b.limits.chunkLine()
	end := bytes.IndexByte(held, '\n')
	if end < 0 {
		if len(held) > limit {
			return 0, badValue("chunk line too long", held)
		}
		return 0, nil
	}
	if end+1 > limit {
		return 0, badValue("chunk line too long", held)
	}
	if end == 0 || held[end-1] != '\r' {
		return 0, badValue("bare LF behind a chunk size", held[:end])
	}
	line := held[:end-1]
	size, digits, err := chunkSize(line)
	if err != nil {
		return 0, err
	}
	if b.extensions += len(line) - digits; b.extensions > b.limits.extensions() {
		return 0, bad("too many chunk extensions")
	}
	if b.left, b.phase = size, inData; size == 0 {
		b.phase = atTrailer
	}
	return end + 1, nil
}

// chunkSize reads the hexadecimal size at the front of a chunk line and checks
// that nothing but an extension follows. 16 digits would overflow an int64
// from 8000000000000000 on, which is refused like a seventeenth digit.
func chunkSize(line []byte) (size int64, digits int, err error) {
	digits = endOf(isHex, line, 0)
	if digits == 0 || digits > 16 || digits == 16 && line[0] > '7' {
		return 0, 0, badValue("malformed chunk size", line)
	}
	for _, c := range line[:digits] {
		if c > '9' {
			c = c&^0x20 - 'A' + 10
		} else {
			c -= '0'
		}
		size = size<<4 | int64(c)
	}
	// RFC 9112 section 7.1.1 allows blanks before the semicolon for old
	// senders' sake only; readers disagree about them, so they are refused.
	if digits < len(line) && line[digits] != ';' {
		return 0, 0, badValue("malformed chunk size", line)
	}
	if end := endOfValue(line, digits); end < len(line) {
		return 0, 0, badValue("control character in a chunk extension", line)
	}
	return size, digits, nil
}

// trailerSection ends the body.
func (b *Body) trailerSection(held []byte) (int, error) {
	if len(held) < 2 {
		if len(held) == 1 && held[0] != '\r' && octet[held[0]]&isToken == 0 {
			return 0, badValue("malformed trailer", held)
		}
		return 0, nil
	}
	if held[0] == '\r' && held[1] == '\n' {
		b.err = io.EOF
		return 2, nil
	}
	limit := b.limits.trailerBytes()
	end := bytes.Index(held, headEnd)
	if end < 0 && len(held) < limit {
		return 0, checkPart(held, 0, b.limits)
	}
	if end < 0 || end+len(headEnd) > limit {
		return 0, &SyntaxError{Status: 431, Reason: "trailer section too large"}
	}
	end += len(headEnd)
	if err := parseTrailer(&b.trailer, held[:end], b.limits); err != nil {
		return 0, err
	}
	b.hasTrailer, b.err = true, io.EOF
	return end, nil
}

// parseTrailer marks the trailer fields that a recipient may believe.
func parseTrailer(list *field.List, section []byte, l *Limits) error {
	b := list.Load(section)
	at := 0
	for left := l.fields(); b[at] != '\r'; left-- {
		if left == 0 {
			return &SyntaxError{Status: 431, Reason: "too many trailer fields"}
		}
		s, err := scanField(b, at)
		if err != nil {
			return err
		}
		name := list.View(at, s.nameEnd)
		switch trailerRule(field.Identify(name)) {
		case refused:
			return badValue("forbidden trailer field", name)
		case kept:
			list.Mark(at, s.nameEnd, s.value, s.valueEnd)
		}
		at = s.next
	}
	if at+2 != len(b) || b[at+1] != '\n' {
		return bad("bare CR in the trailer")
	}
	return nil
}

type rule uint8

const (
	kept rule = iota
	dropped
	refused
)

// trailerRule is RFC 9110 section 6.5.1: what frames, routes or steers a
// message has no business behind it, and is an attempt to smuggle; what
// authenticates, describes or vouches for a message was needed before it, and
// is left out.
func trailerRule(id field.ID) rule {
	switch id {
	case field.ContentLength, field.TransferEncoding, field.Host, field.Connection, field.Trailer,
		field.TE, field.Upgrade, field.KeepAlive, field.ProxyConnection, field.Expect, field.MaxForwards:
		return refused
	case field.Authorization, field.ProxyAuthenticate, field.ProxyAuthorization, field.WWWAuthenticate,
		field.Cookie, field.SetCookie, field.Forwarded, field.Via, field.XForwardedFor, field.XForwardedHost,
		field.XForwardedPort, field.XForwardedProto, field.ContentEncoding, field.ContentType, field.Date:
		return dropped
	}
	return kept
}

// AppendChunk writes p as one chunk behind dst. An empty p writes nothing, as
// an empty chunk would end the body.
func AppendChunk(dst, p []byte) []byte {
	if len(p) == 0 {
		return dst
	}
	dst = appendChunkSize(dst, len(p))
	dst = append(dst, p...)
	return append(dst, "\r\n"...)
}

// AppendLastChunk writes the end of a chunked body, with the trailer fields if
// there are any, behind dst. The fields are sound and may stand there: those of
// Body.Trailer are.
func AppendLastChunk(dst []byte, trailer *field.List) []byte {
	dst = append(dst, "0\r\n"...)
	if trailer != nil {
		dst = trailer.Append(dst)
	}
	return append(dst, "\r\n"...)
}

func appendChunkSize(dst []byte, n int) []byte {
	const hex = "0123456789abcdef"
	for shift := (hexDigits(n) - 1) * 4; shift >= 0; shift -= 4 {
		dst = append(dst, hex[n>>shift&15])
	}
	return append(dst, "\r\n"...)
}

// hexDigits is the length of n in hexadecimal; n is not negative.
func hexDigits(n int) (digits int) {
	for digits = 1; n > 15; n >>= 4 {
		digits++
	}
	return digits
}
