// Package h1 is HTTP/1.1 (RFC 9112) for both sides of a gateway: it parses
// heads strictly, frames bodies, and works over any net.Conn that it is handed.
//
// It rejects and never repairs: whatever two parsers could read in two ways
// (two lengths, a bare LF, a blank before a colon) ends the exchange, because a
// gateway that forwards it makes somebody else decide.
package h1

import "gatehouse/internal/field"

// Head is the head of a request. Its strings are views of Header's buffer and
// live as long as Header's own strings do.
type Head struct {
	Method string // as sent; a token
	Target string // the request target as sent: "/path?query", an absolute form or "*"
	Minor  int    // of the version: 1 for HTTP/1.1, 0 for HTTP/1.0
	Header field.List
}

// ReplyHead is the head of a response, with the lifetime rules of Head.
type ReplyHead struct {
	Status int    // 200 to 599; interim responses never reach the caller
	Reason string // as sent; may be empty
	Minor  int
	Header field.List
}
