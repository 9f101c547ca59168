package apigatewayv2

import (
	"errors"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/openapi"
)

// pack makes the parts of what lower has read.
func (d *draft) pack() ([]gate.Chunk, error) {
	return control.Pack(&apiDoc{AWS: d.head.AWS}, d.defTree(), d.source)
}

// collector makes a definition of the documents of a draft, in any order.
type collector struct {
	head         *apiDoc // nil: not met yet
	authorizers  []authorizerDoc
	integrations []integrationDoc
	routes       []routeDoc
}

// take takes one document by its key below def/. Models are of no document: HTTP
// APIs do not validate.
func (c *collector) take(key string, doc []byte) error {
	switch kind, _, _ := strings.Cut(key, "/"); kind {
	case control.HeadPart:
		c.head = new(apiDoc)
		return control.Decode(doc, c.head)
	case "authorizers":
		c.authorizers = append(c.authorizers, authorizerDoc{})
		return control.Decode(doc, &c.authorizers[len(c.authorizers)-1])
	case "integrations":
		c.integrations = append(c.integrations, integrationDoc{})
		return control.Decode(doc, &c.integrations[len(c.integrations)-1])
	case "routes":
		c.routes = append(c.routes, routeDoc{})
		return control.Decode(doc, &c.routes[len(c.routes)-1])
	}
	return nil
}

// definition puts together what belongs together.
func (c *collector) definition() (*openapi.Definition, error) {
	if c.head == nil {
		return nil, errors.New("the API's own document is missing: the store is damaged; restore a backup")
	}
	def := &openapi.Definition{API: sayable(c.head.AWS)}
	authorizers, integrations := map[string]*openapi.Authorizer{}, map[string]*openapi.Integration{}
	for _, a := range c.authorizers {
		one := &openapi.Authorizer{AWS: a.AWS}
		authorizers[text(a.AWS.AuthorizerId)] = one
		def.Authorizers = append(def.Authorizers, one)
	}
	for _, i := range c.integrations {
		one := &openapi.Integration{AWS: i.AWS}
		integrations[text(i.AWS.IntegrationId)] = one
		def.Integrations = append(def.Integrations, one)
	}
	for _, r := range c.routes {
		def.Routes = append(def.Routes, &openapi.Route{AWS: r.AWS,
			Authorizer:  authorizers[text(r.AWS.AuthorizerId)],
			Integration: integrations[strings.TrimPrefix(text(r.AWS.Target), targetPrefix)]})
	}
	def.Sort()
	return def, nil
}
