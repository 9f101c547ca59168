package gatehouse

import (
	"regexp"
	"strings"

	"gatehouse/internal/flow"
)

// Bounds of the fields that a question can have.
const (
	maxHeaders     = 50
	maxHeaderBytes = 8 << 10 // of all of them
)

// headerForm is a token of RFC 9110 section 5.6.2 of a sensible length.
var headerForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")

// addHeaders adds the fields of a question, each Name:Value, to the synthetic
// request. A User-Agent takes the place of our own.
func addHeaders(x *flow.Exchange, list []string) error {
	size := 0
	for _, h := range list {
		size += len(h)
	}
	if len(list) > maxHeaders || size > maxHeaderBytes {
		return badRequest("%d headers of %d bytes: give at most %d of %d bytes together.", len(list), size, maxHeaders, maxHeaderBytes)
	}
	for _, h := range list {
		name, value, ok := strings.Cut(h, ":")
		value = strings.Trim(value, " \t")
		switch {
		case !ok || !headerForm.MatchString(name):
			return badRequest("The header %q does not have the form Name:Value.", clip(name))
		case !sendable(value):
			return badRequest("The value of the header %s holds a control character, which no field can carry.", name)
		case framing(name):
			return badRequest("The header %s cannot be given: the URL has the host, and the request has no body and a connection of its own.", name)
		case strings.EqualFold(name, "User-Agent"):
			x.In.Header.Del(name)
		}
		x.In.Header.Add(name, value)
	}
	return nil
}

// sendable reports whether a text can be the value of a field (RFC 9110 section
// 5.5).
func sendable(value string) bool {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// framing reports whether a field says where a message goes or ends, or what
// its connection does: a synthetic request has neither body nor connection.
func framing(name string) bool {
	switch strings.ToLower(name) {
	case "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect":
		return true
	}
	return false
}
