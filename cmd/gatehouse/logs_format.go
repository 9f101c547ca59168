package main

import (
	"fmt"
	"strings"

	"gatehouse/internal/observe/logs"
)

// logsCommand is about the access logs of stages.
type logsCommand struct {
	Format logsFormatCommand `cmd:"" help:"Print a format for access logs, ready for a stage's access log settings."`
}

// logsFormatCommand prints one of the formats that AWS's console offers, which
// its other clients have to know by heart.
type logsFormatCommand struct {
	DestinationARN string `name:"destination-arn" placeholder:"ARN" help:"Print whole settings with this log group, as --access-log-settings of the AWS CLI takes them."`
	Preset         string `arg:"" name:"preset" enum:"clf,json,xml,csv" help:"clf, json, xml or csv."`
}

// accessLogSettings are spelled as the AWS CLI spells them.
type accessLogSettings struct {
	DestinationARN string `json:"DestinationArn,omitempty"`
	Format         string `json:"Format"`
}

// Run prints the format. It asks no gateway.
func (c *logsFormatCommand) Run(t *terminal) error {
	format, ok := logs.Preset(strings.ToUpper(c.Preset))
	if !ok {
		return usage(fmt.Sprintf("%q is none of the formats %s", c.Preset, strings.ToLower(strings.Join(logs.Presets(), ", "))))
	}
	if c.DestinationARN != "" {
		if err := logs.CheckDestination(c.DestinationARN); err != nil {
			return usage("--destination-arn: " + err.Error())
		}
	}
	if t.structured() || c.DestinationARN != "" {
		return t.print(accessLogSettings{c.DestinationARN, format})
	}
	_, err := fmt.Fprintln(t.out, format)
	return err
}
