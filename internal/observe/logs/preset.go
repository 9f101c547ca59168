package logs

// Preset returns one of the formats that AWS offers for HTTP APIs, "CLF",
// "JSON", "XML" or "CSV"; ok is false for another name. Source: developer
// guide, "Configuring logging for an HTTP API". Newer copies of that page have
// $context.extendedRequestId at the end of each, which on HTTP APIs is the
// same id once more.
func Preset(name string) (format string, ok bool) {
	switch name {
	case "CLF":
		return `$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" $context.status $context.responseLength $context.requestId`, true
	case "JSON":
		return `{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod","routeKey":"$context.routeKey", "status":"$context.status","protocol":"$context.protocol", "responseLength":"$context.responseLength" }`, true
	case "XML":
		return `<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> <routeKey>$context.routeKey</routeKey> <status>$context.status</status> <protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>`, true
	case "CSV":
		return `$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,$context.responseLength,$context.requestId`, true
	}
	return "", false
}

// Presets are the names that Preset knows.
func Presets() []string { return []string{"CLF", "JSON", "XML", "CSV"} }
