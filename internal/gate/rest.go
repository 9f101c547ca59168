package gate

// What only REST APIs have. V1's resource trees are lowered to Routes like V2's
// routes: a method of a resource is a Route with the key "GET /pets/{id}".

// RESTSettings are what a deployment freezes of a REST API as a whole.
type RESTSettings struct {
	// Responses are the answers that the API gives itself, by AWS's name of their
	// kind: "UNAUTHORIZED", "DEFAULT_4XX".
	Responses map[string]GatewayResponse `json:"responses,omitempty"`
	// BinaryMediaTypes are the payloads that are no text: "image/png", "image/*".
	BinaryMediaTypes []string `json:"binaryMediaTypes,omitempty"`
	// MinimumCompression is the size in bytes from which on replies are
	// compressed for clients that accept it; nil: never.
	MinimumCompression *int `json:"minimumCompression,omitempty"`
	// Policy is the resource policy, a JSON document; empty: none.
	Policy string `json:"policy,omitempty"`
	// KeyOfAuthorizer says that API keys come from the authorizer and not from
	// the X-API-Key header.
	KeyOfAuthorizer bool `json:"keyOfAuthorizer,omitempty"`
}

// A Method is what a Route of a REST API is besides.
type Method struct {
	// Resource is the id of the resource whose method this is, and Operation the
	// name that the method was given.
	Resource  string `json:"resource"`
	Operation string `json:"operation,omitempty"`
	// Parameters are the declared ones, "method.request.header.X"; true: required.
	Parameters map[string]bool `json:"parameters,omitempty"`
	// Models are the names of the models of request bodies, by media type.
	Models map[string]string `json:"models,omitempty"`
	// Validation is what of a request is checked before it is sent on; nil: nothing.
	Validation *Validation `json:"validation,omitempty"`
	// Answers are the declared responses, by status.
	Answers map[string]MethodResponse `json:"answers,omitempty"`
}

// A Validation says what of a request is checked.
type Validation struct {
	Parameters bool `json:"parameters,omitempty"`
	Body       bool `json:"body,omitempty"`
}

// A Shape is how an Integration of a REST API makes the backend's request of
// the client's, and the client's reply of the backend's.
type Shape struct {
	// Templates are request bodies by media type, and Passthrough what becomes of
	// a body without one.
	Templates       map[string]string `json:"templates,omitempty"`
	Passthrough     Passthrough       `json:"passthrough,omitempty"`
	ContentHandling string            `json:"contentHandling,omitempty"`
	// Answers make the client's reply, unless the integration is a proxy. No two
	// have the same Status.
	Answers []IntegrationResponse `json:"answers,omitempty"`
	// Target is the listener or load balancer behind a VPC link, whose URI names
	// only host and path then.
	Target string `json:"target,omitempty"`
	// Unverified accepts any certificate of the backend (insecureSkipVerification).
	Unverified bool `json:"unverified,omitempty"`
	// Stream sends the reply on as it comes (responseTransferMode STREAM).
	Stream bool `json:"stream,omitempty"`
}

// A Canary draws a part of a stage's requests, one by one, to another
// deployment. It is live.
type Canary struct {
	// Percent of the requests, 0 to 100.
	Percent    float64      `json:"percent"`
	Deployment DeploymentID `json:"deployment"`
	// Variables stand over those of the stage.
	Variables map[string]string `json:"variables,omitempty"`
	// StageCache shares the stage's cache where both serve one deployment.
	StageCache bool `json:"stageCache,omitempty"`
}

// A GatewayResponse is what an API answers in place of a Fault's own bytes. It
// acts with a deployment. What it leaves open is the built-in answer's; there is
// no merging with the response of a class (developer guide, "Gateway responses").
type GatewayResponse struct {
	// Status is "" or a status from 100 to 599.
	Status string `json:"status,omitempty"`
	// Parameters are headers, "gatewayresponse.header.X", to a 'literal',
	// method.request.*, context.* or stageVariables.*.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Templates are bodies by media type, with simple variables in them.
	Templates map[string]string `json:"templates,omitempty"`
}

// A MethodResponse is an answer that a REST method declares, by its status.
type MethodResponse struct {
	// Parameters are the headers, "method.response.header.X", that an integration
	// response may set; true: it must.
	Parameters map[string]bool   `json:"parameters,omitempty"`
	Models     map[string]string `json:"models,omitempty"`
}

// An IntegrationResponse makes the client's reply of a backend's.
type IntegrationResponse struct {
	// Status is that of the client's reply, "200".
	Status string `json:"status"`
	// Pattern is matched against the whole of what the integration answered: its
	// status, or the message of a function's error. Empty: the default one.
	Pattern string `json:"pattern,omitempty"`
	// Parameters are headers, "method.response.header.X", to an
	// integration.response.* or another value.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Templates are bodies by media type; an empty one passes the payload through.
	Templates       map[string]string `json:"templates,omitempty"`
	ContentHandling string            `json:"contentHandling,omitempty"`
}

// Passthrough says what becomes of a request body that no template is for
// (API reference, "PutIntegration", passthroughBehavior).
type Passthrough string

// The behaviours. The empty one is WhenNoMatch.
const (
	WhenNoMatch     Passthrough = "WHEN_NO_MATCH"
	WhenNoTemplates Passthrough = "WHEN_NO_TEMPLATES"
	Never           Passthrough = "NEVER"
)

// A CertificateID names a client certificate in the whole installation.
type CertificateID string

// A ClientCertificate is what stages that name it show to HTTPS backends, which
// know by it that a request comes from this gateway. It is live.
type ClientCertificate struct {
	ID CertificateID `json:"id"`
	// PEM is the certificate, which is its own issuer.
	PEM string `json:"pem"`
	// SealedKey is its private key, PKCS #8 in DER, sealed under the master key
	// for the place CertificateKey(ID).
	SealedKey []byte `json:"sealedKey"`
}

// RoutingMode says how a domain finds the stage of a request.
type RoutingMode string

// The modes, by V2's names; V1 says BASE_PATH_MAPPING for API_MAPPING. The empty
// one is MappingsOnly.
const (
	MappingsOnly      RoutingMode = "API_MAPPING_ONLY"
	RulesOnly         RoutingMode = "ROUTING_RULE_ONLY"
	RulesThenMappings RoutingMode = "ROUTING_RULE_THEN_API_MAPPING"
)

// A RoutingRule of a domain leads the requests that meet all its conditions to
// a stage. Rules are asked in the order of their Priority.
type RoutingRule struct {
	ID       string `json:"id"`
	Priority int    `json:"priority"` // 1 to 1,000,000, unique in the domain
	// Headers are conditions, each met by any of its entries.
	Headers [][]HeaderGlob `json:"headers,omitempty"`
	// BasePaths: the path begins with one of them, segment by segment; none: any
	// path.
	BasePaths []string  `json:"basePaths,omitempty"`
	API       APIID     `json:"api"`
	Stage     StageName `json:"stage"`
	// Strip takes the base path off before the API sees the path.
	Strip bool `json:"strip,omitempty"`
}

// A HeaderGlob is met by a header of that name, in any case, with a value that
// the glob matches in its very case: "x", "x*", "*x" or "*x*".
type HeaderGlob struct {
	Name string `json:"name"`
	Glob string `json:"glob"`
}
