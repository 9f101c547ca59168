package apigatewayv2

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestVpcLinks holds what a link answers, and that it goes when the last
// integration has let go of it, in each way that there is.
func TestVpcLinks(t *testing.T) {
	w := newWorld(t)
	out := must[*v2.CreateVpcLinkOutput](t)(w.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-0a"}, Tags: map[string]string{"a": "b"}}))
	want := &v2.CreateVpcLinkOutput{VpcLinkId: out.VpcLinkId, Name: new("l"), SubnetIds: []string{"subnet-0a"}, SecurityGroupIds: []string{}, Tags: map[string]string{"a": "b"},
		CreatedDate: out.CreatedDate, VpcLinkVersion: new("V2"), VpcLinkStatus: new("PENDING"), VpcLinkStatusMessage: new("VPC link is provisioning ENIs")}
	if diff := cmp.Diff(want, out); diff != "" || out.CreatedDate == nil {
		t.Error(diff)
	}
	got := must[*v2.GetVpcLinkOutput](t)(w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: out.VpcLinkId}))
	if text(got.VpcLinkStatus) != "AVAILABLE" || text(got.VpcLinkStatusMessage) != "VPC link is ready to route traffic" {
		t.Errorf("%+v", got)
	}
	id, spare := out.VpcLinkId, w.vpcLink()
	api, other := w.api(), w.api()
	create := func(api *string) *string {
		return must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, private(api, id))).IntegrationId
	}
	gone, open, moved := create(api), create(api), create(api)
	create(other)
	stays := func() {
		t.Helper()
		_, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: id})
		w.refused(w.dump(), err, "ConflictException", *id)
	}
	w.route(api, "GET /", moved)
	deployed := w.frozen(api, *w.deploy(api, "")).Routes[0].Integration
	if deployed.Kind != gate.Private || deployed.ConnectionID != *id || deployed.URI != *private(nil, nil).IntegrationUri {
		t.Errorf("lowered to %+v", deployed)
	}
	stays()
	if err := w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: gone}); err != nil {
		t.Fatal(err)
	}
	i := must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: open, ConnectionType: new("INTERNET"), IntegrationUri: new("http://h/")}))
	if i.ConnectionId != nil {
		t.Errorf("back on the internet it keeps %s", *i.ConnectionId)
	}
	stays()
	must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: moved, ConnectionId: spare}))
	stays()
	if err := w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: other}); err != nil {
		t.Fatal(err)
	}
	must[*v2.DeleteVpcLinkOutput](t)(w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: id}))
	_, err := w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: id})
	w.refused(w.dump(), err, "NotFoundException", *id)
}

// TestALinkAndItsUseAtOnce races the two: never is there an integration behind
// a link that is gone.
func TestALinkAndItsUseAtOnce(t *testing.T) {
	for round := range 30 {
		w := newWorld(t)
		api, link := w.api(), w.vpcLink()
		var used, deleted error
		var both sync.WaitGroup
		both.Go(func() { _, used = w.CreateIntegration(w.ctx, private(api, link)) })
		both.Go(func() { _, deleted = w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: link}) })
		both.Wait()
		if (used == nil) == (deleted == nil) {
			t.Fatalf("round %d: used: %v, deleted: %v", round, used, deleted)
		}
	}
}
