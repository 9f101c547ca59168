package field

// An ID is the identity of a field name that the gateway treats by rule.
// Names without a rule are Other and are compared as text.
type ID uint8

// The known names, by what they are for.
const (
	Other ID = iota

	// Framing and connection: RFC 9112 section 6, RFC 9110 section 7.6.1.
	Connection
	ContentLength
	Expect
	Host
	KeepAlive
	ProxyConnection
	TE
	Trailer
	TransferEncoding
	Upgrade

	// Authentication.
	Authorization
	ProxyAuthenticate
	ProxyAuthorization
	WWWAuthenticate

	// Forwarding: RFC 7239, RFC 9110 section 7.6.3.
	Forwarded
	Via
	XForwardedFor
	XForwardedHost
	XForwardedPort
	XForwardedProto

	// Representation and negotiation.
	Accept
	AcceptEncoding
	ContentEncoding
	ContentMD5
	ContentType

	// The rest.
	ApigwRequestID
	Cookie
	Date
	MaxForwards
	Origin
	Server
	SetCookie
	UserAgent
	XAmznTraceID
	idCount
)

// names holds the known names in lower case, indexed by ID.
var names = [idCount]string{
	Accept:             "accept",
	AcceptEncoding:     "accept-encoding",
	ApigwRequestID:     "apigw-requestid",
	Authorization:      "authorization",
	Connection:         "connection",
	ContentEncoding:    "content-encoding",
	ContentLength:      "content-length",
	ContentMD5:         "content-md5",
	ContentType:        "content-type",
	Cookie:             "cookie",
	Date:               "date",
	Expect:             "expect",
	Forwarded:          "forwarded",
	Host:               "host",
	KeepAlive:          "keep-alive",
	MaxForwards:        "max-forwards",
	Origin:             "origin",
	ProxyAuthenticate:  "proxy-authenticate",
	ProxyAuthorization: "proxy-authorization",
	ProxyConnection:    "proxy-connection",
	Server:             "server",
	SetCookie:          "set-cookie",
	TE:                 "te",
	Trailer:            "trailer",
	TransferEncoding:   "transfer-encoding",
	Upgrade:            "upgrade",
	UserAgent:          "user-agent",
	Via:                "via",
	WWWAuthenticate:    "www-authenticate",
	XAmznTraceID:       "x-amzn-trace-id",
	XForwardedFor:      "x-forwarded-for",
	XForwardedHost:     "x-forwarded-host",
	XForwardedPort:     "x-forwarded-port",
	XForwardedProto:    "x-forwarded-proto",
}

// String is the name in lower case, or "" for Other.
func (id ID) String() string { return names[id] }

// Identify returns the identity of a field name in any case.
//
// The length and one letter leave at most three candidates, so an unknown
// name costs a switch and no comparison.
func Identify(name string) ID {
	switch len(name) {
	case 2:
		return among(name, TE)
	case 3:
		return among(name, Via)
	case 4:
		switch lower(name[0]) {
		case 'h':
			return among(name, Host)
		case 'd':
			return among(name, Date)
		}
	case 6:
		switch lower(name[0]) {
		case 'a':
			return among(name, Accept)
		case 'c':
			return among(name, Cookie)
		case 'e':
			return among(name, Expect)
		case 'o':
			return among(name, Origin)
		case 's':
			return among(name, Server)
		}
	case 7:
		switch lower(name[0]) {
		case 't':
			return among(name, Trailer)
		case 'u':
			return among(name, Upgrade)
		}
	case 9:
		return among(name, Forwarded)
	case 10:
		switch lower(name[0]) {
		case 'c':
			return among(name, Connection)
		case 'k':
			return among(name, KeepAlive)
		case 's':
			return among(name, SetCookie)
		case 'u':
			return among(name, UserAgent)
		}
	case 11:
		return among(name, ContentMD5)
	case 12:
		switch lower(name[0]) {
		case 'c':
			return among(name, ContentType)
		case 'm':
			return among(name, MaxForwards)
		}
	case 13:
		return among(name, Authorization)
	case 14:
		return among(name, ContentLength)
	case 15:
		switch lower(name[2]) {
		case 'c':
			return among(name, AcceptEncoding)
		case 'i':
			return among(name, ApigwRequestID)
		case 'a':
			return among(name, XAmznTraceID)
		case 'f':
			return among(name, XForwardedFor)
		}
	case 16:
		switch lower(name[0]) {
		case 'c':
			return among(name, ContentEncoding)
		case 'p':
			return among(name, ProxyConnection)
		case 'w':
			return among(name, WWWAuthenticate)
		case 'x':
			if id := among(name, XForwardedHost); id != Other {
				return id
			}
			return among(name, XForwardedPort)
		}
	case 17:
		switch lower(name[0]) {
		case 't':
			return among(name, TransferEncoding)
		case 'x':
			return among(name, XForwardedProto)
		}
	case 18:
		return among(name, ProxyAuthenticate)
	case 19:
		return among(name, ProxyAuthorization)
	}
	return Other
}

// among returns id if the name is its name. The two spellings that nearly
// every sender uses are compared as wholes, the others letter by letter.
func among(name string, id ID) ID {
	if name == titles[id] || name == names[id] || Equal(name, names[id]) {
		return id
	}
	return Other
}

// titles holds the known names with each word in title case.
var titles = titled()

func titled() (t [idCount]string) {
	for id, name := range names {
		b := []byte(name)
		for i := range b {
			if (i == 0 || b[i-1] == '-') && 'a' <= b[i] && b[i] <= 'z' {
				b[i] -= 'a' - 'A'
			}
		}
		t[id] = string(b)
	}
	return t
}

// Equal reports whether two field names are the same, ASCII letters compared
// without regard to case. Unlike strings.EqualFold it knows no Unicode, as
// field names are tokens.
func Equal(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// HopByHop reports whether a field belongs to one connection and is never
// forwarded: RFC 9110 section 7.6.1, RFC 9112 section 6. The names that a
// Connection field lists are dropped besides.
func (id ID) HopByHop() bool {
	switch id {
	case Connection, KeepAlive, ProxyConnection, TE, Trailer, TransferEncoding, Upgrade,
		ProxyAuthenticate, ProxyAuthorization:
		return true
	}
	return false
}
