package clients_test

import "net/http"

// domains reaches the API by names of its own. The stage v1 serves
// /animals/{id} and deploys itself, the stage old serves /pets/{id}.
func (w *walker) domains(a *thing) {
	w.Helper()
	name := a.id + ".walk.example.com"
	const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/"
	configuration := m{
		"CertificateArn": certificate + "one", "CertificateName": "one", "CertificateUploadDate": "2026-01-02T03:04:05Z",
		"EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2", "OwnershipVerificationCertificateArn": certificate + "mine",
	}
	changed := m{
		"CertificateArn": certificate + "two", "CertificateName": "two", "CertificateUploadDate": "2026-02-03T04:05:06Z",
		"EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2", "OwnershipVerificationCertificateArn": certificate + "ours",
	}
	in := m{"DomainName": name, "DomainNameConfigurations": []any{configuration}, "Tags": m{"team": "animals"}}
	change := m{"DomainNameConfigurations": []any{changed}}
	if w.newest {
		configuration["IpAddressType"], changed["IpAddressType"] = "ipv4", "dualstack"
		in["RoutingMode"], change["RoutingMode"] = "API_MAPPING_ONLY", "ROUTING_RULE_THEN_API_MAPPING"
	}
	d := w.make(kindDomain, nil, in)
	wild := w.make(kindDomain, nil, m{"DomainName": "*." + name, "DomainNameConfigurations": []any{m{"CertificateArn": certificate + "wild"}}})
	d.update(change)
	d.tagged("/domainnames/" + name)
	w.pages(d, wild)
	w.refuses("a domain that is taken", "CreateDomainName", in, "ConflictException", 409)
	w.refuses("a domain with mutual TLS", "CreateDomainName", m{"DomainName": "m." + name, "DomainNameConfigurations": []any{m{"CertificateArn": certificate + "m"}},
		"MutualTlsAuthentication": m{"TruststoreUri": "s3://walk/trust.pem"}}, "NotImplementedException", 501)
	w.mappings(a, d, wild)
	if w.newest {
		w.rules(a, d)
	}
	d.remove()
	wild.remove()
}

func (w *walker) mappings(a, d, wild *thing) {
	w.Helper()
	at := func(path string) string { return w.g.Endpoint + path }
	long := d.make(kindMapping, m{"ApiId": a.id, "Stage": "v1", "ApiMappingKey": "shop/v1"})
	short := d.make(kindMapping, m{"ApiId": a.id, "Stage": "old", "ApiMappingKey": "shop"})
	root := wild.make(kindMapping, m{"ApiId": a.id, "Stage": "v1"})
	w.pages(long, short)
	w.hostReaches("the longest key is taken", d.id, at("/shop/v1/animals/8"), echo{Method: "PUT", Path: "/second/8"})
	w.hostReaches("a shorter key takes the rest", d.id, at("/shop/pets/8"), echo{Method: "GET", Path: "/first/8"})
	w.hostReaches("a wildcard takes each name below it", "any."+d.id, at("/animals/8"), echo{Method: "PUT", Path: "/second/8"})
	w.refuses("an API that is mapped", "DeleteApi", a.key(), "BadRequestException", 400)

	long.update(m{"ApiId": a.id, "Stage": "old", "ApiMappingKey": "shop/v2"})
	w.hostReaches("a mapping can be moved", d.id, at("/shop/v2/pets/8"), echo{Method: "GET", Path: "/first/8"})
	if r := w.send(http.MethodGet, at("/shop/v1/animals/8"), d.id, nil); r.status != http.StatusNotFound {
		w.Errorf("a key that was given up answers %d: %s", r.status, r.body)
	}
	a.update(m{"DisableExecuteApiEndpoint": true})
	w.answers("the API's own address can be turned off", a.url("v1", "/animals/8"), http.StatusForbidden)
	w.hostReaches("its domains stay", "any."+d.id, at("/animals/8"), echo{Method: "PUT", Path: "/second/8"})
	a.update(m{"DisableExecuteApiEndpoint": false})

	long.remove()
	short.remove()
	root.remove()
	if r := w.send(http.MethodGet, at("/animals/8"), "any."+d.id, nil); r.status < 400 || r.status >= 500 {
		w.Errorf("a domain without mappings answers %d: %s", r.status, r.body)
	}
}
