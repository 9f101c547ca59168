package clients_test

import "strings"

// restParts are what methods and stages name.
type restParts struct {
	w                                     *walker
	model, validator, token, pool, caller *restThing
	link, certificate                     *restThing
}

func (w *walker) restParts(a *restThing) *restParts {
	w.Helper()
	p := &restParts{w: w}
	p.models(a)
	p.authorizers(a)
	p.validator = a.make(restValidator, m{"name": "all", "validateRequestBody": true, "validateRequestParameters": false})
	other := a.make(restValidator, m{"name": "none"})
	p.validator.patch(m{"name": "parameters", "validateRequestBody": false, "validateRequestParameters": true},
		replace("parameters", "name"), replace("false", "validateRequestBody"), replace("true", "validateRequestParameters"))
	p.validator.pages(other)
	other.remove()

	const balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/walk/50dc6c495c0c9188"
	p.link = w.makeREST(restVpcLink, nil, m{"name": "link " + a.id, "description": "a link", "targetArns": []any{balancer}, "tags": m{"team": "animals"}})
	two := w.makeREST(restVpcLink, nil, m{"name": "two " + a.id, "targetArns": []any{balancer}})
	p.link.tagged("/vpclinks/" + p.link.id)
	p.link.patch(m{"name": "linked " + a.id, "description": "linked", "status": "AVAILABLE"}, replace("linked "+a.id, "name"), replace("linked", "description"))
	p.link.pages(two)
	two.remove()

	p.certificate = w.makeREST(restCertificate, nil, m{"description": "a certificate", "tags": m{"team": "animals"}})
	second := w.makeREST(restCertificate, nil, m{"description": "another"})
	p.certificate.tagged("/clientcertificates/" + p.certificate.id)
	p.certificate.patch(m{"description": "shown"}, replace("shown", "description"))
	if pem, _ := p.certificate.get()["pemEncodedCertificate"].(string); !strings.HasPrefix(pem, "-----BEGIN CERTIFICATE-----\n") {
		w.Errorf("the client certificate is %q", pem)
	}
	p.certificate.pages(second)
	second.remove()
	return p
}

func (p *restParts) models(a *restThing) {
	p.w.Helper()
	const schema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"feathers":{"type":"string"}}}`
	p.model = a.make(restModel, m{"name": "Pet", "contentType": "application/json", "description": "an animal", "schema": `{"type":"object","properties":{"fur":{"type":"string"}}}`})
	other := a.make(restModel, m{"name": "Owner", "contentType": "application/json", "schema": `{"type":"object"}`})
	p.model.patch(m{"description": "any animal", "schema": schema}, replace("any animal", "description"), replace(schema, "schema"))
	p.w.compare("GetModel", p.model.id, p.model.expect, p.w.do("GetModel", p.model.with(m{"flatten": true})))
	if text, _ := p.w.do("GetModelTemplate", p.model.named())["value"].(string); !strings.Contains(text, "feathers") {
		p.w.Errorf("the template of the model is %q, which does not name its property", text)
	}
	p.model.pages(other)
	other.remove()
}

func (p *restParts) authorizers(a *restThing) {
	p.w.Helper()
	const (
		pool = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_walk"
		role = "arn:aws:iam::000000000000:role/walk"
	)
	p.token = a.make(restAuthorizer, m{"name": "token", "type": "TOKEN", "authType": "custom", "authorizerUri": function + "/invocations", "authorizerCredentials": role,
		"identitySource": "method.request.header.x-token", "identityValidationExpression": "^.+$", "authorizerResultTtlInSeconds": 60})
	p.pool = a.make(restAuthorizer, m{"name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": []any{pool}, "identitySource": "method.request.header.Authorization"})
	p.caller = a.make(restAuthorizer, m{"name": "request", "type": "REQUEST", "authorizerUri": function + "/invocations",
		"identitySource": "method.request.header.x-key,context.stage", "authorizerResultTtlInSeconds": 0})
	p.token.patch(m{"name": "tokens", "authorizerUri": function + "2/invocations", "authorizerCredentials": role + "er", "identitySource": "method.request.header.x-other",
		"identityValidationExpression": "^x.+$", "authorizerResultTtlInSeconds": 0, "authType": "other"},
		replace("tokens", "name"), replace(function+"2/invocations", "authorizerUri"), replace(role+"er", "authorizerCredentials"),
		replace("method.request.header.x-other", "identitySource"), replace("^x.+$", "identityValidationExpression"),
		replace("0", "authorizerResultTtlInSeconds"), replace("other", "authType"))
	p.pool.patch(m{"providerARNs": []any{pool, pool + "ed"}}, add(pool+"ed", "providerARNs"))
	p.token.pages(p.caller)
}

// release takes the parts out of the methods that name them: before, they cannot
// be deleted.
func (p *restParts) release(tree *restTree) {
	p.w.Helper()
	p.w.refuses("a model in use", "DeleteModel", p.model.named(), "ConflictException", 409)
	tree.get.patch(m{"requestModels": nil, "requestValidatorId": nil}, remove("requestModels", "application/json"), replace("", "requestValidatorId"))
}

func (p *restParts) remove() {
	p.w.Helper()
	for _, part := range []*restThing{p.model, p.validator, p.token, p.pool, p.caller, p.link, p.certificate} {
		part.remove()
	}
}

// account changes the account. It is one for all walks, which give it the same
// role.
func (w *walker) account() {
	w.Helper()
	const role = "arn:aws:iam::000000000000:role/walk"
	w.compare("UpdateAccount", "the account", m{"cloudwatchRoleArn": role}, w.do("UpdateAccount", patches([]any{replace(role, "cloudwatchRoleArn")})))
	w.compare("GetAccount", "the account", m{"cloudwatchRoleArn": role, "throttleSettings": m{"burstLimit": 5000, "rateLimit": 10000}}, w.do("GetAccount", m{}))
}
