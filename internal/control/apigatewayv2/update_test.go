package apigatewayv2

import (
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestUpdatesReachEveryField sends each update with every member that it can
// have, and holds that get answers all of them. A member that is added to the
// model, and is not refused, is missing here and fails.
func TestUpdatesReachEveryField(t *testing.T) {
	w := newWorld(t)
	api := w.api()
	i, j := w.integration(api), w.integration(api)
	r := w.route(api, "GET /a", i)
	d := w.deploy(api, "")
	w.stage(api, "s", false)
	link := &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: i, IntegrationType: new("HTTP_PROXY"), ConnectionType: new("VPC_LINK"), ConnectionId: w.vpcLink(),
		CredentialsArn: new("arn:aws:iam::123456789012:role/r"), Description: new("d"), IntegrationMethod: new("PUT"), PayloadFormatVersion: new("1.0"),
		IntegrationUri:  private(nil, nil).IntegrationUri,
		TimeoutInMillis: new(int32(60)), TlsConfig: &v2.TlsConfigInput{ServerNameToVerify: new("h")}}
	service := &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: j, IntegrationType: new("AWS_PROXY"), IntegrationSubtype: new("SQS-PurgeQueue"),
		CredentialsArn: new("arn:aws:iam::123456789012:role/r"), IntegrationUri: new(""), IntegrationMethod: new(""),
		RequestParameters: map[string]string{"QueueUrl": "https://q/1/n"}, ResponseParameters: map[string]map[string]string{"200": {"overwrite:statuscode": "201"}}}
	route := &v2.UpdateRouteInput{ApiId: api, RouteId: r, RouteKey: new("ANY /b"), Target: new("integrations/" + *j), OperationName: new("o"),
		AuthorizationType: new("JWT"), AuthorizerId: w.jwt(api), AuthorizationScopes: []string{"x"}}
	stage := &v2.UpdateStageInput{ApiId: api, StageName: new("s"), AutoDeploy: new(false), DeploymentId: d, Description: new("d"),
		AccessLogSettings:    &v2.AccessLogSettings{DestinationArn: new("arn:aws:logs:us-east-1:123456789012:log-group:g"), Format: new("$context.requestId")},
		DefaultRouteSettings: &v2.RouteSettings{DetailedMetricsEnabled: new(true), ThrottlingBurstLimit: new(int32(1)), ThrottlingRateLimit: new(2.0)},
		RouteSettings:        map[string]v2.RouteSettings{"GET /a": {ThrottlingBurstLimit: new(int32(1))}}, StageVariables: map[string]string{"v": "w"}}
	head := &v2.UpdateApiInput{ApiId: api, Name: new("n"), Description: new("d"), Version: new("v"), DisableExecuteApiEndpoint: new(true),
		DisableSchemaValidation: new(true), IpAddressType: new("dualstack"), RouteSelectionExpression: new("${request.method} ${request.path}"),
		ApiKeySelectionExpression: new("$request.header.x"), CorsConfiguration: &v2.Cors{MaxAge: new(int32(5))}}
	deployment := &v2.UpdateDeploymentInput{ApiId: api, DeploymentId: d, Description: new("d")}

	for _, tc := range []struct {
		desc   string
		in     any
		fields control.Fields
		other  []string // members that another case, or another test, sends
		update func() error
		get    func() (any, error)
	}{
		{"Stage", stage, stageFields, nil,
			func() error { _, err := w.UpdateStage(w.ctx, stage); return err },
			func() (any, error) { return w.GetStage(w.ctx, &v2.GetStageInput{ApiId: api, StageName: new("s")}) }},
		{"Private integration", link, integrationFields, []string{"integrationSubtype", "requestParameters", "responseParameters"},
			func() error { _, err := w.UpdateIntegration(w.ctx, link); return err },
			func() (any, error) {
				return w.GetIntegration(w.ctx, &v2.GetIntegrationInput{ApiId: api, IntegrationId: i})
			}},
		{"Service integration", service, integrationFields, []string{"connectionId", "connectionType", "description", "payloadFormatVersion", "timeoutInMillis", "tlsConfig"},
			func() error { _, err := w.UpdateIntegration(w.ctx, service); return err },
			func() (any, error) {
				return w.GetIntegration(w.ctx, &v2.GetIntegrationInput{ApiId: api, IntegrationId: j})
			}},
		{"Route", route, routeFields, nil,
			func() error { _, err := w.UpdateRoute(w.ctx, route); return err },
			func() (any, error) { return w.GetRoute(w.ctx, &v2.GetRouteInput{ApiId: api, RouteId: r}) }},
		{"Api", head, apiFields, []string{"target", "routeKey", "credentialsArn"},
			func() error { _, err := w.UpdateApi(w.ctx, head); return err },
			func() (any, error) { return w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api}) }},
		{"Deployment", deployment, deploymentFields, nil,
			func() error { _, err := w.UpdateDeployment(w.ctx, deployment); return err },
			func() (any, error) {
				return w.GetDeployment(w.ctx, &v2.GetDeploymentInput{ApiId: api, DeploymentId: d})
			}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			want := map[string]any{}
			in := reflect.ValueOf(tc.in).Elem()
			for n := range in.NumField() {
				f := in.Type().Field(n)
				name, rest, _ := strings.Cut(f.Tag.Get("wire"), ",")
				field := tc.fields[name]
				left := field.Class == control.Refused || strings.Contains(rest, "label") || name == "requestParameters" && f.Type.Elem().Kind() == reflect.Struct
				for _, o := range tc.other {
					left = left || o == name
				}
				switch {
				case in.Field(n).IsZero() && !left:
					t.Errorf("member %s is not sent", name)
				case in.Field(n).IsZero() || strings.Contains(rest, "label"):
				case in.Field(n).Kind() == reflect.Pointer && in.Field(n).Elem().Kind() == reflect.String && in.Field(n).Elem().Len() == 0:
				default:
					want[f.Name] = in.Field(n).Interface()
				}
			}
			if err := tc.update(); err != nil {
				t.Fatal(err)
			}
			out, err := tc.get()
			if err != nil {
				t.Fatal(err)
			}
			got := members(out)
			for name, v := range want {
				if name == "TlsConfig" {
					v = (*v2.TlsConfig)(v.(*v2.TlsConfigInput))
				}
				if diff := cmp.Diff(v, got[name]); diff != "" {
					t.Errorf("%s:\n%s", name, diff)
				}
			}
		})
	}
}

// TestOnTheWire walks a few calls through the generated table, as a client
// sends them.
func TestOnTheWire(t *testing.T) {
	w := newWorld(t)
	h, err := v2.NewHandler(w.Service, wire.Options{Identify: func(_ *http.Request, _ []byte, c *wire.Caller) error {
		c.Account = account
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	for _, tc := range []struct {
		desc, method, path, body string
		status                   int
		part                     string
	}{
		{"Create.", "POST", "/v2/apis", `{"name":"x","protocolType":"HTTP","tags":{"_custom_id_":"abc"}}`, 201, `"apiId":"abc"`},
		{"Get.", "GET", "/v2/apis/abc", "", 200, `"routeSelectionExpression":"$request.method $request.path"`},
		{"List.", "GET", "/v2/apis?maxResults=5", "", 200, `"items":[{`},
		{"A stage whose name is escaped.", "POST", "/v2/apis/abc/stages", `{"stageName":"$default"}`, 201, `"stageVariables":{}`},
		{"Found again.", "GET", "/v2/apis/abc/stages/%24default", "", 200, `"stageName":"$default"`},
		{"A bad field.", "POST", "/v2/apis/abc/routes", `{"routeKey":"GET"}`, 400, `routeKey`},
		{"Not there.", "GET", "/v2/apis/nope", "", 404, `{"message":"Invalid API identifier specified 123456789012:nope","resourceType":"Api"}`},
		{"Not built.", "GET", "/v2/portals", "", 501, `ListPortals`},
		{"Delete.", "DELETE", "/v2/apis/abc", "", 204, ``},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			rec := call(tc.method, tc.path, tc.body)
			if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.part) {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
		})
	}
}

// TestAStageThatGoesMeanwhile holds that a stage which was made or changed is
// answered as it was committed, whatever others have done to it since.
func TestAStageThatGoesMeanwhile(t *testing.T) {
	for _, tc := range []struct {
		desc      string
		auto      bool
		meanwhile func(w *world, api *string) error
	}{
		{"It is deleted.", false, func(w *world, api *string) error {
			return w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("s")})
		}},
		{"It is deleted before its automatic deployment.", true, func(w *world, api *string) error {
			return w.DeleteStage(w.ctx, &v2.DeleteStageInput{ApiId: api, StageName: new("s")})
		}},
		{"Its API is deleted.", true, func(w *world, api *string) error {
			return w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api})
		}},
		{"It is changed.", true, func(w *world, api *string) error {
			_, err := w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("s"), Description: new("theirs")})
			return err
		}},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := newWorld(t)
			api := w.api()
			w.route(api, "GET /a", nil)
			var op func(*world, *string) error
			w.desk.Handled = func(context.Context, uint64) error {
				now := op
				op = nil
				if now == nil {
					return nil
				}
				return now(w, api)
			}
			op = tc.meanwhile
			made, err := w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"), AutoDeploy: &tc.auto, Description: new("mine")})
			if err != nil || text(made.StageName) != "s" || text(made.Description) != "mine" {
				t.Errorf("created: %+v, %v", made, err)
			}
			if op != nil {
				t.Fatal("nothing has happened meanwhile")
			}
			api = w.api()
			w.route(api, "GET /a", nil)
			w.stage(api, "s", tc.auto)
			op = tc.meanwhile
			changed, err := w.UpdateStage(w.ctx, &v2.UpdateStageInput{ApiId: api, StageName: new("s"), Description: new("mine, too")})
			if err != nil || text(changed.StageName) != "s" || text(changed.Description) != "mine, too" {
				t.Errorf("changed: %+v, %v", changed, err)
			}
		})
	}
}
