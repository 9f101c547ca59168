package wire

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Constraint bounds the values of one member. Zero fields bound nothing. On a list or map it bounds each element.
type Constraint struct {
	MinLength, MaxLength int       // characters of a string, bytes of a payload
	Range                *[2]int64 // of an integer, both ends included
	Pattern              string    // regular expression that the whole string must match
}

// check is a Constraint ready for use.
type check struct {
	Constraint
	pattern *regexp.Regexp
}

func (c Constraint) compile() (*check, error) {
	k := &check{Constraint: c}
	var err error
	if c.Pattern != "" {
		k.pattern, err = regexp.Compile(`\A(?:` + c.Pattern + `)\z`)
	}
	return k, err
}

// Constraint texts of AWS's validation messages.
const (
	textNotNull   = "Member must not be null"
	textEnum      = "Member must satisfy enum value set: [%s]"
	textMinLength = "Member must have length greater than or equal to %d"
	textMaxLength = "Member must have length less than or equal to %d"
	textMinValue  = "Member must have value greater than or equal to %d"
	textMaxValue  = "Member must have value less than or equal to %d"
	textPattern   = "Member must satisfy regular expression pattern: %s"
)

// maxFaults bounds how many broken constraints one message recites; the count at its beginning is of all.
const maxFaults = 20

// validator gathers what is wrong with one input.
type validator struct {
	body, other []string // faults of members in the body are recited before those of the URI
	uri         bool     // the member at hand is not in the body
}

// validate tests required members, enums and constraints of an input, and returns nil or the refusal of all that are broken.
func validate(s *shape, v reflect.Value, typ string) error {
	var c validator
	c.members(s, v, lowerFirst(s.name), true)
	faults := append(c.body, c.other...)
	if len(faults) == 0 {
		return nil
	}
	plural := "s"
	if len(faults) == 1 {
		plural = ""
	}
	text := fmt.Sprintf("%d validation error%s detected: %s", len(faults), plural, strings.Join(faults[:min(len(faults), maxFaults)], "; "))
	return &Error{Type: typ, Status: http.StatusBadRequest, Message: text}
}

func (c *validator) members(s *shape, v reflect.Value, path string, top bool) {
	for i := range s.members {
		m := &s.members[i]
		at := path + "." + m.path
		if top {
			if c.uri = m.place != inBody; c.uri {
				at = m.path
			}
		}
		f := v.Field(m.field)
		if !present(f) {
			if m.required {
				c.fault("null", at, textNotNull)
			}
			continue
		}
		c.value(m, m.typ, inner(f), at)
	}
}

func (c *validator) value(m *member, t *typ, v reflect.Value, at string) {
	switch t.kind {
	case isShape:
		c.members(t.shape, v, at, false)
	case isList:
		if t.elem.kind == isString {
			c.strings(m, v, at)
			return
		}
		for i := range v.Len() {
			c.value(m, t.elem, v.Index(i), at+"."+strconv.Itoa(i+1)+".member")
		}
	case isMap:
		for _, k := range sortedKeys(v) {
			c.value(m, t.elem, v.MapIndex(k), at+"."+clip(k.String())+".member")
		}
	default:
		if text := m.broken(t, v); text != "" {
			c.fault(quote(t, v), at, text)
		}
	}
}

// strings tests a list of strings, whose fault AWS reports at the list and with the whole list (recorded).
func (c *validator) strings(m *member, v reflect.Value, at string) {
	list := make([]string, v.Len())
	fault := ""
	for i := range list {
		list[i] = v.Index(i).String()
		if text := m.broken(m.typ.elem, v.Index(i)); text != "" && fault == "" {
			fault = text
		}
	}
	if fault != "" {
		c.fault("'["+clip(strings.Join(list, ", "))+"]'", at, "Member must satisfy constraint: ["+fault+"]")
	}
}

func (c *validator) fault(value, at, text string) {
	line := "Value " + value + " at '" + at + "' failed to satisfy constraint: " + text
	if c.uri {
		c.other = append(c.other, line)
	} else {
		c.body = append(c.body, line)
	}
}

// broken is the text of the first constraint that a scalar breaks, or "".
func (m *member) broken(t *typ, v reflect.Value) string {
	if m.enum != nil && t.kind == isString && !slices.Contains(m.enum, v.String()) {
		return fmt.Sprintf(textEnum, strings.Join(m.enum, ", "))
	}
	if m.check == nil {
		return ""
	}
	switch t.kind {
	case isString:
		if text := m.check.length(utf8.RuneCountInString(v.String())); text != "" {
			return text
		}
		if m.check.pattern != nil && !m.check.pattern.MatchString(v.String()) {
			return fmt.Sprintf(textPattern, m.check.Pattern)
		}
	case isBlob:
		return m.check.length(v.Len())
	case isInt:
		if r := m.check.Range; r != nil && v.Int() < r[0] {
			return fmt.Sprintf(textMinValue, r[0])
		} else if r != nil && v.Int() > r[1] {
			return fmt.Sprintf(textMaxValue, r[1])
		}
	}
	return ""
}

func (c *check) length(n int) string {
	if n < c.MinLength {
		return fmt.Sprintf(textMinLength, c.MinLength)
	}
	if c.MaxLength > 0 && n > c.MaxLength {
		return fmt.Sprintf(textMaxLength, c.MaxLength)
	}
	return ""
}

// quote writes a value into a message; a payload is not repeated.
func quote(t *typ, v reflect.Value) string {
	if t.kind == isBlob {
		return fmt.Sprintf("of %d bytes", v.Len())
	}
	return "'" + clip(fmt.Sprint(v.Interface())) + "'"
}
