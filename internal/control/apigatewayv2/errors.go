package apigatewayv2

import (
	"fmt"

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
	textNoAuthorizer    = "Invalid Authorizer identifier specified %s"                       // [K]
	textNoModel         = "Invalid model identifier specified %s"                            // [K]
	textNoDomain        = "Invalid domain name identifier specified %s"                      // [K]
	textNoMapping       = "Invalid API mapping identifier specified %s"                      // [K]
	textNoRule          = "Invalid routing rule identifier specified %s"                     // [K]
	textNoVpcLink       = "Invalid Vpc Link identifier specified %s"                         // [K]
	textNoTagged        = "Invalid resource ARN specified %s"                                // [K]
	textNoSettings      = "No routeSettings are set for route key %s"                        // [K]

	// Conflicts.
	textIDTaken          = "An API with the id %s exists already"                                                                 // [K]
	textRouteExists      = "Route with key %s already exists for this API"                                                        // [S]
	textRouteSame        = "Route with key %s matches the same requests as the route %s of this API"                              // [K]
	textStageExists      = "Stage already exists: %s"                                                                             // [K]
	textIntegrationInUse = "Cannot delete Integration %s because it is the target of %d route(s)"                                 // [K]
	textDeploymentInUse  = "Active stages pointing to this deployment must be moved or deleted: %s"                               // [K]
	textManagedDelete    = "%s %s was made by quick create and is managed by API Gateway: it cannot be deleted, only its API can" // [K]
	textNameTaken        = "%s name must be unique. %s already exists in this API"                                                // [K]
	textAuthorizerInUse  = "Cannot delete Authorizer %s because %d route(s) ask it"                                               // [K]
	textAuthorizerType   = "Cannot change the authorizerType of Authorizer %s because %d route(s) ask it"                         // [K]
	textDomainTaken      = "The domain name you provided already exists: %s"                                                      // [K]
	textMappingTaken     = "ApiMapping key already exists for this domain name: %q"                                               // [K]
	textLinkInUse        = "Cannot delete VPC link %s because integrations of API %s use it"                                      // [K]
	textPriorityTaken    = "Routing rule priority %d already exists for this domain name"                                         // [K]
	textMixedDomain      = "Domain name %s has mappings to %s APIs and cannot have one to a %s API"                               // [K]

	// Bad requests. bad puts "Invalid FIELD specified: " before these.
	textEmpty            = "it must not be empty"                                                                                                                                              // [K]
	textTooLong          = "it has %d characters, at most %d are allowed"                                                                                                                      // [K]
	textNotInRange       = "%v is not a number from %d to %d"                                                                                                                                  // [K]
	textNotOneOf         = "%q is not one of %s"                                                                                                                                               // [K]
	textNextToken        = "it is not the token of a page of this list"                                                                                                                        // [K]
	textManagedStage     = "Invalid autoDeploy or deploymentId specified: this stage was made by quick create and is managed by API Gateway: change it through UpdateApi"                      // [K]
	textManagedChange    = "this %s was made by quick create and is managed by API Gateway: change it through UpdateApi"                                                                       // [K]
	textWebSocketOnly    = "it is supported only for WebSocket APIs"                                                                                                                           // [K]
	textSelection        = "%q is not the expression of HTTP APIs, which is ${request.method} ${request.path}"                                                                                 // [K]
	textNeedsTarget      = "it is a part of quick create and needs target"                                                                                                                     // [K]
	textNoQuickCreate    = "this API was not made by quick create, so it has none to update"                                                                                                   // [K]
	textTarget           = "%q is neither an http or https URL nor the ARN of a Lambda function"                                                                                               // [K]
	textRouteTarget      = "%q does not have the form integrations/INTEGRATION_ID"                                                                                                             // [K]
	textRouteTargetGone  = "%q names no integration of this API"                                                                                                                               // [K]
	textMethodNeeded     = "Enumeration value for HttpMethod must be non-empty"                                                                                                                // [S] of V1
	textKind             = "%q is not supported for HTTP APIs; use HTTP_PROXY or AWS_PROXY"                                                                                                    // [K]
	textRouteKeyRaw      = "%q holds characters that no request's path can: write them percent-encoded, as in %q"                                                                              // [K]
	textURL              = "%q: %v"                                                                                                                                                            // [K]
	textOnlyFor          = "it is supported only for %s"                                                                                                                                       // [K]
	textNeeds            = "%s needs it"                                                                                                                                                       // [K]
	textAutoAndExplicit  = "a stage with autoDeploy is deployed by its API's changes; switch autoDeploy off first"                                                                             // [K]
	textTooManyAutomatic = "%d stages of this API are deployed automatically, which is the most"                                                                                               // [K]
	textFailedDeployment = "deployment %s failed and cannot be served"                                                                                                                         // [K]
	textStageName        = "%q is not $default or 1 to 128 characters of A-Z, a-z, 0-9, _ and -"                                                                                               // [K]
	textVariableName     = "the name %.80q is not 1 to 64 characters of A-Z, a-z, 0-9 and _"                                                                                                   // [K]
	textVariableValue    = "the value of %s is not 1 to 512 characters of A-Z, a-z, 0-9 and -._~:/?#&=,"                                                                                       // [K]
	textExecutionLogs    = "Execution logs are not supported on protocolType HTTP (%s)"                                                                                                        // [S] up to the parenthesis
	textCredentials      = "allow-credentials is not supported if 'allow-origin' is *"                                                                                                         // [S]
	textMapped           = "Deleting %s failed. Please remove all API mappings related to the %s in your domains before deleting it."                                                          // [K]
	textAuthorizerGone   = "%q names no authorizer of this API"                                                                                                                                // [K]
	textAuthorizerKind   = "authorizer %s is of type %s, and authorizationType %s needs one of type %s"                                                                                        // [K]
	textIdentitySource   = "%q does not have a form that %s authorizers know: %s"                                                                                                              // [K]
	textIssuer           = "%q is no http or https URL without a query or fragment"                                                                                                            // [K]
	textAuthorizerURI    = "%q should be an API Gateway ARN that represents a Lambda function invocation, arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION_ARN/invocations" // [K]
	textModelName        = "%q is not 1 to 128 letters and digits"                                                                                                                             // [K]
	textModelSchema      = "it is not the JSON object of a schema: %v"                                                                                                                         // [K]
	textDomainName       = "%q: %s"                                                                                                                                                            // [K]
	textConfigurations   = "%d are given, a domain has one"                                                                                                                                    // [K]
	textMappingKey       = "%q: %s"                                                                                                                                                            // [K]
	textMultiLevel       = "API mappings with more than one level need securityPolicy TLS_1_2"                                                                                                 // [K]
	textTooManyMappings  = "a domain has at most %d API mappings"                                                                                                                              // [K]
	textRuleTarget       = "%s is a %s API, and routing rules lead to REST APIs only"                                                                                                          // [K]
	textPriority         = "it is not a number from 1 to %d"                                                                                                                                   // [K]
	textOneAction        = "%d are given, a rule has one, invokeApi"                                                                                                                           // [K]
	textOneMatch         = "each has either matchHeaders or matchBasePaths"                                                                                                                    // [K]
	textConditions       = "at most %d matchHeaders and %d matchBasePaths are allowed"                                                                                                         // [K]
	textEntries          = "%d are given, 1 to %d are allowed"                                                                                                                                 // [K]
	textHeaderName       = "%q is no name of a header"                                                                                                                                         // [K]
	textGlob             = "%q is no text of at most %d characters with a * at its beginning, its end or both"                                                                                 // [K]
	textMixedRules       = "domain %s maps other APIs than REST APIs, which cannot be where routing rules choose"                                                                              // [K]
	textTooManyRules     = "a domain has at most %d of them"                                                                                                                                   // [K]
	textManyMapped       = "it has mappings to more than %d APIs: delete some of them first"                                                                                                   // [K]
	textSubnet           = "%q is no id of a %s"                                                                                                                                               // [K]
	textLinkGone         = "%q names no VPC link"                                                                                                                                              // [K]
	textLinkTarget       = "%q is neither the ARN of a listener of a load balancer nor that of a Cloud Map service"                                                                            // [K]
	textTagKey           = "%s chooses the id of a new API and is no tag of what exists"                                                                                                       // [K]
	textLogBoth          = "destinationArn and format need each other"                                                                                                                         // [K]

	textReason    = "%v"                                     // [K] of the room that checked it
	textTooMany   = "%d are given, at most %d are allowed"   // [K]
	textNegative  = "%v is negative"                         // [K]
	textID        = "%q is no id"                            // [K]
	textARN       = "%q is not an ARN"                       // [K]
	textHost      = "%q is no host name"                     // [K]
	textStatus    = "%q is no HTTP status"                   // [K]
	textFunction  = "%q is not the ARN of a Lambda function" // [K]
	textOneSource = "%d are given, a JWT authorizer has one" // [K]
	textAudiences = "%d are given, from 1 to %d are allowed" // [K]
	textModelKind = "it is of kind %s"                       // [K] in textModelSchema

	// Why a name can be no custom domain, and a text no key of a mapping.

	// What is not built yet, permanently refused: notBuilt puts it into textNotBuilt.
	textNotBuilt       = "This gateway does not implement %s yet (%s)." // [K]
	textBuildWebSocket = "WEBSOCKET APIs"                               // [K]
	textBuildPrivate   = "routing rules of private domain names"        // [K]
	textBuildMutualTLS = "mutual TLS of custom domains"                 // [K]

	// Imports and exports of OpenAPI.
	textImport          = "Invalid OpenAPI input.\n%v"                                                                      // [S] of V1: the first sentence
	textImportMore      = "and %d more"                                                                                     // [K]
	textImportWarnings  = "Warnings found during import:\n%s"                                                               // [K]
	textNoTarget        = "operation %s has no integration: its route answers 500 until it has one"                         // [K]
	textSameRequests    = "operation %s matches the same requests as %s at %v"                                              // [K]
	textUndeployable    = "the definition is imported, but could not be deployed: %s"                                       // [K]
	textBusyImport      = "Another import of this API is under way. Please try again later."                                // [K]
	textNothingDeployed = "stage %s has no deployment to export"                                                            // [K]
	textNoSource        = "deployment %s was made by a version that did not keep what exports need; deploy the stage again" // [K]
	textUnsayable       = "The API cannot be exported: %s"                                                                  // [K]

	// Statuses of a VPC link: the first is what its creation answers.
	textLinkPending = "VPC link is provisioning ENIs"      // [S]
	textLinkReady   = "VPC link is ready to route traffic" // [S]

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

// plainly is a BadRequestException with that text alone.
func plainly(format string, args ...any) *wire.Error {
	return v2.BadRequestException(fmt.Sprintf(format, args...))
}

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
		Message: fmt.Sprintf(textNotBuilt, what, field)}
}

// clip bounds what a message repeats of a request.
func clip(s string) string { return control.Clip(s) }
