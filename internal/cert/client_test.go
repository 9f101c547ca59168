package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/seal"
)

// clientText is the document of a new client certificate.
func clientText(t *testing.T, id gate.CertificateID, keys *seal.Keyring, change func(*gate.ClientCertificate)) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, plain, plain, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	doc := gate.ClientCertificate{ID: id, PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		SealedKey: keys.Seal(gate.CertificateKey(id), private)}
	if change != nil {
		change(&doc)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestClients holds what a table gives for an id, and why it gives nothing.
func TestClients(t *testing.T) {
	keys, other := seal.NewKeyring(seal.NewKey()), seal.NewKeyring(seal.NewKey())
	c := NewClients(keys)
	c.Apply(gate.CertificateKey("good"), clientText(t, "good", keys, nil))
	c.Apply(gate.CertificateKey("moved"), clientText(t, "good", keys, nil))
	c.Apply(gate.CertificateKey("other"), clientText(t, "other", other, nil))
	c.Apply(gate.CertificateKey("nopem"), clientText(t, "nopem", keys, func(d *gate.ClientCertificate) { d.PEM = "x" }))
	c.Apply(gate.CertificateKey("nokey"), clientText(t, "nokey", keys, func(d *gate.ClientCertificate) {
		d.SealedKey = keys.Seal(gate.CertificateKey("nokey"), []byte("x"))
	}))
	c.Apply(gate.CertificateKey("rubbish"), []byte("{"))
	c.Apply(gate.CertificateKey("gone"), clientText(t, "gone", keys, nil))
	c.Apply(gate.CertificateKey("gone"), nil)
	c.Apply(gate.APIKey("a"), []byte("{}"))
	for _, tc := range []struct {
		desc string
		id   gate.CertificateID
		want string // in the error; "": none
		is   error
	}{
		{"One that is whole.", "good", "", nil},
		{"A private key that belongs to another place.", "moved", "not intact", seal.ErrBroken},
		{"A private key that was sealed under another master key.", "other", "another master key", seal.ErrKey},
		{"A certificate that is none.", "nopem", "no PEM", nil},
		{"A private key that is none.", "nokey", "cannot be read", nil},
		{"A document that is none.", "rubbish", "generate a new one", nil},
		{"One that was deleted.", "gone", "has none of that id", nil},
		{"One that never was.", "never", "has none of that id", nil},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got, err := c.Certificate(tc.id)
			if tc.want == "" {
				if err != nil || got.PrivateKey == nil || got.Leaf == nil {
					t.Fatalf("got %v, %v", got, err)
				}
				if again, _ := c.Certificate(tc.id); again != got {
					t.Error("a second call gives another one")
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
