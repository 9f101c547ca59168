package clients_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
)

// m is a call's input or output.
type m = map[string]any

// A kind of resource, with the member that names one.
type kind struct{ name, id string }

var (
	kindAPI         = kind{"Api", "ApiId"}
	kindIntegration = kind{"Integration", "IntegrationId"}
	kindRoute       = kind{"Route", "RouteId"}
	kindStage       = kind{"Stage", "StageName"}
	kindDeployment  = kind{"Deployment", "DeploymentId"}
	kindAuthorizer  = kind{"Authorizer", "AuthorizerId"}
	kindModel       = kind{"Model", "ModelId"}
	kindDomain      = kind{"DomainName", "DomainName"}
	kindMapping     = kind{"ApiMapping", "ApiMappingId"}
	kindVpcLink     = kind{"VpcLink", "VpcLinkId"}
)

// A thing is a resource that the walk has made.
type thing struct {
	kind
	w      *walker
	under  m // the members that name what it is a part of, none for most
	id     string
	expect m // every member that was sent so far, with its last value
}

// do makes a call that must succeed.
func (w *walker) do(op string, in m) m {
	w.Helper()
	w.note(op, in)
	out, err := w.c.call(w.service, op, in)
	if err != nil {
		w.Fatalf("%s %v: %v", op, in, err)
	}
	return out
}

// refuses makes a call that the service must refuse. A client that does not
// show the status shows 0.
func (w *walker) refuses(desc, op string, in m, code string, status int) {
	w.Helper()
	_, err := w.c.call(w.service, op, in)
	if err == nil {
		w.Errorf("%s: %s was not refused", desc, op)
		return
	}
	r := refused(w.T, err)
	if r.Code != code || r.Status != status && r.Status != 0 || r.Message == "" {
		w.Errorf("%s: %s is refused with %v, want %s (%d) and a message", desc, op, r, code, status)
	}
}

// make creates a resource and sees all that was sent come back.
func (w *walker) make(k kind, under, in m) *thing {
	w.Helper()
	call := maps.Clone(in)
	maps.Copy(call, under)
	out := w.do("Create"+k.name, call)
	t := &thing{k, w, under, fmt.Sprint(out[k.id]), maps.Clone(in)}
	t.check("Create"+k.name, out)
	t.agrees()
	return t
}

// make creates a part of the resource.
func (t *thing) make(k kind, in m) *thing {
	t.w.Helper()
	return t.w.make(k, t.key(), in)
}

// key are the members that name the resource.
func (t *thing) key() m {
	k := m{t.kind.id: t.id}
	maps.Copy(k, t.under)
	return k
}

func (t *thing) get() m {
	t.w.Helper()
	return t.w.do("Get"+t.name, t.key())
}

// agrees sees get and list show what was sent.
func (t *thing) agrees() {
	t.w.Helper()
	t.check("Get"+t.name, t.get())
	found := 0
	for _, item := range t.w.items(t.kind, t.under) {
		if item[t.kind.id] == t.id {
			t.check("Get"+t.name+"s", item)
			found++
		}
	}
	if found != 1 {
		t.w.Errorf("Get%ss shows %s %d times", t.name, t.id, found)
	}
}

// items is the whole list.
func (w *walker) items(k kind, under m) (all []m) {
	w.Helper()
	w.list(k, under, func(page []m) { all = append(all, page...) })
	return all
}

// list reads a list page by page.
func (w *walker) list(k kind, in m, visit func(page []m)) {
	w.Helper()
	in = maps.Clone(in)
	if in == nil {
		in = m{}
	}
	for range 1000 {
		out := w.do("Get"+k.name+"s", in)
		var page []m
		items, _ := out["Items"].([]any)
		for _, item := range items {
			page = append(page, item.(m))
		}
		visit(page)
		token, _ := out["NextToken"].(string)
		if token == "" {
			return
		}
		in["NextToken"] = token
	}
	w.Fatalf("Get%ss does not end", k.name)
}

// pages reads a list in pages of one and finds two of its items once.
func (w *walker) pages(one, two *thing) {
	w.Helper()
	in := maps.Clone(one.under)
	if in == nil {
		in = m{}
	}
	in["MaxResults"] = "1"
	found := map[any]int{}
	w.list(one.kind, in, func(page []m) {
		if len(page) > 1 {
			w.Fatalf("a page of Get%ss has %d items, though one was asked for", one.name, len(page))
		}
		for _, item := range page {
			found[item[one.kind.id]]++
		}
	})
	if found[one.id] != 1 || found[two.id] != 1 {
		w.Errorf("reading Get%ss in pages shows %s %d times and %s %d times", one.name, one.id, found[one.id], two.id, found[two.id])
	}
}

// update changes members and sees the new values, and the others unchanged.
func (t *thing) update(change m) {
	t.w.Helper()
	call := t.key()
	maps.Copy(call, change)
	out := t.w.do("Update"+t.name, call)
	maps.Copy(t.expect, change)
	t.check("Update"+t.name, out)
	t.agrees()
}

// tagged adds, changes and takes away tags by the resource's ARN, and sees the
// resource have what is left.
func (t *thing) tagged(path string) {
	t.w.Helper()
	arn := "arn:aws:apigateway:us-east-1::" + path
	t.w.do("TagResource", m{"ResourceArn": arn, "Tags": m{"team": "plants", "passing": "yes"}})
	t.w.do("UntagResource", m{"ResourceArn": arn, "TagKeys": []any{"passing", "stage of life"}})
	t.expect["Tags"] = m{"team": "plants"}
	if got := t.w.do("GetTags", m{"ResourceArn": arn})["Tags"]; !reflect.DeepEqual(got, t.expect["Tags"]) {
		t.w.Errorf("GetTags of %s shows %v, want %v", arn, got, t.expect["Tags"])
	}
	t.agrees()
}

// lacks sees a member gone.
func (t *thing) lacks(name string) {
	t.w.Helper()
	if got := t.get()[name]; got != nil {
		t.w.Errorf("%s %s still has %s: %v", t.name, t.id, name, got)
	}
	t.agrees()
}

// remove deletes the resource and sees it gone.
func (t *thing) remove() {
	t.w.Helper()
	t.w.do("Delete"+t.name, t.key())
	t.w.refuses("what was deleted", "Get"+t.name, t.key(), "NotFoundException", 404)
}

// check compares every member that was sent with an answer.
func (t *thing) check(op string, got m) {
	t.w.Helper()
	t.w.compare(op, t.id, t.expect, got)
}

// compare wants an answer about the resource id to have all that was sent.
func (w *walker) compare(op, id string, expect, got m) {
	w.Helper()
	for name, sent := range expect {
		if !covers(got[name], plain(w.T, sent)) {
			w.Errorf("%s of %s: %s is %v, sent was %v", op, id, name, got[name], sent)
		}
	}
}

// covers reports that got has all that was sent: objects may have more members,
// everything else is equal. Clients spell times in ways of their own.
func covers(got, sent any) bool {
	switch sent := sent.(type) {
	case m:
		other, ok := got.(m)
		for name, value := range sent {
			ok = ok && covers(other[name], value)
		}
		return ok
	case []any:
		other, ok := got.([]any)
		ok = ok && len(other) == len(sent)
		for i, value := range sent {
			ok = ok && covers(other[i], value)
		}
		return ok
	case string:
		text, ok := got.(string)
		return ok && (text == sent || sameTime(text, sent))
	}
	return reflect.DeepEqual(got, sent)
}

func sameTime(a, b string) bool {
	if !strings.Contains(a, "T") {
		return false
	}
	at, err := time.Parse(time.RFC3339, a)
	bt, err2 := time.Parse(time.RFC3339, b)
	return err == nil && err2 == nil && at.Equal(bt)
}

// plain is a value as JSON carries it, so that 60 equals 60.0.
func plain(t *testing.T, v any) (out any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
