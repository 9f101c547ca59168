package h1

import (
	"cmp"
	"sync/atomic"
	"time"

	"gatehouse/internal/field"
)

// Limits bound what a peer may send. A zero field means the default named
// beside it; there is no way to say "unlimited".
type Limits struct {
	HeadBytes    int // of a start line and its fields together; 64 KiB
	Fields       int // of one head or trailer section; 200
	LineBytes    int // of a request target; 16 KiB
	ChunkLine    int // of one chunk-size line with its extensions; 1 KiB, at most 4 KiB
	Extensions   int // of all chunk extensions of one body; 16 KiB
	TrailerBytes int // of one trailer section; 8 KiB
}

func (l *Limits) headBytes() int    { return cmp.Or(l.HeadBytes, 64<<10) }
func (l *Limits) fields() int       { return cmp.Or(l.Fields, 200) }
func (l *Limits) lineBytes() int    { return cmp.Or(l.LineBytes, 16<<10) }
func (l *Limits) chunkLine() int    { return min(cmp.Or(l.ChunkLine, 1<<10), smallBuffer) }
func (l *Limits) extensions() int   { return cmp.Or(l.Extensions, 16<<10) }
func (l *Limits) trailerBytes() int { return cmp.Or(l.TrailerBytes, 8<<10) }

// Vet holds a head that another version of HTTP has brought to the limits and
// rules of ReadHead that its own parser may not know, and returns the declared
// length of the body, -1 for none. The error is a *SyntaxError. The form of the
// target and the Host are the caller's to check.
func (l *Limits) Vet(h *Head) (length int64, err error) {
	if !ValidMethod(h.Method) {
		return -1, badValue("malformed method", h.Method)
	}
	if h.Method == "CONNECT" {
		return -1, errConnect()
	}
	if len(h.Target) > l.lineBytes() {
		return -1, &SyntaxError{Status: 414, Reason: "request target too long"}
	}
	if h.Header.Len() > l.fields() {
		return -1, &SyntaxError{Status: 431, Reason: "too many fields"}
	}
	f := framing{length: -1}
	for i := range h.Header.Len() {
		if id, _, value, ok := h.Header.At(i); ok && id == field.ContentLength {
			if err := f.contentLength(value); err != nil {
				return -1, err
			}
		}
	}
	return f.length, nil
}

// VetTrailer holds a trailer section that another version of HTTP has brought to
// the limits and rules of a chunked body's: what is left out there is removed
// from the list, and what is refused there is a *SyntaxError.
func (l *Limits) VetTrailer(list *field.List) error {
	if list.Len() > l.fields() {
		return &SyntaxError{Status: 431, Reason: "too many trailer fields"}
	}
	size := 0
	for i := range list.Len() {
		id, name, value, ok := list.At(i)
		if !ok {
			continue
		}
		if size += len(name) + len(value) + len(": \r\n"); size > l.trailerBytes() {
			return &SyntaxError{Status: 431, Reason: "trailer section too large"}
		}
		switch trailerRule(id) {
		case refused:
			return badValue("forbidden trailer field", name)
		case dropped:
			list.Del(name)
		}
	}
	return nil
}

// Timeouts bound how long a client may take. A zero field means the default
// named beside it.
type Timeouts struct {
	Quiet time.Duration // without a byte between requests, after which the buffers are given up; 2 s
	Idle  time.Duration // between requests in all; 75 s
	Head  time.Duration // for a whole head, from its first byte; 10 s
	Body  time.Duration // for a read of the body that gets nothing; 30 s
	Write time.Duration // for a write that makes no progress; 30 s

	// MinRate is the least average rate of a request body in bytes a second,
	// demanded once the client has been waited for for RateGrace in all; 240,
	// and below zero: none. Only time spent waiting for the client counts, so
	// a slow backend is never held against it.
	MinRate   int
	RateGrace time.Duration // 10 s

	Drain  time.Duration // for the rest of an unread body before the next request; 500 ms
	Linger time.Duration // for the peer to read the last answer while it still sends; 2 s
}

func (t *Timeouts) quiet() time.Duration     { return min(cmp.Or(t.Quiet, 2*time.Second), t.idle()) }
func (t *Timeouts) idle() time.Duration      { return cmp.Or(t.Idle, 75*time.Second) }
func (t *Timeouts) head() time.Duration      { return cmp.Or(t.Head, 10*time.Second) }
func (t *Timeouts) body() time.Duration      { return cmp.Or(t.Body, 30*time.Second) }
func (t *Timeouts) write() time.Duration     { return cmp.Or(t.Write, 30*time.Second) }
func (t *Timeouts) minRate() int             { return cmp.Or(t.MinRate, 240) }
func (t *Timeouts) rateGrace() time.Duration { return cmp.Or(t.RateGrace, 10*time.Second) }
func (t *Timeouts) drain() time.Duration     { return cmp.Or(t.Drain, 500*time.Millisecond) }
func (t *Timeouts) linger() time.Duration    { return cmp.Or(t.Linger, 2*time.Second) }

// BodyBy is when a read of a request body that begins now has to end, given how
// much of the body has come and how long the client was waited for in all. It
// is for the fronts of other versions of HTTP, too.
func (t *Timeouts) BodyBy(now time.Time, given int64, waited time.Duration) time.Time {
	by := now.Add(t.body())
	if rate := t.minRate(); rate > 0 {
		earned := time.Duration(float64(given) / float64(rate) * float64(time.Second))
		by = earlier(by, now.Add(t.rateGrace()+earned-waited))
	}
	return by
}

// WriteStall is Write, or its default.
func (t *Timeouts) WriteStall() time.Duration { return t.write() }

// ServerOptions are shared by the connections of a listener, which may use
// them concurrently. Limits and Timeouts do not change once a connection was
// made with them.
type ServerOptions struct {
	Limits   Limits
	Timeouts Timeouts

	// Draining, once set, makes every reply on these options say
	// "Connection: close". Connections that wait for a request learn of it by
	// ServerConn.Drain.
	Draining atomic.Bool

	date atomic.Pointer[stamp]
}

// stamp is the text of a Date field and the second that it is good for.
type stamp struct {
	second int64
	text   string
}

// dateText is the value of a Date field (RFC 9110 section 5.6.7) for now. The
// text is made once a second, not once a reply.
func (o *ServerOptions) dateText(now time.Time) string {
	second := now.Unix()
	if s := o.date.Load(); s != nil && s.second == second {
		return s.text
	}
	s := &stamp{second, now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}
	o.date.Store(s)
	return s.text
}
