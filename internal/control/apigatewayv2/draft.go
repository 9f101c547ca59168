package apigatewayv2

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// The documents of an API, with P for draft/ACCOUNT/REGION:
//
//	index/apis/ID                       who owns the id: unique in the installation
//	P/apis/ID                           the head; a list of APIs reads only these
//	P/api/ID/GEN/def/authorizers/ID     what a deployment freezes, of one generation:
//	P/api/ID/GEN/def/integrations/ID    one Scan of def/ at one revision
//	P/api/ID/GEN/def/models/ID
//	P/api/ID/GEN/def/routes/ID
//	P/api/ID/GEN/keys/HASH              the route that has this route key
//	P/api/ID/GEN/names/KIND/HASH        the authorizer or model that has this name
//	P/api/ID/stages/NAME                what outlives a generation
//	P/api/ID/deployments/ID
//	draft/pending/ID/STAGE              an automatic deployment is due; start-up reads only these
//	draft/importing/ID/GEN              a generation that is being written; see edition.go
//
// An import writes another GEN and flips the head. DeleteApi is one DeletePrefix.
//
// What belongs to no API, besides custom domains (control.Domain):
//
//	P/domain/NAME/rules/ID              the routing rules of a domain as clients list them
//	P/vpclinks/ID
type keys struct {
	place control.Place
	api   gate.APIID
}

const pendingPrefix = "draft/pending/"

func apisKey(p control.Place) string { return p.Draft() + "apis/" }
func indexKey(api gate.APIID) string { return "index/apis/" + string(api) }

func (k keys) apiKey() string                 { return apisKey(k.place) + string(k.api) }
func (k keys) tree() string                   { return k.place.Draft() + "api/" + string(k.api) + "/" }
func (k keys) stageKey(name string) string    { return k.tree() + "stages/" + name }
func (k keys) deploymentKey(id string) string { return k.tree() + "deployments/" + id }
func (k keys) pendingTree() string            { return pendingPrefix + string(k.api) + "/" }
func (k keys) pendingKey(stage string) string { return k.pendingTree() + stage }

func (d *draft) genTree() string                 { return d.tree() + strconv.FormatUint(d.head.Gen, 10) + "/" }
func (d *draft) defTree() string                 { return d.genTree() + "def/" }
func (d *draft) integrationKey(id string) string { return d.defTree() + "integrations/" + id }
func (d *draft) routeKey(id string) string       { return d.defTree() + "routes/" + id }
func (d *draft) authorizerKey(id string) string  { return d.defTree() + "authorizers/" + id }
func (d *draft) modelKey(id string) string       { return d.defTree() + "models/" + id }

func vpcLinksKey(p control.Place) string { return p.LinksKey() }

// parameter finds the parameters of a route key: their names do not tell two
// keys apart, for no request could.
var parameter = regexp.MustCompile(`\{[^}+]*(\+?)\}`)

// claimKey is the key of the claim on a route key.
func (d *draft) claimKey(routeKey string) string {
	sum := sha256.Sum256([]byte(parameter.ReplaceAllString(routeKey, "{$1}")))
	return d.genTree() + "keys/" + hex.EncodeToString(sum[:16])
}

// nameKey is the key of the claim on the name of an authorizer or a model.
func (d *draft) nameKey(kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return d.genTree() + "names/" + kind + "/" + hex.EncodeToString(sum[:16])
}

// owner is the document of an index and of a pending deployment.
type owner struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// claim is the document of a route key that is taken.
type claim struct {
	Route string `json:"route"`
}

// named is the document of a name that is taken.
type named struct {
	ID string `json:"id"`
}

// apiDoc is the head of an API.
type apiDoc struct {
	Gen  uint64   `json:"gen"`
	Auto []string `json:"auto"` // stages that are deployed automatically
	// What quick create made, so that UpdateApi finds it.
	Route       string `json:"route"`
	Integration string `json:"integration"`
	// Links counts the integrations that go through each VPC link, so that a
	// link in use is found by reading heads only.
	Links map[string]int `json:"links"`
	AWS   v2.Api         `json:"aws"`
}

type routeDoc struct {
	AWS v2.Route `json:"aws"`
}

type integrationDoc struct {
	// Routes counts the routes that have this target. Each that comes or goes
	// rewrites the document, so that deleting it cannot race with one.
	Routes int            `json:"routes"`
	AWS    v2.Integration `json:"aws"`
}

type authorizerDoc struct {
	// Routes counts the routes that ask it, as integrationDoc does.
	Routes int           `json:"routes"`
	AWS    v2.Authorizer `json:"aws"`
}

type modelDoc struct {
	AWS v2.Model `json:"aws"`
}

type ruleDoc struct {
	AWS v2.RoutingRule `json:"aws"`
}

type vpcLinkDoc struct {
	// Taken counts how often an integration began to use the link. Each time
	// rewrites the document, so that deleting it cannot race with one.
	Taken int        `json:"taken"`
	AWS   v2.VpcLink `json:"aws"`
}

type stageDoc struct {
	// Automatic are the automatic deployments of this stage, oldest first.
	Automatic []string `json:"automatic"`
	AWS       v2.Stage `json:"aws"`
}

type deploymentDoc struct {
	Stages []string      `json:"stages"` // those that serve it
	AWS    v2.Deployment `json:"aws"`
}

// Ids that clients send become a part of keys. What no id of ours can be is
// answered as unknown before it does.
var plain = regexp.MustCompile(`^[A-Za-z0-9$_-]{1,128}$`)

func plainID(id string) bool { return plain.MatchString(id) }
