package apigatewayv2

import (
	"regexp"

	"gatehouse/internal/observe/logs"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// dropEmptyLog makes settings without anything in them absent.
func dropEmptyLog(st *v2.Stage) {
	l := st.AccessLogSettings
	if l == nil {
		return
	}
	if text(l.DestinationArn) == "" && text(l.Format) == "" {
		st.AccessLogSettings = nil
	}
}

// Where a log can go (developer guide, "Configure logging for HTTP APIs"). A
// log group's ARN may end in :*, as the console shows it.
var logDestination = regexp.MustCompile(`^arn:aws[a-z-]*:(logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9_/.#-]{1,512}(:\*)?` +
	`|firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/amazon-apigateway-[A-Za-z0-9_.-]{1,64})$`)

func checkLog(l *v2.AccessLogSettings) *wire.Error {
	if l == nil {
		return nil
	}
	const field = "accessLogSettings."
	destination, format := text(l.DestinationArn), text(l.Format)
	switch {
	case destination != "" && !logDestination.MatchString(destination):
		return bad(field+"destinationArn", textLogDestination, clip(destination))
	case format != "":
		// What could not be written is refused here, and not where it is written.
		if err := logs.CheckFormat(format); err != nil {
			return bad(field+"format", "%v", err)
		}
	}
	if destination == "" || format == "" {
		return bad("accessLogSettings", textLogBoth)
	}
	return nil
}
