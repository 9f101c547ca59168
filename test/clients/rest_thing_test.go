package clients_test

import (
	"fmt"
	"maps"
	"strings"
)

// A restKind is a kind of resource of the V1 API, by the words that its
// operations use: {verb}{name} makes one, Get{name}s lists them unless single.
type restKind struct {
	name, verb string
	key        string // the member of inputs that names one; "" where there is only one
	id         string // the member of outputs that names one
	single     bool   // there is no list
}

var (
	restAPI           = restKind{"RestApi", "Create", "restApiId", "id", false}
	restResource      = restKind{"Resource", "Create", "resourceId", "id", false}
	restMethod        = restKind{"Method", "Put", "httpMethod", "httpMethod", true}
	restAnswer        = restKind{"MethodResponse", "Put", "statusCode", "statusCode", true}
	restIntegration   = restKind{"Integration", "Put", "", "type", true}
	restMappedAnswer  = restKind{"IntegrationResponse", "Put", "statusCode", "statusCode", true}
	restDeployment    = restKind{"Deployment", "Create", "deploymentId", "id", false}
	restStage         = restKind{"Stage", "Create", "stageName", "stageName", false}
	restModel         = restKind{"Model", "Create", "modelName", "name", false}
	restValidator     = restKind{"RequestValidator", "Create", "requestValidatorId", "id", false}
	restAuthorizer    = restKind{"Authorizer", "Create", "authorizerId", "id", false}
	restGatewayAnswer = restKind{"GatewayResponse", "Put", "responseType", "responseType", false}
	restVpcLink       = restKind{"VpcLink", "Create", "vpcLinkId", "id", false}
	restCertificate   = restKind{"ClientCertificate", "Generate", "clientCertificateId", "clientCertificateId", false}
)

// A restThing is a resource of the V1 API that the walk has made.
type restThing struct {
	restKind
	w      *walker
	under  m // the members that name what it is a part of
	id     string
	expect m // every member that was sent so far, with its last value
}

// makeREST creates a resource and sees all that was sent come back.
func (w *walker) makeREST(k restKind, under, in m) *restThing {
	w.Helper()
	call := maps.Clone(in)
	maps.Copy(call, under)
	out := w.do(k.verb+k.name, call)
	t := &restThing{k, w, under, fmt.Sprint(out[k.id]), maps.Clone(in)}
	if verb, ok := in["integrationHttpMethod"]; ok { // the one member that is answered under another name
		delete(t.expect, "integrationHttpMethod")
		t.expect["httpMethod"] = verb
	}
	w.compare(k.verb+k.name, t.id, t.expect, out)
	t.agrees()
	return t
}

// make creates a part of the resource.
func (t *restThing) make(k restKind, in m) *restThing {
	t.w.Helper()
	return t.w.makeREST(k, t.named(), in)
}

// named are the members that name the resource.
func (t *restThing) named() m {
	k := maps.Clone(t.under)
	if k == nil {
		k = m{}
	}
	if t.key != "" {
		k[t.key] = t.id
	}
	return k
}

// with is what names the resource and more.
func (t *restThing) with(more ...m) m {
	k := t.named()
	for _, in := range more {
		maps.Copy(k, in)
	}
	return k
}

func (t *restThing) get() m {
	t.w.Helper()
	return t.w.do("Get"+t.name, t.named())
}

// agrees sees get and list show what was sent; with a slow client, those that
// it has not called yet.
func (t *restThing) agrees() {
	t.w.Helper()
	if !t.w.enough("Get" + t.name) {
		t.shown()
	}
	if !t.w.enough("Get" + t.name + "s") {
		t.listed()
	}
}

// enough reports that a slow client has called an operation before.
func (w *walker) enough(op string) bool { return w.slow && w.sent[strings.ToLower(op)] }

// shown sees get show what was sent.
func (t *restThing) shown() {
	t.w.Helper()
	t.w.compare("Get"+t.name, t.id, t.expect, t.get())
}

// listed sees the list, if there is one, show what was sent.
func (t *restThing) listed() {
	t.w.Helper()
	if t.single {
		return
	}
	found := 0
	for _, item := range t.w.restItems(t.restKind, t.under, 500) {
		if item[t.restKind.id] == t.id {
			t.w.compare("Get"+t.name+"s", t.id, t.expect, item)
			found++
		}
	}
	if found != 1 {
		t.w.Errorf("Get%ss shows %s %d times", t.name, t.id, found)
	}
}

// restItems is a whole list, whose first page is to have so many items at most.
func (w *walker) restItems(k restKind, under m, limit int) (all []m) {
	w.Helper()
	in := maps.Clone(under)
	if in == nil {
		in = m{}
	}
	op, items := "Get"+k.name+"s", "items"
	if k == restStage { // the one list that knows no pages
		items = "item"
	} else {
		in["limit"] = limit
	}
	for range 1000 {
		out := w.do(op, in)
		page, _ := out[items].([]any)
		if len(page) > limit {
			w.Errorf("a page of %s has %d items, though %d were asked for", op, len(page), limit)
		}
		for _, item := range page {
			all = append(all, item.(m))
		}
		position, _ := out["position"].(string)
		if position == "" {
			return all
		}
		limit = 500
		in["position"], in["limit"] = position, limit
	}
	w.Fatalf("%s does not end", op)
	return nil
}

// pages reads a list whose first page has one item, and finds both things once.
func (t *restThing) pages(other *restThing) {
	t.w.Helper()
	found := map[any]int{}
	for _, item := range t.w.restItems(t.restKind, t.under, 1) {
		found[item[t.restKind.id]]++
	}
	if found[t.id] != 1 || found[other.id] != 1 {
		t.w.Errorf("reading Get%ss in pages shows %s %d times and %s %d times", t.name, t.id, found[t.id], other.id, found[other.id])
	}
}

// patch sends patch operations and sees what they change. A member that is to
// be gone is nil in change.
func (t *restThing) patch(change m, ops ...any) {
	t.w.Helper()
	out := t.w.do("Update"+t.name, t.with(patches(ops)))
	if t.key != "" { // a base path is a name that a patch can change
		t.id = fmt.Sprint(out[t.restKind.id])
	}
	for name, v := range change {
		if t.expect[name] = v; v == nil {
			delete(t.expect, name)
			if left := out[name]; left != nil && left != "" {
				t.w.Errorf("Update%s of %s leaves %s: %v", t.name, t.id, name, out[name])
			}
		}
	}
	t.w.compare("Update"+t.name, t.id, t.expect, out)
	t.agrees()
}

// patches is the member that has the operations. The first one has a from, which
// is passed over beside another verb than copy.
func patches(ops []any) m {
	if first := ops[0].(m); first["from"] == nil {
		first["from"] = first["path"]
	}
	return m{"patchOperations": ops}
}

// The operations of a patch. A path is given by its segments, as they are
// before they are escaped.
func replace(value string, path ...string) m {
	return m{"op": "replace", "path": pointer(path), "value": value}
}
func add(value string, path ...string) m {
	return m{"op": "add", "path": pointer(path), "value": value}
}
func remove(path ...string) m { return m{"op": "remove", "path": pointer(path)} }

// pointer is a JSON Pointer (RFC 6901).
func pointer(path []string) (p string) {
	for _, segment := range path {
		p += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(segment)
	}
	return p
}

// tagged adds, changes and takes away tags by the resource's ARN, and sees the
// resource have what is left.
func (t *restThing) tagged(path string) {
	t.w.Helper()
	arn := "arn:aws:apigateway:us-east-1::" + path
	t.w.do("TagResource", m{"resourceArn": arn, "tags": m{"team": "plants", "passing": "yes"}})
	t.w.do("UntagResource", m{"resourceArn": arn, "tagKeys": []any{"passing", "stage of life"}})
	t.expect["tags"] = m{"team": "plants"}
	t.w.compare("GetTags", arn, m{"tags": t.expect["tags"]}, t.w.do("GetTags", m{"resourceArn": arn, "limit": 500}))
	t.agrees()
}

// remove deletes the resource and sees it gone.
func (t *restThing) remove() {
	t.w.Helper()
	enough := t.w.enough("Delete" + t.name)
	t.w.do("Delete"+t.name, t.named())
	if enough {
		return
	}
	t.w.refuses("what was deleted", "Get"+t.name, t.named(), "NotFoundException", 404)
}
