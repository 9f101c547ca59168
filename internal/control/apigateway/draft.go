package apigateway

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	v1 "gatehouse/internal/wire/apigateway"
)

// The documents of a REST API, with P for draft/ACCOUNT/REGION:
//
//	index/apis/ID                        who owns the id: unique in the installation
//	P/restapis/ID                        the head; a list of APIs reads only these
//	P/rest/ID/GEN/def/authorizers/ID     what a deployment freezes, of one generation:
//	P/rest/ID/GEN/def/methods/RID/VERB   one Scan of def/ at one revision
//	P/rest/ID/GEN/def/models/NAME
//	P/rest/ID/GEN/def/resources/RID
//	P/rest/ID/GEN/def/responses/TYPE
//	P/rest/ID/GEN/def/validators/ID
//	P/rest/ID/GEN/names/RID/HASH         the child of a resource that has this path part
//	P/rest/ID/GEN/named/authorizers      written by each edit that names an authorizer
//	P/rest/ID/GEN/epoch                  written by each edit that refers to something
//	P/rest/ID/stages/NAME                what outlives a generation
//	P/rest/ID/deployments/ID
//
// What belongs to no API, besides custom domains (control.Domain):
//
//	P/associations/NAME+ID/VPCE          what lets a VPC endpoint reach a private domain
//	index/certificates/ID                who owns the id: unique in the installation
//	P/clientcertificates/ID
//	P/restlinks/ID                       the VPC links of V1
//	P/account
//	P/uses/KIND/ID                       written by each edit that names a link or certificate; see control.Tx.Use
//
// A method's document holds its integration and all responses: they are put and
// answered together, and a method without its resource is found by nobody.
type keys struct {
	place control.Place
	api   gate.APIID
}

func apisKey(p control.Place) string      { return p.Draft() + "restapis/" }
func indexKey(api gate.APIID) string      { return "index/apis/" + string(api) }
func (k keys) apiKey() string             { return apisKey(k.place) + string(k.api) }
func (k keys) tree() string               { return k.place.Draft() + "rest/" + string(k.api) + "/" }
func (k keys) stageKey(n string) string   { return k.tree() + "stages/" + n }
func (k keys) frozenKey(id string) string { return k.tree() + "deployments/" + id }

func (d *draft) genTree() string                { return d.tree() + strconv.FormatUint(d.head.Gen, 10) + "/" }
func (d *draft) epochKey() string               { return d.genTree() + "epoch" }
func (d *draft) defTree() string                { return d.genTree() + "def/" }
func (d *draft) resourceKey(id string) string   { return d.defTree() + "resources/" + id }
func (d *draft) methodsKey(id string) string    { return d.defTree() + "methods/" + id + "/" }
func (d *draft) methodKey(id, v string) string  { return d.methodsKey(id) + v }
func (d *draft) modelKey(name string) string    { return d.defTree() + "models/" + name }
func (d *draft) validatorKey(id string) string  { return d.defTree() + "validators/" + id }
func (d *draft) authorizerKey(id string) string { return d.defTree() + "authorizers/" + id }
func (d *draft) responseKey(kind string) string { return d.defTree() + "responses/" + kind }
func (d *draft) namesKey(parent string) string  { return d.genTree() + "names/" + parent + "/" }

// nameKey is the key of the claim on a path part among the children of a
// resource. All variable parts are one: a resource has at most one such child.
func (d *draft) nameKey(parent, part string) string {
	if strings.HasPrefix(part, "{") {
		part = "{}"
	}
	sum := sha256.Sum256([]byte(part))
	return d.namesKey(parent) + hex.EncodeToString(sum[:16])
}

// owner is the document of an index.
type owner struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// apiDoc is the head of an API.
type apiDoc struct {
	Gen uint64     `json:"gen"`
	AWS v1.RestApi `json:"aws"`
}

// resourceDoc is a resource without its path, which follows from its parents.
type resourceDoc struct {
	Created time.Time   `json:"created"`
	AWS     v1.Resource `json:"aws"`
}

type methodDoc struct {
	AWS v1.Method `json:"aws"`
}

type modelDoc struct {
	AWS v1.Model `json:"aws"`
}

type validatorDoc struct {
	AWS v1.RequestValidator `json:"aws"`
}

type authorizerDoc struct {
	AWS v1.Authorizer `json:"aws"`
}

type responseDoc struct {
	AWS v1.GatewayResponse `json:"aws"`
}

// named is the document of a path part that is taken.
type named struct {
	ID   string `json:"id"`
	Part string `json:"part"`
}

type stageDoc struct {
	AWS v1.Stage `json:"aws"`
}

type deploymentDoc struct {
	// Stages are those that serve it, as their own or as their canary's.
	Stages  []string                      `json:"stages"`
	Summary map[string]map[string]summary `json:"summary"`
	AWS     v1.Deployment                 `json:"aws"`
}

// summary is what apiSummary tells of a method.
type summary struct {
	Key  bool   `json:"key"`
	Auth string `json:"auth"`
}

// Ids that clients send become a part of keys. What no id of ours can be is
// answered as unknown before it does.
var plain = regexp.MustCompile(`^[A-Za-z0-9$_-]{1,128}$`)

func plainID(id string) bool { return plain.MatchString(id) }

// Sizes of a page (control-plane 2.3): 25 unless asked otherwise, at most 500.
// A larger number gets the largest page.
const defaultPage = 25

func size(limit *int32) *string {
	n := int32(defaultPage)
	if limit != nil && *limit > 0 {
		n = *limit
	}
	text := strconv.Itoa(int(n))
	return &text
}

func text(p *string) string { return control.Text(p) }
func is(p *bool) bool       { return control.Is(p) }
