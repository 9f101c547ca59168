package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gatehouse/internal/expr"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// What AWS leaves open about parameter mapping (runtime 2.7), decided once.
const (
	// requestFailure is a request whose mapping fails: 400 is documented.
	requestFailure = gate.BadRequestParameters
	// responseFailure is a reply whose mapping fails: the client is not at fault,
	// and half a mapping is worse than none. 500.
	responseFailure = gate.IntegrationMalformed
	// maxMapped bounds what the mappings of one message add to its head, in
	// bytes: as much as a head may hold by default.
	maxMapped = 64 << 10
	// maxEntries bounds the mappings of one message.
	maxEntries = 100
)

// The operations of a mapping.
const (
	appendTo  = "append"
	overwrite = "overwrite"
	remove    = "remove"
)

// Parameters returns the step that applies an integration's parameter
// mappings, nil where it has none: the request's on the way in, and on the way
// out the reply's, by the status that the integration gave. What the gateway
// itself answers is not mapped.
//
// All values are those of the message as it came, so that the order of the
// entries does not matter: what is overwritten or removed goes first, then what
// is overwritten or appended is added. An entry whose value nothing resolves
// adds nothing; that an overwriting one still takes away what it overwrites
// keeps a client from choosing the value that the gateway was to vouch for.
func Parameters(in *gate.Integration) (flow.Step, error) {
	p, errs := compileParameters(in.RequestParameters, in.ResponseParameters)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if p.request == nil && p.responses == nil {
		return nil, nil
	}
	return func(next flow.Handler) flow.Handler {
		h := p
		h.next = next
		return &h
	}, nil
}

// CheckParameters returns what is wrong with parameter mappings, nil if nothing
// is. Each error names the field and the entry.
func CheckParameters(request map[string]string, response map[string]map[string]string) []error {
	_, errs := compileParameters(request, response)
	return errs
}

// parameters is a compiled set of mappings around what it maps for.
type parameters struct {
	request   *edits
	responses map[int]*edits // by the status of the integration
	next      flow.Handler
}

func (h *parameters) Serve(x *flow.Exchange) error {
	if h.request != nil {
		if err := h.request.mapRequest(x); err != nil {
			return err
		}
	}
	if err := h.next.Serve(x); err != nil || h.responses == nil {
		return err
	}
	if e := h.responses[x.Out.Status]; e != nil {
		return e.mapReply(x)
	}
	return nil
}

// edits are the mappings of one message.
type edits struct {
	drops      []string // headers
	adds       []entry  // headers
	queryDrops []string // as they read once decoded
	queryAdds  []entry
	path       *entry
	host       *entry
	status     *entry
	gone       []string // keys of what is only removed, for the Trail
	noPort     bool
	rest       bool // by the rules of REST APIs
}

// An entry is a mapping that adds something.
type entry struct {
	key   string // "append:header.X"
	name  string // "X"; of a query parameter as it is written into a query
	value *expr.Expr
	side  expr.Side
}

// compileParameters compiles both sides. errs are in an order of their own,
// whatever that of the maps.
func compileParameters(request map[string]string, response map[string]map[string]string) (p parameters, errs []error) {
	if len(request) > 0 {
		e, wrong := compileEdits(request, expr.Request)
		p.request = e
		for _, err := range wrong {
			errs = append(errs, fmt.Errorf("requestParameters: %w", err))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(response)) {
		status, ok := statusCode(code)
		if !ok {
			errs = append(errs, fmt.Errorf("responseParameters: %q is no status code from 200 to 599", code))
			continue
		}
		e, wrong := compileEdits(response[code], expr.Response)
		for _, err := range wrong {
			errs = append(errs, fmt.Errorf("responseParameters: status %s: %w", code, err))
		}
		if len(response[code]) == 0 {
			continue
		}
		if p.responses == nil {
			p.responses = make(map[int]*edits, len(response))
		}
		p.responses[status] = e
	}
	return p, errs
}

// statusCode reads a status that a reply can have.
func statusCode(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && len(s) == 3 && 200 <= n && n <= 599
}

// compileEdits compiles one side's entries: "operation:place" to a value.
func compileEdits(list map[string]string, side expr.Side) (*edits, []error) {
	e := new(edits)
	if len(list) > maxEntries {
		return e, []error{fmt.Errorf("%d entries are more than the %d that one message may have", len(list), maxEntries)}
	}
	var errs []error
	seen := make(map[string]string, len(list))
	for _, key := range slices.Sorted(maps.Keys(list)) {
		if err := e.add(key, list[key], side); err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", key, err))
			continue
		}
		// Headers are the same in any case: two entries would depend on an order.
		same := key
		if op, place, _ := strings.Cut(key, ":"); strings.HasPrefix(place, "header.") {
			same = op + ":" + strings.ToLower(place)
		}
		if before, ok := seen[same]; ok {
			errs = append(errs, fmt.Errorf("%q: %q maps the same header in the same way; keep one", key, before))
		}
		seen[same] = key
	}
	return e, errs
}

// add compiles one entry.
func (e *edits) add(key, text string, side expr.Side) error {
	op, place, ok := strings.Cut(key, ":")
	if !ok || op != appendTo && op != overwrite && op != remove {
		return fmt.Errorf("a parameter has the form append|overwrite|remove:place")
	}
	kind, name, _ := strings.Cut(place, ".")
	switch {
	case kind == "header":
		return e.addHeader(key, op, name, text, side)
	case kind == "querystring" && side == expr.Request:
		return e.addQuery(key, op, name, text)
	case place == "path" && side == expr.Request && op == overwrite:
		return compileEntry(&e.path, key, "", text, side)
	case place == "statuscode" && side == expr.Response && op == overwrite:
		return e.addStatus(key, text)
	}
	if side == expr.Response {
		return fmt.Errorf("of a reply header.NAME can be appended, overwritten and removed, and statuscode overwritten")
	}
	return fmt.Errorf("of a request header.NAME and querystring.NAME can be appended, overwritten and removed, and path overwritten")
}

func (e *edits) addHeader(key, op, name, text string, side expr.Side) error {
	if err := checkHeader(op, name, side == expr.Request); err != nil {
		return err
	}
	if strings.EqualFold(name, "host") {
		return compileEntry(&e.host, key, name, text, side)
	}
	if op != appendTo {
		e.drops = append(e.drops, name)
		e.noPort = e.noPort || strings.EqualFold(name, "X-Forwarded-Port")
	}
	if op == remove {
		e.gone = append(e.gone, key)
		return nil
	}
	var add *entry
	if err := compileEntry(&add, key, name, text, side); err != nil {
		return err
	}
	e.adds = append(e.adds, *add)
	return nil
}

func (e *edits) addQuery(key, op, name, text string) error {
	if name == "" {
		return fmt.Errorf("the name of the query parameter is missing")
	}
	if op != appendTo {
		e.queryDrops = append(e.queryDrops, name)
	}
	if op == remove {
		e.gone = append(e.gone, key)
		return nil
	}
	x, err := expr.Compile(text, expr.Request)
	if err != nil {
		return err
	}
	e.queryAdds = append(e.queryAdds, entry{key, string(expr.EscapeQuery([]byte(name), 0)), x, expr.Request})
	return nil
}

func (e *edits) addStatus(key, text string) error {
	if err := compileEntry(&e.status, key, "", text, expr.Response); err != nil {
		return err
	}
	if value, ok := e.status.value.Literal(); ok {
		if _, ok := statusCode(value); !ok {
			return fmt.Errorf("%q is no status code from 200 to 599", value)
		}
	}
	return nil
}

// compileEntry compiles what goes into a head, where a constant that cannot
// stand there is refused at once.
func compileEntry(to **entry, key, name, text string, side expr.Side) error {
	x, err := expr.Compile(text, side)
	if err != nil {
		return err
	}
	if value, ok := x.Literal(); ok {
		if !fieldValue(value) {
			return fmt.Errorf("the value %q holds a control character", value)
		}
		if strings.EqualFold(name, "host") && !hostValue(value) {
			return fmt.Errorf("the value %q is no host", value)
		}
	}
	*to = &entry{key, name, x, side}
	return nil
}
