package expr

import (
	"fmt"
	"strings"
)

// Plain says that a template needs the template language: it has a reference
// ($name, ${name}) or a directive (#name), and where. nil: it is literal text.
func Plain(template string) error {
	for i := 0; i+1 < len(template); i++ {
		c, next := template[i], template[i+1]
		word := 'a' <= next|0x20 && next|0x20 <= 'z'
		switch {
		case c == '$' && (word || next == '{' || next == '!' || next == '_'),
			c == '#' && (word || strings.IndexByte("{#*[@", next) >= 0):
			line := 1 + strings.Count(template[:i], "\n")
			return fmt.Errorf("line %d: %.20q needs the template language, which this version does not have: write the template as literal text", line, template[i:])
		}
	}
	return nil
}
