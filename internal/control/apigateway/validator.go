package apigateway

import (
	"context"
	"strings"

	"gatehouse/internal/control"
	v1 "gatehouse/internal/wire/apigateway"
)

// CreateRequestValidator adds a validator to an API. An unknown API is worded as
// no other operation does (recorded on AWS).
func (s *Service) CreateRequestValidator(ctx context.Context, in *v1.CreateRequestValidatorInput) (*v1.RequestValidator, error) {
	var out v1.RequestValidator
	unknown := func(control.Place, *string) error { return bad(textNoAPIHere) }
	err := s.edit(ctx, in.RestApiId, unknown, func(d *draft) error {
		var doc validatorDoc
		control.Merge(&doc.AWS, in)
		doc.AWS.Id = new(control.NewID(control.ResourceIDLength))
		control.Default(&doc.AWS.ValidateRequestBody, false)
		control.Default(&doc.AWS.ValidateRequestParameters, false)
		if err := checkValidator(&doc.AWS); err != nil {
			return err
		}
		out = doc.AWS
		return d.Put(d.validatorKey(*out.Id), &doc)
	})
	return &out, err
}

// checkValidator checks a validator as it is to be. It may have no name, but no
// blank one.
func checkValidator(v *v1.RequestValidator) error {
	if v.Name == nil {
		return nil
	}
	if strings.TrimSpace(*v.Name) == "" {
		return bad(textValidatorName)
	}
	return firstError(checkName(v.Name))
}

// validator loads a validator.
func (d *draft) validator(id string) (*validatorDoc, error) {
	doc := new(validatorDoc)
	return doc, d.load(d.validatorKey(id), id, doc, missing(textNoValidator))
}

// GetRequestValidator returns a validator.
func (s *Service) GetRequestValidator(ctx context.Context, in *v1.GetRequestValidatorInput) (*v1.RequestValidator, error) {
	var out v1.RequestValidator
	err := s.view(ctx, in.RestApiId, as(textNoValidator), func(d *draft) error {
		doc, err := d.validator(text(in.RequestValidatorId))
		out = doc.AWS
		return err
	})
	return &out, err
}

// GetRequestValidators returns a page of an API's validators, in the order of
// their ids.
func (s *Service) GetRequestValidators(ctx context.Context, in *v1.GetRequestValidatorsInput) (*v1.RequestValidators, error) {
	out := v1.RequestValidators{Items: []v1.RequestValidator{}}
	err := s.view(ctx, in.RestApiId, noAPI, func(d *draft) (err error) {
		out.Position, err = s.page(ctx, d.validatorKey(""), in.Limit, in.Position, func(text []byte) error {
			var doc validatorDoc
			err := control.Decode(text, &doc)
			out.Items = append(out.Items, doc.AWS)
			return err
		})
		return err
	})
	return &out, err
}

// UpdateRequestValidator changes a validator by patches.
func (s *Service) UpdateRequestValidator(ctx context.Context, in *v1.UpdateRequestValidatorInput) (*v1.RequestValidator, error) {
	var out v1.RequestValidator
	err := s.edit(ctx, in.RestApiId, as(textNoValidator), func(d *draft) error {
		doc, err := d.validator(text(in.RequestValidatorId))
		if err != nil {
			return err
		}
		if err := patch(validatorRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if err := checkValidator(&doc.AWS); err != nil {
			return err
		}
		out = doc.AWS
		return d.Put(d.validatorKey(*out.Id), doc)
	})
	return &out, err
}

// validatorRules are those of UpdateRequestValidator (control-plane 2.2). A value
// that is missing is false (recorded on AWS).
func validatorRules() []rule[*v1.RequestValidator] {
	type validator = *v1.RequestValidator
	return []rule[validator]{
		{"/name", replace, func(v validator, o *op) error { v.Name = new(o.text()); return nil }},
		{"/validateRequestBody", replace, func(v validator, o *op) error { return putBool(&v.ValidateRequestBody, o) }},
		{"/validateRequestParameters", replace, func(v validator, o *op) error { return putBool(&v.ValidateRequestParameters, o) }},
	}
}

// DeleteRequestValidator removes a validator that no method names.
func (s *Service) DeleteRequestValidator(ctx context.Context, in *v1.DeleteRequestValidatorInput) error {
	id := text(in.RequestValidatorId)
	return s.edit(ctx, in.RestApiId, as(textNoValidator), func(d *draft) error {
		if err := d.alone(); err != nil { // nobody puts a method that names it meanwhile
			return err
		}
		if _, err := d.validator(id); err != nil {
			return err
		}
		err := d.unused("request validator", id, func(m *v1.Method) string { return inRequest(text(m.RequestValidatorId) == id) })
		if err == nil {
			d.Delete(d.validatorKey(id))
		}
		return err
	})
}
