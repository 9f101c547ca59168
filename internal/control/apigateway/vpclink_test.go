package apigateway

import (
	"fmt"
	"sync"
	"testing"

	v2service "gatehouse/internal/control/apigatewayv2"
	v1 "gatehouse/internal/wire/apigateway"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

const balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/nlb/0123456789abcdef"

// link makes a VPC link of V1.
func (w *world) link() *string {
	w.t.Helper()
	return must[*v1.VpcLink](w.t)(w.CreateVpcLink(w.ctx, &v1.CreateVpcLinkInput{Name: new("l"), TargetArns: []string{balancer}})).Id
}

// through puts an integration through a VPC link.
func (w *world) through(api, resource *string, link string) error {
	_, err := w.PutIntegration(w.ctx, &v1.PutIntegrationInput{RestApiId: api, ResourceId: resource, HttpMethod: new("GET"), Type: new("HTTP_PROXY"),
		IntegrationHttpMethod: new("GET"), Uri: new("http://a.internal/"), ConnectionType: new("VPC_LINK"), ConnectionId: &link})
	return err
}

// TestVpcLinkRefusals holds what no VPC link can be.
func TestVpcLinkRefusals(t *testing.T) {
	w := newWorld(t)
	app := "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/alb/0123456789abcdef"
	for _, tc := range []struct {
		desc, name string
		targets    []string
		message    string
	}{
		{"What is no ARN. [S]", "l", []string{"invalid-arn"}, "Invalid ARN. ARN is not well formed invalid-arn"},
		{"Another load balancer. [K]", "l", []string{app}, fmt.Sprintf(textLinkKind, app[:80]+"...")},
		{"No target. [K]", "l", nil, fmt.Sprintf(textLinkOne, 0)},
		{"Two targets. [K]", "l", []string{balancer, balancer}, fmt.Sprintf(textLinkOne, 2)},
		{"No name. [S]", "", []string{balancer}, "Name cannot be empty"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.CreateVpcLink(w.ctx, &v1.CreateVpcLinkInput{Name: &tc.name, TargetArns: tc.targets})
			wantRefusal(t, err, badRequest, tc.message)
		})
	}
}

// TestVpcLinks walks the life of a VPC link.
func TestVpcLinks(t *testing.T) {
	w := newWorld(t)
	made := must[*v1.VpcLink](t)(w.CreateVpcLink(w.ctx, &v1.CreateVpcLinkInput{Name: new("l"), TargetArns: []string{balancer}}))
	if *made.Status != "PENDING" || made.StatusMessage != nil || made.Tags == nil {
		t.Errorf("made %+v", made)
	}
	got := must[*v1.VpcLink](t)(w.GetVpcLink(w.ctx, &v1.GetVpcLinkInput{VpcLinkId: made.Id}))
	if *got.Status != "AVAILABLE" || *got.StatusMessage != "Your vpc link is ready for use" || got.TargetArns[0] != balancer {
		t.Errorf("read %+v", got)
	}
	patched := must[*v1.VpcLink](t)(w.UpdateVpcLink(w.ctx, &v1.UpdateVpcLinkInput{VpcLinkId: made.Id, PatchOperations: ops("replace /name m", "replace /description d")}))
	if *patched.Name != "m" || *patched.Description != "d" {
		t.Errorf("patched %+v", patched)
	}
	_, err := w.UpdateVpcLink(w.ctx, &v1.UpdateVpcLinkInput{VpcLinkId: made.Id, PatchOperations: ops("replace /name x", "replace /targetArns x")})
	wantRefusal(t, err, badRequest, "Invalid patch path  '/targetArns' specified for op 'replace'. Must be one of: [/name, /description]")
	list := must[*v1.VpcLinks](t)(w.GetVpcLinks(w.ctx, &v1.GetVpcLinksInput{}))
	if len(list.Items) != 1 || *list.Items[0].Name != "m" || list.Items[0].Tags != nil {
		t.Errorf("listed %+v", list.Items)
	}
	if err := w.DeleteVpcLink(w.ctx, &v1.DeleteVpcLinkInput{VpcLinkId: made.Id}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetVpcLink(w.ctx, &v1.GetVpcLinkInput{VpcLinkId: made.Id})
	wantRefusal(t, err, notFound, "Invalid Vpc Link identifier specified")
}

// TestIntegrationsThroughLinks holds which links an integration can name, and
// that none goes while it does.
func TestIntegrationsThroughLinks(t *testing.T) {
	w := newWorld(t)
	second := v2service.New(w.desk, nil)
	api, root := w.api()
	w.method(api, root, "GET")
	first := w.link()
	newer, err := second.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("n"), SubnetIds: []string{"subnet-1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ desc, link, message string }{
		{"A link of V1.", *first, ""},
		{"A link of V2.", *newer.VpcLinkId, ""},
		{"A stage variable, which a request tells.", "${stageVariables.link}", ""},
		{"A link that is not there. [S]", "nope", "Invalid Vpc Link identifier specified"},
		{"What no link can be. [S]", "a/b", "Invalid Vpc Link identifier specified"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			err := w.through(api, root, tc.link)
			if tc.message != "" {
				wantRefusal(t, err, badRequest, tc.message)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if err := w.through(api, root, *first); err != nil {
		t.Fatal(err)
	}
	err = w.DeleteVpcLink(w.ctx, &v1.DeleteVpcLinkInput{VpcLinkId: first})
	wantRefusal(t, err, badRequest, fmt.Sprintf(textLinkUsed, *first, "//GET", *api))
	if _, err := w.UpdateIntegration(w.ctx, &v1.UpdateIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: new("GET"),
		PatchOperations: ops("replace /connectionId " + *newer.VpcLinkId)}); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteVpcLink(w.ctx, &v1.DeleteVpcLinkInput{VpcLinkId: first}); err != nil {
		t.Errorf("once nothing names it: %v", err)
	}
	if _, err := second.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: newer.VpcLinkId}); err == nil {
		t.Error("a link of V2 went while a REST API used it")
	}
	if err := w.DeleteRestApi(w.ctx, &v1.DeleteRestApiInput{RestApiId: api}); err != nil {
		t.Fatal(err)
	}
	if _, err := second.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: newer.VpcLinkId}); err != nil {
		t.Errorf("once the API is gone: %v", err)
	}
}

// TestLinkRaces takes a link into use while it is deleted: never does an
// integration name a link that is gone, of whichever kind.
func TestLinkRaces(t *testing.T) {
	w := newWorld(t)
	second := v2service.New(w.desk, nil)
	api, root := w.api()
	for i := range 20 {
		r := w.resource(api, root, fmt.Sprintf("r%d", i))
		w.method(api, r, "GET")
		id, remove := w.link(), func(id *string) error {
			return w.DeleteVpcLink(w.ctx, &v1.DeleteVpcLinkInput{VpcLinkId: id})
		}
		if i%2 == 1 {
			l, err := second.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("n"), SubnetIds: []string{"subnet-1"}})
			if err != nil {
				t.Fatal(err)
			}
			id, remove = l.VpcLinkId, func(id *string) error {
				_, err := second.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: id})
				return err
			}
		}
		var both sync.WaitGroup
		var put, deleted error
		both.Go(func() { put = w.through(api, r, *id) })
		both.Go(func() { deleted = remove(id) })
		both.Wait()
		if (put == nil) == (deleted == nil) {
			t.Errorf("put: %v, deleted: %v", put, deleted)
		}
	}
}
