package control

// A thing that others name (a VPC link, a client certificate) must not go while
// they do, and who names it is found by looking through them. Between that look
// and the commit somebody may begin to name it. So each edit that names a thing
// writes a note, which whoever deletes the thing has read before it looked.

// useKey is the key of the note on a thing: its kind and its id.
func (p Place) useKey(kind, id string) string { return p.Draft() + "uses/" + kind + "/" + id }

// Use notes that what this run commits names a thing, which it has loaded.
// Edits that name the same thing do not disturb each other.
func (t *Tx) Use(p Place, kind, id string) error { return t.Set(p.useKey(kind, id), struct{}{}) }

// Abandon makes the commit of a deletion hold only if nobody begins to name the
// thing from here on: call it before looking for who does.
func (t *Tx) Abandon(p Place, kind, id string) error {
	noted, err := t.Load(p.useKey(kind, id), nil)
	if noted && err == nil {
		t.Delete(p.useKey(kind, id))
	}
	return err
}

// Kinds of things that others name.
const (
	UseLink        = "vpclinks"
	UseCertificate = "clientcertificates"
)

// LinksKey is the prefix of the VPC links of V2, which integrations of REST APIs
// name too.
func (p Place) LinksKey() string { return p.Draft() + "vpclinks/" }
