package trace

import (
	"net/netip"
	"strings"
	"time"
	"unsafe"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/observe"
)

// A Record is what is kept of one ended exchange. It is never changed, its
// texts are its own, and secrets are masked in it already.
type Record struct {
	Seq  uint64 // 1 is the first of the process; later ones are greater
	Time time.Time
	ID   string // the request id as the client saw it

	Proto, Scheme    string
	Listener, Client string // local address and port; the client's address
	Method, Host     string
	Target           string // of the request line, its query masked
	Path, Query      string // below the stage; without "?", masked
	Header           []Pair // of the request

	Account, Region          string // of the API
	API, APIName             string // empty: no API was found
	Stage, Deployment, Route string
	Decisions                []Decision
	Truncated                bool // there were more decisions, or fields, than are kept
	Backend                  string
	BackendStatus            int           // 0: none came
	BackendLatency           time.Duration // until the head of the backend's reply
	BackendFailure           string        // timeout, connect, ...; empty: none
	Reused, Retried          bool          // the backend's connection; the call
	Status                   int           // as written; 0: nothing was
	Reply                    []Pair        // fields of the reply
	Latency                  time.Duration
	BytesIn, BytesOut        int64 // of the bodies
	Fault, Reason, Aborted   string
	By                       Maker // of the error

	size         int
	older, newer *Record // of all
	next         *Record // of the stage, newer
	ring         *ring
}

// A Pair is a header field or another named value.
type Pair struct{ Name, Value string }

// A Decision is one note of the Trail.
type Decision struct {
	What flow.Decision
	A, B string
}

// A Maker made an error.
type Maker uint8

// The makers.
const (
	Nobody Maker = iota // there is no error
	ByClient
	ByGateway
	ByIntegration
)

// String is client, gateway, integration, or empty.
func (m Maker) String() string {
	return [...]string{"", "client", "gateway", "integration"}[m]
}

// Bounds of what is kept of one exchange. A Trail's own bound is greater: it is
// made for one question at a time.
const (
	maxText      = 16 << 10 // bytes of all texts together
	maxFields    = 100      // of the request, and as many of the reply
	maxDecisions = 200
)

// writer gathers the texts of one record in memory that is used again.
type writer struct {
	text  []byte
	spans []span
	full  bool
}

// A span is where a text that belongs at *to lies. The texts are cut from one
// string once all are there.
type span struct {
	to        *string
	from, end int
}

func (w *writer) reset() { w.text, w.spans, w.full = w.text[:0], w.spans[:0], false }

// put copies s, or as much of it as there is room for.
func (w *writer) put(to *string, s string) {
	if room := maxText - len(w.text); len(s) > room {
		s, w.full = strings.ToValidUTF8(s[:room], ""), true
	}
	from := len(w.text)
	w.text = append(w.text, s...)
	w.note(to, from)
}

// putMasked copies a request target or a text that may quote one.
func (w *writer) putMasked(to *string, s string) {
	from := len(w.text)
	w.text = observe.AppendMasked(w.text, s)
	w.trim(from)
	w.note(to, from)
}

// putQuery copies a query without its "?".
func (w *writer) putQuery(to *string, s string) {
	from := len(w.text)
	w.text = observe.AppendMaskedQuery(w.text, s)
	w.trim(from)
	w.note(to, from)
}

func (w *writer) putAddr(to *string, a netip.Addr) {
	from := len(w.text)
	if a.IsValid() {
		w.text = a.AppendTo(w.text)
	}
	w.note(to, from)
}

func (w *writer) putAddrPort(to *string, a netip.AddrPort) {
	from := len(w.text)
	if a.IsValid() {
		w.text = a.AppendTo(w.text)
	}
	w.note(to, from)
}

// trim takes back what was appended since from beyond the bound.
func (w *writer) trim(from int) {
	if len(w.text) > maxText {
		w.text, w.full = w.text[:max(from, maxText)], true
	}
}

func (w *writer) note(to *string, from int) {
	if len(w.text) > from {
		w.spans = append(w.spans, span{to, from, len(w.text)})
	}
}

// record copies what is worth keeping of an exchange.
func (w *writer) record(x *flow.Exchange) *Record {
	w.reset()
	e := &x.Event
	r := &Record{
		Time: x.Start, Status: e.Status, Latency: e.Duration, BytesIn: e.BytesIn, BytesOut: e.BytesOut,
		BackendStatus: e.Backend.Status, BackendLatency: e.Backend.Latency, BackendFailure: e.Backend.Failure.String(),
		Reused: e.Reused, Retried: e.Retry, By: maker(x),
	}
	if r.Status == 0 {
		r.Status = x.Out.Status // what would have been written
	}
	w.put(&r.ID, x.ID)
	w.request(r, x)
	w.place(r, x)
	w.put(&r.Backend, e.Backend.Target)
	if f := e.Fault; f != nil {
		w.put(&r.Fault, string(f.Kind))
		if f.Err != nil {
			w.putMasked(&r.Reason, f.Err.Error())
		}
	}
	if e.Aborted != nil {
		w.putMasked(&r.Aborted, e.Aborted.Error())
	}
	w.decisions(r, x.Trail)
	r.Header = make([]Pair, 0, min(x.In.Header.Len(), maxFields))
	r.Reply = make([]Pair, 0, min(x.Out.Header.Len(), maxFields))
	for name, value := range x.In.Header.All() {
		w.field(&r.Header, name, value)
	}
	for name, value := range x.Out.Header.All() {
		w.field(&r.Reply, name, value)
	}
	w.cut(r)
	return r
}

func (w *writer) request(r *Record, x *flow.Exchange) {
	in := &x.In
	w.put(&r.Proto, in.Proto)
	w.put(&r.Scheme, in.Scheme)
	w.putAddrPort(&r.Listener, in.Listen)
	w.putAddr(&r.Client, in.Source)
	w.put(&r.Method, in.Method)
	w.put(&r.Host, in.Host)
	w.putMasked(&r.Target, in.Target)
	w.put(&r.Path, x.Path)
	w.putQuery(&r.Query, x.Query)
}

func (w *writer) place(r *Record, x *flow.Exchange) {
	if a := x.API; a != nil {
		w.put(&r.Account, a.Account)
		w.put(&r.Region, a.Region)
		w.put(&r.API, string(a.ID))
		w.put(&r.APIName, a.Name)
	}
	if s := x.Stage; s != nil {
		w.put(&r.Stage, string(s.Name))
		w.put(&r.Deployment, string(s.Deployment))
	}
	if x.Route != nil {
		w.put(&r.Route, x.Route.Key)
	}
}

// field copies a header field. The slice has room for maxFields, so that the
// places of its texts stay where they are.
func (w *writer) field(list *[]Pair, name, value string) {
	if len(*list) == cap(*list) {
		w.full = true
		return
	}
	*list = append(*list, Pair{})
	p := &(*list)[len(*list)-1]
	w.put(&p.Name, name)
	from := len(w.text)
	w.text = observe.AppendField(w.text, name, value)
	w.trim(from)
	w.note(&p.Value, from)
}

func (w *writer) decisions(r *Record, t *flow.Trail) {
	n := min(t.Len(), maxDecisions)
	w.full = w.full || t.Truncated() || n < t.Len()
	r.Decisions = make([]Decision, n)
	for i := range n {
		d := &r.Decisions[i]
		what, a, b := t.View(i)
		d.What = what
		w.putMasked(&d.A, a)
		w.putMasked(&d.B, Value(what, a, b))
	}
}

// Value is the second text of a decision as it may be shown: a mapping to a name
// that holds secrets has one for a value, before and after. What is mapped from
// such a name was masked by who noted it.
func Value(what flow.Decision, a, b string) string {
	if what != flow.Shaped && what != flow.ShapedFrom || b == "" {
		return b
	}
	name := a[strings.IndexByte(a, ':')+1:]
	for _, group := range [...]string{"header.", "querystring.", "path."} {
		if _, rest, ok := strings.Cut(name, group); ok {
			name = rest
			break
		}
	}
	if observe.SecretField(name) {
		return observe.Masked
	}
	return b
}

// cut gives all texts their memory: one string.
func (w *writer) cut(r *Record) {
	text := string(w.text)
	for _, s := range w.spans {
		*s.to = text[s.from:s.end]
	}
	r.Truncated = w.full
	r.size = int(unsafe.Sizeof(*r)) + len(text) +
		(cap(r.Header)+cap(r.Reply))*int(unsafe.Sizeof(Pair{})) + cap(r.Decisions)*int(unsafe.Sizeof(Decision{}))
	clear(w.spans) // holds no record back
}

// Size is what the record takes in memory, in bytes.
func (r *Record) Size() int { return r.size }

// maker says who is to blame for an error, if there is one.
func maker(x *flow.Exchange) Maker {
	e := &x.Event
	switch {
	case e.Backend.Failure != flow.NoFailure:
		return ByIntegration
	case e.Fault != nil:
		if e.Fault.Render(gate.HTTP).Status < 500 {
			return ByClient
		}
		return ByGateway
	case x.Out.Status < 400 && e.Status < 400:
		return Nobody
	case e.Backend.Called:
		return ByIntegration
	}
	return ByGateway
}
