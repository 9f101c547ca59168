package integrate

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// A turn says what becomes of a field of a backend's reply on REST APIs.
type turn uint8

const (
	passes turn = iota
	renames
	ends
)

// replyTurns are the fields of a backend's reply that do not simply pass an
// HTTP_PROXY integration (runtime 1.13, recorded, and where that says nothing
// the table of "Amazon API Gateway important notes").
var replyTurns = [256]turn{
	field.Connection:    renames,
	field.ContentLength: renames,
	field.Date:          renames,
	field.Server:        renames,

	field.Authorization:   renames,
	field.ContentMD5:      renames,
	field.MaxForwards:     renames,
	field.UserAgent:       renames,
	field.WWWAuthenticate: renames,

	field.Expect:             ends,
	field.Host:               ends,
	field.KeepAlive:          ends,
	field.ProxyAuthenticate:  ends,
	field.ProxyAuthorization: ends,
	field.ProxyConnection:    ends,
	field.TE:                 ends,
	field.Trailer:            ends,
	field.TransferEncoding:   ends,
	field.Upgrade:            ends,
	field.Via:                ends,
}

// newNames are the names of renamed fields, by what they were.
var newNames = [256]string{
	field.Connection:      "x-amzn-Remapped-Connection",
	field.ContentLength:   "x-amzn-Remapped-Content-Length",
	field.Date:            "x-amzn-Remapped-Date",
	field.Server:          "x-amzn-Remapped-Server",
	field.Authorization:   "x-amzn-Remapped-Authorization",
	field.ContentMD5:      "x-amzn-Remapped-Content-MD5",
	field.MaxForwards:     "x-amzn-Remapped-Max-Forwards",
	field.UserAgent:       "x-amzn-Remapped-User-Agent",
	field.WWWAuthenticate: "x-amzn-Remapped-WWW-Authenticate",
}

// The id of another API gateway behind this one, and what it becomes.
const (
	replyID    = "x-amzn-RequestId"
	replyNewID = "x-amzn-remapped-x-amzn-requestid"
)

// remapReply renames and drops what a backend's reply must not say to the
// client of a REST API.
func remapReply(l *field.List) {
	for i := range l.Len() { // what is added on the way is not looked at again
		id, name, value, ok := l.At(i)
		if !ok {
			continue
		}
		if id == field.Connection {
			dropOptions(l, value)
		}
		switch replyTurns[id] {
		case renames:
			l.Add(newNames[id], value)
			l.Drop(i)
		case ends:
			l.Drop(i)
		case passes:
			if id == field.Other && field.Equal(name, replyID) {
				l.Add(replyNewID, value)
				l.Drop(i)
			}
		}
	}
}

// dropOptions drops the fields that a Connection field lists: RFC 9110 section
// 7.6.1. The length of a body is none of them, whatever it says.
func dropOptions(l *field.List, value string) {
	for value != "" {
		var option string
		if option, value = cutOption(value); option != "" && field.Identify(option) != field.ContentLength && !field.Equal(option, "close") && !field.Equal(option, "keep-alive") {
			l.Del(option)
		}
	}
}

// appendTraceREST writes X-Amzn-Trace-Id: what the client sent, completed
// (runtime 1.2 and 8). Without a Root there is a new one; a Root without a
// Parent gets one and is not sampled, a Parent that does not say is.
func appendTraceREST(b []byte, x *flow.Exchange, client string) []byte {
	root, parent, sampled := strings.Contains(client, "Root="), strings.Contains(client, "Parent="), strings.Contains(client, "Sampled=")
	if !root {
		b = appendTrace(b, x)
		if client == "" {
			return b
		}
		b = append(b[:len(b)-len("\r\n")], ';')
	} else {
		b = append(b, "X-Amzn-Trace-Id: "...)
	}
	b = append(b, client...)
	if root && !parent {
		var raw [8]byte
		r := rand.Uint64()
		for i := range raw {
			raw[i] = byte(r >> (8 * i))
		}
		b = append(b, ";Parent="...)
		b = hex.AppendEncode(b, raw[:])
	}
	switch {
	case sampled, !root && !parent:
	case parent:
		b = append(b, ";Sampled=1"...)
	default:
		b = append(b, ";Sampled=0"...)
	}
	return append(b, "\r\n"...)
}
