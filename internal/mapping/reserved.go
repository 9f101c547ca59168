package mapping

import (
	"fmt"
	"strings"
)

// reserved returns why a header must not be mapped on either side, or "". The
// first list is AWS's own ("Transform API requests and responses for HTTP
// APIs", "Reserved headers"); the second is what that list means and does not
// name: fields by which a message would be framed in another way or leave its
// connection.
func reserved(name string) string {
	switch lower := strings.ToLower(name); {
	case strings.HasPrefix(lower, "access-control-"),
		strings.HasPrefix(lower, "apigw-"),
		strings.HasPrefix(lower, "x-amz-"),
		strings.HasPrefix(lower, "x-amzn-"):
		return "names that begin so are reserved by API Gateway"
	default:
		switch lower {
		case "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded",
			"keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding",
			"upgrade", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via":
			return "it is reserved by API Gateway"
		case "expect", "proxy-connection", "trailer":
			return "it concerns one connection and is never forwarded"
		}
	}
	return ""
}

// checkHeader says why an entry op:header.name cannot be.
func checkHeader(op, name string, request bool) error {
	switch {
	case name == "":
		return fmt.Errorf("the name of the header is missing")
	case !token(name):
		return fmt.Errorf("%q is no name of a header", name)
	case strings.EqualFold(name, "host") && (!request || op != overwrite):
		return fmt.Errorf("header %s can be overwritten in requests only", name)
	}
	if why := reserved(name); why != "" {
		return fmt.Errorf("header %s cannot be mapped: %s", name, why)
	}
	return nil
}

// token reports whether s is a token: RFC 9110 section 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// fieldValue reports whether s can stand in a header: RFC 9110 section 5.5. A
// CR, LF or NUL would end the line that it is written to.
func fieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// hostValue reports whether s can stand in a Host field: a name or an address,
// and a port (RFC 9110 section 7.2).
func hostValue(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~:[]", c) >= 0) {
			return false
		}
	}
	return s != ""
}
