package apigatewayv2

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/internal/integrate"
	"gatehouse/internal/mapping"
	"gatehouse/internal/route"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Lengths in characters. The API reference has those of names, descriptions,
// versions and operation names; the others are of the developer guide's
// quotas, or bounds of our own where AWS names none.
const (
	maxName          = 128
	maxDescription   = 1024
	maxVersion       = 64
	maxOperationName = 64
	maxRouteKey      = 2048
	maxURI           = 2048
	maxARN           = 2048
	maxScopes        = 10
	maxScope         = 256
	maxVariables     = 100
	maxVariableName  = 64
	maxVariableValue = 512
	maxParameters    = 100
	maxParameter     = 2048
	maxSettings      = 300 // routes with settings of their own

	maxAuthorizerTTL   = 3600 // seconds
	maxAudiences       = 50
	maxAudience        = 512
	maxIdentitySources = 20
	maxIdentitySource  = 512

	maxContentType = 256
	maxSchema      = 32 << 10
	maxSchemaDepth = 64 // levels

	maxSubnets = 100 // and security groups
)

// firstError is the first refusal, in the order in which the checks are
// listed. A nil *wire.Error must not become an error that is not nil.
func firstError(list ...*wire.Error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkLength(field, value string, least, most int) *wire.Error {
	n := utf8.RuneCountInString(value)
	switch {
	case n < least:
		return bad(field, textEmpty)
	case n > most:
		return bad(field, textTooLong, n, most)
	}
	return nil
}

func checkOneOf(field, value string, allowed ...string) *wire.Error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return bad(field, textNotOneOf, clip(value), strings.Join(allowed, ", "))
}

// webSocketOnly refuses a member that is present although HTTP APIs have none.
func webSocketOnly(field string, present bool) *wire.Error {
	if present {
		return bad(field, textWebSocketOnly)
	}
	return nil
}

// checkSelection takes both spellings that AWS uses for the one expression
// that HTTP APIs have.
func checkSelection(expression string) *wire.Error {
	switch expression {
	case "$request.method $request.path", "${request.method} ${request.path}":
		return nil
	}
	return bad("routeSelectionExpression", textSelection, clip(expression))
}

// checkRouteKey holds a route key to the grammar that the data plane matches,
// and to the octets that a request line can hold (RFC 9112 section 3.2): a path
// is compared as it was sent, so %2f is not %2F and no key matches both.
func checkRouteKey(key string) *wire.Error {
	if err := checkLength("routeKey", key, 1, maxRouteKey); err != nil {
		return err
	}
	if key == defaultRoute {
		return nil
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		return bad("routeKey", textRouteKeyRaw, clip(key), clip(encoded(key)))
	}
	if _, _, err := route.Split(key); err != nil {
		return bad("routeKey", textReason, err)
	}
	return nil
}

// encoded is a text with what no request line can hold percent-encoded.
func encoded(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkURL takes an http or https URL with a host. The path and the query may
// hold {parameters} of the route, and all of it ${stageVariables.NAME}.
func checkURL(field, raw string) *wire.Error {
	if err := checkLength(field, raw, 1, maxURI); err != nil {
		return err
	}
	if err := integrate.CheckURI(raw); err != nil {
		return bad(field, textURL, clip(raw), err)
	}
	return nil
}

// A Lambda function is named by its own ARN, or by the invocation ARN of REST
// APIs that wraps it; both may end in a version or alias.
var (
	functionARN   = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?$`)
	invocationARN = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(.+)/invocations$`)
)

func isFunction(uri string) bool {
	if m := invocationARN.FindStringSubmatch(uri); m != nil {
		uri = m[1]
	}
	return len(uri) <= maxARN && functionARN.MatchString(uri)
}

func isURL(uri string) bool {
	return strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://")
}

var arnForm = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:.+$`)

// checkARN takes an ARN, or nothing.
func checkARN(field, value string) *wire.Error {
	if value != "" && (len(value) > maxARN || !arnForm.MatchString(value)) {
		return bad(field, textARN, clip(value))
	}
	return nil
}

var stageForm = regexp.MustCompile(`^([A-Za-z0-9_-]{1,128}|\$default)$`)

func checkStageName(name string) *wire.Error {
	if !stageForm.MatchString(name) {
		return bad("stageName", textStageName, clip(name))
	}
	return nil
}

var (
	variableName  = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9._~:/?#&=,-]+$`)
)

// checkVariables holds stage variables to what their values may be in a URI
// (developer guide, "Use stage variables for HTTP APIs").
func checkVariables(vars map[string]string) *wire.Error {
	if len(vars) > maxVariables {
		return bad("stageVariables", textTooMany, len(vars), maxVariables)
	}
	for _, name := range sortedKeys(vars) {
		value := vars[name]
		if len(name) > maxVariableName || !variableName.MatchString(name) {
			return bad("stageVariables", textVariableName, name)
		}
		if len(value) > maxVariableValue || !variableValue.MatchString(value) {
			return bad("stageVariables", textVariableValue, name)
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// checkCORS holds a CORS configuration to what the data plane can answer by.
func checkCORS(c *v2.Cors) *wire.Error {
	if c == nil {
		return nil
	}
	if is(c.AllowCredentials) && slices.Contains(c.AllowOrigins, "*") {
		return plainly(textCredentials)
	}
	return first("corsConfiguration.", mapping.CheckCORS(lowerCORS(c)))
}

// first is the refusal of the first of the errors that a craft found. They read
// "field: reason", a line each.
func first(prefix string, err error) *wire.Error {
	if err == nil {
		return nil
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	field, reason, _ := strings.Cut(line, ": ")
	return bad(prefix+field, textReason, reason)
}

// checkMapped holds parameter mappings to what the data plane can compile. The
// request parameters of an AWS service are its arguments, and no mappings.
func checkMapped(i *v2.Integration) *wire.Error {
	if err := checkParameters("requestParameters", i.RequestParameters); err != nil {
		return err
	}
	if err := checkResponseParameters(i.ResponseParameters); err != nil {
		return err
	}
	requests := i.RequestParameters
	if i.IntegrationSubtype != nil {
		requests = nil
	}
	return first("", errors.Join(mapping.CheckParameters(requests, i.ResponseParameters)...))
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// checkParameters bounds a map of parameters. Their expressions are read by
// what enforces them.
func checkParameters(field string, params map[string]string) *wire.Error {
	if len(params) > maxParameters {
		return bad(field, textTooMany, len(params), maxParameters)
	}
	for _, k := range sortedKeys(params) {
		if err := checkLength(field, k, 1, maxParameter); err != nil {
			return err
		}
		if err := checkLength(field+"."+clip(k), params[k], 0, maxParameter); err != nil {
			return err
		}
	}
	return nil
}

var statusForm = regexp.MustCompile(`^[1-5][0-9]{2}$`)

func checkResponseParameters(params map[string]map[string]string) *wire.Error {
	for _, status := range sortedKeys(params) {
		if !statusForm.MatchString(status) {
			return bad("responseParameters", textStatus, clip(status))
		}
		if err := checkParameters("responseParameters."+status, params[status]); err != nil {
			return err
		}
	}
	return nil
}
