package clients_test

import (
	"net/http"
	"strings"
)

// parameters sees requests and replies shaped on their way, and another
// integration take a route over.
func (w *walker) parameters(a, other *thing) {
	w.Helper()
	i := a.make(kindIntegration, m{
		"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "GET", "IntegrationUri": w.backend + "/unseen",
		"RequestParameters": m{"overwrite:path": "/mapped/${request.path.id}", "append:header.x-walk": "${context.stage}-${stageVariables.colour}",
			"remove:querystring.secret": "''"},
		"ResponseParameters": m{"200": m{"overwrite:statuscode": "201", "append:header.x-mapped": "$context.routeKey"}},
	})
	w.pages(other, i)
	route := a.make(kindRoute, m{"RouteKey": "GET /shaped/{id}", "Target": "integrations/" + i.id})
	r := w.send(http.MethodGet, a.url("v1", "/shaped/9?secret=1&open=2"), "", nil)
	if r.status != http.StatusCreated || r.header.Get("X-Mapped") != "GET /shaped/{id}" {
		w.Errorf("a shaped reply is %d with X-Mapped %q: %s", r.status, r.header.Get("X-Mapped"), r.body)
	}
	if want := `{"Method":"GET","Path":"/mapped/9","Query":"open=2","Walk":"v1-red"}`; strings.TrimSpace(r.body) != want {
		w.Errorf("a shaped request reached the backend as %s, want %s", r.body, want)
	}
	i.update(m{"RequestParameters": m{"overwrite:path": "/again/${request.path.id}", "append:header.x-walk": "twice", "remove:querystring.secret": "''"},
		"ResponseParameters": m{"200": m{"overwrite:statuscode": "200"}}})
	w.reaches("other parameters act at once", a.url("v1", "/shaped/9?secret=1"), echo{Method: "GET", Path: "/again/9", Walk: "twice"})

	route.update(m{"Target": "integrations/" + other.id, "RouteKey": "GET /shaped/{id}"})
	w.reaches("another target too", a.url("v1", "/shaped/9"), echo{Method: "PUT", Path: "/second/9"})
	route.remove()
	i.remove()
}

// links makes VPC links, and integrations that do not go to an open address.
// No configuration says what the links lead to, so none of them is called.
func (w *walker) links(a *thing) {
	w.Helper()
	one := w.make(kindVpcLink, nil, m{"Name": "one " + a.id, "SubnetIds": []any{"subnet-1", "subnet-2"}, "SecurityGroupIds": []any{"sg-1"}, "Tags": m{"team": "animals"}})
	two := w.make(kindVpcLink, nil, m{"Name": "two " + a.id, "SubnetIds": []any{"subnet-3"}})
	one.tagged("/vpclinks/" + one.id)
	one.update(m{"Name": "first " + a.id})
	one.expect["VpcLinkStatus"] = "AVAILABLE"
	one.agrees()
	w.pages(one, two)

	private := a.make(kindIntegration, m{
		"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "ConnectionType": "VPC_LINK", "ConnectionId": one.id,
		"IntegrationUri": "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/walk/50dc6c495c0c9188/0467ef3c8400ae65",
		"TlsConfig":      m{"ServerNameToVerify": "inner.example.com"},
	})
	w.refuses("a link in use", "DeleteVpcLink", one.key(), "ConflictException", 409)
	private.update(m{"ConnectionType": "VPC_LINK", "ConnectionId": two.id, "TlsConfig": m{"ServerNameToVerify": "other.example.com"}})
	private.remove()
	one.remove()
	two.remove()

	service := a.make(kindIntegration, m{
		"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-ReceiveMessage", "CredentialsArn": "arn:aws:iam::000000000000:role/walk", "PayloadFormatVersion": "1.0",
		"RequestParameters": m{"QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/walk"},
	})
	service.update(m{
		"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-PurgeQueue", "CredentialsArn": "arn:aws:iam::000000000000:role/walker",
		"RequestParameters": m{"QueueUrl": "https://sqs.us-east-1.amazonaws.com/000000000000/walked"},
	})
	service.remove()
}
