package logs

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// A place is where in a format a value stands, and so what must be escaped in
// it.
type place uint8

const (
	inText   place = iota // outside quotes of no particular format
	inQuotes              // inside quotes of a text, or inside a JSON string
	inJSON                // where JSON wants a value
	inXML
	inCSV // a whole field
	inCSVQuotes
)

// place decides for each reference where it stands. Whether a format is JSON or
// XML is tried out: it is, if it is well-formed with values in place of the
// references. So "[$context.requestTime] ..." and "<134>$context..." are text.
func (s *scanned) place() {
	quoted := s.quotes()
	pick := func(bare, inside place) {
		for i := range s.refs {
			s.refs[i].place = bare
			if quoted[i] {
				s.refs[i].place = inside
			}
		}
	}
	switch {
	case s.isJSON(quoted):
		pick(inJSON, inQuotes)
	case s.isXML():
		pick(inXML, inXML)
	case s.placeCSV():
	default:
		pick(inText, inQuotes)
	}
}

// quotes tells for each reference whether it stands inside double quotes, which
// a backslash before them takes away.
func (s *scanned) quotes() []bool {
	quoted, in := make([]bool, len(s.refs)), false
	for i := range s.refs {
		l := s.literals[i]
		for j := 0; j < len(l); j++ {
			switch {
			case l[j] == '"':
				in = !in
			case l[j] == '\\' && in:
				j++
			}
		}
		quoted[i] = in
	}
	return quoted
}

// fill is the format with values in place of the references.
func (s *scanned) fill(value func(i int) string) string {
	var b strings.Builder
	for i := range s.refs {
		b.WriteString(s.literals[i])
		b.WriteString(value(i))
	}
	b.WriteString(s.literals[len(s.refs)])
	return b.String()
}

// isJSON tries a string and a number where a value is bare: where only one of
// them fits, as for the name of a member, the format is no JSON.
func (s *scanned) isJSON(quoted []bool) bool {
	for _, bare := range []string{`"x"`, "0"} {
		text := s.fill(func(i int) string {
			if quoted[i] {
				return "x"
			}
			return bare
		})
		if text = strings.TrimSpace(text); text == "" || text[0] != '{' && text[0] != '[' || !json.Valid([]byte(text)) {
			return false
		}
	}
	return true
}

func (s *scanned) isXML() bool {
	text := strings.TrimSpace(s.fill(func(int) string { return "x" }))
	if !strings.HasPrefix(text, "<") {
		return false
	}
	d := xml.NewDecoder(strings.NewReader(text))
	elements := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements > 0
		}
		if err != nil {
			return false
		}
		if _, ok := t.(xml.StartElement); ok {
			elements++
		}
	}
}

// placeCSV says whether the format is lines of at least two fields (RFC 4180)
// in which each reference is a whole field, or stands in a quoted one; then it
// places them. Anything else, "a=$context.x, b=$context.y" for one, is read by
// who knows what and is text.
func (s *scanned) placeCSV() bool {
	const mark = "\x00" // no format has one
	rest, fields, next := s.fill(func(int) string { return mark }), 0, 0
	places := make([]place, len(s.refs))
	for more := true; more; fields++ {
		var field string
		where := inCSV
		if quoted, ok := quotedField(rest); ok {
			field, where = quoted, inCSVQuotes
			rest, more = strings.CutPrefix(rest[len(quoted):], ",")
			if !more && rest != "" {
				return false
			}
		} else {
			field, rest, more = strings.Cut(rest, ",")
			if strings.Contains(field, `"`) || strings.Contains(field, mark) && field != mark {
				return false
			}
		}
		for range strings.Count(field, mark) {
			places[next] = where
			next++
		}
	}
	if fields < 2 {
		return false
	}
	for i := range s.refs {
		s.refs[i].place = places[i]
	}
	return true
}

// quotedField is the field in quotes that s begins with, quotes included.
func quotedField(s string) (field string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return s[:i+1], true
	}
	return "", false
}
