package apigateway

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	v1 "gatehouse/internal/wire/apigateway"
)

// model makes a model of JSON.
func (w *world) model(api *string, name, schema string) *v1.Model {
	w.t.Helper()
	return must[*v1.Model](w.t)(w.CreateModel(w.ctx, &v1.CreateModelInput{RestApiId: api, Name: &name, ContentType: new("application/json"), Schema: &schema}))
}

func modelRef(api *string, name string) string {
	return `{"$ref":"https://apigateway.amazonaws.com/restapis/` + *api + `/models/` + name + `"}`
}

// TestModelRefusals holds what no model can be (control-plane 2.1).
func TestModelRefusals(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	for _, tc := range []struct {
		desc, name, kind, schema, typ, message string
	}{
		{"A name that is taken. [S]", "Empty", "application/json", "{}", inConflict, "Model name already exists for this REST API"},
		{"No name. [S]", "", "application/json", "{}", badRequest, "Model name must be non-empty"},
		{"A name with a hyphen. [K]", "a-b", "application/json", "{}", badRequest, "Model name must be alphanumeric: a-b"},
		{"A content type that is none. [S]", "A", "123", "{}", badRequest, "Validation Result: warnings : [], errors : [Invalid content type specified: 123]"},
		{"No schema. [S]", "A", "application/json", "", badRequest, "Model schema must have at least 1 property or array items defined"},
		{"A schema that is no JSON. [K]", "A", "application/json", "{", badRequest, fmt.Sprintf(textModelInvalid, "it is no JSON object")},
		{"More behind the schema. [K]", "A", "application/json", "{} {}", badRequest, fmt.Sprintf(textModelInvalid, "it is no JSON object")},
		{"A schema that is a list. [K]", "A", "application/json", "[]", badRequest, fmt.Sprintf(textModelInvalid, "it is no JSON object")},
		{"A schema that is too large. [K]", "A", "application/json", `{"a":"` + strings.Repeat("x", maxSchema) + `"}`, badRequest, fmt.Sprintf(textModelInvalid, "it is too large")},
		{"A reference to a model that is not there. [K]", "A", "application/json", modelRef(api, "Nope"), badRequest, "Invalid model reference specified in schema: Nope"},
		{"A reference to elsewhere. [K]", "A", "application/json", `{"items":[{"$ref":"http://x/y"}]}`, badRequest, "Invalid model reference specified in schema: http://x/y"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			_, err := w.CreateModel(w.ctx, &v1.CreateModelInput{RestApiId: api, Name: &tc.name, ContentType: &tc.kind, Schema: &tc.schema})
			wantRefusal(t, err, tc.typ, tc.message)
		})
	}
	t.Run("Models of an API that is not there. [S]", func(t *testing.T) {
		_, err := w.GetModel(w.ctx, &v1.GetModelInput{RestApiId: new("nope"), ModelName: new("X")})
		wantRefusal(t, err, notFound, "Invalid model name specified: X")
		err = w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: new("nope"), ModelName: new("X")})
		wantRefusal(t, err, notFound, "Invalid model name specified: X")
		_, err = w.GetModels(w.ctx, &v1.GetModelsInput{RestApiId: new("nope")})
		wantRefusal(t, err, notFound, "Invalid API identifier specified 123456789012:nope")
	})
}

// TestModels walks the life of a model.
func TestModels(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	got := w.model(api, "Pet", `{"type":"object"}`)
	if got.Id == nil || *got.Name != "Pet" || *got.ContentType != "application/json" || got.Description != nil {
		t.Errorf("created %+v", got)
	}
	patched := must[*v1.Model](t)(w.UpdateModel(w.ctx, &v1.UpdateModelInput{RestApiId: api, ModelName: new("Pet"),
		PatchOperations: ops("replace /description a pet", `replace /schema {"type":"string"}`)}))
	if *patched.Description != "a pet" || *patched.Schema != `{"type":"string"}` {
		t.Errorf("patched %+v", patched)
	}
	_, err := w.UpdateModel(w.ctx, &v1.UpdateModelInput{RestApiId: api, ModelName: new("Pet"), PatchOperations: ops("replace /name x")})
	wantRefusal(t, err, badRequest, "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]")
	_, err = w.UpdateModel(w.ctx, &v1.UpdateModelInput{RestApiId: api, ModelName: new("Pet"), PatchOperations: ops("add /schema {}")})
	wantRefusal(t, err, badRequest, "Invalid patch path  '/schema' specified for op 'add'. Please choose supported operations")
	page := must[*v1.Models](t)(w.GetModels(w.ctx, &v1.GetModelsInput{RestApiId: api, Limit: new(int32(2))}))
	rest := must[*v1.Models](t)(w.GetModels(w.ctx, &v1.GetModelsInput{RestApiId: api, Position: page.Position}))
	if len(page.Items) != 2 || *page.Items[0].Name != "Empty" || *page.Items[1].Name != "Error" || len(rest.Items) != 1 || rest.Position != nil {
		t.Errorf("pages %+v, %+v", page, rest)
	}
	if err := w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: new("Pet")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetModel(w.ctx, &v1.GetModelInput{RestApiId: api, ModelName: new("Pet")})
	wantRefusal(t, err, notFound, "Invalid model name specified: Pet")
}

// TestModelInUse holds that nothing goes that a method or another model names.
func TestModelInUse(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	for _, name := range []string{"Asked", "Answered", "Part", "Atroot"} {
		w.model(api, name, "{}")
	}
	w.model(api, "Whole", modelRef(api, "Part"))
	r := w.resource(api, root, "test")
	put := func(resource *string, verb, model string) {
		must[*v1.Method](t)(w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: &verb, AuthorizationType: new("NONE"),
			RequestModels: map[string]string{"application/json": model}}))
	}
	put(r, "ANY", "Asked")
	put(root, "ANY", "Atroot")
	must[*v1.MethodResponse](t)(w.PutMethodResponse(w.ctx, &v1.PutMethodResponseInput{RestApiId: api, ResourceId: r, HttpMethod: new("ANY"), StatusCode: new("200"),
		ResponseModels: map[string]string{"application/json": "Answered"}}))
	for _, tc := range []struct{ desc, model, message string }{
		{"A method's request. [S]", "Asked", "Cannot delete model 'Asked', is referenced in method request: /test/ANY"},
		{"A request to the root. [S]", "Atroot", "Cannot delete model 'Atroot', is referenced in method request: //ANY"},
		{"A method's response. [K]", "Answered", "Cannot delete model 'Answered', is referenced in method response: /test/ANY"},
		{"Another model. [K]", "Part", "Cannot delete model 'Part', is referenced in model: Whole"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			wantRefusal(t, w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: &tc.model}), inConflict, tc.message)
		})
	}
	if err := w.DeleteResource(w.ctx, &v1.DeleteResourceInput{RestApiId: api, ResourceId: r}); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: new("Asked")}); err != nil {
		t.Errorf("once nothing names it: %v", err)
	}
}

// TestModelRaces puts methods that name a model while it is deleted: never does
// a method name a model that is gone.
func TestModelRaces(t *testing.T) {
	w := newWorld(t)
	api, root := w.api()
	for i := range 20 {
		name := fmt.Sprintf("M%d", i)
		w.model(api, name, "{}")
		r := w.resource(api, root, name)
		var both sync.WaitGroup
		var put, deleted error
		both.Go(func() {
			_, put = w.PutMethod(w.ctx, &v1.PutMethodInput{RestApiId: api, ResourceId: r, HttpMethod: new("GET"), AuthorizationType: new("NONE"),
				RequestModels: map[string]string{"application/json": name}})
		})
		both.Go(func() { deleted = w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: &name}) })
		both.Wait()
		if (put == nil) == (deleted == nil) {
			t.Errorf("put: %v, deleted: %v", put, deleted)
		}
	}
}

// TestModelTemplate holds the templates of schemas.
func TestModelTemplate(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	w.model(api, "Part", `{"type":"object","properties":{"z":{"type":"string"},"a":{"type":["integer","null"]}}}`)
	const head = "#set($inputRoot = $input.path('$'))\n"
	const loop = "[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n"
	for _, tc := range []struct{ desc, schema, want string }{
		{"An object without properties. [S]", `{"type":"object"}`, head + "{ }"},
		{"Scalars, in the order of the schema. [K]", `{"properties":{"z":{"type":"string"},"b":{"type":"boolean"},"n":{"type":"number"},"i":{"type":"integer"},"u":{"type":"null"}}}`,
			head + "{\n  \"z\" : \"foo\",\n  \"b\" : true,\n  \"n\" : 42.0,\n  \"i\" : 42,\n  \"u\" : null\n}"},
		{"An object in an object. [K]", `{"properties":{"o":{"type":"object","properties":{"s":{"type":"string"}}}}}`, head + "{\n  \"o\" : {\n    \"s\" : \"foo\"\n  }\n}"},
		{"A list. [K]", `{"type":"array","items":{"type":"integer"}}`, head + loop + "  42#if($foreach.hasNext),#end\n#end\n]"},
		{"Another model. [K]", modelRef(api, "Part"), head + "{\n  \"a\" : 42,\n  \"z\" : \"foo\"\n}"},
		{"A circle ends. [K]", `{"definitions":{"a":{"properties":{"a":{"$ref":"#/definitions/a"}}}},"$ref":"#/definitions/a"}`, ""},
		{"What is no schema says nothing. [K]", `{"type":1,"properties":[]}`, head + "{ }"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			name := "T" + strings.ReplaceAll(fmt.Sprintf("%x", tc.desc), " ", "")[:20]
			w.model(api, name, tc.schema)
			defer func() { _ = w.DeleteModel(w.ctx, &v1.DeleteModelInput{RestApiId: api, ModelName: &name}) }()
			got := must[*v1.Template](t)(w.GetModelTemplate(w.ctx, &v1.GetModelTemplateInput{RestApiId: api, ModelName: &name}))
			if tc.want != "" && *got.Value != tc.want || len(*got.Value) > 2*maxSample {
				t.Errorf("got %s\nwant %s", *got.Value, tc.want)
			}
		})
	}
}

// TestSampleIsBounded holds that definitions which name one another twice do not
// make a sample without end.
func TestSampleIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"$ref":"#/definitions/d0","definitions":{"d99":{}`)
	for i := range 99 {
		fmt.Fprintf(&b, `,"d%d":{"properties":{"a":{"$ref":"#/definitions/d%d"},"b":{"$ref":"#/definitions/d%d"}}}`, i, i+1, i+1)
	}
	b.WriteString("}}")
	if got := sample(b.String()); len(got) > 2*maxSample {
		t.Errorf("%d bytes", len(got))
	}
}

// TestFlatten holds what a flattened model shows.
func TestFlatten(t *testing.T) {
	w := newWorld(t)
	api, _ := w.api()
	w.model(api, "Leaf", `{"type":"number","maximum":12345678901234567890}`)
	w.model(api, "Node", `{"items":`+modelRef(api, "Leaf")+`}`)
	w.model(api, "Root", `{"properties":{"n":`+modelRef(api, "Node")+`},"definitions":{"own":{}}}`)
	got := must[*v1.Model](t)(w.GetModel(w.ctx, &v1.GetModelInput{RestApiId: api, ModelName: new("Root"), Flatten: new(true)}))
	want := `{"definitions":{"Leaf":{"maximum":12345678901234567890,"type":"number"},"Node":{"items":{"$ref":"#/definitions/Leaf"}},"own":{}},"properties":{"n":{"$ref":"#/definitions/Node"}}}`
	if *got.Schema != want {
		t.Errorf("got %s\nwant %s", *got.Schema, want)
	}
	plain := must[*v1.Model](t)(w.GetModel(w.ctx, &v1.GetModelInput{RestApiId: api, ModelName: new("Leaf"), Flatten: new(true)}))
	if *plain.Schema != `{"type":"number","maximum":12345678901234567890}` {
		t.Errorf("a model without references became %s", *plain.Schema)
	}
}
