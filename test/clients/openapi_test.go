package clients_test

import (
	"fmt"
	"net/http"
	"strings"
)

// document is a definition with one route, below the base path /base.
func (w *walker) document(path string) string {
	return fmt.Sprintf(`{"openapi": "3.0.1", "info": {"title": "imported", "version": "1.0", "description": "from a document"},
		"servers": [{"url": "https://api.example.com/base"}],
		"tags": [{"name": "team", "x-amazon-apigateway-tag-value": "zoo"}],
		"x-amazon-apigateway-cors": {"allowOrigins": ["https://example.com"], "maxAge": 60},
		"paths": {"%s": {"get": {"operationId": "show", "x-amazon-apigateway-integration": {
			"type": "http_proxy", "httpMethod": "ANY", "uri": "%s/imported/{id}", "payloadFormatVersion": "1.0",
			"requestParameters": {"append:header.x-walk": "$request.path.id"}}}}}}`, path, w.backend)
}

// openAPI imports an API, replaces it, and sees that what is exported imports
// again as the same.
func (w *walker) openAPI(other *thing) {
	w.Helper()
	out := w.do("ImportApi", m{"Body": w.document("/pets/{id}"), "Basepath": "prepend", "FailOnWarnings": true})
	a := &thing{kindAPI, w, nil, fmt.Sprint(out["ApiId"]), m{
		"Name": "imported", "Version": "1.0", "Description": "from a document", "ProtocolType": "HTTP",
		"Tags": m{"team": "zoo"}, "CorsConfiguration": m{"AllowOrigins": []any{"https://example.com"}, "MaxAge": 60},
	}}
	a.check("ImportApi", out)
	a.agrees()
	w.pages(a, other)
	a.make(kindStage, m{"StageName": "$default", "AutoDeploy": true})
	w.reaches("what is imported serves", a.url("", "/base/pets/7"), echo{Method: "GET", Path: "/imported/7", Walk: "7"})
	w.showsRoute(a, "GET /base/pets/{id}", "show")

	export := m{"ApiId": a.id, "Specification": "OAS30", "OutputType": "JSON", "ExportVersion": "1.0", "IncludeExtensions": true, "StageName": "$default"}
	first := w.export(export)
	a.check("ReimportApi", w.do("ReimportApi", m{"ApiId": a.id, "Body": w.document("/animals/{id}"), "Basepath": "ignore", "FailOnWarnings": true}))
	w.reaches("another document replaces it", a.url("", "/animals/7"), echo{Method: "GET", Path: "/imported/7", Walk: "7"})
	w.answers("all of it", a.url("", "/base/pets/7"), http.StatusNotFound)
	if second := w.export(export); second == first || !strings.Contains(second, "/animals/{id}") {
		w.Errorf("after another import the same is exported: %s", second)
	}
	w.refuses("a document that warns", "ReimportApi", m{"ApiId": a.id, "FailOnWarnings": true,
		"Body": `{"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": {}}}}`}, "BadRequestException", 400)
	w.refuses("a document that is broken", "ImportApi", m{"Body": `{"openapi": "3.0.1", "paths": []}`}, "BadRequestException", 400)
	w.reaches("what is refused changes nothing", a.url("", "/animals/7"), echo{Method: "GET", Path: "/imported/7", Walk: "7"})

	w.do("ReimportApi", m{"ApiId": a.id, "Body": first, "Basepath": "ignore"})
	a.agrees()
	w.reaches("what was exported imports again", a.url("", "/base/pets/7"), echo{Method: "GET", Path: "/imported/7", Walk: "7"})
	w.showsRoute(a, "GET /base/pets/{id}", "show")
	if again := w.export(export); again != first {
		w.Errorf("what was exported and imported is exported as\n%s\nand not as\n%s", again, first)
	}
	if text := w.export(m{"ApiId": a.id, "Specification": "OAS30", "OutputType": "YAML", "IncludeExtensions": false}); !strings.Contains(text, "\nopenapi: 3.0.1\n") ||
		!strings.Contains(text, "/base/pets/{id}") || strings.Contains(text, "x-amazon-apigateway") {
		w.Errorf("the draft as YAML without extensions is\n%s", text)
	}
	a.remove()
}

func (w *walker) export(in m) string {
	w.Helper()
	text, _ := w.do("ExportApi", in)["Body"].(string)
	if text == "" {
		w.Fatalf("ExportApi %v answers no document", in)
	}
	return text
}

// showsRoute wants the API to have this one route.
func (w *walker) showsRoute(a *thing, key, operation string) {
	w.Helper()
	routes := w.items(kindRoute, a.key())
	if len(routes) != 1 || routes[0]["RouteKey"] != key || routes[0]["OperationName"] != operation {
		w.Errorf("the routes are %v, want only %s of the name %s", routes, key, operation)
	}
}
