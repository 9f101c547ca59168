package apigatewayv2

import (
	"strings"

	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

const logGroup = "arn:aws:logs:us-east-1:123456789012:log-group:g"

// kept are the probes of access logs, authorizers, models, domains, mappings, VPC links and
// tags.
func kept() map[string]probe {
	// mapped makes a mapping, and returns what is live of it.
	mapped := func(w *world, change func(*v2.CreateApiMappingInput)) *gate.Mapping {
		api := w.api()
		w.stage(api, "s", false)
		in := &v2.CreateApiMappingInput{DomainName: w.domain("a.example"), ApiId: api, Stage: new("s"), ApiMappingKey: new("k")}
		change(in)
		if _, err := w.CreateApiMapping(w.ctx, in); err != nil {
			return nil
		}
		return &w.liveDomain("a.example").Mappings[0]
	}
	// logged makes a stage with an access log, and reports whether it is live.
	logged := func(w *world, change func(*v2.AccessLogSettings)) bool {
		api := w.api()
		l := &v2.AccessLogSettings{DestinationArn: new(logGroup), Format: new("$context.requestId")}
		change(l)
		_, err := w.CreateStage(w.ctx, &v2.CreateStageInput{ApiId: api, StageName: new("s"), AccessLogSettings: l})
		return err == nil && *w.live(api, "s").AccessLog == (gate.AccessLog{Destination: logGroup, Format: "$context.requestId"})
	}
	return map[string]probe{
		"stage.accessLogSettings.destinationArn": func(w *world, drop bool) bool {
			return logged(w, func(l *v2.AccessLogSettings) { l.DestinationArn = unless(drop, logGroup) })
		},
		"stage.accessLogSettings.format": func(w *world, drop bool) bool {
			return logged(w, func(l *v2.AccessLogSettings) { l.Format = unless(drop, "$context.requestId") })
		},
		"authorizer.ApiId": func(w *world, drop bool) bool {
			_, err := w.CreateAuthorizer(w.ctx, jwt(unless(drop, *w.api()), "a", nil))
			return err == nil
		},
		"authorizer.AuthorizerId": func(w *world, drop bool) bool {
			api := w.api()
			id := w.jwt(api)
			return w.DeleteAuthorizer(w.ctx, &v2.DeleteAuthorizerInput{ApiId: api, AuthorizerId: unless(drop, *id)}) == nil
		},
		"authorizer.name": func(w *world, drop bool) bool {
			api := w.api()
			w.jwt(api)
			_, err := w.CreateAuthorizer(w.ctx, jwt(api, "jwt", func(in *v2.CreateAuthorizerInput) { in.Name = unless(drop, "jwt") }))
			return typeOf(err) == "ConflictException"
		},
		"reset.ApiId": func(w *world, drop bool) bool {
			api := w.api()
			w.stage(api, "s", false)
			return w.ResetAuthorizersCache(w.ctx, &v2.ResetAuthorizersCacheInput{ApiId: unless(drop, *api), StageName: new("s")}) == nil
		},
		"reset.StageName": func(w *world, drop bool) bool {
			api := w.api()
			w.stage(api, "s", false)
			return w.ResetAuthorizersCache(w.ctx, &v2.ResetAuthorizersCacheInput{ApiId: api, StageName: unless(drop, "s")}) == nil
		},
		"model.ApiId": func(w *world, drop bool) bool {
			_, err := w.CreateModel(w.ctx, &v2.CreateModelInput{ApiId: unless(drop, *w.api()), Name: new("m"), Schema: new("{}")})
			return err == nil
		},
		"model.ModelId": func(w *world, drop bool) bool {
			api := w.api()
			id := w.model(api, "m", "{}")
			return w.DeleteModel(w.ctx, &v2.DeleteModelInput{ApiId: api, ModelId: unless(drop, *id)}) == nil
		},
		"model.name": func(w *world, drop bool) bool {
			api := w.api()
			w.model(api, "m", "{}")
			_, err := w.CreateModel(w.ctx, &v2.CreateModelInput{ApiId: api, Name: unless(drop, "m"), Schema: new("{}")})
			return typeOf(err) == "ConflictException"
		},
		"model.schema": func(w *world, drop bool) bool {
			api := w.api()
			id := w.model(api, "m", `{"type":"object"}`)
			must[*v2.UpdateModelOutput](w)(w.UpdateModel(w.ctx, &v2.UpdateModelInput{ApiId: api, ModelId: id, Schema: unless(drop, `{"type":"integer"}`)}))
			out := must[*v2.GetModelTemplateOutput](w)(w.GetModelTemplate(w.ctx, &v2.GetModelTemplateInput{ApiId: api, ModelId: id}))
			return strings.HasSuffix(*out.Value, sampleInteger)
		},
		"domain.domainName": func(w *world, drop bool) bool {
			_, err := w.CreateDomainName(w.ctx, &v2.CreateDomainNameInput{DomainName: unless(drop, "a.example"), DomainNameConfigurations: certificate})
			return err == nil && w.liveDomain("a.example") != nil
		},
		"domain.DomainName": func(w *world, drop bool) bool {
			name := w.domain("a.example")
			return w.DeleteDomainName(w.ctx, &v2.DeleteDomainNameInput{DomainName: unless(drop, *name)}) == nil && w.liveDomain("a.example") == nil
		},
		"mapping.DomainName": func(w *world, drop bool) bool {
			return mapped(w, func(in *v2.CreateApiMappingInput) { in.DomainName = unless(drop, "a.example") }) != nil
		},
		"mapping.apiId": func(w *world, drop bool) bool {
			m := mapped(w, func(in *v2.CreateApiMappingInput) { in.ApiId = unless(drop, *in.ApiId) })
			return m != nil && len(m.API) == 10
		},
		"mapping.stage": func(w *world, drop bool) bool {
			m := mapped(w, func(in *v2.CreateApiMappingInput) { in.Stage = unless(drop, "s") })
			return m != nil && m.Stage == "s"
		},
		"mapping.apiMappingKey": func(w *world, drop bool) bool {
			m := mapped(w, func(in *v2.CreateApiMappingInput) { in.ApiMappingKey = unless(drop, "k") })
			return m.Key == "k"
		},
		"mapping.ApiMappingId": func(w *world, drop bool) bool {
			m := mapped(w, func(*v2.CreateApiMappingInput) {})
			err := w.DeleteApiMapping(w.ctx, &v2.DeleteApiMappingInput{DomainName: new("a.example"), ApiMappingId: unless(drop, m.ID)})
			return err == nil && len(w.liveDomain("a.example").Mappings) == 0
		},
		"mapping.maxResults": func(w *world, drop bool) bool { return len(w.twoMappings(unless(drop, "1"), nil).Items) == 1 },
		"mapping.nextToken": func(w *world, drop bool) bool {
			first := w.twoMappings(new("1"), nil)
			second := must[*v2.GetApiMappingsOutput](w)(w.GetApiMappings(w.ctx, &v2.GetApiMappingsInput{DomainName: new("b.example"), MaxResults: new("1"), NextToken: unless(drop, *first.NextToken)}))
			return *first.Items[0].ApiMappingId != *second.Items[0].ApiMappingId
		},
		"vpcLink.VpcLinkId": func(w *world, drop bool) bool {
			_, err := w.DeleteVpcLink(w.ctx, &v2.DeleteVpcLinkInput{VpcLinkId: unless(drop, *w.vpcLink())})
			return err == nil
		},
		"tag.ResourceArn": func(w *world, drop bool) bool {
			_, err := w.GetTags(w.ctx, &v2.GetTagsInput{ResourceArn: unless(drop, arn("/apis/"+*w.api()))})
			return err == nil
		},
		"tag.tags": func(w *world, drop bool) bool {
			api := w.api()
			in := &v2.TagResourceInput{ResourceArn: new(arn("/apis/" + *api))}
			if !drop {
				in.Tags = map[string]string{"a": "b"}
			}
			must[*v2.TagResourceOutput](w)(w.TagResource(w.ctx, in))
			return must[*v2.GetApiOutput](w)(w.GetApi(w.ctx, &v2.GetApiInput{ApiId: api})).Tags["a"] == "b"
		},
		"tag.tagKeys": func(w *world, drop bool) bool {
			where := new(arn("/vpclinks/" + *w.vpcLink()))
			must[*v2.TagResourceOutput](w)(w.TagResource(w.ctx, &v2.TagResourceInput{ResourceArn: where, Tags: map[string]string{"a": "b"}}))
			in := &v2.UntagResourceInput{ResourceArn: where}
			if !drop {
				in.TagKeys = []string{"a"}
			}
			return w.UntagResource(w.ctx, in) == nil && len(must[*v2.GetTagsOutput](w)(w.GetTags(w.ctx, &v2.GetTagsInput{ResourceArn: where})).Tags) == 0
		},
	}
}

func arn(path string) string { return "arn:aws:apigateway:us-east-1::" + path }

// twoMappings lists the mappings of a domain that has two.
func (w *world) twoMappings(max, token *string) *v2.GetApiMappingsOutput {
	w.Helper()
	api := w.api()
	w.stage(api, "s", false)
	w.domain("b.example")
	w.mapping("b.example", "a", api, "s")
	w.mapping("b.example", "b", api, "s")
	return must[*v2.GetApiMappingsOutput](w)(w.GetApiMappings(w.ctx, &v2.GetApiMappingsInput{DomainName: new("b.example"), MaxResults: max, NextToken: token}))
}
