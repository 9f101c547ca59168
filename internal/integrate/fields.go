package integrate

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// What an HTTP backend sees of the client's fields, and what it sees besides.
// Where AWS is not documented the choice is a constant here.
const (
	// viaText is what HTTP APIs add to Via; the protocol name in front is
	// against RFC 9110 section 7.6.3 and AWS's own (captures of backends).
	viaText = "HTTP/1.1 AmazonAPIGateway"
	viaName = "AmazonAPIGateway"

	// maxHops is how often a request may come by before it is taken for a loop:
	// an integration that leads back to the gateway. Each pass adds a Via.
	maxHops = 8

	// emptyContentType is added to requests without a body and without a
	// Content-Type, beside Content-Length: 0. That one is added is documented
	// ("Working with HTTP integrations"); this value is that of a capture of an
	// OPTIONS request behind an HTTP API.
	emptyContentType = "application/x-www-form-urlencoded"

	// sendXForwarded sends X-Forwarded-For, -Port and -Proto beside Forwarded.
	// Captures show that HTTP APIs on AWS send Forwarded alone; most software
	// that stands behind a gateway of one's own reads only the older fields.
	sendXForwarded = true
)

// A rule says what becomes of a field of the client's request.
type rule uint8

const (
	keep rule = iota // goes on as it is
	drop             // ends here
	ours             // is written anew, of what the client said and what we know
)

// requestRules are the fields that are not simply kept.
var requestRules = [256]rule{
	// Of this connection only: RFC 9110 section 7.6.1.
	field.Connection:         drop,
	field.KeepAlive:          drop,
	field.ProxyConnection:    drop,
	field.TE:                 drop,
	field.Trailer:            drop,
	field.TransferEncoding:   drop,
	field.Upgrade:            drop,
	field.ProxyAuthenticate:  drop,
	field.ProxyAuthorization: drop,

	// Removed by API Gateway when it parses a request: "Amazon API Gateway
	// important notes".
	field.ContentLength:   drop, // framing is written by upstream
	field.ContentMD5:      drop,
	field.Expect:          drop, // the door answers 100-continue itself
	field.MaxForwards:     drop,
	field.Server:          drop,
	field.WWWAuthenticate: drop,

	field.Host:            ours, // the endpoint's
	field.Forwarded:       ours, // RFC 7239 section 4: appended
	field.XForwardedFor:   ours, // the source is appended
	field.XForwardedPort:  ours,
	field.XForwardedProto: ours,
	// Via, X-Amzn-Trace-Id, Content-Type and User-Agent are kept; the first
	// gets a second field, the next two one where there is none.
}

// seen are the fields that what we add depends on.
type seen struct {
	via, trace, contentType, forwarded, forwardedFor bool

	source, port, proto bool // a mapping has written X-Forwarded-For, -Port, -Proto
}

func (s *seen) note(id field.ID) {
	switch id {
	case field.Via:
		s.via = true
	case field.XAmznTraceID:
		s.trace = true
	case field.ContentType:
		s.contentType = true
	case field.Forwarded:
		s.forwarded = true
	case field.XForwardedFor:
		s.forwardedFor = true
	}
}

// appendFields writes the fields of the request to the backend, in the
// client's order and spelling, and behind them those of the gateway.
func appendFields(b []byte, x *flow.Exchange) ([]byte, error) {
	l := &x.In.Header
	var s seen
	if x.Onward.Mapped {
		l, s.port = &x.Onward.Header, x.Onward.NoPort
	}
	named := namesFields(l)
	for i := range l.Len() {
		id, name, value, ok := l.At(i)
		if !ok || named && listed(l, name) {
			continue
		}
		s.note(id)
		if requestRules[id] == keep {
			b = field.AppendField(b, name, value)
		}
	}
	if x.Onward.Mapped {
		b = appendAdded(b, &x.Onward.Added, &s)
	}
	if s.via && hops(l) >= maxHops {
		return b, gate.Failf(gate.APIConfigurationError, "the request came by %d times: an integration leads back to this gateway", maxHops)
	}
	b = appendForwarded(b, x, &s)
	if sendXForwarded {
		b = appendXForwarded(b, x, &s)
	}
	b = field.AppendField(b, "Via", viaText)
	if !s.trace {
		b = appendTrace(b, x)
	}
	if !s.contentType && emptyContentType != "" && x.In.Body.Len() == 0 {
		b = field.AppendField(b, "Content-Type", emptyContentType)
	}
	return b, nil
}

// appendAdded writes what parameter mapping added. The rules for a client's
// fields are not for these: mapping has refused what must not be there.
func appendAdded(b []byte, l *field.List, s *seen) []byte {
	for i := range l.Len() {
		if id, name, value, ok := l.At(i); ok {
			s.note(id)
			b = field.AppendField(b, name, value)
		}
	}
	return b
}

// stripReply takes out of a reply what concerned the backend's connection
// only. Content-Length stays: it is what a HEAD declares, and the door frames
// every other reply by its body.
func stripReply(l *field.List) {
	for i := range l.Len() {
		id, name, value, ok := l.At(i)
		if !ok {
			continue
		}
		if id == field.Connection {
			for value != "" {
				var option string
				if option, value = cutOption(value); field.Identify(option) != field.ContentLength {
					l.Del(option)
				}
			}
		}
		if id.HopByHop() {
			l.Del(name)
		}
	}
}

// namesFields reports whether a Connection field lists more than "close" and
// "keep-alive", which nearly none does.
func namesFields(l *field.List) bool {
	if _, ok := l.Lookup(field.Connection); !ok {
		return false
	}
	return anyOption(l, func(option string) bool {
		return !field.Equal(option, "close") && !field.Equal(option, "keep-alive")
	})
}

// listed reports whether a Connection field names that field: RFC 9110 section
// 7.6.1.
func listed(l *field.List, name string) bool {
	return anyOption(l, func(option string) bool { return field.Equal(option, name) })
}

// anyOption reports whether f holds for an option of a Connection field.
func anyOption(l *field.List, f func(option string) bool) bool {
	for i := range l.Len() {
		id, _, value, ok := l.At(i)
		for ok && id == field.Connection && value != "" {
			var option string
			if option, value = cutOption(value); option != "" && f(option) {
				return true
			}
		}
	}
	return false
}

// cutOption cuts the first element from the value of a list field. It may be
// empty.
func cutOption(value string) (first, rest string) {
	first, rest, _ = strings.Cut(value, ",")
	return strings.Trim(first, " \t"), rest
}

// hops counts how often the request came by an API gateway of this kind.
func hops(l *field.List) (n int) {
	for value := range l.Values("via") {
		n += strings.Count(value, viaName)
	}
	return n
}

// appendTrace writes a new X-Amzn-Trace-Id: "Root=1-", the time in 8 digits
// and 24 random ones, all hexadecimal (AWS X-Ray, "Tracing header").
func appendTrace(b []byte, x *flow.Exchange) []byte {
	var raw [16]byte
	at := uint32(x.Start.Unix())
	raw[0], raw[1], raw[2], raw[3] = byte(at>>24), byte(at>>16), byte(at>>8), byte(at)
	r, s := rand.Uint64(), rand.Uint32()
	for i := range 8 {
		raw[4+i] = byte(r >> (8 * i))
	}
	for i := range 4 {
		raw[12+i] = byte(s >> (8 * i))
	}
	b = append(b, "X-Amzn-Trace-Id: Root=1-"...)
	b = hex.AppendEncode(b, raw[:4])
	b = append(b, '-')
	b = hex.AppendEncode(b, raw[4:])
	return append(b, "\r\n"...)
}
