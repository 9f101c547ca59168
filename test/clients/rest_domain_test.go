package clients_test

import (
	"fmt"
	"net/http"
)

var (
	restDomain      = restKind{"DomainName", "Create", "domainName", "domainName", false}
	restMapping     = restKind{"BasePathMapping", "Create", "basePath", "basePath", false}
	restAssociation = restKind{"DomainNameAccessAssociation", "Create", "domainNameAccessAssociationArn", "domainNameAccessAssociationArn", false}
)

// restDomains reaches the API by names of its own. Its stage v1 serves
// GET /pets/{id}.
func (w *walker) restDomains(a *restThing) {
	w.Helper()
	const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/"
	name := a.id + ".rest.example.com"
	in := m{
		"domainName": name, "regionalCertificateArn": certificate + "one", "regionalCertificateName": "one", "securityPolicy": "TLS_1_2",
		"ownershipVerificationCertificateArn": certificate + "mine", "endpointConfiguration": m{"types": []any{"REGIONAL"}}, "tags": m{"team": "animals"},
	}
	change := m{"regionalCertificateArn": certificate + "two", "regionalCertificateName": "two", "ownershipVerificationCertificateArn": certificate + "ours"}
	ops := []any{replace(certificate+"two", "regionalCertificateArn"), replace("two", "regionalCertificateName"),
		replace(certificate+"ours", "ownershipVerificationCertificateArn")}
	if w.newest {
		in["endpointConfiguration"].(m)["ipAddressType"], in["routingMode"], in["endpointAccessMode"] = "ipv4", "ROUTING_RULE_THEN_BASE_PATH_MAPPING", "BASIC"
		change["endpointConfiguration"], change["routingMode"], change["endpointAccessMode"] = m{"types": []any{"REGIONAL"}, "ipAddressType": "dualstack"}, "BASE_PATH_MAPPING_ONLY", "STRICT"
		ops = append(ops, replace("dualstack", "endpointConfiguration", "ipAddressType"), replace("BASE_PATH_MAPPING_ONLY", "routingMode"), replace("STRICT", "endpointAccessMode"))
	}
	d := w.makeREST(restDomain, nil, in)
	edge := w.makeREST(restDomain, nil, m{"domainName": "edge." + name, "certificateArn": certificate + "edge", "certificateName": "edge"})
	d.patch(change, ops...)
	d.tagged("/domainnames/" + name)
	d.pages(edge)
	w.refuses("a domain that is taken", "CreateDomainName", in, "ConflictException", 409)
	w.refuses("a domain with a certificate of its own", "CreateDomainName",
		m{"domainName": "m." + name, "certificateBody": "x", "certificatePrivateKey": "x", "certificateChain": "x"}, "NotImplementedException", 501)
	w.basePaths(a, d)
	if w.newest {
		w.privateDomain("in."+name, certificate+"in")
	}
	d.remove()
	edge.remove()
}

func (w *walker) basePaths(a, d *restThing) {
	w.Helper()
	at := func(path string) string { return w.g.Endpoint + path }
	pet := echo{Method: "POST", Path: "/brown/8", Query: "from=v1", Walk: "more"}
	shop := d.make(restMapping, m{"basePath": "shop", "restApiId": a.id, "stage": "v1"})
	all := d.make(restMapping, m{"basePath": "all", "restApiId": a.id})
	shop.pages(all)
	w.hostReaches("a base path leads to a stage", d.id, at("/shop/pets/8"), pet)
	w.hostReaches("without a stage the next segment names it", d.id, at("/all/v1/pets/8"), pet)
	if r := w.send(http.MethodGet, at("/shops/pets/8"), d.id, nil); r.status != http.StatusForbidden {
		w.Errorf("a path that no mapping has answers %d: %s", r.status, r.body)
	}
	if r := w.send(http.MethodGet, at("/ping"), d.id, nil); r.status != http.StatusOK || r.body != "healthy" {
		w.Errorf("/ping of a domain answers %d: %s", r.status, r.body)
	}
	w.refuses("a stage that is mapped", "DeleteStage", a.with(m{"stageName": "v1"}), "BadRequestException", 400)

	all.patch(m{"basePath": "store", "stage": "v1"}, replace("store", "basePath"), replace("v1", "stage"))
	w.hostReaches("a mapping can be moved", d.id, at("/store/pets/8"), pet)
	if r := w.send(http.MethodGet, at("/all/v1/pets/8"), d.id, nil); r.status != http.StatusForbidden {
		w.Errorf("a base path that was given up answers %d: %s", r.status, r.body)
	}
	shop.remove()
	all.remove()
}

// privateDomain makes a domain that only VPC endpoints could reach: it is named
// by an id besides, keeps its mappings and associations, and is never served.
func (w *walker) privateDomain(name, certificate string) {
	w.Helper()
	const policy = `{"Version":"2012-10-17","Statement":[]}`
	in := m{"domainName": name, "certificateArn": certificate, "endpointConfiguration": m{"types": []any{"PRIVATE"}}, "policy": policy}
	out := w.do("CreateDomainName", in)
	d := &restThing{restDomain, w, m{"domainNameId": out["domainNameId"]}, name, in}
	w.compare("CreateDomainName", name, in, out)
	d.shown()
	w.compare("UpdateDomainName", name, m{"managementPolicy": policy}, w.do("UpdateDomainName", d.with(patches([]any{replace(policy, "managementPolicy")}))))
	all := &restThing{restDomain, w, m{"resourceOwner": "SELF"}, name, in}
	all.listed()

	a := w.makeREST(restAPI, nil, m{"name": "private", "endpointConfiguration": m{"types": []any{"PRIVATE"}}})
	mapping := d.make(restMapping, m{"basePath": "inner", "restApiId": a.id})
	mapping.patch(m{"basePath": "innermost"}, replace("innermost", "basePath"))
	mapping.shown()
	mapping.listed()
	if r := w.send(http.MethodGet, w.g.Endpoint+"/innermost/v1/", name, nil); r.status != http.StatusForbidden {
		w.Errorf("a private domain answers %d: %s", r.status, r.body)
	}
	mapping.remove()
	a.remove()

	arn := fmt.Sprint(out["domainNameArn"])
	one, two := w.association(arn, "vpce-1"), w.association(arn, "vpce-2")
	one.pages(two)
	one.under = m{"resourceOwner": "SELF"}
	one.listed()
	w.do("DeleteDomainNameAccessAssociation", m{one.key: one.id})
	w.do("RejectDomainNameAccessAssociation", m{two.key: two.id, "domainNameArn": arn})
	w.refuses("an association that is gone", "DeleteDomainNameAccessAssociation", m{one.key: one.id}, "NotFoundException", 404)
	w.do("DeleteDomainName", d.named())
}

func (w *walker) association(domain, endpoint string) *restThing {
	w.Helper()
	in := m{"accessAssociationSource": endpoint, "accessAssociationSourceType": "VPCE", "domainNameArn": domain, "tags": m{"team": "animals"}}
	out := w.do("CreateDomainNameAccessAssociation", in)
	t := &restThing{restAssociation, w, nil, fmt.Sprint(out[restAssociation.id]), in}
	w.compare("CreateDomainNameAccessAssociation", t.id, in, out)
	t.listed()
	return t
}
