package mapping

import (
	"testing"

	"gatehouse/internal/expr"
	"gatehouse/internal/flow"
	"gatehouse/internal/gate"
)

// TestSecretsInNewPlaces holds that the trail shows no value that comes from a
// place of secrets, whatever it is called afterwards.
func TestSecretsInNewPlaces(t *testing.T) {
	for _, tc := range []struct{ desc, key, value, want string }{
		{"A field of secrets.", "overwrite:header.x", "$request.header.Authorization", "***"},
		{"One among other text.", "append:header.x", "Basic ${request.header.x-vault-token}!", "***"},
		{"A parameter of the query.", "append:querystring.x", "$request.querystring.token", "***"},
		{"In the path.", "overwrite:path", "/p/${request.header.cookie}", "***"},
		{"A stage variable.", "overwrite:header.x", "$stageVariables.apiKey", "***"},
		{"What is no secret.", "overwrite:header.x", "$request.header.accept", "plain"},
		{"A secret that is not there shows that.", "overwrite:header.x", "a${request.querystring.sig}", "***"},
		{"A field of secrets of a REST API.", "integration.request.header.x", "method.request.header.Authorization", "***"},
		{"All values of a parameter of a REST API.", "integration.request.querystring.x", "method.request.multivaluequerystring.token", "***"},
		{"What is no secret of a REST API.", "integration.request.querystring.x", "method.request.querystring.page", "2"},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			x := &flow.Exchange{Trail: &flow.Trail{}, Path: "/a", Query: "token=hidden&page=2", Stage: &gate.Stage{Variables: map[string]string{"apiKey": "hidden"}}}
			for _, name := range []string{"Authorization", "X-Vault-Token", "Cookie"} {
				x.In.Header.Add(name, "hidden")
			}
			x.In.Header.Add("Accept", "plain")
			compiled, errs := compileEdits(map[string]string{tc.key: tc.value}, expr.Request)
			if tc.key[0] == 'i' {
				compiled, errs = compileShape(map[string]string{tc.key: tc.value})
			}
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if err := compiled.mapRequest(x); err != nil {
				t.Fatal(err)
			}
			got := ""
			for i := range x.Trail.Len() {
				if what, _, b := x.Trail.At(i); what == flow.Shaped {
					got = b
				}
			}
			if got != tc.want {
				t.Errorf("the trail shows %q, want %q", got, tc.want)
			}
		})
	}
}
