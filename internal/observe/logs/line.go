package logs

import (
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"gatehouse/internal/field"
	"gatehouse/internal/flow"
)

// The longest texts of a line, in bytes before escaping. What is longer is cut
// and ends in "...".
const (
	maxTarget  = 2 << 10
	maxError   = 1 << 10
	maxRoute   = 512
	maxAgent   = 256
	maxHost    = 300
	maxBackend = 512
	maxWord    = 64 // of a method, an id, a protocol
)

// longestLine is more than a line can be: every byte of every text may need
// the six bytes of an escape, and the rest of a line is under 1 KiB.
const longestLine = 6*(maxTarget+maxError+maxRoute+maxAgent+maxHost+maxBackend+6*maxWord) + 1<<10

// A line fits into a chunk, or this does not compile.
const _ = uint(chunkSize - longestLine)

// A column appends its value behind dst; nothing, where it has none.
type column struct {
	name string
	add  func(dst []byte, x *flow.Exchange) []byte
}

// columns are the fields of a line, in order. Those that have no value are
// left out of it.
var columns = [...]column{
	{"time", nil}, // by the format's clock
	{"requestId", func(b []byte, x *flow.Exchange) []byte { return appendText(b, x.ID, maxWord) }},
	{"ip", appendIP},
	{"method", func(b []byte, x *flow.Exchange) []byte { return appendText(b, x.In.Method, maxWord) }},
	{"path", appendTarget},
	{"protocol", func(b []byte, x *flow.Exchange) []byte { return appendText(b, x.In.Proto, maxWord) }},
	{"host", func(b []byte, x *flow.Exchange) []byte { return appendText(b, x.In.Host, maxHost) }},
	{"api", appendAPI},
	{"stage", appendStage},
	{"routeKey", appendRoute},
	{"status", func(b []byte, x *flow.Exchange) []byte { return strconv.AppendInt(b, int64(x.Event.Status), 10) }},
	{"responseLength", func(b []byte, x *flow.Exchange) []byte { return strconv.AppendInt(b, x.Event.BytesOut, 10) }},
	{"requestLength", func(b []byte, x *flow.Exchange) []byte { return strconv.AppendInt(b, x.Event.BytesIn, 10) }},
	{"durationMs", func(b []byte, x *flow.Exchange) []byte { return appendMillis(b, x.Event.Duration) }},
	{"integrationStatus", appendBackendStatus},
	{"integrationLatencyMs", appendBackendLatency},
	{"integrationTarget", func(b []byte, x *flow.Exchange) []byte { return appendText(b, x.Event.Backend.Target, maxBackend) }},
	{"error", appendError},
	{"userAgent", appendAgent},
}

// A format is the columns compiled to what stands before each value.
type format struct {
	clock clock
	parts []part // behind the time
}

type part struct {
	before string // `,"name":`
	add    func([]byte, *flow.Exchange) []byte
}

// compile takes columns of which the first is the time.
func compile(columns []column) *format {
	f := &format{parts: make([]part, len(columns)-1)}
	for i, c := range columns[1:] {
		f.parts[i] = part{`,"` + c.name + `":`, c.add}
	}
	return f
}

// append appends the line of an exchange, with its line feed.
func (f *format) append(dst []byte, x *flow.Exchange) []byte {
	dst = f.clock.append(append(dst, `{"time":"`...), x.Start)
	dst = append(dst, '"')
	for i := range f.parts {
		before := len(dst)
		dst = append(dst, f.parts[i].before...)
		value := len(dst)
		if dst = f.parts[i].add(dst, x); len(dst) == value {
			dst = dst[:before]
		}
	}
	return append(dst, "}\n"...)
}

func appendText(dst []byte, s string, max int) []byte {
	if s == "" {
		return dst
	}
	s, more := cut(s, max)
	return append(append(appendEscaped(append(dst, '"'), s), more...), '"')
}

// cut shortens s to max bytes at a character's end and returns the mark that
// says so.
func cut(s string, max int) (head, more string) {
	if len(s) <= max {
		return s, ""
	}
	n := max
	for back := 0; back < utf8.UTFMax-1 && n > 0 && !utf8.RuneStart(s[n]); back++ {
		n--
	}
	return s[:n], "..."
}

// A clock writes times as RFC 3339 in UTC with milliseconds. Nearly all lines
// are of the same second as the one before, whose text it keeps.
type clock struct{ last atomic.Pointer[second] }

type second struct {
	unix int64
	text string // up to and with the point before the fraction
}

func (c *clock) append(dst []byte, t time.Time) []byte {
	s, unix := c.last.Load(), t.Unix()
	if s == nil || s.unix != unix {
		s = &second{unix, string(appendSecond(nil, t))}
		c.last.Store(s)
	}
	return append(append3(append(dst, s.text...), t.Nanosecond()/1e6), 'Z')
}

func appendSecond(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	year = min(max(year, 0), 9999)
	dst = append(append2(append2(dst, year/100), year%100), '-')
	dst = append(append2(dst, int(month)), '-')
	dst = append(append2(dst, day), 'T')
	dst = append(append2(dst, hour), ':')
	dst = append(append2(dst, minute), ':')
	return append(append2(dst, second), '.')
}

func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func append3(dst []byte, n int) []byte { return append2(append(dst, byte('0'+n/100)), n%100) }

// appendMillis appends a duration in milliseconds with three decimals.
func appendMillis(dst []byte, d time.Duration) []byte {
	us := max(d, 0).Microseconds()
	dst = append(strconv.AppendInt(dst, us/1000, 10), '.')
	return append3(dst, int(us%1000))
}

func appendIP(dst []byte, x *flow.Exchange) []byte {
	if !x.In.Source.IsValid() {
		return dst
	}
	return append(x.In.Source.AppendTo(append(dst, '"')), '"')
}

func appendTarget(dst []byte, x *flow.Exchange) []byte {
	if x.In.Target == "" {
		return dst
	}
	s, more := cut(x.In.Target, maxTarget)
	return append(append(appendMasked(append(dst, '"'), s), more...), '"')
}

func appendAPI(dst []byte, x *flow.Exchange) []byte {
	if x.API == nil {
		return dst
	}
	return appendText(dst, string(x.API.ID), maxWord)
}

func appendStage(dst []byte, x *flow.Exchange) []byte {
	if x.Stage == nil {
		return dst
	}
	return appendText(dst, string(x.Stage.Name), 2*maxWord)
}

func appendRoute(dst []byte, x *flow.Exchange) []byte {
	if x.Route == nil {
		return dst
	}
	return appendText(dst, x.Route.Key, maxRoute)
}

func appendBackendStatus(dst []byte, x *flow.Exchange) []byte {
	if x.Event.Backend.Status == 0 {
		return dst
	}
	return strconv.AppendInt(dst, int64(x.Event.Backend.Status), 10)
}

func appendBackendLatency(dst []byte, x *flow.Exchange) []byte {
	if !x.Event.Backend.Called {
		return dst
	}
	return appendMillis(dst, x.Event.Backend.Latency)
}

// appendError appends what the operator is to know: the fault's kind and
// reason, or why the connection was cut. A reason may quote a URL.
func appendError(dst []byte, x *flow.Exchange) []byte {
	fault, aborted := x.Event.Fault, x.Event.Aborted
	if fault == nil && aborted == nil {
		return dst
	}
	dst = append(dst, '"')
	if fault != nil {
		dst = appendEscaped(dst, string(fault.Kind))
		if fault.Err != nil {
			dst = appendReason(append(dst, ": "...), fault.Err)
		}
	}
	if aborted != nil {
		if fault != nil {
			dst = append(dst, "; "...)
		}
		dst = appendReason(append(dst, "aborted: "...), aborted)
	}
	return append(dst, '"')
}

func appendReason(dst []byte, err error) []byte {
	s, more := cut(err.Error(), maxError/2)
	return append(appendMasked(dst, s), more...)
}

func appendAgent(dst []byte, x *flow.Exchange) []byte {
	agent, _ := x.In.Header.Lookup(field.UserAgent)
	return appendText(dst, agent, maxAgent)
}
