package cert

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"

	"gatehouse/internal/gate"
)

// An Opener opens what was sealed for a place: a seal.Keyring.
type Opener interface {
	Open(place string, sealed []byte) ([]byte, error)
}

// Clients are the certificates that stages show to backends, by their id. It
// follows the store by Apply, and survives every change of plan. Its methods may
// be called concurrently.
type Clients struct {
	keys Opener

	mu   sync.RWMutex
	held map[gate.CertificateID]func() (*tls.Certificate, error)
}

// NewClients returns an empty table whose private keys are opened with keys.
func NewClients(keys Opener) *Clients {
	return &Clients{keys: keys, held: map[gate.CertificateID]func() (*tls.Certificate, error){}}
}

// Apply notes the document at a key of the store, nil for a deletion. Keys that
// name no client certificate are passed over, so that it can be given every
// change and every document of a scan. What was deleted before a scan stays in
// the table, where no stage names it. What is wrong with a document is told by
// Certificate.
func (c *Clients) Apply(key string, value []byte) {
	id, ok := gate.ParseKey(key).(gate.CertificateID)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if value == nil {
		delete(c.held, id)
		return
	}
	// Most are never shown by this process: a private key is opened when it is
	// asked for first.
	c.held[id] = sync.OnceValues(func() (*tls.Certificate, error) { return c.open(id, value) })
}

// Certificate returns the certificate of an id with its private key, the same one
// at each call as long as it is not replaced. The error says why there is none:
// a stage that wants it must not call its backend without.
func (c *Clients) Certificate(id gate.CertificateID) (*tls.Certificate, error) {
	c.mu.RLock()
	open := c.held[id]
	c.mu.RUnlock()
	if open == nil {
		return nil, fmt.Errorf("client certificate %s: the store has none of that id: choose another one for the stage", id)
	}
	return open()
}

func (c *Clients) open(id gate.CertificateID, text []byte) (*tls.Certificate, error) {
	cert, err := parseClient(id, text, c.keys)
	if err != nil {
		return nil, fmt.Errorf("client certificate %s: %w: generate a new one and choose it for the stage", id, err)
	}
	return cert, nil
}

func parseClient(id gate.CertificateID, text []byte, keys Opener) (*tls.Certificate, error) {
	var doc gate.ClientCertificate
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	der, err := keys.Open(gate.CertificateKey(id), doc.SealedKey)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("its private key cannot be read") // the reason might tell of the key
	}
	block, _ := pem.Decode([]byte(doc.PEM))
	if block == nil {
		return nil, errors.New("it is no PEM")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: private, Leaf: leaf}, nil
}
