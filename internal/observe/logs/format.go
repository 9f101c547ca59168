package logs

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/flow"
)

const (
	// MaxFormat is the longest format in bytes, and MaxEntry the longest entry
	// with its line feed (developer guide, quotas of HTTP APIs: 3 KB and 1 MB).
	MaxFormat = 3 << 10
	MaxEntry  = 1 << 20
)

// A Format is a line of a user's own: literal text around $context variables.
// It is immutable, and any number of goroutines may use it.
//
// A variable without a value prints "-". No value breaks the line, and none can
// pass for the text around it: what AWS does about quotes in a value is not
// documented, so values are escaped for where they stand.
//
//   - In a format that is JSON, inside a string: as JSON wants it. Outside of
//     strings a number, true, false, null or a quoted string stands as it is,
//     and everything else, "-" too, becomes a string. The entry is always JSON.
//   - In XML: by character references.
//   - In CSV, where each variable is a field or in a quoted one: a field with a
//     comma or a quote is enclosed in quotes (RFC 4180).
//   - In any other text, such as the Common Log Format: by backslashes, as in
//     JSON strings. A blank stays a blank, so a variable that a client fills
//     belongs into quotes.
//
// An entry that would be longer than MaxEntry has its longest values cut; they
// end in "...".
type Format struct {
	refs []ref
	tail string // behind the last reference, with the line feed
}

// A ref is one variable and the text that stands before it.
type ref struct {
	before string
	value  flow.Variable
	place  place
	limit  int // the entry may be that long with this value
}

// missing stands for a value that a variable does not have.
const missing = "-"

// Compile reads a format. The error says what is wrong and where: a variable
// that HTTP APIs do not have, a reference to something else than $context, a
// line break before the end, more than MaxFormat bytes, or that neither
// $context.requestId nor $context.extendedRequestId is in it, which AWS
// insists on (API reference, AccessLogSettings).
func Compile(format string) (*Format, error) {
	return compileFor(format, &kind{"HTTP APIs", flow.Context, flow.ContextNames})
}

// CompileREST is Compile for a stage of a REST API, which has other variables.
func CompileREST(format string) (*Format, error) {
	return compileFor(format, &kind{"REST APIs", flow.RESTContext, flow.RESTContextNames})
}

// A kind of API, by the variables that it has.
type kind struct {
	apis     string // for messages
	variable func(name string) (flow.Variable, bool)
	names    func() []string
}

func compileFor(format string, k *kind) (*Format, error) {
	if err := checkText(format); err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(strings.TrimSuffix(format, "\n"), "\r")
	s, err := scan(text, k)
	if err != nil {
		return nil, err
	}
	if !s.identified {
		return nil, errors.New("access log format has neither $context.requestId nor $context.extendedRequestId: add one of them")
	}
	s.place()
	f := &Format{refs: make([]ref, len(s.refs)), tail: s.literals[len(s.refs)] + "\n"}
	room := MaxEntry - len(f.tail)
	for i := len(s.refs) - 1; i >= 0; i-- {
		r := s.refs[i]
		f.refs[i] = ref{before: s.literals[i], value: r.value, place: r.place, limit: room}
		room -= len(s.literals[i]) + leastValue
	}
	return f, nil
}

// leastValue is what is left of an entry for each value still to come, however
// long the ones before are: a missing one, quoted, or one that is cut.
const leastValue = 2 * len(ellipsis)

// CheckFormat says why a format cannot be compiled; nil: it can.
func CheckFormat(format string) error {
	_, err := Compile(format)
	return err
}

// CheckRESTFormat is CheckFormat for a stage of a REST API.
func CheckRESTFormat(format string) error {
	_, err := CompileREST(format)
	return err
}

func checkText(format string) error {
	switch {
	case strings.TrimSpace(format) == "":
		return errors.New("access log format is empty: give a line with $context variables, such as $context.requestId $context.status")
	case len(format) > MaxFormat:
		return fmt.Errorf("access log format has %d bytes: use at most %d", len(format), MaxFormat)
	case !utf8.ValidString(format):
		return errors.New("access log format is not UTF-8: write it as UTF-8")
	}
	end := strings.TrimSuffix(strings.TrimSuffix(format, "\n"), "\r")
	for i := 0; i < len(end); i++ {
		switch c := end[i]; {
		case c == '\n' || c == '\r':
			return fmt.Errorf("access log format has a line break at byte %d: put it on a single line, a new line is allowed only at its end", i+1)
		case c < ' ' && c != '\t' || c == 0x7F:
			return fmt.Errorf("access log format has the control character 0x%02x at byte %d: remove it", c, i+1)
		}
	}
	return nil
}

// append appends the entry of an ended exchange, with its line feed. tmp is
// scratch memory, returned because it may have grown.
func (f *Format) append(dst, tmp []byte, x *flow.Exchange) (entry, scratch []byte) {
	base := len(dst)
	for i := range f.refs {
		r := &f.refs[i]
		dst = append(dst, r.before...)
		start := len(dst)
		var ok bool
		if dst, ok = r.value(dst, x); !ok || len(dst) == start {
			dst = append(dst[:start], missing...)
		}
		dst, tmp = r.place.fix(dst, tmp, start, base+r.limit)
	}
	return append(dst, f.tail...), tmp
}
