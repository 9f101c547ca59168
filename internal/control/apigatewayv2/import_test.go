package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/store/local"
	"gatehouse/internal/store/memory"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

const petsHead = "openapi: 3.0.1\ninfo: {title: pets, version: \"1\"}\n"

// pets is a document with something of everything.
const pets = petsHead + `tags: [{name: team, x-amazon-apigateway-tag-value: zoo}, {name: only a word}]
servers: [{url: "https://h/v1"}]
x-amazon-apigateway-cors: {allowOrigins: ["https://a"], maxAge: 60}
x-amazon-apigateway-endpoint-configuration: {disableExecuteApiEndpoint: true}
paths:
  /pets:
    get: {operationId: list, security: [{jwt: [read]}], x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/pets"}}
    post: {x-amazon-apigateway-auth: {type: AWS_IAM}, x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/pets"}}
  /pets/{id}:
    x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: "http://127.0.0.1:1/{id}"}}
  /$default:
    x-amazon-apigateway-any-method: {isDefaultRoute: true, parameters: []}
components:
  schemas: {pet: {type: object}}
  securitySchemes:
    jwt: {type: oauth2, x-amazon-apigateway-authorizer: {type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: {issuer: "https://i/", audience: [a]}}}
  x-amazon-apigateway-integrations:
    pets: {type: http_proxy, httpMethod: ANY, uri: "http://127.0.0.1:1/pets", payloadFormatVersion: 1.0, timeoutInMillis: 5000}
`

func (w *world) importing(doc string) *v2.ImportApiOutput {
	w.Helper()
	return must[*v2.ImportApiOutput](w)(w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &doc}))
}

func (w *world) reimporting(api *string, doc string) *v2.ReimportApiOutput {
	w.Helper()
	return must[*v2.ReimportApiOutput](w)(w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: api, Body: &doc}))
}

// routeKeysOf are those of the draft, sorted.
func (w *world) routeKeysOf(api *string) []string {
	w.Helper()
	var keys []string
	for _, r := range must[*v2.GetRoutesOutput](w)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api, MaxResults: new("500")})).Items {
		keys = append(keys, *r.RouteKey)
	}
	slices.Sort(keys)
	return keys
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	out := w.importing(pets)
	api := out.ApiId
	if *out.Name != "pets" || *out.Version != "1" || out.Tags["team"] != "zoo" || len(out.Tags) != 1 || !*out.DisableExecuteApiEndpoint || *out.CorsConfiguration.MaxAge != 60 || *out.ProtocolType != "HTTP" {
		t.Errorf("the api is %+v", members(out))
	}
	if len(out.Warnings) != 1 || out.Warnings[0] != "line 14, column 5: operation $default has no integration: its route answers 500 until it has one" {
		t.Errorf("warnings %q", out.Warnings)
	}
	if len(out.ImportInfo) != 2 || !strings.Contains(out.ImportInfo[1], "line 16, column 3: components.schemas: 1 found") {
		t.Errorf("importInfo %q", out.ImportInfo)
	}
	again := must[*v2.GetApiOutput](t)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api}))
	if again.Warnings != nil || again.ImportInfo != nil {
		t.Errorf("the remarks on an import are of its answer alone: %q, %q", again.Warnings, again.ImportInfo)
	}
	routes := must[*v2.GetRoutesOutput](t)(w.GetRoutes(w.ctx, &v2.GetRoutesInput{ApiId: api})).Items
	byKey := map[string]v2.Route{}
	for _, r := range routes {
		byKey[*r.RouteKey] = r
	}
	list, post := byKey["GET /pets"], byKey["POST /pets"]
	if *list.AuthorizationType != "JWT" || list.AuthorizationScopes[0] != "read" || *list.OperationName != "list" || *list.Target != *post.Target || *post.AuthorizationType != "AWS_IAM" {
		t.Errorf("routes %+v, %+v", members(&list), members(&post))
	}
	i := must[*v2.GetIntegrationOutput](t)(w.GetIntegration(w.ctx, &v2.GetIntegrationInput{ApiId: api, IntegrationId: new((*list.Target)[len(targetPrefix):])}))
	if *i.TimeoutInMillis != 5000 || *i.ConnectionType != "INTERNET" {
		t.Errorf("integration %+v", members(i))
	}
	// The books are kept as if every part had been created by itself.
	_, err := w.DeleteIntegration2(api, i.IntegrationId)
	if typeOf(err) != "ConflictException" || !strings.Contains(err.Error(), "2 route(s)") {
		t.Errorf("an integration in use is deleted: %v", err)
	}
	if err := w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: list.AuthorizerId}); typeOf(err) != "ConflictException" {
		t.Errorf("an authorizer in use is deleted: %v", err)
	}
	if _, err := w.CreateRoute(w.ctx, &v2.CreateRouteInput{ApiId: api, RouteKey: new("ANY /pets/{name}")}); typeOf(err) != "ConflictException" {
		t.Errorf("a route that is there is created: %v", err)
	}
	if _, err := w.CreateAuthorizer(w.ctx, &v2.CreateAuthorizerInput{ApiId: api, Name: new("jwt"), AuthorizerType: new("JWT"), IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &v2.JWTConfiguration{Issuer: new("https://i"), Audience: []string{"a"}}}); typeOf(err) != "ConflictException" {
		t.Errorf("a name that is taken is given again: %v", err)
	}
	w.stage(api, "s", true)
	if got := keysOf(w.served(api, "s")); !cmp.Equal(got, []string{"$default", "ANY /pets/{id}", "GET /pets", "POST /pets"}) {
		t.Errorf("served: %q", got)
	}
	if left := w.notes(); len(left) > 0 {
		t.Errorf("notes are left: %q", left)
	}
	if err := w.DeleteApi(w.ctx, &v2.DeleteApiInput{ApiId: api}); err != nil {
		t.Fatal(err)
	}
	for key := range w.dump() {
		if strings.Contains(key, *api) {
			t.Errorf("left after DeleteApi: %s", key)
		}
	}
}

func (w *world) DeleteIntegration2(api, id *string) (struct{}, error) {
	return struct{}{}, w.DeleteIntegration(w.ctx, &v2.DeleteIntegrationInput{ApiId: api, IntegrationId: id})
}

// notes are the keys of imports that are under way.
func (w *world) notes() (keys []string) {
	for key := range w.dump() {
		if strings.HasPrefix(key, importing) {
			keys = append(keys, key)
		}
	}
	return keys
}

// TestReimport holds that all is replaced at once, that stages serve the old
// definition until they are deployed, and that autoDeploy deploys once.
func TestReimport(t *testing.T) {
	w := newWorld(t)
	quick := must[*v2.CreateApiOutput](t)(w.CreateApi(w.ctx, &v2.CreateApiInput{Name: new("q"), ProtocolType: new("HTTP"), Target: new("http://h/"),
		ApiKeySelectionExpression: new("$request.header.k"), Tags: map[string]string{"a": "b"}, Description: new("old")}))
	api := quick.ApiId
	w.stage(api, "manual", false)
	w.deploy(api, "manual")
	manual, auto := w.live(api, "manual").Deployment, w.live(api, "$default").Deployment
	out := w.reimporting(api, strings.Replace(pets, "tags:", "x-tags:", 1))
	if *out.ApiId != *api || *out.Name != "pets" || out.Description != nil || out.Tags["a"] != "b" || *out.ApiKeySelectionExpression != "$request.header.k" || !out.CreatedDate.Equal(*quick.CreatedDate) {
		t.Errorf("%+v", members(out))
	}
	want := []string{"$default", "ANY /pets/{id}", "GET /pets", "POST /pets"}
	if got := w.routeKeysOf(api); !cmp.Equal(got, want) {
		t.Errorf("the draft has %q", got)
	}
	if w.live(api, "manual").Deployment != manual || len(keysOf(w.served(api, "manual"))) != 1 {
		t.Error("a stage without autoDeploy serves something new")
	}
	if now := w.live(api, "$default").Deployment; now == auto || !cmp.Equal(keysOf(w.served(api, "$default")), want) {
		t.Errorf("a stage with autoDeploy serves %q", keysOf(w.served(api, "$default")))
	}
	if n := len(must[*v2.GetDeploymentsOutput](t)(w.GetDeployments(w.ctx, &v2.GetDeploymentsInput{ApiId: api})).Items); n != 3 {
		t.Errorf("%d deployments, want those before and one more", n)
	}
	if _, err := w.UpdateApi(w.ctx, &v2.UpdateApiInput{ApiId: api, Target: new("http://x/")}); typeOf(err) != "BadRequestException" {
		t.Errorf("what quick create made is gone, yet it is updated: %v", err)
	}
	generations := map[string]bool{}
	for key := range w.dump() {
		if rest, ok := strings.CutPrefix(key, "draft/"+account+"/us-east-1/api/"+*api+"/"); ok && rest[0] >= '0' && rest[0] <= '9' {
			generations[rest[:strings.Index(rest, "/")]] = true
		}
	}
	if len(generations) != 1 || !generations["2"] {
		t.Errorf("generations left: %v", generations)
	}
	w.reimporting(api, petsHead+"paths: {}\n")
	if got := w.routeKeysOf(api); len(got) != 0 {
		t.Errorf("the draft has %q", got)
	}
}

// TestRefusedImports holds that nothing of a document comes into the store that
// is not taken as a whole, and that the place of the fault is told.
func TestRefusedImports(t *testing.T) {
	w := newWorld(t)
	withBackends(t, w)
	taken := w.importing(strings.Replace(pets, "{name: team, x-amazon-apigateway-tag-value: zoo}", "{name: _custom_id_, x-amazon-apigateway-tag-value: taken}", 1)).ApiId
	if *taken != "taken" {
		t.Fatalf("id %s", *taken)
	}
	operation := func(ext string) string {
		return petsHead + "paths:\n  /a:\n    get: {x-amazon-apigateway-integration: " + ext + "}\n"
	}
	for _, tc := range []struct{ desc, doc, typ, want string }{
		{"No document.", "", "BadRequestException", "Invalid OpenAPI input.\ndocument: it is empty"},
		{"Not YAML.", "a: [", "BadRequestException", "line 2, column 1: YAML"},
		{"A wrong type.", operation("[]"), "BadRequestException", "line 5, column 44: "},
		{"A URI that is none.", operation("{type: http_proxy, httpMethod: GET, uri: x}"), "BadRequestException", "line 5, column 44: Invalid integrationUri specified"},
		{"A URI that no backend can have.", operation("{type: http_proxy, httpMethod: GET, uri: 'http://h:70000/'}"), "BadRequestException", "line 5, column 44: Invalid integrationUri specified"},
		{"No method.", operation("{type: http_proxy, uri: 'http://h/'}"), "BadRequestException", "line 5, column 44: Enumeration value for HttpMethod must be non-empty"},
		{"A kind of REST APIs.", operation("{type: mock}"), "BadRequestException", `line 5, column 44: Invalid integrationType specified: "MOCK" is not supported for HTTP APIs`},
		{"A VPC link that is not there.", operation("{type: http_proxy, httpMethod: ANY, connectionType: VPC_LINK, connectionId: nope12, uri: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c'}"),
			"BadRequestException", "line 5, column 44: Invalid connectionId specified"},
		{"A reserved header in a mapping.", operation("{type: http_proxy, httpMethod: ANY, uri: 'http://h/', requestParameters: {'overwrite:header.x-amzn-a': b}}"), "BadRequestException", "line 5, column 44: "},
		{"A path that no route can have.", petsHead + "paths: {'/a{b}': {get: {}}}\n", "BadRequestException", "line 3, column 19: Invalid routeKey specified"},
		{"Two paths for the same requests.", petsHead + "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {get: {}}\n", "BadRequestException", "line 5, column 12: operation GET /a/{c} matches the same requests as GET /a/{b} at line 4, column 12"},
		{"Credentials for every origin.", petsHead + "paths: {}\nx-amazon-apigateway-cors: {allowCredentials: true, allowOrigins: ['*']}\n", "BadRequestException", "line 4, column 27: allow-credentials"},
		{"An authorizer without an audience.", petsHead + "paths: {}\ncomponents: {securitySchemes: {a: {x-amazon-apigateway-authorizer: {type: jwt, identitySource: $request.header.a, jwtConfiguration: {issuer: 'https://i'}}}}}\n",
			"BadRequestException", "line 4, column 68: Invalid jwtConfiguration.audience"},
		{"A title that is too long.", "openapi: 3.0.1\ninfo: {title: " + strings.Repeat("x", 129) + ", version: v}\npaths: {}\n", "BadRequestException", "line 2, column 7: Invalid name specified"},
		{"A tag that AWS keeps.", petsHead + "paths: {}\ntags: [{name: 'aws:x', x-amazon-apigateway-tag-value: y}]\n", "BadRequestException", "line 2, column 7: tags: key"},
		{"An id that is taken.", petsHead + "paths: {}\ntags: [{name: _custom_id_, x-amazon-apigateway-tag-value: taken}]\n", "ConflictException", "taken"},
		{"The last of many operations.", many(300) + "  /last: {get: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: ftp}}}\n", "BadRequestException", "line 303, column "},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			w := *w
			w.TB = t
			before := w.dump()
			_, err := w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &tc.doc})
			w.refused(before, err, tc.typ, tc.want)
			if tc.typ != "ConflictException" {
				_, err = w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: taken, Body: &tc.doc})
				w.refused(before, err, tc.typ, tc.want)
			}
		})
	}
	t.Run("What only the call gets wrong.", func(t *testing.T) {
		w := *w
		w.TB = t
		before := w.dump()
		doc := pets
		_, err := w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &doc, FailOnWarnings: new(true)})
		w.refused(before, err, "BadRequestException", "Warnings found during import:\nline 14")
		_, err = w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: taken, Body: &doc, FailOnWarnings: new(true)})
		w.refused(before, err, "BadRequestException", "Warnings found during import:\nline 14")
		_, err = w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &doc, Basepath: new("chop")})
		w.refused(before, err, "BadRequestException", "ignore, prepend, split")
		_, err = w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: new("nope"), Body: &doc})
		w.refused(before, err, "NotFoundException", "nope")
		_, err = w.ReimportApi(in("eu-west-1"), &v2.ReimportApiInput{ApiId: taken, Body: &doc})
		w.refused(before, err, "NotFoundException", "taken")
	})
}

// many is a document of n paths with an operation each, a line each.
func many(n int) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(petsHead, "\n") + "\npaths:\n")
	for i := range n - 1 {
		fmt.Fprintf(&b, "  /p%d/{id}: {get: {operationId: op%d, x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://127.0.0.1:1/%d/{id}', payloadFormatVersion: 1.0}}}\n", i, i, i)
	}
	return b.String()
}

func TestBasePathOfAnImport(t *testing.T) {
	w := newWorld(t)
	doc := petsHead + "servers: [{url: /base-url/part}]\npaths: {/test: {get: {}}}\n"
	for mode, want := range map[string]string{"": "GET /test", "ignore": "GET /test", "prepend": "GET /base-url/part/test", "split": "GET /part/test", "PREPEND": "GET /base-url/part/test"} {
		api := must[*v2.ImportApiOutput](t)(w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &doc, Basepath: &mode})).ApiId
		if got := w.routeKeysOf(api); got[0] != want {
			t.Errorf("%s: %s, want %s", mode, got[0], want)
		}
	}
}

// TestAnImportThatCannotBeDeployed holds that its owner is warned of the place.
func TestAnImportThatCannotBeDeployed(t *testing.T) {
	w := newWorld(t)
	withBackends(t, w)
	out := w.importing(petsHead + "paths:\n  /ok: {get: {x-amazon-apigateway-integration: &i {type: http_proxy, httpMethod: GET, uri: 'http://h/'}}}\n" +
		"  /a/{id}: {get: {x-amazon-apigateway-integration: {<<: *i, uri: 'http://h/{name}'}}}\n")
	if len(out.Warnings) != 1 || !strings.HasPrefix(out.Warnings[0], "line 5, column 13: the definition is imported, but could not be deployed: ") {
		t.Errorf("%q", out.Warnings)
	}
}

// TestAVPCLinkOfAnImport holds that a link counts the integrations of imports.
func TestAVPCLinkOfAnImport(t *testing.T) {
	w := newWorld(t)
	link := must[*v2.CreateVpcLinkOutput](t)(w.CreateVpcLink(w.ctx, &v2.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-12345678"}})).VpcLinkId
	doc := petsHead + "paths: {/a: {get: {x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, connectionType: VPC_LINK, connectionId: " + *link +
		", uri: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c'}}}}\n"
	api := w.importing(doc).ApiId
	if _, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: link}); err == nil {
		t.Error("a link in use is deleted")
	}
	w.reimporting(api, petsHead+"paths: {}\n")
	if _, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: link}); err != nil {
		t.Errorf("a link that nothing uses is kept: %v", err)
	}
}

// breaking is a store that fails at one commit.
type breaking struct {
	store.Store
	at, n int
	then  func()
}

var errBroken = errors.New("the disk is full")

func (b *breaking) Commit(ctx context.Context, changes ...store.Change) (uint64, error) {
	if b.n++; b.n == b.at {
		if b.then != nil {
			b.then()
		} else {
			return 0, errBroken
		}
	}
	return b.Store.Commit(ctx, changes...)
}

// TestAnImportThatBreaks holds that whichever commit fails, nothing is left.
func TestAnImportThatBreaks(t *testing.T) {
	m := memory.New()
	defer m.Close()
	b := &breaking{Store: m}
	w := worldOn(t, b)
	api := w.importing(pets).ApiId
	before := w.dump()
	doc := many(200)
	for at := 1; ; at++ {
		b.at, b.n = at, 0
		_, err := w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: api, Body: &doc})
		b.at = 0
		if err == nil {
			if at < 6 {
				t.Errorf("an import of 400 documents took %d commits", at-1)
			}
			break
		}
		if !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.dump()); diff != "" {
			t.Fatalf("after commit %d failed:\n%s", at, diff)
		}
	}
	if got := w.routeKeysOf(api); len(got) != 199 {
		t.Errorf("%d routes", len(got))
	}
}

// TestWhatACrashLeaves holds that a generation whose writer is gone is swept.
func TestWhatACrashLeaves(t *testing.T) {
	w := newWorld(t)
	api := w.importing(pets).ApiId
	before := w.dump()
	k := keys{placeOf(t, w), gate.APIID(*api)}
	e := must[*edition](t)(w.edition(w.ctx, many(50), nil))
	if err := w.write(w.ctx, k, 2, e); err != nil {
		t.Fatal(err)
	}
	note := func(age time.Duration) {
		err := w.desk.Do(w.ctx, "", func(t *control.Tx) error {
			return t.Set(k.noteKey(2), map[string]any{"account": k.place.Account, "region": k.place.Region, "since": time.Now().Add(-age)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	note(time.Minute)
	if err := w.Resume(w.ctx); err != nil {
		t.Fatal(err)
	}
	if len(w.notes()) != 1 {
		t.Error("an import that may be under way is swept")
	}
	note(time.Hour)
	if err := w.Resume(w.ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("left:\n%s", diff)
	}
}

// TestAnEditDuringAnImport holds that an edit of the old generation and the
// import do not mix, and that a swept import does not come into force.
func TestAnEditDuringAnImport(t *testing.T) {
	m := memory.New()
	defer m.Close()
	b := &breaking{Store: m}
	w := worldOn(t, b)
	api := w.importing(pets).ApiId
	b.then = func() { w.route(api, "GET /late", nil) }
	b.at, b.n = 3, 0
	w.reimporting(api, many(100))
	if got := w.routeKeysOf(api); len(got) != 99 || slices.Contains(got, "GET /late") {
		t.Errorf("%d routes: %q", len(got), got)
	}
	before := w.dump()
	b.then = func() {
		if err := w.Service.forget(w.ctx, keys{placeOf(t, w), gate.APIID(*api)}, 3); err != nil {
			t.Error(err)
		}
	}
	b.at, b.n = 4, 0
	doc := many(200)
	_, err := w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: api, Body: &doc})
	if err == nil || !strings.Contains(err.Error(), "swept away") {
		t.Errorf("got %v", err)
	}
	for key := range w.dump() {
		if _, was := before[key]; !was && !strings.Contains(key, "/"+*api+"/3/") {
			t.Errorf("new: %s", key)
		}
	}
}

// TestImportsAtOnce holds that the last of several wins as a whole.
func TestImportsAtOnce(t *testing.T) {
	w := newWorld(t)
	api := w.importing(pets).ApiId
	done := make(chan error)
	for n := range 4 {
		doc := strings.ReplaceAll(many(50+n), "/p", fmt.Sprintf("/%d-", n))
		go func() {
			_, err := w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: api, Body: &doc})
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	got := w.routeKeysOf(api)
	n := int(got[0][len("GET /")] - '0')
	if len(got) != 49+n || !strings.HasPrefix(got[len(got)-1], fmt.Sprintf("GET /%d-", n)) {
		t.Errorf("%d routes from %s to %s", len(got), got[0], got[len(got)-1])
	}
	if left := w.notes(); len(left) > 0 {
		t.Errorf("notes are left: %q", left)
	}
}

// imported are the probes of imports and exports.
func imported() map[string]probe {
	doc := petsHead + "servers: [{url: /base}]\npaths: {/a: {get: {}}}\n"
	return map[string]probe{
		"import.ApiId": func(w *world, drop bool) bool {
			api := w.api()
			_, err := w.ReimportApi(w.ctx, &v2.ReimportApiInput{ApiId: unless(drop, *api), Body: &doc})
			return err == nil
		},
		"import.body": func(w *world, drop bool) bool {
			_, err := w.ImportApi(w.ctx, &v2.ImportApiInput{Body: unless(drop, doc)})
			return err == nil
		},
		"import.basepath": func(w *world, drop bool) bool {
			out := must[*v2.ImportApiOutput](w)(w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &doc, Basepath: unless(drop, "prepend")}))
			return w.routeKeysOf(out.ApiId)[0] == "GET /base/a"
		},
		"import.failOnWarnings": func(w *world, drop bool) bool {
			_, err := w.ImportApi(w.ctx, &v2.ImportApiInput{Body: &doc, FailOnWarnings: unless(drop, true)})
			return err != nil
		},
		"export.ApiId": func(w *world, drop bool) bool {
			api := w.api()
			_, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: unless(drop, *api), Specification: new("OAS30"), OutputType: new("JSON")})
			return err == nil
		},
		"export.Specification": func(w *world, drop bool) bool {
			_, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: w.api(), Specification: unless(drop, "OAS30"), OutputType: new("JSON")})
			return err == nil
		},
		"export.outputType": func(w *world, drop bool) bool {
			out, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: w.api(), Specification: new("OAS30"), OutputType: unless(drop, "YAML")})
			return err == nil && strings.HasPrefix(string(out.Body), "---\n")
		},
		"export.exportVersion": func(w *world, drop bool) bool {
			_, err := w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: w.api(), Specification: new("OAS30"), OutputType: new("JSON"), ExportVersion: unless(drop, "2.0")})
			return err != nil
		},
		"export.includeExtensions": func(w *world, drop bool) bool {
			out := must[*v2.ExportApiOutput](w)(w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: w.api(), Specification: new("OAS30"), OutputType: new("JSON"), IncludeExtensions: unless(drop, false)}))
			return !strings.Contains(string(out.Body), "x-amazon")
		},
		"export.stageName": func(w *world, drop bool) bool {
			api := w.api()
			w.route(api, "GET /a", nil)
			w.stage(api, "s", true)
			out := must[*v2.ExportApiOutput](w)(w.ExportApi(w.ctx, &v2.ExportApiInput{ApiId: api, Specification: new("OAS30"), OutputType: new("JSON"), StageName: unless(drop, "s")}))
			return strings.Contains(string(out.Body), `"default" : "s"`)
		},
	}
}

// BenchmarkImport imports 2,000 operations with an integration each; the bound
// is 2 s.
func BenchmarkImport(b *testing.B) {
	doc := many(2001)
	for _, on := range []string{"memory", "local"} {
		b.Run(on, func(b *testing.B) {
			var s store.Store = memory.New()
			if on == "local" {
				l, err := local.Open(b.TempDir(), local.Options{})
				if err != nil {
					b.Fatal(err)
				}
				s = l
			}
			defer s.Close()
			w := worldOn(b, s)
			api := w.api()
			for b.Loop() {
				w.reimporting(api, doc)
			}
		})
	}
}
