package h1

import (
	"strings"

	"gatehouse/internal/field"
)

// framing is what the fields of a head say about the message's body and about
// the connection: RFC 9112 sections 6 and 9.
type framing struct {
	length  int64 // of Content-Length; meaningful when sized
	hosts   int
	sized   bool
	chunked bool
	coded   bool // a Transfer-Encoding was seen
	close   bool
	keep    bool // "keep-alive" was said, which matters in HTTP/1.0
	expect  bool // "100-continue" was said
}

// note takes in one field.
func (f *framing) note(id field.ID, value string) error {
	switch id {
	case field.Host:
		return f.host(value)
	case field.ContentLength:
		return f.contentLength(value)
	case field.TransferEncoding:
		return f.transferEncoding(value)
	case field.Connection:
		f.connection(value)
	case field.Expect:
		if !field.Equal(value, "100-continue") {
			return refuse(417, "unknown expectation", value)
		}
		f.expect = true
	}
	return nil
}

// host takes exactly one Host (RFC 9112 section 3.2): with two, a backend and
// the gateway could each believe another.
func (f *framing) host(value string) error {
	if f.hosts++; f.hosts > 1 {
		return bad("two Host fields")
	}
	if !ValidHost(value) {
		return badValue("malformed Host", value)
	}
	return nil
}

// ValidHost reports whether s is empty or a uri-host with an optional port of
// at most 65535 (RFC 9110 section 7.2): what a Host field, the authority of an
// absolute target and HTTP/2's :authority may say.
func ValidHost(s string) bool {
	var port string
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 2 {
			return false
		}
		for _, c := range []byte(s[1:end]) {
			if octet[c]&isHex == 0 && c != ':' && c != '.' {
				return false
			}
		}
		port = s[end+1:]
	} else {
		i := 0
		for i < len(s) && octet[s[i]]&isHost != 0 {
			i++
		}
		port = s[i:]
	}
	if port == "" {
		return true
	}
	if port[0] != ':' || len(port) > 6 {
		return false
	}
	number := 0
	for _, c := range []byte(port[1:]) {
		if c < '0' || c > '9' {
			return false
		}
		number = 10*number + int(c-'0')
	}
	return number <= 1<<16-1
}

// contentLength takes exactly one length of digits only. Two equal lengths
// are refused as well: RFC 9112 section 6.3 allows to, and no sound client
// sends them.
func (f *framing) contentLength(value string) error {
	if f.sized {
		return bad("two Content-Length fields")
	}
	n, ok := decimal(value)
	if !ok {
		return badValue("malformed Content-Length", value)
	}
	f.sized, f.length = true, n
	return nil
}

// decimal reads digits, at most 18 of them, so that it cannot overflow.
func decimal(s string) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}

// transferEncoding takes "chunked", once and alone. Other codings that exist
// are 501 (RFC 9112 section 6.1), everything else is 400.
func (f *framing) transferEncoding(value string) error {
	if f.coded {
		return bad("two Transfer-Encoding fields")
	}
	f.coded = true
	if field.Equal(value, "chunked") {
		f.chunked = true
		return nil
	}
	for part := range strings.SplitSeq(value, ",") {
		switch strings.ToLower(strings.Trim(part, " \t")) {
		case "gzip", "x-gzip", "deflate", "compress", "x-compress", "identity":
			return refuse(501, "unsupported transfer coding", value)
		}
	}
	return badValue("malformed Transfer-Encoding", value)
}

func (f *framing) connection(value string) {
	if value == "keep-alive" { // nearly always
		f.keep = true
		return
	}
	for value != "" {
		var option string
		option, value, _ = strings.Cut(value, ",")
		option = strings.Trim(option, " \t")
		switch {
		case field.Equal(option, "close"):
			f.close = true
		case field.Equal(option, "keep-alive"):
			f.keep = true
		}
	}
}

// settle checks what only the whole head can tell.
func (f *framing) settle(minor int) error {
	if f.coded && f.sized {
		return bad("both Content-Length and Transfer-Encoding")
	}
	if f.coded && minor == 0 {
		return bad("Transfer-Encoding in HTTP/1.0")
	}
	return nil
}

// persistent reports whether the sender of the head wants to go on using the
// connection: RFC 9112 section 9.3.
func (f *framing) persistent(minor int) bool {
	return !f.close && (minor > 0 || f.keep)
}
