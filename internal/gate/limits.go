package gate

import "time"

// Limits are AWS's own limits on one request, in one place. They are the
// defaults; an operator may raise them. Count quotas and account-wide rates
// are no limits of a gateway that its users run themselves.
type Limits struct {
	// Body is the greatest request payload in bytes: 10 MiB on AWS.
	Body int64
	// Head bounds the request line and all fields together. AWS documents
	// 10,240 bytes; the default is wider, since proxied backends set cookies.
	Head int
	// URL bounds the request target of a REST API in bytes: 10,240 on AWS.
	URL int
	// HeaderValues bounds the values of all header fields together that a REST
	// API is sent, in bytes: 10,240 on AWS.
	HeaderValues int
	// Fields bounds the number of header fields.
	Fields int
	// IntegrationTimeout is the longest that a route may wait for its backend.
	IntegrationTimeout time.Duration
}

// DefaultLimits are AWS's, of HTTP APIs where they are not a REST API's own.
func DefaultLimits() Limits {
	return Limits{
		Body:               10 << 20,
		Head:               64 << 10,
		URL:                10240,
		HeaderValues:       10240,
		Fields:             200,
		IntegrationTimeout: 30 * time.Second,
	}
}

// MinIntegrationTimeout is the shortest integration timeout that AWS accepts.
const MinIntegrationTimeout = 50 * time.Millisecond
