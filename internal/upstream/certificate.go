package upstream

import (
	"crypto/tls"
	"errors"
)

// Certificates knows the certificates that backends are shown. It may be
// called concurrently and answers the same for an id as long as that exists.
type Certificates interface {
	// Certificate returns the one with that id and its key; an error where there
	// is none.
	Certificate(id string) (*tls.Certificate, error)
}

// CheckCertificate says why no backend could be shown the certificate; nil: one
// can.
func (p *Pools) CheckCertificate(id string) error {
	_, err := p.certificate(id)
	return err
}

// certificate fails closed: a handshake ends where its certificate is not
// there.
func (p *Pools) certificate(id string) (*tls.Certificate, error) {
	if p.o.Certificates == nil {
		return nil, errors.New("this process keeps no client certificates")
	}
	return p.o.Certificates.Certificate(id)
}
