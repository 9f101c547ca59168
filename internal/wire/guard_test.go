package wire_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/wire"
)

func TestGuard(t *testing.T) {
	for _, c := range []struct {
		desc                 string
		host, origin, auth   string
		site, via, api       []string
		status               int
		typ, message, method string
	}{
		{desc: "a signed call to localhost", host: "localhost:4566", auth: signed, status: 200},
		{desc: "a signed call to a name below localhost", host: "API.LocalHost", auth: signed, status: 200},
		{desc: "a signed call to an IPv4 address", host: "127.0.0.1:4566", auth: signed, status: 200},
		{desc: "a signed call to an IPv6 address", host: "[::1]:4566", auth: signed, status: 200},
		{desc: "a signed call to an IPv6 address without a port", host: "[::1]", auth: signed, status: 200},
		{desc: "a signed call to the public URL's host", host: "gw.example.com", auth: signed, status: 200},
		{desc: "a signed call to a listener's host", host: "inner:4566", auth: signed, status: 200},
		{desc: "a name that was rebound to this machine", host: "evil.example:4566", auth: signed, status: 403, typ: "AccessDeniedException", message: `"evil.example:4566"`},
		{desc: "a name that only ends like localhost", host: "evillocalhost", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "a name that only begins like localhost", host: "localhost.evil.example", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "no Host", host: "", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "a page of a backend behind this gateway, which has the gateway's own origin", host: "localhost:4566", origin: "http://localhost:4566", auth: signed, status: 403, typ: "AccessDeniedException", message: "command line"},
		{desc: "a page at the public URL", host: "inner", origin: "https://gw.example.com", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "an Origin that says nothing", host: "localhost:4566", origin: " ", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "a page's read of its own origin, which sends no Origin", host: "localhost:4566", site: []string{"same-origin"}, auth: signed, status: 403, typ: "AccessDeniedException", message: `Sec-Fetch-Site "same-origin"`},
		{desc: "a page of the same site", host: "localhost:4566", site: []string{"same-site"}, auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "a page of another site that sends no Origin", host: "localhost:4566", site: []string{"cross-site"}, auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "a browser that says two things", host: "localhost:4566", site: []string{"none", "cross-site"}, auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "an address that a person typed", host: "localhost:4566", site: []string{"none"}, auth: signed, status: 200},
		{desc: "an integration that points at the control listener", host: "localhost:4566", via: []string{"HTTP/1.1 AmazonAPIGateway"}, auth: signed, status: 403, typ: "AccessDeniedException", message: "integration"},
		{desc: "the same behind other proxies", host: "localhost:4566", via: []string{"1.1 a", "1.1 b, http/1.1 amazonapigateway (x), 1.1 c"}, auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "an integration of a REST API, which sends no Via", host: "localhost:4566", api: []string{"abc"}, auth: signed, status: 403, typ: "AccessDeniedException", message: `REST API "abc"`},
		{desc: "an integration of a REST API that has no id to tell", host: "localhost:4566", api: []string{""}, auth: signed, status: 403, typ: "AccessDeniedException", message: "integration"},
		{desc: "one of the documented unsigned calls by a REST API", host: "localhost:4566", api: []string{"abc"}, method: "HEAD", status: 403, typ: "AccessDeniedException"},
		{desc: "another proxy in front", host: "localhost:4566", via: []string{"1.1 nginx"}, auth: signed, status: 200},
		{desc: "one of the documented unsigned calls by an integration", host: "localhost:4566", via: []string{"HTTP/1.1 AmazonAPIGateway"}, method: "HEAD", status: 403, typ: "AccessDeniedException"},
		{desc: "another site's page", host: "localhost:4566", origin: "https://evil.example", auth: signed, status: 403, typ: "AccessDeniedException", message: "https://evil.example"},
		{desc: "a page of another program of this machine", host: "localhost:4566", origin: "http://localhost:3000", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "the public URL's name without TLS", host: "inner", origin: "http://gw.example.com", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "a sandboxed page", host: "localhost:4566", origin: "null", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "an extension's page", host: "localhost:4566", origin: "chrome-extension://localhost:4566", auth: signed, status: 403, typ: "AccessDeniedException"},
		{desc: "no signature", host: "localhost:4566", status: 403, typ: "MissingAuthenticationTokenException", message: "Signature Version 4"},
		{desc: "a password", host: "localhost:4566", auth: "Basic dTpw", status: 403, typ: "MissingAuthenticationTokenException"},
		{desc: "another signature algorithm", host: "localhost:4566", auth: "AWS4-ECDSA-P256-SHA256 Credential=x", status: 403, typ: "MissingAuthenticationTokenException"},
		{desc: "one of the documented unsigned calls", host: "localhost:4566", method: "HEAD", status: 200},
		{desc: "one of the documented unsigned calls from another site", host: "localhost:4566", origin: "https://evil.example", method: "HEAD", status: 403, typ: "AccessDeniedException"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			reached := false
			g := &wire.Guard{
				Next:  http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }),
				Hosts: []string{"inner"}, PublicURL: "https://gw.example.com",
				Unsigned: func(r *http.Request) bool { return r.Method == "HEAD" },
			}
			r := httptest.NewRequest(max(c.method, "GET"), "/v2/apis", nil)
			r.Host = c.host
			if c.auth != "" {
				r.Header.Set("Authorization", c.auth)
			}
			if c.origin != "" {
				r.Header.Set("Origin", strings.TrimSpace(c.origin))
			}
			r.Header["Sec-Fetch-Site"], r.Header["Via"], r.Header["X-Amzn-Apigateway-Api-Id"] = c.site, c.via, c.api
			a := do(g, r)
			if a.status != c.status || a.typ != c.typ || c.status == 403 && c.method == "" && !strings.Contains(a.message(), c.message) {
				t.Errorf("%d %s %s", a.status, a.typ, a.body)
			}
			if reached != (c.status == 200) {
				t.Errorf("reached the service: %v", reached)
			}
		})
	}
}

func TestParseScope(t *testing.T) {
	hex := strings.Repeat("0f", 32)
	for _, c := range []struct {
		desc, auth string
		want       wire.Scope
		status     int // of the refusal; 0 for none
	}{
		{"as the SDKs write it", signed, wire.Scope{AccessKeyID: "AKIDEXAMPLE", Date: "20261122", Region: "eu-west-1", Service: "apigateway"}, 0},
		{"without blanks after the commas", "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/execute-api/aws4_request,SignedHeaders=host,Signature=" + hex, wire.Scope{AccessKeyID: "test", Date: "20261122", Region: "us-east-1", Service: "execute-api"}, 0},
		{"nothing", "", wire.Scope{}, 403},
		{"no parameters", "AWS4-HMAC-SHA256 ", wire.Scope{}, 400},
		{"no signature", "AWS4-HMAC-SHA256 Credential=a/20261122/r/s/aws4_request, SignedHeaders=host", wire.Scope{}, 400},
		{"a short signature", "AWS4-HMAC-SHA256 Credential=a/20261122/r/s/aws4_request, SignedHeaders=host, Signature=0f", wire.Scope{}, 400},
		{"no signed headers", "AWS4-HMAC-SHA256 Credential=a/20261122/r/s/aws4_request, SignedHeaders=, Signature=" + hex, wire.Scope{}, 400},
		{"a parameter twice", "AWS4-HMAC-SHA256 Credential=a/20261122/r/s/aws4_request, Credential=b/20261122/r/s/aws4_request, SignedHeaders=host, Signature=" + hex, wire.Scope{}, 400},
		{"a parameter too many", "AWS4-HMAC-SHA256 Credential=a/20261122/r/s/aws4_request, SignedHeaders=host, Extra=1, Signature=" + hex, wire.Scope{}, 400},
		{"no region", "AWS4-HMAC-SHA256 Credential=a/20261122//s/aws4_request, SignedHeaders=host, Signature=" + hex, wire.Scope{}, 400},
		{"a region that is a path", "AWS4-HMAC-SHA256 Credential=a/20261122/../s/aws4_request, SignedHeaders=host, Signature=" + hex, wire.Scope{}, 400},
		{"another terminator", "AWS4-HMAC-SHA256 Credential=a/20261122/r/s/aws5_request, SignedHeaders=host, Signature=" + hex, wire.Scope{}, 400},
		{"no date", "AWS4-HMAC-SHA256 Credential=a/2026-11-22/r/s/aws4_request, SignedHeaders=host, Signature=" + hex, wire.Scope{}, 400},
	} {
		h := http.Header{}
		if c.auth != "" {
			h.Set("Authorization", c.auth)
		}
		got, err := wire.ParseScope(h)
		status := 0
		if e, ok := err.(*wire.Error); ok {
			status = e.Status
		}
		if got != c.want || status != c.status {
			t.Errorf("%s: %+v, %v", c.desc, got, err)
		}
	}
	if _, err := wire.ParseScope(http.Header{"Authorization": {signed, signed}}); err == nil {
		t.Error("two Authorization fields: accepted")
	}
}

func TestMux(t *testing.T) {
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, name+" "+string(b))
		})
	}
	m := &wire.Mux{Entries: []wire.Entry{
		{Name: "apigateway", Scope: "apigateway", Paths: []string{"/apikeys", "/restapis"}, Handler: named("v1")},
		{Name: "apigatewayv2", Scope: "apigateway", Paths: []string{"/v2"}, Handler: named("v2")},
		{Name: "management", Scope: "execute-api", Handler: named("management")},
		{Name: "cognito-idp", Scope: "cognito-idp", Target: "AWSCognitoIdentityProviderService", Handler: named("cognito")},
		{Name: "monitoring", Scope: "monitoring", RPC: "GraniteServiceVersion20100801", Versions: []string{"2010-08-01"}, Handler: named("cloudwatch")},
	}}
	for _, c := range []struct {
		desc, scope, method, target string
		header                      map[string]string
		body, want                  string
		status                      int
	}{
		{desc: "a V2 path", scope: "apigateway", target: "/v2/apis", want: "v2 "},
		{desc: "a V1 path", scope: "apigateway", target: "/restapis", want: "v1 "},
		{desc: "a path that is nobody's goes to the first with that scope", scope: "apigateway", target: "/v22", want: "v1 "},
		{desc: "the scope wins over the path", scope: "execute-api", target: "/v2/@connections/x", want: "management "},
		{desc: "the scope wins over the target", scope: "monitoring", target: "/", header: map[string]string{"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp"}, want: "cloudwatch "},
		{desc: "an unsigned call by its target", target: "/", header: map[string]string{"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp"}, want: "cognito "},
		{desc: "an unsigned call by its RPC path", target: "/service/GraniteServiceVersion20100801/operation/GetMetricData", want: "cloudwatch "},
		{desc: "an unsigned form by its version, its body whole", method: "POST", target: "/", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			body: "Action=ListMetrics&Version=2010-08-01", want: "cloudwatch Action=ListMetrics&Version=2010-08-01"},
		{desc: "an unsigned query by its version", target: "/?Action=ListMetrics&Version=2010-08-01", want: "cloudwatch "},
		{desc: "an unsigned call by its path", target: "/v2/apis", want: "v2 "},
		{desc: "a service that is not served", scope: "dynamodb", target: "/", status: 501, want: "does not serve the service dynamodb. It serves: apigateway, apigatewayv2, cognito-idp, management, monitoring."},
		{desc: "a service of the query protocol that is not served", scope: "sts", method: "POST", target: "/", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			body: "Action=GetCallerIdentity&Version=2011-06-15", status: 501, want: "<ErrorResponse><Error><Type>Sender</Type><Code>NotImplementedException</Code><Message>This gateway does not serve the service sts."},
		{desc: "a service of the JSON protocols that is not served", scope: "dynamodb", method: "POST", target: "/", header: map[string]string{"X-Amz-Target": "DynamoDB_20120810.ListTables"}, status: 501,
			want: `{"__type":"NotImplementedException","message":"This gateway does not serve the service dynamodb.`},
		{desc: "a CBOR service that is not served", scope: "logs", method: "POST", target: "/service/X/operation/Y", header: map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, status: 501,
			want: "\xa2\x79\x00\x06__type\x79\x00\x17NotImplementedException\x79\x00\x07message\x79\x00"},
		{desc: "an unsigned path that is nobody's", target: "/x", status: 501, want: "path /x"},
	} {
		t.Run(c.desc, func(t *testing.T) {
			r := httptest.NewRequest(max(c.method, "GET"), c.target, strings.NewReader(c.body))
			for name, value := range c.header {
				r.Header.Set(name, value)
			}
			if c.scope != "" {
				r.Header.Set("Authorization", strings.Replace(signed, "apigateway", c.scope, 1))
			}
			a := do(m, r)
			if c.status == 0 && a.body != c.want || c.status != 0 && (a.status != c.status || !strings.Contains(a.body, c.want) || a.typ == "") {
				t.Errorf("%d %s %s", a.status, a.typ, a.body)
			}
		})
	}
	r := httptest.NewRequest("GET", "/v2/apis", nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 nonsense")
	if a := do(m, r); a.status != 400 || a.typ != "IncompleteSignatureException" {
		t.Errorf("a malformed scope: %d %s", a.status, a.typ)
	}
}

func TestTablePaths(t *testing.T) {
	if got := things(echo).Paths(); !slices.Equal(got, []string{"/things"}) {
		t.Errorf("%v", got)
	}
}

// FuzzHandler feeds requests of any kind: none may panic, and every answer is a whole one with an id.
func FuzzHandler(f *testing.F) {
	f.Add("PUT", "/things/x?limit=1", `{"name":"a","tags":{"k":null},"parts":[{"op":"add"}]}`)
	f.Add("PUT", "/things/%2F?limit=&a=b", `{"x":[[1,2.5e300,"\ud83e\udd86"]],"large":1e400,"since":1e308}`)
	f.Add("POST", "/things?mode=import", "\x00")
	f.Add("GET", "//%zz", "null")
	h := handler(f, things(echo), wire.Options{MaxBody: 1 << 16})
	f.Fuzz(func(t *testing.T, method, target, body string) {
		u, err := url.Parse(target)
		if err != nil {
			t.Skip()
		}
		r := request("GET", "/", body)
		r.Method, r.URL = method, u
		a := do(h, r)
		if a.header.Get("x-amzn-RequestId") == "" || a.status == 500 {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a.status >= 400 && a.typ == "" {
			t.Errorf("%d without a type", a.status)
		}
	})
}
