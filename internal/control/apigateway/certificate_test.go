package apigateway

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"testing"

	"gatehouse/internal/cert"
	"gatehouse/internal/gate"
	"gatehouse/internal/seal"
	v1 "gatehouse/internal/wire/apigateway"
)

// TestClientCertificates walks the life of a client certificate, and what data
// planes get of it.
func TestClientCertificates(t *testing.T) {
	w := newWorld(t)
	keys := seal.NewKeyring(seal.NewKey())
	w.desk.Keys = keys
	got := must[*v1.ClientCertificate](t)(w.GenerateClientCertificate(w.ctx, &v1.GenerateClientCertificateInput{Description: new("d"), Tags: map[string]string{"a": "b"}}))
	if *got.Description != "d" || got.Tags["a"] != "b" || !got.ExpirationDate.Equal(got.CreatedDate.Add(certificateYear)) {
		t.Errorf("made %+v", got)
	}
	id := gate.CertificateID(*got.ClientCertificateId)
	doc, err := w.desk.Store.Get(w.ctx, gate.CertificateKey(id))
	if err != nil {
		t.Fatal(err)
	}
	table := cert.NewClients(keys)
	table.Apply(doc.Key, doc.Value)
	shown, err := table.Certificate(id)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := shown.PrivateKey.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() != 2048 || !key.PublicKey.Equal(shown.Leaf.PublicKey) {
		t.Errorf("the private key is a %T that does not fit", shown.PrivateKey)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(*got.PemEncodedCertificate)) {
		t.Fatal("the answer is no PEM")
	}
	if _, err := shown.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, CurrentTime: got.CreatedDate.Add(1)}); err != nil {
		t.Errorf("a backend that was given the answer does not take the certificate: %v", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(doc.Value, private[len(private)/2:]) {
		t.Error("the private key lies in the store openly")
	}
	patched := must[*v1.ClientCertificate](t)(w.UpdateClientCertificate(w.ctx, &v1.UpdateClientCertificateInput{ClientCertificateId: got.ClientCertificateId, PatchOperations: ops("replace /description e")}))
	if *patched.Description != "e" || *patched.PemEncodedCertificate != *got.PemEncodedCertificate {
		t.Errorf("patched %+v", patched)
	}
	_, err = w.UpdateClientCertificate(w.ctx, &v1.UpdateClientCertificateInput{ClientCertificateId: got.ClientCertificateId, PatchOperations: ops("replace /pemEncodedCertificate x")})
	wantRefusal(t, err, badRequest, "Invalid patch path  '/pemEncodedCertificate' specified for op 'replace'. Must be one of: [/description]")
	if list := must[*v1.ClientCertificates](t)(w.GetClientCertificates(w.ctx, &v1.GetClientCertificatesInput{})); len(list.Items) != 1 || list.Items[0].Tags["a"] != "b" {
		t.Errorf("listed %+v", list.Items)
	}
	if err := w.DeleteClientCertificate(w.ctx, &v1.DeleteClientCertificateInput{ClientCertificateId: got.ClientCertificateId}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Store.Get(w.ctx, gate.CertificateKey(id)); err == nil {
		t.Error("the data planes still have it")
	}
	_, err = w.GetClientCertificate(w.ctx, &v1.GetClientCertificateInput{ClientCertificateId: got.ClientCertificateId})
	wantRefusal(t, err, notFound, "Invalid Client Certificate identifier specified")
}

// TestNoMasterKey holds that without a master key no private key is kept.
func TestNoMasterKey(t *testing.T) {
	w := newWorld(t)
	w.desk.Keys = nil
	_, err := w.GenerateClientCertificate(w.ctx, &v1.GenerateClientCertificateInput{})
	wantRefusal(t, err, "NotImplementedException", textCertificateNoKeys)
}

// TestStagesWithCertificates holds that a stage shows only what is there, and
// that it does not go while a stage shows it.
func TestStagesWithCertificates(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	must[*v1.Deployment](t)(w.CreateDeployment(w.ctx, &v1.CreateDeploymentInput{RestApiId: api, StageName: new("s")}))
	c := must[*v1.ClientCertificate](t)(w.GenerateClientCertificate(w.ctx, &v1.GenerateClientCertificateInput{})).ClientCertificateId
	show := func(id string) error {
		_, err := w.UpdateStage(w.ctx, &v1.UpdateStageInput{RestApiId: api, StageName: new("s"), PatchOperations: ops("replace /clientCertificateId " + id)})
		return err
	}
	remove := func() error {
		return w.DeleteClientCertificate(w.ctx, &v1.DeleteClientCertificateInput{ClientCertificateId: c})
	}
	wantRefusal(t, show("nope"), badRequest, "Invalid Client Certificate identifier specified")
	wantRefusal(t, show("a/b"), badRequest, "Invalid Client Certificate identifier specified")
	if err := show(*c); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, remove(), badRequest, fmt.Sprintf(textCertificateUsed, *c, "s", *api))
	if err := show(""); err != nil {
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Errorf("once no stage shows it: %v", err)
	}
	wantRefusal(t, show(*c), badRequest, "Invalid Client Certificate identifier specified")
}
