package apigateway

import (
	"fmt"

	"gatehouse/internal/control"
	"gatehouse/internal/wire"
	v1 "gatehouse/internal/wire/apigateway"
)

// What clients are refused with, in one table: tools match on these texts.
// Marks: [S] recorded on AWS (control-plane 2.1 and 8), [K] chosen here.
const (
	textNoAPI          = "Invalid API identifier specified %s:%s"                                               // [S]
	textNoAPIHere      = "Invalid REST API identifier specified"                                                // [S] where it is no label of the path
	textNoResource     = "Invalid Resource identifier specified"                                                // [S]
	textNoMethod       = "Invalid Method identifier specified"                                                  // [S]
	textNoIntegration  = "Invalid Integration identifier specified"                                             // [S]
	textNoResponse     = "Invalid Response status code specified"                                               // [S]
	textNoModel        = "Invalid model name specified: %s"                                                     // [S]
	textNoValidator    = "Invalid Request Validator identifier specified"                                       // [S]
	textNoAuthorizer   = "Invalid Authorizer identifier specified"                                              // [K]
	textNoStage        = "Invalid stage identifier specified"                                                   // [K]
	textNoDeployment   = "Invalid Deployment identifier specified"                                              // [K]
	textNoParameter    = "Invalid parameter name specified"                                                     // [S]
	textNoContentType  = "Content-Type specified was not found"                                                 // [S]
	textDeploymentGone = "Deployment id does not exist"                                                         // [S]
	textConcurrent     = "Unable to complete operation due to concurrent modification. Please try again later." // [S]

	textPosition       = "Invalid position parameter specified"              // [K]
	textIDTaken        = "The id %s is taken by another API of this gateway" // [K]
	textNotImplemented = "This gateway does not implement %s yet (%s)."      // [K]

	// Patches.
	textPatchPath      = "Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]"               // [S]
	textPatchVerb      = "Invalid patch path  '%s' specified for op '%s'. Please choose supported operations" // [S]
	textBadPath        = "Invalid patch path %s"                                                              // [S]
	textReplaceOnly    = "Invalid patch operation specified. Must be one of: [replace]"                       // [S]
	textTooManyPatches = "%d patch operations are more than the %d of one request"                            // [K]
	textPatchNumber    = "Invalid value %q specified for %s: a number from %d to %d is wanted"                // [K]
	textPatchEnum      = "Invalid value %q specified for %s. Valid options are %s"                            // [K]
	textPatchEmpty     = "Invalid value specified for %s: it must not be empty"                               // [K]
	textNullParameter  = "Invalid null or empty value in responseParameters"                                  // [S]

	// APIs.
	textNameEmpty       = "Name cannot be empty"                                                                          // [S]
	textNameLength      = "API name can have at most %d characters"                                                       // [K]
	textDescription     = "Description cannot be an empty string"                                                         // [S]
	textDescriptionLong = "Description can have at most %d characters"                                                    // [K]
	textCompression     = "Invalid minimum compression size, must be between 0 and 10485760"                              // [S]
	textEndpointTypes   = "Cannot create an api with multiple Endpoint Types."                                            // [S]
	textEndpointType    = "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"                      // [S]
	textDualstack       = "Only dualstack ipAddressType is supported for Private APIs."                                   // [S]
	textIPType          = "ipAddressType must be either ipv4 or dualstack."                                               // [S]
	textVPCEndpoints    = "VpcEndpointIds are only supported for PRIVATE endpoints."                                      // [K]
	textPolicy          = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid." // [K]
	textMediaType       = "Invalid binaryMediaTypes specified: %q is no media type"                                       // [K]
	textTooManyTypes    = "Too many binaryMediaTypes: at most %d are allowed"                                             // [K]

	// Resources.
	textSibling     = "Another resource with the same parent already has this name: %s"                                                              // [S]
	textVariable    = "A sibling (%s) of this resource already has a variable path part -- only one is allowed"                                      // [S]
	textGreedyChild = "Cannot create a child of a resource with a greedy path variable: %s"                                                          // [S]
	textPathPart    = "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end." // [K]
	textCyclical    = "Resources cannot be cyclical."                                                                                                // [S]
	textRootParent  = "Root resource cannot update its parentId."                                                                                    // [S]
	textRootPart    = "Root resource cannot update its pathPart."                                                                                    // [S]
	textRootDelete  = "Root resource cannot be deleted."                                                                                             // [K]
	textTooDeep     = "A resource path can have at most %d segments"                                                                                 // [K]
	textParamTwice  = "A path variable of that name stands in the path already: %s"                                                                  // [K]

	// Custom domains.
	textNoDomain         = "Invalid domain name identifier specified"                                                                                                     // [K]
	textNoBasePath       = "Invalid base path mapping identifier specified"                                                                                               // [K]
	textNoAssociation    = "Invalid domain name access association identifier specified"                                                                                  // [K]
	textDomainTaken      = "The domain name you provided already exists."                                                                                                 // [S]
	textDomainName       = "Invalid domain name specified: %q: %s"                                                                                                        // [K]
	textDomainTypes      = "A domain name has one endpoint type, or EDGE and REGIONAL while it is moved."                                                                 // [K]
	textPrivateType      = "A private domain name cannot become a public one, nor a public one private."                                                                  // [K]
	textDomainVPC        = "VpcEndpointIds are not supported for domain names: use a domain name access association."                                                     // [K]
	textCertificate      = "Invalid %s specified: an endpoint of %s needs one"                                                                                            // [K]
	textCertificateARN   = "Invalid %s specified: %q is not an ARN"                                                                                                       // [K]
	textCertificateName  = "A certificate name can have at most %d characters"                                                                                            // [K]
	textNoEndpoint       = "Invalid %s specified: the domain name has no endpoint for it, only %s"                                                                        // [K]
	textRotation         = "A regional certificate cannot be added and removed in the same request."                                                                      // [K]
	textDualstackDomain  = "Only dualstack ipAddressType is supported for private domain names."                                                                          // [K]
	textPrivatePolicy    = "Invalid security policy specified: private domain names have %s"                                                                              // [K]
	textPublicOnly       = "%s is only supported for public domain names"                                                                                                 // [K]
	textPrivateOnly      = "Policies are only supported for private domain names"                                                                                         // [K]
	textAccessMode       = "Invalid security policy specified: %s needs an endpointAccessMode"                                                                            // [K]
	textPolicyEndpoint   = "Invalid security policy specified: %s is not supported for endpoint type %s"                                                                  // [K]
	textManyLevels       = "Mappings with more than one level need a REGIONAL endpoint and a security policy above TLS_1_0"                                               // [K]
	textManyMapped       = "The domain name maps more than %d APIs: delete some of its mappings first"                                                                    // [K]
	textBasePathTaken    = "Base path already exists for this domain name"                                                                                                // [S]
	textBasePathSlash    = "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2." // [S]
	textBasePath         = "Invalid base path specified: %q: %s"                                                                                                          // [K]
	textMixed            = "The domain name maps APIs of a protocol that cannot share it"                                                                                 // [K]
	textPrivateAPI       = "A private domain name maps PRIVATE APIs only, and a public one no PRIVATE API"                                                                // [K]
	textAPIMapped        = "Deleting RestApi %s failed. Please remove all base path mappings related to the RestApi in your domains: %s"                                  // [S]
	textStageMapped      = "Deleting stage %s failed. Please remove all base path mappings related to the stage in your domains: %s"                                      // [S]
	textVPCEndpoint      = "Invalid access association source specified: %q is no id of a VPC endpoint"                                                                   // [K]
	textPrivateARN       = "Invalid domain name ARN specified: %q names no private domain name of this account and region"                                                // [K]
	textAssociationTaken = "The VPC endpoint %s is associated with this domain name already"                                                                              // [K]

	// Methods.
	textMethod         = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"                                            // [S]
	textMethodExists   = "Method already exists for this resource"                                                                                               // [K]
	textResponseExists = "Response already exists for this resource"                                                                                             // [K]
	textAuthType       = "Invalid Authorization Type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS"                                        // [K]
	textAuthorizer     = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."          // [S]
	textScopes         = "Authorization scopes are only supported for the authorization type COGNITO_USER_POOLS"                                                 // [K]
	textUnique         = "Parameter names must be unique across querystring, header and path"                                                                    // [S]
	textMethodModel    = "Invalid model identifier specified: %s"                                                                                                // [S]
	textContentType    = "Validation Result: warnings : [], errors : [Invalid content type specified: %s]"                                                       // [S]
	textExpression     = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]"           // [S]
	textParameter      = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]" // [K]
	textTooMany        = "%s has %d entries, at most %d are allowed"                                                                                             // [K]

	// Integrations.
	textHTTPMethod       = "Enumeration value for HttpMethod must be non-empty"                                                        // [S]
	textHTTPURI          = "Invalid HTTP endpoint specified for URI"                                                                   // [S]
	textARN              = "Invalid ARN specified in the request"                                                                      // [S]
	textARNAction        = "AWS ARN for integration must contain path or action"                                                       // [S]
	textProxyService     = "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations." // [S]
	textRole             = "Role ARN must be specified for AWS integrations"                                                           // [S]
	textTimeout          = "Timeout should be between 50 ms and %d ms"                                                                 // [K]
	textConnection       = "ConnectionId must be specified when connectionType is VPC_LINK"                                            // [K]
	textConnectionFor    = "Connection type VPC_LINK is only supported for integrations of type HTTP and HTTP_PROXY"                   // [K]
	textLink             = "Invalid Vpc Link identifier specified"                                                                     // [S]
	textPassthrough      = "Invalid passthroughBehavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER"            // [K]
	textHandling         = "Invalid contentHandling specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT"                    // [K]
	textTemplateSize     = "A template can have at most %d bytes"                                                                      // [K]
	textStream           = "Response transfer mode STREAM is only supported for integrations of type HTTP_PROXY and AWS_PROXY"         // [K]
	textPatternLong      = "A selection pattern can have at most %d bytes"                                                             // [K]
	textTLS              = "insecureSkipVerification is only supported for integrations of type HTTP and HTTP_PROXY"                   // [K]
	textNoIntegrationYet = "No integration defined for method"                                                                         // [S]
	textMockURI          = "A MOCK integration has no %s"                                                                              // [K]

	// Deployments and stages.
	textNoMethods      = "The REST API doesn't contain any methods"                                                                                                                                                         // [S]
	textUnplaced       = "Unable to deploy API: no path leads to method %s of resource %s; delete the resource"                                                                                                             // [K]
	textCannotDeploy   = "Unable to deploy API: %s"                                                                                                                                                                         // [K]
	textDeploymentUsed = "Active stages pointing to this deployment must be moved or deleted"                                                                                                                               // [S]
	textStageExists    = "Stage already exists"                                                                                                                                                                             // [K]
	textStageName      = "Stage name only allows the following: a-zA-Z0-9_"                                                                                                                                                 // [K]
	textCanaryStage    = "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is %s"                                                               // [S]
	textCanaryMissing  = "Invalid deployment content specified.Stage %s must already be created before making a canary release deployment"                                                                                  // [S]
	textNoPromotion    = "Promotion not available. Canary does not exist."                                                                                                                                                  // [S]
	textPercent        = "Invalid canary percent: %q is not from 0.0 to 100.0"                                                                                                                                              // [K]
	textSettingPath    = "Invalid method setting path: %s. Must be one of: [%s]"                                                                                                                                            // [S]
	textSettingGone    = "Cannot remove method setting %s because there is no method setting for this method "                                                                                                              // [S]
	textStageVerb      = "Invalid %s operation with path: %s"                                                                                                                                                               // [S]
	textCopy           = "Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]" // [S]
	textLogPath        = "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"                                                                                  // [S]
	textLogEmpty       = "Access Log value must not be empty"                                                                                                                                                               // [S]
	textLogDestination = "Invalid ARN specified in the request: %v"                                                                                                                                                         // [K]
	textLogFormat      = "Access Log format is invalid: %v"                                                                                                                                                                 // [K]
	textMap            = "Invalid value specified for %s: a JSON object of strings is wanted"                                                                                                                               // [K]
	textVariableName   = "Stage variable names only allow a-zA-Z0-9_: %q"                                                                                                                                                   // [K]
	textVariableValue  = "Stage variable value of %s only allows 1 to 512 characters of A-Za-z0-9-._~:/?#&=,"                                                                                                               // [K]
)

// The smaller resources.
const (
	textInUseMethod = "Cannot delete %s '%s', is referenced in method %s: %s" // [S] for a model in a method request, [K] for all else
	textUnwell      = "Validation Result: warnings : [], errors : [%s]"       // [S] the frame of many texts

	textModelExists    = "Model name already exists for this REST API"                                                              // [S]
	textModelEmpty     = "Model name must be non-empty"                                                                             // [S]
	textModelName      = "Model name must be alphanumeric: %s"                                                                      // [K]
	textModelSchema    = "Model schema must have at least 1 property or array items defined"                                        // [S]
	textModelInvalid   = "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified: %s]" // [K]
	textModelReference = "Invalid model reference specified in schema: %s"                                                          // [K]
	textModelUsed      = "Cannot delete model '%s', is referenced in model: %s"                                                     // [K]

	textValidatorName = "Request Validator name cannot be blank" // [S]

	textAuthorizerName     = "Authorizer name must be unique. Authorizer %s already exists in this RestApi."                                                        // [K]
	textAuthorizerURI      = "Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."           // [K]
	textAuthorizerTTL      = "Invalid authorizerResultTtlInSeconds specified: it can be 0 to %d seconds"                                                            // [K]
	textAuthorizerARNs     = "Invalid Provider ARNs specified. An authorizer of the type COGNITO_USER_POOLS needs the ARN of at least one user pool"                // [K]
	textProviderARN        = "Invalid Provider ARN specified: %s is not the ARN of a user pool"                                                                     // [K]
	textIdentitySource     = "Invalid Identity Source specified: %s"                                                                                                // [K]
	textIdentityNone       = "Identity source is required for authorizers of the type %s"                                                                           // [K]
	textIdentityCached     = "Identity source is required for authorizers of the type REQUEST when their results are cached: set authorizerResultTtlInSeconds to 0" // [K]
	textIdentityLong       = "Identity validation expression can have at most %d bytes"                                                                             // [K]
	textAuthorizerType     = "Invalid Authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS"                                                // [K]
	textAuthorizerIdentity = "Invalid Authorizer credentials specified: %s is not the ARN of a role or user"                                                        // [K]

	textResponseType   = "Invalid response type specified in the request" // [K]
	textResponseUnset  = "Gateway response type not defined on api"       // [S]
	textResponseStatus = "Invalid statusCode specified: %s"               // [K]

	textLinkARN   = "Invalid ARN. ARN is not well formed %s"                                                 // [S]
	textLinkKind  = "Invalid ARN. %s is not the ARN of a network load balancer"                              // [K]
	textLinkOne   = "%d target ARNs are specified, a VPC link has exactly one network load balancer"         // [K]
	textLinkUsed  = "Cannot delete vpc link. Vpc link '%s', is referenced in [Method:%s] of the REST API %s" // [K]
	textLinkReady = "Your vpc link is ready for use"                                                         // [S]

	textNoCertificate     = "Invalid Client Certificate identifier specified"                                           // [K]
	textCertificateUsed   = "Cannot delete client certificate '%s', is referenced in stage %s of the REST API %s"       // [K]
	textCertificateNoKeys = "This gateway has no master key, and does not keep the private key of a certificate openly" // [K]

	textRoleARN    = "Invalid cloudwatchRoleArn specified: %s is not the ARN of a role" // [K]
	textFeature    = "Invalid feature specified: %s"                                    // [K]
	textFeatureOff = "Usage Plans cannot be disabled once enabled"                      // [K]

	textNoTagged = "Invalid resource ARN specified %s"                                      // [K]
	textTagKey   = "The tag %s chooses an id when an API is created, and cannot stand here" // [K]
)

// bad is a BadRequestException with a text of the table.
func bad(format string, args ...any) *wire.Error {
	return v1.BadRequestException(fmt.Sprintf(format, args...))
}

func conflict(format string, args ...any) *wire.Error {
	return v1.ConflictException(fmt.Sprintf(format, args...))
}

func missing(format string, args ...any) *wire.Error {
	return v1.NotFoundException(fmt.Sprintf(format, args...))
}

// AWS words an unknown API by what the operation is about (control-plane 8).

// noAPI is the refusal where the API is the direct parent.
func noAPI(p control.Place, id *string) error { return missing(textNoAPI, p.Account, clip(text(id))) }

// as is the refusal that operations further down have for everything.
func as(text string, args ...any) func(control.Place, *string) error {
	return func(control.Place, *string) error { return missing(text, args...) }
}

// notBuilt refuses, permanently and by name, what AWS would take.
func notBuilt(field, what string) *wire.Error {
	return &wire.Error{Type: "NotImplementedException", Status: 501, Message: fmt.Sprintf(textNotImplemented, what, field)}
}

func clip(s string) string { return control.Clip(s) }

// firstError returns the first refusal there is.
func firstError(errs ...*wire.Error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
