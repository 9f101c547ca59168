// Package gate holds the nouns of an API gateway: what an API, a route, a
// stage and a deployment are, once the control planes have lowered their AWS
// shapes to one form. It depends on nothing but the standard library and knows
// of no HTTP, no store and no AWS operation.
package gate

import "time"

// An APIID names an API in the whole installation, because a Host header
// carries neither account nor region. Ten characters of [a-z0-9] unless the
// user chose it.
type APIID string

// PathAddress begins the path form of an address, which is for clients that
// cannot choose the Host: PathAddress + {api}/{stage}/{path}.
const PathAddress = "/_aws/execute-api/"

// A StageName names a stage of one API: [A-Za-z0-9_-]{1,128}, or DefaultStage.
type StageName string

// DefaultStage is the stage that HTTP APIs serve without a stage segment.
const DefaultStage StageName = "$default"

// A DeploymentID names a deployment of one API.
type DeploymentID string

// A RouteID names a route of one API.
type RouteID string

// Protocol says which of the three kinds of API this is; a client sees the
// difference in routing rules, error bytes and headers.
type Protocol string

// The kinds of API.
const (
	HTTP      Protocol = "HTTP"
	REST      Protocol = "REST"
	WebSocket Protocol = "WEBSOCKET"
)

// An API is what AWS applies to an API without a deployment: its existence
// and its account-wide identity.
type API struct {
	ID       APIID    `json:"id"`
	Protocol Protocol `json:"protocol"`
	Account  string   `json:"account"`
	Region   string   `json:"region"`
	Name     string   `json:"name"`
	// Private says that the API is reached through VPC endpoints only, of which
	// this gateway has none.
	Private bool `json:"private,omitempty"`
}

// A Stage serves a Deployment under a name. Its settings are live: they act
// without a deployment.
type Stage struct {
	API        APIID             `json:"api"`
	Name       StageName         `json:"name"`
	Deployment DeploymentID      `json:"deployment,omitempty"` // empty: nothing deployed yet
	Variables  map[string]string `json:"variables,omitempty"`
	// DetailedMetrics counts each route by itself; without it a stage's routes
	// are counted together.
	DetailedMetrics bool `json:"detailedMetrics,omitempty"`
	// RouteMetrics are the routes, by key, for which that is set otherwise.
	RouteMetrics map[string]bool `json:"routeMetrics,omitempty"`
	// AccessLog is written in a format of the stage's own; nil: none is.
	AccessLog *AccessLog `json:"accessLog,omitempty"`
	// Canary draws a part of the requests elsewhere; nil: none.
	Canary *Canary `json:"canary,omitempty"`
	// DisableDefaultEndpoint refuses the execute-api host. On REST APIs it acts
	// with a deployment to the stage or any change of it, so it is noted here.
	DisableDefaultEndpoint bool `json:"disableDefaultEndpoint,omitempty"`
	// ClientCertificate is the id of the certificate that HTTPS backends are
	// shown; empty: none.
	ClientCertificate string `json:"clientCertificate,omitempty"`
}

// Detailed reports whether a route is counted by itself.
func (s *Stage) Detailed(routeKey string) bool {
	if own, ok := s.RouteMetrics[routeKey]; ok {
		return own
	}
	return s.DetailedMetrics
}

// An AccessLog is one line a request, at a place that the operator binds.
type AccessLog struct {
	// Destination is the ARN of a log group or of a delivery stream.
	Destination string `json:"destination"`
	// Format is the line with $context variables, all of which exist.
	Format string `json:"format"`
}

// A StageRef names a stage of the installation.
type StageRef struct {
	API  APIID
	Name StageName
}

// A DomainName names a custom domain in the whole installation: lower case,
// without a port. "*.example.com" stands for every name of one label more.
type DomainName string

// A Domain serves stages of any APIs under a name of the user's own, each below
// a path. It is live: it acts without a deployment.
type Domain struct {
	Name    DomainName `json:"name"`
	Account string     `json:"account"`
	Region  string     `json:"region"`
	// Mappings are the paths, in no order. No two have the same Key.
	Mappings []Mapping `json:"mappings,omitempty"`
	// Mode says whether Rules, Mappings or first the one and then the other lead
	// to a stage.
	Mode RoutingMode `json:"mode,omitempty"`
	// Rules are in no order. No two have the same Priority.
	Rules []RoutingRule `json:"rules,omitempty"`
}

// A Mapping serves a stage of an API below a path of a Domain.
type Mapping struct {
	ID string `json:"id"`
	// Key is the path without the slashes around it, "orders/v1"; empty: what no
	// other mapping of the domain takes.
	Key string `json:"key,omitempty"`
	API APIID  `json:"api"`
	// Stage is empty where the next segment of the path names it, which base path
	// mappings of REST APIs allow.
	Stage StageName `json:"stage"`
}

// A Deployment is the head of a frozen Definition: what is needed to find and
// check its chunks, and nothing of their content.
type Deployment struct {
	API     APIID        `json:"api"`
	ID      DeploymentID `json:"id"`
	Created time.Time    `json:"created"`
	// DisableDefaultEndpoint refuses the execute-api host. On HTTP APIs it acts
	// with a deployment (spec: "a deployment unless autoDeploy").
	DisableDefaultEndpoint bool `json:"disableDefaultEndpoint,omitempty"`
	// CORS answers preflights and marks replies; nil: the backends do. It acts
	// with a deployment.
	CORS *CORS `json:"cors,omitempty"`
	// Chunks are the SHA-256 sums, in hex, of the documents that hold the
	// routes. Immutable and content-addressed: equal routes share a chunk.
	Chunks []string `json:"chunks,omitempty"`
	// Source are the sums of the documents that hold what the deployment was made
	// from, in the control plane's own shapes: exports read them, and nothing that
	// serves does.
	Source []string `json:"source,omitempty"`

	// REST is what only a REST API has; nil on other APIs.
	REST *RESTSettings `json:"rest,omitempty"`
}

// A DeploymentRef names a deployment of the installation.
type DeploymentRef struct {
	API APIID
	ID  DeploymentID
}

// A Definition is one API as frozen by a deployment: all that is compiled
// into a plan. It is immutable once loaded.
type Definition struct {
	API        API
	Deployment Deployment
	Routes     []Route
}

// A Route sends requests that match its key to its integration.
type Route struct {
	ID  RouteID `json:"id"`
	Key string  `json:"key"` // "GET /pets/{id}", "ANY /{proxy+}", "$default"

	Authorization Authorization `json:"authorization"`
	APIKeyNeeded  bool          `json:"apiKeyNeeded,omitempty"`
	// Integration is nil where the route has no target: it answers 500.
	Integration *Integration `json:"integration,omitempty"`

	// Method is what only a method of a REST API has; nil on other APIs.
	Method *Method `json:"method,omitempty"`
}

// DefaultRoute is the key of the route that catches what no other matches.
const DefaultRoute = "$default"

// Authorization says how the caller of a route proves who it is.
type Authorization struct {
	Kind       AuthKind `json:"kind"`
	Authorizer string   `json:"authorizer,omitempty"` // the id of a JWT or Lambda authorizer
	Scopes     []string `json:"scopes,omitempty"`
}

// AuthKind is a kind of Authorization.
type AuthKind string

// The kinds of Authorization. AuthNone is the only one that lets everybody in,
// and it has to be said: the empty string fails closed.
const (
	AuthNone   AuthKind = "NONE"
	AuthIAM    AuthKind = "AWS_IAM"
	AuthJWT    AuthKind = "JWT"
	AuthCustom AuthKind = "CUSTOM"
	// AuthCognito is a user pool's tokens, on REST APIs.
	AuthCognito AuthKind = "COGNITO_USER_POOLS"
)

// An Integration is what answers a route.
type Integration struct {
	ID   string          `json:"id"`
	Kind IntegrationKind `json:"kind"`
	// URI is the backend as written: "http://host/path/{id}" for HTTPProxy, the
	// ARN of a listener or of a Cloud Map service for Private.
	URI string `json:"uri,omitempty"`
	// ConnectionID is the VPC link of a Private integration.
	ConnectionID string `json:"connectionId,omitempty"`
	// Subtype is the operation of an AWSService integration, "SQS-SendMessage".
	Subtype string `json:"subtype,omitempty"`
	// Credentials is the ARN of the role as which an AWSService is to be called.
	Credentials string `json:"credentials,omitempty"`
	// Method is the method that the backend sees; "" or "ANY" keep the client's.
	Method string `json:"method,omitempty"`
	// Timeout bounds the whole call, connecting included: 50 ms to 30 s for
	// HTTP APIs unless Limits were raised.
	Timeout time.Duration `json:"timeout"`
	// ServerName overrides the name that the backend's certificate must carry.
	ServerName string `json:"serverName,omitempty"`
	// RequestParameters change the request on its way to the backend:
	// "append:header.X", "overwrite:path" and so on, to a mapping expression. Those
	// of an AWSService are its arguments.
	RequestParameters map[string]string `json:"requestParameters,omitempty"`
	// ResponseParameters change the reply, by the status that the backend gave
	// ("200").
	ResponseParameters map[string]map[string]string `json:"responseParameters,omitempty"`

	// Shape is what only an integration of a REST API has; nil on other APIs. The
	// keys of its RequestParameters are such as "integration.request.header.X".
	Shape *Shape `json:"shape,omitempty"`
}

// CORS is what an API itself says to browsers of other origins (Fetch
// standard, "HTTP CORS protocol").
type CORS struct {
	AllowCredentials bool     `json:"allowCredentials,omitempty"`
	AllowHeaders     []string `json:"allowHeaders,omitempty"`
	AllowMethods     []string `json:"allowMethods,omitempty"`
	AllowOrigins     []string `json:"allowOrigins,omitempty"`
	ExposeHeaders    []string `json:"exposeHeaders,omitempty"`
	// MaxAge is in seconds, -1 to 86400; nil: not said.
	MaxAge *int `json:"maxAge,omitempty"`
}

// IntegrationKind is a kind of Integration.
type IntegrationKind string

// The kinds of Integration that a definition can hold. What a plan cannot
// serve yet compiles to a handler that fails closed and says why.
const (
	HTTPProxy  IntegrationKind = "HTTP_PROXY"
	Lambda     IntegrationKind = "LAMBDA"
	AWSService IntegrationKind = "AWS_SERVICE"
	Private    IntegrationKind = "PRIVATE" // HTTP_PROXY through a VPC link
	Mock       IntegrationKind = "MOCK"
	HTTPShaped IntegrationKind = "HTTP" // HTTP with templates, not a proxy
	AWSShaped  IntegrationKind = "AWS"  // an AWS service or a function with templates
)
