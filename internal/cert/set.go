package cert

import (
	"crypto/tls"
	"strings"
)

// A set is the certificates in use at one moment. It is immutable.
type set struct {
	byName map[string][]*tls.Certificate // lower case; a wildcard as "*.example.com"
	first  *tls.Certificate
}

func newSet(list []*held) *set {
	s := &set{byName: map[string][]*tls.Certificate{}, first: list[0].good}
	for _, h := range list {
		for _, name := range names(h.good) {
			s.byName[name] = append(s.byName[name], h.good)
		}
	}
	return s
}

// names are the names that a certificate is good for. The common name counts
// only where there is no other, as in certificates that old tools make; no
// client of today looks at it, but it still tells pairs apart.
func names(c *tls.Certificate) []string {
	list := make([]string, 0, len(c.Leaf.DNSNames))
	for _, n := range c.Leaf.DNSNames {
		list = append(list, strings.ToLower(n))
	}
	for _, ip := range c.Leaf.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 && c.Leaf.Subject.CommonName != "" {
		list = append(list, strings.ToLower(c.Leaf.Subject.CommonName))
	}
	return list
}

// choose is the certificate for what a client asks: its name, else the
// wildcard one label above, else the first. Where several have the name (one
// with RSA and one with ECDSA), the first that the client can use.
func (s *set) choose(hello *tls.ClientHelloInfo) *tls.Certificate {
	name := strings.TrimSuffix(strings.ToLower(hello.ServerName), ".")
	certs := s.byName[name]
	if certs == nil {
		if _, parent, ok := strings.Cut(name, "."); ok {
			certs = s.byName["*."+parent]
		}
	}
	if len(certs) == 0 {
		return s.first
	}
	for _, c := range certs[:len(certs)-1] {
		if hello.SupportsCertificate(c) == nil {
			return c
		}
	}
	return certs[len(certs)-1]
}
