package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

func ptr[T any](v T) *T { return &v }

// The configurations of the tables.
var (
	wide  = gate.CORS{AllowOrigins: []string{"*"}, AllowMethods: []string{"*"}, AllowHeaders: []string{"*"}, ExposeHeaders: []string{"*"}}
	exact = gate.CORS{AllowOrigins: []string{"https://Shop.example.com", "http://localhost:3000"}, AllowMethods: []string{"GET", "PUT"},
		AllowHeaders: []string{"Content-Type", "X-Api-Key"}, ExposeHeaders: []string{"Date", "X-Id"}, MaxAge: ptr(600), AllowCredentials: true}
	secure = gate.CORS{AllowOrigins: []string{"https://*"}, MaxAge: ptr(-1)}
)

const (
	fromShop  = "Origin: https://shop.example.com"
	fromOther = "Origin: https://evil.example.com"
	asksPut   = "Access-Control-Request-Method: PUT"
)

// TestCORS is the table of CORS (runtime 2.2; developer guide, "Configure CORS
// for HTTP APIs"). Rows marked [K] are not documented and decided in mapping.
func TestCORS(t *testing.T) {
	const backend = "X: 1, Access-Control-Allow-Origin: *, access-control-max-age: 9, Vary: Accept"
	const ok = "200 X: 1, Vary: Accept"
	closed := gate.Authorization{Kind: gate.AuthIAM}
	open := gate.Authorization{Kind: gate.AuthNone}
	for _, tc := range []struct {
		desc   string
		cors   *gate.CORS
		route  string
		auth   gate.Authorization
		call   string // method and target
		fields []string
		want   string
		called bool
	}{
		// Preflights.
		{"The gateway answers a preflight itself, though there is no route.", &exact, "GET /pets", open, "OPTIONS /pets", []string{fromShop, asksPut},
			"204 vary: Origin, access-control-allow-origin: https://shop.example.com, access-control-allow-credentials: true, access-control-allow-methods: GET,PUT, " +
				"access-control-allow-headers: Content-Type,X-Api-Key, access-control-max-age: 600 | ", false},
		{"And though no path matches at all.", &exact, "GET /pets", open, "OPTIONS /else", []string{fromShop, asksPut},
			"204 vary: Origin, access-control-allow-origin: https://shop.example.com, access-control-allow-credentials: true, access-control-allow-methods: GET,PUT, " +
				"access-control-allow-headers: Content-Type,X-Api-Key, access-control-max-age: 600 | ", false},
		{"A route for OPTIONS does not see it.", &wide, "OPTIONS /pets", open, "OPTIONS /pets", []string{fromShop, asksPut},
			"204 access-control-allow-origin: *, access-control-allow-methods: *, access-control-allow-headers: * | ", false},
		{"Stars are answered literally [K].", &wide, "GET /pets", open, "OPTIONS /pets", []string{fromOther, asksPut},
			"204 access-control-allow-origin: *, access-control-allow-methods: *, access-control-allow-headers: * | ", false},
		{"A star allows the origin null.", &wide, "GET /pets", open, "OPTIONS /pets", []string{"Origin: null", asksPut},
			"204 access-control-allow-origin: *, access-control-allow-methods: *, access-control-allow-headers: * | ", false},
		{"An origin that is not allowed gets 204 and no header of CORS [K].", &exact, "GET /pets", open, "OPTIONS /pets", []string{fromOther, asksPut}, "204 vary: Origin | ", false},
		{"Scheme and port belong to an origin.", &exact, "GET /pets", open, "OPTIONS /pets", []string{"Origin: http://shop.example.com", asksPut}, "204 vary: Origin | ", false},
		{"An allowed origin with a port.", &gate.CORS{AllowOrigins: []string{"http://localhost:3000"}}, "GET /pets", open, "OPTIONS /pets", []string{"Origin: http://localhost:3000", asksPut},
			"204 vary: Origin, access-control-allow-origin: http://localhost:3000 | ", false},
		{"Another port is another origin.", &exact, "GET /pets", open, "OPTIONS /pets", []string{"Origin: http://localhost:3001", asksPut}, "204 vary: Origin | ", false},
		{"A sub-domain is another origin.", &exact, "GET /pets", open, "OPTIONS /pets", []string{"Origin: https://a.shop.example.com", asksPut}, "204 vary: Origin | ", false},
		{"https://* allows every host of the scheme and echoes it.", &secure, "GET /pets", open, "OPTIONS /pets", []string{fromOther, asksPut},
			"204 vary: Origin, access-control-allow-origin: https://evil.example.com, access-control-max-age: -1 | ", false},
		{"https://* does not allow http.", &secure, "GET /pets", open, "OPTIONS /pets", []string{"Origin: http://shop.example.com", asksPut}, "204 vary: Origin | ", false},
		{"What is no origin is not echoed [K].", &secure, "GET /pets", open, "OPTIONS /pets", []string{"Origin: https://a b/c", asksPut}, "204 vary: Origin | ", false},
		{"No lists, no headers.", &gate.CORS{AllowOrigins: []string{"*"}}, "GET /pets", open, "OPTIONS /pets", []string{fromShop, asksPut}, "204 access-control-allow-origin: * | ", false},
		{"Preflights that a route wants authorization for are refused by it, and the refusal may be read.", &exact, "OPTIONS /pets", closed, "OPTIONS /pets", []string{fromShop, asksPut},
			`500 Content-Type: application/json, vary: Origin, access-control-allow-origin: https://shop.example.com, access-control-allow-credentials: true, access-control-expose-headers: Date,X-Id | {"message":"Internal Server Error"}`, false},
		{"So does ANY.", &wide, "ANY /pets", closed, "OPTIONS /pets", []string{fromShop, asksPut},
			`500 Content-Type: application/json, access-control-allow-origin: *, access-control-expose-headers: * | {"message":"Internal Server Error"}`, false},
		{"So does $default.", &wide, "$default", closed, "OPTIONS /pets", []string{fromShop, asksPut},
			`500 Content-Type: application/json, access-control-allow-origin: *, access-control-expose-headers: * | {"message":"Internal Server Error"}`, false},
		{"A closed route of another method does not.", &wide, "GET /pets", closed, "OPTIONS /pets", []string{fromShop, asksPut},
			"204 access-control-allow-origin: *, access-control-allow-methods: *, access-control-allow-headers: * | ", false},

		// Other OPTIONS.
		{"An OPTIONS without Access-Control-Request-Method is a request like all.", &wide, "OPTIONS /pets", open, "OPTIONS /pets", []string{fromShop},
			ok + ", access-control-allow-origin: *, access-control-expose-headers: * | ok", true},
		{"An OPTIONS without Origin too.", &wide, "OPTIONS /pets", open, "OPTIONS /pets", []string{asksPut}, ok + " | ok", true},
		{"Without a route it is 404.", &wide, "GET /pets", open, "OPTIONS /pets", []string{fromShop},
			`404 Content-Type: application/json, access-control-allow-origin: *, access-control-expose-headers: * | {"message":"Not Found"}`, false},
		{"Without CORS a preflight is a request like all.", nil, "ANY /pets", open, "OPTIONS /pets", []string{fromShop, asksPut}, "200 " + backend + " | ok", true},
		{"Without CORS and without a route it is 404.", nil, "GET /pets", open, "OPTIONS /pets", []string{fromShop, asksPut}, `404 Content-Type: application/json | {"message":"Not Found"}`, false},

		// Simple requests.
		{"Without CORS the backend's headers pass.", nil, "GET /pets", open, "GET /pets", []string{fromShop}, "200 " + backend + " | ok", true},
		{"With CORS they give way to the API's.", &wide, "GET /pets", open, "GET /pets", []string{fromShop}, ok + ", access-control-allow-origin: *, access-control-expose-headers: * | ok", true},
		{"An exact origin is echoed.", &exact, "GET /pets", open, "GET /pets", []string{fromShop},
			ok + ", vary: Origin, access-control-allow-origin: https://shop.example.com, access-control-allow-credentials: true, access-control-expose-headers: Date,X-Id | ok", true},
		{"An origin that is not allowed gets the reply without headers of CORS.", &exact, "GET /pets", open, "GET /pets", []string{fromOther}, ok + ", vary: Origin | ok", true},
		{"A request without an origin too, and caches learn that it matters [K].", &exact, "GET /pets", open, "GET /pets", nil, ok + ", vary: Origin | ok", true},
		{"With a star the reply does not depend on the origin.", &wide, "GET /pets", open, "GET /pets", nil, ok + " | ok", true},
		{"Errors of the gateway may be read.", &wide, "GET /pets", open, "GET /else", []string{fromShop},
			`404 Content-Type: application/json, access-control-allow-origin: *, access-control-expose-headers: * | {"message":"Not Found"}`, false},
		{"Refusals may be read.", &wide, "GET /pets", closed, "GET /pets", []string{fromShop},
			`500 Content-Type: application/json, access-control-allow-origin: *, access-control-expose-headers: * | {"message":"Internal Server Error"}`, false},
		{"A configuration that allows nobody drops the backend's.", &gate.CORS{}, "GET /pets", open, "GET /pets", []string{fromShop}, ok + ", vary: Origin | ok", true},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := stock(t, tc.cors, gate.Route{Key: tc.route, Authorization: tc.auth})
			s.e.answer = []byte("HTTP/1.1 200 OK\r\n" + strings.ReplaceAll(backend, ", ", "\r\n") + "\r\nContent-Length: 2\r\n\r\nok")
			method, target, _ := strings.Cut(tc.call, " ")
			x := s.do(t, call{method: method, target: "/prod" + target, fields: tc.fields})
			if diff := cmp.Diff(tc.want, text(t, x)); diff != "" {
				t.Error(diff)
			}
			if (s.e.calls > 0) != tc.called {
				t.Errorf("the backend was called %d times", s.e.calls)
			}
			if _, ok := x.Out.Header.Get("Apigw-Requestid"); !ok {
				t.Error("the reply has no id")
			}
		})
	}
}

// TestCORSIsTheDeployments holds that a stage without a deployment says nothing
// to browsers.
func TestCORSIsTheDeployments(t *testing.T) {
	s := stock(t, &wide, gate.Route{Key: "GET /pets"})
	var ch Change
	c := NewCatalog()
	c.Apply(gate.APIKey("abc"), put("", gate.API{ID: "abc", Protocol: gate.HTTP}).Value, &ch)
	c.Apply(gate.StageKey(gate.StageRef{API: "abc", Name: "prod"}), put("", gate.Stage{API: "abc", Name: "prod"}).Value, &ch)
	s.plan = Compile(t.Context(), c, 1, ch, nil, &Live{Meters: noMeters{}}, nil)
	x := s.do(t, call{method: "OPTIONS", target: "/prod/pets", fields: []string{fromShop, asksPut}})
	if got := text(t, x); got != `404 Content-Type: application/json | {"message":"Not Found"}` {
		t.Error(got)
	}
}

// TestCORSTrail holds that explain can say why a browser refuses what the
// gateway has answered without complaint.
func TestCORSTrail(t *testing.T) {
	for _, tc := range []struct {
		desc   string
		cors   gate.CORS
		call   string
		fields []string
		want   []string // decision and part of its text
	}{
		{"Allowed, by which rule.", secure, "GET", []string{fromShop}, []string{"allowed https://shop.example.com https://"}},
		{"Not in the list.", exact, "GET", []string{fromOther}, []string{"refused https://evil.example.com no reply may be read: the origin is not in allowOrigins; it would be allowed by: https://evil.example.com, https://*$"}},
		{"The scheme is another one.", exact, "GET", []string{"Origin: http://shop.example.com"}, []string{"refused http://shop.example.com no reply may be read: allowOrigins has https://shop.example.com: scheme"}},
		{"A page without an origin.", exact, "GET", []string{"Origin: null"}, []string{"refused null no reply may be read: pages without an origin"}},
		{"An empty list.", gate.CORS{}, "GET", []string{fromShop}, []string{"refused https://shop.example.com no reply may be read: allowOrigins is empty"}},
		{"A preflight in order.", exact, "OPTIONS", []string{fromShop, asksPut, "Access-Control-Request-Headers: content-type,x-api-key"}, []string{"allowed https://shop.example.com https://shop.example.com"}},
		{"A method that is not in the list.", exact, "OPTIONS", []string{fromShop, "Access-Control-Request-Method: DELETE"},
			[]string{"allowed https://shop.example.com", "refused https://shop.example.com the request may not be made: method DELETE is not in allowMethods; it would be allowed by: DELETE, *"}},
		{"A method in small letters is another one.", exact, "OPTIONS", []string{fromShop, "Access-Control-Request-Method: put"},
			[]string{"allowed https://shop.example.com", "refused https://shop.example.com the request may not be made: method put"}},
		{"POST needs no leave.", exact, "OPTIONS", []string{fromShop, "Access-Control-Request-Method: POST"}, []string{"allowed https://shop.example.com"}},
		{"A header that is not in the list.", exact, "OPTIONS", []string{fromShop, asksPut, "Access-Control-Request-Headers: content-type, x-trace"},
			[]string{"allowed https://shop.example.com", "refused https://shop.example.com the request may not be made: header x-trace is not in allowHeaders; it would be allowed by: x-trace, *"}},
		{"An origin that only a list without credentials could allow.", gate.CORS{AllowOrigins: []string{"http://a"}}, "GET", []string{"Origin: capacitor://app"},
			[]string{"refused capacitor://app no reply may be read: the origin is not in allowOrigins; it would be allowed by: capacitor://app, *$"}},
		{"Authorization that is not listed.", exact, "OPTIONS", []string{fromShop, asksPut, "Access-Control-Request-Headers: Authorization"},
			[]string{"allowed https://shop.example.com", "refused https://shop.example.com the request may not be made: header Authorization is not in allowHeaders; it would be allowed by: Authorization$"}},
		{"A star does not stand for Authorization.", wide, "OPTIONS", []string{fromShop, asksPut, "Access-Control-Request-Headers: authorization,x-trace"},
			[]string{"allowed https://shop.example.com *", "refused https://shop.example.com the request may not be made: * in allowHeaders does not stand for Authorization"}},
		{"Authorization by name is enough.", gate.CORS{AllowOrigins: []string{"*"}, AllowMethods: []string{"PUT"}, AllowHeaders: []string{"X", "AUTHORIZATION"}}, "OPTIONS",
			[]string{fromShop, asksPut, "Access-Control-Request-Headers: authorization"}, []string{"allowed https://shop.example.com *"}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			s := stock(t, &tc.cors, gate.Route{Key: "GET /pets"})
			x := s.do(t, call{method: tc.call, target: "/prod/pets", fields: tc.fields, trail: true})
			checkCORSTrail(t, x.Trail, tc.want)
		})
	}
	t.Run("A preflight that its route refused.", func(t *testing.T) {
		s := stock(t, &wide, gate.Route{Key: "$default", Authorization: gate.Authorization{Kind: gate.AuthIAM}})
		x := s.do(t, call{method: "OPTIONS", target: "/prod/pets", fields: []string{fromShop, asksPut}, trail: true})
		checkCORSTrail(t, x.Trail, []string{"refused https://shop.example.com the preflight was answered AUTHORIZER_CONFIGURATION_ERROR by its route, which browsers take for a no: add a route OPTIONS /{proxy+}"})
	})
}

func checkCORSTrail(t *testing.T, trail *flow.Trail, want []string) {
	t.Helper()
	var got []string
	for i := range trail.Len() {
		switch what, a, b := trail.At(i); what {
		case flow.CORSAllowed:
			got = append(got, "allowed "+a+" "+b)
		case flow.CORSRefused:
			got = append(got, "refused "+a+" "+b)
		}
	}
	for i := range min(len(got), len(want)) {
		if strings.HasPrefix(got[i]+"$", want[i]) { // a want that ends in "$" is the whole
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
