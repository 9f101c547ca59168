// Package control holds what the control planes of all services share: where
// a caller's things live in the store, transactions that run again on a
// conflict, ids, ARNs, tags, pages, custom domains, and the frozen chunks of
// deployments. The services themselves are its children, one each.
package control

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"time"

	"gatehouse/internal/gate"
	"gatehouse/internal/store"
	"gatehouse/internal/wire"
)

// A Desk is what an operation works with. It is made once, is not changed
// afterwards, and serves any number of goroutines.
type Desk struct {
	Store  store.Store
	Limits gate.Limits

	// Account is who a call acts for whose caller names no account.
	Account string
	// Regions are the regions that exist; empty: every one that a client names.
	Regions []string
	// PublicURL is what clients reach the data plane by, such as
	// https://gw.example.com; empty keeps AWS's form of addresses.
	PublicURL string
	// Local is where an API can be called on this machine, for the log; nil: not
	// told.
	Local func(gate.APIID) string

	// Now is the movable clock; nil: the wall clock.
	Now func() time.Time
	// Handled returns when this node has handled (published, or reported a
	// problem with) the revision of a commit to the plane; nil: at once. Its
	// error only shows in the log, for the commit has been made.
	Handled func(ctx context.Context, revision uint64) error
	// Taggers are the services' whose things any control plane can tag. They must
	// not need a service: it is made of this desk.
	Taggers []Tagger
	// LinkUser names a REST API with an integration through a VPC link, "" for
	// none; nil: there are no REST APIs.
	LinkUser func(t *Tx, p Place, link string) (api string, err error)
	// Keys seals what nobody may read in the store; nil: no secret is taken.
	Keys Sealer
	// Log is the operator's; nil: nobody listens.
	Log *slog.Logger

	queues queues
	litter litter
}

// A Sealer encrypts a secret for the place where it is kept: a seal.Keyring.
type Sealer interface {
	Seal(place string, plain []byte) []byte
}

// handledWithin bounds how long a reply waits for this node to act on it.
const handledWithin = 2 * time.Second

// A Place is whose and where: two accounts, or two regions of one account, do
// not see each other's things.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Draft is the prefix of all that the control planes keep for this place.
func (p Place) Draft() string { return "draft/" + p.Account + "/" + p.Region + "/" }

// Both become a part of keys, so neither may hold a slash.
var (
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// Place returns where the call of this context acts: in the account of its
// caller, and in the region that it was signed for. A call without a region is
// refused, for nobody could find again what it made.
func (d *Desk) Place(ctx context.Context) (Place, error) {
	c, _ := wire.CallerOf(ctx)
	p := Place{Account: c.Account, Region: c.Region}
	if p.Account == "" {
		p.Account = d.Account
	}
	if !accountForm.MatchString(p.Account) {
		return p, fmt.Errorf("caller %q: account %q is not 12 digits", c.AccessKeyID, p.Account)
	}
	if !regionForm.MatchString(p.Region) || len(d.Regions) > 0 && !slices.Contains(d.Regions, p.Region) {
		return p, &wire.Error{Type: "InvalidSignatureException", Status: http.StatusForbidden,
			Message: fmt.Sprintf("Credential should be scoped to a valid region, not %q.", p.Region)}
	}
	return p, nil
}

// Time is the present in whole seconds, which is what AWS's dates show.
func (d *Desk) Time() time.Time {
	now := time.Now
	if d.Now != nil {
		now = d.Now
	}
	return now().UTC().Truncate(time.Second)
}

// Logger is Log, or one that writes nothing.
func (d *Desk) Logger() *slog.Logger {
	if d.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return d.Log
}

// await waits until this node has handled the revision.
func (d *Desk) await(ctx context.Context, revision uint64) {
	if d.Handled == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, handledWithin)
	defer cancel()
	if err := d.Handled(ctx, revision); err != nil {
		d.Logger().Warn("a change was committed, but this node has not handled it yet", "revision", revision, "err", err)
	}
}

// Endpoint is the address of an API as its clients see it. AWS's form is
// https://ID.execute-api.REGION.amazonaws.com. With a PublicURL the API is a
// label before that URL's host; before an IP address there are no labels, so
// there it is the path form.
func (d *Desk) Endpoint(api gate.APIID, region string) string {
	if u, err := url.Parse(d.PublicURL); err == nil && u.Host != "" {
		if _, err := netip.ParseAddr(u.Hostname()); err == nil {
			return u.Scheme + "://" + u.Host + gate.PathAddress + string(api)
		}
		return u.Scheme + "://" + string(api) + ".execute-api." + u.Host
	}
	return "https://" + Place{Region: region}.Host(string(api))
}
