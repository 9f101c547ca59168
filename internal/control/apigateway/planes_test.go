package apigateway

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	v2service "gatehouse/internal/control/apigatewayv2"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// planes are both control planes at one desk.
func planes(t *testing.T) (*world, *v2service.Service) {
	w := newWorld(t)
	return w, v2service.New(w.desk, nil)
}

// TestOneDomain holds that both planes show and change one and the same domain.
func TestOneDomain(t *testing.T) {
	w, other := planes(t)
	made := w.regionalDomain("one.example")
	seen := must[*v2.GetDomainNameOutput](t)(other.GetDomainName(w.ctx, &v2.GetDomainNameInput{DomainName: new("one.example")}))
	want := &v2.GetDomainNameOutput{DomainName: new("one.example"), DomainNameArn: made.DomainNameArn, ApiMappingSelectionExpression: new("$request.basepath"),
		RoutingMode: new("API_MAPPING_ONLY"), Tags: map[string]string{}, DomainNameConfigurations: []v2.DomainNameConfiguration{{
			CertificateArn: new(certificateARN), EndpointType: new(regional), SecurityPolicy: new("TLS_1_2"), DomainNameStatus: new("AVAILABLE"),
			IpAddressType: new(ipv4), HostedZoneId: made.RegionalHostedZoneId, ApiGatewayDomainName: made.RegionalDomainName}}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("V2 sees: %s", diff)
	}
	must[*v2.UpdateDomainNameOutput](t)(other.UpdateDomainName(w.ctx, &v2.UpdateDomainNameInput{DomainName: new("one.example"), RoutingMode: new("ROUTING_RULE_THEN_API_MAPPING"),
		DomainNameConfigurations: []v2.DomainNameConfiguration{{CertificateName: new("mine")}}}))
	back := must[*v1.DomainName](t)(w.GetDomainName(w.ctx, &v1.GetDomainNameInput{DomainName: new("one.example")}))
	if *back.RoutingMode != "ROUTING_RULE_THEN_BASE_PATH_MAPPING" || *back.RegionalCertificateName != "mine" || *back.RegionalDomainName != *made.RegionalDomainName {
		t.Errorf("V1 sees %+v", back)
	}

	must[*v1.DomainName](t)(w.CreateDomainName(w.ctx, &v1.CreateDomainNameInput{DomainName: new("edge.example"), CertificateArn: new(certificateARN)}))
	changed := must[*v2.UpdateDomainNameOutput](t)(other.UpdateDomainName(w.ctx, &v2.UpdateDomainNameInput{DomainName: new("edge.example"),
		DomainNameConfigurations: []v2.DomainNameConfiguration{{CertificateName: new("edge")}}}))
	if c := changed.DomainNameConfigurations[0]; *c.EndpointType != edge || *c.CertificateName != "edge" || *c.HostedZoneId != control.EdgeZone {
		t.Errorf("an edge domain through V2 is %+v", c)
	}
	w.privateDomain("in.example")
	if list := must[*v2.GetDomainNamesOutput](t)(other.GetDomainNames(w.ctx, &v2.GetDomainNamesInput{})); len(list.Items) != 2 {
		t.Errorf("V2 lists %d domains, private ones among them", len(list.Items))
	}
	if err := other.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: new("one.example")}); err != nil {
		t.Fatal(err)
	}
	_, err := w.GetDomainName(w.ctx, &v1.GetDomainNameInput{DomainName: new("one.example")})
	w.refused(t, w.dump(), err, "NotFoundException", "")
}

// TestOneMapping holds that the mappings of either plane are those of the other.
func TestOneMapping(t *testing.T) {
	w, other := planes(t)
	w.regionalDomain("a.example")
	rest := w.deployed()
	http := must[*v2.CreateApiOutput](t)(other.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("h"), ProtocolType: new("HTTP"), Target: new("http://127.0.0.1:1")})).ApiId
	w.mapping("a.example", "open", rest, "")
	deep := must[*v2.CreateApiMappingOutput](t)(other.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new("a/b"), ApiId: rest, Stage: new("s")}))
	must[*v2.CreateApiMappingOutput](t)(other.CreateApiMapping(w.ctx, &v2.CreateApiMappingInput{DomainName: new("a.example"), ApiMappingKey: new("h"), ApiId: http, Stage: new("$default")}))
	got := must[*v1.BasePathMapping](t)(w.GetBasePathMapping(w.ctx, &v1.GetBasePathMappingInput{DomainName: new("a.example"), BasePath: new("a/b")}))
	if *got.RestApiId != *rest || *got.Stage != "s" {
		t.Errorf("V1 sees %+v", got)
	}
	for _, m := range must[*v2.GetApiMappingsOutput](t)(other.GetApiMappings(w.ctx, &v2.GetApiMappingsInput{DomainName: new("a.example")})).Items {
		if *m.ApiMappingKey == "open" && (m.Stage != nil || *m.ApiId != *rest) {
			t.Errorf("V2 sees %+v", m)
		}
	}
	before := w.dump()
	_, err := w.CreateBasePathMapping(w.ctx, &v1.CreateBasePathMappingInput{DomainName: new("a.example"), BasePath: new("x"), RestApiId: http, Stage: new("$default")})
	w.refused(t, before, err, "BadRequestException", "Invalid REST API identifier specified")
	_, err = w.UpdateDomainName(w.ctx, &v1.UpdateDomainNameInput{DomainName: new("a.example"), PatchOperations: []v1.PatchOperation{set("/securityPolicy", "TLS_1_0")}})
	w.refused(t, before, err, "BadRequestException", "TLS_1_0")
	_, err = other.CreateRoutingRule(w.ctx, &v2.CreateRoutingRuleInput{DomainName: new("a.example"), Priority: new(int32(1)), Conditions: []v2.RoutingRuleCondition{},
		Actions: []v2.RoutingRuleAction{{InvokeApi: &v2.RoutingRuleActionInvokeApi{ApiId: rest, Stage: new("s")}}}})
	w.refused(t, before, err, "BadRequestException", "routing rules")
	w.refused(t, before, w.DeleteStage(w.ctx, &v1.DeleteStageInput{RestApiId: rest, StageName: new("s")}), "BadRequestException", "a.example")
	moved := must[*v1.BasePathMapping](t)(w.UpdateBasePathMapping(w.ctx, &v1.UpdateBasePathMappingInput{DomainName: new("a.example"), BasePath: new("h"),
		PatchOperations: []v1.PatchOperation{set("/basepath", "i")}}))
	if *moved.BasePath != "i" || *moved.RestApiId != *http {
		t.Errorf("moved to %+v", moved)
	}
	if err := w.DeleteBasePathMapping(w.ctx, &v1.DeleteBasePathMappingInput{DomainName: new("a.example"), BasePath: new("a/b")}); err != nil {
		t.Fatal(err)
	}
	_, err = other.GetApiMapping(w.ctx, &v2.GetApiMappingInput{DomainName: new("a.example"), ApiMappingId: deep.ApiMappingId})
	w.refused(t, w.dump(), err, "NotFoundException", "")
}

// TestARuleAndADeletionAtOnce races the two over a REST API: whoever comes second
// is refused, and never is there a rule to what is gone.
func TestARuleAndADeletionAtOnce(t *testing.T) {
	for round := range 20 {
		w, other := planes(t)
		w.regionalDomain("a.example")
		rest := w.deployed()
		var ruled, deleted error
		var both sync.WaitGroup
		both.Go(func() {
			_, ruled = other.CreateRoutingRule(w.ctx, &v2.CreateRoutingRuleInput{DomainName: new("a.example"), Priority: new(int32(1)), Conditions: []v2.RoutingRuleCondition{},
				Actions: []v2.RoutingRuleAction{{InvokeApi: &v2.RoutingRuleActionInvokeApi{ApiId: rest, Stage: new("s")}}}})
		})
		both.Go(func() {
			if round%2 == 0 {
				deleted = w.DeleteRestApi(w.ctx, &v1.DeleteRestApiInput{RestApiId: rest})
				return
			}
			deleted = w.DeleteStage(w.ctx, &v1.DeleteStageInput{RestApiId: rest, StageName: new("s")})
		})
		both.Wait()
		var e *wire.Error
		if (ruled == nil) == (deleted == nil) || ruled != nil && !errors.As(ruled, &e) {
			t.Fatalf("round %d: ruled: %v, deleted: %v", round, ruled, deleted)
		}
		if rules := w.liveDomain("a.example").Rules; (len(rules) == 1) != (ruled == nil) || len(rules) == 1 && rules[0].API != gate.APIID(*rest) {
			t.Fatalf("round %d: live are %+v", round, rules)
		}
	}
}

// TestTagsOfDomains holds that domains of all kinds are tagged through V1.
func TestTagsOfDomains(t *testing.T) {
	w := newWorld(t)
	public, private := w.regionalDomain("a.example"), w.privateDomain("a.example")
	for _, d := range []*v1.DomainName{public, private} {
		if err := w.TagResource(w.ctx, &v1.TagResourceInput{ResourceArn: d.DomainNameArn, Tags: map[string]string{"k": *d.DomainNameArn}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []*v1.DomainName{public, private} {
		got := must[*v1.DomainName](t)(w.GetDomainName(w.ctx, &v1.GetDomainNameInput{DomainName: d.DomainName, DomainNameId: d.DomainNameId}))
		tags := must[*v1.Tags](t)(w.GetTags(w.ctx, &v1.GetTagsInput{ResourceArn: d.DomainNameArn}))
		if diff := cmp.Diff(map[string]string{"k": *d.DomainNameArn}, tags.Tags); diff != "" || !cmp.Equal(got.Tags, tags.Tags) {
			t.Errorf("%s has %v: %s", *d.DomainNameArn, got.Tags, diff)
		}
	}
}
