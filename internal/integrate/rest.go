package integrate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/internal/expr"
	"gatehouse/internal/field"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

// A RESTProxy answers a method of a REST API with what an HTTP backend answers,
// over the internet or through a VPC link. It is immutable and serves all
// exchanges of its route.
type RESTProxy struct {
	pools   *upstream.Pools
	target  target
	api     gate.APIID
	host    string // the Host field
	method  string // "": the client's
	path    []filled
	query   []filled
	timeout time.Duration
}

// A filled is a piece of a URI: text, or what a mapping
// integration.request.path.NAME makes of the request.
type filled struct {
	text  string
	value *expr.Expr // nil: text
}

// REST compiles the HTTP_PROXY integration of a method for a stage, whose
// variables stand in the URI and in the id of the VPC link. The error says why
// no request could be served by it, and names the route: AWS takes such a
// definition and answers each request with 500.
func REST(a *gate.API, r *gate.Route, s *gate.Stage, links *Links, pools *upstream.Pools) (*RESTProxy, error) {
	p, err := compileREST(r, s, links, pools)
	if err != nil {
		return nil, fmt.Errorf("route %s: integration %s: %w", r.Key, r.Integration.ID, err)
	}
	p.api = a.ID
	return p, nil
}

func compileREST(r *gate.Route, s *gate.Stage, links *Links, pools *upstream.Pools) (*RESTProxy, error) {
	in := r.Integration
	values, names, err := pathValues(in)
	if err != nil {
		return nil, err
	}
	uri := fillStage(in.URI, s)
	e, err := parseEndpoint(encodeOthers(uri), names)
	if err != nil {
		return nil, fmt.Errorf("uri %q: %w%s", uri, err, unmapped(uri, names))
	}
	method, err := parseMethod(in.Method)
	if err != nil {
		return nil, err
	}
	timeout, err := timeoutOf(in)
	if err != nil {
		return nil, err
	}
	if in.Timeout == 0 {
		timeout = restTimeout
	}
	p := &RESTProxy{pools: pools, host: e.host, method: method, path: fillAll(e.path, values), query: fillAll(e.query, values), timeout: timeout}
	p.target, err = restTarget(in, s, e.address, links, pools)
	return p, err
}

// restTimeout is the timeout of a REST API that says none (runtime 1.10).
const restTimeout = 29 * time.Second

// restTarget is where an integration leads: to the address of its URI, or to
// those behind its VPC link.
func restTarget(in *gate.Integration, s *gate.Stage, address upstream.Address, links *Links, pools *upstream.Pools) (target, error) {
	list := []upstream.Address{address}
	if in.Kind == gate.Private {
		var err error
		if list, err = behind(in, s, address, links); err != nil {
			return nil, err
		}
	}
	secure := false
	for i := range list {
		if !list[i].Secure {
			continue
		}
		secure = true
		list[i].Unverified = in.Shape != nil && in.Shape.Unverified
		list[i].Certificate = s.ClientCertificate
	}
	if secure && s.ClientCertificate != "" {
		if err := pools.CheckCertificate(s.ClientCertificate); err != nil {
			return nil, fmt.Errorf("the client certificate %s of stage %s cannot be shown: %w", s.ClientCertificate, s.Name, err)
		}
	}
	if len(list) == 1 {
		return pools.Target(list[0]), nil
	}
	return pools.Group(list), nil
}

// behind are the addresses behind a VPC link. The URI brings the Host field and
// the path, and with https the name that certificates must carry.
func behind(in *gate.Integration, s *gate.Stage, address upstream.Address, links *Links) ([]upstream.Address, error) {
	private := gate.Integration{ID: in.ID, Kind: gate.Private, ConnectionID: fillStage(in.ConnectionID, s)}
	if in.Shape != nil {
		private.URI = in.Shape.Target
	}
	if private.ConnectionID == "" {
		return nil, errors.New("it names no VPC link: set connectionId, or the stage variable in it, and deploy again")
	}
	if err := links.Missing(&private); err != nil {
		return nil, err
	}
	name := ""
	if address.Secure {
		name = address.Host
	}
	list, err := verified(links.find(&private), name)
	return append([]upstream.Address(nil), list...), err
}

// fillStage puts the stage's variables into a text: ${stageVariables.NAME}. One
// that is not set is empty; other braces stay (runtime 1.10: recorded).
func fillStage(text string, s *gate.Stage) string {
	const open = "${stageVariables."
	for at := 0; ; {
		i := strings.Index(text[at:], open)
		if i < 0 {
			return text
		}
		i += at
		size := strings.IndexByte(text[i:], '}')
		if size < 0 {
			return text
		}
		value := s.Variables[text[i+len(open):i+size]]
		text, at = text[:i]+value+text[i+size+1:], i+len(value)
	}
}

// encodeOthers percent-encodes what stands in braces behind a dollar and is no
// stage variable: it is sent as it is, and no request line holds braces (runtime
// 1.10: recorded).
func encodeOthers(uri string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(uri, "${")
		inner, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			b.WriteString(uri)
			return b.String()
		}
		b.WriteString(before + "$%7B")
		for i := range len(inner) {
			if c := inner[i]; c == '%' || queryByte(c) {
				b.WriteByte(c)
			} else {
				b.WriteString(percent(inner[i : i+1]))
			}
		}
		b.WriteString("%7D")
		uri = after
	}
}

// pathValues are the mappings of an integration that fill its URI.
func pathValues(in *gate.Integration) (values map[string]*expr.Expr, names []string, err error) {
	for key, text := range in.RequestParameters {
		name, ok := strings.CutPrefix(key, "integration.request.path.")
		if !ok {
			continue
		}
		e, err := expr.CompileREST(text, expr.Request)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", key, err)
		}
		if values == nil {
			values = map[string]*expr.Expr{}
		}
		values[name] = e
		names = append(names, name)
	}
	return values, names, nil
}

// unmapped adds to what is wrong with a URI what most often is.
func unmapped(uri string, names []string) string {
	for _, name := range routeParams(uri) {
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known {
			return fmt.Sprintf("; {%s} in the URI of a REST API is filled by a request parameter only: integration.request.path.%s=method.request.path.%s", name, name, name)
		}
	}
	return ""
}

func fillAll(list []part, values map[string]*expr.Expr) []filled {
	out := make([]filled, len(list))
	for i, p := range list {
		if name, ok := p.param(); ok {
			out[i] = filled{name, values[name]}
			continue
		}
		out[i].text = string(p)
	}
	return out
}

// Serve implements flow.Handler.
func (p *RESTProxy) Serve(x *flow.Exchange) error {
	k := p.pools.Call()
	defer k.Free()
	k.Method, k.Timeout = p.methodFor(x), p.timeout
	if bodiless(k.Method) {
		x.In.Body = flow.Body{} // the door reads past what is left of it
	}
	if err := p.appendHead(k, x); err != nil {
		return err
	}
	if x.Trail != nil {
		x.Trail.Add(flow.TargetChosen, p.line(k), "")
	}
	if err := p.target.Do(x, k); err != nil {
		return err
	}
	remapReply(&x.Out.Header)
	return nil
}

// line is method and URL of a call, whose head was written.
func (p *RESTProxy) line(k *upstream.Call) string {
	first, _, _ := strings.Cut(string(k.Head), " HTTP/1.1\r\n")
	method, target, _ := strings.Cut(first, " ")
	return method + " " + p.target.String() + target
}

// Target tells what Serve would call for the exchange, and calls nothing.
func (p *RESTProxy) Target(x *flow.Exchange) (method, url string) {
	b, err := p.appendTarget([]byte(p.target.String()), x)
	if err != nil {
		return p.methodFor(x), p.target.String() + "/"
	}
	return p.methodFor(x), string(b)
}

// bodiless reports whether requests of a method are sent without a body,
// whatever the client sent (runtime 1.10: recorded).
func bodiless(method string) bool { return method == "GET" || method == "HEAD" || method == "OPTIONS" }

func (p *RESTProxy) methodFor(x *flow.Exchange) string {
	if p.method != "" {
		return p.method
	}
	return x.In.Method
}

// maxPath bounds what mappings write into one URI.
const maxPath = 16 << 10

// appendTarget writes the path and query that the backend is asked for.
func (p *RESTProxy) appendTarget(b []byte, x *flow.Exchange) (_ []byte, err error) {
	if b, err = appendFilled(b, p.path, x, false); err != nil {
		return b, err
	}
	if len(p.query) > 0 {
		if b, err = appendFilled(append(b, '?'), p.query, x, true); err != nil {
			return b, err
		}
	}
	query := x.Query
	if x.Onward.Mapped {
		query = x.Onward.Query
	}
	if query != "" {
		sep := byte('?')
		if len(p.query) > 0 {
			sep = '&'
		}
		b = append(append(b, sep), query...)
	}
	return b, nil
}

// appendFilled writes a template with its values, in a query so that none can
// add a parameter.
func appendFilled(b []byte, list []filled, x *flow.Exchange, query bool) ([]byte, error) {
	for i := range list {
		v := list[i].value
		if v == nil {
			b = append(b, list[i].text...)
			continue
		}
		from := len(b)
		out, _, err := v.AppendPath(b, x, maxPath)
		if err != nil {
			return b, pathFault(list[i].text, err)
		}
		if b = out; query {
			b = encodeMarks(b, from)
		}
		for _, c := range b[from:] {
			if c <= ' ' || c == 0x7f {
				return b[:from], gate.Failf(gate.BadRequestParameters, "the value for {%s} of the URI holds the character 0x%02x", list[i].text, c)
			}
		}
	}
	return b, nil
}

// pathFault sorts why a value cannot be had.
func pathFault(name string, err error) error {
	switch {
	case errors.Is(err, expr.ErrJSON):
		return &gate.Fault{Kind: gate.BadRequestBody, Message: "Invalid JSON in request body", Err: err}
	case errors.Is(err, expr.ErrTooLong):
		return gate.Failf(gate.BadRequestParameters, "the value for {%s} of the URI: %w", name, err)
	}
	return &flow.BodyError{Err: err}
}

// encodeMarks encodes in b[from:] what separates the parameters of a query.
func encodeMarks(b []byte, from int) []byte {
	for i := from; i < len(b); i++ {
		switch c := b[i]; c {
		case '&', '=', '+', ';', '#':
			b = append(b, 0, 0)
			copy(b[i+3:], b[i+1:])
			b[i], b[i+1], b[i+2] = '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15]
			i += 2
		}
	}
	return b
}

// appendHead writes the request line and the fields.
func (p *RESTProxy) appendHead(k *upstream.Call, x *flow.Exchange) error {
	b := append(append(k.Head, k.Method...), ' ')
	b, err := p.appendTarget(b, x)
	if err != nil {
		return err
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	if x.Onward.Host != "" {
		b = append(b, x.Onward.Host...)
	} else {
		b = append(b, p.host...)
	}
	b = append(b, "\r\n"...)
	k.Head, err = p.appendFields(b, x)
	return err
}

// restKept reports whether a field of the client's goes on to the backend of an
// HTTP_PROXY integration as it is (runtime 1.2 and 1.10).
func restKept(id field.ID, name, value string) bool {
	switch id {
	case field.Other:
		return !field.Equal(name, apiField)
	case field.Host, field.Via, field.ContentEncoding, field.KeepAlive, field.ProxyConnection, field.ProxyAuthorization,
		field.XForwardedFor, field.XForwardedPort, field.XForwardedProto, field.XAmznTraceID:
		return false
	case field.Authorization:
		return !strings.HasPrefix(value, "AWS4-") // a signature is for the gateway
	}
	return !expr.RemovedAtParse(id)
}

const (
	// apiField tells the backend of which API a request is.
	apiField = "X-Amzn-Apigateway-Api-Id"

	// maxForwarded is how many hops the client's X-Forwarded-For may name before
	// the request is taken for one that runs in a loop by a proxy that takes Via
	// away.
	maxForwarded = 32
)

// appendFields writes the fields of the request to the backend, in the client's
// order and spelling, and behind them those of mappings and of the gateway.
func (p *RESTProxy) appendFields(b []byte, x *flow.Exchange) ([]byte, error) {
	l := &x.In.Header
	var s seen
	var accept, agent bool
	trace := ""
	passes, err := passesREST(&x.In.Header)
	if err != nil {
		return b, err
	}
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
		accept, agent = accept || id == field.Accept, agent || id == field.UserAgent
		if id == field.XAmznTraceID {
			trace = value
		}
		if restKept(id, name, value) {
			b = field.AppendField(b, name, value)
		}
	}
	if x.Onward.Mapped {
		for i := range x.Onward.Added.Len() {
			if id, name, value, ok := x.Onward.Added.At(i); ok {
				s.source, s.proto = s.source || id == field.XForwardedFor, s.proto || id == field.XForwardedProto
				accept, agent = accept || id == field.Accept, agent || id == field.UserAgent
				b = field.AppendField(b, name, value)
			}
		}
	}
	b = appendXForwarded(b, x, &s)
	b = appendPasses(b, passes)
	b = appendTraceREST(b, x, trace)
	if !agent {
		b = append(b, "User-Agent: AmazonAPIGateway_"...)
		b = append(append(b, p.api...), "\r\n"...)
	}
	if !accept {
		b = append(b, "Accept: application/json\r\n"...)
	}
	return field.AppendField(b, apiField, string(p.api)), nil
}

// passesREST counts how often a request came by API gateways of this kind, from
// what the client sent, since mappings may take X-Forwarded-For away. HTTP APIs
// add a Via each. REST APIs send none to begin with (runtime 1.10): one pass
// shows by their X-Amzn-Apigateway-Api-Id, and the passes before that by the Via
// of appendPasses. Mappings neither set nor remove the two. The error is the
// fault of a request that runs in a loop.
func passesREST(l *field.List) (n int, err error) {
	forwarded, rest := 0, 0
	for i := range l.Len() {
		id, name, value, ok := l.At(i)
		switch {
		case !ok:
		case id == field.Via:
			n += strings.Count(value, viaName)
		case id == field.XForwardedFor:
			forwarded += 1 + strings.Count(value, ",")
		case id == field.Other && field.Equal(name, apiField):
			rest = 1
		}
	}
	if n += rest; n >= maxHops || forwarded >= maxForwarded {
		return n, gate.Failf(gate.APIConfigurationError, "the request came by %d API gateways (at most %d) and %d hops (at most %d): an integration leads back to this gateway", n, maxHops-1, forwarded, maxForwarded-1)
	}
	return n, nil
}

// appendPasses tells the next gateway of the passes before this one; of the
// first one there is nothing to tell.
func appendPasses(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	b = append(append(b, "Via: "...), viaText...)
	for range n - 1 {
		b = append(append(b, ", "...), viaText...)
	}
	return append(b, "\r\n"...)
}
