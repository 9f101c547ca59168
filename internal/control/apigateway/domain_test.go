package apigateway

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	v1 "gatehouse/internal/wire/apigateway"
)

const certificateARN = "arn:aws:acm:us-east-1:123456789012:certificate/c"

// regionalDomain makes a domain with a regional endpoint.
func (w *world) regionalDomain(name string) *v1.DomainName {
	w.t.Helper()
	return must[*v1.DomainName](w.t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: &name, RegionalCertificateArn: new(certificateARN),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}}}))
}

func (w *world) privateDomain(name string) *v1.DomainName {
	w.t.Helper()
	return must[*v1.DomainName](w.t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: &name, CertificateArn: new(certificateARN),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{private}}}))
}

// deployed makes an API that a stage s serves.
func (w *world) deployed() *string {
	w.t.Helper()
	api, root := w.api()
	w.method(api, root, "GET")
	w.deploy(api, v1.CreateDeploymentInput{StageName: new("s")})
	return api
}

func (w *world) mapping(domain, path string, api *string, stage string) *v1.BasePathMapping {
	w.t.Helper()
	return must[*v1.BasePathMapping](w.t)(w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: &domain, BasePath: &path, RestApiId: api, Stage: &stage}))
}

// liveDomain is a domain as data planes see it, nil where there is none.
func (w *world) liveDomain(name string) (d *gate.Domain) {
	w.t.Helper()
	err := w.desk.View(w.ctx, func(t *control.Tx) error {
		d = new(gate.Domain)
		found, err := t.Load(gate.DomainKey(gate.DomainName(name)), d)
		if !found {
			d = nil
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// dump is all that the store holds.
func (w *world) dump() map[string]string {
	w.t.Helper()
	docs := map[string]string{}
	_, err := w.desk.Store.Scan(w.ctx, "", func(d store.Doc) error {
		docs[d.Key] = string(d.Value)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return docs
}

// refused holds that a call failed as it should and changed nothing.
func (w *world) refused(t *testing.T, before map[string]string, err error, typ, part string) {
	t.Helper()
	if got, message := refusal(err); got != typ || !strings.Contains(message, part) {
		t.Errorf("got %s %q, want %s with %q", got, message, typ, part)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("a refused call changed the store:\n%s", diff)
	}
}

// TestDomainKinds holds what comes back of the three kinds of domain
// (control-plane 2.5, 2.6 and 8).
func TestDomainKinds(t *testing.T) {
	w := newWorld(t)
	e := must[*v1.DomainName](t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: new("edge.example"), CertificateArn: new(certificateARN)}))
	if h := text(e.DistributionDomainName); !strings.HasPrefix(h, "d") || !strings.HasSuffix(h, ".cloudfront.net") || len(h) != len("d0123456789abc.cloudfront.net") {
		t.Errorf("the distribution is %q", h)
	}
	want := &v1.DomainName{DomainName: new("edge.example"), DomainNameArn: new("arn:aws:apigateway:us-east-1::/domainnames/edge.example"), CertificateArn: new(certificateARN),
		CertificateUploadDate: e.CertificateUploadDate, DistributionDomainName: e.DistributionDomainName, DistributionHostedZoneId: new("Z2FDTNDATAQYW2"),
		DomainNameStatus: new("AVAILABLE"), EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{edge}, IpAddressType: new(ipv4)},
		RoutingMode: new("BASE_PATH_MAPPING_ONLY"), SecurityPolicy: new("TLS_1_2")}
	if diff := cmp.Diff(want, e); diff != "" || e.CertificateUploadDate == nil {
		t.Errorf("at the edge: %s", diff)
	}

	r := w.regionalDomain("region.example")
	if h := text(r.RegionalDomainName); !strings.HasPrefix(h, "d-") || !strings.HasSuffix(h, ".execute-api.us-east-1.amazonaws.com") {
		t.Errorf("the regional name is %q", h)
	}
	want = &v1.DomainName{DomainName: new("region.example"), DomainNameArn: new("arn:aws:apigateway:us-east-1::/domainnames/region.example"), RegionalCertificateArn: new(certificateARN),
		RegionalDomainName: r.RegionalDomainName, RegionalHostedZoneId: new(control.HostedZone), DomainNameStatus: new("AVAILABLE"),
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}, IpAddressType: new(ipv4)},
		RoutingMode:           new("BASE_PATH_MAPPING_ONLY"), SecurityPolicy: new("TLS_1_2")}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("in the region: %s", diff)
	}

	p, other := w.privateDomain("region.example"), w.privateDomain("region.example")
	if len(text(p.DomainNameId)) != 10 || *p.DomainNameId == *other.DomainNameId {
		t.Errorf("the ids are %s and %s", text(p.DomainNameId), text(other.DomainNameId))
	}
	if want := "arn:aws:apigateway:us-east-1:123456789012:/domainnames/region.example+" + *p.DomainNameId; *p.DomainNameArn != want {
		t.Errorf("the ARN is %s, want %s", *p.DomainNameArn, want)
	}
	if got := *p.EndpointConfiguration.IpAddressType; got != dualstack || p.RegionalDomainName != nil || p.DistributionDomainName != nil {
		t.Errorf("a private domain is reached by %s", got)
	}
	got := must[*v1.DomainName](t)(w.GetDomainName(w.ctx, &v1.GetDomainNameInput{DomainName: new("region.example"), DomainNameId: p.DomainNameId}))
	if *got.DomainNameId != *p.DomainNameId {
		t.Errorf("found is %s", *got.DomainNameId)
	}
	list := must[*v1.DomainNames](t)(w.GetDomainNames(w.ctx, &v1.GetDomainNamesInput{}))
	if len(list.Items) != 4 {
		t.Errorf("%d domains are listed", len(list.Items))
	}
	if err := w.DeleteDomainName(w.ctx, &v1.DeleteDomainNameInput{DomainName: new("region.example"), DomainNameId: p.DomainNameId}); err != nil {
		t.Fatal(err)
	}
	if w.liveDomain("region.example") == nil || w.liveDomain("edge.example") == nil {
		t.Error("public domains went with a private one")
	}
}

// TestPrivateDomainsAreNotLive holds that nobody is let in by a private domain.
func TestPrivateDomainsAreNotLive(t *testing.T) {
	w := newWorld(t)
	api := must[*v1.RestApi](t)(w.CreateRestApi(w.ctx, &v1.CreateRestApiInput{Name: new("x"), EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{private}}}))
	w.method(api.Id, api.RootResourceId, "GET")
	w.deploy(api.Id, v1.CreateDeploymentInput{StageName: new("s")})
	d := w.privateDomain("in.example")
	must[*v1.BasePathMapping](t)(w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: d.DomainName, DomainNameId: d.DomainNameId, RestApiId: api.Id, Stage: new("s")}))
	patched := must[*v1.DomainName](t)(w.UpdateDomainName(w.ctx, &v1.UpdateDomainNameInput{DomainName: d.DomainName, DomainNameId: d.DomainNameId,
		PatchOperations: []v1.PatchOperation{set("/policy", `{"Statement":[]}`), set("/managementPolicy", `{"Version":"2012-10-17"}`)}}))
	if text(patched.Policy) == "" || text(patched.ManagementPolicy) == "" {
		t.Errorf("the policies are %v and %v", patched.Policy, patched.ManagementPolicy)
	}
	if live := w.liveDomain("in.example"); live != nil {
		t.Errorf("it is live: %+v", live)
	}
	before := w.dump()
	w.refused(t, before, w.DeleteRestApi(w.ctx, &v1.DeleteRestApiInput{RestApiId: api.Id}), "BadRequestException", "in.example")
	public := w.deployed()
	before = w.dump()
	_, err := w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: d.DomainName, DomainNameId: d.DomainNameId, BasePath: new("p"), RestApiId: public})
	w.refused(t, before, err, "BadRequestException", "PRIVATE")
	_, err = w.GetDomainName(w.ctx, &v1.GetDomainNameInput{DomainName: d.DomainName})
	w.refused(t, before, err, "NotFoundException", "Invalid domain name identifier specified")
}

// TestDomainRefusals is the table of domains that cannot be.
func TestDomainRefusals(t *testing.T) {
	w := newWorld(t)
	w.regionalDomain("taken.example")
	make := func(change func(*v1.CreateDomainNameInput)) *v1.CreateDomainNameInput {
		in := &v1.CreateDomainNameInput{DomainName: new("a.example"), RegionalCertificateArn: new(certificateARN), EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}}}
		change(in)
		return in
	}
	const bad, unbuilt = "BadRequestException", "NotImplementedException"
	for _, tc := range []struct {
		desc      string
		in        *v1.CreateDomainNameInput
		typ, part string
	}{
		{"A name that is taken. [S]", make(func(in *v1.CreateDomainNameInput) { in.DomainName = new("taken.example") }), "ConflictException", "The domain name you provided already exists."},
		{"A name that is none.", make(func(in *v1.CreateDomainNameInput) { in.DomainName = new("A") }), bad, "domain name"},
		{"No certificate.", make(func(in *v1.CreateDomainNameInput) { in.RegionalCertificateArn = nil }), bad, "regionalCertificateArn"},
		{"No certificate at the edge.", make(func(in *v1.CreateDomainNameInput) { in.EndpointConfiguration = nil; in.RegionalCertificateArn = nil }), bad, "certificateArn"},
		{"A certificate of an endpoint that is not there.", make(func(in *v1.CreateDomainNameInput) { in.CertificateArn = new(certificateARN) }), bad, "certificateArn"},
		{"A certificate that is none.", make(func(in *v1.CreateDomainNameInput) { in.RegionalCertificateArn = new("c") }), bad, "ARN"},
		{"A certificate's body.", make(func(in *v1.CreateDomainNameInput) { in.CertificateBody = new("PEM") }), unbuilt, "certificateBody"},
		{"Mutual TLS.", make(func(in *v1.CreateDomainNameInput) {
			in.MutualTlsAuthentication = &v1.MutualTlsAuthenticationInput{TruststoreUri: new("s3://b/k")}
		}), unbuilt, "mutualTlsAuthentication"},
		{"The same type twice.", make(func(in *v1.CreateDomainNameInput) { in.EndpointConfiguration.Types = []string{regional, regional} }), bad, "one endpoint type"},
		{"Private and public.", make(func(in *v1.CreateDomainNameInput) { in.EndpointConfiguration.Types = []string{regional, private} }), bad, "one endpoint type"},
		{"VPC endpoints.", make(func(in *v1.CreateDomainNameInput) { in.EndpointConfiguration.VpcEndpointIds = []string{"vpce-1"} }), bad, "VpcEndpointIds"},
		{"Addresses of a kind that is none. [S]", make(func(in *v1.CreateDomainNameInput) { in.EndpointConfiguration.IpAddressType = new("ipv6") }), bad, "ipAddressType must be either ipv4 or dualstack."},
		{"A newer policy without an access mode.", make(func(in *v1.CreateDomainNameInput) { in.SecurityPolicy = new("SecurityPolicy_TLS13_1_3_2025_09") }), bad, "endpointAccessMode"},
		{"A policy of the edge in the region.", make(func(in *v1.CreateDomainNameInput) {
			in.SecurityPolicy, in.EndpointAccessMode = new("SecurityPolicy_TLS13_2025_EDGE"), new("STRICT")
		}), bad, "endpoint type"},
		{"A policy of a public domain.", make(func(in *v1.CreateDomainNameInput) { in.Policy = new("{}") }), bad, "private domain names"},
		{"A tag that chooses an id.", make(func(in *v1.CreateDomainNameInput) { in.Tags = map[string]string{control.CustomIDTag: "x"} }), bad, control.CustomIDTag},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			before := w.dump()
			_, err := w.CreateDomainName(w.ctx, tc.in)
			w.refused(t, before, err, tc.typ, tc.part)
		})
	}
}

// TestDomainPatches walks a domain from the edge to the region, as the developer
// guide moves one and as Terraform does, and holds what cannot be patched.
func TestDomainPatches(t *testing.T) {
	w := newWorld(t)
	must[*v1.DomainName](t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: new("a.example"), CertificateArn: new(certificateARN)}))
	do := func(ops ...v1.PatchOperation) (*v1.DomainName, error) {
		return w.UpdateDomainName(w.ctx, &v1.UpdateDomainNameInput{DomainName: new("a.example"), PatchOperations: ops})
	}
	of := func(op, path, value string) v1.PatchOperation {
		return v1.PatchOperation{Op: &op, Path: &path, Value: &value}
	}
	both := must[*v1.DomainName](t)(do(of("add", "/endpointConfiguration/types", regional), of("add", "/regionalCertificateArn", certificateARN)))
	if both.DistributionDomainName == nil || both.RegionalDomainName == nil || len(both.EndpointConfiguration.Types) != 2 {
		t.Errorf("while it is moved: %+v", both)
	}
	moved := must[*v1.DomainName](t)(do(of("remove", "/endpointConfiguration/types", edge)))
	if moved.DistributionDomainName != nil || moved.CertificateArn != nil || *moved.RegionalDomainName != *both.RegionalDomainName {
		t.Errorf("moved: %+v", moved)
	}
	back := must[*v1.DomainName](t)(do(set("/endpointConfiguration/types/0", edge), set("/certificateArn", certificateARN)))
	if back.RegionalDomainName != nil || back.DistributionDomainName == nil {
		t.Errorf("moved back: %+v", back)
	}
	must[*v1.DomainName](t)(do(set("/endpointConfiguration/types/EDGE", regional), set("/regionalCertificateArn", certificateARN), set("/endpointConfiguration/ipAddressType", dualstack)))
	strict := must[*v1.DomainName](t)(do(set("/endpointAccessMode", "STRICT"), set("/securityPolicy", "SecurityPolicy_TLS13_1_3_2025_09"), set("/routingMode", "ROUTING_RULE_ONLY")))
	if *strict.SecurityPolicy != "SecurityPolicy_TLS13_1_3_2025_09" || w.liveDomain("a.example").Mode != gate.RulesOnly {
		t.Errorf("patched: %+v, live: %+v", strict, w.liveDomain("a.example"))
	}
	must[*v1.DomainName](t)(do(of("remove", "/mutualTlsAuthentication/truststoreUri", "")))
	const bad = "BadRequestException"
	for _, tc := range []struct {
		desc, typ, part string
		ops             []v1.PatchOperation
	}{
		{"The last type.", bad, "one endpoint type", []v1.PatchOperation{of("remove", "/endpointConfiguration/types", regional)}},
		{"A type beyond the last.", bad, "Invalid patch path", []v1.PatchOperation{set("/endpointConfiguration/types/1", edge)}},
		{"To a private one.", bad, "private", []v1.PatchOperation{set("/endpointConfiguration/types/0", private)}},
		{"To the edge without a certificate.", bad, "certificateArn", []v1.PatchOperation{set("/endpointConfiguration/types/0", edge)}},
		{"Its certificate.", bad, "regionalCertificateArn", []v1.PatchOperation{of("remove", "/regionalCertificateArn", "")}},
		{"A certificate that comes and goes.", bad, "same request", []v1.PatchOperation{of("add", "/regionalCertificateArn", certificateARN), of("remove", "/regionalCertificateName", "")}},
		{"The certificate of another endpoint.", bad, "certificateArn", []v1.PatchOperation{set("/certificateArn", certificateARN)}},
		{"A mode that is none.", bad, "/routingMode", []v1.PatchOperation{set("/routingMode", "API_MAPPING_ONLY")}},
		{"A security policy that is none.", bad, "/securityPolicy", []v1.PatchOperation{set("/securityPolicy", "x")}},
		{"A truststore.", "NotImplementedException", "mutual TLS", []v1.PatchOperation{set("/mutualTlsAuthentication/truststoreUri", "s3://b/k")}},
		{"A policy of a public domain.", bad, "private domain names", []v1.PatchOperation{set("/policy", "{}")}},
		{"An unknown path after a known one.", bad, "Invalid patch path  '/x'", []v1.PatchOperation{set("/routingMode", "BASE_PATH_MAPPING_ONLY"), set("/x", "y")}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			before := w.dump()
			_, err := do(tc.ops...)
			w.refused(t, before, err, tc.typ, tc.part)
		})
	}
}

// TestBasePathMappings walks mappings from their creation to their end.
func TestBasePathMappings(t *testing.T) {
	w := newWorld(t)
	w.regionalDomain("a.example")
	api, other := w.deployed(), w.deployed()
	if m := w.mapping("a.example", "", api, "s"); *m.BasePath != "(none)" || *m.Stage != "s" {
		t.Errorf("the mapping of everything is %+v", m)
	}
	if m := w.mapping("a.example", "pets", api, ""); m.Stage != nil {
		t.Errorf("an open stage is %+v", m)
	}
	if m := must[*v1.BasePathMapping](t)(w.GetBasePathMapping(w.ctx, &v1.GetBasePathMappingInput{DomainName: new("a.example"), BasePath: new("(none)")})); *m.RestApiId != *api {
		t.Errorf("found is %+v", m)
	}
	move := func(from string, ops ...v1.PatchOperation) (*v1.BasePathMapping, error) {
		return w.UpdateBasePathMapping(w.ctx, &v1.UpdateBasePathMappingInput{DomainName: new("a.example"), BasePath: &from, PatchOperations: ops})
	}
	moved := must[*v1.BasePathMapping](t)(move("pets", set("/basePath", "animals"), set("/restapiId", *other), set("/stage", "s")))
	if diff := cmp.Diff(&v1.BasePathMapping{BasePath: new("animals"), RestApiId: other, Stage: new("s")}, moved); diff != "" {
		t.Error(diff)
	}
	live := w.liveDomain("a.example").Mappings
	if len(live) != 2 || live[1].Key != "animals" || live[1].API != gate.APIID(*other) || live[1].Stage != "s" || live[1].ID == "" {
		t.Errorf("live are %+v", live)
	}
	must[*v1.BasePathMapping](t)(move("animals", set("/stage", "")))
	list := must[*v1.BasePathMappings](t)(w.GetBasePathMappings(w.ctx, &v1.GetBasePathMappingsInput{DomainName: new("a.example")}))
	if len(list.Items) != 2 || *list.Items[0].BasePath != "(none)" || *list.Items[1].BasePath != "animals" {
		t.Errorf("listed are %+v", list.Items)
	}
	before := w.dump()
	w.refused(t, before, w.DeleteStage(w.ctx, &v1.DeleteStageInput{RestApiId: api, StageName: new("s")}), "BadRequestException",
		"Deleting stage s failed. Please remove all base path mappings related to the stage in your domains: a.example")
	w.refused(t, before, w.DeleteRestApi(w.ctx, &v1.DeleteRestApiInput{RestApiId: other}), "BadRequestException",
		"Deleting RestApi "+*other+" failed. Please remove all base path mappings related to the RestApi in your domains: a.example")
	if err := w.DeleteStage(w.ctx, &v1.DeleteStageInput{RestApiId: other, StageName: new("s")}); err != nil {
		t.Errorf("a stage that a mapping only leaves open: %v", err)
	}
	for _, path := range []string{"(none)", "animals"} {
		if err := w.DeleteBasePathMapping(w.ctx, &v1.DeleteBasePathMappingInput{DomainName: new("a.example"), BasePath: &path}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []*string{api, other} {
		if err := w.DeleteRestApi(w.ctx, &v1.DeleteRestApiInput{RestApiId: id}); err != nil {
			t.Error(err)
		}
	}
}

// TestMappingRefusals is the table of mappings that cannot be.
func TestMappingRefusals(t *testing.T) {
	w := newWorld(t)
	w.regionalDomain("a.example")
	api := w.deployed()
	w.mapping("a.example", "pets", api, "s")
	w.mapping("a.example", "toys", api, "s")
	const bad = "BadRequestException"
	for _, tc := range []struct{ desc, domain, path, api, stage, typ, part string }{
		{"A domain that is not there. [K]", "b.example", "x", *api, "s", "NotFoundException", "Invalid domain name identifier specified"},
		{"A path that is taken. [S]", "a.example", "pets", *api, "s", "ConflictException", "Base path already exists for this domain name"},
		{"A path of two levels. [S]", "a.example", "a/b", *api, "s", bad, "API Gateway V1 doesn't support the slash character (/) in base path mappings."},
		{"A path that no request can have.", "a.example", "a b", *api, "s", bad, "base path"},
		{"An API that is not there. [S]", "a.example", "x", "nope", "s", bad, "Invalid REST API identifier specified"},
		{"A stage that is not there.", "a.example", "x", *api, "t", bad, "Invalid stage identifier specified"},
		{"A stage that could be no part of a key.", "a.example", "x", *api, "../s", bad, "Invalid stage identifier specified"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			before := w.dump()
			_, err := w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: &tc.domain, BasePath: &tc.path, RestApiId: &tc.api, Stage: &tc.stage})
			w.refused(t, before, err, tc.typ, tc.part)
		})
	}
	for _, tc := range []struct {
		desc, typ, part string
		op              v1.PatchOperation
	}{
		{"To a path that is taken.", "ConflictException", "Base path", set("/basepath", "toys")},
		{"To an API that is not there.", bad, "REST API", set("/restapiId", "nope")},
		{"To a stage that is not there.", bad, "stage", set("/stage", "t")},
		{"An unknown path.", bad, "Must be one of: [/basePath, /restApiId, /stage]", set("/x", "y")},
		{"An operation that it does not support.", bad, "Please choose supported operations", v1.PatchOperation{Op: new("remove"), Path: new("/stage")}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			before := w.dump()
			_, err := w.UpdateBasePathMapping(w.ctx, &v1.UpdateBasePathMappingInput{DomainName: new("a.example"), BasePath: new("pets"), PatchOperations: []v1.PatchOperation{tc.op}})
			w.refused(t, before, err, tc.typ, tc.part)
		})
	}
}

// TestAssociations walks what leads to a private domain.
func TestAssociations(t *testing.T) {
	w := newWorld(t)
	d, public := w.privateDomain("a.example"), w.regionalDomain("a.example")
	in := &v1.CreateDomainNameAccessAssociationInput{DomainNameArn: d.DomainNameArn, AccessAssociationSource: new("vpce-0a1"), AccessAssociationSourceType: new("VPCE")}
	a := must[*v1.DomainNameAccessAssociation](t)(w.CreateDomainNameAccessAssociation(w.ctx, in))
	if want := "arn:aws:apigateway:us-east-1:123456789012:/domainnameaccessassociations/domainname/a.example+" + *d.DomainNameId + "/vpcesource/vpce-0a1"; *a.DomainNameAccessAssociationArn != want {
		t.Errorf("the ARN is %s, want %s", *a.DomainNameAccessAssociationArn, want)
	}
	before := w.dump()
	_, err := w.CreateDomainNameAccessAssociation(w.ctx, in)
	w.refused(t, before, err, "ConflictException", "vpce-0a1")
	for _, tc := range []struct {
		desc, arn, source, typ string
	}{
		{"A public domain.", *public.DomainNameArn, "vpce-1", "NotFoundException"},
		{"A domain of another account.", strings.Replace(*d.DomainNameArn, "123456789012", "999999999999", 1), "vpce-1", "NotFoundException"},
		{"A domain that is not there.", *d.DomainNameArn + "x", "vpce-1", "NotFoundException"},
		{"What is no domain.", "arn:aws:apigateway:us-east-1:123456789012:/domainnames/../../x+y", "vpce-1", "NotFoundException"},
		{"What is no VPC endpoint.", *d.DomainNameArn, "vpc-1/x", "BadRequestException"},
	} {
		_, err := w.CreateDomainNameAccessAssociation(w.ctx, &v1.CreateDomainNameAccessAssociationInput{DomainNameArn: &tc.arn, AccessAssociationSource: &tc.source})
		w.refused(t, before, err, tc.typ, "")
	}
	list := must[*v1.DomainNameAccessAssociations](t)(w.GetDomainNameAccessAssociations(w.ctx, &v1.GetDomainNameAccessAssociationsInput{}))
	if diff := cmp.Diff([]v1.DomainNameAccessAssociation{*a}, list.Items); diff != "" {
		t.Error(diff)
	}
	second := w.privateDomain("a.example")
	before = w.dump()
	err = w.RejectDomainNameAccessAssociation(w.ctx, &v1.RejectDomainNameAccessAssociationInput{DomainNameArn: second.DomainNameArn, DomainNameAccessAssociationArn: a.DomainNameAccessAssociationArn})
	w.refused(t, before, err, "NotFoundException", "access association")
	if err := w.RejectDomainNameAccessAssociation(w.ctx, &v1.RejectDomainNameAccessAssociationInput{DomainNameArn: d.DomainNameArn, DomainNameAccessAssociationArn: a.DomainNameAccessAssociationArn}); err != nil {
		t.Fatal(err)
	}
	must[*v1.DomainNameAccessAssociation](t)(w.CreateDomainNameAccessAssociation(w.ctx, in))
	if err := w.DeleteDomainNameAccessAssociation(w.ctx, &v1.DeleteDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: a.DomainNameAccessAssociationArn}); err != nil {
		t.Fatal(err)
	}
	before = w.dump()
	w.refused(t, before, w.DeleteDomainNameAccessAssociation(w.ctx, &v1.DeleteDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: a.DomainNameAccessAssociationArn}), "NotFoundException", "")
	must[*v1.DomainNameAccessAssociation](t)(w.CreateDomainNameAccessAssociation(w.ctx, in))
	if err := w.DeleteDomainName(w.ctx, &v1.DeleteDomainNameInput{DomainName: d.DomainName, DomainNameId: d.DomainNameId}); err != nil {
		t.Fatal(err)
	}
	if list := must[*v1.DomainNameAccessAssociations](t)(w.GetDomainNameAccessAssociations(w.ctx, &v1.GetDomainNameAccessAssociationsInput{})); len(list.Items) != 0 {
		t.Errorf("a domain that is gone leaves %+v", list.Items)
	}
}

// TestPagesOfMappings holds that a page goes on behind the mapping of all paths,
// which has no path of its own.
func TestPagesOfMappings(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	w.method(api, root, "GET")
	w.deploy(api, v1.CreateDeploymentInput{StageName: new("s")})
	must[*v1.DomainName](t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: new("pages.example"),
		RegionalCertificateArn: new("arn:aws:acm:us-east-1:123456789012:certificate/c"), EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{regional}}}))
	for _, path := range []string{"", "a", "b"} {
		must[*v1.BasePathMapping](t)(w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: new("pages.example"), RestApiId: api, Stage: new("s"), BasePath: &path}))
	}
	var got []string
	var position *string
	for range 3 {
		page := must[*v1.BasePathMappings](t)(w.GetBasePathMappings(w.ctx, &v1.GetBasePathMappingsInput{DomainName: new("pages.example"), Limit: new(int32(1)), Position: position}))
		for _, m := range page.Items {
			got = append(got, *m.BasePath)
		}
		position = page.Position
	}
	if list := strings.Join(got, " "); list != "(none) a b" || position != nil {
		t.Errorf("the pages show %s, and then %v", list, position)
	}
}
