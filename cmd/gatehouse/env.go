package main

import (
	"context"
	"fmt"
	"strings"
)

// envCommand prints what a shell evaluates: eval "$(gatehouse env)". It asks
// the gateway first, so that nothing is exported that does not answer.
type envCommand struct {
	remote `embed:""`
}

// variable is one line of the output.
type variable struct{ name, value string }

// Run prints the exports.
func (c *envCommand) Run(ctx context.Context, t *terminal) error {
	s, err := c.status(ctx, t)
	if err != nil {
		return err
	}
	region := c.Region
	if len(s.Regions) > 0 {
		region = s.Regions[0]
	}
	list := []variable{
		{"AWS_ENDPOINT_URL", strings.TrimSuffix(c.EndpointURL, "/")},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
	}
	// Credentials of the user's own stay what they are.
	if t.environ.get("AWS_ACCESS_KEY_ID") == "" {
		list = append(list, variable{"AWS_ACCESS_KEY_ID", "test"}, variable{"AWS_SECRET_ACCESS_KEY", "test"})
	}
	if t.structured() {
		object := map[string]string{}
		for _, v := range list {
			object[v.name] = v.value
		}
		return t.print(object)
	}
	for _, v := range list {
		if _, err := fmt.Fprintf(t.out, "export %s=%s\n", v.name, shellQuote(v.value)); err != nil {
			return err
		}
	}
	return nil
}

// shellQuote makes a value one word of a POSIX shell, whatever it holds.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/._-") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
