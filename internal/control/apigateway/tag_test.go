package apigateway

import (
	"fmt"
	"maps"
	"testing"

	"gatehouse/internal/control"
	v2service "gatehouse/internal/control/apigatewayv2"
	v1 "gatehouse/internal/wire/apigateway"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestTags walks the tags of everything that has some, through both control
// planes: either tags what the other has made.
func TestTags(t *testing.T) {
	w := newWorld(t)
	w.desk.Taggers = []control.Tagger{Tags, v2service.Tags}
	second := v2service.New(w.desk, nil)
	api, root := w.api()
	w.method(api, root, "GET")
	must[*v1.Deployment](t)(w.CreateDeployment(w.ctx, &v1.CreateDeploymentInput{RestApiId: api, StageName: new("s")}))
	c := must[*v1.ClientCertificate](t)(w.GenerateClientCertificate(w.ctx, &v1.GenerateClientCertificateInput{})).ClientCertificateId
	newer := must[*v2.CreateApiOutput](t)(second.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("h"), ProtocolType: new("HTTP")}))
	link := must[*v2.CreateVpcLinkOutput](t)(second.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("n"), SubnetIds: []string{"subnet-1"}}))
	for _, path := range []string{"/restapis/" + *api, "/restapis/" + *api + "/stages/s", "/vpclinks/" + *w.link(), "/clientcertificates/" + *c,
		"/apis/" + *newer.ApiId, "/vpclinks/" + *link.VpcLinkId} {
		t.Run(path, func(t *testing.T) {
			arn := new("arn:aws:apigateway:us-east-1::" + path)
			check := func(want map[string]string) {
				t.Helper()
				got := must[*v1.Tags](t)(w.GetTags(w.ctx, &v1.GetTagsInput{ResourceArn: arn}))
				also := must[*v2.GetTagsOutput](t)(second.GetTags(w.ctx, &v2.GetTagsInput{ResourceArn: arn}))
				if !maps.Equal(got.Tags, want) || !maps.Equal(also.Tags, want) {
					t.Errorf("got %v and %v, want %v", got.Tags, also.Tags, want)
				}
			}
			check(map[string]string{})
			if err := w.TagResource(w.ctx, &v1.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
				t.Fatal(err)
			}
			must[*v2.TagResourceOutput](t)(second.TagResource(w.ctx, &v2.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "3"}}))
			check(map[string]string{"a": "3", "b": "2"})
			if err := w.UntagResource(w.ctx, &v1.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b", "nope"}}); err != nil {
				t.Fatal(err)
			}
			check(map[string]string{"a": "3"})
			if err := second.UntagResource(w.ctx, &v2.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
				t.Fatal(err)
			}
			check(map[string]string{})
		})
	}
}

// TestTagRefusals holds what cannot be tagged, and with what.
func TestTagRefusals(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	own := "arn:aws:apigateway:us-east-1::/restapis/" + *api
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}
	for _, tc := range []struct {
		desc, arn string
		tags      map[string]string
		typ       string
	}{
		{"An API that is not there.", "arn:aws:apigateway:us-east-1::/restapis/nope", map[string]string{"a": "b"}, notFound},
		{"Another region.", "arn:aws:apigateway:us-west-2::/restapis/" + *api, map[string]string{"a": "b"}, notFound},
		{"What has no tags.", own + "/resources/a", map[string]string{"a": "b"}, notFound},
		{"What is no path.", "arn:aws:apigateway:us-east-1::/", map[string]string{"a": "b"}, notFound},
		{"A path that would leave its place.", "arn:aws:apigateway:us-east-1::/restapis/..", map[string]string{"a": "b"}, notFound},
		{"No ARN.", "x", map[string]string{"a": "b"}, notFound},
		{"A stage of an API that is not there.", "arn:aws:apigateway:us-east-1::/restapis/nope/stages/s", map[string]string{"a": "b"}, notFound},
		{"A key of AWS's own.", own, map[string]string{"aws:a": "b"}, badRequest},
		{"The tag that chooses ids.", own, map[string]string{control.CustomIDTag: "b"}, badRequest},
		{"Too many.", own, many, badRequest},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			err := w.TagResource(w.ctx, &v1.TagResourceInput{ResourceArn: &tc.arn, Tags: tc.tags})
			if typ, message := refusal(err); typ != tc.typ {
				t.Errorf("got %s: %s", typ, message)
			}
		})
	}
}
