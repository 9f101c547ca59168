package wire

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An Entry is one service behind a Mux, and how a request says that it means it. Empty fields match nothing.
type Entry struct {
	Name     string   // as messages list it
	Scope    string   // service name in the credential scope; several entries may share one, and their Paths then tell them apart
	Target   string   // X-Amz-Target up to its last dot: AWSCognitoIdentityProviderService
	RPC      string   // service of /service/NAME/operation/OPERATION, such as GraniteServiceVersion20100801
	Versions []string // API versions of Action+Version calls: 2011-06-15
	Paths    []string // beginnings of escaped paths, whole segments: /v2
	Handler  http.Handler
}

// A Mux tells services that share one address apart: by the credential scope first, which every signed call has and which no path
// can contradict, then by X-Amz-Target, /service/NAME/operation/, Action and Version, and the path. It must not be changed once it
// serves, and may then be used concurrently.
type Mux struct {
	Entries []Entry
}

// ServeHTTP hands the call to the service that it means. A call for a service that is not there is refused with a list of those that
// are.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, refusal := m.find(r)
	if refusal == nil {
		e.Handler.ServeHTTP(w, r)
		return
	}
	refusal.refuse(w, r)
}

func (m *Mux) find(r *http.Request) (*Entry, *Error) {
	if len(r.Header.Values("Authorization")) > 0 {
		scope, err := ParseScope(r.Header)
		if err != nil {
			return nil, err.(*Error)
		}
		return m.among(r, "service "+scope.Service, func(e *Entry) bool { return e.Scope == scope.Service })
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix := target[:max(strings.LastIndexByte(target, '.'), 0)]
		return m.among(r, "target "+clip(target), func(e *Entry) bool { return e.Target != "" && e.Target == prefix })
	}
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/service/"); ok {
		if name, _, ok := strings.Cut(rest, "/operation/"); ok {
			return m.among(r, "service "+clip(name), func(e *Entry) bool { return e.RPC != "" && e.RPC == name })
		}
	}
	if version := queryVersion(r); version != "" {
		return m.among(r, "API version "+clip(version), func(e *Entry) bool { return slices.Contains(e.Versions, version) })
	}
	return m.among(r, "path "+clip(path), func(e *Entry) bool { return e.begins(path) > 0 })
}

// among picks the entry that fits; of several, the one whose path the request has, and of these the longest; where none has it, the
// first.
func (m *Mux) among(r *http.Request, what string, fits func(*Entry) bool) (*Entry, *Error) {
	var found *Entry
	best, path := -1, r.URL.EscapedPath()
	for i := range m.Entries {
		e := &m.Entries[i]
		if n := e.begins(path); fits(e) && n > best {
			found, best = e, n
		}
	}
	if found != nil {
		return found, nil
	}
	names := make([]string, len(m.Entries))
	for i, e := range m.Entries {
		names[i] = e.Name
	}
	slices.Sort(names)
	return nil, &Error{Type: typeNotImplemented, Status: http.StatusNotImplemented,
		Message: fmt.Sprintf("This gateway does not serve the %s. It serves: %s.", what, strings.Join(slices.Compact(names), ", "))}
}

// begins is the length of the longest of the entry's paths with which path begins, or 0.
func (e *Entry) begins(path string) int {
	most := 0
	for _, p := range e.Paths {
		if rest, ok := strings.CutPrefix(path, p); ok && len(p) > most && (rest == "" || rest[0] == '/') {
			most = len(p)
		}
	}
	return most
}

// maxForm bounds how much of a form is read to find its Version; clients put Action and Version first.
const maxForm = 64 << 10

// queryVersion is the Version of an Action+Version call, in the query or in a form, or "". What it reads of the body is put back.
func queryVersion(r *http.Request) string {
	if q := r.URL.Query(); q.Has("Action") {
		return q.Get("Version")
	}
	if !isForm(r) || r.Body == nil {
		return ""
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failed{err}
	}
	r.Body = body{io.MultiReader(bytes.NewReader(head), rest), r.Body}
	form, _ := url.ParseQuery(string(head)) // the service refuses what is malformed
	if !form.Has("Action") {
		return ""
	}
	return form.Get("Version")
}

// body is a request's body whose beginning was read ahead.
type body struct {
	io.Reader
	io.Closer
}

// failed repeats an error of reading ahead.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

func isForm(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded"
}
