package integrate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxSloppy bounds a mock's template in bytes, and maxSloppyDepth its nesting.
const (
	maxSloppy      = 300 << 10 // a template's own bound on AWS
	maxSloppyDepth = 64
)

// mockStatus reads the status out of what a mock's request template has made:
// an object with a number "statusCode" (runtime 1.10, quirk 36). AWS's parser
// lets names go without quotes, takes single ones, a comma behind the last member
// and anything behind the object; a status in quotes it refuses.
func mockStatus(text string) (int, error) {
	if len(text) > maxSloppy {
		return 0, fmt.Errorf("it has %d bytes, more than %d", len(text), maxSloppy)
	}
	p := sloppy{text: text}
	p.blanks()
	if !p.take('{') {
		return 0, p.fail("an object {\"statusCode\": 200} was expected")
	}
	if err := p.members(1); err != nil {
		return 0, err
	}
	if p.status == "" {
		return 0, errors.New("it has no statusCode")
	}
	n, err := strconv.Atoi(p.status)
	if err != nil || n < 200 || n > 599 {
		return 0, fmt.Errorf("statusCode %.40s is no number from 200 to 599", p.status)
	}
	return n, nil
}

// sloppy reads JSON as leniently as AWS's mock integrations do.
type sloppy struct {
	text   string
	at     int
	status string // the text of the last statusCode of the outermost object
}

func (p *sloppy) fail(why string) error {
	return fmt.Errorf("byte %d: %s", p.at+1, why)
}

func (p *sloppy) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *sloppy) take(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// members reads an object behind its brace.
func (p *sloppy) members(depth int) error {
	for {
		p.blanks()
		if p.take('}') {
			return nil
		}
		name, _, err := p.word()
		if err != nil {
			return err
		}
		if p.blanks(); !p.take(':') {
			return p.fail("a colon is missing behind the name")
		}
		text, err := p.value(depth)
		if err != nil {
			return err
		}
		if depth == 1 && name == "statusCode" {
			p.status = text
		}
		if p.blanks(); !p.take(',') {
			if p.take('}') {
				return nil
			}
			return p.fail("a comma or } is missing")
		}
	}
}

// items reads an array behind its bracket.
func (p *sloppy) items(depth int) error {
	for {
		p.blanks()
		if p.take(']') {
			return nil
		}
		if _, err := p.value(depth); err != nil {
			return err
		}
		if p.blanks(); !p.take(',') {
			if p.take(']') {
				return nil
			}
			return p.fail("a comma or ] is missing")
		}
	}
}

// value reads a value and returns its text, with a quote in front where it is
// a string.
func (p *sloppy) value(depth int) (string, error) {
	p.blanks()
	if depth >= maxSloppyDepth {
		return "", p.fail(fmt.Sprintf("it is nested more than %d deep", maxSloppyDepth))
	}
	from := p.at
	switch {
	case p.take('{'):
		return p.text[from:p.at], p.members(depth + 1)
	case p.take('['):
		return p.text[from:p.at], p.items(depth + 1)
	}
	text, quoted, err := p.word()
	if quoted {
		text = `"` + text
	}
	return text, err
}

// word reads a quoted text, or one without blanks and marks.
func (p *sloppy) word() (text string, quoted bool, err error) {
	for _, q := range []byte{'"', '\''} {
		if p.take(q) {
			text, err = p.quoted(q)
			return text, true, err
		}
	}
	from := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n{}[]:,\"'", p.text[p.at]) < 0 {
		p.at++
	}
	if p.at == from {
		return "", false, p.fail("a name or a value is missing")
	}
	return p.text[from:p.at], false, nil
}

// quoted reads to the closing quote. Escapes stay as they are: no name that
// counts has one.
func (p *sloppy) quoted(q byte) (string, error) {
	from := p.at
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case q:
			p.at++
			return p.text[from : p.at-1], nil
		}
	}
	p.at = len(p.text)
	return "", p.fail("a text is not closed")
}
