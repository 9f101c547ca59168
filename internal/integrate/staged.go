package integrate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"gatehouse/internal/gate"
	"gatehouse/internal/upstream"
)

// Variables of the stage in the URI of an HTTP_PROXY integration. They stand
// anywhere behind the scheme: what is checked without a stage is all around
// them.

// stageVariable is one, with a name that a stage can have.
var stageVariable = regexp.MustCompile(`\$\{stageVariables\.([A-Za-z0-9_]+)\}`)

// Staged reports whether a URI depends on the variables of the stage.
func Staged(uri string) bool { return strings.Contains(uri, "${") }

var errBraces = errors.New("behind a dollar, braces hold a stage variable: ${stageVariables.NAME}")

// HTTPFor is HTTP for a stage, whose variables are filled into the URI; one that
// is not set is empty. wrong says why what comes of it is no URL, and names the
// variables: the route answers 500 then, until the stage is changed. err is what
// no stage could mend.
func HTTPFor(r *gate.Route, s *gate.Stage, pools *upstream.Pools) (p *Proxy, wrong, err error) {
	in := r.Integration
	if in == nil || !Staged(in.URI) {
		p, err = HTTP(r, pools)
		return p, nil, err
	}
	if err := checkStaged(in.URI, routeParams(r.Key)); err != nil {
		return nil, nil, fmt.Errorf("route %s: integration %s: uri %q: %w", r.Key, in.ID, in.URI, err)
	}
	filled, of := *r, *in
	of.URI = fillStage(in.URI, s)
	filled.Integration = &of
	if n := len(of.URI); n > maxPath {
		wrong = fmt.Errorf("route %s: integration %s: the uri has %d bytes, more than %d", r.Key, in.ID, n, maxPath)
	} else if p, wrong = HTTP(&filled, pools); wrong == nil {
		return p, nil, nil
	}
	return nil, fmt.Errorf("%w; it is %q with the variables of stage %s: %s", wrong, in.URI, s.Name, variables(in.URI, s)), nil
}

// variables tells those of a stage that stand in a URI.
func variables(uri string, s *gate.Stage) string {
	var list []string
	for _, m := range stageVariable.FindAllStringSubmatch(uri, -1) {
		if v, ok := s.Variables[m[1]]; ok {
			list = append(list, fmt.Sprintf("%s=%.80q", m[1], v))
		} else {
			list = append(list, m[1]+" is not set")
		}
	}
	return strings.Join(list, ", ")
}

// checkStaged says what is wrong with a URI whatever the variables in it are: it
// is one with a word in the place of each, or with a number.
func checkStaged(uri string, params []string) error {
	word, number := sample(uri, "x"), sample(uri, "1")
	if strings.Contains(word, "${") {
		return errBraces
	}
	_, err := parseEndpoint(word, params)
	if err == nil {
		return nil
	}
	if _, also := parseEndpoint(number, params); also == nil {
		return nil
	}
	return err
}

// sample puts a value in the place of each variable, and a number where a port
// stands.
func sample(uri, value string) string {
	scheme, rest, _ := strings.Cut(uri, "://")
	authority, tail := cutAny(rest, "/?#")
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i:]
	}
	if rest == "" {
		return uri
	}
	fill := func(s, value string) string { return stageVariable.ReplaceAllLiteralString(s, value) }
	return scheme + "://" + fill(host, value) + fill(port, "1") + fill(tail, value)
}
