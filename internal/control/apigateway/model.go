package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/store"
	v1 "gatehouse/internal/wire/apigateway"
)

// maxSchema bounds the schema of a model in bytes (developer guide, "Quotas":
// the size of a model).
const maxSchema = 400 << 10

// modelForm is the name of a model.
var modelForm = regexp.MustCompile(`^[A-Za-z0-9]{1,128}$`)

// builtInModels are the models that every new API has (recorded on AWS).
func builtInModels() []v1.Model {
	model := func(name, description, schema string) v1.Model {
		return v1.Model{Id: new(control.NewID(control.ResourceIDLength)), Name: &name, Description: &description,
			ContentType: new("application/json"), Schema: &schema}
	}
	return []v1.Model{
		model("Empty", "This is a default empty schema model",
			"{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}"),
		model("Error", "This is a default error schema model",
			"{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}"),
	}
}

// sortedKeys are the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// noModel is the refusal where a model, or the API that would have it, is not
// there.
func noModel(name *string) error { return missing(textNoModel, clip(text(name))) }

// CreateModel adds a model to an API.
func (s *Service) CreateModel(ctx context.Context, in *v1.CreateModelInput) (*v1.Model, error) {
	var out v1.Model
	err := s.edit(ctx, in.RestApiId, noAPI, func(d *draft) error {
		var doc modelDoc
		control.Merge(&doc.AWS, in)
		name := text(in.Name)
		switch {
		case name == "":
			return bad(textModelEmpty)
		case !modelForm.MatchString(name):
			return bad(textModelName, clip(name))
		case !isMediaType(text(in.ContentType)):
			return bad(textContentType, clip(text(in.ContentType)))
		}
		exists, err := d.Load(d.modelKey(name), nil)
		if err != nil {
			return err
		}
		if exists {
			return conflict(textModelExists)
		}
		doc.AWS.Id = new(control.NewID(control.ResourceIDLength))
		out = doc.AWS
		return d.putModel(&doc)
	})
	return &out, err
}

// putModel checks a model as it is to be and puts it.
func (d *draft) putModel(doc *modelDoc) error {
	control.DropEmpty(&doc.AWS.Description)
	if err := firstError(checkDescription(doc.AWS.Description)); err != nil {
		return err
	}
	refs, err := d.references(text(doc.AWS.Schema))
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if ref == *doc.AWS.Name {
			continue
		}
		if err := d.load(d.modelKey(ref), ref, nil, bad(textModelReference, ref)); err != nil {
			return err
		}
	}
	if len(refs) > 0 {
		if err := d.refer(); err != nil {
			return err
		}
	}
	return d.Put(d.modelKey(*doc.AWS.Name), doc)
}

// references checks the text of a schema and lists the models that it names.
func (d *draft) references(schema string) (refs []string, err error) {
	switch {
	case schema == "":
		return nil, bad(textModelSchema)
	case len(schema) > maxSchema:
		return nil, bad(textModelInvalid, "it is too large")
	}
	tree, err := parseSchema(schema)
	if err != nil || tree == nil {
		return nil, bad(textModelInvalid, "it is no JSON object")
	}
	eachReference(tree, func(ref string) string {
		name, ok := d.modelOf(ref)
		if err == nil && !ok && !strings.HasPrefix(ref, "#") {
			err = bad(textModelReference, clip(ref))
		}
		if ok {
			refs = append(refs, name)
		}
		return ref
	})
	return refs, err
}

// parseSchema reads the JSON of a schema and leaves its numbers as they are
// written.
func parseSchema(text string) (tree map[string]any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&tree); err == nil && d.More() {
		err = errors.New("more follows the object")
	}
	return tree, err
}

// eachReference replaces each reference in a schema by what swap makes of it.
func eachReference(v any, swap func(ref string) string) {
	switch v := v.(type) {
	case map[string]any:
		for key, part := range v {
			if ref, ok := part.(string); ok && key == "$ref" {
				v[key] = swap(ref)
				continue
			}
			eachReference(part, swap)
		}
	case []any:
		for _, part := range v {
			eachReference(part, swap)
		}
	}
}

// modelOf is the model of this API that a reference names (developer guide,
// "Models for REST APIs": https://apigateway.amazonaws.com/restapis/ID/models/NAME).
func (d *draft) modelOf(ref string) (name string, ok bool) {
	name, ok = strings.CutPrefix(ref, "https://apigateway.amazonaws.com/restapis/"+string(d.api)+"/models/")
	return name, ok && modelForm.MatchString(name)
}

// viewModel runs op on a model without changing it.
func (s *Service) viewModel(ctx context.Context, api, name *string, op func(*draft, *modelDoc) error) error {
	return s.view(ctx, api, as(textNoModel, clip(text(name))), func(d *draft) error {
		var doc modelDoc
		if err := d.load(d.modelKey(text(name)), text(name), &doc, noModel(name)); err != nil {
			return err
		}
		return op(d, &doc)
	})
}

// GetModel returns a model. Flattened, the models that it names stand in its
// definitions.
func (s *Service) GetModel(ctx context.Context, in *v1.GetModelInput) (*v1.Model, error) {
	var out v1.Model
	err := s.viewModel(ctx, in.RestApiId, in.ModelName, func(d *draft, doc *modelDoc) error {
		out = doc.AWS
		if !is(in.Flatten) {
			return nil
		}
		flat, err := d.flatten(text(out.Schema))
		out.Schema = &flat
		return err
	})
	return &out, err
}

// flatten puts the models that a schema names into its definitions.
func (d *draft) flatten(schema string) (string, error) {
	definitions := map[string]any{}
	var due []string
	local := func(text string) (map[string]any, error) {
		tree, err := parseSchema(text)
		if err != nil {
			return nil, err
		}
		eachReference(tree, func(ref string) string {
			name, ok := d.modelOf(ref)
			if !ok {
				return ref
			}
			if _, known := definitions[name]; !known {
				definitions[name] = nil
				due = append(due, name)
			}
			return "#/definitions/" + name
		})
		return tree, nil
	}
	root, err := local(schema)
	for len(due) > 0 && err == nil {
		name := due[0]
		due = due[1:]
		var doc modelDoc
		if err = d.load(d.modelKey(name), name, &doc, noModel(&name)); err == nil {
			definitions[name], err = local(text(doc.AWS.Schema))
		}
		if refusal := checkCount("definitions", len(definitions)); refusal != nil {
			return "", refusal
		}
	}
	if err != nil || len(definitions) == 0 {
		return schema, err
	}
	own, _ := root["definitions"].(map[string]any)
	maps.Copy(definitions, own)
	root["definitions"] = definitions
	flat, err := json.Marshal(root)
	return string(flat), err
}

// GetModels returns a page of an API's models, in the order of their names.
func (s *Service) GetModels(ctx context.Context, in *v1.GetModelsInput) (*v1.Models, error) {
	out := v1.Models{Items: []v1.Model{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		out.Position, err = s.page(ctx, d.modelKey(""), in.Limit, in.Position, func(text []byte) error {
			var doc modelDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateModel changes a model by patches.
func (s *Service) UpdateModel(ctx context.Context, in *v1.UpdateModelInput) (*v1.Model, error) {
	var out v1.Model
	err := s.edit(ctx, in.RestApiId, as(textNoModel, clip(text(in.ModelName))), func(d *draft) error {
		var doc modelDoc
		if err := d.load(d.modelKey(text(in.ModelName)), text(in.ModelName), &doc, noModel(in.ModelName)); err != nil {
			return err
		}
		if err := patch(modelRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		out = doc.AWS
		return d.putModel(&doc)
	})
	return &out, err
}

// modelRules are those of UpdateModel (control-plane 2.2).
func modelRules() []rule[*v1.Model] {
	return []rule[*v1.Model]{
		{"/description", replace, func(m *v1.Model, o *op) error { return putText(&m.Description, o) }},
		{"/schema", replace, func(m *v1.Model, o *op) error { m.Schema = o.value; return nil }},
	}
}

// DeleteModel removes a model that nothing names.
func (s *Service) DeleteModel(ctx context.Context, in *v1.DeleteModelInput) error {
	name := text(in.ModelName)
	return s.edit(ctx, in.RestApiId, as(textNoModel, clip(name)), func(d *draft) error {
		if err := d.alone(); err != nil { // nobody puts what names it meanwhile
			return err
		}
		if err := d.load(d.modelKey(name), name, nil, noModel(in.ModelName)); err != nil {
			return err
		}
		if err := d.unused("model", name, func(m *v1.Method) string { return modelUse(m, name) }); err != nil {
			return err
		}
		if err := d.unnamed(name); err != nil {
			return err
		}
		d.Delete(d.modelKey(name))
		return nil
	})
}

// modelUse tells where a method names a model.
func modelUse(m *v1.Method, name string) string {
	if slices.Contains(slices.Collect(maps.Values(m.RequestModels)), name) {
		return "request"
	}
	for _, r := range m.MethodResponses {
		if slices.Contains(slices.Collect(maps.Values(r.ResponseModels)), name) {
			return "response"
		}
	}
	return ""
}

// unnamed refuses to let go of a model that another one names.
func (d *draft) unnamed(name string) error {
	return d.Scan(d.modelKey(""), func(text store.Doc) error {
		var doc modelDoc
		if err := control.Decode(text.Value, &doc); err != nil {
			return err
		}
		other := *doc.AWS.Name
		if other == name {
			return nil
		}
		refs, err := d.references(*doc.AWS.Schema)
		if err == nil && slices.Contains(refs, name) {
			err = conflict(textModelUsed, name, other)
		}
		return err
	})
}

// GetModelTemplate returns a mapping template that makes a sample of a model.
func (s *Service) GetModelTemplate(ctx context.Context, in *v1.GetModelTemplateInput) (*v1.Template, error) {
	var out v1.Template
	err := s.viewModel(ctx, in.RestApiId, in.ModelName, func(d *draft, doc *modelDoc) error {
		flat, err := d.flatten(text(doc.AWS.Schema))
		out.Value = new(sample(flat))
		return err
	})
	return &out, err
}
