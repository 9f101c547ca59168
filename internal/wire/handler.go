package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"time"
)

// DefaultMaxBody is the largest request body in bytes where Options say nothing: AWS takes 6 MB of OpenAPI, which JSON may escape
// to twice that.
const DefaultMaxBody = 12 << 20

// maxDropped is the most of a body beyond the limit that is read and dropped, in bytes, so that its client gets the reason and not a
// broken connection.
const maxDropped = 64 << 20

// Options are what a Handler needs from the house around it. The zero value serves every signed call for no account in particular.
type Options struct {
	// MaxBody is the largest request body in bytes; 0 is DefaultMaxBody.
	MaxBody int64

	// Identify decides whether the claimed caller may call at all, and sets what only the house knows, such as c.Account. The body
	// is whole and not to be changed or kept. An *Error refuses the call as it says, any other error as a 500. nil accepts
	// everybody. It may run concurrently.
	Identify func(r *http.Request, body []byte, c *Caller) error

	// Observe is told of each call after its answer was written; nil tells nobody. It may run concurrently.
	Observe func(Call)
}

// A Call is what happened to one request, for metrics, the audit and the operator's log.
type Call struct {
	Service   string
	Operation string // "" where the request was no operation
	Caller    Caller
	Status    int
	ErrorType string // "" on success
	Duration  time.Duration
	Err       error  // what was returned or panicked, causes included; nil on success
	Stack     []byte // of a panic; else nil
}

// A Handler serves the operations of one Table. It is immutable and may be used concurrently.
type Handler struct {
	table   Table
	options Options
	root    node
}

// NewHandler compiles a table. It fails where the table contradicts itself, which the tests of a generated package find.
func NewHandler(t Table, o Options) (*Handler, error) {
	h := &Handler{table: t, options: o}
	if h.options.MaxBody <= 0 {
		h.options.MaxBody = DefaultMaxBody
	}
	s := &shapes{table: &h.table, known: map[reflect.Type]*shape{}}
	for _, o := range t.Operations {
		op := &operation{Operation: o}
		var err error
		if op.in, err = s.of(o.In); err != nil {
			return nil, fmt.Errorf("table %s: operation %s: input: %w", t.Service, o.Name, err)
		}
		if o.Out != nil {
			if op.out, err = s.of(o.Out); err != nil {
				return nil, fmt.Errorf("table %s: operation %s: output: %w", t.Service, o.Name, err)
			}
		}
		if err := h.root.add(op); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Service, err)
		}
		if err := op.labelled(); err != nil {
			return nil, fmt.Errorf("table %s: operation %s: %w", t.Service, o.Name, err)
		}
	}
	return h, s.unused()
}

// labelled tests that the labels of the path and the label members of the input are the same.
func (op *operation) labelled() error {
	names := map[string]bool{}
	for _, l := range op.labels {
		names[l] = true
	}
	for i := range op.in.members {
		if m := &op.in.members[i]; m.place == inLabel {
			if !names[m.wire] {
				return fmt.Errorf("member %s has no label in %s", m.name, op.URI)
			}
			delete(names, m.wire)
		}
	}
	for l := range names {
		return fmt.Errorf("label %s of %s has no member", l, op.URI)
	}
	return nil
}

// unused finds what the table says about a member that is not there: a misspelling would otherwise constrain nothing.
func (s *shapes) unused() error {
	left := maps.Clone(s.table.Constraints)
	hollow := maps.Clone(s.table.EmptyIsNull)
	for _, p := range s.known {
		for i := range p.members {
			name := p.name + "." + p.members[i].name
			delete(left, name)
			if t := p.members[i].typ; hollow[name] && t.kind == isMap && t.elem.kind == isString {
				delete(hollow, name)
			}
		}
	}
	for name := range left {
		return fmt.Errorf("table %s: constraint on %s: there is no such member", s.table.Service, name)
	}
	for name := range hollow {
		return fmt.Errorf("table %s: empty is null in %s: there is no such map of strings", s.table.Service, name)
	}
	return nil
}

// ServeHTTP answers one call, always whole: no byte is written before the outcome is known.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	call := Call{Service: h.table.Service, Caller: Caller{RequestID: newRequestID(), SourceIP: peer(r.RemoteAddr), UserAgent: clip(r.UserAgent()), Host: r.Host}}
	a, err := h.answer(r, &call)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = internal(err)
		}
		call.Err, call.ErrorType = err, e.Type
		a = e.answer()
	}
	call.Status = a.status
	a.write(w, r, call.Caller.RequestID)
	call.Duration = time.Since(start)
	if h.options.Observe != nil {
		h.options.Observe(call)
	}
}

func (h *Handler) answer(r *http.Request, call *Call) (answer, error) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return answer{}, err
	}
	m, err := h.root.find(r.Method, r.URL.EscapedPath(), query, h.table.Floating)
	if err != nil {
		return answer{}, err
	}
	call.Operation, call.Caller.Prefix = m.op.Name, m.prefix
	scope, err := ParseScope(r.Header)
	if err != nil {
		return answer{}, err
	}
	call.Caller.AccessKeyID, call.Caller.Region, call.Caller.Service = scope.AccessKeyID, scope.Region, scope.Service
	body, err := h.read(r)
	if err != nil {
		return answer{}, err
	}
	if h.options.Identify != nil {
		if err := h.options.Identify(r, body, &call.Caller); err != nil {
			return answer{}, err
		}
	}
	in := reflect.New(m.op.In)
	if m.op.in.payload < 0 && len(m.op.in.body) > 0 {
		if err := decodeBody(m.op.in, body, in.Elem()); err != nil {
			return answer{}, err
		}
	}
	if err := bind(m.op.in, in.Elem(), m.labels, query, m.op.literals, r.Header, body); err != nil {
		return answer{}, err
	}
	if err := validate(m.op.in, in.Elem(), h.table.Invalid); err != nil {
		return answer{}, err
	}
	return h.run(WithCaller(r.Context(), call.Caller), m.op, in, call)
}

// run calls the operation and encodes what it returns. A panic is a 500 of this call and of no other.
func (h *Handler) run(ctx context.Context, op *operation, in reflect.Value, call *Call) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			call.Stack = debug.Stack()
			a, err = answer{}, fmt.Errorf("operation %s: panic: %v", op.Name, p)
		}
	}()
	out, err := op.Call(ctx, in.Interface())
	if err != nil {
		return answer{}, err
	}
	a = answer{status: op.Code, header: http.Header{}}
	if op.out == nil {
		return a, nil
	}
	v := reflect.ValueOf(out)
	if !v.IsValid() || v.IsNil() {
		return answer{}, fmt.Errorf("operation %s: neither output nor error", op.Name)
	}
	if a.body, err = encodeOutput(op.out, v.Elem(), a.header); err != nil {
		return answer{}, fmt.Errorf("operation %s: output: %w", op.Name, err)
	}
	return a, nil
}

func (h *Handler) read(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, h.options.MaxBody+1))
	if int64(len(body)) > h.options.MaxBody {
		// Clients send all of a body before they look for an answer: a connection that is closed while they do is all that they tell.
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxDropped)) // what fails here fails the answer as well
		return nil, &Error{Type: typeTooLarge, Status: http.StatusRequestEntityTooLarge, Message: "Request size exceeded " + strconv.FormatInt(h.options.MaxBody, 10) + " bytes."}
	}
	if err != nil {
		e := serialization("The body ended early.")
		e.Err = err
		return nil, e
	}
	return body, nil
}

// peer is an address without its port.
func peer(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}
