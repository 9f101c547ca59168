package flow

import (
	"time"

	"gatehouse/internal/gate"
)

// An Event is the wide report of one exchange: metrics, access log, trace and
// ledger all read the same one. It lies inside its Exchange and is filled in
// place.
type Event struct {
	Status        int           // as written to the client; 0 when nothing was, 499 when the client was gone
	Duration      time.Duration // from the first byte of the head to the last of the reply
	BytesIn       int64         // of the request body
	BytesOut      int64         // of the reply body
	Backend       Backend
	Fault         *gate.Fault // what ended the exchange, if the gateway did
	Aborted       error       // why the connection was cut before the reply was whole
	Meter         Meter       // the route's own counters; nil: the unmatched ones
	Log           Sink        // the stage's own access log; nil: none
	Reused, Retry bool        // the upstream connection was a used one; the call was sent again
}

// Backend is what the integration did.
type Backend struct {
	Called  bool
	Status  int // of the backend's reply; 0: none came
	Latency time.Duration
	Failure Failure
	Target  string // scheme://host:port; lives as long as the plan
}

// Failure says how an integration failed: the reason label of the metrics.
type Failure uint8

// The reasons.
const (
	NoFailure Failure = iota
	Timeout
	Connect
	TLSFailure
	Malformed
	Reset
	Status5xx
)

// String is the label text.
func (f Failure) String() string {
	switch f {
	case Timeout:
		return "timeout"
	case Connect:
		return "connect"
	case TLSFailure:
		return "tls"
	case Malformed:
		return "malformed"
	case Reset:
		return "reset"
	case Status5xx:
		return "5xx"
	}
	return ""
}

// A Meter counts exchanges of one route. It is bound when a plan is compiled,
// so that counting is a few atomic additions. Count must not block and must
// not keep the exchange.
type Meter interface{ Count(x *Exchange) }

// A Sink reads ended exchanges: the access log, the metrics of the house.
// Observe must not block and must not keep the exchange or any view of it.
type Sink interface{ Observe(x *Exchange) }
