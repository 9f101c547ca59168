package apigateway

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// A client certificate lies at P/clientcertificates/ID, and index/certificates/ID
// says who owns its id, which data planes know it by.
func certificatesKey(p control.Place) string { return p.Draft() + "clientcertificates/" }

func certificateIndexKey(id string) string { return "index/certificates/" + id }

type certificateDoc struct {
	AWS v1.ClientCertificate `json:"aws"`
}

// AWS's certificates have an RSA key of 2048 bits and are good for a year
// (developer guide, "Generate and configure an SSL certificate").
const (
	keyBits         = 2048
	certificateYear = 365 * 24 * time.Hour
)

func newCertificateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

// noCertificate is the refusal of an unknown client certificate.
func noCertificate() *wire.Error { return missing(textNoCertificate) }

// GenerateClientCertificate makes a certificate that stages can show to HTTPS
// backends. Its private key is kept sealed and shown to nobody.
func (s *Service) GenerateClientCertificate(ctx context.Context, in *v1.GenerateClientCertificateInput) (*v1.ClientCertificate, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	tags, err := plainTags(in.Tags)
	if err != nil {
		return nil, err
	}
	if s.desk.Keys == nil {
		return nil, &wire.Error{Type: "NotImplementedException", Status: 501, Message: textCertificateNoKeys}
	}
	doc := certificateDoc{AWS: v1.ClientCertificate{Description: in.Description, Tags: tags}}
	control.DropEmpty(&doc.AWS.Description)
	if err := firstError(checkDescription(doc.AWS.Description)); err != nil {
		return nil, err
	}
	key, err := s.newKey() // not in the run, which may have to begin anew
	if err != nil {
		return nil, fmt.Errorf("make the key of a client certificate: %w", err)
	}
	err = s.desk.Do(ctx, "", func(t *control.Tx) error { return s.putCertificate(t, p, &doc, key) })
	return &doc.AWS, err
}

// putCertificate signs a certificate under a new id, and puts it with what data
// planes need of it.
func (s *Service) putCertificate(t *control.Tx, p control.Place, doc *certificateDoc, key *rsa.PrivateKey) error {
	id := control.NewID(control.ResourceIDLength)
	now := s.desk.Time()
	text, err := selfSigned(id, key, now)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key of a client certificate: %w", err)
	}
	defer clear(private)
	doc.AWS.ClientCertificateId, doc.AWS.PemEncodedCertificate = &id, &text
	doc.AWS.CreatedDate, doc.AWS.ExpirationDate = &now, new(now.Add(certificateYear))
	if err := t.Put(certificateIndexKey(id), owner(p)); err != nil {
		return err
	}
	if err := t.Put(certificatesKey(p)+id, doc); err != nil {
		return err
	}
	live := gate.CertificateKey(gate.CertificateID(id))
	return t.Set(live, gate.ClientCertificate{ID: gate.CertificateID(id), PEM: text, SealedKey: s.desk.Keys.Seal(live, private)})
}

// selfSigned is a certificate in PEM that backends can hold a client to.
func selfSigned(id string, key *rsa.PrivateKey, from time.Time) (string, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", fmt.Errorf("number a client certificate: %w", err)
	}
	plain := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "API Gateway client certificate " + id},
		NotBefore:    from, NotAfter: from.Add(certificateYear),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, plain, plain, &key.PublicKey, key)
	if err != nil {
		return "", fmt.Errorf("sign a client certificate: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// loadCertificate reads a client certificate, or refuses.
func loadCertificate(t *control.Tx, p control.Place, id string, absent error) (*certificateDoc, error) {
	doc := new(certificateDoc)
	if !plainID(id) {
		return nil, absent
	}
	found, err := t.Load(certificatesKey(p)+id, doc)
	if err == nil && !found {
		err = absent
	}
	return doc, err
}

// GetClientCertificate returns a client certificate.
func (s *Service) GetClientCertificate(ctx context.Context, in *v1.GetClientCertificateInput) (*v1.ClientCertificate, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var out v1.ClientCertificate
	err = s.desk.View(ctx, func(t *control.Tx) error {
		doc, err := loadCertificate(t, p, text(in.ClientCertificateId), noCertificate())
		if err == nil {
			out = doc.AWS
		}
		return err
	})
	return &out, err
}

// GetClientCertificates returns a page of the client certificates of a place, in
// the order of their ids.
func (s *Service) GetClientCertificates(ctx context.Context, in *v1.GetClientCertificatesInput) (*v1.ClientCertificates, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	out := v1.ClientCertificates{Items: []v1.ClientCertificate{}}
	out.Position, err = s.page(ctx, certificatesKey(p), in.Limit, in.Position, func(text []byte) error {
		var doc certificateDoc
		err := control.Decode(text, &doc)
		if len(doc.AWS.Tags) == 0 {
			doc.AWS.Tags = nil // lists omit empty tags
		}
		out.Items = append(out.Items, doc.AWS)
		return err
	})
	return &out, err
}

// UpdateClientCertificate changes the description.
func (s *Service) UpdateClientCertificate(ctx context.Context, in *v1.UpdateClientCertificateInput) (*v1.ClientCertificate, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var out v1.ClientCertificate
	id := text(in.ClientCertificateId)
	err = s.desk.Do(ctx, "clientcertificates/"+id, func(t *control.Tx) error {
		doc, err := loadCertificate(t, p, id, noCertificate())
		if err != nil {
			return err
		}
		if err := patch(certificateRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := firstError(checkDescription(doc.AWS.Description)); err != nil {
			return err
		}
		out = doc.AWS
		return t.Put(certificatesKey(p)+id, doc)
	})
	return &out, err
}

// certificateRules are those of UpdateClientCertificate (control-plane 2.2).
func certificateRules() []rule[*v1.ClientCertificate] {
	return []rule[*v1.ClientCertificate]{
		{"/description", replace, func(c *v1.ClientCertificate, o *op) error { return putText(&c.Description, o) }},
	}
}

// DeleteClientCertificate removes a client certificate that no stage shows.
func (s *Service) DeleteClientCertificate(ctx context.Context, in *v1.DeleteClientCertificateInput) error {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return err
	}
	id := text(in.ClientCertificateId)
	return s.desk.Do(ctx, "clientcertificates/"+id, func(t *control.Tx) error {
		if _, err := loadCertificate(t, p, id, noCertificate()); err != nil {
			return err
		}
		if err := t.Abandon(p, control.UseCertificate, id); err != nil {
			return err
		}
		if err := eachAPI(t, p, func(d *draft) error { return d.showsNot(id) }); err != nil {
			return err
		}
		t.Delete(certificatesKey(p) + id)
		t.Delete(certificateIndexKey(id))
		t.Delete(gate.CertificateKey(gate.CertificateID(id)))
		return nil
	})
}

// showsNot refuses to let go of a client certificate that a stage shows.
func (d *draft) showsNot(id string) error {
	return d.Scan(d.stageKey(""), func(text store.Doc) error {
		var doc stageDoc
		if err := control.Decode(text.Value, &doc); err != nil {
			return err
		}
		if c := doc.AWS.ClientCertificateId; c != nil && *c == id {
			return bad(textCertificateUsed, id, *doc.AWS.StageName, d.api)
		}
		return nil
	})
}

// findCertificate checks that the client certificate that a stage is to show is
// one of this place.
func (d *draft) findCertificate(was, now *v1.Stage) error {
	id := text(now.ClientCertificateId)
	if id == "" || id == text(was.ClientCertificateId) {
		return nil
	}
	if _, err := loadCertificate(d.Tx, d.place, id, bad(textNoCertificate)); err != nil {
		return err
	}
	return d.Use(d.place, control.UseCertificate, id)
}
