package mapping

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/gate"
)

// TestReserved is AWS's list of headers that neither side may map (runtime
// 2.7), each in another case too, and the neighbours that may.
func TestReserved(t *testing.T) {
	refused := []string{
		"access-control-allow-origin", "Access-Control-X", "apigw-requestid", "APIGW-x", "Authorization", "Connection", "Content-Encoding", "Content-Length",
		"Content-Location", "Forwarded", "Keep-Alive", "Origin", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailers", "Transfer-Encoding", "Upgrade",
		"x-amz-date", "X-Amz-", "x-amzn-trace-id", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via",
		"Expect", "Proxy-Connection", "Trailer", // ours: they concern one connection
	}
	for _, name := range refused {
		for _, n := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			for _, op := range []string{"append", "overwrite", "remove"} {
				key := op + ":header." + n
				for side, errs := range map[string][]error{
					"requestParameters":  CheckParameters(map[string]string{key: "v"}, nil),
					"responseParameters": CheckParameters(nil, map[string]map[string]string{"200": {key: "v"}}),
				} {
					if len(errs) != 1 || !strings.Contains(errs[0].Error(), side) || !strings.Contains(errs[0].Error(), key) {
						t.Errorf("%s %s: %v", side, key, errs)
					}
				}
			}
		}
	}
	for _, name := range []string{"accept", "content-type", "user-agent", "x-amazon", "x-forwarded-port", "cookie", "apigw", "viaduct", "Originator", "date", "server"} {
		for _, op := range []string{"append", "overwrite", "remove"} {
			key := op + ":header." + name
			if errs := CheckParameters(map[string]string{key: "v"}, map[string]map[string]string{"200": {key: "v"}}); errs != nil {
				t.Errorf("%s: %v", key, errs)
			}
		}
	}
}

// TestCheckParameters is the table of entries that are refused, with what the
// error says.
func TestCheckParameters(t *testing.T) {
	request := func(kv ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	many := map[string]string{}
	for i := range maxEntries + 1 {
		many["append:header.x"+strings.Repeat("y", i)] = "v"
	}
	for _, tc := range []struct {
		desc     string
		request  map[string]string
		response map[string]map[string]string
		want     []string // a part of each error
	}{
		{"Nothing is fine.", nil, nil, nil},
		{"All forms of the guide are fine.", request(
			"append:header.a", "$context.requestId", "overwrite:header.b", "static", "remove:header.c", "''",
			"append:querystring.a", "$request.body.a", "overwrite:querystring.b", "$request.header.x", "remove:querystring.c", "''",
			"overwrite:path", "/${request.path.a}", "overwrite:header.Host", "$stageVariables.host"),
			map[string]map[string]string{"200": request("overwrite:statuscode", "204", "append:header.a", "$response.body"), "599": request("remove:header.a", "")}, nil},
		{"No operation.", request("header.a", "v"), nil, []string{"append|overwrite|remove:place"}},
		{"Another operation.", request("set:header.a", "v"), nil, []string{`requestParameters: "set:header.a"`}},
		{"Another place.", request("append:cookie.a", "v"), nil, []string{"header.NAME"}},
		{"A path is overwritten only.", request("append:path", "v", "remove:path", ""), nil, []string{`"append:path"`, `"remove:path"`}},
		{"A path has no name.", request("overwrite:path.a", "v"), nil, []string{"path overwritten"}},
		{"A header without a name.", request("append:header", "v", "append:header.", "v"), nil, []string{"missing", "missing"}},
		{"A header whose name is none.", request("append:header.a b", "v", "append:header.a\r\nb", "v"), nil, []string{"no name", "no name"}},
		{"A query parameter without a name.", request("append:querystring.", "v"), nil, []string{"missing"}},
		{"The status of a request.", request("overwrite:statuscode", "200"), nil, []string{"overwrite:statuscode"}},
		{"The query of a reply.", nil, map[string]map[string]string{"200": request("append:querystring.a", "v")}, []string{"responseParameters: status 200"}},
		{"The path of a reply.", nil, map[string]map[string]string{"200": request("overwrite:path", "v")}, []string{"statuscode overwritten"}},
		{"A status that is appended.", nil, map[string]map[string]string{"200": request("append:statuscode", "201")}, []string{"append:statuscode"}},
		{"A status that is none.", nil, map[string]map[string]string{"200": request("overwrite:statuscode", "600")}, []string{`"600" is no status code`}},
		{"A key that is no status.", nil, map[string]map[string]string{"default": request("append:header.a", "v"), "199": nil, "+20": nil, "2000": nil}, []string{`"+20"`, `"199"`, `"2000"`, `"default"`}},
		{"An expression that is none, with its place.", request("append:header.a", "$request.cookie.b"), nil, []string{"column 10"}},
		{"The reply in a request.", request("append:header.a", "$response.header.b"), nil, []string{"cannot be read here"}},
		{"The request in a reply.", nil, map[string]map[string]string{"200": request("append:header.a", "$request.header.b")}, []string{"cannot be read here"}},
		{"A constant with a line break.", request("append:header.a", "b\r\nc", "overwrite:path", "/a\nb"), nil, []string{"control character", "control character"}},
		{"A constant that is no host.", request("overwrite:header.host", "a b"), nil, []string{"no host"}},
		{"Host is overwritten only, and in requests.", request("append:header.Host", "a", "remove:header.host", ""), map[string]map[string]string{"200": request("overwrite:header.Host", "a")},
			[]string{"Host", "host", "Host"}},
		{"One header twice, in two cases.", request("overwrite:header.A", "1", "overwrite:header.a", "2"), nil, []string{"keep one"}},
		{"Too many.", many, nil, []string{"more than the 100"}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			errs := CheckParameters(tc.request, tc.response)
			if len(errs) != len(tc.want) {
				t.Fatalf("got %v, want %d errors", errs, len(tc.want))
			}
			for i, err := range errs {
				if !strings.Contains(err.Error(), tc.want[i]) {
					t.Errorf("got %v, want %q", err, tc.want[i])
				}
			}
			step, err := Parameters(&gate.Integration{RequestParameters: tc.request, ResponseParameters: tc.response})
			if (err != nil) != (len(errs) > 0) {
				t.Errorf("Parameters says %v", err)
			}
			if step != nil && tc.request == nil && tc.response == nil {
				t.Error("a step for nothing")
			}
		})
	}
}

// TestCheckCORS is the table of configurations that are refused: each error
// names the field and the value.
func TestCheckCORS(t *testing.T) {
	age := func(n int) *int { return &n }
	many := make([]string, maxListed+1)
	for i := range many {
		many[i] = "https://h" + strings.Repeat("x", i)
	}
	for _, tc := range []struct {
		desc string
		cors *gate.CORS
		want []string
	}{
		{"None.", nil, nil},
		{"An empty one.", &gate.CORS{}, nil},
		{"All that AWS documents.", &gate.CORS{AllowOrigins: []string{"https://a.example.com", "http://a.example.com:8080", "https://*", "http://*", "http://[::1]:80", "capacitor://localhost"},
			AllowCredentials: true, AllowMethods: []string{"GET", "*"}, AllowHeaders: []string{"*", "x-a"}, ExposeHeaders: []string{"date"}, MaxAge: age(86400)}, nil},
		{"A star with credentials, in AWS's words.", &gate.CORS{AllowOrigins: []string{"https://a", "*"}, AllowCredentials: true}, []string{"allow-credentials is not supported if 'allow-origin' is *"}},
		{"A sub-domain wildcard.", &gate.CORS{AllowOrigins: []string{"https://*.example.com"}}, []string{`allowOrigins: "https://*.example.com": a wildcard`}},
		{"A host without a scheme.", &gate.CORS{AllowOrigins: []string{"example.com", ""}}, []string{`"example.com"`, `"": an origin is`}},
		{"A slash or a path at the end.", &gate.CORS{AllowOrigins: []string{"https://a/", "https://a/b"}}, []string{`"https://a/"`, `"https://a/b"`}},
		{"A host that is none.", &gate.CORS{AllowOrigins: []string{"https://", "https://a b", "https://a\r\nb"}}, []string{"no host", "no host", "no host"}},
		{"A method or header that is none.", &gate.CORS{AllowMethods: []string{"G T"}, AllowHeaders: []string{"a,b"}, ExposeHeaders: []string{"x\r\ny"}}, []string{`allowMethods: "G T"`, `allowHeaders: "a,b"`, "exposeHeaders"}},
		{"An age below -1 or above a day.", &gate.CORS{MaxAge: age(-2)}, []string{"maxAge: -2"}},
		{"The same above.", &gate.CORS{MaxAge: age(86401)}, []string{"maxAge: 86401"}},
		{"Too many.", &gate.CORS{AllowOrigins: many}, []string{"allowOrigins: 201"}},
		{"Too much.", &gate.CORS{AllowHeaders: []string{strings.Repeat("x", maxListText+1)}}, []string{"allowHeaders"}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			err := CheckCORS(tc.cors)
			if (err == nil) != (tc.want == nil) {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				return
			}
			lines := strings.Split(err.Error(), "\n")
			if diff := cmp.Diff(len(tc.want), len(lines)); diff != "" {
				t.Fatalf("got %v", err)
			}
			for i, w := range tc.want {
				if !strings.Contains(lines[i], w) {
					t.Errorf("got %q, want %q", lines[i], w)
				}
			}
		})
	}
	if p, err := CompileCORS(nil); p != nil || err != nil || CORS(nil) != nil || Preflight(nil) != nil {
		t.Error("no configuration gives steps")
	}
}

// FuzzParameters holds that nothing compiles whose name or constant could end
// a line, and that only headers are mapped on both sides.
func FuzzParameters(f *testing.F) {
	f.Add("append:header.X", "$request.header.y", "200")
	f.Add("overwrite:path", "/a\r\n", "2")
	f.Add("overwrite:statuscode", "204", "404")
	f.Add("remove:querystring.a", "\n", "404")
	f.Fuzz(func(t *testing.T, key, value, status string) {
		request := CheckParameters(map[string]string{key: value}, nil) == nil
		reply := CheckParameters(nil, map[string]map[string]string{status: {key: value}}) == nil
		header := strings.Contains(key, ":header.")
		if request && reply && !header {
			t.Fatalf("%q maps both sides", key)
		}
		if (request || reply) && header && strings.ContainsAny(key, "\r\n\x00 ") {
			t.Fatalf("%q compiles", key)
		}
		if (request || reply) && !strings.HasPrefix(key, "remove:") && !strings.Contains(key, ":querystring.") && strings.ContainsAny(value, "\r\n\x00") && !strings.Contains(value, "$") {
			t.Fatalf("%q: %q compiles", key, value)
		}
	})
}

// FuzzCORS holds that what compiles can be sent, and that an origin is echoed
// only if it can be.
func FuzzCORS(f *testing.F) {
	f.Add("https://*", "https://a", "GET")
	f.Add("*", "null", "*")
	f.Fuzz(func(t *testing.T, allowed, origin, name string) {
		p, err := CompileCORS(&gate.CORS{AllowOrigins: []string{allowed}, AllowMethods: []string{name}, AllowHeaders: []string{name, name}})
		if err != nil {
			return
		}
		if !fieldValue(p.methods) || !fieldValue(p.headers) {
			t.Fatalf("%q and %q are sent", p.methods, p.headers)
		}
		if rule, ok := p.match(origin); ok && !p.any && (rule == "" || strings.ContainsAny(origin, " \t\r\n,;\"") || strings.Count(origin, "/") != 2) {
			t.Fatalf("%q is echoed for %q", origin, allowed)
		}
	})
}
