package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A sdk is the AWS SDK for Go, called by the names of its operations so that it
// takes the same walk as everybody. The members of its inputs and outputs are
// spelt as AWS spells them, so JSON carries them over.
type sdk struct{ client *api.Client }

func startGo(t *testing.T, g *gateway) client {
	t.Helper()
	return &sdk{api.New(api.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(g.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})}
}

func (s *sdk) call(op string, in map[string]any) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	method := reflect.ValueOf(s.client).MethodByName(op)
	if !method.IsValid() {
		return nil, fmt.Errorf("the SDK has no operation %s", op)
	}
	input := reflect.New(method.Type().In(1).Elem())
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(input.Interface()); err != nil {
		return nil, fmt.Errorf("%s has no such member: %v", op, err)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, ok := results[1].Interface().(error); ok {
		return nil, refusalOf(err)
	}
	if text, err = json.Marshal(results[0].Interface()); err != nil {
		return nil, err
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, err
	}
	if e, ok := results[0].Interface().(*api.ExportApiOutput); ok {
		out["Body"] = string(e.Body)
	}
	delete(out, "ResultMetadata")
	return out, nil
}

// refusalOf finds the service's answer in an error of the SDK.
func refusalOf(err error) error {
	var a smithy.APIError
	var r *smithyhttp.ResponseError
	if !errors.As(err, &a) || !errors.As(err, &r) {
		return err
	}
	return &refusal{Code: a.ErrorCode(), Message: a.ErrorMessage(), Status: r.HTTPStatusCode()}
}
