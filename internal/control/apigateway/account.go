package apigateway

import (
	"context"
	"regexp"
	"slices"

	"gatehouse/internal/control"
	v1 "gatehouse/internal/wire/apigateway"
)

// What an account has unless it was changed (control-plane 2.6). The limits are
// AWS's for a whole account, which are told and not enforced.
const (
	accountBurst  = 5000
	accountRate   = 10000.0
	keyVersion    = "4"
	usagePlansOn  = "UsagePlans"
	accountSuffix = "account" // the key of the document, below the place's
)

type accountDoc struct {
	AWS v1.Account `json:"aws"`
}

// roleForm is the ARN of a role.
var roleForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)

// account reads the account of a place, which is there without being made.
func account(t *control.Tx, p control.Place) (*accountDoc, error) {
	doc := new(accountDoc)
	_, err := t.Load(p.Draft()+accountSuffix, doc)
	control.Default(&doc.AWS.ApiKeyVersion, keyVersion)
	control.Default(&doc.AWS.ThrottleSettings, v1.ThrottleSettings{BurstLimit: new(int32(accountBurst)), RateLimit: new(accountRate)})
	if doc.AWS.Features == nil {
		doc.AWS.Features = []string{usagePlansOn}
	}
	return doc, err
}

// GetAccount returns the account of the caller in a region.
func (s *Service) GetAccount(ctx context.Context, _ *v1.GetAccountInput) (*v1.Account, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var out v1.Account
	err = s.desk.View(ctx, func(t *control.Tx) error {
		doc, err := account(t, p)
		out = doc.AWS
		return err
	})
	return &out, err
}

// UpdateAccount changes an account by patches.
func (s *Service) UpdateAccount(ctx context.Context, in *v1.UpdateAccountInput) (*v1.Account, error) {
	p, err := s.desk.Place(ctx)
	if err != nil {
		return nil, err
	}
	var out v1.Account
	err = s.desk.Do(ctx, "account", func(t *control.Tx) error {
		doc, err := account(t, p)
		if err != nil {
			return err
		}
		if err := patch(accountRules(), quoting(), &doc.AWS, in.PatchOperations); err != nil {
			return err
		}
		if r := doc.AWS.CloudwatchRoleArn; r != nil && (len(*r) > 2048 || !roleForm.MatchString(*r)) {
			return bad(textRoleARN, clip(*r))
		}
		out = doc.AWS
		return t.Put(p.Draft()+accountSuffix, doc)
	})
	return &out, err
}

// accountRules are those of UpdateAccount (control-plane 2.2).
func accountRules() []rule[*v1.Account] {
	type account = *v1.Account
	return []rule[account]{
		{"/cloudwatchRoleArn", replace, func(a account, o *op) error { return putText(&a.CloudwatchRoleArn, o) }},
		{"/features", add | remove, func(a account, o *op) error {
			// Usage plans are the one feature that there is, and it stays on.
			switch {
			case o.text() != usagePlansOn:
				return bad(textFeature, clip(o.text()))
			case o.verb == remove:
				return bad(textFeatureOff)
			case !slices.Contains(a.Features, usagePlansOn):
				a.Features = append(slices.Clone(a.Features), usagePlansOn)
			}
			return nil
		}},
	}
}
