package flow

import (
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/gate"
)

// A Variable appends the value of one $context variable to dst. ok is false
// where it has none; dst is then as it was. It may be called by any number of
// goroutines, each with an exchange of its own.
type Variable func(dst []byte, x *Exchange) (out []byte, ok bool)

// Context returns the $context variable of that name (without "$context."), as
// mappings, templates and access logs know it; ok is false for a name that HTTP
// APIs do not have. This function is the one table of them (developer guide,
// "Customizing HTTP API access logs").
//
// Some are known only once the exchange has ended: status, responseLength,
// responseLatency, dataProcessed. Earlier they have no value.
func Context(name string) (v Variable, ok bool) {
	group, rest, nested := strings.Cut(name, ".")
	if nested {
		switch group {
		case "identity":
			return identityVariable(rest)
		case "error":
			return errorVariable(rest)
		case "integration":
			return integrationVariable(rest)
		case "authorizer":
			return absent, rest != "" // names are the authorizer's own
		case "customDomain":
			return text(func(x *Exchange) string {
				if x.Mapping == nil {
					return ""
				}
				return x.Mapping.Key
			}), rest == "basePathMatched"
		}
		return nil, false
	}
	return plainVariable(name)
}

func plainVariable(name string) (Variable, bool) {
	switch name {
	case "accountId":
		return ofAPI(func(a *gate.API) string { return a.Account }), true
	case "apiId":
		return ofAPI(func(a *gate.API) string { return string(a.ID) }), true
	case "awsEndpointRequestId", "awsEndpointRequestId2":
		return absent, true // ids of AWS's own backends
	case "dataProcessed":
		return ended(func(x *Exchange) int64 { return x.Event.BytesIn + x.Event.BytesOut }), true
	case "domainName":
		return text(func(x *Exchange) string { return HostName(x.In.Host) }), true
	case "domainPrefix":
		return text(func(x *Exchange) string { p, _, _ := strings.Cut(HostName(x.In.Host), "."); return p }), true
	case "extendedRequestId":
		return text(func(x *Exchange) string { return x.ID }), true
	case "requestId": // one id on HTTP APIs (runtime 2.1), a UUID on REST APIs (1.2)
		return text(func(x *Exchange) string {
			if x.UUID != "" {
				return x.UUID
			}
			return x.ID
		}), true
	case "httpMethod":
		return text(func(x *Exchange) string { return x.In.Method }), true
	case "integrationErrorMessage":
		return integrationVariable("error")
	case "integrationLatency":
		return integrationVariable("latency")
	case "integrationStatus":
		return integrationVariable("integrationStatus")
	case "path":
		return appendPath, true
	case "protocol":
		return text(func(*Exchange) string { return "HTTP/1.1" }), true // whatever was spoken (runtime 1.2)
	case "requestTime":
		return func(dst []byte, x *Exchange) ([]byte, bool) {
			return x.Start.UTC().AppendFormat(dst, "02/Jan/2006:15:04:05 -0700"), true
		}, true
	case "requestTimeEpoch":
		return func(dst []byte, x *Exchange) ([]byte, bool) {
			return strconv.AppendInt(dst, x.Start.UnixMilli(), 10), true
		}, true
	case "resourcePath": // REST's word, which HTTP APIs accept and have no value for
		return ofMethod(func(r *gate.Route, _ *gate.Method) string {
			_, path, _ := strings.Cut(r.Key, " ")
			return path
		}), true
	case "responseLatency":
		return ended(func(x *Exchange) int64 { return int64(x.Event.Duration / time.Millisecond) }), true
	case "responseLength":
		return ended(func(x *Exchange) int64 { return x.Event.BytesOut }), true
	case "routeKey":
		return text(func(x *Exchange) string {
			if x.Route == nil {
				return ""
			}
			return x.Route.Key
		}), true
	case "stage":
		return text(func(x *Exchange) string {
			if x.Stage == nil {
				return ""
			}
			return string(x.Stage.Name)
		}), true
	case "status":
		return ended(func(x *Exchange) int64 { return int64(x.Event.Status) }), true
	}
	return nil, false
}

// identityVariable is $context.identity.*. Those of a signed caller have no
// value until callers are known.
func identityVariable(name string) (Variable, bool) {
	switch name {
	case "sourceIp":
		return func(dst []byte, x *Exchange) ([]byte, bool) {
			if !x.In.Source.IsValid() {
				return dst, false
			}
			return x.In.Source.AppendTo(dst), true
		}, true
	case "userAgent":
		return text(func(x *Exchange) string { v, _ := x.In.Header.Get("User-Agent"); return v }), true
	case "accountId", "caller", "cognitoAmr", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
		"cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
		"clientCert.clientCertPem", "clientCert.subjectDN", "clientCert.issuerDN", "clientCert.serialNumber",
		"clientCert.validity.notBefore", "clientCert.validity.notAfter":
		return absent, true
	}
	return nil, false
}

// errorVariable is $context.error.*: what the gateway itself answered.
func errorVariable(name string) (Variable, bool) {
	of := func(f func(*Exchange) string) (Variable, bool) {
		return text(func(x *Exchange) string {
			if x.Event.Fault == nil {
				return ""
			}
			return f(x)
		}), true
	}
	switch name {
	case "message":
		return of(faultText)
	case "messageString":
		return func(dst []byte, x *Exchange) ([]byte, bool) {
			if x.Event.Fault == nil {
				return dst, false
			}
			return x.Event.Fault.AppendMessage(dst, x.protocol()), true
		}, true
	case "responseType":
		return of(func(x *Exchange) string { return x.Event.Fault.Kind.ResponseType() })
	}
	return nil, false
}

func faultText(x *Exchange) string { return x.Event.Fault.Text(x.protocol()) }

// protocol is that of the exchange's API, HTTP where it is not known.
func (x *Exchange) protocol() gate.Protocol {
	switch {
	case x.API != nil:
		return x.API.Protocol
	case x.UUID != "":
		return gate.REST
	}
	return gate.HTTP
}

// integrationVariable is $context.integration.*: what the backend did.
func integrationVariable(name string) (Variable, bool) {
	called := func(f func([]byte, *Exchange) ([]byte, bool)) (Variable, bool) {
		return func(dst []byte, x *Exchange) ([]byte, bool) {
			if !x.Event.Backend.Called {
				return dst, false
			}
			return f(dst, x)
		}, true
	}
	switch name {
	case "status", "integrationStatus":
		return called(func(dst []byte, x *Exchange) ([]byte, bool) {
			if x.Event.Backend.Status == 0 {
				return dst, false
			}
			return strconv.AppendInt(dst, int64(x.Event.Backend.Status), 10), true
		})
	case "latency":
		return called(func(dst []byte, x *Exchange) ([]byte, bool) {
			return strconv.AppendInt(dst, x.Event.Backend.Latency.Milliseconds(), 10), true
		})
	case "error":
		return called(func(dst []byte, x *Exchange) ([]byte, bool) {
			if x.Event.Fault == nil {
				return dst, false
			}
			return append(dst, faultText(x)...), true
		})
	case "requestId":
		return absent, true // of a function's invocation
	}
	return nil, false
}

// absent is a variable that this version knows and never has a value for.
func absent(dst []byte, _ *Exchange) ([]byte, bool) { return dst, false }

// text is a variable whose empty value is none.
func text(f func(*Exchange) string) Variable {
	return func(dst []byte, x *Exchange) ([]byte, bool) {
		v := f(x)
		return append(dst, v...), v != ""
	}
}

func ofAPI(f func(*gate.API) string) Variable {
	return text(func(x *Exchange) string {
		if x.API == nil {
			return ""
		}
		return f(x.API)
	})
}

// ofMethod is a variable of a route that is a method of a REST API.
func ofMethod(f func(*gate.Route, *gate.Method) string) Variable {
	return text(func(x *Exchange) string {
		if x.Route == nil || x.Route.Method == nil {
			return ""
		}
		return f(x.Route, x.Route.Method)
	})
}

// ended is a number that is known once the reply was written.
func ended(f func(*Exchange) int64) Variable {
	return func(dst []byte, x *Exchange) ([]byte, bool) {
		if x.Event.Status == 0 {
			return dst, false
		}
		return strconv.AppendInt(dst, f(x), 10), true
	}
}

// appendPath is the request path with the stage, unless that is $default: the
// form of rawPath, behind a custom domain too (runtime 2.8).
// On REST APIs it is the path as sent (runtime 1.2).
func appendPath(dst []byte, x *Exchange) ([]byte, bool) {
	if x.Full != "" {
		return append(dst, x.Full...), true
	}
	if x.Stage != nil && x.Stage.Name != gate.DefaultStage {
		dst = append(append(dst, '/'), x.Stage.Name...)
	}
	return append(dst, x.Path...), true
}

// HostName is a Host without its port.
func HostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}
