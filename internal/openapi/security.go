package openapi

import (
	"strings"
)

// scheme is a security scheme of the document: an authorizer, AWS's own
// signatures, or something that the gateway does not check.
type scheme struct {
	authorizer *Authorizer
	iam        bool
}

// maxAlternatives bounds the security requirements of an operation, and the
// schemes of each: those of the document are read for every operation.
const maxAlternatives = 20

// Kinds of authorization of a route.
const (
	authNone   = "NONE"
	authIAM    = "AWS_IAM"
	authJWT    = "JWT"
	authCustom = "CUSTOM"
)

// components reads the parts of the document that operations refer to, and
// those that only stand there.
func (r *reader) components() {
	c := r.root.get("components")
	if c == nil || !r.is(c, object, "components") {
		return
	}
	for _, m := range c.members {
		switch m.key {
		case "securitySchemes":
			r.schemes(m.value)
		case extIntegrations:
			if !r.is(m.value, object, "components."+extIntegrations) {
				continue
			}
			for _, i := range m.value.members {
				r.integration(i.value, "components."+extIntegrations+"."+clip(i.key))
			}
		case "schemas":
			r.documents("components.schemas", m.at)
		}
	}
}

func (r *reader) schemes(n *node) {
	if !r.is(n, object, "components.securitySchemes") {
		return
	}
	for _, m := range n.members {
		s := &scheme{}
		r.authorizers[m.key] = s
		v := r.follow(m.value)
		where := "security scheme " + clip(m.key)
		if v == nil || !r.is(v, object, where) {
			continue
		}
		ext := v.get(extAuthorizer)
		if ext == nil {
			kind := v.get(extAuthType)
			s.iam = kind != nil && strings.EqualFold(kind.text, "awsSigv4")
			continue
		}
		if !r.is(ext, object, where+": "+extAuthorizer) {
			continue
		}
		name := m.key
		a := &Authorizer{At: ext.at}
		a.AWS.Name = &name
		s.authorizer = a
		r.fill(ext, extAuthorizer, authorizerSlots(&a.AWS), authorizerForeign)
		switch kind := text1(a.AWS.AuthorizerType); kind {
		case "JWT", "REQUEST":
		case "":
			r.fail(ext.at, "%s: %s has no type: say jwt or request", where, extAuthorizer)
		default:
			r.fail(ext.at, "%s: the authorizer's type %q is none of HTTP APIs: say jwt or request", where, clip(strings.ToLower(kind)))
		}
		r.def.Authorizers = append(r.def.Authorizers, a)
	}
}

func text1(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// authorization finds how the callers of an operation prove who they are.
func (r *reader) authorization(op *node, route *Route, where string) {
	kind := authNone
	route.AWS.AuthorizationType = &kind
	own := op.get("security")
	security := own
	if own == nil {
		security = r.security
	}
	if ext := op.get(extAuth); ext != nil {
		if explicit, ok := r.auth(ext, where); ok {
			if explicit == authNone && own != nil && r.demands(own) {
				r.fail(ext.at, "%s: %s says NONE, but security names an authorizer: keep one of the two", where, extAuth)
			}
			if explicit == authIAM && own != nil && r.demands(own) && !r.signs(own) {
				r.fail(ext.at, "%s: %s says AWS_IAM, but security names an authorizer: keep one of the two", where, extAuth)
			}
			kind = explicit
			return
		}
	}
	if security == nil || !r.is(security, list, where+": security") {
		return
	}
	r.require(security, route, where, own == nil)
}

// auth reads x-amazon-apigateway-auth.
func (r *reader) auth(n *node, where string) (kind string, ok bool) {
	if !r.is(n, object, where+": "+extAuth) {
		return "", false
	}
	t := n.get("type")
	if t == nil {
		r.fail(n.at, "%s: %s has no type: say NONE or AWS_IAM", where, extAuth)
		return "", false
	}
	kind = strings.ToUpper(t.text)
	if kind != authNone && kind != authIAM {
		r.fail(t.at, "%s: %s: %s is not NONE or AWS_IAM; authorizers are named by security", where, extAuth, show(t))
		return "", false
	}
	return kind, true
}

// demands reports whether requirements name a scheme that the gateway checks.
func (r *reader) demands(security *node) bool {
	for _, alternative := range security.items {
		for _, m := range alternative.members {
			if s := r.authorizers[m.key]; s != nil && (s.authorizer != nil || s.iam) {
				return true
			}
		}
	}
	return false
}

// signs reports whether AWS's signatures are the only scheme that requirements
// name and the gateway checks.
func (r *reader) signs(security *node) bool {
	for _, alternative := range security.items {
		for _, m := range alternative.members {
			if s := r.authorizers[m.key]; s != nil && s.authorizer != nil {
				return false
			}
		}
	}
	return true
}

// require reads security requirements. A route has one authorizer, so two that
// would have to be asked are refused. Leaving one of two alternatives out would
// do no harm, but nobody could tell which.
func (r *reader) require(security *node, route *Route, where string, inherited bool) {
	if len(security.items) > maxAlternatives {
		r.fail(security.at, "%s: security has %d alternatives, at most %d are read", where, len(security.items), maxAlternatives)
		return
	}
	var found *member
	open := len(security.items) == 0
	for _, alternative := range security.items {
		if !r.is(alternative, object, where+": security") {
			return
		}
		if len(alternative.members) > maxAlternatives {
			r.fail(alternative.at, "%s: security names %d schemes at once, at most %d are read", where, len(alternative.members), maxAlternatives)
			return
		}
		open = open || len(alternative.members) == 0
		for i := range alternative.members {
			m := &alternative.members[i]
			s := r.authorizers[m.key]
			switch {
			case s == nil:
				r.fail(m.at, "%s: security names %q, which components.securitySchemes has not", where, clip(m.key))
			case s.authorizer == nil && !s.iam:
				if !inherited {
					r.warn(m.at, "%s: the gateway does not check the security scheme %q, which has no %s", where, clip(m.key), extAuthorizer)
				} else if r.docs["security"] == nil {
					r.documents("security", m.at)
					r.warn(m.at, "the gateway does not check the security scheme %q, which has no %s", clip(m.key), extAuthorizer)
				}
			case found != nil && found.key != m.key:
				r.fail(m.at, "%s: security names %q and %q, but a route has one authorizer", where, clip(found.key), clip(m.key))
			case found != nil:
				r.fail(m.at, "%s: security names %q twice", where, clip(m.key))
			default:
				found = m
			}
		}
	}
	if found == nil {
		return
	}
	if open {
		r.warn(found.at, "%s: security is optional in the document, but %q is asked of every caller", where, clip(found.key))
	}
	r.apply(found, route, where)
}

// apply gives a route the scheme that its requirement names.
func (r *reader) apply(m *member, route *Route, where string) {
	s := r.authorizers[m.key]
	scopes := []string{}
	if m.value.kind != null {
		scopes = r.texts(m.value, where+": security."+clip(m.key))
	}
	kind := authIAM
	if s.authorizer != nil {
		kind = authCustom
		if text1(s.authorizer.AWS.AuthorizerType) == "JWT" {
			kind = authJWT
		}
	}
	*route.AWS.AuthorizationType = kind
	route.Authorizer = s.authorizer
	if len(scopes) == 0 {
		return
	}
	if kind != authJWT {
		r.fail(m.at, "%s: security.%s has scopes, which only a jwt authorizer checks", where, clip(m.key))
		return
	}
	route.AWS.AuthorizationScopes = scopes
}
