package apigatewayv2

import (
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

// checkLog refuses here what could not be written, and not where it is written:
// AWS also takes a delivery stream of Amazon Data Firehose, which is not served.
func checkLog(l *v2.AccessLogSettings) *wire.Error {
	if l == nil {
		return nil
	}
	const field = "accessLogSettings."
	destination, format := text(l.DestinationArn), text(l.Format)
	if destination != "" {
		if err := logs.CheckDestination(destination); err != nil {
			return bad(field+"destinationArn", textReason, err)
		}
	}
	if format != "" {
		if err := logs.CheckFormat(format); err != nil {
			return bad(field+"format", textReason, err)
		}
	}
	if destination == "" || format == "" {
		return bad("accessLogSettings", textLogBoth)
	}
	return nil
}
