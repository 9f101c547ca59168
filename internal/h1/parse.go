package h1

import (
	"bytes"
	"strings"

	"gatehouse/internal/field"
)

// maxName keeps a field name within the span that field.List has for it.
const maxName = 1 << 12

// parseRequest parses the head at the front of head, its empty line included,
// into h, and returns its length. The last four bytes of head are CR LF CR LF,
// so that no scan of a line runs past the end.
func parseRequest(h *Head, head []byte, l *Limits) (f framing, n int, err error) {
	b := h.Header.Load(head)
	at, err := h.line(b, l)
	if err != nil {
		return f, 0, err
	}
	if n, err = parseFields(&h.Header, b, at, l, &f); err != nil {
		return f, 0, err
	}
	if err := f.settle(h.Minor); err != nil {
		return f, 0, err
	}
	if f.hosts == 0 && h.Minor > 0 {
		return f, 0, bad("no Host field")
	}
	if h.Minor == 0 {
		f.expect = false // RFC 9110 section 10.1.1
	}
	return f, n, nil
}

// line parses the request line of b and returns where the fields begin.
func (h *Head) line(b []byte, l *Limits) (int, error) {
	m := endOf(isToken, b, 0)
	if m == 0 || b[m] != ' ' {
		return 0, badValue("malformed method", firstLine(b))
	}
	t := endOfTarget(b, m+1)
	if t-m-1 > l.lineBytes() {
		return 0, &SyntaxError{Status: 414, Reason: "request target too long"}
	}
	if b[t] != ' ' {
		return 0, badValue("malformed request target", firstLine(b))
	}
	h.Method = h.Header.View(0, m)
	h.Target = h.Header.View(m+1, t)
	minor, n, err := version(b[t+1:], 400)
	if err != nil {
		return 0, err
	}
	h.Minor = minor
	at := t + 1 + n
	if !bytes.HasPrefix(b[at:], crlf) {
		return 0, badValue("malformed request line", firstLine(b))
	}
	return at + 2, h.checkTarget()
}

// ValidMethod reports whether s is a token (RFC 9110 section 9.1): what a
// request line may begin with, wherever the request came from.
func ValidMethod(s string) bool {
	for i := range len(s) {
		if octet[s[i]]&isToken == 0 {
			return false
		}
	}
	return s != ""
}

// checkTarget allows the forms of RFC 9112 section 3.2 that a gateway serves.
// The parts of an absolute form are for the caller to read.
func (h *Head) checkTarget() error {
	switch {
	case h.Method == "CONNECT":
		return errConnect()
	case strings.HasPrefix(h.Target, "/"):
		return nil
	case h.Target == "*" && h.Method == "OPTIONS":
		return nil
	case hasPrefixFold(h.Target, "http://") || hasPrefixFold(h.Target, "https://"):
		return nil
	}
	return badValue("request target is neither a path nor an absolute URL", h.Target)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && field.Equal(s[:len(prefix)], prefix)
}

// version reads "HTTP/1.1" or "HTTP/1.0" and returns its length. Another
// version of the same form is 505, anything else is malformed.
func version(b []byte, malformed int) (minor, n int, err error) {
	const form = "HTTP/1.1"
	if len(b) >= len(form) && string(b[:7]) == form[:7] {
		switch b[7] {
		case '1':
			return 1, len(form), nil
		case '0':
			return 0, len(form), nil
		}
	}
	if len(b) >= len(form) && string(b[:5]) == "HTTP/" && digit(b[5]) && b[6] == '.' && digit(b[7]) {
		return 0, 0, refuse(505, "unsupported HTTP version", b[:8])
	}
	return 0, 0, refuse(malformed, "malformed HTTP version", firstLine(b))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

var crlf = []byte("\r\n")

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, crlf)
	return line
}

// parseFields marks the fields of b from at on in list, notes their framing,
// and returns where the section has ended.
func parseFields(list *field.List, b []byte, at int, l *Limits, f *framing) (end int, err error) {
	for left := l.fields(); b[at] != '\r'; left-- {
		if left == 0 {
			return 0, &SyntaxError{Status: 431, Reason: "too many fields"}
		}
		s, err := scanField(b, at)
		if err != nil {
			return 0, err
		}
		if id := list.Mark(at, s.nameEnd, s.value, s.valueEnd); id != field.Other {
			if err := f.note(id, list.View(s.value, s.valueEnd)); err != nil {
				return 0, err
			}
		}
		at = s.next
	}
	if b[at+1] != '\n' {
		return 0, bad("bare CR in the head")
	}
	if at+2 > l.headBytes() {
		return 0, &SyntaxError{Status: 431, Reason: "head too large"}
	}
	return at + 2, nil
}

// span holds where one field line has its parts.
type span struct{ nameEnd, value, valueEnd, next int }

// scanField reads the field line at b[at:]: RFC 9112 section 5.
func scanField(b []byte, at int) (s span, err error) {
	s.nameEnd = endOf(isToken, b, at)
	if s.nameEnd == at || b[s.nameEnd] != ':' || s.nameEnd-at > maxName {
		return s, badName(b, at, s.nameEnd)
	}
	s.value = s.nameEnd + 1
	for b[s.value] == ' ' || b[s.value] == '\t' {
		s.value++
	}
	end := endOfValue(b, s.value)
	if end+1 >= len(b) || b[end] != '\r' || b[end+1] != '\n' {
		return s, badValue("control character in field", b[at:s.nameEnd])
	}
	s.next = end + 2
	for end > s.value && (b[end-1] == ' ' || b[end-1] == '\t') {
		end--
	}
	s.valueEnd = end
	return s, nil
}

// badName says what is wrong with the name b[at:end].
func badName(b []byte, at, end int) error {
	line := firstLine(b[at:])
	switch c := b[end]; {
	case end-at > maxName:
		return refuse(431, "field name too long", line)
	case end == at && (c == ' ' || c == '\t'):
		return badValue("folded field line", line)
	case end == at && c == ':':
		return badValue("empty field name", line)
	case c == ' ' || c == '\t':
		return badValue("blank in or behind a field name", line)
	}
	return badValue("malformed field name", line)
}

// parseReply is parseRequest for a response.
func parseReply(h *ReplyHead, head []byte, l *Limits) (f framing, n int, err error) {
	b := h.Header.Load(head)
	at, err := h.line(b)
	if err != nil {
		return f, 0, err
	}
	if n, err = parseFields(&h.Header, b, at, l, &f); err != nil {
		return f, 0, err
	}
	return f, n, f.settle(h.Minor)
}

// line parses the status line. The blank before an empty reason, which RFC
// 9112 section 4 wants and several servers forget, may be missing: no reader
// takes the line for another.
func (h *ReplyHead) line(b []byte) (int, error) {
	minor, n, err := version(b, 400)
	if err != nil {
		return 0, err
	}
	if len(b) < n+6 || b[n] != ' ' || !digit(b[n+1]) || !digit(b[n+2]) || !digit(b[n+3]) {
		return 0, badValue("malformed status line", firstLine(b))
	}
	h.Minor = minor
	h.Status = int(b[n+1]-'0')*100 + int(b[n+2]-'0')*10 + int(b[n+3]-'0')
	if h.Status < 100 || h.Status > 599 {
		return 0, badValue("status out of range", b[n+1:n+4])
	}
	from := n + 4
	if b[from] == ' ' {
		from++
	} else if b[from] != '\r' {
		return 0, badValue("malformed status line", firstLine(b))
	}
	end := endOfValue(b, from)
	if !bytes.HasPrefix(b[end:], crlf) {
		return 0, badValue("control character in the status line", firstLine(b))
	}
	h.Reason = h.Header.View(from, end)
	return end + 2, nil
}
