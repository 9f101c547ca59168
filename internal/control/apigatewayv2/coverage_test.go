package apigatewayv2

import (
	"bytes"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/internal/control"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// TestEveryOperationIsWhatTheTableSays calls each operation with an empty input:
// those that are listed do not answer 501, and all others do.
func TestEveryOperationIsWhatTheTableSays(t *testing.T) {
	w := newWorld(t)
	for _, op := range v2.Table(w.Service).Operations {
		_, err := op.Call(w.ctx, reflect.New(op.In).Interface())
		built := typeOf(err) != "NotImplementedException"
		if listed := operations[op.Name] != nil; built != listed {
			t.Errorf("%s: listed %v, but answers %v", op.Name, listed, err)
		}
	}
}

// TestAFieldWithoutAClass holds that the guard of docs/coverage.md works.
func TestAFieldWithoutAClass(t *testing.T) {
	short := control.Fields{}
	for path, f := range routeFields {
		if path != "target" {
			short[path] = f
		}
	}
	_, err := control.Coverage(v2.Table(v2.Unimplemented{}), control.Inputs{"CreateRoute": short, "Nope": short}, testOf)
	if err == nil || !strings.Contains(err.Error(), "CreateRoute.target has no class") || !strings.Contains(err.Error(), "Nope is no operation") {
		t.Errorf("got %v", err)
	}
}

// TestEveryClassHasAField holds that no row of the tables is left over.
func TestEveryClassHasAField(t *testing.T) {
	known := map[string][]string{}
	for _, op := range v2.Table(v2.Unimplemented{}).Operations {
		for name, fields := range resources {
			if reflect.ValueOf(fields).Pointer() == reflect.ValueOf(operations[op.Name]).Pointer() {
				known[name] = append(known[name], control.Paths(op.In)...)
			}
		}
	}
	for name, fields := range resources {
		for path := range fields {
			if !slices.Contains(known[name], path) {
				t.Errorf("%s.%s is no field of the model", name, path)
			}
		}
	}
}

// TestWhatIsNotEnforcedIsLogged holds that a deployment says what it ignores.
func TestWhatIsNotEnforcedIsLogged(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.desk.Log = slog.New(slog.NewTextHandler(&log, nil))
	api := w.api()
	must[*v2.UpdateApiOutput](t)(w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, CorsConfiguration: &v2.Cors{AllowOrigins: []string{"*"}}}))
	w.route(api, "GET /open", w.integration(api))
	must[*v2.CreateRouteOutput](t)(w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("GET /iam"), AuthorizationType: new("AWS_IAM")}))
	must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("AWS_PROXY"),
		IntegrationUri: new("arn:aws:lambda:us-east-1:123456789012:function:f"), PayloadFormatVersion: new("2.0")}))
	must[*v2.CreateStageOutput](t)(w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"),
		RouteSettings: map[string]v2.RouteSettings{"GET /open": {ThrottlingRateLimit: new(1.0)}}}))
	log.Reset()
	w.deploy(api, "s")
	want := "settings=\"integration.integrationType, integration.payloadFormatVersion, route.authorizationType, stage.routeSettings.*.throttlingRateLimit\""
	if !strings.Contains(log.String(), want) {
		t.Errorf("got %s, want %s", log.String(), want)
	}
	for _, tc := range []struct {
		desc        string
		integration func(api *string) *v2.CreateIntegrationInput
		want        string // part of the log; "": nothing is told
	}{
		{"A plain API is not warned of.", func(api *string) *v2.CreateIntegrationInput {
			return &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("GET"), IntegrationUri: new("http://h/")}
		}, ""},
		{"Nor is one behind a VPC link.", func(api *string) *v2.CreateIntegrationInput { return private(api, w.vpcLink()) }, ""},
		{"Of an AWS service, only the role does not act.", func(api *string) *v2.CreateIntegrationInput {
			return queueing(api, map[string]string{"QueueUrl": "https://q/1/n", "MessageBody": "b"})
		}, "settings=integration.credentialsArn\n"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			log.Reset()
			api := w.api()
			w.route(api, "GET /", must[*v2.CreateIntegrationOutput](t)(w.CreateIntegration(w.ctx, tc.integration(api))).IntegrationId)
			w.stage(api, "s", true)
			if told := strings.Contains(log.String(), "enforce"); told != (tc.want != "") || !strings.Contains(log.String(), tc.want) {
				t.Errorf("got %s, want %q", log.String(), tc.want)
			}
		})
	}
}
