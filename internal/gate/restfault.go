package gate

import "net/http"

// A restRow is what a REST API answers to a kind of Fault.
type restRow struct {
	status    int
	errorType string // of x-amzn-ErrorType
	message   string // "": null
	// blank is the one behind the colon. Rejections before the execution have
	// none, failures within it have one (runtime 1.16: recorded).
	blank bool
	// capital spells the key Message, as denials do.
	capital bool
}

func (r restRow) key() string {
	if r.capital {
		return "Message"
	}
	return "message"
}

// restAnswer is the table of REST APIs (developer guide, "Gateway response
// types"; runtime 1.16 and 8 for the bytes). The kinds of ours that AWS has no
// name for are answered as its front end would.
func restAnswer(k Kind) restRow {
	switch k {
	case AccessDenied:
		return restRow{http.StatusForbidden, "AccessDeniedException", "User is not authorized to access this resource", false, true}
	case InvalidAPIKey, Forbidden:
		return restRow{http.StatusForbidden, "ForbiddenException", "Forbidden", false, false}
	case MissingAuthenticationToken:
		return restRow{http.StatusForbidden, "MissingAuthenticationTokenException", "Missing Authentication Token", false, false}
	case IncompleteSignature:
		return restRow{http.StatusForbidden, "IncompleteSignatureException", "Forbidden", false, false}
	case Unauthorized:
		return restRow{http.StatusUnauthorized, "UnauthorizedException", "Unauthorized", false, false}
	case AuthorizerConfiguration:
		return restRow{http.StatusInternalServerError, "AuthorizerConfigurationException", "", false, false}
	case AuthorizerFailure:
		return restRow{http.StatusInternalServerError, "AuthorizerFailureException", "", false, false}
	case BadRequestParameters:
		return restRow{http.StatusBadRequest, badRequest, "Bad Request", true, false}
	case BadRequestBody:
		return restRow{http.StatusBadRequest, badRequest, "Invalid request body", true, false}
	case URITooLong:
		return restRow{http.StatusRequestURITooLong, badRequest, "Request URI Too Long", false, false}
	case HeadersTooLarge:
		return restRow{restHeadersTooLarge, badRequest, "Request Header Fields Too Large", false, false}
	case BadTarget, RequestBodyMalformed:
		return restRow{http.StatusBadRequest, badRequest, "Bad Request", false, false}
	case RequestBodyTimeout:
		return restRow{http.StatusRequestTimeout, badRequest, "Request Timeout", false, false}
	case RequestTooLarge:
		return restRow{http.StatusRequestEntityTooLarge, "RequestTooLargeException", "HTTP content length exceeded 10485760 bytes.", false, false}
	case ResourceNotFound:
		return restRow{http.StatusNotFound, "ResourceNotFoundException", "Not Found", false, false}
	case UnsupportedMediaType:
		return restRow{http.StatusUnsupportedMediaType, badRequest, "Unsupported Media Type", true, false}
	case Throttled:
		return restRow{http.StatusTooManyRequests, "TooManyRequestsException", "Too Many Requests", false, false}
	case IntegrationFailure:
		return restRow{http.StatusGatewayTimeout, internalError, "Network error communicating with endpoint", true, false}
	case IntegrationTimeout:
		return restRow{http.StatusGatewayTimeout, internalError, "Endpoint request timed out", true, false}
	case IntegrationMalformed:
		return restRow{http.StatusBadGateway, internalError, "Internal server error", true, false}
	case ClientGone:
		return restRow{StatusClientGone, badRequest, "Client Closed Request", false, false}
	}
	// APIConfigurationError, Internal, and any kind without a row of its own.
	return restRow{http.StatusInternalServerError, internalError, "Internal server error", true, false}
}

// restHeadersTooLarge is what AWS's front end answers to header values that are
// too long together: 431 by observation, and 400 was seen too; no capture is at
// hand (runtime 1.2).
const restHeadersTooLarge = http.StatusRequestHeaderFieldsTooLarge

// Values of x-amzn-ErrorType that several kinds share.
const (
	badRequest    = "BadRequestException"
	internalError = "InternalServerErrorException"
)
