package main

import "context"

// restID is the id of the sample's REST API, and restStage its stage.
const (
	restID    = "demo-rest"
	restStage = "dev"
)

// restCalls are the requests that show the REST API.
var restCalls = [...]struct{ shows, call string }{
	{"REST, mock", "/health"},
	{"REST, proxy", "/pets/7"},
}

// makeREST makes a REST API as any client would: a mock without a backend, and
// a method whose path parameter is mapped into the backend's path. Nothing of it
// is served before the last call deploys it.
func (s *sample) makeREST(ctx context.Context) error {
	v1 := func(method, path string, in map[string]any, out any) error {
		return s.do(ctx, s.t, "apigateway", method, "/restapis"+path, in, out)
	}
	var api struct{ RootResourceID string }
	if err := v1("POST", "", map[string]any{"name": "demo-rest", "tags": map[string]string{"_custom_id_": restID}}, &api); err != nil {
		return err
	}
	child := func(parent, part string) (id string, err error) {
		var made struct{ ID string }
		err = v1("POST", "/"+restID+"/resources/"+parent, map[string]any{"pathPart": part}, &made)
		return made.ID, err
	}
	health, err := child(api.RootResourceID, "health")
	if err != nil {
		return err
	}
	pets, err := child(api.RootResourceID, "pets")
	if err != nil {
		return err
	}
	pet, err := child(pets, "{id}")
	if err != nil {
		return err
	}
	mock, proxy := "/"+restID+"/resources/"+health+"/methods/GET", "/"+restID+"/resources/"+pet+"/methods/GET"
	for _, c := range []struct {
		method, path string
		in           map[string]any
	}{
		{"PUT", mock, map[string]any{"authorizationType": "NONE"}},
		{"PUT", mock + "/integration", map[string]any{"type": "MOCK", "requestTemplates": map[string]string{"application/json": `{"statusCode": 200}`}}},
		{"PUT", mock + "/responses/200", map[string]any{}},
		{"PUT", mock + "/integration/responses/200", map[string]any{"responseTemplates": map[string]string{"application/json": `{"status": "healthy"}`}}},
		{"PUT", proxy, map[string]any{"authorizationType": "NONE", "requestParameters": map[string]bool{"method.request.path.id": true}}},
		{"PUT", proxy + "/integration", map[string]any{"type": "HTTP_PROXY", "httpMethod": "GET", "uri": s.backend + "/animals/{id}",
			"requestParameters": map[string]string{"integration.request.path.id": "method.request.path.id"}}},
		{"POST", "/" + restID + "/deployments", map[string]any{"stageName": restStage}},
	} {
		if err := v1(c.method, c.path, c.in, nil); err != nil {
			return err
		}
	}
	return nil
}
