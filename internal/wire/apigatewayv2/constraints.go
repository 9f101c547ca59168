package apigatewayv2

import "gatehouse/internal/wire"

// invalid is the type of an input that breaks a constraint. The V2 model has no ValidationException, and the service's refusals of
// single members are recorded as BadRequestException; that this one is too is unverified.
const invalid = "BadRequestException"

// constraints are the ranges and lengths of the public model that bound inputs, but for integration timeouts: those may be raised
// here beyond AWS's, so the service bounds them.
func constraints() map[string]wire.Constraint {
	between := func(low, high int64) wire.Constraint { return wire.Constraint{Range: &[2]int64{low, high}} }
	long := func(low, high int) wire.Constraint { return wire.Constraint{MinLength: low, MaxLength: high} }
	return map[string]wire.Constraint{
		"Cors.MaxAge": between(-1, 86400),
		"CreateAuthorizerInput.AuthorizerResultTtlInSeconds": between(0, 3600),
		"UpdateAuthorizerInput.AuthorizerResultTtlInSeconds": between(0, 3600),
		"CreateRoutingRuleInput.Priority":                    between(1, 1000000),
		"PutRoutingRuleInput.Priority":                       between(1, 1000000),
		"ListRoutingRulesInput.MaxResults":                   between(1, 100),

		"ACMManaged.CertificateArn":    long(10, 2048),
		"ACMManaged.DomainName":        long(3, 256),
		"CognitoConfig.AppClientId":    long(1, 256),
		"CognitoConfig.UserPoolArn":    long(20, 2048),
		"CognitoConfig.UserPoolDomain": long(20, 2048),

		"CreatePortalInput.IncludedPortalProductArns": long(20, 2048),
		"CreatePortalInput.LogoUri":                   long(0, 1092),
		"CreatePortalInput.RumAppMonitorName":         long(0, 255),
		"UpdatePortalInput.IncludedPortalProductArns": long(20, 2048),
		"UpdatePortalInput.LogoUri":                   long(0, 1092),
		"UpdatePortalInput.RumAppMonitorName":         long(0, 255),
		"PublishPortalInput.Description":              long(0, 1024),
		"PortalContent.Description":                   long(0, 1024),
		"PortalContent.DisplayName":                   long(3, 255),
		"CustomColors.AccentColor":                    long(1, 16),
		"CustomColors.BackgroundColor":                long(1, 16),
		"CustomColors.ErrorValidationColor":           long(1, 16),
		"CustomColors.HeaderColor":                    long(1, 16),
		"CustomColors.NavigationColor":                long(1, 16),
		"CustomColors.TextColor":                      long(1, 16),

		"CreatePortalProductInput.Description":              long(0, 1024),
		"CreatePortalProductInput.DisplayName":              long(1, 255),
		"UpdatePortalProductInput.Description":              long(0, 1024),
		"UpdatePortalProductInput.DisplayName":              long(1, 255),
		"PutPortalProductSharingPolicyInput.PolicyDocument": long(1, 307200),
		"DisplayOrder.OverviewPageArn":                      long(20, 2048),
		"DisplayOrder.ProductPageArns":                      long(20, 2048),
		"Section.ProductRestEndpointPageArns":               long(20, 2048),

		"DisplayContent.Body":                   long(1, 32768),
		"DisplayContent.Title":                  long(1, 255),
		"DisplayContentOverrides.Body":          long(1, 32768),
		"DisplayContentOverrides.Endpoint":      long(1, 1024),
		"DisplayContentOverrides.OperationName": long(1, 255),
		"IdentifierParts.Method":                long(1, 20),
		"IdentifierParts.Path":                  long(1, 4096),
		"IdentifierParts.RestApiId":             long(1, 50),
		"IdentifierParts.Stage":                 long(1, 128),
	}
}

// orders is empty: no order of a V2 enum is recorded.
func orders() map[string][]string { return nil }

// emptyIsNull is empty: no such map is recorded.
func emptyIsNull() map[string]bool { return nil }
