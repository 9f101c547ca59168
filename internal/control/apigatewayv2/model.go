package apigatewayv2

import (
	"context"
	"fmt"
	"regexp"

	"gatehouse/internal/control"
	"gatehouse/internal/value"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

func noModel(id string) *wire.Error { return missing("Model", textNoModel, clip(id)) }

var modelName = regexp.MustCompile(`^[A-Za-z0-9]{1,128}$`)

// CreateModel adds a model to an API. HTTP APIs keep models and do not use them.
func (s *Service) CreateModel(ctx context.Context, in *v2.CreateModelInput) (*v2.CreateModelOutput, error) {
	var out v2.CreateModelOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc modelDoc
		control.Merge(&doc.AWS, in)
		if err := d.addModel(&doc); err != nil {
			return err
		}
		out = v2.CreateModelOutput(doc.AWS)
		return nil
	})
	return &out, err
}

// addModel completes, checks and puts a new model.
func (d *draft) addModel(doc *modelDoc) error {
	if err := completeModel(&doc.AWS); err != nil {
		return err
	}
	id := control.NewID(control.ResourceIDLength)
	doc.AWS.ModelId = &id
	if err := d.rename("Model", "", *doc.AWS.Name, id); err != nil {
		return err
	}
	return d.Put(d.modelKey(id), doc)
}

// completeModel checks a model as it is to be and fills in the defaults.
func completeModel(m *v2.Model) error {
	control.DropEmpty(&m.ContentType, &m.Description)
	control.Default(&m.ContentType, "application/json")
	if !modelName.MatchString(text(m.Name)) {
		return bad("name", textModelName, clip(text(m.Name)))
	}
	err := firstError(
		checkLength("contentType", *m.ContentType, 1, maxContentType),
		checkLength("description", text(m.Description), 0, maxDescription),
		checkLength("schema", text(m.Schema), 1, maxSchema),
	)
	if err != nil {
		return err
	}
	_, err = readSchema(*m.Schema)
	return err
}

// readSchema reads the schema of a model: a JSON object, bounded in depth.
func readSchema(schema string) (value.Value, error) {
	v, err := value.Limits{Size: 4 * maxSchema, Depth: maxSchemaDepth}.Parse(schema)
	if err == nil && v.Kind() != value.Object {
		err = fmt.Errorf(textModelKind, v.Kind())
	}
	if err != nil {
		return v, bad("schema", textModelSchema, err)
	}
	return v, nil
}

// GetModel returns a model.
func (s *Service) GetModel(ctx context.Context, in *v2.GetModelInput) (*v2.GetModelOutput, error) {
	doc, err := s.model(ctx, in.ApiId, in.ModelId)
	out := v2.GetModelOutput(doc.AWS)
	return &out, err
}

func (s *Service) model(ctx context.Context, api, model *string) (doc modelDoc, err error) {
	err = s.view(ctx, api, func(d *draft) error {
		id := text(model)
		return d.load(d.modelKey(id), id, &doc, noModel(id))
	})
	return doc, err
}

// GetModels returns a page of an API's models, in the order of their ids.
func (s *Service) GetModels(ctx context.Context, in *v2.GetModelsInput) (*v2.GetModelsOutput, error) {
	out := v2.GetModelsOutput{Items: []v2.Model{}}
	err := s.view(ctx, in.ApiId, func(d *draft) (err error) {
		out.NextToken, err = d.page(d.modelKey(""), in.MaxResults, in.NextToken, func(text []byte) error {
			var doc modelDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// GetModelTemplate returns a mapping template that a message of the model's
// schema can be made with.
func (s *Service) GetModelTemplate(ctx context.Context, in *v2.GetModelTemplateInput) (*v2.GetModelTemplateOutput, error) {
	doc, err := s.model(ctx, in.ApiId, in.ModelId)
	if err != nil {
		return nil, err
	}
	schema, err := readSchema(*doc.AWS.Schema)
	if err != nil {
		return nil, err
	}
	return &v2.GetModelTemplateOutput{Value: new(sampleTemplate(schema))}, nil
}

// UpdateModel changes the members that are present.
func (s *Service) UpdateModel(ctx context.Context, in *v2.UpdateModelInput) (*v2.UpdateModelOutput, error) {
	var out v2.UpdateModelOutput
	err := s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc modelDoc
		id := text(in.ModelId)
		if err := d.load(d.modelKey(id), id, &doc, noModel(id)); err != nil {
			return err
		}
		was := *doc.AWS.Name
		control.Merge(&doc.AWS, in)
		if err := completeModel(&doc.AWS); err != nil {
			return err
		}
		if err := d.rename("Model", was, *doc.AWS.Name, id); err != nil {
			return err
		}
		out = v2.UpdateModelOutput(doc.AWS)
		return d.Put(d.modelKey(id), &doc)
	})
	return &out, err
}

// DeleteModel removes a model.
func (s *Service) DeleteModel(ctx context.Context, in *v2.DeleteModelInput) error {
	return s.edit(ctx, in.ApiId, func(d *draft) error {
		var doc modelDoc
		id := text(in.ModelId)
		if err := d.load(d.modelKey(id), id, &doc, noModel(id)); err != nil {
			return err
		}
		if err := d.unname("Model", *doc.AWS.Name); err != nil {
			return err
		}
		d.Delete(d.modelKey(id))
		return nil
	})
}
