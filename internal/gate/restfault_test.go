package gate

import (
	"encoding/json"
	"testing"
)

// TestRenderREST is the table of default responses of REST APIs, byte by byte
// (runtime 1.16 and 8; quirks 14 and 15).
func TestRenderREST(t *testing.T) {
	for _, tc := range []struct {
		desc      string
		fault     Fault
		status    int
		errorType string
		body      string
	}{
		{"[D] A denial, with a capital.", Fault{Kind: AccessDenied}, 403, "AccessDeniedException", `{"Message":"User is not authorized to access this resource"}`},
		{"[R] A definition that cannot be served.", Fault{Kind: APIConfigurationError}, 500, "InternalServerErrorException", `{"message": "Internal server error"}`},
		{"[K] An authorizer that is not sound.", Fault{Kind: AuthorizerConfiguration}, 500, "AuthorizerConfigurationException", `{"message":null}`},
		{"[R 3p] An authorizer that fails.", Fault{Kind: AuthorizerFailure}, 500, "AuthorizerFailureException", `{"message":null}`},
		{"[R] A body that is not valid.", Fault{Kind: BadRequestBody}, 400, "BadRequestException", `{"message": "Invalid request body"}`},
		{"[R] Parameters that are missing.", Fault{Kind: BadRequestParameters, Message: "Missing required request parameters: [k]"}, 400, "BadRequestException", `{"message": "Missing required request parameters: [k]"}`},
		{"[R] A backend that cannot be reached.", Fault{Kind: IntegrationFailure}, 504, "InternalServerErrorException", `{"message": "Network error communicating with endpoint"}`},
		{"[R] A backend that is too late.", Fault{Kind: IntegrationTimeout}, 504, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`},
		{"[K] A backend that speaks no HTTP.", Fault{Kind: IntegrationMalformed}, 502, "InternalServerErrorException", `{"message": "Internal server error"}`},
		{"[R] An API key.", Fault{Kind: InvalidAPIKey}, 403, "ForbiddenException", `{"message":"Forbidden"}`},
		{"[K] No stage.", Fault{Kind: Forbidden}, 403, "ForbiddenException", `{"message":"Forbidden"}`},
		{"[R] No method.", Fault{Kind: MissingAuthenticationToken}, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"[R] No method, and an Authorization.", Fault{Kind: IncompleteSignature, Message: "x"}, 403, "IncompleteSignatureException", `{"message":"x"}`},
		{"[K] Too large.", Fault{Kind: RequestTooLarge}, 413, "RequestTooLargeException", `{"message":"HTTP content length exceeded 10485760 bytes."}`},
		{"[D] Not found.", Fault{Kind: ResourceNotFound}, 404, "ResourceNotFoundException", `{"message":"Not Found"}`},
		{"[R] Too fast.", Fault{Kind: Throttled}, 429, "TooManyRequestsException", `{"message":"Too Many Requests"}`},
		{"[R] No token.", Fault{Kind: Unauthorized}, 401, "UnauthorizedException", `{"message":"Unauthorized"}`},
		{"[R] A type that no template is for.", Fault{Kind: UnsupportedMediaType}, 415, "BadRequestException", `{"message": "Unsupported Media Type"}`},
		{"A client that left.", Fault{Kind: ClientGone}, 499, "BadRequestException", `{"message":"Client Closed Request"}`},
		{"A kind without a row fails closed.", Fault{Kind: "NEW"}, 500, "InternalServerErrorException", `{"message": "Internal server error"}`},
		{"A message of any kind stays JSON.", Fault{Kind: Unauthorized, Message: "a\"\n\x00"}, 401, "UnauthorizedException", `{"message":"a\"\n\u0000"}`},
	} {
		t.Run(tc.desc, func(t *testing.T) {
			got := tc.fault.Render(REST)
			if got.Status != tc.status || string(got.Body) != tc.body || got.ErrorType != tc.errorType {
				t.Errorf("got %d %s %s", got.Status, got.ErrorType, got.Body)
			}
			if !json.Valid(got.Body) {
				t.Error("it is no JSON")
			}
		})
	}
}
