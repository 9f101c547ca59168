package wire_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	sdkv1 "github.com/aws/aws-sdk-go-v2/service/apigateway"
	typesv1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	typesv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/smithy-go"

	"gatehouse/internal/wire"
	"gatehouse/internal/wire/apigateway"
	"gatehouse/internal/wire/apigatewayv2"
)

// failing answers every operation of a table with one error.
func failing(t *testing.T, table wire.Table, err error) http.Handler {
	t.Helper()
	for i := range table.Operations {
		table.Operations[i].Call = func(context.Context, any) (any, error) { return nil, err }
	}
	return handler(t, table, wire.Options{})
}

// as reports whether err holds an error of the client's type E.
func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func TestOfficialClientsRecogniseEveryErrorOfTheModels(t *testing.T) {
	for _, c := range []struct {
		err    *wire.Error
		status int
		typed  func(error) bool
	}{
		{apigateway.BadRequestException("m"), 400, as[*typesv1.BadRequestException]},
		{apigateway.ConflictException("m"), 409, as[*typesv1.ConflictException]},
		{apigateway.LimitExceededException("m"), 429, as[*typesv1.LimitExceededException]},
		{apigateway.NotFoundException("m"), 404, as[*typesv1.NotFoundException]},
		{apigateway.ServiceUnavailableException("m"), 503, as[*typesv1.ServiceUnavailableException]},
		{apigateway.TooManyRequestsException("m"), 429, as[*typesv1.TooManyRequestsException]},
		{apigateway.UnauthorizedException("m"), 401, as[*typesv1.UnauthorizedException]},
		{&wire.Error{Type: "ValidationException", Status: 400, Message: "m"}, 400, as[*smithy.GenericAPIError]},
		{&wire.Error{Type: "SerializationException", Status: 400, Message: "m"}, 400, as[*smithy.GenericAPIError]},
	} {
		_, err := clientV1(&roundTrip{failing(t, apigateway.Table(apigateway.Unimplemented{}), c.err)}).CreateDeployment(context.Background(), &sdkv1.CreateDeploymentInput{RestApiId: aws.String("a")})
		recognised(t, c.err, err, c.status, c.typed)
	}
	for _, c := range []struct {
		err    *wire.Error
		status int
		typed  func(error) bool
	}{
		{apigatewayv2.BadRequestException("m"), 400, as[*typesv2.BadRequestException]},
		{apigatewayv2.ConflictException("m"), 409, as[*typesv2.ConflictException]},
		{apigatewayv2.NotFoundException("m"), 404, as[*typesv2.NotFoundException]},
		{apigatewayv2.TooManyRequestsException("m"), 429, as[*typesv2.TooManyRequestsException]},
		{wire.NotImplemented("CreateApi"), 501, as[*smithy.GenericAPIError]},
	} {
		_, err := clientV2(&roundTrip{failing(t, apigatewayv2.Table(apigatewayv2.Unimplemented{}), c.err)}).CreateApi(context.Background(), &sdkv2.CreateApiInput{Name: aws.String("a"), ProtocolType: typesv2.ProtocolTypeHttp})
		recognised(t, c.err, err, c.status, c.typed)
	}
	denied := apigatewayv2.AccessDeniedException("m")
	_, err := clientV2(&roundTrip{failing(t, apigatewayv2.Table(apigatewayv2.Unimplemented{}), denied)}).ListPortalProducts(context.Background(), &sdkv2.ListPortalProductsInput{})
	recognised(t, denied, err, 403, as[*typesv2.AccessDeniedException])
}

func recognised(t *testing.T, sent *wire.Error, got error, status int, typed func(error) bool) {
	t.Helper()
	var api smithy.APIError
	var http *awshttp.ResponseError
	if !errors.As(got, &api) || api.ErrorCode() != sent.Type || api.ErrorMessage() != sent.Message {
		t.Errorf("%s: the client reads %v", sent.Type, got)
	}
	if !errors.As(got, &http) || http.HTTPStatusCode() != status || http.ServiceRequestID() == "" {
		t.Errorf("%s: the client reads the response %v", sent.Type, http)
	}
	if !typed(got) {
		t.Errorf("%s: the client does not know the type: %v", sent.Type, got)
	}
}

func TestOfficialClientsReadTheExtrasOfErrors(t *testing.T) {
	missing := apigatewayv2.NotFoundException("m")
	missing.Fields = map[string]any{"resourceType": "Api"}
	_, err := clientV2(&roundTrip{failing(t, apigatewayv2.Table(apigatewayv2.Unimplemented{}), missing)}).GetApi(context.Background(), &sdkv2.GetApiInput{ApiId: aws.String("a")})
	var notFound *typesv2.NotFoundException
	if !errors.As(err, &notFound) || aws.ToString(notFound.ResourceType) != "Api" {
		t.Errorf("resourceType: %v", err)
	}
	busy := apigateway.TooManyRequestsException("m")
	busy.Header = http.Header{"Retry-After": {"7"}}
	_, err = clientV1(&roundTrip{failing(t, apigateway.Table(apigateway.Unimplemented{}), busy)}).GetAccount(context.Background(), &sdkv1.GetAccountInput{})
	var tooMany *typesv1.TooManyRequestsException
	if !errors.As(err, &tooMany) || aws.ToString(tooMany.RetryAfterSeconds) != "7" {
		t.Errorf("Retry-After: %v", err)
	}
}

// The values of an enum are recited in AWS's order where it is recorded. That an order names exactly the enum's values is tested by
// the walk through the clients.
func TestEnumsInRecordedOrder(t *testing.T) {
	for _, c := range []struct {
		enum  string
		first string
		count int
	}{{"Op", "add", 6}, {"EndpointType", "PRIVATE", 3}, {"IpAddressType", "ipv4", 2}, {"IntegrationType", "HTTP", 5}, {"DocumentationPartType", "RESPONSE_BODY", 12}} {
		got := apigateway.Table(apigateway.Unimplemented{}).Enums[c.enum]
		if len(got) != c.count || got[0] != c.first {
			t.Errorf("%s: %v", c.enum, got)
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(got))); len(unique) != c.count {
			t.Errorf("%s: a value twice in %v", c.enum, got)
		}
	}
}

// A message as AWS recorded it, whole.
func TestRecordedValidationMessages(t *testing.T) {
	h, err := apigateway.NewHandler(apigateway.Unimplemented{}, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/restapis", `{"name":"x","endpointConfiguration":{"ipAddressType":"wrong"}}`,
			"1 validation error detected: Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]"},
		{"POST", "/restapis", `{"name":"x","endpointConfiguration":{"types":["wrong"]}}`,
			"1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"},
		{"PATCH", "/restapis/a", `{"patchOperations":[{"op":"bad","path":"/x"}]}`,
			"1 validation error detected: Value 'bad' at 'updateRestApiInput.patchOperations.1.member.op' failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"},
		{"PUT", "/restapis/a/resources/b/methods/GET/responses/700", `{}`,
			`1 validation error detected: Value '700' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d`},
		{"PUT", "/restapis/a/resources/b/methods/GET/integration", `{"type":"wrong"}`,
			"1 validation error detected: Value 'wrong' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"},
	} {
		a := do(h, request(c.method, c.path, c.body))
		if a.status != 400 || a.typ != "ValidationException" || a.message() != c.want {
			t.Errorf("%s %s: %d %s\n%s\nwant\n%s", c.method, c.path, a.status, a.typ, a.message(), c.want)
		}
	}
}
