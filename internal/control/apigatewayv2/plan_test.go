package apigatewayv2

import (
	"strings"
	"testing"

	"gatehouse/internal/gate"
	"gatehouse/internal/integrate"
	"gatehouse/internal/upstream"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// withBackends gives a world the dry run of real integrations.
func withBackends(t *testing.T, w *world) {
	pools := upstream.New(upstream.Options{})
	t.Cleanup(pools.Close)
	w.compiles = func(d *gate.Definition) error {
		for i := range d.Routes {
			if r := &d.Routes[i]; r.Integration != nil && r.Integration.Kind == gate.HTTPProxy {
				if _, err := integrate.HTTP(r, pools); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// TestAURIThatNoRouteCanServe holds that it is refused where it is given, not
// with the next deployment of everything.
func TestAURIThatNoRouteCanServe(t *testing.T) {
	w := newWorld(t)
	withBackends(t, w)
	api := w.api()
	w.integration(api) // http://127.0.0.1:1/{id}
	for _, tc := range []struct{ desc, uri string }{
		{"A port that does not exist.", "http://h:70000/"},
		{"A path with a byte that is no path's.", "http://h/a\"b"},
		{"A host with an empty label.", "http://a..b/"},
		{"A host that only some resolvers take for an address.", "http://127.1/"},
		{"More parameters than a route can have.", "http://h/" + params(17)},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := *w
			w.TB = t
			before := w.dump()
			_, err := w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: &tc.uri})
			w.refused(before, err, "BadRequestException", "integrationUri")
		})
	}
	for _, uri := range []string{"http://h/" + params(16), "https://[::1]:8443/{a}?q={a}", "http://h"} {
		if _, err := w.CreateIntegration(w.ctx, &v2.CreateIntegrationInput{ApiId: api, IntegrationType: new("HTTP_PROXY"), IntegrationMethod: new("ANY"), IntegrationUri: &uri}); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func params(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("{p" + string(rune('a'+i)) + "}/")
	}
	return b.String()
}

// TestAnEditInTwoSteps holds that a route and its integration may change one
// after the other, although nothing between the two can be served.
func TestAnEditInTwoSteps(t *testing.T) {
	w := newWorld(t)
	withBackends(t, w)
	api := w.api()
	i := w.integration(api)
	r := w.route(api, "GET /{id}", i)
	w.stage(api, "auto", true)
	before := w.live(api, "auto").Deployment
	must[*v2.UpdateIntegrationOutput](t)(w.UpdateIntegration(w.ctx, &v2.UpdateIntegrationInput{ApiId: api, IntegrationId: i, IntegrationUri: new("http://127.0.0.1:1/{name}")}))
	if got := w.live(api, "auto").Deployment; got != before {
		t.Errorf("what cannot be served went live as %s", got)
	}
	if m := text(w.getStage(api, "auto").LastDeploymentStatusMessage); !strings.Contains(m, "Deployment attempt failed") || !strings.Contains(m, "name") {
		t.Errorf("the stage says %q", m)
	}
	must[*v2.UpdateRouteOutput](t)(w.UpdateRoute(w.ctx, &v2.UpdateRouteInput{ApiId: api, RouteId: r, RouteKey: new("GET /{name}")}))
	if got := w.served(api, "auto"); got.Routes[0].Key != "GET /{name}" {
		t.Errorf("served: %v", keysOf(got))
	}
}
