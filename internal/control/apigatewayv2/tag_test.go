package apigatewayv2

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestTags walks tags of all four kinds on the wire, with ARNs as clients send
// them: one segment, encoded.
func TestTags(t *testing.T) {
	w := newWorld(t)
	api, link := w.api(), w.vpcLink()
	w.route(api, "GET /", nil)
	w.stage(api, "$default", true)
	w.domain("*.example.com")
	deployments := len(w.deployments(api))
	send := w.wire(t)
	for _, path := range []string{"/apis/" + *api, "/apis/" + *api + "/stages/$default", "/domainnames/*.example.com", "/vpclinks/" + *link} {
		t.Run(path, func(t *testing.T) {
			call := func(method, query, body string, status int, want string) {
				t.Helper()
				rec := send(method, "/v2/tags/"+url.QueryEscape(arn(path))+query, body)
				if rec.Code != status || strings.TrimSpace(rec.Body.String()) != want {
					t.Errorf("%s %s: got %d %s", method, query, rec.Code, rec.Body)
				}
			}
			call("GET", "", "", 200, `{"tags":{}}`)
			call("POST", "", `{"tags":{"a":"1","b c":"2"}}`, 201, `{}`)
			call("POST", "", `{"tags":{"a":"3"}}`, 201, `{}`)
			call("GET", "", "", 200, `{"tags":{"a":"3","b c":"2"}}`)
			call("DELETE", "?tagKeys=b%20c&tagKeys=nope", "", 204, "")
			call("GET", "", "", 200, `{"tags":{"a":"3"}}`)
		})
	}
	if got := must[*v2.GetApiOutput](t)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api})).Tags["a"]; got != "3" {
		t.Errorf("the API shows %q", got)
	}
	if got := w.getStage(api, "$default").Tags["a"]; got != "3" {
		t.Errorf("the stage shows %q", got)
	}
	if got := must[*v2.GetDomainNameOutput](t)(w.GetDomainName(w.ctx, &v2.GetDomainNameInput{DomainName: new("*.example.com")})).Tags["a"]; got != "3" {
		t.Errorf("the domain shows %q", got)
	}
	if got := must[*v2.GetVpcLinkOutput](t)(w.GetVpcLink(w.ctx, &v2.GetVpcLinkInput{VpcLinkId: link})).Tags["a"]; got != "3" {
		t.Errorf("the link shows %q", got)
	}
	if n := len(w.deployments(api)); n != deployments {
		t.Errorf("tags made %d deployments", n-deployments)
	}
}

// TestStatuses holds the success codes that differ from one resource to another.
func TestStatuses(t *testing.T) {
	w := newWorld(t)
	api, link := w.api(), w.vpcLink()
	w.stage(api, "$default", false)
	call := w.wire(t)
	for _, tc := range []struct {
		desc, method, path, body string
		status                   int
		part                     string
	}{
		{"A domain.", "POST", "/v2/domainnames", `{"domainName":"*.example.com","domainNameConfigurations":[{"certificateArn":"arn:aws:acm:us-east-1:123456789012:certificate/c"}]}`, 201, `"domainNameStatus":"AVAILABLE"`},
		{"A mapping of a domain whose name is encoded.", "POST", "/v2/domainnames/%2A.example.com/apimappings", `{"apiId":"` + *api + `","stage":"$default"}`, 201, `"apiMappingKey":""`},
		{"A mapping to what is not there.", "POST", "/v2/domainnames/%2A.example.com/apimappings", `{"apiId":"nope","stage":"s","apiMappingKey":"k"}`, 404, `"resourceType":"Api"`},
		{"The cache of authorizers.", "DELETE", "/v2/apis/" + *api + "/stages/%24default/cache/authorizers", "", 204, ""},
		{"A link, which is accepted to go.", "DELETE", "/v2/vpclinks/" + *link, "", 202, "{}"},
		{"A link that is gone.", "GET", "/v2/vpclinks/" + *link, "", 404, `"resourceType":"VpcLink"`},
		{"A domain, with its mappings.", "DELETE", "/v2/domainnames/%2A.example.com", "", 204, ""},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			if rec := call(tc.method, tc.path, tc.body); rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.part) {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
		})
	}
}

// wire is how a client calls the world.
func (w *world) wire(t *testing.T) func(method, path, body string) *httptest.ResponseRecorder {
	h, err := v2.NewHandler(w.Service, wire.Options{Identify: func(_ *http.Request, _ []byte, c *wire.Caller) error {
		c.Account = account
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
}
