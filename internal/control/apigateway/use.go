package apigateway

import (
	"bytes"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v1 "gatehouse/internal/wire/apigateway"
)

// methodUsing returns the path of the first method of an API that names something
// by id, such as /pets/GET, and what names returned for it; "" if there is none.
// Only methods whose documents hold the id are looked into. An edit that does so
// afterwards meets the conflict that draft.alone or Tx.Abandon makes.
func (d *draft) methodUsing(id string, names func(*v1.Method) string) (path, as string, err error) {
	var resource, verb string
	err = d.Scan(d.methodsKeys(), func(doc store.Doc) error {
		if as != "" || !bytes.Contains(doc.Value, []byte(id)) {
			return nil
		}
		var m methodDoc
		if err := control.Decode(doc.Value, &m); err != nil {
			return err
		}
		if as = names(&m.AWS); as != "" {
			resource, verb, _ = strings.Cut(strings.TrimPrefix(doc.Key, d.methodsKeys()), "/")
		}
		return nil
	})
	if err != nil || as == "" {
		return "", "", err
	}
	var r resourceDoc
	found, err := d.Load(d.resourceKey(resource), &r)
	if err != nil || !found {
		return resource + "/" + verb, as, err // deleted in the very moment
	}
	above, err := d.path(&r)
	return above + "/" + verb, as, err
}

func (d *draft) methodsKeys() string { return d.defTree() + "methods/" }

// unused refuses to let go of what a method names.
func (d *draft) unused(kind, id string, names func(*v1.Method) string) error {
	path, as, err := d.methodUsing(id, names)
	if err == nil && path != "" {
		err = conflict(textInUseMethod, kind, id, as, path)
	}
	return err
}

// inRequest says of what only the request of a method can name that it does.
func inRequest(yes bool) string {
	if yes {
		return "request"
	}
	return ""
}

// eachAPI visits the heads of a place's REST APIs as drafts of the same run, until
// visit returns an error.
func eachAPI(t *control.Tx, p control.Place, visit func(*draft) error) error {
	var list []apiDoc
	err := t.Scan(apisKey(p), func(doc store.Doc) error {
		var head apiDoc
		err := control.Decode(doc.Value, &head)
		list = append(list, head)
		return err
	})
	for i := 0; i < len(list) && err == nil; i++ {
		err = visit(&draft{Tx: t, keys: keys{p, gate.APIID(text(list[i].AWS.Id))}, head: list[i]})
	}
	return err
}
