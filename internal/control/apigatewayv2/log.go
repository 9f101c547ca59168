package apigatewayv2

import (
	"regexp"
	"strings"

	"gatehouse/internal/flow"
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
		if err := checkLogFormat(field+"format", format); err != nil {
			return err
		}
	}
	if destination == "" || format == "" {
		return bad("accessLogSettings", textLogBoth)
	}
	return nil
}

// checkLogFormat refuses what could not be written: a format is one line whose
// variables all exist, and names the request, so that a line can be found again
// (API reference, "AccessLogSettings").
func checkLogFormat(field, format string) *wire.Error {
	if err := checkLength(field, format, 1, maxLogFormat); err != nil {
		return err
	}
	if strings.ContainsAny(strings.TrimRight(format, "\r\n"), "\r\n") {
		return bad(field, textLogLine)
	}
	named := false
	for rest := format; ; {
		_, after, found := strings.Cut(rest, "$context.")
		if !found {
			break
		}
		name := variableForm.FindString(after)
		if rest = after[len(name):]; !isVariable(&name) {
			return bad(field, textLogVariable, clip(name))
		}
		named = named || name == "requestId" || name == "extendedRequestId"
	}
	if !named {
		return bad(field, textLogRequestID)
	}
	return nil
}

// variableForm finds where the name of a variable may end.
var variableForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]*`)

// isVariable reports whether a name is one of a variable, without the
// punctuation behind it: "status." ends a sentence.
func isVariable(name *string) bool {
	for {
		if _, ok := flow.Context(*name); ok {
			return true
		}
		i := strings.LastIndexAny(*name, ".:-_")
		if i < 0 {
			return false
		}
		*name = (*name)[:i]
	}
}
