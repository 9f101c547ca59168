package control

import "strings"

// Members of the wire's structures are pointers, so that absent and empty are
// two things. These read and complete them.

// Text is what p points to, or "".
func Text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// Is reports whether p points to true.
func Is(p *bool) bool { return p != nil && *p }

// Default gives a member that is absent its value.
func Default[T any](member **T, value T) {
	if *member == nil {
		*member = &value
	}
}

// DropEmpty makes members that are present and empty absent: an empty string
// takes an optional text away.
func DropEmpty(members ...**string) {
	for _, m := range members {
		if *m != nil && **m == "" {
			*m = nil
		}
	}
}

// Clip bounds what a message repeats of a request.
func Clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
