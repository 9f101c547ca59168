package apigateway

import v1 "gatehouse/internal/wire/apigateway"

// parts goes on with what an API has besides its methods.
func (p *play) parts(api *string) {
	call(p, "CreateModel", p.CreateModel, v1.CreateModelInput{RestApiId: api, Name: new("Whole"), ContentType: new("application/json"),
		Schema: new(`{"$ref":"https://apigateway.amazonaws.com/restapis/` + *api + `/models/Empty"}`)})
	m := call(p, "UpdateModel", p.UpdateModel, v1.UpdateModelInput{RestApiId: api, ModelName: new("Error"), PatchOperations: one("replace", "/description", "d")})
	p.note("the model is described", m.Description)
	flat := call(p, "GetModel", p.GetModel, v1.GetModelInput{RestApiId: api, ModelName: new("Whole"), Flatten: new(true)})
	p.note("flattened", flat.Schema)

	v := p.id(call(p, "CreateRequestValidator", p.CreateRequestValidator, v1.CreateRequestValidatorInput{RestApiId: api, Name: new("v")}).Id)
	renamed := call(p, "UpdateRequestValidator", p.UpdateRequestValidator, v1.UpdateRequestValidatorInput{RestApiId: api, RequestValidatorId: v, PatchOperations: one("replace", "/name", "w")})
	p.note("the validator is named", renamed.Name)

	a := p.id(call(p, "CreateAuthorizer", p.CreateAuthorizer, v1.CreateAuthorizerInput{RestApiId: api, Name: new("a"), Type: new(tokenAuthorizer), AuthorizerUri: new(function), IdentitySource: new(bearer)}).Id)
	kept := call(p, "UpdateAuthorizer", p.UpdateAuthorizer, v1.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: a, PatchOperations: one("replace", "/authType", "mine")})
	p.note("the authorizer is of the type", kept.AuthType)

	call(p, "PutGatewayResponse", p.PutGatewayResponse, v1.PutGatewayResponseInput{RestApiId: api, ResponseType: new("THROTTLED"), StatusCode: new("430"),
		ResponseParameters: map[string]string{"gatewayresponse.header.A": "'b'"}, ResponseTemplates: map[string]string{"text/plain": "slow down"}})
	call(p, "UpdateGatewayResponse", p.UpdateGatewayResponse, v1.UpdateGatewayResponseInput{RestApiId: api, ResponseType: new("UNAUTHORIZED"), PatchOperations: one("replace", "/statusCode", "418")})
}

// places goes on with what belongs to no API.
func (p *play) places(api *string) {
	link := p.id(call(p, "CreateVpcLink", p.CreateVpcLink, v1.CreateVpcLinkInput{Name: new("l"), TargetArns: []string{balancer}}).Id)
	l := call(p, "UpdateVpcLink", p.UpdateVpcLink, v1.UpdateVpcLinkInput{VpcLinkId: link, PatchOperations: one("replace", "/name", "m")})
	p.note("the link is named", l.Name)
	plainly(p, "DeleteVpcLink", p.DeleteVpcLink, v1.DeleteVpcLinkInput{VpcLinkId: link})

	made := call(p, "GenerateClientCertificate", p.GenerateClientCertificate, v1.GenerateClientCertificateInput{})
	c := call(p, "UpdateClientCertificate", p.UpdateClientCertificate, v1.UpdateClientCertificateInput{ClientCertificateId: p.id(made.ClientCertificateId), PatchOperations: one("replace", "/description", "d")})
	p.note("the certificate is described", c.Description)
	plainly(p, "DeleteClientCertificate", p.DeleteClientCertificate, v1.DeleteClientCertificateInput{ClientCertificateId: made.ClientCertificateId})

	account := call(p, "UpdateAccount", p.UpdateAccount, v1.UpdateAccountInput{PatchOperations: one("replace", "/cloudwatchRoleArn", "arn:aws:iam::123456789012:role/logs")})
	p.note("the account has the role", account.CloudwatchRoleArn)

	arn := new("arn:aws:apigateway:us-east-1::/restapis/" + *api)
	plainly(p, "TagResource", p.TagResource, v1.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}})
	plainly(p, "UntagResource", p.UntagResource, v1.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
	tags := call(p, "GetTags", p.GetTags, v1.GetTagsInput{ResourceArn: arn})
	p.note("the tags are", tags.Tags)
}
