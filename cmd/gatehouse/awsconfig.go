package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// awsConfigCommand prints a profile for the configuration file of AWS tools.
// Unlike exports, a profile outlives the shell and leaves other profiles alone.
type awsConfigCommand struct {
	remote    `embed:""`
	Profile   string `kong:"-"` // of --profile, which names here what is made; gatehouse if not given
	Unchecked bool   `help:"Do not ask the gateway first: it may not run yet."`
}

// AfterApply is remote's, but for the profile: that need not be there yet.
func (c *awsConfigCommand) AfterApply(t *terminal) error {
	c.Profile = cmp.Or(t.flags.Profile, "gatehouse")
	c.find(t, awsProfile{})
	return nil
}

// Help is what --help tells besides the flags.
func (*awsConfigCommand) Help() string {
	return `Append it to what you have, then name the profile (--profile gives it another name):

  gatehouse aws-config >> ~/.aws/config
  aws --profile gatehouse apigatewayv2 get-apis

Only the services that a gateway answers are sent to it; what else the profile calls goes to AWS.`
}

// A profile is what the command prints.
type profile struct {
	Name     string   `json:"profile"`
	Region   string   `json:"region"`
	Endpoint string   `json:"endpoint"`
	Services []string `json:"services"` // by the names that a services section has for them
	Text     string   `json:"config"`   // the lines for ~/.aws/config
}

// profileWord is what the file may hold as a name: nothing in it can end the
// line, the section or the value.
var profileWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Run prints the profile.
func (c *awsConfigCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.check(); err != nil {
		return err
	}
	if !c.Unchecked {
		s, err := c.status(ctx, t)
		if err != nil {
			return err
		}
		if err := c.served(s); err != nil {
			return err
		}
	}
	p := &profile{Name: c.Profile, Region: c.Region, Endpoint: strings.TrimSuffix(c.EndpointURL, "/"), Services: []string{"api_gateway", "apigatewayv2"}}
	p.Text = p.text()
	if t.structured() {
		return t.print(p)
	}
	if _, err := t.out.Write([]byte(p.Text)); err != nil {
		return err
	}
	if t.outIsTTY {
		t.sayf("\n%s", t.paint(t.talk, dim, "Run it again with >> ~/.aws/config at its end, then: aws --profile "+p.Name+" apigatewayv2 get-apis"))
	}
	return nil
}

// check refuses what the file could not hold.
func (c *awsConfigCommand) check() error {
	if err := c.checkURL(); err != nil {
		return err
	}
	if u, err := url.Parse(c.EndpointURL); err != nil || u.User != nil {
		return usage("--endpoint-url names a user, which no AWS tool sends: credentials are lines of their own")
	}
	if strings.ContainsAny(c.EndpointURL, " \\#?") {
		return usage(fmt.Sprintf("--endpoint-url %q is more than scheme, host and port, such as http://127.0.0.1:4566", c.EndpointURL))
	}
	for _, word := range []struct{ flag, value string }{{"--profile", c.Profile}, {"--region", c.Region}} {
		if !profileWord.MatchString(word.value) {
			return usage(fmt.Sprintf("%s %q is not a name of letters, digits, \".\", \"_\" and \"-\", at most 64 of them", word.flag, clip(word.value)))
		}
	}
	return nil
}

// served refuses a region in which the gateway would refuse every call. Only
// serve has regions; dev takes any.
func (c *awsConfigCommand) served(s status) error {
	if s.Mode != "serve" || slices.Contains(s.Regions, c.Region) {
		return nil
	}
	return &failure{Exit: exitRefused, Code: "UnknownRegion", What: "the gateway does not serve the region " + c.Region,
		Why: c.EndpointURL + " has " + strings.Join(s.Regions, ", "), Do: "name one of them with --region, or add it to regions in gatehouse.yaml"}
}

// text is the profile as the AWS CLI and the SDKs read it. The section of
// services is used rather than one endpoint_url for all: that would send every
// service here, and most of them are not here.
func (p *profile) text() string {
	section := "profile " + p.Name
	if p.Name == "default" {
		section = p.Name // which alone has no such word before it
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\nregion = %s\nservices = %s\n", section, p.Region, p.Name)
	b.WriteString("# Any credentials do: this version does not verify signatures. Your own keys for AWS do not belong here.\n")
	b.WriteString("aws_access_key_id = test\naws_secret_access_key = test\n\n")
	fmt.Fprintf(&b, "[services %s]\n", p.Name)
	for _, service := range p.Services {
		fmt.Fprintf(&b, "%s =\n  endpoint_url = %s\n", service, p.Endpoint)
	}
	return b.String()
}
