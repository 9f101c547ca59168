package control

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gatehouse/internal/gate"
	v1 "gatehouse/internal/wire/apigateway"
)

// Custom domains. Both control planes of API Gateway show one and the same
// domain, in words of their own, so its documents are kept here, in V1's shape,
// which has more members. With P for draft/ACCOUNT/REGION:
//
//	index/domains/NAME    who owns the name: unique in the installation
//	P/domains/NAME        the head of a public domain, with its mappings and rules
//	P/domains/NAME+ID     that of a private one, whose name is not unique
//	P/domain/NAME/...     what else belongs to it, as with NAME+ID
//	P/mapped/API          what of an API is mapped by which domain
//
// A private domain is reached through VPC endpoints only. There are none, so it
// has no document under gate.Plane, and nobody reaches it.

// Endpoint types of a domain.
const (
	edge     = "EDGE"
	regional = "REGIONAL"
	private  = "PRIVATE"
)

// What AWS says of a domain's own names in Route 53.
const (
	// HostedZone is the zone of regional names: that of us-east-1 everywhere, for
	// no zone is ours. [K]
	HostedZone = "Z1UJRXOUMOOFQ8"
	// EdgeZone is the one zone of all distributions.
	EdgeZone = "Z2FDTNDATAQYW2"

	regionalLength = 10 // of the random part of a regional name, and of a private domain's id
	edgeLength     = 13
)

// Modes of a domain as V1 spells them, and securityPolicy's usual values.
const (
	MappingsOnly      = "BASE_PATH_MAPPING_ONLY"
	RulesOnly         = "ROUTING_RULE_ONLY"
	RulesThenMappings = "ROUTING_RULE_THEN_BASE_PATH_MAPPING"

	TLS10 = "TLS_1_0"
	TLS12 = "TLS_1_2"
)

// Why a name or a path is refused: what clients of both planes read. All are
// chosen here. [K]
const (
	textDomainLong    = "it is longer than 253 characters"
	textDomainCase    = "uppercase letters are not supported"
	textDomainForm    = "a domain name has two or more labels of 1 to 63 characters of a-z, 0-9 and inner hyphens; * can be the first label alone"
	textDomainAddress = "an IP address is no domain name"
	textDomainWild    = "* needs at least two labels behind it"
	textDomainOwn     = "names with the label execute-api are the gateway's own"
	textDomainHere    = "this gateway itself is reached by it (public_url)"
	textKeyLong       = "it has more than 300 characters"
	textKeySlashes    = "it must not begin or end with a slash, nor hold two of them side by side"
	textKeyDots       = "clients resolve the segments . and .. before they send a path"
	textKeyForm       = "it may hold letters, digits and $_.+!*'()-/"
)

// Refusals of what is done to a domain, which each control plane words in its
// own way.
var (
	ErrDomainTaken  = errors.New("the domain name is taken")
	ErrManyLevels   = errors.New("mappings of more than one level need a regional domain with TLS 1.2")
	ErrManyMappings = errors.New("the domain has as many mappings as it can")
	ErrManyRules    = errors.New("the domain has as many routing rules as it can")
	ErrManyMapped   = errors.New("the domain maps more APIs than one commit can let go")
	ErrMapped       = errors.New("the domain has a mapping of this path")
	ErrMixed        = errors.New("the domain maps APIs that this one cannot share it with")
	ErrNoAPI        = errors.New("no such API in this account and region")
	ErrNoStage      = errors.New("the API has no such stage")
	ErrPriority     = errors.New("the domain has a routing rule of this priority")
)

// Bounds of a domain, whose mappings and rules are one document each plane reads
// whole.
const (
	MaxMappings = 500
	MaxRules    = 200
	// MaxMapped is how many APIs one commit can let go.
	MaxMapped = 100
)

// DomainDoc is the head of a custom domain. Every mapping and rule that comes or
// goes rewrites it, so that what is live of them is always all of them.
type DomainDoc struct {
	Mappings []DomainMapping    `json:"mappings"`
	Rules    []gate.RoutingRule `json:"rules"`
	AWS      v1.DomainName      `json:"aws"`
}

// A DomainMapping is a mapping with the protocol of its API, which decides what
// can share a domain.
type DomainMapping struct {
	gate.Mapping
	Protocol gate.Protocol `json:"protocol"`
}

// owner is the document of an index.
type owner struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// A Domain is one custom domain as an operation sees it, in one run.
type Domain struct {
	*Tx
	Place Place
	Head  DomainDoc
	label string // NAME or NAME+ID: its part of keys
}

// DomainsKey is the prefix of the heads of all domains of a place.
func (p Place) DomainsKey() string { return p.Draft() + "domains/" }

// Key is that of the domain's head, and Tree the prefix of what else it has.
func (d *Domain) Key() string  { return d.Place.DomainsKey() + d.label }
func (d *Domain) Tree() string { return d.Place.Draft() + "domain/" + d.label + "/" }

func (d *Domain) name() gate.DomainName { return gate.DomainName(Text(d.Head.AWS.DomainName)) }
func (d *Domain) indexKey() string      { return "index/domains/" + string(d.name()) }

// Private reports whether the domain is reached through VPC endpoints only.
func (d *DomainDoc) Private() bool { return d.is(private) }

func (d *DomainDoc) is(kind string) bool {
	return d.AWS.EndpointConfiguration != nil && slices.Contains(d.AWS.EndpointConfiguration.Types, kind)
}

var domainID = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// Domain loads a domain; found is false where there is none. id is empty for a
// public one. Whatever is committed from here on depends on it.
func (t *Tx) Domain(p Place, name, id string) (d *Domain, found bool, err error) {
	d = &Domain{Tx: t, Place: p, label: name}
	if DomainProblem(name) != "" || id != "" && !domainID.MatchString(id) { // they become a part of keys
		return d, false, nil
	}
	if id != "" {
		d.label += "+" + id
	}
	found, err = t.Load(d.Key(), &d.Head)
	return d, found, err
}

// NewDomain claims the name of a domain that is checked and complete, and puts
// it. The error may be ErrDomainTaken.
func (t *Tx) NewDomain(p Place, head DomainDoc) (*Domain, error) {
	d := &Domain{Tx: t, Place: p, Head: head, label: Text(head.AWS.DomainName)}
	if head.Private() {
		d.label += "+" + Text(head.AWS.DomainNameId)
		return d, d.Put()
	}
	taken, err := t.Load(d.indexKey(), nil)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, ErrDomainTaken
	}
	if err := t.Put(d.indexKey(), owner(p)); err != nil {
		return nil, err
	}
	return d, d.Put()
}

// Put writes the head of a domain, and the one document that is live of a public
// one. The error may be ErrManyLevels.
func (d *Domain) Put() error {
	multi := slices.ContainsFunc(d.Head.Mappings, func(m DomainMapping) bool { return strings.Contains(m.Key, "/") })
	if multi && (d.Head.is(edge) || Text(d.Head.AWS.SecurityPolicy) == TLS10) {
		return ErrManyLevels // developer guide, "Use API mappings", restrictions
	}
	if err := d.Tx.Put(d.Key(), &d.Head); err != nil {
		return err
	}
	if d.Head.Private() {
		return nil
	}
	live := gate.Domain{Name: d.name(), Account: d.Place.Account, Region: d.Place.Region, Mode: lowerMode(Text(d.Head.AWS.RoutingMode)), Rules: d.Head.Rules}
	for _, m := range d.Head.Mappings {
		live.Mappings = append(live.Mappings, m.Mapping)
	}
	return d.Set(gate.DomainKey(d.name()), live)
}

func lowerMode(mode string) gate.RoutingMode {
	switch mode {
	case RulesOnly:
		return gate.RulesOnly
	case RulesThenMappings:
		return gate.RulesThenMappings
	}
	return gate.MappingsOnly
}

// Remove removes a domain with its mappings and rules. The error may be
// ErrManyMapped.
func (d *Domain) Remove() error {
	apis := map[gate.APIID]bool{}
	let := func(api gate.APIID, stage gate.StageName) error {
		if apis[api] = true; len(apis) > MaxMapped {
			return ErrManyMapped
		}
		return d.count(api, stage, -1)
	}
	for _, m := range d.Head.Mappings {
		if err := let(m.API, m.Stage); err != nil {
			return err
		}
	}
	for _, r := range d.Head.Rules {
		if err := let(r.API, r.Stage); err != nil {
			return err
		}
	}
	d.Delete(d.Key())
	d.DeletePrefix(d.Tree())
	if !d.Head.Private() {
		d.Delete(d.indexKey())
		d.Delete(gate.DomainKey(d.name()))
	}
	return nil
}

// CompleteDomain fills in the defaults of a domain and what the gateway itself
// says of it, by its endpoint types, and takes away what the types that it no
// longer has had. It checks nothing.
func (p Place) CompleteDomain(a *v1.DomainName) {
	DropEmpty(&a.CertificateArn, &a.CertificateName, &a.RegionalCertificateArn, &a.RegionalCertificateName, &a.OwnershipVerificationCertificateArn,
		&a.SecurityPolicy, &a.RoutingMode, &a.Policy, &a.ManagementPolicy, &a.EndpointAccessMode)
	Default(&a.RoutingMode, MappingsOnly)
	Default(&a.SecurityPolicy, TLS12)
	Default(&a.DomainNameStatus, "AVAILABLE")
	doc := DomainDoc{AWS: *a}
	Default(&a.EndpointConfiguration.IpAddressType, map[bool]string{true: "dualstack", false: "ipv4"}[doc.Private()])
	switch {
	case doc.Private():
		Default(&a.DomainNameId, NewID(regionalLength))
		Default(&a.DomainNameArn, p.OwnARN("/domainnames/"+*a.DomainName+"+"+*a.DomainNameId))
	default:
		Default(&a.DomainNameArn, p.ARN("/domainnames/"+*a.DomainName))
	}
	if doc.is(edge) {
		Default(&a.DistributionDomainName, "d"+NewID(edgeLength)+".cloudfront.net")
		Default(&a.DistributionHostedZoneId, EdgeZone)
	} else {
		a.DistributionDomainName, a.DistributionHostedZoneId = nil, nil
	}
	if !doc.is(edge) && !doc.Private() {
		a.CertificateArn, a.CertificateName = nil, nil
	}
	if doc.is(regional) {
		Default(&a.RegionalDomainName, p.Host("d-"+NewID(regionalLength)))
		Default(&a.RegionalHostedZoneId, HostedZone)
	} else {
		a.RegionalDomainName, a.RegionalHostedZoneId, a.RegionalCertificateArn, a.RegionalCertificateName = nil, nil, nil, nil
	}
}

// maxDomainName is in characters: RFC 1035 section 2.3.4, in its written form.
const maxDomainName = 253

var domainForm = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// DomainProblem says why a name can be no custom domain, or "". What passes can
// be a part of a key.
func DomainProblem(name string) string {
	plain := strings.TrimPrefix(name, "*.")
	labels := strings.Split(plain, ".")
	last := labels[len(labels)-1]
	switch {
	case len(name) > maxDomainName:
		return textDomainLong
	case strings.ToLower(name) != name:
		return textDomainCase
	case !domainForm.MatchString(name):
		return textDomainForm
	case strings.Trim(last, "0123456789") == "":
		return textDomainAddress
	case plain != name && len(labels) < 2:
		return textDomainWild
	}
	if slices.Contains(labels, "execute-api") {
		return textDomainOwn
	}
	return ""
}

// DomainProblem is DomainProblem of a name that is to be served. It also keeps a
// domain from taking the gateway's own address: the Host of a custom domain never
// reaches a control plane.
func (d *Desk) DomainProblem(name string) string {
	problem := DomainProblem(name)
	if problem == "" && d.isOwnHost(name) {
		problem = textDomainHere
	}
	return problem
}

func (d *Desk) isOwnHost(name string) bool {
	u, err := url.Parse(d.PublicURL)
	if err != nil || u.Hostname() == "" {
		return false
	}
	own := strings.ToLower(u.Hostname())
	_, parent, _ := strings.Cut(own, ".")
	return name == own || name == "*."+parent
}
