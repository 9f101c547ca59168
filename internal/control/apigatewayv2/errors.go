package apigatewayv2

import (
	"fmt"
	"strings"

	"gatehouse/internal/control"
	"gatehouse/internal/gate"
	"gatehouse/internal/wire"
	v2 "gatehouse/internal/wire/apigatewayv2"
)

// Every text that a client can see, in one place. AWS publishes no catalogue
// for V2: a text marked [K] is chosen, not recorded, and may be changed; one
// marked [S] is recorded on AWS.
const (
	// Not found.
	textNoAPI           = "Invalid API identifier specified %s:%s"                           // [S]
	textNoRoute         = "Invalid Route identifier specified %s"                            // [K]
	textNoIntegration   = "Invalid Integration identifier specified %s"                      // [K]
	textNoStage         = "Invalid stage identifier specified %s"                            // [K]
	textNoDeployment    = "Invalid Deployment identifier specified %s"                       // [K]
	textNoSettingsRoute = "Unable to find Route by key %s within the provided RouteSettings" // [S]
	textNoSettings      = "No routeSettings are set for route key %s"                        // [K]

	// Conflicts.
	textIDTaken          = "An API with the id %s exists already"                                                                 // [K]
	textRouteExists      = "Route with key %s already exists for this API"                                                        // [S]
	textRouteSame        = "Route with key %s matches the same requests as the route %s of this API"                              // [K]
	textStageExists      = "Stage already exists: %s"                                                                             // [K]
	textIntegrationInUse = "Cannot delete Integration %s because it is the target of %d route(s)"                                 // [K]
	textDeploymentInUse  = "Active stages pointing to this deployment must be moved or deleted: %s"                               // [K]
	textManagedDelete    = "%s %s was made by quick create and is managed by API Gateway: it cannot be deleted, only its API can" // [K]

	// Bad requests. bad puts "Invalid FIELD specified: " before these.
	textEmpty            = "it must not be empty"                                                                        // [K]
	textTooLong          = "it has %d characters, at most %d are allowed"                                                // [K]
	textNotInRange       = "%v is not a number from %d to %d"                                                            // [K]
	textNotOneOf         = "%q is not one of %s"                                                                         // [K]
	textNextToken        = "it is not the token of a page of this list"                                                  // [K]
	textManagedChange    = "this %s was made by quick create and is managed by API Gateway: change it through UpdateApi" // [K]
	textWebSocketOnly    = "it is supported only for WebSocket APIs"                                                     // [K]
	textSelection        = "%q is not the expression of HTTP APIs, which is ${request.method} ${request.path}"           // [K]
	textNeedsTarget      = "it is a part of quick create and needs target"                                               // [K]
	textNoQuickCreate    = "this API was not made by quick create, so it has none to update"                             // [K]
	textTarget           = "%q is neither an http or https URL nor the ARN of a Lambda function"                         // [K]
	textRouteTarget      = "%q does not have the form integrations/INTEGRATION_ID"                                       // [K]
	textRouteTargetGone  = "%q names no integration of this API"                                                         // [K]
	textMethodNeeded     = "Enumeration value for HttpMethod must be non-empty"                                          // [S] of V1
	textKind             = "%q is not supported for HTTP APIs; use HTTP_PROXY or AWS_PROXY"                              // [K]
	textURL              = "%q: %s"                                                                                      // [K]
	textOnlyFor          = "it is supported only for %s"                                                                 // [K]
	textNeeds            = "%s needs it"                                                                                 // [K]
	textAutoAndExplicit  = "a stage with autoDeploy is deployed by its API's changes; switch autoDeploy off first"       // [K]
	textTooManyAutomatic = "%d stages of this API are deployed automatically, which is the most"                         // [K]
	textFailedDeployment = "deployment %s failed and cannot be served"                                                   // [K]
	textStageName        = "%q is not $default or 1 to 128 characters of A-Z, a-z, 0-9, _ and -"                         // [K]
	textVariableName     = "the name %.80q is not 1 to 64 characters of A-Z, a-z, 0-9 and _"                             // [K]
	textVariableValue    = "the value of %s is not 1 to 512 characters of A-Z, a-z, 0-9 and -._~:/?#&=,"                 // [K]
	textExecutionLogs    = "Execution logs are not supported on protocolType HTTP"                                       // [S]
	textCredentials      = "allow-credentials is not supported if 'allow-origin' is *"                                   // [S]

	// Deployments. The first is what CreateDeployment refuses with; the others
	// are a stage's lastDeploymentStatusMessage.
	textNoRoutes      = "Unable to deploy API because no routes exist in this API" // [S]
	textCannotDeploy  = "Unable to deploy API: %s"                                 // [K]
	textRouteRequired = "At least one route is required before deploying the Api." // [K]
	textDeployed      = "Successfully deployed stage with deployment ID '%s'"      // [S]
	textDeployFailed  = "Deployment attempt failed: %s"                            // [S] up to the colon
)

// bad is the refusal of a field's value.
func bad(field, format string, args ...any) *wire.Error {
	return v2.BadRequestException("Invalid " + field + " specified: " + fmt.Sprintf(format, args...))
}

// plainly is a BadRequestException with a text of AWS's.
func plainly(text string) *wire.Error { return v2.BadRequestException(text) }

func conflict(format string, args ...any) *wire.Error {
	return v2.ConflictException(fmt.Sprintf(format, args...))
}

func missing(kind, format string, args ...any) *wire.Error {
	e := v2.NotFoundException(fmt.Sprintf(format, args...))
	e.Fields = map[string]any{"resourceType": kind}
	return e
}

func noAPI(p control.Place, id gate.APIID) *wire.Error {
	return missing("Api", textNoAPI, p.Account, clip(string(id)))
}

// notBuilt refuses, permanently and by name, what AWS would take.
func notBuilt(field, what string) *wire.Error {
	return &wire.Error{Type: "NotImplementedException", Status: 501,
		Message: fmt.Sprintf("This gateway does not implement %s yet (%s).", what, field)}
}

// clip bounds what a message repeats of a request.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
